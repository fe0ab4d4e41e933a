"""What goes wrong in the interface for programs, each as a problem of RFC 9457.

A problem's ``type`` is a link to the documentation of its kind; its sentences hold nothing that somebody typed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from acts.errors import NotKnownError, NotReachedError, RefusedError
from portal.failures import TooLargeError, TooManyError

MEDIA = "application/problem+json"
DOCS = "/api/v1/docs"
"""The explorer page, which says of each problem what it means."""
_LOST = (
    RPCError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
)


class Kind(StrEnum):
    """Every kind of problem; the value is the end of its type's link."""

    NO_TOKEN = "token-missing"  # noqa: S105 -- a problem, not a token
    NOT_ALLOWED = "not-allowed"
    NOT_FOUND = "not-found"
    NO_METHOD = "method-not-allowed"
    REFUSED = "refused"
    TOO_LARGE = "too-large"
    NO_JSON = "not-json"
    WRONG = "not-valid"
    KEY_USED = "key-used-before"
    TOO_MANY = "too-many"
    BROKEN = "broken"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Meaning:
    """What a kind of problem is: its status, its title, and what to do about it."""

    status: int
    title: str
    advice: str


MEANINGS: Mapping[Kind, Meaning] = {
    Kind.NO_TOKEN: Meaning(
        401,
        "A token is needed",
        "Send the header Authorization with the word Bearer and a token that has not expired or been revoked, and "
        "whose maker is still a nominator of the organisation.",
    ),
    Kind.NOT_ALLOWED: Meaning(
        403,
        "This token may not do this",
        "The token lacks the scope that the operation names. Make one that has it.",
    ),
    Kind.NOT_FOUND: Meaning(
        404,
        "There is no such thing",
        "There is nothing at this address, or it is not your organisation's.",
    ),
    Kind.NO_METHOD: Meaning(405, "This cannot be done here", "The header Allow says what can be done."),
    Kind.REFUSED: Meaning(
        409,
        "This is not allowed as things stand",
        "The detail says why, such as that the window has closed. Nothing was changed.",
    ),
    Kind.TOO_LARGE: Meaning(413, "This is too large", "Send less at once."),
    Kind.NO_JSON: Meaning(415, "JSON is needed", "Send the header Content-Type with application/json."),
    Kind.WRONG: Meaning(
        422,
        "What was sent is not valid",
        "The list of errors says for each part of the request what is wrong with it. Nothing was changed.",
    ),
    Kind.KEY_USED: Meaning(
        422,
        "This idempotency key was used for something else",
        "A key belongs to one request: use a new one for each, and the same one only to repeat a request as it was.",
    ),
    Kind.TOO_MANY: Meaning(429, "Too many requests", "Wait as long as the header Retry-After says."),
    Kind.BROKEN: Meaning(500, "Something is broken", "Try again later; if it stays, write to the contact address."),
    Kind.UNAVAILABLE: Meaning(
        503,
        "The service is not available now",
        "Repeat the request under the same idempotency key after as long as the header Retry-After says.",
    ),
}


class Fault(BaseModel):
    """What is wrong with one part of a request."""

    model_config = ConfigDict(frozen=True)

    where: str = Field(
        description="`body`, `query`, `path` or `header`, then the way to the part, as a JSON pointer."
    )
    detail: str


class Problem(BaseModel):
    """A problem (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="A link to what this kind of problem means.")
    title: str
    status: int
    detail: str = ""
    errors: tuple[Fault, ...] = ()


class ProblemError(Exception):
    """A request fails by this problem."""

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})


def answered(error: ProblemError) -> JSONResponse:
    """The answer that a problem becomes."""
    meaning = MEANINGS[error.kind]
    problem = Problem(
        type=f"{DOCS}#{error.kind.value}",
        title=meaning.title,
        status=meaning.status,
        detail=error.detail or meaning.advice,
        errors=error.faults,
    )
    left_out = set() if error.faults else {"errors"}
    return JSONResponse(
        problem.model_dump(mode="json", exclude=left_out), meaning.status, error.headers, media_type=MEDIA
    )


def problem_of(error: Exception) -> ProblemError:
    """The problem that a failure is."""
    found = ProblemError(Kind.BROKEN)
    match error:
        case ProblemError():
            found = error
        case RefusedError():
            found = ProblemError(Kind.REFUSED, str(error))
        case NotKnownError():
            found = ProblemError(Kind.NOT_FOUND, str(error))
        case NotReachedError():
            found = _later(str(error))
        case RequestValidationError():
            found = _invalid(error)
        case TooLargeError():
            found = ProblemError(Kind.TOO_LARGE, f"{error.sentence} {error.advice}".strip())
        case TooManyError():
            seconds = "3600" if error.wait == "an hour" else "60"
            found = ProblemError(Kind.TOO_MANY, f"Wait {error.wait}.", headers={"Retry-After": seconds})
        case HTTPException():
            found = _of_framework(error)
        case Exception() if isinstance(error, _LOST) or (
            isinstance(error, DBAPIError) and error.connection_invalidated
        ):
            found = _later("")
    return found


def _later(detail: str) -> ProblemError:
    return ProblemError(Kind.UNAVAILABLE, detail, headers={"Retry-After": "10"})


def _of_framework(error: HTTPException) -> ProblemError:
    if isinstance(error.__cause__, TooLargeError):
        return problem_of(error.__cause__)
    if error.status_code == 404:
        return ProblemError(Kind.NOT_FOUND)
    if error.status_code == 405:
        return ProblemError(Kind.NO_METHOD, headers=error.headers)
    if error.status_code == 413:
        return ProblemError(Kind.TOO_LARGE)
    # What is left is a body that cannot be read at all, such as one that is not UTF-8.
    return ProblemError(Kind.WRONG, faults=[Fault(where="body", detail="This cannot be read as JSON in UTF-8.")])


def _invalid(error: RequestValidationError) -> ProblemError:
    """Something that was sent will not do; a path that names nothing is simply not there."""
    found = error.errors()
    if any(one["loc"] and one["loc"][0] == "path" for one in found):
        return ProblemError(Kind.NOT_FOUND)
    return ProblemError(Kind.WRONG, faults=[Fault(where=place(one["loc"]), detail=_sentence(one)) for one in found])


def place(way: Sequence[str | int]) -> str:
    """Where in a request something is: the part of it, then a JSON pointer."""
    head, *rest = [str(part).replace("~", "~0").replace("/", "~1") for part in way] or ["body"]
    return "/".join([head, *rest])


def _sentence(found: Mapping[str, object]) -> str:
    """What is wrong, in words that hold nothing of what was sent."""
    kind, message = str(found["type"]), str(found["msg"])
    match kind:
        case "missing":
            return "This is missing."
        case "extra_forbidden":
            return "There is no such field."
        case "json_invalid":
            return "This is not JSON."
        case "value_error":
            return message.removeprefix("Value error, ")
    return message
