"""A deadline that reminds, can be moved, and stands still while its workflow is paused."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import Calendar
    from models.spans import SpanParts
    from rules.calendar import after, reminders


class Deadline:
    """Until when something may be done; ``due_at`` is None while nothing is due.

    ``grace`` is how long after ``due_at`` it is still taken: people see ``due_at``, and waiting ends only after the
    grace, so that nobody loses by half a minute.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._grace: SpanParts | None = None
        self._reminders: list[datetime] = []
        self._moves = 0
        self._reminds = True
        self.due_at: datetime | None = None
        self.held_since: datetime | None = None

    def set(self, due_at: datetime | None, grace: SpanParts | None = None, *, remind: bool = True) -> None:
        """Makes ``due_at`` the deadline; with ``remind``, reminders that lie ahead of now are planned afresh."""
        self.due_at = due_at
        self._grace = grace
        self._reminds = remind
        self._moves += 1
        self._reminders = []
        if due_at is not None and remind:
            now = workflow.now()
            calendar = self._calendar
            self._reminders = list(reminders(now, due_at, calendar.reminders, calendar.bank_holidays))

    def hold(self) -> None:
        """Stops the clock."""
        self.held_since = workflow.now()
        self._moves += 1

    def due_if_resumed(self) -> datetime | None:
        """The deadline, moved by the time the clock has stood still."""
        if self.due_at is None or self.held_since is None:
            return self.due_at
        return self.due_at + (workflow.now() - self.held_since)

    def go_on(self, due_at: datetime | None) -> None:
        """Lets the clock run again, until ``due_at``: the deadline moved by the time the clock stood still."""
        self.held_since = None
        self.set(due_at, self._grace, remind=self._reminds)

    @property
    def ends_at(self) -> datetime | None:
        """When waiting ends: the deadline and its grace."""
        if self.due_at is None or self._grace is None:
            return self.due_at
        return after(self.due_at, self._grace, self._calendar.bank_holidays)

    @property
    def passed(self) -> bool:
        """Whether waiting has ended by now."""
        ends_at = self.ends_at
        return self.held_since is None and ends_at is not None and workflow.now() >= ends_at

    async def wait(self, done: Callable[[], bool], remind: Callable[[], Awaitable[None]], waits_for: str) -> bool:
        """Waits until ``done()``, reminding on the way; False if the deadline passed first."""
        while not done():
            if self.passed:
                return False
            if self._reminders and self.held_since is None and workflow.now() >= self._reminders[0]:
                while self._reminders and workflow.now() >= self._reminders[0]:
                    self._reminders.pop(0)
                await remind()
                continue
            await self._sleep(done, waits_for)
        return True

    async def _sleep(self, done: Callable[[], bool], waits_for: str) -> None:
        """Sleeps until something is done, the deadline moves, or the next moment that matters."""
        moves = self._moves
        wake = min([*self._reminders[:1], *([self.ends_at] if self.ends_at else [])], default=None)
        if wake is None or self.held_since is not None:
            await workflow.wait_condition(lambda: done() or self._moves != moves)
            return
        try:
            await workflow.wait_condition(
                lambda: done() or self._moves != moves, timeout=wake - workflow.now(), timeout_summary=waits_for
            )
        except TimeoutError:
            return
