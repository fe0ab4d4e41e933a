"""What the pages on letters and their templates show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from models.enums import MessageStatus, Template
from models.tables import OutboxMessage, Person
from notify.facts import NAMES, TERMS, FactsError
from notify.render import TEMPLATES, Problem, TemplateError, check_templates, render, samples
from portal.operations.keeping.cohorts import with_query
from portal.operations.keeping.runs import Fact
from portal.words import moment, plain

_MEANINGS: Mapping[MessageStatus, tuple[str, str, str]] = MappingProxyType(
    {
        MessageStatus.FAILED: ("Failed", "red", "It was given up, and its reader has not got it."),
        MessageStatus.UNCERTAIN: (
            "Uncertain",
            "orange",
            "Sending was interrupted. Nobody knows whether it left, so it was not sent twice.",
        ),
        MessageStatus.WAITING: ("Waiting", "yellow", "It leaves within a minute, or is tried again after a failure."),
        MessageStatus.SENDING: ("Being sent", "blue", "It is on its way."),
        MessageStatus.SENT: ("Sent", "green", "It has left."),
    }
)
_FOLDER = TEMPLATES
_FAILURES = {
    "address_unusable": "The email address is not one",
    "facts_missing": "What it has to say is missing",
    "facts_unreadable": "What it has to say cannot be read",
    "nomination_missing": "The nomination it is about is not there",
    "person_missing": "Its reader is not there",
    "reader_not_allowed": "It is no letter for this reader",
    "interrupted": "Sending was interrupted",
    "mailbox_unwritable": "The mailbox’s folder cannot be written to",
    "notify_no_answer": "GOV.UK Notify did not answer",
    "notify_unreachable": "GOV.UK Notify cannot be reached",
    "notify_permanent_failure": "The address does not exist, says GOV.UK Notify",
    "notify_temporary_failure": "The mailbox took no mail, says GOV.UK Notify: it may be full or away",
    "notify_technical_failure": "GOV.UK Notify had a fault",
    "smtp_disconnected": "The mail server ended the connection",
    "smtp_login_refused": "The mail server refused our sign-in",
    "smtp_not_supported": "The mail server cannot do what sending needs",
    "template_unusable": "Its template is wrong",
    "smtp_no_answer": "The mail server did not answer",
    "smtp_unreachable": "The mail server cannot be reached",
}
_SERVICES = {"smtp": "The mail server", "notify": "GOV.UK Notify"}


@dataclass(frozen=True)
class CountShown:
    """How many letters stand in one way."""

    words: str
    count: int
    href: str
    problem: bool


@dataclass(frozen=True)
class RowShown:
    """A letter in a list."""

    name: str
    href: str
    reader: str
    about: str
    status: str
    colour: str
    when: str
    failure: str


@dataclass(frozen=True)
class LetterShown:
    """A letter as its reader gets it, or why it cannot be written."""

    id: str
    href: str
    name: str
    facts: tuple[Fact, ...]
    subject: str
    body: str
    problem: str
    can_be_sent_again: bool
    perhaps_sent: bool


@dataclass(frozen=True)
class TemplateRow:
    """A template in the list of all."""

    name: str
    href: str
    readers: str
    state: str
    colour: str


@dataclass(frozen=True)
class PreviewShown:
    """A letter written from made-up facts."""

    reader: str
    subject: str
    body: str


@dataclass(frozen=True)
class TemplateShown:
    """A template: what it may say, what is wrong with it, and its letters with made-up facts."""

    name: str
    file: str
    problems: tuple[str, ...]
    words: tuple[Fact, ...]
    previews: tuple[PreviewShown, ...]


def count_shown(status: MessageStatus, count: int, href: str) -> CountShown:
    """How many letters stand in one way; failed and uncertain ones are a problem."""
    words, _, _ = _MEANINGS[status]
    wrong = status in {MessageStatus.FAILED, MessageStatus.UNCERTAIN}
    return CountShown(words, count, href, wrong and count > 0)


def row_shown(message: OutboxMessage, reader: str) -> RowShown:
    """A letter in a list."""
    words, colour, _ = _MEANINGS[message.status]
    return RowShown(
        plain(message.template.value),
        path_of(message.id),
        reader,
        message.nomination_id or "",
        words,
        colour,
        f"Sent at {moment(message.sent_at)}" if message.sent_at else f"Queued at {moment(message.queued_at)}",
        failure_words(message.failure),
    )


def letter_shown(message: OutboxMessage, reader: Person, mail: EmailMessage | None, problem: str = "") -> LetterShown:
    """A letter with everything that is known of its way."""
    words, _, meaning = _MEANINGS[message.status]
    facts = [
        Fact("Letter", plain(message.template.value)),
        Fact("To", f"{reader.full_name}, {reader.email}"),
        Fact("About", message.nomination_id or "Nothing in particular"),
        Fact("Status", f"{words}. {meaning}"),
        Fact("Queued", moment(message.queued_at)),
    ]
    if message.sent_at:
        facts.append(Fact("Sent", moment(message.sent_at)))
    if message.attempts:
        facts.append(Fact("Tries", str(message.attempts)))
    if message.failure:
        facts.append(Fact("What failed", failure_words(message.failure)))
    body = mail.get_body(("plain",)) if mail else None
    return LetterShown(
        message.id,
        path_of(message.id),
        plain(message.template.value),
        tuple(facts),
        str(mail["Subject"]) if mail else "",
        str(body.get_content()).replace("\r\n", "\n") if body else "",
        problem,
        message.status in {MessageStatus.FAILED, MessageStatus.UNCERTAIN, MessageStatus.WAITING},
        message.status is MessageStatus.UNCERTAIN,
    )


def templates_shown() -> tuple[TemplateRow, ...]:
    """Every template, those with a problem first."""
    wrong = {problem.template for problem in _problems()}
    rows = [_template_row(template, wrong=template in wrong) for template in Template]
    return tuple(sorted(rows, key=lambda row: (row.state == "Can be used", row.name)))


def template_shown(template: Template) -> TemplateShown:
    """One template with its problems and its letters."""
    problems = [problem for problem in _problems() if problem.template is template]
    names = TERMS[template].names
    return TemplateShown(
        plain(template.value),
        f"notify/templates/{template.value}.md",
        tuple(_in_words(problems)),
        tuple(Fact(name, f"{NAMES[name][:1].upper()}{NAMES[name][1:]}") for name in NAMES if name in names),
        tuple(_previews(template)),
    )


def failure_words(code: str | None) -> str:
    """Why a letter failed, in words."""
    if not code:
        return ""
    service, _, answer = code.rpartition("_")
    if service in _SERVICES and answer.isdecimal():
        return f"{_SERVICES[service]} refused it, with code {answer}"
    return _FAILURES.get(code, plain(code))


def status_words(status: MessageStatus) -> str:
    """How a letter stands, in a word or two."""
    return _MEANINGS[status][0]


def path_of(message: str) -> str:
    """The address of a letter's page."""
    return with_query("/operations/messages/letter", message=message)


