"""A visitor of the portal without a browser: pages with their forms, followed as a browser without scripts would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2
from fastapi import FastAPI

from models.messages import By
from portal import sessions
from portal.services import Services
from portal.sessions import COOKIE

HOST = "https://portal.test"
Values = Mapping[str, str | list[str]]


@dataclass
class PageForm:
    """A form as it stands in a page."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Reading(HTMLParser):
    """What a page holds, as far as tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.title = ""
        self.words: list[str] = []
        self._inside: str | None = None
        self._textarea: str | None = None
        self._select: str | None = None
        self._silent = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in {"h1", "title"}:
            self._inside = tag
            if tag == "h1":
                self.headings.append("")
        elif tag in {"script", "style"}:
            self._silent += 1
        if self.forms and given.get("name"):
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        name, form = given["name"], self.forms[-1]
        if tag == "button":
            form.buttons.append((name, given.get("value", "")))
        elif tag == "textarea":
            form.fields.setdefault(name, []).append("")
            self._textarea = name
        elif tag == "select":
            form.fields[name] = []
            self._select = name
        elif tag == "input" and given.get("type") in {"radio", "checkbox"}:
            form.fields.setdefault(name, [])
            if "checked" in given:
                form.fields[name].append(given.get("value", "on"))
        elif tag == "input" and given.get("type") != "file":
            form.fields.setdefault(name, []).append(given.get("value", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"h1", "title"}:
            self._inside = None
        elif tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None
        elif tag in {"script", "style"}:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._textarea is not None:
            kept = self.forms[-1].fields[self._textarea]
            kept[-1] += data.removeprefix("\n") if not kept[-1] else data
        if self._inside == "h1":
            self.headings[-1] += data
        elif self._inside == "title":
            self.title += data
        self.words.append(data)


class Seen:
    """A page that was answered."""

    def __init__(self, visit: "Visit", response: httpx2.Response) -> None:
        self.visit = visit
        self.response = response
        self.status = response.status_code
        self.text = response.text
        self.path = response.url.raw_path.decode()
        html = response.headers.get("content-type", "").startswith("text/html")
        self._reading = Reading(self.text if html else "")

    @property
    def heading(self) -> str:
        """The page's one h1."""
        assert len(self._reading.headings) == 1, f"{self.path} has the headings {self._reading.headings}"
        return " ".join(self._reading.headings[0].split())

    @property
    def title(self) -> str:
        return " ".join(self._reading.title.split())

    @property
    def forms(self) -> list[PageForm]:
        return self._reading.forms

    @property
    def links(self) -> list[str]:
        return self._reading.links

    @property
    def words(self) -> str:
        """Everything a person reads, in one line."""
        return " ".join(" ".join(self._reading.words).split())

    def form(self, action: str | None = None) -> PageForm:
        """The form that posts to ``action``, or the page's own one."""
        usable = [one for one in self.forms if one.action != "/sign-out"]
        found = [one for one in usable if action is None or one.action.split("?")[0].endswith(action)]
        assert found, f"{self.path} has no form for {action}: {[one.action for one in usable]}"
        return found[0]

    async def submit(self, action: str | None = None, values: Values | None = None, /, **more: str) -> "Seen":
        """Fills a form in and sends it, as a browser would: what is not given stays as it stands."""
        form = self.form(action)
        filled: dict[str, list[str]] = {name: list(held) for name, held in form.fields.items()}
        for name, value in {**(values or {}), **more}.items():
            filled[name] = [value] if isinstance(value, str) else list(value)
        target = urljoin(str(self.response.url), form.action)
        if form.method == "get":
            return await self.visit.get(urlsplit(target).path, params=filled)
        return await self.visit.post(target, filled, Referer=str(self.response.url))


class Visit:
    """A browser without scripts, with cookies of its own."""

    def __init__(self, portal: FastAPI, services: Services) -> None:
        self.services = services
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(portal), base_url=HOST, follow_redirects=True, timeout=60
        )

    async def signed_in_as(self, by: By, place: str | None = None) -> Self:
        """Signs a person in, acting in a role if they hold any; ``place`` where they hold it for several."""
        async with self.services.acts.desk.transaction() as session:
            token = await sessions.begin(session, by.person, "code", self.services.clock())
            hats = await sessions.hats_of(session, by.person)
        self.client.cookies.set(COOKIE, token, domain="portal.test", path="/")
        if not hats:
            return self
        hat = next(one for one in hats if one.role is by.role and place in {None, one.place})
        async with self.services.acts.desk.transaction() as session:
            assert await sessions.choose(session, token, hat, self.services.limits, self.services.clock())
        return self

    async def get(self, path: str, **options: object) -> Seen:
        return Seen(self, await self.client.get(path, **options))  # type: ignore[arg-type]

    async def post(self, path: str, values: Values | None = None, **headers: str) -> Seen:
        """Posts a form from a page of this site, whatever page that was."""
        sent = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", **headers}
        return Seen(self, await self.client.post(path, data=dict(values or {}), headers=sent))

    async def close(self) -> None:
        await self.client.aclose()
