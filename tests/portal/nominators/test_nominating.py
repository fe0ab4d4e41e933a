import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from acts import acts_at
from acts.desk import Desk
from acts.drafting import DraftingActs
from models.enums import EndorserPost, NominationRoute, Readiness, Role
from models.ids import OrganisationCode
from models.messages import By
from models.tables import EarlierPost, Endorsement, Nomination, NominationDraft, Person, RoleGrant
from portal.app import make_portal
from portal.services import Services
from portal.words import moment
from storage.engine import make_engine, sessions
from tests.portal.conftest import A_Visit
from tests.portal.nominators.conftest import ANSWERS, a_complete_draft, nominee
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig, eventually


async def begun(visit: Visit, cohort: CohortRig) -> Seen:
    """The first question of a new nomination."""
    return await (await visit.get("/organisation/nominate")).submit("/organisation/nominate", cohort=cohort.id)


async def test_nominating_leads_through_one_question_a_page_to_one_nomination(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    answers = {**ANSWERS, **nominee(rig)}
    page = await begun(await a_visit(rig.nominator), cohort)
    asked = []

    while not page.path.endswith("/check"):
        assert page.status == 200, page.words
        asked.append(page.heading)
        names = [name for name in page.form().fields if name in answers]
        page = await page.submit(None, {name: answers[name] for name in names})
    sent = await page.submit("/send")

    assert len(asked) == 9
    assert sent.heading == "Nomination sent"
    (row,) = await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))
    person = await rig.get(Person, row.person_id)
    endorsement = await rig.get(Endorsement, row.id)
    (left,) = await rig.all(select(EarlierPost).where(col(EarlierPost.person_id) == person.id))
    assert (person.full_name, person.email) == (answers["nominee_name"], answers["nominee_email"])
    assert (row.organisation_code, row.nominated_by) == (HOME, rig.nominator.person)
    assert (row.route, row.readiness) == (NominationRoute.ORGANISATION, Readiness.MONTHS_6_TO_12)
    assert row.interests == ["mental_health", "estates"]
    assert (endorsement.post, endorsement.organisation_code) == (EndorserPost.ACCOUNTABLE_OFFICER, HOME)
    assert endorsement.statement == "I support this.\n\nWith examples."
    assert (left.organisation_code, left.left_on.isoformat()) == (ELSEWHERE, "2016-03-31")


async def test_nomination_sent_starts_its_life_and_says_what_is_next(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.nominator)
    draft = await a_complete_draft(rig, cohort)

    sent = await (await visit.get(f"/organisation/nominate/{draft}/check")).submit("/send")
    row = await eventually(lambda: nomination_of(rig, draft), lambda one: one.due_at is not None)
    again = await visit.get(f"/organisation/nominate/{draft}")

    assert sent.heading == "Nomination sent"
    assert again.path == f"/organisation/nominate/{draft}/sent"
    assert f"They have until {moment(row.due_at)}" in again.words
    assert f"They have until {moment(row.due_at)}" in sent.words
    assert f"/organisation/nominations/{row.id}" in again.links


async def nomination_of(rig: Rig, draft: str) -> Nomination:
    kept = await rig.get(NominationDraft, draft)
    assert kept.nomination_id is not None
    return await rig.get(Nomination, kept.nomination_id)


async def test_sending_twice_makes_one_nomination(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    draft = await a_complete_draft(rig, cohort)
    check = await visit.get(f"/organisation/nominate/{draft}/check")
    other_tab = await visit.get(f"/organisation/nominate/{draft}/check")

    pages = [await check.submit("/send"), await check.submit("/send"), await other_tab.submit("/send")]

    assert {page.path for page in pages} == {f"/organisation/nominate/{draft}/sent"}
    assert len(await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))) == 1


async def test_nomination_and_that_it_was_sent_are_saved_together_or_not_at_all(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.nominator)
    draft = await a_complete_draft(rig, cohort)
    check = await visit.get(f"/organisation/nominate/{draft}/check")
    never = f"CHECK (nomination_id IS NULL OR cohort_id <> '{cohort.id}') NOT VALID"
    await rig.spoil(f"ALTER TABLE nominationdraft ADD CONSTRAINT spoilt {never}")
    try:
        broken = await check.submit("/send")
    finally:
        await rig.spoil("ALTER TABLE nominationdraft DROP CONSTRAINT spoilt")
    none = await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))

    sent = await (await visit.get(f"/organisation/nominate/{draft}/check")).submit("/send")

    assert broken.status == 500
    assert none == []
    assert sent.heading == "Nomination sent"
    assert len(await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))) == 1


