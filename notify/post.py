"""Reads what a message is written from, at the moment of sending, and writes it."""

from dataclasses import replace
from email.message import EmailMessage

from sqlalchemy import literal
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import NominationRoute, Template
from models.tables import Cohort, Nomination, Organisation, OutboxMessage, Person, ScreeningFinding
from notify.as_written import AsWritten, as_written, note_as_written
from notify.compose import Sender, compose
from notify.facts import TERMS, About, Facts, FactsError, Reader, read_facts
from notify.render import render
from rules.calendar import after
from storage.policies import names_are_hidden, policy_of

_OFFERS = frozenset({Template.OFFER, Template.OFFER_REMINDER})
"""What asks an assessor whether they have a conflict of interest: these name the organisation to every panel."""
_NOT_TOLD = "an organisation that its panel is not told"


async def written(session: AsyncSession, owed: OutboxMessage, sender: Sender) -> EmailMessage:
    """The email for an outbox message, with people's names and addresses as they are now.

    Its date is the moment it was queued, so that writing it twice makes the same bytes. What else may change after
    it was sent (the addresses of the service, the board's decision) is as it was then: it is noted in the message's
    facts until then, for the session's transaction to write, and read from there afterwards.

    Raises:
        FactsError: It cannot be written from what is stored; ``code`` says why.
        TemplateError: Its template cannot be used.
    """
    facts = read_facts(owed.template, owed.facts)
    recipient = await session.get(Person, owed.person_id)
    if recipient is None:
        raise FactsError("person_missing", "the person this message is for is not in the database")
    about = await _about(session, owed, recipient, facts, sender)
    letter = render(owed.template, about)
    if owed.sent_at is None:
        note_as_written(owed, about)
    return compose(
        letter,
        sender=sender,
        name=recipient.full_name,
        address=recipient.email,
        at=owed.queued_at,
        message_id=owed.id,
    )


async def _about(
    session: AsyncSession, owed: OutboxMessage, recipient: Person, facts: Facts, sender: Sender
) -> About:
    nominee = aliased(Person)
    rows = await session.exec(
        select(Nomination, Cohort, Organisation, nominee)
        .join(Cohort, col(Cohort.id) == col(Nomination.cohort_id))
        .join(Organisation, col(Organisation.code) == col(Nomination.organisation_code))
        .join(nominee, col(nominee.id) == col(Nomination.person_id))
        .where(Nomination.id == owed.nomination_id)
    )
    row = rows.one_or_none()
    if row is None:
        raise FactsError("nomination_missing", "the message names no nomination that is in the database")
    nomination, cohort, organisation, person = row
    reader = _reader(owed, nomination)
    then = as_written(owed, sender, nomination.outcome)
    if owed.sent_at is None:
        then = await _deadline(session, owed, then, cohort, facts)
    return About(
        reader=reader,
        person=recipient.full_name,
        cohort=cohort.name,
        region=cohort.region,
        reference=nomination.id,
        contact=then.contact,
        service=then.service,
        nominee=person.full_name,
        organisation=await _organisation(session, owed, nomination, organisation.name, reader),
        self_nominated=nomination.route is NominationRoute.SELF,
        due_at=facts.due_at,
        remaining=facts.remaining,
        outcome=then.outcome if "outcome" in TERMS[owed.template].names else None,
        reasons=await _reasons(session, nomination) if "reasons" in TERMS[owed.template].names else (),
        strengths=facts.strengths,
        development=facts.development,
        refusal=facts.refusal,
        taken_until=then.taken_until,
        for_everyone=then.for_everyone,
    )


async def _deadline(
    session: AsyncSession, owed: OutboxMessage, then: AsWritten, cohort: Cohort, facts: Facts
) -> AsWritten:
    """What is true of a nominee's deadline while the letter is written: whether it has passed, and whose it is.

    An assessor's deadline has another grace, of which no letter speaks.
    """
    names = TERMS[owed.template].names
    if "taken" not in names or facts.due_at is None or owed.assessment_id is not None:
        return then
    policy = await policy_of(session, cohort.id)
    written_at = owed.sending_since or owed.queued_at
    until = after(facts.due_at, policy.window.grace, policy.bank_holidays)
    return replace(
        then,
        taken_until=until if facts.due_at <= written_at else None,
        for_everyone="for_everyone" in names and facts.due_at == cohort.closes_at,
    )


async def _organisation(
    session: AsyncSession, owed: OutboxMessage, nomination: Nomination, name: str, reader: Reader
) -> str:
    """The organisation as the reader may know it: panels without names are told it in offers alone."""
    if reader is not Reader.ASSESSOR or owed.template in _OFFERS:
        return name
    hidden = await session.exec(select(names_are_hidden(literal(nomination.cohort_id))))
    return _NOT_TOLD if hidden.one() else name


def _reader(owed: OutboxMessage, nomination: Nomination) -> Reader:
    """Who the recipient is to this nomination; a message about an assessment is an assessor's."""
    if owed.assessment_id is not None:
        return Reader.ASSESSOR
    return Reader.NOMINEE if owed.person_id == nomination.person_id else Reader.ORGANISATION


async def _reasons(session: AsyncSession, nomination: Nomination) -> tuple[str, ...]:
    found = await session.exec(
        select(ScreeningFinding.reason)
        .where(ScreeningFinding.nomination_id == nomination.id, col(ScreeningFinding.met).is_(False))
        .order_by(col(ScreeningFinding.rule))
    )
    return tuple(found.all())
