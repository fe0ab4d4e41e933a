"""What the page of one nomination shows the board: what a decision rests on, the decision, and its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.enums import Outcome, Role, Stage
from models.policy import Policy
from models.tables import Application, AuditEvent, Cohort, Decision
from portal.board.terms import COLOURS, OUTCOMES, STAGES, STANDINGS, reason_words
from portal.conflicts import conflict_words
from portal.visitors import ROLE_WORDS
from portal.words import moment, plain
from rules.applications import form as questions
from scoring.order import Placed
from storage.board_pages import Standing
from storage.conflict_pages import ScoredConflict
from storage.stories import SeatLine, Story

_UNSHOWN = frozenset({"adjustments"})
"""What a nominee needs to take part is nothing a decision may rest on."""
_EVENTS = {
    "decision drafted": "Decision drafted",
    "decide": "Decision approved",
    "reopen_decision": "Decision reopened",
    "release_admitted": "Decision released",
    "release_reserved": "Decision released",
    "release_not_admitted": "Decision released",
    "promote": "Moved up from the reserve list",
    "confirm_quality": "Scores confirmed",
}
_PAUSED = "The nomination is paused, so nothing can be decided now. It can be once operations resume it."
_ROLES: Mapping[str, str] = {role.value: words for role, words in ROLE_WORDS.items()}


@dataclass(frozen=True)
class Fact:
    """A fact in words."""

    label: str
    value: str


@dataclass(frozen=True)
class Evidence:
    """What one assessor scored and wrote."""

    assessor: str
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Event:
    """Something that happened to the decision."""

    when: str
    title: str
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Record:
    """Everything the page shows. ``as_drafted`` tells this draft from a later one."""

    nomination: str
    cohort: str
    nominee: str
    standing: str
    colour: str
    facts: tuple[Fact, ...]
    decision: tuple[Fact, ...]
    head: tuple[str, ...]
    scores: tuple[tuple[str, ...], ...]
    evidence: tuple[Evidence, ...]
    answers: tuple[Fact, ...]
    feedback: tuple[Fact, ...]
    history: tuple[Event, ...]
    conflicts: tuple[str, ...]
    may_draft: bool
    may_approve: bool
    barred: str
    may_reopen: bool
    may_move_up: bool
    as_drafted: str
    next_words: str


@dataclass(frozen=True)
class Rests:
    """What is read for the page."""

    story: Story
    cohort: Cohort
    policy: Policy
    organisation: str
    placed: Placed | None
    decision: Decision | None
    application: Application | None
    names: Mapping[str, str]
    feedback: Mapping[str, str]
    conflicts: tuple[ScoredConflict, ...]


def record_of(read: Rests, barred: str) -> Record:
    """The page's words; ``barred`` says why this visitor cannot approve the draft, if there is one."""
    nomination, decision = read.story.nomination, read.decision
    standing = _standing(Stage(nomination.stage), decision)
    drafted = standing is Standing.DRAFTED
    head, scores = _scores(read)
    return Record(
        nomination=nomination.id,
        cohort=read.cohort.id,
        nominee=read.story.nominee,
        standing=STANDINGS[standing] if standing else STAGES[Stage(nomination.stage)],
        colour=COLOURS[standing] if standing else "grey",
        facts=_facts(read),
        decision=_decision(decision, read.names),
        head=head,
        scores=scores,
        evidence=_evidence(read),
        answers=_answers(read),
        feedback=_feedback(read.feedback),
        history=tuple(_event(one, read.names) for one in read.story.events if one.what in _EVENTS),
        conflicts=tuple(conflict_words(one) for one in read.conflicts),
        may_draft=standing in {Standing.MISSING, Standing.DRAFTED} and not nomination.paused,
        may_approve=drafted and not barred,
        barred=barred if drafted else "",
        may_reopen=standing is Standing.APPROVED and not nomination.paused,
        may_move_up=nomination.stage is Stage.RESERVED,
        as_drafted=decision.drafted_at.isoformat() if decision else "",
        next_words=_PAUSED
        if nomination.paused and standing not in {None, Standing.RELEASED}
        else _next(standing, Stage(nomination.stage), two_people=read.policy.admission.two_people),
    )


def _standing(stage: Stage, decision: Decision | None) -> Standing | None:
    if stage is Stage.AWAITING_DECISION:
        return Standing.MISSING if decision is None else Standing.DRAFTED
    if stage is Stage.DECIDED:
        return Standing.APPROVED
    return Standing.RELEASED if stage in {Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED} else None


