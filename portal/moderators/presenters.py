"""What the page of one nomination shows a moderator, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.enums import AssessmentStage, FlagRule, Stage
from models.tables import Flag, ScoreChange
from portal.conflicts import conflict_words
from portal.moderators.apart import far_in_words, furthest
from portal.moderators.codes import POSTS, REASONS, RESOLUTIONS, RULES, waited
from portal.moderators.reasons import Why, why_here
from portal.words import clock, day, moment
from rules.assessments import WORDS as ASSESSMENT_WORDS
from rules.stages import WORDS
from storage.moderator_pages import PanelCase, PanelSeat


@dataclass(frozen=True)
class FlagShown:
    """A flag; ``settled`` says how, by whom and when, and is empty while it is open."""

    number: int
    title: str
    reason: str
    waits: str
    settled: str

    @property
    def value(self) -> str:
        """Its number, as a box of a form sends it."""
        return str(self.number)

    @property
    def text(self) -> str:
        """Its title, as a box of a form says it."""
        return self.title

    @property
    def hint(self) -> str:
        """Its reason, below the box."""
        return self.reason


@dataclass(frozen=True)
class CellShown:
    """One score in the table; ``far`` says how far it lies from the others, where it does."""

    value: str
    far: str


@dataclass(frozen=True)
class LineShown:
    """One criterion, or the mean, across the panel."""

    name: str
    cells: tuple[CellShown, ...]


@dataclass(frozen=True)
class EntryShown:
    """One assessor's score on one criterion with its evidence, and what it was before."""

    name: str
    post: str
    score: str
    far: str
    evidence: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class CriterionShown:
    """One criterion: what the nominee wrote, and each assessor's score on it."""

    code: str
    name: str
    statement: str
    entries: tuple[EntryShown, ...]


@dataclass(frozen=True)
class LockShown:
    """Who has the nomination. ``state``: ``mine``, ``other``, ``free``; ``over`` when there is nothing to settle."""

    state: str
    sentence: str


@dataclass(frozen=True)
class CaseShown:
    """One nomination with its flags and scores."""

    number: str
    nominee: str
    organisation: str
    stage: str
    since: str
    lock: LockShown
    paused: bool
    conflicts: tuple[str, ...]
    what_helps: str
    why: tuple[Why, ...]
    flags: tuple[FlagShown, ...]
    settled: tuple[FlagShown, ...]
    assessors: tuple[str, ...]
    lines: tuple[LineShown, ...]
    criteria: tuple[CriterionShown, ...]
    others: tuple[str, ...]
    apart: str


def flag_shown(flag: Flag, case: PanelCase, now: datetime) -> FlagShown:
    """A flag; where it is about one assessment, its assessor is named."""
    about = {seat.assessment.id: seat.name for seat in case.seats}.get(flag.subject.split("/", 1)[0])
    settled = ""
    if flag.resolution is not None and flag.resolved_at is not None:
        who = case.names.get(flag.resolved_by or "", "a moderator")
        settled = f"{RESOLUTIONS[flag.resolution]} by {who} at {moment(flag.resolved_at)}"
    return FlagShown(
        number=flag.number,
        title=RULES[FlagRule(flag.rule)] + (f": {about}" if about else ""),
        reason=flag.reason,
        waits=waited(flag.raised_at, now),
        settled=settled,
    )


def case_shown(case: PanelCase, me: str, now: datetime) -> CaseShown:
    """One nomination for a moderator."""
    row = case.nomination
    submitted = case.submitted
    spread = case.policy.quality.criterion_spread
    return CaseShown(
        number=row.id,
        nominee=case.nominee,
        organisation=case.organisation,
        stage=WORDS[Stage(row.stage)].capitalize(),
        since=day(row.stage_since),
        lock=_lock_shown(case, me),
        paused=row.paused,
        conflicts=tuple(conflict_words(one) for one in case.conflicts),
        what_helps=_what_helps(case),
        why=why_here(case.open_flags, {seat.assessment.id: seat.name for seat in case.seats}, now),
        flags=tuple(flag_shown(flag, case, now) for flag in case.open_flags),
        settled=tuple(flag_shown(flag, case, now) for flag in case.flags if flag.resolution is not None),
        assessors=tuple(seat.name for seat in submitted),
        lines=_lines(case, submitted),
        criteria=_criteria(case, submitted),
        others=tuple(_seat_words(seat) for seat in case.seats if seat not in submitted),
        apart=f"Where scores lie {spread:g} or more points apart, the one furthest from the others is marked.",
    )


