"""Every reminder and deadline of a nomination and its assessments, to the minute, over clock changes and holidays.

What is expected is reckoned here by hand: days of the calendar, 23:59 and 09:00 in London. The policy's spans are
chosen from the present day, since a skipped clock begins at the wall's.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.enums import AssessmentStage, Resolution, Stage, SteerReason
from tests.workflows.rig import DAY, MINUTE, Case, Rig, eventually

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)


def in_london(day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=LONDON).astimezone(UTC)


def today() -> date:
    return datetime.now(LONDON).date()


def clock_changes() -> list[date]:
    """The next day on which the clocks go forward, and the next on which they go back, both well ahead."""
    days = (today() + number * DAY for number in range(12, 400))
    offset = timedelta(hours=12)
    changes = []
    for day in days:
        before = datetime.combine(day - DAY, time(12), tzinfo=LONDON).utcoffset()
        after = datetime.combine(day, time(12), tzinfo=LONDON).utcoffset()
        if before != after:
            changes.append(day)
    assert offset
    return changes[:2]


def at_the_minute(found: Iterable[datetime], expected: Iterable[datetime]) -> None:
    """Each moment found lies within the minute that begins when it was expected."""
    pairs = list(zip(list(found), list(expected), strict=True))
    assert pairs
    for one, due in pairs:
        assert due <= one < due + MINUTE, f"at {one}, expected {due}"


async def moments(case: Case, what: str, workflow: str | None = None) -> list[datetime]:
    return [event.at for event in await case.events(what, workflow=workflow)]


async def of_assessment(case: Case, assessment: str, what: str) -> list[datetime]:
    return await moments(case, what, f"assessment/{assessment}")


@pytest.mark.parametrize("which", [0, 1], ids=["next clock change", "the one after"])
async def test_consent_is_reminded_and_lapses_to_the_minute_over_a_clock_change(rig: Rig, which: int) -> None:
    change = clock_changes()[which]
    due_day = change + 2 * DAY  # the reminder of three days falls before the change, that of one day after it
    span = (due_day - today()).days
    cohort = await rig.cohort({"nomination.consent_within": f"{span} days"}, closes_in=timedelta(days=500))
    case = await cohort.nominate()
    due_at = in_london(due_day, 23, 59)

    await case.skip_to(due_at + HOUR)
    await case.until_closed()

    nominated = (await case.events("nominated"))[0]
    assert nominated.after is not None
    assert datetime.fromisoformat(str(nominated.after["due_at"])) == due_at
    at_the_minute(await moments(case, "reminded"), [in_london(due_day - days * DAY, 9, 0) for days in (7, 3, 1)])
    at_the_minute(await moments(case, "lapse"), [due_at + 5 * MINUTE])  # the pilot's grace


async def test_consent_ends_when_the_window_closes_first(rig: Rig) -> None:
    closes_at = in_london(today() + 5 * DAY, 17, 0)
    cohort = await rig.cohort(closes_at=closes_at)
    case = await cohort.nominate()

    await case.skip_to(closes_at + HOUR)
    await case.until_closed()

    at_the_minute(await moments(case, "reminded"), [in_london(today() + (5 - d) * DAY, 9, 0) for d in (3, 1)])
    at_the_minute(await moments(case, "lapse"), [closes_at + 5 * MINUTE])


async def test_application_is_taken_in_the_grace_and_lapses_after_it(rig: Rig) -> None:
    closes_at = in_london(today() + 12 * DAY, 17, 0)
    cohort = await rig.cohort(closes_at=closes_at)
    prompt, late = await cohort.nominate(), await cohort.nominate()
    for case in (prompt, late):
        await case.reach(Stage.APPLYING)
        await case.skip_to(closes_at + 4 * MINUTE)

    await prompt.apply()
    await late.skip(minutes=2)

    assert await late.until_closed()
    assert (await late.row()).stage is Stage.LAPSED
    at_the_minute(await moments(late, "lapse"), [closes_at + 5 * MINUTE])
    reminders = [in_london(today() + (12 - days) * DAY, 9, 0) for days in (7, 3, 1)]
    for case in (prompt, late):
        at_the_minute(await moments(case, "reminded"), reminders)
    assert await moments(prompt, "lapse") == []
    assert [letter.template for letter in await late.letters()][-2:] == ["lapsed", "lapsed"]


async def test_moved_window_moves_the_deadline_of_those_who_apply_and_nobody_else(rig: Rig) -> None:
    closes_at = in_london(today() + 12 * DAY, 17, 0)
    later = closes_at + 10 * DAY
    cohort = await rig.cohort(closes_at=closes_at)
    applying, waiting = await cohort.nominate(), await cohort.nominate()
    await applying.reach(Stage.APPLYING)
    await waiting.reach(Stage.AWAITING_PANEL)

    for case in (applying, waiting):
        await case.move_window(later)
    await eventually(lambda: applying.events("window moved"))
    await applying.skip_to(later + HOUR)
    await applying.until_closed()

    assert [letter.template for letter in await applying.letters()].count("deadline_moved") == 1
    at_the_minute(await moments(applying, "lapse"), [later + 5 * MINUTE])
    assert await waiting.events("window moved") == []
    assert (await waiting.row()).due_at is None


async def test_offer_skips_week_ends_and_bank_holidays(rig: Rig) -> None:
    working = [today() + n * DAY for n in range(1, 20) if (today() + n * DAY).weekday() < 5]
    holiday, due_day = working[1], working[3]  # three working days, one holiday among them
    cohort = await rig.cohort({"bank_holidays": frozenset({holiday}), "reminders.before": ["1 working day"]})
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first = (await case.offered())[0]
    due_at = in_london(due_day, 23, 59)

    stored = await rig.get(type((await case.panel())[0]), first)
    await case.skip_assessment_to(first, due_at + HOUR)
    await eventually(lambda: of_assessment(case, first, "expired"))

    assert stored.due_at == due_at
    at_the_minute(await of_assessment(case, first, "reminded"), [in_london(working[2], 9, 0)])
    at_the_minute(await of_assessment(case, first, "expired"), [due_at])  # an offer has no grace


async def test_scoring_is_reminded_overdue_and_expires_after_its_grace(rig: Rig) -> None:
    cohort = await rig.cohort({"assessors.score_within": "10 days", "assessors.score_grace": "2 days"})
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first = (await case.offered())[0]
    day = case.now().astimezone(LONDON).date()
    await case.accept(first)
    due_at = in_london(day + 10 * DAY, 23, 59)
    ends_at = in_london(day + 12 * DAY, 23, 59)

    assert (await case.assessment_state(first)).due_at == due_at
    await case.skip_assessment_to(first, ends_at + HOUR)
    await eventually(lambda: of_assessment(case, first, "expired"))

    before = [in_london(day + (10 - days) * DAY, 9, 0) for days in (7, 3, 1)]
    at_the_minute(await of_assessment(case, first, "reminded"), before)
    at_the_minute(await of_assessment(case, first, "overdue"), [due_at])
    at_the_minute(await of_assessment(case, first, "expired"), [ends_at])
    overdue = [letter for letter in await case.letters() if letter.template == "scoring_overdue"]
    assert [datetime.fromisoformat(letter.facts["due_at"]) for letter in overdue] == [ends_at]


async def test_overdue_scores_are_taken_until_the_grace_ends(rig: Rig) -> None:
    cohort = await rig.cohort({"assessors.score_within": "4 days", "assessors.score_grace": "2 days"})
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first = (await case.offered())[0]
    await case.accept(first)
    await case.skip_assessment(first, days=5)
    assert len(await of_assessment(case, first, "overdue")) == 1

    state = await case.score(first)

    assert state.stage is AssessmentStage.SUBMITTED


async def test_returned_assessment_has_the_time_to_score_again(rig: Rig) -> None:
    cohort = await rig.cohort({"assessors.score_within": "10 days"})
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    flags = await eventually(case.open_flags)
    one = (await case.panel())[0].id

    await rig.acts.board.resolve_flags(case.id, rig.moderator, flags, Resolution.MORE_EVIDENCE, assessment=one)  # type: ignore[arg-type]

    row = (await eventually(lambda: case.panel(AssessmentStage.RETURNED)))[0]
    day = case.now().astimezone(LONDON).date()
    assert (row.id, row.due_at) == (one, in_london(day + 10 * DAY, 23, 59))


async def test_reserve_list_closes_to_the_minute(rig: Rig) -> None:
    cohort = await rig.cohort({"admission.reserve_for": "400 days"})
    case = await (await cohort.nominate()).reach(Stage.RESERVED)
    due_at = in_london(case.now().astimezone(LONDON).date() + 400 * DAY, 23, 59)
    assert (await case.row()).due_at == due_at

    await case.skip_to(due_at + HOUR)
    await case.until_closed()

    lapse = (await case.events("lapse"))[0]
    assert lapse.after is not None
    assert lapse.after["stage"] == Stage.LAPSED
    assert [letter.template for letter in await case.letters()][-1] == "reserve_list_closed"
    at_the_minute([lapse.at], [due_at])


async def test_extension_moves_the_deadline_and_plans_its_reminders_afresh(rig: Rig) -> None:
    cohort = await rig.cohort({"nomination.consent_within": "5 days"})
    case = await cohort.nominate()
    until = in_london(today() + 30 * DAY, 12, 0)
    await case.skip(days=3)

    await rig.acts.nominations.extend(case.id, rig.operations, until, SteerReason.LEAVE)
    await case.skip_to(until + HOUR)
    await case.until_closed()

    first = (
        [in_london(today() + 2 * DAY, 9, 0)] if (datetime.now(LONDON) + 3 * DAY).date() >= today() + 2 * DAY else []
    )
    second = [in_london(today() + (30 - days) * DAY, 9, 0) for days in (7, 3, 1)]
    at_the_minute(await moments(case, "reminded"), first + second)
    at_the_minute(await moments(case, "lapse"), [until + 5 * MINUTE])
