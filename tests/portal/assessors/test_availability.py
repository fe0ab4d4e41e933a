"""An assessor's days, capacity and interests: changed by pages, with their effects said."""

from datetime import date

from sqlmodel import col, select

from models.enums import AssessorProperty
from models.tables import Assessor, AuditEvent, Availability, Nomination, OwnProperty
from tests.portal.assessors.seats import accepted
from tests.portal.conftest import A_Visit, assessor_of
from tests.portal.visiting import Visit
from tests.workflows.rig import CohortRig, Rig

FIRST = {"first_day": "1", "first_month": "3", "first_year": "2031"}
LAST = {"last_day": "5", "last_month": "3", "last_year": "2031"}


async def registered(cohort: CohortRig, a_visit: A_Visit) -> tuple[Assessor, Visit]:
    """Somebody in the register, and their visit."""
    row = (await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id)))[0]
    return row, await a_visit(await assessor_of(cohort, row.id))


async def days_of(cohort: CohortRig, row: Assessor) -> list[tuple[date, date]]:
    found = await cohort.rig.all(
        select(Availability)
        .where(col(Availability.assessor_id) == row.id, col(Availability.cohort_id) == cohort.id)
        .order_by(col(Availability.from_day))
    )
    return [(one.from_day, one.until_day) for one in found]


