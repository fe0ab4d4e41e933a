"""Reading a cohort's policy, and what follows from it alone.

A policy is TOML (see data/pilot/policy.toml). It may name a ``base``, a path beside its own, and then states only
what differs: tables are merged, anything else is replaced. What a file changes against its base no longer has the
base's origin; unless the file lists an origin of its own under ``assumptions``, it is marked as changed.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from models.messages import Calendar, NominationTerms
from models.policy import Policy
from models.spans import SpanParts
from rules.calendar import after

MOST_BYTES = 200_000
"""The largest file that is read as a policy; the pilot's is 7 kB."""
CHANGED = "changed against the base policy, without an origin"
"""The origin of a value that a file changes against its base without saying why."""

Document = dict[str, object]
"""A TOML table as read."""

_MISSING = object()
_SENTENCES = {
    "missing": "is missing: state it",
    "extra_forbidden": "is not a name a policy knows: correct its spelling or take it out",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "string_type": 'must be text in quotation marks, such as "text"',
    "string_too_short": "is too short: write at least {min_length} characters",
    "string_too_long": "is too long: write at most {max_length} characters",
    "string_pattern_mismatch": "does not have the form {pattern}",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be {le} or less",
    "tuple_type": "must be a list in square brackets",
    "frozen_set_type": "must be a list in square brackets",
    "too_short": "must list at least {min_length}",
    "enum": "must be one of {expected}",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "date_from_datetime_parsing": "must be a date, such as 2018-12-25",
    "date_parsing": "must be a date, such as 2018-12-25",
    "date_type": "must be a date, such as 2018-12-25",
}
_SPAN = "must be a length of time: write a number and a unit, such as '3 working days'"
_MOMENT = (
    "must be a moment, such as 2018-09-01T00:00:00 (UK time unless it says otherwise), "
    "or a length of time, such as '24 seconds'"
)


@dataclass(frozen=True)
class PolicyProblem:
    """One thing wrong with a policy: in which file, under which dotted name, and how to mend it."""

    file: str
    name: str
    sentence: str

    def __str__(self) -> str:
        """The problem in one line."""
        return f"{self.file}: {self.name} {self.sentence}" if self.name else f"{self.file}: {self.sentence}"


class PolicyError(ValueError):
    """A policy cannot be used; ``problems`` holds everything that was found, not only the first thing."""

    def __init__(self, *problems: PolicyProblem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True)
