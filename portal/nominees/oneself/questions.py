"""The questions of a nomination that somebody makes of themselves, one a page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from acts.self_nominations import ORGANISATION
from intake.known import is_named
from models.tables import Person
from portal.nominators.presenters import READINESS, Choice, options
from portal.nominators.questions import Field, Question
from portal.nominators.questions import sentence_of as shared_sentence
from storage.self_pages import OwnBegun

_NAME = Question(
    "name",
    "What is your full name?",
    "Name",
    (Field("nominee_name", "What is your full name?", "Enter your full name"),),
)
_ORGANISATION = Question(
    "organisation",
    "Which organisation do you work for?",
    "Organisation",
    (
        Field(
            ORGANISATION,
            "Which organisation do you work for?",
            "Choose the organisation you work for",
            "It is asked to endorse you.",
            "select",
        ),
    ),
)
_OTHERS = (
    Question(
        "post",
        "What is your present post? (optional)",
        "Present post",
        (Field("current_post", "What is your present post? (optional)", hint="Such as Deputy Director of Finance"),),
    ),
    Question(
        "readiness",
        "How soon are you ready for an executive director post?",
        "Ready",
        (
            Field(
                "readiness",
                "How soon are you ready for an executive director post?",
                "Choose how soon you are ready",
                "Your application asks the same, and you can answer otherwise then.",
                "radios",
                tuple(options(READINESS)),
            ),
        ),
    ),
    Question(
        "interests",
        "What are you interested in? (optional)",
        "Interests",
        (
            Field(
                "interests",
                "What are you interested in? (optional)",
                hint="At most 20, each on a line of its own, such as mental health. They help to find assessors.",
                kind="lines",
            ),
        ),
    ),
    Question(
        "earlier-organisations",
        "For which NHS organisations of the region have you worked before? (optional)",
        "Earlier organisations",
        (
            Field(
                "previous_organisations",
                "For which NHS organisations of the region have you worked before? (optional)",
                hint="Each on a line of its own: the organisation’s code and your last day there, for example "
                "R1D 31/3/2016. Nobody from there will assess you for some years.",
                kind="lines",
            ),
        ),
    ),
)


def questions_for(person: Person) -> tuple[Question, ...]:
    """In the order in which they are asked; whose name is known is not asked for it."""
    return (*(() if is_named(person) else (_NAME,)), _ORGANISATION, *_OTHERS)


def with_organisations(question: Question, organisations: Sequence[tuple[str, str]]) -> Question:
    """The question with the organisations to choose from, where it asks for one."""
    choices = tuple(Choice(code, name) for code, name in organisations)
    return replace(
        question,
        fields=tuple(replace(one, options=choices) if one.name == ORGANISATION else one for one in question.fields),
    )


def organisation_field(organisations: Sequence[tuple[str, str]]) -> Field:
    """The field by which somebody begins."""
    return with_organisations(_ORGANISATION, organisations).fields[0]


def answers_in(begun: OwnBegun, kept: Mapping[str, str]) -> dict[str, str]:
    """Every answer by its field, the organisation's too."""
    return {**kept, ORGANISATION: begun.draft.organisation_code}


def next_after(questions: Sequence[Question], answers: Mapping[str, str]) -> Question | None:
    """The first question that has not been answered yet; an optional one that was left empty has been answered."""
    return next((one for one in questions if any(field.name not in answers for field in one.fields)), None)


def before(questions: Sequence[Question], question: Question) -> Question | None:
    """The question that is asked before this one."""
    place = [one.code for one in questions].index(question.code)
    return questions[place - 1] if place else None


def question_of(questions: Sequence[Question], field: str) -> Question | None:
    """The question that asks for a field."""
    return next((one for one in questions if any(asked.name == field for asked in one.fields)), None)


def sentence_of(question: Question | None, field: str, sentence: str) -> str:
    """What is wrong with a field; one that is empty says what to enter."""
    asked = next((one for one in question.fields if one.name == field), None) if question else None
    if asked is not None and asked.empty and sentence.endswith("fill it in."):
        return asked.empty
    return shared_sentence(field, sentence) if field != ORGANISATION else sentence
