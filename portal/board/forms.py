"""The forms of the board's pages."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from models.enums import DecisionReason, Outcome
from portal.forms import Form

MOST_NOTE = 2000


def _nothing(typed: object) -> object:
    """An empty field is one that was left out."""
    return None if typed == "" else typed


Place = Annotated[Annotated[int, Field(ge=1, le=1_000_000)] | None, BeforeValidator(_nothing)]
Reason = Annotated[DecisionReason | None, BeforeValidator(_nothing)]
Note = Annotated[str, Field(max_length=MOST_NOTE)]
_PLACE = "Enter a place as a whole number, such as 12"
_NOTE = f"The note is too long: {MOST_NOTE} characters at most"
_REASON = "Choose a reason"


class OrderForm(Form):
    """New places are typed by line (``place.<nomination>``); outcomes are given to spans of places.

    ``was``: the places the page showed, as ``<nomination>:<place>``, one after another with commas.
    """

    was: str = ""
    admitted_from: Place = None
    admitted_to: Place = None
    reserved_from: Place = None
    reserved_to: Place = None
    not_admitted_from: Place = None
    not_admitted_to: Place = None
    reason: Reason = None
    note: Note = ""
    fingerprint: str = ""
    sentences: ClassVar = {
        "admitted_from": _PLACE,
        "admitted_to": _PLACE,
        "reserved_from": _PLACE,
        "reserved_to": _PLACE,
        "not_admitted_from": _PLACE,
        "not_admitted_to": _PLACE,
        "reason": _REASON,
        "note": _NOTE,
    }
    running: ClassVar = frozenset({"note"})

    def span(self, outcome: Outcome) -> tuple[int | None, int | None]:
        """The places an outcome is given to, as far as they were typed."""
        spans = {
            Outcome.ADMITTED: (self.admitted_from, self.admitted_to),
            Outcome.RESERVED: (self.reserved_from, self.reserved_to),
            Outcome.NOT_ADMITTED: (self.not_admitted_from, self.not_admitted_to),
        }
        return spans[outcome]


class DecisionForm(Form):
    """One decision, drafted."""

    outcome: Outcome
    place: Place = None
    reason: DecisionReason
    note: Note = ""
    sentences: ClassVar = {
        "outcome": "Choose what the board decides",
        "place": _PLACE,
        "reason": _REASON,
        "note": _NOTE,
    }
    running: ClassVar = frozenset({"note"})


class TickedForm(Form):
    """Nominations that were ticked; ``outcome``, ``reason`` and ``note`` where they are to be drafted."""

    nomination: list[str] = Field(min_length=1, max_length=200)
    outcome: Annotated[Outcome | None, BeforeValidator(_nothing)] = None
    reason: Reason = None
    note: Note = ""
    sentences: ClassVar = {
        "nomination": "Choose at least one nomination",
        "outcome": "Choose what the board decides",
        "reason": _REASON,
        "note": _NOTE,
    }
    running: ClassVar = frozenset({"note"})


class ReleaseForm(Form):
    """The release, confirmed. ``version``: the decisions as they stood when the page was opened."""

    sure: str = Field(pattern="^yes$")
    version: str = ""
    sentences: ClassVar = {"sure": "Confirm that you have read the letters and want to release all decisions"}
