"""Scores as they are typed, field by field, and submitted from there: one act, however often it is done."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from acts import Acts
from acts.assessments import SavedField, Scoring, Typed
from acts.errors import NotReachedError, RefusedError
from models.enums import AssessmentStage, AssessorDeclineReason, ConflictKind, Role, Stage
from models.messages import By
from models.tables import Assessment, DeclaredConflict, Score, ScoreDraft
from tests.activities.cohort import PILOT, CohortInRows, Sessions, assessing
from tests.acts.conftest import Clock, Unreachable

ASSESSOR = By(person=assessing(1), role=Role.ASSESSOR)
MINUTE = timedelta(minutes=1)
FIELD = "partnerships.evidence"


@pytest.fixture(autouse=True)
async def seated(rows: CohortInRows) -> None:
    """A task that is being scored."""
    await rows.begin(stage=Stage.SCORING)
    await rows.seat(1, 1, AssessmentStage.ACCEPTED)


def whole(value: int = 5) -> dict[str, Typed]:
    codes = [criterion.code for criterion in PILOT.scoring.criteria]
    values = {f"{code}.value": Typed(str(value), None) for code in codes}
    return values | {f"{code}.evidence": Typed(f"Evidence on {code}.", None) for code in codes}


async def test_field_says_what_it_holds_and_rises_with_each_change(
    acts: Acts, rows: CohortInRows, clock: Clock
) -> None:
    one, saved = rows.assessment(), []
    for content, revision in (("A", 0), ("AB", 1), ("AB", 0), ("Other", 1), ("Mine", None), ("Mine too", 0)):
        saved.append((await acts.assessments.save_fields(one, ASSESSOR, {FIELD: Typed(content, revision)}))[FIELD])
        clock.now += MINUTE

    first = clock.now - 6 * MINUTE
    assert saved == [
        SavedField("A", 1, first, taken=True),
        SavedField("AB", 2, first + MINUTE, taken=True),
        SavedField("AB", 2, first + MINUTE, taken=True),
        SavedField("AB", 2, first + MINUTE, taken=False),
        SavedField("Mine", 3, first + 4 * MINUTE, taken=True),
        SavedField("Mine too", 4, first + 5 * MINUTE, taken=True),
    ]


async def test_score_saved_elsewhere_after_a_draft_is_what_stands(
    acts: Acts, rows: CohortInRows, clock: Clock, sessions: Sessions
) -> None:
    one = rows.assessment()
    await acts.assessments.save_fields(one, ASSESSOR, {FIELD: Typed("Typed in a page", 0)})
    clock.now += MINUTE
    await acts.assessments.save_scores(one, ASSESSOR, [Scoring("partnerships", 4, "Said on the command line")])
    clock.now += MINUTE

    saved = await acts.assessments.save_fields(one, ASSESSOR, {FIELD: Typed("Said on the command line", 0)})

    assert saved[FIELD].content == "Said on the command line"
    async with sessions() as session:
        draft = await session.get_one(ScoreDraft, (one, FIELD))
    assert (draft.content, draft.revision) == ("Typed in a page", 1)


async def test_submitting_while_the_server_is_away_keeps_the_scores_and_can_be_done_again(
    acts: Acts, rows: CohortInRows, sessions: Sessions, unreachable: Unreachable
) -> None:
    one = rows.assessment()
    await acts.assessments.save_fields(one, ASSESSOR, whole())

    for _ in range(2):
        with pytest.raises(NotReachedError):
            await acts.assessments.submit_fields(one, ASSESSOR)

    async with sessions() as session:
        scores = (await session.exec(select(Score).where(col(Score.assessment_id) == one))).all()
    assert {(score.value, score.evidence) for score in scores} == {
        (5, f"Evidence on {criterion.code}.") for criterion in PILOT.scoring.criteria
    }
    assert unreachable.asked == [(f"assessment/{one}", "submit")] * 2


async def test_submitting_what_is_submitted_answers_as_the_first_time(
    acts: Acts, rows: CohortInRows, sessions: Sessions, unreachable: Unreachable
) -> None:
    one = rows.assessment()
    async with sessions.begin() as session:
        row = await session.get_one(Assessment, one)
        row.stage = AssessmentStage.SUBMITTED
        session.add(row)

    state = await acts.assessments.submit_fields(one, ASSESSOR)

    assert (state.assessment, state.stage) == (one, AssessmentStage.SUBMITTED)
    assert unreachable.asked == []


@pytest.mark.parametrize("absent", ["partnerships.value", "partnerships.evidence"])
async def test_submitting_names_the_criteria_that_are_not_complete(
    absent: str, acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    one = rows.assessment()
    await acts.assessments.save_fields(one, ASSESSOR, {**whole(), absent: Typed("", None)})

    with pytest.raises(RefusedError, match="Building a trusted relationship with partners and communities"):
        await acts.assessments.submit_fields(one, ASSESSOR)

    async with sessions() as session:
        assert (await session.exec(select(Score))).all() == []


@pytest.mark.parametrize(
    ("field", "content", "refusal"),
    [
        ("partnerships.value", "8", "from 1 to 7"),
        ("partnerships.value", "5.5", "from 1 to 7"),
        ("partnerships.note", "Words", "no such field"),
        ("salary.value", "5", "no such field"),
        (FIELD, "a" * 20_001, "Shorten it"),
    ],
)
async def test_field_that_makes_no_sense_is_refused_with_all_beside_it(
    field: str, content: str, refusal: str, *, acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    typed = {"partnerships.value": Typed("4", 0), field: Typed(content, 0)}

    with pytest.raises(RefusedError, match=refusal):
        await acts.assessments.save_fields(rows.assessment(), ASSESSOR, typed)

    async with sessions() as session:
        assert (await session.exec(select(ScoreDraft))).all() == []


async def test_who_has_a_conflict_can_do_nothing_but_decline(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    one = rows.assessment()
    async with sessions.begin() as session:
        row = await session.get_one(Assessment, one)
        session.add(
            DeclaredConflict(
                nomination_id=row.nomination_id,
                assessor_id=row.assessor_id,
                kind=ConflictKind.FAMILY,
                declared_by="p-000000000001",
                declared_at=datetime.now(UTC),
            )
        )

    for act in (
        acts.assessments.accept(one, ASSESSOR),
        acts.assessments.save_fields(one, ASSESSOR, whole()),
        acts.assessments.save_scores(one, ASSESSOR, [Scoring("partnerships", 4, "E")]),
        acts.assessments.submit_fields(one, ASSESSOR),
        acts.assessments.submit_scores(one, ASSESSOR),
    ):
        with pytest.raises(RefusedError, match="conflict of interest"):
            await act
    with pytest.raises(NotReachedError, match="It is saved"):
        await acts.assessments.decline(one, ASSESSOR, AssessorDeclineReason.CONFLICT, ConflictKind.FAMILY)
