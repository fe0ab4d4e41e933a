"""The mailbox of one person's machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from portal.app import make_portal
from portal.services import Services
from tests.portal.visiting import Visit

LETTER = "To: jo@example.nhs.test\nDate: Mon, 23 Nov 2026 09:00:00 +0000\nSubject: Your code\n\n123456\n"


@pytest.mark.parametrize(("letters", "said"), [(0, ""), (1, ""), (2, "The newest 2 are shown. ")])
async def test_mailbox_counts_letters_where_there_are_several(
    letters: int, said: str, services: Services, tmp_path: Path
) -> None:
    for number in range(letters):
        (tmp_path / f"{number}.eml").write_text(LETTER, encoding="utf-8")
    here = replace(services, mailbox=tmp_path)
    visit = Visit(make_portal(here), here)

    page = await visit.get("/mailbox")

    assert f"letters are files. {said}People here are made up." in page.words
    assert page.words.count("123456") == letters
    await visit.close()
