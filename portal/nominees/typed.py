"""What was typed into a task of the application: read from the form, with the revisions the page was made with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from intake.characters import CellError, legible
from portal.characters import where_in_words
from portal.forms import Bound, Form
from portal.nominees.tasks import Task
from rules.applications import FormField

MOST_CHARACTERS = 20_000
"""Most characters of one field: eight times what its words take; more is a paste gone wrong."""
REVISION = "revision."
"""Before a field's name: the revision the page was made with."""
KEEP = "keep."
"""Before a field's name: which of two texts to keep."""
MINE, THEIRS = "mine", "theirs"


class TaskForm(Form):
    """The fields of a task; what they are follows from the policy."""


@dataclass(frozen=True)
class Typed:
    """What was sent for a task.

    Attributes:
        fields: The texts, by field; a choice that was not made is absent.
        revisions: By field, what the page was made with.
        keep: By field, ``mine`` or ``theirs``, where somebody chose between two texts.
        wrong: By field, a sentence for what cannot be stored.
        choosing: Whether the page that was sent asked to choose.
    """

    fields: dict[str, str]
    revisions: dict[str, int]
    keep: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    choosing: frozenset[str] = frozenset()

    @property
    def to_save(self) -> dict[str, str]:
        """The texts, without those given up for what is stored."""
        return {name: text for name, text in self.fields.items() if self.keep.get(name) != THEIRS}

    def bound(self) -> Bound[TaskForm]:
        """The form with what was typed, to be shown again."""
        return Bound[TaskForm](self.fields, errors=self.wrong, revisions=self.revisions)


def read_task(sent: FormData, task: Task) -> Typed:
    """What was sent for a task's own fields; anything else that was sent is left aside."""
    fields: dict[str, str] = {}
    revisions: dict[str, int] = {}
    keep: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for one in task.fields:
        text = sent.get(one.name)
        if not isinstance(text, str):
            continue
        fields[one.name], problem = read_text(one, text)
        if problem:
            wrong[one.name] = problem
        revisions[one.name] = read_revision(sent.get(REVISION + one.name))
        choice = sent.get(KEEP + one.name)
        if choice in {MINE, THEIRS}:
            keep[one.name] = str(choice)
    asked = frozenset(name for name in fields if sent.get(f"choose.{name}"))
    return Typed(fields, revisions, keep, wrong, asked)


def read_text(asked: FormField, text: str) -> tuple[str, str]:
    """The text as it can be stored, and a sentence where it cannot; then the text is as it was sent."""
    try:
        plain = legible(text, running=True)
    except CellError as error:
        return text, where_in_words(str(error), text)
    if len(plain) > MOST_CHARACTERS:
        return text, f"This is longer than {MOST_CHARACTERS:,} characters. Shorten it, then save it again."
    if asked.choices and plain and plain not in asked.choices:
        return text, "Choose one of the answers."
    return plain, ""


def read_revision(written: object) -> int:
    """A revision from a form; 0, for nothing seen, where there is none that can be read."""
    return int(written) if isinstance(written, str) and written.isascii() and written.isdigit() else 0


def stored(content: Mapping[str, str], revisions: Mapping[str, int], task: Task) -> Bound[TaskForm]:
    """The form with what is stored."""
    seen = {one.name: revisions.get(one.name, 0) for one in task.fields}
    return Bound[TaskForm]({one.name: content.get(one.name, "") for one in task.fields}, revisions=seen)
