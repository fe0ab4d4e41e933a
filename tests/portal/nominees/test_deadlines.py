"""What nominees read once a deadline has passed, once they have sent, and once assessors were asked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from models.enums import AssessmentStage, Stage, SteerReason
from models.tables import Assessment, Nomination
from portal.deadlines import Deadline
from portal.nominees.standing_words import Written
from portal.words import clock, day, moment
from rules.applications import form
from rules.calendar import after
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig

_DUE = datetime(2026, 11, 23, 20, 53, tzinfo=UTC)


async def due_since(case: Case, minutes: int) -> datetime:
    """The deadline passed so many minutes ago."""
    due = (datetime.now(UTC) - timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    async with case.rig.sessions.begin() as session:
        row = await session.get_one(Nomination, case.id)
        row.due_at = due
        session.add(row)
    return due


@pytest.mark.parametrize(
    ("minutes", "grace", "sentence"),
    [
        (-1, 5, "Send it by 8:53pm on 23 November 2026."),
        (0, 5, "Send it by 8:53pm on 23 November 2026."),
        (1, 5, "The deadline was 8:53pm on 23 November 2026. We still take it until 8:58pm."),
        (1, 300, "The deadline was 8:53pm on 23 November 2026. We still take it until 1:53am on 24 November 2026."),
        (6, 5, "The deadline was 8:53pm on 23 November 2026. We no longer take it."),
    ],
)
def test_deadline_is_said_as_it_stands(minutes: int, grace: int, sentence: str) -> None:
    deadline = Deadline(_DUE, _DUE + timedelta(minutes=grace), _DUE + timedelta(minutes=minutes))

    assert deadline.ask("Send it") == sentence


@pytest.mark.parametrize("stage", [Stage.NOMINATED, Stage.APPLYING])
async def test_nominee_reads_in_the_grace_until_when_it_is_still_taken(
    cohort: CohortRig, a_visit: A_Visit, stage: Stage
) -> None:
    case = await cohort.nominate()
    if stage is Stage.APPLYING:
        await case.reach(stage)
    due = await due_since(case, 1)
    last = after(due, cohort.policy.window.grace, cohort.policy.bank_holidays)
    visit = await a_visit(case.nominee)
    paths = ["", "/application", "/application/task/development", "/extension", "/extension/asked"]
    if stage is Stage.NOMINATED:
        paths += ["/consent"]
    else:
        paths += ["/application/check", "/agreed"]

    pages = [await visit.get(f"/my-nomination/{case.id}{path}") for path in paths]

    told = f"The deadline was {moment(due)}. We still take it until "
    assert [page.path for page in pages if told not in page.words] == []
    assert [page.path for page in pages if f" by {moment(due)}" in page.words] == []
    assert all(clock(last) in page.words for page in pages)


async def test_pages_of_an_application_that_was_sent_say_when(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    visit = await a_visit(case.nominee)
    task = await visit.get(f"/my-nomination/{case.id}/application/task/development")
    await case.apply(eligible=False)
    await case.until(Stage.SCREENING)

    paths = ["/extension", "/application", "/application/check", "/application/task/development"]
    pages = [await visit.get(f"/my-nomination/{case.id}{path}") for path in paths]
    typed = await task.submit(None, {"development_needs": "Too late."})
    saved = await visit.post(
        f"/my-nomination/{case.id}/application/save", {"field": "development_needs", "content": "Too late."}
    )

    assert {page.path for page in pages} == {f"/my-nomination/{case.id}?closed=yes"}
    assert all("You sent your application at" in page.words for page in pages)
    assert all("It can no longer be changed" in page.words for page in pages)
    assert typed.status == 409
    assert "it can no longer be changed" in typed.words
    assert "Too late." in typed.words
    assert "more time" not in typed.words
    assert saved.status == 422
    assert "it can no longer be changed. Copy what you typed" in saved.text


async def test_answers_are_counted_without_the_optional_ones(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    needed = [field for field in form(cohort.policy) if field.required]
    visit = await a_visit(case.nominee)
    acts, by = cohort.rig.acts.nominations, case.nominee
    answers = {field.name: field.choices[0] if field.choices else "As asked." for field in needed}

    before = await visit.get("/my-nomination")
    await acts.save_typed(case.id, by, {needed[0].name: answers[needed[0].name]}, {needed[0].name: 0})
    one = await visit.get("/my-nomination")
    rest = {field.name: answers[field.name] for field in needed[1:]}
    await acts.save_typed(case.id, by, rest, dict.fromkeys(rest, 0))
    every = await visit.get("/my-nomination")
    tasks = await visit.get(f"/my-nomination/{case.id}/application")

    assert "You have answered" not in before.words
    assert f"You have answered 1 of {len(needed)} questions. One more is optional." in one.words
    assert "Every question that needs an answer has one. One more is optional." in every.words
    assert "Every question that needs an answer has one." in tasks.words


def test_nothing_is_counted_before_it_is_begun() -> None:
    assert Written(0, 11, 1, begun=False).words == ""


async def test_once_assessors_were_asked_the_step_says_when_they_submit(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    visit = await a_visit(case.nominee)
    window = f"between {day(cohort.policy.panel.assessed_from)} and {day(cohort.policy.panel.assessed_until)}"

    before = await visit.get("/my-nomination")
    await case.seat()
    await case.until(Stage.SCORING)
    asked = await visit.get("/my-nomination")
    offered = await offers(case)

    within, holidays = cohort.policy.assessors.score_within, cohort.policy.bank_holidays
    last = max(after(due, within, holidays) for due in offered)
    assert window in before.words
    assert window not in asked.words
    assert f"by {day(last)}, unless one of them gets more time" in asked.words


async def offers(case: Case) -> list[datetime]:
    """When each offer of the nomination's panel must be answered."""
    rows = await case.rig.all(select(Assessment).where(col(Assessment.nomination_id) == case.id))
    return [row.due_at for row in rows if row.stage is AssessmentStage.OFFERED and row.due_at]


async def test_organisation_reads_in_the_grace_until_when_it_is_still_taken(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    due = await due_since(case, 1)
    last = after(due, cohort.policy.window.grace, cohort.policy.bank_holidays)
    visit = await a_visit(cohort.rig.nominator)

    page = await visit.get(f"/organisation/nominations/{case.id}")
    lists = await visit.get("/organisation")

    told = f"The deadline was {moment(due)}. We still take it until "
    assert told in page.words
    assert clock(last) in page.words
    assert "We remind them" not in page.words
    assert told in lists.words


async def test_nominee_who_is_paused_reads_no_deadline_and_may_go_on_writing(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    visit = await a_visit(case.nominee)
    before = await visit.get("/my-nomination")
    await cohort.rig.acts.nominations.pause(case.id, cohort.rig.operations, SteerReason.LEAVE)

    paused = await visit.get("/my-nomination")

    sends = "You send your application once your nomination goes on"
    assert sends not in before.words
    assert sends in paused.words
    assert f"/my-nomination/{case.id}/application" in paused.links
