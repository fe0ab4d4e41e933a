"""What the tables refuse: each test spoils one thing in rows that are otherwise accepted."""
# ruff: noqa: S608 -- the tests write their statements themselves

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from psycopg.errors import Diagnostic
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import ENDS, Outcome, PairKind, Role, Stage
from models.tables import Availability, RoleGrant
from stack.postgres import EmbeddedPostgres
from storage.engine import make_engine, sessions
from tests.storage import rows

NOW = rows.NOON


async def refused(session: AsyncSession, *spoilt: SQLModel) -> str | None:
    """Write rows that must be refused, and give the name of the constraint that did."""
    with pytest.raises(IntegrityError) as refusal:
        await rows.add(session, *spoilt)
    return constraint(refusal.value)


def constraint(refusal: IntegrityError) -> str | None:
    diagnostic: Diagnostic = refusal.orig.diag
    return diagnostic.constraint_name


async def refused_sql(session: AsyncSession, statement: str) -> str | None:
    with pytest.raises(IntegrityError) as refusal:
        await session.exec(text(statement))
    return constraint(refusal.value)


@pytest.fixture(scope="module")
async def full_engine(postgres_server: EmbeddedPostgres, template_database: str) -> AsyncIterator[AsyncEngine]:
    """A database with one row in each table, for all tests of this module."""
    engine = make_engine(await postgres_server.create_database("full", template=template_database))
    async with sessions(engine)() as session:
        await rows.one_of_each(session)
        await session.commit()
    yield engine
    await engine.dispose()
    await postgres_server.drop_database("full")


