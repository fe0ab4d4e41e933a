"""What nobody may do for themselves, whatever roles they hold, and what nobody may do to somebody they nominate."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from acts.errors import RefusedError
from acts.nominating import Endorsing, Nominating
from acts.people import PeopleActs
from intake.rows import OfficerRow
from models.enums import DecisionReason, EndorserPost, NominationRoute, Outcome, Readiness, Role, Stage
from models.messages import By
from models.tables import EarlierPost, Person, RoleGrant
from storage.lists import Asker, nomination_visible_to
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig, eventually


def said(cohort: CohortRig, email: str, *, endorser: str = "leader@example.nhs.test", **more: object) -> Nominating:
    endorsement = Endorsing("A Leader", endorser, EndorserPost.CHIEF_EXECUTIVE, HOME, "She leads.")
    return Nominating(
        cohort=cohort.id,
        organisation=HOME,
        route=NominationRoute.ORGANISATION,
        full_name="Wilhelmina Applegarth",
        email=email,
        readiness=Readiness.READY_NOW,
        endorsement=endorsement,
        **more,  # type: ignore[arg-type]
    )


async def address_of(rig: Rig, by: By) -> str:
    return (await rig.get(Person, by.person)).email


async def test_nominator_does_not_nominate_themselves_for_their_organisation(rig: Rig) -> None:
    cohort = await rig.cohort(assessors=0)

    with pytest.raises(RefusedError, match="Nobody nominates themselves"):
        await rig.acts.nominations.nominate(said(cohort, await address_of(rig, rig.nominator)), rig.nominator)


async def test_nominee_does_not_endorse_themselves(rig: Rig) -> None:
    cohort = await rig.cohort(assessors=0)
    email = f"own.{rig.number()}@example.nhs.test"

    with pytest.raises(RefusedError, match="Nobody endorses their own"):
        await rig.acts.nominations.nominate(said(cohort, email, endorser=email.upper()), rig.nominator)


async def test_earlier_posts_of_somebody_known_are_not_changed_by_nominating_them(rig: Rig) -> None:
    cohort = await rig.cohort(assessors=0)
    email = f"known.{rig.number()}@example.nhs.test"
    person = f"p-e{rig.number():011x}"
    async with rig.sessions.begin() as session:
        session.add(Person(id=person, full_name="Known", email=email))
        await session.flush()
        session.add(EarlierPost(person_id=person, organisation_code=ELSEWHERE, left_on=date(2018, 1, 31)))

    posts = ((ELSEWHERE, date(1950, 1, 1)), (HOME, date(2018, 2, 1)))
    await rig.acts.nominations.nominate(said(cohort, email, earlier_posts=posts), rig.nominator)

    kept = await rig.all(select(EarlierPost).where(col(EarlierPost.person_id) == person))
    assert [(one.organisation_code, one.left_on) for one in kept] == [(ELSEWHERE, date(2018, 1, 31))]


async def test_nobody_gives_themselves_a_role(rig: Rig) -> None:
    row = OfficerRow(
        line=1,
        email=await address_of(rig, rig.operations),
        full_name="The operations",
        role=Role.BOARD,
        organisation="",
    )

    with pytest.raises(RefusedError, match="Nobody gives themselves a role"):
        await PeopleActs(rig.acts.desk).grant(row, rig.operations)


@pytest.mark.parametrize("role", [Role.BOARD, Role.MODERATOR, Role.OPERATIONS])
async def test_officer_sees_all_but_their_own_nomination(rig: Rig, role: Role) -> None:
    cohort = await rig.cohort(assessors=0)
    own, other = await cohort.nominate(), await cohort.nominate()
    asker = Asker(own.nominee.person, role)

    async with rig.sessions() as session:
        seen = [await nomination_visible_to(session, asker, one.id) for one in (own, other)]

    assert [row.id if row else None for row in seen] == [None, other.id]


async def test_board_member_does_not_decide_their_own_nomination(rig: Rig) -> None:
    cohort = await rig.cohort()
    case = await (await cohort.nominate()).reach(Stage.AWAITING_DECISION)
    async with rig.sessions.begin() as session:
        session.add(RoleGrant(person_id=case.nominee.person, role=Role.BOARD, granted_at=datetime.now(UTC)))
    by = By(person=case.nominee.person, role=Role.BOARD)

    with pytest.raises(RefusedError, match="on their own nomination"):
        await rig.acts.board.draft_decision(case.id, by, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER)


async def test_officer_does_not_see_a_nomination_they_have_still_to_score(rig: Rig) -> None:
    cohort = await rig.cohort()
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    one = (await case.offered(3))[0]
    asker = Asker((await case.assessor(one)).person, Role.BOARD)

    async with rig.sessions() as session:
        before = await nomination_visible_to(session, asker, case.id)
    await case.score(one)

    async def after() -> object:
        async with rig.sessions() as session:
            return await nomination_visible_to(session, asker, case.id)

    assert before is None
    assert await eventually(after) is not None
