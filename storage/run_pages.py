"""An allocation run as operations look at it: a page at a time, with the names of who sits where.

Who may read a run is asked at the door (Act.READ_RUN); every query here takes who asks all the same, and gives
nothing to a role that may not. Panels of one's own nomination, and of one that one has still to score, are left out;
the sums of a run count them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, false, func, true
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from allocation.problem import Seat
from allocation.proposal import Certificate
from models.enums import AssessorRole, RunKind, RunStatus
from models.tables import (
    AllocationRun,
    Assessor,
    Cohort,
    Nomination,
    Organisation,
    Person,
    ProposedSeat,
    UnstaffedNomination,
)
from rules.permissions import Act, may
from storage.lists import Asker, is_not_kept_from, visible_to
from storage.runs import Undone, undone_in

AT_ONCE = 50
_KEPT = {
    "certificate": ("proposal", "certificate"),
    "loads": ("loads",),
    "clashing": ("clashing",),
    "mends": ("mends",),
}
"""What is read of a run's result, by where it stands; its seats, which are many, have rows of their own."""
CERTIFICATE: TypeAdapter[Certificate] = TypeAdapter(Certificate)


@dataclass(frozen=True)
class RunFacts:
    """One run: how it stands, how much it fills, its proof, and everybody's load by assessor's reference.

    ``name`` is the cohort's; ``clashing``: rules that cannot all hold, in words, where panels are left; ``mends``:
    what would help, cheapest first.
    """

    cohort: str
    name: str
    number: int
    kind: RunKind
    status: RunStatus
    made_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    seats: int
    panels: int
    unstaffed: int
    proof: Certificate
    loads: Mapping[str, int]
    clashing: tuple[str, ...]
    mends: tuple[str, ...]
    undone: Undone | None = None


@dataclass(frozen=True)
class SeatFacts:
    """One proposed seat with its assessor, and why."""

    nomination: str
    assessor: str
    name: str
    role: AssessorRole
    organisation: str
    cost: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class NomineeFacts:
    """Whose nomination it is, and of which organisation."""

    nomination: str
    name: str
    organisation: str


@dataclass(frozen=True)
class LoadFacts:
    """An assessor of the register and what they may hold at once."""

    assessor: str
    name: str
    role: AssessorRole
    organisation: str
    capacity: int


@dataclass(frozen=True)
class OpenPanel:
    """A nomination left without a whole panel, and why."""

    nomination: NomineeFacts
    missing: int
    reasons: tuple[str, ...]


async def run_visible_to(session: AsyncSession, asker: Asker, cohort: str, number: int) -> RunFacts | None:
    """The run, or None if there is none or this person may not read it; its problem and seats are not fetched."""
    result = col(AllocationRun.result)
    found = await (await session.connection()).execute(
        columns(
            col(AllocationRun.kind),
            col(AllocationRun.status),
            col(AllocationRun.made_at),
            col(AllocationRun.settled_at),
            col(Person.full_name),
            col(Cohort.name),
            *(func.jsonb_extract_path(result, *path, type_=JSONB).label(name) for name, path in _KEPT.items()),
        )
        .join(Cohort, col(Cohort.id) == col(AllocationRun.cohort_id))
        .outerjoin(Person, col(Person.id) == col(AllocationRun.settled_by))
        .where(may_read(asker), col(AllocationRun.cohort_id) == cohort, col(AllocationRun.number) == number)
    )
    row = found.one_or_none()
    if row is None:
        return None
    counted = await session.exec(
        select(func.count(), func.count(func.distinct(col(ProposedSeat.nomination_id)))).where(
            col(ProposedSeat.cohort_id) == cohort, col(ProposedSeat.run) == number
        )
    )
    seats, panels = counted.one()
    left = await session.exec(
        select(func.count())
        .select_from(UnstaffedNomination)
        .where(col(UnstaffedNomination.cohort_id) == cohort, col(UnstaffedNomination.run) == number)
    )
    return RunFacts(
        cohort=cohort,
        name=row.name,
        number=number,
        kind=RunKind(row.kind),
        status=RunStatus(row.status),
        made_at=row.made_at,
        settled_at=row.settled_at,
        settled_by=row.full_name,
        seats=seats,
        panels=panels,
        unstaffed=left.one(),
        proof=CERTIFICATE.validate_python(row.certificate),
        loads={str(assessor): int(load) for assessor, load in row.loads or ()},
        clashing=tuple(row.clashing or ()),
        mends=tuple(one["words"] for one in row.mends or ()),
        undone=await undone_in(session, cohort, number),
    )


async def panels_of_run(
    session: AsyncSession, asker: Asker, cohort: str, run: int, *, after: str = "", limit: int = AT_ONCE
) -> tuple[dict[str, NomineeFacts], tuple[SeatFacts, ...]]:
    """The run's seats for the next ``limit`` nominations after ``after``, and whose nominations they are."""
    of_run = (col(ProposedSeat.cohort_id) == cohort, col(ProposedSeat.run) == run)
    nominations = (
        await session.exec(
            select(ProposedSeat.nomination_id)
            .distinct()
            .where(_may_read_panel(asker), *of_run, col(ProposedSeat.nomination_id) > after)
            .order_by(col(ProposedSeat.nomination_id))
            .limit(limit)
        )
    ).all()
    seats = await _seats(session, *of_run, col(ProposedSeat.nomination_id).in_(nominations))
    return await nominees_of(session, asker, nominations), seats


async def panel_of_run(
    session: AsyncSession, asker: Asker, cohort: str, run: int, nomination: str
) -> tuple[SeatFacts, ...]:
    """Whom the run seats for one nomination."""
    return await _seats(
        session,
        _may_read_panel(asker),
        col(ProposedSeat.cohort_id) == cohort,
        col(ProposedSeat.run) == run,
        col(ProposedSeat.nomination_id) == nomination,
    )


