"""Until when somebody can still act: the deadline people are told, and the policy's grace after it."""

from dataclasses import dataclass
from datetime import datetime

from models.policy import LONDON
from portal.words import clock, moment


@dataclass(frozen=True)
class Deadline:
    """A deadline as it stands at a moment.

    Attributes:
        due: What people are told.
        last: Until when what is asked for is taken all the same.
        now: The moment at which it is looked at.
    """

    due: datetime
    last: datetime
    now: datetime

    @property
    def is_past(self) -> bool:
        """Whether it has passed."""
        return self.now > self.due

    @property
    def grace(self) -> str:
        """Once it has passed: when it was, and until when what is asked for is still taken; empty before."""
        if not self.is_past:
            return ""
        if self.now > self.last:
            return f"The deadline was {moment(self.due)}. We no longer take it."
        return f"The deadline was {moment(self.due)}. We still take it until {self.until}."

    @property
    def until(self) -> str:
        """Until when it is taken; on the day of the deadline, by the time alone."""
        same = self.last.astimezone(LONDON).date() == self.due.astimezone(LONDON).date()
        return clock(self.last) if same and self.is_past else moment(self.last if self.is_past else self.due)

    def ask(self, what: str) -> str:
        """Asks for something, as ``Send it``, by the deadline; in the grace, says until when it is still taken."""
        return self.grace or f"{what} by {moment(self.due)}."
