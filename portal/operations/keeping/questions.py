"""Asking the engine: why somebody sits on a panel or not, and what would mend the panels as they stand."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from allocation.answer import RunAnswer
from allocation.asked import NotInRunError, Reply, asked, members
from allocation.mending import mended
from allocation.problem import AllocationProblem
from allocation.proposal import Aim
from models.enums import Role
from portal.access import by
from portal.failures import NotFoundError, RefusedHereError
from portal.forms import Bound, Form
from portal.operations.keeping.cohorts import AREA, HOME, Choice, cohorts_with, with_query
from portal.operations.keeping.questions_shown import mending_shown, panels_of, people_of, reply_shown
from portal.operations.keeping.runs import run_path
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from rules.permissions import Act
from storage.kept_runs import UnreadableRunError, kept_run
from storage.panels_now import panels_now
from storage.policies import policy_of
from storage.run_pages import AT_ONCE, assessor_names, nominees_of

routes = area()
Reading = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_RUN)]
Reference = Annotated[str, Query(max_length=40)]

_CHOSEN_FROM = 300
"""Up to so many assessors or nominations are offered in a list; beyond, their reference is typed."""
_SECONDS = 15.0
"""Time allowed where all panels must be solved again."""


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
    nomination, assessor = nomination.strip(), assessor.strip()
    form = Bound[Form](typed={"nomination": nomination, "assessor": assessor})
    async with services.acts.desk.sessions() as session:
        try:
            kept = await kept_run(session, visitor.asker, cohort, run)
        except UnreadableRunError as error:
            raise RefusedHereError(restyled(str(error))) from error
        if kept is None:
            raise NotFoundError
        aim = (await policy_of(session, cohort)).allocation.aim
    problem, answer = kept
    # Between the two sessions, since solving may take seconds and a connection is needed by others.
    replies = await _replies(form, problem, answer, aim)
    people = [one.id for one in problem.assessors]
    moved = {move.nomination for one in replies if one.cost for move in one.cost.moves}
    async with services.acts.desk.sessions() as session:
        named = people if len(people) <= _CHOSEN_FROM else _people_of(replies)
        names = await assessor_names(session, visitor.asker, cohort, named)
        nominees = await nominees_of(session, sorted(moved | {nomination}))
    unstaffed = [reason for one in answer.unstaffed if one.nomination == nomination for reason in one.reasons]
    asks = [one.id for one in problem.nominations]
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
        nominations=_choices(asks, {}),
        assessors=_choices(people, names),
        asked_of=nominees.get(nomination),
        answers=[reply_shown(one, names, nominees) for one in replies],
        unstaffed=unstaffed if not replies else (),
    )


@routes.get("/operations/allocation/{cohort}/repair")
async def show_repair(request: Request, cohort: str, visitor: Reading, services: Surroundings) -> HTMLResponse:
    """The fewest changed seats that would make every panel whole; nothing is changed."""
    async with services.acts.desk.sessions() as session:
        found = await cohorts_with(session, cohort)
        problem = await panels_now(session, found.chosen)
    mending = await asyncio.to_thread(partial(mended, problem, seconds=_SECONDS))
    async with services.acts.desk.sessions() as session:
        names = await assessor_names(session, visitor.asker, cohort, people_of(mending))
        nominees = await nominees_of(session, panels_of(mending)[:AT_ONCE])
    return await render(
        request,
        "operations/keeping/repair.html",
        title="Panels to mend",
        area=AREA,
        crumbs=[HOME, ("Allocation", with_query("/operations/allocation", cohort=cohort))],
        name=found.name,
        mending=mending_shown(mending, names, nominees),
        more=max(0, len(panels_of(mending)) - AT_ONCE),
        runs=with_query("/operations/allocation", cohort=cohort),
    )


async def _replies(form: Bound[Form], problem: AllocationProblem, answer: RunAnswer, aim: Aim) -> tuple[Reply, ...]:
    """What the run answers; a sentence by the field where it was not asked about somebody."""
    nomination, assessor = form.typed["nomination"], form.typed["assessor"]
    if not nomination:
        if assessor:
            form.refuse("nomination", "Choose the nomination you ask about")
        return ()
    try:
        wanted = members(problem, answer, nomination)
    except NotInRunError as error:
        form.refuse("nomination", restyled(str(error)))
        return ()
    ask = partial(asked, problem, answer, nomination, aim=aim, seconds=_SECONDS)
    try:
        # In a thread, so that other pages go on being served.
        return tuple([await asyncio.to_thread(ask, one) for one in ((assessor,) if assessor else wanted)])
    except NotInRunError as error:
        form.refuse("assessor", restyled(str(error)))
        return ()


def _people_of(replies: tuple[Reply, ...]) -> list[str]:
    moved = {move.assessor for one in replies if one.cost for move in one.cost.moves}
    return sorted(moved | {one.assessor for one in replies})


def _choices(references: list[str], names: dict[str, str]) -> tuple[Choice, ...]:
    """The references to choose from; none where there are too many to choose from."""
    if len(references) > _CHOSEN_FROM:
        return ()
    return tuple(Choice(one, f"{one}, {names[one]}" if one in names else one) for one in sorted(references))
