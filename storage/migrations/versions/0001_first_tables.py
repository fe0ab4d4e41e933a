"""The first tables."""
# ruff: noqa: E501 -- lists of words stay on one line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table with its constraints and indexes, empty."""
    op.create_table(
        "auditevent",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("workflow_id", sa.String(length=120), nullable=True),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=96), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "(workflow_id IS NULL) = (step IS NULL) AND (workflow_id IS NULL) = (key IS NULL)",
            name=op.f("ck_auditevent_workflow_with_step_and_key"),
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_auditevent")),
    )
    op.create_index("ix_auditevent_subject", "auditevent", ["subject", "position"], unique=False)
    op.create_index(
        "uq_audit_event_step",
        "auditevent",
        ["workflow_id", "key"],
        unique=True,
        postgresql_where=sa.text("workflow_id IS NOT NULL"),
    )
    op.create_table(
        "cohort",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("region", sa.String(length=120), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=32), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "phase IN ('scheduled', 'open', 'closed', 'allocating', 'scoring', 'quality_assurance', 'deciding', 'released', 'ended')",
            name=op.f("ck_cohort_cohort_phase"),
        ),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_cohort_closes_after_opening")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort")),
    )
    op.create_table(
        "organisation",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=80), nullable=False),
        sa.Column("local_office_code", sa.String(length=8), nullable=False),
        sa.Column("system_code", sa.String(length=8), nullable=False),
        sa.Column("system_name", sa.String(length=120), nullable=False),
        sa.Column("legal_form", sa.String(length=60), nullable=False),
        sa.Column("size_class", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_organisation")),
    )
    op.create_index(op.f("ix_organisation_system_code"), "organisation", ["system_code"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("full_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("post", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index("uq_person_email_lower", "person", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "telling",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workflow_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'done', 'refused')", name=op.f("ck_telling_telling_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telling")),
    )
    op.create_index(
        "ix_telling_waiting", "telling", ["made_at"], unique=False, postgresql_where=sa.text("status = 'waiting'")
    )
    op.create_table(
        "allocationrun",
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("problem", postgresql.JSONB(), nullable=False),
        sa.Column("result", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=20), nullable=True),
        sa.CheckConstraint("kind IN ('batch', 'rolling', 'replacement')", name=op.f("ck_allocationrun_run_kind")),
        sa.CheckConstraint(
            "status IN ('proposed', 'released', 'discarded')", name=op.f("ck_allocationrun_run_status")
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_allocationrun_cohort_id_cohort")),
        sa.PrimaryKeyConstraint("cohort_id", "number", name=op.f("pk_allocationrun")),
    )
    op.create_table(
        "assessor",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("organisation_code", sa.String(length=8), nullable=False),
        sa.Column("interests", postgresql.JSONB(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("training_expires", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "role IN ('chief_executive', 'accountable_officer', 'non_executive_director', 'chair')",
            name=op.f("ck_assessor_assessor_role"),
        ),
        sa.CheckConstraint("capacity >= 0", name=op.f("ck_assessor_capacity_not_negative")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_assessor_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_code"], ["organisation.code"], name=op.f("fk_assessor_organisation_code_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assessor_person_id_person")),
        sa.PrimaryKeyConstraint("id", "cohort_id", name=op.f("pk_assessor")),
        sa.UniqueConstraint("cohort_id", "person_id", name=op.f("uq_assessor_cohort_id_person_id")),
    )
    op.create_table(
        "earlierpost",
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("organisation_code", sa.String(length=8), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_code"], ["organisation.code"], name=op.f("fk_earlierpost_organisation_code_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_earlierpost_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "organisation_code", name=op.f("pk_earlierpost")),
    )
    op.create_table(
        "nomination",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("organisation_code", sa.String(length=8), nullable=False),
        sa.Column("nominated_by", sa.String(length=20), nullable=False),
        sa.Column("route", sa.String(length=32), nullable=False),
        sa.Column("readiness", sa.String(length=32), nullable=False),
        sa.Column("interests", postgresql.JSONB(), nullable=False),
        sa.Column("late_reason", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("attention_code", sa.String(length=64), nullable=True),
        sa.Column("attention_step", sa.String(length=64), nullable=True),
        sa.Column("attention_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_to", sa.String(length=20), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(outcome IS NULL) OR stage NOT IN ('nominated', 'applying')",
            name=op.f("ck_nomination_outcome_after_applying"),
        ),
        sa.CheckConstraint("outcome IN ('admitted', 'reserved', 'not_admitted')", name=op.f("ck_nomination_outcome")),
        sa.CheckConstraint(
            "readiness IN ('ready_now', '6_to_12_months', '1_to_2_years')", name=op.f("ck_nomination_readiness")
        ),
        sa.CheckConstraint("route IN ('organisation', 'self')", name=op.f("ck_nomination_nomination_route")),
        sa.CheckConstraint(
            "stage IN ('nominated', 'applying', 'screening', 'awaiting_panel', 'scoring', 'quality_assurance', 'awaiting_decision', 'decided', 'in_pool', 'reserved', 'declined_by_nominee', 'lapsed', 'ineligible', 'withdrawn', 'not_admitted', 'deferred')",
            name=op.f("ck_nomination_stage"),
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_nomination_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["nominated_by"], ["person.id"], name=op.f("fk_nomination_nominated_by_person")),
        sa.ForeignKeyConstraint(
            ["organisation_code"], ["organisation.code"], name=op.f("fk_nomination_organisation_code_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_nomination_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nomination")),
    )
    op.create_index("ix_nomination_cohort_stage_id", "nomination", ["cohort_id", "stage", "id"], unique=False)
    op.create_index(op.f("ix_nomination_due_at"), "nomination", ["due_at"], unique=False)
    op.create_index(op.f("ix_nomination_organisation_code"), "nomination", ["organisation_code"], unique=False)
    op.create_index(op.f("ix_nomination_person_id"), "nomination", ["person_id"], unique=False)
    op.create_index(
        "uq_nomination_cohort_reference",
        "nomination",
        ["cohort_id", "reference"],
        unique=True,
        postgresql_where=sa.text("reference <> ''"),
    )
    op.create_index(
        "uq_nomination_live_person_cohort",
        "nomination",
        ["person_id", "cohort_id"],
        unique=True,
        postgresql_where=sa.text(
            "stage NOT IN ('declined_by_nominee', 'lapsed', 'ineligible', 'withdrawn', 'not_admitted', 'deferred')"
        ),
    )
    op.create_table(
        "outboxmessage",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("template", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("nomination_id", sa.String(length=40), nullable=True),
        sa.Column("assessment_id", sa.String(length=64), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sending_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'sending', 'sent', 'uncertain', 'failed')",
            name=op.f("ck_outboxmessage_message_status"),
        ),
        sa.CheckConstraint(
            "template IN ('invitation', 'endorsement_request', 'consent_reminder', 'application_open', 'application_reminder', 'application_received', 'deadline_moved', 'lapsed', 'ineligible', 'withdrawn', 'deferred', 'readmitted', 'paused', 'resumed', 'offer', 'offer_reminder', 'offer_expired', 'scoring_open', 'scoring_reminder', 'scoring_overdue', 'evidence_request', 'stood_down', 'admitted', 'reserved', 'not_admitted', 'promoted', 'feedback', 'reserve_list_closed')",
            name=op.f("ck_outboxmessage_template"),
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_outboxmessage_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_outboxmessage_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outboxmessage")),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outboxmessage",
        ["queued_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('waiting', 'sending')"),
    )
    op.create_index(op.f("ix_outboxmessage_nomination_id"), "outboxmessage", ["nomination_id"], unique=False)
    op.create_index(op.f("ix_outboxmessage_person_id"), "outboxmessage", ["person_id"], unique=False)
    op.create_table(
        "policyversion",
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_policyversion_cohort_id_cohort")),
        sa.PrimaryKeyConstraint("cohort_id", "version", name=op.f("pk_policyversion")),
    )
    op.create_table(
        "rolegrant",
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("organisation_code", sa.String(length=8), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "organisation_code <> '' OR role <> 'nominator'", name=op.f("ck_rolegrant_nominator_has_one")
        ),
        sa.CheckConstraint(
            "role IN ('nominator', 'nominee', 'assessor', 'moderator', 'board', 'inclusion_adviser', 'operations', 'system')",
            name=op.f("ck_rolegrant_role"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_rolegrant_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "role", "organisation_code", name=op.f("pk_rolegrant")),
    )
    op.create_table(
        "application",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_application_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("nomination_id", "version", name=op.f("pk_application")),
    )
    op.create_table(
        "applicationdraft",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_applicationdraft_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("nomination_id", "field", name=op.f("pk_applicationdraft")),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("assessor_id", sa.String(length=20), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("seated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.String(length=32), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "decline_reason IN ('conflict', 'unavailable', 'overloaded', 'other')",
            name=op.f("ck_assessment_assessor_decline_reason"),
        ),
        sa.CheckConstraint(
            "stage <> 'declined' OR decline_reason IS NOT NULL", name=op.f("ck_assessment_declined_for_a_reason")
        ),
        sa.CheckConstraint(
            "stage IN ('seated', 'offered', 'accepted', 'submitted', 'returned', 'declined', 'expired', 'replaced', 'stood_down')",
            name=op.f("ck_assessment_assessment_stage"),
        ),
        sa.CheckConstraint(
            "starts_with(nomination_id, cohort_id || '-')", name=op.f("ck_assessment_nomination_of_the_same_cohort")
        ),
        sa.ForeignKeyConstraint(
            ["assessor_id", "cohort_id"],
            ["assessor.id", "assessor.cohort_id"],
            name=op.f("fk_assessment_assessor_id_cohort_id_assessor"),
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_assessment_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_assessment_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("nomination_id", "assessor_id", name=op.f("uq_assessment_nomination_id_assessor_id")),
    )
    op.create_index("ix_assessment_assessor_stage", "assessment", ["cohort_id", "assessor_id", "stage"], unique=False)
    op.create_table(
        "availability",
        sa.Column("assessor_id", sa.String(length=20), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_availability_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["assessor_id", "cohort_id"],
            ["assessor.id", "assessor.cohort_id"],
            name=op.f("fk_availability_assessor_id_cohort_id_assessor"),
        ),
        sa.PrimaryKeyConstraint("assessor_id", "cohort_id", "from_day", name=op.f("pk_availability")),
    )
    op.create_table(
        "decision",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("drafted_by", sa.String(length=20), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=20), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome IN ('admitted', 'reserved', 'not_admitted')", name=op.f("ck_decision_outcome")),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_decision_approved_by_and_when")
        ),
        sa.CheckConstraint(
            "released_at IS NULL OR approved_at IS NOT NULL", name=op.f("ck_decision_released_only_if_approved")
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_decision_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("nomination_id", name=op.f("pk_decision")),
    )
    op.create_table(
        "declaredconflict",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("assessor_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("declared_by", sa.String(length=20), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_declaredconflict_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("nomination_id", "assessor_id", name=op.f("pk_declaredconflict")),
    )
    op.create_table(
        "endorsement",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("post", sa.String(length=32), nullable=False),
        sa.Column("organisation_code", sa.String(length=8), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "post IN ('chief_executive', 'accountable_officer', 'executive_director')",
            name=op.f("ck_endorsement_endorser_post"),
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_endorsement_nomination_id_nomination")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_code"], ["organisation.code"], name=op.f("fk_endorsement_organisation_code_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_endorsement_person_id_person")),
        sa.PrimaryKeyConstraint("nomination_id", name=op.f("pk_endorsement")),
    )
    op.create_table(
        "flag",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=96), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolution", sa.String(length=32), nullable=True),
        sa.Column("resolved_by", sa.String(length=20), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "resolution IN ('confirm', 'moderate', 'more_evidence', 'another_assessor')",
            name=op.f("ck_flag_resolution"),
        ),
        sa.CheckConstraint(
            "rule IN ('incomplete', 'evidence_thin', 'criterion_spread', 'mean_spread', 'audit_sample')",
            name=op.f("ck_flag_flag_rule"),
        ),
        sa.CheckConstraint(
            "(resolution IS NULL) = (resolved_by IS NULL) AND (resolution IS NULL) = (resolved_at IS NULL)",
            name=op.f("ck_flag_resolved_by_and_when"),
        ),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name=op.f("fk_flag_nomination_id_nomination")),
        sa.PrimaryKeyConstraint("nomination_id", "number", name=op.f("pk_flag")),
    )
    op.create_table(
        "proposedseat",
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("assessor_id", sa.String(length=20), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id", "run"],
            ["allocationrun.cohort_id", "allocationrun.number"],
            name=op.f("fk_proposedseat_cohort_id_run_allocationrun"),
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_proposedseat_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("cohort_id", "run", "nomination_id", "assessor_id", name=op.f("pk_proposedseat")),
    )
    op.create_table(
        "screeningfinding",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_screeningfinding_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("nomination_id", "rule", name=op.f("pk_screeningfinding")),
    )
    op.create_table(
        "unstaffednomination",
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id", "run"],
            ["allocationrun.cohort_id", "allocationrun.number"],
            name=op.f("fk_unstaffednomination_cohort_id_run_allocationrun"),
        ),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_unstaffednomination_nomination_id_nomination")
        ),
        sa.PrimaryKeyConstraint("cohort_id", "run", "nomination_id", name=op.f("pk_unstaffednomination")),
    )
    op.create_table(
        "score",
        sa.Column("assessment_id", sa.String(length=64), nullable=False),
        sa.Column("criterion", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value BETWEEN 1 AND 7", name=op.f("ck_score_value_on_the_scale")),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"], name=op.f("fk_score_assessment_id_assessment")),
        sa.PrimaryKeyConstraint("assessment_id", "criterion", name=op.f("pk_score")),
    )
    op.create_table(
        "scorechange",
        sa.Column("assessment_id", sa.String(length=64), nullable=False),
        sa.Column("criterion", sa.String(length=32), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('moderation', 'human_error', 'further_evidence')",
            name=op.f("ck_scorechange_score_change_reason"),
        ),
        sa.CheckConstraint(
            "before BETWEEN 1 AND 7 AND after BETWEEN 1 AND 7", name=op.f("ck_scorechange_values_on_the_scale")
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id", "criterion"],
            ["score.assessment_id", "score.criterion"],
            name=op.f("fk_scorechange_assessment_id_criterion_score"),
        ),
        sa.PrimaryKeyConstraint("assessment_id", "criterion", "change", name=op.f("pk_scorechange")),
    )


def downgrade() -> None:
    """Drop every table, and all that is in them."""
    op.drop_table("scorechange")
    op.drop_table("score")
    op.drop_table("unstaffednomination")
    op.drop_table("screeningfinding")
    op.drop_table("proposedseat")
    op.drop_table("flag")
    op.drop_table("endorsement")
    op.drop_table("declaredconflict")
    op.drop_table("decision")
    op.drop_table("availability")
    op.drop_index("ix_assessment_assessor_stage", table_name="assessment")
    op.drop_table("assessment")
    op.drop_table("applicationdraft")
    op.drop_table("application")
    op.drop_table("rolegrant")
    op.drop_table("policyversion")
    op.drop_index(op.f("ix_outboxmessage_person_id"), table_name="outboxmessage")
    op.drop_index(op.f("ix_outboxmessage_nomination_id"), table_name="outboxmessage")
    op.drop_index(
        "ix_outbox_waiting", table_name="outboxmessage", postgresql_where=sa.text("status IN ('waiting', 'sending')")
    )
    op.drop_table("outboxmessage")
    op.drop_index(
        "uq_nomination_live_person_cohort",
        table_name="nomination",
        postgresql_where=sa.text(
            "stage NOT IN ('declined_by_nominee', 'lapsed', 'ineligible', 'withdrawn', 'not_admitted', 'deferred')"
        ),
    )
    op.drop_index(
        "uq_nomination_cohort_reference", table_name="nomination", postgresql_where=sa.text("reference <> ''")
    )
    op.drop_index(op.f("ix_nomination_person_id"), table_name="nomination")
    op.drop_index(op.f("ix_nomination_organisation_code"), table_name="nomination")
    op.drop_index(op.f("ix_nomination_due_at"), table_name="nomination")
    op.drop_index("ix_nomination_cohort_stage_id", table_name="nomination")
    op.drop_table("nomination")
    op.drop_table("earlierpost")
    op.drop_table("assessor")
    op.drop_table("allocationrun")
    op.drop_index("ix_telling_waiting", table_name="telling", postgresql_where=sa.text("status = 'waiting'"))
    op.drop_table("telling")
    op.drop_index("uq_person_email_lower", table_name="person")
    op.drop_table("person")
    op.drop_index(op.f("ix_organisation_system_code"), table_name="organisation")
    op.drop_table("organisation")
    op.drop_table("cohort")
    op.drop_index("uq_audit_event_step", table_name="auditevent", postgresql_where=sa.text("workflow_id IS NOT NULL"))
    op.drop_index("ix_auditevent_subject", table_name="auditevent")
    op.drop_table("auditevent")
