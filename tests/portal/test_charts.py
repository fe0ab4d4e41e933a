import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from portal import charts
from portal.charts import Amount, Chart, Interval, columns, funnel, intervals

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = """<script>"'&</script>"""
AMOUNTS = [Amount("Nominated", 120), Amount(HOSTILE, 30), Amount("In the pool", 0)]
LINES = [
    Interval("1 Ngozi Adeyemi", 5.0, 5.5, 6.0),
    Interval(HOSTILE, 3.5, 4.0, 4.5, marked=True),
]
EVERY = [
    funnel("funnel", "How far", AMOUNTS, head=("Step", "Nominations")),
    columns("load", "Load", AMOUNTS, head=("Held", "Assessors"), below="Held", beside="Assessors"),
    intervals("order", "Order", LINES, scale=(1, 7), cuts=[4.2], below="Mean", marked="too close"),
]


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart.svg))  # noqa: S314 -- drawn here


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("chart", EVERY)
def test_drawing_is_whole_and_says_what_it_shows(chart: Chart) -> None:
    svg = drawn(chart)

    title, words = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")

    assert title is not None
    assert words is not None
    assert svg.get("role") == "img"
    assert (svg.get("aria-labelledby"), svg.get("aria-describedby")) == (title.get("id"), words.get("id"))
    assert title.text
    assert HOSTILE in str(words.text)


@pytest.mark.parametrize("chart", EVERY)
def test_drawing_has_no_styles_and_nothing_lies_outside(chart: Chart) -> None:
    svg = drawn(chart)
    width, height = float(svg.get("width", 0)), float(svg.get("height", 0))

    for one in svg.iter():
        assert "style" not in one.attrib
        assert "class" not in one.attrib
        for name, value in one.attrib.items():
            if name in {"x", "x1", "x2", "cx"}:
                assert 0 <= float(value) <= width, (one.tag, name)
            if name in {"y", "y1", "y2", "cy"}:
                assert 0 <= float(value) <= height, (one.tag, name)
            if name in {"width", "height"}:
                assert float(value) >= 0


def test_colours_can_be_told_from_white() -> None:
    assert contrast(charts.TEXT, charts.WHITE) == pytest.approx(14.6, abs=0.5)
    assert contrast(charts.BLUE, charts.WHITE) >= 4.5
    assert contrast(charts.GREY, charts.WHITE) >= 4.5


def test_table_has_the_drawings_figures() -> None:
    stages, _, order = EVERY

    assert (stages.head, stages.rows) == (
        ("Step", "Nominations"),
        (("Nominated", 120), (HOSTILE, 30), ("In the pool", 0)),
    )
    assert order.rows[1] == (HOSTILE, "4.00", "3.50 to 4.50", "too close")


def test_widths_and_heights_are_in_proportion() -> None:
    stages, load, _ = (drawn(chart) for chart in EVERY)

    widths = [float(one.get("width", 0)) for one in stages.findall(f"{SVG}rect")]
    heights = [float(one.get("height", 0)) for one in load.findall(f"{SVG}rect")]

    assert widths[1] / widths[0] == pytest.approx(30 / 120, abs=0.001)
    assert heights[1] / heights[0] == pytest.approx(30 / 120, abs=0.001)
    assert (widths[2], heights[2]) == (0, 0)


def test_value_stands_between_its_ends_on_the_scale() -> None:
    svg = drawn(EVERY[2])

    dots = [float(one.get("cx", 0)) for one in svg.findall(f"{SVG}circle")]
    spans = [
        (float(one.get("x1", 0)), float(one.get("x2", 0)))
        for one in svg.findall(f"{SVG}line")
        if one.get("stroke-width") == "4"
    ]

    assert [low < dot < high for dot, (low, high) in zip(dots, spans, strict=True)] == [True, True]
    assert (dots[0] - dots[1]) / (spans[0][1] - spans[0][0]) == pytest.approx(1.5, abs=0.01)


def test_marked_line_differs_by_shape_and_not_by_colour_alone() -> None:
    plain, marked = drawn(EVERY[2]).findall(f"{SVG}circle")

    assert plain.get("fill") == plain.get("stroke")
    assert marked.get("fill") == charts.WHITE


@pytest.mark.parametrize("count", [0, 1, 20, 300])
def test_any_number_of_columns_can_be_drawn(count: int) -> None:
    chart = columns("many", "Many", [Amount(str(one), one) for one in range(count)], head=("A", "B"), below="A")

    labels = [one for one in drawn(chart).findall(f"{SVG}text") if (one.text or "").isdigit()]

    assert len(chart.rows) == count
    assert len(labels) <= 40


def test_texts_stand_in_a_page_without_becoming_markup() -> None:
    class Tags(HTMLParser):
        seen: set[str] = set()  # noqa: RUF012 -- one for the test

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.seen.add(tag)

    Tags().feed("".join(str(chart.svg) for chart in EVERY))

    assert Tags.seen <= {"svg", "title", "desc", "rect", "text", "line", "circle"}
    assert re.search(r"<script", str(EVERY[0].svg)) is None
