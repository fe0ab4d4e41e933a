"""The rig of the workflow tests: real PostgreSQL, real Temporal with skipped time, real activities, the sandbox on.

One database, one task queue and one worker serve all tests of a session; each test makes a cohort of its own, so
tests do not meet. How it is used::

    cohort = await rig.cohort()                 # rows, an allocation that runs, no cohort workflow
    case = await cohort.nominate()              # a real nomination, through the real acts
    await case.reach(Stage.SCORING)             # by the Updates real people would send
    await case.skip(days=3)                     # moves this nomination's clock on
    await case.skip_assessment(one, days=3)     # an assessment has a clock of its own
    assert (await case.state()).stage is Stage.SCORING
    assert await case.events("lapse") == []     # the audit trail, with the time of each step

What the cohort's workflow would say to a nomination (``release``, ``end``, ``move_window``) is signalled as it would
signal it. Tests of the cohort itself start it: ``rig.acts.cohorts.open(rig.policy("name"), rig.operations)``.
``cohort.solve()`` asks the real allocation workflow for panels, as the cohort's workflow would.

Clocks: each workflow has its own, which begins at the wall's and stands with it until a test moves it on.
``case.now()`` is the nomination's; activities write what the workflow hands them, so stored moments are the
workflow's. Waiting for what a workflow does by itself is `eventually`, never a sleep.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities import build
from acts import Acts, acts_at
from acts.assessments import Scoring
from acts.desk import Desk
from acts.nominating import Endorsing, Nominating
from models.enums import (
    ENDS,
    AssessmentStage,
    AssessorRole,
    CohortPhase,
    DecisionReason,
    EndorserPost,
    NominationRoute,
    Outcome,
    Readiness,
    Role,
    ScreeningReason,
    Stage,
    SteerReason,
    WithdrawReason,
)
from models.ids import (
    AssessmentId,
    CohortId,
    NominationId,
    OrganisationCode,
    PersonId,
    allocation_workflow,
    assessment_workflow,
    assessor_of,
    nomination_workflow,
)
from models.messages import (
    AllocationStart,
    AssessmentState,
    By,
    CohortEnded,
    DecisionsReleased,
    Message,
    NominationState,
    PanelReleased,
    SolveBatch,
    WindowMoved,
)
from models.policy import Policy
from models.spans import SpanParts, parse_span
from models.tables import (
    Assessment,
    Assessor,
    AuditEvent,
    Availability,
    Cohort,
    Flag,
    Nomination,
    Organisation,
    OutboxMessage,
    Person,
    PolicyVersion,
    RoleGrant,
)
from notify.channels import MailboxChannel
from notify.compose import sender_from
from notify.posting import Poster
from rules.applications import form
from rules.policies import calendar_of, fingerprint, read_policy
from stack.settings import Settings
from storage.engine import sessions
from tests.workflows.forgetful import forgetful_worker
from worker import make_worker
from workflows.attributes import COHORT, NEEDS_ATTENTION, STAGE

UNMET = ScreeningReason.RULE_NOT_MET

PILOT = Path(__file__).resolve().parents[2] / "data" / "pilot" / "policy.toml"
PATIENCE_SECONDS = 30.0
MOST_AT_ONCE = 8
"""Updates under way on one workflow: the server takes ten."""
HOME, ELSEWHERE = OrganisationCode("R1D"), OrganisationCode("RX1")
EVIDENCE = "She led the merger of two services over eighteen months and showed what came of it for patients there."
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

T = TypeVar("T")
Answer = TypeVar("Answer", bound=Message)
Row = TypeVar("Row", bound=SQLModel)


async def eventually(read: Callable[[], Awaitable[T]], done: Callable[[T], object] = bool) -> T:
    """What ``read`` gives once ``done`` is true of it; for what a workflow does by itself, in its own time."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = await read()
        if done(found):
            return found
        if time.monotonic() > ends:
            raise AssertionError(f"not within {PATIENCE_SECONDS:g} s; last seen: {found}")
        await asyncio.sleep(0.01)


