"""The ways a message leaves: a mailbox folder on disk, and SMTP."""

import asyncio
import os
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote
from uuid import uuid4

import aiosmtplib
from pydantic import SecretStr


class ChannelError(Exception):
    """A message did not leave, or may not have; ``code`` is a word without addresses, fit to store and log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TryLater(ChannelError):  # noqa: N818 -- it says what to do
    """The message did not leave, and may if it is tried again later."""


class CannotDeliver(ChannelError):  # noqa: N818 -- it says what is so
    """The message did not leave, and trying again would not change that."""


class PerhapsDelivered(ChannelError):  # noqa: N818 -- it says what is so
    """Sending broke off when the message may have left already; on such a channel nobody can tell."""


class Channel(Protocol):
    """A way for messages to leave."""

    @property
    def name(self) -> str:
        """A word for log lines."""
        ...

    @property
    def idempotent(self) -> bool:
        """Whether sending the same message id twice is sending it once."""
        ...

    async def send(self, message: EmailMessage, message_id: str) -> None:
        """Send the message.

        Args:
            message: A complete email.
            message_id: The outbox id, the idempotency key.

        Raises:
            TryLater: It did not leave; it may later.
            CannotDeliver: It did not leave and never will.
            PerhapsDelivered: It may have left; only where ``idempotent`` is false.
        """
        ...


# ---------------------------------------------------------------------------------------------------------
# A folder on disk

_MOST_BYTES = 255
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)


def file_name(message_id: str) -> str:
    """A file name for a message id, safe and distinct on every system: ``/`` is ``+``, ``:`` is ``=``.

    Capital letters are written ``~a``, since some file systems do not tell ``A`` from ``a``; anything else that
    is not a letter, digit, dot, underscore or hyphen is ``%`` and its UTF-8 bytes in hexadecimal.

    Raises:
        ValueError: The id is empty or its name would be longer than 255 bytes.
    """
    name = "".join(map(_letter, message_id))
    if name.startswith(".") or name.split(".", 1)[0] in _RESERVED:
        name = f"%{ord(name[0]):02X}" + name[1:]
    name += ".eml"
    if not message_id or len(name) > _MOST_BYTES:
        raise ValueError("a message id must have at least one character and fit a file name of 255 bytes")
    return name


def id_of(name: str) -> str:
    """The message id a file name was made of: the inverse of `file_name`."""
    letters = iter(name.removesuffix(".eml"))
    back = {"+": "/", "=": ":"}
    parts = [next(letters).upper() if letter == "~" else back.get(letter, letter) for letter in letters]
    return unquote("".join(parts))


def _letter(letter: str) -> str:
    if letter in _PLAIN:
        return letter
    if letter.isascii() and letter.isupper():
        return "~" + letter.lower()
    return {"/": "+", ":": "="}.get(letter) or "".join(f"%{byte:02X}" for byte in letter.encode())


class MailboxChannel:
    """Writes each message to ``<folder>/<id>.eml``, whole or not at all, and once however often it is sent.

    Files are their owner's alone (0600), and so is the folder if it is made here (0700); one that is there stays
    as open as it is.
    """

    name = "mailbox"
    idempotent = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, message: EmailMessage, message_id: str) -> None:
        """Write the file, unless it is there; see `Channel.send`. A crash may leave a hidden ``.part`` file."""
        try:
            target = self.folder / file_name(message_id)
        except ValueError:
            raise CannotDeliver("id_unusable") from None
        try:
            await asyncio.to_thread(_write_once, target, message.as_bytes(policy=SMTP_POLICY))
        except OSError:
            # Its words would name the folder; a full or missing disk is mended by a person, then tried again.
            raise TryLater("mailbox_unwritable") from None


def _write_once(target: Path, content: bytes) -> None:
    if target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.parent / f".{uuid4().hex}.part"
    try:
        # Letters hold names: the file is its owner's alone.
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _keep_entry(target.parent)


def _keep_entry(folder: Path) -> None:
    """Make the new name in ``folder`` survive a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---------------------------------------------------------------------------------------------------------
