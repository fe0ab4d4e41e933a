"""Forms: what somebody typed, checked by a Pydantic model, with sentences by the field for what is wrong.

A command model says what a form asks::

    class Code(Form):
        code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
        sentences: ClassVar = {"code": "Enter the 6 digits of the code"}

The same sentence stands by the field and in the error summary, which links to it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import UploadFile

from intake.characters import CellError, legible
from portal.characters import where_in_words
from portal.pages import Problem

F = TypeVar("F", bound="Form")


class Form(BaseModel):
    """What a form asks.

    Attributes:
        sentences: By field, what to say when it is missing or wrong.
        running: Fields whose text runs over lines, in which word processors leave marks that do no harm.
    """

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore", frozen=True)
    sentences: ClassVar[Mapping[str, str]] = {}
    running: ClassVar[frozenset[str]] = frozenset()


class Bound(Generic[F]):
    """A form with what was typed into it; ``value`` once everything is right.

    Templates read ``typed`` (one text for each field), ``chosen`` (a list for each), ``revisions`` (for fields that
    save themselves) and ``error(name)``.
    """

    def __init__(
        self,
        typed: Mapping[str, str] | None = None,
        chosen: Mapping[str, Sequence[str]] | None = None,
        value: F | None = None,
        errors: Mapping[str, str] | None = None,
        revisions: Mapping[str, int] | None = None,
    ) -> None:
        self.typed = defaultdict(str, typed or {})
        self.chosen = defaultdict(list, {name: list(values) for name, values in (chosen or {}).items()})
        self.value = value
        self.revisions = dict(revisions or {})
        self._errors = dict(errors or {})

    def error(self, name: str) -> str | None:
        """What is wrong with a field, as a sentence."""
        return self._errors.get(name)

    def refuse(self, name: str, sentence: str) -> None:
        """Marks a field as wrong for a reason the model cannot know; without a name, the form as a whole."""
        self._errors[name] = sentence
        self.value = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The lines of the error summary, in the order of the fields."""
        return tuple((sentence, name) for name, sentence in self._errors.items())


async def bind(request: Request, form: type[F]) -> Bound[F]:
    """What was sent, against what the form asks."""
    sent = await request.form()
    chosen: dict[str, list[str]] = defaultdict(list)
    hidden: dict[str, str] = {}
    for name, text in sent.multi_items():
        if isinstance(text, UploadFile):
            continue
        try:
            chosen[name].append(legible(text, running=name in form.running))
        except CellError as error:
            chosen[name].append(text)
            hidden[name] = where_in_words(str(error), text)
    typed = {name: values[-1] for name, values in chosen.items()}
    given = {name: (chosen[name] if _is_list(form, name) else typed[name]) for name in chosen}
    try:
        value = form.model_validate(given)
    except ValidationError as error:
        return Bound(typed, chosen, None, {**_wrong(form, error), **hidden})
    return Bound(typed, chosen, None if hidden else value, hidden)


def _wrong(form: type[Form], error: ValidationError) -> dict[str, str]:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    said: dict[str, str] = {}
    for problem in problems:
        name = str(problem["loc"][0]) if problem["loc"] else ""
        own = problem["msg"].removeprefix("Value error, ") if problem["type"] == "value_error" else ""
        said.setdefault(name, own or form.sentences.get(name) or problem["msg"])
    order = list(form.model_fields)
    return dict(sorted(said.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order)))


def _is_list(form: type[Form], name: str) -> bool:
    field = form.model_fields.get(name)
    return field is not None and getattr(field.annotation, "__origin__", None) in {tuple, list, frozenset, set}
