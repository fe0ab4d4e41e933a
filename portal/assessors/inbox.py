"""What is asked of an assessor, and what they have done."""

from typing import Annotated

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse

from models.enums import Role
from models.policy import Policy
from portal.access import by
from portal.assessors.presenters import AREA, INBOX, history, inbox, workloads
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.assessor_pages import Registration, open_tasks, past_tasks, registrations_of, stages_of
from storage.policies import policy_of

routes = area()
Visiting = Annotated[Visitor, by(Role.ASSESSOR, Act.READ_NOMINATION)]


@routes.get(INBOX)
async def show_inbox(request: Request, visitor: Visiting, services: Surroundings, after: str = "") -> HTMLResponse:
    """What is asked of the assessor, by due date."""
    async with services.acts.desk.sessions() as session:
        lines = await open_tasks(session, visitor.asker, after)
        counts = await stages_of(session, visitor.asker)
        registered = await with_policies(session, visitor)
    return await render(
        request,
        "assessors/inbox.html",
        title="Your assessments",
        area=AREA,
        inbox=inbox(lines, counts, registered, services.clock()),
        later=bool(after),
    )


@routes.get(f"{INBOX}/history")
async def show_history(request: Request, visitor: Visiting, services: Surroundings, after: str = "") -> HTMLResponse:
    """Past assessments, the newest first, and the assessor's own workload."""
    async with services.acts.desk.sessions() as session:
        past = await past_tasks(session, visitor.asker, after)
        counts = await stages_of(session, visitor.asker)
        registered = await registrations_of(session, visitor.asker)
    lines, next_href = history(past, services.clock())
    return await render(
        request,
        "assessors/history.html",
        title="Past assessments and workload",
        area=AREA,
        crumbs=[("Assessments", INBOX)],
        lines=lines,
        next_href=next_href,
        later=bool(after),
        workloads=workloads(registered, counts),
    )


async def with_policies(session: AsyncSession, visitor: Visitor) -> list[tuple[Registration, Policy]]:
    """The cohorts the assessor is registered in, each with its policy."""
    registered = await registrations_of(session, visitor.asker)
    return [(one, await policy_of(session, one.cohort.id)) for one in registered]
