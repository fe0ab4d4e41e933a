"""GOV.UK Notify as the way messages leave, and what its receipts say became of them.

Source: docs.notifications.service.gov.uk, "REST API", read with notifications-python-client 13.
"""

import asyncio
import logging
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum

import requests
import structlog
from notifications_python_client.errors import HTTPError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import MessageStatus
from models.tables import OutboxMessage
from notify.channels import CannotDeliver, ChannelError, PerhapsDelivered, TryLater

TIMEOUT_SECONDS = 20
_log = structlog.get_logger()
# The library writes Notify's own words about a message into the log; they are not ours to vouch for.
logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)


class NotifyChannel:
    """Hands each message to GOV.UK Notify, which writes it into a template of ``((subject))`` and ``((body))``.

    Notify has no idempotency key. The outbox's id goes along as the reference: when an answer is lost, Notify is
    asked whether it has a message of this reference, and only if that fails as well nobody can tell.
    """

    name = "notify"
    idempotent = False

    def __init__(self, key: SecretStr, template: str, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._key = key
        self._template = template
        self._url = url
        self._timeout_seconds = timeout_seconds

    async def send(self, message: EmailMessage, message_id: str) -> None:
        """Hand the message over; see `notify.channels.Channel.send`. Its library blocks, so a thread waits."""
        await asyncio.to_thread(self._send, message, message_id)

    def _send(self, message: EmailMessage, message_id: str) -> None:
        # The library's client is for one thread, and so is this one.
        client = NotificationsAPIClient(  # type: ignore[no-untyped-call]
            self._key.get_secret_value(), base_url=self._url, timeout=self._timeout_seconds
        )
        try:
            client.send_email_notification(  # type: ignore[no-untyped-call]
                email_address=str(message["To"].addresses[0].addr_spec),
                template_id=self._template,
                personalisation={"subject": str(message["Subject"]), "body": _text(message)},
                reference=message_id,
            )
        except HTTPError as error:
            if error.response is None and not _never_left(error):
                _look_for(client, message_id)
                return
            # Its words may hold the address; its status does not.
            raise _refused(error) from None
        except InvalidResponse:
            _look_for(client, message_id)
        finally:
            client.request_session.close()


def _text(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


def _never_left(error: HTTPError) -> bool:
    """Whether the connection could not be made at all, so that nothing was handed over."""
    cause = error.__cause__
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return True
    inner = cause.args[0] if isinstance(cause, requests.exceptions.ConnectionError) and cause.args else None
    return type(getattr(inner, "reason", None)).__name__ in {"NewConnectionError", "NameResolutionError", "SSLError"}


def _look_for(client: NotificationsAPIClient, message_id: str) -> None:
    """Asks whether Notify has taken a message whose answer was lost.

    Raises:
        PerhapsDelivered: It does not say that it has.
    """
    try:
        known = client.get_all_notifications(reference=message_id)  # type: ignore[no-untyped-call]
        taken = bool(known["notifications"])
    except (HTTPError, InvalidResponse, KeyError, TypeError):
        taken = False
    if not taken:
        raise PerhapsDelivered("notify_no_answer")


def _refused(error: HTTPError) -> ChannelError:
    """What a refusal means: an address that will not do never will; a key or a template is the settings' fault."""
    if error.response is None:
        return TryLater("notify_unreachable")
    status = error.status_code
    if status == 400 and _kinds(error) == {"ValidationError"}:
        return CannotDeliver("notify_400")
    return TryLater(f"notify_{status}")


def _kinds(error: HTTPError) -> set[str]:
    said = error.message
    return {str(one.get("error")) for one in said if isinstance(one, dict)} if isinstance(said, list) else set()


# ---------------------------------------------------------------------------------------------------------
# Receipts


class Fate(StrEnum):
    """What Notify says became of an email."""

    DELIVERED = "delivered"
    PERMANENT_FAILURE = "permanent-failure"
    TEMPORARY_FAILURE = "temporary-failure"
    TECHNICAL_FAILURE = "technical-failure"


class Receipt(BaseModel):
    """What Notify calls back with; the address it names is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(max_length=64)
    reference: str | None = Field(default=None, max_length=120)
    status: Fate


async def note_receipt(sessions: async_sessionmaker[AsyncSession], receipt: Receipt, now: datetime) -> bool:
    """Notes what became of a message; whether it is one of the outbox. Hearing it twice changes nothing.

    A message that did not arrive has failed, so operations see it and can send it again; one that was uncertain and
    arrived was sent.
    """
    async with sessions.begin() as session:
        message = None
        if receipt.reference:
            message = await session.get(OutboxMessage, receipt.reference, with_for_update=True)
        if message is not None and message.status in {MessageStatus.SENT, MessageStatus.UNCERTAIN}:
            arrived = receipt.status is Fate.DELIVERED
            message.status = MessageStatus.SENT if arrived else MessageStatus.FAILED
            message.failure = None if arrived else f"notify_{receipt.status.value.replace('-', '_')}"
            message.sent_at = (message.sent_at or now) if arrived else None
            session.add(message)
    _log.info("message receipt", message=receipt.reference if message else None, status=receipt.status.value)
    return message is not None
