"""What can be taken out as a table: the columns with their meanings, and the rows that whoever asks may have.

Nobody gets by an export what no page would show them: scores are in none, outcomes only once they are released to
those who may not know before, names only for who may see names, and nothing of one's own nomination or of one that
one has still to score.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, Executable, Row, case, false, null, or_, true
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import and_, col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Role, Stage
from models.tables import (
    Assessment,
    Assessor,
    AuditEvent,
    Decision,
    Nomination,
    Organisation,
    OutboxMessage,
    Person,
)
from rules.permissions import Act, may
from storage.audit_pages import is_a_draft, is_about_others, sets_an_outcome, trail_line
from storage.lists import Asker, is_not_kept_from, visible_to
from storage.steps import table_of

Cell = str | int | float | bool | date | datetime | None
_AT_ONCE = 1000
_EVENT = table_of(AuditEvent)
_NAMES = frozenset({Role.OPERATIONS, Role.MODERATOR, Role.BOARD, Role.NOMINATOR})
_RELEASED = (Stage.IN_POOL, Stage.RESERVED, Stage.NOT_ADMITTED)


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, and what stands in it."""

    name: str
    meaning: str


@dataclass(frozen=True)
class Export:
    """A table that can be taken out of a cohort."""

    title: str
    columns: tuple[Column, ...]
    query: Callable[[Asker, str], Executable]
    cells: Callable[[Row[tuple[object, ...]]], Sequence[Cell]]


async def exported(
    session: AsyncSession, export: Export, asker: Asker, cohort: str
) -> AsyncIterator[list[Sequence[Cell]]]:
    """The rows, from one snapshot, a portion at a time."""
    connection = await session.connection()
    async with connection.stream(export.query(asker, cohort), execution_options={"yield_per": _AT_ONCE}) as rows:
        async for portion in rows.partitions():
            yield [export.cells(row) for row in portion]


def _columns(**meanings: str) -> tuple[Column, ...]:
    return tuple(Column(name, meaning) for name, meaning in meanings.items())


def _as_they_are(row: Row[tuple[object, ...]]) -> Sequence[Cell]:
    return tuple(cell if isinstance(cell, str | int | float | date) or cell is None else str(cell) for cell in row)


def _nominations(asker: Asker, cohort: str) -> Executable:
    allowed = visible_to(asker) if asker.role in _NAMES else false()
    stuck = col(Nomination.attention_code) if may(asker.role, Act.READ_AUDIT) else null()
    return (
        columns(
            col(Nomination.id),
            col(Nomination.reference),
            col(Nomination.organisation_code),
            col(Organisation.name),
            col(Person.full_name),
            col(Person.email),
            col(Nomination.route),
            col(Nomination.readiness),
            col(Nomination.created_at),
            col(Nomination.stage),
            col(Nomination.stage_since),
            col(Nomination.due_at),
            col(Nomination.paused),
            stuck,
            case((_may_know(asker), col(Nomination.outcome)), else_=null()),
        )
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .where(allowed, col(Nomination.cohort_id) == cohort)
        .order_by(col(Nomination.id))
    )


def _assessments(asker: Asker, cohort: str) -> Executable:
    return (
        columns(
            col(Assessment.id),
            col(Assessment.nomination_id),
            col(Assessment.assessor_id),
            col(Person.full_name),
            col(Assessor.role),
            col(Assessor.organisation_code),
            col(Assessment.run),
            col(Assessment.stage),
            col(Assessment.stage_since),
            col(Assessment.due_at),
            col(Assessment.seated_at),
            col(Assessment.offered_at),
            col(Assessment.accepted_at),
            col(Assessment.submitted_at),
            col(Assessment.decline_reason),
        )
        .join(
            Assessor,
            and_(
                col(Assessor.id) == col(Assessment.assessor_id), col(Assessor.cohort_id) == col(Assessment.cohort_id)
            ),
        )
        .join(Person, col(Person.id) == col(Assessor.person_id))
        .where(
            _if(asker, Act.READ_PANEL),
            is_not_kept_from(asker, col(Assessment.nomination_id)),
            col(Assessment.cohort_id) == cohort,
        )
        .order_by(col(Assessment.id))
    )


def _decisions(asker: Asker, cohort: str) -> Executable:
    drafter, approver = aliased(Person), aliased(Person)
    return (
        columns(
            col(Nomination.id),
            col(Person.full_name),
            col(Nomination.organisation_code),
            col(Decision.outcome),
            col(Decision.place),
            col(Decision.reason),
            col(drafter.full_name),
            col(Decision.drafted_at),
            col(approver.full_name),
            col(Decision.approved_at),
            col(Decision.released_at),
        )
        .join(Nomination, col(Nomination.id) == col(Decision.nomination_id))
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .outerjoin(drafter, col(drafter.id) == col(Decision.drafted_by))
        .outerjoin(approver, col(approver.id) == col(Decision.approved_by))
        .where(_if(asker, Act.READ_AUDIT), visible_to(asker), _may_know(asker), col(Nomination.cohort_id) == cohort)
        .order_by(col(Nomination.id))
    )


def _messages(asker: Asker, cohort: str) -> Executable:
    return (
        columns(
            col(OutboxMessage.id),
            col(OutboxMessage.template),
            col(Person.full_name),
            col(Person.email),
            col(OutboxMessage.nomination_id),
            col(OutboxMessage.assessment_id),
            col(OutboxMessage.status),
            col(OutboxMessage.attempts),
            col(OutboxMessage.failure),
            col(OutboxMessage.queued_at),
            col(OutboxMessage.sent_at),
        )
        .join(Person, col(Person.id) == col(OutboxMessage.person_id))
        .where(
            _if(asker, Act.UNBLOCK),
            is_not_kept_from(asker, col(OutboxMessage.nomination_id)),
            col(OutboxMessage.cohort_id) == cohort,
        )
        .order_by(col(OutboxMessage.id))
    )


