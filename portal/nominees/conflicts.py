"""Two tabs saved different texts: both are shown, and the nominee chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fastapi import Request
from starlette.responses import HTMLResponse

from portal.forms import Bound
from portal.nominees.own import AREA, Own
from portal.nominees.tasks import Option, Task, answer_words
from portal.nominees.typed import KEEP, MINE, REVISION, THEIRS, TaskForm, Typed
from portal.pages import render
from portal.words import moment

CHOICES = (Option(MINE, "Keep what I typed here"), Option(THEIRS, "Keep what was saved in the other tab"))


class Stored(Protocol):
    """A text as it is stored."""

    @property
    def content(self) -> str:
        """The text."""
        ...

    @property
    def revision(self) -> int:
        """Rises with each change."""
        ...

    @property
    def saved_at(self) -> datetime:
        """When."""
        ...


@dataclass(frozen=True)
class Difference:
    """A field with two texts. ``choice`` is the name of the radios that choose."""

    label: str
    mine: str
    theirs: str
    saved: str
    choice: str


async def conflict_page(
    request: Request,
    mine: Own,
    task: Task,
    typed: Typed,
    theirs: Mapping[str, Stored],
    *,
    unanswered: bool = False,
) -> HTMLResponse:
    """Both texts of each field that differs; everything that was sent stands in the form again.

    Args:
        request: The request that was refused.
        mine: The nomination.
        task: The page.
        typed: What was sent.
        theirs: By field, what is stored instead.
        unanswered: Whether the page was sent before without a choice.
    """
    differing = [field for field in task.fields if field.name in theirs]
    errors = {KEEP + field.name: "Choose which text to keep" for field in differing} if unanswered else {}
    form = Bound[TaskForm](errors=errors)
    differences = [
        Difference(
            label=field.label,
            mine=answer_words(field, typed.fields.get(field.name, "")) or "Nothing",
            theirs=answer_words(field, theirs[field.name].content) or "Nothing",
            saved=f"saved at {moment(theirs[field.name].saved_at)}",
            choice=KEEP + field.name,
        )
        for field in differing
    ]
    revisions = typed.revisions | {name: one.revision for name, one in theirs.items()}
    hidden = [(name, text) for name, text in typed.fields.items()]
    hidden += [(REVISION + name, str(revisions[name])) for name in typed.fields]
    hidden += [(f"choose.{name}", "yes") for name in theirs]
    return await render(
        request,
        "nominees/conflict.html",
        title="Choose which text to keep",
        area=AREA,
        crumbs=mine.application_crumbs,
        status=422 if unanswered else 409,
        errors=form.problems,
        form=form,
        differences=differences,
        options=CHOICES,
        hidden=hidden,
        action=f"{mine.path}/application/task/{task.slug}",
    )
