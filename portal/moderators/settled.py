"""What is shown around settling flags: the scores to change, a look at the changes, and what happens next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from acts.board import ChangedScore
from models.enums import AssessmentStage, Resolution, Stage
from models.policy import ScoringPolicy
from models.tables import Flag
from portal.moderators.forms import score_field, seen_field
from portal.moderators.presenters import change_words
from portal.words import clock, moment
from rules.calendar import after, span_in_words
from storage.moderator_pages import PanelCase

_TITLES: Mapping[Resolution, str] = {
    Resolution.CONFIRM: "Scores confirmed",
    Resolution.MODERATE: "Scores changed",
    Resolution.MORE_EVIDENCE: "More evidence asked for",
    Resolution.ANOTHER_ASSESSOR: "One more assessor asked for",
}


@dataclass(frozen=True)
class ScoreField:
    """A score that can be changed: its fields, and whose it is."""

    name: str
    seen: str
    label: str


@dataclass(frozen=True)
class CriterionFields:
    """The scores on one criterion."""

    name: str
    fields: tuple[ScoreField, ...]


@dataclass(frozen=True)
class Option:
    """A choice of a form."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class ChangeShown:
    """What one change changes."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class NextStep:
    """Something that happens next."""

    title: str
    text: str = ""
    when: str = ""


@dataclass(frozen=True)
class DoneShown:
    """What was done, and what happens next."""

    title: str
    text: str
    changes: tuple[str, ...]
    steps: tuple[NextStep, ...]
    goes_on: bool


def score_options(scoring: ScoringPolicy) -> tuple[Option, ...]:
    """Every point of the scale in words."""
    points = range(scoring.lowest, scoring.highest + 1)
    return tuple(
        Option(str(point), f"{point}, {label.lower()}") for point, label in zip(points, scoring.labels, strict=True)
    )


def score_fields(case: PanelCase) -> tuple[CriterionFields, ...]:
    """The fields of all submitted scores, by criterion in the policy's order."""
    return tuple(
        CriterionFields(
            criterion.name,
            tuple(
                ScoreField(
                    score_field(seat.assessment.id, criterion.code),
                    seen_field(seat.assessment.id, criterion.code),
                    f"{seat.name}, who gave {score.value}",
                )
                for seat in case.submitted
                for score in seat.scores
                if score.criterion == criterion.code
            ),
        )
        for criterion in case.policy.scoring.criteria
    )


def changes_to_check(
    case: PanelCase, changes: Sequence[ChangedScore], seen: Mapping[tuple[str, str], int]
) -> tuple[ChangeShown, ...]:
    """The changes before they are made, from what the moderator saw."""
    words = {option.value: option.text for option in score_options(case.policy.scoring)}
    names = {seat.assessment.id: seat.name for seat in case.seats}
    criteria = {criterion.code: criterion.name for criterion in case.policy.scoring.criteria}
    return tuple(
        ChangeShown(
            label=f"{criteria[one.criterion]}, by {names[one.assessment]}",
            before=words[str(seen[one.assessment, one.criterion])],
            after=words[str(one.after)],
        )
        for one in changes
    )


def evidence_until(case: PanelCase, asked: str, flag: Flag) -> str:
    """Until when an assessor has who was asked for more evidence: as stored, else by the policy's own reckoning."""
    for seat in case.seats:
        returned = seat.assessment.id == asked and seat.assessment.stage is AssessmentStage.RETURNED
        if returned and seat.assessment.due_at is not None:
            return moment(seat.assessment.due_at)
    asked_at = flag.resolved_at or flag.raised_at
    return moment(after(asked_at, case.policy.assessors.score_within, case.policy.bank_holidays))


def done_shown(case: PanelCase, asked: str) -> DoneShown | None:
    """What the newest settlement did, and what happens next; None where no flag was ever settled.

    Args:
        case: The nomination.
        asked: The assessment of which more evidence was asked, where that is known.
    """
    newest = max((flag for flag in case.flags if flag.resolved_at), key=lambda flag: flag.resolved_at, default=None)  # type: ignore[arg-type,return-value]
    if newest is None or newest.resolution is None:
        return None
    resolution = Resolution(newest.resolution)
    together = [flag for flag in case.flags if flag.resolved_at == newest.resolved_at]
    count = f"{len(together)} flag{'' if len(together) == 1 else 's'} settled on nomination {case.nomination.id}"
    made = tuple(
        change_words(one, case.names)
        for one in case.changes
        if resolution is Resolution.MODERATE and one.applied_at == newest.resolved_at
    )
    return DoneShown(_TITLES[resolution], count, made, _steps(case, resolution, asked, newest), bool(case.open_flags))


def _steps(case: PanelCase, resolution: Resolution, asked: str, flag: Flag) -> tuple[NextStep, ...]:
    if resolution is Resolution.MORE_EVIDENCE:
        return _after_asking_for_evidence(case, asked, flag)
    if resolution is Resolution.ANOTHER_ASSESSOR:
        return _after_asking_for_another(case)
    if case.open_flags:
        until = f"You have the nomination until {clock(case.holder.until)}." if case.holder else ""
        count = len(case.open_flags)
        left = f"Settle the {'flag that is' if count == 1 else f'{count} flags that are'} left"
        return (NextStep(left, f"The nomination goes to the board once no flag is open. {until}".strip()),)
    here = case.nomination.stage is Stage.QUALITY_ASSURANCE
    on = "The nomination goes to the talent board" if here else "The nomination is with the talent board now"
    return (
        NextStep(on, "The board sees the scores as they are now.", "within a minute" if here else ""),
        NextStep(
            "The board decides", "There is no fixed date for it. All decisions of a cohort are released together."
        ),
        NextStep("You have nothing more to do with this nomination"),
    )


def _after_asking_for_evidence(case: PanelCase, asked: str, flag: Flag) -> tuple[NextStep, ...]:
    who = {seat.assessment.id: seat.name for seat in case.seats}.get(asked, "The assessor")
    grace = span_in_words(case.policy.assessors.score_grace)
    return (
        NextStep(f"{who} gets a message", "They can add evidence and change their own scores.", "within a minute"),
        NextStep(
            "They submit again",
            f"If they do not, they are told that it is overdue, and after {grace} another assessor is asked.",
            f"by {evidence_until(case, asked, flag)}",
        ),
        NextStep(
            "The rules check all scores again",
            "If they find something, the nomination is back among the flags. If not, it goes to the board.",
            "as soon as they submit",
        ),
    )


def _after_asking_for_another(case: PanelCase) -> tuple[NextStep, ...]:
    assessors = case.policy.assessors
    return (
        NextStep(
            "The allocation chooses one more assessor",
            "It keeps to the panel’s rules and to conflicts of interest. If there is nobody, operations are told.",
            "within a minute",
        ),
        NextStep(
            "They accept or decline",
            "If they decline or do not answer, another one is asked.",
            f"within {span_in_words(assessors.answer_within)} of being asked",
        ),
        NextStep("They score", "", f"within {span_in_words(assessors.score_within)} of accepting"),
        NextStep(
            "The rules check all scores again",
            "If they find something, the nomination is back among the flags. If not, it goes to the board.",
            "as soon as they submit",
        ),
    )
