"""What the pages of one application and its scores show, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.enums import ScoreChangeReason
from models.policy import Policy
from models.tables import ScoreChange
from portal.assessors.presenters import Option, counted
from portal.words import clock, day, plain
from rules.applications import FieldKind, form, word_count
from rules.redaction import NOT_FOR_THE_PANEL
from storage.assessor_pages import Endorsed, GivenScore, Reading
from storage.score_fields import KeptField

_CHANGED = {
    ScoreChangeReason.MODERATION: "in moderation. Reason: the evidence does not support the score",
    ScoreChangeReason.HUMAN_ERROR: "by a moderator. Reason: you had meant another score",
    ScoreChangeReason.FURTHER_EVIDENCE: ("by a moderator. Reason: evidence came to light after the score was given"),
}


@dataclass(frozen=True)
class Answer:
    """A short answer of an application, as a row."""

    label: str
    value: str


@dataclass(frozen=True)
class Passage:
    """A running text of an application or an endorsement."""

    heading: str
    text: str


@dataclass(frozen=True)
class ApplicationView:
    """An application to read; ``endorsement`` is None where there is none or names are hidden."""

    submitted: str
    answers: tuple[Answer, ...]
    passages: tuple[Passage, ...]
    endorsement: Passage | None


@dataclass(frozen=True)
class CriterionView:
    """One criterion to score: names of its two fields, the scale, and what the nominee wrote on it."""

    number: int
    name: str
    value: str
    evidence: str
    options: tuple[Option, ...]
    statement: str
    hint: str


@dataclass(frozen=True)
class Difference:
    """A field that says something else in another tab."""

    label: str
    theirs: str
    when: str


@dataclass(frozen=True)
class CheckLine:
    """One criterion before it is submitted."""

    name: str
    score: str
    evidence: str
    missing: str
    href: str


@dataclass(frozen=True)
class Check:
    """All criteria before they are submitted; ``short`` says which evidence a moderator will look at."""

    lines: tuple[CheckLine, ...]
    complete: bool
    short: str


@dataclass(frozen=True)
class GivenView:
    """One assessor's score on a criterion."""

    who: str
    score: str
    evidence: str


