"""What every page needs: the acts, the way letters leave, and how this portal is set up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import SecretStr

from acts import Acts
from acts.programs import USUAL_POSTER
from notify.channels import Channel
from notify.compose import Sender
from notify.posting import Poster
from portal.aside import Aside
from portal.oidc import Provider
from portal.rates import Rates
from portal.sessions import SessionLimits

USUAL_LIMITS = SessionLimits(idle=timedelta(minutes=30), longest=timedelta(hours=12))

_PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""What a proxy adds to a request that somebody sent to it."""

HERE = frozenset({"localhost", "127.0.0.1", "::1"})
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
        here: Names by which only this machine itself is reached: letters and made-up people are shown there alone.
        poster: What events are posted by; it says which addresses are never reached.
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
    poster: Poster = USUAL_POSTER
    temporal_pages: str = ""
    hosts: frozenset[str] = LOOPBACK
    here: frozenset[str] = HERE
    rates: Rates = field(default_factory=Rates)
    aside: Aside = field(default_factory=Aside)

    @property
    def clock(self) -> Callable[[], datetime]:
        """The present moment, aware."""
        return self.acts.desk.clock


def services_of(request: Request) -> Services:
    """The surroundings of the portal that answers this request."""
    return cast("Services", request.app.state.services)


def is_asked_here(request: Request) -> bool:
    """Whether a request was sent to this machine by its own name, and not through a proxy."""
    passed_on = any(name in request.headers for name in _PASSED_ON)
    return request.url.hostname in services_of(request).here and not passed_on


Surroundings = Annotated[Services, Depends(services_of)]
