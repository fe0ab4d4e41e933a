"""What the same nomination costs with nothing in it: as many Updates, local activities and child workflows, no work.

One bare nomination has the shape of a real one on the usual path: a parent with three Updates (consent, submit,
decide) and eleven local activities, and three children with two Updates (accept, submit) and three local activities
each. No remote activity belongs to a single nomination, so none stands here. It sets no timer and no search
attribute, gets no signal and sends no message.

There are two kinds. In the one, an activity does nothing at all: the difference to the real nomination is what the
product costs. In the other (``bench/plain.py``), each activity makes one plain database transaction, as the steps of
any durable system must: the difference between the two kinds is what remembering costs, and what is left between the
second and the real one is the product's own: rules, letters, the audit chain, deadlines, what people type.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.workflow import ParentClosePolicy

TASK_QUEUE = "bare"
UPDATES = 3 + 3 * 2
LOCAL_ACTIVITIES = 11 + 3 * 3
NOTHING, ONE_TRANSACTION = "nothing", "one_transaction"
_LIMIT = timedelta(seconds=10)


@dataclass(frozen=True)
class BareStart:
    """``name``: of the nomination's workflow, whose children's begin with it. ``activity``: what each step runs."""

    name: str
    activity: str


@activity.defn(name=NOTHING)
async def nothing(step: int) -> None:
    """Does nothing."""


async def _step(start: BareStart, number: int) -> None:
    await workflow.execute_local_activity(start.activity, number, start_to_close_timeout=_LIMIT)


@workflow.defn(name="bare_assessment")
class BareAssessment:
    """Offered, accepted, submitted: three local activities, two Updates."""

    @workflow.init
    def __init__(self, start: BareStart) -> None:
        self._start = start
        self._accepted = False
        self._submitted = False

    @workflow.run
    async def run(self, start: BareStart) -> int:
        """One child."""
        await _step(self._start, 1)
        await workflow.wait_condition(lambda: self._submitted)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return 3

    @workflow.update
    async def accept(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(self._start, 2)
        self._accepted = True
        return 2

    @workflow.update
    async def submit(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(self._start, 3)
        self._submitted = True
        return 3


@workflow.defn(name="bare_nomination")
class BareNomination:
    """Three Updates, three children, eleven local activities."""

    @workflow.init
    def __init__(self, start: BareStart) -> None:
        self._start = start
        self._told: set[str] = set()

    @workflow.run
    async def run(self, start: BareStart) -> int:
        """One nomination, in the order of a real one."""
        await _step(self._start, 1)
        await workflow.wait_condition(lambda: "submit" in self._told)
        for step in (4, 5, 6):
            await _step(self._start, step)
        children = [
            await workflow.start_child_workflow(
                "bare_assessment",
                start,
                id=f"{start.name}.{number}",
                result_type=int,
                parent_close_policy=ParentClosePolicy.ABANDON,
            )
            for number in range(3)
        ]
        await asyncio.gather(*children)
        for step in (7, 8, 9):
            await _step(self._start, step)
        await workflow.wait_condition(lambda: "decide" in self._told)
        await _step(self._start, 11)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return 11

    @workflow.update
    async def consent(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(self._start, 2)
        self._told.add("consent")
        return 2

    @workflow.update
    async def submit(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(self._start, 3)
        self._told.add("submit")
        return 3

    @workflow.update
    async def decide(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(self._start, 10)
        self._told.add("decide")
        return 10
