"""Endpoints and deliveries by programs."""

from datetime import UTC, datetime

import pytest

from models.tables import WebhookDelivery, WebhookEndpoint
from tests.portal.api.conftest import A_Program, Caller, problem
from tests.workflows.rig import Rig

URL = "https://hr.example.org/pool"


@pytest.fixture
async def program(a_program: A_Program) -> Caller:
    return await a_program()


async def an_endpoint(program: Caller) -> str:
    return str((await program.post("/webhooks", {"url": URL})).json()["id"])


async def remove(program: Caller, endpoint: str, key: str = "remove") -> int:
    answer = await program.ask(
        "DELETE", f"/api/v1/webhooks/{endpoint}", headers={"Idempotency-Key": f"{key}-{endpoint}"}
    )
    return answer.status_code


async def test_endpoint_is_made_once_under_a_key_with_the_same_secret(rig: Rig, program: Caller) -> None:
    first, second = [await program.post("/webhooks", {"url": URL}, key="one-endpoint") for _ in range(2)]
    listed = await program.get("/webhooks", limit="200")

    row = await rig.get(WebhookEndpoint, first.json()["id"])
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.json()["secret"] == row.secret
    assert row.secret not in listed.text
    assert [one["url"] for one in listed.json()["items"] if one["id"] == row.id] == [URL]
    assert await remove(program, row.id) == 204


async def test_secret_is_renewed(rig: Rig, program: Caller) -> None:
    endpoint = await an_endpoint(program)
    before = (await rig.get(WebhookEndpoint, endpoint)).secret

    answer = await program.post(f"/webhooks/{endpoint}/secret")

    assert answer.json()["secret"] == (await rig.get(WebhookEndpoint, endpoint)).secret != before
    assert await remove(program, endpoint) == 204


async def test_repeat_of_an_old_request_gives_no_secret_that_was_renewed_since(rig: Rig, program: Caller) -> None:
    first = await program.post("/webhooks", {"url": URL}, key="before-renewal")
    path = f"/webhooks/{first.json()['id']}/secret"
    second, same = [await program.post(path, key="renewal-one") for _ in range(2)]
    third = await program.post(path, key="renewal-two")

    repeats = [
        await program.post("/webhooks", {"url": URL}, key="before-renewal"),
        await program.post(path, key="renewal-one"),
    ]

    newest = (await rig.get(WebhookEndpoint, first.json()["id"])).secret
    assert second.content == same.content
    assert third.json()["secret"] == newest
    assert [problem(repeat) for repeat in repeats] == [(409, "refused")] * 2
    assert [repeat for repeat in repeats if newest in repeat.text] == []
    assert "Renew it under another key" in repeats[0].json()["detail"]
    assert await remove(program, first.json()["id"]) == 204


async def test_delivery_is_looked_at_and_sent_again(rig: Rig, program: Caller) -> None:
    endpoint, now = await an_endpoint(program), datetime.now(UTC)
    async with rig.sessions.begin() as session:
        for position, status in enumerate(("delivered", "given_up", "waiting"), start=1):
            owed = f"{endpoint}.{position:012d}"
            session.add(
                WebhookDelivery(
                    id=owed, endpoint_id=endpoint, event={}, made_at=now, next_at=now, status=status, tries=position
                )
            )

    first = await program.get(f"/webhooks/{endpoint}/deliveries", limit="2")
    rest = await program.ask("GET", first.json()["next"])
    failed = await program.get(f"/webhooks/{endpoint}/deliveries", status="given_up")
    again = await program.post(f"/webhooks/{endpoint}/deliveries/{endpoint}.000000000002/replay")
    unknown = await program.post(f"/webhooks/{endpoint}/deliveries/{endpoint}.000000000009/replay")

    assert [one["status"] for one in first.json()["items"] + rest.json()["items"]] == [
        "delivered",
        "given_up",
        "waiting",
    ]
    assert [one["next_at"] is None for one in first.json()["items"]] == [True, True]
    assert [one["id"] for one in failed.json()["items"]] == [f"{endpoint}.000000000002"]
    assert (again.status_code, again.json()["status"], again.json()["tries"]) == (202, "waiting", 0)
    assert problem(unknown) == (404, "not-found")
    assert await remove(program, endpoint) == 204
    assert problem(await program.post(f"/webhooks/{endpoint}/deliveries/{endpoint}.000000000001/replay")) == (
        409,
        "refused",
    )


@pytest.mark.parametrize(
    "url",
    ["ftp://hr.example/", "https://name:word@hr.example/", "https://hr.example/#x", "/x", "https://hr.example:0/",
     "https://hr.example:65536/", "https://127.0.0.1/x", "https://10.1.2.3/", "https://169.254.169.254/", "https://[::1]/",
     "https://localhost/x", "https://intranet/x", "https://hr.localhost/"],
)  # fmt: skip
async def test_address_that_will_not_do_is_refused(program: Caller, url: str) -> None:
    refused = await program.post("/webhooks", {"url": url})

    assert problem(refused) == (422, "not-valid")
    assert [fault["where"] for fault in refused.json()["errors"]] == ["body/url"]
