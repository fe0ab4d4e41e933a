"""Allocation runs: proposals to look at, compare, release or discard, and asking for another."""

from collections.abc import Awaitable, Callable
from typing import Annotated, ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from allocation.compare import compare
from allocation.expected import NOTHING_HELPS
from models.enums import Role, RunStatus, SteerReason
from models.ids import CohortId
from models.spans import SpanParts
from portal.access import by
from portal.arrivals import said_here
from portal.failures import ChangedError, NotFoundError
from portal.forms import Bound, Form, bind
from portal.operations.keeping.cohorts import AREA, HOME, Choice, cohorts_with, with_query
from portal.operations.keeping.offer_days import offer_days, warning_of
from portal.operations.keeping.runs import (
    RunShown,
    comparison_shown,
    load_shown,
    open_shown,
    panels_shown,
    run_path,
    run_row,
    run_shown,
    settled_words,
)
from portal.pages import Crumb, Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import plain
from rules.calendar import span_in_words
from rules.permissions import Act
from storage.policies import policy_of
from storage.release_pages import asked_by_run
from storage.run_pages import (
    AT_ONCE,
    RunFacts,
    assessor_names,
    assessors_of_cohort,
    open_panels_of_run,
    panels_of_run,
    run_visible_to,
    seats_compared,
)
from storage.runs import runs_of

routes = area()
Reading = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_RUN)]
Solving = Annotated[Visitor, by(Role.OPERATIONS, Act.SOLVE)]
Releasing = Annotated[Visitor, by(Role.OPERATIONS, Act.RELEASE_RUN)]
Discarding = Annotated[Visitor, by(Role.OPERATIONS, Act.DISCARD_RUN)]

_RUNS = "/operations/allocation"
_CRUMBS = [HOME, ("Allocation", _RUNS)]
_SAID = {
    "asked": Notice("Another run was asked for", "It appears here once it is solved. Look again in a minute."),
    "released": Notice(
        "The run was released", "The panels are told now, and each assessor is offered their assessments."
    ),
    "swapped": Notice(
        "The swap was recorded and another run was asked for",
        "It appears here once it is solved. Compare it with the run you came from, which can no longer be released.",
    ),
    "kept": Notice(
        "The swap was recorded, but no other run could be asked for",
        "Ask for one at the foot of this page.",
        "information",
    ),
    "undone": Notice(
        "The run was undone",
        "Its seats are free, and everybody who was asked is told. The nominations wait for a panel again.",
    ),
    "undone_in_part": Notice(
        "The run was undone where nobody had answered",
        "Those seats are free, and whoever was asked for them is told. Panels on which somebody has answered stay.",
    ),
    "discarded": Notice("The run was discarded", "Nobody was told about it. You can ask for another run."),
}
_REASONS = tuple(Choice(reason.value, plain(reason.value)) for reason in SteerReason)


class DiscardForm(Form):
    """Why a run is discarded."""

    reason: SteerReason
    sentences: ClassVar = {"reason": "Choose why you discard this run"}


@routes.get(_RUNS)
async def show_runs(
    request: Request, visitor: Reading, services: Surroundings, *, cohort: str = "", said: str = ""
) -> HTMLResponse:
    """A cohort's runs, newest first."""
    async with services.acts.desk.sessions() as session:
        cohorts = await cohorts_with(session, cohort)
        runs = await runs_of(session, cohorts.chosen) if cohorts.chosen else []
    return await render(
        request,
        "operations/keeping/runs.html",
        title="Allocation",
        area=AREA,
        crumbs=[HOME],
        notice=await said_here(request, _SAID.get(said)),
        cohorts=cohorts,
        form=Bound[Form](typed={"cohort": cohorts.chosen}),
        runs=[run_row(cohorts.chosen, line) for line in runs[:AT_ONCE]],
        earlier=max(0, len(runs) - AT_ONCE),
    )


@routes.post(_RUNS + "/{cohort}/solve")
async def solve(request: Request, cohort: str, visitor: Solving, services: Surroundings) -> Response:
    """Asks for another run."""

    async def act() -> str:
        await services.acts.cohorts.solve(CohortId(cohort), visitor.by)
        return with_query(_RUNS, cohort=cohort, said="asked")

    return await done_once(request, act)


