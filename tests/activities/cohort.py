"""A cohort in a test's database: organisations, people, assessors and nominations that every rule accepts."""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities import build
from activities.errors import ActivityErrors
from models.enums import (
    AssessmentStage,
    AssessorRole,
    CohortPhase,
    EndorserPost,
    NominationRoute,
    Readiness,
    Role,
    RunKind,
    RunStatus,
    Stage,
)
from models.ids import AssessmentId, AssessorId, CohortId, NominationId, PersonId, assessment_id
from models.messages import THE_SYSTEM, By, Message, Step
from models.policy import Policy
from models.tables import (
    AllocationRun,
    Application,
    ApplicationDraft,
    Assessment,
    Assessor,
    Availability,
    Cohort,
    Endorsement,
    Nomination,
    Organisation,
    Person,
    PolicyVersion,
    RoleGrant,
    Score,
)
from notify.compose import Sender
from rules.applications import form
from rules.policies import fingerprint, read_policy
from storage.text import fingerprint as text_fingerprint

Answer = TypeVar("Answer")
Sessions = async_sessionmaker[AsyncSession]

CLOSED_ON = datetime(2018, 9, 30, 22, 59, tzinfo=UTC)
OPENED_ON = datetime(2018, 8, 31, 23, 0, tzinfo=UTC)
NOW = datetime(2018, 10, 8, 9, 30, tzinfo=UTC)
SENDER = Sender(name="Talent Pool", address="talent-pool@example.nhs.test", contact="help@example.nhs.test")
EVIDENCE = "Led the merger of two community services, kept both boards informed and halved the waiting list."
PERSONAL = ("Featherstonehaugh", "example.nhs.test", EVIDENCE)
"""What no failure, log line or history may hold; every row of a person or an assessment here holds one of them."""

ROLES = (AssessorRole.CHIEF_EXECUTIVE, AssessorRole.CHAIR, AssessorRole.NON_EXECUTIVE_DIRECTOR)

NOMINATOR = By(person=PersonId("p-00000000aaaa"), role=Role.NOMINATOR)
OPERATIONS = By(person=PersonId("p-00000000bbbb"), role=Role.OPERATIONS)
MODERATOR = By(person=PersonId("p-00000000cccc"), role=Role.MODERATOR)
BOARD = By(person=PersonId("p-00000000dddd"), role=Role.BOARD)
CHAIR = By(person=PersonId("p-00000000eeee"), role=Role.BOARD)
ADVISER = By(person=PersonId("p-00000000ffff"), role=Role.INCLUSION_ADVISER)
OUTSIDER = By(person=PersonId("p-0000000099aa"), role=Role.NOMINATOR)
"""Nominates for another organisation."""


def pilot_policy() -> Policy:
    """The pilot's own policy."""
    return read_policy(Path(__file__).parents[2] / "data/pilot/policy.toml")


PILOT = pilot_policy()
PILOT_ID = CohortId("pilot")


def nominee(number: int) -> PersonId:
    """The person nominated under this number."""
    return PersonId(f"p-1{number:011}")


def assessing(number: int) -> PersonId:
    """The person who is the assessor of this number."""
    return PersonId(f"p-2{number:011}")


@dataclass
class Post:
    """A channel that keeps the ids of what it sends."""

    name = "post"
    idempotent = True
    sent: list[str] = field(default_factory=list)

    async def send(self, message: EmailMessage, message_id: str) -> None:
        await asyncio.sleep(0)
        self.sent.append(message_id)


