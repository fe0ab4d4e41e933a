"""What 'up' says one can do next, by what the database holds already."""

import shlex
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.reach import USUAL_NAME

if TYPE_CHECKING:
    from stack.local import LocalStack

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

PILOT_OFFICER = "usha.davies@example.nhs.test"
"""Somebody in operations, made up, whom data/pilot/officers.csv brings in."""
_PILOT_YEAR = 2018
_LAST_MONTH_TO_BEGIN = 8
"""The pilot's window closes at the end of September: from then on the next year's is taken."""


async def first_steps(stack: "LocalStack", name: str, *, personas: bool) -> str:
    """How to fill an empty system with the pilot's files, and how to sign in; with a cohort, only the latter.

    Args:
        stack: The system, as it runs.
        name: Its folder's name, for ``--stack``.
        personas: Whether one can sign in as a made-up person.
    """
    operations, has_cohort = await _there(stack.database_url)
    signing_in = _signing_in(
        stack.portal_address or "", operations or PILOT_OFFICER, personas=personas or stack.settings.portal_personas
    )
    if has_cohort:
        return signing_in
    starter = _starter(name)
    steps = (
        []
        if operations
        else [f"{starter} import {one} data/pilot/{one}.csv" for one in ("organisations", "officers")]
    )
    steps += [
        f"export TALENT_POOL_AS={operations or PILOT_OFFICER}",
        *_cohort_steps(starter, _near(stack.folder.path), datetime.now(UTC).date()),
    ]
    lines = "\n".join(f"  {step}" for step in steps)
    return f"Next, in another terminal, a cohort of made-up people, open from today:\n{lines}\n{signing_in}"


def _cohort_steps(starter: str, folder: str, today: date) -> list[str]:
    """The pilot's cohort, moved to the first year in which its window still closes ahead."""
    year = today.year if today.month <= _LAST_MONTH_TO_BEGIN else today.year + 1
    changes = (
        f"-e 's/September {_PILOT_YEAR}\"/{today:%B %Y}\"/'",
        f"-e 's/{_PILOT_YEAR}/{year}/g'",
        f"-e 's/^opens = .*/opens = {today}T00:00:00/'",
    )
    # The days of assessments are in the pilot's autumn, and training lasts for up to three years more.
    days = [f"-e 's/{_PILOT_YEAR}-1/{year}-1/g'"]
    days += [f"-e 's/{_PILOT_YEAR + more}-/{year + more}-/g'" for more in (3, 2, 1)]
    return [
        f"sed {' '.join(changes)} data/pilot/policy.toml > {folder}/policy.toml",
        f"sed {' '.join(days)} data/pilot/assessors.csv > {folder}/assessors.csv",
        f"{starter} cohort open --policy {folder}/policy.toml",
        f"{starter} import nominations data/pilot/nominations.csv",
        f"{starter} import assessors {folder}/assessors.csv",
    ]


def _signing_in(address: str, known: str, *, personas: bool) -> str:
    made_up = (
        f"  or choose a made-up person at {address}/sign-in/personas"
        if personas
        else "  or start with 'up --personas' and choose a made-up person"
    )
    return (
        f"To sign in, open {address}/sign-in\n"
        f"  with an address that is known, such as {known}; the code is at {address}/mailbox\n{made_up}"
    )


def _starter(name: str) -> str:
    """The command line as somebody types it here: with this Python, for this stack."""
    return f"{_near(Path(sys.executable))} starter.py" + ("" if name == USUAL_NAME else f" --stack {name}")


def _near(path: Path) -> str:
    """A path as one types it in this folder."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


async def _there(database_url: str) -> tuple[str | None, bool]:
    """The address of somebody in operations, or None; and whether there is a cohort."""
    from sqlmodel import col, select

    from models.enums import Role
    from models.tables import Cohort, Person, RoleGrant
    from storage.engine import make_engine, sessions

    engine = make_engine(database_url, pool_size=1, overflow=0)
    try:
        async with sessions(engine)() as session:
            in_operations = select(RoleGrant.person_id).where(RoleGrant.role == Role.OPERATIONS)
            people = select(Person.email).where(col(Person.id).in_(in_operations)).order_by(col(Person.id)).limit(1)
            operations = (await session.exec(people)).first()
            return operations, (await session.exec(select(Cohort.id).limit(1))).first() is not None
    finally:
        await engine.dispose()
