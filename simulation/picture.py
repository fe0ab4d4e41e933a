"""Pictures of the terminal for those who have not run the demo: SVG that needs no font or page from elsewhere."""

import io
import re
from collections.abc import Mapping
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, Group, RenderableType
from rich.terminal_theme import TerminalTheme

WIDTH = 100
"""Columns of a picture."""

# Contrast of each against the background is at least 4.5 to 1, as small text needs (WCAG 2.2, 1.4.3); dim text
# is mixed with the background half and half by Rich, so the plain foreground is almost white.
_THEME = TerminalTheme(
    (16, 24, 40),
    (236, 240, 247),
    [
        (30, 41, 59), (248, 113, 113), (74, 222, 128), (250, 204, 21),
        (96, 165, 250), (216, 140, 250), (45, 212, 219), (226, 232, 240),
    ],
    [
        (148, 163, 184), (252, 165, 165), (134, 239, 172), (253, 224, 71),
        (147, 197, 253), (233, 180, 255), (103, 232, 249), (255, 255, 255),
    ],
)  # fmt: skip
_FONTS = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace'
_FONT_FACE = re.compile(r"@font-face \{\{.*?\}\}\n", re.DOTALL)
_FORMAT = _FONT_FACE.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code, monospace", _FONTS)


def draw(shown: RenderableType, path: Path, *, title: str) -> None:
    """Write what a terminal of `WIDTH` columns would show, in a window with this title."""
    paper = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False
    )
    paper.print(shown)
    svg = paper.export_svg(title=title, theme=_THEME, code_format=_FORMAT)
    # Each piece of text has the length it takes in the grid; letting glyphs stretch as well keeps bars whole in
    # whatever font there is.
    svg = svg.replace(" textLength=", ' lengthAdjust="spacingAndGlyphs" textLength=')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")


def draw_run(parts: Mapping[str, RenderableType], where: Path, *, title: str) -> tuple[Path, ...]:
    """Write a picture of each part, ``demo-<name>.svg`` in a folder; or one of all, if ``where`` ends in .svg.

    Returns:
        The files that were written.
    """
    if where.suffix == ".svg":
        draw(Group(*parts.values()), where, title=title)
        return (where,)
    paths = []
    for name, part in parts.items():
        paths.append(where / f"demo-{name}.svg")
        draw(part, paths[-1], title=title)
    return tuple(paths)
