"""An organisation's page for the addresses its events are sent to: added, tested, looked into, switched off."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import col, select

from acts.programs import MOST_ENDPOINTS, ProgramActs
from models.ids import OrganisationCode
from models.messages import By
from models.programs import EventKind
from models.tables import AuditEvent, WebhookDelivery, WebhookEndpoint
from notify.events import owe_events
from notify.posting import Poster
from notify.webhooks import send_due, signature
from tests.portal.api.keeping.conftest import ALL, OWN, SECRET, found_in
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig

URL = "https://hr.example.org/pool"


@dataclass(frozen=True)
class Noting(Poster):
    """Posts nothing, is answered well, and notes what it was given."""

    posted: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.posted.append((url, body, dict(headers)))
        return 204


async def added(visit: Visit, url: str = URL, **more: list[str]) -> Seen:
    return await (await visit.get(f"{OWN}/webhooks/new")).submit(None, {"url": url, **more})


@pytest.fixture(autouse=True)
async def none_are_left(rig: Rig) -> None:
    """An organisation has ten endpoints at most: those of the test before are switched off."""
    await rig.spoil("UPDATE webhookendpoint SET disabled_at = made_at WHERE disabled_at IS NULL")


async def test_address_is_added_with_events_and_its_secret_shown_once(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)

    shown = await added(visit, kinds=[EventKind.STAGE_CHANGED.value])
    secret = found_in(shown, SECRET)
    again, listed = await visit.get(shown.path), await visit.get(OWN)
    row = await rig.get(WebhookEndpoint, shown.path.rpartition("/")[2])

    assert (row.url, row.kinds, row.secret) == (URL, ["nomination.stage_changed"], secret)
    assert secret not in again.text + listed.text + shown.path
    assert URL in listed.words


async def test_form_sent_twice_adds_one_address(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    page = await visit.get(f"{OWN}/webhooks/new")

    first = await page.submit(None, {"url": f"{URL}/twice"})
    second = await page.submit(None, {"url": f"{URL}/twice"})
    rows = await rig.all(select(WebhookEndpoint.id).where(col(WebhookEndpoint.url) == f"{URL}/twice"))

    assert first.path == second.path
    assert len(rows) == 1
    assert SECRET.search(second.text) is None


@pytest.mark.parametrize(
    "url",
    ["", "hr.example.org", "ftp://hr.example.org/", "https://name:word@hr.example.org/", "https://hr.example.org/#x",
     "https://hr.example.org/ x", "https://hr.example.org:0/", "https://[::1", "https://höf.example.org/",
     "https://hr.example.org/" + "x" * 500, "javascript:alert(1)", "https://127.0.0.1/x", "https://10.0.0.7/x",
     "https://[fe80::1]/x", "https://localhost/x", "https://intranet/x", "https://hr.example.org:99999/"],
)  # fmt: skip
async def test_address_that_will_not_do_is_said_and_kept(rig: Rig, a_visit: A_Visit, url: str) -> None:
    visit = await a_visit(rig.nominator)

    page = await added(visit, url)

    assert page.status == 422
    assert page.form().fields["url"] == [url]
    assert "#url" in page.links


async def test_eleventh_address_is_refused_on_the_form(rig: Rig, a_visit: A_Visit) -> None:
    visit, acts = await a_visit(rig.nominator), ProgramActs(rig.sessions)
    for number in range(MOST_ENDPOINTS):
        await acts.add_endpoint(HOME, rig.nominator, f"{URL}/{number}")

    page = await added(visit)

    assert page.status == 422
    assert "at most 10 endpoints" in page.words


async def test_events_to_an_address_within_are_not_sent_and_the_page_says_why(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    # As it stands where private networks were allowed when it was added, or where a name led elsewhere then.
    within = "https://127.0.0.1/within"
    row = await ProgramActs(rig.sessions).add_endpoint(
        HOME, rig.nominator, within, poster=Poster(private_allowed=True)
    )
    shown = await visit.get(f"{OWN}/webhooks/{row.id}")
    tested = await shown.submit("/test")

    await send_due(rig.sessions, Poster(), now=rig.acts.desk.clock())
    after = await visit.get(shown.path)

    assert "Waiting" in tested.words
    assert "leads into a private network" in after.words


async def test_test_event_is_signed_sent_once_a_click_and_stands_in_the_log(rig: Rig, a_visit: A_Visit) -> None:
    visit, poster = await a_visit(rig.nominator), Noting()
    shown = await added(visit)
    secret, endpoint = found_in(shown, SECRET), shown.path.rpartition("/")[2]

    tested = await shown.submit("/test")
    await shown.submit("/test")
    now = rig.acts.desk.clock()
    await owe_events(rig.sessions, now)
    await send_due(rig.sessions, poster, now=now)
    after = await visit.get(shown.path)

    ((url, body, headers),) = poster.posted
    sent = int(headers["webhook-timestamp"])
    assert "A test event is on its way" in tested.words
    assert (url, headers["webhook-id"].split(".")[0]) == (URL, endpoint)
    assert headers["webhook-signature"] == signature(secret, headers["webhook-id"], sent, body)
    assert b'"type":"endpoint.test"' in body
    assert "Delivered" in after.words
    tests = await rig.all(select(AuditEvent.what).where(col(AuditEvent.subject) == f"webhook/{endpoint}"))
    assert sorted(tests) == ["webhook_added", "webhook_tested"]


async def test_test_event_takes_no_place_of_a_real_one(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    shown = await added(visit)
    endpoint = shown.path.rpartition("/")[2]

    await shown.submit("/test")
    case = await cohort.nominate()
    await (await visit.get(shown.path)).submit("/test")
    await owe_events(rig.sessions, rig.acts.desk.clock())
    rows = await rig.all(
        select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint).order_by(col(WebhookDelivery.id))
    )

    assert [row.event["type"] for row in rows] == ["endpoint.test", "nomination.stage_changed", "endpoint.test"]
    assert rows[1].event["subject"] == case.id


async def test_tests_of_one_address_are_bounded(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    shown = await added(visit)

    answers = [await (await visit.get(shown.path)).submit("/test") for _ in range(7)]

    assert [page.status for page in answers] == [200] * 6 + [429]


async def an_event(rig: Rig, endpoint: str, number: int, **more: object) -> str:
    now = rig.acts.desk.clock()
    row = WebhookDelivery.model_validate(
        {
            "id": f"{endpoint}.{number:012d}",
            "endpoint_id": endpoint,
            "event": {"type": "nomination.stage_changed", "subject": f"pilot-{number:04d}"},
            "made_at": now,
            "next_at": now + timedelta(days=1),
            **more,
        }
    )
    async with rig.sessions.begin() as session:
        session.add(row)
    return row.id


async def test_log_says_what_became_of_each_event_and_sends_one_again(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    shown = await added(visit)
    endpoint, now = shown.path.rpartition("/")[2], rig.acts.desk.clock()
    await an_event(rig, endpoint, 1, status="delivered", tries=1, answered=200, delivered_at=now)
    lost = await an_event(rig, endpoint, 2, status="given_up", tries=10, answered=500, failure="answered_500")
    await an_event(rig, endpoint, 3, status="waiting", tries=2, failure="tls_failed")

    log = await visit.get(shown.path)
    narrowed = await log.submit(shown.path, {"status": "given_up"})
    one = await visit.get(f"{shown.path}/deliveries/{lost}")
    again = await one.submit("/replay")
    row = await rig.get(WebhookDelivery, lost)

    assert log.words.index("pilot-0003") < log.words.index("pilot-0002") < log.words.index("pilot-0001")
    assert "certificate could not be trusted" in log.words
    assert "answered with the status 500" in narrowed.words
    assert "pilot-0001" not in narrowed.words
    assert '"subject": "pilot-0002"' in one.words
    assert "The event is sent again" in again.words
    assert (row.status, row.tries) == ("waiting", 0)


async def test_log_is_fifty_a_page(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    shown = await added(visit)
    endpoint = shown.path.rpartition("/")[2]
    for number in range(60):
        await an_event(rig, endpoint, number, status="given_up", tries=10, failure="address_not_public")

    first = await visit.get(f"{shown.path}?status=given_up")
    (onward,) = [link for link in first.links if "after=" in link]
    second = await visit.get(onward)

    counts = [len([link for link in page.links if "/deliveries/" in link]) for page in (first, second)]
    assert counts == [50, 10]
    assert len(first.text) < 100_000


async def test_address_is_switched_off_after_a_question_and_keeps_its_log(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    shown = await added(visit)
    owed = await an_event(rig, shown.path.rpartition("/")[2], 1)

    done = await (await visit.get(f"{shown.path}/off")).submit()
    test = await visit.post(f"{shown.path}/test")
    replay = await visit.post(f"{shown.path}/deliveries/{owed}/replay")
    listed = await visit.get(OWN)

    assert "The address was switched off" in done.words
    assert "It is not sent any more" in done.words
    assert [page.status for page in (test, replay)] == [409, 409]
    assert "Switched off" in listed.words
    assert f"{shown.path}/off" not in done.links


async def test_secret_is_renewed_and_the_new_one_shown_once(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.nominator)
    shown = await added(visit)
    before = found_in(shown, SECRET)

    renewed = await (await visit.get(f"{shown.path}/secret")).submit()
    after = found_in(renewed, SECRET)
    again = await visit.get(shown.path)

    assert after != before
    assert (await rig.get(WebhookEndpoint, shown.path.rpartition("/")[2])).secret == after
    assert SECRET.search(again.text) is None


async def test_operations_test_and_switch_off_and_never_see_a_secret(rig: Rig, a_visit: A_Visit) -> None:
    row = await ProgramActs(rig.sessions).add_endpoint(HOME, rig.nominator, URL)
    visit = await a_visit(rig.operations)
    path = f"{ALL}/{HOME}/webhooks/{row.id}"

    looked = await visit.get(path)
    tested = await looked.submit("/test")
    renewal = [await visit.get(f"{path}/secret"), await visit.post(f"{path}/secret")]
    done = await (await visit.get(f"{path}/off")).submit()

    assert row.secret not in looked.text + tested.text + done.text
    assert "A test event is on its way" in tested.words
    assert {page.status for page in renewal} <= {404, 405}
    assert "The address was switched off" in done.words


async def test_nobody_reaches_another_organisations_address(rig: Rig, a_visit: A_Visit, elsewhere: By) -> None:
    row = await ProgramActs(rig.sessions).add_endpoint(HOME, rig.nominator, URL)
    owed = await an_event(rig, row.id, 1)
    theirs = await ProgramActs(rig.sessions).add_endpoint(OrganisationCode(ELSEWHERE), elsewhere, URL)
    visit = await a_visit(elsewhere)
    path, own = f"{OWN}/webhooks/{row.id}", f"{OWN}/webhooks/{theirs.id}"

    pages = [
        *[await visit.get(one) for one in (path, f"{path}/off", f"{path}/secret", f"{path}/deliveries/{owed}")],
        *[await visit.post(f"{path}/{one}") for one in ("test", "off", "secret", f"deliveries/{owed}/replay")],
        await visit.get(f"{own}/deliveries/{owed}"),
        await visit.post(f"{own}/deliveries/{owed}/replay"),
    ]

    assert [page.status for page in pages] == [404] * len(pages)
    assert (await rig.get(WebhookEndpoint, row.id)).disabled_at is None
