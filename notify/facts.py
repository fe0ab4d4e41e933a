"""What each message may say and what it must be told: the names templates know, per template.

A template that uses another name is refused by `notify.render.check_templates`, so a communications person
cannot put a nominee's name into a letter to an assessor by mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from models.enums import ExtensionRefusal, Outcome, Template
from models.spans import SpanParts, parse_span


class Reader(StrEnum):
    """Who reads a message: it decides what the message may say."""

    NOMINEE = "nominee"
    ORGANISATION = "organisation"
    ASSESSOR = "assessor"


class FactsError(Exception):
    """A message cannot be written from what it was told; ``code`` says why in a word that may be stored."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class About:
    """Everything a message may be written from, read at the moment of sending."""

    reader: Reader
    person: str
    cohort: str
    region: str
    reference: str
    contact: str
    service: str = ""
    nominee: str = ""
    organisation: str = ""
    self_nominated: bool = False
    due_at: datetime | None = None
    remaining: SpanParts | None = None
    outcome: Outcome | None = None
    reasons: tuple[str, ...] = ()
    strengths: str = ""
    development: str = ""
    refusal: ExtensionRefusal | None = None
    taken_until: datetime | None = None
    for_everyone: bool = False


@dataclass(frozen=True)
class Facts:
    """The facts an outbox message carries, read from their stored words."""

    due_at: datetime | None = None
    remaining: SpanParts | None = None
    strengths: str = ""
    development: str = ""
    refusal: ExtensionRefusal | None = None


@dataclass(frozen=True)
class Terms:
    """Who may read a template's message, which names it knows beside `COMMON`, and which facts it needs."""

    readers: frozenset[Reader]
    names: frozenset[str]
    needed: frozenset[str]
    optional: frozenset[str]


NAMES: Mapping[str, str] = MappingProxyType(
    {
        "person": "the full name of the reader",
        "reference": "the nomination's reference, such as pilot-0042",
        "cohort": "the name of the round",
        "region": "the name of the region",
        "contact": "the email address for questions",
        "how": "a sentence that says how to answer: where to sign in, or that a reply to the email will do",
        "reader": "nominee, organisation or assessor: who gets this message",
        "organisation": "the name of the nominating organisation",
        "nominee": "the full name of the nominee; never in a message to an assessor",
        "self_nominated": "true if the nominee put themselves forward",
        "due": "the date and time by which the next step is due, in words",
        "remaining": "how long is left until then, in words",
        "reasons": "the reasons why a nomination is not eligible, one sentence each",
        "outcome": "admitted, reserved or not_admitted",
        "strengths": "the parts of the success profile the application was strongest on",
        "development": "the parts of the success profile the application could show more on",
        "refusal": "why more time is not given: "
        "panels_would_wait, given_before, time_is_left, same_for_everyone, round_gone_too_far or other",
        "taken": "if the date has passed when the message is sent: until when the next step is still taken, in words",
        "for_everyone": "true if the date is the closing of the round, which is the same for everyone in it",
    }
)
"""Every name a template may use, and what it stands for."""

COMMON: frozenset[str] = frozenset({"person", "reference", "cohort", "region", "contact", "how", "reader"})
"""The names every template knows."""

_FACT_NAMES = {
    "due_at": "due",
    "remaining": "remaining",
    "strengths": "strengths",
    "development": "development",
    "refusal": "refusal",
}
_NOMINEE = frozenset({Reader.NOMINEE})
_BOTH = frozenset({Reader.NOMINEE, Reader.ORGANISATION})
_ASSESSOR = frozenset({Reader.ASSESSOR})
_ALL = frozenset(Reader)


def _terms(readers: frozenset[Reader], names: str = "", *, needed: str = "", optional: str = "") -> Terms:
    facts = (frozenset(needed.split()), frozenset(optional.split()))
    stated = {_FACT_NAMES[fact] for group in facts for fact in group}
    return Terms(readers, frozenset(names.split()) | stated, *facts)


