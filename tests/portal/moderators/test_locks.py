"""One moderator at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from acts.board import BoardActs
from acts.errors import NotKnownError, RefusedError
from acts.locks import LASTS, HeldError, LockActs, NotHeldError, refuse_if_held
from acts.moderation import ModerationActs, Settling
from models.enums import Resolution, Role, Stage
from models.ids import NominationId, PersonId
from models.messages import By
from models.tables import AuditEvent, ModerationLock, Person, RoleGrant
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig, Rig

SECOND = By(person=PersonId("p-0000000000b2"), role=Role.MODERATOR)


async def another_moderator(rig: Rig) -> By:
    """A second moderator, the same for all tests."""
    async with rig.sessions.begin() as session:
        if await session.get(Person, SECOND.person) is None:
            session.add(Person(id=SECOND.person, full_name="Second Moderator", email="second@example.nhs.test"))
            await session.flush()
            session.add(RoleGrant(person_id=SECOND.person, role=SECOND.role, granted_at=datetime.now(UTC)))
    return SECOND


async def flagged(cohort: CohortRig) -> Case:
    return await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)


def acts_at_time(rig: Rig, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> LockActs:
    return LockActs(replace(rig.acts.desk, clock=clock))


def moderation_at_time(rig: Rig, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> ModerationActs:
    desk = replace(rig.acts.desk, clock=clock)
    return ModerationActs(desk, BoardActs(desk))


async def lock_of(rig: Rig, case: Case) -> ModerationLock | None:
    rows = await rig.all(select(ModerationLock).where(col(ModerationLock.nomination_id) == case.id))
    return rows[0] if rows else None


async def end_lock(rig: Rig, case: Case) -> None:
    """Lets the lock's time pass."""
    async with rig.sessions.begin() as session:
        lock = await session.get_one(ModerationLock, case.id)
        lock.ends_at = datetime.now(UTC) - timedelta(seconds=1)
        session.add(lock)


