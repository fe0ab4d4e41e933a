"""A nomination that somebody has begun of themselves, one question a page; kept as it is typed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from acts.drafting import AnswerChangedError, answers_of
from acts.errors import RefusedError
from acts.self_nominations import ORGANISATION, SelfNominationActs
from portal.failures import ChangedError, NotFoundError
from portal.forms import Bound, Form
from portal.nominators.keeping import answer_of, typed_in
from portal.nominators.presenters import NO_MORE, window_line_of
from portal.nominators.questions import LATER, SEEN, Question, again, answered, filled, kept, number, seen_in
from portal.nominees.oneself.entry import AREA, ROOT, Oneself, own_draft, path_of, rounds
from portal.nominees.oneself.questions import answers_in, before, next_after, questions_for, with_organisations
from portal.pages import go_to, render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from storage.self_pages import OwnBegun, organisations_for

routes = area()


@routes.get("/nominate-yourself/{draft}")
async def go_on(visitor: Oneself, services: Surroundings, draft: str) -> RedirectResponse:
    """Leads to the first question that is open, or to the answers when none is."""
    return go_to(_next(await own_draft(services, visitor, draft)))


@routes.get("/nominate-yourself/{draft}/questions/{question}")
async def ask(request: Request, visitor: Oneself, services: Surroundings, draft: str, question: str) -> Response:
    """One question, with the answer that is kept."""
    begun = await own_draft(services, visitor, draft)
    if begun.draft.nomination_id:
        return go_to(path_of(draft, "sent"))
    asked = await _question(services, begun, question)
    return await _page(request, services, begun, asked, kept(asked, _answers(begun)))


@routes.post("/nominate-yourself/{draft}/questions/{question}")
async def answer(request: Request, visitor: Oneself, services: Surroundings, draft: str, question: str) -> Response:
    """Keeps the answer and leads on; one that is wrong is asked again, with what was typed."""
    begun = await own_draft(services, visitor, draft)
    if begun.draft.nomination_id:
        raise ChangedError(
            "You have sent this nomination meanwhile.", href=path_of(draft, "sent"), link="See what was sent"
        )
    asked = await _question(services, begun, question)
    for_now = LATER in await request.form()
    form = await answered(request, asked, _answers(begun), check=not for_now)
    if form.problems:
        # Wrong or not, what was typed is kept; the page with all answers says what is wrong with it.
        with suppress(RefusedError):
            await _save(request, visitor, services, draft, _without_none(filled(form)))
        begun = await own_draft(services, visitor, draft)
        return await _page(request, services, begun, asked, again(asked, form, _answers(begun)), status=422)
    # Keeping the same answer twice changes nothing, so a question has no key that lets it be sent but once.
    try:
        await _save(request, visitor, services, draft, _without_none(form.typed))
    except AnswerChangedError as error:
        form.refuse(error.field, "You have changed this answer elsewhere since you opened the page")
        begun = await own_draft(services, visitor, draft)
        form = again(asked, form, _answers(begun))
        return await _page(request, services, begun, asked, form, status=409, theirs=error.theirs.content)
    except RefusedError as error:
        form.refuse("", restyled(str(error)))
        return await _page(request, services, begun, asked, form, status=422)
    if for_now:
        return go_to(f"{ROOT}?saved=yes")
    return go_to(_next(await own_draft(services, visitor, draft)))


@routes.post("/nominate-yourself/{draft}/save")
async def keep(request: Request, visitor: Oneself, services: Surroundings, draft: str) -> JSONResponse:
    """Keeps one field as it is being typed, for static/save.js."""
    await own_draft(services, visitor, draft)
    sent = await request.form()
    name = str(sent.get("field", ""))
    answers, seen = {name: typed_in(sent)}, {name: number(sent.get("revision"))}
    acts = SelfNominationActs(services.acts.desk)
    return await answer_of(acts.save(draft, visitor.person, answers, seen, strict=True))


async def _save(
    request: Request, visitor: Visitor, services: Services, draft: str, answers: Mapping[str, str]
) -> None:
    acts = SelfNominationActs(services.acts.desk)
    await acts.save(draft, visitor.person, answers, await seen_in(request))


def _without_none(answers: Mapping[str, str]) -> dict[str, str]:
    """The answers, without an organisation where none was chosen: there is always one."""
    return {name: text for name, text in answers.items() if text or name != ORGANISATION}


async def _page(
    request: Request,
    services: Services,
    begun: OwnBegun,
    question: Question,
    form: Bound[Form],
    *,
    status: int = 200,
    theirs: str | None = None,
) -> HTMLResponse:
    draft, now, questions = begun.draft, services.clock(), questions_for(begun.person)
    window = next((one for one in await rounds(services) if one.cohort == draft.cohort_id), None)
    earlier = before(questions, question)
    complete = next_after(questions, _answers(begun)) is None
    back = "check" if complete else f"questions/{earlier.code}" if earlier else ""
    closed = window_line_of(window, now).sentence if window else NO_MORE
    return await render(
        request,
        "nominees/oneself/question.html",
        title=question.title,
        area=AREA,
        errors=form.problems,
        status=status,
        question=question,
        form=form,
        seen=[(SEEN + name, revision) for name, revision in form.revisions.items()],
        back_href=path_of(draft.id, back) if back else f"{ROOT}/begin",
        save_href=path_of(draft.id, "save"),
        later=LATER,
        cohort=begun.cohort.name,
        closed="" if window and window.is_open(now) else closed,
        theirs=theirs,
    )


def _answers(begun: OwnBegun) -> dict[str, str]:
    return answers_in(begun, answers_of(begun.draft))


def _next(begun: OwnBegun) -> str:
    if begun.draft.nomination_id:
        return path_of(begun.draft.id, "sent")
    question = next_after(questions_for(begun.person), _answers(begun))
    return path_of(begun.draft.id, f"questions/{question.code}" if question else "check")


async def _question(services: Services, begun: OwnBegun, code: str) -> Question:
    found: Sequence[Question] = [one for one in questions_for(begun.person) if one.code == code]
    if not found:
        raise NotFoundError
    if code != ORGANISATION:
        return found[0]
    async with services.acts.desk.sessions() as session:
        return with_organisations(found[0], await organisations_for(session, begun.person.id))
