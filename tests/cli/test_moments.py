"""Moments as people write them."""

from datetime import UTC, datetime

import pytest

from cli.failures import WrongUseError
from cli.moments import moment

NOW = datetime(2018, 12, 20, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2018-10-05 17:00", datetime(2018, 10, 5, 16, 0, tzinfo=UTC)),
        ("2018-11-05 17:00", datetime(2018, 11, 5, 17, 0, tzinfo=UTC)),
        ("2018-10-05T17:00", datetime(2018, 10, 5, 16, 0, tzinfo=UTC)),
        ("2018-10-05T17:00:00+02:00", datetime(2018, 10, 5, 15, 0, tzinfo=UTC)),
        ("2018-10-05T16:00:00Z", datetime(2018, 10, 5, 16, 0, tzinfo=UTC)),
        ("+2 hours", datetime(2018, 12, 20, 12, 0, tzinfo=UTC)),
        # Friday 21, Monday 24, Thursday 27: week-end, Christmas Day and Boxing Day are skipped.
        ("+3 working days", datetime(2018, 12, 27, 23, 59, tzinfo=UTC)),
    ],
)
def test_moment_is_read_as_written(written: str, expected: datetime) -> None:
    assert moment(written, NOW) == expected


@pytest.mark.parametrize("written", ["tomorrow", "2018-10-05", "17:00", "+3", "+1.5 days", "2018-02-30 12:00", ""])
def test_moment_that_cannot_be_read_is_wrong_use(written: str) -> None:
    with pytest.raises(WrongUseError, match="is not a moment: write"):
        moment(written, NOW)


def test_moment_that_the_clocks_skip_is_wrong_use() -> None:
    with pytest.raises(WrongUseError, match="clocks go forward"):
        moment("2019-03-31 01:30", NOW)
