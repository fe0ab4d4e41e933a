"""The release: who gets which outcome, every letter, what is missing, and the release itself."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse, Response

from models.enums import CohortPhase, Outcome, Role, Stage
from models.ids import CohortId
from models.tables import Cohort
from portal.access import by
from portal.arrivals import said_here
from portal.board.cohorts import AREA, choose_cohort, cohort_at, crumbs_of, the_cohort
from portal.board.forms import ReleaseForm
from portal.board.terms import LETTERS, OUTCOMES, PHASES, STAGES
from portal.failures import ChangedError, NotFoundError
from portal.forms import Bound, bind
from portal.pages import Notice, render
from portal.routing import area, done_once
from portal.services import Surroundings
from portal.visitors import Visitor
from portal.words import moment
from rules.permissions import Act
from storage.board_pages import (
    RELEASED_STAGES,
    BoardLine,
    Standing,
    by_outcome,
    decisions_version,
    lines_with_outcome,
    place_key,
    standings,
    undecided,
)
from storage.policies import policy_of

routes = area()
Previewing = Annotated[Visitor, by(Role.BOARD, Act.PREVIEW_RELEASE)]
Releasing = Annotated[Visitor, by(Role.BOARD, Act.RELEASE)]
_PAGE = 50
_NAMED = 10
_PROMOTED = Notice("Moved up from the reserve list", "The nominee is in the pool. Their letter goes out now.")


@dataclass(frozen=True)
class Missing:
    """What a release would have to wait for; ``first``: some, with whose they are and where they stand."""

    count: int
    first: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class OutcomeLine:
    """A nomination with its outcome."""

    nomination: str
    nominee: str
    organisation: str
    place: str
    stage: str


@dataclass(frozen=True)
class Preview:
    """Everything the page shows."""

    cohort: str
    name: str
    phase: str
    released: str
    tabs: tuple[tuple[str, str, bool], ...]
    shown: str
    lines: tuple[OutcomeLine, ...]
    next_href: str
    first_href: str
    missing: Missing
    drafted: int
    letters: int
    may_release: bool
    why_not: str
    places: str
    free: int
    reserve_until: str
    moves_up: bool


@routes.get("/board/release")
async def preview(request: Request, visitor: Previewing, services: Surroundings) -> HTMLResponse:
    """What a release would do; once released, the reserve list."""
    async with services.acts.desk.sessions() as session:
        cohort = await cohort_at(session, request, visitor)
        if cohort is None:
            return await choose_cohort(session, request)
        shown = await _preview(request, session, visitor, cohort)
    notice = _PROMOTED if request.query_params.get("done") == "promoted" else None
    return await render(
        request,
        "board/release.html",
        title="Release",
        area=AREA,
        crumbs=crumbs_of(cohort),
        notice=await said_here(request, notice),
        preview=shown,
    )


@routes.get("/board/release/confirm")
async def ask(request: Request, visitor: Releasing, services: Surroundings) -> HTMLResponse:
    """Asks once more, and says what happens next."""
    async with services.acts.desk.sessions() as session:
        cohort = await cohort_at(session, request, visitor)
        if cohort is None:
            return await choose_cohort(session, request)
        return await _ask(request, session, visitor, cohort, Bound[ReleaseForm]())


@routes.post("/board/release/confirm")
async def release(request: Request, visitor: Releasing, services: Surroundings) -> Response:
    """Releases all decisions of the cohort together, if they stand as they were looked at."""
    form = await bind(request, ReleaseForm)
    async with services.acts.desk.sessions() as session:
        cohort = await the_cohort(session, request, visitor)
        if form.value is None:
            return await _ask(request, session, visitor, cohort, form, status=422)
        version = await decisions_version(session, cohort.id)

    async def act() -> str:
        if form.typed["version"] != version:
            raise ChangedError(
                "A decision has changed since you opened the page, so nothing has been released.",
                href=f"/board/release?cohort={cohort.id}",
                link="Preview the release as it is now",
            )
        await services.acts.board.release(CohortId(cohort.id), visitor.by)
        return f"/board/release/done?cohort={cohort.id}"

    return await done_once(request, act)


@routes.get("/board/release/done")
async def done(request: Request, visitor: Releasing, services: Surroundings) -> Response:
    """Says that decisions are released, and what happens next and when."""
    async with services.acts.desk.sessions() as session:
        cohort = await cohort_at(session, request, visitor)
        if cohort is None:
            return await choose_cohort(session, request)
        if cohort.released_at is None:
            raise NotFoundError
        told = await by_outcome(session, visitor.asker, cohort.id, RELEASED_STAGES)
        left = (await standings(session, visitor.asker, cohort.id)).counts[Standing.APPROVED]
    return await render(
        request,
        "board/released.html",
        title="Decisions are released",
        area=AREA,
        crumbs=crumbs_of(cohort),
        cohort=cohort.id,
        when=moment(cohort.released_at),
        told=tuple((words, told[outcome]) for outcome, words in OUTCOMES.items()),
        left=left,
        ends=moment(cohort.due_at) if cohort.due_at else "",
    )


async def _ask(
    request: Request,
    session: AsyncSession,
    visitor: Visitor,
    cohort: Cohort,
    form: Bound[ReleaseForm],
    *,
    status: int = 200,
) -> HTMLResponse:
    shown = await _preview(request, session, visitor, cohort)
    return await render(
        request,
        "board/release_confirm.html",
        title="Release all decisions",
        area=AREA,
        crumbs=crumbs_of(cohort, ("Release", f"/board/release?cohort={cohort.id}")),
        errors=form.problems,
        status=status,
        preview=shown,
        form=form,
        version=form.typed["version"] or await decisions_version(session, cohort.id),
    )


async def _preview(request: Request, session: AsyncSession, visitor: Visitor, cohort: Cohort) -> Preview:
    asker, out = visitor.asker, cohort.released_at is not None
    stages = RELEASED_STAGES if out else (Stage.DECIDED,)
    counts = await by_outcome(session, asker, cohort.id, stages)
    shown = _shown(request, Outcome.RESERVED if out else Outcome.ADMITTED)
    after = _after(request)
    found = await lines_with_outcome(session, asker, cohort.id, shown, stages, after=after, limit=_PAGE + 1)
    count, first = await undecided(session, asker, cohort.id, limit=_NAMED)
    missing = Missing(count, tuple((one, name, STAGES[stage]) for one, name, stage in first))
    board = await standings(session, asker, cohort.id)
    admission = (await policy_of(session, cohort.id)).admission
    taken = await by_outcome(session, asker, cohort.id, (Stage.IN_POOL,)) if out else counts
    in_pool = sum(taken.values()) if out else taken[Outcome.ADMITTED]
    at = f"/board/release?cohort={cohort.id}"
    why_not = _why_not(cohort, missing.count, sum(counts.values()))
    last = place_key(found[_PAGE - 1]) if len(found) > _PAGE else None
    return Preview(
        cohort=cohort.id,
        name=cohort.name,
        phase=PHASES[cohort.phase],
        released=moment(cohort.released_at) if cohort.released_at else "",
        tabs=tuple((f"{words} ({counts[one]})", f"{at}&show={one}", one is shown) for one, words in OUTCOMES.items()),
        shown=OUTCOMES[shown],
        lines=tuple(_line(one) for one in found[:_PAGE]),
        next_href=f"{at}&show={shown}&after={last[0]}.{last[1]}" if last else "",
        first_href=f"{at}&show={shown}" if after[1] else "",
        missing=missing,
        drafted=board.counts[Standing.DRAFTED],
        letters=sum(len(LETTERS[outcome]) * number for outcome, number in counts.items()),
        may_release=not why_not,
        why_not=why_not,
        places=f"{in_pool} of {admission.places} places {'are taken' if out else 'are given'}",
        free=admission.places - in_pool,
        reserve_until=moment(board.reserve_closes) if board.reserve_closes else "",
        moves_up=out and shown is Outcome.RESERVED and in_pool < admission.places,
    )


def _line(line: BoardLine) -> OutcomeLine:
    place = line.decision.place if line.decision else None
    return OutcomeLine(
        line.nomination, line.nominee, line.organisation, str(place) if place else "Not given", STAGES[line.stage]
    )


def _why_not(cohort: Cohort, missing: int, decided: int) -> str:
    """Why decisions cannot be released now, said before it is tried; empty if they can."""
    if cohort.phase in {CohortPhase.RELEASED, CohortPhase.ENDED}:
        return "The decisions have been released."
    if missing:
        return "Decisions are released all together, once every nomination is decided or over."
    if not decided:
        return "There is no approved decision to release."
    if cohort.phase is not CohortPhase.DECIDING:
        return f"Decisions can be released once the board’s phase has begun. Now: {PHASES[cohort.phase].lower()}."
    return ""


def _shown(request: Request, otherwise: Outcome) -> Outcome:
    typed = request.query_params.get("show", otherwise.value)
    found = next((one for one in Outcome if one.value == typed), None)
    if found is None:
        raise NotFoundError
    return found


def _after(request: Request) -> tuple[int, str]:
    place, _, nomination = request.query_params.get("after", "0.").partition(".")
    if not (place.isascii() and place.isdigit() and len(place) < 8 and nomination.isprintable()):
        raise NotFoundError
    return int(place), nomination
