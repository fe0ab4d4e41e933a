"""The end of a nomination somebody began of themselves: its answers are checked, it is sent once, or deleted."""

from collections.abc import Mapping, Sequence

from fastapi import Request
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from acts.drafting import answers_of
from acts.errors import RefusedError
from acts.self_nominations import SelfNominationActs, wrong_in
from intake.problems import BadForm, RowProblem
from models.enums import Role
from models.tables import Nomination
from portal import sessions
from portal.failures import NotFoundError
from portal.nominators.presenters import NO_MORE, READINESS, Answer, window_line_of
from portal.nominators.questions import Question
from portal.nominators.sending import consent_by
from portal.nominees.oneself.beginning import nomination_href
from portal.nominees.oneself.entry import AREA, HOME, ROOT, Oneself, own_draft, path_of, rounds
from portal.nominees.oneself.questions import question_of, questions_for, sentence_of
from portal.pages import Problem, go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.sessions import COOKIE
from portal.visitors import Hat
from portal.words import moment, restyled
from storage.policies import policy_of
from storage.self_pages import OwnBegun

routes = area()
_WORDS: Mapping[str, Mapping[str, str]] = {"readiness": READINESS}


@routes.get("/nominate-yourself/{draft}/check")
async def check(request: Request, visitor: Oneself, services: Surroundings, draft: str) -> Response:
    """All answers, each with a way to change it."""
    begun = await own_draft(services, visitor, draft)
    if begun.draft.nomination_id:
        return go_to(path_of(draft, "sent"))
    return await _check(request, services, begun)


@routes.post("/nominate-yourself/{draft}/send")
async def send(request: Request, visitor: Oneself, services: Surroundings, draft: str) -> Response:
    """Sends the nomination; what stands against it is said on the page with the answers."""
    begun = await own_draft(services, visitor, draft)

    async def act() -> str:
        await SelfNominationActs(services.acts.desk).send(draft, visitor.person)
        return path_of(draft, "sent")

    try:
        response = await done_once(request, act)
    except BadForm as bad:
        return await _check(request, services, begun, _problems(begun, bad.problems))
    except RefusedError as error:
        return await _check(request, services, begun, [(restyled(str(error)), "")])
    if visitor.hat is None:
        await _act_as_nominee(request, services)
    return response


@routes.get("/nominate-yourself/{draft}/sent")
async def sent(request: Request, visitor: Oneself, services: Surroundings, draft: str) -> Response:
    """It was sent: the organisation is asked to endorse, until when, and what happens next."""
    begun = await own_draft(services, visitor, draft)
    if begun.draft.nomination_id is None:
        return go_to(path_of(draft))
    async with services.acts.desk.sessions() as session:
        policy = await policy_of(session, begun.draft.cohort_id)
        row = await session.get_one(Nomination, begun.draft.nomination_id)
    return await render(
        request,
        "nominees/oneself/sent.html",
        title="You have nominated yourself",
        area=AREA,
        number=row.id,
        organisation=begun.organisation,
        consent=moment(consent_by(row, begun.cohort.closes_at, policy)),
        closes=moment(begun.cohort.closes_at),
        answer_href=nomination_href(visitor, f"/my-nomination/{row.id}/consent"),
        href=nomination_href(visitor, f"/my-nomination/{row.id}"),
    )


@routes.get("/nominate-yourself/{draft}/delete")
async def ask_delete(request: Request, visitor: Oneself, services: Surroundings, draft: str) -> Response:
    """Asks before everything that was typed is deleted."""
    begun = await own_draft(services, visitor, draft)
    if begun.draft.nomination_id:
        return go_to(path_of(draft, "sent"))
    return await render(
        request,
        "nominees/oneself/delete.html",
        title="Delete what you have begun?",
        area=AREA,
        crumbs=[HOME],
        cohort=begun.cohort.name,
        saved=moment(begun.draft.saved_at),
        action=path_of(draft, "delete"),
        href=path_of(draft),
    )


@routes.post("/nominate-yourself/{draft}/delete")
async def delete(request: Request, visitor: Oneself, services: Surroundings, draft: str) -> Response:
    """Deletes it; a repeat of the same click finds it deleted, and leads on as the first one did."""
    if not draft.isprintable():
        raise NotFoundError

    async def act() -> str:
        await SelfNominationActs(services.acts.desk).delete(draft, visitor.person)
        return f"{ROOT}?deleted=yes"

    return await done_once(request, act)


async def _act_as_nominee(request: Request, services: Services) -> None:
    """Lets who had chosen no role go on in the one that the nomination has given them."""
    token = request.cookies.get(COOKIE, "")
    async with services.acts.desk.transaction() as session:
        await sessions.choose(session, token, Hat(Role.NOMINEE), services.limits, services.clock())


async def _check(
    request: Request, services: Services, begun: OwnBegun, problems: Sequence[Problem] = ()
) -> HTMLResponse:
    draft, now = begun.draft, services.clock()
    window = next((one for one in await rounds(services) if one.cohort == draft.cohort_id), None)
    async with services.acts.desk.sessions() as session:
        wrong = await wrong_in(session, draft, begun.person)
    asked = questions_for(begun.person)
    sentences = {
        found.code: sentence_of(found, one.column, one.sentence)
        for one in wrong
        if (found := question_of(asked, one.column))
    }
    known = (
        [] if any(one.code == "name" for one in asked) else [Answer("name", "Name", begun.person.full_name, "", "")]
    )
    return await render(
        request,
        "nominees/oneself/check.html",
        title="Check your answers",
        area=AREA,
        crumbs=[HOME],
        errors=problems,
        status=422 if problems else 200,
        rows=[
            Answer("round", "Round", begun.cohort.name, "", ""),
            Answer("email", "Email address", begun.person.email, "", ""),
            *known,
            *(_answer(question, begun, sentences) for question in asked),
        ],
        complete=not wrong,
        is_open=window is not None and window.is_open(now),
        window=window_line_of(window, now).sentence if window else NO_MORE,
        organisation=begun.organisation,
        action=path_of(draft.id, "send"),
        saved=moment(draft.saved_at),
        delete_href=path_of(draft.id, "delete"),
        home=ROOT,
    )


def _answer(question: Question, begun: OwnBegun, sentences: Mapping[str, str]) -> Answer:
    answers = {**answers_of(begun.draft), "organisation": begun.organisation}
    texts = [answers.get(field.name, "") for field in question.fields]
    lines = [_WORDS.get(field.name, {}).get(text, text) for field, text in zip(question.fields, texts, strict=True)]
    return Answer(
        question.code,
        question.label,
        Markup("<br>").join(escape(part) for line in lines for part in line.splitlines()),
        path_of(begun.draft.id, f"questions/{question.code}"),
        question.label.lower(),
        sentences.get(question.code, ""),
    )


def _problems(begun: OwnBegun, problems: Sequence[RowProblem]) -> list[Problem]:
    """The lines of the error summary; each leads to the link that changes the answer, where there is one."""
    asked = questions_for(begun.person)
    found = [(one, question_of(asked, one.column)) for one in problems]
    return [
        (sentence_of(question, one.column, one.sentence), f"change-{question.code}" if question else "")
        for one, question in found
    ]
