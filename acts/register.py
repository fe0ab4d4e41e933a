"""Acts of an assessor on their own place in the register: when they can assess, how much, and what they know."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, nomination_row, require, subject_of
from acts.errors import NotKnownError, RefusedError
from models.enums import HOLDING, ConflictKind, Role
from models.ids import AssessorId, CohortId, NominationId
from models.messages import By
from models.tables import Assessment, Assessor, Availability, DeclaredConflict
from rules.permissions import Act, Subject
from storage import audit
from storage.assessor_pages import known_interests

_Snapshot = Mapping[str, object]

MOST_CAPACITY = 50
"""Most assessments anybody offers to hold at once: more is a slip of the finger."""
MOST_PERIODS = 50
"""Most periods in one cohort."""
MOST_INTERESTS = 30
"""Most interests of one assessor."""


@dataclass(frozen=True)
class Period:
    """Days on which an assessor can assess, both included."""

    from_day: date
    until_day: date


class RegisterActs:
    """What an assessor says about themselves. Nothing here moves a task: it counts from the next allocation on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def add_period(self, cohort: CohortId, by: By, period: Period) -> None:
        """Adds days on which the assessor can assess; the same ones again change nothing.

        Raises:
            RefusedError: They end before they begin, or meet days that are there already.
        """
        async with self._desk.transaction() as session:
            row = await self._own(session, cohort, by)
            there = await _periods(session, row)
            if period in there:
                return
            _refuse_period(period, there)
            if len(there) >= MOST_PERIODS:
                raise RefusedError(f"There can be {MOST_PERIODS} periods. Change one of them instead.")
            session.add(_availability(row, period))
            await self._audit(session, row, by, "availability", (_days(there), _days([*there, period])))

    async def change_period(self, cohort: CohortId, by: By, began: date, period: Period) -> None:
        """Changes the days of the period that began on ``began``.

        Raises:
            RefusedError: As `add_period`.
            NotKnownError: No period begins on that day.
        """
        async with self._desk.transaction() as session:
            row = await self._own(session, cohort, by)
            there = await _periods(session, row)
            if period in there and began not in {one.from_day for one in there}:
                return
            kept = [one for one in there if one.from_day != began]
            _refuse_period(period, kept)
            await session.delete(await _period_row(session, row, began))
            await session.flush()
            session.add(_availability(row, period))
            await self._audit(session, row, by, "availability", (_days(there), _days([*kept, period])))

    async def remove_period(self, cohort: CohortId, by: By, began: date) -> None:
        """Removes the period that began on ``began``; one that is gone already stays gone."""
        async with self._desk.transaction() as session:
            row = await self._own(session, cohort, by)
            there = await _periods(session, row)
            kept = [one for one in there if one.from_day != began]
            if kept == there:
                return
            await session.delete(await _period_row(session, row, began))
            await self._audit(session, row, by, "availability", (_days(there), _days(kept)))

    async def set_capacity(self, cohort: CohortId, by: By, capacity: int) -> None:
        """Says how many assessments the assessor holds at most at once.

        Raises:
            RefusedError: It is less than they hold now, or more than anybody can mean.
        """
        async with self._desk.transaction() as session:
            # The database counts under the same lock when a seat is given out: neither can slip past the other.
            row = await self._own(session, cohort, by)
            held = await _held(session, row)
            if capacity < held:
                raise RefusedError(
                    f"You hold {held} assessment{'' if held == 1 else 's'} now: enter {held} or more, "
                    "or give a task back first."
                )
            if capacity > MOST_CAPACITY:
                raise RefusedError(f"Enter {MOST_CAPACITY} or less.")
            if capacity == row.capacity:
                return
            before, row.capacity = row.capacity, capacity
            session.add(row)
            await self._audit(session, row, by, "capacity", ({"capacity": before}, {"capacity": capacity}))

    async def set_interests(self, cohort: CohortId, by: By, interests: Collection[str]) -> None:
        """Says what the assessor knows well, in words that somebody in the cohort uses already.

        Raises:
            RefusedError: Nobody uses one of the words, or there are too many.
        """
        async with self._desk.transaction() as session:
            row = await self._own(session, cohort, by)
            chosen = sorted(set(interests))
            if chosen == sorted(row.interests):
                return
            if not set(chosen) <= {*await known_interests(session, cohort)}:
                raise RefusedError("Choose interests from the list.")
            if len(chosen) > MOST_INTERESTS:
                raise RefusedError(f"Choose {MOST_INTERESTS} interests or fewer.")
            before, row.interests = sorted(row.interests), chosen
            session.add(row)
            await self._audit(session, row, by, "interests", ({"interests": before}, {"interests": chosen}))

    async def declare_conflict(
        self, nomination: NominationId, assessor: AssessorId, by: By, kind: ConflictKind | None = None
    ) -> None:
        """Bars an assessor from a nomination for good; ``kind`` None is a relationship of another kind.

        A task that is open stays until it is declined or given to another; scores that were submitted stay until a
        moderator has looked.

        Raises:
            RefusedError: This person may not say so about this nomination or this assessor.
            NotKnownError: There is no such nomination, or nobody of this reference in its cohort's register.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            # Locked, so that two who say so at once are two who say so one after the other.
            row = await nomination_row(session, nomination, lock=True)
            await require(session, by, Act.DECLARE_CONFLICT, subject_of(row, assessor), row.cohort_id)
            if by.role is Role.ASSESSOR and (await self._own(session, CohortId(row.cohort_id), by)).id != assessor:
                raise RefusedError("An assessor may declare a conflict of interest only for themselves.")
            if await session.get(Assessor, (assessor, row.cohort_id)) is None:
                raise NotKnownError(f"There is no assessor '{assessor}' in this cohort.")
            if await session.get(DeclaredConflict, (nomination, assessor)) is not None:
                return
            session.add(
                DeclaredConflict(
                    nomination_id=nomination,
                    assessor_id=assessor,
                    kind=kind.value if kind else "other",
                    declared_by=by.person,
                    declared_at=now,
                )
            )
            await audit.append(
                session,
                at=now,
                actor=by.person,
                role=by.role,
                what="conflict declared",
                subject=f"{nomination}.{assessor}",
                reason=kind.value if kind else "other",
            )

    async def _own(self, session: AsyncSession, cohort: CohortId, by: By) -> Assessor:
        """The register's row of who acts, locked."""
        await require(session, by, Act.KEEP_AVAILABILITY, Subject(), cohort)
        found = await session.exec(
            select(Assessor)
            .where(col(Assessor.cohort_id) == cohort, col(Assessor.person_id) == by.person)
            .with_for_update(key_share=True)
        )
        row = found.one_or_none()
        if row is None:
            raise NotKnownError("You are not in the register of this cohort.")
        return row

    async def _audit(
        self, session: AsyncSession, row: Assessor, by: By, what: str, change: tuple[_Snapshot, _Snapshot]
    ) -> None:
        await audit.append(
            session,
            at=self._desk.clock(),
            actor=by.person,
            role=by.role,
            what=what,
            subject=f"assessor/{row.cohort_id}.{row.id}",
            before=change[0],
            after=change[1],
        )


