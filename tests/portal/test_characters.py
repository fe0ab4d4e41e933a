"""Where a character stands that nobody sees, in words."""

import pytest

from intake.characters import CellError, legible
from portal.characters import where_in_words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Zoe\u200b Hill", "There is an invisible character after “Zoe”. Delete it, or type the text again."),
        ("\u200bZoe", "There is an invisible character at the beginning. Delete it, or type the text again."),
        (
            "One two\r\nthree four\u202efive",
            "There is an invisible character that turns the direction of the text after “two three four”. "
            "Delete it, or type the text again.",
        ),
        ("Zoe" + "\u0301" * 40, "There are too many marks over one letter after “Zoe”. Type the text again."),
    ],
)
def test_place_is_said_by_the_words_before_it(text: str, said: str) -> None:
    with pytest.raises(CellError) as refused:
        legible(text)

    assert where_in_words(str(refused.value), text) == said


def test_other_sentences_stay_as_they_are() -> None:
    assert where_in_words("Choose one of the answers.", "x") == "Choose one of the answers."
