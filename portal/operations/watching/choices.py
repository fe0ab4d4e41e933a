"""What people of operations choose from, and the words of stages and phases on their pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import AssessmentStage, CohortPhase, Stage, SteerReason
from models.tables import Cohort
from portal.failures import NotFoundError
from portal.words import plain
from storage.cohort_pages import cohorts_to_choose, name_of, newest_of

AREA = "Operations"
HOME = (AREA, "/operations")
LIST = ("Nominations", "/operations/nominations")
NOW_FOR = {
    CohortPhase.SCHEDULED: "waits for the window to open",
    CohortPhase.OPEN: "takes nominations and applications",
    CohortPhase.CLOSED: "waits for the last applications to be screened",
    CohortPhase.ALLOCATING: "waits for every nomination to have a panel",
    CohortPhase.SCORING: "waits for the panels’ scores",
    CohortPhase.QUALITY_ASSURANCE: "waits for quality assurance",
    CohortPhase.DECIDING: "waits for the board’s decisions and their release",
    CohortPhase.RELEASED: "keeps the places until the cohort ends",
    CohortPhase.ENDED: "has ended",
}
"""What a cohort does in each phase, after its name."""
COLOURS = {
    Stage.NOMINATED: "white",
    Stage.APPLYING: "white",
    Stage.SCREENING: "aqua-green",
    Stage.AWAITING_PANEL: "aqua-green",
    Stage.SCORING: "blue",
    Stage.QUALITY_ASSURANCE: "purple",
    Stage.AWAITING_DECISION: "purple",
    Stage.DECIDED: "purple",
    Stage.IN_POOL: "green",
    Stage.RESERVED: "green",
}
"""The colour of a stage's tag; stages in which a nomination is over are grey."""
SEAT_COLOURS = {
    AssessmentStage.SEATED: "white",
    AssessmentStage.OFFERED: "yellow",
    AssessmentStage.ACCEPTED: "blue",
    AssessmentStage.RETURNED: "orange",
    AssessmentStage.SUBMITTED: "green",
}


@dataclass(frozen=True)
class Option:
    """One of several things to choose."""

    value: str
    text: str
    hint: str = ""


def options(words: Iterable[StrEnum]) -> list[Option]:
    """Each word as an option, written as people write it."""
    return [Option(word.value, plain(word.value)) for word in words]


REASONS: Sequence[Option] = tuple(options(SteerReason))


def cohort_options(there: Sequence[Cohort]) -> list[Option]:
    """Cohorts to choose from, by name."""
    return [Option(row.id, name_of(row, there)) for row in there]


async def the_cohort(session: AsyncSession, wanted: str | None) -> tuple[Cohort | None, Sequence[Cohort]]:
    """The cohort that was chosen, else the newest that has not ended; and those to choose from.

    Raises:
        NotFoundError: There is none of this name.
    """
    there = await cohorts_to_choose(session, wanted or "")
    if wanted:
        row = next((one for one in there if one.id == wanted), None)
        if row is None:
            raise NotFoundError
        return row, there
    return newest_of(there), there
