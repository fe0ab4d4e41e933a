"""The tasks of the application: one page each, made from the fields of the policy's form."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.enums import Readiness
from models.policy import Policy
from portal.words import plain
from rules.applications import NO, YES, FieldKind, FormField, Problem, form, problems, word_count
from rules.eligibility import EligibilityRule

_WORDS = {YES: "Yes", NO: "No"} | {one.value: plain(one.value) for one in Readiness}
_OWN_PAGES = {
    "readiness": ("readiness", "How soon you are ready"),
    "development_needs": ("development", "What you still need to develop"),
    "adjustments": ("adjustments", "Adjustments you need"),
}


@dataclass(frozen=True)
class Task:
    """A page of the application with its fields."""

    slug: str
    title: str
    fields: tuple[FormField, ...]
    section: str


@dataclass(frozen=True)
class TaskLine:
    """A task in the list, with how far it has come."""

    title: str
    href: str
    status: str
    done: bool
    hint: str = ""


@dataclass(frozen=True)
class Option:
    """An answer to choose."""

    value: str
    text: str
    hint: str = ""


def tasks_of(policy: Policy) -> tuple[Task, ...]:
    """The tasks in the order of the form."""
    fields = form(policy)
    rules = {rule.value for rule in EligibilityRule}
    questions = tuple(field for field in fields if field.name in rules)
    tasks = [Task("eligibility", "Eligibility", questions, "About you")] if questions else []
    for field in fields:
        if field.name in _OWN_PAGES:
            slug, title = _OWN_PAGES[field.name]
            tasks.append(Task(slug, title, (field,), "What comes next for you"))
        elif field.name not in rules:
            slug = f"statement-{field.name.replace('_', '-')}"
            tasks.append(Task(slug, field.label, (field,), "Your statements"))
    return tuple(tasks)


def line_of(task: Task, content: Mapping[str, str], open_points: Mapping[str, Problem], path: str) -> TaskLine:
    """A task in the list: what it is, and whether something is missing or too long."""
    texts = [content.get(field.name, "").strip() for field in task.fields]
    hint = _count(task.fields[0], texts[0])
    begun = any(texts)
    missing = [field for field in task.fields if field.name in open_points]
    if missing:
        over = any(text and field.name in open_points for field, text in zip(task.fields, texts, strict=True))
        status = "Too long" if over else "In progress" if begun else "Not started"
    else:
        status = "Completed" if begun else "Optional"
    return TaskLine(task.title, f"{path}/application/task/{task.slug}", status, done=not missing, hint=hint)


def open_points(content: Mapping[str, str], policy: Policy) -> dict[str, Problem]:
    """What still stands between the draft and its submission, by field."""
    return {
        problem.field: replace(problem, sentence=_to_send(problem.sentence)) for problem in problems(content, policy)
    }


def _to_send(sentence: str) -> str:
    # The rule speaks of submitting; the button under its sentences says to send.
    return sentence.replace("before you submit.", "before you send it.")


def options_of(field: FormField) -> tuple[Option, ...]:
    """The answers of a field that is chosen, in words."""
    return tuple(Option(value, answer_words(field, value)) for value in field.choices)


def answer_words(field: FormField, content: str) -> str:
    """An answer as people read it."""
    return _WORDS.get(content, content) if field.kind is not FieldKind.TEXT else content


def _count(field: FormField, text: str) -> str:
    if field.most_words is None or not text:
        return ""
    words = word_count(text)
    return f"{words} word{'' if words == 1 else 's'} of at most {field.most_words}"
