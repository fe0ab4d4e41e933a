"""What a page that fails gives back of what was sent: each field under its label, and its value in words.

Labels and kinds of fields are read from the templates of the area that the form stands in, so that a label is written
in one place only. A field that no template writes out keeps its name in words: what somebody typed is never left out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from fastapi import Request

from portal.words import plain

_TEMPLATES = Path(__file__).with_name("templates")
_FIELD = re.compile(
    r'\b(text|textarea|email|radios|checkboxes|select|date|number|time|file)\(\s*form,\s*"(\w+)"'
    r'(?:,\s*(?:label=)?"([^"]*)"(?=\s*[,)]))?'
)
_WRITTEN_OUT = re.compile(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*\bname="(\w+)"')
_HIDDEN = re.compile(r'(?:<input type="hidden" name=|\bhidden\(form, )"(\w+)"')
_BUTTON = re.compile(r'(?:\bsubmit\([^)]*\bname=|<button[^>]*\bname=)"(\w+)"')
_CHOICES = frozenset({"radios", "checkboxes", "select"})
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")
_NEVER_SHOWN = frozenset({"once", "next"})
_NEVER_BEGIN = ("_", "revision", "seen")
_PARTS: Mapping[str, str] = MappingProxyType({"value": "score", "evidence": "evidence"})
_DAY = ("_day", "_month", "_year")


@dataclass(frozen=True)
class Fields:
    """The fields that an area's templates write out.

    Attributes:
        labels: By name, the label; without one where its pages do not agree on it.
        choices: Those chosen from what a page offers, whose values may be codes.
        days: Those typed as a day, a month and a year.
        technical: Those that no page writes out: keys, and what was pressed.
    """

    labels: Mapping[str, str]
    choices: frozenset[str]
    days: frozenset[str]
    technical: frozenset[str]


def in_words(request: Request, sent: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was sent as labels and values, in the order of the form.

    Args:
        request: What it came with; its route says which area's form it was.
        sent: The form's names and values.
    """
    fields = fields_of(_area_of(request))
    by_name: dict[str, list[str]] = {}
    for name, value in sent:
        base = next((name.removesuffix(part) for part in _DAY if name.endswith(part)), "")
        by_name.setdefault(base if base in fields.days else name, []).append(value)
    shown = [
        (_label(name, fields), _value(name, values, fields))
        for name, values in by_name.items()
        if not _is_technical(name, fields)
    ]
    return [(label, value) for label, value in shown if value]


@lru_cache(maxsize=64)
def fields_of(area: str) -> Fields:
    """The fields that templates in ``area`` write out, such as ``operations/keeping``; all, if it is no folder."""
    labels: dict[str, set[str]] = {}
    kinds: dict[str, set[str]] = {}
    hidden: set[str] = set()
    folder = _TEMPLATES / area
    for path in sorted((folder if folder.is_dir() else _TEMPLATES).rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        for kind, name, label in _FIELD.findall(text):
            kinds.setdefault(name, set()).add(kind)
            labels.setdefault(name, set()).add(label)
        for name in _WRITTEN_OUT.findall(text):
            kinds.setdefault(name, set()).add("")
        hidden.update(_HIDDEN.findall(text), _BUTTON.findall(text))
    return Fields(
        labels=MappingProxyType({name: next(iter(said)) for name, said in labels.items() if len(said) == 1}),
        choices=frozenset(name for name, said in kinds.items() if said <= _CHOICES),
        days=frozenset(name for name, said in kinds.items() if "date" in said),
        technical=frozenset(hidden - kinds.keys()),
    )


def _area_of(request: Request) -> str:
    """The folder of templates that the route's module belongs to."""
    module: str = getattr(request.scope.get("endpoint"), "__module__", "")
    return "/".join(module.split(".")[1:-1]) or "failures"


def _is_technical(name: str, fields: Fields) -> bool:
    return name in _NEVER_SHOWN or name.startswith(_NEVER_BEGIN) or name in fields.technical


def _label(name: str, fields: Fields) -> str:
    label = fields.labels.get(name, "").removesuffix(" (optional)")
    if label:
        return label
    begin, _, end = name.partition(".")
    if begin == "place" and end:
        return f"Place of {end}"
    if begin == "score" and end:
        assessment, _, criterion = end.rpartition(".")
        return f"{plain(criterion)}: score by {assessment.rpartition('.')[2]}"
    words = plain(begin)
    return f"{words}: {_PARTS.get(end, plain(end).lower())}" if end else words


def _value(name: str, values: Sequence[str], fields: Fields) -> str:
    given = [value for value in values if value]
    if name in fields.days:
        return " ".join(given)
    if name not in fields.choices:
        return "\n".join(given)
    if given and all(value.isdecimal() for value in given):
        return f"{len(given)} chosen" if name.endswith("s") else ", ".join(given)
    return ", ".join(plain(value) if _CODE.fullmatch(value) else value for value in given)
