"""Nominations that wait for the board's decision, written straight into the database: many, and at once.

They have no workflow, so they can be looked at and drafted; what tells a workflow needs the rig's own cases.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import col, select

from models.enums import AssessmentStage, NominationRoute, Readiness, Stage
from models.tables import Assessment, Assessor, Cohort, Nomination, Person, Score
from tests.workflows.rig import EVIDENCE, HOME, CohortRig


async def confirmed_nominations(
    cohort: CohortRig, means: Sequence[float], *, stage: Stage = Stage.AWAITING_DECISION
) -> list[str]:
    """One nomination for each mean, with a panel of three: scores around it by less than half a point.

    The nominees are called ``Nominee 001`` and so on; the ids are returned in the same order.
    """
    rig, now = cohort.rig, datetime.now(UTC)
    assessors = await rig.all(select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id))
    criteria = [criterion.code for criterion in cohort.policy.scoring.criteria]
    people, rows, seats, scores = [], [], [], []
    for number, mean in enumerate(means, start=1):
        person, nomination = f"p-b{rig.number():011x}", f"{cohort.id}-{number:04d}"
        people.append(Person(id=person, full_name=f"Nominee {number:03d}", email=f"{person}@example.nhs.test"))
        rows.append(
            Nomination(
                id=nomination,
                cohort_id=cohort.id,
                person_id=person,
                organisation_code=HOME,
                nominated_by=rig.nominator.person,
                route=NominationRoute.ORGANISATION,
                readiness=Readiness.READY_NOW,
                created_at=now,
                stage=stage,
                stage_since=now,
            )
        )
        for seat in range(3):
            assessor = assessors[(number + seat) % len(assessors)]
            assessment = f"{nomination}.{assessor}"
            seats.append(
                Assessment(
                    id=assessment,
                    cohort_id=cohort.id,
                    nomination_id=nomination,
                    assessor_id=assessor,
                    run=1,
                    seated_at=now,
                    stage=AssessmentStage.ACCEPTED,
                    stage_since=now,
                    submitted_at=now,
                )
            )
            whole, most = int(mean), len(criteria)
            above = round((mean - whole) * most) if seat != 1 else round((mean - whole) * most) - 1
            for place, criterion in enumerate(criteria):
                value = min(7, max(1, whole + (1 if place < above else 0)))
                scores.append(
                    Score(assessment_id=assessment, criterion=criterion, value=value, evidence=EVIDENCE, saved_at=now)
                )
    async with rig.sessions.begin() as session:
        row = await session.get_one(Cohort, cohort.id)
        row.last_number = len(rows)
        session.add(row)
        for batch in (people, rows, seats, scores):
            session.add_all(batch)
            await session.flush()
        # A submitted assessment takes no more scores.
        for seat in seats:
            seat.stage = AssessmentStage.SUBMITTED
            session.add(seat)
    return [row.id for row in rows]
