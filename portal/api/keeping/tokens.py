"""Making a token, which its maker is shown once."""

from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import Request
from pydantic import StringConstraints, ValidationInfo, field_validator
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.programs import MOST_DAYS, USUAL_DAYS
from models.programs import Scope
from portal.api.keeping import shown_once
from portal.api.keeping.entry import OWN, Keeper, Own, acts_of
from portal.api.keeping.presenters import scope_choices
from portal.forms import Bound, Form, bind
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Surroundings
from portal.words import day
from rules.calendar import END_OF_DAY, LONDON

routes = area()
_NEW = f"{OWN}/tokens/new"
_Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")]


class TokenForm(Form):
    """What a program is called, what its token may be used for, and until which day."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    scopes: tuple[Scope, ...]
    until_day: _Number
    until_month: _Number
    until_year: _Number
    sentences: ClassVar = {
        "name": "Enter what program uses the token, in at most 80 characters",
        "scopes": "Choose what the token may be used for",
        "until_day": "Enter the day until which the token can be used",
        "until_month": "Enter the month until which the token can be used",
        "until_year": "Enter the year until which the token can be used",
    }

    @field_validator("until_year")
    @classmethod
    def _makes_a_real_date(cls, year: str, info: ValidationInfo) -> str:
        of_day, month = info.data.get("until_day"), info.data.get("until_month")
        if of_day is not None and month is not None and _date(year, month, of_day) is None:
            raise ValueError("The last day must be a real date, such as 23 11 2026")
        return year

    @property
    def until(self) -> datetime:
        """The end of the last day."""
        last = _date(self.until_year, self.until_month, self.until_day)
        if last is None:
            raise ValueError("a checked form has a real date")
        return datetime.combine(last, END_OF_DAY, LONDON)


@routes.get(_NEW)
async def ask(request: Request, keeper: Own, services: Surroundings) -> HTMLResponse:
    """Asks what the token is for."""
    last = (services.clock() + timedelta(days=USUAL_DAYS)).astimezone(LONDON)
    typed = {"until_day": str(last.day), "until_month": str(last.month), "until_year": str(last.year)}
    return await _page(request, keeper, services, Bound[TokenForm](typed=typed))


@routes.post(_NEW)
async def make(request: Request, keeper: Own, services: Surroundings) -> Response:
    """Makes it, once however often the form is sent, and leads to the page that shows it once."""
    form = await bind(request, TokenForm)
    said = form.value
    now = services.clock()
    if said is not None and said.until <= now:
        form.refuse("until_day", "The last day must be today or later")
    elif said is not None and said.until > now + timedelta(days=MOST_DAYS):
        latest = day(now + timedelta(days=MOST_DAYS - 1))
        form.refuse("until_day", f"The last day must be {latest} or earlier: a token is good for a year at most")
    if form.value is None or said is None:
        return await _page(request, keeper, services, form, status=422)

    async def act() -> str:
        made = await acts_of(services).make_token(
            keeper.organisation, keeper.by, said.name, said.scopes, until=said.until
        )
        await shown_once.keep(request, services, keeper.visitor, made.row.id, made.token)
        return f"{keeper.root}/tokens/{made.row.id}"

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse("", str(error))
        return await _page(request, keeper, services, form, status=422)


async def _page(
    request: Request, keeper: Keeper, services: Surroundings, form: Bound[TokenForm], *, status: int = 200
) -> HTMLResponse:
    return await render(
        request,
        "api/keeping/new_token.html",
        title="Make a token",
        area=keeper.area,
        crumbs=keeper.crumbs,
        errors=form.problems,
        status=status,
        form=form,
        action=_NEW,
        back=keeper.root,
        organisation=keeper.name,
        scopes=scope_choices(),
        latest=day(services.clock() + timedelta(days=MOST_DAYS - 1)),
    )


def _date(year: str, month: str, of_day: str) -> date | None:
    try:
        return date(int(year), int(month), int(of_day))
    except ValueError:
        return None
