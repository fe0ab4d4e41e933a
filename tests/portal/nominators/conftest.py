"""Somebody who nominates for another organisation, and must see nothing of the first one's."""

from datetime import UTC, datetime

import pytest

from models.enums import Role
from models.ids import PersonId
from models.messages import By
from models.tables import Organisation, Person, RoleGrant
from tests.workflows.rig import Rig

AWAY = "RQ9"


@pytest.fixture
async def stranger(rig: Rig) -> By:
    """A nominator of an organisation of this test alone."""
    number = rig.number()
    code, person = f"Z{number:04d}", PersonId(f"p-f{number:011x}")
    async with rig.sessions.begin() as session:
        session.add(
            Organisation(
                code=code,
                name=f"Trust {code}",
                type="Trust",
                region="Midlands and East",
                local_office_code="Q76",
                system_code="SQ",
                system_name="System",
            )
        )
        session.add(Person(id=person, full_name="The stranger", email=f"stranger.{number}@example.nhs.test"))
        await session.flush()
        grant = RoleGrant(person_id=person, role=Role.NOMINATOR, organisation_code=code, granted_at=datetime.now(UTC))
        session.add(grant)
    return By(person=person, role=Role.NOMINATOR)
