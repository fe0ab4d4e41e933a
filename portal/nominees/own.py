"""The nomination a page is about: one of the visitor's own, or there is no such page."""

from dataclasses import dataclass
from datetime import datetime

from models.ids import CohortId, NominationId
from models.policy import Policy
from models.tables import Cohort, Nomination
from portal.deadlines import Deadline
from portal.failures import NotFoundError
from portal.pages import Crumb
from portal.services import Services
from portal.visitors import Visitor
from rules.calendar import after
from rules.stages import WITH_DEADLINE
from storage.nominee_pages import OwnNomination, own_nominations
from storage.policies import policy_of

AREA = "My nomination"
ROOT = "/my-nomination"


@dataclass(frozen=True)
class Own:
    """One of the visitor's nominations with its cohort's policy; ``others`` are theirs too, newest first."""

    found: OwnNomination
    others: tuple[OwnNomination, ...]
    policy: Policy

    @property
    def row(self) -> Nomination:
        """Where it stands."""
        return self.found.nomination

    @property
    def cohort(self) -> Cohort:
        """The round it is in."""
        return self.found.cohort

    @property
    def number(self) -> NominationId:
        """Its number, such as pilot-0042."""
        return NominationId(self.row.id)

    @property
    def cohort_id(self) -> CohortId:
        """The round's number."""
        return CohortId(self.row.cohort_id)

    @property
    def path(self) -> str:
        """Its first page."""
        return f"{ROOT}/{self.row.id}"

    @property
    def closed(self) -> str:
        """Its first page, which says why a page of its application is closed."""
        return f"{self.path}?closed=yes"

    @property
    def crumbs(self) -> tuple[Crumb, ...]:
        """The trail to its pages."""
        return ((AREA, self.path),)

    def deadline(self, now: datetime) -> Deadline | None:
        """The deadline of the nominee's own step, with the policy's grace; None where there is none."""
        due = self.row.due_at
        if due is None or self.row.paused or self.row.stage not in WITH_DEADLINE:
            return None
        return Deadline(due, after(due, self.policy.window.grace, self.policy.bank_holidays), now)

    @property
    def application_crumbs(self) -> tuple[Crumb, ...]:
        """The trail to the pages of its application."""
        return (*self.crumbs, ("Application", f"{self.path}/application"))


async def own(services: Services, visitor: Visitor, nomination: str | None = None) -> Own:
    """The visitor's nomination of this number, or their newest.

    Raises:
        NotFoundError: They have none of this number, whoever else may.
    """
    async with services.acts.desk.sessions() as session:
        every = await own_nominations(session, visitor.asker)
        found = next((one for one in every if nomination is None or one.nomination.id == nomination), None)
        if found is None:
            raise NotFoundError
        policy = await policy_of(session, found.nomination.cohort_id)
    return Own(found, tuple(one for one in every if one is not found), policy)
