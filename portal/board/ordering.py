"""The proposed order, and the board's own: places by dragging or typing, outcomes by span, drafts after a look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse, Response

from models.enums import Outcome, Role
from models.tables import Cohort
from portal.access import by
from portal.board.cohorts import AREA, choose_cohort, cohort_at, crumbs_of, the_cohort
from portal.board.drafting import done_at, draft_all
from portal.board.forms import OrderForm
from portal.board.order_lines import Checked, checked_plan, order_page, reason_options
from portal.board.placing import board_order, changed, ranks
from portal.board.planning import MOST_AT_ONCE, Plan, Wanted, plan, touched
from portal.board.proposed import Proposed, proposed_for
from portal.failures import NotFoundError
from portal.forms import Bound, bind
from portal.pages import Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.board_pages import BoardLine, given_places, lines_of

routes = area()
Reading = Annotated[Visitor, by(Role.BOARD, Act.READ_PROPOSED_ORDER)]
Drafting = Annotated[Visitor, by(Role.BOARD, Act.DRAFT_DECISION)]
PAGE = 50
"""Lines on one page; a typed place may lie on any other."""


@dataclass(frozen=True)
class Order:
    """How a cohort stands: the proposed order, the board's, and who can no longer be moved."""

    cohort: Cohort
    proposed: Proposed
    order: tuple[str, ...]
    fixed: frozenset[str]


@routes.get("/board/order")
async def show_order(request: Request, visitor: Reading, services: Surroundings) -> HTMLResponse:
    """The order, a page at a time."""
    async with services.acts.desk.sessions() as session:
        cohort = await cohort_at(session, request, visitor)
        if cohort is None:
            return await choose_cohort(session, request)
        order = await _order(services, session, visitor, cohort)
        return await _page(request, session, visitor, order, Bound[OrderForm]())


@routes.post("/board/order/check")
async def check_order(request: Request, visitor: Drafting, services: Surroundings) -> Response:
    """Shows what saving would draft; a button to move a line only shows the order again, as it would be."""
    form = await bind(request, OrderForm)
    async with services.acts.desk.sessions() as session:
        order = await _order(services, session, visitor, await the_cohort(session, request, visitor))
        if form.typed["move"]:
            moved = _move(form, order)
            line = (await lines_of(session, visitor.asker, [moved])).get(moved)
            notice = _moved(form, moved, line.nominee) if line else None
            return await _page(request, session, visitor, order, form, notice=notice)
        wanted = _wanted(form, order)
        found = await _planned(session, visitor, order, wanted) if wanted else None
        if wanted is None or found is None or not _is_enough(form, found[0]):
            return await _page(request, session, visitor, order, form, status=422)
        shown = checked_plan(found[0], found[1], order.proposed, visitor.person, form)
    return await _check(request, order, shown)


@routes.post("/board/order/save")
async def save_order(request: Request, visitor: Drafting, services: Surroundings) -> Response:
    """Drafts what was looked at; if it would now come out otherwise, it is shown once more."""
    form = await bind(request, OrderForm)
    async with services.acts.desk.sessions() as session:
        order = await _order(services, session, visitor, await the_cohort(session, request, visitor))
        wanted = _wanted(form, order)
        found = await _planned(session, visitor, order, wanted) if wanted else None
        if wanted is None or found is None or not _is_enough(form, found[0]):
            return await _page(request, session, visitor, order, form, status=422)
        if found[0].fingerprint != form.typed["fingerprint"]:
            form.refuse("", "Something has changed since you looked. Look again at what will be drafted.")
            shown = checked_plan(found[0], found[1], order.proposed, visitor.person, form)
            return await _check(request, order, shown, form)
    first = _first(request, len(order.order))
    drafts, at = found[0].drafts, f"/board/order?cohort={order.cohort.id}&from={first}"

    async def act() -> str:
        return f"{at}&{(await draft_all(services, visitor.by, drafts)).query}"

    return await done_once(request, act)


async def _order(services: Services, session: AsyncSession, visitor: Visitor, cohort: Cohort) -> Order:
    proposed = await proposed_for(services.acts.desk.sessions, session, cohort.id)
    given = await given_places(session, cohort.id)
    order = board_order(proposed.order, {one: place for one, (place, _) in given.items()})
    return Order(cohort, proposed, order, frozenset(one for one, (_, fixed) in given.items() if fixed))


async def _page(
    request: Request,
    session: AsyncSession,
    visitor: Visitor,
    order: Order,
    form: Bound[OrderForm],
    *,
    notice: Notice | None = None,
    status: int = 200,
) -> HTMLResponse:
    first = _first(request, len(order.order))
    shown = order.order[first - 1 : first - 1 + PAGE]
    done, refused = await done_at(request)
    lines = await lines_of(session, visitor.asker, [*shown, *refused])
    page = order_page(
        order.cohort,
        order.proposed,
        order=order.order,
        first=first,
        size=PAGE,
        lines=lines,
        fixed=order.fixed,
        form=form,
        person=visitor.person,
        refused=refused,
    )
    return await render(
        request,
        "board/order.html",
        title="Proposed order",
        area=AREA,
        crumbs=crumbs_of(order.cohort),
        errors=form.problems,
        notice=notice or done,
        status=status,
        order=page,
        form=form,
        reasons=reason_options(),
    )


