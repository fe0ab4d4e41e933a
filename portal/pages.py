"""Pages: one frame, filled by a template; and where a form leads once it was taken."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Request
from jinja2 import BaseLoader, ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from portal import words
from portal.access import visitor_at
from portal.navigation import Link, navigation_of
from portal.once import hidden_key
from portal.services import services_of
from portal.visitors import Visitor

_TEMPLATES = Path(__file__).with_name("templates")
LONGEST_ONWARD = 500
"""In characters: a path that is typed into an address, to go on to."""
_SPACE = re.compile(r"[ \t]*\n\s*")

Crumb = tuple[str, str]
"""A link of the trail above a page: its words and its path."""
Problem = tuple[str, str]
"""A line of the error summary: its sentence, and the id of the field it is about or an empty string."""


@dataclass(frozen=True)
class Notice:
    """What a page says first; ``kind`` is ``success`` or ``information``."""

    heading: str
    text: str = ""
    kind: str = "success"


@dataclass(frozen=True)
class Frame:
    """What the top and the bottom of a page are made of."""

    service_name: str
    official: bool
    contact: str
    visitor: Visitor | None
    navigation: tuple[Link, ...]


@dataclass(frozen=True)
class Page(Frame):
    """Everything around what a template says itself."""

    title: str
    area: str
    development: bool
    nonce: str
    header: Markup
    footer: Markup
    crumbs: tuple[Crumb, ...] = ()
    errors: tuple[Problem, ...] = ()
    notice: Notice | None = None


class _Compact(BaseLoader):
    """Loads templates with each run of line breaks and indentation as one line break: a third of the bytes.

    HTML reads both alike. What people typed is not touched, since it is not in a template.
    """

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The template's text, where it is, and whether it is still the same."""
        text, path, is_fresh = self._loader.get_source(environment, template)
        return _SPACE.sub("\n", text), path, is_fresh


def _as_it_is(text: str, *_: object, **__: object) -> str:
    """The text, not indented: the design system's macros indent what they hold, for a third of a page's time."""
    return text


def environment() -> Environment:
    """The templates' language: escaped always, and an unknown name is empty, as the design system's macros expect."""
    made = Environment(
        loader=_Compact(
            ChoiceLoader([FileSystemLoader(_TEMPLATES), PackageLoader("nhsuk_frontend_jinja", "templates")])
        ),
        autoescape=True,
        undefined=ChainableUndefined,
        auto_reload=False,
    )
    made.globals["once"] = hidden_key
    made.filters.update(day=words.day, clock=words.clock, moment=words.moment, plain=words.plain)
    made.filters["indent"] = _as_it_is
    return made


_ENVIRONMENT = environment()


async def render(
    request: Request,
    template: str,
    *,
    title: str,
    area: str = "",
    crumbs: Sequence[Crumb] = (),
    errors: Sequence[Problem] = (),
    notice: Notice | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **shown: object,
) -> HTMLResponse:
    """A page.

    Args:
        request: Whose page it is.
        template: Below ``templates``.
        title: What the page is; with the area and the service's name it is the window's title.
        area: Which part of the service it is in.
        crumbs: The trail above it.
        errors: What is wrong in its form; with any, the title says so and the status should be 422.
        notice: What it says first, such as what was done.
        status: HTTP's word for it.
        headers: Further headers.
        **shown: What the template shows: presenters, whole and in words.
    """
    branding = services_of(request).branding
    visitor = await visitor_at(request)
    frame = Frame(
        branding.service_name,
        branding.official,
        branding.contact,
        visitor,
        navigation_of(visitor, request.url.path),
    )
    header, footer = _top_and_bottom(frame)
    page = Page(
        **vars(frame),
        title=title,
        area=area,
        development=branding.development,
        nonce=request.state.nonce,
        header=header,
        footer=footer,
        crumbs=tuple(crumbs),
        errors=tuple(errors),
        notice=notice,
    )
    text = _ENVIRONMENT.get_template(template).render(page=page, **shown)
    return HTMLResponse(text, status, dict(headers or {}))


@lru_cache(maxsize=2000)
def _top_and_bottom(frame: Frame) -> tuple[Markup, Markup]:
    """The header and the footer, made once for each person and part of the service."""
    parts = _ENVIRONMENT.get_template("frame.html").module
    return Markup(parts.header_of(frame)), Markup(parts.footer_of(frame))  # type: ignore[attr-defined]  # noqa: S704 -- made by a template that escapes


def go_to(path: str) -> RedirectResponse:
    """Where a form leads once it was taken: loading that page again sends nothing twice.

    Raises:
        ValueError: The path is not one of this service.
    """
    if not _stays_here(path):
        raise ValueError("a form leads to a page of this service")
    return RedirectResponse(path, 303)


def local(path: str | None, otherwise: str = "/") -> str:
    r"""The path, if it is one of this service; browsers read ``//host``, ``/\host`` and tabs as other sites."""
    return path if path and len(path) <= LONGEST_ONWARD and _stays_here(path) else otherwise


def _stays_here(path: str) -> bool:
    """Whether a path is one of this service, however long: one that carries another to go on to is longer than it."""
    if not path.startswith("/") or path.startswith("//"):
        return False
    if "\\" in path or not path.isprintable() or not path.isascii():
        return False
    try:
        return not urlsplit(path).netloc
    except ValueError:
        return False
