"""Panels and their scores as they stand in the database."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import AssessmentStage
from models.ids import AssessmentId, NominationId
from models.tables import Assessment, Score
from scoring.aggregate import CriterionScore, Panel, SubmittedAssessment
from storage.steps import table_of

_ASSESSMENT, _SCORE = table_of(Assessment), table_of(Score)
_SUBMITTED = (
    select(_ASSESSMENT.c.nomination_id, _ASSESSMENT.c.id, _SCORE.c.criterion, _SCORE.c.value, _SCORE.c.evidence)
    .join(_SCORE, _SCORE.c.assessment_id == _ASSESSMENT.c.id)
    .where(
        _ASSESSMENT.c.nomination_id.in_(bindparam("nominations", expanding=True)),
        _ASSESSMENT.c.stage == AssessmentStage.SUBMITTED,
    )
    .order_by(_ASSESSMENT.c.nomination_id, _ASSESSMENT.c.id, _SCORE.c.criterion)
)


async def panels_of(session: AsyncSession, nominations: Sequence[str]) -> tuple[Panel, ...]:
    """The submitted scores of each of ``nominations``, in the order of their ids."""
    rows = await (await session.connection()).execute(_SUBMITTED, {"nominations": list(nominations)})
    scores: dict[str, dict[str, list[CriterionScore]]] = defaultdict(lambda: defaultdict(list))
    for nomination, assessment, criterion, value, evidence in rows:
        scores[nomination][assessment].append(CriterionScore(criterion, value, len(evidence.split())))
    return tuple(
        Panel(
            NominationId(nomination),
            tuple(SubmittedAssessment(AssessmentId(one), tuple(given)) for one, given in assessments.items()),
        )
        for nomination, assessments in sorted(scores.items())
    )
