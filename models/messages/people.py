"""What people do: to a nomination, an assessment, a cohort and its allocation."""

from datetime import datetime

from models.enums import (
    AssessorDeclineReason,
    Outcome,
    Resolution,
    ScreeningReason,
    SteerReason,
    WayOut,
    WithdrawReason,
)
from models.ids import (
    AssessmentId,
    PersonId,
)
from models.messages.base import By, Message


class Consent(Message):
    """The nominee agrees to be nominated and to how their data is used."""

    by: By


class DeclineNomination(Message):
    """The nominee does not wish to be nominated."""

    by: By


class Endorse(Message):
    """An endorsement has been given; its words are in the database."""

    by: By


class SubmitApplication(Message):
    """The nominee sends the draft as it stands in the database."""

    by: By


class Screen(Message):
    """A person settles screening where the rules did not pass the nomination."""

    by: By
    eligible: bool
    reason: ScreeningReason | None = None


class Withdraw(Message):
    """The nomination is taken back, by the nominee or the organisation."""

    by: By
    reason: WithdrawReason


class Pause(Message):
    """Operations stop the clock on a nomination."""

    by: By
    reason: SteerReason


class Resume(Message):
    """Operations let the clock run again; deadlines move by the time it stood still."""

    by: By


class Defer(Message):
    """The nominee would rather be assessed in a later cohort."""

    by: By
    reason: SteerReason


class Extend(Message):
    """A deadline moves to a later moment."""

    by: By
    until: datetime
    reason: SteerReason


class ResolveFlags(Message):
    """A moderator settles open flags. ``assessment`` names whom more evidence is asked of."""

    by: By
    flags: tuple[int, ...]
    resolution: Resolution
    assessment: AssessmentId | None = None


class Decide(Message):
    """The board's decision: drafted by one person, approved by another."""

    by: By
    approved_by: By
    outcome: Outcome


class ReopenDecision(Message):
    """The board takes a decision back before it is released."""

    by: By


class Promote(Message):
    """The board admits a nomination from the reserve list."""

    by: By


class Reassign(Message):
    """Operations take an assessment from an assessor and ask for another one."""

    by: By
    assessment: AssessmentId
    reason: SteerReason


class Unblock(Message):
    """A person gives a nomination that needs attention its way out. ``to``: whom it is handed over to."""

    by: By
    way: WayOut
    reason: SteerReason
    to: PersonId | None = None


class Accept(Message):
    """The assessor takes the task."""

    by: By


class DeclineAssessment(Message):
    """The assessor does not take the task, or gives it back."""

    by: By
    reason: AssessorDeclineReason


class SubmitScores(Message):
    """The assessor sends the scores and evidence as they stand in the database."""

    by: By


class MoveWindow(Message):
    """Operations move the window's opening or closing."""

    by: By
    reason: SteerReason
    opens_at: datetime | None = None
    closes_at: datetime | None = None


class CloseNow(Message):
    """Operations close the window at once."""

    by: By
    reason: SteerReason


class Release(Message):
    """The board releases all decisions together."""

    by: By


class RollCall(Message):
    """Operations ask the cohort to look at once whether its phase is over."""

    by: By


class SolveNow(Message):
    """A new allocation run is asked for."""

    by: By


class ReleaseRun(Message):
    """Operations release a proposed allocation run."""

    by: By
    run: int


class DiscardRun(Message):
    """Operations discard a proposed allocation run."""

    by: By
    run: int
    reason: SteerReason


class UndoRun(Message):
    """Operations undo a released allocation run, as far as nobody has answered."""

    by: By
    run: int
    reason: SteerReason
