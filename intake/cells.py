"""What one cell may hold: each reader takes the cell's text and returns its meaning, or says what is wrong.

The text a reader takes is legible already: see `intake.characters.legible`.
"""

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, ConfigDict

from intake.characters import CellError
from models.enums import ConflictKind

_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$", re.ASCII)
_BRITISH = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$", re.ASCII)
_CODE = re.compile(r"^[A-Z0-9]{3,6}$")
_ASSESSOR = re.compile(r"^[A-Z]{1,4}-\d{1,6}$", re.ASCII)
_NOMINATION = re.compile(r"^[A-Z0-9]{3,6}-\d{1,6}$", re.ASCII)
_NUMBERLIKE = re.compile(r"^[\d.,]+(E[+-]?\d+)?$", re.IGNORECASE)
_LINKLIKE = ("://", "www.", "<", ">", "/", "\\")
_FORMULA = ("=", "+", "-", "@")

Word = TypeVar("Word", bound=StrEnum)


class Frozen(BaseModel):
    """A value that stays as it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Earlier(Frozen):
    """An organisation left, and the last day there."""

    organisation: str
    left_on: date


class Days(Frozen):
    """Days from the first to the last, both included."""

    first: date
    last: date


class Conflict(Frozen):
    """A declared relationship with the nominee of a nomination, by the nomination's reference."""

    nomination: str
    kind: ConflictKind


def text(longest: int) -> Callable[[str], str]:
    """A reader of running text of at most ``longest`` characters, line breaks allowed."""

    def read(value: str) -> str:
        if len(value) > longest:
            raise CellError(f"This has {len(value)} characters; at most {longest} are taken. Shorten it.")
        return value

    return read


def one_line(longest: int) -> Callable[[str], str]:
    """A reader of a name or a title: one line, and nothing a spreadsheet would run as a formula."""
    whole = text(longest)

    def read(value: str) -> str:
        line = whole(value)
        if "\n" in line or "\t" in line:
            raise CellError("This must stand on one line, without tabs.")
        if line.startswith(_FORMULA):
            raise CellError("This begins like a spreadsheet formula (=, +, - or @). Remove that character.")
        return " ".join(line.split())

    return read


def person_name(value: str) -> str:
    """A person's full name, at most 200 characters, with at least one letter and neither an address nor a link in it.

    Names stand in letters to other people: mail programs make links of what looks like one.
    """
    name = one_line(200)(value)
    if "@" in name:
        raise CellError("This looks like an email address; here a name is needed.")
    if any(mark in name.casefold() for mark in _LINKLIKE):
        raise CellError("This holds a web address, a slash, < or >; here a name is needed. Remove that part.")
    if not any(letter.isalpha() for letter in name):
        raise CellError("This has no letter in it; here a name is needed.")
    return name


