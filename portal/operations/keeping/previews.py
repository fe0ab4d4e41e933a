"""What the pages on imports show: each row of a file, and what it would come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from intake.problems import BadFile, RowProblem
from intake.register import Outcome
from intake.rows import ApplicationRow, AssessorRow, NominationRow, OfficerRow, OrganisationRow, Row
from portal.operations.keeping.cohorts import with_query
from portal.operations.keeping.kept_files import KeptFile, Progress
from portal.operations.keeping.trail import change_words
from portal.visitors import ROLE_WORDS

AT_ONCE = 50
MOST_PROBLEMS = 100
_WORDS = {
    Outcome.NEW: ("New", "green"),
    Outcome.CHANGED: ("Changed", "yellow"),
    Outcome.UNCHANGED: ("As it is", "grey"),
}


@dataclass(frozen=True)
class ProblemShown:
    """A row that is refused."""

    place: str
    column: str
    there: str
    sentence: str


@dataclass(frozen=True)
class ProblemsShown:
    """Everything that is wrong with a file; ``more``: how many problems are not shown."""

    heading: str
    rows: tuple[ProblemShown, ...]
    more: int


@dataclass(frozen=True)
class PreviewRow:
    """One row of a file and what it would come to."""

    line: int
    about: str
    state: str
    colour: str
    changes: str


@dataclass(frozen=True)
class PreviewShown:
    """A file before it is imported."""

    href: str
    what: str
    counts: tuple[tuple[str, int], ...]
    rows: tuple[PreviewRow, ...]
    first: str
    following: str
    notes: tuple[str, ...]
    nothing_to_do: bool
    button: str


@dataclass(frozen=True)
class DoneShown:
    """An import that was done, or how far it is."""

    href: str
    heading: str
    sentences: tuple[str, ...]
    running: bool
    refused: tuple[ProblemShown, ...]


def problems_shown(bad: BadFile) -> ProblemsShown:
    """Everything that is wrong with a file."""
    count = len(bad.problems)
    return ProblemsShown(
        f"{bad.counted}, nothing was imported",
        tuple(_problem(one) for one in bad.problems[:MOST_PROBLEMS]),
        max(0, count - MOST_PROBLEMS),
    )


def preview_shown(file: KeptFile, after: int) -> PreviewShown:
    """The rows that come after a line, and what each would come to."""
    outcomes = _outcomes(file)
    counted = Counter(outcome for outcome, _ in outcomes)
    rows = [one for one in zip(file.rows, outcomes, strict=True) if one[0].line > after]
    shown = [
        PreviewRow(row.line, _about(row), *_WORDS[outcome], changes) for row, (outcome, changes) in rows[:AT_ONCE]
    ]
    href = f"/operations/import/{file.key}"
    to_do = counted[Outcome.NEW] + counted[Outcome.CHANGED] + _conflicts(file)
    return PreviewShown(
        href,
        file.kind,
        tuple((words, counted[outcome]) for outcome, (words, _) in _WORDS.items()),
        tuple(shown),
        href if after else "",
        with_query(href, after=str(shown[-1].line)) if len(rows) > AT_ONCE else "",
        _notes(file),
        to_do == 0,
        f"Import {to_do:,} {'row' if to_do == 1 else 'rows'}",
    )


def done_shown(file: KeptFile, progress: Progress) -> DoneShown:
    """How far an import is, or what it did."""
    href = f"/operations/import/{file.key}/done"
    if not progress.ended:
        return DoneShown(
            href,
            "The import is running",
            (f"{progress.tried:,} of {progress.total:,} rows so far.", "You may leave this page: it goes on."),
            running=True,
            refused=(),
        )
    if progress.broken:
        return DoneShown(
            href,
            "The import was broken off",
            (
                f"{progress.made:,} of {progress.total:,} rows were brought in.",
                "Import the same file again: it goes on where it stopped.",
            ),
            running=False,
            refused=_refused(progress),
        )
    sentences = [f"{progress.made:,} {'row was' if progress.made == 1 else 'rows were'} brought in."]
    if progress.refused:
        sentences.append("The rows below were refused. Mend them and import the file again: the others are left.")
    else:
        sentences.append(_next(file.kind))
    return DoneShown(
        href, "The import is done", (*sentences, *_notes(file)), running=False, refused=_refused(progress)
    )


def _outcomes(file: KeptFile) -> list[tuple[Outcome, str]]:
    if file.weighed is not None:
        return [(row.outcome, "; ".join(change_words(row.before, row.after))) for row in file.weighed.rows]
    to_make = {row.line for row in file.to_make}
    return [(Outcome.NEW if row.line in to_make else Outcome.UNCHANGED, "") for row in file.rows]


def _conflicts(file: KeptFile) -> int:
    return file.weighed.conflicts.new + file.weighed.conflicts.changed if file.weighed else 0


def _notes(file: KeptFile) -> tuple[str, ...]:
    """What else is to be said of a file of assessors."""
    if file.weighed is None:
        return ()
    notes = []
    if count := _conflicts(file):
        notes.append(f"Declared conflicts of interest that are new or changed: {count}.")
    if waiting := file.weighed.waiting:
        where = ", ".join(str(one.line) for one in waiting[:AT_ONCE])
        notes.append(
            f"{len(waiting)} declared conflicts wait for a nomination that is not there yet, on line {where}. "
            "Import this file again once the nominations are made."
        )
    return tuple(notes)


def _about(row: Row) -> str:
    match row:
        case OrganisationRow():
            return f"{row.code}: {row.name}"
        case OfficerRow():
            of = f" for {row.organisation}" if row.organisation else ""
            return f"{row.full_name}: {ROLE_WORDS[row.role]}{of}"
        case AssessorRow():
            return f"{row.reference}: {row.full_name}"
        case NominationRow():
            return f"{row.reference}: {row.nominee_name}"
        case ApplicationRow():
            return row.reference
    return ""


def _problem(one: RowProblem) -> ProblemShown:
    return ProblemShown(
        f"Line {one.line}" if one.line else "The file", one.column or "The whole line", one.value_shown, one.sentence
    )


def _refused(progress: Progress) -> tuple[ProblemShown, ...]:
    return tuple(_problem(one) for one in sorted(progress.refused, key=lambda one: one.line)[:MOST_PROBLEMS])


def _next(kind: str) -> str:
    nexts = {
        "organisations": "You can import the people who hold roles now.",
        "officers": "They can sign in with their addresses now. They get no message: tell them.",
        "assessors": "They take part in the next allocation run.",
        "nominations": "Each nominee is invited by email within a minute.",
        "applications": "They are drafts. Each nominee looks at theirs and submits it.",
    }
    return nexts[kind]


def rows_sorted(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows in the order of their lines."""
    return tuple(sorted(rows, key=lambda row: row.line))
