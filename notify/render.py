"""Writes a message from its template, in a sandbox that knows nothing but the names of that template."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, meta
from jinja2 import Template as Compiled
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from models.enums import ExtensionRefusal, Outcome, Template
from models.spans import SpanParts, Unit
from notify.facts import COMMON, NAMES, TERMS, About, FactsError, Reader
from rules.calendar import in_words, span_in_words

TEMPLATES = Path(__file__).parent / "templates"
"""The folder of the templates, one ``<template>.md`` for each."""

_SUBJECT = "Subject:"
_GAPS = re.compile(r"\n{3,}")
_UNSEEN = frozenset({"Cc", "Zl", "Zp", "Cs"})
_TURNED = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of text, with which a name could disguise what follows it."""

_Value = str | bool | tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """A message in words: a subject of one line, and a body in plain text that ends with a line break."""

    subject: str
    body: str


@dataclass(frozen=True)
class Problem:
    """Something wrong with a template: which, in which line (0: the file as a whole), and what to do."""

    template: Template
    line: int
    what: str

    def __str__(self) -> str:
        """One line for a person."""
        return (
            f"{self.template.value}.md, line {self.line}: {self.what}"
            if self.line
            else f"{self.template.value}.md: {self.what}"
        )


class TemplateError(Exception):
    """A template cannot be used; ``problem`` names the template, the line and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _sandbox() -> ImmutableSandboxedEnvironment:
    # Plain text is not escaped. Without a loader no template can reach another file; without globals none can
    # build long texts from nothing.
    sandbox = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sandbox.globals.clear()
    return sandbox


_SANDBOX = _sandbox()


def one_line(text: str) -> str:
    """The text without line breaks, control characters and turned directions, so that it cannot pose as more.

    A name with a line break would otherwise begin a header, or a paragraph that nobody wrote.
    """
    kept = "".join(
        " " if unicodedata.category(letter) in _UNSEEN else letter for letter in text if letter not in _TURNED
    )
    return " ".join(kept.split())


def render(template: Template, about: About, *, folder: Path = TEMPLATES) -> Letter:
    """Write the message.

    Args:
        template: Which message.
        about: What it is written from; what the template may not say is withheld from it.
        folder: Where the templates are.

    Raises:
        TemplateError: The template cannot be read or written; it says in which line and what to do.
        FactsError: The message has no such reader (``reader_not_allowed``), or a needed fact is missing
            (``facts_missing``).
    """
    terms = TERMS[template]
    if about.reader not in terms.readers:
        raise FactsError("reader_not_allowed", f"{template} is not a message to the {about.reader}")
    known = _known(template, about.reader)
    values = {name: value for name, value in _values(about).items() if name in known}
    if "due_at" in terms.needed and not values["due"]:
        raise FactsError("facts_missing", f"{template} needs due_at: queue it again with this fact")
    subject, body = _compiled(template, _source(template, folder))
    return Letter(
        subject=one_line(_written(template, subject, values)),
        body=_GAPS.sub("\n\n", _written(template, body, values).strip()) + "\n",
    )


def _known(template: Template, reader: Reader) -> frozenset[str]:
    """The names this template knows in a message to this reader."""
    known = COMMON | TERMS[template].names
    return known - {"nominee"} if reader is Reader.ASSESSOR else known


def _values(about: About) -> Mapping[str, _Value]:
    """What each name stands for in this message; what is not known is empty."""
    reference = one_line(about.reference)
    service = one_line(about.service)
    return {
        "person": one_line(about.person),
        "reference": reference,
        "cohort": one_line(about.cohort),
        "region": one_line(about.region),
        "contact": one_line(about.contact),
        "how": (
            f"Sign in at {service} and open {reference}."
            if service
            else f"Reply to this email and quote {reference}."
        ),
        "reader": about.reader.value,
        "organisation": one_line(about.organisation),
        "nominee": one_line(about.nominee),
        "self_nominated": about.self_nominated,
        "due": in_words(about.due_at) if about.due_at else "",
        "remaining": span_in_words(about.remaining) if about.remaining else "",
        "reasons": tuple(one_line(reason) for reason in about.reasons),
        "outcome": about.outcome.value if about.outcome else "",
        "strengths": one_line(about.strengths),
        "development": one_line(about.development),
        "refusal": about.refusal.value if about.refusal else "",
        "taken": in_words(about.taken_until) if about.taken_until else "",
        "for_everyone": about.for_everyone,
    }


def _source(template: Template, folder: Path) -> str:
    try:
        return (folder / f"{template.value}.md").read_text(encoding="utf-8").lstrip("\ufeff")
    except FileNotFoundError:
        raise TemplateError(Problem(template, 0, "the file is missing: put it back")) from None
    except UnicodeDecodeError:
        raise TemplateError(Problem(template, 0, "the file is not UTF-8: save it again as UTF-8")) from None


def _parts(template: Template, source: str) -> tuple[str, str]:
    """The subject and the body; each line keeps its number, so that errors name the line of the file."""
    first, _, rest = source.partition("\n")
    if not first.startswith(_SUBJECT) or not first.removeprefix(_SUBJECT).strip():
        raise TemplateError(Problem(template, 1, "the first line must be 'Subject:' and the subject"))
    if not rest.strip():
        raise TemplateError(Problem(template, 2, "there is no text under the subject: write it"))
    return first.removeprefix(_SUBJECT).strip(), "\n" + rest.rstrip()


@lru_cache(maxsize=4 * len(Template))
def _compiled(template: Template, source: str) -> tuple[Compiled, Compiled]:
    subject, body = _parts(template, source)
    return _compile(template, subject), _compile(template, body)


def _compile(template: Template, source: str) -> Compiled:
    try:
        code = _SANDBOX.compile(source, template.value, f"{template.value}.md")
    except TemplateSyntaxError as error:
        what = _not_understood(error)
        raise TemplateError(Problem(template, error.lineno, what)) from None
    return Compiled.from_code(_SANDBOX, code, _SANDBOX.make_globals(None))


def _written(template: Template, compiled: Compiled, values: Mapping[str, _Value]) -> str:
    try:
        return compiled.render(values)
    except (JinjaError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        # The error's own words may quote a person's name, so only what an undefined name says is passed on.
        what = (
            f"{error.message}: use only the names that README.md lists for this template"
            if isinstance(error, UndefinedError)
            else f"it cannot be written ({type(error).__name__}): use only names, if and for, as README.md shows"
        )
        raise TemplateError(Problem(template, _line(template, error), what)) from None


def _line(template: Template, error: BaseException) -> int:
    line, step = 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == f"{template.value}.md":
            line = step.tb_lineno
        step = step.tb_next
    return line


# ---------------------------------------------------------------------------------------------------------
# Checking and previewing


def samples(template: Template) -> tuple[About, ...]:
    """Made-up facts for every variant of a message: each reader, with all optional facts and with none."""
    terms = TERMS[template]
    full = About(
        reader=Reader.NOMINEE,
        person="Sam Sample",
        cohort="Pilot 2018",
        region="Midlands and East",
        reference="pilot-0042",
        contact="talent-pool@example.nhs.test",
        nominee="Noor Nominee",
        organisation="Example Hospitals NHS Trust",
        due_at=datetime(2018, 9, 28, 22, 59, tzinfo=UTC),
        remaining=SpanParts(amount=3, unit=Unit.DAYS),
        outcome=Outcome.ADMITTED,
        reasons=("The post does not report to a board member.",),
        strengths="setting strategy",
        development="robust governance and assurance",
        refusal=ExtensionRefusal.PANELS_WOULD_WAIT,
        for_everyone=True,
    )
    bare = replace(
        full,
        due_at=full.due_at if "due_at" in terms.needed else None,
        remaining=None,
        outcome=None,
        reasons=(),
        strengths="",
        development="",
        self_nominated=True,
        service="https://talent-pool.example.nhs.test",
    )
    outcomes = tuple(Outcome) if "outcome" in terms.names else (Outcome.ADMITTED,)
    refusals = tuple(ExtensionRefusal) if "refusal" in terms.names else (full.refusal,)
    late = (replace(full, taken_until=datetime(2018, 9, 29, 22, 59, tzinfo=UTC)),) if "taken" in terms.names else ()
    return tuple(
        replace(about, reader=reader)
        for reader in Reader
        if reader in terms.readers
        for about in (
            *(replace(full, outcome=outcome, refusal=refusal) for outcome in outcomes for refusal in refusals),
            bare,
            *late,
        )
    )


def check_templates(folder: Path = TEMPLATES) -> tuple[Problem, ...]:
    """Write every message in every variant with made-up facts, and say what is wrong with which template."""
    found: dict[Problem, None] = {}
    for template in Template:
        found.update(dict.fromkeys(_problems_of(template, folder)))
    return tuple(found)


def _problems_of(template: Template, folder: Path) -> Iterable[Problem]:
    try:
        source = _source(template, folder)
        unknown = meta.find_undeclared_variables(_SANDBOX.parse("".join(_parts(template, source))))
    except TemplateError as error:
        return [error.problem]
    except TemplateSyntaxError as error:
        what = _not_understood(error)
        return [Problem(template, error.lineno, what)]
    known = COMMON | TERMS[template].names
    problems = [Problem(template, _line_of(name, source), _unknown(name, known)) for name in sorted(unknown - known)]
    for about in samples(template):
        try:
            letter = render(template, about, folder=folder)
        except TemplateError as error:
            problems.append(error.problem)
            continue
        if about.contact not in letter.body:
            problems.append(Problem(template, 0, "it does not say whom to contact: add {{ contact }}"))
    return problems


def _not_understood(error: TemplateSyntaxError) -> str:
    return f"check that each {{{{ ends with }}}} and each {{% if %}} with {{% endif %}} ({error.message})"


def _unknown(name: str, known: frozenset[str]) -> str:
    reason = "is not for this template" if name in NAMES else "is not a name"
    return f"'{name}' {reason}: use {', '.join(sorted(known))}"


def _line_of(name: str, source: str) -> int:
    whole = re.compile(rf"\b{re.escape(name)}\b")
    return next((number for number, line in enumerate(source.splitlines(), 1) if whole.search(line)), 0)
