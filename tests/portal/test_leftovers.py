"""What nobody can use any more goes when the next code is asked for, a bounded number at a time."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import SQLModel, col, select

from models.tables import ActOnce, SignInAttempt, SignInCode, WebSession
from portal import leftovers
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Rig

MINUTE = timedelta(minutes=1)


def rows_of(rig: Rig, name: str, ended: timedelta, now: datetime) -> list[SQLModel]:
    """One of each kind that ended so long ago."""
    at, person = now - ended, rig.chair.person
    began = at - timedelta(minutes=10)
    return [
        SignInCode(id=f"{name}-code", code_sha256="x", made_at=began, expires_at=at),
        SignInAttempt(id=f"{name}-attempt", way="oidc", held={}, made_at=began, expires_at=at),
        ActOnce(asker=f"{name}-act", key="k", route="POST /x", begun_at=at, answer={"path": "/"}),
        WebSession(id=f"{name}-ended", person_id=person, way="code", started_at=began, seen_at=at, ended_at=at),
        WebSession(id=f"{name}-idle", person_id=person, way="code", started_at=began, seen_at=at),
    ]


async def left(rig: Rig, name: str) -> set[str]:
    keys = (col(SignInCode.id), col(SignInAttempt.id), col(ActOnce.asker), col(WebSession.id))
    found = [one for key in keys for one in await rig.all(select(key).where(key.startswith(f"{name}-")))]
    return {str(one).removeprefix(f"{name}-") for one in found}


async def ask_for_a_code(a_visit: A_Visit, number: int) -> None:
    page = await (await a_visit()).post("/sign-in", {"email": f"leftover.{number}@example.nhs.test"})
    assert page.status == 200


@pytest.mark.parametrize(
    ("ended", "stays"),
    [
        (timedelta(days=1) - MINUTE, {"code", "attempt", "act", "ended", "idle"}),
        (timedelta(days=1) + MINUTE, {"act", "ended", "idle"}),
        (timedelta(days=7) - MINUTE, {"act", "ended", "idle"}),
        (timedelta(days=7) + MINUTE, {"ended", "idle"}),
        (timedelta(days=30) - MINUTE, {"ended", "idle"}),
        (timedelta(days=30) + MINUTE, {"idle"}),
        (timedelta(days=30, minutes=31), set()),
    ],
)
async def test_old_rows_go_when_a_code_is_asked_for(
    rig: Rig, a_visit: A_Visit, ended: timedelta, stays: set[str]
) -> None:
    now, number = rig.acts.desk.clock(), rig.number()
    name = f"left{number}"
    async with rig.sessions.begin() as session:
        session.add_all(rows_of(rig, name, ended, now))

    await ask_for_a_code(a_visit, number)

    assert await left(rig, name) == stays


async def test_no_more_than_a_bounded_number_goes_at_once(rig: Rig, a_visit: A_Visit) -> None:
    now, number = rig.acts.desk.clock(), rig.number()
    old = now - timedelta(days=400)
    async with rig.sessions.begin() as session:
        session.add_all(
            SignInCode(id=f"many{number}-{one}", code_sha256="x", made_at=old, expires_at=old)
            for one in range(leftovers.AT_ONCE + 30)
        )

    await ask_for_a_code(a_visit, number)
    first = await left(rig, f"many{number}")
    await ask_for_a_code(a_visit, number)

    assert len(first) == 30
    assert await left(rig, f"many{number}") == set()
