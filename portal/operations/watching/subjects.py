"""What operations steer: a nomination, or one of its assessments."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from models.tables import Assessment, Nomination
from portal.failures import NotFoundError
from portal.operations.watching.choices import HOME, LIST
from portal.operations.watching.steps import Step, is_possible, is_possible_on
from portal.pages import Crumb
from portal.services import Services
from portal.visitors import Visitor
from rules.stages import WORDS
from storage.lists import nomination_visible_to
from storage.watching_pages import assessment_visible_to

NOMINATIONS, ASSESSMENTS = LIST[1], "/operations/assessments"


@dataclass(frozen=True)
class Subject:
    """What is steered: a nomination, or one of its assessments."""

    nomination: Nomination
    assessment: Assessment | None = None

    @property
    def name(self) -> str:
        """Its number."""
        return self.assessment.id if self.assessment else self.nomination.id

    @property
    def path(self) -> str:
        """Where its steps are."""
        return f"{ASSESSMENTS if self.assessment else NOMINATIONS}/{self.name}"

    @property
    def due_at(self) -> datetime | None:
        """Its deadline."""
        return self.assessment.due_at if self.assessment else self.nomination.due_at

    @property
    def crumbs(self) -> list[Crumb]:
        """The trail above its pages."""
        return [HOME, LIST, (self.nomination.id, f"{NOMINATIONS}/{self.nomination.id}")]

    @property
    def stands(self) -> str:
        """Where the nomination stands, as a sentence."""
        paused = ", and paused" if self.nomination.paused else ""
        return f"The nomination is {WORDS[self.nomination.stage]}{paused}."

    def refusal(self, step: Step) -> str | None:
        """Why the step cannot be taken now, or None."""
        if self.assessment and is_possible_on(step, self.assessment, self.nomination):
            return None
        if not self.assessment and is_possible(step, self.nomination):
            return None
        return f"This cannot be done now. {self.stands}"


Find = Callable[[Services, Visitor, str], Awaitable[Subject]]


async def a_nomination(services: Services, visitor: Visitor, name: str) -> Subject:
    """The nomination of this number.

    Raises:
        NotFoundError: There is none.
    """
    async with services.acts.desk.sessions() as session:
        row = await nomination_visible_to(session, visitor.asker, name)
    if row is None:
        raise NotFoundError
    return Subject(row)


async def an_assessment(services: Services, visitor: Visitor, name: str) -> Subject:
    """The assessment of this id, with its nomination.

    Raises:
        NotFoundError: There is none.
    """
    async with services.acts.desk.sessions() as session:
        found = await assessment_visible_to(session, visitor.asker, name)
    if found is None:
        raise NotFoundError
    return Subject(found[1], found[0])