def span(written: str) -> SpanParts:
    """A span as a policy writes it."""
    return SpanParts.model_validate(parse_span(written))


NUMBERS = itertools.count(1)
"""Numbers cohorts: over all rigs of a session, since they share a Temporal server though not a database."""


class Rig:
    """Everything a session's tests share: the servers, one worker, the acts, and the people of the board."""

    def __init__(
        self, env: WorkflowEnvironment, engine: AsyncEngine, mailbox: Path, *, forgetful: bool = False
    ) -> None:
        self.env = env
        self.client = env.client
        self.engine = engine
        self.sessions: async_sessionmaker[AsyncSession] = sessions(engine)
        self.task_queue = f"test-{uuid4().hex}"
        self.mailbox = mailbox
        self.poster = Poster()
        self.forgetful = forgetful
        self.begun: Counter[str] = Counter()
        self.acts: Acts = acts_at(Desk(self.sessions, self.client, self.task_queue))
        self.operations = By(person=PersonId("p-0000000000a1"), role=Role.OPERATIONS)
        self.moderator = By(person=PersonId("p-0000000000a2"), role=Role.MODERATOR)
        self.chair = By(person=PersonId("p-0000000000a3"), role=Role.BOARD)
        self.member = By(person=PersonId("p-0000000000a4"), role=Role.BOARD)
        self.nominator = By(person=PersonId("p-0000000000a5"), role=Role.NOMINATOR)
        self._worker: Worker | None = None
        self._working: asyncio.Task[None] | None = None
        self._threads = ThreadPoolExecutor(20, "activity")

    # The worker

    def make_worker(self, *, engine: AsyncEngine | None = None, task_queue: str | None = None) -> Worker:
        """A worker as the product makes it; on another database or task queue if a test needs that."""
        queue = task_queue or self.task_queue
        settings = Settings(
            task_queue=queue,
            max_cached_workflows=1000,
            graceful_shutdown_seconds=5,
        )
        activities = build(
            sessions=sessions(engine or self.engine),
            client=self.client,
            channel=MailboxChannel(self.mailbox),
            sender=sender_from("Talent Pool <talent-pool@example.nhs.test>"),
            task_queue=queue,
            poster=self.poster,
        )
        if not self.forgetful:
            return make_worker(self.client, settings, activities, self._threads)
        return forgetful_worker(
            self.client, lambda client: make_worker(client, settings, activities, self._threads), self.begun
        )

    async def start_worker(self) -> None:
        """Begins to work on the rig's task queue."""
        self._worker = self.make_worker()
        # Two seconds are a deadlock to the SDK, and on a machine that runs much else they are only slow.
        # No option sets them but debug mode, which takes the sandbox away too.
        self._worker._workflow_worker._deadlock_timeout_seconds = 20  # type: ignore[union-attr] -- there, once it is made
        self._working = asyncio.create_task(self._worker.run())

    async def stop_worker(self) -> None:
        """Ends the worker; whatever waits is kept by the server."""
        if self._worker is not None and self._working is not None:
            await self._worker.shutdown()
            await self._working
        self._worker = self._working = None

    async def restart_worker(self) -> None:
        """Puts a new worker, which remembers nothing, in the old one's place."""
        await self.stop_worker()
        await self.start_worker()

    async def close(self) -> None:
        """Ends the worker and its threads."""
        await self.stop_worker()
        self._threads.shutdown(wait=True)

    @asynccontextmanager
    async def worker(self, *, engine: AsyncEngine | None = None, task_queue: str) -> AsyncIterator[Worker]:
        """Another worker beside the rig's, on a task queue of its own."""
        async with self.make_worker(engine=engine, task_queue=task_queue) as worker:
            yield worker

    # Rows that all tests share

    async def settle_in(self) -> None:
        """Writes two organisations and the people who steer, moderate and decide."""
        people = (self.operations, self.moderator, self.chair, self.member, self.nominator)
        now = datetime.now(UTC)
        async with self.sessions.begin() as session:
            for code in (HOME, ELSEWHERE):
                session.add(
                    Organisation(
                        code=code,
                        name=f"Trust {code}",
                        type="Trust",
                        region="Midlands and East",
                        local_office_code="Q76",
                        system_code=f"S{code}",
                        system_name=f"System {code}",
                    )
                )
            for by in people:
                session.add(Person(id=by.person, full_name=f"The {by.role}", email=f"{by.person}@example.nhs.test"))
            await session.flush()
            for by in people:
                code = str(HOME) if by.role is Role.NOMINATOR else ""
                session.add(RoleGrant(person_id=by.person, role=by.role, organisation_code=code, granted_at=now))

    def number(self) -> int:
        """A number no other call gets."""
        return next(NUMBERS)

    # Policies and cohorts

    def policy(self, cohort: str, changes: Mapping[str, object] | None = None) -> Policy:
        """The pilot's policy for another cohort, now: no audit sample, no bank holidays, runs released at once.

        ``changes`` are dotted names and values, such as ``{"assessors.answer_within": "2 working days"}``.
        """
        today = datetime.now(UTC).date()
        changed: dict[str, object] = {
            "cohort.id": cohort,
            "panel.assessed_from": today - 30 * DAY,
            "panel.assessed_until": today + 900 * DAY,
            "allocation.released_by_operations": False,
            "quality.audit_share": 0.0,
            "bank_holidays": frozenset[date](),
            **(changes or {}),
        }
        document = read_policy(PILOT).model_dump()
        for dotted, value in changed.items():
            *path, last = dotted.split(".")
            part = document
            for name in path:
                part = part[name]
            part[last] = value
        return Policy.model_validate(document)

    async def cohort(
        self,
        changes: Mapping[str, object] | None = None,
        *,
        closes_in: timedelta = timedelta(days=60),
        closes_at: datetime | None = None,
        assessors: int = 8,
        capacity: int = 50,
        allocating: bool = True,
    ) -> "CohortRig":
        """A cohort whose window is open, with a register of assessors and an allocation that runs."""
        cohort = CohortId(f"c{self.number():04d}")
        policy = self.policy(cohort, changes)
        now = datetime.now(UTC)
        async with self.sessions.begin() as session:
            session.add(
                Cohort(
                    id=cohort,
                    name=cohort,
                    region="Midlands and East",
                    created_at=now,
                    phase=CohortPhase.OPEN,
                    opens_at=now - DAY,
                    closes_at=closes_at or now + closes_in,
                )
            )
            await session.flush()
            session.add(
                PolicyVersion(
                    cohort_id=cohort,
                    version=1,
                    document=policy.model_dump(mode="json"),
                    sha256=fingerprint(policy),
                    created_at=now,
                )
            )
        rigged = CohortRig(self, cohort, policy, closes_at or now + closes_in)
        await rigged.register(assessors, capacity)
        if allocating:
            await rigged.start_allocation()
        return rigged

    # Looking at what is stored

    async def all(self, query: Any) -> list[Any]:
        """The rows of a query."""
        async with self.sessions() as session:
            return list((await session.exec(query)).all())

    async def get(self, table: type[Row], key: object) -> Row:
        """The row of a table with this key, which must be there."""
        async with self.sessions() as session:
            row = await session.get(table, key)
        assert row is not None, f"{table.__name__} {key} is not in the database"
        return row

    async def spoil(self, statement: str, **parameters: object) -> None:
        """Runs one SQL statement behind the guards' back, as a mistake in the database would, or mends one."""
        async with self.engine.begin() as connection:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            await connection.execute(text(statement), parameters)

    async def history_length(self, workflow: str) -> int:
        """How many events a workflow's present run has."""
        return (await self.client.get_workflow_handle(workflow).describe()).history_length