@dataclass(frozen=True)
class CohortInRows:
    """A cohort's rows, and ways to add to them."""

    sessions: Sessions
    id: CohortId = PILOT_ID
    policy: Policy = PILOT

    def nomination(self, number: int = 1) -> NominationId:
        return NominationId(f"{self.id}-{number:04}")

    def assessment(self, number: int = 1, assessor: int = 1) -> AssessmentId:
        return assessment_id(self.nomination(number), AssessorId(f"A-{assessor:03}"))

    def step(
        self, workflow: str, number: int = 1, by: By = THE_SYSTEM, *, what: str = "test", reason: str | None = None
    ) -> Step:
        return Step(workflow=workflow, number=number, at=NOW, by=by, what=what, reason=reason)

    async def add(self, *rows: SQLModel) -> None:
        """Writes rows in order, in one transaction."""
        async with self.sessions.begin() as session:
            for row in rows:
                session.add(row)
                await session.flush()

    async def begin(
        self,
        *,
        nominations: int = 1,
        stage: Stage = Stage.AWAITING_PANEL,
        assessors: int = 6,
        capacity: int = 6,
        phase: CohortPhase = CohortPhase.CLOSED,
    ) -> None:
        """The cohort with its policy, its people, its nominations in one stage and its assessors."""
        await self.add(*self._cohort(phase, nominations), *_people())
        await self.add(*self._nominations(nominations, stage))
        await self.add(*self._register(assessors, capacity))

    def _cohort(self, phase: CohortPhase, last_number: int) -> Sequence[SQLModel]:
        document = self.policy.model_dump(mode="json")
        return (
            Cohort(
                id=self.id,
                name="Pilot",
                region="Midlands and East",
                created_at=OPENED_ON,
                opens_at=OPENED_ON,
                closes_at=CLOSED_ON,
                phase=phase,
                last_number=last_number,
            ),
            PolicyVersion(
                cohort_id=self.id,
                version=1,
                document=document,
                sha256=fingerprint(self.policy),
                created_at=OPENED_ON,
            ),
        )

    def _nominations(self, count: int, stage: Stage) -> Sequence[SQLModel]:
        people = [_person(nominee(number), f"nominee{number}") for number in range(1, count + 1)]
        return people + [
            Nomination(
                id=self.nomination(number),
                cohort_id=self.id,
                person_id=nominee(number),
                organisation_code="R1D",
                nominated_by=NOMINATOR.person,
                route=NominationRoute.ORGANISATION,
                readiness=Readiness.READY_NOW,
                interests=["finance"],
                created_at=OPENED_ON,
                stage=stage,
                stage_since=OPENED_ON,
            )
            for number in range(1, count + 1)
        ]

    def _register(self, count: int, capacity: int) -> Sequence[SQLModel]:
        rows: list[SQLModel] = []
        for number in range(1, count + 1):
            rows += [
                _organisation(f"T{number:02}"),
                _person(assessing(number), f"assessor{number}"),
                Assessor(
                    id=f"A-{number:03}",
                    cohort_id=self.id,
                    person_id=assessing(number),
                    role=ROLES[number % len(ROLES)],
                    organisation_code=f"T{number:02}",
                    capacity=capacity,
                ),
                Availability(
                    assessor_id=f"A-{number:03}",
                    cohort_id=self.id,
                    from_day=date(2018, 10, 1),
                    until_day=date(2018, 11, 30),
                ),
            ]
        return rows

    async def endorse(self, number: int = 1) -> None:
        """Somebody senior endorses a nomination."""
        await self.add(
            Endorsement(
                nomination_id=self.nomination(number),
                person_id=NOMINATOR.person,
                post=EndorserPost.CHIEF_EXECUTIVE,
                organisation_code="R1D",
                statement=EVIDENCE,
                given_at=OPENED_ON,
            )
        )

    async def draft(self, number: int = 1, **changes: str) -> None:
        """A draft that can be submitted, but for ``changes``."""
        content = complete_draft(self.policy) | changes
        await self.add(
            *(
                ApplicationDraft(nomination_id=self.nomination(number), field=name, content=words, saved_at=OPENED_ON)
                for name, words in content.items()
            )
        )

    async def apply(self, number: int = 1, **changes: str) -> None:
        """An application as submitted."""
        content = complete_draft(self.policy) | changes
        await self.add(
            Application(
                nomination_id=self.nomination(number),
                version=1,
                content=content,
                sha256=text_fingerprint(content),
                submitted_at=OPENED_ON,
            )
        )

    async def seat(
        self, number: int, assessor: int, stage: AssessmentStage = AssessmentStage.OFFERED, *, run: int = 1
    ) -> None:
        """An assessor sits on a nomination's panel."""
        await self.add(self.seat_row(number, assessor, stage, run=run))

    def seat_row(
        self, number: int, assessor: int, stage: AssessmentStage = AssessmentStage.OFFERED, *, run: int = 1
    ) -> Assessment:
        return Assessment(
            id=self.assessment(number, assessor),
            cohort_id=self.id,
            nomination_id=self.nomination(number),
            assessor_id=f"A-{assessor:03}",
            run=run,
            seated_at=OPENED_ON,
            stage=stage,
            stage_since=OPENED_ON,
            submitted_at=OPENED_ON if stage is AssessmentStage.SUBMITTED else None,
        )

    async def submit(self, number: int, assessor: int, values: Sequence[int], evidence: str = EVIDENCE) -> None:
        """An assessor's submitted scores, in the order of the policy's criteria; fewer values leave some out."""
        row = self.seat_row(number, assessor, AssessmentStage.ACCEPTED)
        criteria = [criterion.code for criterion in self.policy.scoring.criteria]
        await self.add(
            row,
            *(
                Score(assessment_id=row.id, criterion=criterion, value=value, evidence=evidence, saved_at=OPENED_ON)
                for criterion, value in zip(criteria, values, strict=False)
            ),
        )
        async with self.sessions.begin() as session:
            kept = await session.get_one(Assessment, row.id)
            kept.stage, kept.submitted_at = AssessmentStage.SUBMITTED, OPENED_ON
            session.add(kept)

    def run_row(
        self, number: int = 1, kind: RunKind = RunKind.BATCH, status: RunStatus = RunStatus.PROPOSED
    ) -> AllocationRun:
        return AllocationRun(
            cohort_id=self.id, number=number, kind=kind, status=status, problem={}, result={}, made_at=NOW
        )


