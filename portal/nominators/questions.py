"""The questions of a nomination, one a page, and how an answer is read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile

from acts.drafting import in_one_line, revision_of
from intake.characters import CellError
from intake.forms import NOMINATION
from portal.characters import where_in_words
from portal.forms import Bound, Form
from portal.nominators.presenters import POSTS, READINESS, Choice, options

SEEN = "_seen_"
"""What begins the name of the hidden field that says which answer the page had."""
LATER = "later"
"""The name of the button that keeps the answer as it is and stops for now."""


@dataclass(frozen=True)
class Field:
    """One field of a question.

    Attributes:
        name: The form's field, as a file of nominations names it.
        label: What it asks.
        empty: What to say when it is missing; empty where it may be left out.
        hint: How to answer.
        kind: ``text``, ``email``, ``lines``, ``long`` or ``radios``.
        options: What to choose from.
    """

    name: str
    label: str
    empty: str = ""
    hint: str = ""
    kind: str = "text"
    options: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Question:
    """A page of the form.

    Attributes:
        code: Its part of the address.
        title: The page's heading.
        label: Its words on the page where answers are checked.
        fields: What it asks; a question of one field has that field's label as its heading.
        hint: What to know before answering several fields.
        asked: Whether everybody is led to it; the others are reached from the answers alone.
    """

    code: str
    title: str
    label: str
    fields: tuple[Field, ...]
    hint: str = ""
    asked: bool = True


def _one(code: str, label: str, field: Field, *, asked: bool = True) -> Question:
    return Question(code, field.label, label, (field,), asked=asked)


_HERE = "R1D 31/3/2016"
"""An example of an earlier organisation, as the question asks for it."""
_OF_FILES: Mapping[str, tuple[str, str]] = {
    "previous_organisations": ("R1D 2016-03-31", _HERE),
    "reference": ("the code in the column organisation", "your organisation’s own code"),
}
"""By field: words that fit a file of nominations alone, and those that stand in their place on a page."""

QUESTIONS: tuple[Question, ...] = (
    _one(
        "name",
        "Name",
        Field("nominee_name", "What is the full name of the person you nominate?", "Enter the nominee’s full name"),
    ),
    _one(
        "email",
        "Email address",
        Field(
            "nominee_email",
            "What is their work email address?",
            "Enter the nominee’s email address, such as name@example.nhs.uk",
            "They sign in with it, and we send the invitation and all later messages to it.",
            "email",
        ),
    ),
    _one(
        "post",
        "Present post",
        Field("current_post", "What is their present post? (optional)", hint="Such as Deputy Director of Finance"),
    ),
    _one(
        "readiness",
        "Ready",
        Field(
            "readiness",
            "How soon are they ready for an executive director post?",
            "Choose how soon the nominee is ready",
            "The nominee answers the same question in their application.",
            "radios",
            tuple(options(READINESS)),
        ),
    ),
    _one(
        "interests",
        "Interests",
        Field(
            "interests",
            "What are they interested in? (optional)",
            hint="At most 20, each on a line of its own. For example, mental health. They help to find assessors.",
            kind="lines",
        ),
    ),
    _one(
        "earlier-organisations",
        "Earlier organisations",
        Field(
            "previous_organisations",
            "For which NHS organisations of the region have they worked before? (optional)",
            hint="Each on a line of its own: the organisation’s code and their last day there, "
            "for example " + _HERE + ". Nobody from there will assess them for some years.",
            kind="lines",
        ),
    ),
    Question(
        "endorser",
        "Who endorses the nomination?",
        "Endorsed by",
        (
            Field("endorser_name", "Full name", "Enter the endorser’s full name"),
            Field("endorser_email", "Work email address", "Enter the endorser’s email address", kind="email"),
            Field(
                "endorser_organisation",
                "Code of their organisation (optional)",
                hint="Leave this empty if they work for your organisation.",
            ),
        ),
        "A chief executive, an accountable officer or another executive director. Nobody endorses themselves.",
    ),
    _one(
        "endorser-post",
        "Endorser’s post",
        Field(
            "endorser_post",
            "What is the endorser’s post?",
            "Choose the endorser’s post",
            kind="radios",
            options=tuple(options(POSTS)),
        ),
    ),
    _one(
        "endorsement",
        "Endorsement",
        Field(
            "endorsement",
            "Why does the endorser support the nomination?",
            "Enter why the endorser supports the nomination",
            "In the endorser’s own words, at most 6,000 characters. Say what they have seen, with examples. "
            "The nominee, the assessors and the board can read it.",
            "long",
        ),
    ),
    _one(
        "reference",
        "Your own reference",
        Field(
            "reference",
            "What is your own reference for this nomination? (optional)",
            hint="Your organisation’s code, a hyphen and a number, for example R1D-1",
        ),
        asked=False,
    ),
)
"""In the order in which they are asked."""

BY_CODE: Mapping[str, Question] = {question.code: question for question in QUESTIONS}
_OF_FIELD: Mapping[str, Question] = {field.name: question for question in QUESTIONS for field in question.fields}
_REQUIRED: Mapping[str, str] = {field.name: field.empty for question in QUESTIONS for field in question.fields}


def question_of(field: str) -> Question:
    """The question that asks for a field."""
    return _OF_FIELD[field]


def next_after(answers: Mapping[str, str]) -> Question | None:
    """The first question nobody has answered yet; an optional one that was left empty has been answered."""
    for question in QUESTIONS:
        if question.asked and any(field.name not in answers for field in question.fields):
            return question
    return None


def before(question: Question) -> Question | None:
    """The question that is asked before this one."""
    asked = [one for one in QUESTIONS if one.asked]
    place = asked.index(question) if question in asked else 0
    return asked[place - 1] if place else None


def sentence_of(field: str, sentence: str) -> str:
    """What is wrong with a field; one that is empty says what to enter."""
    if sentence.endswith(("fill it in.", "fill this in.")) and _REQUIRED[field]:
        return _REQUIRED[field]
    in_a_file, here = _OF_FILES.get(field, ("", ""))
    return sentence.replace(in_a_file, here) if in_a_file else sentence


def again(question: Question, form: Bound[Form], answers: Mapping[str, str]) -> Bound[Form]:
    """The form as it was sent, over the answers as they are kept now."""
    errors = {name: sentence for sentence, name in form.problems}
    return Bound(form.typed, errors=errors, revisions=_revisions(question, answers))


def kept(question: Question, answers: Mapping[str, str]) -> Bound[Form]:
    """The question as it was answered before."""
    typed = {field.name: answers.get(field.name, "") for field in question.fields}
    return Bound(typed, revisions=_revisions(question, answers))


async def answered(request: Request, question: Question, answers: Mapping[str, str], *, check: bool) -> Bound[Form]:
    """What was sent for a question; ``check`` finds what is wrong with it."""
    sent = await request.form()
    typed: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field in question.fields:
        text = sent.get(field.name, "")
        typed[field.name] = "" if isinstance(text, UploadFile) else text.replace("\r\n", "\n").strip()
        wrong = _wrong(field, typed[field.name]) if check else ""
        if wrong:
            errors[field.name] = wrong
    return Bound(typed, errors=errors, revisions=_revisions(question, answers))


async def seen_in(request: Request) -> dict[str, int]:
    """Which revision of each answer the page had that was sent."""
    sent = await request.form()
    return {name.removeprefix(SEEN): number(text) for name, text in sent.items() if name.startswith(SEEN)}


def number(text: object) -> int:
    """A revision as a page sends it; 0 for what is none."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 20 else 0


def filled(form: Bound[Form]) -> dict[str, str]:
    """What was typed, without the fields that were left empty."""
    return {name: text for name, text in form.typed.items() if text}


def _wrong(field: Field, text: str) -> str:
    if not text:
        return field.empty
    cell = in_one_line(field.name, text)
    try:
        NOMINATION[field.name].meaning(cell)
    except CellError as error:
        said = where_in_words(str(error), cell)
        return field.empty if field.kind == "radios" else sentence_of(field.name, said)
    return ""


def _revisions(question: Question, answers: Mapping[str, str]) -> dict[str, int]:
    return revisions_of([field.name for field in question.fields], answers)


def revisions_of(names: Iterable[str], answers: Mapping[str, str]) -> dict[str, int]:
    """Which revision of each field a page shows."""
    return {name: revision_of(answers.get(name)) for name in names}
