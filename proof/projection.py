"""What is stored equals what the workflows know: checked row by row, and rebuilt from the workflows where it differs.

A step is written before its workflow takes it, so a row may be ahead for a moment: what differs is looked at again
before it is reported.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from models.enums import ENDS, AssessmentStage, AssessorDeclineReason
from models.ids import PersonId, cohort_workflow
from models.messages import AssessmentState, By, CohortState, NominationState
from models.tables import Assessment, Cohort, Nomination
from proof.histories import AT_ONCE, runs_of
from proof.known import Knowledge, Known, State
from storage import audit
from storage.policies import CohortMissingError

Sessions = async_sessionmaker[AsyncSession]
Row = Nomination | Assessment | Cohort
Kind = TypeVar("Kind", Nomination, Assessment)

BATCH = 500
"""Rows read at once."""
LOOKS = (0.1, 0.4, 1.5)
"""Seconds before each further look at what differs: a step in flight takes milliseconds."""

_STATES: Mapping[str, type[State]] = {
    "nomination": NominationState,
    "assessment": AssessmentState,
    "cohort": CohortState,
}


@dataclass(frozen=True)
class Difference:
    """Where a row and its workflow disagree. ``field`` is ``row`` or ``workflow`` where one of them is missing."""

    subject: str
    field: str
    stored: str
    known: str


@dataclass(frozen=True)
class ProjectionVerdict:
    """Whether what is stored equals what the workflows know.

    Attributes:
        checked: How many rows were compared with their workflow.
        differences: What differs, in the order of subjects.
        forgotten: Rows of nominations that ended longer ago than Temporal keeps workflows: nothing to compare with.
    """

    checked: int
    differences: tuple[Difference, ...]
    forgotten: int = 0

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    @property
    def words(self) -> str:
        """``verified``, or how many differences there are."""
        return "verified" if self.equal else f"{len(self.differences)} differences"


async def check_projection(sessions: Sessions, client: Client, cohort: str) -> ProjectionVerdict:
    """Compares every nomination, every assessment and the cohort with its workflow; a worker must be running.

    Rows are read in portions by their ids, so the size of a cohort costs time and little memory.

    Raises:
        CohortMissingError: There is no such cohort.
        WorkflowsUnreachableError: A workflow does not answer: Temporal or every worker is away.
    """
    return await _Check(sessions, client, cohort).verdict()


async def rebuild(sessions: Sessions, client: Client, cohort: str, by: By) -> int:
    """Writes the workflow's state into each row that differs, with an audit event; how many rows were written.

    A row that is missing cannot be rebuilt, since nothing personal is in a workflow. A row that moves on meanwhile
    is left as it is: its workflow has just written it.

    Raises:
        CohortMissingError: There is no such cohort.
        WorkflowsUnreachableError: A workflow does not answer.
    """
    check = _Check(sessions, client, cohort)
    verdict = await check.verdict()
    missing = {one.subject for one in verdict.differences if one.field in ("row", "workflow")}
    subjects = sorted({one.subject for one in verdict.differences} - missing)
    return sum([await check.rewrite(subject, by) for subject in subjects])


class _Check:
    """One pass over a cohort."""

    def __init__(self, sessions: Sessions, client: Client, cohort: str) -> None:
        self._sessions = sessions
        self._client = client
        self._cohort = cohort
        self._knowledge = Knowledge(client)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._checked = 0
        self._forgotten = 0
        self._kept_for: timedelta | None = None

    async def verdict(self) -> ProjectionVerdict:
        """Every row against its workflow, then every workflow that has no row."""
        unmatched = await self._listed()
        found: list[Difference] = []
        async for rows in self._portions():
            found += await self._compare(rows)
            unmatched.difference_update(_subject(row) for row in rows)
        found += await self._without_row(unmatched)
        return ProjectionVerdict(self._checked, tuple(sorted(found, key=_order)), self._forgotten)

    async def rewrite(self, subject: str, by: By) -> bool:
        """Writes what the workflow knows into its row; whether it did."""
        row = await self._row(subject)
        known = await self._known(subject)
        if row is None or known.state is None or _fields(row) == _known_fields(known.state):
            return False
        async with self._sessions.begin() as session:
            locked = await _load(session, subject, lock=True)
            if locked is None or locked.steps != row.steps:
                return False
            before, after = _fields(locked), _known_fields(known.state)
            _write(locked, known.state)
            session.add(locked)
            await session.flush()
            changed = [name for name in after if before[name] != after[name]]
            await audit.append(
                session,
                at=datetime.now(UTC),
                actor=PersonId(by.person),
                role=by.role,
                what="rebuilt",
                subject=row.id,
                before={name: before[name] for name in changed},
                after={name: after[name] for name in changed},
            )
        return True

    # Rows against workflows

    async def _listed(self) -> set[str]:
        """The ids of all workflows of the cohort that should have a row; and which of them have ended."""
        listed: set[str] = set()
        async for run in runs_of(self._client, self._cohort):
            if run.workflow_id.split("/", 1)[0] in _STATES:
                listed.add(run.workflow_id)
                self._knowledge.note(run)
        return listed

    async def _portions(self) -> AsyncIterator[Sequence[Row]]:
        """All rows of the cohort, a portion at a time, in the order of their ids."""
        async with self._sessions() as session:
            row = await session.get(Cohort, self._cohort)
        if row is None:
            raise CohortMissingError(f"There is no cohort '{self._cohort}': open one, or look up its name.")
        yield [row]
        for table in (Nomination, Assessment):
            rows = await self._portion(table, "")
            while rows:
                yield rows
                rows = await self._portion(table, rows[-1].id)

    async def _portion(self, table: type[Nomination] | type[Assessment], after: str) -> Sequence[Row]:
        def next_of(kind: type[Kind]) -> SelectOfScalar[Kind]:
            wanted = select(kind).where(col(table.cohort_id) == self._cohort, col(table.id) > after)
            return wanted.order_by(col(table.id)).limit(BATCH)

        async with self._sessions() as session:
            if issubclass(table, Nomination):
                return (await session.exec(next_of(Nomination))).all()
            return (await session.exec(next_of(Assessment))).all()

    async def _compare(self, rows: Sequence[Row]) -> list[Difference]:
        """What differs in a portion, and still differs after some more looks."""
        self._checked += len(rows)
        differing = await self._differing(rows, listed=True)
        for seconds in LOOKS:
            if not differing:
                return []
            await asyncio.sleep(seconds)
            again = [await self._row(subject) for subject in differing]
            differing = await self._differing([row for row in again if row is not None], listed=False)
        return [one for found in differing.values() for one in found]

    async def _differing(self, rows: Iterable[Row], *, listed: bool) -> dict[str, list[Difference]]:
        rows = list(rows)
        known = await asyncio.gather(*(self._known(_subject(row), listed=listed) for row in rows))
        found = {}
        for row, one in zip(rows, known, strict=True):
            differences = await self._differences(row, one)
            if differences:
                found[_subject(row)] = differences
        return found

    async def _differences(self, row: Row, known: Known) -> list[Difference]:
        subject = _subject(row)
        if known.state is None:
            if known.absent and await self._may_have_none(row):
                return []
            return [Difference(subject, "workflow", _fields(row)["stage"], known.words)]
        stored, wanted = _fields(row), _known_fields(known.state)
        return [
            Difference(subject, name, stored[name], wanted[name]) for name in wanted if stored[name] != wanted[name]
        ]

    async def _may_have_none(self, row: Row) -> bool:
        """Whether a row rightly has no workflow: a seat never offered, or an end Temporal keeps no longer."""
        if isinstance(row, Cohort):
            return False
        gone = (AssessmentStage.STOOD_DOWN, AssessmentStage.TAKEN_BACK)
        if isinstance(row, Assessment) and row.stage in gone and row.steps == 0:
            # Its nomination ended, or its run was undone, before the seat was offered.
            return True
        if isinstance(row, Assessment) and row.stage is AssessmentStage.SEATED:
            async with self._sessions() as session:
                nomination = await session.get(Nomination, row.nomination_id)
            return nomination is not None and nomination.stage not in ENDS
        if row.steps and row.due_at is None and datetime.now(UTC) - row.stage_since > await self._retention():
            self._forgotten += 1
            return True
        return False

    async def _retention(self) -> timedelta:
        if self._kept_for is None:
            namespace = await self._client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=self._client.namespace)
            )
            self._kept_for = namespace.config.workflow_execution_retention_ttl.ToTimedelta()
        return self._kept_for

    async def _without_row(self, subjects: Iterable[str]) -> list[Difference]:
        """Workflows whose row was not among those read, and is not there now either."""
        found = []
        for subject in sorted(subjects):
            if await self._row(subject) is None:
                status = await self._knowledge.status_of(subject)
                found.append(Difference(subject, "row", "none", Known(None, status).words))
        return found

    async def _row(self, subject: str) -> Row | None:
        async with self._sessions() as session:
            return await _load(session, subject)

    async def _known(self, subject: str, *, listed: bool = False) -> Known:
        async with self._gate:
            return await self._knowledge.of(subject, _STATES[subject.split("/", 1)[0]], trust_list=listed)


async def _load(session: AsyncSession, subject: str, *, lock: bool = False) -> Row | None:
    """The row of a workflow, by the workflow's id."""
    kind, id_ = subject.split("/", 1)
    if kind == "nomination":
        return await session.get(Nomination, id_, with_for_update=lock or None)
    if kind == "assessment":
        return await session.get(Assessment, id_, with_for_update=lock or None)
    return await session.get(Cohort, id_, with_for_update=lock or None)


