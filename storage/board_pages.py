"""What the talent board's pages read: a cohort at a glance, who is up for decision, and what a release will do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, literal, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import HOLDING, SETTLED, AssessmentStage, Outcome, Role, Stage
from models.ids import NominationId
from models.policy import Policy
from models.tables import (
    Assessment,
    Assessor,
    Cohort,
    Decision,
    Nomination,
    Organisation,
    Person,
    Score,
    ScoreChange,
    ScreeningFinding,
)
from scoring.aggregate import Panel, criterion_means
from storage.lists import Asker, visible_to

SCORED = (Stage.AWAITING_DECISION, Stage.DECIDED, Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED)
"""The stages in which a nomination's scores are confirmed, and it has a place in the proposed order."""
RELEASED_STAGES = (Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED)
"""The stages of those who have been told the board's decision."""
_NO_PLACE = 1_000_000
_FEEDBACK_CRITERIA = 2
_IN_ORDER = aggregate_order_by(literal(","), col(Nomination.id))

Version = tuple[object, ...]
"""Tells whether what figures were made from has changed since."""


class Standing(StrEnum):
    """How far the board is with a nomination whose scores are confirmed."""

    MISSING = "missing"
    DRAFTED = "drafted"
    APPROVED = "approved"
    RELEASED = "released"


@dataclass(frozen=True)
class Standings:
    """How far the board is with a cohort.

    Attributes:
        counts: How many nominations the board is how far with.
        waiting_since: Since when the nomination waits that has waited longest for the board.
        reserve_closes: When the first place on the reserve list lapses; None where the list is empty.
    """

    counts: dict[Standing, int]
    waiting_since: datetime | None
    reserve_closes: datetime | None


@dataclass(frozen=True)
class BoardLine:
    """A nomination as the board sees it in a list; ``decision`` is None until one is drafted."""

    nomination: str
    cohort: str
    nominee: str
    organisation: str
    stage: Stage
    paused: bool
    decision: Decision | None

    @property
    def standing(self) -> Standing:
        """How far the board is with it."""
        if self.stage in RELEASED_STAGES:
            return Standing.RELEASED
        if self.stage is Stage.DECIDED:
            return Standing.APPROVED
        return Standing.MISSING if self.decision is None else Standing.DRAFTED


async def cohort_for(session: AsyncSession, asker: Asker, cohort: str) -> Cohort | None:
    """The cohort, or None when there is none or this person may see nothing of it."""
    found = await session.exec(select(Cohort).where(col(Cohort.id) == cohort))
    row = found.one_or_none()
    return row if row is not None and asker.role is Role.BOARD else None


async def loads(session: AsyncSession, cohort: str) -> dict[int, int]:
    """How many assessors hold how many assessments, by the number held; for who may see panels."""
    held = func.count(col(Assessment.id))
    each = (
        select(held.label("held"))
        .select_from(Assessor)
        .outerjoin(
            Assessment,
            and_(
                col(Assessment.assessor_id) == col(Assessor.id),
                col(Assessment.cohort_id) == col(Assessor.cohort_id),
                col(Assessment.stage).in_(list(HOLDING)),
            ),
        )
        .where(col(Assessor.cohort_id) == cohort)
        .group_by(col(Assessor.id))
        .subquery()
    )
    rows = await session.exec(select(each.c.held, func.count()).group_by(each.c.held).order_by(each.c.held))
    return dict(rows.all())


async def scores_version(session: AsyncSession, cohort: str) -> Version:
    """What a cohort's submitted scores stand at."""
    submitted = await session.exec(
        select(func.count(), func.max(Assessment.submitted_at)).where(
            col(Assessment.cohort_id) == cohort, col(Assessment.stage) == AssessmentStage.SUBMITTED
        )
    )
    changed = await session.exec(select(func.max(ScoreChange.applied_at)))
    return (*submitted.one(), changed.one())


async def score_counts(session: AsyncSession, cohort: str) -> dict[int, int]:
    """How often each score was given in submitted assessments; for who may read panels' scores."""
    rows = await session.exec(
        select(Score.value, func.count())
        .join(Assessment, col(Assessment.id) == col(Score.assessment_id))
        .where(col(Assessment.cohort_id) == cohort, col(Assessment.stage) == AssessmentStage.SUBMITTED)
        .group_by(col(Score.value))
    )
    return dict(rows.all())


