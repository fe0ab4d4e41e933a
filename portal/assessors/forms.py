"""What an assessor's forms ask."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal

from fastapi import Request
from pydantic import Field, StringConstraints, ValidationInfo, field_validator
from starlette.datastructures import UploadFile

from acts.assessments import MOST_LETTERS, Typed
from acts.register import MOST_CAPACITY, Period
from intake.characters import CellError, legible
from models.enums import AssessorDeclineReason, ConflictKind
from models.policy import Policy
from portal.assessors.sheets import scale
from portal.forms import Form

_CONFLICT = "Say what kind of conflict it is"

Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")]


class DeclineForm(Form):
    """Why an assessor does not take, or gives back, a task; ``kind`` only for a conflict of interest."""

    reason: AssessorDeclineReason
    kind: Annotated[Literal["", "other"] | ConflictKind, Field(validate_default=True)] = ""
    sentences: ClassVar = {"reason": "Choose why you cannot assess this nomination", "kind": _CONFLICT}

    @field_validator("kind")
    @classmethod
    def _said_for_a_conflict(cls, kind: str, info: ValidationInfo) -> str:
        if info.data.get("reason") is AssessorDeclineReason.CONFLICT and kind == "":
            raise ValueError(_CONFLICT)
        return kind

    @property
    def conflict(self) -> ConflictKind | None:
        """The kind of conflict, where there is one with a name."""
        return self.kind if isinstance(self.kind, ConflictKind) else None


class ConflictForm(Form):
    """What kind of conflict of interest there is."""

    kind: Literal["other"] | ConflictKind
    sentences: ClassVar = {"kind": _CONFLICT}

    @property
    def conflict(self) -> ConflictKind | None:
        """The kind of conflict, where it has a name."""
        return self.kind if isinstance(self.kind, ConflictKind) else None


class PeriodForm(Form):
    """Days on which an assessor can assess, both included."""

    first_day: Number
    first_month: Number
    first_year: Number
    last_day: Number
    last_month: Number
    last_year: Number
    sentences: ClassVar = {
        f"{which}_{part}": f"Enter the {part} of the {which} day"
        for which in ("first", "last")
        for part in ("day", "month", "year")
    }

    @field_validator("first_year", "last_year")
    @classmethod
    def _makes_a_real_date(cls, year: str, info: ValidationInfo) -> str:
        which = str(info.field_name).partition("_")[0]
        day, month = info.data.get(f"{which}_day"), info.data.get(f"{which}_month")
        if day is not None and month is not None and _day(year, month, day) is None:
            raise ValueError(f"The {which} day must be a real date, such as 23 11 2026")
        return year

    @property
    def period(self) -> Period:
        """The days."""
        first = _day(self.first_year, self.first_month, self.first_day)
        last = _day(self.last_year, self.last_month, self.last_day)
        if first is None or last is None:
            raise LookupError("a form that was bound holds real dates")
        return Period(first, last)


class CapacityForm(Form):
    """How many assessments an assessor holds at most at once."""

    capacity: Annotated[int, Field(ge=0, le=MOST_CAPACITY)]
    sentences: ClassVar = {"capacity": f"Enter a whole number, {MOST_CAPACITY} or less"}


class InterestsForm(Form):
    """What an assessor knows well."""

    interests: tuple[str, ...] = ()


class FieldForm(Form):
    """One field of the scores, as static/save.js sends it; the text is checked apart."""

    field: Annotated[str, StringConstraints(max_length=64)]
    revision: Annotated[int, Field(ge=0)] = 0


def score_names(policy: Policy) -> list[str]:
    """The names of the fields of the scores, in the order of the success profile."""
    return [f"{criterion.code}.{part}" for criterion in policy.scoring.criteria for part in ("value", "evidence")]


async def typed_scores(request: Request, policy: Policy) -> tuple[dict[str, Typed], dict[str, str]]:
    """What stands in the form of the scores, and what is wrong with some of it, by field.

    The form also says which revision of each field it showed, so that two tabs do not overwrite each other; the
    page's script keeps it up to date.
    """
    sent = await request.form()
    typed: dict[str, Typed] = {}
    wrong: dict[str, str] = {}
    for name in score_names(policy):
        value = sent.get(name)
        if value is None or isinstance(value, UploadFile):
            continue
        seen = sent.get(f"seen.{name}")
        revision = int(seen) if isinstance(seen, str) and seen.isdecimal() and len(seen) < 10 else None
        content, problem = plain(value)
        if name.endswith(".value") and content not in {"", *(one.value for one in scale(policy))}:
            problem = "Choose a score from the list"
        typed[name] = Typed(content, revision)
        if problem:
            wrong[name] = problem
    return typed, wrong


def plain(text: str) -> tuple[str, str]:
    """A text as it can be stored, and a sentence where it cannot."""
    try:
        content = legible(text, running=True)
    except CellError as error:
        return text, str(error)
    if len(content) > MOST_LETTERS:
        return content, f"Shorten the evidence: it has {len(content):,} letters and may have {MOST_LETTERS:,}"
    return content, ""


def as_typed(fields: Mapping[str, Typed]) -> dict[str, str]:
    """Each field's text."""
    return {name: one.content for name, one in fields.items()}


def _day(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None
