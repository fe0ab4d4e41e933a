"""The audit trail: searched by what it is about, who did it, what was done and when; and whether it is whole."""

from datetime import date, timedelta
from typing import ClassVar

from fastapi import Request
from pydantic import field_validator
from starlette.responses import HTMLResponse, Response

from models.enums import Role
from portal.forms import Bound, Form, bind
from portal.operations.events import WORDS, event_words, kinds_called
from portal.operations.keeping.asking import After, Auditing
from portal.operations.keeping.cohorts import AREA, HOME, Choice, with_query
from portal.operations.keeping.trail import shown_line, verdict_shown
from portal.operations.watching.moments import WrongMomentError, day_in, start_of
from portal.pages import render
from portal.routing import area
from portal.services import Services, Surroundings
from portal.visitors import ROLE_WORDS, Visitor
from storage.audit import Anchor, verify
from storage.audit_pages import AuditFilters, trail_visible_to
from storage.lists import names_of

routes = area()
_PATH = "/operations/audit"
_AT_ONCE = 50
_DATES = tuple(f"{name}_{part}" for name in ("since", "until") for part in ("day", "month", "year"))
_ROLES = tuple(Choice(role.value, ROLE_WORDS.get(role, "The system")) for role in Role)
_NOT_AN_ID = "Enter a number such as pilot-0042, or another id; names and addresses are not in the trail"


class AnchorForm(Form):
    """An anchor that was kept elsewhere, or nothing."""

    anchor: str = ""
    sentences: ClassVar = {
        "anchor": "Enter the number of events, a colon and 64 letters and digits, or leave it empty"
    }

    @field_validator("anchor")
    @classmethod
    def _whole(cls, written: str) -> str:
        events, _, last = written.partition(":")
        if written and not (events.isdecimal() and len(events) < 19 and len(last) == 64 and last.isalnum()):
            raise ValueError(cls.sentences["anchor"])
        return written

    @property
    def kept(self) -> Anchor | None:
        """The anchor; None where nothing was given."""
        events, _, last = self.anchor.partition(":")
        return Anchor(int(events), last.lower()) if self.anchor else None


@routes.get(_PATH)
async def search(request: Request, visitor: Auditing, services: Surroundings, below: After = "") -> HTMLResponse:
    """The events that fit, newest first."""
    typed = {name: text.strip() for name, text in request.query_params.items()}
    form = Bound[Form](typed=typed)
    filters = _filters(form)
    if form.problems:
        return await _page(request, form, (), "", status=422)
    position = int(below) if below.isdecimal() and len(below) < 19 else None
    async with services.acts.desk.sessions() as session:
        found = await trail_visible_to(session, visitor.asker, filters, below=position, limit=_AT_ONCE + 1)
        names = await names_of(session, sorted({line.actor for line in found if line.actor}))
    lines = found[:_AT_ONCE]
    kept = {name: form.typed[name] for name in ("subject", "role", "what", *_DATES)}
    following = with_query(_PATH, **kept, below=str(lines[-1].position)) if len(found) > _AT_ONCE else ""
    return await _page(
        request,
        form,
        tuple(shown_line(line, names) for line in lines),
        following,
        first=with_query(_PATH, **kept) if position else "",
    )


@routes.post(f"{_PATH}/verify")
async def verify_chain(request: Request, visitor: Auditing, services: Surroundings) -> Response:
    """Reckons the whole chain again and says whether it is whole; nothing is written, so it may be repeated."""
    form = await bind(request, AnchorForm)
    if form.value is None:
        return await _verify_page(request, visitor, services, form, status=422)
    return await _verify_page(request, visitor, services, form)


@routes.get(f"{_PATH}/verify")
async def ask_verify(request: Request, visitor: Auditing, services: Surroundings) -> HTMLResponse:
    """Says what verifying does."""
    return await _verify_page(request, visitor, services, Bound[AnchorForm]())


async def _verify_page(
    request: Request, visitor: Visitor, services: Services, form: Bound[AnchorForm], *, status: int = 200
) -> HTMLResponse:
    verdict = None
    if form.value is not None:
        async with services.acts.desk.sessions() as session:
            verdict = verdict_shown(await verify(session, form.value.kept), services.clock())
    return await render(
        request,
        "operations/keeping/verify.html",
        title="Verify the audit trail",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[HOME, ("Audit", _PATH)],
        form=form,
        verdict=verdict,
    )


async def _page(
    request: Request,
    form: Bound[Form],
    lines: tuple[object, ...],
    following: str,
    *,
    first: str = "",
    status: int = 200,
) -> HTMLResponse:
    return await render(
        request,
        "operations/keeping/audit.html",
        title="Audit trail",
        area=AREA,
        status=status,
        errors=form.problems,
        crumbs=[HOME],
        form=form,
        roles=_ROLES,
        kinds=_kinds(form.typed["what"]),
        lines=lines,
        following=following,
        first=first,
    )


def _filters(form: Bound[Form]) -> AuditFilters:
    """What was asked for; what is wrong is marked in the form."""
    role = form.typed["role"]
    if role and role not in set(Role):
        form.refuse("role", "Choose one of the roles")
        role = ""
    subject = form.typed["subject"]
    if not subject.isascii() or not subject.isprintable() or " " in subject or "@" in subject or len(subject) > 120:
        form.refuse("subject", _NOT_AN_ID)
    if not form.typed["what"].isprintable():
        form.refuse("what", "Enter words, such as decision drafted")
    since, until = _day(form, "since"), _day(form, "until")
    return AuditFilters(
        subject=subject,
        role=Role(role) if role else None,
        what="" if (kinds := _kinds_in(form.typed["what"])) else form.typed["what"],
        kinds=kinds,
        since=start_of(since) if since else None,
        before=start_of(until + timedelta(days=1)) if until else None,
    )


def _kinds(typed: str) -> tuple[Choice, ...]:
    """What can have been done, in words; what was typed otherwise into an address stays chosen."""
    named = tuple(Choice(words, words) for words in dict.fromkeys(WORDS.values()))
    if not typed or typed in set(WORDS.values()):
        return named
    return (Choice(typed, event_words(typed) if typed in WORDS else f"Begins with “{typed}”"), *named)


def _kinds_in(typed: str) -> tuple[str, ...]:
    """The kinds of events that are called so, or the kind that is written so; none where nothing is."""
    return kinds_called(typed) or ((typed,) if typed in WORDS else ())


def _day(form: Bound[Form], name: str) -> date | None:
    try:
        day = day_in(form.typed, name)
    except WrongMomentError as error:
        form.refuse(error.field, str(error))
        return None
    if day and not 2000 <= day.year <= 2200:
        form.refuse(name, "Enter a year between 2000 and 2200")
        return None
    return day
