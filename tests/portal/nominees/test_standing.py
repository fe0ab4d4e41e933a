"""Where a nomination stands, what is asked, and how people leave or ask for time."""

import json
from datetime import datetime, time, timedelta

import pytest
from sqlmodel import col, select

from models.enums import Outcome, Stage, SteerReason
from models.policy import LONDON
from models.tables import AuditEvent
from portal.words import day, moment
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen
from tests.workflows.rig import CohortRig, eventually


async def asked_for_time(page: Seen, until: datetime, reason: SteerReason = SteerReason.ILLNESS) -> Seen:
    day = {"until_day": str(until.day), "until_month": str(until.month), "until_year": str(until.year)}
    return await page.submit("/extension", {"reason": reason.value, **day})


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (Stage.SCREENING, "We have your application and are checking that you are eligible."),
        (Stage.AWAITING_PANEL, "We have your application. We are choosing who will assess it."),
        (Stage.LAPSED, "Your nomination ended because a deadline passed."),
        (Stage.WITHDRAWN, "This nomination was withdrawn."),
        (Stage.INELIGIBLE, "You did not meet the rules of this round."),
    ],
)
async def test_first_page_says_where_a_nomination_stands(
    cohort: CohortRig, a_visit: A_Visit, stage: Stage, sentence: str
) -> None:
    case = await (await cohort.nominate()).reach(stage)

    page = await (await a_visit(case.nominee)).get("/my-nomination")

    assert sentence in page.words
    assert "Trust R1D nominated you on" in page.words


async def test_nothing_tells_of_a_decision_before_its_release(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.DECIDED)
    visit = await a_visit(case.nominee)
    pages = ["/my-nomination", f"/my-nomination/{case.id}/decision", f"/my-nomination/{case.id}/messages"]
    pages += ["/my-nomination/data", "/my-nomination/data/download"]

    before = {page: (await visit.get(page)).text for page in pages}
    await case.release()
    await case.until(Stage.IN_POOL)
    await eventually(case.letters, lambda letters: any(one.template == "feedback" for one in letters))
    after = {page: (await visit.get(page)).text for page in pages}

    assert [page for page, text in before.items() if "admitted" in text.lower() or "proposed_order" in text] == []
    assert [page for page, text in after.items() if "admitted" in text.lower()] == pages
    assert "There is no decision yet" in before[pages[1]]
    assert "Feedback on your application" in after[pages[1]]
    assert after[pages[1]].index("has been written since. It is below.") < after[pages[1]].index("Feedback on your")


async def test_somebody_not_admitted_reads_letter_and_feedback(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.NOT_ADMITTED)
    visit = await a_visit(case.nominee)

    first = await visit.get("/my-nomination")
    page = await visit.get(f"/my-nomination/{case.id}/decision")

    assert f"/my-nomination/{case.id}/decision" in first.links
    assert "has decided not to admit you" in page.words
    assert "You could show more on:" in page.words
    assert (await case.row()).outcome is Outcome.NOT_ADMITTED


async def test_earlier_nominations_of_the_same_person_are_listed(cohort: CohortRig, a_visit: A_Visit) -> None:
    earlier = await (await cohort.nominate(email="again@example.nhs.test")).reach(Stage.WITHDRAWN)
    later = await cohort.nominate(email="again@example.nhs.test")
    visit = await a_visit(earlier.nominee)

    page = await visit.get("/my-nomination")
    old = await visit.get(f"/my-nomination/{earlier.id}")

    assert later.nominee.person == earlier.nominee.person
    assert f"/my-nomination/{earlier.id}" in page.links
    assert "We need to know if you agree" in page.words
    assert "This nomination was withdrawn." in old.words


