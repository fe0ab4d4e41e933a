"""Rows that every constraint accepts, one of each table, so that a test can spoil exactly one thing."""

from datetime import UTC, date, datetime

from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import (
    AssessmentStage,
    AssessorDeclineReason,
    AssessorRole,
    EndorserPost,
    FlagRule,
    NominationRoute,
    Outcome,
    PairKind,
    Readiness,
    Role,
    RunKind,
    RunStatus,
    ScoreChangeReason,
    Stage,
    SteerReason,
    Template,
)
from models.tables import (
    AllocationRun,
    Application,
    ApplicationDraft,
    Assessment,
    Assessor,
    Availability,
    Cohort,
    Decision,
    DeclaredConflict,
    EarlierPost,
    Endorsement,
    Flag,
    Nomination,
    Organisation,
    OutboxMessage,
    PairRule,
    Person,
    PolicyVersion,
    ProposedSeat,
    RoleGrant,
    Score,
    ScoreChange,
    ScreeningFinding,
    Telling,
    UnstaffedNomination,
)
from tests.storage.portal_rows import one_of_each_behind_the_portal

NOON = datetime(2018, 9, 3, 12, 0, tzinfo=UTC)


def cohort(cohort_id: str = "pilot") -> Cohort:
    closes = datetime(2018, 9, 30, 22, 59, tzinfo=UTC)
    return Cohort(id=cohort_id, name="Pilot", region="Midlands", created_at=NOON, opens_at=NOON, closes_at=closes)


def organisation(code: str = "R1D") -> Organisation:
    return Organisation(
        code=code,
        name="Example Trust",
        type="Trust",
        region="Midlands",
        local_office_code="Q76",
        system_code="E54",
        system_name="Example",
    )


def person(person_id: str = "p-000000000001", email: str = "one@example.nhs.test") -> Person:
    return Person(id=person_id, full_name="Example Person", email=email)


def nomination(
    nomination_id: str = "pilot-0001", person_id: str = "p-000000000001", *, stage: Stage = Stage.SCORING
) -> Nomination:
    return Nomination(
        id=nomination_id,
        cohort_id="pilot",
        person_id=person_id,
        organisation_code="R1D",
        nominated_by="p-000000000001",
        route=NominationRoute.ORGANISATION,
        readiness=Readiness.READY_NOW,
        created_at=NOON,
        stage=stage,
        stage_since=NOON,
    )


def assessor(assessor_id: str = "A-001", person_id: str = "p-000000000001", *, capacity: int = 6) -> Assessor:
    return Assessor(
        id=assessor_id,
        cohort_id="pilot",
        person_id=person_id,
        role=AssessorRole.CHAIR,
        organisation_code="R1D",
        capacity=capacity,
    )


def assessment(
    nomination_id: str = "pilot-0001",
    assessor_id: str = "A-001",
    *,
    stage: AssessmentStage = AssessmentStage.SEATED,
) -> Assessment:
    return Assessment(
        id=f"{nomination_id}.{assessor_id}",
        cohort_id="pilot",
        nomination_id=nomination_id,
        assessor_id=assessor_id,
        run=1,
        seated_at=NOON,
        stage=stage,
        stage_since=NOON,
        decline_reason=AssessorDeclineReason.OTHER if stage is AssessmentStage.DECLINED else None,
    )


def score(criterion: str = "vision", value: int = 4, *, assessment_id: str = "pilot-0001.A-001") -> Score:
    return Score(
        assessment_id=assessment_id, criterion=criterion, value=value, evidence="Led a merger.", saved_at=NOON
    )


def score_change(before: int = 4, after: int = 5, *, change: int = 1) -> ScoreChange:
    return ScoreChange(
        assessment_id="pilot-0001.A-001",
        criterion="vision",
        change=change,
        before=before,
        after=after,
        reason=ScoreChangeReason.MODERATION,
        changed_by="p-000000000001",
        changed_at=NOON,
    )


def telling(telling_id: str = "u-1") -> Telling:
    return Telling(
        id=telling_id, workflow_id="nomination/pilot-0001", kind="update", name="consent", payload={}, made_at=NOON
    )