def _subject(row: Row) -> str:
    if isinstance(row, Cohort):
        return cohort_workflow(row.id)  # type: ignore[arg-type]
    return f"{'nomination' if isinstance(row, Nomination) else 'assessment'}/{row.id}"


def _order(difference: Difference) -> tuple[str, str]:
    return difference.subject, difference.field


def _fields(row: Row) -> dict[str, str]:
    """What a row says, each field as text."""
    if isinstance(row, Cohort):
        said = {"stage": row.phase, "opens_at": row.opens_at, "closes_at": row.closes_at, "due_at": row.due_at}
    else:
        said = {"stage": row.stage, "due_at": row.due_at}
    if isinstance(row, Nomination):
        said |= {"paused": row.paused, "attention": row.attention_code, "outcome": row.outcome}
    return _texts({**said, "steps": row.steps})


def _known_fields(state: State) -> dict[str, str]:
    """The same of what the workflow knows."""
    if isinstance(state, CohortState):
        said: dict[str, object] = {"stage": state.phase, "opens_at": state.opens_at, "closes_at": state.closes_at}
    else:
        said = {"stage": state.stage}
    if isinstance(state, NominationState):
        attention = state.attention.code if state.attention else None
        said |= {"paused": state.paused, "attention": attention, "outcome": state.outcome}
    return _texts({**said, "due_at": state.due_at, "steps": state.steps})


