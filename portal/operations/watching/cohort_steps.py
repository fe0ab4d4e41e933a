"""The steps by which operations steer a whole cohort: what each is, when it can be taken, and what happens then."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.enums import CohortPhase
from rules.permissions import Act

_ALL = frozenset(CohortPhase) - {CohortPhase.ENDED}


@dataclass(frozen=True)
class CohortStep:
    """A step on a cohort.

    Attributes:
        word: Its name in addresses.
        title: What one does.
        button: What its button says.
        rule: The act that must be granted.
        phases: Where it can be taken.
        before: What will happen, for who is about to take it.
        after: What happens next, for who has taken it.
        reasoned: Whether it needs a coded reason.
    """

    word: str
    title: str
    button: str
    rule: Act
    phases: frozenset[CohortPhase]
    before: str
    after: str
    reasoned: bool = True


WINDOW = CohortStep(
    "window",
    "Move the window",
    "Move the window",
    Act.MOVE_WINDOW,
    frozenset({CohortPhase.SCHEDULED, CohortPhase.OPEN}),
    "Every nominee who is applying gets a letter with the new deadline. Closing earlier moves every nominee’s "
    "deadline to the new closing; only a later date that you gave somebody stays. You can move the window again "
    "while it is open.",
    "Every nominee who is applying gets a letter with the new deadline within minutes.",
)
CLOSE = CohortStep(
    "close",
    "Close the window now",
    "Close the window now",
    Act.CLOSE_NOW,
    frozenset({CohortPhase.OPEN}),
    "No new nomination is taken after the policy’s grace. Whoever has not consented, or has not sent the "
    "application, by then lapses, unless you gave them a later date. This cannot be undone: extend those you still "
    "want first.",
    "The window is closed. When the last applications are screened, the cohort asks for panels by itself.",
)
ROLL_CALL = CohortStep(
    "roll-call",
    "Call the roll",
    "Call the roll now",
    Act.ROLL_CALL,
    _ALL,
    "The cohort counts its nominations at once, and goes on to its next phase if this one is over. It also does so "
    "by itself at the policy’s interval.",
    "The cohort counts now. If its phase is over, the board shows the next one within a minute.",
    reasoned=False,
)
UNBLOCK = CohortStep(
    "unblock",
    "Give a way out",
    "Continue",
    Act.UNBLOCK,
    _ALL,
    "Trying again is right once what was wrong has been mended. Going on without the step is right only for a roll "
    "call, which counts again by itself, and for a run, which you can ask for again: nominations that a skipped "
    "announcement did not reach never hear of it.",
    "It goes on by itself. If the step fails again, this page says so.",
)
ON_COHORT: Mapping[str, CohortStep] = {step.word: step for step in (WINDOW, CLOSE, ROLL_CALL, UNBLOCK)}