@dataclass
class CohortRig:
    """One cohort of one test."""

    rig: Rig
    id: CohortId
    policy: Policy
    closes_at: datetime

    async def register(self, assessors: int, capacity: int = 50) -> None:
        """Adds assessors in turn a chief executive, a non-executive director, a chair, an accountable officer."""
        roles = (
            AssessorRole.CHIEF_EXECUTIVE,
            AssessorRole.NON_EXECUTIVE_DIRECTOR,
            AssessorRole.CHAIR,
            AssessorRole.ACCOUNTABLE_OFFICER,
        )
        panel = self.policy.panel
        async with self.rig.sessions.begin() as session:
            people = []
            for number in range(assessors):
                key = self.rig.number()
                person = Person(
                    id=f"p-a{key:011x}", full_name=f"Assessor {key}", email=f"assessor.{key}@example.nhs.test"
                )
                people.append((f"A-{key:05d}", person, roles[number % 4]))
                session.add(person)
            await session.flush()
            for reference, person, role in people:
                session.add(
                    Assessor(
                        id=reference,
                        cohort_id=self.id,
                        person_id=person.id,
                        role=role,
                        organisation_code=ELSEWHERE,
                        capacity=capacity,
                    )
                )
            await session.flush()
            for reference, _, _ in people:
                session.add(
                    Availability(
                        assessor_id=reference,
                        cohort_id=self.id,
                        from_day=panel.assessed_from,
                        until_day=panel.assessed_until,
                    )
                )

    async def start_allocation(self) -> WorkflowHandle[object, object]:
        """Starts the cohort's real allocation workflow, as opening the cohort does."""
        allocation = self.policy.allocation
        start = AllocationStart(
            cohort=self.id,
            rolling=False,
            interval=allocation.interval,
            released_by_operations=allocation.released_by_operations,
            calendar=calendar_of(self.policy),
        )
        return await self.rig.client.start_workflow(
            "allocation",
            start,
            id=allocation_workflow(self.id),
            task_queue=self.rig.task_queue,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(COHORT, str(self.id)),
                    SearchAttributePair(STAGE, CohortPhase.SCHEDULED.value),
                    SearchAttributePair(NEEDS_ATTENTION, False),
                ]
            ),
        )

    async def solve(self) -> None:
        """Asks the allocation for the panels that wait, as the cohort's workflow does."""
        allocation = self.rig.client.get_workflow_handle(allocation_workflow(self.id))
        await allocation.signal("solve_batch", SolveBatch())

    async def nominate(
        self,
        *,
        full_name: str | None = None,
        email: str | None = None,
        endorsed: bool = True,
        by_self: bool = False,
        statement: str = "I support this.",
        late_reason: SteerReason | None = None,
    ) -> "Case":
        """A new nomination by the home organisation's nominator, or by the nominee (``by_self``)."""
        key = self.rig.number()
        endorsement = Endorsing(
            full_name="The Endorser",
            email="endorser@example.nhs.test",
            post=EndorserPost.CHIEF_EXECUTIVE,
            organisation=HOME,
            statement=statement,
        )
        said = Nominating(
            cohort=self.id,
            organisation=HOME,
            route=NominationRoute.SELF if by_self else NominationRoute.ORGANISATION,
            full_name=full_name or f"Nominee {key}",
            email=email or f"nominee.{key}@example.nhs.test",
            readiness=Readiness.READY_NOW,
            endorsement=endorsement if endorsed else None,
            late_reason=late_reason,
        )
        nomination = await self.rig.acts.nominations.nominate(said, None if by_self else self.rig.nominator)
        row = await self.rig.get(Nomination, nomination)
        case = Case(self, nomination, By(person=PersonId(row.person_id), role=Role.NOMINEE))
        await eventually(case.row, lambda one: one.steps >= 1)
        return case


