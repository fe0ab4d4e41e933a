"""Reading an application, the panel's scores, and taking the deadline along."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Request
from icalendar import Alarm, Calendar, Event
from starlette.responses import HTMLResponse, Response

from models.enums import AssessmentStage, Role
from portal.access import by
from portal.assessors.presenters import AREA, INBOX
from portal.assessors.sheets import application_view, panel_view
from portal.assessors.tasks import Found, NotNowError, find
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.assessor_pages import (
    OPEN,
    READABLE,
    application_for,
    changes_for,
    endorsement_for,
    nominee_of,
    panel_scores,
    still_scoring,
)

routes = area()
Reads = Annotated[Visitor, by(Role.ASSESSOR, Act.READ_APPLICATION)]
SeesPanel = Annotated[Visitor, by(Role.ASSESSOR, Act.READ_PANEL_SCORES)]
Knows = Annotated[Visitor, by(Role.ASSESSOR, Act.READ_NOMINATION)]
ONE = f"{INBOX}/{{assessment}}"
_REMIND_BEFORE = timedelta(days=1)


@routes.get(f"{ONE}/application")
async def show_application(request: Request, visitor: Reads, services: Surroundings, assessment: str) -> HTMLResponse:
    """The application as submitted, or its stored redacted form where the panel must not know whose it is."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment, *READABLE)
        hidden = found.policy.panel.anonymous
        reading = await application_for(session, visitor.asker, assessment, anonymous=hidden)
        nominee = "" if hidden else await nominee_of(session, visitor.asker, assessment)
        endorsed = None if hidden else await endorsement_for(session, visitor.asker, assessment)
    if reading is None:
        raise NotNowError(
            "This application cannot be shown: the form without names, which your panel reads, was not made.",
            advice=f"Write to the contact below and quote {found.nomination}.",
            href=found.path,
            link="Go to this assessment",
        )
    return await render(
        request,
        "assessors/application.html",
        title=f"Application {found.nomination}",
        area=AREA,
        crumbs=crumbs_to(found),
        reference=found.nomination,
        path=found.path,
        submitted=found.stage is AssessmentStage.SUBMITTED,
        hidden=hidden,
        nominee=nominee,
        organisation="" if hidden else found.task.organisation,
        application=application_view(reading, found.policy, endorsed),
    )


@routes.get(f"{ONE}/panel")
async def show_panel(request: Request, visitor: SeesPanel, services: Surroundings, assessment: str) -> HTMLResponse:
    """The panel's scores, once the assessor's own are submitted."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment)
        if found.stage is not AssessmentStage.SUBMITTED:
            raise NotNowError(
                "You can see the panel’s scores only after submitting your own.",
                href=found.path,
                link="Go to this assessment",
            )
        given = await panel_scores(session, visitor.asker, assessment)
        still = await still_scoring(session, visitor.asker, assessment)
        changes = await changes_for(session, visitor.asker, assessment)
    return await render(
        request,
        "assessors/panel.html",
        title=f"Panel’s scores {found.nomination}",
        area=AREA,
        crumbs=crumbs_to(found),
        reference=found.nomination,
        panel=panel_view(given, found.policy, still, changes),
    )


@routes.get(f"{ONE}/deadline.ics")
async def give_deadline(visitor: Knows, services: Surroundings, assessment: str) -> Response:
    """The deadline as an entry for a calendar; taken along again, it replaces the earlier one."""
    async with services.acts.desk.sessions() as session:
        found = await find(session, visitor, assessment, *OPEN)
    due_at = found.task.row.due_at
    if due_at is None:
        raise NotNowError("There is no deadline now.", href=found.path, link="Go to this assessment")
    name = f"assessment-{found.nomination}.ics"
    return Response(
        entry(found, due_at, services.clock(), services.sender.service),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def entry(found: Found, due_at: datetime, now: datetime, service: str) -> bytes:
    """A calendar with the deadline (RFC 5545), that says the nomination's number and nothing of a person.

    Args:
        found: The task.
        due_at: Its deadline.
        now: The present moment.
        service: The service's address; empty: the entry leads nowhere.
    """
    row = found.task.row
    asks = "Answer the offer" if found.stage is AssessmentStage.OFFERED else "Score"
    summary = f"{asks}: assessment {row.nomination_id}"
    event = Event()
    # Made from the id and not the id itself, which holds the assessor's reference.
    event.add("uid", f"{sha256(row.id.encode()).hexdigest()[:32]}@talent-pool")
    event.add("dtstamp", now)
    event.add("sequence", row.steps)
    event.add("dtstart", due_at)
    event.add("dtend", due_at)
    event.add("summary", summary)
    if service:
        # The list and not the task's own page, whose address holds the assessor's reference.
        event.add("description", f"Sign in and go to your assessments: {service.rstrip('/')}{INBOX}")
    event.add("transp", "TRANSPARENT")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", -_REMIND_BEFORE)
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//Talent pool//Assessments//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def crumbs_to(found: Found) -> list[tuple[str, str]]:
    """The trail to a page of one task."""
    return [("Assessments", INBOX), (found.nomination, found.path)]
