"""Who signs in comes back to the list as it was narrowed, and nothing that somebody typed stands in an address."""

import pytest
from sqlmodel import col, select

from models.enums import Role
from models.tables import RoleGrant
from portal.onward import going_on_to, with_query
from tests.portal.conftest import A_Visit
from tests.portal.test_sign_in import code_in, newest_letter
from tests.workflows.rig import CohortRig, Rig


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("stage=nominated&cohort=pilot", "?stage=nominated&cohort=pilot"),
        ("only=overdue&only=paused", "?only=overdue&only=paused"),
        ("due_by=2026-11-23", "?due_by=2026-11-23"),
        ("name=Ada+Planted&stage=scoring", "?stage=scoring"),
        ("stage=Ada%20Planted&show=ada@planted.test", ""),
        ("stage=%0d%0aSet-Cookie:x&status=%F0%9F%98%80&sort=" + "x" * 41, ""),
        ("number=pilot-0001&next=//evil.test&key=secret", ""),
        ("stage&=&&&", ""),
        ("&".join(f"x{number}=1" for number in range(60)), ""),
    ],
)
def test_query_keeps_codes_of_known_names_alone(query: str, kept: str) -> None:
    assert with_query("/operations/nominations", query) == f"/operations/nominations{kept}"


def test_what_is_carried_stays_one_parameter() -> None:
    assert going_on_to("/sign-in", "/a?b=1&next=//evil.test") == "/sign-in?next=/a%3Fb%3D1%26next%3D//evil.test"
    assert going_on_to("/sign-in", "//evil.test/") == "/sign-in"


async def test_signing_in_leads_back_to_the_list_as_it_was_narrowed(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit()
    wanted = f"/operations/nominations?stage=nominated&cohort={cohort.id}"
    address = f"{rig.operations.person}@example.nhs.test"

    asked = await visit.get(f"{wanted}&name=Ada+Planted")
    code = await asked.submit(email=address)
    mistyped = await code.submit(code="x")
    back = await mistyped.submit(code=code_in(await newest_letter(rig, address)))

    assert [page for page in (asked, code, mistyped) if "Planted" in page.path + page.text] == []
    assert back.path == wanted


async def test_choosing_a_role_leads_back_too(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    async with rig.sessions.begin() as session:
        (grant,) = await session.exec(select(RoleGrant).where(col(RoleGrant.person_id) == rig.operations.person))
        second = RoleGrant(person_id=rig.operations.person, role=Role.MODERATOR, granted_at=grant.granted_at)
        session.add(second)
    visit = await a_visit()
    wanted = f"/operations/nominations?stage=scoring&cohort={cohort.id}"
    address = f"{rig.operations.person}@example.nhs.test"

    code = await (await visit.get(wanted)).submit(email=address)
    roles = await code.submit(code=code_in(await newest_letter(rig, address)))
    choices = roles.form("/roles").fields

    assert roles.path.startswith("/roles?next=/operations/nominations%3Fstage%3Dscoring%26cohort%3D")
    assert choices["next"] == [wanted]
