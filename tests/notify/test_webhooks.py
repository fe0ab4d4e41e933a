"""Events reach organisations' programs: signed, without anything personal, however often it takes."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import col, select
from temporalio.testing import WorkflowEnvironment

from acts.programs import ProgramActs
from models.enums import Stage
from models.messages import By, OutboxAsked
from models.programs import DeliveryStatus, EventKind
from models.tables import AuditEvent, Person, WebhookDelivery, WebhookEndpoint
from notify.events import owe_events
from notify.posting import Poster
from notify.webhooks import PAUSES, send_due, signature
from stack.postgres import EmbeddedPostgres
from tests.notify.answering import Answering, answering
from tests.workflows.conftest import a_rig, cohort, rig
from tests.workflows.rig import HOME, Case, CohortRig, Rig, eventually

__all__ = ["cohort", "rig"]

HERE = Poster(plain_allowed=True, private_allowed=True, timeout_seconds=5)


async def an_endpoint(rig: Rig, port: int, *kinds: EventKind) -> WebhookEndpoint:
    acts = ProgramActs(rig.sessions)
    return await acts.add_endpoint(HOME, rig.nominator, f"http://127.0.0.1:{port}/", kinds, poster=HERE)


async def owed_to(rig: Rig, endpoint: WebhookEndpoint) -> list[WebhookDelivery]:
    query = select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint.id)
    return await rig.all(query.order_by(col(WebhookDelivery.id)))


async def send_all(rig: Rig, now: datetime | None = None) -> None:
    while await owe_events(rig.sessions, now or datetime.now(UTC)):
        pass
    while (await send_due(rig.sessions, HERE, now=now or datetime.now(UTC))).tried:
        pass


async def withdrawn(cohort: CohortRig) -> Case:
    case = await cohort.nominate()
    await case.reach(Stage.WITHDRAWN)
    return case


async def end(rig: Rig, *endpoints: WebhookEndpoint) -> None:
    """Nothing of this test's is sent by the next one's."""
    for endpoint in endpoints:
        await ProgramActs(rig.sessions).remove_endpoint(HOME, rig.nominator, endpoint.id)


def test_signature_is_the_published_one() -> None:
    # The example of the Standard Webhooks libraries.
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_stages_of_own_nominations_arrive_signed_and_in_order(rig: Rig, cohort: CohortRig) -> None:
    async with answering() as server:
        endpoint = await an_endpoint(rig, server.port)
        case = await withdrawn(cohort)
        await send_all(rig)
        await end(rig, endpoint)

    events = [json.loads(one.body) for one in server.taken]
    first = server.taken[0]
    signed = signature(
        endpoint.secret, first.headers["webhook-id"], int(first.headers["webhook-timestamp"]), first.body
    )
    ordered = sorted(events, key=lambda event: int(event["id"]))
    assert [event["data"] for event in ordered] == [
        {"nomination": case.id, "cohort": cohort.id, "organisation": HOME, "from": None, "to": "nominated"},
        {"nomination": case.id, "cohort": cohort.id, "organisation": HOME, "from": "nominated", "to": "withdrawn"},
    ]
    assert {event["specversion"] for event in events} == {"1.0"}
    assert {event["type"] for event in events} == {"nomination.stage_changed"}
    assert {event["subject"] for event in events} == {case.id}
    assert first.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert first.headers["webhook-signature"] == signed
    assert len(base64.b64decode(endpoint.secret.removeprefix("whsec_"))) == 32


async def test_nothing_personal_is_sent(rig: Rig, cohort: CohortRig) -> None:
    async with answering() as server:
        endpoint = await an_endpoint(rig, server.port)
        case = await withdrawn(cohort)
        nominee = await rig.get(Person, case.nominee.person)
        await send_all(rig)
        await end(rig, endpoint)

    sent = b"".join(one.body + str(one.headers).encode() for one in server.taken).decode()
    assert case.id in sent
    for personal in (nominee.full_name, nominee.email, nominee.id, rig.nominator.person, "withdraw_reason"):
        assert personal not in sent


async def test_outcome_is_not_told_before_its_release(rig: Rig, cohort: CohortRig) -> None:
    async with answering() as server:
        endpoint = await an_endpoint(rig, server.port)
        case = await cohort.nominate()
        await case.reach(Stage.DECIDED)
        await send_all(rig)
        await end(rig, endpoint)

    told = [json.loads(one.body)["data"]["to"] for one in server.taken]
    assert "decided" in told
    sent = b"".join(one.body for one in server.taken).decode()
    assert [word for word in ("in_pool", "reserved", "admitted", "outcome") if word in sent] == []


async def test_other_organisations_and_earlier_events_are_not_told(rig: Rig, cohort: CohortRig, stranger: By) -> None:
    from tests.workflows.rig import ELSEWHERE

    await withdrawn(cohort)
    async with answering() as server:
        own = await an_endpoint(rig, server.port)
        acts = ProgramActs(rig.sessions)
        url = f"http://127.0.0.1:{server.port}/other"
        other = await acts.add_endpoint(ELSEWHERE, stranger, url, poster=HERE)
        before = await owed_to(rig, own)
        await withdrawn(cohort)
        await send_all(rig)
        await end(rig, own)

    assert before == []
    assert len(server.taken) == 2
    assert await owed_to(rig, other) == []


@pytest.fixture
async def stranger(rig: Rig) -> By:
    from models.enums import Role
    from models.ids import PersonId
    from models.tables import RoleGrant
    from tests.workflows.rig import ELSEWHERE

    by = By(person=PersonId(f"p-{uuid4().hex[:12]}"), role=Role.NOMINATOR)
    async with rig.sessions.begin() as session:
        session.add(Person(id=by.person, full_name="A stranger", email=f"{by.person}@example.nhs.test"))
        await session.flush()
        session.add(
            RoleGrant(person_id=by.person, role=by.role, organisation_code=ELSEWHERE, granted_at=datetime.now(UTC))
        )
    return by


async def test_following_again_owes_nothing_twice(rig: Rig, cohort: CohortRig) -> None:
    async with answering() as server:
        endpoint = await an_endpoint(rig, server.port)
        await withdrawn(cohort)
        await owe_events(rig.sessions, datetime.now(UTC))
        once = [row.id for row in await owed_to(rig, endpoint)]
        async with rig.sessions.begin() as session:
            row = await session.get_one(WebhookEndpoint, endpoint.id)
            row.after_position = endpoint.after_position
            session.add(row)
        await owe_events(rig.sessions, datetime.now(UTC))
        twice = [row.id for row in await owed_to(rig, endpoint)]
        await end(rig, endpoint)

    assert len(once) == 2
    assert twice == once


async def test_failed_event_is_tried_again_after_growing_pauses_and_given_up_after_days(
    rig: Rig, cohort: CohortRig
) -> None:
    async with answering() as server:
        endpoint = await an_endpoint(rig, server.port)
        await cohort.nominate()
        await eventually(lambda: _owed_one(rig, endpoint))
        (owed,) = await owed_to(rig, endpoint)
        server.answers = [(500, b"")] * 20
        now, tries = datetime.now(UTC), []
        for _ in range(12):
            sent = await send_due(rig.sessions, HERE, now=now)
            early = await send_due(rig.sessions, HERE, now=now)
            row = await rig.get(WebhookDelivery, owed.id)
            assert early.tried == 0
            if not sent.tried:
                break
            tries.append(row.next_at - now)
            now = row.next_at
        await end(rig, endpoint)

    assert row.status == DeliveryStatus.GIVEN_UP
    assert (row.tries, row.answered, row.failure) == (10, 500, "answered_500")
    assert tries[:-1] == list(PAUSES)
    assert timedelta(days=3) < sum(PAUSES, timedelta()) < timedelta(days=4)
    assert {one.headers["webhook-id"] for one in server.taken} == {owed.id}


async def _owed_one(rig: Rig, endpoint: WebhookEndpoint) -> bool:
    await owe_events(rig.sessions, datetime.now(UTC))
    return bool(await owed_to(rig, endpoint))


async def test_event_of_a_sender_that_died_is_sent_by_the_next(rig: Rig, cohort: CohortRig) -> None:
    async with answering() as server:
        endpoint = await an_endpoint(rig, server.port)
        await cohort.nominate()
        await eventually(lambda: _owed_one(rig, endpoint))
        (owed,) = await owed_to(rig, endpoint)
        now = datetime.now(UTC)
        async with rig.sessions.begin() as session:
            # As a sender leaves it that dies between its claim and its mark.
            row = await session.get_one(WebhookDelivery, owed.id)
            row.tries, row.next_at = 1, now + timedelta(minutes=1)
            session.add(row)

        held = await send_due(rig.sessions, HERE, now=now)
        later = await send_due(rig.sessions, HERE, now=now + timedelta(minutes=1))
        await end(rig, endpoint)

    assert (held.tried, later.delivered) == (0, 1)


async def test_endpoint_that_says_gone_is_sent_nothing_more(rig: Rig, cohort: CohortRig) -> None:
    async with answering() as server:
        endpoint = await an_endpoint(rig, server.port)
        server.answers = [(410, b"")] * 2
        await withdrawn(cohort)
        await send_all(rig)
        posted = len(server.taken)
        await withdrawn(cohort)
        await send_all(rig, datetime.now(UTC) + timedelta(days=1))

    assert posted == len(server.taken)
    assert (await rig.get(WebhookEndpoint, endpoint.id)).disabled_at is not None


async def test_slow_endpoint_holds_no_other_up(rig: Rig, cohort: CohortRig) -> None:
    hasty = Poster(plain_allowed=True, private_allowed=True, timeout_seconds=0.5)
    async with answering() as slow, answering() as quick:
        slow.silent = True
        endpoints = [await an_endpoint(rig, one.port) for one in (slow, quick)]
        await cohort.nominate()
        await eventually(lambda: _owed_one(rig, endpoints[1]))
        sent = await send_due(rig.sessions, hasty, now=datetime.now(UTC))
        await end(rig, *endpoints)

    assert (sent.delivered, sent.failed) == (1, 1)
    assert len(quick.taken) == 1


async def test_workflow_sends_in_shifts_whatever_becomes_of_the_worker(
    temporal_env: WorkflowEnvironment, postgres_server: EmbeddedPostgres, template_database: str, tmp_path: Path
) -> None:
    async with (
        a_rig(temporal_env, postgres_server, template_database, tmp_path) as rig,
        answering() as server,
    ):
        rig.poster = HERE
        queue = f"webhooks-{uuid4().hex}"
        handle = await rig.client.start_workflow(
            "webhooks", OutboxAsked(shift_seconds=1), id=f"webhooks/{queue}", task_queue=queue
        )
        endpoint = await an_endpoint(rig, server.port)
        case = await (await rig.cohort()).nominate()
        async with rig.worker(task_queue=queue):
            await eventually(lambda: _taken(server), lambda count: count >= 1)
        await case.withdraw()
        async with rig.worker(task_queue=queue):
            await eventually(lambda: _taken(server), lambda count: count >= 2)
        rows = await eventually(
            lambda: owed_to(rig, endpoint),
            lambda rows: all(row.status == DeliveryStatus.DELIVERED for row in rows),
        )
        chain = await rig.all(select(AuditEvent.position).where(col(AuditEvent.subject) == case.id))
        await handle.terminate()

    assert [int(row.id.rpartition(".")[2]) in chain for row in rows] == [True, True]


async def _taken(server: Answering) -> int:
    return len(server.taken)
