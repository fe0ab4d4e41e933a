"""What the database itself keeps true: the audit chain, capacity, what is frozen, and who is woken."""

from alembic import op

revision = "0002"
down_revision = "0001"

# Each field is written as its length in characters, a colon and its text, or a hyphen where there is none, so
# that no two events share a canonical text. Moments are written in UTC, whatever the session's time zone is.
_AUDIT = (
    """
CREATE FUNCTION audit_field(field text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(length(field) || ':' || field, '-')
""",
    """
CREATE FUNCTION audit_canonical(event auditevent) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN audit_field(event.position::text)
        || audit_field(to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        || audit_field(event.actor)
        || audit_field(event.role)
        || audit_field(event.what)
        || audit_field(event.subject)
        || audit_field(event.workflow_id)
        || audit_field(event.step::text)
        || audit_field(event.key)
        || audit_field(event.before::text)
        || audit_field(event.after::text)
        || audit_field(event.reason)
""",
    # The position is taken after the lock: taken before it, as a sequence would be, two writers can store their
    # events in another order than they numbered them, and the chain breaks.
    """
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(5117204019);
    SELECT position, hash INTO last FROM auditevent ORDER BY position DESC LIMIT 1;
    NEW.position := coalesce(last.position, 0) + 1;
    NEW.previous := coalesce(last.hash, repeat('0', 64));
    NEW.hash := encode(sha256(convert_to(NEW.previous || audit_canonical(NEW), 'UTF8')), 'hex');
    RETURN NEW;
END
$$
""",
    "CREATE TRIGGER audit_chain BEFORE INSERT ON auditevent FOR EACH ROW EXECUTE FUNCTION audit_chain()",
)

_FROZEN = (
    """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never changed or removed once written.', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_frozen';
END
$$
""",
    *(
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in ("auditevent", "application", "policyversion")
    ),
    *(
        f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("auditevent", "application", "policyversion", "score", "scorechange")
    ),
)

# The assessor's row is locked, so that of two transactions that would each take the last place one waits and
# then sees the other's assessment. NO KEY UPDATE, unlike UPDATE, lets rows that refer to the assessor through.
# Only entering a holding stage is checked: who is over a capacity that was lowered keeps what they hold.
_CAPACITY = (
    """
CREATE FUNCTION within_capacity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holding constant text[] := ARRAY['seated', 'offered', 'accepted', 'submitted', 'returned'];
    most integer;
    held integer;
BEGIN
    IF NEW.stage <> ALL (holding) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.stage = ANY (holding)
       AND (OLD.cohort_id, OLD.assessor_id) = (NEW.cohort_id, NEW.assessor_id) THEN
        RETURN NEW;
    END IF;
    SELECT capacity INTO most FROM assessor
        WHERE id = NEW.assessor_id AND cohort_id = NEW.cohort_id FOR NO KEY UPDATE;
    SELECT count(*) INTO held FROM assessment
        WHERE assessor_id = NEW.assessor_id AND cohort_id = NEW.cohort_id
        AND stage = ANY (holding) AND id <> NEW.id;
    IF held >= most THEN
        RAISE EXCEPTION 'Assessor % of cohort % holds % assessments and can hold %: choose another, or raise '
            'their capacity.', NEW.assessor_id, NEW.cohort_id, held, most
            USING ERRCODE = 'check_violation', TABLE = 'assessment',
            CONSTRAINT = 'ck_assessment_within_capacity';
    END IF;
    RETURN NEW;
END
$$
""",
    "CREATE TRIGGER within_capacity BEFORE INSERT OR UPDATE OF stage, assessor_id, cohort_id ON assessment "
    "FOR EACH ROW EXECUTE FUNCTION within_capacity()",
)

# The assessment's row is locked against its own submission, so that a score saved at that moment is either part
# of what is submitted or refused. A submitted value changes only as a ScoreChange says that is not yet applied,
# or that this very transaction applies: the reason, the name and the old value always stand beside it.
_SCORES = (
    """
CREATE FUNCTION submitted_score() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched score := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    submitted boolean;
BEGIN
    SELECT stage = 'submitted' INTO submitted FROM assessment WHERE id = touched.assessment_id FOR SHARE;
    IF TG_OP = 'UPDATE' AND NEW.assessment_id <> OLD.assessment_id THEN
        submitted := true;
    END IF;
    IF NOT coalesce(submitted, false) THEN
        RETURN touched;
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.assessment_id, NEW.criterion, NEW.evidence)
                          = (OLD.assessment_id, OLD.criterion, OLD.evidence) THEN
        IF NEW.value = OLD.value OR EXISTS (
            SELECT FROM scorechange AS change
            WHERE change.assessment_id = NEW.assessment_id AND change.criterion = NEW.criterion
            AND change.before = OLD.value AND change.after = NEW.value
            AND (change.applied_at IS NULL OR change.xmin = pg_current_xact_id()::xid)
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The score for % of assessment % has been submitted: it changes only by a score change with '
        'a reason.', touched.criterion, touched.assessment_id
        USING ERRCODE = 'restrict_violation', TABLE = 'score', CONSTRAINT = 'score_frozen';
END
$$
""",
    "CREATE TRIGGER submitted_score BEFORE INSERT OR UPDATE OR DELETE ON score "
    "FOR EACH ROW EXECUTE FUNCTION submitted_score()",
    "CREATE TRIGGER scorechange_frozen BEFORE UPDATE OR DELETE ON scorechange "
    "FOR EACH ROW WHEN (OLD.applied_at IS NOT NULL) EXECUTE FUNCTION refuse_change()",
)

# Sent when the transaction commits; a notice tells nothing but that there is something to look for.
_WAKING = (
    """
CREATE FUNCTION wake_listeners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END
$$
""",
    *(
        f"CREATE TRIGGER wake_listeners AFTER INSERT ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION wake_listeners('{channel}')"
        for table, channel in (("outboxmessage", "outbox_message"), ("telling", "telling"))
    ),
)

_FUNCTIONS = (
    "wake_listeners()",
    "submitted_score()",
    "within_capacity()",
    "refuse_change()",
    "audit_chain()",
    "audit_canonical(auditevent)",
    "audit_field(text)",
)


def upgrade() -> None:
    """Set the guards; rows that stand already are kept as they are, and audit events keep their hashes."""
    for statement in (*_AUDIT, *_FROZEN, *_CAPACITY, *_SCORES, *_WAKING):
        op.execute(statement)


def downgrade() -> None:
    """Remove the guards, and nothing that is stored."""
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function} CASCADE")
