"""Events for organisations' programs, read off the audit chain.

An event is a CloudEvent (1.0, JSON): which nomination came to which stage and when; it names nobody. Each endpoint
follows the chain by position: what it is owed is written in the transaction that moves it on, so nothing is left out
or owed twice, whatever dies in between.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.ids import NominationId, nomination_workflow
from models.programs import EventKind
from models.tables import AuditEvent, Nomination, WebhookDelivery, WebhookEndpoint
from storage.programs import RELEASED

SOURCE = "/api/v1"
_EVENTS_AT_ONCE = 1000


async def owe_events(sessions: async_sessionmaker[AsyncSession], now: datetime) -> int:
    """Owes every endpoint the events since it was last looked at; how many events that is, over all endpoints.

    Safe beside itself, and again after it was cut off. At most 1000 places of the chain are looked at in one go.
    """
    async with sessions.begin() as session:
        head = (await session.exec(select(func.max(AuditEvent.position)))).one() or 0
        behind = (
            await session.exec(
                select(WebhookEndpoint)
                .where(col(WebhookEndpoint.disabled_at).is_(None), col(WebhookEndpoint.after_position) < head)
                .order_by(col(WebhookEndpoint.after_position), col(WebhookEndpoint.id))
                .with_for_update(skip_locked=True)
            )
        ).all()
        if not behind:
            return 0
        until = min(head, behind[0].after_position + _EVENTS_AT_ONCE)
        following = [one.id for one in behind if one.after_position < until]
        owed = await _events(session, following, until, now)
        if owed:
            await session.exec(insert(WebhookDelivery).values(owed).on_conflict_do_nothing())
        await session.exec(
            update(WebhookEndpoint).where(col(WebhookEndpoint.id).in_(following)).values(after_position=until)
        )
    return len(owed)


async def _events(
    session: AsyncSession, endpoints: Sequence[str], until: int, now: datetime
) -> list[dict[str, object]]:
    """The changes of stage that these endpoints have not been owed yet, up to a place of the chain."""
    rows = await session.exec(
        select(WebhookEndpoint, AuditEvent, Nomination)
        .join(
            AuditEvent,
            and_(col(AuditEvent.position) > col(WebhookEndpoint.after_position), col(AuditEvent.position) <= until),
        )
        .join(
            Nomination,
            and_(
                col(Nomination.id) == col(AuditEvent.subject),
                col(Nomination.organisation_code) == col(WebhookEndpoint.organisation_code),
            ),
        )
        .where(col(WebhookEndpoint.id).in_(endpoints))
        .order_by(col(AuditEvent.position), col(WebhookEndpoint.id))
    )
    return [
        {
            "id": f"{endpoint.id}.{event.position:012d}",
            "endpoint_id": endpoint.id,
            "event": _told(event, nomination),
            "made_at": now,
            "next_at": now,
        }
        for endpoint, event, nomination in rows
        if _changes_stage(event, nomination) and _is_wanted(endpoint, event)
    ]


def _is_wanted(endpoint: WebhookEndpoint, event: AuditEvent) -> bool:
    return not endpoint.kinds or _kind(event).value in endpoint.kinds


def _kind(event: AuditEvent) -> EventKind:
    """What a change of stage tells; what follows a released decision tells what was decided, as its release does."""
    stages = {(event.before or {}).get("stage"), (event.after or {}).get("stage")}
    return EventKind.DECISION_RELEASED if stages & set(RELEASED) else EventKind.STAGE_CHANGED


def _changes_stage(event: AuditEvent, nomination: Nomination) -> bool:
    """Whether the nomination's own workflow brought it to another stage, or took it up."""
    if event.workflow_id != nomination_workflow(NominationId(nomination.id)):
        return False
    before, after = event.before or {}, event.after or {}
    return "stage" in after and (event.step == 1 or before.get("stage") != after["stage"])


def _told(event: AuditEvent, nomination: Nomination) -> dict[str, object]:
    before, after = (event.before or {}).get("stage"), (event.after or {}).get("stage")
    return {
        "specversion": "1.0",
        "id": str(event.position),
        "source": SOURCE,
        "type": _kind(event).value,
        "subject": nomination.id,
        "time": event.at.isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "nomination": nomination.id,
            "cohort": nomination.cohort_id,
            "organisation": nomination.organisation_code,
            "from": None if before == after else before,
            "to": after,
        },
    }
