"""Charts: figures in, a drawing out, and the same figures as the rows of a table.

Drawings are SVG with attributes only, since no page may hold a style; lengths are pixels. They are as wide as the
narrowest page (320 px: WCAG 2.2, 1.4.10), so that their words can be read on a phone, and grow a little elsewhere.
Colours are those of the
NHS design system, each with 4.5:1 or more for text on white and 3:1 or more for shapes (WCAG 2.2, 1.4.3 and 1.4.11).
No meaning hangs on colour alone. ``name`` makes a drawing's ids its own on its page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from markupsafe import Markup

BLUE, TEXT, GREY, PALE, WHITE = "#005eb8", "#212b32", "#4c6272", "#d8dde0", "#ffffff"
_WIDTH = 320
_ROW = 48
_EDGE = 8
_NUMBERS = 64
_PLOT_HEIGHT = 200
_LONGEST_LABEL = 38
_DIGIT = 9
_LINE = 22
_MOST_POINTS = 10
"""Labels that stand beside each other on an axis without touching."""

Cell = str | int
"""What stands in a table's cell: words, or a number to be set as one."""


@dataclass(frozen=True)
class Chart:
    """A drawing, and the figures it draws for who reads rather than looks; ``title`` says in words what it shows."""

    svg: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""


@dataclass(frozen=True)
class Amount:
    """How many of something; ``count`` is not negative."""

    label: str
    count: int


@dataclass(frozen=True)
class Interval:
    """A value between two ends, all on the chart's scale; ``marked`` sets it apart from the others."""

    label: str
    low: float
    value: float
    high: float
    marked: bool = False


def funnel(name: str, title: str, amounts: Sequence[Amount], *, head: tuple[str, str]) -> Chart:
    """Steps one below the other, each bar as long as those who have reached it, with its number behind it.

    Args:
        name: Of the drawing, on its page.
        title: What it shows, in words.
        amounts: The steps, in their order.
        head: The table's two columns.
    """
    most = max((one.count for one in amounts), default=0) or 1
    room = _WIDTH - _EDGE - _NUMBERS
    parts = []
    for row, one in enumerate(amounts):
        top, width = row * _ROW + 4, room * one.count / most
        parts += [
            _words(_EDGE, top + 14, _short(one.label)),
            _box(_EDGE, top + 20, width, _ROW - 28, BLUE),
            _words(_EDGE + width + 6, top + 36, f"{one.count:,}"),
        ]
    return _chart(_drawing(name, title, _listed(amounts), len(amounts) * _ROW + 8, parts), head, amounts, title)


