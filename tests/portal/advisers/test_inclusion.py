"""The adviser's page: counts, none of them small, and nobody at all."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from models.enums import NominationRoute, Readiness, Role, Stage
from models.messages import By
from models.tables import Nomination, Person
from storage.adviser_pages import SMALLEST, counts_for_advisers, told
from storage.lists import Asker
from tests.portal.conftest import A_Visit
from tests.workflows.rig import HOME, CohortRig, Rig


async def plant(rig: Rig, cohort: CohortRig, stage: Stage, count: int) -> None:
    """Stored nominations in a stage; the page reads nothing else of them."""
    now = datetime.now(UTC)
    async with rig.sessions.begin() as session:
        for number in range(count):
            key = f"{cohort.id}-{stage.value[:4]}{number}"
            person = Person(id=f"p-{key}"[:20], full_name=f"Planted {key}", email=f"{key}@example.nhs.test")
            session.add(person)
            await session.flush()
            session.add(
                Nomination(
                    id=key,
                    cohort_id=cohort.id,
                    person_id=person.id,
                    organisation_code=HOME,
                    nominated_by=rig.nominator.person,
                    route=NominationRoute.ORGANISATION,
                    readiness=Readiness.READY_NOW,
                    created_at=now,
                    stage=stage,
                    stage_since=now,
                )
            )


async def test_page_tells_large_counts_and_hides_small_ones(
    rig: Rig, cohort: CohortRig, adviser: By, a_visit: A_Visit
) -> None:
    await plant(rig, cohort, Stage.APPLYING, 11)
    await plant(rig, cohort, Stage.SCORING, 9)
    visit = await a_visit(adviser)

    page = await visit.get(f"/inclusion?cohort={cohort.id}")

    shown = page.words.split(f"Cohort {cohort.id} Stage")[1]
    assert "Applying Nominations 11" in shown
    assert "Scoring Nominations Fewer than 10" in shown
    assert "Nominated Nominations Fewer than 10" in shown
    assert " 9 " not in shown


async def test_page_names_nobody(rig: Rig, cohort: CohortRig, adviser: By, a_visit: A_Visit) -> None:
    await plant(rig, cohort, Stage.APPLYING, 12)
    case = await cohort.nominate(full_name="Somebody Recognisable")
    visit = await a_visit(adviser)

    page = await visit.get(f"/inclusion?cohort={cohort.id}")

    assert "Applying Nominations 12" in page.words
    for secret in ("Somebody Recognisable", "Planted", case.id, case.nominee.person, str(HOME), "Trust"):
        assert secret not in page.text


async def test_counts_are_for_advisers_alone(rig: Rig, cohort: CohortRig, adviser: By) -> None:
    async with rig.sessions() as session:
        for role in Role:
            counts = await counts_for_advisers(session, Asker(adviser.person, role), cohort.id)

            assert (counts is not None) == (role is Role.INCLUSION_ADVISER), role


async def test_page_shows_the_newest_cohort_and_none_that_is_not_there(
    cohort: CohortRig, adviser: By, a_visit: A_Visit
) -> None:
    visit = await a_visit(adviser)

    first = await visit.get("/inclusion")
    nowhere = await visit.get("/inclusion?cohort=nowhere")

    assert f"Cohort {cohort.id} Stage" in first.words
    assert nowhere.status == 404


@given(st.dictionaries(st.sampled_from(Stage), st.integers(0, 40)))
def test_no_small_count_is_told_or_can_be_worked_out(counts: dict[Stage, int]) -> None:
    shown = told(counts)

    assert [one.stage for one in shown] == list(Stage)
    assert all(one.count is None or one.count == counts.get(one.stage, 0) >= SMALLEST for one in shown)
    assert sum(one.count is None for one in shown) != 1


def test_single_small_count_takes_the_next_larger_one_along() -> None:
    counts = {stage: 20 + place for place, stage in enumerate(Stage)} | {Stage.WITHDRAWN: 3, Stage.LAPSED: 12}

    shown = {one.stage: one for one in told(counts)}

    hidden = {stage for stage, one in shown.items() if one.count is None}
    assert hidden == {Stage.WITHDRAWN, Stage.LAPSED}
    assert shown[Stage.LAPSED].withheld
