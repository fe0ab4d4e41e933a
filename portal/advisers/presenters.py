"""What the page of inclusion advisers shows, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from storage.adviser_pages import SMALLEST, CohortCounts, Group, GroupCount

WORDS: Mapping[Group, str] = MappingProxyType(
    {
        Group.BEFORE_PANELS: "nominated, applying, being screened or waiting for a panel",
        Group.AT_PANELS: "with a panel or in quality assurance",
        Group.AT_BOARD: "with the talent board",
        Group.ADMITTED: "in the pool or on the reserve list",
        Group.NOT_ADMITTED: "not admitted",
        Group.ENDED: "declined, withdrawn, lapsed, deferred or not eligible",
    }
)


@dataclass(frozen=True)
class GroupShown:
    """How far nominations are, and how many of them."""

    words: str
    count: str


@dataclass(frozen=True)
class CohortShown:
    """A cohort's counts; ``summed`` where small ones are told together."""

    name: str
    groups: tuple[GroupShown, ...]
    summed: bool


def cohort_shown(counts: CohortCounts) -> CohortShown:
    """A cohort's counts, in words."""
    return CohortShown(
        counts.name,
        tuple(GroupShown(group_words(one), count_words(one)) for one in counts.groups),
        summed=any(len(one.groups) > 1 for one in counts.groups),
    )


def group_words(one: GroupCount) -> str:
    """Which nominations a count is of."""
    if len(one.groups) == len(Group):
        return "All nominations together"
    words = "; or ".join(WORDS[group] for group in one.groups)
    return words[:1].upper() + words[1:]


def count_words(one: GroupCount) -> str:
    """A count, or that it is too small."""
    return f"Fewer than {SMALLEST}" if one.count is None else str(one.count)
