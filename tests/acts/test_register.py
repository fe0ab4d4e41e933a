"""An assessor's place in the register: what they may change, and what is refused."""

from datetime import date

import pytest
from sqlmodel import col, select

from acts import Acts
from acts.errors import NotKnownError, RefusedError
from acts.register import MOST_PERIODS, Period, RegisterActs
from models.enums import AssessmentStage, ConflictKind, Role, Stage
from models.ids import AssessorId, CohortId
from models.messages import By
from models.tables import Assessor, AuditEvent, Availability, DeclaredConflict
from tests.activities.cohort import NOMINATOR, OPERATIONS, CohortInRows, Sessions, assessing, nominee

ASSESSOR = By(person=assessing(1), role=Role.ASSESSOR)
COHORT = CohortId("pilot")
SELF = AssessorId("A-001")
WEEK = Period(date(2031, 3, 3), date(2031, 3, 7))


@pytest.fixture
def register(acts: Acts) -> RegisterActs:
    """The acts."""
    return RegisterActs(acts.desk)


@pytest.fixture(autouse=True)
async def seated(rows: CohortInRows) -> None:
    """An assessor who holds one task."""
    await rows.begin(stage=Stage.SCORING)
    await rows.seat(1, 1, AssessmentStage.ACCEPTED)


async def days(sessions: Sessions) -> list[Period]:
    """The assessor's days that lie ahead."""
    async with sessions() as session:
        rows = await session.exec(
            select(Availability)
            .where(col(Availability.assessor_id) == SELF, col(Availability.from_day) >= date(2031, 1, 1))
            .order_by(col(Availability.from_day))
        )
        return [Period(row.from_day, row.until_day) for row in rows]


async def told(sessions: Sessions, what: str) -> list[tuple[object, object]]:
    """Before and after of each such event."""
    async with sessions() as session:
        events = await session.exec(select(AuditEvent).where(col(AuditEvent.what) == what))
        return [(event.before, event.after) for event in events]


async def test_period_is_added_once_and_changed_and_removed(register: RegisterActs, sessions: Sessions) -> None:
    later = Period(date(2031, 3, 5), date(2031, 3, 14))

    for _ in range(2):
        await register.add_period(COHORT, ASSESSOR, WEEK)
    added = await days(sessions)
    for _ in range(2):
        await register.change_period(COHORT, ASSESSOR, WEEK.from_day, later)
    changed = await days(sessions)
    for _ in range(2):
        await register.remove_period(COHORT, ASSESSOR, later.from_day)

    assert (added, changed, await days(sessions)) == ([WEEK], [later], [])
    assert len(await told(sessions, "availability")) == 3


@pytest.mark.parametrize(
    "period",
    [
        Period(date(2031, 3, 7), date(2031, 3, 9)),
        Period(date(2031, 3, 1), date(2031, 3, 3)),
        Period(date(2031, 3, 1), date(2031, 3, 31)),
        Period(date(2031, 3, 4), date(2031, 3, 5)),
    ],
)
async def test_period_that_meets_another_is_refused(
    period: Period, register: RegisterActs, sessions: Sessions
) -> None:
    await register.add_period(COHORT, ASSESSOR, WEEK)

    with pytest.raises(RefusedError, match="3 March 2031 to 7 March 2031"):
        await register.add_period(COHORT, ASSESSOR, period)

    assert await days(sessions) == [WEEK]


async def test_period_that_ends_before_it_begins_is_refused(register: RegisterActs) -> None:
    with pytest.raises(RefusedError, match="must be the first day or later"):
        await register.add_period(COHORT, ASSESSOR, Period(WEEK.until_day, WEEK.from_day))


async def test_period_that_is_not_there_cannot_be_changed(register: RegisterActs) -> None:
    with pytest.raises(NotKnownError):
        await register.change_period(COHORT, ASSESSOR, date(2031, 6, 1), WEEK)


