"""The words of the board's pages for stored codes."""

from collections.abc import Mapping
from types import MappingProxyType

from models.enums import CohortPhase, DecisionReason, Outcome, Stage, Template
from storage.board_pages import Standing

OUTCOMES: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.ADMITTED: "Admitted", Outcome.RESERVED: "Reserve list", Outcome.NOT_ADMITTED: "Not admitted"}
)
REASONS: Mapping[DecisionReason, str] = MappingProxyType(
    {
        DecisionReason.PROPOSED_ORDER: "It follows the proposed order",
        DecisionReason.TOO_CLOSE_TO_CALL: "Too close to call: the board looked at it",
        DecisionReason.BREADTH_OF_POOL: "Breadth of the pool",
        DecisionReason.BELOW_STANDARD: "Below the standard",
        DecisionReason.BOARD_JUDGEMENT: "The board’s judgement",
    }
)
STANDINGS: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.MISSING: "To decide",
        Standing.DRAFTED: "Drafted",
        Standing.APPROVED: "Approved",
        Standing.RELEASED: "Released",
    }
)
COLOURS: Mapping[Standing, str] = MappingProxyType(
    {Standing.MISSING: "grey", Standing.DRAFTED: "yellow", Standing.APPROVED: "blue", Standing.RELEASED: "green"}
)
STAGES: Mapping[Stage, str] = MappingProxyType(
    {
        Stage.NOMINATED: "Waiting for consent",
        Stage.APPLYING: "Applying",
        Stage.SCREENING: "Being screened",
        Stage.AWAITING_PANEL: "Waiting for a panel",
        Stage.SCORING: "Being scored",
        Stage.QUALITY_ASSURANCE: "In quality assurance",
        Stage.AWAITING_DECISION: "Waiting for the board",
        Stage.DECIDED: "Decided, not released",
        Stage.IN_POOL: "In the pool",
        Stage.RESERVED: "On the reserve list",
        Stage.DECLINED_BY_NOMINEE: "Declined by the nominee",
        Stage.LAPSED: "Lapsed",
        Stage.INELIGIBLE: "Not eligible",
        Stage.WITHDRAWN: "Withdrawn",
        Stage.NOT_ADMITTED: "Not admitted",
        Stage.DEFERRED: "Deferred",
    }
)
PHASES: Mapping[CohortPhase, str] = MappingProxyType(
    {
        CohortPhase.SCHEDULED: "The nomination window has not opened yet",
        CohortPhase.OPEN: "The nomination window is open",
        CohortPhase.CLOSED: "The window has closed; applications are being completed and screened",
        CohortPhase.ALLOCATING: "Panels are being put together",
        CohortPhase.SCORING: "Panels are scoring",
        CohortPhase.QUALITY_ASSURANCE: "Scores are being checked",
        CohortPhase.DECIDING: "The board decides",
        CohortPhase.RELEASED: "Decisions have been released",
        CohortPhase.ENDED: "The cohort has ended",
    }
)
LETTERS: Mapping[Outcome, tuple[Template, ...]] = MappingProxyType(
    {
        Outcome.ADMITTED: (Template.ADMITTED, Template.FEEDBACK),
        Outcome.RESERVED: (Template.RESERVED, Template.FEEDBACK),
        Outcome.NOT_ADMITTED: (Template.NOT_ADMITTED, Template.FEEDBACK),
    }
)
"""The letters that a nominee gets when a decision is released; a test holds them to what the workflow sends."""


def reason_words(code: str) -> str:
    """A stored reason in words."""
    return next((words for reason, words in REASONS.items() if reason.value == code), code)
