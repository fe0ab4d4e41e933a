"""What a file must agree with: the organisations and the people that are already there."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from intake.problems import RowProblem
from models.tables import Organisation, Person

# Two imports at once would both find a person absent and both add them; this number means nothing but itself.
_IMPORTS_ONE_AT_A_TIME = 1_809_042
LONGEST_NAME = 200


class Cell(NamedTuple):
    """An organisation's code, and where in the file it stands."""

    line: int
    column: str
    code: str


class Wanted(NamedTuple):
    """A person as a file has them; an empty post leaves the post as it is."""

    email: str
    full_name: str
    post: str


class People(NamedTuple):
    """The people of a file by lower-case address, and the addresses of those whose name or post changed."""

    by_address: dict[str, Person]
    changed: frozenset[str]


async def one_at_a_time(session: AsyncSession) -> None:
    """Wait for any other import to end; this one's turn ends with its transaction."""
    await session.exec(select(func.pg_advisory_xact_lock(_IMPORTS_ONE_AT_A_TIME)))


async def unknown_organisations(session: AsyncSession, mentioned: Iterable[Cell]) -> list[RowProblem]:
    """A problem for each cell that holds the code of no organisation in the register."""
    cells = list(mentioned)
    codes = {cell.code for cell in cells}
    known = set((await session.exec(select(Organisation.code).where(col(Organisation.code).in_(codes)))).all())
    return [
        RowProblem(
            line=cell.line,
            column=cell.column,
            value_shown=cell.code,
            sentence="No organisation in the register has this code. Correct it, or import the organisation first.",
        )
        for cell in cells
        if cell.code not in known
    ]


async def people_at(session: AsyncSession, addresses: Iterable[str]) -> dict[str, Person]:
    """Those of these addresses that belong to somebody, by lower-case address."""
    wanted = {address.lower() for address in addresses}
    found = await session.exec(select(Person).where(func.lower(col(Person.email)).in_(wanted)))
    return {person.email.lower(): person for person in found.all()}


def name_before_it_is_known(email: str) -> str:
    """What stands for the name of somebody who has shown that an address is theirs, until they say their name."""
    return email[:LONGEST_NAME]


def is_named(person: Person) -> bool:
    """Whether a person's name is known; a name has no ``@`` in it, so none is taken for an address."""
    return person.full_name != name_before_it_is_known(person.email)


async def upsert_people(session: AsyncSession, wanted: Iterable[Wanted], *, correct: bool = False) -> People:
    """Add the people who are not there yet; those who are keep their name and post, unless ``correct``.

    A name that is not known yet, and a post that is empty, are filled in.

    An address identifies a person, whatever its capitals. Doing it twice changes nothing. The session is
    flushed, so that rows which point to these people can follow, and is not committed.

    Args:
        session: The transaction the people are added in.
        wanted: Who they are, as somebody wrote them down.
        correct: Whether names and posts that differ are corrected. Only the register's keepers may: whoever nominates
            somebody must not rename them, nor learn that they are known.
    """
    all_wanted = list(wanted)
    there = await people_at(session, (person.email for person in all_wanted))
    changed: set[str] = set()
    for email, full_name, post in all_wanted:
        address = email.lower()
        person = there.get(address)
        if person is None:
            there[address] = Person(full_name=full_name, email=email, post=post)
            session.add(there[address])
        elif correct and (person.full_name, person.post) != (full_name, post or person.post):
            person.full_name, person.post = full_name, post or person.post
            changed.add(address)
        else:
            person.full_name = person.full_name if is_named(person) else full_name
            person.post = person.post or post
    await session.flush()
    return People(there, frozenset(changed))
