"""Conflicts of interest that are declared once scores are submitted."""

from acts.register import RegisterActs
from models.enums import AssessmentStage, ConflictKind, Stage
from models.ids import AssessorId
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig, Rig

LIST = "/quality/conflicts"


async def scored_with_a_conflict(cohort: CohortRig, stage: Stage = Stage.QUALITY_ASSURANCE) -> Case:
    """A nomination in a stage, and a conflict that operations learn of once it is there."""
    case = await (await cohort.nominate()).reach(stage)
    (seat, *_) = await case.panel(AssessmentStage.SUBMITTED)
    await RegisterActs(cohort.rig.acts.desk).declare_conflict(
        case.id, AssessorId(seat.assessor_id), cohort.rig.operations, ConflictKind.FAMILY
    )
    return case


async def test_conflict_declared_after_the_scores_is_shown_to_moderators(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await scored_with_a_conflict(cohort)
    other = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    visit = await a_visit(rig.moderator)

    page = await visit.get(f"/quality/{case.id}")
    without = await visit.get(f"/quality/{other.id}")
    queue = await visit.get(f"/quality?cohort={cohort.id}")
    listed = await visit.get(LIST)

    assert "Conflict of interest declared" in page.words
    assert "and the nominee: family. Declared at" in page.words
    assert "after the scores were submitted" in page.words
    assert "Their scores still count. Ask for one more assessor, or change the scores" in page.words
    assert "Conflict of interest declared" not in without.words
    assert queue.words.count("A conflict of interest was declared with an assessor who has scored it.") == 1
    assert f"/quality/{case.id}" in listed.links
    assert f"/quality/{other.id}" not in listed.links


async def test_conflict_of_one_who_has_not_submitted_is_no_matter_for_moderators(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    (seat, *_) = await case.panel()
    await RegisterActs(rig.acts.desk).declare_conflict(case.id, AssessorId(seat.assessor_id), rig.operations, None)

    listed = await (await a_visit(rig.moderator)).get(LIST)

    assert f"/quality/{case.id}" not in listed.links


async def test_board_sees_it_beside_the_scores_and_moderators_still_find_it(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await scored_with_a_conflict(cohort, Stage.AWAITING_DECISION)

    decision = await (await a_visit(rig.chair)).get(f"/board/decisions/{case.id}")
    listed = await (await a_visit(rig.moderator)).get(LIST)
    page = await (await a_visit(rig.moderator)).get(f"/quality/{case.id}")

    assert "Conflict of interest declared" in decision.words
    assert "Weigh them with this in mind" in decision.words
    assert f"/quality/{case.id}" in listed.links
    assert "Tell the board before it decides." in page.words


async def test_list_is_paged_by_key(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await scored_with_a_conflict(cohort)
    visit = await a_visit(rig.moderator)

    after = await visit.get(f"{LIST}?after={case.id}~zzzz")
    before = await visit.get(f"{LIST}?after={case.id}~")

    assert f"/quality/{case.id}" not in after.links
    assert f"/quality/{case.id}" in before.links
    assert LIST in before.links
