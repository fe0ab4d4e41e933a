"""Acts on letters: letting one that failed, or is uncertain, be sent again."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, require
from acts.errors import NotKnownError, RefusedError
from models.enums import SteerReason
from models.messages import By
from models.tables import OutboxMessage
from notify.outbox import CannotResendError, NoSuchMessageError, resend
from rules.permissions import Act, Subject
from storage import audit


class LetterActs:
    """Each act asks first whether whoever acts may free what is stuck."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def resend(self, message: str, by: By, reason: SteerReason) -> None:
        """Lets a letter be sent again, within a minute.

        Raises:
            RefusedError: Whoever acts may not, or the letter is on its way or has been sent.
            NotKnownError: There is no such letter.
        """
        async with self._desk.transaction() as session:
            await resend_letter(session, message, by, reason, self._desk.clock())


async def resend_letter(
    session: AsyncSession, message: str, by: By, reason: SteerReason, at: datetime
) -> OutboxMessage:
    """Lets a letter be sent again, in the caller's transaction.

    Raises:
        RefusedError: Whoever acts may not, or the letter is on its way or has been sent.
        NotKnownError: There is no such letter.
    """
    # Getting something stuck to move on is what operations unblock.
    await require(session, by, Act.UNBLOCK, Subject())
    try:
        row = await resend(session, message)
    except NoSuchMessageError as error:
        raise NotKnownError(str(error)) from None
    except CannotResendError as error:
        raise RefusedError(str(error)) from None
    await audit.append(
        session,
        at=at,
        actor=by.person,
        role=by.role,
        what="message_resent",
        subject=row.nomination_id or row.id,
        after={"message": row.id, "template": row.template.value},
        reason=reason.value,
    )
    return row
