"""The mailbox of one person's machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from portal.app import make_portal
from portal.services import HERE, Services
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


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "portal.test"}, 404),
        ({"Host": "localhost", "X-Forwarded-For": "192.0.2.1"}, 404),
        ({"Host": "localhost", "X-Forwarded-Host": "portal.test"}, 404),
    ],
)
async def test_letters_and_made_up_people_are_shown_to_this_machine_alone(
    headers: dict[str, str], status: int, services: Services, tmp_path: Path
) -> None:
    here = replace(services, mailbox=tmp_path, personas=True, here=HERE)
    visit = Visit(make_portal(here), here)

    letters = await visit.get("/mailbox", headers=headers)
    people = await visit.get("/sign-in/personas", headers=headers)
    somebody = await visit.post("/sign-in/personas", {"person": "p-000000000000"}, **headers)

    assert (letters.status, people.status) == (status, status)
    assert somebody.status == (422 if status == 200 else 404)
    await visit.close()
