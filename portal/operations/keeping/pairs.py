"""Pairs that operations pin or forbid: the list, and each change with its price before it is made."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar, Literal

from fastapi import Query, Request
from starlette.responses import HTMLResponse, Response

from acts.errors import NotKnownError, RefusedError
from acts.pairs import PairActs, PairChange, priced
from models.enums import Role, SteerReason
from models.ids import AssessorId, NominationId
from portal.access import by
from portal.arrivals import said_here
from portal.forms import Bound, Form, bind
from portal.operations.keeping.asking import After
from portal.operations.keeping.cohorts import AREA, HOME, Choice, cohorts_with, with_query
from portal.operations.keeping.pairs_shown import change_asked, pair_shown, pairs_path
from portal.pages import Crumb, Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import plain, restyled
from rules.permissions import Act
from storage.pairs import AT_ONCE, pairs_of_cohort, with_a_panel_ahead
from storage.run_pages import assessor_names, assessors_of_cohort, nominees_of

routes = area()
Reading = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_RUN)]
Solving = Annotated[Visitor, by(Role.OPERATIONS, Act.SOLVE)]
Reference = Annotated[str, Query(max_length=40)]

_PAIRS = "/operations/allocation/{cohort}/pairs"
_CHOSEN_FROM = 300
"""Up to so many assessors or nominations are offered in a list; beyond, their reference is typed."""
REASONS = tuple(Choice(reason.value, plain(reason.value)) for reason in SteerReason)
_KINDS = (
    Choice("pinned", "Pin: they sit on the panel", "A rule that bars them still holds: then you are told which."),
    Choice("forbidden", "Forbid: they do not sit on the panel", "For good, until you lift it."),
)
_STALE = "It counts from the next run on. Ask for another run to see it in a proposal."
_SAID = {
    "pinned": Notice("The pair is pinned", _STALE),
    "forbidden": Notice("The pair is forbidden", _STALE),
    "lifted": Notice("The pair is lifted", _STALE),
}


class PairForm(Form):
    """Which pair, how it is to stand, and why."""

    nomination: str
    assessor: str
    kind: Literal["pinned", "forbidden", "lifted"]
    reason: SteerReason
    sentences: ClassVar = {"reason": "Choose why"}


@routes.get(_PAIRS)
async def show_pairs(
    request: Request, cohort: str, visitor: Reading, services: Surroundings, *, after: After = "", said: str = ""
) -> HTMLResponse:
    """A cohort's pairs, by nomination."""
    nomination, _, assessor = after.partition(".")
    async with services.acts.desk.sessions() as session:
        chosen = await cohorts_with(session, cohort)
        found = await pairs_of_cohort(session, visitor.asker, cohort, after=(nomination, assessor), limit=AT_ONCE + 1)
    page = found[:AT_ONCE]
    path = pairs_path(cohort)
    following = f"{page[-1].nomination}.{page[-1].assessor}" if len(found) > AT_ONCE else ""
    return await render(
        request,
        "operations/keeping/pairs.html",
        title="Pinned and forbidden pairs",
        area=AREA,
        crumbs=crumbs_of(cohort),
        notice=await said_here(request, _SAID.get(said)),
        name=chosen.name,
        href=path,
        pairs=[pair_shown(cohort, one) for one in page],
        first=path if after else "",
        following=with_query(path, after=following) if following else "",
    )


@routes.get(_PAIRS + "/add")
async def add_pair(
    request: Request,
    cohort: str,
    visitor: Solving,
    services: Surroundings,
    *,
    nomination: Reference = "",
    assessor: Reference = "",
) -> HTMLResponse:
    """Asks which pair is to be pinned or forbidden."""
    form = Bound[PairForm](typed={"nomination": nomination, "assessor": assessor})
    return await _add_page(request, cohort, visitor, services, form)


@routes.get(_PAIRS + "/price")
async def show_price(
    request: Request,
    cohort: str,
    visitor: Solving,
    services: Surroundings,
    *,
    nomination: Reference = "",
    assessor: Reference = "",
    kind: Reference = "",
) -> HTMLResponse:
    """What pinning, forbidding or lifting does and costs, before it is done."""
    form = Bound[PairForm](typed={"nomination": nomination.strip(), "assessor": assessor.strip(), "kind": kind})
    change = _change_of(form, cohort)
    if change is None:
        return await _add_page(request, cohort, visitor, services, form)
    return await _price_page(request, cohort, visitor, services, form=form, change=change)


