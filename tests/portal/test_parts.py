"""The parts that are written out for speed say what the design system's own macros say."""

import re

import pytest
from markupsafe import Markup

from portal.forms import Bound, Form
from portal.pages import environment

OWN = """{% import "parts.html" as p %}{% import "fields.html" as f %}"""
THEIRS = """{% from "nhsuk/components/tables/macro.jinja" import table %}
{% from "nhsuk/components/tag/macro.jinja" import tag %}
{% from "nhsuk/components/summary-list/macro.jinja" import summaryList %}
{% from "nhsuk/components/select/macro.jinja" import select %}"""
PAIRS = {
    "table": (
        """{{ p.table("Cap <b>", ["A", {"text": "N", "numeric": true}], [["x<", 1], [{"text": "y", "href": "/a",
        "hidden": "more"}, 2]]) }}""",
        """{{ table({"caption": {"text": "Cap <b>", "size": "m"}, "head": [{"text": "A"}, {"text": "N",
        "format": "numeric"}], "rows": [["x<", {"text": "1", "format": "numeric"}], [{"text": "y", "href": "/a",
        "visuallyHiddenText": "more"}, {"text": "2", "format": "numeric"}]], "responsive": true,
        "firstCellIsHeader": true}) }}""",
    ),
    "table without row headers": (
        """{{ p.table("C", ["A"], [["x"], [none]], first_is_header=False) }}""",
        """{{ table({"caption": {"text": "C", "size": "m"}, "head": [{"text": "A"}], "rows": [["x"], [""]],
        "responsive": true, "firstCellIsHeader": false}) }}""",
    ),
    "tag": ("""{{ p.stage_tag("W <", "blue") }}""", """{{ tag({"text": "W <", "colour": "blue"}) }}"""),
    "plain tag": ("""{{ p.stage_tag("W") }}""", """{{ tag({"text": "W"}) }}"""),
    "summary list": (
        """{{ p.summary_list([{"label": "L", "value": "v<", "change_href": "/c", "change_words": "your l"},
        {"label": "M", "value": ""}]) }}""",
        """{{ summaryList({"rows": [{"key": "L", "value": "v<", "actions": {"items": [{"href": "/c", "text": "Change",
        "visuallyHiddenText": "your l"}]}}, {"key": "M", "value": "Not given"}]}) }}""",
    ),
    "select": (
        """{{ f.select(form, "list", "G <", [{"value": "a", "text": "A <"}, {"value": "b", "text": "B"}], hint="H",
        empty="Any") }}""",
        """{{ select({"id": "list", "name": "list", "label": {"text": "G <"}, "hint": "H", "errorMessage": "Wrong",
        "items": [{"value": "", "text": "Any"}, {"value": "a", "text": "A <"}, {"value": "b", "text": "B",
        "selected": true}]}) }}""",
    ),
}
FORM = Bound[Form](typed={"list": "b"}, errors={"list": "Wrong"})


def plain(html: str) -> str:
    """The same HTML without the white space that no browser shows."""
    one_line = re.sub(r"\s+", " ", html)
    joined = re.sub(r" ?(</?(?!span|a )[^>]*?) ?> ?", r"\1>", one_line)
    return re.sub(r" +", " ", joined.replace(" </", "</").replace(" >", ">").replace("> <span", "><span")).strip()


@pytest.mark.parametrize("name", PAIRS)
def test_part_says_what_the_design_systems_macro_says(name: str) -> None:
    own, theirs = PAIRS[name]
    templates = environment()

    written = templates.from_string(OWN + own).render(form=FORM)
    expected = templates.from_string(THEIRS + theirs).render()

    assert plain(written) == plain(expected)


def test_parts_escape_what_they_are_given_and_keep_markup() -> None:
    templates = environment()

    text = templates.from_string(OWN + """{{ p.table("C", ["A"], [[given]]) }}""").render(given="<script>")
    markup = templates.from_string(OWN + """{{ p.table("C", ["A"], [[{"text": given}]]) }}""").render(
        given=Markup("<b>bold</b>")
    )

    assert "<script>" not in text
    assert "<b>bold</b>" in markup