def columns(
    name: str,
    title: str,
    amounts: Sequence[Amount],
    *,
    head: tuple[str, str],
    below: str,
    beside: str = "",
    notes: Sequence[str] = (),
) -> Chart:
    """A column for each amount, with its number on top.

    Args:
        name: Of the drawing, on its page.
        title: What it shows, in words.
        amounts: The columns, from left to right.
        head: The table's two columns.
        below: What the labels below the columns are.
        beside: What the columns count.
        notes: Sentences below the drawing: whom it is about, and how it is read.
    """
    most = max((one.count for one in amounts), default=0) or 1
    left, base = 40, _PLOT_HEIGHT + 24
    step = (_WIDTH - left - 8) / max(len(amounts), 1)
    every = max(1, -(-len(amounts) // _MOST_POINTS))
    parts = [_line(left, base, _WIDTH - 8, base, GREY)]
    for place, one in enumerate(amounts):
        height = _PLOT_HEIGHT * one.count / most
        x, wide = left + place * step, min(step - 4, 72)
        centre = x + step / 2
        parts.append(_box(centre - wide / 2, base - height, wide, height, BLUE))
        number = f"{one.count:,}"
        if one.count and step >= _DIGIT * len(number):
            parts.append(_words(centre, base - height - 6, number, anchor="middle"))
        if place % every == 0:
            parts.append(_words(centre, base + 18, one.label, anchor="middle"))
    parts.append(_words(_WIDTH / 2, base + 42, _short(below), anchor="middle"))
    if beside:
        parts.append(
            Markup('<text x="14" y="{}" transform="rotate(-90 14 {})" text-anchor="middle" {}>{}</text>').format(
                base - 100, base - 100, _FONT, beside
            )
        )
    lines = _noted(base + 72, notes)
    drawing = _drawing(
        name, title, _described(_listed(amounts), notes), base + 56 + _LINE * len(lines), parts + lines
    )
    return _chart(drawing, head, amounts, title)


def intervals(
    name: str,
    title: str,
    lines: Sequence[Interval],
    *,
    scale: tuple[int, int],
    cuts: Sequence[float] = (),
    below: str,
    marked: str = "",
    notes: Sequence[str] = (),
) -> Chart:
    """A line for each interval below its label, with its value on it; a marked one is hollow, as the table says too.

    Args:
        name: Of the drawing, on its page.
        title: What it shows, in words.
        lines: From top to bottom.
        scale: The ends of the scale, in its points.
        cuts: Values at which a broken line is drawn from top to bottom.
        below: What the scale measures.
        marked: What it means that a line is marked.
        notes: Sentences below the drawing: whom it is about, and what bars and dots are.
    """
    lowest, highest = scale
    row, room = 40, _WIDTH - 4 * _EDGE
    bottom = len(lines) * row + 8

    def x(value: float) -> float:
        return 2 * _EDGE + room * (value - lowest) / (highest - lowest)

    parts = []
    for point in range(lowest, highest + 1, max(1, -(-(highest - lowest) // _MOST_POINTS))):
        parts += [
            _line(x(point), 0, x(point), bottom, PALE),
            _words(x(point), bottom + 18, str(point), anchor="middle"),
        ]
    for cut in cuts:
        parts.append(_line(x(cut), 0, x(cut), bottom, TEXT, dashed=True))
    for place, one in enumerate(lines):
        y = place * row + 32
        parts += [
            _words(_EDGE, y - 12, _short(one.label)),
            _line(x(one.low), y, x(one.high), y, GREY if one.marked else BLUE, thick=True),
            _dot(x(one.value), y, hollow=one.marked),
        ]
    parts.append(_words(_WIDTH / 2, bottom + 40, _short(below), anchor="middle"))
    rows = tuple(
        (one.label, f"{one.value:.2f}", f"{one.low:.2f} to {one.high:.2f}", marked if one.marked else "")
        for one in lines
    )
    words = "; ".join(f"{one.label}: {one.value:.2f}{', ' + marked if one.marked else ''}" for one in lines[:5])
    more = f"; and {len(lines) - 5} more" if len(lines) > 5 else ""
    under = _noted(bottom + 68, notes)
    drawing = _drawing(name, title, _described(words + more, notes), bottom + 52 + _LINE * len(under), parts + under)
    return Chart(drawing, ("Line", below, "Interval", "Marked"), rows, title)


def titled(chart: Chart, top: int) -> tuple[Markup, int]:
    """The title of a drawing as lines of text that begin so many pixels from the top, and where they end."""
    lines = wrap(chart.title, _LONGEST_LABEL - 4)
    words = [
        Markup('<text x="{}" y="{}" font-weight="bold" {}>{}</text>').format(_EDGE, top + _LINE * at, _FONT, line)
        for at, line in enumerate(lines, 1)
    ]
    return Markup("").join(words), top + _LINE * (len(lines) + 1)


_FONT = Markup('font-family="Arial, sans-serif" font-size="16" fill="{}"').format(TEXT)


def _chart(drawing: Markup, head: tuple[str, str], amounts: Sequence[Amount], title: str) -> Chart:
    return Chart(drawing, head, tuple((one.label, one.count) for one in amounts), title)


def _noted(top: int, notes: Sequence[str]) -> list[Markup]:
    """Sentences as lines of text, one below the other, the first at so many pixels."""
    lines = [line for note in notes for line in wrap(note, _LONGEST_LABEL)]
    return [_words(_EDGE, top + _LINE * at, line) for at, line in enumerate(lines)]


def _described(figures: str, notes: Sequence[str]) -> str:
    return " ".join([*notes, figures])


def _listed(amounts: Sequence[Amount]) -> str:
    return "; ".join(f"{one.label}: {one.count}" for one in amounts) or "Nothing to show yet"


def _drawing(name: str, title: str, described: str, height: int, parts: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" '
        'aria-labelledby="{2}-title" aria-describedby="{2}-words">'
        '<title id="{2}-title">{3}</title><desc id="{2}-words">{4}</desc>{5}</svg>'
    ).format(_WIDTH, height, name, title, described, Markup("").join(parts))


def _words(x: float, y: float, words: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}" {}>{}</text>').format(_n(x), _n(y), anchor, _FONT, words)


def _short(label: str) -> str:
    """A label as it fits into a drawing; the table has it whole."""
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1].rstrip()}…"


def _box(x: float, y: float, width: float, height: float, colour: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(
        _n(x), _n(y), _n(width), _n(height), colour
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, *, thick: bool = False, dashed: bool = False
) -> Markup:
    dashes = Markup(' stroke-dasharray="6 4"') if dashed else Markup("")
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="{}"{}/>').format(
        _n(x1), _n(y1), _n(x2), _n(y2), colour, 4 if thick else 1, dashes
    )


def _dot(x: float, y: float, *, hollow: bool) -> Markup:
    return Markup('<circle cx="{}" cy="{}" r="6" fill="{}" stroke="{}" stroke-width="3"/>').format(
        _n(x), _n(y), WHITE if hollow else BLUE, TEXT if hollow else BLUE
    )


def _n(value: float) -> str:
    """A length with at most one digit after the point."""
    return f"{value:.1f}".removesuffix(".0")