async def test_many_sent_at_once_take_one_connection_each(rig: Rig, cohort: CohortRig) -> None:
    drafts = [await a_complete_draft(rig, cohort) for _ in range(8)]
    url = rig.engine.url.render_as_string(hide_password=False)
    engine = make_engine(url, pool_size=2, overflow=0)
    acts = DraftingActs(Desk(sessions(engine), rig.client, rig.acts.desk.task_queue))

    async with asyncio.timeout(20):
        numbers = await asyncio.gather(*(acts.send(one, OrganisationCode(HOME), rig.nominator) for one in drafts))

    await engine.dispose()
    assert len(set(numbers)) == 8


async def test_person_nominated_already_is_refused_on_the_page_of_answers(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    await cohort.nominate(email="twice@example.nhs.test")
    draft = await a_complete_draft(rig, cohort, nominee_email="twice@example.nhs.test")
    visit = await a_visit(rig.nominator)

    page = await (await visit.get(f"/organisation/nominate/{draft}/check")).submit("/send")

    assert (page.status, page.heading) == (422, "Check your answers")
    assert page.title.startswith("Error: Check your answers")
    assert "This person has a nomination in this cohort already." in page.words


async def test_what_is_missing_or_wrong_leads_back_to_its_question(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    address = nominee(rig)["nominee_email"]
    draft = await a_complete_draft(
        rig, cohort, nominee_email=address, endorser_email=address.upper(), readiness="", reference="R1D-x"
    )
    visit = await a_visit(rig.nominator)

    page = await (await visit.get(f"/organisation/nominate/{draft}/check")).submit("/send")
    await visit.get(f"/organisation/nominate/{draft}/questions/readiness")

    assert page.status == 422
    assert {"#change-readiness", "#change-reference"} <= set(page.links)
    assert f"/organisation/nominate/{draft}/questions/readiness" in page.links
    assert "Choose how soon the nominee is ready" in page.words
    assert await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id)) == []


@pytest.mark.parametrize(
    ("wrong", "question", "sentence"),
    [
        ({"endorser_email": "@nominee"}, "endorser", "Nobody endorses themselves"),
        ({"endorser_organisation": "QQ9"}, "endorser", "No organisation in the register has this code"),
        ({"previous_organisations": "QQ9 1/2/2017"}, "earlier-organisations", "No organisation in the register"),
        ({"nominee_email": "@self"}, "email", "You cannot nominate yourself for your organisation"),
        ({"previous_organisations": "05A"}, "earlier-organisations", "the last day there, such as R1D 31/3/2016"),
        ({"reference": "RX1-7"}, "reference", "This must begin with your organisation’s own code, such as R1D-1"),
    ],
)
async def test_each_rule_of_the_form_is_said_beside_its_question(
    cohort: CohortRig, a_visit: A_Visit, wrong: dict[str, str], question: str, sentence: str
) -> None:
    rig = cohort.rig
    own = nominee(rig)
    places = {"@nominee": own["nominee_email"], "@self": f"{rig.nominator.person}@example.nhs.test"}
    given = {name: places.get(text, text) for name, text in wrong.items()}
    draft = await a_complete_draft(rig, cohort, **{**own, **given})
    visit = await a_visit(rig.nominator)

    page = await (await visit.get(f"/organisation/nominate/{draft}/check")).submit("/send")

    assert page.status == 422
    assert sentence in page.words
    assert f"#change-{question}" in page.links


