"""A cohort stored in rows alone, as large as one likes: for what pages cost, and how many queries they make.

No workflow stands behind it. Nominations stand in every stage in turn, with what belongs to the stage: drafts,
applications, panels, scores, flags, decisions, letters, and a trail of audit events. Everybody is made up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import CohortPhase, Stage
from models.policy import Policy
from models.tables import (
    Application,
    ApplicationDraft,
    Assessment,
    Assessor,
    AuditEvent,
    Availability,
    Cohort,
    Decision,
    Flag,
    Nomination,
    Organisation,
    OutboxMessage,
    Person,
    PolicyVersion,
    RoleGrant,
    Score,
    ScreeningFinding,
)
from rules.applications import form
from rules.policies import fingerprint
from storage.steps import table_of

Row = Mapping[str, object]
_AT_ONCE = 2_000
_STAGES = tuple(Stage)
_SCORED = frozenset(
    {
        Stage.QUALITY_ASSURANCE,
        Stage.AWAITING_DECISION,
        Stage.DECIDED,
        Stage.IN_POOL,
        Stage.RESERVED,
        Stage.NOT_ADMITTED,
    }
)
_SEATED = _SCORED | {Stage.SCORING}
_SUBMITTED = _SEATED | {Stage.SCREENING, Stage.AWAITING_PANEL, Stage.INELIGIBLE}
_DECIDED = {
    Stage.DECIDED: "admitted",
    Stage.IN_POOL: "admitted",
    Stage.RESERVED: "reserved",
    Stage.NOT_ADMITTED: "not_admitted",
}
_EVENTS = ("invited", "consented", "submitted", "screened", "seated", "scored", "checked", "decided")
_LETTERS = ("invitation", "application_open", "application_reminder", "application_received")
_WORDS = "She brought two services together over eighteen months, and patients there now wait half as long. " * 4
_FLAGS = {
    "criterion_spread": "The scores of one criterion lie far apart.",
    "audit_sample": "Drawn for the audit sample.",
}


@dataclass(frozen=True)
class Many:
    """How large a cohort is: nominations, assessors and organisations."""

    nominations: int = 10_000
    assessors: int = 1_500
    organisations: int = 125


@dataclass(frozen=True)
class Officers:
    """People who look at the cohort, by role."""

    nominator: str = "p-b00000000001"
    moderator: str = "p-b00000000002"
    board: str = "p-b00000000003"
    operations: str = "p-b00000000004"
    inclusion_adviser: str = "p-b00000000005"


OFFICERS = Officers()
_NAMES = {
    "nominator": "Ruth Adeyemi",
    "moderator": "Tom Okafor",
    "board": "Helen Marsh",
    "operations": "Priya Nair",
    "inclusion_adviser": "Sam Whitlock",
}


async def fill(
    sessions: async_sessionmaker[AsyncSession], policy: Policy, size: Many, *, now: datetime | None = None
) -> None:
    """Stores a whole cohort by the policy; the database must hold no cohort of that name and none of these people.

    Args:
        sessions: The database.
        policy: Its cohort's id names the cohort.
        size: How large.
        now: The present moment; by default the clock's.
    """
    cohort = _Cohort(policy, size, now or datetime.now(UTC))
    for table, rows in cohort.tables():
        await _write(sessions, table, rows)
    # Scores can be written only until they are submitted; those with no deadline left are.
    done = update(Assessment).where(col(Assessment.cohort_id) == cohort.id, col(Assessment.due_at).is_(None))
    async with sessions.begin() as session:
        await session.exec(done.values(stage="submitted", submitted_at=cohort.now))


async def _write(sessions: async_sessionmaker[AsyncSession], table: type[SQLModel], rows: Iterator[Row]) -> None:
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _AT_ONCE:
            await _insert(sessions, table, waiting)
            waiting = []
    if waiting:
        await _insert(sessions, table, waiting)


async def _insert(sessions: async_sessionmaker[AsyncSession], table: type[SQLModel], rows: Sequence[Row]) -> None:
    async with sessions.begin() as session:
        await (await session.connection()).execute(insert(table_of(table)), [dict(row) for row in rows])


@dataclass(frozen=True)
class _Cohort:
    """The rows, table by table, in an order in which each finds what it refers to."""

    policy: Policy
    size: Many
    now: datetime

    def tables(self) -> Iterator[tuple[type[SQLModel], Iterator[Row]]]:
        """Tables with their rows."""
        yield Organisation, self._organisations()
        yield Person, self._people()
        yield RoleGrant, self._grants()
        yield Cohort, iter([self._cohort()])
        yield PolicyVersion, iter([self._policy()])
        yield Assessor, self._assessors()
        yield Availability, self._availability()
        yield Nomination, self._nominations()
        yield ApplicationDraft, self._drafts()
        yield Application, self._applications()
        yield ScreeningFinding, self._findings()
        yield Assessment, self._assessments()
        yield Score, self._scores()
        yield Flag, self._flags()
        yield Decision, self._decisions()
        yield OutboxMessage, self._letters()
        yield AuditEvent, self._events()

    @property
    def id(self) -> str:
        return str(self.policy.cohort.id)

    def code(self, number: int) -> str:
        """An organisation's code."""
        return f"B{number % self.size.organisations:04d}"

    def nomination(self, number: int) -> str:
        return f"{self.id}-{number:05d}"

    def person(self, number: int) -> str:
        return f"p-c{number:011x}"

    def assessor_person(self, number: int) -> str:
        return f"p-d{number:011x}"

    def stage(self, number: int) -> Stage:
        return _STAGES[number % len(_STAGES)]

    def each(self, stages: frozenset[Stage] | None = None) -> Iterator[tuple[int, Stage]]:
        """The nominations that stand in some stages."""
        for number in range(self.size.nominations):
            if stages is None or self.stage(number) in stages:
                yield number, self.stage(number)

    def _organisations(self) -> Iterator[Row]:
        for number in range(self.size.organisations):
            yield {
                "code": self.code(number),
                "name": f"Made-up Trust {number:04d}",
                "type": "Trust",
                "region": self.policy.cohort.region,
                "local_office_code": "Q76",
                "system_code": f"S{number % 12}",
                "system_name": f"System {number % 12}",
            }

    def _people(self) -> Iterator[Row]:
        for role, person in vars(OFFICERS).items():
            yield _person(person, _NAMES[role], role)
        for number in range(self.size.assessors):
            yield _person(self.assessor_person(number), f"Assessor {number:05d}", f"many.assessor.{number}")
        for number in range(self.size.nominations):
            yield _person(self.person(number), f"Nominee {number:05d}", f"many.nominee.{number}")

    def _grants(self) -> Iterator[Row]:
        for role, person in vars(OFFICERS).items():
            place = self.code(0) if role == "nominator" else ""
            yield {"person_id": person, "role": role, "organisation_code": place, "granted_at": self.now}

    def _cohort(self) -> Row:
        return {
            "id": self.id,
            "name": self.policy.cohort.name,
            "region": self.policy.cohort.region,
            "created_at": self.now,
            "phase": CohortPhase.SCORING,
            "opens_at": self.now - timedelta(days=60),
            "closes_at": self.now - timedelta(days=30),
        }

    def _policy(self) -> Row:
        return {
            "cohort_id": self.id,
            "version": 1,
            "document": self.policy.model_dump(mode="json"),
            "sha256": fingerprint(self.policy),
            "created_at": self.now,
        }

    def _assessors(self) -> Iterator[Row]:
        roles = ("chief_executive", "non_executive_director", "chair", "accountable_officer")
        for number in range(self.size.assessors):
            yield {
                "id": f"A-{number:05d}",
                "cohort_id": self.id,
                "person_id": self.assessor_person(number),
                "role": roles[number % 4],
                "organisation_code": self.code(number),
                "interests": ["mental health"],
                "capacity": 3 * self.size.nominations // self.size.assessors + 20,
                "training_expires": None,
            }

    def _availability(self) -> Iterator[Row]:
        for number in range(self.size.assessors):
            yield {
                "assessor_id": f"A-{number:05d}",
                "cohort_id": self.id,
                "from_day": self.policy.panel.assessed_from,
                "until_day": self.policy.panel.assessed_until,
            }

    def _nominations(self) -> Iterator[Row]:
        for number, stage in self.each():
            troubled = number % 97 == 0
            yield {
                "id": self.nomination(number),
                "cohort_id": self.id,
                "reference": "",
                "person_id": self.person(number),
                "organisation_code": self.code(number),
                "nominated_by": OFFICERS.nominator,
                "route": "organisation",
                "readiness": "ready_now",
                "interests": ["finance"],
                "created_at": self.now - timedelta(days=50),
                "stage": stage,
                "stage_since": self.now - timedelta(days=number % 20),
                "due_at": self.now + timedelta(days=number % 15 - 3),
                "paused": number % 101 == 0,
                "attention_code": "TimeoutError" if troubled else None,
                "attention_step": "record" if troubled else None,
                "attention_since": self.now if troubled else None,
                "outcome": _DECIDED.get(stage) if stage is not Stage.DECIDED else None,
                "steps": 8,
            }

    def _drafts(self) -> Iterator[Row]:
        for number, _ in self.each(frozenset({Stage.APPLYING})):
            for one in form(self.policy):
                yield {
                    "nomination_id": self.nomination(number),
                    "field": one.name,
                    "content": _WORDS if one.most_words else (one.choices or ("yes",))[0],
                    "revision": 1,
                    "saved_at": self.now,
                }

    def _applications(self) -> Iterator[Row]:
        content = {one.name: _WORDS if one.most_words else (one.choices or ("yes",))[0] for one in form(self.policy)}
        for number, _ in self.each(_SUBMITTED):
            yield {
                "nomination_id": self.nomination(number),
                "version": 1,
                "content": content,
                "sha256": "0" * 64,
                "submitted_at": self.now,
            }

    def _findings(self) -> Iterator[Row]:
        for number, stage in self.each(frozenset({Stage.SCREENING, Stage.INELIGIBLE})):
            yield {
                "nomination_id": self.nomination(number),
                "rule": "endorsed",
                "met": stage is not Stage.INELIGIBLE and number % 3 != 0,
                "reason": "An executive director has endorsed the nomination.",
                "found_at": self.now,
            }

    def _assessments(self) -> Iterator[Row]:
        for number, stage in self.each(_SEATED):
            done = stage in _SCORED
            taken = done or number // len(_STAGES) % 2 == 1
            for assessor in self._panel(number):
                yield {
                    "id": self._assessment(number, assessor),
                    "cohort_id": self.id,
                    "nomination_id": self.nomination(number),
                    "assessor_id": f"A-{assessor:05d}",
                    "run": 1,
                    "seated_at": self.now,
                    "stage": "accepted" if taken else "offered",
                    "stage_since": self.now,
                    "due_at": None if done else self.now + timedelta(days=number % 9 - 2),
                    "offered_at": self.now,
                    "accepted_at": self.now if taken else None,
                    "submitted_at": None,
                    "steps": 3,
                }

    def _scores(self) -> Iterator[Row]:
        for number, _ in self.each(_SCORED):
            for seat, assessor in enumerate(self._panel(number)):
                for place, criterion in enumerate(self.policy.scoring.criteria):
                    yield {
                        "assessment_id": self._assessment(number, assessor),
                        "criterion": criterion.code,
                        "value": 1 + (number + seat * 2 + place) % 7,
                        "evidence": _WORDS,
                        "saved_at": self.now,
                    }

    def _flags(self) -> Iterator[Row]:
        for number, _ in self.each(frozenset({Stage.QUALITY_ASSURANCE})):
            for place, (rule, reason) in enumerate(_FLAGS.items(), start=1):
                yield {
                    "nomination_id": self.nomination(number),
                    "number": place,
                    "rule": rule,
                    "subject": "",
                    "reason": reason,
                    "raised_at": self.now,
                }

    def _decisions(self) -> Iterator[Row]:
        for number, stage in self.each(frozenset(_DECIDED)):
            released = stage is not Stage.DECIDED
            yield {
                "nomination_id": self.nomination(number),
                "outcome": _DECIDED[stage],
                "place": number + 1,
                "reason": "proposed_order",
                "note": "",
                "drafted_by": OFFICERS.board,
                "drafted_at": self.now,
                "approved_by": OFFICERS.moderator if released else None,
                "approved_at": self.now if released else None,
                "released_at": self.now if released else None,
            }

    def _letters(self) -> Iterator[Row]:
        for number, _ in self.each():
            for template in _LETTERS:
                failed = number % 500 == 0 and template == "application_reminder"
                yield {
                    "id": f"nomination/{self.nomination(number)}:1:{template}",
                    "template": template,
                    "person_id": self.person(number),
                    "cohort_id": self.id,
                    "nomination_id": self.nomination(number),
                    "facts": {"due_at": self.now.isoformat()},
                    "queued_at": self.now,
                    "status": "failed" if failed else "sent",
                    "attempts": 1,
                    "sent_at": None if failed else self.now,
                    "failure": "smtp_550" if failed else None,
                }

    def _events(self) -> Iterator[Row]:
        for number, _ in self.each():
            for step, what in enumerate(_EVENTS, start=1):
                yield {
                    "position": 0,
                    "previous": "",
                    "hash": "",
                    "at": self.now - timedelta(hours=len(_EVENTS) - step),
                    "actor": OFFICERS.operations,
                    "role": "operations",
                    "what": what,
                    "subject": self.nomination(number),
                    "workflow_id": f"nomination/{self.nomination(number)}",
                    "step": step,
                    "key": str(step),
                }

    def _panel(self, number: int) -> tuple[int, ...]:
        """Three assessors, spread over all of them."""
        many = self.size.assessors
        first = number * 3 % many
        return tuple((first + seat) % many for seat in range(3))

    def _assessment(self, number: int, assessor: int) -> str:
        return f"{self.nomination(number)}.A-{assessor:05d}"


def _person(person: str, name: str, mailbox: str) -> Row:
    return {"id": person, "full_name": name, "email": f"{mailbox}@example.nhs.test"}
