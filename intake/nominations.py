"""What a file says about nominations: which to make, the nominees' drafts, and declared conflicts.

Nominating starts a workflow, so nothing here makes a nomination: `plan_nominations` says which there are to make.
Nor does anything here commit.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from intake.known import Cell, one_at_a_time, people_at, unknown_organisations
from intake.problems import BadFile, RowProblem
from intake.register import Events, Imported, Tally
from intake.rows import ApplicationRow, AssessorRow, NominationRow
from models.enums import ENDS, NominationRoute, Role, Stage
from models.messages import THE_SYSTEM, By
from models.policy import NominationPolicy
from models.tables import ApplicationDraft, Cohort, DeclaredConflict, Nomination, Person, PolicyVersion, RoleGrant

_TYPING = frozenset({Stage.NOMINATED, Stage.APPLYING})


class NominationPlan(BaseModel):
    """The nominations a file asks for that are not there yet, in the file's order, and how many are."""

    model_config = ConfigDict(frozen=True)

    to_make: tuple[NominationRow, ...]
    unchanged: int


class _There(NamedTuple):
    """A cohort's nomination with its nominee's lower-case address."""

    nomination: Nomination
    address: str


async def plan_nominations(session: AsyncSession, cohort: Cohort, rows: Sequence[NominationRow]) -> NominationPlan:
    """Say which of a file's nominations are still to be made; nothing is written.

    Raises:
        BadFile: An organisation is unknown, the policy forbids self-nomination, a nominator may not nominate for
            the organisation, a reference belongs to another nomination, or a nominee is already nominated.
    """
    there = await _nominations(session, cohort.id)
    problems = await unknown_organisations(session, _organisations_of(rows))
    problems += await _not_nominators(session, rows)
    problems += await _forbidden_routes(session, cohort, rows)
    problems += _taken(rows, there)
    if problems:
        raise BadFile(problems)
    references = {known.nomination.reference for known in there}
    to_make = tuple(row for row in rows if row.reference not in references)
    return NominationPlan(to_make=to_make, unchanged=len(rows) - len(to_make))


def _problem(line: int, column: str, sentence: str, shown: str = "") -> RowProblem:
    return RowProblem(line=line, column=column, value_shown=shown, sentence=sentence)


async def _nominations(session: AsyncSession, cohort_id: str) -> list[_There]:
    found = await session.exec(
        select(Nomination, Person.email)
        .where(Nomination.cohort_id == cohort_id)
        .join(Person, col(Person.id) == col(Nomination.person_id))
    )
    return [_There(nomination, email.lower()) for nomination, email in found.all()]


def _organisations_of(rows: Sequence[NominationRow]) -> Iterable[Cell]:
    for row in rows:
        yield Cell(row.line, "organisation", row.organisation)
        if row.endorser_organisation:
            yield Cell(row.line, "endorser_organisation", row.endorser_organisation)
        for left in row.previous_organisations:
            yield Cell(row.line, "previous_organisations", left.organisation)


async def _not_nominators(session: AsyncSession, rows: Sequence[NominationRow]) -> list[RowProblem]:
    by_organisation = [row for row in rows if row.route is NominationRoute.ORGANISATION]
    people = await people_at(session, (row.nominator_email for row in by_organisation))
    granted = await session.exec(select(RoleGrant).where(RoleGrant.role == Role.NOMINATOR))
    allowed = {(grant.person_id, grant.organisation_code) for grant in granted.all()}
    sentence = (
        "This person is not a nominator of the organisation. Import the officers first, or correct the address."
    )
    return [
        _problem(row.line, "nominator_email", sentence)
        for row in by_organisation
        if (person := people.get(row.nominator_email.lower())) is None or (person.id, row.organisation) not in allowed
    ]


async def _forbidden_routes(session: AsyncSession, cohort: Cohort, rows: Sequence[NominationRow]) -> list[RowProblem]:
    version = await session.get(PolicyVersion, (cohort.id, cohort.policy_version))
    if version is None:
        raise LookupError(f"cohort {cohort.id} has no policy of version {cohort.policy_version}: store it first")
    if NominationPolicy.model_validate(version.document["nomination"]).self_nomination:
        return []
    sentence = "The cohort's policy does not allow self-nomination. Ask the organisation to nominate."
    return [_problem(row.line, "route", sentence, "self") for row in rows if row.route is NominationRoute.SELF]


def _taken(rows: Sequence[NominationRow], there: Sequence[_There]) -> Iterable[RowProblem]:
    """Where rows contradict the nominations that are there; a row that is one of them does not."""
    by_reference = {known.nomination.reference: known for known in there}
    live = {known.address: known.nomination for known in there if known.nomination.stage not in ENDS}
    for row in rows:
        nominee = row.nominee_email.lower()
        known = by_reference.get(row.reference)
        if known is not None:
            nomination = known.nomination
            stored = (known.address, nomination.organisation_code, nomination.route)
            if stored != (nominee, row.organisation, row.route):
                sentence = (
                    "This reference belongs to a nomination with another nominee, organisation or route. "
                    "Give a new nomination a new number."
                )
                yield _problem(row.line, "reference", sentence, row.reference)
        elif nominee in live:
            name = live[nominee].reference or live[nominee].id
            yield _problem(row.line, "nominee_email", f"This person is already nominated in the cohort, as {name}.")