async def staffed_in_run(session: AsyncSession, asker: Asker, cohort: str, run: int, *, limit: int) -> Sequence[str]:
    """The nominations for which the run seats somebody, ``limit`` of them by number."""
    rows = await session.exec(
        select(ProposedSeat.nomination_id)
        .distinct()
        .where(_may_read_panel(asker), col(ProposedSeat.cohort_id) == cohort, col(ProposedSeat.run) == run)
        .order_by(col(ProposedSeat.nomination_id))
        .limit(limit)
    )
    return rows.all()


async def seats_compared(session: AsyncSession, asker: Asker, cohort: str, run: int) -> tuple[Seat, ...]:
    """The seats that the run proposes, in the order of nominations and assessors, to compare with another's."""
    rows = await session.exec(
        select(ProposedSeat)
        .where(_may_read_panel(asker), col(ProposedSeat.cohort_id) == cohort, col(ProposedSeat.run) == run)
        .order_by(col(ProposedSeat.nomination_id), col(ProposedSeat.assessor_id))
    )
    return tuple(Seat(row.nomination_id, row.assessor_id, round(row.cost), tuple(row.reasons)) for row in rows)


async def _seats(session: AsyncSession, *which: ColumnElement[bool]) -> tuple[SeatFacts, ...]:
    """Proposed seats with their assessors, by nomination and assessor."""
    rows = await session.exec(
        select(ProposedSeat, Person.full_name, Assessor.role, Organisation.name)
        .join(
            Assessor,
            and_(
                col(Assessor.id) == col(ProposedSeat.assessor_id),
                col(Assessor.cohort_id) == col(ProposedSeat.cohort_id),
            ),
        )
        .join(Person, col(Person.id) == col(Assessor.person_id))
        .join(Organisation, col(Organisation.code) == col(Assessor.organisation_code))
        .where(*which)
        .order_by(col(ProposedSeat.nomination_id), col(ProposedSeat.assessor_id))
    )
    return tuple(
        SeatFacts(
            seat.nomination_id,
            seat.assessor_id,
            name,
            AssessorRole(role),
            organisation,
            round(seat.cost),
            tuple(seat.reasons),
        )
        for seat, name, role, organisation in rows
    )


async def open_panels_of_run(
    session: AsyncSession, asker: Asker, cohort: str, run: int, *, after: str = "", limit: int = AT_ONCE
) -> tuple[OpenPanel, ...]:
    """The nominations the run leaves without a whole panel, ``limit`` of them after ``after``."""
    rows = (
        await session.exec(
            select(UnstaffedNomination)
            .where(
                may_read(asker),
                is_not_kept_from(asker, col(UnstaffedNomination.nomination_id)),
                col(UnstaffedNomination.cohort_id) == cohort,
                col(UnstaffedNomination.run) == run,
                col(UnstaffedNomination.nomination_id) > after,
            )
            .order_by(col(UnstaffedNomination.nomination_id))
            .limit(limit)
        )
    ).all()
    nominees = await nominees_of(session, asker, [row.nomination_id for row in rows])
    return tuple(OpenPanel(nominees[row.nomination_id], row.missing, tuple(row.reasons)) for row in rows)


async def assessors_of_cohort(
    session: AsyncSession, asker: Asker, cohort: str, *, after: str = "", limit: int = AT_ONCE
) -> tuple[LoadFacts, ...]:
    """The register of a cohort, by reference."""
    rows = await (await session.connection()).execute(
        columns(
            col(Assessor.id),
            col(Person.full_name),
            col(Assessor.role),
            col(Organisation.name),
            col(Assessor.capacity),
        )
        .join(Person, col(Person.id) == col(Assessor.person_id))
        .join(Organisation, col(Organisation.code) == col(Assessor.organisation_code))
        .where(may_read(asker), col(Assessor.cohort_id) == cohort, col(Assessor.id) > after)
        .order_by(col(Assessor.id))
        .limit(limit)
    )
    return tuple(
        LoadFacts(reference, name, AssessorRole(role), organisation, capacity)
        for reference, name, role, organisation, capacity in rows
    )


async def assessor_names(
    session: AsyncSession, asker: Asker, cohort: str, references: Sequence[str]
) -> dict[str, str]:
    """Names by reference."""
    rows = await session.exec(
        select(Assessor.id, Person.full_name)
        .join(Person, col(Person.id) == col(Assessor.person_id))
        .where(may_read(asker), col(Assessor.cohort_id) == cohort, col(Assessor.id).in_(references))
    )
    return dict(rows.all())


async def nominees_of(session: AsyncSession, asker: Asker, nominations: Sequence[str]) -> dict[str, NomineeFacts]:
    """Whose nominations these are, those that the asker may see; for who may read names."""
    rows = await session.exec(
        select(Nomination.id, Person.full_name, Organisation.name)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .where(visible_to(asker), col(Nomination.id).in_(nominations))
    )
    return {nomination: NomineeFacts(nomination, name, organisation) for nomination, name, organisation in rows}


def _may_read_panel(asker: Asker) -> ColumnElement[bool]:
    """Whether this person may read allocation runs, and what a proposed seat is about is not kept from them."""
    return and_(may_read(asker), is_not_kept_from(asker, col(ProposedSeat.nomination_id)))


def may_read(asker: Asker) -> ColumnElement[bool]:
    """Whether this person may read allocation runs, as part of a query."""
    return true() if may(asker.role, Act.READ_RUN) else false()