@routes.get(_RUNS + "/{cohort}/{run}")
async def show_run(
    request: Request, cohort: str, run: int, visitor: Reading, services: Surroundings, *, after: str = ""
) -> HTMLResponse:
    """Who would sit where and why, the proof, and what can be done with the run."""
    async with services.acts.desk.sessions() as session:
        facts = await _run(session_of=services, visitor=visitor, cohort=cohort, run=run)
        nominees, seats = await panels_of_run(session, visitor.asker, cohort, run, after=after, limit=AT_ONCE + 1)
        others = [line.number for line in await runs_of(session, cohort) if line.number != run][:AT_ONCE]
    nominations = sorted(nominees)[:AT_ONCE]
    following = nominations[-1] if len(nominees) > AT_ONCE else ""
    shown = run_shown(facts)
    return await render(
        request,
        "operations/keeping/run.html",
        title=_title(shown),
        area=AREA,
        crumbs=_crumbs(cohort),
        run=shown,
        panels=panels_shown({one: nominees[one] for one in nominations}, seats, facts.loads),
        first=shown.href if after else "",
        following=with_query(shown.href, after=following) if following else "",
        others=[Choice(str(number), f"Run {number}") for number in others],
        form=Bound[Form](),
    )


@routes.get(_RUNS + "/{cohort}/{run}/loads")
async def show_loads(
    request: Request, cohort: str, run: int, visitor: Reading, services: Surroundings, *, after: str = ""
) -> HTMLResponse:
    """Everybody's load with the run's seats."""
    facts = await _run(session_of=services, visitor=visitor, cohort=cohort, run=run)
    async with services.acts.desk.sessions() as session:
        found = await assessors_of_cohort(session, visitor.asker, cohort, after=after, limit=AT_ONCE + 1)
    shown = run_shown(facts)
    following = found[AT_ONCE - 1].assessor if len(found) > AT_ONCE else ""
    return await render(
        request,
        "operations/keeping/loads.html",
        title=f"Loads in run {run}",
        area=AREA,
        crumbs=[*_crumbs(cohort), (f"Run {run}", shown.href)],
        run=shown,
        loads=[load_shown(one, facts.loads) for one in found[:AT_ONCE]],
        first=f"{shown.href}/loads" if after else "",
        following=with_query(f"{shown.href}/loads", after=following) if following else "",
    )


@routes.get(_RUNS + "/{cohort}/{run}/unstaffed")
async def show_unstaffed(
    request: Request, cohort: str, run: int, visitor: Reading, services: Surroundings, *, after: str = ""
) -> HTMLResponse:
    """The nominations that the run leaves without a whole panel, and why."""
    facts = await _run(session_of=services, visitor=visitor, cohort=cohort, run=run)
    async with services.acts.desk.sessions() as session:
        found = await open_panels_of_run(session, visitor.asker, cohort, run, after=after, limit=AT_ONCE + 1)
    shown = run_shown(facts)
    following = found[AT_ONCE - 1].nomination.nomination if len(found) > AT_ONCE else ""
    return await render(
        request,
        "operations/keeping/unstaffed.html",
        title=f"Without a panel in run {run}",
        area=AREA,
        crumbs=[*_crumbs(cohort), (f"Run {run}", shown.href)],
        run=shown,
        left=[open_shown(one) for one in found[:AT_ONCE]],
        nothing_helps=NOTHING_HELPS,
        first=f"{shown.href}/unstaffed" if after else "",
        following=with_query(f"{shown.href}/unstaffed", after=following) if following else "",
    )


@routes.get(_RUNS + "/{cohort}/{run}/compare")
async def compare_runs(
    request: Request,
    cohort: str,
    run: int,
    visitor: Reading,
    services: Surroundings,
    *,
    other: int = 0,
    after: str = "",
) -> HTMLResponse:
    """What changes from another run to this one, and which is better."""
    facts = await _run(session_of=services, visitor=visitor, cohort=cohort, run=run)
    before = await _run(session_of=services, visitor=visitor, cohort=cohort, run=other)
    async with services.acts.desk.sessions() as session:
        earlier, later = [await seats_compared(session, visitor.asker, cohort, number) for number in (other, run)]
        change = compare(earlier, later)
        differing = [panel for panel in change.panels if panel.nomination > after]
        page = differing[:AT_ONCE]
        people = sorted({one for panel in page for one in (*panel.came, *panel.went)})
        names = await assessor_names(session, visitor.asker, cohort, people)
    path = f"{run_path(cohort, run)}/compare"
    following = page[-1].nomination if len(differing) > AT_ONCE else ""
    return await render(
        request,
        "operations/keeping/comparison.html",
        title=f"Run {run} compared with run {other}",
        area=AREA,
        crumbs=[*_crumbs(cohort), (f"Run {run}", run_path(cohort, run))],
        run=run_shown(facts),
        comparison=comparison_shown(
            before,
            facts,
            change,
            names=names,
            shown=[panel.nomination for panel in page],
        ),
        first=with_query(path, other=str(other)) if after else "",
        following=with_query(path, other=str(other), after=following) if following else "",
    )


