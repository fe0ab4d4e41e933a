"""The steps by which operations steer one nomination or one assessment, and what happens then.

The workflow has the last word: what stands here on when a step is possible only saves people one it would refuse.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.enums import AssessmentStage, Stage, StageChange
from models.tables import Assessment, Nomination
from rules.permissions import Act
from rules.stages import WITH_DEADLINE, leads_to, may_pause

AT_WORK = frozenset({AssessmentStage.OFFERED, AssessmentStage.ACCEPTED, AssessmentStage.RETURNED})
"""Stages in which an assessor owes an answer or scores."""


@dataclass(frozen=True)
class Step:
    """A step of operations.

    Attributes:
        word: Its name in addresses.
        title: What one does, before the thing's number.
        button: What its button says.
        rule: The act that must be granted.
        before: What will happen, for who is about to take it.
        after: What happens next, for who has taken it.
        reasoned: Whether it needs a coded reason.
        until: What the day it asks for is; empty when it asks for none.
    """

    word: str
    title: str
    button: str
    rule: Act
    before: str
    after: str
    reasoned: bool = True
    until: str = ""


EXTEND = Step(
    "extend",
    "Give the nominee longer",
    "Move the deadline",
    Act.EXTEND,
    "The nominee gets a letter with the new deadline, and reminders before it. A deadline only moves later, so this "
    "cannot be taken back.",
    "The nominee gets a letter with the new deadline within minutes, and reminders before it.",
    until="New deadline",
)
PAUSE = Step(
    "pause",
    "Pause",
    "Pause",
    Act.PAUSE,
    "The clock stops for the nominee and for every assessor at work, and nothing is due until somebody resumes the "
    "nomination. The nominee gets a letter.",
    "The clock has stopped, and nothing is due. The nominee gets a letter within minutes. The nomination stands in "
    "the list of paused ones until somebody resumes it.",
)
RESUME = Step(
    "resume",
    "Resume",
    "Resume",
    Act.RESUME,
    "The clock runs again, and every deadline moves by the time it stood still. The nominee gets a letter.",
    "The clock runs again. Every deadline has moved by the time it stood still, and the nominee gets a letter within "
    "minutes.",
    reasoned=False,
)
DEFER = Step(
    "defer",
    "Put off to a later cohort",
    "Put off to a later cohort",
    Act.DEFER,
    "The nomination ends in this cohort, and whoever is at work on it is told that they are no longer needed. The "
    "nominee and the organisation get a letter. This cannot be undone: to take part later, the person is nominated "
    "in the later cohort.",
    "The nomination has ended in this cohort. The nominee and the organisation get a letter within minutes. To take "
    "part later, the person is nominated in the later cohort.",
)
READMIT = Step(
    "readmit",
    "Let back in",
    "Let back in",
    Act.READMIT,
    "The nomination goes on under its own number, with the application open until the day you give. The nominee gets "
    "a letter.",
    "The application is open again. The nominee gets a letter within minutes, and reminders before the deadline.",
    until="Deadline for the application",
)
REFUSE_TIME = Step(
    "refuse-time",
    "Say no to more time",
    "Say no, and send the letter",
    Act.EXTEND,
    "The nominee gets a letter that says why, and that everything stays as it is. They may ask again. It leaves "
    "the list of those who ask. A letter that has left cannot be taken back; more time can still be given.",
    "The nominee gets a letter within minutes. It says why, and that everything stays as it is. They may ask again, "
    "and you can still give more time.",
)
UNBLOCK = Step(
    "unblock",
    "Give a way out",
    "Continue",
    Act.UNBLOCK,
    "What happens depends on the way out you choose. Retry after what was wrong has been mended.",
    "The nomination goes on by itself. If the step fails again, it needs attention again, and says so on the board.",
)
EXTEND_ASSESSMENT = Step(
    "extend",
    "Give the assessor longer",
    "Move the deadline",
    Act.EXTEND,
    "The assessor gets a letter with the new deadline, and reminders before it. A deadline only moves later, so this "
    "cannot be taken back.",
    "The assessor gets a letter with the new deadline within minutes, and reminders before it.",
    until="New deadline",
)
REASSIGN = Step(
    "reassign",
    "Ask another assessor",
    "Take the task back and ask another assessor",
    Act.REASSIGN,
    "The task is taken from this assessor, who gets a letter. What they have scored so far is not used. Another "
    "assessor is found and asked, with the least change to other panels. This cannot be undone.",
    "This assessor gets a letter within minutes. Another assessor is found and asked by itself; if nobody can be "
    "found, the nomination needs attention, and says so on the board.",
)

LATE = Step(
    "late",
    "Let in late",
    "Let this nomination in",
    Act.LET_IN_LATE,
    "The nominee gets an invitation, and the policy’s usual time to consent. The nomination catches up with the "
    "cohort by itself.",
    "The nominee gets an invitation within minutes, and the policy’s usual time to consent. The nomination catches "
    "up with the cohort by itself.",
)

ON_NOMINATION: Mapping[str, Step] = {step.word: step for step in (EXTEND, PAUSE, RESUME, DEFER, READMIT, UNBLOCK)}
ON_ASSESSMENT: Mapping[str, Step] = {step.word: step for step in (EXTEND_ASSESSMENT, REASSIGN)}

_WHEN: Mapping[str, Callable[[Nomination], bool]] = {
    "extend": lambda row: row.stage in WITH_DEADLINE and row.due_at is not None and not row.paused,
    "pause": lambda row: may_pause(row.stage) and not row.paused,
    "resume": lambda row: row.paused,
    "defer": lambda row: leads_to(row.stage, StageChange.DEFER) is not None,
    "readmit": lambda row: row.stage is Stage.LAPSED and row.outcome is None,
    "unblock": lambda row: row.attention_code is not None,
}


def is_possible(step: Step, row: Nomination) -> bool:
    """Whether a nomination, as it stands, can take this step."""
    return _WHEN[step.word](row)


def is_possible_on(step: Step, seat: Assessment, row: Nomination) -> bool:
    """Whether an assessment, as it stands, can take this step."""
    if seat.stage not in AT_WORK or row.paused:
        return False
    return step is not REASSIGN or row.stage is Stage.SCORING