async def order_version(session: AsyncSession, cohort: str) -> Version:
    """What the proposed order is made from: scores are fixed once confirmed, so it is who is up for decision."""
    found = await session.exec(
        select(func.md5(func.string_agg(col(Nomination.id), _IN_ORDER)), func.max(Cohort.policy_version))
        .select_from(Nomination)
        .join(Cohort, col(Cohort.id) == col(Nomination.cohort_id))
        .where(col(Nomination.cohort_id) == cohort, col(Nomination.stage).in_(SCORED))
    )
    return tuple(found.one())


async def confirmed(session: AsyncSession, cohort: str) -> list[str]:
    """All nominations whose scores are confirmed, by id: the order is the same for everybody who may read it."""
    rows = await session.exec(
        select(Nomination.id)
        .where(col(Nomination.cohort_id) == cohort, col(Nomination.stage).in_(SCORED))
        .order_by(col(Nomination.id))
    )
    return list(rows)


async def given_places(session: AsyncSession, cohort: str) -> dict[str, tuple[int | None, bool]]:
    """By nomination: the place its decision gives, and whether the decision can no longer be drafted anew."""
    rows = await session.exec(
        select(Nomination.id, Decision.place, Nomination.stage)
        .select_from(Nomination)
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(
            col(Nomination.cohort_id) == cohort,
            col(Nomination.stage).in_(SCORED),
            (col(Decision.place).is_not(None)) | (col(Nomination.stage) != Stage.AWAITING_DECISION),
        )
    )
    return {nomination: (place, stage != Stage.AWAITING_DECISION) for nomination, place, stage in rows}


async def lines_of(session: AsyncSession, asker: Asker, nominations: Sequence[str]) -> dict[str, BoardLine]:
    """These nominations, as far as their scores are confirmed, with names; for who may read the proposed order."""
    return {one.nomination: one for one in await _lines(session, asker, col(Nomination.id).in_(list(nominations)))}


async def lines_standing(
    session: AsyncSession, asker: Asker, cohort: str, standing: Standing, *, after: str = "", limit: int = 50
) -> list[BoardLine]:
    """The lines with which the board is so far, after ``after`` in the order of their ids, at most ``limit``."""
    return await _lines(
        session,
        asker,
        col(Nomination.cohort_id) == cohort,
        _is(standing),
        col(Nomination.id) > after,
        limit=limit,
    )


async def standings(session: AsyncSession, asker: Asker, cohort: str) -> Standings:
    """How far the board is with a cohort, in one count."""
    found = await session.exec(
        select(  # type: ignore[call-overload]
            func.count().filter(_is(Standing.MISSING)),
            func.count().filter(_is(Standing.DRAFTED)),
            func.count().filter(_is(Standing.APPROVED)),
            func.count().filter(_is(Standing.RELEASED)),
            func.min(Nomination.stage_since).filter(col(Nomination.stage) == Stage.AWAITING_DECISION),
            func.min(Nomination.due_at).filter(col(Nomination.stage) == Stage.RESERVED),
        )
        .select_from(Nomination)
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(col(Nomination.cohort_id) == cohort, col(Nomination.stage).in_(SCORED), visible_to(asker))
    )
    *counts, since, closes = found.one()
    return Standings(dict(zip(Standing, counts, strict=True)), since, closes)


async def waiting_to_be_screened(session: AsyncSession, asker: Asker, cohort: str) -> int:
    """How many nominations wait for somebody to say what an unmet eligibility rule comes to."""
    unmet = select(ScreeningFinding.nomination_id).where(col(ScreeningFinding.met).is_(False))
    found = await session.exec(
        select(func.count())
        .select_from(Nomination)
        .where(
            col(Nomination.cohort_id) == cohort,
            col(Nomination.stage) == Stage.SCREENING,
            col(Nomination.id).in_(unmet),
            visible_to(asker),
        )
    )
    return found.one()


async def by_outcome(session: AsyncSession, asker: Asker, cohort: str, stages: Sequence[Stage]) -> dict[Outcome, int]:
    """How many decisions of each outcome there are among nominations in these stages."""
    rows = await session.exec(
        select(Nomination.outcome, func.count())
        .where(
            col(Nomination.cohort_id) == cohort,
            col(Nomination.stage).in_(list(stages)),
            col(Nomination.outcome).is_not(None),
            visible_to(asker),
        )
        .group_by(col(Nomination.outcome))
    )
    counts = {Outcome(outcome): count for outcome, count in rows if outcome is not None}
    return {outcome: counts.get(outcome, 0) for outcome in Outcome}


