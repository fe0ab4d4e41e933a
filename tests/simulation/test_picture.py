"""Pictures of the terminal: whole, in a window with a title, and without anything from elsewhere."""

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.panel import Panel

from simulation.picture import WIDTH, draw, draw_run


def text_of(picture: Path) -> str:
    root = ET.fromstring(picture.read_text("utf-8"))  # noqa: S314 -- our own file
    words = " ".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))
    return unescape(words).replace("\xa0", " ")


def test_picture_shows_what_a_terminal_shows_under_its_title(tmp_path: Path) -> None:
    draw(Panel("[bold]79[/] nominations are scored"), tmp_path / "new" / "one.svg", title="The pilot")

    shown = text_of(tmp_path / "new" / "one.svg")
    assert "The pilot" in shown
    assert "79" in shown
    assert "nominations are scored" in shown


def test_picture_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    draw("words", tmp_path / "one.svg", title="The pilot")

    source = (tmp_path / "one.svg").read_text("utf-8")
    assert "url(http" not in source
    assert "@font-face" not in source
    assert not re.search(r"<(script|image|use)\b|href=", source)


def test_line_of_the_whole_width_is_not_broken(tmp_path: Path) -> None:
    draw("x" * WIDTH, tmp_path / "one.svg", title="")

    assert "x" * WIDTH in text_of(tmp_path / "one.svg")


def test_parts_are_drawn_apart_in_a_folder_and_together_in_a_file(tmp_path: Path) -> None:
    parts = {"board": "the board", "summary": "the end"}

    apart = draw_run(parts, tmp_path, title="")
    together = draw_run(parts, tmp_path / "both.svg", title="")

    assert apart == (tmp_path / "demo-board.svg", tmp_path / "demo-summary.svg")
    assert [("the board" in text_of(one), "the end" in text_of(one)) for one in (*apart, *together)] == [
        (True, False),
        (False, True),
        (True, True),
    ]
