"""Somebody nominates themselves: from an address to one nomination that their organisation sees."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from acts.nominating import Endorsing
from models.enums import EndorserPost, NominationRoute, Readiness, Stage, Template
from models.ids import PersonId
from models.tables import AuditEvent, EarlierPost, Nomination, NominationDraft, OutboxMessage, Person
from portal import sessions
from portal.app import make_portal
from portal.rates import Rates
from portal.services import Services
from portal.sessions import COOKIE
from portal.words import moment
from tests.portal.conftest import A_Visit
from tests.portal.nominees.oneself import ANSWERS, a_complete_draft, own_address
from tests.portal.test_sign_in import code_in, newest_letter
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig, eventually

ENDORSING = Endorsing("Ottoline Quayle", "ottoline@example.nhs.test", EndorserPost.CHIEF_EXECUTIVE, HOME, "I do.")


@pytest.fixture
def services(services: Services) -> Services:
    """Surroundings that count tries anew for each test."""
    return replace(services, rates=Rates())


@pytest.fixture
def portal(services: Services) -> FastAPI:
    """The portal over them."""
    return make_portal(services)


async def proved(rig: Rig, visit: Visit, address: str) -> Seen:
    """Shows that an address is theirs, by the code."""
    page = await (await visit.get("/nominate-yourself/email")).submit(email=address)
    return await page.submit(code=code_in(await newest_letter(rig, address)))


async def begun(page: Seen, cohort: CohortRig) -> Seen:
    """Chooses the round and the organisation."""
    return await page.submit("/nominate-yourself/begin", cohort=cohort.id, organisation=HOME)


async def answered(page: Seen) -> Seen:
    """Answers question after question."""
    for _ in range(6):
        if page.path.endswith("/check"):
            break
        assert page.status == 200, page.words
        names = [name for name in page.form().fields if name in ANSWERS]
        page = await page.submit(None, {name: ANSWERS[name] for name in names})
    return page


async def nominations(rig: Rig, cohort: CohortRig) -> list[Nomination]:
    return await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))


async def test_somebody_without_an_account_nominates_themselves(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    address, visit = own_address(rig), await a_visit()
    front = await visit.get("/")
    start = await visit.get("/nominate-yourself")

    first = await begun(await proved(rig, visit, address), cohort)
    check = await answered(first)
    sent = await check.submit("/send")

    assert "/nominate-yourself" in front.links
    assert "/nominate-yourself/email" in start.links
    assert "be endorsed by a chief executive" in start.words
    assert "have an executive director post as your next step" in start.words
    assert "Organisations that take part Trust R1D" in start.words
    assert first.heading == "What is your full name?"
    assert sent.heading == "You have nominated yourself"
    (row,) = await nominations(rig, cohort)
    person = await rig.get(Person, row.person_id)
    assert (person.full_name, person.email, person.post) == (
        ANSWERS["nominee_name"],
        address,
        ANSWERS["current_post"],
    )
    assert (row.route, row.nominated_by, row.organisation_code) == (NominationRoute.SELF, person.id, HOME)
    assert (row.readiness, row.interests) == (Readiness.MONTHS_6_TO_12, ["mental_health", "estates"])
    (left,) = await rig.all(select(EarlierPost).where(col(EarlierPost.person_id) == person.id))
    assert (left.organisation_code, left.left_on.isoformat()) == (ELSEWHERE, "2016-03-31")


async def test_confirmation_says_who_is_asked_to_endorse_by_when_and_leads_to_the_nomination(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit()
    sent = await (await answered(await begun(await proved(rig, visit, own_address(rig)), cohort))).submit("/send")
    (row,) = await nominations(rig, cohort)
    await eventually(lambda: rig.get(Nomination, row.id), lambda one: one.steps >= 1)

    again = await visit.get(sent.path)
    consent = await visit.get(f"/my-nomination/{row.id}/consent")
    agreed = await consent.submit("/consent", answer="yes")

    closes = moment(cohort.closes_at)
    assert f"Trust R1D is asked to endorse you. by {closes}" in sent.words
    due = (await rig.get(Nomination, row.id)).due_at
    assert due is not None
    assert "You say that you agree to be nominated. by" in again.words
    assert f"/my-nomination/{row.id}/consent" in again.links
    assert consent.heading == "You put yourself forward"
    assert agreed.heading == "You agreed to be nominated"


async def test_self_nomination_goes_the_way_one_by_file_goes(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    """The letters and the trail are those of a nomination by the acts that files go by."""
    by_file = await cohort.nominate(by_self=True, endorsed=False)
    visit = await a_visit()
    await (await answered(await begun(await proved(rig, visit, own_address(rig)), cohort))).submit("/send")
    row = next(one for one in await nominations(rig, cohort) if one.id != by_file.id)
    await eventually(lambda: rig.get(Nomination, row.id), lambda one: one.steps >= 1)

    async def told(number: str) -> list[tuple[str, bool]]:
        letters = await rig.all(select(OutboxMessage).where(col(OutboxMessage.nomination_id) == number))
        return sorted((one.template, one.person_id == rig.nominator.person) for one in letters)

    async def trail(number: str) -> list[tuple[str, str]]:
        events = await rig.all(select(AuditEvent).where(col(AuditEvent.subject) == number))
        return [(one.what, one.role) for one in events]

    assert await told(row.id) == await told(by_file.id)
    assert (Template.ENDORSEMENT_REQUEST, True) in await told(row.id)
    assert await trail(row.id) == await trail(by_file.id)
    assert len(await trail(row.id)) >= 1


async def test_organisation_sees_it_and_can_endorse_it_or_say_no(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit, nominator = await a_visit(), await a_visit(rig.nominator)
    check = await answered(await begun(await proved(rig, visit, own_address(rig)), cohort))
    before = await nominator.get("/organisation")
    await check.submit("/send")
    (row,) = await nominations(rig, cohort)
    await eventually(lambda: rig.get(Nomination, row.id), lambda one: one.steps >= 1)

    page = await nominator.get(f"/organisation/nominations/{row.id}")
    asked = await nominator.get(f"/organisation/nominations/{row.id}/withdraw")
    check_no = await asked.submit("/withdraw", reason="no_longer_supported")
    await check_no.submit("/confirm")

    draft = check.path.split("/")[2]
    assert draft not in before.text
    assert row.id not in before.text
    assert f"/organisation/nominations/{row.id}/endorse" in page.links
    assert (await rig.get(Nomination, row.id)).stage is Stage.WITHDRAWN
    theirs = await nominator.get(f"/organisation/nominate/{draft}/check")
    assert theirs.status == 404


async def test_sending_twice_makes_one_nomination(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit()
    check = await answered(await begun(await proved(rig, visit, own_address(rig)), cohort))
    other_tab = await visit.get(check.path)

    pages = [await check.submit("/send"), await check.submit("/send"), await other_tab.submit("/send")]

    assert {page.heading for page in pages} == {"You have nominated yourself"}
    assert len(await nominations(rig, cohort)) == 1
    assert (await rig.get(NominationDraft, check.path.split("/")[2])).content == {}


async def test_who_comes_back_later_goes_on_where_they_stopped(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    address, first = own_address(rig), await a_visit()
    page = await begun(await proved(rig, first, address), cohort)
    page = await page.submit(nominee_name="Rosalind Okonkwo")
    stopped = await page.submit(None, {"current_post": "Matron", "later": "yes"})
    later = await a_visit()

    asked = await (await later.get("/sign-in")).submit(email=address)
    signed_in = await asked.submit(code=code_in(await newest_letter(rig, address)))
    start = await later.get("/nominate-yourself")
    link = next(one for one in start.links if one.startswith("/nominate-yourself/s-"))
    on = await later.get(link)

    assert "Your answers are saved" in stopped.words
    assert "/nominate-yourself" in signed_in.links
    assert on.heading == "How soon are you ready for an executive director post?"
    check = await later.get(f"{link}/check")
    assert "Rosalind Okonkwo" in check.words
    assert "Matron" in check.words


async def test_somebody_signed_in_in_another_role_nominates_themselves_under_the_name_they_have(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.member)
    account = await visit.get("/account")

    page = await begun(await visit.get("/nominate-yourself/begin"), cohort)
    asked = page.heading
    sent = await (await answered(page)).submit("/send")
    (row,) = await nominations(rig, cohort)
    roles = next(one for one in sent.links if one.startswith("/roles?next=/my-nomination/"))
    chosen = await (await visit.get(roles)).submit("/roles", hat="nominee:")

    assert "/nominate-yourself" in account.links
    assert asked == "What is your present post? (optional)"
    assert (row.person_id, row.nominated_by) == (rig.member.person, rig.member.person)
    assert (await rig.get(Person, rig.member.person)).full_name == "The board"
    assert chosen.path.startswith(f"/my-nomination/{row.id}")


async def test_only_nominator_of_an_organisation_is_not_offered_it(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.nominator)

    page = await visit.get("/nominate-yourself/begin")
    refused = await visit.post("/nominate-yourself/begin", {"cohort": cohort.id, "organisation": HOME})

    assert f'value="{HOME}"' not in page.text
    assert page.heading == "No organisation to choose"
    assert (refused.status, refused.heading) == (422, "No organisation to choose")


async def test_organisation_for_which_nobody_acts_does_not_take_part(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    page = await (await a_visit(rig.member)).get("/nominate-yourself/begin")

    assert f'value="{HOME}"' in page.text
    assert f'value="{ELSEWHERE}"' not in page.text
    assert "If your organisation is not in the list" in page.words


async def test_who_is_nominated_already_is_told_so_and_makes_no_second_nomination(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate()
    visit = await a_visit(case.nominee)
    start = await visit.get("/nominate-yourself")

    refused = await visit.post("/nominate-yourself/begin", {"cohort": cohort.id, "organisation": HOME})

    assert f"/my-nomination/{case.id}" in start.links
    assert refused.status == 409
    assert "You have a nomination in this round already." in refused.words
    assert len(await nominations(rig, cohort)) == 1


async def test_nomination_by_the_organisation_meanwhile_is_said_on_the_page_of_answers(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    address, visit = own_address(rig), await a_visit()
    check = await answered(await begun(await proved(rig, visit, address), cohort))
    case = await cohort.nominate(full_name="Rosalind from a File", email=address)

    refused = await check.submit("/send")

    assert refused.status == 422
    assert "This person has a nomination in this cohort already." in refused.words
    assert (await rig.get(Person, case.nominee.person)).full_name == "Rosalind from a File"
    assert len(await nominations(rig, cohort)) == 1


async def test_closed_window_is_said_and_what_was_typed_stays(rig: Rig, a_visit: A_Visit, services: Services) -> None:
    cohort = await rig.cohort(closes_in=timedelta(days=3))
    visit = await a_visit()
    check = await answered(await begun(await proved(rig, visit, own_address(rig)), cohort))
    later = datetime.now(UTC) + timedelta(days=5)
    acts = replace(services.acts, desk=replace(services.acts.desk, clock=lambda: later))
    on = Visit(make_portal(replace(services, acts=acts)), replace(services, acts=acts))
    await on.signed_in_as(rig.member)
    person = await person_of(rig, check)
    sent = await sent_as(on, person, check.path)

    closed_page = await on.get(check.path)

    assert "Nominations closed" in sent.words
    assert await nominations(rig, cohort) == []
    assert "It cannot be sent now" in closed_page.words
    assert "Rosalind Okonkwo" in closed_page.words
    await on.close()


async def person_of(rig: Rig, check: Seen) -> PersonId:
    return PersonId((await rig.get(NominationDraft, check.path.split("/")[2])).person_id)


async def sent_as(visit: Visit, person: PersonId, path: str) -> Seen:
    """Sends what this person has begun, from a page that was opened before."""
    services = visit.services
    async with services.acts.desk.transaction() as session:
        token = await sessions.begin(session, person, "code", services.clock())
    visit.client.cookies.set(COOKIE, token, domain="portal.test", path="/")
    return await visit.post(path.replace("/check", "/send"), {})


@pytest.mark.parametrize("what", ["", "/check", "/sent", "/delete", "/questions/post"])
async def test_nobody_sees_what_somebody_else_has_begun(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, what: str
) -> None:
    check = await answered(await begun(await proved(rig, await a_visit(), own_address(rig)), cohort))
    own = check.path.removesuffix("/check")

    others = [await (await a_visit(by)).get(own + what) for by in (rig.nominator, rig.operations, rig.chair)]
    nobody = await (await a_visit()).get(own + what)

    assert [page.status for page in others] == [404, 404, 404]
    assert nobody.path.startswith("/sign-in?next=")


async def test_somebody_else_cannot_send_or_delete_it(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    check = await answered(await begun(await proved(rig, await a_visit(), own_address(rig)), cohort))
    own = check.path.removesuffix("/check")
    other = await a_visit(rig.operations)

    statuses = [(await other.post(f"{own}/{what}", {})).status for what in ("send", "delete", "save")]

    assert statuses == [404, 404, 404]
    assert await nominations(rig, cohort) == []


async def test_what_was_begun_can_be_deleted(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    check = await answered(await begun(await proved(rig, await a_visit(), own_address(rig)), cohort))
    page = await check.visit.get(check.path.replace("/check", "/delete"))

    done = [await page.submit("/delete"), await page.submit("/delete")]

    assert "What you had begun was deleted" in done[0].words
    assert done[1].status == 200
    assert await rig.all(select(NominationDraft).where(col(NominationDraft.cohort_id) == cohort.id)) == []


async def test_what_is_wrong_is_said_with_a_way_to_mend_it(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    page = await begun(await proved(rig, await a_visit(), own_address(rig)), cohort)
    own = page.path.removesuffix("/questions/name")

    nameless = await page.submit(nominee_name="")
    odd = await page.submit(nominee_name="somebody@example.org")
    check = await page.visit.get(f"{own}/check")
    refused = await check.submit("/send")

    assert (nameless.status, "Enter your full name" in nameless.words) == (422, True)
    assert (odd.status, "a name is needed" in odd.words) == (422, True)
    assert refused.status == 422
    assert "Choose how soon you are ready" in refused.words
    assert re.search(r'href="#change-readiness"', refused.text)
    assert await nominations(rig, cohort) == []


async def test_names_and_addresses_stand_in_no_address_of_a_page(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    visit = await a_visit()
    page = await begun(await proved(rig, visit, own_address(rig)), cohort)
    seen = [page.path]
    for _ in range(7):
        if page.path.endswith("/sent"):
            break
        names = [name for name in page.form().fields if name in ANSWERS]
        page = await page.submit(
            "/send" if page.path.endswith("/check") else None, {name: ANSWERS[name] for name in names}
        )
        seen.append(page.path)

    assert [path for path in seen if "rosalind" in path.lower() or "@" in path] == []


async def test_what_somebody_began_for_another_round_is_in_what_is_held_about_them(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate()
    other = await rig.cohort()
    await a_complete_draft(other, case.nominee.person, nominee_name="", current_post="Matron of two wards")
    visit = await a_visit(case.nominee)

    page = await visit.get("/my-nomination/data")
    file = await visit.get("/my-nomination/data/download")

    assert f"Begun and not sent, for {other.id}" in page.words
    assert "Matron of two wards" in page.words
    assert file.response.json()["begun"][0]["answers"]["current_post"] == "Matron of two wards"


async def test_page_of_who_nominated_themselves_says_if_they_are_endorsed(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    asked, by_organisation = await cohort.nominate(by_self=True, endorsed=False), await cohort.nominate()
    visit = await a_visit(asked.nominee)

    before = await visit.get("/my-nomination")
    consent = await visit.get(f"/my-nomination/{asked.id}/consent")
    await rig.acts.nominations.endorse(asked.id, rig.nominator, ENDORSING)
    after = await visit.get("/my-nomination")
    consent_after = await visit.get(f"/my-nomination/{asked.id}/consent")
    other = await (await a_visit(by_organisation.nominee)).get("/my-nomination")

    closes = moment(cohort.closes_at)
    assert f"Trust R1D is asked to endorse you by {closes}, and has not done so yet." in before.words
    assert "Trust R1D endorsed you on" in after.words
    assert "and Trust R1D is asked to endorse you." in consent.words
    assert "and Trust R1D has endorsed you." in consent_after.words
    assert ENDORSING.full_name not in after.text
    assert "endorse you" not in other.words
