"""Until when a run's offers can be answered and scored, against the policy's days and those of the assessors."""

from dataclasses import dataclass
from datetime import date, datetime

from models.policy import LONDON, Policy
from portal.words import day, moment
from rules.calendar import after
from storage.release_pages import Asked


@dataclass(frozen=True)
class OfferDays:
    """When offers that go out now end: the last moment to answer, and the last to score."""

    asked: date
    answer_by: datetime
    score_by: datetime

    @property
    def last(self) -> date:
        """The last day on which somebody may still score."""
        return self.score_by.astimezone(LONDON).date()


def offer_days(policy: Policy, now: datetime) -> OfferDays:
    """The days of offers that go out at ``now``: who accepts at the last moment has the whole time to score."""
    answer_by = after(now, policy.assessors.answer_within, policy.bank_holidays)
    score_by = after(answer_by, policy.assessors.score_within, policy.bank_holidays)
    return OfferDays(now.astimezone(LONDON).date(), answer_by, score_by)


def warning_of(policy: Policy, days: OfferDays, asked: Asked) -> tuple[str, ...]:
    """What does not agree, in sentences; nothing where everybody is there and the policy's days are these."""
    first, until = policy.panel.assessed_from, policy.panel.assessed_until
    outside = days.asked < first or days.last > until
    if not asked.assessors or not (outside or asked.away):
        return ()
    said = [
        f"Offers that go out now can be answered until {moment(days.answer_by)}, and scored until "
        f"{moment(days.score_by)} at the latest."
    ]
    if outside:
        said.append(
            f"The policy counts on assessments between {day(first)} and {day(until)}, and assessors gave their days "
            "for these."
        )
    if asked.away:
        are = "is" if asked.away == 1 else "are"
        said.append(
            f"{asked.away} of the {asked.assessors} assessors of this run {are} available on none of the days from "
            f"{day(days.asked)} to {day(days.last)}."
        )
    said.append("You can release it all the same: who cannot, declines, and somebody else is asked.")
    return tuple(said)
