"""The application form: its fields, and what still stands between a draft and its submission.

The form follows from the policy: an eligibility question for each rule that is switched on, and a statement for
each criterion of the success profile, under the criterion's own code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.enums import EndorserPost, Readiness
from models.policy import Policy
from rules.eligibility import EligibilityFacts, EligibilityRule

STATEMENT_WORDS = 250
"""Most words in a statement. An assumption: the Civil Service's usual limit for evidence of a behaviour."""
DEVELOPMENT_WORDS = 250
"""Most words on development needs. An assumption: the same limit as a statement."""
ADJUSTMENT_WORDS = 250
"""Most words on adjustments. An assumption: the same limit as a statement."""

YES = "yes"
NO = "no"


class FieldKind(StrEnum):
    """How a field is answered."""

    YES_OR_NO = "yes_or_no"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True)
class FormField:
    """One field of the form. ``choices`` are stored values; ``most_words`` is None where words are not counted."""

    name: str
    label: str
    kind: FieldKind
    required: bool = True
    choices: tuple[str, ...] = ()
    most_words: int | None = None
    hint: str = ""


@dataclass(frozen=True)
class Problem:
    """Why a draft cannot be submitted yet: the field, and a sentence that says what to do."""

    field: str
    sentence: str


_QUESTIONS: Mapping[EligibilityRule, str] = {
    EligibilityRule.EMPLOYED_IN_REGION: "Are you employed by an NHS organisation in {region}?",
    EligibilityRule.REPORTS_TO_BOARD: "Do you report to a board member or an equivalent?",
    EligibilityRule.NEXT_STEP_EXECUTIVE: "Is your next step an executive director post?",
}


def form(policy: Policy) -> tuple[FormField, ...]:
    """The fields of the application, in the order the form asks them."""
    questions = tuple(
        FormField(
            name=rule.value,
            label=question.format(region=policy.cohort.region),
            kind=FieldKind.YES_OR_NO,
            choices=(YES, NO),
        )
        for rule, question in _QUESTIONS.items()
        if getattr(policy.eligibility, rule.value)
    )
    statements = tuple(
        FormField(
            name=criterion.code,
            label=criterion.name,
            kind=FieldKind.TEXT,
            most_words=STATEMENT_WORDS,
            hint="Say what the situation was, what you did and what came of it.",
        )
        for criterion in policy.scoring.criteria
    )
    closing = (
        FormField(
            name="readiness",
            label="How soon are you ready for an executive director post?",
            kind=FieldKind.CHOICE,
            choices=tuple(readiness.value for readiness in Readiness),
        ),
        FormField(
            name="development_needs",
            label="What do you still need to develop?",
            kind=FieldKind.TEXT,
            most_words=DEVELOPMENT_WORDS,
        ),
        FormField(
            name="adjustments",
            label="Do you need adjustments, such as more time or another format?",
            kind=FieldKind.TEXT,
            required=False,
            most_words=ADJUSTMENT_WORDS,
            hint="You need not answer. Your panel does not see this.",
        ),
    )
    return questions + statements + closing


def word_count(text: str) -> int:
    """How many words a text has: runs of characters between white space."""
    return len(text.split())


def problems(draft: Mapping[str, str], policy: Policy) -> tuple[Problem, ...]:
    """What still stands between a draft (field to content) and its submission, in the form's order; empty if nothing.

    An answer of ``no`` to an eligibility question is no problem here: it may be sent, and screening answers it.
    """
    fields = form(policy)
    found = [
        Problem(field.name, sentence)
        for field in fields
        if (sentence := _sentence(field, draft.get(field.name, "").strip())) is not None
    ]
    unknown = sorted(set(draft) - {field.name for field in fields})
    found += [Problem(name, f"The application has no field '{name}': take it out.") for name in unknown]
    return tuple(found)


def eligibility_facts(draft: Mapping[str, str], endorser_post: EndorserPost | None) -> EligibilityFacts:
    """What an application says about eligibility; a question it does not answer counts as ``no``."""
    return EligibilityFacts(
        employed_in_region_organisation=_says_yes(draft, EligibilityRule.EMPLOYED_IN_REGION),
        reports_to_board=_says_yes(draft, EligibilityRule.REPORTS_TO_BOARD),
        next_step_executive=_says_yes(draft, EligibilityRule.NEXT_STEP_EXECUTIVE),
        endorser_post=endorser_post,
    )


def _says_yes(draft: Mapping[str, str], rule: EligibilityRule) -> bool:
    return draft.get(rule.value, "").strip() == YES


def _sentence(field: FormField, content: str) -> str | None:
    if not content:
        return f"'{field.label}' has no answer yet: answer it before you submit." if field.required else None
    if field.choices and content not in field.choices:
        return f"'{field.label}' must be answered with one of: {', '.join(field.choices)}."
    if field.most_words is not None and word_count(content) > field.most_words:
        over = word_count(content) - field.most_words
        return (
            f"'{field.label}' may have at most {field.most_words} words and has {over} more: "
            f"shorten it by {over} word{'' if over == 1 else 's'}."
        )
    return None
