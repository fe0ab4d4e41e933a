"""Where a nomination stands, in words for the nominee."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models.enums import Stage, SteerReason, WithdrawReason


@dataclass(frozen=True)
class StageWords:
    """A stage for the nominee: the words of its tag, the tag's colour, and a sentence."""

    tag: str
    colour: str
    sentence: str


WORDS: Mapping[Stage, StageWords] = MappingProxyType(
    {
        Stage.NOMINATED: StageWords("Your answer needed", "orange", "We need to know if you agree to be nominated."),
        Stage.APPLYING: StageWords("Application open", "blue", "You agreed to be nominated. You can apply now."),
        Stage.SCREENING: StageWords(
            "Checking eligibility", "blue", "We have your application and are checking that you are eligible."
        ),
        Stage.AWAITING_PANEL: StageWords(
            "Application sent", "blue", "We have your application. We are choosing who will assess it."
        ),
        Stage.SCORING: StageWords("Being assessed", "blue", "Trained senior leaders are assessing your application."),
        Stage.QUALITY_ASSURANCE: StageWords(
            "Being checked", "blue", "Your application has been assessed. A moderator is checking the assessment."
        ),
        Stage.AWAITING_DECISION: StageWords(
            "Waiting for the board", "blue", "Your application has been assessed. The talent board decides next."
        ),
        Stage.DECIDED: StageWords(
            "Waiting for release",
            "blue",
            "The talent board releases all decisions of this round together. Nobody is told before.",
        ),
        Stage.IN_POOL: StageWords("In the pool", "green", "You are in the talent pool."),
        Stage.RESERVED: StageWords("On the reserve list", "aqua-green", "You are on the reserve list."),
        Stage.DECLINED_BY_NOMINEE: StageWords("You declined", "grey", "You did not agree to be nominated."),
        Stage.LAPSED: StageWords("Ended", "grey", "Your nomination ended because a deadline passed."),
        Stage.INELIGIBLE: StageWords("Not eligible", "grey", "You did not meet the rules of this round."),
        Stage.WITHDRAWN: StageWords("Withdrawn", "grey", "This nomination was withdrawn."),
        Stage.NOT_ADMITTED: StageWords(
            "Not admitted", "grey", "The talent board did not admit you to the pool in this round."
        ),
        Stage.DEFERRED: StageWords("Put off", "grey", "This nomination was put off to a later round."),
    }
)

HAPPENED: Mapping[Stage, str] = MappingProxyType(
    {
        Stage.NOMINATED: "You were nominated",
        Stage.APPLYING: "Your application was opened",
        Stage.SCREENING: "You sent your application",
        Stage.AWAITING_PANEL: "You were found eligible",
        Stage.SCORING: "Your application went to its assessors",
        Stage.QUALITY_ASSURANCE: "The assessment was finished",
        Stage.AWAITING_DECISION: "The assessment was checked",
        Stage.DECIDED: "Your case was ready for release",
        Stage.IN_POOL: "You were admitted to the pool",
        Stage.RESERVED: "You were put on the reserve list",
        Stage.DECLINED_BY_NOMINEE: "You declined the nomination",
        Stage.LAPSED: "The nomination ended because a deadline passed",
        Stage.INELIGIBLE: "You were found not eligible",
        Stage.WITHDRAWN: "The nomination was withdrawn",
        Stage.NOT_ADMITTED: "You were not admitted in this round",
        Stage.DEFERRED: "The nomination was put off to a later round",
    }
)
"""What has happened when a nomination comes to a stage."""

WITHDRAW_REASONS: Mapping[WithdrawReason, str] = MappingProxyType(
    {
        WithdrawReason.NEW_POST: "I have a new post",
        WithdrawReason.PERSONAL: "Personal reasons",
        WithdrawReason.NO_LONGER_SUPPORTED: "My organisation no longer supports the nomination",
        WithdrawReason.ENTERED_IN_ERROR: "I was nominated by mistake",
        WithdrawReason.OTHER: "Another reason",
    }
)

STEER_REASONS: Mapping[SteerReason, str] = MappingProxyType(
    {
        SteerReason.ILLNESS: "I am or was ill",
        SteerReason.LEAVE: "I am or was on leave",
        SteerReason.WORKLOAD: "Pressure of work",
        SteerReason.TECHNICAL_FAULT: "The service did not work for me",
        SteerReason.REASONABLE_ADJUSTMENT: "I need longer because of a disability or health condition",
        SteerReason.ORGANISATION_DELAY: "My organisation was late with something I need",
        SteerReason.OTHER: "Another reason",
    }
)
"""Why a nominee asks for more time, or puts a nomination off; the board's own reason is not theirs to give."""
