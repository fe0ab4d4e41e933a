"""The stage table: from where to where a nomination may go, and what may be done in each stage.

The workflow asks this table before it moves; nothing else moves a nomination. Source: the life of a nomination
in docs/how-a-nomination-travels.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

from models.enums import Stage, StageChange

_LEAVE = {StageChange.WITHDRAW: Stage.WITHDRAWN, StageChange.DEFER: Stage.DEFERRED}

TABLE: Mapping[Stage, Mapping[StageChange, Stage]] = MappingProxyType(
    {
        Stage.NOMINATED: {
            StageChange.CONSENT: Stage.APPLYING,
            StageChange.DECLINE: Stage.DECLINED_BY_NOMINEE,
            StageChange.LAPSE: Stage.LAPSED,
            **_LEAVE,
        },
        Stage.APPLYING: {
            StageChange.SUBMIT: Stage.SCREENING,
            StageChange.LAPSE: Stage.LAPSED,
            **_LEAVE,
        },
        Stage.SCREENING: {
            StageChange.PASS_SCREENING: Stage.AWAITING_PANEL,
            StageChange.FAIL_SCREENING: Stage.INELIGIBLE,
            **_LEAVE,
        },
        Stage.AWAITING_PANEL: {StageChange.SEAT_PANEL: Stage.SCORING, **_LEAVE},
        Stage.SCORING: {
            StageChange.COMPLETE_SCORES: Stage.QUALITY_ASSURANCE,
            StageChange.TAKE_BACK_PANEL: Stage.AWAITING_PANEL,
            **_LEAVE,
        },
        Stage.QUALITY_ASSURANCE: {
            StageChange.ASK_FOR_MORE: Stage.SCORING,
            StageChange.CONFIRM_QUALITY: Stage.AWAITING_DECISION,
            **_LEAVE,
        },
        Stage.AWAITING_DECISION: {StageChange.DECIDE: Stage.DECIDED, **_LEAVE},
        Stage.DECIDED: {
            StageChange.REOPEN_DECISION: Stage.AWAITING_DECISION,
            StageChange.RELEASE_ADMITTED: Stage.IN_POOL,
            StageChange.RELEASE_RESERVED: Stage.RESERVED,
            StageChange.RELEASE_NOT_ADMITTED: Stage.NOT_ADMITTED,
            **_LEAVE,
        },
        Stage.IN_POOL: {StageChange.WITHDRAW: Stage.WITHDRAWN},
        Stage.RESERVED: {
            StageChange.PROMOTE: Stage.IN_POOL,
            StageChange.LAPSE: Stage.LAPSED,
            StageChange.WITHDRAW: Stage.WITHDRAWN,
        },
        Stage.LAPSED: {StageChange.READMIT: Stage.APPLYING},
        Stage.DECLINED_BY_NOMINEE: {},
        Stage.INELIGIBLE: {},
        Stage.WITHDRAWN: {},
        Stage.NOT_ADMITTED: {},
        Stage.DEFERRED: {},
    }
)
"""For each stage, the changes that leave it and where each leads."""

WITH_DEADLINE: frozenset[Stage] = frozenset({Stage.NOMINATED, Stage.APPLYING})
"""Stages whose deadline is the nominee's own and can be extended."""

PAUSABLE: frozenset[Stage] = frozenset(
    {
        Stage.NOMINATED,
        Stage.APPLYING,
        Stage.SCREENING,
        Stage.AWAITING_PANEL,
        Stage.SCORING,
        Stage.QUALITY_ASSURANCE,
        Stage.AWAITING_DECISION,
    }
)
"""Stages in which a nomination can be paused: until the board has decided."""

WORDS: Mapping[Stage, str] = MappingProxyType(
    {
        Stage.NOMINATED: "waiting for the nominee's consent",
        Stage.APPLYING: "waiting for the application",
        Stage.SCREENING: "being screened",
        Stage.AWAITING_PANEL: "waiting for a panel",
        Stage.SCORING: "being scored by its panel",
        Stage.QUALITY_ASSURANCE: "in quality assurance",
        Stage.AWAITING_DECISION: "waiting for the board's decision",
        Stage.DECIDED: "decided and waiting for release",
        Stage.IN_POOL: "in the pool",
        Stage.RESERVED: "on the reserve list",
        Stage.DECLINED_BY_NOMINEE: "declined by the nominee",
        Stage.LAPSED: "lapsed, because a deadline passed",
        Stage.INELIGIBLE: "not eligible",
        Stage.WITHDRAWN: "withdrawn",
        Stage.NOT_ADMITTED: "not admitted",
        Stage.DEFERRED: "deferred to a later cohort",
    }
)

_ACT: Mapping[StageChange, str] = MappingProxyType(
    {
        StageChange.CONSENT: "give consent",
        StageChange.DECLINE: "decline the nomination",
        StageChange.SUBMIT: "submit the application",
        StageChange.PASS_SCREENING: "pass screening",
        StageChange.FAIL_SCREENING: "find the nomination not eligible",
        StageChange.SEAT_PANEL: "seat a panel",
        StageChange.TAKE_BACK_PANEL: "take the panel back",
        StageChange.COMPLETE_SCORES: "complete the scores",
        StageChange.ASK_FOR_MORE: "ask the panel for more",
        StageChange.CONFIRM_QUALITY: "confirm the scores",
        StageChange.DECIDE: "decide",
        StageChange.REOPEN_DECISION: "reopen the decision",
        StageChange.RELEASE_ADMITTED: "release the decision",
        StageChange.RELEASE_RESERVED: "release the decision",
        StageChange.RELEASE_NOT_ADMITTED: "release the decision",
        StageChange.PROMOTE: "move up from the reserve list",
        StageChange.LAPSE: "lapse",
        StageChange.WITHDRAW: "withdraw",
        StageChange.DEFER: "defer to a later cohort",
        StageChange.READMIT: "be let back in",
    }
)


def leads_to(stage: Stage, change: StageChange) -> Stage | None:
    """Where ``change`` leads from ``stage``, or None if it is not allowed there."""
    return TABLE[stage].get(change)


def may_pause(stage: Stage) -> bool:
    """Whether a nomination in this stage can be paused."""
    return stage in PAUSABLE


def refusal(stage: Stage, change: StageChange) -> str | None:
    """A sentence that says why ``change`` is refused in ``stage`` and where it is allowed; None if it is not."""
    if change in TABLE[stage]:
        return None
    allowed = [WORDS[origin] for origin in Stage if change in TABLE[origin]]
    return (
        f"It is too late, or too early, to {_ACT[change]}: the nomination is {WORDS[stage]}. "
        f"This is possible while it is {' or '.join(allowed)}."
    )