async def test_wrong_answer_is_asked_again_with_what_was_typed(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    page = await begun(await a_visit(rig.nominator), cohort)
    email = await page.submit(nominee_name="Ada Quill")

    again = await email.submit(nominee_email="not an address")

    assert again.status == 422
    assert again.title.startswith("Error: What is their work email address?")
    assert again.form().fields["nominee_email"] == ["not an address"]
    assert "#nominee_email" in again.links
    draft = page.path.split("/")[3]
    assert (await rig.get(NominationDraft, draft)).content["nominee_email"] == "not an address"


async def test_colleague_goes_on_with_what_was_begun(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    colleague = await a_colleague(rig)
    page = await begun(await a_visit(rig.nominator), cohort)
    await page.submit(nominee_name="Ada Quill")
    theirs = await a_visit(colleague, HOME)

    listed = await theirs.get("/organisation")
    draft = page.path.split("/")[3]
    gone_on = await theirs.get(f"/organisation/nominate/{draft}")

    assert f"/organisation/nominate/{draft}" in listed.links
    assert gone_on.heading == "What is their work email address?"


async def a_colleague(rig: Rig) -> By:
    number = rig.number()
    person = Person(id=f"p-e{number:011x}", full_name="A colleague", email=f"colleague.{number}@example.nhs.test")
    async with rig.sessions.begin() as session:
        session.add(person)
        await session.flush()
        session.add(
            RoleGrant(person_id=person.id, role=Role.NOMINATOR, organisation_code=HOME, granted_at=datetime.now(UTC))
        )
    return By(person=person.id, role=Role.NOMINATOR)


async def test_two_colleagues_do_not_overwrite_each_others_answer(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    colleague = await a_visit(await a_colleague(rig), HOME)
    draft = await a_complete_draft(rig, cohort)
    path = f"/organisation/nominate/{draft}/questions/endorsement"
    mine, theirs = await (await a_visit(rig.nominator)).get(path), await colleague.get(path)
    await theirs.submit(endorsement="Their words")

    refused = await mine.submit(endorsement="My words")
    settled = await refused.submit()

    assert refused.status == 409
    assert "Their words" in refused.words
    assert refused.form().fields["endorsement"] == ["My words"]
    assert settled.path.endswith("/check")
    assert (await rig.get(NominationDraft, draft)).content["endorsement"] == "My words"


async def test_field_is_kept_as_it_is_typed_and_two_tabs_are_told_apart(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.nominator)
    draft = await a_complete_draft(rig, cohort, endorsement="First")
    path = f"/organisation/nominate/{draft}/save"
    page = await visit.get(f"/organisation/nominate/{draft}/questions/endorsement")
    seen = page.form().fields["_seen_endorsement"][0]

    saved = await visit.post(path, {"field": "endorsement", "content": "Here", "revision": seen})
    other_tab = await visit.post(path, {"field": "endorsement", "content": "There", "revision": seen})
    kept_mine = await visit.post(
        path, {"field": "endorsement", "content": "There", "revision": str(other_tab.response.json()["revision"])}
    )

    assert (saved.status, other_tab.status, kept_mine.status) == (200, 409, 200)
    assert other_tab.response.json()["theirs"] == "Here"
    assert (await rig.get(NominationDraft, draft)).content["endorsement"] == "There"


@pytest.mark.parametrize(
    ("field", "content"), [("organisation", "RX1"), ("endorsement", "a\x00b"), ("endorsement", "a" * 8001)]
)
async def test_what_cannot_be_kept_is_said(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, field: str, content: str
) -> None:
    visit = await a_visit(rig.nominator)
    draft = await a_complete_draft(rig, cohort)

    answer = await visit.post(f"/organisation/nominate/{draft}/save", {"field": field, "content": content})

    assert answer.status == 422
    assert answer.response.json()["sentence"].endswith((".", "kept."))


async def test_session_that_ends_between_pages_loses_nothing(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    draft = await a_complete_draft(rig, cohort)
    page = await visit.get(f"/organisation/nominate/{draft}/questions/endorsement")
    await rig.spoil("UPDATE websession SET ended_at = now() WHERE person_id = :person", person=rig.nominator.person)

    lost = await page.submit(endorsement="Line one\nline two")
    await visit.signed_in_as(rig.nominator)
    after = await lost.submit("")

    assert (lost.status, lost.heading) == (401, "You have been signed out")
    assert lost.form("").fields["endorsement"] == ["Line one\nline two"]
    assert after.path.endswith("/check")
    assert (await rig.get(NominationDraft, draft)).content["endorsement"] == "Line one\nline two"


async def test_database_that_goes_away_while_sending_sends_once_when_it_is_back(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.nominator)
    draft = await a_complete_draft(rig, cohort)
    check = await visit.get(f"/organisation/nominate/{draft}/check")
    async with rig.engine.begin() as holder:
        await holder.execute(text("SELECT 1 FROM nominationdraft WHERE id = :id FOR UPDATE"), {"id": draft})
        sending = asyncio.create_task(check.submit("/send"))
        pid = await eventually(lambda: waiting_for_the_draft(rig))
        await holder.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        lost = await sending

    after = await lost.submit("")

    assert (lost.status, lost.heading) == (503, "Sorry, the service is not available just now")
    assert after.heading == "Nomination sent"
    assert len(await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))) == 1


async def waiting_for_the_draft(rig: Rig) -> int | None:
    """The server's process that waits for a draft's lock."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
        "AND query LIKE '%nominationdraft%'"
    )
    async with rig.engine.connect() as connection:
        return (await connection.execute(text(query))).scalars().first()


async def test_another_organisations_draft_is_not_there(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    draft = await a_complete_draft(rig, cohort)
    visit = await a_visit(stranger)
    places = ("", "/check", "/questions/name", "/round", "/sent", "/delete")

    read = [(await visit.get(f"/organisation/nominate/{draft}{place}")).status for place in places]
    posted = [
        (await visit.post(f"/organisation/nominate/{draft}{place}", {"nominee_name": "X", "field": "nominee_name"}))
        for place in ("/questions/name", "/save", "/send", "/delete", "/round")
    ]

    assert read == [404] * len(places)
    assert [page.status for page in posted] == [404] * 5
    assert (await rig.get(NominationDraft, draft)).content["nominee_name"] != "X"


async def test_person_of_two_organisations_sees_only_the_one_they_act_for(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    draft = await a_complete_draft(rig, cohort)
    async with rig.sessions.begin() as session:
        session.add(
            RoleGrant(
                person_id=stranger.person, role=stranger.role, organisation_code=HOME, granted_at=datetime.now(UTC)
            )
        )
    away = await rig.all(
        select(RoleGrant.organisation_code).where(
            col(RoleGrant.person_id) == stranger.person, col(RoleGrant.organisation_code) != HOME
        )
    )

    here = await (await a_visit(stranger, HOME)).get(f"/organisation/nominate/{draft}/check")
    elsewhere = await a_visit(stranger, away[0])
    sent = await elsewhere.post(f"/organisation/nominate/{draft}/send")
    typed = await elsewhere.post(
        f"/organisation/nominate/{draft}/questions/endorsement", {"endorsement": "Words that took an hour"}
    )

    assert here.status == 200
    assert sent.status == 404
    assert typed.status == 409
    assert "Words that took an hour" in typed.words
    assert "/roles" in typed.links


async def test_draft_can_be_deleted_after_a_question(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    draft = await a_complete_draft(rig, cohort)

    asked = await visit.get(f"/organisation/nominate/{draft}/delete")
    after = await asked.submit("/delete")
    again = await asked.submit("/delete")

    assert asked.heading == "Delete this nomination?"
    assert (after.status, again.status) == (200, 200)
    assert "The nomination was deleted" in after.words
    assert await rig.all(select(NominationDraft).where(col(NominationDraft.id) == draft)) == []


async def test_outside_the_window_the_page_says_so_and_when_it_opens(
    rig: Rig, cohort: CohortRig, services: Services
) -> None:
    draft = await a_complete_draft(rig, cohort)
    async with portal_at(rig, services, timedelta(days=-10)) as early:
        before = await early.get("/organisation/nominate")
        refused = await early.post("/organisation/nominate", {"cohort": cohort.id})
    async with portal_at(rig, services, timedelta(days=300)) as late:
        after = await late.get("/organisation/nominate")
        check = await late.get(f"/organisation/nominate/{draft}/check")
        question = await late.get(f"/organisation/nominate/{draft}/questions/name")
        sent = await late.post(f"/organisation/nominate/{draft}/send")

    assert "Nominations open at" in before.words
    assert refused.status == 409
    assert "Nominations closed at" in after.words
    assert all(form.action != "/organisation/nominate" for form in after.forms)
    assert "It cannot be sent now" in check.words
    assert "What you type here is kept, and cannot be sent now." in question.words
    assert sent.status == 422
    assert "Nominations closed at" in sent.words


def portal_at(rig: Rig, services: Services, offset: timedelta) -> "_At":
    """A visit of the nominator at another time."""
    return _At(rig, services, offset)


class _At:
    def __init__(self, rig: Rig, services: Services, offset: timedelta) -> None:
        desk = Desk(rig.sessions, rig.client, rig.task_queue, clock=lambda: datetime.now(UTC) + offset)
        there = replace(services, acts=acts_at(desk))
        self._rig, self._visit = rig, Visit(make_portal(there), there)

    async def __aenter__(self) -> Visit:
        return await self._visit.signed_in_as(self._rig.nominator)

    async def __aexit__(self, *_: object) -> None:
        await self._visit.close()
