"""Asking the engine: why somebody sits on a panel or not, and what would mend the panels as they stand."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from acts.asking import NoSuchAssessorError, NoSuchNominationError, Told, mending_of, why
from allocation.asked import Reply
from models.enums import Role
from portal.access import by
from portal.failures import NotFoundError, RefusedHereError
from portal.forms import Bound, Form
from portal.operations.keeping.cohorts import AREA, HOME, Choice, cohorts_with, with_query
from portal.operations.keeping.questions_shown import mending_shown, panels_of, people_of, reply_shown
from portal.operations.keeping.runs import run_path
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from rules.permissions import Act
from storage import audit
from storage.kept_runs import UnreadableRunError
from storage.lists import kept_from
from storage.run_pages import (
    AT_ONCE,
    assessor_names,
    assessors_of_cohort,
    nominees_of,
    open_panels_of_run,
    run_visible_to,
    staffed_in_run,
)

routes = area()
Reading = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_RUN)]
Reference = Annotated[str, Query(max_length=40)]

_CHOSEN_FROM = 300
"""Up to so many assessors or nominations are offered in a list; beyond, their reference is typed."""
_SECONDS = 15.0
"""Time allowed where all panels must be solved again."""
_AT_ONCE_SECONDS, _WAITED = 0.03, 20.0
"""How long a page waits for a newer answer: when it is opened, and when somebody asks for the answer itself."""


@routes.get("/operations/allocation/{cohort}/{run}/why")
async def show_why(
    request: Request,
    cohort: str,
    run: int,
    visitor: Reading,
    services: Surroundings,
    *,
    nomination: Reference = "",
    assessor: Reference = "",
) -> HTMLResponse:
    """Why an assessor sits on a panel of the run, or why not; without one, everybody who sits on it."""
    if not 1 <= run < 2**31:
        raise NotFoundError
    form = Bound[Form](typed={"nomination": nomination.strip(), "assessor": assessor.strip()})
    of_run = (visitor.asker, cohort, run)
    async with services.acts.desk.sessions() as session:
        if await run_visible_to(session, *of_run) is None:
            raise NotFoundError
        staffed = await staffed_in_run(session, *of_run, limit=_CHOSEN_FROM + 1)
        left = await open_panels_of_run(session, *of_run, limit=_CHOSEN_FROM + 1)
        register = await assessors_of_cohort(session, visitor.asker, cohort, limit=_CHOSEN_FROM + 1)
    registered = {one.assessor: one.name for one in register}
    told = await _told(services, form, visitor, cohort, run)
    moved = {move.nomination for one in told.replies if one.cost for move in one.cost.moves}
    async with services.acts.desk.sessions() as session:
        names = await assessor_names(session, visitor.asker, cohort, _people_of(told.replies))
        nominees = await nominees_of(session, visitor.asker, sorted(moved | {form.typed["nomination"]}))
    return await render(
        request,
        "operations/keeping/why.html",
        title=f"Why, in run {run}",
        area=AREA,
        status=422 if form.problems else 200,
        errors=form.problems,
        crumbs=[
            HOME,
            ("Allocation", with_query("/operations/allocation", cohort=cohort)),
            (f"Run {run}", run_path(cohort, run)),
        ],
        run=run,
        href=run_path(cohort, run),
        form=form,
        nominations=_choices({*staffed, *(one.nomination.nomination for one in left)}, {}),
        assessors=_choices(registered, registered),
        asked_of=nominees.get(form.typed["nomination"]),
        answers=[reply_shown(one, names, nominees) for one in told.replies],
        unstaffed=told.unstaffed if not told.replies else (),
    )


@routes.get("/operations/allocation/{cohort}/repair")
async def show_repair(
    request: Request, cohort: str, visitor: Reading, services: Surroundings, *, wait: Reference = ""
) -> HTMLResponse:
    """The fewest changed seats that would make every panel whole; nothing is changed.

    It is worked out beside the portal, and kept: the page comes at once, with the newest answer there is.
    """
    async with services.acts.desk.sessions() as session:
        found = await cohorts_with(session, cohort)
        mark = await audit.anchor(session)
    newest = await services.aside.newest(
        services.acts.desk.sessions,
        partial(mending_of, cohort=found.chosen, seconds=_SECONDS),
        mark=mark,
        now=services.clock(),
        patience=_WAITED if wait else _AT_ONCE_SECONDS,
    )
    mending = newest.answer
    async with services.acts.desk.sessions() as session:
        names = await assessor_names(session, visitor.asker, cohort, people_of(mending)) if mending else {}
        nominees = await nominees_of(session, visitor.asker, panels_of(mending)[:AT_ONCE]) if mending else {}
        hidden = await kept_from(session, visitor.asker)
    return await render(
        request,
        "operations/keeping/repair.html",
        title="Panels to mend",
        area=AREA,
        crumbs=[HOME, ("Allocation", with_query("/operations/allocation", cohort=cohort))],
        name=found.name,
        mending=mending_shown(mending, names, nominees, hidden) if mending else None,
        of=newest.of,
        waited_for=with_query(f"/operations/allocation/{cohort}/repair", wait="yes") if newest.working else "",
        more=max(0, len(panels_of(mending)) - AT_ONCE) if mending else 0,
        runs=with_query("/operations/allocation", cohort=cohort),
    )


async def _told(services: Services, form: Bound[Form], visitor: Visitor, cohort: str, run: int) -> Told:
    """What the run answers; a sentence by the field where it was not asked about somebody."""
    nomination, assessor = form.typed["nomination"], form.typed["assessor"]
    if not nomination:
        if assessor:
            form.refuse("nomination", "Choose the nomination you ask about")
        return Told(())
    ask = partial(why, asker=visitor.asker, cohort=cohort, run=run, nomination=nomination, assessor=assessor or None)
    try:
        return await services.aside.worked_out(services.acts.desk.sessions, partial(ask, seconds=_SECONDS))
    except UnreadableRunError as error:
        raise RefusedHereError(restyled(str(error))) from error
    except NoSuchNominationError as error:
        form.refuse("nomination", restyled(str(error)))
    except NoSuchAssessorError as error:
        form.refuse("assessor", restyled(str(error)))
    return Told(())


def _people_of(replies: tuple[Reply, ...]) -> list[str]:
    moved = {move.assessor for one in replies if one.cost for move in one.cost.moves}
    return sorted(moved | {one.assessor for one in replies})


def _choices(references: Collection[str], names: Mapping[str, str]) -> tuple[Choice, ...]:
    """The references to choose from; none where there are too many to choose from."""
    if len(references) > _CHOSEN_FROM:
        return ()
    return tuple(Choice(one, f"{one}, {names[one]}" if one in names else one) for one in sorted(references))