def address(value: str) -> str:
    """An email address, checked for its form alone: nothing is looked up."""
    if value.startswith(_FORMULA):
        raise CellError("This begins like a spreadsheet formula (=, +, - or @). Remove that character.")
    try:
        # test_environment lets through addresses under .test, which no mail can reach.
        found = validate_email(value, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        raise CellError("This is not an email address such as name@organisation.nhs.uk.") from None
    return found.normalized


def word(enum: type[Word], *only: Word) -> Callable[[str], Word]:
    """A reader of one of the words of ``enum`` (or of ``only``); capitals, spaces and hyphens do not matter."""
    allowed = {member.value: member for member in (only or tuple(enum))}

    def read(value: str) -> Word:
        code = "_".join(value.casefold().replace("-", " ").replace("_", " ").split())
        if code not in allowed:
            raise CellError(f"This must be one of {', '.join(allowed)}.")
        return allowed[code]

    return read


def organisation_code(value: str) -> str:
    """An ODS code, in capitals."""
    code = value.upper()
    if not _CODE.match(code):
        raise CellError("This is not an organisation's code such as R1D or 05A.")
    return code


def assessor_reference(value: str) -> str:
    """An assessor's reference such as ``A-001``, in capitals."""
    reference = value.upper()
    if not _ASSESSOR.match(reference):
        raise CellError("This is not an assessor's reference such as A-001.")
    return reference


def nomination_reference(value: str) -> str:
    """A nomination's reference such as ``R1D-1``, in capitals."""
    reference = value.upper()
    if _NOMINATION.match(reference):
        return reference
    if _NUMBERLIKE.match(reference):
        raise CellError(
            "The spreadsheet has made a number of a nomination's reference, as it does with 04E-1: "
            "format the column as text and type the reference again."
        )
    raise CellError(
        "This is not a nomination's reference such as R1D-1: the organisation's code, a hyphen, a number."
    )


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """A reader of a whole number from ``lowest`` to ``highest``."""

    def read(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise CellError(f"This must be a whole number from {lowest} to {highest}.")
        return int(value)

    return read


def day(value: str) -> date:
    """A date written 2018-09-30 or 30/09/2018."""
    if iso := _ISO.match(value):
        year, month, of_month = (int(part) for part in iso.groups())
    elif british := _BRITISH.match(value):
        of_month, month, year = (int(part) for part in british.groups())
    else:
        raise CellError("This is not a date. Write it as 2018-09-30 or 30/09/2018.")
    try:
        found = date(year, month, of_month)
    except ValueError:
        raise CellError("There is no such day. Write the date as 2018-09-30 or 30/09/2018.") from None
    if not 1950 <= year <= 2100:
        raise CellError("This year cannot be right. Write the date as 2018-09-30 or 30/09/2018.")
    return found


def yes_or_no(value: str) -> str:
    """``yes`` or ``no``, in any case."""
    answer = value.casefold()
    if answer not in {"yes", "no"}:
        raise CellError("This must be yes or no.")
    return answer


def _entries(value: str) -> list[str]:
    return [entry.strip() for entry in value.split(";") if entry.strip()]


def interests(value: str) -> tuple[str, ...]:
    """Interests as lower-case codes (``mental_health``), each once, in the order written; at most 20."""
    codes = ["_".join(one_line(60)(entry).casefold().replace("-", " ").split()) for entry in _entries(value)]
    if len(codes) > 20:
        raise CellError(f"There are {len(codes)} interests here; at most 20 are taken.")
    return tuple(dict.fromkeys(codes))


def earlier_organisations(value: str) -> tuple[Earlier, ...]:
    """``R1D 2016-03-31;05A 2014-06-30``: each organisation once, with the last day there."""
    found = _each(value, _earlier)
    if len({earlier.organisation for earlier in found}) < len(found):
        raise CellError("An organisation stands here twice. Keep the later day.")
    return found


def _earlier(entry: str) -> Earlier:
    parts = entry.split()
    if len(parts) != 2:
        raise CellError("this needs a code and the last day there, such as R1D 2016-03-31.")
    return Earlier(organisation=organisation_code(parts[0]), left_on=day(parts[1]))


def availability(value: str) -> tuple[Days, ...]:
    """``2018-10-01 to 2018-11-30;…``: ranges of days in order, which do not overlap; at least one."""
    found = tuple(sorted(_each(value, _days), key=lambda days: days.first))
    if any(later.first <= sooner.last for sooner, later in pairwise(found)):
        raise CellError("Two of these ranges share a day. Make one range of them.")
    if not found:
        raise CellError("Give at least one range of days, such as 2018-10-01 to 2018-11-30.")
    return found


def _days(entry: str) -> Days:
    parts = re.split(r"\s+to\s+", entry, flags=re.IGNORECASE)
    if len(parts) != 2:
        raise CellError("this needs two days, such as 2018-10-01 to 2018-11-30.")
    days = Days(first=day(parts[0]), last=day(parts[1]))
    if days.last < days.first:
        raise CellError("this ends before it begins. Swap the two days.")
    return days


def conflicts(value: str) -> tuple[Conflict, ...]:
    """``R1D-1 mentoring;…``: each nomination once, with the kind of relationship."""
    found = _each(value, _conflict)
    if len({conflict.nomination for conflict in found}) < len(found):
        raise CellError("A nomination stands here twice. Keep one of the two.")
    return found


def _conflict(entry: str) -> Conflict:
    parts = entry.split(maxsplit=1)
    if len(parts) != 2:
        raise CellError("this needs a nomination's reference and a kind, such as R1D-1 mentoring.")
    return Conflict(nomination=nomination_reference(parts[0]), kind=word(ConflictKind)(parts[1]))


Found = TypeVar("Found")


def _each(value: str, read: Callable[[str], Found]) -> tuple[Found, ...]:
    """The meaning of each entry of a list; a problem says which entry it is in."""
    found: list[Found] = []
    for number, entry in enumerate(_entries(value), start=1):
        try:
            found.append(read(entry))
        except CellError as error:
            raise CellError(f"Entry {number} of the list: {error}") from None
    return tuple(found)
