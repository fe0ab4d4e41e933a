"""Redaction: an application without what tells who wrote it, for panels that must not know.

What is taken out stands replaced by a word in square brackets, so that a sentence can still be read. On the safe
side: a name that is also a word, such as Grace, is replaced wherever it begins with a capital letter. What no list
can know (a nickname, a post that only one person holds, a service known all over the region) stays: people who read
must know that a redacted text is not an anonymous one.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.policy import Policy
from rules.applications import FieldKind, form

NAME, ORGANISATION = "[name]", "[organisation]"
ADDRESS, TELEPHONE, LINK, ACCOUNT = "[email address]", "[telephone number]", "[web address]", "[account name]"

NOT_FOR_THE_PANEL = frozenset({"adjustments"})
"""Fields of an application that no panel sees, redacted or not: the form promises it."""


@dataclass(frozen=True)
class Identity:
    """What tells who somebody is.

    Attributes:
        names: Full names: the nominee's, and of who nominated and endorsed them.
        organisations: Names and codes of organisations they work or worked for.
    """

    names: frozenset[str]
    organisations: frozenset[str]


_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady", "rev"}
)
_PARTICLES = frozenset(
    {"the", "of", "and", "de", "da", "di", "del", "la", "le", "van", "von", "der", "den", "bin", "al", "el", "st"}
)
_LETTERS_AFTER = frozenset({"obe", "mbe", "cbe", "phd", "rn"})
_NO_NAMES = _TITLES | _PARTICLES | _LETTERS_AFTER
"""Parts of full names that name nobody by themselves."""
_GENERIC = re.compile(
    r"\s*\b(?:nhs foundation trust|nhs trust|foundation trust|nhs ft|nhs|trust|clinical commissioning group|ccg"
    r"|integrated care board|icb)\s*$",
    re.IGNORECASE,
)
"""Endings of organisations' names that people leave out."""
_NO_INITIALS = frozenset({"NHS", "CCG", "ICB", "ICS", "STP", "CEO", "CQC", "NHSE", "NHSI"})
_SHORTEST_INITIALS = 3

_MARK = "\u0300-\u036f"
_BEFORE, _AFTER = r"(?<![^\W_])", rf"(?![^\W_]|[{_MARK}])"
_EMAIL = re.compile(r"(?<![\w.+'’-])[\w.+'’-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?<![\w@.])@\w{2,}")
_TELEPHONE = re.compile(r"(?<!\d)(?:\+44[\s().-]{0,3}|0)\d(?:[\s().-]{0,3}\d){8,10}(?!\d)")
_RUN_OF_NAMES = re.compile(r"\[name\](?:[ \t]+(?:[A-Z]\.?[ \t]+)?\[name\])+")


def redacted_application(content: Mapping[str, str], identity: Identity, policy: Policy) -> dict[str, str]:
    """An application as a panel may read it that must not know whose it is.

    Args:
        content: Text by field, as it was submitted.
        identity: What is taken out of running text; answers that were chosen from a list stay as they are.
        policy: Says which fields the application has. What it does not name, and what no panel sees, is left out.
    """
    fields = {field.name: field.kind for field in form(policy) if field.name not in NOT_FOR_THE_PANEL}
    return {
        name: redacted(text, identity) if fields[name] is FieldKind.TEXT else text
        for name, text in content.items()
        if name in fields
    }


def redacted(text: str, identity: Identity) -> str:
    """A text without names, organisations, addresses and telephone numbers, in Unicode's form NFC.

    Accents, apostrophes and, for whole names, capitals may be written otherwise than in ``identity``. A part of a
    name is found where it begins with a capital letter.
    """
    for pattern, word in ((_EMAIL, ADDRESS), (_LINK, LINK), (_ACCOUNT, ACCOUNT), (_TELEPHONE, TELEPHONE)):
        text = pattern.sub(word, text)
    plain = unicodedata.normalize("NFD", text)
    plain = _without(plain, _organisation_words(identity.organisations), ORGANISATION, any_case=True)
    plain = _without(plain, _initials(identity.organisations), ORGANISATION, any_case=False)
    plain = _without(plain, {name for name in identity.names if _is_a_name(name)}, NAME, any_case=True)
    plain = _capitalised_without(plain, _parts(identity.names))
    return unicodedata.normalize("NFC", _RUN_OF_NAMES.sub(NAME, plain))


def _organisation_words(organisations: Iterable[str]) -> set[str]:
    """Whole names and codes, and names without their generic endings."""
    words: set[str] = set()
    for name in organisations:
        words.add(name)
        core = name
        while (shorter := _GENERIC.sub("", core)) != core:
            core = shorter
        words.add(core)
    return {word for word in words if sum(map(str.isalnum, word)) >= _SHORTEST_INITIALS}


def _initials(organisations: Iterable[str]) -> set[str]:
    """What people write for a long name: the first letters, with and without those of the generic ending."""
    found: set[str] = set()
    for name in organisations:
        core = name
        while True:
            words = [word for word in re.split(r"[\s\-/,()&]+", core) if word]
            found.add("".join(word[0] for word in words if word.lower() not in _NO_NAMES).upper())
            shorter = _GENERIC.sub("", core)
            if shorter == core:
                break
            core = shorter
    return {one for one in found if len(one) >= _SHORTEST_INITIALS and one not in _NO_INITIALS}


def _parts(names: Iterable[str]) -> set[str]:
    """Forenames and surnames by themselves, those with a hyphen also in two."""
    parts: set[str] = set()
    for name in names:
        for word in name.split():
            parts |= {word, *word.split("-")}
    return {part for part in (one.strip('.,()"“”') for one in parts) if _is_a_name(part)}


def _is_a_name(word: str) -> bool:
    return sum(map(str.isalpha, word)) > 1 and word.lower().strip(".") not in _NO_NAMES


def _without(text: str, words: Iterable[str], instead: str, *, any_case: bool) -> str:
    found = _pattern(words, any_case=any_case)
    return found.sub(instead, text) if found else text


def _capitalised_without(text: str, words: Iterable[str]) -> str:
    found = _pattern(words, any_case=True)
    return found.sub(lambda match: NAME if match[0][0].isupper() else match[0], text) if found else text


def _pattern(words: Iterable[str], *, any_case: bool) -> re.Pattern[str] | None:
    """Finds any of these as whole words, the longest first; accents are optional, and apostrophes of any kind."""
    each = sorted({word for word in words if word.strip()}, key=lambda word: (-len(word), word))
    if not each:
        return None
    alternatives = "|".join(_letters(word) for word in each)
    return re.compile(f"{_BEFORE}(?:{alternatives}){_AFTER}", re.IGNORECASE if any_case else 0)


def _letters(word: str) -> str:
    plain = unicodedata.normalize("NFD", word.strip())
    written: list[str] = []
    for letter in plain:
        if unicodedata.combining(letter):
            continue
        if letter.isspace():
            if not written or written[-1] != r"\s+":
                written.append(r"\s+")
        elif letter in "'’‘`":
            written.append("['’‘`]?")
        else:
            written.append(re.escape(letter) + (f"[{_MARK}]*" if letter.isalpha() else ""))
    return "".join(written)
