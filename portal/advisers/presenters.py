"""What the page of inclusion advisers shows, in words."""

from dataclasses import dataclass

from portal.words import plain
from storage.adviser_pages import SMALLEST, CohortCounts, StageCount


@dataclass(frozen=True)
class StageShown:
    """A stage, and how many nominations are in it."""

    stage: str
    count: str


@dataclass(frozen=True)
class CohortShown:
    """A cohort's counts: those that are told, and the stages with too few."""

    name: str
    stages: tuple[StageShown, ...]


def cohort_shown(counts: CohortCounts) -> CohortShown:
    """A cohort's counts, in words."""
    return CohortShown(counts.name, tuple(StageShown(plain(one.stage), count_words(one)) for one in counts.stages))


def count_words(one: StageCount) -> str:
    """A count, or why it is not told."""
    if one.withheld:
        return "Not shown, so that another count cannot be worked out"
    return f"Fewer than {SMALLEST}" if one.count is None else str(one.count)
