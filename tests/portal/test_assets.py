"""What the portal serves as it is: files made by others, and the frame and macros every page is made of."""

import hashlib
import re
import tomllib
from html import unescape
from html.parser import HTMLParser
from importlib.metadata import distribution, version
from pathlib import Path
from types import SimpleNamespace
from typing import TypedDict

import pytest
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader
from markupsafe import Markup

PORTAL = Path(__file__).parents[2] / "portal"
STATIC = PORTAL / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = PORTAL / "templates"
HOSTILE = """<script>"'&</script>"""
FIELDS = ("one_line", "mail", "words", "long", "radio", "box", "list", "day", "at", "count", "table")
FAILURES = sorted(path.name for path in (TEMPLATES / "failures").glob("*.html") if path.name != "kept.html")

EVERY_FIELD = """{% extends "layout.html" %}{% import "fields.html" as f %}{% block content %}<h1>Fields</h1>
<form method="post">{{ once() }}{{ f.text(form, "one_line", "A") }}{{ f.email(form, "mail") }}
{{ f.textarea(form, "words", "C", most_words=300) }}{{ f.textarea(form, "long", "D") }}
{{ f.radios(form, "radio", "E", options) }}{{ f.checkboxes(form, "box", "F", options) }}
{{ f.select(form, "list", "G", options, empty="Any") }}{{ f.date(form, "day", "H") }}{{ f.time(form, "at", "I") }}
{{ f.number(form, "count", "J") }}{{ f.file(form, "table", "K") }}{{ f.hidden(form, "secret") }}
{{ f.submit("Continue") }}</form>{% endblock %}"""

EVERY_PART = """{% extends "layout.html" %}{% import "parts.html" as p %}{% block content %}<h1>Parts</h1>
{{ p.stage_tag(x) }}{{ p.summary_list([{"label": x, "value": x, "change_href": "/a", "change_words": x}]) }}
{{ p.table(x, [x, "B"], [[x, 1], [{"text": x, "href": "/a", "hidden": x}, none]]) }}{{ p.pagination("/a", "/b", x) }}
{{ p.task_list([{"title": x, "href": "/a", "hint": x, "status": x}]) }}{{ p.inset(x) }}{{ p.warning(x, x) }}
{{ p.empty(x, x, "/a", x) }}{{ p.timeline([{"when": x, "title": x, "text": x}]) }}
{{ p.button_form("/a", x, [(x, x)]) }}{{ p.figure("", x, p.table("T", ["A"], [[x]])) }}
{{ p.steps([{"title": x, "when": x, "text": x}]) }}
{{ p.letter(x, x) }}{{ p.diff([{"label": x, "before": x, "after": "b"}]) }}{{ p.confirmation(x, x) }}{% endblock %}"""


class Form:
    """A bound form in which everything typed is hostile."""

    def __init__(self, *, wrong: bool = False) -> None:
        self.wrong = wrong
        self.typed = dict.fromkeys((*FIELDS, "secret", "day_day", "day_month", "day_year"), HOSTILE)
        self.typed["radio"] = "second"
        self.chosen = {"box": ["second"]}

    def error(self, name: str) -> str | None:
        return f"Enter {name}" if self.wrong and name in FIELDS else None


class Elements(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def values(self, tag: str, attribute: str) -> list[str]:
        return [
            attributes[attribute] or "" for name, attributes in self.all if name == tag and attribute in attributes
        ]


@pytest.fixture(scope="module")
def pages() -> Environment:
    loaders = [FileSystemLoader(TEMPLATES), PackageLoader("nhsuk_frontend_jinja", "templates")]
    environment = Environment(loader=ChoiceLoader(loaders), undefined=ChainableUndefined, autoescape=True)
    environment.globals["once"] = lambda: Markup('<input type="hidden" name="once" value="key">')
    return environment


def a_page(**differently: object) -> SimpleNamespace:
    visitor = SimpleNamespace(name=HOSTILE, role_words=HOSTILE, place_words=HOSTILE, several_roles=True)
    page = {"title": "What", "area": "Where", "service_name": "Talent pool", "official": False, "nonce": "abc",
            "crumbs": [(HOSTILE, "/")], "visitor": visitor, "errors": [], "notice": None, "contact": HOSTILE,
            "navigation": [SimpleNamespace(text=HOSTILE, href="/a", current=True)], "development": True}  # fmt: skip
    return SimpleNamespace(**{**page, **differently})


def options() -> list[SimpleNamespace]:
    return [SimpleNamespace(value=value, text=HOSTILE, hint=HOSTILE) for value in ("first", "second")]


class Vendored(TypedDict):
    """What VENDORED.toml says of one package."""

    name: str
    version: str
    sha256: dict[str, str]


def packages() -> dict[str, Vendored]:
    listed: list[Vendored] = tomllib.loads((VENDOR / "VENDORED.toml").read_text())["package"]
    return {package["name"]: package for package in listed}


def test_vendored_files_are_those_that_were_built() -> None:
    written = {name: digest for package in packages().values() for name, digest in package["sha256"].items()}

    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "VENDORED.toml"
    }

    assert found == written


