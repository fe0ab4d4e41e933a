"""Which characters a cell may hold: one rule for every name, address, code and text, wherever a person types it."""

import re
import unicodedata


class CellError(ValueError):
    """A cell that cannot be read; the message is the sentence the person gets, without the value."""


# Controls, format characters, surrogates, private and unassigned code points, separators of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# What Unicode counts as letters, marks or symbols and yet shows as nothing: fillers, joiners, variation selectors.
_BLANK = frozenset(
    chr(point)
    for points in (
        (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        range(0x180B, 0x1810),
        range(0xFE00, 0xFE10),
        range(0xE0100, 0xE01F0),
    )
    for point in points
)
# Marks that turn the direction of text: they make a page show something else than what is stored.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = "\n\t"
_MOST_MARKS = 30
"""Marks over one letter: no script needs more (Unicode Standard Annex #15, 12.1), and ordering many takes minutes."""


def legible(value: str, *, running: bool = False) -> str:
    """The value in Unicode's form NFC, with plain spaces and line breaks.

    Two names that look the same must be the same, so what cannot be seen is refused rather than taken away: nobody
    would know that it had been there.

    Args:
        value: What stands in the cell.
        running: Whether it is running text. Word processors leave soft hyphens and joiners there, which do no harm;
            control characters and marks that turn the direction of text are refused all the same.

    Raises:
        CellError: It holds a character that cannot be seen, or a heap of marks; the sentence says which, and where.
    """
    plain = value.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    # Each letter is looked at once, however often it stands there: a long text is read as quickly as it is sent.
    letters = set(plain)
    refused = {letter for letter in letters if letter not in _BREAKS and _is_refused(letter, running=running)}
    if refused:
        place, letter = next((place, one) for place, one in enumerate(plain, start=1) if one in refused)
        raise CellError(f"Character {place} is {_name(letter)}, {_what(letter)}. Delete it, or type the value again.")
    marks = "".join(sorted(letter for letter in letters if unicodedata.combining(letter)))
    heap = (
        re.search(f"[{re.escape(marks)}]{{{_MOST_MARKS + 1},}}", plain)
        if len(plain) > _MOST_MARKS and marks
        else None
    )
    if heap:
        raise CellError(
            f"From character {heap.start() + 1} on, more than {_MOST_MARKS} marks stand over one letter. "
            "Delete them, or type the value again."
        )
    return unicodedata.normalize("NFC", plain)


def _is_refused(letter: str, *, running: bool) -> bool:
    if running:
        return letter in _TURNING or unicodedata.category(letter) in {"Cc", "Cs"}
    return letter in _BLANK or unicodedata.category(letter) in _UNSEEN


def _what(letter: str) -> str:
    return "which turns the direction of text" if letter in _TURNING else "which cannot be seen"


def _name(letter: str) -> str:
    """Its name and code point, as “a zero width space (U+200B)”."""
    name = unicodedata.name(letter, "control character" if unicodedata.category(letter) == "Cc" else "character")
    article = "an" if name[0] in "AEIOU" else "a"
    return f"{article} {name.lower()} (U+{ord(letter):04X})"
