"""What a list of nominations shows, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from models.enums import ENDS
from models.policy import LONDON
from portal.operations.watching.board_view import age
from portal.operations.watching.choices import COLOURS, LIST, Option
from portal.words import moment, plain
from storage.watching_pages import A_PAGE, ListLine, ListPage, Order, Sought

ORDERS = (
    Option(Order.NUMBER.value, "Number"),
    Option(Order.DUE.value, "Deadline, soonest first"),
    Option(Order.WAITING.value, "Time in the stage, longest first"),
)
ONLY = (
    Option("overdue", "Overdue"),
    Option("attention", "Needs attention"),
    Option("paused", "Paused"),
    Option("to_screen", "To screen"),
    Option("asked", "Asking for more time"),
)
"""What a list can be narrowed to, besides stage, organisation and day."""
WORDS_OF_ONLY = tuple(option.value for option in ONLY)


@dataclass(frozen=True)
class Tag:
    """A word in a colour."""

    words: str
    colour: str


@dataclass(frozen=True)
class Row:
    """A nomination in a list."""

    number: str
    href: str
    nominee: str
    organisation: str
    tags: tuple[Tag, ...]
    due: str
    since: str


@dataclass(frozen=True)
class ListView:
    """A page of the list. ``hidden`` are the filter's fields, for forms that act on everything it finds."""

    rows: tuple[Row, ...]
    total: int
    found: str
    words: str
    narrowed: bool
    name: str
    only: tuple[str, ...]
    only_options: tuple[Option, ...]
    hidden: tuple[tuple[str, str], ...]
    previous_href: str
    next_href: str
    next_after: str


def list_view(page: ListPage, sought: Sought, order: Order, now: datetime) -> ListView:
    """One page of the list."""
    hidden = filter_fields(sought)
    asked = [*hidden, *([("sort", order.value)] if order is not Order.NUMBER else [])]
    last = page.earlier + len(page.lines)
    first, end = (page.lines[0].nomination.id, page.lines[-1].nomination.id) if page.lines else ("", "")
    more = last < page.total and bool(page.lines)
    return ListView(
        rows=tuple(row_of(line, now) for line in page.lines),
        total=page.total,
        found=f"{page.total:,} {'nomination' if page.total == 1 else 'nominations'}",
        words=_words(page, last),
        narrowed=len(hidden) > 1 or bool(sought.name),
        name=sought.name,
        only=tuple(word for word in WORDS_OF_ONLY if getattr(sought, word)),
        only_options=ONLY,
        hidden=tuple(hidden),
        previous_href=_href(asked, before=first) if page.earlier else "",
        next_href=_href(asked, after=end) if more else "",
        next_after=end if more else "",
    )


def row_of(line: ListLine, now: datetime) -> Row:
    """A nomination as a line of a list."""
    row = line.nomination
    tags = [Tag(plain(row.stage.value), COLOURS.get(row.stage, "grey"))]
    if row.attention_code:
        tags.append(Tag("Needs attention", "red"))
    if line.overdue:
        tags.append(Tag("Overdue", "orange"))
    if row.paused:
        tags.append(Tag("Paused", "yellow"))
    if line.asks:
        tags.append(Tag("Asks for more time", "orange"))
    over = row.stage in ENDS
    return Row(
        number=row.id,
        href=f"{LIST[1]}/{row.id}",
        nominee=line.nominee,
        organisation=line.organisation,
        tags=tuple(tags),
        due="Nothing, while paused" if row.paused else "" if over or not line.due_at else moment(line.due_at),
        since=age(row.stage_since, now),
    )


def filter_fields(sought: Sought) -> list[tuple[str, str]]:
    """A filter as the fields of a form or an address; never a name."""
    fields = [("cohort", sought.cohort)]
    if sought.stage:
        fields.append(("stage", sought.stage.value))
    if sought.organisation:
        fields.append(("organisation", sought.organisation))
    fields += [(word, "yes") for word in WORDS_OF_ONLY if getattr(sought, word)]
    if sought.due_before:
        last = sought.due_before.astimezone(LONDON).date() - timedelta(days=1)
        fields.append(("due_by", last.isoformat()))
    if sought.number:
        fields.append(("number", sought.number))
    return fields


def _href(fields: list[tuple[str, str]], **more: str) -> str:
    return f"{LIST[1]}?{urlencode([*fields, *more.items()])}"


def _words(page: ListPage, last: int) -> str:
    if page.total <= A_PAGE:
        return ""
    return f"Showing {page.earlier + 1:,} to {last:,} of {page.total:,}"
