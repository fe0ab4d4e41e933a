"""Where people work, as far as the allocation weighs it: sector, and how near two organisations are."""

from typing import NamedTuple

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import AssessorRole
from models.tables import Organisation

_CCG = "ccg"


class Place(NamedTuple):
    """An organisation's place; empty words where nothing is known of it.

    ``sector`` is the kind of organisation, ``office`` the code of NHS England's local office.
    """

    sector: str = ""
    system: str = ""
    office: str = ""
    region: str = ""

    @property
    def line_managers(self) -> frozenset[str]:
        """The assessors' roles to which an executive director reports there.

        That is the next step of every nominee (``eligibility.next_step_executive``). Trusts are led by a chief
        executive, CCGs by an accountable officer (National Health Service Act 2006, schedules 7 and 1A).
        """
        if not self.sector:
            return frozenset()
        return frozenset({AssessorRole.ACCOUNTABLE_OFFICER if self.sector == _CCG else AssessorRole.CHIEF_EXECUTIVE})


async def places(session: AsyncSession) -> dict[str, Place]:
    """Every organisation's place, by its ODS code."""
    known = await session.exec(select(Organisation))
    return {one.code: Place(one.type, one.system_code, one.local_office_code, one.region) for one in known}
