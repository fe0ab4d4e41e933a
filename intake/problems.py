"""What is wrong with a file, said to the person who filled it in, without repeating anything personal."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

SHOWN_AT_MOST = 40
MOST_PROBLEMS = 1000
"""How many problems of a file are told; whoever spoilt a column mends it once, not once for each line."""
_LIKE_A_NAME = re.compile(r"^[^\W\d_][\w'’.-]*(?:\s+[^\W\d_][\w'’.-]*)+$")


class RowProblem(BaseModel):
    """One problem: where it is, what stands there, and what to do.

    Attributes:
        line: The line of the file, from 1; 0 when the file as a whole is meant.
        column: The column's name; empty when the line as a whole is meant.
        value_shown: At most 40 characters of what stands there; empty where it may be personal.
        sentence: What is wrong and how to mend it; it never repeats a personal value.
    """

    model_config = ConfigDict(frozen=True)

    line: int
    column: str
    value_shown: str
    sentence: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "the file"
        column = f", column {self.column}" if self.column else ""
        shown = f" (there stands “{self.value_shown}”)" if self.value_shown else ""
        return f"{place}{column}: {self.sentence}{shown}"


class BadFile(Exception):  # noqa: N818 -- it says what the file is, to a person
    """A file that cannot be taken, with every problem found in it; nothing of it was imported.

    Attributes:
        problems: By line; at most `MOST_PROBLEMS`.
        more: Whether there are more, which were not counted.
    """

    def __init__(self, problems: Iterable[RowProblem]) -> None:
        found = sorted(problems, key=lambda problem: (problem.line, problem.column))
        self.problems = tuple(found[:MOST_PROBLEMS])
        self.more = len(found) > MOST_PROBLEMS
        super().__init__(self.told())

    def __reduce__(self) -> tuple[object, ...]:
        """The same in another process: an exception is made anew there, which would lose how many there were."""
        return _bad_file, (self.problems, self.more)

    @property
    def counted(self) -> str:
        """How many problems there are, in words."""
        if self.more:
            return f"More than {MOST_PROBLEMS:,} problems, of which these are the first"
        return f"{len(self.problems)} problem" + ("" if len(self.problems) == 1 else "s")

    def told(self, at_most: int | None = None) -> str:
        """The problems, one on a line; ``at_most`` so many of them, and how many more there are."""
        return "\n".join([f"{self.counted}, nothing was imported:", *shortened(self.problems, at_most)])


def _bad_file(problems: tuple[RowProblem, ...], more: bool) -> BadFile:
    bad = BadFile(problems)
    bad.more = more
    return bad


class BadForm(Exception):  # noqa: N818 -- it says what the form is, to a person
    """A form that cannot be taken, with everything that is wrong in it; its problems have no line."""

    def __init__(self, problems: Iterable[RowProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{problem.column}: {problem.sentence}" for problem in self.problems))


def shortened(rows: Sequence[object], at_most: int | None = None) -> list[str]:
    """Each in words; of more than ``at_most`` the first ones, and a line that says how many more there are."""
    shown = [str(row) for row in (rows if at_most is None else rows[:at_most])]
    left = len(rows) - len(shown)
    return [*shown, f"and {left} more; --all shows every one"] if left else shown


def show(value: str, personal_words: frozenset[str] = frozenset()) -> str:
    """As much of a value as may go to a log: nothing that looks like an address, a name or the row's own person.

    Cells slip into the wrong column, so a column that holds no names by right may hold one by mistake.
    """
    words = frozenset(re.findall(r"\w+", value.casefold()))
    if "@" in value or _LIKE_A_NAME.match(value.strip()) or words & personal_words:
        return ""
    printable = "".join(
        letter if unicodedata.category(letter)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for letter in value
    )
    return printable if len(printable) <= SHOWN_AT_MOST else printable[: SHOWN_AT_MOST - 1] + "…"
