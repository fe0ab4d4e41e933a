"""Files brought in on pages: previewed row by row, imported whole once confirmed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from models.enums import Role, Stage
from models.messages import By
from models.tables import ApplicationDraft, Assessor, Nomination, Organisation, Person, RoleGrant
from portal.app import make_portal
from portal.aside import Answer, Aside, Sessions, Work
from portal.operations.keeping.kept_files import GOOD_FOR, MOST_FILES, KeptFile, KeptFiles
from portal.services import Services
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import CohortRig, Rig

ORGANISATIONS = "code,name,type,region,local_office_code,system_code,system_name\n"
OFFICERS = "full_name,email,role,organisation\n"
ASSESSORS = "reference,full_name,email,role,organisation,capacity,availability,declared_conflicts\n"
NOMINATIONS = (
    "reference,organisation,route,nominator_email,nominee_name,nominee_email,readiness,"
    "endorser_name,endorser_email,endorser_post,endorser_organisation,endorsement\n"
)


def nomination(number: int, cohort: str, *, nominator: str = "p-0000000000a5@example.nhs.test") -> str:
    return (
        f"R1D-{number},R1D,organisation,{nominator},Nominee Number,nominee.{number}.{cohort}@example.nhs.test,"
        "ready_now,Ann Lee,ann.lee@example.nhs.test,chief_executive,R1D,I support this.\n"
    )


def organisation(code: str, name: str) -> str:
    return f"{code},{name},acute_trust,Midlands and East,Q76,S{code},System {code}\n"


async def chosen(visit: Visit, kind: str, content: str | bytes, cohort: str = "") -> Seen:
    """Chooses a file on the page and asks for its preview."""
    page = await visit.get("/operations/import")
    (once,) = page.form("/import").fields["once"]
    answer = await visit.client.post(
        "/operations/import",
        data={"kind": kind, "cohort": cohort, "once": once},
        files={"file": ("rows.csv", content.encode() if isinstance(content, str) else content, "text/csv")},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    return Seen(visit, answer)


async def stored(rig: Rig, *codes: str) -> list[str]:
    return await rig.all(
        select(Organisation.name).where(col(Organisation.code).in_(codes)).order_by(col(Organisation.code))
    )


async def test_each_row_is_previewed_and_nothing_is_written_before_it_is_confirmed(
    rig: Rig, a_visit: A_Visit
) -> None:
    visit = await a_visit(rig.operations)
    one, two, three = organisation("RQ1", "First"), organisation("RQ2", "Second"), organisation("RQ3", "Third")
    await (await chosen(visit, "organisations", ORGANISATIONS + one + two)).submit()
    changed = ORGANISATIONS + one + two.replace("Second", "Renamed") + three

    preview = await chosen(visit, "organisations", changed)
    untouched = await stored(rig, "RQ1", "RQ2", "RQ3")
    done = await preview.submit()
    twice = await preview.submit()
    again = await chosen(visit, "organisations", changed)

    assert preview.path.startswith("/operations/import/")
    assert "1 New 1 Changed 1 As it is" in preview.words
    assert "Name: Second, then Renamed" in preview.words
    assert "RQ3: Third" in preview.words
    assert untouched == ["First", "Second"]
    assert "2 rows were brought in" in done.words
    assert twice.path == done.path
    assert await stored(rig, "RQ1", "RQ2", "RQ3") == ["First", "Renamed", "Third"]
    assert "Everything in this file is there already" in again.words


async def test_refused_rows_are_named_by_line_and_column_and_nothing_is_imported(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)
    rows = OFFICERS + "Good Person,good.person@example.nhs.test,board,\n" + "Bad Person,at nowhere,emperor,\n"

    refused = await chosen(visit, "officers", rows)
    unknown = await chosen(visit, "officers", OFFICERS + "No Body,no.body@example.nhs.test,nominator,ZZ9\n")
    workbook = await chosen(visit, "officers", b"PK\x03\x04rest")
    without = await (await visit.get("/operations/import")).submit("/import", kind="officers")

    assert (refused.status, "2 problems, nothing was imported" in refused.words) == (422, True)
    assert refused.words.count("Line 3") == 2
    assert "emperor" in refused.words
    assert "at nowhere" not in refused.text
    assert "Column organisation There stands ZZ9" in unknown.words
    assert "Excel workbook" in workbook.words
    assert (without.status, "Choose a CSV file" in without.words) == (422, True)
    assert await rig.all(select(Person).where(col(Person.full_name).in_(["Good Person", "No Body"]))) == []


async def test_operations_bring_in_no_role_for_themselves(cohort: CohortRig, a_visit: A_Visit) -> None:
    rig = cohort.rig
    visit = await a_visit(rig.operations)
    own = await rig.get(Person, rig.operations.person)

    refused = await chosen(visit, "officers", OFFICERS + f"{own.full_name},{own.email},board,\n")
    assessor = f"OWN-1,{own.full_name},{own.email},chair,R1D,3,2018-10-01 to 2018-11-30,\n"
    register = await chosen(visit, "assessors", ASSESSORS + assessor, cohort.id)

    grants = await rig.all(select(RoleGrant.role).where(col(RoleGrant.person_id) == own.id))
    assert (refused.status, "Nobody gives themselves a role" in refused.words) == (422, True)
    assert (register.status, "Nobody makes themselves an assessor" in register.words) == (422, True)
    assert own.email not in refused.text
    assert grants == [Role.OPERATIONS]


async def test_file_too_large_is_refused(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)

    large = await chosen(visit, "organisations", ORGANISATIONS + "x" * 6_100_000)

    assert (large.status, "At most 5 MB" in large.words) == (413, True)


def officers(count: int) -> str:
    return OFFICERS + "".join(f"Person Number,person.{n:05}@example.nhs.test,board,\n" for n in range(count))


async def test_file_of_too_many_rows_is_refused_before_any_is_looked_at(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)

    many = await chosen(visit, "officers", officers(2_001))

    assert many.status == 422
    assert "The file has 2,001 rows, and at most 2,000 can be brought in at once here" in many.words
    assert "Divide it into smaller files" in many.words


class Noting(Aside):
    """Notes what is worked out beside the portal, and works it out."""

    def __init__(self) -> None:
        super().__init__()
        self.noted = 0

    async def worked_out(self, there: Sessions, work: Work[Answer]) -> Answer:
        self.noted += 1
        return await super().worked_out(there, work)


async def test_large_file_is_weighed_beside_the_portal_and_a_small_one_in_it(rig: Rig, services: Services) -> None:
    noting = Noting()
    beside = replace(services, aside=noting)
    visit = await Visit(make_portal(beside), beside).signed_in_as(rig.operations)

    small = await chosen(visit, "officers", officers(2))
    before = noting.noted
    large = await chosen(visit, "officers", officers(1_500))
    bad = await chosen(visit, "officers", officers(1_500).replace(",board,", ",emperor,"))
    await visit.close()

    assert ("2 New" in small.words, "1500 New" in large.words) == (True, True)
    assert (before, noting.noted) == (0, 2)
    assert (bad.status, "More than 1,000 problems" in bad.words) == (422, True)
    assert await rig.all(select(Person).where(col(Person.full_name) == "Person Number")) == []


async def test_nominations_are_made_once_confirmed_and_only_once(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)
    rows = NOMINATIONS + "".join(nomination(number, cohort.id) for number in (1, 2, 3))
    made = select(Nomination).where(col(Nomination.cohort_id) == cohort.id)

    preview = await chosen(visit, "nominations", rows, cohort.id)
    before = await cohort.rig.all(made)
    done = await preview.submit()
    for _ in range(100):
        if "is running" not in done.words:
            break
        done = await visit.get(done.path)
    again = await chosen(visit, "nominations", rows, cohort.id)

    assert "3 New 0 Changed 0 As it is" in preview.words
    assert "R1D-1: Nominee Number" in preview.words
    assert before == []
    assert "3 rows were brought in" in done.words
    found = await cohort.rig.all(made)
    assert sorted(row.reference for row in found) == ["R1D-1", "R1D-2", "R1D-3"]
    assert {row.nominated_by for row in found} == {cohort.rig.nominator.person}
    assert "Everything in this file is there already" in again.words


async def test_file_that_would_come_to_something_else_by_now_changes_nothing(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    rig = cohort.rig
    visit = await a_visit(rig.operations)
    organisations = await chosen(visit, "organisations", ORGANISATIONS + organisation("RQ7", "Seventh"))
    nominations = await chosen(visit, "nominations", NOMINATIONS + nomination(7, cohort.id), cohort.id)
    await (await chosen(visit, "organisations", ORGANISATIONS + organisation("RQ7", "Other"))).submit()
    await cohort.nominate(email=f"nominee.7.{cohort.id}@example.nhs.test")

    late = await organisations.submit()
    overtaken = await nominations.submit()

    assert (late.status, "Since the preview something has changed" in late.words) == (409, True)
    assert await stored(rig, "RQ7") == ["Other"]
    assert overtaken.status == 409
    there = await rig.all(select(Nomination.reference).where(col(Nomination.cohort_id) == cohort.id))
    assert there == [""]


async def test_assessors_and_their_conflicts_are_previewed_and_imported(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)
    row = f"B-001,Bo Field,bo.{cohort.id}@example.nhs.test,chair,RX1,6,2018-10-01 to 2018-11-30,R1D-1 mentoring\n"

    preview = await chosen(visit, "assessors", ASSESSORS + row, cohort.id)
    done = await preview.submit()
    changed = await chosen(visit, "assessors", ASSESSORS + row.replace(",6,", ",4,"), cohort.id)

    assert "1 declared conflicts wait for a nomination that is not there yet, on line 2" in preview.words
    assert "They take part in the next allocation run" in done.words
    assert "Capacity: 6, then 4" in changed.words
    assert (await cohort.rig.get(Assessor, ("B-001", cohort.id))).capacity == 6


async def test_applications_are_imported_as_drafts(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)
    await (await chosen(visit, "nominations", NOMINATIONS + nomination(1, cohort.id), cohort.id)).submit()
    criteria = [criterion.code for criterion in cohort.policy.scoring.criteria]
    head = ["reference", "employed_in_region", "reports_to_board", "next_step_executive", *criteria]
    head += ["readiness", "development_needs", "adjustments"]
    cells = ["R1D-1", "yes", "yes", "yes", *("What I did" for _ in criteria), "ready_now", "", ""]

    preview = await chosen(visit, "applications", ",".join(head) + "\n" + ",".join(cells) + "\n", cohort.id)
    done = await preview.submit()

    assert "1 New" in preview.words
    assert "What I did" not in preview.text
    assert "They are drafts" in done.words
    drafts = await cohort.rig.all(
        select(ApplicationDraft)
        .join(Nomination, col(Nomination.id) == col(ApplicationDraft.nomination_id))
        .where(col(Nomination.cohort_id) == cohort.id, col(Nomination.stage) == Stage.NOMINATED)
    )
    assert len(drafts) == 4 + len(criteria)


async def test_long_file_is_previewed_a_page_at_a_time(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)
    rows = "".join(organisation(f"RZ{number:03d}"[:5], f"Trust number {number}") for number in range(120))

    first = await chosen(visit, "organisations", ORGANISATIONS + rows)
    second = await visit.get(next(link for link in first.links if "after=" in link))

    assert "Trust number 49" in first.words
    assert "Trust number 50" not in first.words
    assert "Trust number 50" in second.words
    assert len(first.text) < 100_000


async def test_previewed_file_is_its_persons_alone(rig: Rig, a_visit: A_Visit) -> None:
    colleague = By(person=rig.chair.person, role=Role.OPERATIONS)
    async with rig.sessions.begin() as session:
        await session.merge(RoleGrant(person_id=colleague.person, role=Role.OPERATIONS, granted_at=datetime.now(UTC)))
    visit, other = await a_visit(rig.operations), await a_visit(colleague)
    try:
        preview = await chosen(visit, "organisations", ORGANISATIONS + organisation("RQ9", "Ninth"))

        seen = await other.get(preview.path)
        taken = await other.post(preview.path)
    finally:
        await rig.spoil("DELETE FROM rolegrant WHERE person_id = :id AND role = 'operations'", id=colleague.person)

    assert (seen.status, taken.status) == (404, 409)
    assert await stored(rig, "RQ9") == []


def test_kept_files_are_forgotten_in_time_and_in_number() -> None:
    files, now = KeptFiles(), datetime(2026, 11, 23, tzinfo=UTC)
    for number in range(MOST_FILES + 1):
        files.keep(KeptFile(str(number), "p-1", "officers", "", now, ()))

    assert files.find("0", "p-1", now) is None
    assert files.find("1", "p-1", now + GOOD_FOR) is not None
    assert files.find("1", "p-2", now) is None
    assert files.find("1", "p-1", now + GOOD_FOR + timedelta(seconds=1)) is None
