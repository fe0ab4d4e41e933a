"""Every panel of a cohort as it stands now, as a question to the engine: who sits where, and which have begun."""

from collections import Counter, defaultdict
from dataclasses import replace

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from allocation.problem import AllocationProblem
from models.enums import HOLDING, AssessmentStage, RunKind, Stage
from models.tables import Assessment, Nomination
from storage.allocations import problem_as_held, problem_of

_BEGUN = frozenset({AssessmentStage.ACCEPTED, AssessmentStage.SUBMITTED, AssessmentStage.RETURNED})
_NEEDING = frozenset({Stage.AWAITING_PANEL, Stage.SCORING, Stage.QUALITY_ASSURANCE})


async def panels_now(session: AsyncSession, cohort: str) -> AllocationProblem:
    """All panels with their members as seated; a panel has begun once one of its members has accepted.

    Panels whose nominations need nobody any more are whole as they are, and have begun.
    """
    waiting = await problem_of(session, cohort, RunKind.BATCH)
    held, _ = await problem_as_held(session, cohort)
    seated: dict[str, list[str]] = defaultdict(list)
    begun: set[str] = set()
    rows = await session.exec(
        select(Assessment.nomination_id, Assessment.assessor_id, Assessment.stage)
        .where(col(Assessment.cohort_id) == cohort, col(Assessment.stage).in_(list(HOLDING)))
        .order_by(col(Assessment.nomination_id), col(Assessment.assessor_id))
    )
    for nomination, assessor, stage in rows:
        seated[nomination].append(assessor)
        if stage in _BEGUN:
            begun.add(nomination)
    stages = dict(
        (await session.exec(select(Nomination.id, Nomination.stage).where(col(Nomination.cohort_id) == cohort))).all()
    )
    known = {one.id for one in waiting.nominations}
    demands = [replace(one, begun=one.id in begun) for one in waiting.nominations]
    for one in held.nominations:
        if one.id in known:
            continue
        needs = stages[one.id] in _NEEDING
        size = max(waiting.rules.size, len(seated[one.id])) if needs else len(seated[one.id])
        demands.append(replace(one, seats=size, seated=tuple(seated[one.id]), begun=not needs or one.id in begun))
    loads = Counter(name for members in seated.values() for name in members)
    assessors = tuple(replace(one, load=loads[one.id]) for one in waiting.assessors)
    rules = replace(waiting.rules, forbidden=waiting.rules.forbidden | held.rules.forbidden)
    return AllocationProblem(tuple(demands), assessors, rules)
