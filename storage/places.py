"""Where people work, as far as the allocation weighs it: sector, and how near two organisations are."""

from typing import NamedTuple

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.tables import Organisation


class Place(NamedTuple):
    """An organisation's place; empty words where nothing is known of it.

    ``sector`` is the kind of organisation, ``office`` the code of NHS England's local office.
    """

    sector: str = ""
    system: str = ""
    office: str = ""
    region: str = ""


async def places(session: AsyncSession) -> dict[str, Place]:
    """Every organisation's place, by its ODS code."""
    known = await session.exec(select(Organisation))
    return {one.code: Place(one.type, one.system_code, one.local_office_code, one.region) for one in known}
