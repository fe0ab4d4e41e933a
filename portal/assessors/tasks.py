"""Finding the task a page is about: one's own, or a page that says why there is nothing to see."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import AssessmentStage
from models.policy import Policy
from portal.assessors.presenters import GONE_WORDS, INBOX
from portal.failures import NotFoundError, PageError
from portal.visitors import Visitor
from storage.assessor_pages import GONE, Task, task_of
from storage.policies import policy_of


class NoLongerYoursError(PageError):
    """The task was the visitor's, and is no longer; nothing of it is shown."""

    status = 410
    template = "assessors/gone.html"
    title = "This assessment is no longer yours"


class ConflictedError(PageError):
    """The visitor has a conflict of interest with the nomination, and reads nothing of it."""

    status = 403
    template = "assessors/conflicted.html"
    title = "You have a conflict of interest"


class NotNowError(PageError):
    """The task is theirs, and this page is for another of its stages."""

    status = 409
    title = "This cannot be done now"


@dataclass(frozen=True)
class Found:
    """A task with the policy it is scored by."""

    task: Task
    policy: Policy

    @property
    def id(self) -> str:
        """The assessment's id."""
        return self.task.row.id

    @property
    def nomination(self) -> str:
        """The nomination's number."""
        return self.task.row.nomination_id

    @property
    def stage(self) -> AssessmentStage:
        """Where it stands."""
        return self.task.row.stage

    @property
    def path(self) -> str:
        """Its first page."""
        return path_of(self.id)


def path_of(assessment: str) -> str:
    """A task's first page."""
    return f"{INBOX}/{assessment}"


async def find(session: AsyncSession, visitor: Visitor, assessment: str, *stages: AssessmentStage) -> Found:
    """The visitor's own task; in one of ``stages`` where any are given.

    Raises:
        NotFoundError: There is none of this id that was ever offered to the visitor.
        NoLongerYoursError: It was theirs.
        ConflictedError: They have a conflict of interest with the nomination.
        NotNowError: It stands in another stage.
    """
    task = await task_of(session, visitor.asker, assessment)
    if task is None:
        raise NotFoundError
    row = task.row
    if row.stage in GONE:
        raise NoLongerYoursError(
            f"Assessment {row.nomination_id}: {GONE_WORDS[row.stage]}", href=INBOX, link="Go to your assessments"
        )
    if task.conflicted:
        open_still = row.stage is not AssessmentStage.SUBMITTED
        raise ConflictedError(
            row.nomination_id,
            href=f"{path_of(assessment)}/decline" if open_still else INBOX,
            link="Decline this assessment" if open_still else "Go to your assessments",
        )
    if stages and row.stage not in stages:
        raise NotNowError(_NOT_NOW[row.stage], href=path_of(assessment), link="Go to this assessment")
    return Found(task, await policy_of(session, row.cohort_id))


async def find_to_decline(session: AsyncSession, visitor: Visitor, assessment: str) -> Task:
    """The visitor's own task that they can still decline, also with a conflict of interest.

    Raises:
        NotFoundError: As `find`.
        NoLongerYoursError: As `find`.
        NotNowError: It has been submitted.
    """
    task = await task_of(session, visitor.asker, assessment)
    if task is not None and (task.row.stage in GONE or task.row.stage is AssessmentStage.SUBMITTED):
        await find(session, visitor, assessment, AssessmentStage.OFFERED)
    if task is None:
        raise NotFoundError
    return task


_NOT_NOW = {
    AssessmentStage.OFFERED: "You have not accepted this assessment yet.",
    AssessmentStage.ACCEPTED: "You have accepted this assessment, and not submitted its scores yet.",
    AssessmentStage.RETURNED: "This assessment was returned for more evidence, and is not submitted again yet.",
    AssessmentStage.SUBMITTED: "You have submitted this assessment.",
}
