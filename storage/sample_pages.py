"""The audit sample as the database draws it, and how far each nomination of it has come."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil

from sqlalchemy import ColumnElement, LargeBinary, case, func, literal, true
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import ENDS, FlagRule
from models.policy import Policy
from models.tables import Flag, ModerationLock, Nomination
from storage.lists import Asker, names_of
from storage.moderator_pages import A_PAGE, Holder, held_at, holder_of, moderated_by

_HASHES = 2**256


@dataclass(frozen=True)
class Drawn:
    """A nomination of the audit sample, its audit flag once it was checked, and who has it at this moment."""

    nomination: Nomination
    flag: Flag | None
    holder: Holder | None


@dataclass(frozen=True)
class SampleCounts:
    """How many nominations of a sample are still to be scored, wait for a look, were looked at, or left before."""

    to_come: int
    waiting: int
    looked_at: int
    left: int


async def sample_of(
    session: AsyncSession,
    asker: Asker,
    cohort: str,
    policy: Policy,
    *,
    now: datetime,
    after: str = "",
    limit: int = A_PAGE,
) -> tuple[Drawn, ...]:
    """The nominations of a cohort that the published seed drew, after ``after`` in the order of their numbers."""
    rows = await session.exec(
        select(Nomination, Flag, ModerationLock)
        .outerjoin(Flag, _audit_flag())
        .outerjoin(ModerationLock, held_at(now))
        .where(*_drawn(asker, cohort, policy), col(Nomination.id) > after)
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    found = rows.all()
    names = await names_of(session, [lock.person_id for *_, lock in found if lock])
    return tuple(Drawn(row, flag, holder_of(lock, names)) for row, flag, lock in found)


async def sample_counts(session: AsyncSession, asker: Asker, cohort: str, policy: Policy) -> SampleCounts:
    """How far the audit sample of a cohort has come."""
    flagged, settled = col(Flag.number).is_not(None), col(Flag.resolution).is_not(None)
    over = col(Nomination.stage).in_(list(ENDS))
    state = case((settled, "looked_at"), (over, "left"), (flagged, "waiting"), else_="to_come")
    rows = await session.exec(
        select(state, func.count())
        .select_from(Nomination)
        .outerjoin(Flag, _audit_flag())
        .where(*_drawn(asker, cohort, policy))
        .group_by(state)
    )
    counts: dict[str, int] = dict(rows.all())
    return SampleCounts(
        to_come=counts.get("to_come", 0),
        waiting=counts.get("waiting", 0),
        looked_at=counts.get("looked_at", 0),
        left=counts.get("left", 0),
    )


def _drawn(asker: Asker, cohort: str, policy: Policy) -> list[ColumnElement[bool]]:
    """The rule of `scoring.sample.in_audit_sample`, reckoned by the database over all numbers of a cohort."""
    return [moderated_by(asker), col(Nomination.cohort_id) == cohort, _by_the_seed(policy)]


def _by_the_seed(policy: Policy) -> ColumnElement[bool]:
    # A whole number lies below share x 2**256 just when it lies below that rounded up.
    below = ceil(Fraction(policy.quality.audit_share) * _HASHES)
    if below >= _HASHES:
        return true()
    drawn = func.sha256(
        func.convert_to(literal(f"{policy.quality.audit_seed}:") + col(Nomination.id), "UTF8"), type_=LargeBinary
    )
    # Hashes are of one length, so PostgreSQL's order of bytes is the order of the numbers they write.
    return drawn < below.to_bytes(32, "big")


def _audit_flag() -> ColumnElement[bool]:
    return and_(col(Flag.nomination_id) == col(Nomination.id), col(Flag.rule) == FlagRule.AUDIT_SAMPLE)