def _problems() -> tuple[Problem, ...]:
    """What is wrong with the templates as they are in their files now."""
    files = sorted(_FOLDER.glob("*.md"))
    return _problems_of(tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files), _FOLDER)


@lru_cache(maxsize=4)
def _problems_of(_files: tuple[tuple[str, int, int], ...], folder: Path) -> tuple[Problem, ...]:
    # Writing every letter in every variant takes long enough to be done once for each change of a file.
    return check_templates(folder)


def _template_row(template: Template, *, wrong: bool) -> TemplateRow:
    return TemplateRow(
        plain(template.value),
        f"/operations/messages/templates/{template.value}",
        ", ".join(sorted(plain(reader.value) for reader in TERMS[template].readers)),
        "Has a problem" if wrong else "Can be used",
        "red" if wrong else "green",
    )


def _in_words(problems: Sequence[Problem]) -> list[str]:
    return [f"Line {one.line}: {one.what}" if one.line else f"The whole file: {one.what}" for one in problems]


def _previews(template: Template) -> list[PreviewShown]:
    """The letter in each variant that differs from the others; one that cannot be written is left to the problems."""
    found: dict[PreviewShown, None] = {}
    for about in samples(template):
        try:
            letter = render(template, about, folder=_FOLDER)
        except (TemplateError, FactsError):
            continue
        found[PreviewShown(f"To the {about.reader.value}", letter.subject, letter.body)] = None
    return list(found)
