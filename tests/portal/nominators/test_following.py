from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from models.enums import EndorserPost, Stage, SteerReason
from models.messages import By
from models.tables import Endorsement, NominationDraft, Person, RoleGrant
from portal.words import moment
from tests.portal.conftest import A_Visit
from tests.workflows.rig import HOME, CohortRig, Rig

ENDORSEMENT = {
    "endorser_name": "Rosa Finch",
    "endorser_email": "rosa.finch@example.nhs.test",
    "endorser_post": "executive_director",
    "endorser_organisation": "",
    "endorsement": "She led it.\n\nIt lasted.",
}


async def test_nomination_is_withdrawn_after_a_look_at_what_it_means(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate(full_name="Ada Quill")
    visit = await a_visit(rig.nominator)
    page = await visit.get(f"/organisation/nominations/{case.id}")
    assert f"/organisation/nominations/{case.id}/withdraw" in page.links

    look = await (await visit.get(f"/organisation/nominations/{case.id}/withdraw")).submit(reason="new_post")
    still = (await case.row()).stage
    after = await look.submit("/withdraw/confirm")
    again = await look.submit("/withdraw/confirm")

    assert still is Stage.NOMINATED
    assert "The nominee has a new post" in look.words
    assert (after.heading, again.heading) == ("Nomination withdrawn", "Nomination withdrawn")
    assert "What happens next" in after.words
    assert (await case.row()).stage is Stage.WITHDRAWN
    (step,) = await case.events("withdraw")
    assert (step.actor, step.role, step.reason) == (rig.nominator.person, "nominator", "new_post")


async def test_withdrawing_without_a_reason_asks_for_one(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(rig.nominator)

    page = await (await visit.get(f"/organisation/nominations/{case.id}/withdraw")).submit()

    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "#reason" in page.links


async def test_nomination_that_ended_meanwhile_is_not_withdrawn_and_says_so(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate()
    visit = await a_visit(rig.nominator)
    look = await (await visit.get(f"/organisation/nominations/{case.id}/withdraw")).submit(reason="other")
    await case.reach(Stage.DECLINED_BY_NOMINEE)

    stale = await look.submit("/withdraw/confirm")
    asked = await visit.get(f"/organisation/nominations/{case.id}/withdraw")

    assert (stale.status, stale.heading) == (409, "This could not be done")
    assert f"/organisation/nominations/{case.id}" in stale.links
    assert asked.status == 409
    assert "This nomination is over." in asked.words
    assert (await case.row()).stage is Stage.DECLINED_BY_NOMINEE


async def test_self_nomination_is_endorsed_from_the_request_on(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    visit = await a_visit(rig.nominator)
    listed = await visit.get("/organisation/messages")
    assert "Please endorse a nomination" in listed.words
    page = await visit.get(f"/organisation/nominations/{case.id}")
    assert "Your organisation has still to endorse this self-nomination." in page.words

    after = await (await visit.get(f"/organisation/nominations/{case.id}/endorse")).submit(None, ENDORSEMENT)
    shown = await visit.get(f"/organisation/nominations/{case.id}")

    assert after.heading == "Nomination endorsed"
    row = await rig.get(Endorsement, case.id)
    assert (row.post, row.organisation_code, row.statement) == (
        EndorserPost.EXECUTIVE_DIRECTOR,
        HOME,
        "She led it.\n\nIt lasted.",
    )
    assert len(await case.events("endorsed")) == 1
    assert "Rosa Finch, another executive director" in shown.words
    assert f"/organisation/nominations/{case.id}/endorse" not in shown.links


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"endorser_name": ""}, "endorser_name"),
        ({"endorser_email": "nobody"}, "endorser_email"),
        ({"endorser_email": "@nominee"}, "endorser_email"),
        ({"endorser_post": ""}, "endorser_post"),
        ({"endorser_organisation": "QQ9"}, "endorser_organisation"),
        ({"endorsement": ""}, "endorsement"),
        ({"endorsement": "hidden\u202eword"}, "endorsement"),
    ],
)
async def test_endorsement_with_something_wrong_is_asked_again_with_what_was_typed(
    cohort: CohortRig, a_visit: A_Visit, given: dict[str, str], field: str
) -> None:
    address = f"self.{cohort.id}@example.nhs.test"
    case = await cohort.nominate(by_self=True, endorsed=False, email=address)
    typed = {**ENDORSEMENT, **{name: text.replace("@nominee", address.upper()) for name, text in given.items()}}
    visit = await a_visit(cohort.rig.nominator)

    page = await (await visit.get(f"/organisation/nominations/{case.id}/endorse")).submit(None, typed)

    assert page.status == 422
    assert f"#{field}" in page.links
    assert page.form().fields["endorser_name"] == [typed["endorser_name"]]
    assert page.form().fields["endorsement"] == [typed["endorsement"]]


