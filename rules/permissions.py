"""Who may do what: each act, the roles that may do it, and on whose behalf.

Source: the table of roles in docs/how-a-nomination-travels.md, with its column of what each role must never do.
What is not granted here is refused. Whether the stage allows an act is rules.stages' question, not this one's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from models.enums import (
    AssessorDeclineReason,
    DecisionReason,
    Role,
    ScoreChangeReason,
    ScreeningReason,
    SteerReason,
    WithdrawReason,
)
from models.ids import AssessorId, OrganisationCode, PersonId
from models.policy import Policy


class Act(StrEnum):
    """Everything a person can do or see."""

    NOMINATE = "nominate"
    ENDORSE = "endorse"
    CONSENT = "consent"
    DECLINE_NOMINATION = "decline_nomination"
    SAVE_DRAFT = "save_draft"
    SUBMIT_APPLICATION = "submit_application"
    WITHDRAW = "withdraw"
    DEFER = "defer"
    READ_NOMINATION = "read_nomination"
    READ_APPLICATION = "read_application"
    READ_FEEDBACK = "read_feedback"
    READ_PANEL = "read_panel"
    RECORD_EQUALITY = "record_equality"
    STOP_EQUALITY_USE = "stop_equality_use"
    KEEP_AVAILABILITY = "keep_availability"
    DECLARE_CONFLICT = "declare_conflict"
    ACCEPT = "accept"
    DECLINE_ASSESSMENT = "decline_assessment"
    SAVE_SCORE = "save_score"
    SUBMIT_SCORES = "submit_scores"
    READ_OWN_SCORES = "read_own_scores"
    READ_PANEL_SCORES = "read_panel_scores"
    SCREEN = "screen"
    RESOLVE_FLAGS = "resolve_flags"
    CHANGE_SCORE = "change_score"
    READ_PROPOSED_ORDER = "read_proposed_order"
    DRAFT_DECISION = "draft_decision"
    APPROVE_DECISION = "approve_decision"
    REOPEN_DECISION = "reopen_decision"
    PREVIEW_RELEASE = "preview_release"
    RELEASE = "release"
    PROMOTE = "promote"
    SEARCH_POOL = "search_pool"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    READMIT = "readmit"
    LET_IN_LATE = "let_in_late"
    REASSIGN = "reassign"
    UNBLOCK = "unblock"
    OPEN_COHORT = "open_cohort"
    MOVE_WINDOW = "move_window"
    CLOSE_NOW = "close_now"
    ROLL_CALL = "roll_call"
    SOLVE = "solve"
    READ_RUN = "read_run"
    RELEASE_RUN = "release_run"
    DISCARD_RUN = "discard_run"
    UNDO_RUN = "undo_run"
    IMPORT_REGISTER = "import_register"
    IMPORT_NOMINATIONS = "import_nominations"
    READ_AUDIT = "read_audit"
    SEE_EQUALITY_AGGREGATES = "see_equality_aggregates"
    SEE_EQUALITY_OF_PERSON = "see_equality_of_person"


@dataclass(frozen=True)
class Verdict:
    """Whether an act is allowed, and why it is or is not, as a sentence for the person who asks."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        """A verdict is true if it allows."""
        return self.allowed


@dataclass(frozen=True)
class Actor:
    """Who acts, in which role; a nominator for an organisation, an assessor under the register's reference."""

    person: PersonId
    role: Role
    organisation: OrganisationCode | None = None
    assessor: AssessorId | None = None


@dataclass(frozen=True)
class Subject:
    """What an act is about, as far as permission depends on it.

    Attributes:
        organisation: The organisation of the nomination.
        nominee: The person nominated.
        assessors: Whose assessment it is, or, for reading a nomination, its panel.
        submitted: Whether the acting assessor has submitted their own scores on this nomination.
        conflicted: Whether the acting assessor has a conflict of interest with this nomination.
    """

    organisation: OrganisationCode | None = None
    nominee: PersonId | None = None
    assessors: frozenset[AssessorId] = frozenset()
    submitted: bool = False
    conflicted: bool = False


