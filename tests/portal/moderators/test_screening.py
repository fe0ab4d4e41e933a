"""Screening by a moderator, where the rules did not pass a nomination."""

from models.enums import Role, ScreeningReason, Stage
from storage.lists import Asker
from storage.screening_pages import count_to_screen, screening_case_of, to_screen
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig


async def test_eligible_nomination_goes_on_with_its_coded_reason(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCREENING)
    visit = await a_visit(rig.moderator)
    listed = await visit.get("/quality/screening")
    page = await visit.get(f"/quality/screening/{case.id}")

    done = await page.submit(outcome="eligible", reason="met_on_other_evidence")

    assert f"/quality/screening/{case.id}" in listed.links
    assert "The nominee is not employed by an NHS organisation" in page.words
    assert (done.path, done.heading) == (f"/quality/screening/{case.id}/done", "Eligible")
    assert (await case.row()).stage is Stage.AWAITING_PANEL
    (event,) = [one for one in await case.events() if one.reason == ScreeningReason.MET_ON_OTHER_EVIDENCE]
    assert (event.actor, event.role) == (rig.moderator.person, Role.MODERATOR)


async def test_ineligible_nomination_ends_and_the_page_says_who_is_told(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCREENING)
    visit = await a_visit(rig.moderator)

    done = await (await visit.get(f"/quality/screening/{case.id}")).submit(
        outcome="not_eligible", reason="rule_not_met"
    )

    assert done.heading == "Not eligible"
    assert "The nominee and the organisation get a message" in done.words
    await case.until(Stage.INELIGIBLE)


async def test_screening_without_an_answer_is_an_error_by_each_field(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCREENING)
    visit = await a_visit(rig.moderator)

    page = await (await visit.get(f"/quality/screening/{case.id}")).submit()

    assert page.status == 422
    assert page.words.count("Choose whether the nominee is eligible") == 2
    assert page.words.count("Choose why") == 2


async def test_stale_screening_page_says_what_happened(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCREENING)
    visit = await a_visit(rig.moderator)
    form = await visit.get(f"/quality/screening/{case.id}")
    await case.withdraw()

    page = await form.submit(outcome="eligible", reason="board_judgement")
    after = await visit.get(f"/quality/screening/{case.id}")

    assert page.status == 409
    assert "What you sent has not been applied." in page.words
    assert "There is nothing to screen: the nomination is withdrawn." in after.words


async def test_what_waits_for_screening_is_for_who_may_screen(rig: Rig, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCREENING)

    async with rig.sessions() as session:
        for role in Role:
            asker = Asker("p-0000000000a9", role)
            screens = role in {Role.MODERATOR, Role.BOARD}

            assert bool(await to_screen(session, asker)) == screens, role
            assert bool(await count_to_screen(session, asker)) == screens, role
            assert (await screening_case_of(session, asker, case.id) is not None) == screens, role
