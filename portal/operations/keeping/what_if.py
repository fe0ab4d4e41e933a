"""What if: a cohort played through before its window opens, or after a change while it runs; nothing is changed."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated

from fastapi import Query, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse

from allocation.expected import Outlook, habits_of, outlook
from allocation.made_up import changed, made_up
from models.enums import Role
from portal.access import by
from portal.forecasts import FIGURES, loads_drawn, weeks_drawn, weeks_rows
from portal.forms import Bound, Form
from portal.operations.keeping.cohorts import AREA, HOME, cohorts_with
from portal.operations.keeping.runs import sentence
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.allocations import panel_rules
from storage.panels_expected import panels_expected
from storage.policies import policy_of

routes = area()
Reading = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_RUN)]
Number = Annotated[str, Query(max_length=8)]

_TRIALS = 50
_MOST, _MOST_CHANGE = 500, 100
"""The largest cohort and the largest change that a page plays; the command line takes more."""
_SEARCHED = 150
"""Up to so many nominations, the most that the assessors can carry is sought as well."""
_LIVE = {"withdraw": "nominations that withdraw", "nominate": "nominations more", "leave": "assessors who leave"}
_MADE_UP = {"nominations": "nominations", "assessors": "assessors"}


@routes.get("/operations/what-if")
async def show_what_if(
    request: Request,
    visitor: Reading,
    services: Surroundings,
    *,
    cohort: str = "",
    rules: str = "",
    withdraw: Number = "",
    nominate: Number = "",
    leave: Number = "",
    nominations: Number = "",
    assessors: Number = "",
) -> HTMLResponse:
    """Whether every panel could be staffed, how long it would take, and what would break first."""
    numbers = {
        "withdraw": withdraw, "nominate": nominate, "leave": leave,
        "nominations": nominations, "assessors": assessors,
    }  # fmt: skip
    form = Bound[Form](typed={"cohort": cohort, "rules": rules, **numbers})
    async with services.acts.desk.sessions() as session:
        cohorts = await cohorts_with(session, cohort or rules)
        play = await _play(session, form) if cohort or rules else None
    # In a thread and without a connection, so that other pages go on being served.
    seen = await asyncio.to_thread(play) if play else None
    return await render(
        request,
        "operations/keeping/what_if.html",
        title="What if",
        area=AREA,
        status=422 if form.problems else 200,
        errors=form.problems,
        crumbs=[HOME, ("Allocation", "/operations/allocation")],
        cohorts=cohorts,
        form=form,
        seen=seen,
        words=[sentence(one) for one in seen.words] if seen else (),
        heads=FIGURES,
        weeks=weeks_rows(seen) if seen else (),
        weeks_chart=weeks_drawn(seen) if seen else None,
        loads_chart=loads_drawn(seen) if seen else None,
    )


async def _play(session: AsyncSession, form: Bound[Form]) -> Callable[[], Outlook] | None:
    """How to find what may be expected; None where a number is wrong, which then stands by its field."""
    if form.typed["cohort"]:
        change = _numbers(form, _LIVE, least=0, most=_MOST_CHANGE)
        if change is None:
            return None
        policy = await policy_of(session, form.typed["cohort"])
        expected = await panels_expected(session, form.typed["cohort"], policy)
        there = {"withdraw": len(expected.problem.nominations), "leave": len(expected.problem.assessors)}
        for name, most in there.items():
            if change[name] > most:
                form.refuse(name, f"There are only {most}: enter {most} or fewer")
        if form.problems:
            return None
        problem = changed(
            expected.problem,
            withdraw=change["withdraw"],
            nominate=change["nominate"],
            leave=change["leave"],
            free=expected.free,
            places=expected.places,
        )
        return partial(outlook, problem, habits_of(policy), runs=_TRIALS)
    size = _numbers(form, _MADE_UP, least=1, most=_MOST)
    if size is None:
        return None
    policy = await policy_of(session, form.typed["rules"])
    of = partial(
        made_up, panel_rules(policy), assessors=size["assessors"], capacity=policy.assessors.capacity, seed="1"
    )
    many = size["nominations"]
    larger = (lambda count: of(nominations=count)) if many <= _SEARCHED else None
    return partial(outlook, of(nominations=many), habits_of(policy), runs=_TRIALS, larger=larger)


def _numbers(form: Bound[Form], fields: Mapping[str, str], *, least: int, most: int) -> dict[str, int] | None:
    """The numbers typed, 0 for an empty field where that may be; None where one is wrong."""
    found = {}
    for name, what in fields.items():
        typed = form.typed[name].strip() or ("0" if least == 0 else "")
        if typed.isascii() and typed.isdecimal() and least <= int(typed) <= most:
            found[name] = int(typed)
        else:
            form.refuse(name, f"Enter the number of {what}, from {least} to {most}")
    return None if form.problems else found
