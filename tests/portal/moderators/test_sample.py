"""The audit sample: what the seed drew, in the database as in the rule."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from sqlmodel import col, select

from models.enums import Role, Stage
from models.ids import NominationId
from models.tables import Flag, Nomination
from scoring.sample import draw, in_audit_sample
from storage.lists import Asker
from storage.sample_pages import sample_counts, sample_of
from tests.portal.advisers.test_inclusion import plant
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig, eventually


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
async def test_database_draws_what_the_rule_draws(rig: Rig, share: float) -> None:
    cohort = await rig.cohort({"quality.audit_share": share}, allocating=False)
    await plant(rig, cohort, Stage.APPLYING, 60)
    asker = Asker(rig.moderator.person, Role.MODERATOR)
    numbers = await rig.all(select(Nomination.id).where(col(Nomination.cohort_id) == cohort.id))
    seed = cohort.policy.quality.audit_seed

    async with rig.sessions() as session:
        found = await sample_of(session, asker, cohort.id, cohort.policy, now=datetime.now(UTC), limit=100)
        counts = await sample_counts(session, asker, cohort.id, cohort.policy)

    expected = sorted(one for one in numbers if in_audit_sample(NominationId(one), seed, share))
    assert [one.nomination.id for one in found] == expected
    assert counts.to_come == len(expected)


async def test_share_just_at_a_nominations_number_is_judged_alike(rig: Rig) -> None:
    cohort = await rig.cohort(allocating=False)
    await plant(rig, cohort, Stage.APPLYING, 1)
    (number,) = await rig.all(select(Nomination.id).where(col(Nomination.cohort_id) == cohort.id))
    exact = Fraction(draw(NominationId(number), cohort.policy.quality.audit_seed), 2**256)
    nearest = float(exact)
    asker = Asker(rig.moderator.person, Role.MODERATOR)

    for share in (nearest, nearest * (1 - 2**-50), nearest * (1 + 2**-50)):
        policy = cohort.policy.model_copy(
            update={"quality": cohort.policy.quality.model_copy(update={"audit_share": share})}
        )
        async with rig.sessions() as session:
            found = await sample_of(session, asker, cohort.id, policy, now=datetime.now(UTC))

        drawn = in_audit_sample(NominationId(number), policy.quality.audit_seed, share)
        assert bool(found) == drawn


async def test_sample_is_for_moderators_alone(rig: Rig) -> None:
    cohort = await rig.cohort({"quality.audit_share": 1.0}, allocating=False)
    await plant(rig, cohort, Stage.APPLYING, 1)

    async with rig.sessions() as session:
        for role in Role:
            asker = Asker("p-0000000000a9", role)
            found = await sample_of(session, asker, cohort.id, cohort.policy, now=datetime.now(UTC))

            assert bool(found) == (role is Role.MODERATOR), role


async def test_drawn_nomination_is_reserved_and_confirmed(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort({"quality.audit_share": 1.0})
    case = await cohort.nominate()
    visit = await a_visit(rig.moderator)
    early = await visit.get(f"/quality/sample?cohort={cohort.id}")
    await case.consent()
    await case.apply()
    await case.seat()
    await case.score_all()
    await case.until(Stage.QUALITY_ASSURANCE)
    (flag,) = await eventually(lambda: rig.all(select(Flag).where(col(Flag.nomination_id) == case.id)))

    waiting = await visit.get(f"/quality/sample?cohort={cohort.id}")
    reserved = await waiting.submit(f"/{case.id}/start")
    mine = await visit.get(f"/quality/sample?cohort={cohort.id}")
    done = await (await (await visit.get(f"/quality/{case.id}/confirm?tick=all")).submit()).submit()
    await case.until(Stage.AWAITING_DECISION)
    looked_at = await visit.get(f"/quality/sample?cohort={cohort.id}")

    assert "Not checked yet: waiting for the nominee's consent" in early.words
    assert "Waits for a look since" in waiting.words
    assert "You have this nomination until" in reserved.words
    assert f"/quality/{case.id}/confirm" in mine.links
    assert done.heading == "Scores confirmed"
    assert "Scores confirmed on" in looked_at.words
    assert "1 looked at" in looked_at.words
    assert flag.number == 1


async def test_nomination_that_ended_before_a_look_says_so(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort({"quality.audit_share": 1.0})
    case = await cohort.nominate()
    await case.withdraw()
    visit = await a_visit(rig.moderator)

    page = await visit.get(f"/quality/sample?cohort={cohort.id}")

    assert "Ended without a look: withdrawn" in page.words
    assert cohort.policy.quality.audit_seed in page.words


async def test_sample_of_no_such_cohort_is_not_found(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.moderator)

    page = await visit.get("/quality/sample?cohort=nowhere")

    assert page.status == 404
