"""What the pages of where a nomination stands show, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.enums import NominationRoute, Stage, StageChange
from models.tables import AuditEvent
from portal.nominees.more_time import Wish, told_of, wishes
from portal.nominees.own import ROOT, Own
from portal.nominees.stages import HAPPENED, WORDS, StageWords
from portal.nominees.standing_words import Asked, Seat, Step, Written, asked_of, steps_ahead
from portal.words import day, moment
from rules.stages import WITH_DEADLINE, leads_to
from storage.nominee_pages import OwnNomination

_ENDORSED_UNTIL = frozenset({Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING})
"""The stages in which it matters to the nominee if they are endorsed."""


@dataclass(frozen=True)
class Happening:
    """A line of the timeline."""

    when: str
    title: str
    text: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Other:
    """Another nomination of the same person."""

    href: str
    text: str
    tag: str


@dataclass(frozen=True)
class Link:
    """Something else a nominee can do."""

    href: str
    text: str


@dataclass(frozen=True)
class Standing:
    """Where a nomination stands."""

    reference: str
    cohort: str
    nominated: str
    stage: StageWords
    paused: bool
    asked: Asked
    steps: tuple[Step, ...]
    wish: Wish | None
    endorsement: str
    happened: tuple[Happening, ...]
    links: tuple[Link, ...]
    others: tuple[Other, ...]


def standing_of(
    own: Own,
    events: Sequence[AuditEvent],
    written: Written,
    *,
    now: datetime,
    seats: Sequence[Seat],
    sent: bool,
    endorsed_at: datetime | None,
) -> Standing:
    """The page of a nomination.

    Args:
        own: The nomination.
        events: Its events, oldest first; changes of stage are shown, and more time that was asked for or given.
        written: How far the application has come.
        now: The present moment.
        seats: The tasks of those who assess it.
        sent: Whether an application was submitted.
        endorsed_at: When it was endorsed; None where it is not.
    """
    row = own.row
    by_self = row.route is NominationRoute.SELF
    nominated = (
        f"You put yourself forward on {day(row.created_at)}, from {own.found.organisation}."
        if by_self
        else f"{own.found.organisation} nominated you on {day(row.created_at)}."
    )
    return Standing(
        reference=row.id,
        cohort=own.cohort.name,
        nominated=nominated,
        stage=WORDS[row.stage],
        paused=row.paused,
        asked=asked_of(own, now, written),
        steps=steps_ahead(own, now, seats),
        wish=_last_wish(own, events),
        endorsement=_endorsement(own, endorsed_at),
        happened=happenings(events),
        links=_links(own, sent=sent, drafted=written.begun),
        others=tuple(_other(one) for one in own.others),
    )


def happenings(events: Sequence[AuditEvent]) -> tuple[Happening, ...]:
    """The changes of stage and what was said about more time, oldest first, without who made or said them."""
    kept: list[Happening] = []
    stage: object = None
    for event in events:
        now = (event.after or {}).get("stage")
        time = told_of(event)
        if time is not None:
            kept.append(Happening(moment(event.at), time.title, time.text))
        elif now is not None and now != stage:
            kept.append(Happening(moment(event.at), HAPPENED[Stage(str(now))]))
        stage = now or stage
    return tuple(kept)


def _endorsement(own: Own, endorsed_at: datetime | None) -> str:
    """What came of asking the organisation of somebody who nominated themselves; empty for everybody else."""
    row, organisation = own.row, own.found.organisation
    if row.route is not NominationRoute.SELF or row.stage not in _ENDORSED_UNTIL:
        return ""
    if endorsed_at is not None:
        return f"{organisation} endorsed you on {day(endorsed_at)}."
    return (
        f"{organisation} is asked to endorse you by {moment(own.cohort.closes_at)}, and has not done so yet. Talk to "
        "a senior leader there: without an endorsement your application waits when it is checked."
    )


def _last_wish(own: Own, events: Sequence[AuditEvent]) -> Wish | None:
    """The newest wish for more time, while what came of it still matters."""
    asked = wishes(events)
    return asked[-1] if asked and (own.row.stage in WITH_DEADLINE or own.row.stage is Stage.LAPSED) else None


def _links(own: Own, *, sent: bool, drafted: bool) -> tuple[Link, ...]:
    stage, path = own.row.stage, own.path
    lapsed = stage is Stage.LAPSED
    links = [
        Link(f"{path}/application/sent", "Read or print the application you sent") if sent else None,
        Link(f"{path}/application/kept", "Read what you had written") if lapsed and drafted and not sent else None,
        Link(f"{path}/messages", "Messages we sent you"),
        Link(f"{path}/extension", "Ask for more time") if stage in WITH_DEADLINE else None,
        Link(f"{path}/equality", "Equality monitoring (optional)"),
        Link(f"{path}/defer", "Wait for a later round") if leads_to(stage, StageChange.DEFER) else None,
        Link(f"{path}/withdraw", "Withdraw from the process") if leads_to(stage, StageChange.WITHDRAW) else None,
        Link(f"{ROOT}/data", "See or download everything we hold about you"),
    ]
    return tuple(link for link in links if link is not None)


def _other(one: OwnNomination) -> Other:
    row = one.nomination
    return Other(f"{ROOT}/{row.id}", f"{one.cohort.name}, nominated on {day(row.created_at)}", WORDS[row.stage].tag)
