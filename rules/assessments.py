"""The stage table of an assessment: where it may go from where, in words a person can act on."""

from collections.abc import Mapping
from types import MappingProxyType

from models.enums import AssessmentStage

_S = AssessmentStage
_OUT = frozenset({_S.DECLINED, _S.EXPIRED, _S.REPLACED, _S.STOOD_DOWN})

TABLE: Mapping[AssessmentStage, frozenset[AssessmentStage]] = MappingProxyType(
    {
        _S.SEATED: frozenset({_S.OFFERED, _S.RETURNED, _S.STOOD_DOWN, _S.REPLACED, _S.TAKEN_BACK}),
        _S.OFFERED: frozenset({_S.ACCEPTED, _S.TAKEN_BACK}) | _OUT,
        _S.ACCEPTED: frozenset({_S.SUBMITTED}) | _OUT,
        _S.RETURNED: frozenset({_S.SUBMITTED}) | _OUT,
        _S.SUBMITTED: frozenset({_S.RETURNED}),
        _S.DECLINED: frozenset(),
        _S.EXPIRED: frozenset(),
        _S.REPLACED: frozenset(),
        _S.STOOD_DOWN: frozenset(),
        _S.TAKEN_BACK: frozenset(),
    }
)
"""For each stage, the stages it may lead to. A submitted assessment is returned as a new run of its workflow,
and so is one that was taken back, if a later run seats the same assessor: they never answered."""

SCORING: frozenset[AssessmentStage] = frozenset({_S.ACCEPTED, _S.RETURNED})
"""Stages in which the assessor can score."""

GIVEN_UP: frozenset[AssessmentStage] = frozenset({_S.DECLINED, _S.EXPIRED, _S.REPLACED})
"""Stages after which another assessor is asked."""

WORDS: Mapping[AssessmentStage, str] = MappingProxyType(
    {
        _S.SEATED: "about to be offered",
        _S.OFFERED: "offered and waiting for an answer",
        _S.ACCEPTED: "accepted and being scored",
        _S.SUBMITTED: "submitted",
        _S.RETURNED: "returned for more evidence",
        _S.DECLINED: "declined",
        _S.EXPIRED: "expired, because a deadline passed",
        _S.REPLACED: "given to another assessor",
        _S.STOOD_DOWN: "no longer needed",
        _S.TAKEN_BACK: "taken back, because its run was undone",
    }
)

WAITS_FOR: Mapping[AssessmentStage, str] = MappingProxyType(
    {stage: f"the assessment is {words}" for stage, words in WORDS.items()}
    | {
        _S.OFFERED: "waits for the assessor's answer",
        _S.ACCEPTED: "waits for the assessor's scores",
        _S.RETURNED: "waits for more evidence from the assessor",
    }
)

_ACT: Mapping[AssessmentStage, str] = MappingProxyType(
    {
        _S.SEATED: "seat",
        _S.OFFERED: "offer",
        _S.ACCEPTED: "accept",
        _S.SUBMITTED: "submit the scores of",
        _S.RETURNED: "return",
        _S.DECLINED: "decline",
        _S.EXPIRED: "expire",
        _S.REPLACED: "reassign",
        _S.STOOD_DOWN: "stand down",
        _S.TAKEN_BACK: "take back",
    }
)


def refusal(stage: AssessmentStage, to: AssessmentStage) -> str | None:
    """A sentence that says why an assessment in ``stage`` cannot become ``to``; None if it can."""
    if to in TABLE[stage]:
        return None
    allowed = [WORDS[origin] for origin in AssessmentStage if to in TABLE[origin]]
    return f"You cannot {_ACT[to]} this assessment: it is {WORDS[stage]}. " + (
        f"This is possible while it is {' or '.join(allowed)}." if allowed else ""
    )
