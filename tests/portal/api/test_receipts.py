"""GOV.UK Notify calls back, and nobody else can."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from models.enums import MessageStatus
from models.tables import OutboxMessage
from portal.app import make_portal
from portal.services import Services
from tests.portal.api.conftest import problem
from tests.portal.visiting import HOST
from tests.workflows.rig import CohortRig, Rig, eventually

TOKEN = "the-token-that-notify-was-given"
PATH = "/api/v1/notify/receipts"


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    portal = make_portal(replace(services, receipts=SecretStr(TOKEN)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(portal), base_url=HOST) as client:
        yield client


async def test_receipt_marks_the_message(client: httpx2.AsyncClient, rig: Rig, cohort: CohortRig) -> None:
    case = await cohort.nominate()
    query = select(OutboxMessage).where(col(OutboxMessage.nomination_id) == case.id)
    (letter, *_) = await eventually(lambda: rig.all(query))
    async with rig.sessions.begin() as session:
        row = await session.get_one(OutboxMessage, letter.id)
        row.status = MessageStatus.SENT
        session.add(row)
    said = {"id": "x", "reference": letter.id, "to": "a@b.example", "status": "permanent-failure"}

    answer = await client.post(PATH, json=said, headers={"Authorization": f"Bearer {TOKEN}"})

    row = await rig.get(OutboxMessage, letter.id)
    assert answer.status_code == 204
    assert (row.status, row.failure) == (MessageStatus.FAILED, "notify_permanent_failure")


@pytest.mark.parametrize("shown", [None, "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"])
async def test_others_are_refused(client: httpx2.AsyncClient, shown: str | None) -> None:
    headers = {"Authorization": shown.encode()} if shown is not None else {}

    answer = await client.post(PATH, json={"id": "x", "status": "delivered"}, headers=headers)

    assert problem(answer) == (401, "token-missing")


async def test_without_a_token_in_the_settings_nobody_is_let_in(services: Services) -> None:
    portal = make_portal(services)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(portal), base_url=HOST) as client:
        answer = await client.post(
            PATH, json={"id": "x", "status": "delivered"}, headers={"Authorization": "Bearer "}
        )

    assert problem(answer) == (401, "token-missing")