def _audit(asker: Asker, cohort: str) -> Executable:
    subject = col(AuditEvent.subject)
    knows = true() if may(asker.role, Act.READ_PROPOSED_ORDER) else _is_known()
    of_cohort = or_(
        subject == cohort,
        subject.startswith(f"assessor/{cohort}/", autoescape=True),
        # A cohort's name may begin another's, so a number must follow it.
        subject.regexp_match(f"^(nomination/)?{re.escape(cohort)}-[0-9]+([.].*)?$"),
    )
    query = (
        columns(*_EVENT.c, knows.label("knows"), col(Person.full_name))
        .outerjoin(Nomination, col(Nomination.id) == subject)
        .outerjoin(Decision, col(Decision.nomination_id) == col(Nomination.id))
        .outerjoin(Person, col(Person.id) == col(AuditEvent.actor))
        .where(_if(asker, Act.READ_AUDIT), is_about_others(asker), of_cohort)
        .order_by(col(AuditEvent.position))
    )
    if not may(asker.role, Act.READ_PROPOSED_ORDER):
        query = query.where(~and_(is_a_draft(), sets_an_outcome(), ~_is_known()))
    return query


def _audit_cells(row: Row[tuple[object, ...]]) -> Sequence[Cell]:
    fields = row._mapping
    event = AuditEvent(**{column.name: fields[column.name] for column in _EVENT.c})
    line = trail_line(event, knows=bool(fields["knows"]))
    return (
        line.position,
        line.at,
        line.actor,
        fields["full_name"] if line.actor else None,
        line.role,
        line.what,
        line.subject,
        json.dumps(line.before, sort_keys=True) if line.before else None,
        json.dumps(line.after, sort_keys=True) if line.after else None,
        line.reason,
    )


def _is_known() -> ColumnElement[bool]:
    """Whether the decision on a joined nomination is released, or there is no nomination at all."""
    return or_(
        col(Nomination.id).is_(None), col(Nomination.stage).in_(_RELEASED), col(Decision.released_at).is_not(None)
    )


def _may_know(asker: Asker) -> ColumnElement[bool]:
    return true() if may(asker.role, Act.READ_PROPOSED_ORDER) else _is_known()


def _if(asker: Asker, act: Act) -> ColumnElement[bool]:
    return true() if may(asker.role, act) else false()


EXPORTS: Mapping[str, Export] = MappingProxyType(
    {
        "nominations": Export(
            "Nominations",
            _columns(
                nomination="The nomination’s number",
                reference="The organisation’s own reference",
                organisation="The organisation’s code",
                organisation_name="Its name",
                nominee="The nominee’s full name",
                nominee_email="Their email address",
                route="organisation, or self for a self-nomination",
                readiness="How soon the nominee is ready",
                created_at="When it was made",
                stage="Where it stands",
                stage_since="Since when",
                due_at="When its next step is due; empty where none is",
                paused="Whether it is paused",
                needs_attention="Why it needs attention, as a code; empty where it does not",
                outcome="The board’s decision, once it is released",
            ),
            _nominations,
            _as_they_are,
        ),
        "assessments": Export(
            "Assessments",
            _columns(
                assessment="The assessment’s id",
                nomination="The nomination’s number",
                assessor="The assessor’s reference",
                assessor_name="Their full name",
                assessor_role="The post they hold",
                assessor_organisation="Their organisation’s code",
                run="The allocation run that gave them the seat",
                stage="Where it stands",
                stage_since="Since when",
                due_at="When the next step is due; empty where none is",
                seated_at="When the seat was given",
                offered_at="When it was offered",
                accepted_at="When it was accepted",
                submitted_at="When the scores were submitted; the scores themselves are in no export",
                decline_reason="Why it was declined, as a code",
            ),
            _assessments,
            _as_they_are,
        ),
        "decisions": Export(
            "Decisions",
            _columns(
                nomination="The nomination’s number",
                nominee="The nominee’s full name",
                organisation="The organisation’s code",
                outcome="admitted, reserved or not_admitted",
                place="The place in the board’s order",
                reason="Why, as a code",
                drafted_by="Who drafted it",
                drafted_at="When",
                approved_by="Who approved it",
                approved_at="When",
                released_at="When it was released; for operations no row stands here before that",
            ),
            _decisions,
            _as_they_are,
        ),
        "messages": Export(
            "Messages",
            _columns(
                message="The message’s id",
                letter="Which letter it is",
                reader="The reader’s full name",
                reader_email="Their email address",
                nomination="The nomination it is about",
                assessment="The assessment it is about",
                status="How it stands",
                tries="How often it was tried",
                failure="Why it failed, as a code",
                queued_at="When it was queued",
                sent_at="When it left",
            ),
            _messages,
            _as_they_are,
        ),
        "audit": Export(
            "Audit trail",
            _columns(
                event="The event’s number in the chain",
                at="When it happened",
                actor="The id of who did it; empty before a decision is released",
                actor_name="Their full name; empty for the system",
                role="In which role",
                what="What was done",
                subject="The id of what it was done to",
                before="What changed, as it was (JSON)",
                after="The same as it is since (JSON)",
                reason="Why, as a code",
            ),
            _audit,
            _audit_cells,
        ),
    }
)
"""Every table, by the word its file is named after."""
