"""Lists at size: a page at a time by key, in a number of queries that the number of rows does not change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import event
from sqlmodel import col, select

from models.enums import NominationRoute, Readiness, Template
from models.messages import By
from models.tables import Nomination, NominationDraft, OutboxMessage, Person, RoleGrant
from portal.nominators.presenters import slug_of
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import CohortRig, Rig

MOST_BYTES = 100_000


async def place_of(rig: Rig, by: By) -> str:
    (code,) = await rig.all(select(RoleGrant.organisation_code).where(col(RoleGrant.person_id) == by.person))
    return str(code)


async def many(cohort: CohortRig, nominator: By, count: int) -> None:
    """So many nominations, letters and drafts of an organisation, with names as long as people have them."""
    rig, now = cohort.rig, datetime.now(UTC)
    place = await place_of(rig, nominator)
    async with rig.sessions.begin() as session:
        for _ in range(count):
            key = rig.number()
            person, nomination = f"p-d{key:011x}", f"{cohort.id}-x{key:05d}"
            name = f"Wilhelmina Featherstonehaugh {key}"
            session.add(Person(id=person, full_name=name, email=f"many.{key}@example.nhs.test"))
            await session.flush()
            session.add(
                Nomination(
                    id=nomination,
                    cohort_id=cohort.id,
                    person_id=person,
                    organisation_code=place,
                    nominated_by=nominator.person,
                    route=NominationRoute.ORGANISATION,
                    readiness=Readiness.READY_NOW,
                    created_at=now,
                    stage_since=now,
                    due_at=now + timedelta(days=3),
                )
            )
            session.add(
                OutboxMessage(
                    id=f"nomination/{nomination}:1:0",
                    template=Template.WITHDRAWN,
                    person_id=nominator.person,
                    cohort_id=cohort.id,
                    nomination_id=nomination,
                    queued_at=now,
                )
            )
            session.add(
                NominationDraft(
                    id=f"d-{key:016d}",
                    organisation_code=place,
                    cohort_id=cohort.id,
                    person_id=nominator.person,
                    content={"nominee_name": name},
                    begun_at=now,
                    saved_at=now,
                )
            )


@contextmanager
def counted(rig: Rig) -> Iterator[list[str]]:
    """Every statement sent to the database meanwhile."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    event.listen(rig.engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(rig.engine.sync_engine, "before_cursor_execute", note)


async def queries(rig: Rig, visit: Visit, path: str) -> tuple[int, Seen]:
    with counted(rig) as seen:
        page = await visit.get(path)
    assert page.status == 200
    return len(seen), page


async def test_number_of_queries_does_not_depend_on_the_number_of_rows(
    cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    visit = await a_visit(stranger)
    paths = ("/organisation", "/organisation/messages", "/organisation/people", "/organisation/nominate")
    await many(cohort, stranger, 2)
    # The first look reads the policy, once for each process.
    await visit.get(paths[0])
    few = [(await queries(cohort.rig, visit, path))[0] for path in paths]

    await many(cohort, stranger, 60)
    after = [await queries(cohort.rig, visit, path) for path in paths]

    assert [count for count, _ in after] == few
    assert max(few) <= 12
    assert all(len(page.response.content) < MOST_BYTES for _, page in after), [
        len(page.response.content) for _, page in after
    ]


async def test_nominations_are_paged_by_key_and_lead_back(cohort: CohortRig, a_visit: A_Visit, stranger: By) -> None:
    await many(cohort, stranger, 60)
    visit = await a_visit(stranger)

    first = await visit.get("/organisation")
    second = await visit.get(link_to(first, "after"))
    back = await visit.get(link_to(second, "before"))

    assert [len(own_links(page)) for page in (first, second, back)] == [50, 10, 50]
    assert own_links(back) == own_links(first)
    assert not set(own_links(first)) & set(own_links(second))
    assert not any("before=" in href for href in back.links)


async def test_filter_by_stage_keeps_to_it_over_pages(cohort: CohortRig, a_visit: A_Visit, stranger: By) -> None:
    await many(cohort, stranger, 60)
    ids = await cohort.rig.all(select(Nomination.id).where(col(Nomination.nominated_by) == stranger.person).limit(3))
    for one in ids:
        await cohort.rig.spoil("UPDATE nomination SET stage = 'scoring' WHERE id = :id", id=one)
    visit = await a_visit(stranger)

    scoring = await visit.get("/organisation", params={"stage": "scoring"})
    invited = await visit.get("/organisation", params={"stage": "nominated"})
    rest = await visit.get(link_to(invited, "after"))
    nonsense = await visit.get("/organisation", params={"stage": "nonsense", "after": "\x00"})

    assert {href.rsplit("/", 1)[1] for href in own_links(scoring)} == set(ids)
    assert len(own_links(invited)) + len(own_links(rest)) == 57
    assert "Being assessed (3)" in scoring.words
    assert nonsense.status == 404


async def test_messages_are_paged_newest_first_and_lead_back(
    cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    await many(cohort, stranger, 60)
    visit = await a_visit(stranger)

    first = await visit.get("/organisation/messages")
    second = await visit.get(link_to(first, "after"))
    back = await visit.get(link_to(second, "before"))

    shown = [[href for href in page.links if "/messages/" in href] for page in (first, second, back)]
    assert [len(links) for links in shown] == [50, 10, 50]
    assert shown[2] == shown[0]
    assert not set(shown[0]) & set(shown[1])


async def test_key_of_anybody_elses_message_is_read_as_one_that_is_not_there(
    cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    await many(cohort, stranger, 2)
    await many(cohort, cohort.rig.nominator, 1)
    await many(cohort, stranger, 2)
    (foreign,) = await cohort.rig.all(
        select(OutboxMessage.id)
        .where(
            col(OutboxMessage.person_id) == cohort.rig.nominator.person,
            col(OutboxMessage.cohort_id) == cohort.id,
            col(OutboxMessage.template) == Template.WITHDRAWN,
        )
        .order_by(col(OutboxMessage.queued_at).desc())
        .limit(1)
    )
    visit = await a_visit(stranger)

    for way in ("after", "before"):
        absent = await visit.get(f"/organisation/messages?{way}={slug_of('nomination/no-such-0001:1:0')}")
        tried = await visit.get(f"/organisation/messages?{way}={slug_of(foreign)}")

        assert [href for href in tried.links if "/messages/" in href] == [
            href for href in absent.links if "/messages/" in href
        ]
        assert len([href for href in tried.links if "/messages/" in href]) == 4


def own_links(page: Seen) -> list[str]:
    return [href for href in page.links if href.startswith("/organisation/nominations/")]


def link_to(page: Seen, way: str) -> str:
    return next(href for href in page.links if f"{way}=" in href)
