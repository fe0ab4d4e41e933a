"""Where GOV.UK Notify calls back to say what became of a message."""

import hmac
from dataclasses import dataclass

from fastapi import Depends, Request

from notify.govuk import Receipt, note_receipt
from portal.access import Guard
from portal.api.access import BY_UNKNOWN
from portal.api.operations import operations
from portal.api.problems import Kind, ProblemError
from portal.rates import caller_of
from portal.services import Surroundings, services_of

routes = operations("Receipts")


@dataclass(frozen=True)
class FromNotify(Guard):
    """Lets GOV.UK Notify in, by the token that the settings name and that was given to it."""

    @property
    def words(self) -> str:
        """Who may use the route."""
        return "GOV.UK Notify"

    async def __call__(self, request: Request) -> None:
        """Refuses everybody else; without a token in the settings, everybody.

        Raises:
            ProblemError: The token is not the one, or there is none.
            TooManyError: There were too many such requests within a minute.
        """
        services = services_of(request)
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        expected = services.receipts.get_secret_value() if services.receipts else ""
        alike = hmac.compare_digest(shown.strip().encode(), expected.encode())
        if not expected or not alike or scheme.lower() != "bearer":
            await services.rates.count(BY_UNKNOWN, caller_of(request))
            raise ProblemError(Kind.NO_TOKEN, headers={"WWW-Authenticate": "Bearer"})


@routes.post("/notify/receipts", status_code=204, dependencies=[Depends(FromNotify())], include_in_schema=False)
async def receipt(services: Surroundings, said: Receipt) -> None:
    """Notes what became of a message; one that is not of the outbox, such as a sign-in code, only in the log."""
    await note_receipt(services.acts.desk.sessions, said, services.clock())