async def lines_with_outcome(
    session: AsyncSession,
    asker: Asker,
    cohort: str,
    outcome: Outcome,
    stages: Sequence[Stage],
    *,
    after: tuple[int, str] = (0, ""),
    limit: int = 50,
) -> list[BoardLine]:
    """The lines of one outcome by place, those without one last; ``after`` is the `place_key` of the one before."""
    key = tuple_(func.coalesce(col(Decision.place), _NO_PLACE), col(Nomination.id))
    return await _lines(
        session,
        asker,
        col(Nomination.cohort_id) == cohort,
        col(Nomination.outcome) == outcome,
        col(Nomination.stage).in_(list(stages)),
        key > after,
        by_place=True,
        limit=limit,
    )


def place_key(line: BoardLine) -> tuple[int, str]:
    """Where a line stands among those of its outcome."""
    place = line.decision.place if line.decision else None
    return (place if place is not None else _NO_PLACE, line.nomination)


async def undecided(
    session: AsyncSession, asker: Asker, cohort: str, *, limit: int
) -> tuple[int, list[tuple[str, str, Stage]]]:
    """How many nominations a release would have to wait for; the first of them, whose they are, where they stand."""
    open_ones = (
        col(Nomination.cohort_id) == cohort,
        col(Nomination.stage).not_in([*SETTLED, Stage.DECIDED]),
        visible_to(asker),
    )
    count = await session.exec(select(func.count()).select_from(Nomination).where(*open_ones))
    rows = await session.exec(
        select(Nomination.id, Person.full_name, Nomination.stage)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .where(*open_ones)
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    return count.one(), [(nomination, name, Stage(stage)) for nomination, name, stage in rows]


async def decisions_version(session: AsyncSession, cohort: str) -> str:
    """Changes whenever an approved decision of a cohort does: what was looked at is what is released."""
    each = func.concat(col(Nomination.id), ":", col(Nomination.outcome), ":", col(Nomination.steps))
    found = await session.exec(
        select(func.md5(func.coalesce(func.string_agg(each, _IN_ORDER), ""))).where(
            col(Nomination.cohort_id) == cohort, col(Nomination.stage) == Stage.DECIDED
        )
    )
    return str(found.one())


def feedback_facts(panels: Sequence[Panel], policy: Policy, outcome: Outcome | None) -> dict[str, str]:
    """What a letter with feedback is told: the criteria one was strongest on, and those to show more on."""
    if not panels:
        return {}
    names: Mapping[str, str] = {criterion.code: criterion.name for criterion in policy.scoring.criteria}
    means = criterion_means(panels[0], policy)
    order = sorted(means, key=lambda code: (-means[code], list(names).index(code)))
    facts = {"strengths": "; ".join(names[code] for code in order[:_FEEDBACK_CRITERIA])}
    if outcome is not Outcome.ADMITTED:
        facts["development"] = "; ".join(names[code] for code in order[-_FEEDBACK_CRITERIA:])
    return facts


async def _lines(
    session: AsyncSession,
    asker: Asker,
    *where: ColumnElement[bool],
    by_place: bool = False,
    limit: int | None = None,
) -> list[BoardLine]:
    query = (
        select(Nomination, Person.full_name, Organisation.name, Decision)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(visible_to(asker), col(Nomination.stage).in_(SCORED), *where)
        .limit(limit)
    )
    placed = (func.coalesce(col(Decision.place), _NO_PLACE), col(Nomination.id))
    query = query.order_by(*placed) if by_place else query.order_by(col(Nomination.id))
    rows = await session.exec(query)
    return [
        BoardLine(
            NominationId(row.id),
            row.cohort_id,
            name,
            organisation,
            Stage(row.stage),
            paused=row.paused,
            decision=decision,
        )
        for row, name, organisation, decision in rows
    ]


def _is(standing: Standing) -> ColumnElement[bool]:
    waits = col(Nomination.stage) == Stage.AWAITING_DECISION
    match standing:
        case Standing.MISSING:
            return and_(waits, col(Decision.nomination_id).is_(None))
        case Standing.DRAFTED:
            return and_(waits, col(Decision.nomination_id).is_not(None))
        case Standing.APPROVED:
            return col(Nomination.stage) == Stage.DECIDED
        case Standing.RELEASED:
            return col(Nomination.stage).in_(RELEASED_STAGES)
