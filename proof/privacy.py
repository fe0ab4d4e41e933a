"""Nothing personal where it must not be: every value in the database, looked for in histories, logs and metrics.

What is found is told by its workflow or file, its kind and its column, and never by the value itself.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import Message as Protobuf
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from proof.histories import AT_ONCE, Run, history_of, runs_of
from proof.search import Sought
from proof.values import PersonalValue, personal_values

Sessions = async_sessionmaker[AsyncSession]

PORTION_BYTES = 16_000_000
"""Histories are searched in portions of about this size, so that memory does not grow with the cohort."""
_APART = b"\x00" * 8
_OVERLAP = 4096
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Finding:
    """A personal value where it must not be: ``workflow_id`` is the workflow, file or page it stands in."""

    workflow_id: str
    kind: str
    column: str


@dataclass(frozen=True)
class PrivacyVerdict:
    """What a search for personal values found.

    Attributes:
        histories: How many runs' histories were searched.
        values: How many values were looked for.
        found: Each value found, once for each workflow it stands in.
    """

    histories: int
    values: int
    found: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.found


@dataclass(frozen=True)
class _Searched:
    """One run: its messages, and their bytes with ASCII letters made small."""

    workflow_id: str
    messages: tuple[Protobuf, ...]
    content: bytes


async def search_histories(sessions: Sessions, client: Client, cohort: str) -> PrivacyVerdict:
    """Looks for every personal value in the histories of a cohort's workflows, all runs, and of the outbox.

    Searched are the bytes of every event, payloads and failures included, and of what Temporal keeps beside them:
    ids, memo and search attributes.
    """
    values = await personal_values(sessions)
    sought = Sought(values)
    histories = 0
    found: set[Finding] = set()
    async for portion in _portions(client, cohort):
        histories += len(portion)
        # Off the loop: it is computing, and others share the loop.
        found |= await asyncio.to_thread(_search, sought, portion)
    return PrivacyVerdict(histories, len(values), _in_order(found))


def search_text(paths: Iterable[Path], values: Sequence[PersonalValue]) -> tuple[Finding, ...]:
    """Looks for personal values in files, such as logs; each finding names its file."""
    sought = Sought(values)
    found: set[Finding] = set()
    for path in paths:
        with path.open("rb") as file:
            before = b""
            while read := file.read(PORTION_BYTES):
                content = (before + read).lower()
                found |= {_finding(str(path), value) for value in _standing(sought, content)}
                before = content[-_OVERLAP:]
    return _in_order(found)


def search_pages(pages: Mapping[str, bytes], values: Sequence[PersonalValue]) -> tuple[Finding, ...]:
    """Looks for personal values in pages held in memory, such as a worker's metrics; each finding names its page."""
    sought = Sought(values)
    found = {_finding(name, value) for name, content in pages.items() for value in _standing(sought, content.lower())}
    return _in_order(found)


async def _portions(client: Client, cohort: str) -> AsyncIterator[list[_Searched]]:
    """The cohort's runs with their histories, some megabytes at a time."""
    portion: list[_Searched] = []
    waiting: set[asyncio.Task[_Searched]] = set()
    async for run in runs_of(client, cohort, outbox=True):
        waiting.add(asyncio.create_task(_read(client, run)))
        if len(waiting) < AT_ONCE:
            continue
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        portion += [task.result() for task in done]
        if sum(len(one.content) for one in portion) > PORTION_BYTES:
            yield portion
            portion = []
    yield portion + [await task for task in waiting]


async def _read(client: Client, run: Run) -> _Searched:
    messages: tuple[Protobuf, ...] = (await history_of(client, run), run.listed)
    content = _APART.join([*(message.SerializeToString() for message in messages), run.workflow_id.encode()])
    return _Searched(run.workflow_id, messages, content.lower())


def _search(sought: Sought, portion: Sequence[_Searched]) -> set[Finding]:
    candidates = sought.standing_in(_APART.join(one.content for one in portion))
    found = set()
    for one in portion:
        standing = [(piece, value) for piece, value in candidates if piece in one.content]
        phrases = {value for _, value in standing if not value.is_word}
        words = {piece: value for piece, value in standing if value.is_word and _may_stand_alone(piece, one.content)}
        if words:
            texts = "\n".join(text for message in one.messages for text in _texts(message)).lower()
            phrases |= {value for piece, value in words.items() if _stands_alone(piece.decode(), texts)}
        found |= {_finding(one.workflow_id, value) for value in phrases}
    return found


def _standing(sought: Sought, content: bytes) -> Iterator[PersonalValue]:
    """The values that stand in a plain text."""
    standing = sought.standing_in(content)
    text = content.decode(errors="replace") if any(value.is_word for _, value in standing) else ""
    for piece, value in standing:
        if not value.is_word or _stands_alone(piece.decode(), text):
            yield value


def _may_stand_alone(word: bytes, content: bytes) -> bool:
    """Whether a word may be one of its own in serialised protobuf.

    There the byte before a text is its length and the one before that its tag, and the byte after it is the next
    field's tag, and each of them may look like a letter.
    """
    place = content.find(word)
    while place >= 0:
        before, end = content[max(0, place - 2) : place], place + len(word)
        begins = len(before) < 2 or not _is_letter(before[1]) or before[0] & 7 == 2
        ends = end >= len(content) or not _is_letter(content[end]) or content[end] & 7 in (0, 2)
        if begins and ends:
            return True
        place = content.find(word, place + 1)
    return False


def _stands_alone(word: str, text: str) -> bool:
    place = text.find(word)
    while place >= 0:
        before, after = text[place - 1 : place] if place else "", text[place + len(word) : place + len(word) + 1]
        if not (_LETTER.match(before) or _LETTER.match(after)):
            return True
        place = text.find(word, place + 1)
    return False


def _is_letter(byte: int) -> bool:
    return 97 <= byte <= 122


def _texts(message: Protobuf) -> Iterator[str]:
    """Every text and every byte string in a message, at any depth."""
    for field, value in message.ListFields():
        many = value if field.is_repeated else (value,)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            yield from _texts_of([*value.keys(), *value.values()])
        else:
            yield from _texts_of(many)


def _texts_of(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, bytes):
            yield value.decode(errors="replace")
        elif isinstance(value, Protobuf):
            yield from _texts(value)


def _finding(where: str, value: PersonalValue) -> Finding:
    return Finding(where, value.kind, value.column)


def _in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda one: (one.workflow_id, one.kind, one.column)))
