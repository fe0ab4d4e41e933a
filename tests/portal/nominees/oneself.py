"""Somebody without an account, as far as tests need them: an address they have shown to be theirs, and answers."""

from acts.self_nominations import SelfNominationActs, whose
from models.enums import Role
from models.ids import PersonId
from models.messages import By
from tests.workflows.rig import HOME, CohortRig, Rig

ANSWERS = {
    "nominee_name": "Rosalind Okonkwo",
    "current_post": "Deputy Director of Finance",
    "readiness": "6_to_12_months",
    "interests": "mental health\nestates",
    "previous_organisations": "RX1 31/3/2016",
}


def own_address(rig: Rig) -> str:
    """An address nobody has used."""
    return f"rosalind.{rig.number()}@example.nhs.test"


async def newcomer(rig: Rig) -> PersonId:
    """Somebody who has shown an address to be theirs, and done nothing else."""
    async with rig.sessions.begin() as session:
        return await whose(session, own_address(rig))


async def a_complete_draft(cohort: CohortRig, person: PersonId, **changes: str) -> str:
    """A nomination they have begun of themselves, with every question answered; an empty change leaves one out."""
    acts = SelfNominationActs(cohort.rig.acts.desk)
    draft = await acts.begin(cohort.id, HOME, person)
    answers = {name: text for name, text in {**ANSWERS, **changes}.items() if text}
    await acts.save(draft, person, answers, {})
    return draft


def as_nominee(person: PersonId) -> By:
    """They, on their own nomination."""
    return By(person=person, role=Role.NOMINEE)
