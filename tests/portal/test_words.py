"""Stored words as people read them."""

import pytest

from portal.words import plain


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
