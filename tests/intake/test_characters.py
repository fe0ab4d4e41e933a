"""Which characters are refused, and what the person is told."""

import unicodedata

import pytest

from intake.characters import CellError, legible


@pytest.mark.parametrize(
    "value", ["Siân O’Brien-Khan", "Nguyễn Thị Ánh", "Łukasz Żółć", "محمد", "李小龍", "a\nb\tc", "", "R1D-1", "👩"]
)
def test_legible_what_people_are_called_is_taken(value: str):
    assert legible(value) == unicodedata.normalize("NFC", value)


def test_legible_two_spellings_of_an_accent_are_the_same():
    assert legible("Sia\u0302n") == legible("Siân") == "Siân"


def test_legible_line_ends_and_hard_spaces_are_plain():
    assert legible("a\r\nb\rc\xa0d") == "a\nb\nc d"


@pytest.mark.parametrize(
    ("letter", "name"),
    [
        ("\u200b", "a zero width space (U+200B), which cannot be seen"),
        ("\u200d", "a zero width joiner (U+200D), which cannot be seen"),
        ("\ufeff", "a zero width no-break space (U+FEFF), which cannot be seen"),
        ("\u00ad", "a soft hyphen (U+00AD), which cannot be seen"),
        ("\u3164", "a hangul filler (U+3164), which cannot be seen"),
        ("\u2800", "a braille pattern blank (U+2800), which cannot be seen"),
        ("\ufe0f", "a variation selector-16 (U+FE0F), which cannot be seen"),
        ("\x07", "a control character (U+0007), which cannot be seen"),
        ("\u2028", "a line separator (U+2028), which cannot be seen"),
        ("\ue000", "a character (U+E000), which cannot be seen"),
        ("\u202e", "a right-to-left override (U+202E), which turns the direction of text"),
    ],
)
def test_legible_unseen_character_is_refused_with_its_name_and_place(letter: str, name: str):
    with pytest.raises(CellError) as refused:
        legible(f"Sam{letter} Okoro")

    assert str(refused.value) == f"Character 4 is {name}. Delete it, or type the value again."
    assert "Okoro" not in str(refused.value)


@pytest.mark.parametrize("letter", ["\u00ad", "\u200d", "\ufe0f"])
def test_legible_running_text_may_hold_what_word_processors_leave(letter: str):
    assert legible(f"co{letter}operate", running=True) == f"co{letter}operate"


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\u202e", "\u2066"])
def test_legible_running_text_holds_no_controls_and_is_not_turned(letter: str):
    with pytest.raises(CellError, match="Character 3"):
        legible(f"co{letter}operate", running=True)


@pytest.mark.parametrize("running", [True, False])
def test_legible_heap_of_marks_is_refused_before_it_is_ordered(running: bool):
    heap = "Zoe" + "\u0301\u0316" * 100_000

    with pytest.raises(CellError, match="From character 4 on, more than 30 marks stand over one letter"):
        legible(heap, running=running)


def test_legible_as_many_marks_as_any_script_needs_are_taken():
    assert legible("a" + "\u0316" * 30 + "b") == "a" + "\u0316" * 30 + "b"


def test_legible_tells_the_first_of_many_places():
    with pytest.raises(CellError, match="Character 100001 is a zero width space"):
        legible("a" * 100_000 + "\u200b" + "\u2060" * 100_000)
