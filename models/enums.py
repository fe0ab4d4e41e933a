"""The words of the process: stages, roles, reasons and outcomes.

Every word a table, a message or a policy may hold stands here once. The values are what is stored and shown,
so a value never changes its meaning; a word that falls out of use stays, marked so.
"""

from enum import StrEnum


class Stage(StrEnum):
    """Where a nomination stands in its life."""

    NOMINATED = "nominated"
    APPLYING = "applying"
    SCREENING = "screening"
    AWAITING_PANEL = "awaiting_panel"
    SCORING = "scoring"
    QUALITY_ASSURANCE = "quality_assurance"
    AWAITING_DECISION = "awaiting_decision"
    DECIDED = "decided"
    IN_POOL = "in_pool"
    RESERVED = "reserved"
    DECLINED_BY_NOMINEE = "declined_by_nominee"
    LAPSED = "lapsed"
    INELIGIBLE = "ineligible"
    WITHDRAWN = "withdrawn"
    NOT_ADMITTED = "not_admitted"
    DEFERRED = "deferred"


ENDS: frozenset[Stage] = frozenset(
    {
        Stage.DECLINED_BY_NOMINEE,
        Stage.LAPSED,
        Stage.INELIGIBLE,
        Stage.WITHDRAWN,
        Stage.NOT_ADMITTED,
        Stage.DEFERRED,
    }
)
"""Stages in which a nomination is over."""

SETTLED: frozenset[Stage] = ENDS | {Stage.IN_POOL, Stage.RESERVED}
"""Stages in which the cohort waits for nothing more from a nomination."""


class StageChange(StrEnum):
    """What moves a nomination from one stage to another; rules.stages says from where to where."""

    CONSENT = "consent"
    DECLINE = "decline"
    SUBMIT = "submit"
    PASS_SCREENING = "pass_screening"  # noqa: S105 -- a stage change, not a password
    FAIL_SCREENING = "fail_screening"
    SEAT_PANEL = "seat_panel"
    TAKE_BACK_PANEL = "take_back_panel"
    COMPLETE_SCORES = "complete_scores"
    ASK_FOR_MORE = "ask_for_more"
    CONFIRM_QUALITY = "confirm_quality"
    DECIDE = "decide"
    REOPEN_DECISION = "reopen_decision"
    RELEASE_ADMITTED = "release_admitted"
    RELEASE_RESERVED = "release_reserved"
    RELEASE_NOT_ADMITTED = "release_not_admitted"
    PROMOTE = "promote"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"
    DEFER = "defer"
    READMIT = "readmit"


class CohortPhase(StrEnum):
    """Where a cohort stands; it only ever moves forward."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"
    ALLOCATING = "allocating"
    SCORING = "scoring"
    QUALITY_ASSURANCE = "quality_assurance"
    DECIDING = "deciding"
    RELEASED = "released"
    ENDED = "ended"


class AssessmentStage(StrEnum):
    """Where one assessor's task on one nomination stands.

    ``seated`` is a place on a released panel whose offer has not been made yet; ``taken_back`` one whose run was
    undone before anybody on the panel had answered, so that the same assessor may be asked again.
    """

    SEATED = "seated"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    DECLINED = "declined"
    EXPIRED = "expired"
    REPLACED = "replaced"
    STOOD_DOWN = "stood_down"
    TAKEN_BACK = "taken_back"


HOLDING: frozenset[AssessmentStage] = frozenset(
    {
        AssessmentStage.SEATED,
        AssessmentStage.OFFERED,
        AssessmentStage.ACCEPTED,
        AssessmentStage.SUBMITTED,
        AssessmentStage.RETURNED,
    }
)
"""Stages in which an assessment takes a place on the panel and counts against the assessor's capacity."""


