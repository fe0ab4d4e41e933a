"""Pairs of nominations and assessors that operations set: as a run needs them, and a page at a time to look at.

Every query of a page takes who asks, and gives nothing to a role that may not read allocation runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import HOLDING, AssessmentStage, PairKind, Stage, SteerReason
from models.tables import Assessment, Assessor, Nomination, PairRule, Person
from storage.lists import Asker, visible_to
from storage.run_pages import may_read

AT_ONCE = 50
WITH_A_PANEL_AHEAD = frozenset(
    {
        Stage.NOMINATED,
        Stage.APPLYING,
        Stage.SCREENING,
        Stage.AWAITING_PANEL,
        Stage.SCORING,
        Stage.QUALITY_ASSURANCE,
    }
)
"""The stages in which a nomination may still get an assessor."""


@dataclass(frozen=True)
class PairFacts:
    """A pair with who it is about and what became of it.

    ``asked`` is where the assessor's task on the nomination stands, None where they were never asked.
    """

    nomination: str
    nominee: str
    assessor: str
    name: str
    kind: PairKind
    reason: SteerReason
    set_by: str
    set_at: datetime
    stage: Stage
    asked: AssessmentStage | None

    @property
    def sits(self) -> bool:
        """Whether the assessor sits on the panel."""
        return self.asked in HOLDING


async def pairs_of_nominations(session: AsyncSession, nominations: Sequence[str]) -> Sequence[PairRule]:
    """The pairs of these nominations, in the order in which they were set."""
    rows = await session.exec(
        select(PairRule)
        .where(col(PairRule.nomination_id).in_(nominations))
        .order_by(col(PairRule.set_at), col(PairRule.nomination_id), col(PairRule.assessor_id))
    )
    return rows.all()


async def pairs_of_cohort(
    session: AsyncSession, asker: Asker, cohort: str, *, after: tuple[str, str] = ("", ""), limit: int = AT_ONCE
) -> tuple[PairFacts, ...]:
    """The pairs of a cohort after a nomination and assessor, by nomination and assessor."""
    whose, whom, setter = aliased(Person), aliased(Person), aliased(Person)
    rows = await (await session.connection()).execute(
        columns(
            col(PairRule.nomination_id),
            col(whose.full_name),
            col(PairRule.assessor_id),
            col(whom.full_name),
            col(PairRule.kind),
            col(PairRule.reason),
            col(setter.full_name),
            col(PairRule.set_at),
            col(Nomination.stage),
            col(Assessment.stage),
        )
        .join(Nomination, col(Nomination.id) == col(PairRule.nomination_id))
        .join(whose, col(whose.id) == col(Nomination.person_id))
        .join(
            Assessor,
            and_(col(Assessor.id) == col(PairRule.assessor_id), col(Assessor.cohort_id) == col(PairRule.cohort_id)),
        )
        .join(whom, col(whom.id) == col(Assessor.person_id))
        .join(setter, col(setter.id) == col(PairRule.set_by))
        .outerjoin(
            Assessment,
            and_(
                col(Assessment.nomination_id) == col(PairRule.nomination_id),
                col(Assessment.assessor_id) == col(PairRule.assessor_id),
                # Who was asked by a run that was undone counts as not asked yet.
                col(Assessment.stage) != AssessmentStage.TAKEN_BACK,
            ),
        )
        .where(
            may_read(asker),
            visible_to(asker),
            col(PairRule.cohort_id) == cohort,
            tuple_(col(PairRule.nomination_id), col(PairRule.assessor_id)) > after,
        )
        .order_by(col(PairRule.nomination_id), col(PairRule.assessor_id))
        .limit(limit)
    )
    return tuple(
        PairFacts(nomination, nominee, assessor, name, kind, reason, by, set_at, stage, asked)
        for nomination, nominee, assessor, name, kind, reason, by, set_at, stage, asked in rows
    )


async def with_a_panel_ahead(session: AsyncSession, asker: Asker, cohort: str, *, limit: int) -> dict[str, str]:
    """The nominations that may still get an assessor, with their nominees' names; ``limit`` of them by number."""
    rows = await session.exec(
        select(Nomination.id, Person.full_name)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .where(
            may_read(asker),
            visible_to(asker),
            col(Nomination.cohort_id) == cohort,
            col(Nomination.stage).in_(list(WITH_A_PANEL_AHEAD)),
        )
        .order_by(col(Nomination.id))
        .limit(limit)
    )
    return dict(rows.all())


async def pins_not_seated(session: AsyncSession, nomination: str) -> int:
    """How many assessors are pinned to a nomination and were not asked yet."""
    asked = select(Assessment.assessor_id).where(
        col(Assessment.nomination_id) == nomination, col(Assessment.stage) != AssessmentStage.TAKEN_BACK
    )
    found = await session.exec(
        select(func.count())
        .select_from(PairRule)
        .where(
            col(PairRule.nomination_id) == nomination,
            col(PairRule.kind) == PairKind.PINNED,
            col(PairRule.assessor_id).not_in(asked),
        )
    )
    return found.one()
