"""An errand: one thing a person is about to do. Each group of people says which errands are due."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from acts import Acts
from models.policy import Policy
from models.spans import SpanParts
from rules.calendar import after
from simulation.cast import Cast, Offices
from simulation.inbox import Inbox
from simulation.people import People

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Errand:
    """``key`` says what is done to what in which state: the same errand is never run beside itself.

    ``due`` is until when it has to be done; what is due first is done first.
    """

    key: str
    run: Callable[[], Awaitable[object]]
    due: datetime = NEVER


class Group(Protocol):
    """People of one kind."""

    def errands(self, inbox: Inbox) -> Iterator[Errand]:
        """What they do now, given what waits for them."""
        ...


@dataclass(frozen=True)
class World:
    """What every group needs: the acts, the plans, the files, the offices and the policy's spans."""

    acts: Acts
    people: People
    cast: Cast
    offices: Offices
    policy: Policy

    def length(self, span: SpanParts, at: datetime) -> timedelta:
        """How long a span of the policy lasts from ``at`` on."""
        return after(at, span, self.policy.bank_holidays) - at

    def moment(self, inbox: Inbox) -> timedelta:
        """How long somebody at a desk takes to get to something: a sixtieth of the window."""
        return (inbox.cohort.closes_at - inbox.cohort.opens_at) / 60