class Role(StrEnum):
    """In which role somebody acts."""

    NOMINATOR = "nominator"
    NOMINEE = "nominee"
    ASSESSOR = "assessor"
    MODERATOR = "moderator"
    BOARD = "board"
    INCLUSION_ADVISER = "inclusion_adviser"
    OPERATIONS = "operations"
    SYSTEM = "system"


class AssessorRole(StrEnum):
    """The post an assessor holds; the panel's composition is stated in these."""

    CHIEF_EXECUTIVE = "chief_executive"
    ACCOUNTABLE_OFFICER = "accountable_officer"
    NON_EXECUTIVE_DIRECTOR = "non_executive_director"
    CHAIR = "chair"


class AssessorProperty(StrEnum):
    """What assessors may say of themselves so that panels are mixed; kept only while they agree to that use."""

    WOMAN = "woman"
    ETHNIC_MINORITY = "ethnic_minority"
    DISABLED = "disabled"


class EndorserPost(StrEnum):
    """Who may endorse a nomination."""

    CHIEF_EXECUTIVE = "chief_executive"
    ACCOUNTABLE_OFFICER = "accountable_officer"
    EXECUTIVE_DIRECTOR = "executive_director"


class NominationRoute(StrEnum):
    """How a nomination began: the pilot's hybrid process has both."""

    ORGANISATION = "organisation"
    SELF = "self"


class Readiness(StrEnum):
    """How soon a nominee is ready for an executive post."""

    READY_NOW = "ready_now"
    MONTHS_6_TO_12 = "6_to_12_months"
    YEARS_1_TO_2 = "1_to_2_years"


class AssessorDeclineReason(StrEnum):
    """Why an assessor does not take, or gives back, a task."""

    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    OTHER = "other"


class ConflictKind(StrEnum):
    """The relationships that bar an assessor (design: conflicts of interest)."""

    LINE_MANAGEMENT = "line_management"
    FAMILY = "family"
    CLOSE_FRIENDSHIP = "close_friendship"
    MENTORING = "mentoring"
    BUSINESS = "business"


class WithdrawReason(StrEnum):
    """Why a nomination is withdrawn."""

    NEW_POST = "new_post"
    PERSONAL = "personal"
    NO_LONGER_SUPPORTED = "no_longer_supported"
    ENTERED_IN_ERROR = "entered_in_error"
    OTHER = "other"


class SteerReason(StrEnum):
    """Why operations extend, pause, reassign, let in late or skip."""

    ILLNESS = "illness"
    LEAVE = "leave"
    WORKLOAD = "workload"
    TECHNICAL_FAULT = "technical_fault"
    REASONABLE_ADJUSTMENT = "reasonable_adjustment"
    ORGANISATION_DELAY = "organisation_delay"
    BOARD_REQUEST = "board_request"
    OTHER = "other"


class AddressReason(StrEnum):
    """Why operations correct somebody's email address."""

    MISTYPED = "address_mistyped"
    CHANGED = "address_changed"
    LOST = "address_lost"
    OTHER = "other"


class ExtensionRefusal(StrEnum):
    """Why operations do not give the time that a nominee asked for."""

    PANELS_WOULD_WAIT = "panels_would_wait"
    GIVEN_BEFORE = "given_before"
    TIME_IS_LEFT = "time_is_left"
    SAME_FOR_EVERYONE = "same_for_everyone"
    ROUND_GONE_TOO_FAR = "round_gone_too_far"
    OTHER = "other"


class ScreeningReason(StrEnum):
    """Why a person settled screening as they did, where the rules did not pass the nomination."""

    RULE_NOT_MET = "rule_not_met"
    MET_ON_OTHER_EVIDENCE = "met_on_other_evidence"
    ANSWER_WAS_WRONG = "answer_was_wrong"
    ENDORSED_OTHERWISE = "endorsed_otherwise"
    BOARD_JUDGEMENT = "board_judgement"


class ScoreChangeReason(StrEnum):
    """Why a score was changed after it had been submitted."""

    MODERATION = "moderation"
    HUMAN_ERROR = "human_error"
    FURTHER_EVIDENCE = "further_evidence"


