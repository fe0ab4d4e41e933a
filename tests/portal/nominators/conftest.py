"""Somebody who nominates for another organisation, and must see nothing of the first one's."""

from datetime import UTC, datetime

import pytest

from acts.drafting import DraftingActs
from models.enums import Role
from models.ids import PersonId
from models.messages import By
from models.tables import Organisation, Person, RoleGrant
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig


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
        session.add(Person(id=person, full_name=f"Stranger {number}", email=f"stranger.{number}@example.nhs.test"))
        await session.flush()
        grant = RoleGrant(person_id=person, role=Role.NOMINATOR, organisation_code=code, granted_at=datetime.now(UTC))
        session.add(grant)
    return By(person=person, role=Role.NOMINATOR)


ANSWERS = {
    "current_post": "Deputy Director",
    "readiness": "6_to_12_months",
    "interests": "Mental health\nestates",
    "previous_organisations": f"{ELSEWHERE} 31/3/2016",
    "endorser_name": "Rosa Finch",
    "endorser_email": "rosa.finch@example.nhs.test",
    "endorser_organisation": "",
    "endorser_post": "accountable_officer",
    "endorsement": "I support this.\n\nWith examples.",
}
"""Answers to every question that everybody is asked, beside who is nominated."""


def nominee(rig: Rig) -> dict[str, str]:
    """Somebody nobody else nominates."""
    number = rig.number()
    return {"nominee_name": f"Ada Quill {number}", "nominee_email": f"ada.quill.{number}@example.nhs.test"}


async def a_complete_draft(rig: Rig, cohort: CohortRig, **answers: str) -> str:
    """A nomination the home organisation has begun and answered; ``answers`` differ from the usual ones."""
    acts = DraftingActs(rig.acts.desk)
    draft = await acts.begin(cohort.id, HOME, rig.nominator)
    # An address without a number would belong to a name of another test.
    letters = "".join(chr(ord("A") + int(digit)) for digit in str(rig.number()))
    usual = {**ANSWERS, **nominee(rig), "nominee_name": f"Ada Quill {letters}"}
    await acts.save(draft, HOME, rig.nominator, {**usual, **answers}, {})
    return draft
