"""Nominating: what is said, what must hold for it, and the rows it becomes."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import cohort_row, require
from acts.errors import NotKnownError, RefusedError
from acts.tellings import start_telling
from intake.known import Wanted, one_at_a_time, upsert_people
from models.enums import CohortPhase, EndorserPost, NominationRoute, Readiness, Role, SteerReason, Template
from models.ids import CohortId, NominationId, OrganisationCode, PersonId, nomination_workflow
from models.messages import By, NominationStart
from models.policy import Policy
from models.tables import (
    Cohort,
    EarlierPost,
    Endorsement,
    Nomination,
    Organisation,
    OutboxMessage,
    RoleGrant,
    Telling,
)
from rules.calendar import after, in_words
from rules.permissions import Act, Subject
from rules.policies import nomination_terms
from storage import audit
from storage.lists import person_at
from storage.policies import policy_of
from storage.steps import constraint_of

ONE_LIVE_NOMINATION = "uq_nomination_live_person_cohort"
NOT_BY_ONESELF = "Nobody endorses their own nomination: name a senior leader who knows their work."


@dataclass(frozen=True)
class Endorsing:
    """Who endorses, in which post, from which organisation, in which words."""

    full_name: str
    email: str
    post: EndorserPost
    organisation: OrganisationCode
    statement: str = ""


@dataclass(frozen=True)
class Nominating:
    """What an organisation, or the nominee, says when nominating."""

    cohort: CohortId
    organisation: OrganisationCode
    route: NominationRoute
    full_name: str
    email: str
    readiness: Readiness
    post: str = ""
    interests: tuple[str, ...] = ()
    earlier_posts: tuple[tuple[OrganisationCode, date], ...] = ()
    endorsement: Endorsing | None = None
    reference: str = ""
    late_reason: SteerReason | None = field(default=None)


class Nominated(NamedTuple):
    """A nomination that is saved in a transaction, and what starts its workflow."""

    nomination: NominationId
    telling: Telling


async def nominate_in(
    session: AsyncSession, said: Nominating, by: By | None, *, let_in_by: By | None, now: datetime
) -> Nominated:
    """Saves a nomination within a transaction, with what is to start its workflow once it is saved.

    Args:
        session: The transaction.
        said: What was said.
        by: Who nominates; None is the nominee themselves, who is not known before.
        let_in_by: Who of operations lets it in after the window and its grace, for ``said.late_reason``.
        now: The present moment.

    Raises:
        RefusedError: The window is not open, the person is nominated already, or this person may not.
        NotKnownError: There is no such cohort or organisation.
    """
    # Two acts at once would both find a new endorser absent, and both add them.
    await one_at_a_time(session)
    cohort = await cohort_row(session, said.cohort, lock=True)
    policy = await policy_of(session, cohort.id)
    await _require_window(session, cohort, policy, said=said, let_in_by=let_in_by, now=now)
    if await session.get(Organisation, said.organisation) is None:
        raise NotKnownError(f"There is no organisation '{said.organisation}': give its ODS code.")
    nominee, endorser = await _people(session, said, by)
    _refuse_for_oneself(said, nominee, endorser, by)
    by = by or By(person=nominee, role=Role.NOMINEE)
    await require(session, by, Act.NOMINATE, Subject(organisation=said.organisation, nominee=nominee))
    cohort.last_number += 1
    nomination = NominationId(f"{cohort.id}-{cohort.last_number:04d}")
    session.add(cohort)
    session.add(_row(said, nomination, nominee, by, now))
    await _flush_live(session)
    if said.endorsement and endorser:
        session.add(endorsement_row(said.endorsement, nomination, endorser, now))
    elif said.route is NominationRoute.SELF:
        await _ask_for_endorsement(session, said, nomination, cohort, now)
    start = NominationStart(
        nomination=nomination,
        cohort=said.cohort,
        organisation=said.organisation,
        by=by,
        closes_at=cohort.closes_at,
        terms=nomination_terms(policy),
        due_at=_late_due(policy, now) if said.late_reason else None,
        reason=said.late_reason,
    )
    telling = start_telling(nomination_workflow(nomination), "nomination", start, now)
    session.add(telling)
    if let_in_by is not None:
        await audit.append(
            session,
            at=now,
            actor=let_in_by.person,
            role=let_in_by.role,
            what="let in late",
            subject=nomination,
            reason=said.late_reason,
        )
    return Nominated(nomination, telling)


async def _require_window(
    session: AsyncSession, cohort: Cohort, policy: Policy, *, said: Nominating, let_in_by: By | None, now: datetime
) -> None:
    """Refuses a nomination outside the window and its grace, unless operations let it in with a reason."""
    if said.route is NominationRoute.SELF and not policy.nomination.self_nomination:
        raise RefusedError("This cohort takes no self-nominations: ask your organisation to nominate.")
    last = after(cohort.closes_at, policy.window.grace, policy.bank_holidays)
    if (said.late_reason is None) != (let_in_by is None):
        raise RefusedError("Only operations can let a nomination in late, with a reason.")
    if let_in_by is not None:
        await require(session, let_in_by, Act.LET_IN_LATE, Subject())
        if cohort.phase in (CohortPhase.SCHEDULED, CohortPhase.RELEASED, CohortPhase.ENDED):
            raise RefusedError("Nominations can be let in late from the closing of the window to the release.")
        if now <= last:
            raise RefusedError("The window is open: nominate without a reason.")
        return
    if now < cohort.opens_at or cohort.phase is CohortPhase.SCHEDULED:
        raise RefusedError(f"Nominations open on {in_words(cohort.opens_at)}.")
    if now > last:
        raise RefusedError(
            f"Nominations closed on {in_words(cohort.closes_at)}. "
            "Ask operations if there is a reason to be let in late."
        )


def _late_due(policy: Policy, now: datetime) -> datetime:
    return after(now, policy.nomination.consent_within, policy.bank_holidays)


async def _people(session: AsyncSession, said: Nominating, by: By | None) -> tuple[PersonId, PersonId | None]:
    wanted = [Wanted(said.email, said.full_name, said.post)]
    if said.endorsement:
        wanted.append(endorser_of(said.endorsement))
    known = await person_at(session, said.email)
    people = (await upsert_people(session, wanted)).by_address
    nominee = PersonId(people[said.email.lower()].id)
    # Earlier posts bar assessors from panels. Somebody known keeps theirs: a nominator could otherwise take away, or
    # make up, a conflict of interest of an assessor by nominating them. Only they themselves add to them.
    if known is None or (by is not None and by.person == nominee):
        await _add_earlier_posts(session, nominee, said)
    return nominee, PersonId(people[said.endorsement.email.lower()].id) if said.endorsement else None


async def _add_earlier_posts(session: AsyncSession, nominee: PersonId, said: Nominating) -> None:
    there = await session.exec(select(EarlierPost.organisation_code).where(col(EarlierPost.person_id) == nominee))
    known = set(there)
    for organisation, left_on in dict(said.earlier_posts).items():
        if organisation not in known:
            session.add(EarlierPost(person_id=nominee, organisation_code=organisation, left_on=left_on))


def _refuse_for_oneself(said: Nominating, nominee: PersonId, endorser: PersonId | None, by: By | None) -> None:
    """Two people stand behind a nomination, whichever way it came.

    Raises:
        RefusedError: Somebody nominates themselves for their organisation, or endorses themselves.
    """
    if by is not None and said.route is NominationRoute.ORGANISATION and nominee == by.person:
        raise RefusedError("Nobody nominates themselves for their organisation: ask a colleague to do it.")
    if endorser == nominee:
        raise RefusedError(NOT_BY_ONESELF)


def endorser_of(said: Endorsing) -> Wanted:
    """Who endorses, with the title they have: the word for their post is the endorsement's, not the person's."""
    return Wanted(said.email, said.full_name, post="")


async def _flush_live(session: AsyncSession) -> None:
    """Sends the new nomination to the database, which keeps a person to one live nomination in a cohort."""
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) == ONE_LIVE_NOMINATION:
            raise RefusedError("This person has a nomination in this cohort already.") from None
        raise


def _row(said: Nominating, nomination: NominationId, nominee: PersonId, by: By, now: datetime) -> Nomination:
    return Nomination(
        id=nomination,
        cohort_id=said.cohort,
        reference=said.reference,
        person_id=nominee,
        organisation_code=said.organisation,
        nominated_by=by.person,
        route=said.route,
        readiness=said.readiness,
        interests=list(said.interests),
        late_reason=said.late_reason,
        created_at=now,
        stage_since=now,
    )


def endorsement_row(said: Endorsing, nomination: NominationId, endorser: PersonId, now: datetime) -> Endorsement:
    """The row of an endorsement, in the words it was given in."""
    return Endorsement(
        nomination_id=nomination,
        person_id=endorser,
        post=said.post,
        organisation_code=said.organisation,
        statement=said.statement,
        given_at=now,
    )


async def _ask_for_endorsement(
    session: AsyncSession, said: Nominating, nomination: NominationId, cohort: Cohort, now: datetime
) -> None:
    """Somebody put themselves forward: those who nominate for their organisation are asked to endorse."""
    nominators = await session.exec(
        select(RoleGrant.person_id)
        .where(col(RoleGrant.role) == Role.NOMINATOR, col(RoleGrant.organisation_code) == said.organisation)
        .order_by(col(RoleGrant.person_id))
    )
    for number, nominator in enumerate(nominators.all()):
        session.add(
            OutboxMessage(
                id=f"{nomination_workflow(nomination)}:0:{number}",
                template=Template.ENDORSEMENT_REQUEST,
                person_id=nominator,
                cohort_id=cohort.id,
                nomination_id=nomination,
                facts={"due_at": cohort.closes_at.isoformat()},
                queued_at=now,
            )
        )
