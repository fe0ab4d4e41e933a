"""Every personal value in the database, cut into the pieces that are looked for elsewhere."""

import calendar
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from models.tables import Application, ApplicationDraft, Decision, Endorsement, Person, Score, ScoreChange

SLICE = 40
"""Characters of a long text that are looked for: enough to be nobody else's words, few enough to find a quotation."""
SHORTEST = 4
"""Shorter values, such as initials, occur by chance in any file."""

Row = TypeVar("Row")

_TYPED: tuple[tuple[str, str, SelectOfScalar[str]], ...] = (
    ("endorsement", "endorsement.statement", select(Endorsement.statement)),
    ("statement", "applicationdraft.content", select(ApplicationDraft.content)),
    ("evidence", "score.evidence", select(Score.evidence)),
    ("note", "scorechange.note", select(ScoreChange.note)),
    ("note", "decision.note", select(Decision.note)),
)
"""What people type, and where it is kept."""

_WORD = re.compile(r"[^\W\d_]+")
_ROOMS = ("models", "rules", "workflows", "activities", "stack")
_FORMAT = "json plain protobuf encoding temporal python core sdk binary null message type content worker default"


@dataclass(frozen=True)
class PersonalValue:
    """A personal value: what kind it is, which column holds it, and the value itself, which is never shown."""

    kind: str
    column: str
    text: str

    def __repr__(self) -> str:
        return f"PersonalValue(kind={self.kind!r}, column={self.column!r})"

    @property
    def is_word(self) -> bool:
        """Whether it is found only where it stands as a word of its own, and not within a longer one."""
        return len(self.text) < 2 * SHORTEST or self.kind == "part of a name"

    def pieces(self) -> tuple[bytes, ...]:
        """What is looked for, in small letters, as UTF-8 and as JSON writes it.

        The whole value, or of a long one its first, its middle and its last 40 characters: where the whole stands,
        they stand too.
        """
        text, half = self.text, (len(self.text) - SLICE) // 2
        slices = [text] if len(text) <= SLICE else [text[:SLICE], text[half : half + SLICE], text[-SLICE:]]
        forms = (
            form
            for piece in slices
            for form in (piece, json.dumps(piece, ensure_ascii=False)[1:-1], json.dumps(piece)[1:-1])
        )
        # Only ASCII letters are made small on either side, since the other side is bytes.
        return tuple(dict.fromkeys(form.encode().lower() for form in forms))


async def personal_values(sessions: async_sessionmaker[AsyncSession]) -> tuple[PersonalValue, ...]:
    """Names and their rare parts, addresses, posts, and whatever anybody typed; each once for each kind.

    A value that consists of nothing but the product's own words, such as the answer ``yes`` or the post ``chair``,
    says nothing about a person and is left out, unless it is a whole name or an address.
    """
    return tuple(dict.fromkeys([value async for value in _values(sessions)]))


def words(text: str) -> list[str]:
    """The words of a text: runs of letters, in small letters."""
    return _WORD.findall(text.lower())


@cache
def vocabulary() -> frozenset[str]:
    """The words the product itself writes: of its sources, of the calendar, of formats, and this host's name."""
    root = Path(__file__).resolve().parent.parent
    sources = [path.read_text(encoding="utf-8") for room in _ROOMS for path in sorted((root / room).rglob("*.py"))]
    dates = [*calendar.month_name, *calendar.month_abbr, *calendar.day_name, *calendar.day_abbr]
    return frozenset(words(" ".join([*sources, *dates, _FORMAT, socket.gethostname()])))


async def _values(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[PersonalValue]:
    async for person in _rows(sessions, select(Person)):
        for value in _of_person(person):
            yield value
    for kind, column, texts in _TYPED:
        async for text in _rows(sessions, texts):
            if _is_telling(text):
                yield PersonalValue(kind, column, text.strip())
    async for application in _rows(sessions, select(Application)):
        for text in filter(_is_telling, application.content.values()):
            yield PersonalValue("statement", "application.content", text.strip())


def _of_person(person: Person) -> Iterator[PersonalValue]:
    name = person.full_name.strip()
    yield PersonalValue("name", "person.full_name", name)
    for word in words(name):
        if len(word) >= SHORTEST and word not in vocabulary():
            yield PersonalValue("part of a name", "person.full_name", word)
    yield PersonalValue("email", "person.email", person.email)
    if _is_telling(person.post):
        yield PersonalValue("post", "person.post", person.post.strip())


def _is_telling(text: str) -> bool:
    """Whether a text is more than the product's own words."""
    return len(text.strip()) >= SHORTEST and any(word not in vocabulary() for word in words(text))


async def _rows(sessions: async_sessionmaker[AsyncSession], query: SelectOfScalar[Row]) -> AsyncIterator[Row]:
    async with sessions() as session:
        rows = await session.stream_scalars(query, execution_options={"yield_per": 1000})
        async for row in rows:
            yield row
