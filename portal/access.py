"""Who may use a route. Every route has exactly one `Access`, and a test fails on one without.

What is allowed on one nomination or assessment is asked again by the act itself and by the query; this is about the
route: a person without the role is turned away before anything is read.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from fastapi import Depends, Request

from models.enums import Role
from portal.failures import NotAllowedError, RoleGoneError, SignedOutError
from portal.services import services_of
from portal.sessions import COOKIE, visitor_of
from portal.visitors import Visitor
from rules.permissions import Act, may


class Access(Protocol):
    """Lets somebody use a route, or raises; as a dependency it gives the route its visitor."""

    @property
    def words(self) -> str:
        """Who may use the route, for the list of routes."""
        ...


class Guard(ABC):
    """An `Access` of people who do not sign in, such as programs; each is defined where it is used."""

    @property
    @abstractmethod
    def words(self) -> str:
        """Who may use the route, for the list of routes."""

    @abstractmethod
    async def __call__(self, request: Request) -> object:
        """Lets somebody use a route, or raises."""


@dataclass(frozen=True)
class _Anyone:
    words: str = "anyone"

    async def __call__(self, request: Request) -> Visitor | None:
        return await visitor_at(request)


@dataclass(frozen=True)
class _Nobody:
    words: str = "anyone, unseen"

    async def __call__(self) -> None:
        return None


@dataclass(frozen=True)
class _SignedIn:
    words: str = "signed in"

    async def __call__(self, request: Request) -> Visitor:
        return await _present(request)


@dataclass(frozen=True)
class _By:
    role: Role
    act: Act

    @property
    def words(self) -> str:
        return f"{self.role.value}: {self.act.value}"

    async def __call__(self, request: Request) -> Visitor:
        visitor = await _present(request)
        if all(hat.role is not self.role for hat in visitor.hats):
            raise RoleGoneError("This page belongs to another role.")
        if visitor.hat is None:
            raise NotAllowedError("Choose first in which role you act.", href="/roles", link="Choose a role")
        if visitor.hat.role is not self.role:
            raise NotAllowedError("This page belongs to another role.")
        verdict = may(self.role, self.act)
        if not verdict:
            raise NotAllowedError(verdict.reason)
        return visitor


ANYONE = Depends(_Anyone())
"""For pages of nobody in particular; the visitor is None for who is not signed in."""
UNSEEN = Depends(_Nobody())
"""For what needs no person and no database, such as the health of this process."""
SIGNED_IN = Depends(_SignedIn())
"""For pages of everybody who is signed in, whatever they act as."""


def by(role: Role, act: Act) -> object:
    """Lets only people in who act in this role, which must be granted this act; for ``Annotated[Visitor, …]``."""
    granted = may(role, act)
    if not granted:
        raise ValueError(f"No route can be: {granted.reason}")
    return Depends(_By(role, act))


def is_access(call: object) -> bool:
    """Whether a route's dependency is its `Access`."""
    return isinstance(call, _Anyone | _Nobody | _SignedIn | _By | Guard)


async def visitor_at(request: Request) -> Visitor | None:
    """Who is signed in: looked up once for each request."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = await _found(request)
    visitor: Visitor | None = request.state.visitor
    return visitor


async def _found(request: Request) -> Visitor | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    services = services_of(request)
    async with services.acts.desk.transaction() as session:
        return await visitor_of(session, token, services.limits, services.clock())


async def _present(request: Request) -> Visitor:
    visitor = await visitor_at(request)
    if visitor is None:
        raise SignedOutError
    return visitor
