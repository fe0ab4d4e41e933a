"""A nominee puts right what was said about them: their name and their post.

Their email address stays operations' own to change, since it is how somebody shows who they are.
"""

from acts.desk import Desk, nomination_row, require, subject_of
from acts.errors import RefusedError
from models.ids import NominationId
from models.messages import By
from models.tables import Person
from rules.permissions import Act
from rules.stages import WITH_DEADLINE
from storage import audit

CORRECTED = "corrected their details"
"""What the audit trail calls it."""


class DetailsActs:
    """What nominees correct of what is known about them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def correct(self, nomination: NominationId, by: By, full_name: str, post: str) -> bool:
        """Keeps the person's name and post as they say them; whether anything changed.

        The trail says which of the two changed, and never what they were or are.

        Args:
            nomination: The person's own nomination.
            by: The nominee.
            full_name: As a file of nominations may have it.
            post: Likewise; it may be empty.

        Raises:
            RefusedError: It is not their nomination, or its application was sent or is over.
        """
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination, lock=True)
            # Who may write the application may put right what stands on its first page.
            await require(session, by, Act.SAVE_DRAFT, subject_of(row))
            if row.stage not in WITH_DEADLINE:
                # The name is taken out of what assessors read when the application is sent.
                raise RefusedError("Your details can be changed here until you send your application.")
            person = await session.get_one(Person, row.person_id, with_for_update={"key_share": True})
            said = {"full_name": full_name, "post": post}
            changed = [name for name, text in said.items() if getattr(person, name) != text]
            if not changed:
                return False
            person.full_name, person.post = full_name, post
            session.add(person)
            await audit.append(
                session,
                at=self._desk.clock(),
                actor=by.person,
                role=by.role,
                what=CORRECTED,
                subject=nomination,
                after={"changed": changed},
            )
        return True
