"""Telling many nominations: in batches, in order, heartbeating, resuming, and waiting for those not started yet."""

import asyncio
from dataclasses import dataclass, field
from typing import cast
from uuid import uuid4

import pytest
from sqlalchemy import text
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from models.enums import CohortPhase, RunKind, RunStatus, Stage
from models.ids import CohortId, NominationId, nomination_workflow
from models.messages import BatchAsked, BatchTold, Message, PanelReleased, PanelsAsked, WindowMoved
from models.tables import Nomination, UnstaffedNomination
from tests.activities.cohort import CLOSED_ON, Activities, CohortInRows, Post, Sessions, activities_of

QUEUE = "nobody"
MOVED = WindowMoved.model_validate({"closes_at": CLOSED_ON, "grace": "5 minutes"})

_PEOPLE = """
INSERT INTO person (id, full_name, email, post)
SELECT 'p-' || to_char(n, 'FM000000000000'), 'X', n || '@example.nhs.test', '' FROM generate_series(1, :count) AS n
"""
_NOMINATIONS = """
INSERT INTO nomination (id, cohort_id, reference, person_id, organisation_code, nominated_by, route, readiness,
    interests, created_at, stage, stage_since, paused, steps)
SELECT :cohort || '-' || to_char(n, 'FM00000'), :cohort, '', 'p-' || to_char(n, 'FM000000000000'), 'R1D',
    'p-' || to_char(n, 'FM000000000000'), 'self', 'ready_now', '[]', now(), 'applying', now(), false, 1
FROM generate_series(1, :count) AS n
"""


@dataclass
class Heard:
    """Stands for the Temporal client where ten thousand workflows would be too many: keeps who was told what."""

    told: list[str] = field(default_factory=list)
    said: list[tuple[str, object]] = field(default_factory=list)
    fails_at: int | None = None

    def get_workflow_handle(self, workflow: str) -> "_Handle":
        return _Handle(self, workflow)


@dataclass(frozen=True)
class _Handle:
    heard: Heard
    workflow: str

    async def signal(self, name: str, message: Message) -> None:
        await asyncio.sleep(0)
        if self.heard.fails_at is not None and len(self.heard.told) >= self.heard.fails_at:
            raise ConnectionError
        self.heard.told.append(self.workflow)
        self.heard.said.append((name, message))


def telling(sessions: Sessions, heard: Heard) -> Activities:
    return activities_of(sessions, cast("Client", heard), Post())


async def many(cohort: CohortInRows, count: int) -> list[str]:
    """So many nominations that wait for their applications; the ids of their workflows, in order."""
    await cohort.begin(nominations=0, assessors=0, phase=CohortPhase.OPEN)
    given = {"count": count, "cohort": cohort.id}
    async with cohort.sessions.begin() as session:
        connection = await session.connection()
        await connection.execute(text(_PEOPLE), given)
        await connection.execute(text(_NOMINATIONS), given)
    return [nomination_workflow(NominationId(f"{cohort.id}-{n:05}")) for n in range(1, count + 1)]


async def in_batches(activities: Activities, asked: BatchAsked) -> list[BatchTold]:
    """Tells everybody, batch after batch, as the cohort's workflow does."""
    told = []
    while True:
        told.append(await activities.run("tell_nominations", asked, BatchTold))
        if told[-1].last is None:
            return told
        asked = asked.model_copy(update={"after": told[-1].last})


async def test_ten_thousand_nominations_are_told_once_each_in_batches(
    cohort: CohortInRows, sessions: Sessions
) -> None:
    workflows = await many(cohort, 10_000)
    heard = Heard()

    batches = await in_batches(telling(sessions, heard), BatchAsked(cohort=cohort.id, announcement=MOVED, most=2_000))

    assert sorted(heard.told) == workflows
    assert [one.told for one in batches] == [2_000] * 5 + [0]
    assert heard.said[0] == ("window_moved", MOVED)


async def test_batch_that_failed_half_way_goes_on_from_its_last_heartbeat(
    cohort: CohortInRows, sessions: Sessions
) -> None:
    workflows = await many(cohort, 100)
    first, second = Heard(fails_at=47), Heard()
    asked = BatchAsked(cohort=cohort.id, announcement=MOVED, most=90)
    failing, resumed = telling(sessions, first), telling(sessions, second)

    with pytest.raises(ApplicationError, match="the activity failed"):
        await failing.run("tell_nominations", asked, BatchTold)
    told = await resumed.run("tell_nominations", asked, BatchTold, resumed_from=failing.heartbeats[-1])

    assert failing.heartbeats == [(f"{cohort.id}-00020", 20), (f"{cohort.id}-00040", 40)]
    assert sorted(second.told) == workflows[40:90]
    assert set(first.told) | set(second.told) == set(workflows[:90])
    assert told == BatchTold(told=90, last=NominationId(f"{cohort.id}-00090"))


async def test_batch_whose_end_was_reached_before_the_worker_died_tells_nobody_again(
    cohort: CohortInRows, sessions: Sessions
) -> None:
    await many(cohort, 100)
    heard = Heard()
    asked = BatchAsked(cohort=cohort.id, announcement=MOVED, most=40)

    told = await telling(sessions, heard).run(
        "tell_nominations", asked, BatchTold, resumed_from=(f"{cohort.id}-00040", 40)
    )

    assert (heard.told, told.last) == ([], f"{cohort.id}-00040")


