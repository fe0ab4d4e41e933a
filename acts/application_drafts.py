"""What a nominee has typed into the application, saved field by field; two tabs do not overwrite each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.errors import RefusedError
from models.tables import ApplicationDraft
from storage.steps import table_of

_DRAFT = table_of(ApplicationDraft)
_STORED = select(_DRAFT.c.field, _DRAFT.c.content, _DRAFT.c.revision, _DRAFT.c.saved_at).where(
    _DRAFT.c.nomination_id == bindparam("nomination")
)
_TYPED = insert(_DRAFT)
_SAVE_FIELD = _TYPED.on_conflict_do_update(
    index_elements=[_DRAFT.c.nomination_id, _DRAFT.c.field],
    set_={
        "content": _TYPED.excluded.content,
        "revision": _DRAFT.c.revision + 1,
        "saved_at": _TYPED.excluded.saved_at,
    },
)


@dataclass(frozen=True)
class SavedField:
    """A field of an application as it is stored; ``revision`` rises with each change, from 1."""

    content: str
    revision: int
    saved_at: datetime


class StaleDraftError(RefusedError):
    """Newer text has been saved since, and differs; nothing of this save was kept.

    Attributes:
        theirs: By field, what is stored instead. A save that expects these revisions is taken.
    """

    def __init__(self, theirs: Mapping[str, SavedField]) -> None:
        super().__init__("This was changed in another tab or window. Choose which text to keep.")
        self.theirs = dict(theirs)


async def drafted_fields(session: AsyncSession, nomination: str) -> dict[str, SavedField]:
    """Every field of an application as last typed, by name."""
    rows = await (await session.connection()).execute(_STORED, {"nomination": nomination})
    return {row.field: SavedField(row.content, row.revision, row.saved_at) for row in rows}


async def save_fields(
    session: AsyncSession, nomination: str, fields: Mapping[str, str], expected: Mapping[str, int], now: datetime
) -> dict[str, SavedField]:
    """Writes the fields that differ from what was typed before; the nomination's row is locked already.

    Args:
        session: The transaction.
        nomination: Whose application.
        fields: What was typed, by field.
        expected: By field, the revision that whoever typed has seen; 0 where nothing was there. A field without
            one is saved whatever is stored.
        now: The present moment.

    Returns:
        The fields as they are stored now.

    Raises:
        StaleDraftError: A field was saved since with other text.
    """
    stored = await drafted_fields(session, nomination)
    changed = {
        name: content for name, content in fields.items() if name not in stored or stored[name].content != content
    }
    newer = {
        name: stored[name]
        for name in changed
        if name in expected and name in stored and stored[name].revision > expected[name]
    }
    if newer:
        raise StaleDraftError(newer)
    rows = [
        {"nomination_id": nomination, "field": name, "content": content, "revision": 1, "saved_at": now}
        for name, content in sorted(changed.items())
    ]
    if rows:
        await (await session.connection()).execute(_SAVE_FIELD, rows)
    kept = {
        name: SavedField(content, stored[name].revision + 1 if name in stored else 1, now)
        for name, content in changed.items()
    }
    return {name: kept.get(name) or stored[name] for name in fields}
