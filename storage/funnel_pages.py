"""How far a cohort's nominations have come: each counts at every step it has reached, whatever came later."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import case, exists, func
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import ENDS, AssessmentStage, Outcome, Stage
from models.tables import Application, Assessment, AuditEvent, Decision, Nomination
from storage.board_pages import SCORED


class Reach(IntEnum):
    """The steps, in their order."""

    NOMINATED = 0
    APPLIED = 1
    SEATED = 2
    SCORED = 3
    CONFIRMED = 4
    DECIDED = 5
    IN_POOL = 6


@dataclass(frozen=True)
class Passed:
    """A step: ``reached`` it, of whom so many ``went_on`` to the next, ``ended`` before that, or are ``here`` still.

    ``reached`` is the sum of the other three.
    """

    step: Reach
    reached: int
    went_on: int
    ended: int
    here: int


async def funnel_of(session: AsyncSession, cohort: str) -> tuple[Passed, ...]:
    """Every step of a cohort, counted by the database in one query; for the board, without who is nominated there."""
    seats = (
        select(
            Assessment.nomination_id,
            func.bool_or(col(Assessment.stage) == AssessmentStage.SUBMITTED).label("scored"),
        )
        .where(col(Assessment.cohort_id) == cohort)
        .group_by(col(Assessment.nomination_id))
        .subquery()
    )
    first = and_(col(Application.nomination_id) == col(Nomination.id), col(Application.version) == 1)
    stage, over = col(Nomination.stage), col(Nomination.stage).in_(list(ENDS))
    # Who leaves between quality assurance and a draft has no row that says how far they had come but the trail's.
    left_after = and_(
        stage.in_([Stage.WITHDRAWN, Stage.DEFERRED]),
        exists().where(col(AuditEvent.subject) == col(Nomination.id), col(AuditEvent.what) == "confirm_quality"),
    )
    confirmed = or_(stage.in_(SCORED), col(Decision.nomination_id).is_not(None), left_after)
    decided = and_(col(Decision.approved_at).is_not(None), stage != Stage.AWAITING_DECISION)
    admitted = and_(col(Decision.released_at).is_not(None), col(Nomination.outcome) == Outcome.ADMITTED)
    furthest = case(
        (or_(stage == Stage.IN_POOL, admitted), Reach.IN_POOL.value),
        (decided, Reach.DECIDED.value),
        (confirmed, Reach.CONFIRMED.value),
        (seats.c.scored, Reach.SCORED.value),
        (seats.c.nomination_id.is_not(None), Reach.SEATED.value),
        (col(Application.version).is_not(None), Reach.APPLIED.value),
        else_=Reach.NOMINATED.value,
    )
    found = (
        select(furthest.label("furthest"), over.label("over"))
        .select_from(Nomination)
        .outerjoin(Application, first)
        .outerjoin(seats, seats.c.nomination_id == col(Nomination.id))
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(col(Nomination.cohort_id) == cohort)
        .subquery()
    )
    rows = await session.exec(
        select(found.c.furthest, found.c.over, func.count()).group_by(found.c.furthest, found.c.over)
    )
    return _added_up({(Reach(step), bool(over)): count for step, over, count in rows})


def _added_up(counts: Mapping[tuple[Reach, bool], int]) -> tuple[Passed, ...]:
    """The steps from how many came no further than each, over or not: the last first, and turned round."""
    steps: list[Passed] = []
    beyond = 0
    for step in sorted(Reach, reverse=True):
        ended, here = counts.get((step, True), 0), counts.get((step, False), 0)
        steps.append(Passed(step, beyond + ended + here, beyond, ended, here))
        beyond += ended + here
    return tuple(reversed(steps))
