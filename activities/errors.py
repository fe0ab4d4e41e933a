"""What activities fail with: typed, without a single personal value, and retried only where retrying can help."""

import structlog
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from storage.steps import constraint_of

_log = structlog.get_logger()


def refused(sentence: str) -> ApplicationError:
    """Nothing was done, and the person who asked is told why."""
    return ApplicationError(sentence, type="Refused", non_retryable=True, category=ApplicationErrorCategory.BENIGN)


def later(what: str, code: str) -> ApplicationError:
    """Nothing is wrong, and the activity is to be tried again; it is not logged as a failure."""
    return ApplicationError(what, type=code, category=ApplicationErrorCategory.BENIGN)


def missing(what: str, identifier: str) -> ApplicationError:
    """Something the step needs is not in the database; a person must look."""
    return ApplicationError(f"{what} {identifier} is not in the database", type=f"{what}Missing", non_retryable=True)


class ActivityErrors(Interceptor):
    """Turns whatever an activity raises into a typed error whose text holds no value of any row.

    A database error's own text quotes the row it refused, and would carry names into a history for ever.
    """

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- the SDK's name
        """Stands before the activity."""
        return _Typed(next)


class _Typed(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002 -- the SDK's name
        """Runs the activity and types its failure."""
        try:
            return await super().execute_activity(input)
        except (ApplicationError, CancelledError):
            raise
        except (IntegrityError, DataError) as error:
            constraint = constraint_of(error) if isinstance(error, IntegrityError) else type(error.orig).__name__
            _log.error("stored state refused a step", activity=activity.info().activity_type, constraint=constraint)
            raise ApplicationError(
                f"the database refuses it: {constraint}", type="StoredStateRefused", non_retryable=True
            ) from None
        except (OperationalError, SQLAlchemyError) as error:
            raise ApplicationError("the database is away", type=type(error).__name__) from None
        except Exception as error:  # a fault of ours: said by its type alone, and retried until it is mended
            _log.error("activity failed", activity=activity.info().activity_type, error=type(error).__name__)
            raise ApplicationError("the activity failed", type=type(error).__name__) from None
