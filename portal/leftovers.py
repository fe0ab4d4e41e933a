"""What is left over of signing in, that nobody can use any more, and what people began of themselves and never sent.

They are cleared when a code is asked for, after the answer and a bounded number at a time, so that no sign-in waits
and no clock of its own has to run; whatever is left goes with the next one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, tuple_
from sqlalchemy.orm import Mapped
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.self_nominations import forget
from models.tables import ActOnce, SignInAttempt, SignInCode, WebSession
from portal.answered import forget as forget_answers
from portal.sessions import SessionLimits

AT_ONCE = 200
"""Rows of a kind that are cleared at once; more than a busy day's code brings along."""
CODES_FOR = timedelta(days=1)
ACTS_FOR = timedelta(days=7)
SESSIONS_FOR = timedelta(days=30)
"""How long each is kept after it ended, for who asks what happened."""


async def clear(session: AsyncSession, limits: SessionLimits, now: datetime) -> None:
    """Removes what ended long ago; what another transaction holds is left for the next time."""
    before = now - SESSIONS_FOR
    over = or_(
        col(WebSession.ended_at) < before,
        col(WebSession.seen_at) < before - limits.idle,
        col(WebSession.started_at) < before - limits.longest,
    )
    await _clear(session, SignInCode, [col(SignInCode.id)], col(SignInCode.expires_at) < now - CODES_FOR)
    await _clear(session, SignInAttempt, [col(SignInAttempt.id)], col(SignInAttempt.expires_at) < now - CODES_FOR)
    await _clear(session, ActOnce, [col(ActOnce.asker), col(ActOnce.key)], col(ActOnce.begun_at) < now - ACTS_FOR)
    await _clear(session, WebSession, [col(WebSession.id)], over)
    await forget(session, now)
    await forget_answers(session, now)


async def _clear(
    session: AsyncSession, table: type[SQLModel], key: Sequence[Mapped[str]], over: ColumnElement[bool]
) -> None:
    chosen = select(*key).where(over).limit(AT_ONCE).with_for_update(skip_locked=True)
    await session.exec(delete(table).where(tuple_(*key).in_(chosen)))