_NOMINATOR = frozenset({Act.NOMINATE, Act.ENDORSE, Act.WITHDRAW, Act.READ_NOMINATION, Act.SEARCH_POOL})
_NOMINEE = frozenset(
    {
        Act.NOMINATE,
        Act.CONSENT,
        Act.DECLINE_NOMINATION,
        Act.SAVE_DRAFT,
        Act.SUBMIT_APPLICATION,
        Act.WITHDRAW,
        Act.DEFER,
        Act.DECLARE_CONFLICT,
        Act.READ_NOMINATION,
        Act.READ_APPLICATION,
        Act.READ_FEEDBACK,
        Act.RECORD_EQUALITY,
        Act.STOP_EQUALITY_USE,
    }
)
_ASSESSOR = frozenset(
    {
        Act.KEEP_AVAILABILITY,
        Act.DECLARE_CONFLICT,
        Act.ACCEPT,
        Act.DECLINE_ASSESSMENT,
        Act.SAVE_SCORE,
        Act.SUBMIT_SCORES,
        Act.READ_NOMINATION,
        Act.READ_APPLICATION,
        Act.READ_OWN_SCORES,
        Act.READ_PANEL_SCORES,
    }
)
_MODERATOR = frozenset(
    {
        Act.SCREEN,
        Act.RESOLVE_FLAGS,
        Act.CHANGE_SCORE,
        Act.READ_NOMINATION,
        Act.READ_APPLICATION,
        Act.READ_PANEL,
        Act.READ_PANEL_SCORES,
        Act.READ_PROPOSED_ORDER,
        Act.READ_AUDIT,
    }
)
_BOARD = frozenset(
    {
        Act.SCREEN,
        Act.DRAFT_DECISION,
        Act.APPROVE_DECISION,
        Act.REOPEN_DECISION,
        Act.PREVIEW_RELEASE,
        Act.RELEASE,
        Act.PROMOTE,
        Act.SEARCH_POOL,
        Act.READ_NOMINATION,
        Act.READ_APPLICATION,
        Act.READ_PANEL,
        Act.READ_PANEL_SCORES,
        Act.READ_PROPOSED_ORDER,
        Act.READ_AUDIT,
    }
)
_INCLUSION_ADVISER = frozenset({Act.SEE_EQUALITY_AGGREGATES})
_OPERATIONS = frozenset(
    {
        Act.PAUSE,
        Act.RESUME,
        Act.EXTEND,
        Act.DEFER,
        Act.READMIT,
        Act.LET_IN_LATE,
        Act.REASSIGN,
        Act.UNBLOCK,
        Act.OPEN_COHORT,
        Act.MOVE_WINDOW,
        Act.CLOSE_NOW,
        Act.ROLL_CALL,
        Act.SOLVE,
        Act.READ_RUN,
        Act.RELEASE_RUN,
        Act.DISCARD_RUN,
        Act.UNDO_RUN,
        Act.IMPORT_REGISTER,
        Act.IMPORT_NOMINATIONS,
        Act.DECLARE_CONFLICT,
        Act.READ_NOMINATION,
        Act.READ_PANEL,
        Act.READ_AUDIT,
    }
)
_SYSTEM = frozenset({Act.ROLL_CALL, Act.SOLVE, Act.RELEASE_RUN})

GRANTS: Mapping[Role, frozenset[Act]] = MappingProxyType(
    {
        Role.NOMINATOR: _NOMINATOR,
        Role.NOMINEE: _NOMINEE,
        Role.ASSESSOR: _ASSESSOR,
        Role.MODERATOR: _MODERATOR,
        Role.BOARD: _BOARD,
        Role.INCLUSION_ADVISER: _INCLUSION_ADVISER,
        Role.OPERATIONS: _OPERATIONS,
        Role.SYSTEM: _SYSTEM,
    }
)
"""For each role, the acts it may do; whatever is not here is refused."""

