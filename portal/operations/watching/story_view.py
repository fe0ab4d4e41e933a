"""What the page of one nomination shows, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from models.enums import AssessmentStage, MessageStatus, Role, Stage
from models.ids import AssessmentId, NominationId, assessment_workflow, nomination_workflow
from models.policy import Policy
from models.tables import Assessment, AuditEvent, OutboxMessage
from portal.operations.events import event_words, reason_words
from portal.operations.watching.awaited import CODES, Awaited, awaited_of
from portal.operations.watching.board_view import age
from portal.operations.watching.choices import SEAT_COLOURS
from portal.operations.watching.coming import timers_of
from portal.operations.watching.list_view import Tag, row_of
from portal.operations.watching.steps import (
    AT_WORK,
    EXTEND,
    ON_ASSESSMENT,
    ON_NOMINATION,
    READMIT,
    REFUSE_TIME,
    is_possible,
    is_possible_on,
)
from portal.operations.watching.subjects import ASSESSMENTS, NOMINATIONS
from portal.visitors import ROLE_WORDS
from portal.words import moment, plain
from storage.stories import SeatLine, Story
from storage.watching_pages import ListLine

_SENT = {
    MessageStatus.WAITING: "waiting to be sent",
    MessageStatus.SENDING: "being sent",
    MessageStatus.UNCERTAIN: "may not have left: look under Messages",
    MessageStatus.FAILED: "could not be sent: look under Messages",
}


@dataclass(frozen=True)
class Link:
    """Where something can be done or seen."""

    text: str
    href: str


@dataclass(frozen=True)
class Item:
    """One entry of the timeline."""

    when: str
    title: str
    text: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Fact:
    """A line of the summary."""

    label: str
    value: str


@dataclass(frozen=True)
class AskedView:
    """A wish for more time: what was asked, what happens, and the answers there are."""

    words: str
    next: str
    answers: tuple[Link, ...]


@dataclass(frozen=True)
class PausedView:
    """A pause: since when, by whom and why; what it means; and how it ends."""

    words: str
    next: str
    resume: Link


@dataclass(frozen=True)
class SeatView:
    """One assessment of the panel."""

    reference: str
    name: str
    post: str
    tag: Tag
    due: str
    links: tuple[Link, ...]
    temporal: str


@dataclass(frozen=True)
class StoryView:
    """One nomination, whole."""

    number: str
    cohort: str
    nominee: str
    tags: tuple[Tag, ...]
    facts: tuple[Fact, ...]
    problem: str
    paused: PausedView | None
    asked: AskedView | None
    steps: tuple[Link, ...]
    seats: tuple[SeatView, ...]
    timeline: tuple[Item, ...]
    temporal: str


@dataclass(frozen=True)
class Told:
    """Everything read for the page; ``wish`` is the nominee's for more time, while nobody has answered it.

    ``pages`` is where Temporal's own pages are, with the namespace, or empty.
    """

    story: Story
    line: ListLine
    seats: Sequence[Assessment]
    names: Mapping[str, str]
    policy: Policy
    wish: AuditEvent | None
    pages: str
    now: datetime


def temporal_href(pages: str, workflow: str) -> str:
    """Where Temporal shows a workflow, or nothing where its pages are not known."""
    return f"{pages}/workflows/{quote(workflow, safe='')}" if pages else ""


def story_view(told: Told) -> StoryView:
    """The page of one nomination."""
    row, story = told.story.nomination, told.story
    lines = {seat.assessment: seat for seat in story.panel or ()}
    at_work = tuple(lines[seat.id].name or seat.assessor_id for seat in told.seats if seat.stage in AT_WORK)
    awaited = awaited_of(row, story.nominee, at_work, told.names.get(row.handed_to or "", ""))
    return StoryView(
        number=row.id,
        cohort=row.cohort_id,
        nominee=story.nominee,
        tags=row_of(told.line, told.now).tags,
        facts=_facts(told, awaited),
        problem=_problem(told),
        paused=_paused(told),
        asked=_asked(told),
        steps=tuple(
            Link(step.title, f"{NOMINATIONS}/{row.id}/{step.word}")
            for step in ON_NOMINATION.values()
            if is_possible(step, row)
        ),
        seats=tuple(_seat(seat, lines.get(seat.id), told) for seat in told.seats),
        timeline=_timeline(told, awaited),
        temporal=temporal_href(told.pages, nomination_workflow(NominationId(row.id))),
    )


def _facts(told: Told, awaited: Awaited) -> tuple[Fact, ...]:
    row = told.story.nomination
    due_at = told.line.due_at
    until = "Nothing is due while it is paused" if row.paused else moment(due_at) if due_at else "No deadline"
    facts = [
        Fact("Waits for", f"{awaited.who} {awaited.what}".strip()),
        Fact("Until", until),
        Fact("Who can make it go on", awaited.helper),
        Fact("In this stage for", f"{age(row.stage_since, told.now)}, since {moment(row.stage_since)}"),
        Fact("Organisation", f"{told.line.organisation} ({row.organisation_code})"),
        Fact("Nominated by", told.names.get(row.nominated_by, row.nominated_by)),
        Fact("Readiness", plain(row.readiness.value)),
    ]
    if row.reference:
        facts.append(Fact("The organisation’s reference", row.reference))
    if row.late_reason:
        facts.append(Fact("Let in late", plain(row.late_reason)))
    return tuple(facts)


def _problem(told: Told) -> str:
    row = told.story.nomination
    if not row.attention_code:
        return ""
    since = f" since {moment(row.attention_since)}" if row.attention_since else ""
    help_words = CODES.get(row.attention_code, "Mend what the worker’s log names, then try the step again.")
    return f"The step “{row.attention_step}” cannot be taken{since} ({row.attention_code}). {help_words}"


def wish_words(wish: AuditEvent) -> str:
    """What the nominee asked for, when and why, as one sentence or two."""
    until = _moment_in(wish.after, "until")
    by = f" until {until}" if until else ""
    why = reason_words(wish.reason or "other")
    return f"At {moment(wish.at)} the nominee asked for more time{by}. Reason: {why}."


def _asked(told: Told) -> AskedView | None:
    """The wish for more time that waits for an answer, with the ways to answer it."""
    row, wish = told.story.nomination, told.wish
    if wish is None:
        return None
    at = f"{NOMINATIONS}/{row.id}"
    if row.paused:
        return AskedView(wish_words(wish), "The nomination is paused: resume it first, then answer.", ())
    give = READMIT if row.stage is Stage.LAPSED else EXTEND
    stays = "The nomination stays ended" if row.stage is Stage.LAPSED else "The deadline stays as it is"
    return AskedView(
        wish_words(wish),
        f"{stays} until you answer. Either answer sends the nominee a letter.",
        tuple(Link(step.title, f"{at}/{step.word}") for step in (give, REFUSE_TIME)),
    )


def _paused(told: Told) -> PausedView | None:
    """Since when a paused nomination is paused, by whom and why, and how it goes on."""
    row = told.story.nomination
    if not row.paused:
        return None
    event = next((one for one in reversed(told.story.events) if one.what == "paused" and one.subject == row.id), None)
    since = f" since {moment(event.at)}" if event else ""
    why = f" Reason: {reason_words(event.reason).lower()}." if event and event.reason else ""
    who = f" {_by(event, told.names)}" if event else ""
    return PausedView(
        f"This nomination is paused{since}.{who}{why}",
        "Nothing is due and nobody is reminded. Once you resume it, every deadline moves by the time it stood still, "
        "and the nominee gets a letter.",
        Link("Resume it", f"{NOMINATIONS}/{row.id}/resume"),
    )


def _seat(seat: Assessment, line: SeatLine | None, told: Told) -> SeatView:
    row = told.story.nomination
    links = tuple(
        Link(step.title, f"{ASSESSMENTS}/{seat.id}/{step.word}")
        for step in ON_ASSESSMENT.values()
        if is_possible_on(step, seat, row)
    )
    late = seat.stage in AT_WORK and seat.due_at is not None and seat.due_at < told.now and not row.paused
    words = plain(seat.stage.value) + (", late" if late else "")
    return SeatView(
        reference=seat.assessor_id,
        name=line.name if line else "",
        post=plain(line.role.value) if line else "",
        tag=Tag(words, "orange" if late else SEAT_COLOURS.get(seat.stage, "grey")),
        due=moment(seat.due_at) if seat.due_at and seat.stage in AT_WORK and not row.paused else "",
        links=links,
        temporal=""
        if seat.stage is AssessmentStage.SEATED
        else temporal_href(told.pages, assessment_workflow(AssessmentId(seat.id))),
    )


def _timeline(told: Told, awaited: Awaited) -> tuple[Item, ...]:
    """Everything that happened and was sent, in order; then where it stands, and what comes by itself."""
    row = told.story.nomination
    past = [(event.at, 0, _event(event, told)) for event in told.story.events]
    past += [(letter.queued_at, 1, _letter(letter, told)) for letter in told.story.messages]
    items = [item for _, _, item in sorted(past, key=lambda one: one[:2])]
    kind = "problem" if row.attention_code else "now"
    items.append(Item("Now", f"Waits for: {awaited.who} {awaited.what}".strip(), awaited.helper, kind))
    for timer in timers_of(row, told.seats, told.policy, told.now):
        when = moment(timer.at) if timer.at > told.now else f"{moment(timer.at)}, due now"
        items.append(Item(when, timer.what, "By itself, unless something happens before", "next"))
    return tuple(items)


def _event(event: AuditEvent, told: Told) -> Item:
    before, after = event.before or {}, event.after or {}
    number, _, whose = event.subject.partition(f"{told.story.nomination.id}.")
    about = f"{_assessor(whose, told)}: " if whose and not number else ""
    what = event_words(event.what, after)
    title = f"{about}{what}" if not about else f"{about}{what[0].lower()}{what[1:]}"
    stage = after.get("stage")
    words: list[str] = []
    if stage is not None and stage != before.get("stage"):
        words.append(f"Now {plain(str(stage)).lower()}.")
    if (due := _moment_in(after, "due_at")) and due != _moment_in(before, "due_at"):
        words.append(f"Due by {due}.")
    if until := _moment_in(after, "until") or _moment_in(after, "asked_until"):
        words.append(f"Asked for: until {until}.")
    if event.reason:
        words.append(f"Reason: {reason_words(event.reason).lower()}.")
    words.append(_by(event, told.names))
    return Item(moment(event.at), title, " ".join(word for word in words if word), "")


def _assessor(reference: str, told: Told) -> str:
    """An assessor by name and reference, or by reference alone where no seat of the panel is theirs."""
    seat = f"{told.story.nomination.id}.{reference}"
    name = next((line.name for line in told.story.panel or () if line.assessment == seat), "")
    return f"{name} ({reference})" if name else f"Assessor {reference}"


def _by(event: AuditEvent, names: Mapping[str, str]) -> str:
    if not event.actor:
        return ""
    if event.role == Role.SYSTEM:
        return "By itself."
    role = ROLE_WORDS[Role(event.role)].lower() if event.role in set(Role) else event.role
    return f"By {names.get(event.actor, event.actor)}, {role}."


def _letter(letter: OutboxMessage, told: Told) -> Item:
    to = told.names.get(letter.person_id, letter.person_id)
    fate = f"sent at {moment(letter.sent_at)}" if letter.sent_at else _SENT.get(letter.status, letter.status.value)
    kind = "problem" if letter.status in {MessageStatus.FAILED, MessageStatus.UNCERTAIN} else ""
    return Item(
        moment(letter.queued_at), f"Letter: {plain(letter.template.value).lower()}", f"To {to}, {fate}.", kind
    )


def _moment_in(document: Mapping[str, object] | None, name: str) -> str:
    written = (document or {}).get(name)
    return moment(datetime.fromisoformat(written)) if isinstance(written, str) else ""
