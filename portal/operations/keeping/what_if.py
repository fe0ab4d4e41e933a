"""What if: a cohort played through before its window opens, or after a change while it runs; nothing is changed."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from acts.asking import Change, TooFewThereError, outlook_before, outlook_of
from allocation.expected import Outlook
from models.enums import Role
from portal.access import by
from portal.forecasts import FIGURES, loads_drawn, weeks_drawn, weeks_rows
from portal.forms import Bound, Form
from portal.operations.keeping.cohorts import AREA, HOME, cohorts_with
from portal.operations.keeping.runs import sentence
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act

routes = area()
Reading = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_RUN)]
Number = Annotated[str, Query(max_length=8)]

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
    seen = await _played(services, form) if cohort or rules else None
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


async def _played(services: Services, form: Bound[Form]) -> Outlook | None:
    """What may be expected; None where a number is wrong, which then stands by its field."""
    live = bool(form.typed["cohort"])
    given = (
        _numbers(form, _LIVE, least=0, most=_MOST_CHANGE) if live else _numbers(form, _MADE_UP, least=1, most=_MOST)
    )
    if given is None:
        return None
    if live:
        work = partial(outlook_of, cohort=form.typed["cohort"], change=Change(**given))
    else:
        size = (given["nominations"], given["assessors"])
        work = partial(outlook_before, cohort=form.typed["rules"], size=size, searched=_SEARCHED)
    try:
        return await services.aside.worked_out(services.acts.desk.sessions, work)
    except TooFewThereError as error:
        form.refuse(error.what, f"There are only {error.there}: enter {error.there} or fewer")
        return None


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
