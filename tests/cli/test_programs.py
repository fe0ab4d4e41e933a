"""Tokens and endpoints by the command line."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlmodel import col, select

from acts.programs import hash_of
from models.tables import ApiToken, AuditEvent, WebhookDelivery, WebhookEndpoint
from tests.cli.conftest import Starter
from tests.workflows.rig import Rig

HOME = ("--organisation", "R1D")


async def test_token_is_made_listed_and_revoked(rig: Rig, starter: Starter) -> None:
    maker = ("--as", rig.nominator.person)
    scopes = ("--scope", "nominations:read", "--scope", "exports:read")

    made = await starter("token", "make", *HOME, "--for", "Staff records", *scopes, *maker, "--json")
    listed = await starter("token", "list", *HOME, *maker)
    revoked = await starter("token", "revoke", made.document["id"], "--as", rig.operations.person)
    row = await rig.get(ApiToken, made.document["id"])
    events = await rig.all(
        select(AuditEvent.what).where(col(AuditEvent.subject) == f"token/{row.id}").order_by(col(AuditEvent.position))
    )

    assert [answer.status for answer in (made, listed, revoked)] == [0, 0, 0]
    assert row.token_sha256 == hash_of(made.document["token"])
    assert row.scopes == ["exports:read", "nominations:read"]
    assert row.revoked_at is not None
    assert row.id in listed.said
    assert made.document["token"] not in listed.said
    assert events == ["token_made", "token_revoked"]


async def test_token_is_made_by_a_nominator_of_the_organisation_alone(rig: Rig, starter: Starter) -> None:
    asked = ("token", "make", "--for", "Other", "--scope", "nominations:read")

    others = await starter(*asked, "--organisation", "RX1", "--as", rig.nominator.person)
    operations = await starter(*asked, *HOME, "--as", rig.operations.person)
    listed = await starter("token", "list", "--organisation", "RX1", "--as", rig.nominator.person)
    nobody = await starter("token", "list", *HOME)

    assert [answer.status for answer in (others, operations, listed, nobody)] == [1, 1, 1, 2]
    assert "only for their own organisation" in others.complained


async def test_endpoint_is_added_looked_at_replayed_and_removed(rig: Rig, starter: Starter) -> None:
    maker = ("--as", rig.nominator.person)
    added = await starter("webhook", "add", "https://hr.example/pool", *HOME, *maker, "--json")
    endpoint = added.document["id"]
    owed = f"{endpoint}.{uuid4().int % 10**12:012d}"
    now = datetime.now(UTC)
    async with rig.sessions.begin() as session:
        session.add(
            WebhookDelivery(
                id=owed, endpoint_id=endpoint, event={}, made_at=now, next_at=now, status="given_up", tries=10
            )
        )

    listed = await starter("webhook", "list", *HOME, *maker)
    deliveries = await starter("webhook", "deliveries", endpoint, *HOME, *maker, "--status", "given_up", "--json")
    replayed = await starter("webhook", "replay", endpoint, owed, *HOME, *maker)
    again = await rig.get(WebhookDelivery, owed)
    removed = await starter("webhook", "remove", endpoint, *HOME, *maker)
    unknown = await starter("webhook", "deliveries", "wh-000000000000", *HOME, *maker)

    assert added.document["secret"].startswith("whsec_")
    assert added.document["secret"] not in listed.said
    assert "https://hr.example/pool" in listed.said
    assert [one["id"] for one in deliveries.document] == [owed]
    assert (replayed.status, again.status, again.tries) == (0, "waiting", 0)
    assert removed.status == 0
    assert (await rig.get(WebhookEndpoint, endpoint)).disabled_at is not None
    assert unknown.status == 1


async def test_address_that_will_not_do_is_refused(rig: Rig, starter: Starter) -> None:
    maker = ("--as", rig.nominator.person)
    addresses = ("ftp://hr.example/", "https://name:word@hr.example/", "https://hr.example/#here", "https://")

    answers = [await starter("webhook", "add", address, *HOME, *maker) for address in addresses]

    assert [answer.status for answer in answers] == [1, 1, 1, 1]
    assert all("address" in answer.complained for answer in answers)
