"""Bringing files in: each row checked and weighed first, then all of a file in one transaction, or nothing.

Organisations, officers, assessors and applications are rows of the database. A nomination begins a workflow, so
nominations are made one by one: a file that was broken off goes on where it stopped, since what is there is left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeVar

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts import Acts
from acts.desk import cohort_row, require
from acts.errors import NotKnownError, RefusedError
from acts.nominating import Endorsing, Nominating
from intake.files import (
    read_applications,
    read_assessors,
    read_nominations,
    read_officers,
    read_organisations,
)
from intake.known import people_at
from intake.nominations import import_applications, import_declared_conflicts, plan_nominations
from intake.problems import RowProblem
from intake.register import (
    Events,
    Imported,
    RowOutcome,
    import_assessors,
    import_officers,
    import_organisations,
)
from intake.rows import (
    ApplicationRow,
    AssessorRow,
    EndorsementRow,
    NominationRow,
    OfficerRow,
    OrganisationRow,
    Row,
)
from intake.sheet import refuse_too_many
from models.enums import Role, SteerReason
from models.ids import CohortId, OrganisationCode, PersonId
from models.messages import By
from models.tables import Nomination
from rules.permissions import Act, Subject
from storage.policies import policy_of

T = TypeVar("T")
_ATTEMPTS = 5
MOST_ROWS = 2_000
"""Of a file that is previewed on a page: more is for the command line, or for several files."""


class Kind(StrEnum):
    """The kinds of file that are brought in as a whole; nominations are made one by one."""

    ORGANISATIONS = "organisations"
    OFFICERS = "officers"
    ASSESSORS = "assessors"
    APPLICATIONS = "applications"


OF_A_COHORT = frozenset({Kind.ASSESSORS, Kind.APPLICATIONS})


class WaitingConflict(NamedTuple):
    """A declared conflict with the nominee of a nomination that is not there yet."""

    line: int
    assessor: str
    nomination: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.assessor} with {self.nomination}"


@dataclass(frozen=True)
class Brought:
    """What a file comes to: its rows counted and one by one, and for assessors their declared conflicts."""

    counts: Imported
    rows: tuple[RowOutcome, ...]
    conflicts: Imported = field(default_factory=Imported)
    waiting: tuple[WaitingConflict, ...] = ()


Bringing = Callable[[AsyncSession, str, datetime, By, Events], Awaitable[Brought]]


@dataclass(frozen=True)
class FileRead:
    """A file whose every row is right as far as the file alone shows."""

    kind: Kind
    rows: Sequence[Row]
    bring: Bringing


def read(kind: Kind, source: Path | bytes, criteria: Sequence[str] = ()) -> FileRead:
    """Reads a file.

    Args:
        kind: What it holds.
        source: The file, or its content.
        criteria: For applications, the codes of the policy's criteria.

    Raises:
        BadFile: With every problem found.
    """
    return of_rows(kind, _rows(kind, source, criteria))


def of_rows(kind: Kind, rows: Sequence[Row]) -> FileRead:
    """A file whose rows were read."""
    return FileRead(kind, rows, _bringing(kind, rows))


def _rows(kind: Kind, source: Path | bytes, criteria: Sequence[str]) -> Sequence[Row]:
    match kind:
        case Kind.ORGANISATIONS:
            return read_organisations(source)
        case Kind.OFFICERS:
            return read_officers(source)
        case Kind.APPLICATIONS:
            return read_applications(source, criteria)
        case Kind.ASSESSORS:
            return read_assessors(source)


def _bringing(kind: Kind, rows: Sequence[Row]) -> Bringing:
    match kind:
        case Kind.ORGANISATIONS:
            organisations = [row for row in rows if isinstance(row, OrganisationRow)]
            return _alone(
                lambda session, _, at, by, events: import_organisations(
                    session, organisations, at, by=by, events=events
                )
            )
        case Kind.OFFICERS:
            officers = [row for row in rows if isinstance(row, OfficerRow)]
            return _alone(
                lambda session, _, at, by, events: import_officers(session, officers, at, by=by, events=events)
            )
        case Kind.APPLICATIONS:
            applications = [row for row in rows if isinstance(row, ApplicationRow)]
            return _alone(
                lambda session, cohort, at, by, events: import_applications(
                    session, cohort, applications, at, by=by, events=events
                )
            )
        case Kind.ASSESSORS:
            assessors = [row for row in rows if isinstance(row, AssessorRow)]
            return lambda session, cohort, at, by, events: _bring_assessors(
                session, cohort, assessors, at=at, by=by, events=events
            )


async def weighed(
    sessions: async_sessionmaker[AsyncSession], *, kind: Kind, content: bytes, cohort: str, at: datetime, by: By
) -> tuple[Sequence[Row], Brought]:
    """A file's rows, and what each would come to: in a transaction that is taken back. Works in any process.

    Raises:
        RefusedError: This person may not bring files in.
        BadFile: With every problem.
    """
    await asyncio.to_thread(refuse_too_many, content, MOST_ROWS)
    async with sessions() as session:
        criteria = await criteria_of(session, cohort) if kind in OF_A_COHORT else []
    file = await asyncio.to_thread(read, kind, content, criteria)

    async def work(session: AsyncSession) -> Brought:
        await require(session, by, Act.IMPORT_REGISTER, Subject())
        return await bring_in(session, file, at, by, cohort=cohort, weigh_only=True)

    return file.rows, await in_one_transaction(sessions, work, keep=False)


async def planned(
    sessions: async_sessionmaker[AsyncSession], *, content: bytes, cohort: str, by: By
) -> tuple[tuple[NominationRow, ...], tuple[NominationRow, ...]]:
    """The rows of a file of nominations, and those of them that are still to be made. Works in any process.

    Raises:
        RefusedError: This person may not bring nominations in.
        BadFile: With every problem.
    """
    await asyncio.to_thread(refuse_too_many, content, MOST_ROWS)
    rows = await asyncio.to_thread(read_nominations, content)
    async with sessions() as session:
        await require(session, by, Act.IMPORT_NOMINATIONS, Subject())
        plan = await plan_nominations(session, await cohort_row(session, cohort), rows)
    return rows, tuple(plan.to_make)


async def criteria_of(session: AsyncSession, cohort: str) -> list[str]:
    """The codes of a cohort's criteria: the columns its applications have."""
    return [criterion.code for criterion in (await policy_of(session, cohort)).scoring.criteria]


