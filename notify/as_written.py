"""What a message said that changes afterwards: kept with it when it is written, so that pages show it as it was sent.

Kept are the service's own addresses, the board's decision and what was said of a deadline, in the message's facts: no
name and no text. Names are read anew each time, so that nothing personal stays behind in messages.
"""

from dataclasses import dataclass
from datetime import datetime

from models.enums import Outcome
from models.tables import OutboxMessage
from notify.compose import Sender
from notify.facts import About

_CONTACT, _SERVICE, _OUTCOME = "written_contact", "written_service", "written_outcome"
_TAKEN, _EVERYONE = "written_taken", "written_for_everyone"


@dataclass(frozen=True)
class AsWritten:
    """What changes after a message was sent.

    Attributes:
        contact: The address for questions.
        service: Where to sign in; empty where replies were asked for.
        outcome: The board's decision, None before there was one.
        taken_until: Until when the next step was still taken, where its date had passed.
        for_everyone: Whether the date was the closing of the round.
    """

    contact: str
    service: str
    outcome: Outcome | None
    taken_until: datetime | None = None
    for_everyone: bool = False


def note_as_written(owed: OutboxMessage, about: About) -> None:
    """Notes in a message's facts what it is written with; the transaction that sends it keeps them."""
    noted = {_CONTACT: about.contact, _SERVICE: about.service, _OUTCOME: about.outcome.value if about.outcome else ""}
    if about.taken_until is not None:
        noted[_TAKEN] = about.taken_until.isoformat()
    if about.for_everyone:
        noted[_EVERYONE] = "yes"
    if noted.items() - owed.facts.items():
        # A new dictionary, since one that is changed in place is not seen to have changed.
        owed.facts = {**owed.facts, **noted}


def as_written(owed: OutboxMessage, sender: Sender, outcome: Outcome | None) -> AsWritten:
    """What a message was written with, once it was sent; before that, and of one sent before this was kept, as now.

    Args:
        owed: The message.
        sender: Whom messages come from now.
        outcome: The board's decision as it is now.
    """
    if owed.sent_at is None or _CONTACT not in owed.facts:
        return AsWritten(sender.contact, sender.service, outcome)
    kept = owed.facts
    decided = kept.get(_OUTCOME, "")
    taken = kept.get(_TAKEN, "")
    return AsWritten(
        kept[_CONTACT],
        kept.get(_SERVICE, ""),
        Outcome(decided) if decided else None,
        datetime.fromisoformat(taken) if taken else None,
        _EVERYONE in kept,
    )