async def test_availability_says_where_one_stands(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, visit = await registered(cohort, a_visit)

    page = await visit.get("/availability")

    assert page.heading == "Your availability"
    assert "You are available on 931 days of these." in page.words
    assert "50 assessments at once. You hold 0 now." in page.words
    assert "It counts from the next time that panels are put together." in page.words


async def test_days_are_added_once_changed_and_removed(cohort: CohortRig, a_visit: A_Visit) -> None:
    row, visit = await registered(cohort, a_visit)
    form = await visit.get(f"/availability/{cohort.id}/add")

    added = await form.submit("/add", {**FIRST, **LAST})
    again = await form.submit("/add", {**FIRST, **LAST})
    after_adding = await days_of(cohort, row)
    change = await visit.get(f"/availability/{cohort.id}/periods/2031-03-01")
    changed = await change.submit(None, {"last_day": "9"})
    after_changing = await days_of(cohort, row)
    removed = await (await visit.get(f"/availability/{cohort.id}/periods/2031-03-01/remove")).submit("/remove")

    assert "Your days are added" in added.words
    assert added.path == again.path == "/availability?done=added"
    assert "Your days are added" not in again.words  # a notice is given once
    assert after_adding[-1] == (date(2031, 3, 1), date(2031, 3, 5))
    assert change.form().fields["first_year"] == ["2031"]
    assert "Your days are changed" in changed.words
    assert after_changing[-1] == (date(2031, 3, 1), date(2031, 3, 9))
    assert "The days are removed" in removed.words
    assert await days_of(cohort, row) == after_adding[:-1]
    events = select(AuditEvent).where(col(AuditEvent.subject) == f"assessor/{cohort.id}.{row.id}")
    assert [event.what for event in await cohort.rig.all(events)] == ["availability"] * 3


async def test_days_that_are_no_dates_or_meet_others_are_refused(cohort: CohortRig, a_visit: A_Visit) -> None:
    row, visit = await registered(cohort, a_visit)
    form = await visit.get(f"/availability/{cohort.id}/add")
    before = await days_of(cohort, row)

    nothing = await form.submit("/add")
    unreal = await form.submit("/add", {**FIRST, **LAST, "first_day": "31", "first_month": "2"})
    backwards = await form.submit("/add", {**FIRST, **LAST, "last_year": "2030"})
    meeting = await form.submit(
        "/add", {**FIRST, **LAST, "first_year": str(before[0][0].year), "first_month": str(before[0][1].month)}
    )

    assert [page.status for page in (nothing, unreal, backwards, meeting)] == [422] * 4
    assert 'href="#first"' in nothing.text
    assert 'id="first"' in nothing.text
    assert "The first day must be a real date" in unreal.words
    assert unreal.form().fields["last_year"] == ["2031"]
    assert "The last day must be the first day or later." in backwards.words
    assert "Change that period instead." in meeting.words
    assert await days_of(cohort, row) == before


async def test_too_few_days_are_a_warning(cohort: CohortRig, a_visit: A_Visit) -> None:
    row, visit = await registered(cohort, a_visit)
    ((began, _),) = await days_of(cohort, row)

    page = await (await visit.get(f"/availability/{cohort.id}/periods/{began.isoformat()}/remove")).submit("/remove")

    assert "You have too few days" in page.words
    assert "You will not be asked to assess until you add some." in page.words


async def test_capacity_is_never_below_what_is_held(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await accepted(cohort)
    by = await case.assessor(one)
    reference = one.partition(".")[2]
    visit = await a_visit(by)
    form = await visit.get(f"/availability/{cohort.id}/capacity")

    below = await form.submit("/capacity", capacity="0")
    wordy = await form.submit("/capacity", capacity="many")
    done = await form.submit("/capacity", capacity="1")

    assert "You hold 1 now, so enter 1 or more, and 50 at most." in form.words
    assert (below.status, "You hold 1 assessment now: enter 1 or more" in below.words) == (422, True)
    assert (wordy.status, "Enter a whole number, 50 or less" in wordy.words) == (422, True)
    assert "Your capacity is changed" in done.words
    assert "you get no more until you have room again" in done.words
    assert (await cohort.rig.get(Assessor, (reference, cohort.id))).capacity == 1


async def test_interests_are_chosen_from_what_the_cohort_names(cohort: CohortRig, a_visit: A_Visit) -> None:
    row, visit = await registered(cohort, a_visit)
    none = await visit.get(f"/availability/{cohort.id}/interests")
    case = await cohort.nominate()
    async with cohort.rig.sessions.begin() as session:
        nomination = await session.get_one(Nomination, case.id)
        nomination.interests = ["finance", "integrated_care"]
        session.add(nomination)

    form = await visit.get(f"/availability/{cohort.id}/interests")
    done = await form.submit("/interests", {"interests": ["integrated_care", "finance"]})
    unknown = await form.submit("/interests", {"interests": ["astrology"], "once": "another"})
    cleared = await (await visit.get(f"/availability/{cohort.id}/interests")).submit("/interests", {"interests": []})

    assert "Nobody in this round has named interests yet" in none.words
    assert "Finance, Integrated care" in done.words
    assert (unknown.status, "Choose interests from the list." in unknown.words) == (422, True)
    assert "Your interests are changed" in cleared.words
    assert (await cohort.rig.get(Assessor, (row.id, cohort.id))).interests == []


async def test_another_cohorts_register_is_not_found(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    other = await rig.cohort()
    _, visit = await registered(cohort, a_visit)

    asked = ("add", "capacity", "interests", "mixed-panels")
    pages = [await visit.get(f"/availability/{other.id}/{path}") for path in asked]
    sent = await visit.post(f"/availability/{other.id}/capacity", {"capacity": "3"})
    said = await visit.post(f"/availability/{other.id}/mixed-panels", {"properties": "woman"})

    assert [page.status for page in [*pages, sent, said]] == [404] * 6


async def test_what_one_says_of_oneself_is_kept_while_one_agrees_and_seen_by_oneself_alone(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    row, visit = await registered(cohort, a_visit)
    path = f"/availability/{cohort.id}/mixed-panels"
    operations = await a_visit(cohort.rig.operations)

    page = await visit.get(path)
    kept = await page.submit("/mixed-panels", {"properties": ["woman"]})
    again = await visit.get(path)
    there = await cohort.rig.all(select(OwnProperty).where(col(OwnProperty.assessor_id) == row.id))
    withdrawn = await again.submit("/mixed-panels", {"properties": []})
    other = await (await visit.get(path)).submit("/mixed-panels", {"properties": ["disabled"]})
    refused = await operations.get(path)

    assert f"/availability/{cohort.id}/mixed-panels" in (await visit.get("/availability")).links
    assert page.form("/mixed-panels").fields["properties"] == []
    assert "What you said of yourself is kept" in kept.words
    assert again.form("/mixed-panels").fields["properties"] == ["woman"]
    assert [one.property for one in there] == [AssessorProperty.WOMAN]
    assert "Nothing is kept of what you said of yourself" in withdrawn.words
    assert (other.status, "Choose from the list" in other.words) == (422, True)
    assert refused.status == 403
    assert await cohort.rig.all(select(OwnProperty).where(col(OwnProperty.assessor_id) == row.id)) == []


async def test_round_that_mixes_panels_by_nothing_asks_nothing(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await rig.cohort({"allocation.weight_mixed": 0.0})
    _, visit = await registered(cohort, a_visit)

    page = await visit.get("/availability")
    asked = await visit.get(f"/availability/{cohort.id}/mixed-panels")

    assert f"/availability/{cohort.id}/mixed-panels" not in page.links
    assert asked.status == 404
