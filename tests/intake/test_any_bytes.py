"""Whatever a file holds, reading it ends in rows or in problems, never in another error."""

from contextlib import suppress

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from intake.files import read_applications, read_assessors, read_nominations, read_officers, read_organisations
from intake.problems import BadFile, RowProblem
from intake.rows import Row
from tests.intake.filled import CRITERIA, FILLED, written

READERS = {
    "organisations": read_organisations,
    "assessors": read_assessors,
    "nominations": read_nominations,
    "applications": lambda content: read_applications(content, CRITERIA),
    "officers": read_officers,
}
KINDS = st.sampled_from(sorted(READERS))
AWKWARD = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["=1+1", "9" * 400, "²", "٣", "-", ";", ";;", '"', "\r", "2018-00-00", "1 to 2", "A-²", "ß", "\ud7ff"]
    ),
)


@seed(1)
@settings(max_examples=150, deadline=None)
@given(kind=KINDS, content=st.binary(max_size=200))
def test_read_random_bytes_gives_problems(kind: str, content: bytes):
    with suppress(BadFile):
        rows = READERS[kind](content)

        raise AssertionError(f"random bytes were taken for {rows}")


@seed(2)
@settings(max_examples=300, deadline=None)
@given(kind=KINDS, cells=st.lists(st.tuples(st.integers(0, 14), AWKWARD), min_size=1, max_size=3))
def test_read_awkward_cells_gives_rows_or_problems_within_the_file(kind: str, cells: list[tuple[int, str]]):
    row = dict(FILLED[kind])
    for at, cell in cells:
        row[list(row)[at % len(row)]] = cell
    content = written(row)

    problems: tuple[RowProblem, ...] = ()
    rows: tuple[Row, ...] = ()
    try:
        rows = READERS[kind](content)
    except BadFile as refused:
        problems = refused.problems

    lines = content.count(b"\n") + content.count(b"\r") + 1
    assert (len(rows) == 1) != bool(problems)
    assert all(0 <= problem.line <= lines for problem in problems)
    assert all(len(problem.value_shown) <= 40 for problem in problems)
