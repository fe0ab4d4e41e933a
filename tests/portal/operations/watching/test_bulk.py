import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import pytest
from sqlmodel import col, select
from temporalio.client import Client

from acts.bulk import BulkAct, BulkActs
from acts.desk import Desk
from acts.errors import NotReachedError, RefusedError
from models.enums import Stage, SteerReason
from models.policy import LONDON
from models.tables import BulkStep
from tests.acts.conftest import Unreachable
from tests.portal.conftest import A_Visit
from tests.portal.operations.watching.test_listing import many
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import Case, CohortRig

LIST = "/operations/nominations"
PAUSE = {"act": "pause", "reason": "board_request"}


async def some(cohort: CohortRig, count: int) -> list[Case]:
    return list(await asyncio.gather(*(cohort.nominate() for _ in range(count))))


async def preview(visit: Visit, cohort: CohortRig, cases: Sequence[Case], values: dict[str, str]) -> Seen:
    """From the list, by ticking, to the page that shows whom the step concerns."""
    page = await visit.get(f"{LIST}?cohort={cohort.id}")
    asked = await page.submit("choose", {"nomination": [case.id for case in cases]})
    assert asked.heading == "Choose a step for many"
    return await asked.submit("check", values)


async def test_ticked_are_previewed_paused_and_resumed_by_undoing(cohort: CohortRig, a_visit: A_Visit) -> None:
    cases = await some(cohort, 3)
    chosen, other = cases[:2], cases[2]
    visit = await a_visit(cohort.rig.operations)

    seen = await preview(visit, cohort, chosen, PAUSE)
    nothing_yet = [(await case.row()).paused for case in cases]
    step = await seen.submit("take")
    paused = [(await case.row()).paused for case in cases]
    undoing = await (await visit.get(f"{step.path}/undo")).submit(reason="other")
    undone = await finished(undoing)

    assert seen.heading == "Pause 2 nominations"
    assert all(case.id in seen.words for case in chosen)
    assert other.id not in seen.words
    assert "You can undo this by resuming them" in seen.words
    assert nothing_yet == [False, False, False]
    assert paused == [True, True, False]
    assert "2 done , 0 refused, 0 to do, of 2." in step.words
    assert "2 done" in undone.words
    assert [(await case.row()).paused for case in cases] == [False, False, False]
    assert "Undone by" in (await visit.get(step.path)).words


async def finished(page: Seen) -> Seen:
    """Presses "Go on" as long as there is more to do, as one does without scripts."""
    while any(form.action.endswith("/go-on") for form in page.forms):
        page = await page.submit("go-on")
    return page


