"""The role is withdrawn while somebody types: the page says so, keeps what was typed, and says whom to ask."""

from datetime import UTC, datetime

from sqlmodel import col, delete, select, update

from acts.drafting import DraftingActs
from models.enums import Role
from models.messages import By
from models.tables import NominationDraft, RoleGrant, WebSession
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig


async def begun_by(rig: Rig, cohort: CohortRig, by: By) -> str:
    """A nomination that somebody has begun, with nothing answered."""
    organisation = (await rig.all(select(RoleGrant.organisation_code).where(col(RoleGrant.person_id) == by.person)))[
        0
    ]
    return await DraftingActs(rig.acts.desk).begin(cohort.id, organisation, by)


async def withdraw_role(rig: Rig, by: By) -> None:
    async with rig.sessions.begin() as session:
        await session.exec(delete(RoleGrant).where(col(RoleGrant.person_id) == by.person))


async def test_role_that_was_withdrawn_while_somebody_typed_is_said_with_what_they_typed(
    rig: Rig, cohort: CohortRig, stranger: By, a_visit: A_Visit
) -> None:
    draft = await begun_by(rig, cohort, stranger)
    visit = await a_visit(stranger)
    page = await visit.get(f"/organisation/nominate/{draft}/questions/endorsement")
    await withdraw_role(rig, stranger)

    refused = await page.submit(None, endorsement="She led two mergers.")
    saved = await visit.post(f"/organisation/nominate/{draft}/save", {"field": "endorsement", "content": "She."})
    seen = await visit.get(f"/organisation/nominate/{draft}/questions/endorsement")

    assert refused.status == 403
    assert "was withdrawn from you" in refused.words
    assert "She led two mergers." in refused.text
    assert "Write to talent-pool@example.nhs.test" in refused.words
    assert "Change role" not in refused.words
    assert (saved.status, "data-role-gone" in saved.text) == (403, True)
    assert (seen.status, "was withdrawn from you" in seen.words) == (403, False)
    assert "endorsement" not in (await rig.get(NominationDraft, draft)).content


async def test_who_still_holds_the_role_is_asked_to_choose_it_again(
    rig: Rig, cohort: CohortRig, stranger: By, a_visit: A_Visit
) -> None:
    draft = await begun_by(rig, cohort, stranger)
    visit = await a_visit(stranger)
    page = await visit.get(f"/organisation/nominate/{draft}/questions/endorsement")
    other = RoleGrant(person_id=stranger.person, role=Role.INCLUSION_ADVISER, granted_at=datetime.now(UTC))
    async with rig.sessions.begin() as session:
        session.add(other)
        acting = update(WebSession).where(col(WebSession.person_id) == stranger.person)
        await session.exec(acting.values(role=Role.INCLUSION_ADVISER, place=""))

    refused = await page.submit(None, endorsement="She led two mergers.")

    assert refused.status == 403
    assert "was withdrawn from you" not in refused.words
    assert "Change role" in refused.words