async def test_nominations_that_are_over_are_not_told(cohort: CohortInRows, sessions: Sessions) -> None:
    await cohort.begin(nominations=2, stage=Stage.APPLYING)
    async with sessions.begin() as session:
        withdrawn = await session.get_one(Nomination, cohort.nomination(1))
        withdrawn.stage = Stage.WITHDRAWN
        session.add(withdrawn)
    heard = Heard()

    told = await telling(sessions, heard).run(
        "tell_nominations", BatchAsked(cohort=cohort.id, announcement=MOVED), BatchTold
    )

    assert heard.told == [nomination_workflow(cohort.nomination(2))]
    assert told == BatchTold(told=1, last=None)


async def signals_of(client: Client, workflow: str) -> list[str]:
    """The names of the signals in a workflow's history."""
    events = (await client.get_workflow_handle(workflow).fetch_history()).events
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    ]


async def test_hundreds_of_real_workflows_each_hear_it(sessions: Sessions, temporal_env: WorkflowEnvironment) -> None:
    cohort = CohortInRows(sessions, CohortId(f"c{uuid4().hex[:12]}"))
    workflows = await many(cohort, 200)
    client = temporal_env.client
    for some in range(0, 200, 20):
        # Nobody works on the queue: the signals stay in the histories, where they can be counted.
        await asyncio.gather(
            *(client.start_workflow("nomination", id=one, task_queue=QUEUE) for one in workflows[some : some + 20])
        )
    activities = activities_of(sessions, client, Post())

    batches = await in_batches(activities, BatchAsked(cohort=cohort.id, announcement=MOVED, most=80))

    assert [one.told for one in batches] == [80, 80, 40]
    for one in workflows[::25]:
        assert await signals_of(client, one) == ["window_moved"]


async def test_nomination_whose_start_is_still_owed_is_waited_for(
    sessions: Sessions, temporal_env: WorkflowEnvironment
) -> None:
    cohort = CohortInRows(sessions, CohortId(f"c{uuid4().hex[:12]}"))
    await cohort.begin(stage=Stage.NOMINATED)
    activities = activities_of(sessions, temporal_env.client, Post())
    asked = BatchAsked(cohort=cohort.id, announcement=MOVED)

    with pytest.raises(ApplicationError) as failure:
        await activities.run("tell_nominations", asked, BatchTold)
    workflow = nomination_workflow(cohort.nomination())
    await temporal_env.client.start_workflow("nomination", id=workflow, task_queue=QUEUE)
    told = await activities.run("tell_nominations", asked, BatchTold)

    assert (failure.value.type, failure.value.non_retryable) == ("NotStartedYet", False)
    assert told.told == 1
    assert await signals_of(temporal_env.client, workflow) == ["window_moved"]


async def test_nomination_whose_workflow_has_ended_stops_nobody(
    sessions: Sessions, temporal_env: WorkflowEnvironment
) -> None:
    cohort = CohortInRows(sessions, CohortId(f"c{uuid4().hex[:12]}"))
    await cohort.begin(nominations=2, stage=Stage.APPLYING)
    async with sessions.begin() as session:
        for number in (1, 2):
            row = await session.get_one(Nomination, cohort.nomination(number))
            row.steps = 1
            session.add(row)
    second = nomination_workflow(cohort.nomination(2))
    await temporal_env.client.start_workflow("nomination", id=second, task_queue=QUEUE)

    told = await activities_of(sessions, temporal_env.client, Post()).run(
        "tell_nominations", BatchAsked(cohort=cohort.id, announcement=MOVED), BatchTold
    )

    assert told == BatchTold(told=2, last=None)
    assert await signals_of(temporal_env.client, second) == ["window_moved"]


async def test_panels_are_told_in_order_with_those_that_were_not_found(
    cohort: CohortInRows, sessions: Sessions
) -> None:
    await cohort.begin(nominations=3)
    await cohort.add(
        cohort.run_row(1, RunKind.BATCH, RunStatus.RELEASED),
        cohort.seat_row(1, 2),
        cohort.seat_row(1, 1),
        cohort.seat_row(3, 1),
        UnstaffedNomination(cohort_id=cohort.id, run=1, nomination_id=cohort.nomination(2), missing=2),
    )
    heard = Heard()
    activities = telling(sessions, heard)

    first = await activities.run("tell_panels", PanelsAsked(cohort=cohort.id, run=1, most=2), BatchTold)
    rest = await activities.run(
        "tell_panels", PanelsAsked(cohort=cohort.id, run=1, most=2, after=first.last), BatchTold
    )

    assert (first.last, rest) == (cohort.nomination(2), BatchTold(told=1, last=None))
    assert heard.told == [nomination_workflow(cohort.nomination(number)) for number in (1, 2, 3)]
    assert [name for name, _ in heard.said] == ["panel_released", "panel_not_found", "panel_released"]
    assert heard.said[0][1] == PanelReleased.model_validate({"run": 1, "assessors": ("A-001", "A-002")})


async def test_nomination_with_a_seat_found_and_one_missing_is_told_both_in_one_batch(
    cohort: CohortInRows, sessions: Sessions
) -> None:
    await cohort.begin(nominations=2)
    await cohort.add(
        cohort.run_row(1, RunKind.REPLACEMENT, RunStatus.RELEASED),
        cohort.seat_row(1, 1),
        cohort.seat_row(2, 1),
        UnstaffedNomination(cohort_id=cohort.id, run=1, nomination_id=cohort.nomination(1), missing=1),
    )
    heard = Heard()
    activities = telling(sessions, heard)

    first = await activities.run("tell_panels", PanelsAsked(cohort=cohort.id, run=1, most=1), BatchTold)
    rest = await activities.run(
        "tell_panels", PanelsAsked(cohort=cohort.id, run=1, most=1, after=first.last), BatchTold
    )

    assert (first.last, rest.last) == (cohort.nomination(1), cohort.nomination(2))
    assert sorted(name for name, _ in heard.said) == ["panel_not_found", "panel_released", "panel_released"]
