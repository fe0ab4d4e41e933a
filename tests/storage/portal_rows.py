"""Rows of the tables behind the portal, one of each; they refer to those of `tests.storage.rows`."""

from datetime import UTC, datetime, timedelta

from sqlmodel import SQLModel

from models.enums import AssessorProperty, Role
from models.tables import (
    ActOnce,
    ApiToken,
    BulkStep,
    EqualityAnswer,
    KeptAnswer,
    ModerationLock,
    NominationDraft,
    OwnProperty,
    Passkey,
    ScoreDraft,
    SignInAttempt,
    SignInCode,
    WebhookDelivery,
    WebhookEndpoint,
    WebSession,
)

NOON = datetime(2018, 9, 3, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
PERSON, HASH = "p-000000000001", "0" * 64


def one_of_each_behind_the_portal() -> tuple[SQLModel, ...]:
    """In an order in which each finds what it refers to."""
    return (
        SignInCode(id=HASH, person_id=PERSON, code_sha256=HASH, made_at=NOON, expires_at=LATER),
        SignInAttempt(id=HASH, way="oidc", held={"nonce": "n"}, made_at=NOON, expires_at=LATER),
        WebSession(id=HASH, person_id=PERSON, role=Role.BOARD, way="code", started_at=NOON, seen_at=NOON),
        Passkey(id="key", person_id=PERSON, public_key="k", name="Laptop", made_at=NOON),
        KeptAnswer(browser=HASH, key="k", path="/sign-in", status=422, page=b"page", nonce="n", kept_at=NOON),
        ActOnce(asker=PERSON, key="k", route="POST /", begun_at=NOON, answer={"path": "/"}),
        NominationDraft(
            id="d-1", organisation_code="R1D", cohort_id="pilot", person_id=PERSON, begun_at=NOON, saved_at=NOON
        ),
        EqualityAnswer(person_id=PERSON, cohort_id="pilot", question="age", answers=["40_49"], saved_at=NOON),
        OwnProperty(
            assessor_id="A-001",
            cohort_id="pilot",
            property=AssessorProperty.WOMAN,
            agreed_by=PERSON,
            agreed_at=NOON,
        ),
        BulkStep(id="b-1", cohort_id="pilot", act="pause", reason="other", person_id=PERSON, taken_at=NOON),
        ModerationLock(nomination_id="pilot-0001", person_id=PERSON, taken_at=NOON, ends_at=LATER),
        ScoreDraft(assessment_id="pilot-0001.A-001", field="vision.evidence", content="Words.", saved_at=NOON),
        ApiToken(
            id="t-1",
            organisation_code="R1D",
            name="Payroll",
            scopes=["nominations:read"],
            token_sha256=HASH,
            made_by=PERSON,
            made_at=NOON,
            expires_at=LATER,
        ),
        WebhookEndpoint(
            id="e-1", organisation_code="R1D", url="https://example.nhs.test/", secret="whsec_x", made_at=NOON
        ),
        WebhookDelivery(id="m-1", endpoint_id="e-1", event={"type": "x"}, made_at=NOON, next_at=NOON),
    )