async def test_periods_have_an_end(register: RegisterActs, sessions: Sessions) -> None:
    async with sessions.begin() as session:
        session.add_all(
            Availability(
                assessor_id=SELF,
                cohort_id=COHORT,
                from_day=date(2040 + number, 1, 1),
                until_day=date(2040 + number, 1, 2),
            )
            for number in range(MOST_PERIODS)
        )

    with pytest.raises(RefusedError, match="Change one of them instead"):
        await register.add_period(COHORT, ASSESSOR, WEEK)


async def test_capacity_is_not_below_what_is_held(register: RegisterActs, sessions: Sessions) -> None:
    with pytest.raises(RefusedError, match="You hold 1 assessment now"):
        await register.set_capacity(COHORT, ASSESSOR, 0)
    with pytest.raises(RefusedError, match="50 or less"):
        await register.set_capacity(COHORT, ASSESSOR, 51)
    for _ in range(2):
        await register.set_capacity(COHORT, ASSESSOR, 1)

    async with sessions() as session:
        row = await session.get_one(Assessor, (SELF, COHORT))
    assert row.capacity == 1
    assert [after for _, after in await told(sessions, "capacity")] == [{"capacity": 1}]


async def test_interests_are_words_that_somebody_uses(register: RegisterActs, sessions: Sessions) -> None:
    async with sessions.begin() as session:
        other = await session.get_one(Assessor, ("A-002", COHORT))
        other.interests = ["finance", "estates"]
        session.add(other)

    for _ in range(2):
        await register.set_interests(COHORT, ASSESSOR, ["finance", "finance"])
    with pytest.raises(RefusedError, match="Choose interests from the list"):
        await register.set_interests(COHORT, ASSESSOR, ["finance", "astrology"])

    async with sessions() as session:
        row = await session.get_one(Assessor, (SELF, COHORT))
    assert row.interests == ["finance"]
    assert [after for _, after in await told(sessions, "interests")] == [{"interests": ["finance"]}]


async def test_conflict_is_kept_once_whoever_says_so(
    register: RegisterActs, rows: CohortInRows, sessions: Sessions
) -> None:
    nomination = rows.nomination()

    await register.declare_conflict(nomination, SELF, ASSESSOR, ConflictKind.MENTORING)
    await register.declare_conflict(nomination, SELF, OPERATIONS, ConflictKind.FAMILY)
    await register.declare_conflict(nomination, AssessorId("A-002"), By(person=nominee(1), role=Role.NOMINEE))

    async with sessions() as session:
        kept = (await session.exec(select(DeclaredConflict).order_by(col(DeclaredConflict.assessor_id)))).all()
    assert [(row.assessor_id, row.kind) for row in kept] == [(SELF, "mentoring"), ("A-002", "other")]
    assert len(await told(sessions, "conflict declared")) == 2


@pytest.mark.parametrize(
    ("by", "assessor", "refusal"),
    [
        (ASSESSOR, AssessorId("A-002"), "only for themselves"),
        (NOMINATOR, SELF, "may not declare a conflict"),
        (By(person=nominee(2), role=Role.NOMINEE), SELF, "only on their own nomination"),
    ],
)
async def test_conflict_of_others_is_refused(
    by: By, assessor: AssessorId, refusal: str, register: RegisterActs, rows: CohortInRows
) -> None:
    with pytest.raises(RefusedError, match=refusal):
        await register.declare_conflict(rows.nomination(), assessor, by)


async def test_conflict_of_nobody_in_the_register_is_not_known(register: RegisterActs, rows: CohortInRows) -> None:
    with pytest.raises(NotKnownError, match="no assessor 'A-999'"):
        await register.declare_conflict(rows.nomination(), AssessorId("A-999"), OPERATIONS)


async def test_nobody_else_keeps_an_assessors_place(register: RegisterActs) -> None:
    with pytest.raises(RefusedError, match="may not keep availability"):
        await register.set_capacity(COHORT, OPERATIONS, 3)
    with pytest.raises(NotKnownError, match="not in the register"):
        await register.set_capacity(COHORT, By(person=nominee(1), role=Role.ASSESSOR), 3)
