"""What comes next for a nominee, with dates: one clear step for them, and then the steps of others."""

from dataclasses import dataclass

from models.enums import Stage
from portal.nominees.own import Own
from portal.words import day, moment
from rules.calendar import span_in_words
from rules.stages import WITH_DEADLINE

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ROAD = (
    Stage.NOMINATED,
    Stage.APPLYING,
    Stage.SCREENING,
    Stage.AWAITING_PANEL,
    Stage.QUALITY_ASSURANCE,
    Stage.AWAITING_DECISION,
    Stage.DECIDED,
)
_AT_THE_PANEL = (Stage.AWAITING_PANEL, Stage.SCORING)


@dataclass(frozen=True)
class Asked:
    """What is asked of the nominee now; without ``href`` nothing is."""

    heading: str
    text: str
    href: str = ""
    link: str = ""


@dataclass(frozen=True)
class Step:
    """A step that lies ahead."""

    title: str
    text: str = ""
    when: str = ""


def asked_of(own: Own, answered: int = 0, fields: int = 0) -> Asked:
    """The one thing to do now, if there is one.

    Args:
        own: The nomination.
        answered: How many questions of the application have an answer.
        fields: How many there are.
    """
    row = own.row
    if row.paused:
        return Asked(
            "You do not need to do anything now",
            "Your nomination is paused and the clock has stopped. We write to you when it goes on; every deadline "
            "then moves by the time it stood still.",
        )
    if row.stage in WITH_DEADLINE:
        return _asked_by_a_deadline(own, answered, fields)
    if row.stage is Stage.LAPSED and row.outcome is None:
        return Asked(
            "You can ask to be let back in",
            "What you had written is kept. If you have a reason, ask for more time.",
            f"{own.path}/extension",
            "Ask for more time",
        )
    if own.found.outcome is not None or row.stage is Stage.INELIGIBLE:
        text = "Your letter says which rule was not met."
        if own.found.outcome is not None:
            text = "Your decision letter and your feedback are ready. There is no deadline."
        return Asked("Read your letter", text, f"{own.path}/decision", "Read the letter")
    return Asked("You do not need to do anything now", "We write to you by email at each step.")


def _asked_by_a_deadline(own: Own, answered: int, fields: int) -> Asked:
    due = moment(own.row.due_at) if own.row.due_at else "the deadline in your letter"
    if own.row.stage is Stage.NOMINATED:
        return Asked(
            "Say if you agree to be nominated",
            f"Answer by {due}. If we do not hear from you by then, your nomination ends.",
            f"{own.path}/consent",
            "Answer now",
        )
    begun = f" You have answered {answered} of {fields} questions." if answered else ""
    return Asked(
        "Complete and send your application",
        f"Send it by {due}. If we do not have it by then, your nomination ends.{begun}",
        f"{own.path}/application",
        "Go on with your application" if answered else "Start your application",
    )


def steps_ahead(own: Own) -> tuple[Step, ...]:
    """What happens next, from where the nomination stands; nothing once it is over."""
    stage = Stage.AWAITING_PANEL if own.row.stage in _AT_THE_PANEL else own.row.stage
    if stage is Stage.IN_POOL:
        every = span_in_words(own.policy.membership.readiness_review_every)
        return (
            Step(
                "Organisations look in the pool when they fill an executive director post",
                f"By the rules of this round a place lasts {span_in_words(own.policy.membership.lasts)}.",
            ),
            Step(
                "People look again at how ready you are",
                f"By the rules of this round every {every}. The operations team sees to it, outside this service.",
            ),
        )
    if stage is Stage.RESERVED:
        kept = f"The list is kept for {span_in_words(own.policy.admission.reserve_for)} after the decisions."
        return (Step("We write to you if a place becomes free", kept),)
    if stage not in _ROAD:
        return ()
    return _road(own)[_ROAD.index(stage) :]


def _road(own: Own) -> tuple[Step, ...]:
    policy, row = own.policy, own.row
    size = policy.panel.size
    assessors = _NUMBERS[size].capitalize() if size < len(_NUMBERS) else str(size)
    closes = row.due_at if row.stage is Stage.APPLYING and row.due_at else own.cohort.closes_at
    return (
        Step("You say if you agree", when=f"by {moment(row.due_at)}" if row.due_at else ""),
        Step("You send your application", when=f"by {moment(closes)}"),
        Step("We check that you are eligible", "By the rules of this round. A person looks where a rule is not met."),
        Step(
            f"{assessors} trained senior leaders assess your application",
            "Each scores it alone. You are not told who they are.",
            f"between {day(policy.panel.assessed_from)} and {day(policy.panel.assessed_until)}",
        ),
        Step("A moderator checks the assessment", "So that everybody is assessed in the same way."),
        Step("The talent board decides", "People decide, never a computer."),
        Step(
            "All decisions are released on the same day",
            "We write to you that day with the decision, and with feedback.",
        ),
    )
