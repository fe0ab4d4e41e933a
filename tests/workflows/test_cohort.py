"""The cohort: its phases in order, its window moved, what it tells its nominations, its release and its end."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from acts import acts_at
from acts.desk import Desk
from acts.errors import RefusedError
from acts.nominating import Nominating
from acts.tellings import Teller
from models.enums import CohortPhase, NominationRoute, Readiness, Role, Stage, SteerReason
from models.ids import PersonId
from models.messages import By
from models.tables import Nomination
from tests.acts.conftest import Unreachable
from tests.workflows.opened import OpenedCohort, opened
from tests.workflows.rig import DAY, HOME, MINUTE, Case, Rig, eventually

ILL = SteerReason.ILLNESS


def phases(cohort_events: list[object]) -> list[str]:
    return [str(one.what) for one in cohort_events]  # type: ignore[attr-defined]


async def undecided(cohort: OpenedCohort) -> Case:
    """A nomination that the board has not decided, in a cohort that waits for its decision."""
    case = await (await cohort.nominate()).reach(Stage.AWAITING_DECISION)
    await cohort.rig.acts.cohorts.close_now(cohort.id, cohort.rig.operations, ILL)
    await cohort.look(CohortPhase.DECIDING)
    return case


async def test_cohort_goes_through_its_phases_in_order_and_ends(rig: Rig) -> None:
    cohort = await opened(rig)
    case = await undecided(cohort)
    await case.decide()
    await rig.acts.board.release(cohort.id, rig.chair)
    await case.until(Stage.IN_POOL)
    ended = await cohort.row()
    assert ended.due_at is not None

    await cohort.skip_to(ended.due_at + MINUTE)
    await cohort.until(CohortPhase.ENDED)
    await case.until_closed()

    async def both() -> list[WorkflowExecutionStatus | None]:
        return [(await one.describe()).status for one in (cohort.handle, cohort.allocation)]

    assert await eventually(both, lambda found: found == [WorkflowExecutionStatus.COMPLETED] * 2)
    assert phases(await cohort.events()) == [  # type: ignore[arg-type]
        "open", "closed early", "allocating", "scoring", "quality_assurance", "deciding", "released", "ended",
    ]  # fmt: skip


async def test_window_opens_and_closes_to_the_minute_wherever_it_was_moved(rig: Rig) -> None:
    cohort = await opened(rig, opens="10 days", closes="20 days")
    acts, operations = rig.acts.cohorts, rig.operations
    row = await cohort.row()
    opens_at, closes_at = row.opens_at + DAY, row.closes_at + 3 * DAY

    await acts.move_window(cohort.id, operations, ILL, opens_at=opens_at, closes_at=closes_at)
    await cohort.skip_to(opens_at - MINUTE)
    before = await cohort.state()
    await cohort.skip_to(opens_at + MINUTE)
    await cohort.until(CohortPhase.OPEN)
    extended, shortened = closes_at + 10 * DAY, closes_at - 5 * DAY
    await acts.move_window(cohort.id, operations, ILL, closes_at=extended)
    await acts.move_window(cohort.id, operations, ILL, closes_at=shortened)
    await cohort.skip_to(shortened - MINUTE)
    still = await cohort.state()
    await cohort.skip_to(shortened + MINUTE)
    await eventually(cohort.state, lambda state: state.phase is not CohortPhase.OPEN)

    moments = {event.what: event.at for event in await cohort.events()}
    assert (before.phase, still.phase) == (CohortPhase.SCHEDULED, CohortPhase.OPEN)
    assert timedelta() <= moments["open"] - opens_at < MINUTE
    assert timedelta() <= moments["closed"] - shortened < MINUTE


@pytest.mark.parametrize(
    ("opens", "closes", "refusal"),
    [
        (None, None, "Say when the window opens or closes"),
        (timedelta(days=1), None, "only its closing can be moved"),
        (None, -timedelta(days=1), "lies in the past"),
    ],
)
async def test_window_cannot_be_moved_where_it_makes_no_sense(
    opens: timedelta | None, closes: timedelta | None, refusal: str, rig: Rig
) -> None:
    cohort = await opened(rig)
    now = datetime.now(UTC)

    with pytest.raises(RefusedError, match=refusal):
        await rig.acts.cohorts.move_window(
            cohort.id,
            rig.operations,
            ILL,
            opens_at=None if opens is None else now + opens,
            closes_at=None if closes is None else now + closes,
        )

    assert phases(await cohort.events()) == ["open"]  # type: ignore[arg-type]


async def test_window_moved_while_it_closes_is_closed_once_or_moved_but_never_both(rig: Rig) -> None:
    cohort = await opened(rig)
    acts, operations = rig.acts.cohorts, rig.operations

    answers = await asyncio.gather(
        acts.close_now(cohort.id, operations, ILL),
        acts.move_window(cohort.id, operations, ILL, closes_at=cohort.closes_at + DAY),
        acts.close_now(cohort.id, operations, ILL),
        return_exceptions=True,
    )

    steps = phases(await cohort.events())  # type: ignore[arg-type]
    row = await cohort.row()
    assert steps.count("closed early") == 1
    assert sum(isinstance(one, RefusedError) for one in answers) in (1, 2)
    assert all(isinstance(one, RefusedError) or not isinstance(one, BaseException) for one in answers)
    assert row.closes_at < cohort.closes_at


async def test_every_nomination_that_applies_hears_that_the_window_moved(rig: Rig) -> None:
    cohort = await opened(rig)
    applying = [await (await cohort.nominate()).reach(Stage.APPLYING) for _ in range(3)]
    until = cohort.closes_at + 7 * DAY

    await rig.acts.cohorts.move_window(cohort.id, rig.operations, ILL, closes_at=until)

    for case in applying:
        row = await eventually(case.row, lambda row: row.due_at == until)
        assert row.stage is Stage.APPLYING
        assert [one.template for one in await case.letters()].count("deadline_moved") == 1


async def test_nomination_whose_start_was_still_owed_hears_that_the_window_moved(rig: Rig) -> None:
    cohort = await opened(rig)
    away = acts_at(Desk(rig.sessions, cast("Client", Unreachable()), rig.task_queue))
    said = Nominating(
        cohort=cohort.id,
        organisation=HOME,
        route=NominationRoute.ORGANISATION,
        full_name="A Nominee",
        email=f"{cohort.id}@example.nhs.test",
        readiness=Readiness.READY_NOW,
    )
    nomination = await away.nominations.nominate(said, rig.nominator)
    until = cohort.closes_at + 7 * DAY

    await rig.acts.cohorts.move_window(cohort.id, rig.operations, ILL, closes_at=until)
    await Teller(rig.sessions, rig.client, rig.task_queue).tell_waiting(
        datetime.now(UTC) + MINUTE, owed_for=timedelta()
    )

    row = await eventually(lambda: rig.get(Nomination, nomination), lambda row: row.steps >= 1)
    case = Case(cohort, nomination, By(person=PersonId(row.person_id), role=Role.NOMINEE))

    # The announcement is tried again after a moment, and has its own clock.
    async def due_after_consent() -> datetime | None:
        history = await case.handle.fetch_history()
        signals = [one for one in history.events if one.HasField("workflow_execution_signaled_event_attributes")]
        return until if signals else None

    assert await eventually(due_after_consent) == until
    assert (await case.consent()).due_at == until


async def test_release_is_refused_while_a_nomination_is_undecided(rig: Rig) -> None:
    cohort = await opened(rig)
    case = await undecided(cohort)

    with pytest.raises(RefusedError, match="1 nominations are not decided yet"):
        await rig.acts.board.release(cohort.id, rig.chair)
    await case.decide()
    state = await rig.acts.board.release(cohort.id, rig.chair)
    await case.until(Stage.IN_POOL)

    assert state.phase is CohortPhase.RELEASED
    with pytest.raises(RefusedError, match="You cannot release decisions now"):
        await rig.acts.board.release(cohort.id, rig.chair)


async def test_acts_out_of_their_phase_are_refused_with_the_phase_in_which_they_are_possible(rig: Rig) -> None:
    cohort = await opened(rig)

    with pytest.raises(RefusedError, match="waits for the board's decisions and their release"):
        await rig.acts.board.release(cohort.id, rig.chair)
    await rig.acts.cohorts.close_now(cohort.id, rig.operations, ILL)
    with pytest.raises(RefusedError, match="You cannot close the window now"):
        await rig.acts.cohorts.close_now(cohort.id, rig.operations, ILL)
    with pytest.raises(RefusedError, match="The window can no longer be moved"):
        await rig.acts.cohorts.move_window(cohort.id, rig.operations, ILL, closes_at=cohort.closes_at + DAY)


async def test_cohort_looks_by_itself_at_the_policys_interval(rig: Rig) -> None:
    cohort = await opened(rig)
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    await rig.acts.cohorts.close_now(cohort.id, rig.operations, ILL)
    await case.withdraw()
    waiting = await cohort.state()

    await cohort.skip_to(cohort.now() + timedelta(hours=1, minutes=1))
    await eventually(cohort.row, lambda row: row.phase is not CohortPhase.CLOSED)

    assert waiting.phase is CohortPhase.CLOSED
    assert re.fullmatch(
        r"waits for the last applications to be screened, and looks again on \w+day \d+ \w+ \d{4}, \d\d:\d\d UK time",
        waiting.waits_for,
    )


async def test_continued_cohort_knows_what_it_knew_and_answers_what_came_meanwhile(rig: Rig) -> None:
    cohort = await opened(rig)
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    await rig.acts.cohorts.close_now(cohort.id, rig.operations, ILL)
    before = await cohort.state()
    first = (await cohort.handle.describe()).run_id

    async def called() -> str | None:
        # Several at once, so that some are under way whenever the history ends.
        await asyncio.gather(*(rig.acts.cohorts.roll_call(cohort.id, rig.operations) for _ in range(4)))
        return (await cohort.handle.describe()).run_id

    await eventually(called, lambda run: run != first)
    after = await cohort.state()
    await case.withdraw()
    await cohort.look(CohortPhase.DECIDING)

    assert (after.phase, after.closes_at, after.steps) == (CohortPhase.CLOSED, before.closes_at, before.steps)
    steps = [event.step for event in await cohort.events()]
    assert steps == list(range(1, len(steps) + 1))
