"""Makes a letter into an email: MIME, addresses and identifiers."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import quote

from notify.facts import FactsError
from notify.render import Letter, one_line

_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\[\]]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)


@dataclass(frozen=True)
class Sender:
    """Who messages come from. ``contact``: the address for questions and replies. ``service``: where to sign in."""

    name: str
    address: str
    contact: str
    service: str = ""


def sender_from(written: str, *, contact: str = "", service: str = "") -> Sender:
    """Read a sender as settings state it: ``Talent Pool <talent-pool@example.nhs.test>``.

    Raises:
        ValueError: There is no email address in it.
    """
    name, address = parseaddr(one_line(written))
    if not _usable(address):
        raise ValueError(f"'{written}' is not a sender: write a name and an address, as in 'Pool <pool@example.org>'")
    return Sender(name=name, address=address, contact=contact or address, service=service)


def compose(
    letter: Letter, *, sender: Sender, name: str, address: str, at: datetime, message_id: str
) -> EmailMessage:
    """Make the email; the same arguments make the same bytes.

    Args:
        letter: What it says.
        sender: Whom it comes from; replies go to ``sender.contact``.
        name: The recipient's full name.
        address: The recipient's email address.
        at: The moment for the ``Date`` header, aware.
        message_id: The outbox id; the ``Message-ID`` header is made of it.

    Raises:
        FactsError: The address cannot be used (``address_unusable``).
    """
    if not _usable(address):
        raise FactsError("address_unusable", "the email address is not one: correct it in the person's record")
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(display_name=one_line(sender.name), addr_spec=sender.address)
        message["To"] = Address(display_name=one_line(name), addr_spec=address)
        if sender.contact != sender.address:
            message["Reply-To"] = Address(addr_spec=sender.contact)
    except (MessageError, ValueError, IndexError):
        # The parser's own words would quote the address.
        raise FactsError("address_unusable", "an email address cannot be read: correct it") from None
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(at)
    # A stable id lets mail programs that get a message twice show it once.
    message["Message-ID"] = f"<{quote(message_id, safe='')}@{sender.address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = "en-GB"
    return message


def _usable(address: str) -> bool:
    return len(address) <= 254 and address.isascii() and _ADDRESS.fullmatch(address) is not None