def in_words(period: Period) -> str:
    """A period as people say it: ``1 October 2018 to 5 October 2018``."""
    first, last = period.from_day, period.until_day
    return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"


async def _periods(session: AsyncSession, row: Assessor) -> list[Period]:
    rows = await session.exec(
        select(Availability)
        .where(col(Availability.cohort_id) == row.cohort_id, col(Availability.assessor_id) == row.id)
        .order_by(col(Availability.from_day))
    )
    return [Period(one.from_day, one.until_day) for one in rows]


async def _period_row(session: AsyncSession, row: Assessor, began: date) -> Availability:
    found = await session.get(Availability, (row.id, row.cohort_id, began))
    if found is None:
        raise NotKnownError("There is no period that begins on this day.")
    return found


async def _held(session: AsyncSession, row: Assessor) -> int:
    held = await session.exec(
        select(func.count())
        .select_from(Assessment)
        .where(
            col(Assessment.cohort_id) == row.cohort_id,
            col(Assessment.assessor_id) == row.id,
            col(Assessment.stage).in_(list(HOLDING)),
        )
    )
    return held.one()


def _refuse_period(period: Period, there: Collection[Period]) -> None:
    if period.until_day < period.from_day:
        raise RefusedError("The last day must be the first day or later.")
    for one in there:
        if one.from_day <= period.until_day and period.from_day <= one.until_day:
            raise RefusedError(f"These days meet {in_words(one)}. Change that period instead.")


def _availability(row: Assessor, period: Period) -> Availability:
    return Availability(
        assessor_id=row.id, cohort_id=row.cohort_id, from_day=period.from_day, until_day=period.until_day
    )


def _days(periods: Collection[Period]) -> dict[str, object]:
    each = sorted(periods, key=lambda one: one.from_day)
    return {"available": [[one.from_day.isoformat(), one.until_day.isoformat()] for one in each]}
