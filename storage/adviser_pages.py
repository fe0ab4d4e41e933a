"""What an inclusion adviser looks at: counts of nominations, none of them too small to hide people."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Stage
from models.tables import Cohort, Nomination
from rules.permissions import Act, may
from storage.lists import Asker

SMALLEST = 10
"""The smallest count that is told. An assumption: no policy states one yet."""


class Group(StrEnum):
    """How far nominations are, as far as it is told apart."""

    BEFORE_PANELS = "before_panels"
    AT_PANELS = "at_panels"
    AT_BOARD = "at_board"
    ADMITTED = "admitted"
    NOT_ADMITTED = "not_admitted"
    ENDED = "ended"


GROUPS: Mapping[Stage, Group] = MappingProxyType(
    {
        Stage.NOMINATED: Group.BEFORE_PANELS,
        Stage.APPLYING: Group.BEFORE_PANELS,
        Stage.SCREENING: Group.BEFORE_PANELS,
        Stage.AWAITING_PANEL: Group.BEFORE_PANELS,
        Stage.SCORING: Group.AT_PANELS,
        Stage.QUALITY_ASSURANCE: Group.AT_PANELS,
        Stage.AWAITING_DECISION: Group.AT_BOARD,
        Stage.DECIDED: Group.AT_BOARD,
        Stage.IN_POOL: Group.ADMITTED,
        Stage.RESERVED: Group.ADMITTED,
        Stage.NOT_ADMITTED: Group.NOT_ADMITTED,
        Stage.DECLINED_BY_NOMINEE: Group.ENDED,
        Stage.LAPSED: Group.ENDED,
        Stage.INELIGIBLE: Group.ENDED,
        Stage.WITHDRAWN: Group.ENDED,
        Stage.DEFERRED: Group.ENDED,
    }
)


@dataclass(frozen=True)
class GroupCount:
    """Nominations of a cohort in these groups together; ``count`` is None where even the sum is too small."""

    groups: tuple[Group, ...]
    count: int | None


@dataclass(frozen=True)
class CohortCounts:
    """A cohort's nominations, each in one of the groups."""

    cohort: str
    name: str
    groups: tuple[GroupCount, ...]


async def counts_for_advisers(session: AsyncSession, asker: Asker, cohort: str) -> CohortCounts | None:
    """A cohort's counts; None for who may not see aggregates, or where there is no such cohort.

    Counts below `SMALLEST`, none included, do not leave this function.
    """
    row = await session.get(Cohort, cohort)
    if row is None or not may(asker.role, Act.SEE_EQUALITY_AGGREGATES):
        return None
    counted = await session.exec(
        select(Nomination.stage, func.count())
        .where(col(Nomination.cohort_id) == cohort)
        .group_by(col(Nomination.stage))
    )
    sums = dict.fromkeys(Group, 0)
    for stage, count in counted:
        sums[GROUPS[Stage(stage)]] += count
    return CohortCounts(row.id, row.name, told(sums))


def told(counts: Mapping[Group, int]) -> tuple[GroupCount, ...]:
    """Every group's count; those that are too small are told as one sum, with larger ones where it needs them.

    The smallest of the others are summed in until the sum is large enough and leaves each of the small counts
    anything from none to one below `SMALLEST`, also for who knows this rule and how many nominations there are. No
    count is left out, so none can be worked out by taking the others from the whole.
    """
    large = sorted((count, group) for group, count in counts.items() if count >= SMALLEST)
    small = [group for group, count in counts.items() if count < SMALLEST]
    if not small:
        return tuple(GroupCount((group,), counts[group]) for group in counts)
    added: list[Group] = []
    while large and not _hides(sum(counts[one] for one in (*small, *added)), len(small), len(added), large[0][0]):
        added.append(large.pop(0)[1])
    together = {*small, *added}
    whole = sum(counts[group] for group in together)
    summed = GroupCount(tuple(group for group in counts if group in together), whole if whole >= SMALLEST else None)
    return (*(GroupCount((group,), counts[group]) for group in counts if group not in together), summed)


def _hides(whole: int, small: int, added: int, next_larger: int) -> bool:
    """Whether a sum leaves each small count in it anything from 0 to `SMALLEST` less one.

    Args:
        whole: The sum.
        small: How many small counts are in it.
        added: How many others are in it, each `SMALLEST` or more. They count as below ``next_larger``,
            since which of two alike is added is settled by name.
        next_larger: The smallest count that is told by itself.
    """
    most = SMALLEST - 1
    can_be_none = whole <= most * (small - 1) + (next_larger - 1) * added
    can_be_most = whole - SMALLEST * added >= most
    return whole >= SMALLEST and can_be_none and can_be_most
