"""What a workflow starts with."""

from datetime import date, datetime
from typing import Literal

from models.enums import (
    AssessmentStage,
    CohortPhase,
    Stage,
    SteerReason,
)
from models.ids import (
    AssessmentId,
    CohortId,
    NominationId,
    OrganisationCode,
)
from models.messages.base import THE_SYSTEM, By, Message
from models.messages.signals import SeatRequest
from models.spans import Span


class Calendar(Message):
    """What is needed to reckon a deadline: bank holidays, and how long before it people are reminded."""

    bank_holidays: tuple[date, ...] = ()
    reminders: tuple[Span, ...] = ()


class NominationTerms(Message):
    """The part of the policy a nomination lives by."""

    consent_within: Span
    grace: Span
    answer_within: Span
    score_within: Span
    score_grace: Span
    reserve_for: Span
    panel_size: int
    calendar: Calendar


class NominationStart(Message):
    """How a nomination begins, or begins again when operations let a lapsed one back in.

    ``steps`` is how many steps were already recorded (0 for a new nomination).
    """

    nomination: NominationId
    cohort: CohortId
    organisation: OrganisationCode
    by: By
    closes_at: datetime
    terms: NominationTerms
    stage: Stage = Stage.NOMINATED
    due_at: datetime | None = None
    reason: SteerReason | None = None
    steps: int = 0


class AssessmentStart(Message):
    """One assessor's task: an offer, or an assessment returned for more evidence."""

    assessment: AssessmentId
    cohort: CohortId
    organisation: OrganisationCode
    answer_within: Span
    score_within: Span
    score_grace: Span
    calendar: Calendar
    stage: Literal[AssessmentStage.OFFERED, AssessmentStage.RETURNED] = AssessmentStage.OFFERED
    by: By = THE_SYSTEM
    steps: int = 0


class CohortStart(Message):
    """A cohort's own life. The fields from ``phase`` on carry what a continued run already knows."""

    cohort: CohortId
    opens_at: datetime
    closes_at: datetime
    grace: Span
    ends: Span
    roll_call_every: Span
    calendar: Calendar
    phase: CohortPhase = CohortPhase.SCHEDULED
    steps: int = 0
    released_at: datetime | None = None
    due_at: datetime | None = None


class AllocationStart(Message):
    """The life of a cohort's allocation. ``asked`` and ``proposals`` carry over what a continued run knows."""

    cohort: CohortId
    rolling: bool
    interval: Span
    released_by_operations: bool
    calendar: Calendar
    steps: int = 0
    runs: int = 0
    asked: tuple[SeatRequest, ...] = ()
    proposals: tuple[int, ...] = ()
    batch_asked: bool = False
    solve_asked_by: By | None = None
    ended: bool = False