async def _check(
    request: Request, order: Order, shown: Checked, form: Bound[OrderForm] | None = None
) -> HTMLResponse:
    here = f"cohort={order.cohort.id}&from={_first(request, len(order.order))}"
    return await render(
        request,
        "board/order_check.html",
        title="Check before saving",
        area=AREA,
        crumbs=crumbs_of(order.cohort, ("Proposed order", f"/board/order?{here}")),
        errors=form.problems if form else (),
        status=409 if form else 200,
        check=shown,
        here=here,
    )


def _first(request: Request, lines: int) -> int:
    """The first place of the page in the address: 1, 51, 101 and so on."""
    typed = request.query_params.get("from", "1")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 8):
        raise NotFoundError
    first = max(1, (int(typed) - 1) // PAGE * PAGE + 1)
    if first > max(1, lines):
        raise NotFoundError
    return first


def _shown(form: Bound[OrderForm]) -> dict[str, int]:
    """The places the page showed when it was sent."""
    pairs = (one.rpartition(":") for one in form.typed["was"].split(",") if ":" in one)
    return {one: int(place) for one, _, place in pairs if place.isascii() and place.isdigit() and len(place) < 8}


def _typed(form: Bound[OrderForm], order: Order) -> dict[str, int]:
    """The places that were typed for those that can be moved; a wrong one is refused by its field."""
    known, places, last = set(order.order) - order.fixed, {}, len(order.order)
    for name, typed in list(form.typed.items()):
        one = name.removeprefix("place.")
        if one == name or one not in known:
            continue
        if typed.isascii() and typed.isdigit() and len(typed) < 8 and 1 <= int(typed) <= last:
            places[one] = int(typed)
        else:
            form.refuse(name, f"Enter the place of {one} as a whole number from 1 to {last}")
    return places


def _wanted(form: Bound[OrderForm], order: Order) -> Wanted | None:
    """What the form asks for, or None when something in it is wrong: the form then says what."""
    said = form.value
    places = changed(_shown(form), _typed(form, order))
    for place, several in _shared(places).items():
        for one in several:
            form.refuse(f"place.{one}", f"Give place {place} to one nomination: it is typed for {len(several)}")
    spans = _spans(form, said, len(order.order)) if said else {}
    if said and spans and said.reason is None:
        form.refuse("reason", "Choose a reason for the decisions you draft")
    if form.value is None or said is None:
        return None
    return Wanted(places, spans, said.reason, said.note)


def _shared(places: Mapping[str, int]) -> dict[int, list[str]]:
    by_place: dict[int, list[str]] = {}
    for one, place in places.items():
        by_place.setdefault(place, []).append(one)
    return {place: several for place, several in by_place.items() if len(several) > 1}


def _spans(form: Bound[OrderForm], said: OrderForm, last: int) -> dict[Outcome, tuple[int, int]]:
    spans: dict[Outcome, tuple[int, int]] = {}
    for outcome in Outcome:
        first, until = said.span(outcome)
        if first is None and until is None:
            continue
        if first is None or until is None:
            form.refuse(f"{outcome}_{'from' if first is None else 'to'}", "Enter both the first place and the last")
        elif not first <= until <= last:
            form.refuse(f"{outcome}_to", _last_place(first, last))
        elif any(first <= there[1] and there[0] <= until for there in spans.values()):
            form.refuse(f"{outcome}_from", "A place can be in one span only: these overlap")
        else:
            spans[outcome] = (first, until)
    return spans


def _last_place(first: int, last: int) -> str:
    if first < last:
        return f"Enter a last place from {first} to {last}"
    return f"Enter {last} as the last place: there are no more" if first == last else f"There are only {last} places"


async def _planned(
    session: AsyncSession, visitor: Visitor, order: Order, wanted: Wanted
) -> tuple[Plan, dict[str, BoardLine]]:
    changed = touched(order.order, order.fixed, wanted)
    lines = await lines_of(session, visitor.asker, changed)
    decisions = {one: lines[one].decision if one in lines else None for one in changed}
    return plan(order.order, order.fixed, wanted, decisions), lines


def _is_enough(form: Bound[OrderForm], found: Plan) -> bool:
    if not found.drafts:
        form.refuse(
            "",
            "Choose an outcome for the nominations you moved: a place is kept with a decision"
            if found.without_outcome
            else "There is nothing to save: move a nomination, or give an outcome to some places",
        )
    elif len(found.drafts) > MOST_AT_ONCE:
        form.refuse("", f"This would draft {len(found.drafts)} decisions. Save at most {MOST_AT_ONCE} at once")
    return form.value is not None


def _moved(form: Bound[OrderForm], one: str, name: str) -> Notice:
    return Notice(
        f"{name} is now in place {form.typed[f'place.{one}']}", "This is not saved yet.", kind="information"
    )


def _move(form: Bound[OrderForm], order: Order) -> str:
    """Gives the line its neighbour's place in the form; nothing is saved. Which it was, or an empty string."""
    way, _, one = form.typed["move"].partition(".")
    places = {**{each: rank for each, rank in ranks(order.order).items() if each in _shown(form)}}
    places.update(_typed(form, order))
    if way not in {"up", "down"} or one not in places:
        form.typed["move"] = ""
        return ""
    listed = sorted(places, key=lambda each: places[each])
    beside = listed.index(one) + (-1 if way == "up" else 1)
    if 0 <= beside < len(listed):
        other = listed[beside]
        places[one], places[other] = places[other], places[one]
        form.typed[f"place.{other}"] = str(places[other])
    elif 1 <= places[one] + (-1 if way == "up" else 1) <= len(order.order):
        places[one] += -1 if way == "up" else 1
    form.typed[f"place.{one}"] = str(places[one])
    return one
