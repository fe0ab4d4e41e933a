"""The tables: columns and constraints, nothing else. Importing this package registers all of them."""

from models.tables.allocation import AllocationRun, ProposedSeat, UnstaffedNomination
from models.tables.assessments import Assessment, Assessor, Availability, DeclaredConflict, Score, ScoreChange
from models.tables.audit import AuditEvent
from models.tables.cohorts import Cohort, PolicyVersion
from models.tables.nominations import (
    Application,
    ApplicationDraft,
    Decision,
    Endorsement,
    Nomination,
    ScreeningFinding,
)
from models.tables.people import EarlierPost, Organisation, Person, RoleGrant
from models.tables.post import OutboxMessage, Telling
from models.tables.quality import Flag

__all__ = [
    "AllocationRun",
    "Application",
    "ApplicationDraft",
    "Assessment",
    "Assessor",
    "AuditEvent",
    "Availability",
    "Cohort",
    "Decision",
    "DeclaredConflict",
    "EarlierPost",
    "Endorsement",
    "Flag",
    "Nomination",
    "Organisation",
    "OutboxMessage",
    "Person",
    "PolicyVersion",
    "ProposedSeat",
    "RoleGrant",
    "Score",
    "ScoreChange",
    "ScreeningFinding",
    "Telling",
    "UnstaffedNomination",
]