@pytest.fixture
async def full(full_engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session on it; no test commits."""
    async with sessions(full_engine)() as session:
        yield session


@pytest.mark.parametrize("stage", sorted(set(Stage) - ENDS))
async def test_nomination_second_live_for_person_refused(full: AsyncSession, stage: Stage) -> None:
    await full.exec(text(f"UPDATE nomination SET stage = '{stage}'"))

    name = await refused(full, rows.nomination("pilot-0002", stage=Stage.NOMINATED))

    assert name == "uq_nomination_live_person_cohort"


@pytest.mark.parametrize("end", sorted(ENDS))
async def test_nomination_after_ended_one_accepted(full: AsyncSession, end: Stage) -> None:
    await full.exec(text(f"UPDATE nomination SET stage = '{end}'"))

    await rows.add(full, rows.nomination("pilot-0002"))

    assert await refused(full, rows.nomination("pilot-0003")) == "uq_nomination_live_person_cohort"


async def test_nomination_ended_back_to_life_beside_live_one_refused(full: AsyncSession) -> None:
    await rows.add(full, rows.nomination("pilot-0002", stage=Stage.LAPSED))

    name = await refused_sql(full, "UPDATE nomination SET stage = 'applying' WHERE id = 'pilot-0002'")

    assert name == "uq_nomination_live_person_cohort"


async def test_assessment_second_for_assessor_and_nomination_refused(full: AsyncSession) -> None:
    again = rows.assessment()
    again.id = "pilot-0001.again"

    assert await refused(full, again) == "uq_assessment_nomination_id_assessor_id"


async def test_assessment_assessor_of_other_cohort_refused(full: AsyncSession) -> None:
    await rows.add(full, rows.cohort("second"), rows.person("p-000000000002", "two@example.nhs.test"))
    other = rows.assessor("A-002", "p-000000000002")
    other.cohort_id = "second"
    await rows.add(full, other)

    name = await refused(full, rows.assessment(assessor_id="A-002"))

    assert name == "fk_assessment_assessor_id_cohort_id_assessor"


async def test_pair_both_pinned_and_forbidden_refused(full: AsyncSession) -> None:
    again = rows.pair()
    again.kind = PairKind.FORBIDDEN
    full.expunge_all()

    assert await refused(full, again) == "pk_pairrule"


async def test_pair_of_nomination_and_assessor_of_two_cohorts_refused(full: AsyncSession) -> None:
    await rows.add(full, rows.cohort("second"), rows.person("p-000000000002", "two@example.nhs.test"))
    other = rows.assessor("A-002", "p-000000000002")
    other.cohort_id = "second"
    await rows.add(full, other)
    pair = rows.pair()
    pair.assessor_id, pair.cohort_id = "A-002", "second"

    assert await refused(full, pair) == "ck_pairrule_nomination_of_the_same_cohort"


@pytest.mark.parametrize("value", [0, 8, -1])
async def test_score_off_the_scale_refused(full: AsyncSession, value: int) -> None:
    assert await refused(full, rows.score("other", value)) == "ck_score_value_on_the_scale"


@pytest.mark.parametrize(("before", "after"), [(0, 4), (4, 8)])
async def test_score_change_off_the_scale_refused(full: AsyncSession, before: int, after: int) -> None:
    name = await refused(full, rows.score_change(before, after, change=2))

    assert name == "ck_scorechange_values_on_the_scale"


async def test_score_change_of_no_score_refused(full: AsyncSession) -> None:
    change = rows.score_change(change=2)
    change.criterion = "unknown"

    assert await refused(full, change) == "fk_scorechange_assessment_id_criterion_score"


@pytest.mark.parametrize(
    ("table", "column", "name"),
    [
        ("nomination", "stage", "ck_nomination_stage"),
        ("nomination", "route", "ck_nomination_nomination_route"),
        ("nomination", "readiness", "ck_nomination_readiness"),
        ("nomination", "outcome", "ck_nomination_outcome"),
        ("cohort", "phase", "ck_cohort_cohort_phase"),
        ("assessment", "stage", "ck_assessment_assessment_stage"),
        ("assessment", "decline_reason", "ck_assessment_assessor_decline_reason"),
        ("assessor", "role", "ck_assessor_assessor_role"),
        ("decision", "outcome", "ck_decision_outcome"),
        ("endorsement", "post", "ck_endorsement_endorser_post"),
        ("rolegrant", "role", "ck_rolegrant_role"),
        ("scorechange", "reason", "ck_scorechange_score_change_reason"),
        ("flag", "rule", "ck_flag_flag_rule"),
        ("flag", "resolution", "ck_flag_resolution"),
        ("allocationrun", "kind", "ck_allocationrun_run_kind"),
        ("allocationrun", "status", "ck_allocationrun_run_status"),
        ("pairrule", "kind", "ck_pairrule_pair_kind"),
        ("pairrule", "reason", "ck_pairrule_steer_reason"),
        ("outboxmessage", "status", "ck_outboxmessage_message_status"),
        ("outboxmessage", "template", "ck_outboxmessage_template"),
        ("telling", "status", "ck_telling_telling_status"),
    ],
)
async def test_word_unknown_refused(full: AsyncSession, table: str, column: str, name: str) -> None:
    assert await refused_sql(full, f"UPDATE {table} SET {column} = 'Submitted'") == name


@pytest.mark.parametrize("days", [0, -1])
async def test_window_closing_before_it_opens_refused(full: AsyncSession, days: int) -> None:
    cohort = rows.cohort("second")
    cohort.closes_at = cohort.opens_at + timedelta(days=days)

    assert await refused(full, cohort) == "ck_cohort_closes_after_opening"


@pytest.mark.parametrize("email", ["one@example.nhs.test", "ONE@Example.NHS.test"])
async def test_person_same_address_in_other_case_refused(full: AsyncSession, email: str) -> None:
    assert await refused(full, rows.person("p-000000000002", email)) == "uq_person_email_lower"


async def test_availability_ending_before_it_begins_refused(full: AsyncSession) -> None:
    days = Availability(
        assessor_id="A-001", cohort_id="pilot", from_day=date(2018, 10, 2), until_day=date(2018, 10, 1)
    )

    assert await refused(full, days) == "ck_availability_ends_after_it_begins"


async def test_nominator_without_organisation_refused(full: AsyncSession) -> None:
    grant = RoleGrant(person_id="p-000000000001", role=Role.NOMINATOR, granted_at=NOW)

    assert await refused(full, grant) == "ck_rolegrant_nominator_has_one"


async def test_outcome_before_submission_refused(full: AsyncSession) -> None:
    early = rows.nomination("pilot-0002", stage=Stage.APPLYING)
    early.outcome = Outcome.ADMITTED

    assert await refused(full, early) == "ck_nomination_outcome_after_applying"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("approved_by = 'p-000000000002'", "ck_decision_approved_by_and_when"),
        ("released_at = now()", "ck_decision_released_only_if_approved"),
    ],
)
async def test_decision_half_approved_refused(full: AsyncSession, change: str, name: str) -> None:
    assert await refused_sql(full, f"UPDATE decision SET {change}") == name


async def test_assessor_same_person_twice_in_cohort_refused(full: AsyncSession) -> None:
    assert await refused(full, rows.assessor("A-002")) == "uq_assessor_cohort_id_person_id"


async def test_assessor_negative_capacity_refused(full: AsyncSession) -> None:
    name = await refused_sql(full, "UPDATE assessor SET capacity = -1")

    assert name == "ck_assessor_capacity_not_negative"


async def test_row_without_what_it_refers_to_refused(full: AsyncSession) -> None:
    orphan = rows.nomination("pilot-0002", "p-00000000dead")

    assert await refused(full, orphan) == "fk_nomination_person_id_person"


async def test_text_too_long_refused(full: AsyncSession) -> None:
    with pytest.raises(DataError, match="too long"):
        await full.exec(text("UPDATE person SET full_name = repeat('x', 201)"))