async def test_withdrawing_needs_a_reason_and_to_be_meant(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    page = await (await a_visit(case.nominee)).get(f"/my-nomination/{case.id}/withdraw")

    empty = await page.submit("/withdraw")
    unsure = await page.submit("/withdraw", reason="personal")
    still = (await case.row()).stage
    done = await unsure.submit("/withdraw", sure="yes")
    again = await unsure.submit("/withdraw", sure="yes")

    assert (empty.status, {"#reason", "#sure"} <= set(empty.links)) == (422, True)
    assert (unsure.status, still) == (422, Stage.APPLYING)
    assert done.heading == "You have withdrawn"
    assert again.heading == "You have withdrawn"
    assert (await case.row()).stage is Stage.WITHDRAWN
    assert [event.reason for event in await case.events("withdraw")] == ["personal"]


async def test_waiting_for_a_later_round_ends_this_one(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    page = await (await a_visit(case.nominee)).get(f"/my-nomination/{case.id}/defer")

    empty = await page.submit("/defer")
    done = await page.submit("/defer", reason="leave", sure="yes")

    assert (empty.status, {"#reason", "#sure"} <= set(empty.links)) == (422, True)
    assert done.heading == "Your nomination is put off"
    assert (await case.row()).stage is Stage.DEFERRED


async def test_who_put_themselves_forward_is_told_so(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate(by_self=True, endorsed=False)
    visit = await a_visit(case.nominee)

    first = await visit.get("/my-nomination")
    consent = await visit.get(f"/my-nomination/{case.id}/consent")

    assert "You put yourself forward on" in first.words
    assert consent.heading == "You put yourself forward"
    assert "is asked to endorse you" in consent.words


async def test_consent_says_whether_assessors_see_the_name(cohort: CohortRig, a_visit: A_Visit) -> None:
    hidden = await (await cohort.rig.cohort({"panel.anonymous": True}, allocating=False)).nominate()
    shown = await cohort.nominate()

    told = [await (await a_visit(case.nominee)).get(f"/my-nomination/{case.id}/consent") for case in (hidden, shown)]

    assert ["nor your name" in page.words for page in told] == [True, False]


async def test_asking_for_more_time_reaches_operations_in_the_trail(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    due = (await case.row()).due_at
    assert due is not None
    until = due + timedelta(days=7)
    visit = await a_visit(case.nominee)
    page = await visit.get(f"/my-nomination/{case.id}/extension")

    unreal = await page.submit("/extension", reason="illness", until_day="31", until_month="2", until_year="2031")
    early = await asked_for_time(unreal, datetime.now(LONDON) + timedelta(days=1))
    done = await asked_for_time(page, until)
    again = await visit.get(f"/my-nomination/{case.id}/extension")

    found = await cohort.rig.all(
        select(AuditEvent).where(col(AuditEvent.subject) == case.id, col(AuditEvent.what) == "asked for more time")
    )
    assert (unreal.status, "Enter a real date" in unreal.words) == (422, True)
    assert (early.status, "Enter a date after the deadline you have" in early.words) == (409, True)
    assert done.heading == "You asked for more time"
    assert [(event.actor, event.role, event.reason) for event in found] == [
        (case.nominee.person, "nominee", "illness")
    ]
    assert "you asked for time until" in again.words
    assert (await case.row()).due_at == due


async def test_time_is_not_asked_for_beyond_the_last_day_of_assessments(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    last = cohort.policy.panel.assessed_until
    due = (await case.row()).due_at
    assert due is not None
    example = due.astimezone(LONDON) + timedelta(days=1)
    path = f"/my-nomination/{case.id}/extension"
    visit = await a_visit(case.nominee)
    page = await visit.get(path)

    late = await asked_for_time(page, datetime.combine(last + timedelta(days=1), time(), LONDON))
    early = await asked_for_time(page, datetime.now(LONDON))
    nothing = await visit.post(path, {})
    on_the_last = await asked_for_time(await visit.get(path), datetime.combine(last, time(), LONDON))

    assert f"For example, {example.day} {example.month} {example.year}. The latest day is {day(last)}" in page.words
    assert (late.status, f"not later than 11:59pm on {day(last)}" in late.words) == (409, True)
    assert (early.status, f"after the deadline you have, {moment(due)}" in early.words) == (409, True)
    assert nothing.status == 422
    assert "Select why you need more time" in nothing.words
    assert "Enter the day until which you need more time" in nothing.words
    assert on_the_last.heading == "You asked for more time"


async def test_time_cannot_be_asked_for_once_the_application_was_sent(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    visit = await a_visit(case.nominee)

    page = await visit.get(f"/my-nomination/{case.id}/extension")
    posted = await visit.post(
        f"/my-nomination/{case.id}/extension",
        {"reason": "illness", "until_day": "1", "until_month": "1", "until_year": "2031"},
    )

    assert page.path == f"/my-nomination/{case.id}?closed=yes"
    assert (posted.status, "There is no deadline to move" in posted.words) == (409, True)


async def test_download_holds_everything_and_nobody_else(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate(full_name="Noor Nominee")).reach(Stage.AWAITING_DECISION)
    visit = await a_visit(case.nominee)
    equality = await visit.get("/my-nomination/equality")
    await equality.submit("/equality", {"religion": "G", "disability": ["02", "09"]})
    seats = [row.id for row in await case.panel()]

    answer = await visit.get("/my-nomination/data/download")
    page = await visit.get("/my-nomination/data")
    held = json.loads(answer.text)

    assert answer.response.headers["content-disposition"].startswith("attachment")
    (nomination,) = held["nominations"]
    assert held["person"]["full_name"] == "Noor Nominee"
    assert nomination["reference"] == case.id
    assert [one["answer"] for one in nomination["submitted"][0]["answers"]][-1] == "What I did and what came of it."
    assert {"You have been nominated", "You can now apply"} <= {
        one["subject"].split(" for the")[0] for one in nomination["messages"]
    }
    assert [one["by"] for one in nomination["events"] if one["what"] == "submit"] == ["you"]
    assert [one["answers"] for one in held["equality"]] == [["Hearing", "Sight"], ["Muslim"]]
    assert "Sight" in page.words
    for secret in (
        *seats,
        *(seat.split(".")[1] for seat in seats),
        "The Endorser",
        "The moderator",
        "p-0000000000a5",
    ):
        assert secret not in answer.text
        assert secret not in page.text
    assert "She led the merger" not in answer.text