# SMTP


_FAREWELL_SECONDS = 2.0


@dataclass(frozen=True)
class SmtpServer:
    """Where and how to hand over messages. ``timeout_seconds`` bounds each exchange with the server."""

    host: str
    port: int = 587
    user: str | None = None
    password: SecretStr | None = None
    starttls: bool = True
    timeout_seconds: float = 20.0
    tls: ssl.SSLContext | None = None


class SmtpChannel:
    """Hands each message to an SMTP server, in a connection of its own.

    SMTP (RFC 5321) has no idempotency key: between the end of the message and the server's answer nobody can tell
    whether it was taken. That moment alone raises `PerhapsDelivered`; before it a broken connection is `TryLater`.
    """

    name = "smtp"
    idempotent = False

    def __init__(self, server: SmtpServer) -> None:
        self.server = server

    async def send(self, message: EmailMessage, message_id: str) -> None:
        """Hand the message over; ``message_id`` already stands in its header. See `Channel.send`."""
        client = aiosmtplib.SMTP(
            hostname=self.server.host,
            port=self.server.port,
            timeout=self.server.timeout_seconds,
            start_tls=self.server.starttls,
            use_tls=False,
            tls_context=self.server.tls,
        )
        try:
            await self._greet(client)
            await self._envelope(client, message)
            await self._content(client, message)
            await _farewell(client)
        finally:
            client.close()

    async def _greet(self, client: aiosmtplib.SMTP) -> None:
        """Connect, encrypt and sign in. What fails here is the server's or its settings' fault, not the message's."""
        try:
            await client.connect()
            if self.server.user is not None:
                password = self.server.password.get_secret_value() if self.server.password else ""
                await client.login(self.server.user, password)
        except aiosmtplib.SMTPAuthenticationError:
            raise TryLater("smtp_login_refused") from None
        except aiosmtplib.SMTPNotSupported:
            raise TryLater("smtp_not_supported") from None
        except aiosmtplib.SMTPResponseException as error:
            raise TryLater(f"smtp_{error.code}") from None
        except (aiosmtplib.SMTPException, OSError):
            raise TryLater("smtp_unreachable") from None

    async def _envelope(self, client: aiosmtplib.SMTP, message: EmailMessage) -> None:
        sender, recipient = _address(message, "From"), _address(message, "To")
        try:
            await client.mail(sender)
        except aiosmtplib.SMTPResponseException as error:
            # The sender is the same in every message: a refusal is the settings' fault, and all of them wait.
            raise TryLater(f"smtp_{error.code}") from None
        except (aiosmtplib.SMTPException, OSError):
            raise TryLater("smtp_disconnected") from None
        try:
            await client.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error.code) from None
        except (aiosmtplib.SMTPException, OSError):
            raise TryLater("smtp_disconnected") from None

    async def _content(self, client: aiosmtplib.SMTP, message: EmailMessage) -> None:
        try:
            await client.data(message.as_bytes(policy=SMTP_POLICY))
        except aiosmtplib.SMTPResponseException as error:
            if error.code < 400:
                raise PerhapsDelivered("smtp_no_answer") from None
            raise _refused(error.code) from None
        except (aiosmtplib.SMTPException, OSError):
            raise PerhapsDelivered("smtp_no_answer") from None


async def _farewell(client: aiosmtplib.SMTP) -> None:
    # The server's answer to the message is all that counts; a farewell that fails changes nothing.
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_FAREWELL_SECONDS)


def _refused(code: int) -> ChannelError:
    """A server's reply by its first digit (RFC 5321, 4.2.1); 421 and other 4xx pass, 5xx do not."""
    return CannotDeliver(f"smtp_{code}") if code >= 500 else TryLater(f"smtp_{code}")


def _address(message: EmailMessage, header: str) -> str:
    addresses = message[header].addresses
    return str(addresses[0].addr_spec)
