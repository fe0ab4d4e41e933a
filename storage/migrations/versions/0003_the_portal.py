"""The portal."""
# ruff: noqa: E501 -- lists of words stay on one line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of the portal, empty; applications that stand already were never redacted."""
    op.create_table(
        "actonce",
        sa.Column("asker", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=160), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("asker", "key", name=op.f("pk_actonce")),
    )
    op.create_index("ix_actonce_begun", "actonce", ["begun_at"], unique=False)
    op.create_table(
        "apitoken",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("organisation_code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_apitoken_made_by_person")),
        sa.ForeignKeyConstraint(
            ["organisation_code"], ["organisation.code"], name=op.f("fk_apitoken_organisation_code_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apitoken")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_apitoken_token_sha256")),
    )
    op.create_index(op.f("ix_apitoken_organisation_code"), "apitoken", ["organisation_code"], unique=False)
    op.create_table(
        "bulkstep",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=20), nullable=True),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_bulkstep_undone_by_and_when")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_bulkstep_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bulkstep_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulkstep")),
    )
    op.create_index(op.f("ix_bulkstep_cohort_id"), "bulkstep", ["cohort_id"], unique=False)
    op.create_table(
        "equalityanswer",
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_equalityanswer_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_equalityanswer_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "cohort_id", "question", name=op.f("pk_equalityanswer")),
    )
    op.create_table(
        "nominationdraft",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("organisation_code", sa.String(length=8), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nomination_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_nominationdraft_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_code"],
            ["organisation.code"],
            name=op.f("fk_nominationdraft_organisation_code_organisation"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_nominationdraft_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nominationdraft")),
    )
    op.create_index(
        op.f("ix_nominationdraft_organisation_code"), "nominationdraft", ["organisation_code"], unique=False
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(length=400), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("public_key", sa.String(length=2000), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_passkey_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
    )
    op.create_index("ix_passkey_person", "passkey", ["person_id"], unique=False)
    op.create_table(
        "signinattempt",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=True),
        sa.Column("held", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_signinattempt_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signinattempt")),
    )
    op.create_table(
        "signincode",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=True),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_signincode_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signincode")),
    )
    op.create_index("ix_signincode_person_made", "signincode", ["person_id", "made_at"], unique=False)
    op.create_table(
        "webhookendpoint",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("organisation_code", sa.String(length=8), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=80), nullable=False),
        sa.Column("kinds", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_position", sa.Integer(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_code"],
            ["organisation.code"],
            name=op.f("fk_webhookendpoint_organisation_code_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhookendpoint")),
    )
    op.create_index(
        op.f("ix_webhookendpoint_organisation_code"), "webhookendpoint", ["organisation_code"], unique=False
    )
    op.create_table(
        "websession",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=True),
        sa.Column("place", sa.String(length=20), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('nominator', 'nominee', 'assessor', 'moderator', 'board', 'inclusion_adviser', 'operations', 'system')",
            name=op.f("ck_websession_role"),
        ),
        sa.CheckConstraint("role IS NOT NULL OR place = ''", name=op.f("ck_websession_place_of_a_role")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_websession_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_websession")),
    )
    op.create_index("ix_websession_person", "websession", ["person_id"], unique=False)
    op.create_table(
        "moderationlock",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=20), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_moderationlock_nomination_id_nomination")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_moderationlock_person_id_person")),
        sa.PrimaryKeyConstraint("nomination_id", name=op.f("pk_moderationlock")),
    )
    op.create_table(
        "webhookdelivery",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("endpoint_id", sa.String(length=24), nullable=False),
        sa.Column("event", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'delivered', 'given_up')", name=op.f("ck_webhookdelivery_status")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhookendpoint.id"], name=op.f("fk_webhookdelivery_endpoint_id_webhookendpoint")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhookdelivery")),
    )
    op.create_index("ix_webhook_of_endpoint", "webhookdelivery", ["endpoint_id", "made_at"], unique=False)
    op.create_index(
        "ix_webhook_waiting",
        "webhookdelivery",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "scoredraft",
        sa.Column("assessment_id", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_scoredraft_assessment_id_assessment")
        ),
        sa.PrimaryKeyConstraint("assessment_id", "field", name=op.f("pk_scoredraft")),
    )
    op.add_column("application", sa.Column("redacted", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    """Drop them: drafts, equality answers, tokens, passkeys and locks are lost, and everybody is signed out."""
    op.drop_column("application", "redacted")
    op.drop_table("scoredraft")
    op.drop_index("ix_webhook_waiting", table_name="webhookdelivery", postgresql_where=sa.text("status = 'waiting'"))
    op.drop_index("ix_webhook_of_endpoint", table_name="webhookdelivery")
    op.drop_table("webhookdelivery")
    op.drop_table("moderationlock")
    op.drop_index("ix_websession_person", table_name="websession")
    op.drop_table("websession")
    op.drop_index(op.f("ix_webhookendpoint_organisation_code"), table_name="webhookendpoint")
    op.drop_table("webhookendpoint")
    op.drop_index("ix_signincode_person_made", table_name="signincode")
    op.drop_table("signincode")
    op.drop_table("signinattempt")
    op.drop_index("ix_passkey_person", table_name="passkey")
    op.drop_table("passkey")
    op.drop_index(op.f("ix_nominationdraft_organisation_code"), table_name="nominationdraft")
    op.drop_table("nominationdraft")
    op.drop_table("equalityanswer")
    op.drop_index(op.f("ix_bulkstep_cohort_id"), table_name="bulkstep")
    op.drop_table("bulkstep")
    op.drop_index(op.f("ix_apitoken_organisation_code"), table_name="apitoken")
    op.drop_table("apitoken")
    op.drop_index("ix_actonce_begun", table_name="actonce")
    op.drop_table("actonce")