async def test_endorsing_twice_in_two_tabs_keeps_the_first_and_gives_the_second_back(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    visit = await a_visit(rig.nominator)
    one, two = [await visit.get(f"/organisation/nominations/{case.id}/endorse") for _ in range(2)]
    await one.submit(None, ENDORSEMENT)

    late = await two.submit(None, {**ENDORSEMENT, "endorsement": "Other words"})

    assert late.status == 409
    assert "This nomination has been endorsed already." in late.words
    assert late.form().fields["endorsement"] == ["Other words"]
    assert (await rig.get(Endorsement, case.id)).statement == ENDORSEMENT["endorsement"]


async def test_another_organisations_nomination_is_not_there_for_any_act(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    visit = await a_visit(stranger)
    own = await a_visit(rig.nominator)
    path = f"/organisation/nominations/{case.id}"
    places = ("", "/withdraw", "/withdrawn", "/endorse", "/endorsed")

    read = [(await visit.get(path + place)).status for place in places]
    posted = [
        (await visit.post(f"{path}{place}", {"reason": "other", **ENDORSEMENT})).status
        for place in ("/withdraw", "/withdraw/confirm", "/endorse", "/endorse/save")
    ]

    assert read == [404] * 5
    assert posted == [404] * 4
    assert (await own.get(path)).status == 200
    assert (await case.row()).stage is Stage.NOMINATED


async def test_nominator_never_sees_panel_scores_or_a_decision_before_release(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.DECIDED)
    visit = await a_visit(rig.nominator)
    assessors = [await case.assessor(seat.id) for seat in await case.panel()]

    pages = [await visit.get(f"/organisation/nominations/{case.id}"), await visit.get("/organisation")]

    for page in pages:
        assert all(one.person not in page.text for one in assessors)
        assert not any(word in page.text for word in ("Assessor ", "proposed_order"))
    # The list may hold nominations of other tests that are in the pool.
    assert not any(word in pages[0].text for word in ("In the pool", "admitted"))
    assert "Decisions are not known until they are released." in pages[0].words
    assert "The board decided" in pages[0].words


@pytest.mark.parametrize("stage", [Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED])
async def test_outcome_is_shown_once_it_is_released(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, stage: Stage
) -> None:
    case = await (await cohort.nominate()).reach(stage)
    words = {Stage.IN_POOL: "In the pool", Stage.RESERVED: "Reserve list", Stage.NOT_ADMITTED: "Not admitted"}

    page = await (await a_visit(rig.nominator)).get(f"/organisation/nominations/{case.id}")

    assert words[stage] in page.words
    assert page.status == 200


@pytest.mark.parametrize(
    "stage", [stage for stage in Stage if stage not in {Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED}]
)
async def test_every_stage_has_words_of_its_own(rig: Rig, cohort: CohortRig, a_visit: A_Visit, stage: Stage) -> None:
    case = await cohort.nominate()
    # Only the words are asked here: how a nomination gets there stands in the workflow tests.
    await rig.spoil("UPDATE nomination SET stage = :stage WHERE id = :id", stage=stage.value, id=case.id)

    page = await (await a_visit(rig.nominator)).get(f"/organisation/nominations/{case.id}")

    assert page.status == 200
    assert "What happens next" in page.words
    assert stage.value.upper() not in page.words


async def test_messages_show_each_letter_as_it_was_written(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate(full_name="Ada Quill", by_self=True, endorsed=False)
    visit = await a_visit(rig.nominator)
    page = await visit.get(f"/organisation/nominations/{case.id}")
    (link,) = [href for href in page.links if href.startswith("/organisation/messages/")]

    letter = await visit.get(link)

    assert letter.heading == "Please endorse a nomination"
    assert "Ada Quill has put themselves forward" in letter.words
    assert f"open {case.id}" in letter.words or f"quote {case.id}" in letter.words


async def test_letters_to_others_and_of_other_organisations_are_not_there(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    letters = await case.letters()
    theirs = next(one for one in letters if one.person_id == case.nominee.person)
    own = next(one for one in letters if one.person_id == rig.nominator.person)
    slugs = [one.id.replace("/", "~") for one in (theirs, own)]

    to_nominee = await (await a_visit(rig.nominator)).get(f"/organisation/messages/{slugs[0]}")
    to_stranger = await (await a_visit(stranger)).get(f"/organisation/messages/{slugs[1]}")
    to_reader = await (await a_visit(rig.nominator)).get(f"/organisation/messages/{slugs[1]}")

    assert (to_nominee.status, to_stranger.status, to_reader.status) == (404, 404, 200)


async def test_people_shows_who_else_may_act_for_the_organisation_and_nobody_of_another(
    rig: Rig, a_visit: A_Visit, stranger: By
) -> None:
    name = (await rig.get(Person, stranger.person)).full_name

    here = await (await a_visit(rig.nominator)).get("/organisation/people")
    there = await (await a_visit(stranger)).get("/organisation/people")

    assert "The nominator (you)" in here.words
    assert name not in here.words
    assert f"{name} (you)" in there.words
    assert "The nominator" not in there.words
    assert "talent-pool@example.nhs.test" in here.words


@pytest.mark.parametrize(
    "path", ["nominations/{}", "nominations/{}/endorse", "nominate/{}/check", "nominate/{}/round", "messages/{}"]
)
async def test_addresses_that_no_name_could_have_are_not_found(rig: Rig, a_visit: A_Visit, path: str) -> None:
    visit = await a_visit(rig.nominator)

    found = [(await visit.get(f"/organisation/{path.format(name)}")).status for name in ("%00", "x" * 300, "%FF")]

    assert found == [404, 404, 404]


async def test_endorsement_is_kept_as_it_is_typed_and_forgotten_once_it_is_given(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    visit = await a_visit(rig.nominator)
    path = f"/organisation/nominations/{case.id}/endorse"

    saved = await visit.post(f"{path}/save", {"field": "endorsement", "content": "She led", "revision": "0"})
    other_tab = await visit.post(f"{path}/save", {"field": "endorsement", "content": "I saw", "revision": "0"})
    wrong = await (await visit.get(path)).submit(endorser_name="Rosa Finch")
    come_back = await visit.get(path)
    given = await come_back.submit(None, ENDORSEMENT)
    late = await visit.post(f"{path}/save", {"field": "endorsement", "content": "More", "revision": "0"})

    assert (saved.status, other_tab.status, wrong.status) == (200, 409, 422)
    assert come_back.form().fields["endorsement"] == ["She led"]
    assert come_back.form().fields["endorser_name"] == ["Rosa Finch"]
    assert given.heading == "Nomination endorsed"
    assert (late.status, late.response.json()) == (
        422,
        {"sentence": "This nomination has been endorsed already."},
    )
    assert await rig.all(select(NominationDraft).where(col(NominationDraft.nomination_id) == case.id)) == []


async def test_endorsement_that_is_typed_is_no_nomination_that_was_begun(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    visit = await a_visit(rig.nominator)
    path = f"/organisation/nominations/{case.id}/endorse"
    await visit.post(f"{path}/save", {"field": "endorsement", "content": "She led", "revision": "0"})
    (row,) = await rig.all(select(NominationDraft).where(col(NominationDraft.nomination_id) == case.id))

    listed = await visit.get("/organisation")
    opened = await visit.get(f"/organisation/nominate/{row.id}/check")

    assert row.id not in listed.text
    assert opened.status == 404


async def test_nominator_who_is_also_the_nominee_reads_that_mail_in_the_other_role(
    cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    rig = cohort.rig
    person = await rig.get(Person, stranger.person)
    case = await cohort.nominate(by_self=True, endorsed=False, email=person.email)
    (code,) = await rig.all(select(RoleGrant.organisation_code).where(col(RoleGrant.person_id) == stranger.person))
    await rig.spoil("UPDATE nomination SET organisation_code = :code WHERE id = :id", code=code, id=case.id)
    own = next(one for one in await case.letters() if one.person_id == stranger.person)
    visit = await a_visit(stranger)

    listed = await visit.get("/organisation/messages")
    opened = await visit.get(f"/organisation/messages/{own.id.replace('/', '~')}")
    nomination = await visit.get(f"/organisation/nominations/{case.id}")

    assert "No messages yet" in listed.words
    assert opened.status == 404
    assert (nomination.status, "We have sent you no message" in nomination.words) == (200, True)


async def test_paused_nomination_says_that_its_deadline_stands_still(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate()
    await rig.acts.nominations.pause(case.id, rig.operations, SteerReason.ILLNESS)

    page = await (await a_visit(rig.nominator)).get(f"/organisation/nominations/{case.id}")

    assert "The nomination is paused, and its deadlines stand still." in page.words
    assert "They have until" not in page.words
    assert "illness" not in page.words.lower()


async def test_nomination_let_back_in_tells_its_whole_story(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.LAPSED)
    until = datetime.now(UTC) + timedelta(days=50)
    await rig.acts.nominations.readmit(case.id, rig.operations, until, SteerReason.ILLNESS)
    await case.until(Stage.APPLYING)

    page = await (await a_visit(rig.nominator)).get(f"/organisation/nominations/{case.id}")

    told = ["Nominated", "The nomination lapsed because a deadline passed", "The nomination was let back in"]
    places = [page.words.rindex(words) for words in told]
    assert places == sorted(places)
    assert f"They have until {moment(until)}." in page.words