def _texts(said: Mapping[str, object]) -> dict[str, str]:
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
        for name, value in said.items()
    }


def _write(row: Row, state: State) -> None:
    if isinstance(row, Cohort) and isinstance(state, CohortState):
        row.phase, row.opens_at, row.closes_at = state.phase, state.opens_at, state.closes_at
    elif isinstance(row, Assessment) and isinstance(state, AssessmentState):
        if row.stage is not state.stage:
            row.stage, row.stage_since = state.stage, datetime.now(UTC)
        if state.stage is AssessmentStage.DECLINED:
            # A workflow keeps no reason; the audit event of the decline, if it was written, has it.
            row.decline_reason = row.decline_reason or AssessorDeclineReason.OTHER
    elif isinstance(row, Nomination) and isinstance(state, NominationState):
        attention = state.attention
        if row.stage is not state.stage:
            row.stage_since = datetime.now(UTC)
        # Assigned together: the outcome may stand only beside a stage that can have one.
        row.stage, row.outcome, row.paused = state.stage, state.outcome, state.paused
        row.attention_code = attention.code if attention else None
        row.attention_step = attention.step if attention else None
        row.attention_since = attention.since if attention else None
        row.handed_to = attention.handed_to if attention else None
    row.due_at, row.steps = state.due_at, state.steps
