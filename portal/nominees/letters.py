"""Letters as their reader got them, written from what is stored; any number of them from one look at the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.enums import NominationRoute
from models.tables import OutboxMessage
from notify.as_written import as_written
from notify.compose import Sender
from notify.facts import TERMS, About, FactsError, Reader, read_facts
from notify.render import TemplateError, render
from portal.words import moment
from storage.nominee_pages import OwnNomination


@dataclass(frozen=True)
class LetterInWords:
    """A letter: when it was sent (or that it is on its way), its subject and its text."""

    when: str
    subject: str
    body: str


def letters_in_words(
    own: OwnNomination,
    name: str,
    letters: Sequence[OutboxMessage],
    reasons: Mapping[str, tuple[str, ...]],
    sender: Sender,
) -> list[LetterInWords]:
    """The letters about one nomination to its nominee, in the order given.

    Args:
        own: The nomination.
        name: The nominee's full name.
        letters: Those to show.
        reasons: By nomination, why it was found not eligible.
        sender: Whom they come from.
    """
    return [_in_words(own, name, letter, reasons.get(own.nomination.id, ()), sender) for letter in letters]


def _in_words(
    own: OwnNomination, name: str, letter: OutboxMessage, reasons: tuple[str, ...], sender: Sender
) -> LetterInWords:
    when = f"Sent at {moment(letter.sent_at)}" if letter.sent_at else f"Written at {moment(letter.queued_at)}"
    try:
        facts = read_facts(letter.template, letter.facts)
        names = TERMS[letter.template].names
        then = as_written(letter, sender, own.outcome)
        about = About(
            reader=Reader.NOMINEE,
            person=name,
            cohort=own.cohort.name,
            region=own.cohort.region,
            reference=own.nomination.id,
            contact=then.contact,
            service=then.service,
            nominee=name,
            organisation=own.organisation,
            self_nominated=own.nomination.route is NominationRoute.SELF,
            due_at=facts.due_at,
            remaining=facts.remaining,
            outcome=then.outcome if "outcome" in names else None,
            reasons=reasons if "reasons" in names else (),
            strengths=facts.strengths,
            development=facts.development,
            refusal=facts.refusal,
            taken_until=then.taken_until,
            for_everyone=then.for_everyone,
        )
        written = render(letter.template, about)
    except (FactsError, TemplateError):
        return LetterInWords(when, "A message that cannot be shown", "Ask the operations team for a copy of it.")
    return LetterInWords(when, written.subject, written.body)
