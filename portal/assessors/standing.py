"""What an assessor's own place in the register shows, in words: days, capacity, interests and their effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from acts.register import Period, in_words
from models.policy import Policy
from models.tables import Availability
from portal.assessors.presenters import Option, Training, counted, training
from portal.words import plain
from storage.assessor_pages import Registration

AVAILABILITY = "/availability"


@dataclass(frozen=True)
class PeriodLine:
    """Days on which an assessor can assess, and where they are changed."""

    words: str
    change_href: str
    remove_href: str


@dataclass(frozen=True)
class StandingView:
    """An assessor's place in one cohort; ``warning`` is empty while they can be asked."""

    cohort: str
    path: str
    window: str
    days: str
    warning: str
    periods: tuple[PeriodLine, ...]
    capacity: str
    full: bool
    held: int
    interests: tuple[str, ...]
    training: Training
    mixed_href: str


def standing(one: Registration, policy: Policy, periods: Sequence[Availability], today: date) -> StandingView:
    """One cohort's part of the page."""
    path = f"{AVAILABILITY}/{one.cohort.id}"
    panel = policy.panel
    free = days_within(periods, panel.assessed_from, panel.assessed_until)
    row = one.assessor
    return StandingView(
        cohort=one.cohort.name,
        path=path,
        window=in_words(Period(panel.assessed_from, panel.assessed_until)),
        days=counted(free, "day"),
        warning=""
        if free >= panel.min_days_available
        else (
            f"An assessor must be available on {counted(panel.min_days_available, 'day')} of these or more. "
            "You will not be asked to assess until you add some."
        ),
        periods=tuple(
            PeriodLine(
                words_of(period),
                f"{path}/periods/{period.from_day.isoformat()}",
                f"{path}/periods/{period.from_day.isoformat()}/remove",
            )
            for period in periods
        ),
        capacity=f"{counted(row.capacity, 'assessment')} at once. You hold {one.held} now.",
        full=one.held >= row.capacity,
        held=one.held,
        interests=tuple(plain(word) for word in row.interests),
        training=training(one, policy, today),
        mixed_href=f"{path}/mixed-panels" if mixes(policy) else "",
    )


def mixes(policy: Policy) -> bool:
    """Whether the panels of a round are mixed by anything that assessors say of themselves."""
    return bool(policy.allocation.mixed_properties) and policy.allocation.weight_mixed > 0


def days_within(periods: Sequence[Availability], first: date, last: date) -> int:
    """On how many days of a window somebody is available; periods do not meet each other."""
    each = (
        (min(period.until_day, last) - max(period.from_day, first)) // timedelta(days=1) + 1 for period in periods
    )
    return sum(max(0, days) for days in each)


def words_of(period: Availability) -> str:
    """A stored period in words."""
    return in_words(Period(period.from_day, period.until_day))


def interest_options(known: Sequence[str]) -> tuple[Option, ...]:
    """Each interest that somebody in the cohort has named."""
    return tuple(Option(word, plain(word)) for word in known)