@dataclass(frozen=True)
class PanelView:
    """A panel's scores: a table of points, each criterion's evidence, and what is still to come."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    criteria: tuple[tuple[str, tuple[GivenView, ...]], ...]
    waiting: str
    changes: tuple[str, ...]


def application_view(reading: Reading, policy: Policy, endorsed: Endorsed | None) -> ApplicationView:
    """An application for a panel; what no panel sees is left out, whatever was handed in."""
    fields = [one for one in form(policy) if one.name not in NOT_FOR_THE_PANEL]
    said = reading.content
    return ApplicationView(
        submitted=day(reading.submitted_at),
        answers=tuple(
            Answer(one.label, plain(said.get(one.name, ""))) for one in fields if one.kind is not FieldKind.TEXT
        ),
        passages=tuple(Passage(one.label, said.get(one.name, "")) for one in fields if one.kind is FieldKind.TEXT),
        endorsement=_endorsement(endorsed),
    )


def criteria_views(policy: Policy, reading: Reading | None, typed: Mapping[str, str]) -> tuple[CriterionView, ...]:
    """The criteria of the success profile, to be scored; ``typed`` is what stands in the form, by field."""
    options = scale(policy)
    said = reading.content if reading else {}
    return tuple(
        CriterionView(
            number=number,
            name=criterion.name,
            value=f"{criterion.code}.value",
            evidence=f"{criterion.code}.evidence",
            options=options,
            statement=said.get(criterion.code, ""),
            hint=_evidence_hint(typed.get(f"{criterion.code}.evidence", ""), policy.scoring.evidence_min_words),
        )
        for number, criterion in enumerate(policy.scoring.criteria, start=1)
    )


def _evidence_hint(written: str, least: int) -> str:
    asks = "What in the application shows it?"
    if not least:
        return asks
    so_far = word_count(written)
    # The page does not count while one types: the sentence says of when its number is.
    count = f" There {'was' if so_far == 1 else 'were'} {counted(so_far, 'word')} when this page was opened."
    return f"{asks} Write {counted(least, 'word')} or more.{count if so_far else ''}"


def scale(policy: Policy) -> tuple[Option, ...]:
    """Each point of the scale with its words."""
    points = range(policy.scoring.lowest, policy.scoring.highest + 1)
    return tuple(Option(str(point), points_words(point, policy)) for point in points)


def points_words(points: int, policy: Policy) -> str:
    """A score in words: ``5, good``."""
    return f"{points}, {policy.scoring.labels[points - policy.scoring.lowest]}"


def label_of(field: str, policy: Policy) -> str:
    """What a field of the scores is called: ``Score for criterion 1``."""
    code, _, part = field.rpartition(".")
    number = [criterion.code for criterion in policy.scoring.criteria].index(code) + 1
    return f"{'Score' if part == 'value' else 'Evidence'} for criterion {number}"


def difference(field: str, there: KeptField, policy: Policy) -> Difference:
    """What another tab says."""
    theirs = there.content
    if field.endswith(".value") and theirs.isdecimal():
        theirs = points_words(int(theirs), policy)
    return Difference(label_of(field, policy), theirs or "Nothing", clock(there.saved_at))


def check(fields: Mapping[str, KeptField], policy: Policy, scores_path: str) -> Check:
    """The scores as they would be submitted."""
    lines = tuple(
        _check_line(criterion.code, criterion.name, fields, policy, scores_path)
        for criterion in policy.scoring.criteria
    )
    least = policy.scoring.evidence_min_words
    short = [line for line in lines if line.evidence and word_count(line.evidence) < least]
    words = ""
    if short:
        which = "; ".join(line.name for line in short)
        words = (
            f"Your evidence has fewer than {least} words on: {which}. You can submit it; a moderator will look at it."
        )
    return Check(lines, not any(line.missing for line in lines), words)


def panel_view(given: Sequence[GivenScore], policy: Policy, still: int, changes: Sequence[ScoreChange]) -> PanelView:
    """The panel's scores, the reader's own first; the others without names."""
    seats = list(dict.fromkeys(one.assessment for one in given))
    own = {one.assessment for one in given if one.own}
    others = [seat for seat in seats if seat not in own]
    names = dict.fromkeys(own, "You") | {seat: f"Assessor {number}" for number, seat in enumerate(others, start=2)}
    at = {(one.assessment, one.criterion): one for one in given}
    criteria = policy.scoring.criteria
    return PanelView(
        heads=("Criterion", *(names[seat] for seat in seats)),
        rows=tuple(
            (one.name, *(at[seat, one.code].value if (seat, one.code) in at else "" for seat in seats))
            for one in criteria
        ),
        criteria=tuple(
            (
                one.name,
                tuple(
                    GivenView(names[seat], points_words(found.value, policy), found.evidence)
                    for seat in seats
                    if (found := at.get((seat, one.code))) is not None
                ),
            )
            for one in criteria
        ),
        waiting=waiting_words(still),
        changes=tuple(_change(change, policy) for change in changes),
    )


def waiting_words(still: int) -> str:
    """How many of the panel have not submitted yet."""
    if not still:
        return "Everybody on the panel has submitted."
    return (
        f"{counted(still, 'assessor').capitalize()} of the panel {'has' if still == 1 else 'have'} not submitted yet."
    )


def _change(change: ScoreChange, policy: Policy) -> str:
    name = next((one.name for one in policy.scoring.criteria if one.code == change.criterion), change.criterion)
    return f"{name}: your score was changed from {change.before} to {change.after} {_CHANGED[change.reason]}."


def _endorsement(endorsed: Endorsed | None) -> Passage | None:
    if endorsed is None:
        return None
    who = f"Endorsed by {endorsed.name}, {plain(endorsed.post.value)}, {endorsed.organisation}"
    return Passage(who, endorsed.statement)


def _check_line(code: str, name: str, fields: Mapping[str, KeptField], policy: Policy, scores_path: str) -> CheckLine:
    value, evidence = fields.get(f"{code}.value"), fields.get(f"{code}.evidence")
    points = value.content if value else ""
    words = evidence.content.strip() if evidence else ""
    missing = [part for part, there in (("a score", points), ("evidence", words)) if not there]
    field = "value" if not points else "evidence"
    return CheckLine(
        name=name,
        score=points_words(int(points), policy) if points else "",
        evidence=words,
        missing=f"{name}: give {' and '.join(missing)}" if missing else "",
        href=f"{scores_path}#{code}.{field}",
    )
