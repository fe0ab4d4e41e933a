"""Where a nomination stands, what happens next and when, as an organisation reads it.

Nothing here tells who assesses, what they scored, or what the board decided before it is released.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from models.enums import Outcome, Stage
from models.policy import Policy
from portal.deadlines import Deadline
from portal.words import moment
from rules.calendar import after
from storage.nominator_pages import OwnNomination

NO_DATE = "No date is set for this step."
_TOGETHER = "All decisions of the round are released together."


@dataclass(frozen=True)
class StageWords:
    """A stage in words: a tag with its colour, where it stands, what happens next, what ``due_at`` means there.

    ``late`` is what happens next once ``due_at`` has passed, in the policy's grace.
    """

    tag: str
    colour: str
    now: str
    next: str
    by: str = ""
    past: str = ""
    late: str = ""


@dataclass(frozen=True)
class Standing:
    """Where one nomination stands."""

    tag: str
    colour: str
    now: str
    next: str
    when: str


WORDS: Mapping[Stage, StageWords] = MappingProxyType(
    {
        Stage.NOMINATED: StageWords(
            "Invited",
            "blue",
            "We have invited the nominee and wait for their answer.",
            "The nominee says whether they agree to be nominated. We remind them before the deadline.",
            by="They have until",
            past="Nominated",
            late="The nominee has not said yet whether they agree to be nominated.",
        ),
        Stage.APPLYING: StageWords(
            "Applying",
            "blue",
            "The nominee has agreed and is writing their application.",
            "The nominee sends their application. We remind them before the deadline.",
            by="They have until",
            past="The nominee agreed to be nominated",
            late="The nominee has not sent their application yet.",
        ),
        Stage.SCREENING: StageWords(
            "Screening",
            "aqua-green",
            "The application is in. We check whether it meets the rules of the round.",
            "If all rules are met, assessors are found. If one is not, a moderator or the board looks at it.",
            past="The application was sent",
        ),
        Stage.AWAITING_PANEL: StageWords(
            "Waiting for assessors",
            "aqua-green",
            "The nomination met the rules and waits for its assessors.",
            "Assessors are found for all waiting nominations together.",
            past="The rules of the round were met",
        ),
        Stage.SCORING: StageWords(
            "Being assessed",
            "aqua-green",
            "Senior leaders are assessing the application.",
            "When all assessments are in, they are checked.",
            past="The assessment began",
        ),
        Stage.QUALITY_ASSURANCE: StageWords(
            "Being checked",
            "aqua-green",
            "The assessments are in and are being checked.",
            "When the checks are done, the talent board decides.",
            past="The assessments were in",
        ),
        Stage.AWAITING_DECISION: StageWords(
            "Waiting for the board",
            "purple",
            "The talent board will decide.",
            f"The board decides on all nominations of the round. {_TOGETHER}",
            past="The checks were done",
        ),
        Stage.DECIDED: StageWords(
            "Decided",
            "purple",
            "The talent board has decided. Decisions are not known until they are released.",
            _TOGETHER,
            past="The board decided",
        ),
        Stage.IN_POOL: StageWords(
            "In the pool",
            "green",
            "The nominee is in the talent pool.",
            "Nothing more is needed from you. The nominee has had the decision and feedback.",
            past="The nominee joined the talent pool",
        ),
        Stage.RESERVED: StageWords(
            "Reserve list",
            "green",
            "The nominee is on the reserve list.",
            "If a place becomes free, the board may offer it to the nominee.",
            by="The reserve list closes at",
            past="The nominee was placed on the reserve list",
        ),
        Stage.DECLINED_BY_NOMINEE: StageWords(
            "Declined",
            "grey",
            "The nominee did not wish to be nominated.",
            "This nomination is over. You can nominate somebody else while the window is open.",
            past="The nominee declined",
        ),
        Stage.LAPSED: StageWords(
            "Lapsed",
            "grey",
            "A deadline passed without an answer from the nominee.",
            "This nomination is over. If there was a good reason, ask us whether it can be let back in.",
            past="The nomination lapsed because a deadline passed",
        ),
        Stage.INELIGIBLE: StageWords(
            "Not eligible",
            "grey",
            "The nomination did not meet the rules of the round.",
            "This nomination is over. The message we sent says which rules were not met.",
            past="The nomination was found not eligible",
        ),
        Stage.WITHDRAWN: StageWords(
            "Withdrawn",
            "grey",
            "The nomination was withdrawn.",
            "This nomination is over. You can nominate the person again in a later round.",
            past="The nomination was withdrawn",
        ),
        Stage.NOT_ADMITTED: StageWords(
            "Not admitted",
            "grey",
            "The board did not admit the nominee to the pool in this round.",
            "This nomination is over. The nominee has had feedback and can be nominated again in a later round.",
            past="The nominee was not admitted to the pool",
        ),
        Stage.DEFERRED: StageWords(
            "Deferred",
            "grey",
            "The nomination was put off to a later round.",
            "This nomination is over. Nominate the person again when a later round opens.",
            past="The nomination was put off to a later round",
        ),
    }
)
"""Each stage as an organisation reads it."""

_PAUSED = StageWords(
    "Paused",
    "yellow",
    "The nomination is paused, and its deadlines stand still.",
    "Our operations team lets it go on. Every deadline then moves by the time it stood still.",
)
_OFF_THE_LIST = StageWords(
    "Reserve list closed",
    "grey",
    "The reserve list closed before a place became free.",
    "This nomination is over. The nominee can be nominated again in a later round.",
    past="The reserve list closed",
)

_HAPPENED: Mapping[str, str] = MappingProxyType(
    {
        "readmit": "The nomination was let back in",
        "ask_for_more": "The assessment went on",
        "reopen_decision": "The board took its decision up again",
        "promote": "The nominee moved from the reserve list into the talent pool",
    }
)
"""Changes whose words are not those of the stage they lead to."""


def happened(what: str, stage: str, before: str) -> str:
    """A change of stage as something that happened; ``before`` is the stage it left, empty at the beginning."""
    if stage == Stage.LAPSED.value and before == Stage.RESERVED.value:
        return _OFF_THE_LIST.past
    return _HAPPENED.get(what) or WORDS[Stage(stage)].past


def standing_of(own: OwnNomination, now: datetime, policy: Policy) -> Standing:
    """Where this nomination stands."""
    row = own.nomination
    words = WORDS[row.stage]
    if row.stage is Stage.LAPSED and row.outcome is Outcome.RESERVED:
        words = _OFF_THE_LIST
    elif row.paused:
        words = _PAUSED
    coming, when = words.next, _when(words, row.due_at, now)
    if words.late and row.due_at is not None and row.due_at < now:
        last = after(row.due_at, policy.window.grace, policy.bank_holidays)
        coming, when = words.late, f"{Deadline(row.due_at, last, now).grace} Without it, the nomination ends then."
    if own.waits_for_endorsement:
        coming = f"Your organisation has still to endorse this self-nomination. {coming}"
    return Standing(words.tag, words.colour, words.now, coming, when)


def _when(words: StageWords, due_at: datetime | None, now: datetime) -> str:
    if words.colour == "grey" or words is WORDS[Stage.IN_POOL]:
        return ""
    if not words.by or due_at is None:
        return NO_DATE
    if due_at < now:
        return f"The deadline was {moment(due_at)}."
    return f"{words.by} {moment(due_at)}."
