"""A nomination that was begun, one question a page; kept as it is typed, so that anybody can go on with it later."""

from collections.abc import Mapping
from contextlib import suppress

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from acts.drafting import AnswerChangedError, DraftingActs, answers_of
from acts.errors import RefusedError
from portal.failures import ChangedError, NotFoundError
from portal.forms import Bound, Form
from portal.nominators.entry import NOMINATE, Nominating, draft_for, organisation_of
from portal.nominators.keeping import answer_of, typed_in
from portal.nominators.presenters import NO_MORE, draft_path, window_line_of
from portal.nominators.questions import (
    BY_CODE,
    LATER,
    SEEN,
    Question,
    again,
    answered,
    before,
    filled,
    kept,
    next_after,
    number,
    seen_in,
)
from portal.pages import go_to, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from storage.nominator_pages import Begun, windows

routes = area()


@routes.get("/organisation/nominate/{draft}")
async def go_on(visitor: Nominating, services: Surroundings, draft: str) -> RedirectResponse:
    """Leads to the first question that is open, or to the answers when none is."""
    begun = await draft_for(services, visitor, draft)
    return go_to(_next(begun))


@routes.get("/organisation/nominate/{draft}/questions/{question}")
async def ask(request: Request, visitor: Nominating, services: Surroundings, draft: str, question: str) -> Response:
    """One question, with the answer that is kept."""
    begun = await draft_for(services, visitor, draft)
    if begun.draft.nomination_id:
        return go_to(draft_path(draft, "sent"))
    asked = _question(question)
    return await _page(request, services, begun, asked, kept(asked, answers_of(begun.draft)))


@routes.post("/organisation/nominate/{draft}/questions/{question}")
async def answer(
    request: Request, visitor: Nominating, services: Surroundings, draft: str, question: str
) -> Response:
    """Keeps the answer and leads on; one that is wrong is asked again, with what was typed."""
    begun = await draft_for(services, visitor, draft, typed=True)
    asked = _question(question)
    if begun.draft.nomination_id:
        raise _sent(draft)
    for_now = LATER in await request.form()
    form = await answered(request, asked, answers_of(begun.draft), check=not for_now)
    if form.problems:
        # Wrong or not, what was typed is kept; the page with all answers says what is wrong with it.
        with suppress(RefusedError):
            await _save(request, visitor, services, draft, filled(form))
        begun = await draft_for(services, visitor, draft)
        form = again(asked, form, answers_of(begun.draft))
        return await _page(request, services, begun, asked, form, status=422)
    # Keeping the same answer twice changes nothing, and a page that is gone back to must be able to keep another
    # one: so a question, unlike an act, has no key that lets it be sent but once.
    try:
        await _save(request, visitor, services, draft, form.typed)
    except AnswerChangedError as error:
        form.refuse(error.field, "A colleague has changed this answer since you opened the page")
        form = again(asked, form, answers_of((await draft_for(services, visitor, draft)).draft))
        return await _page(request, services, begun, asked, form, status=409, theirs=error.theirs.content)
    except RefusedError as error:
        form.refuse("", restyled(str(error)))
        return await _page(request, services, begun, asked, form, status=422)
    if for_now:
        return go_to("/organisation?saved=yes")
    return go_to(_next(await draft_for(services, visitor, draft)))


@routes.post("/organisation/nominate/{draft}/save")
async def keep(request: Request, visitor: Nominating, services: Surroundings, draft: str) -> JSONResponse:
    """Keeps one field as it is being typed, for static/save.js."""
    await draft_for(services, visitor, draft)
    sent = await request.form()
    name = str(sent.get("field", ""))
    answers, seen = {name: typed_in(sent)}, {name: number(sent.get("revision"))}
    acts = DraftingActs(services.acts.desk)
    saving = acts.save(draft, organisation_of(visitor), visitor.by, answers, seen, strict=True)
    return await answer_of(saving, answers[name])


async def _save(
    request: Request, visitor: Visitor, services: Services, draft: str, answers: Mapping[str, str]
) -> None:
    seen = await seen_in(request)
    await DraftingActs(services.acts.desk).save(draft, organisation_of(visitor), visitor.by, answers, seen)


async def _page(
    request: Request,
    services: Services,
    begun: Begun,
    question: Question,
    form: Bound[Form],
    *,
    status: int = 200,
    theirs: str | None = None,
) -> HTMLResponse:
    draft, now = begun.draft, services.clock()
    async with services.acts.desk.sessions() as session:
        found = next((one for one in await windows(session) if one.cohort == draft.cohort_id), None)
    earlier = before(question)
    complete = next_after(answers_of(draft)) is None
    back = "check" if complete else f"questions/{earlier.code}" if earlier else ""
    return await render(
        request,
        "nominators/question.html",
        title=question.title,
        area=NOMINATE[0],
        errors=form.problems,
        status=status,
        question=question,
        form=form,
        seen=[(SEEN + name, revision) for name, revision in form.revisions.items()],
        back_href=draft_path(draft.id, back) if back else NOMINATE[1],
        save_href=draft_path(draft.id, "save"),
        later=LATER,
        cohort=begun.cohort,
        closed="" if found and found.is_open(now) else window_line_of(found, now).sentence if found else NO_MORE,
        theirs=theirs,
    )


def _next(begun: Begun) -> str:
    if begun.draft.nomination_id:
        return draft_path(begun.draft.id, "sent")
    question = next_after(answers_of(begun.draft))
    return draft_path(begun.draft.id, f"questions/{question.code}" if question else "check")


def _question(code: str) -> Question:
    if code not in BY_CODE:
        raise NotFoundError
    return BY_CODE[code]


def _sent(draft: str) -> ChangedError:
    return ChangedError(
        "This nomination was sent meanwhile.", href=draft_path(draft, "sent"), link="See what was sent"
    )
