"""Every workflow a worker runs and a replay needs."""

from workflows.allocation import AllocationWorkflow
from workflows.assessment import AssessmentWorkflow
from workflows.cohort import CohortWorkflow
from workflows.nomination import NominationWorkflow
from workflows.outbox import OutboxWorkflow
from workflows.webhooks import WebhooksWorkflow

WORKFLOWS: tuple[type, ...] = (
    CohortWorkflow,
    NominationWorkflow,
    AssessmentWorkflow,
    AllocationWorkflow,
    OutboxWorkflow,
    WebhooksWorkflow,
)
