from models.enums import FlagRule, Stage
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig


async def test_queue_says_why_a_nomination_waits_and_since_when(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate(full_name="Flagged Person")).reach(Stage.QUALITY_ASSURANCE)
    visit = await a_visit(rig.moderator)

    page = await visit.get(f"/quality?cohort={cohort.id}")

    assert page.heading == "Flags that wait for a moderator"
    assert f"/quality/{case.id}" in page.links
    assert "Flagged Person" in page.words
    assert "Scores far apart on 6 criteria." in page.words
    assert "The assessors' means lie 4.00 points apart; from 1.5 on a moderator looks." in page.words
    assert "less than an hour" in page.words
    assert "Nobody" in page.words


async def test_queue_is_narrowed_to_a_rule(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    visit = await a_visit(rig.moderator)
    page = await visit.get(f"/quality?cohort={cohort.id}")

    apart = await page.submit("/quality", rule=FlagRule.MEAN_SPREAD.value)
    thin = await page.submit("/quality", rule=FlagRule.EVIDENCE_THIN.value)

    assert f"/quality/{case.id}" in apart.links
    assert f"/quality/{case.id}" not in thin.links
    assert "No nomination is flagged for this" in thin.words


async def test_queue_without_flags_says_what_to_do(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    await cohort.nominate()
    visit = await a_visit(rig.moderator)

    page = await visit.get(f"/quality?cohort={cohort.id}&rule=")

    assert "0 waiting in all" in page.words


async def test_queue_does_not_stumble_over_made_up_places(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.moderator)

    for asked in ("after=x", "after=2026-11-23", "before=2026-11-23T00:00:00%2B00:00~%FF", "rule=x", "cohort=x"):
        page = await visit.get(f"/quality?{asked}")

        assert page.status == 200, asked


async def test_nomination_shows_scores_side_by_side_and_marks_the_far_one(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    visit = await a_visit(rig.moderator)

    page = await visit.get(f"/quality/{case.id}")

    assert page.heading == f"Nomination {case.id}"
    assert "1, not demonstrated (4 points below the others)" in page.words
    assert page.words.count("4 points below the others") == 2 * len(cohort.policy.scoring.criteria) + 1
    assert page.words.count("She led the merger") == 3 * len(cohort.policy.scoring.criteria)