CODED_REASON: Mapping[Act, type[StrEnum]] = MappingProxyType(
    {
        Act.WITHDRAW: WithdrawReason,
        Act.DECLINE_ASSESSMENT: AssessorDeclineReason,
        Act.CHANGE_SCORE: ScoreChangeReason,
        Act.SCREEN: ScreeningReason,
        Act.DRAFT_DECISION: DecisionReason,
        Act.PAUSE: SteerReason,
        Act.EXTEND: SteerReason,
        Act.DEFER: SteerReason,
        Act.READMIT: SteerReason,
        Act.LET_IN_LATE: SteerReason,
        Act.REASSIGN: SteerReason,
        Act.UNBLOCK: SteerReason,
        Act.MOVE_WINDOW: SteerReason,
        Act.CLOSE_NOW: SteerReason,
        Act.DISCARD_RUN: SteerReason,
        Act.UNDO_RUN: SteerReason,
    }
)
"""The acts that need a coded reason, and the reasons to choose from."""

_OUTCOMES = frozenset(
    {Act.SCREEN, Act.DRAFT_DECISION, Act.APPROVE_DECISION, Act.REOPEN_DECISION, Act.RELEASE, Act.PROMOTE}
)
_SCORES = frozenset({Act.READ_OWN_SCORES, Act.READ_PANEL_SCORES, Act.READ_PROPOSED_ORDER})
_EQUALITY = frozenset({Act.SEE_EQUALITY_AGGREGATES, Act.SEE_EQUALITY_OF_PERSON})
_OFFICERS = frozenset({Role.MODERATOR, Role.BOARD, Role.OPERATIONS})
_NOT_ON_A_CASE = frozenset({Act.KEEP_AVAILABILITY, Act.SEARCH_POOL})

_ACTS: Mapping[Act, str] = MappingProxyType(
    {
        Act.DECLINE_NOMINATION: "decline a nomination",
        Act.SAVE_DRAFT: "save a draft",
        Act.SUBMIT_APPLICATION: "submit an application",
        Act.READ_NOMINATION: "read a nomination",
        Act.READ_APPLICATION: "read an application",
        Act.READ_PANEL: "see who assesses a nomination",
        Act.RECORD_EQUALITY: "answer equality questions",
        Act.STOP_EQUALITY_USE: "stop the use of equality answers",
        Act.DECLARE_CONFLICT: "declare a conflict of interest",
        Act.ACCEPT: "accept an assessment",
        Act.DECLINE_ASSESSMENT: "decline an assessment",
        Act.SAVE_SCORE: "save a score",
        Act.READ_OWN_SCORES: "read their own scores",
        Act.READ_PANEL_SCORES: "read a panel's scores",
        Act.CHANGE_SCORE: "change a score",
        Act.READ_PROPOSED_ORDER: "read the proposed order",
        Act.DRAFT_DECISION: "draft a decision",
        Act.APPROVE_DECISION: "approve a decision",
        Act.REOPEN_DECISION: "reopen a decision",
        Act.PREVIEW_RELEASE: "preview the release",
        Act.RELEASE: "release decisions",
        Act.PROMOTE: "move a nomination up from the reserve list",
        Act.SEARCH_POOL: "search the pool",
        Act.READMIT: "let a nomination back in",
        Act.LET_IN_LATE: "let a nomination in late",
        Act.OPEN_COHORT: "open a cohort",
        Act.MOVE_WINDOW: "move the window",
        Act.CLOSE_NOW: "close the window",
        Act.ROLL_CALL: "call the roll",
        Act.SOLVE: "ask for an allocation run",
        Act.READ_RUN: "read an allocation run",
        Act.RELEASE_RUN: "release an allocation run",
        Act.DISCARD_RUN: "discard an allocation run",
        Act.UNDO_RUN: "undo an allocation run",
        Act.IMPORT_REGISTER: "import a register",
        Act.READ_AUDIT: "read the audit trail",
        Act.SEE_EQUALITY_OF_PERSON: "see a person's equality data",
    }
)
"""Acts whose words in a sentence are not simply their name."""