def test_nhs_templates_and_stylesheet_are_of_versions_that_pair() -> None:
    # The package says which release of nhsuk-frontend each of its own is for.
    said = distribution("nhsuk-frontend-jinja").read_text("METADATA") or ""
    pairs = {ours: theirs for theirs, ours in re.findall(r"^\| ([\d.]+) \| ([\d.]+) \|", said, re.MULTILINE)}

    wanted = pairs[version("nhsuk-frontend-jinja")]

    assert packages()["nhsuk-frontend"]["version"] == wanted
    assert f'--nhsuk-frontend-version: "{wanted}"' in (VENDOR / f"nhsuk-frontend-{wanted}.min.css").read_text()


@pytest.mark.parametrize("path", sorted(STATIC.glob("**/*.css")), ids=lambda path: path.name)
def test_stylesheet_asks_no_other_host_for_anything(path: Path) -> None:
    text = path.read_text()

    addresses = re.findall(r"""url\(["']?([^"')]+)""", text)

    assert [address for address in addresses if not address.startswith("/assets/")] == []
    assert [address for address in addresses if not (VENDOR / address.removeprefix("/")).is_file()] == []
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text


def test_own_files_named_by_templates_and_scripts_exist() -> None:
    templates = [path.read_text() for path in TEMPLATES.rglob("*.html")]
    named = {name for text in templates for name in re.findall(r'"/static/([^"{]+)"', text)}
    imported = re.findall(r'from "\./([^"]+)"', (STATIC / "start.js").read_text())

    missing = [name for name in (*named, *imported) if not (STATIC / name).is_file()]

    assert imported
    assert "portal.css" in named
    assert missing == []


@pytest.mark.parametrize("source", [EVERY_FIELD, EVERY_PART, *FAILURES])
def test_page_lets_nothing_typed_become_markup_or_script(pages: Environment, source: str) -> None:
    template = pages.get_template(f"failures/{source}") if source in FAILURES else pages.from_string(source)
    given = {"form": Form(), "options": options(), "x": HOSTILE, "kept": [(HOSTILE, HOSTILE)]}
    given |= dict.fromkeys(("sentence", "advice", "reference", "wait"), HOSTILE)

    html = template.render(page=a_page(), **given)

    elements = Elements(html)
    assert "&lt;script&gt;" in html
    assert HOSTILE not in html
    assert [
        attributes for tag, attributes in elements.all if tag == "script" and attributes.get("nonce") != "abc"
    ] == []
    assert [a for _, attributes in elements.all for a in attributes if a == "style" or a.startswith("on")] == []


@pytest.mark.parametrize("source", [EVERY_FIELD, *FAILURES])
def test_page_has_one_main_heading_and_no_id_twice(pages: Environment, source: str) -> None:
    template = pages.get_template(f"failures/{source}") if source in FAILURES else pages.from_string(source)

    elements = Elements(template.render(page=a_page(), form=Form(), options=options(), kept=[("a", "b")]))

    ids = [attributes["id"] for _, attributes in elements.all if "id" in attributes]
    assert [tag for tag, _ in elements.all].count("h1") == 1
    assert len(ids) == len(set(ids))


def test_error_summary_links_to_a_field_one_can_type_in(pages: Environment) -> None:
    errors = [(f"Enter {name}", name) for name in FIELDS]

    html = pages.from_string(EVERY_FIELD).render(page=a_page(errors=errors), form=Form(wrong=True), options=options())

    elements = Elements(html)
    fields = {attributes.get("id") for tag, attributes in elements.all if tag in ("input", "textarea", "select")}
    linked = [href[1:] for href in elements.values("a", "href") if href[0] == "#" and href != "#maincontent"]
    assert linked == list(FIELDS)
    assert set(FIELDS) <= fields
    assert html.count("nhsuk-error-message") == len(FIELDS)
    assert re.search(r"<title\s*>Error: What – Where – Talent pool</title>", html)


def test_form_keeps_what_was_typed_and_chosen(pages: Environment) -> None:
    html = pages.from_string(EVERY_FIELD).render(page=a_page(), form=Form(), options=options())

    elements = Elements(html)
    ticked = [(a["name"], a["value"]) for _, a in elements.all if "checked" in a]
    typed = {a["name"] for tag, a in elements.all if tag == "input" and a.get("value") == HOSTILE}
    assert ticked == [("radio", "second"), ("box", "second")]
    assert typed == {"one_line", "mail", "at", "count", "secret", "day_day", "day_month", "day_year"}


@pytest.mark.parametrize("official", [True, False])
def test_frame_wears_the_nhs_logo_only_when_official(pages: Environment, *, official: bool) -> None:
    html = pages.get_template("failures/not_found.html").render(page=a_page(official=official))

    assert ("nhsuk-header__logo" in html) is official
    assert ("/assets/images/favicon" in html) is official
    assert ("This is not an official NHS service" in html) is not official


def test_failure_page_sends_again_exactly_what_was_sent(pages: Environment) -> None:
    kept = [("once", "key"), ("words", "\nFirst line\n  <b>second</b>\n")]

    html = pages.get_template("failures/signed_out.html").render(page=a_page(visitor=None), kept=kept)

    # HTML drops the one newline that directly follows the tag.
    sent = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)
    assert [(name, unescape(value)) for name, value in sent] == kept
