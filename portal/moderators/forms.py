"""What the forms of moderators ask, and the scores a moderator wants changed."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from acts.board import ChangedScore
from models.enums import ScoreChangeReason
from models.ids import AssessmentId
from portal.forms import Bound, Form
from storage.moderator_pages import PanelCase

NOTE_LENGTH = 2000
"""Most characters of a note."""
Chosen = Annotated[tuple[int, ...], Field(min_length=1, max_length=500)]
_CHOOSE = "Choose at least one flag"


class FlagsForm(Form):
    """Which flags are settled, and whether they have been looked at once more."""

    flags: Chosen
    checked: str = ""
    again: str = ""
    sentences: ClassVar = {"flags": _CHOOSE}


class EvidenceForm(Form):
    """Which flags are settled, and of whom more evidence is asked."""

    flags: Chosen
    assessment: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    sentences: ClassVar = {"flags": _CHOOSE, "assessment": "Choose the assessor you ask for more evidence"}


class ChangeForm(Form):
    """Which flags are settled by changed scores, why, and whether the changes have been looked at once more."""

    flags: Chosen
    reason: ScoreChangeReason
    note: Annotated[str, StringConstraints(min_length=1, max_length=NOTE_LENGTH)]
    checked: str = ""
    again: str = ""
    sentences: ClassVar = {
        "flags": _CHOOSE,
        "reason": "Choose why the scores change",
        "note": f"Write why the scores change, in at most {NOTE_LENGTH} characters",
    }
    running: ClassVar = frozenset({"note"})


def score_field(assessment: str, criterion: str) -> str:
    """The name of the field that holds a score."""
    return f"score.{assessment}.{criterion}"


def seen_field(assessment: str, criterion: str) -> str:
    """The name of the hidden field that holds what a score was when the page was made.

    The underscore keeps it out of what a page gives back when a form could not be taken.
    """
    return f"_seen.{assessment}.{criterion}"


def scores_typed(case: PanelCase) -> dict[str, str]:
    """The fields of all scores as they stand."""
    return {
        name(score.assessment_id, score.criterion): str(score.value)
        for seat in case.submitted
        for score in seat.scores
        for name in (score_field, seen_field)
    }


def changes_in(
    form: Bound[ChangeForm], case: PanelCase
) -> tuple[tuple[ChangedScore, ...], dict[tuple[str, str], int]]:
    """The scores that were changed against what the moderator saw, and what they saw of each.

    Marks the form where a score is off the scale, or where nothing is changed.
    """
    value, scoring = form.value, case.policy.scoring
    changes: list[ChangedScore] = []
    seen: dict[tuple[str, str], int] = {}
    for seat in case.submitted:
        for score in seat.scores:
            field = score_field(score.assessment_id, score.criterion)
            was = _number(form.typed[seen_field(score.assessment_id, score.criterion)], score.value)
            now = _number(form.typed[field], was)
            if not scoring.lowest <= now <= scoring.highest:
                form.refuse(field, f"Choose a score from {scoring.lowest} to {scoring.highest}")
            elif now != was and value is not None:
                where = AssessmentId(score.assessment_id)
                changes.append(ChangedScore(where, score.criterion, now, value.reason, value.note))
                seen[score.assessment_id, score.criterion] = was
    if value is not None and form.value is not None and not changes:
        first = next((score_field(s.assessment_id, s.criterion) for seat in case.submitted for s in seat.scores), "")
        form.refuse(first, "Change at least one score, or confirm the scores instead")
    return tuple(changes), seen


def any_changed(form: Bound[ChangeForm], case: PanelCase) -> bool:
    """Whether any score differs from what the moderator saw, or would but for a mistake."""
    return any(
        form.typed[field] and form.typed[field] != (form.typed[seen_field(*where)] or str(score.value))
        for seat in case.submitted
        for score in seat.scores
        for where in [(score.assessment_id, score.criterion)]
        for field in [score_field(*where)]
    )


def _number(typed: str, otherwise: int) -> int:
    """A score as typed; -1 for what is no number, which is on no scale."""
    if not typed:
        return otherwise
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else -1
