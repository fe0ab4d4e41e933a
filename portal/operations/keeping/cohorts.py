"""Which cohort a page of operations is about, and how its pages are found again."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlmodel.ext.asyncio.session import AsyncSession

from models.tables import Cohort
from portal.failures import NotFoundError
from storage.cohort_pages import cohorts_to_choose, name_of, newest_of

AREA = "Operations"
HOME = (AREA, "/operations")


@dataclass(frozen=True)
class Choice:
    """One of several to choose from."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Cohorts:
    """The cohorts to choose from; ``chosen`` is the one that was asked for, or the newest that has not ended."""

    every: tuple[Choice, ...]
    chosen: str
    name: str


async def cohorts_with(session: AsyncSession, wanted: str | None) -> Cohorts:
    """The cohorts, with the one that was asked for.

    Raises:
        NotFoundError: There is none of this name.
    """
    rows = await cohorts_to_choose(session, wanted or "")
    chosen = _chosen(rows, wanted)
    return Cohorts(
        tuple(Choice(row.id, name_of(row, rows)) for row in rows),
        chosen.id if chosen else "",
        chosen.name if chosen else "",
    )


def with_query(path: str, **parameters: str) -> str:
    """A path with the parameters that are not empty."""
    given = {name: text for name, text in parameters.items() if text}
    return f"{path}?{urlencode(given)}" if given else path


def _chosen(rows: Sequence[Cohort], wanted: str | None) -> Cohort | None:
    if wanted:
        found = next((row for row in rows if row.id == wanted), None)
        if found is None:
            raise NotFoundError
        return found
    return newest_of(rows)
