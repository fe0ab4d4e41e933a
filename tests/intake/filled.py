"""Files as people fill them in, to be spoilt one cell at a time, and the way a file comes into the register."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from intake.files import (
    read_applications,
    read_assessors,
    read_nominations,
    read_officers,
    read_organisations,
)
from intake.nominations import import_applications, import_declared_conflicts, plan_nominations
from intake.register import import_assessors, import_officers, import_organisations
from models.enums import Stage
from models.tables import Cohort, Nomination, Person, PolicyVersion

PILOT = Path(__file__).resolve().parents[2] / "data" / "pilot"
AT = datetime(2018, 9, 3, 9, 0, tzinfo=UTC)
CRITERIA = (
    "quality_outcomes",
    "strategy_transformation",
    "equality_inclusion",
    "governance_assurance",
    "compassionate_culture",
    "partnerships",
)

ORGANISATION = {
    "code": "R1D",
    "name": "Shropshire Community Health NHS Trust",
    "type": "community_trust",
    "region": "Midlands and East",
    "local_office_code": "Q76",
    "system_code": "QOC",
    "system_name": "Shropshire and Telford and Wrekin",
    "legal_form": "NHS trust",
    "size_class_2017": "Community",
}
ASSESSOR = {
    "reference": "A-900",
    "full_name": "Siân Featherby",
    "email": "sian.featherby@example.nhs.test",
    "role": "chief_executive",
    "organisation": "R1D",
    "post": "Chief Executive",
    "previous_organisations": "05A 2016-03-31",
    "interests": "mental health;finance",
    "capacity": "6",
    "availability": "2018-10-01 to 2018-11-30",
    "training_expires": "",
    "declared_conflicts": "",
}
NOMINATION = {
    "reference": "R1D-90",
    "organisation": "R1D",
    "route": "organisation",
    "nominator_email": "nominator@example.nhs.test",
    "nominee_name": "Kwame Oakeshott",
    "nominee_email": "kwame.oakeshott@example.nhs.test",
    "current_post": "Deputy Director of Nursing",
    "readiness": "ready_now",
    "interests": "community care",
    "previous_organisations": "05A 2014-06-30",
    "endorser_name": "Moira Tembo",
    "endorser_email": "moira.tembo@example.nhs.test",
    "endorser_post": "chief_executive",
    "endorser_organisation": "R1D",
    "endorsement": "I endorse this nomination, and say so gladly.",
}
APPLICATION = {
    "reference": "R1D-80",
    "employed_in_region": "yes",
    "reports_to_board": "yes",
    "next_step_executive": "no",
    **dict.fromkeys(CRITERIA, "I led the work, and it lasted."),
    "readiness": "ready_now",
    "development_needs": "Finance.",
    "adjustments": "",
}
OFFICER = {
    "full_name": "Usha Raistrick",
    "email": "usha.raistrick@example.nhs.test",
    "post": "Head of Talent",
    "role": "nominator",
    "organisation": "R1D",
}
FILLED = {
    "organisations": ORGANISATION,
    "assessors": ASSESSOR,
    "nominations": NOMINATION,
    "applications": APPLICATION,
    "officers": OFFICER,
}


def written(*rows: dict[str, str]) -> bytes:
    """These rows as a file: UTF-8, commas, a header."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def spoilt(kind: str, **cells: str) -> bytes:
    """A file of one row with some cells replaced."""
    return written({**FILLED[kind], **cells})


async def bring(session: AsyncSession, kind: str, content: bytes) -> object:
    """Read a file of this kind and bring it in, as the command line does, without committing."""
    if kind == "organisations":
        return await import_organisations(session, read_organisations(content), AT)
    if kind == "assessors":
        rows = read_assessors(content)
        imported = await import_assessors(session, "pilot", rows, AT)
        await import_declared_conflicts(session, "pilot", rows, AT)
        return imported
    if kind == "nominations":
        cohort = (await session.exec(select(Cohort))).one()
        return await plan_nominations(session, cohort, read_nominations(content))
    if kind == "applications":
        return await import_applications(session, "pilot", read_applications(content, CRITERIA), AT)
    return await import_officers(session, read_officers(content), AT)


async def prepare(session: AsyncSession, *, self_nomination: bool = True) -> None:
    """A cohort, the organisations, a nominator of R1D, and one nomination, R1D-80, in the stage applying."""
    await import_organisations(session, read_organisations(PILOT / "organisations.csv"), AT)
    nominator = {**OFFICER, "full_name": "Nadia Verma", "email": "Nominator@example.nhs.test"}
    await import_officers(session, read_officers(written(nominator)), AT)
    session.add(
        Cohort(
            id="pilot",
            name="Pilot",
            region="Midlands and East",
            created_at=AT,
            opens_at=AT,
            closes_at=datetime(2018, 9, 30, 22, 59, tzinfo=UTC),
        )
    )
    nominee = Person(full_name="Tendai Sowerby", email="tendai.sowerby@example.nhs.test")
    session.add(nominee)
    await session.flush()
    session.add(
        PolicyVersion(
            cohort_id="pilot",
            version=1,
            document={"nomination": {"self_nomination": self_nomination, "consent_within": "10 days"}},
            sha256="0" * 64,
            created_at=AT,
        )
    )
    session.add(nomination("R1D-80", nominee))
    await session.commit()


def nomination(reference: str, nominee: Person) -> Nomination:
    """A nomination as the rest of the system makes it."""
    return Nomination(
        id=f"pilot-{reference.lower()}",
        cohort_id="pilot",
        reference=reference,
        person_id=nominee.id,
        organisation_code=reference.rsplit("-", 1)[0],
        nominated_by=nominee.id,
        route="organisation",
        readiness="ready_now",
        created_at=AT,
        stage=Stage.APPLYING,
        stage_since=AT,
    )


async def stored(session: AsyncSession) -> dict[str, list[str]]:
    """Every row of every table as text, with what this session has written and not committed."""
    await session.flush()
    rows: dict[str, list[str]] = {table.name: [] for table in SQLModel.metadata.sorted_tables}
    every = " UNION ALL ".join(f"SELECT '{name}', row_to_json(t)::text FROM \"{name}\" t" for name in rows)  # noqa: S608
    for name, row in (await (await session.connection()).execute(text(every))).all():
        rows[name].append(row)
    return {name: sorted(found) for name, found in rows.items()}
