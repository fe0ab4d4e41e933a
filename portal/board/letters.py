"""Letters before they are owed: written by what sends them, from what is stored now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import Outcome, Template
from models.tables import Nomination, OutboxMessage
from notify.compose import Sender
from notify.facts import FactsError
from notify.post import written
from notify.render import TemplateError
from portal.words import plain
from rules.calendar import after
from rules.policies import nomination_terms
from storage.board_pages import feedback_facts
from storage.panels import panels_of
from storage.policies import policy_of


@dataclass(frozen=True)
class ComingLetter:
    """A letter as its reader will get it; ``problem`` says why it cannot be written as things stand."""

    template: str
    to: str
    subject: str
    body: str
    problem: str = ""


async def letters_to_come(
    session: AsyncSession, row: Nomination, templates: Sequence[Template], sender: Sender, now: datetime
) -> tuple[ComingLetter, ...]:
    """What these letters about a nomination would say if they went now; nothing is owed to anybody."""
    policy = await policy_of(session, row.cohort_id)
    panels = await panels_of(session, [row.id]) if Template.FEEDBACK in templates else ()
    until = after(now, nomination_terms(policy).reserve_for, policy.bank_holidays)
    due = {"due_at": until.isoformat()} if row.outcome is Outcome.RESERVED else {}
    letters = []
    for number, template in enumerate(templates):
        told = feedback_facts(panels, policy, row.outcome) if template is Template.FEEDBACK else {}
        owed = OutboxMessage(
            id=f"preview:{row.id}:{number}",
            template=template,
            person_id=row.person_id,
            cohort_id=row.cohort_id,
            nomination_id=row.id,
            facts={**told, **(due if template is not Template.PROMOTED else {})},
            queued_at=now,
        )
        letters.append(await _letter(session, owed, sender))
    return tuple(letters)


async def _letter(session: AsyncSession, owed: OutboxMessage, sender: Sender) -> ComingLetter:
    name = plain(owed.template)
    try:
        mail = await written(session, owed, sender)
    except (FactsError, TemplateError) as error:
        return ComingLetter(name, "", name, "", f"This letter cannot be written: {error}.")
    body = str(mail.get_content()).replace("\r\n", "\n").strip()
    # Whom it goes to is for the board to know, at which address is not.
    return ComingLetter(name, mail["To"].addresses[0].display_name, str(mail["Subject"]), body)