def _what_helps(case: PanelCase) -> str:
    """What can be done about scores of somebody with a conflict of interest, as things stand."""
    if case.open_flags:
        return "Their scores still count. Ask for one more assessor, or change the scores with a reason and a note."
    if case.nomination.stage is Stage.QUALITY_ASSURANCE:
        return "Their scores still count. Tell operations before the nomination goes on to the board."
    return "Their scores still count, and they can no longer be changed here. Tell the board before it decides."


def _lock_shown(case: PanelCase, me: str) -> LockShown:
    if not case.open_flags:
        return LockShown("over", f"There is nothing to settle: the nomination is {WORDS[case.nomination.stage]}.")
    if case.holder is None:
        return LockShown("free", "Nobody has this nomination now. Start, and it is yours alone for 30 minutes.")
    until = clock(case.holder.until)
    if case.holder.person == me:
        return LockShown("mine", f"You have this nomination until {until}. Each act keeps it for 30 minutes more.")
    sentence = f"{case.holder.name} has this nomination until {until}. You can read it, and start once they are done."
    return LockShown("other", sentence)


def _lines(case: PanelCase, submitted: Sequence[PanelSeat]) -> tuple[LineShown, ...]:
    scoring, quality = case.policy.scoring, case.policy.quality
    given = [{score.criterion: float(score.value) for score in seat.scores} for seat in submitted]
    lines = [
        _line(one.name, [scores.get(one.code) for scores in given], quality.criterion_spread, "g")
        for one in scoring.criteria
    ]
    weight = sum(one.weight for one in scoring.criteria)
    means = [
        sum(scores[one.code] * one.weight for one in scoring.criteria) / weight
        if all(one.code in scores for one in scoring.criteria)
        else None
        for scores in given
    ]
    return (*lines, _line("Mean, by the policy’s weights", means, quality.mean_spread, ".2f"))


def _line(name: str, values: Sequence[float | None], threshold: float, written: str) -> LineShown:
    there = [value for value in values if value is not None]
    far = iter(furthest(there, threshold))
    cells = [
        CellShown("None", "") if value is None else CellShown(format(value, written), far_in_words(next(far)))
        for value in values
    ]
    return LineShown(name, tuple(cells))


def _criteria(case: PanelCase, submitted: Sequence[PanelSeat]) -> tuple[CriterionShown, ...]:
    scoring = case.policy.scoring
    labels = dict(zip(range(scoring.lowest, scoring.highest + 1), scoring.labels, strict=True))
    shown = []
    for criterion in scoring.criteria:
        scores = {
            seat.assessment.id: score
            for seat in submitted
            for score in seat.scores
            if score.criterion == criterion.code
        }
        far = furthest([score.value for score in scores.values()], case.policy.quality.criterion_spread)
        marks = dict(zip(scores, far, strict=True))
        entries = tuple(
            EntryShown(
                name=seat.name,
                post=POSTS[seat.role],
                score=f"{scores[seat.assessment.id].value}, {labels[scores[seat.assessment.id].value].lower()}",
                far=far_in_words(marks[seat.assessment.id]),
                evidence=scores[seat.assessment.id].evidence,
                changes=_changes(case, seat.assessment.id, criterion.code),
            )
            for seat in submitted
            if seat.assessment.id in scores
        )
        shown.append(CriterionShown(criterion.code, criterion.name, case.statements.get(criterion.code, ""), entries))
    return tuple(shown)


def _changes(case: PanelCase, assessment: str, criterion: str) -> tuple[str, ...]:
    return tuple(
        change_words(change, case.names)
        for change in case.changes
        if (change.assessment_id, change.criterion) == (assessment, criterion)
    )


def change_words(change: ScoreChange, names: Mapping[str, str]) -> str:
    """A change in force: from what to what, by whom, when and why."""
    who = names.get(change.changed_by, "a moderator")
    when = moment(change.applied_at or change.changed_at)
    why = f"{REASONS[change.reason]}: {change.note}" if change.note else REASONS[change.reason]
    return f"Changed from {change.before} to {change.after} by {who} at {when}. {why}"


def _seat_words(seat: PanelSeat) -> str:
    state = ASSESSMENT_WORDS[AssessmentStage(seat.assessment.stage)]
    due = f", until {moment(seat.assessment.due_at)}" if seat.assessment.due_at else ""
    return f"{seat.name} ({POSTS[seat.role]}): {state}{due}."
