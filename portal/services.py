"""What every page needs: the acts, the way letters leave, and how this portal is set up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import SecretStr

from acts import Acts
from notify.channels import Channel
from notify.compose import Sender
from portal.aside import Aside
from portal.oidc import Provider
from portal.rates import Rates
from portal.sessions import SessionLimits

USUAL_LIMITS = SessionLimits(idle=timedelta(minutes=30), longest=timedelta(hours=12))

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""The names of this machine, at which a portal is always asked for: by people in development, and for its health."""


@dataclass(frozen=True)
class Branding:
    """What the service is called, whether it is an official NHS service, and whom to ask."""

    service_name: str = "Talent pool"
    official: bool = False
    contact: str = "talent-pool@example.nhs.test"
    development: bool = False


@dataclass(frozen=True)
class Services:
    """One portal's surroundings.

    Attributes:
        personas: Whether made-up people can be chosen to sign in as, in development.
        temporal_pages: Where Temporal's own pages are, such as ``http://localhost:8233``; empty: no links to them.
    """

    acts: Acts
    channel: Channel
    sender: Sender
    branding: Branding = Branding()
    limits: SessionLimits = USUAL_LIMITS
    personas: bool = False
    mailbox: Path | None = None
    receipts: SecretStr | None = None
    provider: Provider | None = None
    temporal_pages: str = ""
    hosts: frozenset[str] = LOOPBACK
    rates: Rates = field(default_factory=Rates)
    aside: Aside = field(default_factory=Aside)

    @property
    def clock(self) -> Callable[[], datetime]:
        """The present moment, aware."""
        return self.acts.desk.clock


def services_of(request: Request) -> Services:
    """The surroundings of the portal that answers this request."""
    return cast("Services", request.app.state.services)


Surroundings = Annotated[Services, Depends(services_of)]