async def test_other_moderator_reads_and_cannot_act_while_one_has_it(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    first, second = await a_visit(rig.moderator), await a_visit(await another_moderator(rig))
    mine = await (await first.get(f"/quality/{case.id}")).submit("/start")

    theirs = await second.get(f"/quality/{case.id}")
    listed = await second.get(f"/quality?cohort={cohort.id}")
    started = await second.post(f"/quality/{case.id}/start")
    confirmed = await second.post(f"/quality/{case.id}/confirm", {"flags": ["1"], "checked": "yes"})

    assert "You have this nomination until" in mine.words
    assert "The moderator has this nomination until" in theirs.words
    assert "She led the merger" in theirs.words
    assert [one.action for one in theirs.forms if "quality" in one.action] == []
    assert "The moderator, until" in listed.words
    assert "1 with a moderator now" in listed.words
    for refused in (started, confirmed):
        assert refused.status == 409
        assert "The moderator has this nomination until" in refused.words
    assert await case.open_flags() != []


async def test_nomination_is_free_again_once_it_is_left(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    first, second = await a_visit(rig.moderator), await a_visit(await another_moderator(rig))
    page = await (await first.get(f"/quality/{case.id}")).submit("/start")

    left = await page.submit("/leave")
    taken = await (await second.get(f"/quality/{case.id}")).submit("/start")

    assert left.path == "/quality"
    assert "You have this nomination until" in taken.words


async def test_taking_taking_over_and_leaving_are_in_the_trail_and_keeping_longer_is_not(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    second = await another_moderator(rig)
    acts = acts_at_time(rig)

    await acts.start(case.id, rig.moderator)
    await acts.start(case.id, rig.moderator)
    await acts.leave(case.id, second)
    with pytest.raises(HeldError):
        await acts.start(case.id, second)
    await end_lock(rig, case)
    await acts.start(case.id, second)
    await acts.leave(case.id, second)
    events = await rig.all(
        select(AuditEvent)
        .where(col(AuditEvent.subject) == case.id, col(AuditEvent.what).startswith("moderation "))
        .order_by(col(AuditEvent.position))
    )
    trail = await (await a_visit(rig.operations)).get(f"/operations/audit?subject={case.id}")
    story = await (await a_visit(rig.operations)).get(f"/operations/nominations/{case.id}")

    assert [(one.what, one.actor, one.role) for one in events] == [
        ("moderation started", rig.moderator.person, "moderator"),
        ("moderation taken over", second.person, "moderator"),
        ("moderation left", second.person, "moderator"),
    ]
    for page in (trail, story):
        assert "A moderator began to look at the flags" in page.words
        assert "Another moderator took the flags over" in page.words
        assert "The moderator left the flags" in page.words


async def test_leaving_does_not_free_what_somebody_else_has(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    await acts_at_time(rig).start(case.id, rig.moderator)
    second = await a_visit(await another_moderator(rig))

    await second.post(f"/quality/{case.id}/leave")

    lock = await lock_of(rig, case)
    assert lock is not None
    assert lock.person_id == rig.moderator.person


async def test_stale_page_is_refused_after_another_took_over(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    first, second = await a_visit(rig.moderator), await a_visit(await another_moderator(rig))
    await (await first.get(f"/quality/{case.id}")).submit("/start")
    stale = await (await first.get(f"/quality/{case.id}/confirm?tick=all")).submit()
    await end_lock(rig, case)
    taken = await (await second.get(f"/quality/{case.id}")).submit("/start")

    page = await stale.submit()

    assert "You have this nomination until" in taken.words
    assert page.status == 409
    assert "Second Moderator has this nomination until" in page.words
    assert "What you sent has not been applied." in page.words
    assert await case.events("moderated") == []


async def test_lock_that_ended_and_nobody_took_still_holds(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    visit = await a_visit(rig.moderator)
    await (await visit.get(f"/quality/{case.id}")).submit("/start")
    form = await (await visit.get(f"/quality/{case.id}/confirm?tick=all")).submit()
    await end_lock(rig, case)

    done = await form.submit()

    assert done.heading == "Scores confirmed"


async def test_lock_lasts_half_an_hour_and_is_renewed_by_acting(rig: Rig, cohort: CohortRig) -> None:
    case = await flagged(cohort)
    began = datetime.now(UTC)
    later = began + timedelta(minutes=20)
    flags = await case.open_flags()

    until = await acts_at_time(rig, lambda: began).start(case.id, rig.moderator)
    await moderation_at_time(rig, lambda: later).settle(
        case.id, rig.moderator, Settling(flags[:1], Resolution.CONFIRM)
    )

    lock = await lock_of(rig, case)
    assert until == began + LASTS == began + timedelta(minutes=30)
    assert lock is not None
    assert lock.ends_at == later + LASTS


async def test_lock_is_taken_over_only_after_its_end(rig: Rig, cohort: CohortRig) -> None:
    case = await flagged(cohort)
    second = await another_moderator(rig)
    began = datetime.now(UTC)
    await acts_at_time(rig, lambda: began).start(case.id, rig.moderator)

    with pytest.raises(HeldError, match="Another moderator has this nomination until"):
        await acts_at_time(rig, lambda: began + LASTS - timedelta(seconds=1)).start(case.id, second)
    await acts_at_time(rig, lambda: began + LASTS).start(case.id, second)

    lock = await lock_of(rig, case)
    assert lock is not None
    assert lock.person_id == second.person


async def test_of_two_who_start_at_once_one_has_it(rig: Rig, cohort: CohortRig) -> None:
    case = await flagged(cohort)
    second = await another_moderator(rig)
    acts = acts_at_time(rig)

    answers = await asyncio.gather(
        *(acts.start(case.id, by) for by in (rig.moderator, second)), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["HeldError", "datetime"]


async def test_settling_without_starting_is_refused(rig: Rig, cohort: CohortRig) -> None:
    case = await flagged(cohort)
    flags = await case.open_flags()

    with pytest.raises(NotHeldError):
        await moderation_at_time(rig).settle(case.id, rig.moderator, Settling(flags, Resolution.CONFIRM))

    assert await case.open_flags() == flags


async def test_nothing_can_be_started_outside_quality_assurance_or_of_no_name(rig: Rig, cohort: CohortRig) -> None:
    case = await cohort.nominate()

    with pytest.raises(RefusedError, match="There are no flags to settle"):
        await acts_at_time(rig).start(case.id, rig.moderator)
    with pytest.raises(NotKnownError):
        await acts_at_time(rig).start(NominationId("c0000-0000"), rig.moderator)
    with pytest.raises(RefusedError, match="may not"):
        await acts_at_time(rig).start(case.id, rig.operations)


async def test_acts_elsewhere_can_ask_whether_somebody_else_has_it(rig: Rig, cohort: CohortRig) -> None:
    case = await flagged(cohort)
    second = await another_moderator(rig)
    until = await acts_at_time(rig).start(case.id, rig.moderator)

    async with rig.sessions() as session:
        with pytest.raises(HeldError):
            await refuse_if_held(session, case.id, second, until - timedelta(seconds=1))
        await refuse_if_held(session, case.id, second, until)
        await refuse_if_held(session, case.id, rig.moderator, until - timedelta(seconds=1))
