"""What undoing a released run would take back: its panels on which nobody has answered.

What cannot be undone is an answer. Somebody who accepted has work to do, somebody who declined or said that they have
a conflict of interest has told us something we keep to, and another assessor may have been asked in their place. A
letter that has left is no reason to refuse: its reader gets another that takes the request back.
"""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import and_, exists
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import AssessmentStage, RunKind, RunStatus, Stage
from models.tables import AllocationRun, Assessment, DeclaredConflict, Nomination

UNANSWERED = frozenset({AssessmentStage.SEATED, AssessmentStage.OFFERED})
_ANSWERS = {
    AssessmentStage.ACCEPTED: "has accepted",
    AssessmentStage.SUBMITTED: "has scored",
    AssessmentStage.RETURNED: "has scored",
    AssessmentStage.DECLINED: "has declined",
    AssessmentStage.EXPIRED: "did not answer in time",
    AssessmentStage.REPLACED: "was replaced",
    AssessmentStage.STOOD_DOWN: "is no longer needed",
}
_SEATABLE = frozenset({Stage.AWAITING_PANEL, Stage.SCORING})


@dataclass(frozen=True)
class AskedSeat:
    """One assessor on a panel: where the task stands, and whether they said that they have a conflict."""

    assessment: str
    assessor: str
    stage: AssessmentStage
    declared: bool

    @property
    def answered(self) -> bool:
        """Whether the assessor has said anything that an undo cannot take back."""
        return self.declared or self.stage not in UNANSWERED

    @property
    def offered(self) -> bool:
        """Whether the assessor has been asked by a letter."""
        return self.stage is AssessmentStage.OFFERED

    @property
    def answer(self) -> str:
        """What the assessor has said, or what became of their task, to follow a name."""
        return "has declared a conflict of interest" if self.declared else _ANSWERS.get(self.stage, "was asked")


@dataclass(frozen=True)
class ReleasedPanel:
    """The panel that a released run gave one nomination, with all who were asked about it since."""

    nomination: str
    seats: tuple[AskedSeat, ...]
    free: bool
    """Whether it can be taken back."""


def refusal_to_undo(run: AllocationRun) -> str | None:
    """Why a run cannot be undone whatever its panels say, as a sentence; None if that depends on its panels."""
    number = run.number
    if run.status is RunStatus.PROPOSED:
        return f"Run {number} was not released, so nobody was asked: discard it instead."
    if run.status is RunStatus.DISCARDED:
        return f"Run {number} was discarded, so nobody was asked: there is nothing to undo."
    if run.status is RunStatus.UNDONE:
        return f"Run {number} has been undone already."
    if run.kind is RunKind.REPLACEMENT:
        return (
            f"Run {number} filled the seats of assessors who gave up, on panels that are at work: undoing it would "
            "leave these short. Take a single assessment from its assessor instead."
        )
    return None


def too_late_to_undo(run: int, panels: int) -> str:
    """The sentence for a run of which nothing can be taken back any more."""
    if not panels:
        return f"Run {run} can no longer be undone: none of its panels is still waited for."
    return (
        f"Run {run} can no longer be undone: somebody has answered on {'its only panel' if panels == 1 else 'each'}"
        f"{'' if panels == 1 else f' of its {panels} panels'}. Take single assessments from their assessors instead."
    )


async def released_panels(
    session: AsyncSession, cohort: str, run: int, *, lock: bool = False
) -> tuple[ReleasedPanel, ...]:
    """The panels of a run that still stand, in the order of nominations; ``lock``: until the transaction ends.

    An assessment's step and this lock exclude each other, so an answer is either seen here or refused there.
    """
    of_run = (
        select(Assessment.nomination_id)
        .where(
            col(Assessment.cohort_id) == cohort,
            col(Assessment.run) == run,
            col(Assessment.stage).not_in([AssessmentStage.TAKEN_BACK, AssessmentStage.STOOD_DOWN]),
        )
        .distinct()
    )
    nominations = (
        select(Nomination.id, Nomination.stage).where(col(Nomination.id).in_(of_run)).order_by(col(Nomination.id))
    )
    stages = dict((await session.exec(nominations.with_for_update(read=True) if lock else nominations)).all())
    asked = (
        columns(
            col(Assessment.nomination_id),
            col(Assessment.id),
            col(Assessment.assessor_id),
            col(Assessment.stage),
            col(Assessment.run),
            exists()
            .where(
                and_(
                    col(DeclaredConflict.nomination_id) == col(Assessment.nomination_id),
                    col(DeclaredConflict.assessor_id) == col(Assessment.assessor_id),
                    col(DeclaredConflict.declared_at) >= col(Assessment.seated_at),
                )
            )
            .label("declared"),
        )
        .where(col(Assessment.nomination_id).in_(list(stages)))
        .where(col(Assessment.stage) != AssessmentStage.TAKEN_BACK)
        .order_by(col(Assessment.id))
    )
    if lock:
        asked = asked.with_for_update(key_share=True, of=Assessment)
    seats: dict[str, list[AskedSeat]] = defaultdict(list)
    runs: dict[str, set[int]] = defaultdict(set)
    for row in await (await session.connection()).execute(asked):
        seats[row.nomination_id].append(AskedSeat(row.id, row.assessor_id, row.stage, row.declared))
        runs[row.nomination_id].add(row.run)
    return tuple(
        ReleasedPanel(
            nomination,
            tuple(seats[nomination]),
            free=stage in _SEATABLE
            and runs[nomination] == {run}
            and not any(seat.answered for seat in seats[nomination]),
        )
        for nomination, stage in stages.items()
        if seats[nomination]
    )
