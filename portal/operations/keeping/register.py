"""What the pages on people and organisations show."""

from collections.abc import Sequence
from dataclasses import dataclass

from acts.addresses import OFFICERS
from models.enums import Role
from models.tables import Organisation, Person, RoleGrant
from portal.operations.keeping.cohorts import with_query
from portal.operations.keeping.runs import Fact
from portal.visitors import ROLE_WORDS
from portal.words import day, plain
from storage.keeping_pages import Held, OrganisationLine, PersonFacts


@dataclass(frozen=True)
class HolderShown:
    """Somebody who was given a role, in a list."""

    name: str
    href: str
    email: str
    role: str
    organisation: str


@dataclass(frozen=True)
class FoundShown:
    """Somebody who was found, with the roles they were given."""

    name: str
    href: str
    email: str
    post: str
    roles: str


@dataclass(frozen=True)
class RoleShown:
    """A role somebody was given, and where it is withdrawn."""

    role: str
    code: str
    words: str
    since: str
    withdraw: str


@dataclass(frozen=True)
class PersonShown:
    """A person with everything they may act as; ``correct`` is where their address is, if it is here."""

    id: str
    href: str
    name: str
    email: str
    post: str
    facts: tuple[Fact, ...]
    roles: tuple[RoleShown, ...]
    others: tuple[str, ...]
    correct: str


@dataclass(frozen=True)
class OrganisationRow:
    """An organisation in a list."""

    name: str
    href: str
    code: str
    kind: str
    system: str
    nominators: int


@dataclass(frozen=True)
class OrganisationShown:
    """An organisation with the people who nominate for it."""

    name: str
    code: str
    facts: tuple[Fact, ...]
    people: tuple[FoundShown, ...]


def holder_shown(grant: RoleGrant, person: Person) -> HolderShown:
    """Somebody who was given a role."""
    return HolderShown(
        person.full_name, person_path(person.id), person.email, ROLE_WORDS[Role(grant.role)], grant.organisation_code
    )


def found_shown(person: Person, held: Sequence[Held]) -> FoundShown:
    """Somebody who was found."""
    return FoundShown(
        person.full_name,
        person_path(person.id),
        person.email,
        person.post,
        "; ".join(_words(one) for one in held) or "None given",
    )


def person_shown(facts: PersonFacts, signed_in: int, *, oneself: bool) -> PersonShown:
    """A person; ``signed_in``: in how many browsers they are signed in now; ``oneself``: whether they ask."""
    person = facts.person
    href = person_path(person.id)
    others = [f"Assessor {reference} in {cohort}" for reference, cohort in facts.seats]
    browsers = "Nowhere now" if not signed_in else "In 1 browser" if signed_in == 1 else f"In {signed_in} browsers"
    return PersonShown(
        person.id,
        href,
        person.full_name,
        person.email,
        person.post,
        (
            Fact("Email address", person.email),
            Fact("Post", person.post or "Not known"),
            Fact("Id in the audit trail", person.id),
            Fact("Signed in", browsers),
        ),
        tuple(_role(href, one) for one in facts.held),
        (*others, *(["Nominee"] if facts.nominee else [])),
        "" if oneself or any(one.role in OFFICERS for one in facts.held) else f"{href}/email",
    )


def organisation_row(line: OrganisationLine) -> OrganisationRow:
    """An organisation in a list."""
    one = line.organisation
    return OrganisationRow(
        one.name, organisation_path(one.code), one.code, plain(one.type), one.system_name, line.nominators
    )


def organisation_shown(organisation: Organisation, people: Sequence[Person]) -> OrganisationShown:
    """An organisation with the people who nominate for it."""
    return OrganisationShown(
        organisation.name,
        organisation.code,
        (
            Fact("Code", organisation.code),
            Fact("Kind", plain(organisation.type)),
            Fact("Region", organisation.region),
            Fact("System", f"{organisation.system_name} ({organisation.system_code})"),
            Fact("Legal form", organisation.legal_form or "Not known"),
        ),
        tuple(FoundShown(one.full_name, person_path(one.id), one.email, one.post, "") for one in people),
    )


def person_path(person: str) -> str:
    """The address of a person's page."""
    return f"/operations/people/{person}"


def organisation_path(code: str) -> str:
    """The address of an organisation's page."""
    return f"/operations/organisations/{code}"


def _role(href: str, held: Held) -> RoleShown:
    return RoleShown(
        held.role.value,
        held.code,
        _words(held),
        day(held.granted_at),
        with_query(f"{href}/withdraw", role=held.role.value, place=held.code),
    )


def _words(held: Held) -> str:
    words = ROLE_WORDS[held.role]
    return f"{words} for {held.organisation or held.code}" if held.code else words
