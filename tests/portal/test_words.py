"""Stored words as people read them."""

from datetime import datetime

import pytest

from models.policy import LONDON
from portal.words import plain, span


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("ccg", "CCG"),
        ("ccgs_and_trusts", "CCGs and trusts"),
        ("quality_assurance", "Quality assurance"),
        ("non_executive_director", "Non-executive director"),
        ("accgt", "Accgt"),
    ],
)
def test_stored_word_is_written_as_people_write_it(stored: str, read: str) -> None:
    assert plain(stored) == read


def test_day_that_is_the_same_is_said_once() -> None:
    begins, ends = datetime(2026, 11, 23, 0, 0, tzinfo=LONDON), datetime(2026, 11, 23, 20, 53, tzinfo=LONDON)

    assert span(begins, ends) == "from midnight to 8:53pm on 23 November 2026"
    assert span(begins.replace(day=22), ends) == "from midnight on 22 November 2026 to 8:53pm on 23 November 2026"