async def import_applications(
    session: AsyncSession,
    cohort_id: str,
    rows: Sequence[ApplicationRow],
    at: datetime,
    *,
    by: By = THE_SYSTEM,
    events: Events | None = None,
) -> Imported:
    """Save what nominees wrote as drafts: each filled field that is absent or different, with a new revision.

    Empty cells leave a draft as it is. A submitted application is frozen: a row that says the same is counted as
    unchanged, one that says something else is a problem.

    Raises:
        BadFile: A nomination is unknown, or can no longer be typed into.
    """
    await one_at_a_time(session)
    there = {known.nomination.reference: known.nomination for known in await _nominations(session, cohort_id)}
    drafts = await _drafts(session, cohort_id)
    problems: list[RowProblem] = []
    for row in rows:
        nomination = there.get(row.reference)
        if nomination is None:
            sentence = "No nomination of the cohort has this reference. Import the nominations first, or correct it."
            problems.append(_problem(row.line, "reference", sentence, row.reference))
        elif nomination.stage not in _TYPING and _differing(row, nomination, drafts):
            sentence = f"This nomination is {nomination.stage}: its application can no longer be changed."
            problems.append(_problem(row.line, "reference", sentence, row.reference))
    if problems:
        raise BadFile(problems)
    tally = Tally(events)
    for row in rows:
        nomination = there[row.reference]
        fields = _differing(row, nomination, drafts)
        absent = not any((nomination.id, name) in drafts for name, _ in row.fields)
        _save(session, nomination, fields, drafts, at)
        names: dict[str, object] = {"fields": [name for name, _ in fields]}
        if not fields:
            tally.unchanged()
        elif absent:
            tally.new("application_draft", f"nomination/{nomination.id}", names)
        else:
            tally.changed("application_draft", f"nomination/{nomination.id}", {}, names)
    return await tally.close(session, at, by)


_Drafts = dict[tuple[str, str], ApplicationDraft]


async def _drafts(session: AsyncSession, cohort_id: str) -> _Drafts:
    found = await session.exec(
        select(ApplicationDraft)
        .join(Nomination, col(Nomination.id) == col(ApplicationDraft.nomination_id))
        .where(Nomination.cohort_id == cohort_id)
    )
    return {(draft.nomination_id, draft.field): draft for draft in found.all()}


def _differing(row: ApplicationRow, nomination: Nomination, drafts: _Drafts) -> list[tuple[str, str]]:
    """The row's fields that the drafts do not have, or have otherwise."""
    return [
        (name, content)
        for name, content in row.fields
        if (draft := drafts.get((nomination.id, name))) is None or draft.content != content
    ]


def _save(
    session: AsyncSession, nomination: Nomination, fields: Sequence[tuple[str, str]], drafts: _Drafts, at: datetime
) -> None:
    for name, content in fields:
        draft = drafts.get((nomination.id, name))
        if draft is None:
            session.add(ApplicationDraft(nomination_id=nomination.id, field=name, content=content, saved_at=at))
        else:
            draft.content, draft.revision, draft.saved_at = content, draft.revision + 1, at


async def import_declared_conflicts(
    session: AsyncSession,
    cohort_id: str,
    rows: Sequence[AssessorRow],
    at: datetime,
    *,
    by: By = THE_SYSTEM,
    events: Events | None = None,
) -> Imported:
    """Keep the conflicts that the register of assessors declares; the counts are of conflicts, not of rows.

    To be called once the nominations are made. A conflict that is there is never taken away by an import.

    Raises:
        BadFile: A nomination is unknown.
    """
    await one_at_a_time(session)
    there = {known.nomination.reference: known.nomination.id for known in await _nominations(session, cohort_id)}
    declared = [(row, conflict) for row in rows for conflict in row.declared_conflicts]
    sentence = "No nomination of the cohort has this reference. Import the nominations first, or correct it."
    problems = [
        _problem(row.line, "declared_conflicts", sentence, conflict.nomination)
        for row, conflict in declared
        if conflict.nomination not in there
    ]
    if problems:
        raise BadFile(problems)
    tally = Tally(events)
    for row, conflict in declared:
        nomination = there[conflict.nomination]
        subject = f"nomination/{nomination}"
        after: dict[str, object] = {"assessor": row.reference, "kind": conflict.kind.value}
        kept = await session.get(DeclaredConflict, (nomination, row.reference))
        if kept is None:
            session.add(
                DeclaredConflict(
                    nomination_id=nomination,
                    assessor_id=row.reference,
                    kind=conflict.kind,
                    declared_by=by.person,
                    declared_at=at,
                )
            )
            tally.new("conflict", subject, after)
        elif kept.kind != conflict.kind:
            before: dict[str, object] = {"assessor": row.reference, "kind": kept.kind}
            kept.kind = conflict.kind
            tally.changed("conflict", subject, before, after)
        else:
            tally.unchanged()
    return await tally.close(session, at, by)
