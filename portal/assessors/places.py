"""An assessor's place in one cohort's register, and how a form changes it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from acts.errors import RefusedError
from acts.register import RegisterActs
from models.enums import Role
from models.ids import CohortId
from models.tables import Availability
from portal.access import by
from portal.assessors.standing import AVAILABILITY
from portal.failures import NotFoundError
from portal.forms import Bound, F
from portal.routing import done_once
from portal.services import Services
from portal.visitors import Visitor
from rules.permissions import Act
from storage.assessor_pages import Registration, periods_of, registrations_of

Keeps = Annotated[Visitor, by(Role.ASSESSOR, Act.KEEP_AVAILABILITY)]
COHORT = f"{AVAILABILITY}/{{cohort}}"
AREA = "Availability"
CRUMBS = (("Availability", AVAILABILITY),)


@dataclass(frozen=True)
class Place:
    """One cohort's registration with its periods."""

    registration: Registration
    periods: tuple[Availability, ...]

    @property
    def cohort(self) -> CohortId:
        """The cohort's name."""
        return CohortId(self.registration.cohort.id)

    @property
    def path(self) -> str:
        """Where its pages stand."""
        return f"{AVAILABILITY}/{self.cohort}"

    def period(self, began: str) -> Availability:
        """The period that begins on a day, as the address says it.

        Raises:
            NotFoundError: There is none.
        """
        found = next((one for one in self.periods if one.from_day.isoformat() == began), None)
        if found is None:
            raise NotFoundError
        return found


def register_of(services: Services) -> RegisterActs:
    """The acts on one's own place in the register."""
    return RegisterActs(services.acts.desk)


async def changed(
    request: Request,
    form: Bound[F],
    done: str,
    change: Callable[[], Awaitable[None]],
    field: str = "",
) -> Response | None:
    """Makes a change and leads back to the page of all; None when it is refused, which the form then says."""

    async def act() -> str:
        await change()
        return f"{AVAILABILITY}?done={done}"

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse(field, str(error))
        return None


async def place_of(services: Services, visitor: Visitor, cohort: str) -> Place:
    """The visitor's place in a cohort's register.

    Raises:
        NotFoundError: They have none.
    """
    async with services.acts.desk.sessions() as session:
        registration = await _registration(session, visitor, cohort)
        periods = await periods_of(session, visitor.asker)
    return Place(registration, tuple(periods.get(cohort, [])))


async def _registration(session: AsyncSession, visitor: Visitor, cohort: str) -> Registration:
    registered = await registrations_of(session, visitor.asker)
    found = next((one for one in registered if one.cohort.id == cohort), None)
    if found is None:
        raise NotFoundError
    return found