class FlagRule(StrEnum):
    """The quality assurance rule that raised a flag."""

    INCOMPLETE = "incomplete"
    EVIDENCE_THIN = "evidence_thin"
    CRITERION_SPREAD = "criterion_spread"
    MEAN_SPREAD = "mean_spread"
    AUDIT_SAMPLE = "audit_sample"


class Resolution(StrEnum):
    """How a moderator settles flags."""

    CONFIRM = "confirm"
    MODERATE = "moderate"
    MORE_EVIDENCE = "more_evidence"
    ANOTHER_ASSESSOR = "another_assessor"


class Outcome(StrEnum):
    """The board's decision on a nomination."""

    ADMITTED = "admitted"
    RESERVED = "reserved"
    NOT_ADMITTED = "not_admitted"


class DecisionReason(StrEnum):
    """Why the board decided as it did, beside or against the proposed order."""

    PROPOSED_ORDER = "proposed_order"
    TOO_CLOSE_TO_CALL = "too_close_to_call"
    BREADTH_OF_POOL = "breadth_of_pool"
    BELOW_STANDARD = "below_standard"
    BOARD_JUDGEMENT = "board_judgement"


class WayOut(StrEnum):
    """How a nomination that needs attention goes on."""

    RETRY = "retry"
    SKIP = "skip"
    HAND_OVER = "hand_over"


class AllocationMode(StrEnum):
    """When panels are solved: together at window close, or every policy interval while the window is open."""

    BATCH = "batch"
    ROLLING = "rolling"


class RunKind(StrEnum):
    """What an allocation run was for."""

    BATCH = "batch"
    ROLLING = "rolling"
    REPLACEMENT = "replacement"


class PairKind(StrEnum):
    """What operations set for a nomination and an assessor: that they sit on its panel, or that they never do."""

    PINNED = "pinned"
    FORBIDDEN = "forbidden"


class RunStatus(StrEnum):
    """What became of an allocation run."""

    PROPOSED = "proposed"
    RELEASED = "released"
    DISCARDED = "discarded"
    UNDONE = "undone"


class MessageStatus(StrEnum):
    """What became of a message to a person.

    ``uncertain`` is a message whose sending was interrupted on a channel that cannot tell whether it left:
    it is not sent twice, operations look at it.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


class TellingStatus(StrEnum):
    """What became of a start or an Update that the database owes a workflow."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class Template(StrEnum):
    """The messages people get; notify/templates holds one file for each."""

    INVITATION = "invitation"
    ENDORSEMENT_REQUEST = "endorsement_request"
    CONSENT_REMINDER = "consent_reminder"
    APPLICATION_OPEN = "application_open"
    APPLICATION_REMINDER = "application_reminder"
    APPLICATION_RECEIVED = "application_received"
    DEADLINE_MOVED = "deadline_moved"
    MORE_TIME_REFUSED = "more_time_refused"
    LAPSED = "lapsed"
    INELIGIBLE = "ineligible"
    WITHDRAWN = "withdrawn"
    DEFERRED = "deferred"
    READMITTED = "readmitted"
    PAUSED = "paused"
    RESUMED = "resumed"
    OFFER = "offer"
    OFFER_REMINDER = "offer_reminder"
    OFFER_EXPIRED = "offer_expired"
    SCORING_OPEN = "scoring_open"
    SCORING_REMINDER = "scoring_reminder"
    SCORING_OVERDUE = "scoring_overdue"
    EVIDENCE_REQUEST = "evidence_request"
    STOOD_DOWN = "stood_down"
    TAKEN_BACK = "taken_back"
    ADMITTED = "admitted"
    RESERVED = "reserved"
    NOT_ADMITTED = "not_admitted"
    PROMOTED = "promoted"
    FEEDBACK = "feedback"
    RESERVE_LIST_CLOSED = "reserve_list_closed"
