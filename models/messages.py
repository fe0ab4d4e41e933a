"""What workflows, activities and people say to each other: identifiers, words, numbers and dates only.

Everything here may end up in a workflow's history, so no message holds a name, an address or free text
(design: no personal data in a history). What a person types stays in the database; a message points to it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.enums import (
    AssessmentStage,
    AssessorDeclineReason,
    CohortPhase,
    Outcome,
    Resolution,
    Role,
    RunKind,
    Stage,
    StageChange,
    SteerReason,
    Template,
    WayOut,
    WithdrawReason,
)
from models.ids import (
    SYSTEM,
    AssessmentId,
    AssessorId,
    CohortId,
    NominationId,
    OrganisationCode,
    PersonId,
)
from models.spans import Span


class Message(BaseModel):
    """The base of every message: fixed once made; a field it does not know is ignored, so that old meets new."""

    model_config = ConfigDict(frozen=True)


class By(Message):
    """Who acts, in which role."""

    person: PersonId
    role: Role


THE_SYSTEM = By(person=SYSTEM, role=Role.SYSTEM)


# ---------------------------------------------------------------------------------------------------------
# Said by several of the messages below


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


# ---------------------------------------------------------------------------------------------------------
# What a workflow starts with


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
    ended: bool = False


# ---------------------------------------------------------------------------------------------------------
# What people do to a nomination


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


# ---------------------------------------------------------------------------------------------------------
# What an assessor does


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


# ---------------------------------------------------------------------------------------------------------
# What people do to a cohort and its allocation


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


# ---------------------------------------------------------------------------------------------------------
# What workflows tell each other (signals)


class PanelReleased(Message):
    """A nomination's seats have been filled by an allocation run."""

    run: int
    assessors: tuple[AssessorId, ...]


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


# ---------------------------------------------------------------------------------------------------------
# What workflows ask of activities


class Notice(Message):
    """A message to somebody: the template, whom it goes to, and the dates and next step it states."""

    template: Template
    to: Literal["nominee", "nominator", "assessor", "operations", "moderator", "board"]
    due_at: datetime | None = None
    remaining: Span | None = None


class Step(Message):
    """What every recorded step says: whose it is, which in order, when, by whom, and why.

    ``workflow`` and ``number`` together are the idempotency key of the step's transaction.
    """

    workflow: str
    number: int
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
    """A run as proposed: how many seats it fills and how many nominations it leaves without a panel."""

    run: int
    seats: int
    unstaffed: int


class RunSettled(Message):
    """A proposed run is released or discarded, as which step."""

    step: Step
    cohort: CohortId
    run: int
    reason: SteerReason | None = None


class PanelsAsked(Message):
    """One batch of nominations to be told the panels of a released run."""

    cohort: CohortId
    run: int
    after: NominationId | None = None
    most: int = Field(default=500, ge=1)


class OutboxAsked(Message):
    """How long one shift of delivering lasts, in seconds, before the workflow starts the next."""

    shift_seconds: int = Field(default=3600, ge=1)


# ---------------------------------------------------------------------------------------------------------
# What a workflow answers (query, and result at its end)


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
