"""Who is awaited at each stage of a nomination, and who can make it go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.enums import Stage
from models.tables import Nomination


@dataclass(frozen=True)
class Awaited:
    """Whose turn it is, what they are asked, and who can help if nothing comes."""

    who: str
    what: str
    helper: str


_NOBODY: Final = "Nobody: it is over"
_STAGES: Final = {
    Stage.NOMINATED: Awaited(
        "{nominee}", "to consent or decline", "Operations give longer, or pause. Without an answer it lapses."
    ),
    Stage.APPLYING: Awaited(
        "{nominee}", "to send the application", "Operations give longer, or pause. Without it the nomination lapses."
    ),
    Stage.SCREENING: Awaited(
        "A QA moderator or the talent board",
        "to say whether it is eligible, where a rule is not met",
        "A QA moderator or the board screens it. A missing endorsement is the organisation’s to give.",
    ),
    Stage.AWAITING_PANEL: Awaited(
        "The allocation, and operations",
        "to propose a panel, and to release it",
        "Operations ask for a run and release it under Allocation.",
    ),
    Stage.SCORING: Awaited(
        "{assessors}", "to answer and score", "Operations give an assessor longer, or ask another one."
    ),
    Stage.QUALITY_ASSURANCE: Awaited(
        "A QA moderator", "to settle the flags", "A QA moderator. There is no deadline: it waits until then."
    ),
    Stage.AWAITING_DECISION: Awaited(
        "The talent board", "to decide", "The board. There is no deadline: it waits until then."
    ),
    Stage.DECIDED: Awaited("The talent board", "to release all decisions together", "The board, by the release."),
    Stage.IN_POOL: Awaited("Nobody", "", "The place is kept until the cohort ends."),
    Stage.RESERVED: Awaited(
        "The talent board",
        "to admit from the reserve list, if it wishes",
        "The board, until the reserve list closes.",
    ),
    Stage.LAPSED: Awaited(_NOBODY, "", "Operations can let it back in until decisions are released."),
}
_OVER: Final = Awaited(_NOBODY, "", "Nobody: this is an end.")
CODES: Final = {
    "NoAssessorFound": "No allowed assessor is left for a seat. Add assessors, renew training that has "
    "expired, raise a capacity or widen availability, then try the step again.",
    "StoredStateRefused": "The database refuses the step by a constraint. The worker’s log names it: mend the rows, "
    "then try the step again.",
    "ApplicationMissing": "Screening found no submitted application, as after a restore. Mend it, then try the step "
    "again.",
}
"""What the codes of needs attention mean, and what usually helps."""


def listed(names: Sequence[str]) -> str:
    """Names as people write them: ``Ann, Ben and Cy``."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def awaited_of(row: Nomination, nominee: str, at_work: tuple[str, ...], handed_to: str) -> Awaited:
    """Whose turn it is now.

    Args:
        row: The nomination.
        nominee: The nominee's name.
        at_work: The assessors who owe an answer or scores.
        handed_to: Who looks after it, where it was handed over.
    """
    if row.attention_code:
        who = handed_to or "Operations"
        return Awaited(who, "to give a step that failed its way out", "Operations: try again, skip, or hand over.")
    if row.paused:
        return Awaited("Operations", "to resume it", "Operations. Nothing is due until then.")
    found = _STAGES.get(row.stage, _OVER)
    who = found.who.format(nominee=f"The nominee, {nominee},", assessors=listed(at_work) or "The allocation")
    what = found.what if at_work or row.stage is not Stage.SCORING else "to find another assessor"
    return Awaited(who, what, found.helper)
