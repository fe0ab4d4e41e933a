"""Names found without accents and capitals, by the database itself."""

import pytest
from sqlalchemy import literal, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.folding import holds


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Zoë Stanyon", "zoe"),
        ("Zoe\u0308 Stanyon", "ZOË S"),
        ("Siân Renée", "sian ren"),
        ("Zoe Stanyon", "zoë"),
        ("Bjørn Łukasz", "bjorn luk"),
        ("Aoife O’Brien", "o'brien"),
        ("ÉLODIE", "élodie"),
        ("50% of_all", "% of_"),
    ],
)
async def test_name_is_found_whatever_its_accents_and_capitals(session: AsyncSession, name: str, words: str) -> None:
    found = await (await session.connection()).execute(select(holds(literal(name), words)))

    assert found.scalar_one() is True


@pytest.mark.parametrize(("name", "words"), [("Zoë Stanyon", "z_e"), ("Zoë Stanyon", "%"), ("Zoë Stanyon", "zoa")])
async def test_other_words_are_not_found(session: AsyncSession, name: str, words: str) -> None:
    found = await (await session.connection()).execute(select(holds(literal(name), words)))

    assert found.scalar_one() is False
