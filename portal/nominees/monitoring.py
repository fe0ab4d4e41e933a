"""Equality monitoring: apart from everything else, optional, and changed or deleted at any time."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.equality import EqualityActs
from acts.errors import RefusedError
from models.enums import Role
from models.equality import QUESTIONS, EqualityQuestion
from portal.access import by
from portal.forms import Bound, Form
from portal.nominees.own import Own, own
from portal.nominees.tasks import Option
from portal.pages import Notice, go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.equality import OwnAnswer, own_answers

routes = area()
Recorder = Annotated[Visitor, by(Role.NOMINEE, Act.RECORD_EQUALITY)]
Stopper = Annotated[Visitor, by(Role.NOMINEE, Act.STOP_EQUALITY_USE)]
_NOTICES = {
    "saved": Notice("Your answers are saved", "You can change or delete them at any time."),
    "none": Notice("You have given no answers", "You do not have to. You can answer at any time.", "information"),
    "deleted": Notice("Your answers are deleted", "Nothing of them is left. You do not need to do anything else."),
}


class EqualityForm(Form):
    """The questions; every one can be left out."""


@routes.get("/my-nomination/equality")
async def newest(request: Request, visitor: Recorder, services: Surroundings) -> HTMLResponse:
    """The questions for the round of the person's newest nomination."""
    return await _stored_page(request, visitor, services, await own(services, visitor))


@routes.get("/my-nomination/{nomination}/equality")
async def ask(request: Request, nomination: str, visitor: Recorder, services: Surroundings) -> HTMLResponse:
    """The questions for one round, with the answers given."""
    return await _stored_page(request, visitor, services, await own(services, visitor, nomination))


@routes.post("/my-nomination/{nomination}/equality")
async def record(request: Request, nomination: str, visitor: Recorder, services: Surroundings) -> Response:
    """Keeps the answers in the place of those given before. Doing it twice changes nothing, so it needs no key."""
    mine = await own(services, visitor, nomination)
    sent = await request.form()
    chosen = {one.code: [str(code) for code in sent.getlist(one.code)] for one in QUESTIONS}

    form = _form(chosen)
    for question in QUESTIONS:
        codes = set(chosen[question.code])
        if len(codes) > 1 and codes & question.alone:
            form.refuse(question.code, "Select either the conditions, or one of the last two answers")
    if form.problems:
        return await _page(request, mine, form, any_given=True, status=422)
    try:
        await EqualityActs(services.acts.desk).record(mine.cohort_id, visitor.by, chosen)
    except RefusedError as error:
        form.refuse("", str(error))
        return await _page(request, mine, form, any_given=True, status=422)
    return go_to(f"{mine.path}/equality?done=saved")


@routes.post("/my-nomination/{nomination}/equality/delete")
async def stop(request: Request, nomination: str, visitor: Stopper, services: Surroundings) -> Response:
    """Deletes the answers; nothing is left of them."""
    mine = await own(services, visitor, nomination)

    async def delete() -> str:
        await EqualityActs(services.acts.desk).stop_use(mine.cohort_id, visitor.by)
        return f"{mine.path}/equality?done=deleted"

    return await done_once(request, delete)


async def _stored_page(request: Request, visitor: Visitor, services: Services, mine: Own) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        answers = await own_answers(session, visitor.asker, mine.cohort_id)
    return await _page(request, mine, _form(_by_question(answers)), any_given=bool(answers))


def _by_question(answers: Sequence[OwnAnswer]) -> dict[str, list[str]]:
    return {one.question: list(one.answers) for one in answers}


def _form(chosen: dict[str, list[str]]) -> Bound[EqualityForm]:
    return Bound[EqualityForm]({name: codes[0] for name, codes in chosen.items() if codes}, chosen)


async def _page(
    request: Request,
    mine: Own,
    form: Bound[EqualityForm],
    *,
    any_given: bool,
    status: int = 200,
) -> HTMLResponse:
    others = [(f"/my-nomination/{one.nomination.id}/equality", one.cohort.name) for one in mine.others]
    return await render(
        request,
        "nominees/equality.html",
        title="Equality monitoring",
        area="Equality",
        status=status,
        errors=form.problems,
        notice=_notice(request, any_given=any_given),
        form=form,
        questions=[(question, _options(question)) for question in QUESTIONS],
        action=f"{mine.path}/equality",
        any_given=any_given,
        cohort=mine.cohort.name,
        others=others,
        path=mine.path,
    )


def _notice(request: Request, *, any_given: bool) -> Notice | None:
    """What was done, as the address says, where it is so: nothing else is written down of who answers or deletes."""
    done = request.query_params.get("done", "")
    if done == "saved":
        return _NOTICES["saved" if any_given else "none"]
    return _NOTICES["deleted"] if done == "deleted" and not any_given else None


def _options(question: EqualityQuestion) -> list[Option]:
    return [Option(one.code, one.text) for one in question.answers]
