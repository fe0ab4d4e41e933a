"""What the acts of nominating oneself keep, refuse and bound; the server is away unless a test says otherwise."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from acts import Acts
from acts.drafting import AnswerChangedError, DraftingActs
from acts.errors import NotKnownError, RefusedError
from acts.nominating import Nominating
from acts.self_nominations import KEPT_FOR, MOST_A_DAY, SelfNominationActs, forget, whose
from intake.problems import BadForm
from models.enums import CohortPhase, NominationRoute, Readiness, Role, Stage
from models.ids import CohortId, OrganisationCode, PersonId
from models.messages import By
from models.tables import EarlierPost, Nomination, NominationDraft, Organisation, Person, RoleGrant, Telling
from tests.activities.cohort import (
    CLOSED_ON,
    NOMINATOR,
    OPERATIONS,
    PILOT,
    PILOT_ID,
    CohortInRows,
    Sessions,
    nominee,
)
from tests.acts.conftest import Clock

ADDRESS = "rosalind@example.nhs.test"
HOME, ELSEWHERE = OrganisationCode("R1D"), OrganisationCode("T01")
ANSWERS = {
    "nominee_name": "Rosalind Okonkwo",
    "current_post": "Matron",
    "readiness": "ready_now",
    "interests": "",
    "previous_organisations": "T01 31/3/2016",
}


@pytest.fixture
async def person(rows: CohortInRows, sessions: Sessions) -> PersonId:
    """Somebody who has shown an address to be theirs, while the round is open."""
    await rows.begin(nominations=1, phase=CohortPhase.OPEN)
    async with sessions.begin() as session:
        return await whose(session, ADDRESS)


@pytest.fixture
def own(acts: Acts) -> SelfNominationActs:
    return SelfNominationActs(acts.desk)


async def complete(own: SelfNominationActs, person: PersonId, **changes: str) -> str:
    draft = await own.begin(PILOT_ID, HOME, person)
    await own.save(draft, person, {**ANSWERS, **changes}, {})
    return draft


async def all_of(sessions: Sessions, person: PersonId) -> list[Nomination]:
    async with sessions() as session:
        return list(await session.exec(select(Nomination).where(col(Nomination.person_id) == person)))


async def ended(sessions: Sessions, person: PersonId, stage: Stage = Stage.WITHDRAWN) -> None:
    """Ends what is under way, as its workflow would."""
    async with sessions.begin() as session:
        for row in await session.exec(select(Nomination).where(col(Nomination.person_id) == person)):
            row.stage = stage
            session.add(row)


async def test_address_is_one_person_whatever_its_capitals(person: PersonId, sessions: Sessions) -> None:
    async def again(email: str) -> PersonId:
        async with sessions.begin() as session:
            return await whose(session, email)

    found = await asyncio.gather(*(again(email) for email in (ADDRESS, ADDRESS.upper(), " " + ADDRESS.title())))
    new = await asyncio.gather(*(again("new@example.nhs.test") for _ in range(4)))

    assert set(found) == {person}
    assert len(set(new)) == 1


async def test_nomination_and_what_the_workflow_is_owed_are_saved_together(
    own: SelfNominationActs, person: PersonId, sessions: Sessions
) -> None:
    draft = await complete(own, person)

    number = await own.send(draft, person)

    (row,) = await all_of(sessions, person)
    async with sessions() as session:
        tellings = [one.workflow_id for one in await session.exec(select(Telling))]
        kept = await session.get_one(NominationDraft, draft)
        who = await session.get_one(Person, person)
    assert (row.id, row.route, row.nominated_by, row.organisation_code) == (
        number,
        NominationRoute.SELF,
        person,
        HOME,
    )
    assert tellings == [f"nomination/{number}"]
    assert (kept.nomination_id, kept.content) == (number, {})
    assert (who.full_name, who.post) == ("Rosalind Okonkwo", "Matron")


async def test_sending_at_the_same_moment_makes_one_nomination(
    own: SelfNominationActs, person: PersonId, sessions: Sessions
) -> None:
    draft = await complete(own, person)

    numbers = await asyncio.gather(*(own.send(draft, person) for _ in range(4)))

    assert len(set(numbers)) == 1
    assert len(await all_of(sessions, person)) == 1


async def test_beginning_twice_leads_to_the_same_draft_with_what_was_typed(
    own: SelfNominationActs, person: PersonId, sessions: Sessions
) -> None:
    draft = await complete(own, person)

    again = await own.begin(PILOT_ID, HOME, person)

    assert again == draft
    async with sessions() as session:
        assert (await session.get_one(NominationDraft, draft)).content["nominee_name"] == "Rosalind Okonkwo"


async def test_who_withdrew_can_nominate_themselves_again_but_not_without_end(
    own: SelfNominationActs, person: PersonId, sessions: Sessions, clock: Clock
) -> None:
    for _ in range(MOST_A_DAY):
        await own.send(await complete(own, person), person)
        await ended(sessions, person)
    draft = await complete(own, person)

    with pytest.raises(RefusedError, match="3 times in a day"):
        await own.send(draft, person)
    clock.now = CLOSED_ON - timedelta(days=2)
    async with sessions.begin() as session:
        for row in await session.exec(select(Nomination).where(col(Nomination.person_id) == person)):
            row.created_at = clock.now - timedelta(days=2)
            session.add(row)
    await own.send(draft, person)

    assert len(await all_of(sessions, person)) == MOST_A_DAY + 1


async def test_live_nomination_in_the_round_refuses_another(own: SelfNominationActs, person: PersonId) -> None:
    draft = await complete(own, person)
    await own.send(draft, person)

    with pytest.raises(RefusedError, match="You have a nomination in this round already"):
        await own.begin(PILOT_ID, HOME, person)
    with pytest.raises(RefusedError, match="You have sent this nomination already"):
        await own.save(draft, person, {"current_post": "Other"}, {})
    with pytest.raises(RefusedError, match="You have sent this nomination already"):
        await own.delete(draft, person)


async def test_closed_window_refuses_and_keeps_what_was_typed(
    own: SelfNominationActs, person: PersonId, sessions: Sessions, clock: Clock
) -> None:
    draft = await complete(own, person)
    clock.now = CLOSED_ON + timedelta(days=2)

    with pytest.raises(RefusedError, match="Nominations closed"):
        await own.send(draft, person)

    async with sessions() as session:
        assert (await session.get_one(NominationDraft, draft)).content["current_post"] == "Matron"
    assert await all_of(sessions, person) == []


async def test_round_without_self_nominations_refuses_to_begin(acts: Acts, sessions: Sessions) -> None:
    terms = PILOT.nomination.model_copy(update={"self_nomination": False})
    rows = CohortInRows(sessions, policy=PILOT.model_copy(update={"nomination": terms}))
    await rows.begin(nominations=0, phase=CohortPhase.OPEN)
    async with sessions.begin() as session:
        person = await whose(session, ADDRESS)

    with pytest.raises(RefusedError, match="This round takes no self-nominations"):
        await SelfNominationActs(acts.desk).begin(PILOT_ID, HOME, person)


async def test_organisation_for_which_nobody_else_acts_is_refused_at_each_step(
    own: SelfNominationActs, person: PersonId, sessions: Sessions
) -> None:
    draft = await complete(own, person)
    async with sessions.begin() as session:
        code = "T02"
        session.add(RoleGrant(person_id=person, role=Role.NOMINATOR, organisation_code=code, granted_at=CLOSED_ON))

    for organisation in (ELSEWHERE, OrganisationCode(code), OrganisationCode("nothing")):
        with pytest.raises(RefusedError, match="does not take part"):
            await own.begin(PILOT_ID, organisation, person)
        with pytest.raises(RefusedError, match="does not take part"):
            await own.save(draft, person, {"organisation": organisation}, {})
    async with sessions.begin() as session:
        for grant in await session.exec(select(RoleGrant).where(col(RoleGrant.organisation_code) == HOME)):
            await session.delete(grant)
    with pytest.raises(BadForm) as wrong:
        await own.send(draft, person)

    assert [one.column for one in wrong.value.problems] == ["organisation"]


async def test_draft_is_nobodys_but_theirs(acts: Acts, own: SelfNominationActs, person: PersonId) -> None:
    draft = await complete(own, person)
    other = nominee(1)

    for act in (own.send(draft, other), own.delete(draft, other), own.save(draft, other, {"current_post": "x"}, {})):
        with pytest.raises(NotKnownError, match="no nomination here"):
            await act
    drafting = DraftingActs(acts.desk)
    for act in (drafting.send(draft, HOME, NOMINATOR), drafting.delete(draft, HOME, NOMINATOR)):
        with pytest.raises(NotKnownError, match="no nomination here"):
            await act


async def test_name_somebody_has_is_not_changed_and_need_not_be_typed(
    own: SelfNominationActs, person: PersonId, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        who = await session.get_one(Person, person)
        who.full_name, who.post = "Rosalind Known", "Chief Nurse"
        session.add(who)
    draft = await complete(own, person, nominee_name="")

    await own.send(draft, person)

    async with sessions() as session:
        who = await session.get_one(Person, person)
    assert (who.full_name, who.post) == ("Rosalind Known", "Chief Nurse")


async def test_name_by_which_an_organisation_nominates_is_kept_for_who_has_not_said_theirs(
    acts: Acts, person: PersonId, sessions: Sessions
) -> None:
    said = Nominating(
        cohort=CohortId(PILOT_ID),
        organisation=HOME,
        route=NominationRoute.ORGANISATION,
        full_name="Rosalind from a File",
        email=ADDRESS,
        readiness=Readiness.READY_NOW,
    )

    await acts.nominations.nominate(said, NOMINATOR)

    async with sessions() as session:
        assert (await session.get_one(Person, person)).full_name == "Rosalind from a File"


async def test_own_earlier_posts_are_added_and_none_that_is_there_is_changed(
    own: SelfNominationActs, person: PersonId, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        session.add(EarlierPost(person_id=person, organisation_code="T01", left_on=date(2018, 1, 1)))
    draft = await complete(own, person, previous_organisations="T01 31/3/2001\nT02 1/2/2015")

    await own.send(draft, person)

    async with sessions() as session:
        posts = await session.exec(select(EarlierPost).where(col(EarlierPost.person_id) == person))
        left = {one.organisation_code: one.left_on for one in posts}
    assert left == {"T01": date(2018, 1, 1), "T02": date(2015, 2, 1)}


async def test_what_is_missing_is_named_and_nothing_is_made(
    own: SelfNominationActs, person: PersonId, sessions: Sessions
) -> None:
    draft = await own.begin(PILOT_ID, HOME, person)

    with pytest.raises(BadForm) as wrong:
        await own.send(draft, person)

    assert {one.column for one in wrong.value.problems} == {"nominee_name", "readiness"}
    assert await all_of(sessions, person) == []


async def test_answer_changed_in_another_tab_is_not_overwritten(own: SelfNominationActs, person: PersonId) -> None:
    draft = await complete(own, person)

    with pytest.raises(AnswerChangedError) as changed_since:
        await own.save(draft, person, {"current_post": "Other"}, {"current_post": 1}, strict=True)

    assert changed_since.value.theirs.content == "Matron"


@pytest.mark.parametrize("field", ["nominee_email", "endorser_name", "endorsement", "route", "reference", "x"])
async def test_nothing_but_what_is_asked_can_be_kept(own: SelfNominationActs, person: PersonId, field: str) -> None:
    draft = await own.begin(PILOT_ID, HOME, person)

    with pytest.raises(RefusedError, match="has no field"):
        await own.save(draft, person, {field: "somebody@example.nhs.test"}, {})


async def test_forgetting_takes_old_drafts_and_the_nameless_alone(
    own: SelfNominationActs, person: PersonId, sessions: Sessions
) -> None:
    draft = await complete(own, person)
    async with sessions() as session:
        before = {one.id for one in await session.exec(select(Person))}

    async with sessions.begin() as session:
        await forget(session, CLOSED_ON + KEPT_FOR - timedelta(minutes=1))
    async with sessions() as session:
        kept = await session.get(NominationDraft, draft)
    async with sessions.begin() as session:
        await forget(session, CLOSED_ON + KEPT_FOR + timedelta(minutes=1))

    async with sessions() as session:
        gone = before - {one.id for one in await session.exec(select(Person))}
        organisations = len((await session.exec(select(Organisation))).all())
        assert await session.get(NominationDraft, draft) is None
    assert kept is not None
    assert gone == {person}
    assert organisations > 0


async def test_nobody_nominates_somebody_else_on_the_route_of_oneself(acts: Acts, person: PersonId) -> None:
    said = Nominating(
        cohort=CohortId(PILOT_ID),
        organisation=HOME,
        route=NominationRoute.SELF,
        full_name="Somebody Else",
        email="else@example.nhs.test",
        readiness=Readiness.READY_NOW,
    )

    with pytest.raises(RefusedError, match="only on their own nomination"):
        await acts.nominations.nominate(said, By(person=person, role=Role.NOMINEE))
    with pytest.raises(RefusedError):
        await acts.nominations.nominate(said, OPERATIONS)
