"""The cohort at a glance: where it stands, its figures, and what the board has to do next and by when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from weakref import WeakKeyDictionary

from fastapi import Request
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import HTMLResponse

from models.enums import CohortPhase, Role
from models.policy import Policy
from models.tables import Cohort
from portal.access import by
from portal.board.cohorts import AREA, choose_cohort, cohort_at
from portal.board.terms import PHASES, STANDINGS
from portal.charts import Amount, Chart, columns, funnel
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.visitors import Visitor
from portal.words import clock, day, moment
from rules.permissions import Act
from storage.board_pages import (
    Standing,
    Standings,
    Version,
    loads,
    score_counts,
    scores_version,
    standings,
    waiting_to_be_screened,
)
from storage.funnel_pages import Passed, Reach, funnel_of
from storage.policies import policy_of

routes = area()
Visiting = Annotated[Visitor, by(Role.BOARD, Act.READ_PROPOSED_ORDER)]
_COUNT_EVERY = timedelta(minutes=1)
_REACHED = {
    Reach.NOMINATED: "Nominated",
    Reach.APPLIED: "Applied",
    Reach.SEATED: "Panel seated",
    Reach.SCORED: "Scored by somebody",
    Reach.CONFIRMED: "Scores confirmed",
    Reach.DECIDED: "Decided",
    Reach.IN_POOL: "In the pool",
}


@dataclass(frozen=True)
class Figures:
    """What two of the charts show, and when it was counted."""

    at: datetime
    steps: tuple[Passed, ...]
    loads: dict[int, int]


_charted: WeakKeyDictionary[async_sessionmaker[AsyncSession], dict[str, Figures]]
_charted = WeakKeyDictionary()
_counted: WeakKeyDictionary[async_sessionmaker[AsyncSession], dict[str, tuple[Version, dict[int, int]]]]
_counted = WeakKeyDictionary()


@dataclass(frozen=True)
class Step:
    """Something the board has to do; ``when`` says by when, or that there is no deadline."""

    title: str
    when: str
    text: str = ""
    href: str = ""
    link: str = ""


@dataclass(frozen=True)
class Row:
    """A fact."""

    label: str
    value: str


@dataclass(frozen=True)
class Plot:
    """A chart with its caption, and a sentence on what it counts."""

    caption: str
    words: str
    chart: Chart


@dataclass(frozen=True)
class Glance:
    """Everything the page shows."""

    cohort: str
    name: str
    rows: tuple[Row, ...]
    counts: tuple[tuple[str, int, str], ...]
    steps: tuple[Step, ...]
    plots: tuple[Plot, ...]
    counted: str


@routes.get("/board")
async def glance(request: Request, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """A cohort at a glance."""
    sessions = services.acts.desk.sessions
    async with sessions() as session:
        cohort = await cohort_at(session, request, visitor)
        if cohort is None:
            return await choose_cohort(session, request)
        asker, policy = visitor.asker, await policy_of(session, cohort.id)
        board = await standings(session, asker, cohort.id)
        to_screen = await waiting_to_be_screened(session, asker, cohort.id)
        figures = await _figures(sessions, session, cohort.id, services.clock())
        scores = await _score_counts(sessions, session, cohort.id)
    at = f"/board/decisions?cohort={cohort.id}"
    shown = Glance(
        cohort=cohort.id,
        name=cohort.name,
        rows=_rows(cohort, policy),
        counts=tuple((STANDINGS[one], board.counts[one], f"{at}&show={one}") for one in Standing),
        steps=_steps(cohort, board, to_screen),
        plots=(
            _funnel(figures.steps),
            Plot(
                "Assessors’ load",
                "How many assessors have how many assessments, those they have submitted included.",
                _load(figures.loads),
            ),
            Plot(
                "Distribution of scores",
                "How often each score was given, over all criteria and all assessors who have submitted.",
                _scores(scores, policy),
            ),
        ),
        counted=clock(figures.at),
    )
    return await render(request, "board/glance.html", title=cohort.name, area=AREA, glance=shown)


async def _figures(
    sessions: async_sessionmaker[AsyncSession], session: AsyncSession, cohort: str, now: datetime
) -> Figures:
    """Counted anew after a minute: they go over every nomination and assessment of the cohort."""
    known = _charted.setdefault(sessions, {})
    found = known.get(cohort)
    if found is None or not timedelta() <= now - found.at < _COUNT_EVERY:
        steps, held = await funnel_of(session, cohort), await loads(session, cohort)
        found = known[cohort] = Figures(now, steps, held)
    return found


async def _score_counts(
    sessions: async_sessionmaker[AsyncSession], session: AsyncSession, cohort: str
) -> dict[int, int]:
    """Counted anew only once scores have come in or changed: there are many in a large cohort."""
    known, version = _counted.setdefault(sessions, {}), await scores_version(session, cohort)
    found = known.get(cohort)
    if found is None or found[0] != version:
        found = known[cohort] = (version, await score_counts(session, cohort))
    return found[1]


def _rows(cohort: Cohort, policy: Policy) -> tuple[Row, ...]:
    admission = policy.admission
    rows = [
        Row("Phase", PHASES[cohort.phase]),
        Row("Nomination window", f"{day(cohort.opens_at)} to {moment(cohort.closes_at)}"),
        Row("Places", f"{admission.places}, and {admission.reserve_places} on the reserve list"),
        Row("Standard", f"A mean score of {admission.standard:g}"),
    ]
    if cohort.released_at is not None:
        rows.append(Row("Released", moment(cohort.released_at)))
    if cohort.due_at is not None:
        words = "The cohort ends" if cohort.phase is CohortPhase.RELEASED else "This phase ends"
        rows.append(Row(words, moment(cohort.due_at)))
    return tuple(rows)


def _steps(cohort: Cohort, standing: Standings, to_screen: int) -> tuple[Step, ...]:
    """What the board has to do next; the process sets it no deadline before the reserve list's."""
    board, since, closes = standing.counts, standing.waiting_since, standing.reserve_closes
    here, steps = f"cohort={cohort.id}", []
    waiting = f"No deadline. The first has waited since {day(since)}." if since else "No deadline."
    if board[Standing.MISSING]:
        steps.append(
            Step(
                _many(board[Standing.MISSING], "nomination to decide", "nominations to decide"),
                waiting,
                "Look at the proposed order, and draft a decision for each.",
                f"/board/order?{here}",
                "Proposed order",
            )
        )
    if board[Standing.DRAFTED]:
        steps.append(
            Step(
                _many(board[Standing.DRAFTED], "draft to approve", "drafts to approve"),
                waiting,
                "A member of the board who did not draft it approves it.",
                f"/board/decisions?{here}&show=drafted",
                "Drafted decisions",
            )
        )
    if cohort.phase is CohortPhase.DECIDING and not board[Standing.MISSING] and not board[Standing.DRAFTED]:
        steps.append(
            Step(
                "Release the decisions",
                "No deadline. All nominees wait for it.",
                f"{board[Standing.APPROVED]} decisions are approved. Read the letters before you release.",
                f"/board/release?{here}",
                "Preview the release",
            )
        )
    if closes is not None:
        steps.append(
            Step(
                "Move somebody up from the reserve list if a place is given up",
                f"Until {moment(closes)}.",
                "",
                f"/board/release?{here}",
                "Reserve list",
            )
        )
    if to_screen:
        steps.append(
            Step(
                _many(to_screen, "nomination waits to be screened", "nominations wait to be screened"),
                "No deadline.",
                "An eligibility rule was not met. A QA moderator says what it comes to.",
            )
        )
    return tuple(steps)


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _funnel(steps: Sequence[Passed]) -> Plot:
    """The steps as bars; the table says for each how many went on, ended there and are there still, which add up."""
    title = "How many nominations have reached each step"
    drawn = funnel("funnel", title, [Amount(_REACHED[one.step], one.reached) for one in steps], head=("Step", title))
    rows = tuple((_REACHED[one.step], one.reached, one.went_on, one.ended, one.here) for one in steps)
    return Plot(
        "How far nominations have come",
        "Each nomination counts at every step it has reached, even if it ended later. Of those who reached a step, "
        "some went on to the next, some ended there, and the others are there still: the three add up.",
        replace(drawn, head=("Step", "Reached it", "Went on", "Ended there", "There now"), rows=rows),
    )


def _load(held: dict[int, int]) -> Chart:
    most = max(held, default=0)
    return columns(
        "load",
        "How many assessors hold how many assessments",
        [Amount(str(number), held.get(number, 0)) for number in range(most + 1)],
        head=("Assessments held", "Assessors"),
        below="Assessments held",
        beside="Assessors",
    )


def _scores(given: dict[int, int], policy: Policy) -> Chart:
    lowest, highest = policy.scoring.lowest, policy.scoring.highest
    return columns(
        "scores",
        "How often each score was given",
        [Amount(str(score), given.get(score, 0)) for score in range(lowest, highest + 1)],
        head=("Score", "Times given"),
        below=f"Score, {policy.scoring.labels[0]} to {policy.scoring.labels[-1]}",
        beside="Times given",
    )
