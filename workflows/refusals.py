"""How a workflow says no: at once, from a validator, in a sentence a person can act on."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from models.messages import By
    from rules.permissions import Act, may

REFUSED = "Refused"
"""The type of the error by which a caller knows that nothing was done and why."""


def refuse(sentence: str) -> ApplicationError:
    """The error to raise when something is not allowed as things stand."""
    return ApplicationError(sentence, type=REFUSED, non_retryable=True)


def allow(by: By, act: Act) -> None:
    """Raises a refusal unless whoever acts may do this in their role."""
    verdict = may(by.role, act)
    if not verdict.allowed:
        raise refuse(verdict.reason)


def cause_of(error: FailureError) -> ApplicationError:
    """What an activity that will not be retried failed with, as an error a message handler may let out.

    A local activity's own error reaches the workflow as it is, a remote one's as the cause of an activity error.
    """
    cause = error if isinstance(error, ApplicationError) else error.cause
    if isinstance(cause, ApplicationError) and cause.type == REFUSED:
        return refuse(cause.message)
    return ApplicationError(
        "This could not be recorded, and nothing has changed. Operations can see why in the workflow's history.",
        type=cause.type if isinstance(cause, ApplicationError) else type(cause).__name__,
        non_retryable=True,
    )
