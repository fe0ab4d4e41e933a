"""Panels and their scores as they stand in the database."""

from collections import defaultdict
from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import AssessmentStage
from models.ids import AssessmentId, NominationId
from models.tables import Assessment, Score
from scoring.aggregate import CriterionScore, Panel, SubmittedAssessment


async def panels_of(session: AsyncSession, nominations: Sequence[str]) -> tuple[Panel, ...]:
    """The submitted scores of each of ``nominations``, in the order of their ids."""
    rows = await session.exec(
        select(Assessment.nomination_id, Score)
        .join(Score, col(Score.assessment_id) == col(Assessment.id))
        .where(col(Assessment.nomination_id).in_(nominations), col(Assessment.stage) == AssessmentStage.SUBMITTED)
        .order_by(col(Assessment.nomination_id), col(Score.assessment_id), col(Score.criterion))
    )
    scores: dict[str, dict[str, list[CriterionScore]]] = defaultdict(lambda: defaultdict(list))
    for nomination, score in rows:
        words = len(score.evidence.split())
        scores[nomination][score.assessment_id].append(CriterionScore(score.criterion, score.value, words))
    return tuple(
        Panel(
            NominationId(nomination),
            tuple(SubmittedAssessment(AssessmentId(one), tuple(given)) for one, given in assessments.items()),
        )
        for nomination, assessments in sorted(scores.items())
    )
