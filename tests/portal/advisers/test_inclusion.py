"""The adviser's page: counts, none of them small, and nobody at all."""

from datetime import UTC, datetime
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from models.enums import NominationRoute, Readiness, Role, Stage
from models.messages import By
from models.tables import Nomination, Person
from storage.adviser_pages import GROUPS, SMALLEST, Group, GroupCount, counts_for_advisers, told
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


async def test_page_tells_large_counts_and_sums_small_ones(
    rig: Rig, cohort: CohortRig, adviser: By, a_visit: A_Visit
) -> None:
    await plant(rig, cohort, Stage.APPLYING, 31)
    await plant(rig, cohort, Stage.SCORING, 9)
    await plant(rig, cohort, Stage.LAPSED, 21)
    visit = await a_visit(adviser)

    page = await visit.get(f"/inclusion?cohort={cohort.id}")

    shown = page.words.split(f"Cohort {cohort.id} How far they are")[1]
    assert "Nominated, applying, being screened or waiting for a panel Nominations 31" in shown
    assert "or declined, withdrawn, lapsed, deferred or not eligible Nominations 30" in shown
    assert "Fewer than" not in shown
    assert " 9 " not in shown


async def test_page_names_nobody(rig: Rig, cohort: CohortRig, adviser: By, a_visit: A_Visit) -> None:
    await plant(rig, cohort, Stage.APPLYING, 12)
    case = await cohort.nominate(full_name="Somebody Recognisable")
    visit = await a_visit(adviser)

    page = await visit.get(f"/inclusion?cohort={cohort.id}")

    assert "All nominations together Nominations 13" in page.words
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

    assert f"Cohort {cohort.id} How far they are" in first.words
    assert nowhere.status == 404


@given(st.fixed_dictionaries({group: st.integers(0, 40) for group in Group}))
def test_every_nomination_is_in_one_count_and_none_is_small(counts: dict[Group, int]) -> None:
    shown = told(counts)

    assert sorted(group for one in shown for group in one.groups) == sorted(Group)
    whole = sum(counts.values())
    assert (
        [one.count for one in shown] == [None]
        if whole < SMALLEST
        else all((one.count or 0) >= SMALLEST for one in shown)
    )
    assert sum(one.count or 0 for one in shown) == (whole if whole >= SMALLEST else 0)


def test_no_small_count_can_be_worked_out_by_who_knows_the_rule() -> None:
    three = list(Group)[:3]
    possible: dict[tuple[GroupCount, ...], list[tuple[int, ...]]] = {}
    for counts in product(range(36), repeat=3):
        possible.setdefault(told(dict(zip(three, counts, strict=True))), []).append(counts)

    for shown, cases in possible.items():
        if shown[-1].count is None:
            continue  # The whole is small itself: no more is told.
        for place in range(3):
            small = {counts[place] for counts in cases if counts[place] < SMALLEST}
            # Nothing but what the whole itself allows is left out, and it is known to who counts the nominations.
            assert len(small) in {0, SMALLEST} or len(shown) == 1, (shown, place)


def test_demo_that_has_ended_tells_what_became_of_the_nominations() -> None:
    shown = told(dict(zip(Group, (0, 0, 0, 52, 41, 27), strict=True)))

    assert [one.count for one in shown] == [52, 41, 27]
    assert shown[-1].groups == (Group.BEFORE_PANELS, Group.AT_PANELS, Group.AT_BOARD, Group.ENDED)


def test_every_stage_is_in_a_group() -> None:
    assert set(GROUPS) == set(Stage)