@routes.post(_PAIRS)
async def change_pair(request: Request, cohort: str, visitor: Solving, services: Surroundings) -> Response:
    """Pins, forbids or lifts a pair."""
    form = await bind(request, PairForm)
    asked = Bound[PairForm](typed=form.typed)
    change = _change_of(asked, cohort)
    if change is None:
        return await _add_page(request, cohort, visitor, services, asked)
    if form.value is None:
        return await _price_page(request, cohort, visitor, services, form=form, change=change)
    reason, kind = form.value.reason, form.value.kind

    async def act() -> str:
        await PairActs(services.acts.desk).change(change, visitor.by, reason)
        return with_query(pairs_path(cohort), said=kind)

    return await done_once(request, act)


def _change_of(form: Bound[PairForm], cohort: str) -> PairChange | None:
    """The change a form asks for; None, with a sentence by the field, where it does not say which."""
    nomination, assessor, kind = (form.typed[name] for name in ("nomination", "assessor", "kind"))
    if not nomination:
        form.refuse("nomination", "Choose the nomination")
    elif not nomination.startswith(f"{cohort}-"):
        form.refuse("nomination", f"There is no nomination {nomination} in this cohort")
    if not assessor:
        form.refuse("assessor", "Choose the assessor")
    if kind not in _SAID:
        form.refuse("kind", "Choose whether to pin or to forbid")
    if form.problems:
        return None
    about, whom = NominationId(nomination), AssessorId(assessor)
    if kind == "pinned":
        return PairChange(about, pinned=whom)
    return PairChange(about, forbidden=whom) if kind == "forbidden" else PairChange(about, lifted=whom)


async def _add_page(
    request: Request, cohort: str, visitor: Visitor, services: Services, form: Bound[PairForm]
) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        await cohorts_with(session, cohort)
        waiting = await with_a_panel_ahead(session, visitor.asker, cohort, limit=_CHOSEN_FROM + 1)
        people = await assessors_of_cohort(session, visitor.asker, cohort, limit=_CHOSEN_FROM + 1)
    return await render(
        request,
        "operations/keeping/pair_add.html",
        title="Pin or forbid a pair",
        area=AREA,
        status=422 if form.problems else 200,
        errors=form.problems,
        crumbs=[*crumbs_of(cohort), ("Pairs", pairs_path(cohort))],
        href=pairs_path(cohort),
        form=form,
        kinds=_KINDS,
        nominations=choices(waiting),
        assessors=choices({one.assessor: one.name for one in people}),
    )


async def _price_page(
    request: Request, cohort: str, visitor: Visitor, services: Services, *, form: Bound[PairForm], change: PairChange
) -> HTMLResponse:
    try:
        told = await services.aside.worked_out(
            services.acts.desk.sessions, partial(priced, change=change, by=visitor.by)
        )
    except (RefusedError, NotKnownError) as error:
        if change.lifted is not None:
            raise
        refused = Bound[PairForm](typed=form.typed)
        refused.refuse("assessor", restyled(str(error)))
        return await _add_page(request, cohort, visitor, services, refused)
    async with services.acts.desk.sessions() as session:
        names = await assessor_names(session, visitor.asker, cohort, [form.typed["assessor"]])
        nominees = await nominees_of(session, visitor.asker, [change.nomination])
    asked = change_asked(change, told, names, nominees.get(change.nomination))
    return await render(
        request,
        "operations/keeping/pair_price.html",
        title=asked.title,
        area=AREA,
        status=422 if form.problems else 200,
        errors=form.problems,
        crumbs=[*crumbs_of(cohort), ("Pairs", pairs_path(cohort))],
        href=pairs_path(cohort),
        asked=asked,
        form=form,
        nomination=change.nomination,
        reasons=REASONS,
    )


def choices(names: Mapping[str, str]) -> tuple[Choice, ...]:
    """References to choose from, with names; none where there are too many to choose from."""
    if len(names) > _CHOSEN_FROM:
        return ()
    return tuple(Choice(one, f"{one}, {name}" if name else one) for one, name in sorted(names.items()))


def crumbs_of(cohort: str) -> list[Crumb]:
    """The trail to the runs of a cohort."""
    return [HOME, ("Allocation", with_query("/operations/allocation", cohort=cohort))]
