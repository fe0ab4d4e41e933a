"""Where a nomination begins: who can be nominated, what is asked, when; and choosing or changing the round."""

from collections.abc import Sequence
from typing import ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.drafting import DraftingActs
from models.ids import CohortId
from portal.failures import RefusedHereError
from portal.forms import Bound, Form, bind
from portal.nominators.entry import HOME, NOMINATE, Nominating, draft_for, organisation_of
from portal.nominators.presenters import Choice, WindowLine, draft_path, window_line_of
from portal.nominators.questions import QUESTIONS
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from storage.nominator_pages import begun_at, windows

routes = area()
_CLOSED = "No round is taking nominations now."


class RoundForm(Form):
    """The round somebody is nominated for."""

    cohort: str
    sentences: ClassVar = {"cohort": "Choose the round you nominate for"}


@routes.get("/organisation/nominate")
async def start(request: Request, visitor: Nominating, services: Surroundings) -> HTMLResponse:
    """Who can be nominated, what is asked, and when the window is open."""
    return await _start(request, visitor, services, Bound[RoundForm]())


@routes.post("/organisation/nominate")
async def begin(request: Request, visitor: Nominating, services: Surroundings) -> Response:
    """Begins a nomination and leads to the first question."""
    form = await bind(request, RoundForm)
    open_now = await _open(services)
    if not open_now:
        raise RefusedHereError(_CLOSED, href=NOMINATE[1], link="See when nominations open")
    if form.value is None or form.value.cohort not in {one.cohort for one in open_now}:
        form.refuse("cohort", RoundForm.sentences["cohort"])
        return await _start(request, visitor, services, form, status=422)
    cohort = CohortId(form.value.cohort)

    async def act() -> str:
        draft = await DraftingActs(services.acts.desk).begin(cohort, organisation_of(visitor), visitor.by)
        return draft_path(draft)

    return await done_once(request, act)


@routes.get("/organisation/nominate/{draft}/round")
async def ask_round(request: Request, visitor: Nominating, services: Surroundings, draft: str) -> HTMLResponse:
    """For which round the nomination is."""
    begun = await draft_for(services, visitor, draft)
    return await _round(request, services, draft, Bound[RoundForm](typed={"cohort": begun.draft.cohort_id}))


@routes.post("/organisation/nominate/{draft}/round")
async def choose_round(request: Request, visitor: Nominating, services: Surroundings, draft: str) -> Response:
    """Lets the nomination be for another round that is open."""
    await draft_for(services, visitor, draft)
    form = await bind(request, RoundForm)
    if form.value is None or form.value.cohort not in {one.cohort for one in await _open(services)}:
        form.refuse("cohort", RoundForm.sentences["cohort"])
        return await _round(request, services, draft, form, status=422)
    cohort = CohortId(form.value.cohort)

    async def act() -> str:
        await DraftingActs(services.acts.desk).choose_cohort(draft, organisation_of(visitor), visitor.by, cohort)
        return draft_path(draft)

    return await done_once(request, act)


async def _start(
    request: Request, visitor: Visitor, services: Services, form: Bound[RoundForm], *, status: int = 200
) -> HTMLResponse:
    now = services.clock()
    async with services.acts.desk.sessions() as session:
        found = [window_line_of(window, now) for window in await windows(session)]
        drafts = await begun_at(session, visitor.asker)
    open_now = [one for one in found if one.is_open]
    return await render(
        request,
        "nominators/start.html",
        title="Nominate somebody",
        area=visitor.place_words,
        crumbs=[HOME],
        errors=form.problems,
        status=status,
        organisation=visitor.place_words,
        windows=found,
        open_now=open_now,
        rules=rules_of(open_now or found),
        form=form,
        rounds=choices_of(open_now),
        drafts=len(drafts),
        questions=sum(question.asked for question in QUESTIONS),
    )


async def _round(
    request: Request, services: Services, draft: str, form: Bound[RoundForm], *, status: int = 200
) -> HTMLResponse:
    open_now = await _open(services)
    return await render(
        request,
        "nominators/round.html",
        title="Which round do you nominate for?",
        area=NOMINATE[0],
        errors=form.problems,
        status=status,
        form=form,
        rounds=choices_of(open_now),
        back_href=draft_path(draft, "check"),
    )


async def _open(services: Services) -> list[WindowLine]:
    now = services.clock()
    async with services.acts.desk.sessions() as session:
        return [window_line_of(window, now) for window in await windows(session) if window.is_open(now)]


def choices_of(lines: Sequence[WindowLine]) -> list[Choice]:
    """Rounds to choose from."""
    return [Choice(line.cohort, line.name, line.sentence) for line in lines]


def rules_of(lines: Sequence[WindowLine]) -> list[tuple[str, tuple[str, ...]]]:
    """The rules on who can be nominated, with the rounds they are of where rounds differ."""
    rounds: dict[tuple[str, ...], list[str]] = {}
    for line in lines:
        rounds.setdefault(line.rules, []).append(line.name)
    alike = len(rounds) == 1
    return [("" if alike else ", ".join(names), rules) for rules, names in rounds.items()]
