"""The panels that a cohort may still need, as a question to the engine: what a what-if begins from."""

from dataclasses import dataclass, replace

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from allocation.problem import AllocationProblem
from models.enums import HOLDING, AssessmentStage, Stage
from models.policy import Policy
from models.tables import Assessment, Nomination, Organisation
from storage.allocations import panel_rules, problem_of_all

_OPEN = (
    Stage.NOMINATED,
    Stage.APPLYING,
    Stage.SCREENING,
    Stage.AWAITING_PANEL,
    Stage.SCORING,
    Stage.QUALITY_ASSURANCE,
)


@dataclass(frozen=True)
class Expected:
    """What a what-if begins from.

    Attributes:
        problem: Every nomination that is not assessed yet, with its members as seated.
        free: Seats whose scores are not submitted yet.
        places: Every organisation of the region with its system.
    """

    problem: AllocationProblem
    free: frozenset[tuple[str, str]]
    places: tuple[tuple[str, str], ...]


async def panels_expected(session: AsyncSession, cohort: str, policy: Policy) -> Expected:
    """The cohort's panels that are not assessed yet.

    Nominations before their panels are counted as if all of them came so far. The rules are those of ``policy``,
    which may be another than the cohort's; what operations pinned or forbade stays, and what
    assessors agreed to be mixed by.
    """
    nominations = (
        await session.exec(
            select(Nomination)
            .where(col(Nomination.cohort_id) == cohort, col(Nomination.stage).in_(_OPEN))
            .order_by(col(Nomination.id))
        )
    ).all()
    problem = await problem_of_all(session, cohort, nominations)
    rows = await session.exec(
        select(Assessment.nomination_id, Assessment.assessor_id, Assessment.stage).where(
            col(Assessment.cohort_id) == cohort, col(Assessment.stage).in_(list(HOLDING))
        )
    )
    free = frozenset(
        (nomination, assessor) for nomination, assessor, stage in rows if stage != AssessmentStage.SUBMITTED
    )
    demands = [
        # A panel to which one more was called has more seats than is usual.
        replace(one, seats=max(problem.rules.size, len(one.seated)))
        for one in problem.nominations
    ]
    kept = problem.rules
    rules = replace(
        panel_rules(policy),
        pinned=kept.pinned,
        forbidden=kept.forbidden,
        mixed_properties=kept.mixed_properties,
    )
    places = await session.exec(select(Organisation.code, Organisation.system_code).order_by(col(Organisation.code)))
    return Expected(replace(problem, nominations=tuple(demands), rules=rules), free, tuple(places.all()))