def _next(standing: Standing | None, stage: Stage, *, two_people: bool) -> str:
    who = "Another member of the board" if two_people else "A member of the board"
    match standing:
        case Standing.MISSING:
            return f"Draft a decision. {who} then approves it. There is no deadline."
        case Standing.DRAFTED:
            return (
                f"{who} than who drafted this approves it. There is no deadline."
                if two_people
                else f"{who} approves it. There is no deadline."
            )
        case Standing.APPROVED:
            return "Nobody is told before the board releases all decisions together. Until then it can be reopened."
        case Standing.RELEASED:
            return f"The nominee has been told. The nomination stands: {STAGES[stage].lower()}."
    return f"There is nothing to decide: the nomination stands: {STAGES[stage].lower()}."


def _facts(read: Rests) -> tuple[Fact, ...]:
    nomination, placed = read.story.nomination, read.placed
    facts = [
        Fact("Nomination", nomination.id),
        Fact("Organisation", read.organisation),
        Fact("Stage", STAGES[Stage(nomination.stage)] + (". Paused" if nomination.paused else "")),
    ]
    if placed is not None:
        close = ". Too close to call" if placed.too_close else ""
        facts += [
            Fact("Proposed place", str(placed.place)),
            Fact("Mean score", f"{placed.mean:.2f}, with an interval from {placed.low:.2f} to {placed.high:.2f}"),
            Fact("The system proposes", OUTCOMES[placed.suggestion] + close),
            Fact("Why", placed.why),
        ]
    return tuple(facts)


def _decision(decision: Decision | None, names: Mapping[str, str]) -> tuple[Fact, ...]:
    if decision is None:
        return ()
    facts = [
        Fact("Decision", OUTCOMES[Outcome(decision.outcome)]),
        Fact("Place", str(decision.place) if decision.place else "Not given"),
        Fact("Reason", reason_words(decision.reason)),
        Fact("Note", decision.note or "None"),
        Fact("Drafted", f"{names.get(decision.drafted_by, 'Somebody')}, {moment(decision.drafted_at)}"),
    ]
    if decision.approved_by is not None and decision.approved_at is not None:
        who = names.get(decision.approved_by, "Somebody")
        facts.append(Fact("Approved", f"{who}, {moment(decision.approved_at)}"))
    if decision.released_at is not None:
        facts.append(Fact("Released", moment(decision.released_at)))
    return tuple(facts)


def _scores(read: Rests) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """A row for each criterion with everybody's score, and one with the means."""
    seats = _submitted(read)
    if not seats:
        return (), ()
    given = [{score.criterion: score.value for score in seat.scores} for seat in seats]
    rows = [
        (criterion.name, *(str(scores.get(criterion.code, "")) for scores in given))
        for criterion in read.policy.scoring.criteria
    ]
    means = ("Mean", *(f"{seat.mean:.2f}" if seat.mean is not None else "" for seat in seats))
    return ("Criterion", *(seat.name for seat in seats)), (*rows, means)


def _evidence(read: Rests) -> tuple[Evidence, ...]:
    names = {criterion.code: criterion.name for criterion in read.policy.scoring.criteria}
    order = {code: place for place, code in enumerate(names)}
    return tuple(
        Evidence(
            f"{seat.name}, {plain(seat.role).lower()}",
            tuple(
                (names.get(score.criterion, score.criterion), str(score.value), score.evidence)
                for score in sorted(seat.scores, key=lambda one: order.get(one.criterion, len(order)))
            ),
        )
        for seat in _submitted(read)
    )


def _submitted(read: Rests) -> list[SeatLine]:
    return [seat for seat in read.story.panel or () if seat.scores]


def _answers(read: Rests) -> tuple[Fact, ...]:
    if read.application is None:
        return ()
    said = read.application.content
    return tuple(
        Fact(field.label, plain(said[field.name]) if field.choices else said[field.name])
        for field in questions(read.policy)
        if said.get(field.name) and field.name not in _UNSHOWN
    )


def _feedback(facts: Mapping[str, str]) -> tuple[Fact, ...]:
    words = (("strengths", "Strongest on"), ("development", "Could show more on"))
    return tuple(Fact(label, facts[name]) for name, label in words if facts.get(name))


def _event(event: AuditEvent, names: Mapping[str, str]) -> Event:
    outcome = str((event.after or {}).get("outcome") or "")
    parts = [OUTCOMES[Outcome(outcome)]] if outcome in {one.value for one in Outcome} else []
    if event.what == "decision drafted":
        place = (event.after or {}).get("place")
        parts += [f"Place {place}"] if place else []
        parts += [reason_words(event.reason)] if event.reason else []
    role = "the system" if event.role == Role.SYSTEM else _ROLES.get(event.role, event.role)
    parts.append(f"By {names.get(event.actor, role)}")
    return Event(moment(event.at), _EVENTS[event.what], ". ".join(parts))


def people_of(events: Sequence[AuditEvent], decision: Decision | None) -> list[str]:
    """Everybody whose name the page needs."""
    people = {event.actor for event in events if event.what in _EVENTS}
    if decision is not None:
        people |= {decision.drafted_by, *([decision.approved_by] if decision.approved_by else [])}
    return sorted(people)
