"""Bringing checked rows into the register: all of a file or nothing, and the same file twice changes nothing.

None of these functions commits: the caller does, or rolls back for a trial run. Each checks everything against
the database before it writes, and raises `BadFile` with every problem it finds.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from intake.known import Cell, Wanted, one_at_a_time, people_at, unknown_organisations, upsert_people
from intake.problems import BadFile, RowProblem
from intake.rows import AssessorRow, OfficerRow, OrganisationRow
from models.enums import HOLDING
from models.messages import THE_SYSTEM, By
from models.tables import Assessment, Assessor, Availability, EarlierPost, Organisation, Person, RoleGrant
from storage import audit


class Imported(BaseModel):
    """How many rows of a file were new, changed something, or changed nothing."""

    model_config = ConfigDict(frozen=True)

    new: int = 0
    changed: int = 0
    unchanged: int = 0


class Outcome(StrEnum):
    """What a row comes to."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class RowOutcome(NamedTuple):
    """What a row comes to; ``before`` and ``after`` are what it changes, without anything personal."""

    outcome: Outcome
    before: Mapping[str, object]
    after: Mapping[str, object]


class Events:
    """The audit events of an import, kept until nothing else is to be written; ``rows``: what each row came to.

    Adding an event takes the chain's lock until the transaction ends. A workflow's step locks its rows first and
    the chain last; an import that did it the other way round would wait for the step, and the step for the import.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[str, str, dict[str, object] | None, dict[str, object]]] = []
        self.rows: list[RowOutcome] = []

    def keep(self, what: str, subject: str, before: dict[str, object] | None, after: dict[str, object]) -> None:
        """Keep one; ``before`` and ``after`` hold nothing personal."""
        self._kept.append((what, subject, before, after))

    async def write(self, session: AsyncSession, at: datetime, by: By) -> None:
        """Flush what the import changed, then add the events to the chain in the order they were kept."""
        await session.flush()
        for what, subject, before, after in self._kept:
            await audit.append(
                session,
                at=at,
                actor=by.person,
                role=by.role,
                what=what,
                subject=subject,
                before=before,
                after=after,
            )
        self._kept.clear()


class Tally:
    """Counts the rows of one import and keeps an audit event for each that changes something.

    Args:
        events: Where the events of several imports in one transaction are kept together, for the caller to write
            at its end; by default `close` writes them.
    """

    def __init__(self, events: Events | None = None) -> None:
        self._events, self._written_by_caller = events or Events(), events is not None
        self._new = self._changed = self._unchanged = 0

    def new(self, kind: str, subject: str, after: dict[str, object]) -> None:
        """A row added something; ``after`` holds nothing personal."""
        self._new += 1
        self._events.rows.append(RowOutcome(Outcome.NEW, {}, after))
        self._events.keep(f"{kind}_imported", subject, None, after)

    def changed(self, kind: str, subject: str, before: dict[str, object], after: dict[str, object]) -> None:
        """A row changed something; ``before`` and ``after`` hold nothing personal."""
        self._changed += 1
        self._events.rows.append(RowOutcome(Outcome.CHANGED, before, after))
        self._events.keep(f"{kind}_changed", subject, before, after)

    def unchanged(self) -> None:
        """A row was there already."""
        self._unchanged += 1
        self._events.rows.append(RowOutcome(Outcome.UNCHANGED, {}, {}))

    async def close(self, session: AsyncSession, at: datetime, by: By) -> Imported:
        """Everything is written but the events; the counts."""
        if self._written_by_caller:
            await session.flush()
        else:
            await self._events.write(session, at, by)
        return Imported(new=self._new, changed=self._changed, unchanged=self._unchanged)


async def import_organisations(
    session: AsyncSession,
    rows: Sequence[OrganisationRow],
    at: datetime,
    *,
    by: By = THE_SYSTEM,
    events: Events | None = None,
) -> Imported:
    """Add new organisations, and correct those whose name or place changed."""
    await one_at_a_time(session)
    tally = Tally(events)
    codes = [row.code for row in rows]
    found = await session.exec(select(Organisation).where(col(Organisation.code).in_(codes)))
    there = {organisation.code: organisation for organisation in found.all()}
    for row in rows:
        wanted = _organisation(row)
        organisation = there.get(row.code)
        if organisation is None:
            session.add(wanted)
            tally.new("organisation", f"organisation/{row.code}", dict(wanted.model_dump()))
        elif (before := organisation.model_dump()) != (after := wanted.model_dump()):
            for name, meaning in after.items():
                setattr(organisation, name, meaning)
            tally.changed("organisation", f"organisation/{row.code}", dict(before), dict(after))
        else:
            tally.unchanged()
    return await tally.close(session, at, by)


def _organisation(row: OrganisationRow) -> Organisation:
    return Organisation(
        code=row.code,
        name=row.name,
        type=row.type.value,
        region=row.region,
        local_office_code=row.local_office_code,
        system_code=row.system_code,
        system_name=row.system_name,
        legal_form=row.legal_form,
        size_class=row.size_class_2017,
    )


async def import_officers(
    session: AsyncSession,
    rows: Sequence[OfficerRow],
    at: datetime,
    *,
    by: By = THE_SYSTEM,
    events: Events | None = None,
) -> Imported:
    """Add the people who hold roles, and grant them the roles; no role is taken away.

    Raises:
        BadFile: A nominator's organisation is unknown, or a row gives a new role to who brings the file in.
    """
    await one_at_a_time(session)
    mentioned = [Cell(row.line, "organisation", row.organisation) for row in rows if row.organisation]
    problems = await unknown_organisations(session, mentioned)
    problems += await _given_to_oneself(session, rows, by)
    if problems:
        raise BadFile(problems)
    tally = Tally(events)
    people, changed = await upsert_people(session, _wanted(rows), correct=True)
    ids = [person.id for person in people.values()]
    granted = (await session.exec(select(RoleGrant).where(col(RoleGrant.person_id).in_(ids)))).all()
    there = {(grant.person_id, grant.role, grant.organisation_code) for grant in granted}
    for row in rows:
        person = people[row.email.lower()]
        after: dict[str, object] = {"role": row.role.value, "organisation": row.organisation}
        if (person.id, row.role, row.organisation) not in there:
            session.add(
                RoleGrant(person_id=person.id, role=row.role, organisation_code=row.organisation, granted_at=at)
            )
            tally.new("officer", f"person/{person.id}", after)
        elif row.email.lower() in changed:
            tally.changed("officer", f"person/{person.id}", {}, {"changed": "name or post"})
        else:
            tally.unchanged()
    return await tally.close(session, at, by)


async def import_assessors(
    session: AsyncSession,
    cohort_id: str,
    rows: Sequence[AssessorRow],
    at: datetime,
    *,
    by: By = THE_SYSTEM,
    events: Events | None = None,
) -> Imported:
    """Add assessors to a cohort's register and bring those that are there up to date.

    The file is the register: earlier posts and availability become what an assessor's row says. Assessors
    who are not in the file stay. Declared conflicts speak of nominations, so they wait for
    `intake.nominations.import_declared_conflicts`; with ``events`` both keep theirs for the caller to write.

    Raises:
        BadFile: An organisation is unknown, a reference or an address belongs to another assessor of the
            cohort, a capacity is below what the assessor already holds, or a row adds who brings the file in.
    """
    await one_at_a_time(session)
    found = await session.exec(select(Assessor).where(Assessor.cohort_id == cohort_id))
    there = {assessor.id: assessor for assessor in found.all()}
    problems = await unknown_organisations(session, _organisations_of(rows))
    problems += await _mistaken_identities(session, rows, there)
    problems += await _made_an_assessor_by_oneself(session, rows, there, by)
    problems += await _capacities_below_held(session, cohort_id, rows)
    if problems:
        raise BadFile(problems)
    tally = Tally(events)
    people, renamed = await upsert_people(session, _wanted(rows), correct=True)
    for row in rows:
        person = people[row.email.lower()]
        after = _assessor_words(row)
        assessor = there.get(row.reference)
        before = None if assessor is None else await _stored_words(session, assessor)
        subject = f"assessor/{cohort_id}/{row.reference}"
        if before == after and row.email.lower() not in renamed:
            tally.unchanged()
            continue
        await _store(session, cohort_id, row, person, assessor)
        if before is None:
            tally.new("assessor", subject, after)
        else:
            tally.changed("assessor", subject, before, after)
    return await tally.close(session, at, by)


def _wanted(rows: Sequence[OfficerRow | AssessorRow]) -> list[Wanted]:
    return [Wanted(row.email, row.full_name, row.post) for row in rows]


def _organisations_of(rows: Sequence[AssessorRow]) -> list[Cell]:
    own = [Cell(row.line, "organisation", row.organisation) for row in rows]
    earlier = [
        Cell(row.line, "previous_organisations", left.organisation)
        for row in rows
        for left in row.previous_organisations
    ]
    return own + earlier


async def _mistaken_identities(
    session: AsyncSession, rows: Sequence[AssessorRow], there: dict[str, Assessor]
) -> list[RowProblem]:
    """A reference stays with its person, and a person with their reference, through a cohort."""
    people = await people_at(session, (row.email for row in rows))
    reference_of = {assessor.person_id: assessor.id for assessor in there.values()}
    problems: list[RowProblem] = []
    for row in rows:
        person = people.get(row.email.lower())
        assessor = there.get(row.reference)
        held = reference_of.get(person.id) if person else None
        if assessor and (person is None or assessor.person_id != person.id):
            sentence = "This reference is registered for another email address. Give a new person a new reference."
            problems.append(_problem(row.line, "reference", row.reference, sentence))
        elif held not in {None, row.reference}:
            sentence = f"This address is registered as {held}. Use that reference."
            problems.append(_problem(row.line, "email", "", sentence))
    return problems


async def _given_to_oneself(session: AsyncSession, rows: Sequence[OfficerRow], by: By) -> list[RowProblem]:
    """A problem for each row that gives who brings the file in a role they do not hold yet."""
    own = await session.get(Person, by.person)
    if own is None:
        return []
    held = (await session.exec(select(RoleGrant).where(col(RoleGrant.person_id) == own.id))).all()
    there = {(grant.role, grant.organisation_code) for grant in held}
    sentence = "Nobody gives themselves a role. Take this row out, and ask somebody else in operations."
    return [
        _problem(row.line, "email", "", sentence)
        for row in rows
        if row.email.lower() == own.email.lower() and (row.role, row.organisation) not in there
    ]


async def _made_an_assessor_by_oneself(
    session: AsyncSession, rows: Sequence[AssessorRow], there: Mapping[str, Assessor], by: By
) -> list[RowProblem]:
    """A problem for the row that puts who brings the file in into a register where they do not stand yet."""
    own = await session.get(Person, by.person)
    sentence = "Nobody makes themselves an assessor. Take this row out, and ask somebody else in operations."
    return [
        _problem(row.line, "email", "", sentence)
        for row in rows
        if own is not None and row.email.lower() == own.email.lower() and row.reference not in there
    ]


async def _capacities_below_held(
    session: AsyncSession, cohort_id: str, rows: Sequence[AssessorRow]
) -> list[RowProblem]:
    counted = await session.exec(
        select(Assessment.assessor_id, func.count())
        .where(Assessment.cohort_id == cohort_id, col(Assessment.stage).in_(HOLDING))
        .group_by(Assessment.assessor_id)
    )
    held = dict(counted.all())
    return [
        _problem(
            row.line,
            "capacity",
            str(row.capacity),
            f"This assessor already holds {held[row.reference]} assessments. Reassign some first, or allow more.",
        )
        for row in rows
        if row.capacity < held.get(row.reference, 0)
    ]


def _problem(line: int, column: str, shown: str, sentence: str) -> RowProblem:
    return RowProblem(line=line, column=column, value_shown=shown, sentence=sentence)


def _assessor_words(row: AssessorRow) -> dict[str, object]:
    """What a row says, without the person: comparable with `_stored_words`."""
    return {
        "role": row.role.value,
        "organisation": row.organisation,
        "interests": list(row.interests),
        "capacity": row.capacity,
        "training_expires": row.training_expires.isoformat() if row.training_expires else None,
        "previous_organisations": sorted(
            f"{left.organisation} {left.left_on}" for left in row.previous_organisations
        ),
        "availability": [f"{days.first} to {days.last}" for days in row.availability],
    }


async def _stored_words(session: AsyncSession, assessor: Assessor) -> dict[str, object]:
    posts = await _earlier_posts(session, assessor.person_id)
    days = await _available(session, assessor.cohort_id, assessor.id)
    return {
        "role": assessor.role.value,
        "organisation": assessor.organisation_code,
        "interests": list(assessor.interests),
        "capacity": assessor.capacity,
        "training_expires": assessor.training_expires.isoformat() if assessor.training_expires else None,
        "previous_organisations": sorted(f"{post.organisation_code} {post.left_on}" for post in posts),
        "availability": [f"{stretch.from_day} to {stretch.until_day}" for stretch in days],
    }


async def _earlier_posts(session: AsyncSession, person_id: str) -> Sequence[EarlierPost]:
    return (await session.exec(select(EarlierPost).where(EarlierPost.person_id == person_id))).all()


async def _available(session: AsyncSession, cohort_id: str, assessor_id: str) -> Sequence[Availability]:
    query = select(Availability).where(Availability.cohort_id == cohort_id, Availability.assessor_id == assessor_id)
    return (await session.exec(query.order_by(col(Availability.from_day)))).all()


async def _store(
    session: AsyncSession, cohort_id: str, row: AssessorRow, person: Person, assessor: Assessor | None
) -> None:
    """Write one assessor with earlier posts and availability as the row has them."""
    if assessor is None:
        assessor = Assessor(
            id=row.reference,
            cohort_id=cohort_id,
            person_id=person.id,
            role=row.role,
            organisation_code=row.organisation,
            capacity=row.capacity,
        )
    assessor.role = row.role
    assessor.organisation_code = row.organisation
    assessor.interests = list(row.interests)
    assessor.capacity = row.capacity
    assessor.training_expires = row.training_expires
    session.add(assessor)
    for post in await _earlier_posts(session, person.id):
        await session.delete(post)
    for stretch in await _available(session, cohort_id, row.reference):
        await session.delete(stretch)
    # Deleted rows must be gone before rows with the same key come.
    await session.flush()
    session.add_all(
        EarlierPost(person_id=person.id, organisation_code=left.organisation, left_on=left.left_on)
        for left in row.previous_organisations
    )
    session.add_all(
        Availability(assessor_id=row.reference, cohort_id=cohort_id, from_day=days.first, until_day=days.last)
        for days in row.availability
    )
    await session.flush()
