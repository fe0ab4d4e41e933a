"""What workflows tell each other, and why something needs attention."""

from datetime import datetime
from typing import Literal

from models.enums import (
    AssessmentStage,
    WayOut,
)
from models.ids import (
    AssessmentId,
    AssessorId,
    NominationId,
    PersonId,
)
from models.messages.base import THE_SYSTEM, By, Message
from models.spans import Span


class WindowMoved(Message):
    """The cohort's window closes at another time."""

    closes_at: datetime
    grace: Span


class DecisionsReleased(Message):
    """Decisions are known from this moment."""

    released_at: datetime
    by: By


class CohortEnded(Message):
    """The cohort has ended: places can no longer be given up to the reserve list."""

    ended_at: datetime


Announcement = WindowMoved | DecisionsReleased | CohortEnded
"""What a cohort tells all its nominations."""


class SeatRequest(Message):
    """A nomination asks for one more assessor, beside those it has."""

    nomination: NominationId
    instead_of: AssessmentId | None = None


class Attention(Message):
    """Why a nomination needs attention, and what can be done about it."""

    code: str
    step: str
    since: datetime
    handed_to: PersonId | None = None


class PanelReleased(Message):
    """A nomination's seats have been filled by an allocation run."""

    run: int
    assessors: tuple[AssessorId, ...]


class PanelTakenBack(Message):
    """A nomination's seats have been taken back, before anybody answered: the run that filled them was undone."""

    run: int
    by: By


class TakeBack(Message):
    """An assessor's offer is taken back before they answered."""

    by: By


class PanelNotFound(Message):
    """No allocation run can fill a nomination's seats as things stand."""

    run: int
    missing: int


class StandDown(Message):
    """An assessor's task is over without their doing."""

    stage: Literal[AssessmentStage.STOOD_DOWN, AssessmentStage.REPLACED] = AssessmentStage.STOOD_DOWN
    by: By = THE_SYSTEM


class AssessmentStuck(Message):
    """An assessment needs attention, or (``attention`` None) no longer does."""

    assessment: AssessmentId
    attention: Attention | None


class GoOn(Message):
    """A stuck assessment is given its way out."""

    way: WayOut


class SolveBatch(Message):
    """The cohort asks for all waiting panels to be solved together."""

    by: By = THE_SYSTEM


class HoldClock(Message):
    """The nomination's clock stands still, or runs again, and its assessments' with it."""

    held: bool
