"""Tokens and endpoints of an organisation's programs: who may do what with them, and until when."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, select

from acts.errors import NotKnownError, RefusedError
from acts.programs import MOST_DAYS, MOST_ENDPOINTS, TEST, ProgramActs
from models.ids import OrganisationCode
from models.messages import By
from models.programs import Scope
from models.tables import ApiToken, AuditEvent, WebhookDelivery, WebhookEndpoint
from tests.activities.cohort import MODERATOR, NOMINATOR, OPERATIONS, OUTSIDER, CohortInRows, Sessions
from tests.acts.conftest import Clock

HOME = OrganisationCode("R1D")
READING = (Scope.NOMINATIONS_READ,)
URL = "https://hr.example.org/pool"


@pytest.fixture
async def programs(rows: CohortInRows, sessions: Sessions, clock: Clock) -> ProgramActs:
    """The acts, over a cohort's people."""
    await rows.begin()
    return ProgramActs(sessions, clock)


async def endpoint_of(programs: ProgramActs) -> WebhookEndpoint:
    return await programs.add_endpoint(HOME, NOMINATOR, URL)


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=10), timedelta(days=MOST_DAYS)])
async def test_token_ends_at_the_moment_asked_for(programs: ProgramActs, clock: Clock, ahead: timedelta) -> None:
    made = await programs.make_token(HOME, NOMINATOR, "Staff records", READING, until=clock.now + ahead)

    assert made.row.expires_at == clock.now + ahead


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=-1), timedelta(days=MOST_DAYS, seconds=1)])
async def test_token_that_would_end_at_another_time_is_refused(
    programs: ProgramActs, sessions: Sessions, clock: Clock, ahead: timedelta
) -> None:
    with pytest.raises(RefusedError, match="ends in the future"):
        await programs.make_token(HOME, NOMINATOR, "Staff records", READING, until=clock.now + ahead)

    async with sessions() as session:
        assert (await session.exec(select(ApiToken))).all() == []


async def test_organisation_has_ten_endpoints_however_many_are_added_at_once(
    programs: ProgramActs, sessions: Sessions
) -> None:
    answers = await asyncio.gather(*(endpoint_of(programs) for _ in range(14)), return_exceptions=True)

    async with sessions() as session:
        kept = (await session.exec(select(WebhookEndpoint.id))).all()
    assert len(kept) == MOST_ENDPOINTS
    assert [type(one) for one in answers if isinstance(one, Exception)] == [RefusedError] * (14 - MOST_ENDPOINTS)


@pytest.mark.parametrize("by", [NOMINATOR, OPERATIONS])
async def test_test_event_is_owed_at_its_place_of_the_audit_trail(
    programs: ProgramActs, sessions: Sessions, clock: Clock, by: By
) -> None:
    endpoint = await endpoint_of(programs)

    owed = await programs.send_test(HOME, by, endpoint.id)

    async with sessions() as session:
        (event,) = (await session.exec(select(AuditEvent).where(col(AuditEvent.what) == "webhook_tested"))).all()
        kept = await session.get_one(WebhookDelivery, owed.id)
    assert kept.id == f"{endpoint.id}.{event.position:012d}"
    assert (kept.event["type"], kept.event["id"], kept.event["data"]) == (
        TEST,
        str(event.position),
        {"organisation": HOME},
    )
    assert (kept.status, kept.next_at) == ("waiting", clock.now)
    assert (event.actor, event.subject) == (by.person, f"webhook/{endpoint.id}")


@pytest.mark.parametrize("by", [OUTSIDER, MODERATOR])
async def test_test_event_of_somebody_else_is_refused(programs: ProgramActs, sessions: Sessions, by: By) -> None:
    endpoint = await endpoint_of(programs)

    with pytest.raises(RefusedError):
        await programs.send_test(HOME, by, endpoint.id)

    async with sessions() as session:
        assert (await session.exec(select(WebhookDelivery))).all() == []


async def test_test_event_goes_to_no_endpoint_that_is_off_or_not_there(programs: ProgramActs) -> None:
    endpoint = await endpoint_of(programs)
    await programs.remove_endpoint(HOME, NOMINATOR, endpoint.id)

    with pytest.raises(RefusedError, match="add it again"):
        await programs.send_test(HOME, NOMINATOR, endpoint.id)
    with pytest.raises(NotKnownError):
        await programs.send_test(HOME, NOMINATOR, "wh-000000000000")
