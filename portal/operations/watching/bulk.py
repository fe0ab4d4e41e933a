"""Steps for many: chosen from the list, previewed exactly, taken a portion at a time, kept, and undone."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.bulk import MOST, BulkAct, BulkActs
from acts.errors import NotReachedError
from models.enums import Role, SteerReason
from models.ids import CohortId, NominationId
from portal.access import by
from portal.failures import NotFoundError, RefusedHereError
from portal.forms import Bound, Form, bind
from portal.operations.watching.bulk_view import (
    ACTS,
    BULK,
    Preview,
    preview_of,
)
from portal.operations.watching.choices import AREA, HOME, LIST, REASONS, the_cohort
from portal.operations.watching.list_view import filter_fields
from portal.operations.watching.listing import list_page, sought_in
from portal.operations.watching.moments import WrongMomentError, moment_in
from portal.pages import Notice, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from rules.permissions import Act
from storage.watching_pages import ListLine, Sought, chosen_nominations

routes = area()
Watching = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_NOMINATION)]
Steering = Annotated[Visitor, by(Role.OPERATIONS, Act.PAUSE)]
_CRUMBS = [HOME, LIST]


class BulkForm(Form):
    """What is done to many, and why; ``seen`` is the fingerprint of the preview that is confirmed."""

    act: BulkAct
    reason: SteerReason
    seen: str = ""
    sentences: ClassVar = {"act": "Choose what to do", "reason": "Choose a reason"}


class StaleError(Exception):
    """Whom the step concerns has changed since it was looked at."""

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


class NobodyChosenError(RefusedHereError):
    """A step for many was asked for, and no nomination was ticked."""


class Chosen:
    """The nominations a form chooses, with the fields that choose them again."""

    def __init__(self, lines: tuple[ListLine, ...], fields: list[tuple[str, str]], cohort: str) -> None:
        self.lines = lines
        self.fields = fields
        self.cohort = cohort


@routes.post(f"{BULK}/choose")
async def choose(request: Request, visitor: Watching, services: Surroundings) -> HTMLResponse:
    """Asks what to do to the nominations that were chosen in the list; with none chosen, the list says so."""
    form = Bound[Form]((await bind(request, Form)).typed)
    try:
        chosen = await _chosen(request, visitor, services)
    except NobodyChosenError as error:
        form.refuse("", restyled(str(error)))
        return await list_page(request, visitor, services, form, status=422)
    return await _choose_page(request, chosen, form)


@routes.post(f"{BULK}/check")
async def check(request: Request, visitor: Watching, services: Surroundings) -> HTMLResponse:
    """Shows exactly whom the step would concern."""
    chosen = await _chosen(request, visitor, services)
    form = await bind(request, BulkForm)
    until = _until(form)
    if form.value is None:
        shown = Bound[Form](form.typed, errors={field: words for words, field in form.problems})
        return await _choose_page(request, chosen, shown, status=422)
    preview = preview_of(chosen.lines, form.value.act, form.value.reason.value, until)
    return await _preview_page(request, chosen, preview, form)


@routes.post(f"{BULK}/take")
async def take(request: Request, visitor: Steering, services: Surroundings) -> Response:
    """Takes the step for exactly those who were shown, or shows again who it is now."""
    chosen = await _chosen(request, visitor, services)
    form = await bind(request, BulkForm)
    until = _until(form)
    if form.value is None:
        shown = Bound[Form](form.typed, errors={field: words for words, field in form.problems})
        return await _choose_page(request, chosen, shown, status=422)
    said, bulk = form.value, BulkActs(services.acts.desk)

    async def act() -> str:
        preview = preview_of(chosen.lines, said.act, said.reason.value, until)
        if preview.seen != said.seen or not preview.people:
            raise StaleError(preview)
        numbers = [NominationId(number) for number in preview.numbers]
        step = await bulk.begin(
            CohortId(chosen.cohort), said.act, numbers, visitor.by, reason=said.reason, until=until
        )
        # A few are done by the time the page comes; what cannot be told now is told from there.
        with suppress(NotReachedError):
            await bulk.go_on(step, visitor.by)
        return f"{BULK}/{step}"

    try:
        return await done_once(request, act)
    except StaleError as stale:
        return await _preview_page(request, chosen, stale.preview, form, is_stale=True)


async def _chosen(request: Request, visitor: Visitor, services: Services) -> Chosen:
    """The nominations that a form chooses: those ticked, or all that its filter finds.

    Raises:
        NobodyChosenError: Nobody was chosen.
        RefusedHereError: More were chosen than one step takes.
    """
    bound = await bind(request, Form)
    everyone = bound.typed["all"] == "yes"
    now = services.clock()
    async with services.acts.desk.sessions() as session:
        cohort, _ = await the_cohort(session, bound.typed["cohort"])
        if cohort is None:
            raise NotFoundError
        sought: Sought | None = sought_in(Bound[Form](bound.typed), cohort.id) if everyone else None
        ticked = sorted({one for one in bound.chosen["nomination"] if one.startswith(f"{cohort.id}-")})
        lines = await chosen_nominations(
            session, visitor.asker, ticked=ticked, sought=sought, now=now, limit=MOST + 1
        )
    back = f"{LIST[1]}?cohort={cohort.id}"
    if not lines:
        raise NobodyChosenError(
            "Nobody was chosen. Tick at least one nomination in the list.", href=back, link="Back to the list"
        )
    if len(lines) > MOST:
        raise RefusedHereError(
            f"A step takes at most {MOST} nominations, so that you can look through them first.",
            advice="Narrow the list, and take the step more than once.",
            href=back,
            link="Back to the list",
        )
    fields = [*filter_fields(sought), ("all", "yes")] if sought else [("cohort", cohort.id)]
    fields += [("nomination", line.nomination.id) for line in lines] if not sought else []
    return Chosen(lines, fields, cohort.id)


def _until(form: Bound[BulkForm]) -> datetime | None:
    """The new deadline, where the step needs one; what is wrong with it is said in the form."""
    if form.typed["act"] != BulkAct.EXTEND:
        return None
    try:
        return moment_in(form.typed, "until")
    except WrongMomentError as error:
        form.refuse(error.field, str(error))
        return None


async def _choose_page(request: Request, chosen: Chosen, form: Bound[Form], *, status: int = 200) -> HTMLResponse:
    return await render(
        request,
        "operations/watching/bulk_choose.html",
        title="Choose a step for many",
        area=AREA,
        crumbs=_CRUMBS,
        status=status,
        errors=form.problems,
        form=form,
        count=len(chosen.lines),
        fields=chosen.fields,
        acts=ACTS,
        reasons=REASONS,
        back=f"{LIST[1]}?cohort={chosen.cohort}",
    )


async def _preview_page(
    request: Request, chosen: Chosen, preview: Preview, form: Bound[BulkForm], *, is_stale: bool = False
) -> HTMLResponse:
    again = Notice(
        "This has changed since you looked", "Look through it again: nothing has been done.", "information"
    )
    typed = [(name, form.typed[name]) for name in ("until_day", "until_month", "until_year", "until_time")]
    return await render(
        request,
        "operations/watching/bulk_preview.html",
        title=preview.title if preview.people else "Nobody is concerned",
        area=AREA,
        crumbs=_CRUMBS,
        status=409 if is_stale else 200,
        notice=again if is_stale else None,
        preview=preview,
        fields=[
            *chosen.fields,
            ("act", preview.act.value),
            ("reason", form.typed["reason"]),
            ("seen", preview.seen),
            *typed,
        ],
        back=f"{LIST[1]}?cohort={chosen.cohort}",
    )