@dataclass
class Case:
    """One nomination of one test, and everything people do to it."""

    cohort: CohortRig
    id: NominationId
    nominee: By
    offset: timedelta = timedelta()
    _offsets: dict[str, timedelta] = field(default_factory=dict)

    @property
    def rig(self) -> Rig:
        return self.cohort.rig

    @property
    def workflow(self) -> str:
        return nomination_workflow(self.id)

    @property
    def handle(self) -> WorkflowHandle[object, object]:
        return self.rig.client.get_workflow_handle(self.workflow)

    # Time

    def now(self) -> datetime:
        """About the moment it is in the nomination's workflow."""
        return datetime.now(UTC) + self.offset

    async def skip(self, span: timedelta | None = None, **spans: float) -> None:
        """Moves the nomination's clock on: ``skip(days=3)``."""
        length = span if span is not None else timedelta(**spans)
        await self.rig.env.fast_forward(self.handle, length)
        self.offset += length

    async def skip_to(self, moment: datetime) -> None:
        """Moves the nomination's clock to a moment that lies ahead."""
        await self.skip(moment - self.now())

    def assessment_now(self, assessment: AssessmentId) -> datetime:
        """About the moment it is in an assessment's workflow."""
        return datetime.now(UTC) + self._offsets.get(assessment, self.offset)

    async def skip_assessment(self, assessment: AssessmentId, span: timedelta | None = None, **spans: float) -> None:
        """Moves one assessment's clock on; it began at the nomination's when the seat was offered."""
        length = span if span is not None else timedelta(**spans)
        await self.rig.env.fast_forward(self.assessment_handle(assessment), length)
        self._offsets[assessment] = self._offsets.get(assessment, self.offset) + length

    async def skip_assessment_to(self, assessment: AssessmentId, moment: datetime) -> None:
        """Moves one assessment's clock to a moment that lies ahead."""
        await self.skip_assessment(assessment, moment - self.assessment_now(assessment))

    # What is known of it

    async def state(self) -> NominationState:
        """The workflow's own answer."""
        return await self.handle.query("state", result_type=NominationState)

    async def row(self) -> Nomination:
        """The stored nomination."""
        return await self.rig.get(Nomination, self.id)

    async def status(self) -> WorkflowExecutionStatus | None:
        """Whether the workflow runs, and if not how it ended."""
        return (await self.handle.describe()).status

    async def until(self, stage: Stage) -> Nomination:
        """Waits until the stored stage is ``stage``."""
        return await eventually(self.row, lambda row: row.stage is stage)

    async def until_closed(self) -> WorkflowExecutionStatus | None:
        """Waits until the workflow has closed; how it ended."""
        return await eventually(self.status, lambda status: status is not WorkflowExecutionStatus.RUNNING)

    async def events(self, what: str | None = None, *, workflow: str | None = None) -> list[AuditEvent]:
        """The audit events of the nomination's steps (or of another workflow's), in order; ``what`` picks some."""
        query = select(AuditEvent).where(col(AuditEvent.workflow_id) == (workflow or self.workflow))
        if what is not None:
            query = query.where(col(AuditEvent.what) == what)
        return await self.rig.all(query.order_by(col(AuditEvent.step)))

    async def letters(self) -> list[OutboxMessage]:
        """The messages its steps, and its assessments', owe to people, in the order they were queued."""
        query = select(OutboxMessage).where(col(OutboxMessage.nomination_id) == self.id)
        return await self.rig.all(query.order_by(col(OutboxMessage.queued_at), col(OutboxMessage.id)))

    async def panel(self, *stages: AssessmentStage) -> list[Assessment]:
        """Its assessments, or those in some stages, in the order of their ids."""
        query = select(Assessment).where(col(Assessment.nomination_id) == self.id)
        if stages:
            query = query.where(col(Assessment.stage).in_(list(stages)))
        return await self.rig.all(query.order_by(col(Assessment.id)))

    async def open_flags(self) -> list[int]:
        """The numbers of the flags that nobody has settled."""
        query = select(Flag.number).where(col(Flag.nomination_id) == self.id, col(Flag.resolution).is_(None))
        return await self.rig.all(query.order_by(col(Flag.number)))

    async def offered(self, count: int = 3) -> list[AssessmentId]:
        """Waits until so many assessments stand offered; their ids."""
        rows = await eventually(lambda: self.panel(AssessmentStage.OFFERED), lambda found: len(found) == count)
        offered = [AssessmentId(row.id) for row in rows]
        for one in offered:
            self._offsets.setdefault(one, self.offset)
        return offered

    # What people do: each through the real acts

    async def update(self, name: str, message: Message, *, id: str | None = None) -> NominationState:  # noqa: A002
        """An Update straight to the workflow, as the acts send it; refusals are `WorkflowUpdateFailedError`."""
        update_id = id or f"act:{uuid4().hex}"
        return await self.handle.execute_update(name, message, id=update_id, result_type=NominationState)

    async def consent(self) -> NominationState:
        return await self.rig.acts.nominations.consent(self.id, self.nominee)

    async def save_application(
        self, *, eligible: bool = True, words: str = "What I did and what came of it."
    ) -> None:
        """Saves a draft that answers every field; ``eligible`` False answers an eligibility question with no."""
        fields = {}
        for one in form(self.cohort.policy):
            if one.choices:
                fields[one.name] = one.choices[0] if eligible or one.choices[-1] != "no" else "no"
            else:
                fields[one.name] = words
        await self.rig.acts.nominations.save_draft(self.id, self.nominee, fields)

    async def apply(self, *, eligible: bool = True) -> NominationState:
        """Saves a whole draft and submits it."""
        await self.save_application(eligible=eligible)
        return await self.rig.acts.nominations.submit_application(self.id, self.nominee)

    async def endorse(self) -> NominationState:
        """The organisation endorses a self-nomination."""
        said = Endorsing("The Endorser", "endorser@example.nhs.test", EndorserPost.CHIEF_EXECUTIVE, HOME, "Yes.")
        return await self.rig.acts.nominations.endorse(self.id, self.rig.nominator, said)

    async def withdraw(self, reason: WithdrawReason = WithdrawReason.PERSONAL) -> NominationState:
        return await self.rig.acts.nominations.withdraw(self.id, self.nominee, reason)

    async def seat(self) -> list[AssessmentId]:
        """Has the real allocation find the panel; the offered assessments."""
        await self.until(Stage.AWAITING_PANEL)
        await self.cohort.solve()
        return await self.offered(self.cohort.policy.panel.size)

    async def decide(self, outcome: Outcome = Outcome.ADMITTED) -> NominationState:
        """One member of the board drafts the decision, another approves it."""
        await self.rig.acts.board.draft_decision(self.id, self.rig.member, outcome, DecisionReason.PROPOSED_ORDER)
        return await self.rig.acts.board.approve_decision(self.id, self.rig.chair)

    # What the cohort says

    async def release(self) -> None:
        """All decisions are released, as the cohort's workflow says it."""
        await self.handle.signal("decisions_released", DecisionsReleased(released_at=self.now(), by=self.rig.chair))

    async def end(self) -> None:
        """The cohort ends, as its workflow says it."""
        await self.handle.signal("cohort_ended", CohortEnded(ended_at=self.now()))

    async def move_window(self, closes_at: datetime) -> None:
        """The window closes at another time, as the cohort's workflow says it."""
        grace = self.cohort.policy.window.grace
        await self.handle.signal("window_moved", WindowMoved(closes_at=closes_at, grace=grace))

    async def panel_found(self, *assessors: str, run: int = 1) -> None:
        """A released run's seats, as the allocation tells them."""
        await self.handle.signal("panel_released", PanelReleased(run=run, assessors=assessors))  # type: ignore[arg-type]

    # What assessors do

    async def assessor(self, assessment: AssessmentId) -> By:
        """The assessor whose task this is."""
        row = await self.rig.get(Assessor, (assessor_of(assessment), self.cohort.id))
        return By(person=PersonId(row.person_id), role=Role.ASSESSOR)

    def assessment_handle(self, assessment: AssessmentId) -> WorkflowHandle[object, object]:
        return self.rig.client.get_workflow_handle(assessment_workflow(assessment))

    async def assessment_state(self, assessment: AssessmentId) -> AssessmentState:
        """The assessment workflow's own answer."""
        return await self.assessment_handle(assessment).query("state", result_type=AssessmentState)

    async def accept(self, assessment: AssessmentId) -> AssessmentState:
        return await self.rig.acts.assessments.accept(assessment, await self.assessor(assessment))

    async def save_scores(self, assessment: AssessmentId, value: int = 5, evidence: str = EVIDENCE) -> None:
        """Saves the same score on every criterion."""
        criteria = [criterion.code for criterion in self.cohort.policy.scoring.criteria]
        scores = [Scoring(criterion, value, evidence) for criterion in criteria]
        await self.rig.acts.assessments.save_scores(assessment, await self.assessor(assessment), scores)

    async def submit_scores(self, assessment: AssessmentId) -> AssessmentState:
        return await self.rig.acts.assessments.submit_scores(assessment, await self.assessor(assessment))

    async def score(self, assessment: AssessmentId, value: int = 5) -> AssessmentState:
        """Accepts if need be, scores and submits."""
        if (await self.rig.get(Assessment, assessment)).stage is AssessmentStage.OFFERED:
            await self.accept(assessment)
        await self.save_scores(assessment, value)
        return await self.submit_scores(assessment)

    async def score_all(self, values: Sequence[int] = (5, 5, 5)) -> None:
        """Every offered assessor scores, in the order of their ids."""
        offered = await self.offered(len(values))
        await asyncio.gather(*(self.score(one, value) for one, value in zip(offered, values, strict=True)))

    # Roads to a stage

    async def reach(self, stage: Stage) -> "Case":
        """Brings a new nomination to ``stage``, by what people do; in every stage it stands still there."""
        if stage is Stage.NOMINATED:
            return self
        if stage is Stage.DECLINED_BY_NOMINEE:
            await self.rig.acts.nominations.decline(self.id, self.nominee)
        elif stage is Stage.WITHDRAWN:
            await self.withdraw()
        elif stage is Stage.DEFERRED:
            await self.rig.acts.nominations.defer(self.id, self.nominee, SteerReason.LEAVE)
        elif stage is Stage.LAPSED:
            row = await self.row()
            assert row.due_at is not None
            await self.skip(row.due_at - self.now() + DAY)
        else:
            await self._travel(stage)
        await self.until(stage)
        if stage in ENDS:
            await self.until_closed()
        return self

    async def _travel(self, stage: Stage) -> None:
        await self.consent()
        if stage is Stage.APPLYING:
            return
        await self.apply(eligible=stage not in (Stage.SCREENING, Stage.INELIGIBLE))
        if stage in (Stage.SCREENING, Stage.INELIGIBLE):
            await eventually(lambda: self.events("screened"))
            if stage is Stage.INELIGIBLE:
                await self.rig.acts.nominations.screen(self.id, self.rig.moderator, eligible=False, reason=UNMET)
            return
        await self.until(Stage.AWAITING_PANEL)
        if stage is Stage.AWAITING_PANEL:
            return
        await self.seat()
        if stage is Stage.SCORING:
            return
        await self.score_all((1, 5, 5) if stage is Stage.QUALITY_ASSURANCE else (5, 5, 5))
        if stage is Stage.QUALITY_ASSURANCE:
            await eventually(lambda: self.events("checked"))
            return
        await self.until(Stage.AWAITING_DECISION)
        if stage is Stage.AWAITING_DECISION:
            return
        await self.decide(OUTCOMES.get(stage, Outcome.ADMITTED))
        if stage is not Stage.DECIDED:
            await self.release()


OUTCOMES = {
    Stage.IN_POOL: Outcome.ADMITTED,
    Stage.RESERVED: Outcome.RESERVED,
    Stage.NOT_ADMITTED: Outcome.NOT_ADMITTED,
}
"""The board's decision that leads to each stage."""