async def bring_in(
    session: AsyncSession, file: FileRead, at: datetime, by: By, *, cohort: str = "", weigh_only: bool = False
) -> Brought:
    """Brings a file in, in the caller's transaction; whether they may is asked by the caller.

    Args:
        session: The transaction; the caller commits it, or rolls it back.
        file: What was read.
        at: The present moment.
        by: Who brings it in.
        cohort: Whose assessors or applications they are.
        weigh_only: Leaves the audit trail alone, for a transaction that will be rolled back: a look must not make
            everybody who writes to the trail wait.

    Raises:
        BadFile: With every row that contradicts what is there; nothing must be kept.
    """
    events = Events()
    brought = await file.bring(session, cohort, at, by, events)
    if not weigh_only:
        await events.write(session, at, by)
    return brought


async def in_one_transaction(
    sessions: async_sessionmaker[AsyncSession], work: Callable[[AsyncSession], Awaitable[T]], *, keep: bool
) -> T:
    """Does work in one transaction, which is kept or taken back.

    A transaction that the database gave up for another's sake, a deadlock, is tried again as a whole.
    """
    attempt = 1
    while True:
        try:
            async with sessions() as session:
                result = await work(session)
                await (session.commit() if keep else session.rollback())
        except OperationalError as error:
            if not isinstance(error.orig, DeadlockDetected) or attempt == _ATTEMPTS:
                raise
            attempt += 1
        else:
            return result


