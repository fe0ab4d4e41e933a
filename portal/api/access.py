"""Who may use an operation: a program that shows a token with the scope the operation needs."""

from dataclasses import dataclass

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute

from acts.programs import BEGINS, hash_of
from models.enums import Role
from models.ids import OrganisationCode, PersonId
from models.messages import By
from models.programs import Scope
from portal.access import Guard
from portal.api.problems import Kind, ProblemError
from portal.rates import caller_of
from portal.services import services_of
from storage.lists import Asker
from storage.programs import note_use, token_of

BY_TOKEN = RateLimitItemPerMinute(600, namespace="program")
"""Ten requests a second, however many programs share the token."""
BY_UNKNOWN = RateLimitItemPerMinute(60, namespace="program-unknown")
"""Requests of one caller with a token that cannot be used: enough for mistakes, too few for guessing."""
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Talent pool"'}


@dataclass(frozen=True)
class Program:
    """Who asks: a token of an organisation, which acts as the nominator who made it."""

    token: str
    organisation: OrganisationCode
    scopes: frozenset[Scope]
    person: PersonId

    @property
    def undecided(self) -> bool:
        """Whether it may not know what the board decided: nominations then stay decided for it, and nothing more."""
        return Scope.DECISIONS_READ not in self.scopes

    @property
    def by(self) -> By:
        """Who acts, for a message to a workflow."""
        return By(person=self.person, role=Role.NOMINATOR)

    @property
    def asker(self) -> Asker:
        """Who asks, for a query: it is filtered by this, so that the maker's other organisations stay apart."""
        return Asker(self.person, Role.NOMINATOR, frozenset({self.organisation}))


@dataclass(frozen=True)
class Scoped(Guard):
    """Lets programs in whose token has the scope."""

    scope: Scope

    @property
    def words(self) -> str:
        """Who may use the operation."""
        return f"program: {self.scope.value}"

    async def __call__(self, request: Request) -> Program:
        """The program.

        Raises:
            ProblemError: There is no token that can be used, or it lacks the scope.
            TooManyError: There were too many requests within a minute.
        """
        program = await program_at(request)
        if self.scope not in program.scopes:
            raise lacks(self.scope)
        return program


def token(scope: Scope) -> object:
    """Lets only programs in whose token has this scope; for ``Annotated[Program, …]``."""
    return Depends(Scoped(scope))


def lacks(scope: Scope, detail: str = "") -> ProblemError:
    """The problem of a token without a scope; ``detail`` where the operation itself does not need it."""
    return ProblemError(
        Kind.NOT_ALLOWED,
        detail or f"This needs a token with the scope {scope.value}.",
        headers={
            "WWW-Authenticate": f'{_CHALLENGE["WWW-Authenticate"]}, error="insufficient_scope", scope="{scope.value}"'
        },
    )


async def program_at(request: Request) -> Program:
    """The program that asks: looked up once for each request.

    Raises:
        ProblemError: There is no token, or none that can be used.
        TooManyError: There were too many requests within a minute.
    """
    if not hasattr(request.state, "program"):
        request.state.program = await _found(request)
    program: Program = request.state.program
    return program


async def _found(request: Request) -> Program:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    shown = shown.strip()
    services = services_of(request)
    row = None
    if scheme.lower() == "bearer" and shown.startswith(BEGINS):
        now = services.clock()
        async with services.acts.desk.transaction() as session:
            row = await token_of(session, hash_of(shown), now)
            if row is not None:
                await note_use(session, row, now)
    if row is None:
        await services.rates.count(BY_UNKNOWN, caller_of(request))
        raise ProblemError(Kind.NO_TOKEN, headers=_CHALLENGE)
    await services.rates.count(BY_TOKEN, row.id)
    return Program(
        row.id,
        OrganisationCode(row.organisation_code),
        frozenset(Scope(scope) for scope in row.scopes if scope in set(Scope)),
        PersonId(row.made_by),
    )
