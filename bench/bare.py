"""What the same nomination costs with nothing in it: as many Updates, local activities and child workflows, no work.

One bare nomination has the shape of a real one on the usual path: a parent with three Updates (consent, submit,
decide) and eleven local activities, and three children with two Updates (accept, submit) and three local activities
each. No remote activity belongs to a single nomination, so none stands here. It writes nothing, sets no timer and no
search attribute, gets no signal and sends no message: the difference to the real one is what the product costs.
"""

import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.workflow import ParentClosePolicy

TASK_QUEUE = "bare"
UPDATES = 3 + 3 * 2
LOCAL_ACTIVITIES = 11 + 3 * 3
_LIMIT = timedelta(seconds=10)


@activity.defn(name="nothing")
async def nothing(step: int) -> None:
    """Does nothing."""


async def _step(number: int) -> None:
    await workflow.execute_local_activity("nothing", number, start_to_close_timeout=_LIMIT)


@workflow.defn(name="bare_assessment")
class BareAssessment:
    """Offered, accepted, submitted: three local activities, two Updates."""

    def __init__(self) -> None:
        self._accepted = False
        self._submitted = False

    @workflow.run
    async def run(self) -> int:
        """One child."""
        await _step(1)
        await workflow.wait_condition(lambda: self._submitted)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return 3

    @workflow.update
    async def accept(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(2)
        self._accepted = True
        return 2

    @workflow.update
    async def submit(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(3)
        self._submitted = True
        return 3


@workflow.defn(name="bare_nomination")
class BareNomination:
    """Three Updates, three children, eleven local activities."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    @workflow.run
    async def run(self, name: str) -> int:
        """One nomination, in the order of a real one."""
        await _step(1)
        await workflow.wait_condition(lambda: "submit" in self._told)
        for step in (4, 5, 6):
            await _step(step)
        children = [
            await workflow.start_child_workflow(
                "bare_assessment",
                id=f"{name}.{number}",
                result_type=int,
                parent_close_policy=ParentClosePolicy.ABANDON,
            )
            for number in range(3)
        ]
        await asyncio.gather(*children)
        for step in (7, 8, 9):
            await _step(step)
        await workflow.wait_condition(lambda: "decide" in self._told)
        await _step(11)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return 11

    @workflow.update
    async def consent(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(2)
        self._told.add("consent")
        return 2

    @workflow.update
    async def submit(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(3)
        self._told.add("submit")
        return 3

    @workflow.update
    async def decide(self, message: dict[str, str]) -> int:
        """One local activity."""
        await _step(10)
        self._told.add("decide")
        return 10
