import re

from models.enums import CohortPhase, Outcome, Stage, SteerReason, Template
from notify.post import written
from portal.board.terms import LETTERS
from portal.services import Services
from tests.portal.conftest import A_Visit
from tests.workflows.opened import OpenedCohort, opened
from tests.workflows.rig import Case, CohortRig, Rig, eventually
from workflows.letters import letters_of
from workflows.nomination import RELEASES

ILL = SteerReason.ILLNESS


async def ready(rig: Rig, *outcomes: Outcome, places: int = 40) -> tuple[OpenedCohort, list[Case]]:
    """A cohort in which one nomination of each outcome is approved, and the board can release."""
    cohort = await opened(rig, {"admission.places": places})
    cases = [await (await cohort.nominate()).reach(Stage.AWAITING_DECISION) for _ in outcomes]
    for case, outcome in zip(cases, outcomes, strict=True):
        await case.decide(outcome)
    await rig.acts.cohorts.close_now(cohort.id, rig.operations, ILL)
    await cohort.look(CohortPhase.DECIDING)
    return cohort, cases


def test_letters_on_release_are_those_the_workflow_sends() -> None:
    sent = {
        outcome: tuple(notice.template for notice in letters_of(change, Stage.DECIDED, None))
        for outcome, change in RELEASES.items()
    }

    assert dict(LETTERS) == sent


async def test_every_letter_is_shown_as_it_is_then_sent(rig: Rig, services: Services, a_visit: A_Visit) -> None:
    cohort, cases = await ready(rig, Outcome.ADMITTED, Outcome.RESERVED, Outcome.NOT_ADMITTED)
    visit = await a_visit(rig.chair)

    first = await visit.get(f"/board/release/letters/{cases[0].id}")
    shown = {case.id: (await visit.get(f"/board/release/letters/{case.id}")).words for case in cases}
    await rig.acts.board.release(cohort.id, rig.chair)

    compared = 0
    for case in cases:
        rows = await eventually(case.letters, lambda found: Template.FEEDBACK in {row.template for row in found})
        for row in rows:
            if row.template not in {one for several in LETTERS.values() for one in several}:
                continue
            async with rig.sessions() as session:
                mail = await written(session, row, services.sender)
            assert " ".join(mail.get_content().split()) in shown[case.id], row.template
            assert str(mail["Subject"]) in shown[case.id]
            compared += 1
    assert compared == 6
    assert [words for words in shown.values() if re.search(r"nominee\.\d+@", words)] == []
    assert f"/board/release/letters/{cases[1].id}" in first.links


async def test_missing_decisions_are_named_and_the_release_is_not_offered(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    await (await cohort.nominate(full_name="Ann Lee")).reach(Stage.AWAITING_DECISION)
    visit = await a_visit(rig.chair)

    page = await visit.get(f"/board/release?cohort={cohort.id}")
    confirm = await visit.get(f"/board/release/confirm?cohort={cohort.id}")

    assert "1 nomination is not decided yet" in page.words
    assert "Ann Lee : Waiting for the board" in page.words.replace("Ann Lee:", "Ann Lee :")
    assert [form for form in confirm.forms if form.action.endswith("/confirm")] == []
    assert "once every nomination is decided or over" in confirm.words


async def test_release_asks_once_more_and_then_says_what_happens_next(rig: Rig, a_visit: A_Visit) -> None:
    cohort, cases = await ready(rig, Outcome.ADMITTED, Outcome.NOT_ADMITTED)
    visit = await a_visit(rig.chair)

    preview = await visit.get(f"/board/release?cohort={cohort.id}")
    confirm = await visit.get(f"/board/release/confirm?cohort={cohort.id}")
    unsure = await confirm.submit("/board/release/confirm")
    after = await unsure.submit(None, {"sure": "yes"})
    await cases[0].until(Stage.IN_POOL)
    await cases[1].until(Stage.NOT_ADMITTED)
    again = await visit.get(f"/board/release/done?cohort={cohort.id}")
    glance = await visit.get(f"/board?cohort={cohort.id}")

    assert f"/board/release/confirm?cohort={cohort.id}" in preview.links
    assert "4 letters go out" in preview.words
    assert confirm.form("/confirm").fields["sure"] == []
    assert unsure.status == 422
    assert "Confirm that you have read the letters" in unsure.words
    assert after.heading == "Decisions are released"
    assert "Admitted: 1" in again.words
    assert "Not admitted: 1" in again.words
    assert "Decisions have been released" in glance.words


async def test_release_of_what_was_not_looked_at_is_refused(rig: Rig, a_visit: A_Visit) -> None:
    cohort, cases = await ready(rig, Outcome.ADMITTED)
    confirm = await (await a_visit(rig.chair)).get(f"/board/release/confirm?cohort={cohort.id}")
    await rig.acts.board.reopen_decision(cases[0].id, rig.chair)
    await cases[0].decide(Outcome.NOT_ADMITTED)

    after = await confirm.submit("/confirm", {"sure": "yes"})

    assert (after.status, after.heading) == (409, "This has changed since you opened the page")
    assert (await cases[0].row()).stage is Stage.DECIDED


async def test_place_given_up_goes_to_the_reserve_list(rig: Rig, services: Services, a_visit: A_Visit) -> None:
    cohort, (first, reserve) = await ready(rig, Outcome.ADMITTED, Outcome.RESERVED, places=1)
    await rig.acts.board.release(cohort.id, rig.chair)
    await first.until(Stage.IN_POOL)
    await reserve.until(Stage.RESERVED)
    visit = await a_visit(rig.member)
    at = f"/board/release/promote/{reserve.id}"

    full = await visit.get(at)
    await first.withdraw()
    listed = await visit.get(f"/board/release?cohort={cohort.id}")
    ask = await visit.get(at)
    after = await ask.submit(at)
    order = await visit.get(f"/board/order?cohort={cohort.id}")
    decisions = await visit.get(f"/board/decisions?cohort={cohort.id}&show=released")

    assert "Released decisions cannot be reopened" in order.words
    assert "Every decision on this page is approved" not in order.words
    assert "Released: Reserve list, then moved up into the pool" in order.words
    assert "Since then moved up into the pool" in decisions.words
    assert "All 1 places are taken" in full.words
    assert at in listed.links
    assert "Move up into the pool" in ask.text
    assert "Moved up from the reserve list" in after.words
    assert (await reserve.row()).stage is Stage.IN_POOL
    sent = [row for row in await reserve.letters() if row.template is Template.PROMOTED]
    async with rig.sessions() as session:
        mail = await written(session, sent[0], services.sender)
    assert " ".join(mail.get_content().split()) in ask.words