@routes.get(_RUNS + "/{cohort}/{run}/release")
async def ask_release(
    request: Request, cohort: str, run: int, visitor: Releasing, services: Surroundings
) -> HTMLResponse:
    """Says what a release does, before it is done."""
    facts = await _run(session_of=services, visitor=visitor, cohort=cohort, run=run)
    async with services.acts.desk.sessions() as session:
        policy = await policy_of(session, cohort)
        days = offer_days(policy, services.clock())
        asked = await asked_by_run(session, visitor.asker, cohort, run, first=days.asked, last=days.last)
    within = policy.assessors.answer_within
    shown = run_shown(facts)
    return await render(
        request,
        "operations/keeping/release.html",
        title=f"Release run {run}",
        area=AREA,
        crumbs=[*_crumbs(cohort), (f"Run {run}", shown.href)],
        run=shown,
        within=span_in_words(within) if isinstance(within, SpanParts) else str(within),
        warnings=warning_of(policy, days, asked),
        settled=settled_words(facts),
    )


@routes.post(_RUNS + "/{cohort}/{run}/release")
async def release(request: Request, cohort: str, run: int, visitor: Releasing, services: Surroundings) -> Response:
    """Gives the run's seats out."""
    facts = await _run(session_of=services, visitor=visitor, cohort=cohort, run=run)

    async def act() -> str:
        await services.acts.cohorts.release_run(CohortId(cohort), visitor.by, run)
        return with_query(_RUNS, cohort=cohort, said="released")

    return await _done_to_proposal(request, services, visitor, facts, act)


@routes.get(_RUNS + "/{cohort}/{run}/discard")
async def ask_discard(
    request: Request, cohort: str, run: int, visitor: Discarding, services: Surroundings
) -> HTMLResponse:
    """Asks why the run is discarded."""
    facts = await _run(session_of=services, visitor=visitor, cohort=cohort, run=run)
    return await _discard_page(request, run_shown(facts), Bound[DiscardForm]())


@routes.post(_RUNS + "/{cohort}/{run}/discard")
async def discard(request: Request, cohort: str, run: int, visitor: Discarding, services: Surroundings) -> Response:
    """Discards a proposed run."""
    facts = await _run(session_of=services, visitor=visitor, cohort=cohort, run=run)
    form = await bind(request, DiscardForm)
    if form.value is None:
        return await _discard_page(request, run_shown(facts), form, status=422)
    reason = form.value.reason

    async def act() -> str:
        await services.acts.cohorts.discard_run(CohortId(cohort), visitor.by, run, reason)
        return with_query(_RUNS, cohort=cohort, said="discarded")

    return await _done_to_proposal(request, services, visitor, facts, act)


async def _done_to_proposal(
    request: Request, services: Services, visitor: Visitor, facts: RunFacts, act: Callable[[], Awaitable[str]]
) -> Response:
    """Does something to a proposal, once.

    Raises:
        ChangedError: It is none any more; the page says who settled it, and when.
    """
    try:
        return await done_once(request, act)
    except RefusedError as error:
        now = await _run(session_of=services, visitor=visitor, cohort=facts.cohort, run=facts.number)
        if now.status is RunStatus.PROPOSED:
            raise
        href = run_path(now.cohort, now.number)
        raise ChangedError(settled_words(now), href=href, link=f"Look at run {now.number}") from error


async def _discard_page(
    request: Request, run: RunShown, form: Bound[DiscardForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "operations/keeping/discard.html",
        title=f"Discard run {run.number}",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[*_crumbs(run.cohort), (f"Run {run.number}", run.href)],
        run=run,
        form=form,
        reasons=_REASONS,
    )


async def _run(*, session_of: Services, visitor: Visitor, cohort: str, run: int) -> RunFacts:
    """The run.

    Raises:
        NotFoundError: There is none of this number.
    """
    if not 1 <= run < 2**31:
        raise NotFoundError
    async with session_of.acts.desk.sessions() as session:
        found = await run_visible_to(session, visitor.asker, cohort, run)
    if found is None:
        raise NotFoundError
    return found


def _crumbs(cohort: str) -> list[Crumb]:
    return [HOME, ("Allocation", with_query(_RUNS, cohort=cohort))]


def _title(run: RunShown) -> str:
    return f"Run {run.number} of {run.name}"
