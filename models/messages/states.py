"""What a workflow answers: to a query, and as its result when it ends."""

from datetime import datetime

from models.enums import (
    AssessmentStage,
    CohortPhase,
    Outcome,
    Stage,
)
from models.ids import (
    AssessmentId,
    CohortId,
    NominationId,
)
from models.messages.base import Message
from models.messages.signals import Attention, SeatRequest


class AssessmentState(Message):
    """An assessment as its workflow knows it."""

    assessment: AssessmentId
    stage: AssessmentStage
    due_at: datetime | None
    steps: int


class NominationState(Message):
    """A nomination as its workflow knows it; ``waits_for`` is one line for a person."""

    nomination: NominationId
    stage: Stage
    due_at: datetime | None
    paused: bool
    attention: Attention | None
    outcome: Outcome | None
    panel: tuple[AssessmentId, ...]
    steps: int
    waits_for: str


class CohortState(Message):
    """A cohort as its workflow knows it."""

    cohort: CohortId
    phase: CohortPhase
    opens_at: datetime
    closes_at: datetime
    due_at: datetime | None
    steps: int
    waits_for: str


class AllocationState(Message):
    """An allocation as its workflow knows it."""

    cohort: CohortId
    runs: int
    proposals: tuple[int, ...]
    asked: tuple[SeatRequest, ...]
    waits_for: str
