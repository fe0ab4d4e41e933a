"""The end of a nomination that was begun: its answers are checked, it is sent once, or deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import Request
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from acts.drafting import DraftingActs, answers_of, wrong_in
from acts.errors import RefusedError
from intake.problems import BadForm, RowProblem
from models.policy import Policy
from models.tables import Nomination
from portal.nominators.entry import HOME, NOMINATE, Nominating, draft_for, nomination_for, organisation_of, storable
from portal.nominators.presenters import NO_MORE, POSTS, READINESS, Answer, draft_path, path_of, window_line_of
from portal.nominators.questions import QUESTIONS, Field, Question, question_of, sentence_of
from portal.pages import Problem, go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import moment, restyled
from rules.calendar import after
from storage.nominator_pages import Begun, windows
from storage.policies import policy_of

routes = area()
_OWN = "endorser_organisation"
_WORDS: Mapping[str, Mapping[str, str]] = {"readiness": READINESS, "endorser_post": POSTS}


@routes.get("/organisation/nominate/{draft}/check")
async def check(request: Request, visitor: Nominating, services: Surroundings, draft: str) -> Response:
    """All answers, each with a way to change it."""
    begun = await draft_for(services, visitor, draft)
    if begun.draft.nomination_id:
        return go_to(draft_path(draft, "sent"))
    return await _check(request, visitor, services, begun)


@routes.post("/organisation/nominate/{draft}/send")
async def send(request: Request, visitor: Nominating, services: Surroundings, draft: str) -> Response:
    """Sends the nomination; what stands against it is said on the page with the answers."""
    begun = await draft_for(services, visitor, draft)

    async def act() -> str:
        await DraftingActs(services.acts.desk).send(draft, organisation_of(visitor), visitor.by)
        return draft_path(draft, "sent")

    try:
        return await done_once(request, act)
    except BadForm as bad:
        return await _check(request, visitor, services, begun, _problems(bad.problems))
    except RefusedError as error:
        return await _check(request, visitor, services, begun, [(restyled(str(error)), "")])


@routes.get("/organisation/nominate/{draft}/sent")
async def sent(request: Request, visitor: Nominating, services: Surroundings, draft: str) -> Response:
    """It was sent, and what happens next."""
    begun = await draft_for(services, visitor, draft)
    if begun.draft.nomination_id is None:
        return go_to(draft_path(draft))
    own = await nomination_for(services, visitor, begun.draft.nomination_id)
    async with services.acts.desk.sessions() as session:
        policy = await policy_of(session, own.cohort.id)
    return await render(
        request,
        "nominators/sent.html",
        title="Nomination sent",
        area=NOMINATE[0],
        crumbs=[HOME],
        number=own.nomination.id,
        nominee=own.nominee.full_name,
        consent=f"They have until {moment(consent_by(own.nomination, own.cohort.closes_at, policy))}.",
        closes=moment(own.cohort.closes_at),
        href=path_of(own.nomination.id),
    )


@routes.get("/organisation/nominate/{draft}/delete")
async def ask_delete(request: Request, visitor: Nominating, services: Surroundings, draft: str) -> Response:
    """Asks before everything that was typed is deleted."""
    begun = await draft_for(services, visitor, draft)
    if begun.draft.nomination_id:
        return go_to(draft_path(draft, "sent"))
    return await render(
        request,
        "nominators/delete.html",
        title="Delete this nomination?",
        area=NOMINATE[0],
        crumbs=[HOME],
        nominee=begun.draft.content.get("nominee_name", ""),
        begun_by=begun.begun_by,
        saved=moment(begun.draft.saved_at),
        action=draft_path(draft, "delete"),
        href=draft_path(draft),
    )


@routes.post("/organisation/nominate/{draft}/delete")
async def delete(request: Request, visitor: Nominating, services: Surroundings, draft: str) -> Response:
    """Deletes it; a repeat of the same click finds it deleted, and leads on as the first one did."""

    async def act() -> str:
        await DraftingActs(services.acts.desk).delete(storable(draft), organisation_of(visitor), visitor.by)
        return "/organisation?deleted=yes"

    return await done_once(request, act)


async def _check(
    request: Request, visitor: Visitor, services: Services, begun: Begun, problems: Sequence[Problem] = ()
) -> HTMLResponse:
    draft, now = begun.draft, services.clock()
    async with services.acts.desk.sessions() as session:
        found = await windows(session)
        wrong = await wrong_in(session, draft, visitor.by)
    own = next((one for one in found if one.cohort == draft.cohort_id), None)
    is_open = own is not None and own.is_open(now)
    several = sum(one.is_open(now) for one in found) > 1
    sentences: dict[str, list[str]] = {}
    for one in _to_mend(wrong):
        sentences.setdefault(question_of(one.column).code, []).append(sentence_of(one.column, one.sentence))
    change = draft_path(draft.id, "round") if several or not is_open else ""
    return await render(
        request,
        "nominators/check.html",
        title="Check your answers",
        area=NOMINATE[0],
        crumbs=[HOME, NOMINATE],
        errors=problems,
        status=422 if problems else 200,
        rows=[
            Answer("round", "Round", begun.cohort, change, "round"),
            *(_answer(question, begun, sentences) for question in QUESTIONS),
        ],
        complete=not wrong,
        is_open=is_open,
        window=window_line_of(own, now).sentence if own else NO_MORE,
        action=draft_path(draft.id, "send"),
        saved=moment(draft.saved_at),
        delete_href=draft_path(draft.id, "delete"),
    )


def _answer(question: Question, begun: Begun, sentences: Mapping[str, Sequence[str]]) -> Answer:
    answers = answers_of(begun.draft)
    lines = [text for field in question.fields if (text := _in_words(field, answers.get(field.name, "")))]
    return Answer(
        question.code,
        question.label,
        Markup("<br>").join(escape(part) for line in lines for part in line.splitlines()),
        draft_path(begun.draft.id, f"questions/{question.code}"),
        question.label.lower(),
        Markup("<br>").join(sentences.get(question.code, ())),
    )


def _in_words(field: Field, text: str) -> str:
    return _WORDS.get(field.name, {}).get(text, text)


def _problems(problems: Sequence[RowProblem]) -> list[Problem]:
    """The lines of the error summary; each leads to the link that changes the answer."""
    return [
        (sentence_of(one.column, one.sentence), f"change-{question_of(one.column).code}")
        for one in _to_mend(problems)
    ]


def _to_mend(problems: Sequence[RowProblem]) -> list[RowProblem]:
    """Without the endorser's organisation where the endorser is missing: left empty, it is the nominator's own."""
    return [one for one in problems if not (one.column == _OWN and one.sentence.endswith("fill this in."))]


def consent_by(row: Nomination, closes_at: datetime, policy: Policy) -> datetime:
    """Until when the nominee may answer; before the nomination's workflow has said it, as it will reckon it."""
    within = after(row.created_at, policy.nomination.consent_within, policy.bank_holidays)
    return row.due_at or min(within, closes_at)
