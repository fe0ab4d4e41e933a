"""What is wrong with a text that holds characters nobody sees: where, in words, for people who do not count them."""

import re

_PLACE = re.compile(r"Character (\d+) is .+, which (cannot be seen|turns the direction of text)\. ")
_HEAP = re.compile(r"From character (\d+) on, more than \d+ marks stand over one letter\. ")
_MOST_WORDS = 3
_MOST_LETTERS = 60


def where_in_words(sentence: str, text: str) -> str:
    """The sentence of `intake.characters.legible`, its place said by the words before it.

    Args:
        sentence: What is wrong with the text; one that names no character stays as it is.
        text: What was typed.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _PLACE.match(sentence):
        what = "an invisible character"
        if found[2] != "cannot be seen":
            what = "an invisible character that turns the direction of the text"
        return f"There is {what} {_after(plain, int(found[1]))}. Delete it, or type the text again."
    if found := _HEAP.match(sentence):
        return f"There are too many marks over one letter {_after(plain, int(found[1]))}. Type the text again."
    return sentence


def _after(text: str, place: int) -> str:
    before = " ".join(text[: place - 1].split()[-_MOST_WORDS:])[-_MOST_LETTERS:]
    return f"after “{before}”" if before else "at the beginning"