async def test_everybody_a_filter_finds_is_chosen_and_the_unfit_are_left_out(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    fit = await cohort.nominate()
    paused, over = await cohort.nominate(), await (await cohort.nominate()).reach(Stage.WITHDRAWN)
    await cohort.rig.acts.nominations.pause(paused.id, cohort.rig.operations, SteerReason.LEAVE)
    visit = await a_visit(cohort.rig.operations)

    page = await visit.get(f"{LIST}?cohort={cohort.id}")
    asked = await page.submit("choose", {"all": "yes"})
    seen = await asked.submit("check", PAUSE)

    assert "You chose 3 nominations" in asked.words
    assert seen.heading == "Pause 1 nomination"
    assert f"{fit.id} {'Nominee'}" in seen.words
    assert "Left out: 2" in seen.words
    assert "It is paused already" in seen.words
    assert "It is withdrawn" in seen.words
    assert over.id in seen.words


async def test_preview_that_is_stale_is_shown_again(cohort: CohortRig, a_visit: A_Visit) -> None:
    cases = await some(cohort, 2)
    visit = await a_visit(cohort.rig.operations)
    seen = await preview(visit, cohort, cases, PAUSE)
    await cohort.rig.acts.nominations.pause(cases[0].id, cohort.rig.operations, SteerReason.LEAVE)

    again = await seen.submit("take")
    untouched = (await cases[1].row()).paused
    step = await again.submit("take")

    assert again.status == 409
    assert "This has changed since you looked" in again.words
    assert again.heading == "Pause 1 nomination"
    assert not untouched
    assert "1 done" in step.words
    assert (await cases[1].row()).paused


async def test_extending_many_says_beforehand_that_it_cannot_be_undone(cohort: CohortRig, a_visit: A_Visit) -> None:
    cases = await some(cohort, 2)
    due_at = (await cases[0].row()).due_at
    assert due_at is not None
    later = (due_at + timedelta(days=5)).astimezone(LONDON)
    values = {
        "act": "extend",
        "reason": "organisation_delay",
        "until_day": str(later.day),
        "until_month": str(later.month),
        "until_year": str(later.year),
    }
    visit = await a_visit(cohort.rig.operations)

    no_day = await preview(visit, cohort, cases, {"act": "extend", "reason": "other"})
    seen = await preview(visit, cohort, cases, values)
    step = await seen.submit("take")
    refused = await visit.get(f"{step.path}/undo")

    assert no_day.status == 422
    assert "Enter the day" in no_day.words
    assert "This cannot be undone: a deadline only moves later." in seen.words
    assert "2 done" in step.words
    assert [(await case.row()).due_at for case in cases] == [
        later.replace(hour=23, minute=59, second=0, microsecond=0)
    ] * 2
    assert refused.status == 409


async def test_confirming_twice_takes_one_step(cohort: CohortRig, a_visit: A_Visit) -> None:
    cases = await some(cohort, 2)
    visit = await a_visit(cohort.rig.operations)
    seen = await preview(visit, cohort, cases, PAUSE)

    first, second = await seen.submit("take"), await seen.submit("take")
    steps = await visit.get(f"/operations/bulk?cohort={cohort.id}")

    assert first.path == second.path
    assert len([link for link in steps.links if link.startswith("/operations/bulk/b-")]) == 1
    assert "2 done" in steps.words


async def test_step_that_was_interrupted_goes_on_from_what_is_kept(cohort: CohortRig, a_visit: A_Visit) -> None:
    cases = await some(cohort, 3)
    rig = cohort.rig
    bulk = BulkActs(rig.acts.desk)
    step = await bulk.begin(
        cohort.id, BulkAct.PAUSE, [case.id for case in cases], rig.operations, reason=SteerReason.OTHER
    )
    # The portal dies when one has been told and before that is kept.
    begun = await rig.get(BulkStep, step)
    assert await bulk._take(begun, cases[0].id, rig.operations) == "done"
    visit = await a_visit(rig.operations)

    before = await visit.get(f"/operations/bulk/{step}")
    after = await finished(before)

    assert "0 done , 0 refused, 3 to do, of 3." in before.words
    assert "3 done , 0 refused, 0 to do, of 3." in after.words
    assert [len(await case.events("paused")) for case in cases] == [1, 1, 1]


async def test_what_is_refused_is_kept_with_its_sentence(cohort: CohortRig, a_visit: A_Visit) -> None:
    cases = await some(cohort, 2)
    rig = cohort.rig
    bulk = BulkActs(rig.acts.desk)
    step = await bulk.begin(
        cohort.id, BulkAct.PAUSE, [case.id for case in cases], rig.operations, reason=SteerReason.OTHER
    )
    await cases[0].reach(Stage.WITHDRAWN)
    visit = await a_visit(rig.operations)

    page = await finished(await visit.get(f"/operations/bulk/{step}"))

    assert "1 done , 1 refused, 0 to do, of 2." in page.words
    assert "This is over already" in page.words


async def test_nobody_and_too_many_are_refused_with_a_way_back(cohort: CohortRig, a_visit: A_Visit) -> None:
    await many(cohort, 501)
    visit = await a_visit(cohort.rig.operations)
    page = await visit.get(f"{LIST}?cohort={cohort.id}")

    nobody = await page.submit("choose")
    everybody = await page.submit("choose", {"all": "yes"})

    ticked = await visit.get(f"/operations/nominations?cohort={cohort.id}&tick=all")

    assert (nobody.status, everybody.status) == (422, 409)
    assert "There is a problem Nobody was chosen" in nobody.words
    assert ticked.form("/operations/bulk/choose").fields["nomination"] != []
    assert "Tick at least one nomination" in nobody.words
    assert "A step takes at most 500 nominations" in everybody.words
    assert f"{LIST}?cohort={cohort.id}" in everybody.links


async def test_preview_of_five_hundred_is_below_100_kb(cohort: CohortRig, a_visit: A_Visit) -> None:
    await many(cohort, 500)
    visit = await a_visit(cohort.rig.operations)

    asked = await (await visit.get(f"{LIST}?cohort={cohort.id}")).submit("choose", {"all": "yes"})
    seen = await asked.submit("check", PAUSE)

    assert seen.heading == "Pause 500 nominations"
    assert len(seen.response.content) < 100_000


async def test_step_that_is_not_there_is_not_found(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)

    assert (await visit.get("/operations/bulk/nothing")).status == 404
    assert (await visit.post("/operations/bulk/nothing/go-on")).status == 404
    assert (await visit.post("/operations/bulk/nothing/undo")).status == 404


async def test_step_keeps_waiting_while_temporal_is_away(cohort: CohortRig) -> None:
    cases = await some(cohort, 2)
    rig = cohort.rig
    away = BulkActs(Desk(rig.sessions, cast("Client", Unreachable()), rig.task_queue))
    step = await away.begin(
        cohort.id, BulkAct.PAUSE, [case.id for case in cases], rig.operations, reason=SteerReason.OTHER
    )

    with pytest.raises(NotReachedError, match="What was done is kept: go on in a minute"):
        await away.go_on(step, rig.operations)
    kept = (await rig.get(BulkStep, step)).lines
    progress = await BulkActs(rig.acts.desk).go_on(step, rig.operations, within=timedelta(minutes=1))

    assert set(kept.values()) == {""}
    assert (progress.done, progress.refused, progress.left) == (2, 0, 0)


async def test_step_for_many_is_refused_to_who_may_not_take_it(cohort: CohortRig) -> None:
    case = await cohort.nominate()
    rig = cohort.rig
    bulk = BulkActs(rig.acts.desk)

    with pytest.raises(RefusedError, match="A QA moderator may not pause"):
        await bulk.begin(cohort.id, BulkAct.PAUSE, [case.id], rig.moderator, reason=SteerReason.OTHER)
    with pytest.raises(RefusedError, match="Choose from 1 to 500 nominations"):
        await bulk.begin(cohort.id, BulkAct.PAUSE, [], rig.operations, reason=SteerReason.OTHER)
    with pytest.raises(RefusedError, match="Give a new deadline to extend, and only then"):
        await bulk.begin(cohort.id, BulkAct.EXTEND, [case.id], rig.operations, reason=SteerReason.OTHER)

    assert await rig.all(select(BulkStep).where(col(BulkStep.cohort_id) == cohort.id)) == []


async def test_undoing_leaves_alone_what_has_changed_since(cohort: CohortRig, a_visit: A_Visit) -> None:
    cases = await some(cohort, 2)
    visit = await a_visit(cohort.rig.operations)
    step = await (await preview(visit, cohort, cases, PAUSE)).submit("take")
    await cohort.rig.acts.nominations.resume(cases[0].id, cohort.rig.operations)

    asked = await visit.get(f"{step.path}/undo")
    undone = await finished(await asked.submit(reason="other"))
    again = await visit.get(f"{step.path}/undo")

    assert "It concerns 1" in asked.words
    assert "Changed since, and left as they are: 1" in asked.words
    assert "1 done , 1 refused, 0 to do, of 2." in undone.words
    assert "The nomination is not paused" in undone.words
    assert again.status == 409
    assert "This has been undone already." in again.words