TERMS: Mapping[Template, Terms] = MappingProxyType(
    {
        Template.INVITATION: _terms(_NOMINEE, "organisation self_nominated", needed="due_at"),
        Template.ENDORSEMENT_REQUEST: _terms(_BOTH, "organisation nominee self_nominated", optional="due_at"),
        Template.CONSENT_REMINDER: _terms(_NOMINEE, "organisation", needed="due_at", optional="remaining"),
        Template.APPLICATION_OPEN: _terms(_NOMINEE, "organisation", needed="due_at"),
        Template.APPLICATION_REMINDER: _terms(_NOMINEE, "organisation", needed="due_at", optional="remaining"),
        Template.APPLICATION_RECEIVED: _terms(_NOMINEE, "organisation", optional="due_at"),
        Template.DEADLINE_MOVED: _terms(
            _ALL, "organisation nominee taken for_everyone", needed="due_at", optional="remaining"
        ),
        Template.MORE_TIME_REFUSED: _terms(_NOMINEE, "organisation taken", needed="refusal", optional="due_at"),
        Template.LAPSED: _terms(_BOTH, "organisation nominee", optional="due_at"),
        Template.INELIGIBLE: _terms(_BOTH, "organisation nominee reasons"),
        Template.WITHDRAWN: _terms(_BOTH, "organisation nominee"),
        Template.DEFERRED: _terms(_BOTH, "organisation nominee", optional="due_at"),
        Template.READMITTED: _terms(_BOTH, "organisation nominee", needed="due_at"),
        Template.PAUSED: _terms(_ALL, "organisation nominee", optional="remaining"),
        Template.RESUMED: _terms(_ALL, "organisation nominee", optional="due_at remaining"),
        Template.OFFER: _terms(_ASSESSOR, "organisation", needed="due_at"),
        Template.OFFER_REMINDER: _terms(_ASSESSOR, "organisation", needed="due_at", optional="remaining"),
        Template.OFFER_EXPIRED: _terms(_ASSESSOR, "organisation", optional="due_at"),
        Template.SCORING_OPEN: _terms(_ASSESSOR, "organisation", needed="due_at"),
        Template.SCORING_REMINDER: _terms(_ASSESSOR, "organisation", needed="due_at", optional="remaining"),
        Template.SCORING_OVERDUE: _terms(_ASSESSOR, "organisation", optional="due_at"),
        Template.EVIDENCE_REQUEST: _terms(_ASSESSOR, "organisation", needed="due_at"),
        Template.STOOD_DOWN: _terms(_ASSESSOR, "organisation"),
        Template.TAKEN_BACK: _terms(_ASSESSOR, "organisation"),
        Template.ADMITTED: _terms(_NOMINEE, "organisation", optional="due_at"),
        Template.RESERVED: _terms(_NOMINEE, "organisation", optional="due_at"),
        Template.NOT_ADMITTED: _terms(_NOMINEE, "organisation"),
        Template.PROMOTED: _terms(_NOMINEE, "organisation", optional="due_at"),
        Template.FEEDBACK: _terms(_NOMINEE, "organisation outcome", optional="due_at strengths development"),
        Template.RESERVE_LIST_CLOSED: _terms(_NOMINEE, "organisation"),
    }
)
"""The terms of every template."""


def read_facts(template: Template, stored: Mapping[str, str]) -> Facts:
    """Read the facts an outbox message carries; facts the template does not know are left aside.

    Args:
        template: Which message is to be written.
        stored: ``due_at`` as an ISO 8601 moment with an offset, ``remaining`` as a span such as ``3 days``,
            ``strengths`` and ``development`` as text, ``refusal`` as one of `ExtensionRefusal`.

    Raises:
        FactsError: A needed fact is missing (``facts_missing``) or one cannot be read (``facts_unreadable``).
    """
    terms = TERMS[template]
    missing = sorted(fact for fact in terms.needed if not stored.get(fact))
    if missing:
        raise FactsError("facts_missing", f"{template} needs {', '.join(missing)}: queue it again with these facts")
    known = {fact: stored[fact] for fact in terms.needed | terms.optional if stored.get(fact)}
    return Facts(
        due_at=_moment(template, known["due_at"]) if "due_at" in known else None,
        remaining=_span(template, known["remaining"]) if "remaining" in known else None,
        strengths=known.get("strengths", ""),
        development=known.get("development", ""),
        refusal=_refusal(template, known["refusal"]) if "refusal" in known else None,
    )


def _moment(template: Template, written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise FactsError("facts_unreadable", f"{template}: due_at is not an ISO 8601 moment with an offset")
    return moment


def _refusal(template: Template, written: str) -> ExtensionRefusal:
    try:
        return ExtensionRefusal(written)
    except ValueError:
        known = ", ".join(ExtensionRefusal)
        raise FactsError("facts_unreadable", f"{template}: refusal is not one of {known}") from None


def _span(template: Template, written: str) -> SpanParts:
    try:
        span = parse_span(written)
    except ValueError:
        span = None
    if not isinstance(span, SpanParts):
        raise FactsError("facts_unreadable", f"{template}: remaining is not a length of time such as '3 days'")
    return span
