"""The tables: columns and constraints, nothing else. Importing this package registers all of them."""

from models.tables.allocation import AllocationRun, PairRule, ProposedSeat, UnstaffedNomination
from models.tables.assessments import (
    Assessment,
    Assessor,
    Availability,
    DeclaredConflict,
    Score,
    ScoreChange,
    ScoreDraft,
)
from models.tables.audit import AuditEvent
from models.tables.cohorts import Cohort, PolicyVersion
from models.tables.drafts import NominationDraft
from models.tables.equality import EqualityAnswer
from models.tables.nominations import (
    Application,
    ApplicationDraft,
    Decision,
    Endorsement,
    Nomination,
    ScreeningFinding,
)
from models.tables.own_properties import OwnProperty
from models.tables.people import EarlierPost, Organisation, Person, RoleGrant
from models.tables.portal import ActOnce, KeptAnswer, Passkey, SignInAttempt, SignInCode, WebSession
from models.tables.post import OutboxMessage, Telling
from models.tables.programs import ApiToken, WebhookDelivery, WebhookEndpoint
from models.tables.quality import Flag
from models.tables.steering import BulkStep, ModerationLock

__all__ = [
    "ActOnce",
    "AllocationRun",
    "ApiToken",
    "Application",
    "ApplicationDraft",
    "Assessment",
    "Assessor",
    "AuditEvent",
    "Availability",
    "BulkStep",
    "Cohort",
    "Decision",
    "DeclaredConflict",
    "EarlierPost",
    "Endorsement",
    "EqualityAnswer",
    "Flag",
    "KeptAnswer",
    "ModerationLock",
    "Nomination",
    "NominationDraft",
    "Organisation",
    "OutboxMessage",
    "OwnProperty",
    "PairRule",
    "Passkey",
    "Person",
    "PolicyVersion",
    "ProposedSeat",
    "RoleGrant",
    "Score",
    "ScoreChange",
    "ScoreDraft",
    "ScreeningFinding",
    "SignInAttempt",
    "SignInCode",
    "Telling",
    "UnstaffedNomination",
    "WebSession",
    "WebhookDelivery",
    "WebhookEndpoint",
]
