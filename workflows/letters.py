"""Who is told what when a nomination moves: the letters that belong to each change of stage."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.enums import Stage, StageChange, Template
    from models.messages import Notice

Reader = Literal["nominee", "nominator", "operations"]

_LETTERS: Mapping[StageChange, tuple[tuple[Template, Reader], ...]] = MappingProxyType(
    {
        StageChange.CONSENT: ((Template.APPLICATION_OPEN, "nominee"),),
        StageChange.SUBMIT: ((Template.APPLICATION_RECEIVED, "nominee"),),
        StageChange.LAPSE: ((Template.LAPSED, "nominee"), (Template.LAPSED, "nominator")),
        StageChange.FAIL_SCREENING: ((Template.INELIGIBLE, "nominee"), (Template.INELIGIBLE, "nominator")),
        StageChange.WITHDRAW: ((Template.WITHDRAWN, "nominee"), (Template.WITHDRAWN, "nominator")),
        StageChange.DEFER: ((Template.DEFERRED, "nominee"), (Template.DEFERRED, "nominator")),
        StageChange.READMIT: ((Template.READMITTED, "nominee"),),
        StageChange.RELEASE_ADMITTED: ((Template.ADMITTED, "nominee"), (Template.FEEDBACK, "nominee")),
        StageChange.RELEASE_RESERVED: ((Template.RESERVED, "nominee"), (Template.FEEDBACK, "nominee")),
        StageChange.RELEASE_NOT_ADMITTED: ((Template.NOT_ADMITTED, "nominee"), (Template.FEEDBACK, "nominee")),
        StageChange.PROMOTE: ((Template.PROMOTED, "nominee"),),
    }
)

REMINDERS: Mapping[Stage, Template] = MappingProxyType(
    {Stage.NOMINATED: Template.CONSENT_REMINDER, Stage.APPLYING: Template.APPLICATION_REMINDER}
)
"""The reminder that goes out before the deadline of each stage that has one."""


def letters_of(change: StageChange, left: Stage, due_at: datetime | None) -> tuple[Notice, ...]:
    """The letters that go out when a nomination leaves ``left`` by ``change``."""
    if change is StageChange.LAPSE and left is Stage.RESERVED:
        return (Notice(template=Template.RESERVE_LIST_CLOSED, to="nominee"),)
    return tuple(Notice(template=template, to=reader, due_at=due_at) for template, reader in _LETTERS.get(change, ()))
