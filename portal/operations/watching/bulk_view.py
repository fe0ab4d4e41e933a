"""What the pages of steps for many show: whom a step concerns, what it does, and what came of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from acts.bulk import DONE, OPPOSITE, WAITING, BulkAct, progress_of, undoing_step, undone_step, why_not_undone
from models.tables import BulkStep, Nomination
from portal.operations.watching.choices import Option
from portal.words import moment, plain, restyled
from rules.stages import WITH_DEADLINE, WORDS, may_pause
from storage.watching_pages import ListLine

BULK = "/operations/bulk"
ACTS = (
    Option(BulkAct.PAUSE.value, "Pause", "The clock stops, and nothing is due. You can undo this by resuming them."),
    Option(BulkAct.RESUME.value, "Resume", "The clock runs again, and deadlines move by the time it stood still."),
    Option(BulkAct.EXTEND.value, "Give the nominees longer", "A deadline only moves later: this cannot be undone."),
)
_DOES = {
    BulkAct.PAUSE: "The clock stops for each nominee and for every assessor at work on them. Each nominee gets a "
    "letter.",
    BulkAct.RESUME: "The clock runs again for each, and every deadline moves by the time it stood still. Each "
    "nominee gets a letter.",
    BulkAct.EXTEND: "Each nominee gets a letter with the new deadline, and reminders before it.",
}
_UNDO = {
    BulkAct.PAUSE: "You can undo this by resuming them. The letters are sent all the same, and another one when you "
    "resume.",
    BulkAct.RESUME: "You can undo this by pausing them again. Deadlines that have moved stay moved, and letters are "
    "sent both times.",
    BulkAct.EXTEND: "This cannot be undone: a deadline only moves later.",
}
_PAST = {BulkAct.PAUSE: "Paused", BulkAct.RESUME: "Resumed", BulkAct.EXTEND: "Extended"}
_VERB = {BulkAct.PAUSE: "Pause", BulkAct.RESUME: "Resume", BulkAct.EXTEND: "Move the deadline of"}


@dataclass(frozen=True)
class Person:
    """Somebody a step concerns, or not, and why not."""

    number: str
    nominee: str
    words: str


@dataclass(frozen=True)
class Preview:
    """Exactly whom a step would concern. ``seen`` is the fingerprint of it."""

    act: BulkAct
    reason: str
    until: str
    title: str
    button: str
    does: str
    undo: str
    people: tuple[Person, ...]
    left_out: tuple[Person, ...]
    seen: str

    @property
    def numbers(self) -> tuple[str, ...]:
        """The nominations it concerns."""
        return tuple(one.number for one in self.people)


@dataclass(frozen=True)
class StepLine:
    """A step for many in a list."""

    title: str
    href: str
    when: str
    by: str
    progress: str


@dataclass(frozen=True)
class StepView:
    """One step for many: how far it is and what came of it."""

    id: str
    cohort: str
    title: str
    facts: tuple[tuple[str, str], ...]
    done: int
    refused: int
    left: int
    total: int
    refusals: tuple[Person, ...]
    numbers: tuple[str, ...]
    can_undo: bool
    why_not: str
    undoing: str
    undone: str


def preview_of(lines: Sequence[ListLine], act: BulkAct, reason: str, until: datetime | None) -> Preview:
    """Whom the step would concern as things stand now."""
    people: list[Person] = []
    left_out: list[Person] = []
    for line in lines:
        refusal = refusal_of(line.nomination, act, until)
        words = refusal or f"{plain(line.nomination.stage.value)}, {line.organisation}"
        if not refusal and act is BulkAct.EXTEND and line.nomination.due_at:
            words += f", now due at {moment(line.nomination.due_at)}"
        (left_out if refusal else people).append(Person(line.nomination.id, line.nominee, words))
    count = _counted(len(people))
    written = moment(until) if until else ""
    return Preview(
        act=act,
        reason=plain(reason),
        until=written,
        title=f"{_VERB[act]} {count}" + (f" to {written}" if written else ""),
        button=f"{_VERB[act]} {count}",
        does=_DOES[act],
        undo=_UNDO[act],
        people=tuple(people),
        left_out=tuple(left_out),
        seen=sha256("|".join([act.value, written, *(one.number for one in people)]).encode()).hexdigest()[:32],
    )


def refusal_of(row: Nomination, act: BulkAct, until: datetime | None) -> str:
    """Why the step would be refused for this nomination, or nothing."""
    if act is BulkAct.RESUME:
        return "" if row.paused else "It is not paused"
    if row.paused:
        return "It is paused already" if act is BulkAct.PAUSE else "It is paused: its deadline moves by itself"
    if act is BulkAct.PAUSE:
        return "" if may_pause(row.stage) else f"It is {WORDS[row.stage]}"
    if row.stage not in WITH_DEADLINE or row.due_at is None:
        return f"It has no deadline of the nominee’s: it is {WORDS[row.stage]}"
    return f"Its deadline is later: {moment(row.due_at)}" if until and row.due_at >= until else ""


def step_line(step: BulkStep, names: dict[str, str]) -> StepLine:
    """A step in the list of steps."""
    progress = progress_of(step)
    words = [f"{progress.done} done"]
    if progress.refused:
        words.append(f"{progress.refused} refused")
    if progress.left:
        words.append(f"{progress.left} to do")
    if step.undone_at:
        words.append("undone")
    return StepLine(
        title=_title(step),
        href=f"{BULK}/{step.id}",
        when=moment(step.taken_at),
        by=names.get(step.person_id, step.person_id),
        progress=", ".join(words),
    )


def step_view(step: BulkStep, names: dict[str, str], *, undoing: bool, hidden: Collection[str]) -> StepView:
    """One step; ``undoing``: its opposite has been begun; ``hidden``: nominations that are not to be named."""
    progress, why_not = progress_of(step), why_not_undone(step)
    first = undone_step(step.id)
    shown = [(one, line) for one, line in sorted(step.lines.items()) if one not in hidden]
    refused = [(one, line) for one, line in shown if line not in {DONE, WAITING}]
    facts = [
        ("Taken by", f"{names.get(step.person_id, step.person_id)} at {moment(step.taken_at)}"),
        ("Reason", plain(step.reason)),
    ]
    if step.until:
        facts.append(("New deadline", moment(step.until)))
    if step.undone_at:
        who = names.get(step.undone_by or "", step.undone_by or "")
        facts.append(("Undone by", f"{who} at {moment(step.undone_at)}"))
    return StepView(
        id=step.id,
        cohort=step.cohort_id,
        title=_title(step),
        facts=tuple(facts),
        done=progress.done,
        refused=progress.refused,
        left=progress.left,
        total=len(step.lines),
        refusals=tuple(Person(one, "", restyled(line)) for one, line in refused),
        numbers=tuple(one for one, line in shown if line == DONE),
        can_undo=why_not is None and not undoing,
        why_not=why_not or "",
        undoing=f"{BULK}/{undoing_step(step.id)}" if undoing else "",
        undone=f"{BULK}/{first}" if first else "",
    )


def opposite_of(step: BulkStep) -> BulkAct:
    """What undoes this step; only for one that can be undone."""
    return OPPOSITE[BulkAct(step.act)]


def does(act: BulkAct) -> str:
    """What a step does to each, as sentences."""
    return _DOES[act]


def verb(act: BulkAct) -> str:
    """The step as an order: ``Pause``."""
    return _VERB[act]


def _title(step: BulkStep) -> str:
    done = f"{_PAST[BulkAct(step.act)]} together: {_counted(len(step.lines))}"
    return f"{done}, to undo a step" if undone_step(step.id) else done


def _counted(count: int) -> str:
    return f"{count:,} {'nomination' if count == 1 else 'nominations'}"