async def nominate_rows(acts: Acts, cohort: str, rows: Iterable[NominationRow], refused: list[RowProblem]) -> None:
    """Nominates row by row, in their order; rows that are refused are added to ``refused``.

    Each is made whole or not at all, so that it may be broken off anywhere.
    """
    for row in rows:
        try:
            await acts.nominations.nominate(nominating(row, cohort), await _nominator(acts, row))
        except (RefusedError, NotKnownError) as error:
            refused.append(RowProblem(line=row.line, column="", value_shown="", sentence=str(error)))


def nominating(row: NominationRow, cohort: str, late_reason: SteerReason | None = None) -> Nominating:
    """What a line of nominations.csv, or a form, says, as the act takes it."""
    return Nominating(
        cohort=CohortId(cohort),
        organisation=OrganisationCode(row.organisation),
        route=row.route,
        full_name=row.nominee_name,
        email=row.nominee_email,
        readiness=row.readiness,
        post=row.current_post,
        interests=row.interests,
        earlier_posts=tuple(
            (OrganisationCode(left.organisation), left.left_on) for left in row.previous_organisations
        ),
        endorsement=endorsing(row),
        reference=row.reference,
        late_reason=late_reason,
    )


def endorsing(row: NominationRow | EndorsementRow) -> Endorsing | None:
    """The endorsement that came with a nomination, as the act takes it; None without one."""
    if row.endorser_post is None:
        return None
    return Endorsing(
        full_name=row.endorser_name,
        email=row.endorser_email,
        post=row.endorser_post,
        organisation=OrganisationCode(row.endorser_organisation),
        statement=row.endorsement,
    )


async def _nominator(acts: Acts, row: NominationRow) -> By | None:
    """Who nominates; None for people who nominate themselves."""
    address = row.nominator_email.lower()
    if address in {"", row.nominee_email.lower()}:
        return None
    async with acts.desk.sessions() as session:
        known = (await people_at(session, [address])).get(address)
    return None if known is None else By(person=PersonId(known.id), role=Role.NOMINATOR)


def _alone(
    imported: Callable[[AsyncSession, str, datetime, By, Events], Awaitable[Imported]],
) -> Bringing:
    """A file that brings nothing but its rows."""

    async def bring(session: AsyncSession, cohort: str, at: datetime, by: By, events: Events) -> Brought:
        counts = await imported(session, cohort, at, by, events)
        return Brought(counts, tuple(events.rows))

    return bring


async def _bring_assessors(
    session: AsyncSession, cohort: str, rows: Sequence[AssessorRow], *, at: datetime, by: By, events: Events
) -> Brought:
    """Assessors, with the conflicts they declare with nominations that are there."""
    register = await import_assessors(session, cohort, rows, at, by=by, events=events)
    outcomes = tuple(events.rows)
    ready, waiting = await _conflicts_ready(session, cohort, rows)
    conflicts = await import_declared_conflicts(session, cohort, ready, at, by=by, events=events)
    return Brought(register, outcomes, conflicts, tuple(waiting))


async def _conflicts_ready(
    session: AsyncSession, cohort: str, rows: Sequence[AssessorRow]
) -> tuple[list[AssessorRow], list[WaitingConflict]]:
    """The rows with those conflicts whose nominations are there, and the conflicts that wait."""
    known = set((await session.exec(select(Nomination.reference).where(col(Nomination.cohort_id) == cohort))).all())
    ready, waiting = [], []
    for row in rows:
        kept = tuple(one for one in row.declared_conflicts if one.nomination in known)
        waiting += [
            WaitingConflict(row.line, row.reference, one.nomination)
            for one in row.declared_conflicts
            if one.nomination not in known
        ]
        if kept:
            ready.append(row.model_copy(update={"declared_conflicts": kept}))
    return ready, waiting
