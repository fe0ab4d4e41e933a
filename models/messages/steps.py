"""What workflows ask of activities, and what they are answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from models.enums import (
    AssessmentStage,
    AssessorDeclineReason,
    CohortPhase,
    Outcome,
    Resolution,
    RunKind,
    Stage,
    StageChange,
    SteerReason,
    Template,
)
from models.ids import (
    AssessmentId,
    CohortId,
    NominationId,
)
from models.messages.base import By, Message
from models.messages.signals import Announcement, Attention, SeatRequest
from models.spans import Span


class Notice(Message):
    """A message to somebody: the template, whom it goes to, and the dates and next step it states."""

    template: Template
    to: Literal["nominee", "nominator", "assessor", "operations", "moderator", "board"]
    due_at: datetime | None = None
    remaining: Span | None = None


class Step(Message):
    """What every recorded step says: whose it is, which in order, when, by whom, and why.

    ``workflow`` and ``key`` together are the idempotency key of the step's transaction. A step's number is not
    enough: when a worker dies between a step's transaction and the end of its workflow task, the task runs again,
    and what has arrived meanwhile may come first and take that number. The key says which step it is, whatever its
    number.
    """

    workflow: str
    number: int
    key: str = ""
    at: datetime
    by: By
    what: str
    reason: str | None = None


class NominationStep(Message):
    """A nomination moves, or its clock, pause or attention changes."""

    step: Step
    nomination: NominationId
    change: StageChange | None = None
    stage: Stage
    due_at: datetime | None = None
    paused: bool = False
    attention: Attention | None = None
    outcome: Outcome | None = None
    approved_by: By | None = None
    notices: tuple[Notice, ...] = ()


class AssessmentStep(Message):
    """An assessment moves, or its deadline does."""

    step: Step
    assessment: AssessmentId
    stage: AssessmentStage
    due_at: datetime | None = None
    decline_reason: AssessorDeclineReason | None = None
    notices: tuple[Notice, ...] = ()


class CohortStep(Message):
    """A cohort moves to its next phase, or its window moves."""

    step: Step
    cohort: CohortId
    phase: CohortPhase
    opens_at: datetime
    closes_at: datetime
    due_at: datetime | None = None
    released_at: datetime | None = None


class ScreeningAsked(Message):
    """Which nomination to screen, as of when, as which step."""

    step: Step
    nomination: NominationId


class Screening(Message):
    """What screening found: the codes of the eligibility rules that were not met."""

    unmet: tuple[str, ...]


class QualityAsked(Message):
    """Which nomination's scores to check, as which step."""

    step: Step
    nomination: NominationId


class Quality(Message):
    """Which flags are open: their numbers within the nomination."""

    open_flags: tuple[int, ...]


class ModerationAsked(Message):
    """Which flags a moderator settles and how; changed scores are in the database."""

    step: Step
    nomination: NominationId
    flags: tuple[int, ...]
    resolution: Resolution
    assessment: AssessmentId | None = None


class BatchAsked(Message):
    """One batch of nominations to be told something, after ``after`` in the order of their ids."""

    cohort: CohortId
    announcement: Announcement
    after: NominationId | None = None
    most: int = Field(default=500, ge=1)


class BatchTold(Message):
    """How far a batch got; ``last`` is None when nobody is left."""

    told: int
    last: NominationId | None


class RollCallAsked(Message):
    """Which cohort to count."""

    cohort: CohortId


class StageCounts(Message):
    """How many nominations stand in each stage.

    ``unplaced``: how many of those awaiting a panel stand in no proposal and need no attention.
    """

    counts: dict[Stage, int]
    unplaced: int = 0

    def standing_in(self, stages: Sequence[Stage] | frozenset[Stage]) -> int:
        """How many stand in one of ``stages``."""
        return sum(self.counts.get(stage, 0) for stage in stages)


class RunAsked(Message):
    """What to solve: all waiting panels, or the seats of ``requests``."""

    step: Step
    cohort: CohortId
    run: int
    kind: RunKind
    requests: tuple[SeatRequest, ...] = ()


class RunMade(Message):
    """A run as proposed: how many seats it fills and how many nominations it leaves without a panel.

    ``kept`` is false where nobody waited for a panel: there is no such run then, and its number is still free.
    """

    run: int
    seats: int
    unstaffed: int
    kept: bool = True


class RunSettled(Message):
    """A proposed run is released or discarded, as which step."""

    step: Step
    cohort: CohortId
    run: int
    reason: SteerReason | None = None


class RunUndone(Message):
    """How many panels of a run were taken back, and how many stay since somebody had answered."""

    run: int
    panels: int
    kept: int


class PanelsAsked(Message):
    """One batch of nominations to be told the panels of a released run."""

    cohort: CohortId
    run: int
    after: NominationId | None = None
    most: int = Field(default=500, ge=1)


class PanelsTakenBack(Message):
    """One batch of nominations to be told that the panels of an undone run are taken back."""

    cohort: CohortId
    run: int
    by: By
    after: NominationId | None = None
    most: int = Field(default=500, ge=1)


class OutboxAsked(Message):
    """How long one shift of delivering lasts, in seconds, before the workflow starts the next."""

    shift_seconds: int = Field(default=3600, ge=1)
