"""What comes next for a nominee, with dates: one clear step for them, and then the steps of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.enums import HOLDING, AssessmentStage, Stage
from portal.nominees.own import Own
from portal.words import day, moment
from rules.calendar import after, span_in_words
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
_BY_LETTER = "Your letter says by when."
_NOTHING_NOW = "You do not need to do anything now"
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


@dataclass(frozen=True)
class Written:
    """How far the application has come: questions that need an answer, how many have one, and the optional ones."""

    answered: int = 0
    needed: int = 0
    optional: int = 0
    begun: bool = False

    @property
    def words(self) -> str:
        """How far it has come, in a sentence or two; empty before it is begun."""
        if not self.begun:
            return ""
        said = f"You have answered {self.answered} of {self.needed} questions."
        if self.answered == self.needed:
            said = "Every question that needs an answer has one."
        if self.optional:
            more = "One more is" if self.optional == 1 else f"{self.optional} more are"
            said += f" {more} optional."
        return said


@dataclass(frozen=True)
class Seat:
    """An assessor's task, without whose it is: where it stands, and by when its next step is due."""

    stage: AssessmentStage
    due_at: datetime | None


def asked_of(own: Own, now: datetime, written: Written) -> Asked:
    """The one thing to do now, if there is one.

    Args:
        own: The nomination.
        now: The present moment.
        written: How far the application has come.
    """
    row = own.row
    if row.paused:
        text = (
            "Your nomination is paused and the clock has stopped. We write to you when it goes on; every deadline "
            "then moves by the time it stood still."
        )
        if row.stage is Stage.APPLYING:
            text += " You can go on writing meanwhile if you like."
            return Asked(_NOTHING_NOW, text, f"{own.path}/application", "See your application")
        return Asked(_NOTHING_NOW, text)
    if row.stage in WITH_DEADLINE:
        return _asked_by_a_deadline(own, now, written)
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
    return Asked(_NOTHING_NOW, "We write to you by email at each step.")


def _asked_by_a_deadline(own: Own, now: datetime, written: Written) -> Asked:
    due = own.deadline(now)
    if own.row.stage is Stage.NOMINATED:
        return Asked(
            "Say if you agree to be nominated",
            f"{due.ask('Answer') if due else _BY_LETTER} If we do not hear from you by then, your nomination ends.",
            f"{own.path}/consent",
            "Answer now",
        )
    return Asked(
        "Complete and send your application",
        f"{due.ask('Send it') if due else _BY_LETTER} If we do not have it by then, your nomination ends. "
        f"{written.words}".strip(),
        f"{own.path}/application",
        "Go on with your application" if written.begun else "Start your application",
    )


def steps_ahead(own: Own, now: datetime, seats: Sequence[Seat] = ()) -> tuple[Step, ...]:
    """What happens next, from where the nomination stands; nothing once it is over.

    Args:
        own: The nomination.
        now: The present moment.
        seats: The tasks of those who assess it.
    """
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
    return _road(own, now, seats)[_ROAD.index(stage) :]


def _road(own: Own, now: datetime, seats: Sequence[Seat]) -> tuple[Step, ...]:
    policy, row = own.policy, own.row
    size = policy.panel.size
    assessors = _NUMBERS[size].capitalize() if size < len(_NUMBERS) else str(size)
    due = own.deadline(now)
    by = f"until {due.until}" if due and due.is_past else f"by {moment(due.due)}" if due else ""
    sending = by if row.stage is Stage.APPLYING and by else f"by {moment(own.cohort.closes_at)}"
    if row.paused:
        by = sending = "once your nomination goes on"
    return (
        Step("You say if you agree", when=by),
        Step("You send your application", when=sending),
        Step("We check that you are eligible", "By the rules of this round. A person looks where a rule is not met."),
        Step(
            f"{assessors} trained senior leaders assess your application",
            "Each scores it alone. You are not told who they are.",
            _assessed(own, seats),
        ),
        Step("A moderator checks the assessment", "So that everybody is assessed in the same way."),
        Step("The talent board decides", "People decide, never a computer."),
        Step(
            "All decisions are released on the same day",
            "We write to you that day with the decision, and with feedback.",
        ),
    )


def _assessed(own: Own, seats: Sequence[Seat]) -> str:
    """When it is assessed: once somebody was asked, by when the last must submit; before, by the rules."""
    policy = own.policy
    within, holidays = policy.assessors.score_within, policy.bank_holidays
    # Who has yet to accept may do so at the last moment, and then has the whole time to score.
    last = [
        after(seat.due_at, within, holidays) if seat.stage is AssessmentStage.OFFERED else seat.due_at
        for seat in seats
        if seat.stage in HOLDING and seat.due_at is not None
    ]
    if last:
        return f"by {day(max(last))}, unless one of them gets more time or has to be replaced"
    if any(seat.stage in HOLDING and seat.stage is not AssessmentStage.SEATED for seat in seats):
        return ""
    return f"between {day(policy.panel.assessed_from)} and {day(policy.panel.assessed_until)}"