def complete_draft(policy: Policy = PILOT) -> dict[str, str]:
    """An application that can be submitted: every question answered with yes, every statement written."""
    answers = {"yes_or_no": "yes", "text": EVIDENCE}
    return {one.name: answers.get(one.kind.value, one.choices[0] if one.choices else "") for one in form(policy)}


def _people() -> Sequence[SQLModel]:
    grants = [(NOMINATOR, "R1D"), (OUTSIDER, "R2E"), *((one, "") for one in (OPERATIONS, MODERATOR, BOARD, CHAIR))]
    grants.append((ADVISER, ""))
    return [
        _organisation("R1D"),
        _organisation("R2E"),
        *(_person(by.person, f"{by.role.value}{number}") for number, (by, _) in enumerate(grants)),
        *(
            RoleGrant(person_id=by.person, role=by.role, organisation_code=organisation, granted_at=OPENED_ON)
            for by, organisation in grants
        ),
    ]


def _organisation(code: str) -> Organisation:
    return Organisation(
        code=code,
        name=f"Example Trust {code}",
        type="Trust",
        region="Midlands and East",
        local_office_code="Q76",
        system_code=f"S{code}",
        system_name="Example",
    )


def _person(person: str, name: str) -> Person:
    return Person(id=person, full_name=f"{name.title()} Featherstonehaugh", email=f"{name}@example.nhs.test")


class _Itself(ActivityInboundInterceptor):
    """Where the worker's chain of interceptors ends: the activity itself."""

    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002 -- the SDK's name
        return await input.fn(*input.args)


@dataclass
class Activities:
    """A worker's activities by name, run as a worker runs them: behind the interceptor that types their errors."""

    by_name: dict[str, Callable[..., object]]
    heartbeats: list[tuple[object, ...]] = field(default_factory=list)
    first_heartbeat: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(
        self, name: str, asked: Message, answer: type[Answer], *, resumed_from: Sequence[object] = ()
    ) -> Answer:
        """Runs an activity once; ``resumed_from`` are the heartbeat details an earlier attempt left."""
        environment = self.environment(resumed_from)
        result = await environment.run(_chain, ExecuteActivityInput(self.by_name[name], (asked,), None, {}))
        assert isinstance(result, answer)
        return result

    def start(self, name: str, asked: Message) -> tuple[ActivityEnvironment, "asyncio.Task[object]"]:
        """Begins to run an activity that lasts; the environment can tell it that its worker leaves."""
        environment = self.environment()
        running = environment.run(_chain, ExecuteActivityInput(self.by_name[name], (asked,), None, {}))
        return environment, asyncio.ensure_future(running)

    def environment(self, resumed_from: Sequence[object] = ()) -> ActivityEnvironment:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, heartbeat_details=list(resumed_from))
        environment.on_heartbeat = self._beat
        return environment

    def _beat(self, *details: object) -> None:
        self.heartbeats.append(details)
        self.first_heartbeat.set()


async def _chain(asked: ExecuteActivityInput) -> object:
    return await ActivityErrors().intercept_activity(_Itself()).execute_activity(asked)


def activities_of(sessions: Sessions, client: Client, post: Post, task_queue: str = "nobody") -> Activities:
    """Every activity a worker offers."""
    built = build(sessions=sessions, client=client, channel=post, sender=SENDER, task_queue=task_queue)
    return Activities({one.__temporal_activity_definition.name: one for one in built})  # type: ignore[attr-defined]


TABLES = tuple(sorted(SQLModel.metadata.tables))


async def contents(sessions: Sessions) -> dict[str, tuple[int, str | None]]:
    """How many rows each table holds, and the fingerprint of all they say."""
    async with sessions() as session:
        found = {}
        for table in TABLES:
            query = f"SELECT count(*), md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {table} AS row"  # noqa: S608
            count, said = (await (await session.connection()).execute(text(query))).one()
            found[table] = (count, said)
        return found


def changed(before: dict[str, tuple[int, str | None]], after: dict[str, tuple[int, str | None]]) -> dict[str, int]:
    """The tables that differ, each with how many rows were added."""
    return {table: after[table][0] - before[table][0] for table in TABLES if before[table] != after[table]}