_WORDS: Mapping[Role, str] = MappingProxyType(
    {
        Role.NOMINATOR: "A nominator",
        Role.NOMINEE: "A nominee",
        Role.ASSESSOR: "An assessor",
        Role.MODERATOR: "A QA moderator",
        Role.BOARD: "The talent board",
        Role.INCLUSION_ADVISER: "An inclusion adviser",
        Role.OPERATIONS: "Operations",
        Role.SYSTEM: "The system",
    }
)


def may(role: Role, act: Act) -> Verdict:
    """Whether a role may do an act at all; `may_on` also asks whose nomination or assessment it is."""
    if act in GRANTS[role]:
        return Verdict(allowed=True, reason=f"{_WORDS[role]} may {_named(act)}.")
    return Verdict(allowed=False, reason=f"{_WORDS[role]} may not {_named(act)}: {_why_not(role, act)}.")


def may_on(actor: Actor, act: Act, subject: Subject) -> Verdict:
    """Whether this person may do this act to this nomination or assessment.

    A nominator acts for their own organisation only, a nominee on their own nomination, an assessor on their own
    assessment, never with a conflict of interest, and sees the panel's scores only after submitting their own.
    """
    verdict = may(actor.role, act)
    if not verdict or act in _NOT_ON_A_CASE:
        return verdict
    refusal = _not_theirs(actor, act, subject)
    return verdict if refusal is None else Verdict(allowed=False, reason=refusal)


def may_approve(drafted_by: PersonId, approver: PersonId, policy: Policy) -> Verdict:
    """Whether a person may approve a decision that ``drafted_by`` drafted; both are known to be of the board."""
    if policy.admission.two_people and drafted_by == approver:
        return Verdict(
            allowed=False,
            reason="The person who drafted a decision may not approve it: ask another member of the board.",
        )
    return Verdict(allowed=True, reason="The decision may be approved.")


def _not_theirs(actor: Actor, act: Act, subject: Subject) -> str | None:
    if actor.role is Role.NOMINATOR and (actor.organisation is None or actor.organisation != subject.organisation):
        return f"A nominator may {_named(act)} only for their own organisation."
    if actor.role is Role.NOMINEE and actor.person != subject.nominee:
        return f"A nominee may {_named(act)} only on their own nomination."
    if actor.role is Role.ASSESSOR:
        return _not_this_assessors(actor, act, subject)
    if actor.role in _OFFICERS and actor.person == subject.nominee:
        return f"Nobody may {_named(act)} on their own nomination: ask somebody else in your role."
    return None


def _not_this_assessors(actor: Actor, act: Act, subject: Subject) -> str | None:
    if act is Act.DECLARE_CONFLICT:
        return None
    if actor.assessor is None or actor.assessor not in subject.assessors:
        return f"An assessor may {_named(act)} only on their own assessment."
    if subject.conflicted and act is not Act.DECLINE_ASSESSMENT:
        return f"An assessor with a conflict of interest may not {_named(act)}: decline the assessment instead."
    if act is Act.READ_PANEL_SCORES and not subject.submitted:
        return "An assessor may read the panel's scores only after submitting their own."
    return None


def _why_not(role: Role, act: Act) -> str:
    if act is Act.SEE_EQUALITY_OF_PERSON:
        return "equality data is seen only as aggregates, and by an inclusion adviser"
    if act in _EQUALITY:
        return "only an inclusion adviser sees equality aggregates"
    if role is Role.OPERATIONS and act in _OUTCOMES:
        return "operations never decide outcomes"
    if role is Role.NOMINATOR and act in _SCORES:
        return "scores are not shown to organisations"
    if role in {Role.NOMINATOR, Role.NOMINEE} and act is Act.READ_PANEL:
        return "it is kept from organisations and nominees"
    allowed = [_WORDS[other][0].lower() + _WORDS[other][1:] for other in Role if act in GRANTS[other]]
    return f"this is done by {' or '.join(allowed)}"


def _named(act: Act) -> str:
    return _ACTS.get(act, act.value.replace("_", " "))
