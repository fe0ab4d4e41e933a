"""Letters of one nomination before they go, and moving somebody up from the reserve list."""

from typing import Annotated

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse, Response

from models.enums import Outcome, Role, Stage, Template
from models.ids import NominationId
from models.tables import Cohort, Nomination
from portal.access import by
from portal.board.cohorts import AREA, crumbs_of, known_id, stand_apart
from portal.board.letters import letters_to_come
from portal.board.terms import LETTERS, OUTCOMES, STAGES
from portal.failures import NotFoundError
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Surroundings
from portal.visitors import Visitor
from rules.permissions import Act
from storage.board_pages import BoardLine, by_outcome, lines_of, lines_with_outcome, place_key
from storage.policies import policy_of

routes = area()
Previewing = Annotated[Visitor, by(Role.BOARD, Act.PREVIEW_RELEASE)]
Promoting = Annotated[Visitor, by(Role.BOARD, Act.PROMOTE)]


@routes.get("/board/release/letters/{nomination}")
async def read_letters(
    request: Request, nomination: str, visitor: Previewing, services: Surroundings
) -> HTMLResponse:
    """Every letter this nominee gets on release, as it will be read."""
    async with services.acts.desk.sessions() as session:
        line, row, cohort = await _found(session, visitor, nomination)
        decided = line.stage is Stage.DECIDED and row.outcome is not None
        templates = LETTERS[Outcome(row.outcome)] if decided and row.outcome else ()
        letters = await letters_to_come(session, row, templates, services.sender, services.clock())
        following = await _next(session, visitor, line, row) if decided else None
    return await render(
        request,
        "board/letters.html",
        title=f"Letters to {line.nominee}",
        area=AREA,
        crumbs=crumbs_of(cohort, ("Release", f"/board/release?cohort={cohort.id}")),
        nominee=line.nominee,
        nomination=nomination,
        outcome=OUTCOMES[Outcome(row.outcome)] if row.outcome else "",
        stage=STAGES[line.stage],
        letters=letters,
        following=following,
        cohort=cohort.id,
    )


@routes.get("/board/release/promote/{nomination}")
async def ask_promote(request: Request, nomination: str, visitor: Promoting, services: Surroundings) -> HTMLResponse:
    """Asks once more, with the letter that will go out."""
    async with services.acts.desk.sessions() as session:
        line, row, cohort = await _found(session, visitor, nomination)
        reserved = line.stage is Stage.RESERVED
        letters = await letters_to_come(
            session, row, (Template.PROMOTED,) if reserved else (), services.sender, services.clock()
        )
        places = (await policy_of(session, cohort.id)).admission.places
        taken = sum((await by_outcome(session, visitor.asker, cohort.id, (Stage.IN_POOL,))).values())
    why_not = (
        "" if reserved else f"The nomination is not on the reserve list. It stands: {STAGES[line.stage].lower()}."
    )
    if reserved and taken >= places:
        why_not = f"All {places} places are taken. Somebody can move up once a place is given up."
    return await render(
        request,
        "board/promote.html",
        title=f"Move {line.nominee} up",
        area=AREA,
        crumbs=crumbs_of(cohort, ("Release", f"/board/release?cohort={cohort.id}")),
        line=line,
        place=line.decision.place if line.decision else None,
        free=places - taken,
        places=places,
        letters=letters,
        why_not=why_not,
        cohort=cohort.id,
    )


@routes.post("/board/release/promote/{nomination}")
async def promote(request: Request, nomination: str, visitor: Promoting, services: Surroundings) -> Response:
    """Moves the nominee up into the pool."""
    async with services.acts.desk.sessions() as session:
        _, _, cohort = await _found(session, visitor, nomination)

    async def act() -> str:
        await services.acts.board.promote(NominationId(nomination), visitor.by)
        return f"/board/release?cohort={cohort.id}&done=promoted"

    return await done_once(request, act)


async def _found(session: AsyncSession, visitor: Visitor, nomination: str) -> tuple[BoardLine, Nomination, Cohort]:
    lines = await lines_of(session, visitor.asker, [known_id(nomination)])
    if nomination not in lines:
        raise NotFoundError
    row = await session.get_one(Nomination, nomination)
    cohort = await session.get_one(Cohort, row.cohort_id)
    await stand_apart(session, visitor, cohort)
    return lines[nomination], row, cohort


async def _next(session: AsyncSession, visitor: Visitor, line: BoardLine, row: Nomination) -> str | None:
    """Whose letters come after these, in the order of outcomes and places."""
    outcomes = list(Outcome)
    after = place_key(line)
    for outcome in outcomes[outcomes.index(Outcome(row.outcome)) if row.outcome else 0 :]:
        found = await lines_with_outcome(
            session, visitor.asker, row.cohort_id, outcome, (Stage.DECIDED,), after=after, limit=1
        )
        if found:
            return found[0].nomination
        after = (0, "")
    return None