def message(message_id: str = "nomination/pilot-0001:1:invitation") -> OutboxMessage:
    return OutboxMessage(
        id=message_id,
        template=Template.INVITATION,
        person_id="p-000000000001",
        cohort_id="pilot",
        queued_at=NOON,
    )


async def add(session: AsyncSession, *rows: SQLModel) -> None:
    """Write each row in turn: without relationships the session does not know which table refers to which."""
    for row in rows:
        session.add(row)
        await session.flush()


async def seat(session: AsyncSession, *, capacity: int = 6, nominations: int = 1, assessors: int = 1) -> None:
    """A cohort with nominations of different people, and assessors who hold nothing yet; committed."""
    people = max(nominations, assessors)
    await add(session, cohort(), organisation())
    await add(session, *(person(f"p-{n:012}", f"{n}@example.nhs.test") for n in range(1, people + 1)))
    await add(session, *(nomination(f"pilot-{n:04}", f"p-{n:012}") for n in range(1, nominations + 1)))
    await add(session, *(assessor(f"A-{n:03}", f"p-{n:012}", capacity=capacity) for n in range(1, assessors + 1)))
    await session.commit()


async def one_of_each(session: AsyncSession) -> None:
    """A row in every table but the audit chain, not committed."""
    names = {"cohort_id": "pilot", "run": 1, "nomination_id": "pilot-0001"}
    await add(
        session,
        cohort(),
        organisation(),
        person(),
        PolicyVersion(cohort_id="pilot", version=1, document={"a": 1}, sha256="0" * 64, created_at=NOON),
        EarlierPost(person_id="p-000000000001", organisation_code="R1D", left_on=date(2016, 1, 1)),
        RoleGrant(person_id="p-000000000001", role=Role.BOARD, granted_at=NOON),
        nomination(),
        Endorsement(
            nomination_id="pilot-0001",
            person_id="p-000000000001",
            post=EndorserPost.CHIEF_EXECUTIVE,
            organisation_code="R1D",
            given_at=NOON,
        ),
        ApplicationDraft(nomination_id="pilot-0001", field="vision", content="Words.", saved_at=NOON),
        application(),
        ScreeningFinding(nomination_id="pilot-0001", rule="endorsed", met=True, reason="Endorsed.", found_at=NOON),
        assessor(),
        Availability(assessor_id="A-001", cohort_id="pilot", from_day=NOON.date(), until_day=NOON.date()),
        conflict(),
        AllocationRun(
            cohort_id="pilot",
            number=1,
            kind=RunKind.BATCH,
            status=RunStatus.PROPOSED,
            problem={},
            result={},
            made_at=NOON,
        ),
        ProposedSeat(**names, assessor_id="A-001", cost=0.0),
        UnstaffedNomination(**names, missing=1),
        pair(),
        assessment(),
        score(),
        score_change(),
        Flag(nomination_id="pilot-0001", number=1, rule=FlagRule.AUDIT_SAMPLE, reason="Drawn.", raised_at=NOON),
        decision(),
        message(),
        telling(),
        *one_of_each_behind_the_portal(),
    )


def application() -> Application:
    return Application(nomination_id="pilot-0001", version=1, content={}, sha256="0" * 64, submitted_at=NOON)


def conflict() -> DeclaredConflict:
    return DeclaredConflict(
        nomination_id="pilot-0001",
        assessor_id="A-001",
        kind="family",
        declared_by="p-000000000001",
        declared_at=NOON,
    )


def pair() -> PairRule:
    return PairRule(
        nomination_id="pilot-0001",
        assessor_id="A-001",
        cohort_id="pilot",
        kind=PairKind.PINNED,
        reason=SteerReason.BOARD_REQUEST,
        set_by="p-000000000001",
        set_at=NOON,
    )


def decision() -> Decision:
    return Decision(
        nomination_id="pilot-0001",
        outcome=Outcome.ADMITTED,
        reason="proposed_order",
        drafted_by="p-000000000001",
        drafted_at=NOON,
    )