class ResolvedWindow:
    """When a cohort's window opens and closes, in UTC."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class _Layer:
    file: str
    document: Document


def read_policy(path: Path, *, created_at: datetime | None = None) -> Policy:
    """The policy a file states, over its base if it names one, with the bank holidays of England filled in.

    A policy that lists ``bank_holidays`` keeps its own list. One whose window opens a span after the cohort's
    creation gets them only with ``created_at``, since nothing else says which years it lives through.

    Raises:
        PolicyError: a file cannot be read or what it states cannot be used; every problem at once.
    """
    layers = _layers(path, ())
    return with_bank_holidays(_assembled(layers), created_at)


def parse_policy(text: str, *, file: str = "policy") -> Policy:
    """The policy a TOML text states by itself, without a base and without bank holidays filled in.

    Raises:
        PolicyError: the text is not TOML or states something that cannot be used; every problem at once.
    """
    document = _toml(text, file)
    if "base" in document:
        raise PolicyError(PolicyProblem(file, "base", "names another file: read the policy from its file instead"))
    return _assembled([_Layer(file, document)])


def with_bank_holidays(policy: Policy, created_at: datetime | None = None) -> Policy:
    """The policy with England's bank holidays, unless it states its own list (an empty one counts).

    They cover the years from the window's opening to the year after the membership of the last admitted ends.
    """
    if "bank_holidays" in policy.model_fields_set:
        return policy
    opens = policy.window.opens
    begin = opens if isinstance(opens, datetime) else created_at
    if begin is None:
        return policy
    window = resolve(policy, begin)
    ends = after(after(window.closes_at, policy.window.ends, ()), policy.membership.lasts, ())
    days = _english_bank_holidays(window.opens_at.year, ends.year + 1)
    return policy.model_copy(update={"bank_holidays": days})


def resolve(policy: Policy, created_at: datetime) -> ResolvedWindow:
    """When the window opens and closes, for a cohort created at ``created_at``.

    Raises:
        PolicyError: the window would close before it opens.
        ValueError: ``created_at`` has no time zone.
    """
    window = policy.window
    opens_at = _moment(window.opens, created_at, policy)
    closes_at = _moment(window.closes, opens_at, policy)
    if closes_at <= opens_at:
        sentence = f"({closes_at.isoformat()}) is not after window.opens ({opens_at.isoformat()}): mend one of them"
        raise PolicyError(PolicyProblem("policy", "window.closes", sentence))
    return ResolvedWindow(opens_at, closes_at)


def calendar_of(policy: Policy) -> Calendar:
    """What workflows need to reckon deadlines: bank holidays in order, and the reminders."""
    return Calendar(bank_holidays=tuple(sorted(policy.bank_holidays)), reminders=policy.reminders.before)


def nomination_terms(policy: Policy) -> NominationTerms:
    """The part of the policy a nomination lives by."""
    return NominationTerms(
        consent_within=policy.nomination.consent_within,
        grace=policy.window.grace,
        answer_within=policy.assessors.answer_within,
        score_within=policy.assessors.score_within,
        score_grace=policy.assessors.score_grace,
        reserve_for=policy.admission.reserve_for,
        panel_size=policy.panel.size,
        calendar=calendar_of(policy),
    )


def fingerprint(policy: Policy) -> str:
    """The SHA-256 of everything the policy states, in hexadecimal.

    Two policies that say the same have the same fingerprint, whatever the order they say it in, the time zone
    they state a moment in, or whether they were read from a file or from the database.
    """
    canonical = json.dumps(_canonical(policy.model_dump()), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def assumption_of(policy: Policy, dotted: str) -> str | None:
    """Where the value under a dotted name comes from, or None if the source documents state it.

    An assumption about a whole table, such as ``eligibility``, holds for every name in it that has none itself.
    """
    name = dotted
    while name:
        if name in policy.assumptions:
            return policy.assumptions[name]
        name = name.rpartition(".")[0]
    return None


def _moment(stated: datetime | SpanParts, start: datetime, policy: Policy) -> datetime:
    if isinstance(stated, datetime):
        return stated.astimezone(UTC)
    return after(start, stated, policy.bank_holidays)


def _english_bank_holidays(first_year: int, last_year: int) -> frozenset[date]:
    from holidays import country_holidays  # noqa: PLC0415 -- slow to import, and only reading a policy needs it

    return frozenset(country_holidays("GB", subdiv="ENG", years=range(first_year, last_year + 1)))


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _canonical(part) for name, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(_canonical(part)) for part in value)
    if isinstance(value, (tuple, list)):
        return [_canonical(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


# ---------------------------------------------------------------------------------------------------------
# Files, layers and what each changes


def _layers(path: Path, above: tuple[Path, ...]) -> list[_Layer]:
    here = path.resolve()
    if here in above:
        raise PolicyError(
            PolicyProblem(str(path), "base", "leads back to this file: take one base out of the circle")
        )
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise PolicyError(PolicyProblem(str(path), "", f"cannot be read: {reason}")) from error
    if len(content) > MOST_BYTES:
        raise PolicyError(PolicyProblem(str(path), "", f"is larger than {MOST_BYTES // 1000} kB: it is no policy"))
    document = _toml(text, str(path))
    base = document.pop("base", None)
    if base is None:
        return [_Layer(str(path), document)]
    if not isinstance(base, str):
        raise PolicyError(PolicyProblem(str(path), "base", "must be the path of a policy, in quotation marks"))
    return [*_layers(path.parent / base, (*above, here)), _Layer(str(path), document)]


def _toml(text: str, file: str) -> Document:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(PolicyProblem(file, "", f"is not TOML: {error}")) from error


def _assembled(layers: list[_Layer]) -> Policy:
    merged: Document = {}
    for layer in layers:
        merged = _with_origins(merged, layer.document)
    problems = [
        PolicyProblem(_stated_in(layers, name), name, _MOMENT)
        for name in ("window.opens", "window.closes")
        if not _is_moment_or_span(_found(merged, name))
    ]
    try:
        policy = Policy.model_validate(merged)
    except ValidationError as error:
        named = {problem.name for problem in problems}
        for details in error.errors():
            name = _dotted(merged, details["loc"])
            if name not in named:
                named.add(name)
                problems.append(PolicyProblem(_stated_in(layers, name), name, _sentence(details)))
        raise PolicyError(*_without_echoes(problems)) from error
    if problems:
        raise PolicyError(*problems)
    return policy


def _without_echoes(problems: list[PolicyProblem]) -> list[PolicyProblem]:
    # A table or list with something wrong in it may also be reported itself; what is in it says it better.
    names = [problem.name for problem in problems]
    return [
        problem
        for problem in problems
        if not any(name.startswith((f"{problem.name}[", f"{problem.name}.")) for name in names)
    ]


def _with_origins(base: Document, over: Document) -> Document:
    merged = _merged(base, over)
    origins = merged.get("assumptions")
    if not base or not isinstance(origins, dict):
        return merged
    own = over.get("assumptions")
    stated = own if isinstance(own, dict) else {}
    marks = {name: CHANGED for name in _changed(base, over, "") if not _covers(stated, name)}
    return {**merged, "assumptions": {**origins, **marks}}


def _merged(base: Document, over: Document) -> Document:
    merged = dict(base)
    for name, value in over.items():
        under = base.get(name)
        merged[name] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _changed(base: Document, over: Document, prefix: str) -> list[str]:
    names: list[str] = []
    for name, value in over.items():
        under = base.get(name, _MISSING)
        if not prefix and name in {"assumptions", "cohort", "bank_holidays"}:
            continue
        if isinstance(value, dict):
            names += _changed(under if isinstance(under, dict) else {}, value, f"{prefix}{name}.")
        elif value != under:
            names.append(prefix + name)
    return names


def _covers(stated: Mapping[str, object], name: str) -> bool:
    return any(name == origin or name.startswith(f"{origin}.") for origin in stated)


def _found(document: Document, dotted: str) -> object:
    value: object = document
    for part in dotted.split("."):
        value = value.get(part, _MISSING) if isinstance(value, dict) else _MISSING
    return value


def _stated_in(layers: list[_Layer], dotted: str) -> str:
    name = dotted.split("[", maxsplit=1)[0]
    for layer in reversed(layers):
        if name and _found(layer.document, name) is not _MISSING:
            return layer.file
    return layers[-1].file


def _is_moment_or_span(value: object) -> bool:
    # Pydantic would read a bare number as seconds since 1970, and a bare date as its first minute.
    if value is _MISSING or isinstance(value, datetime):
        return True
    return isinstance(value, str) and ("T" in value or " " in value.strip())


# ---------------------------------------------------------------------------------------------------------
# What Pydantic found, in plain sentences


def _dotted(document: Document, loc: tuple[int | str, ...]) -> str:
    # Pydantic also names the member of a union it tried; the document says where the names end.
    name = ""
    value: object = document
    for part in loc:
        if isinstance(value, dict):
            name += f".{part}" if name else str(part)
            value = value.get(part, _MISSING)
        elif isinstance(value, list) and isinstance(part, int):
            name += f"[{part}]"
            value = value[part]
        else:
            break
    return name


def _sentence(details: ErrorDetails) -> str:
    kind = details["type"]
    context = details.get("ctx", {})
    loc = [str(part) for part in details["loc"]]
    if kind == "value_error":
        return str(context["error"]) if not loc else f"is wrong: {context['error']}"
    if loc[:2] in (["window", "opens"], ["window", "closes"]) and kind != "missing":
        return _MOMENT
    if kind == "model_type" and context.get("class_name") == "SpanParts":
        return _SPAN
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**context)
    return f"cannot be used: {details['msg']}"
