"""Acts on a nomination: nominating, applying, endorsing, withdrawing, and what operations do to steer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.application_drafts import SavedField, drafted_fields, save_fields
from acts.desk import Desk, cohort_row, nomination_row, nomination_subject, require, subject_of
from acts.errors import NotKnownError, RefusedError
from acts.tellings import start_telling
from intake.known import Wanted, one_at_a_time, upsert_people
from models.enums import (
    CohortPhase,
    EndorserPost,
    NominationRoute,
    Readiness,
    Role,
    ScreeningReason,
    Stage,
    SteerReason,
    Template,
    WayOut,
    WithdrawReason,
)
from models.ids import CohortId, NominationId, OrganisationCode, PersonId, nomination_workflow
from models.messages import (
    By,
    Consent,
    DeclineNomination,
    Defer,
    Endorse,
    Extend,
    Message,
    NominationStart,
    NominationState,
    Pause,
    Reassign,
    Resume,
    Screen,
    SubmitApplication,
    Unblock,
    Withdraw,
)
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
from rules.applications import form, problems
from rules.calendar import after, in_words
from rules.permissions import Act, Subject
from rules.policies import nomination_terms
from rules.stages import WORDS
from storage import audit
from storage.lists import person_at
from storage.policies import policy_of
from storage.steps import constraint_of

ONE_LIVE_NOMINATION = "uq_nomination_live_person_cohort"
_NOT_BY_ONESELF = "Nobody endorses their own nomination: name a senior leader who knows their work."


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


class NominationActs:
    """Each act is checked, saved if it has words to save, told to the workflow, and answered with its new state."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def nominate(self, said: Nominating, by: By | None, *, let_in_by: By | None = None) -> NominationId:
        """Nominates somebody; ``by`` None is the nominee themselves, who is not known before.

        After the window and its grace, ``let_in_by`` of operations lets the nomination in for ``said.late_reason``.

        Raises:
            RefusedError: The window is not open, the person is nominated already, or this person may not.
            NotKnownError: There is no such cohort or organisation.
        """
        async with self._desk.transaction() as session:
            nominated = await self.nominate_in(session, said, by, let_in_by=let_in_by)
        return await self.start(nominated)

    async def start(self, nominated: Nominated) -> NominationId:
        """Starts the workflow of a nomination that has just been saved."""
        await self._desk.teller.start(nominated.telling)
        return nominated.nomination

    async def nominate_in(
        self, session: AsyncSession, said: Nominating, by: By | None, *, let_in_by: By | None = None
    ) -> Nominated:
        """Nominates as `nominate` does, within a transaction; once it is saved, `start` starts the workflow.

        Raises:
            RefusedError: As `nominate`.
            NotKnownError: As `nominate`.
        """
        now = self._desk.clock()
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
            session.add(_endorsement(said.endorsement, nomination, endorser, now))
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

    async def consent(self, nomination: NominationId, by: By) -> NominationState:
        """The nominee agrees to be nominated."""
        return await self._update(nomination, by, Act.CONSENT, "consent", Consent(by=by))

    async def decline(self, nomination: NominationId, by: By) -> NominationState:
        """The nominee does not wish to be nominated."""
        return await self._update(nomination, by, Act.DECLINE_NOMINATION, "decline", DeclineNomination(by=by))

    async def save_draft(
        self, nomination: NominationId, by: By, fields: Mapping[str, str], expected: Mapping[str, int] | None = None
    ) -> datetime:
        """Saves fields of the application as typed, complete or not; when they were saved.

        Raises:
            StaleDraftError: With ``expected`` revisions, a field was saved since with other text.
            RefusedError: The application has been submitted, or has no such field.
        """
        now = self._desk.clock()
        await self.save_typed(nomination, by, fields, expected or {}, now=now)
        return now

    async def save_typed(
        self,
        nomination: NominationId,
        by: By,
        fields: Mapping[str, str],
        expected: Mapping[str, int],
        *,
        now: datetime | None = None,
    ) -> dict[str, SavedField]:
        """Saves as `save_draft` does; the fields as they are stored now, with their revisions.

        Args:
            nomination: Whose application.
            by: The nominee.
            fields: What was typed, by field.
            expected: By field, the revision that was seen when typing began, 0 for none.
            now: When it is saved; the desk's present moment unless given.

        Raises:
            StaleDraftError: A field was saved since with other text; nothing was saved.
            RefusedError: The application has been submitted, or has no such field.
        """
        now = now or self._desk.clock()
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination, lock=True)
            await require(session, by, Act.SAVE_DRAFT, subject_of(row))
            if row.stage not in (Stage.NOMINATED, Stage.APPLYING):
                raise RefusedError(f"The application can no longer be changed: the nomination is {WORDS[row.stage]}.")
            known = {one.name for one in form(await policy_of(session, row.cohort_id))}
            unknown = sorted(set(fields) - known)
            if unknown:
                raise RefusedError(
                    f"The application has no field '{unknown[0]}'. It has: {', '.join(sorted(known))}."
                )
            return await save_fields(session, nomination, fields, expected, now)

    async def submit_application(self, nomination: NominationId, by: By) -> NominationState:
        """Submits the draft as it stands; refused, with every point, while it is not complete."""
        async with self._desk.sessions() as session:
            row = await nomination_row(session, nomination)
            drafts = await drafted_fields(session, nomination)
            content = {name: draft.content for name, draft in drafts.items()}
            open_points = problems(content, await policy_of(session, row.cohort_id))
        if open_points and row.stage is Stage.APPLYING:
            raise RefusedError("\n".join(point.sentence for point in open_points))
        return await self._update(nomination, by, Act.SUBMIT_APPLICATION, "submit", SubmitApplication(by=by))

    async def endorse(self, nomination: NominationId, by: By, said: Endorsing) -> NominationState:
        """Endorses a self-nomination; the words are saved and the workflow told in one act."""
        async with self._desk.transaction() as session:
            await one_at_a_time(session)
            row = await nomination_row(session, nomination, lock=True)
            await require(session, by, Act.ENDORSE, subject_of(row))
            if await session.get(Endorsement, nomination) is not None:
                raise RefusedError("This nomination has been endorsed already.")
            people = await upsert_people(session, [_endorser(said)])
            endorser = people.by_address[said.email.lower()]
            if row.person_id in {endorser.id, by.person}:
                raise RefusedError(_NOT_BY_ONESELF)
            session.add(_endorsement(said, nomination, PersonId(endorser.id), self._desk.clock()))
            telling = self._desk.owe(session, nomination_workflow(nomination), "endorse", Endorse(by=by))
        return await self._desk.teller.tell(telling, NominationState)

    async def withdraw(self, nomination: NominationId, by: By, reason: WithdrawReason) -> NominationState:
        """Takes the nomination back."""
        return await self._update(nomination, by, Act.WITHDRAW, "withdraw", Withdraw(by=by, reason=reason))

    async def screen(
        self, nomination: NominationId, by: By, *, eligible: bool, reason: ScreeningReason
    ) -> NominationState:
        """Settles screening, for a coded reason, where the rules did not pass the nomination."""
        message = Screen(by=by, eligible=eligible, reason=reason)
        return await self._update(nomination, by, Act.SCREEN, "screen", message)

    async def pause(self, nomination: NominationId, by: By, reason: SteerReason) -> NominationState:
        """Stops the clock."""
        return await self._update(nomination, by, Act.PAUSE, "pause", Pause(by=by, reason=reason))

    async def resume(self, nomination: NominationId, by: By) -> NominationState:
        """Lets the clock run again."""
        return await self._update(nomination, by, Act.RESUME, "resume", Resume(by=by))

    async def defer(self, nomination: NominationId, by: By, reason: SteerReason) -> NominationState:
        """Puts the nomination off to a later cohort."""
        return await self._update(nomination, by, Act.DEFER, "defer", Defer(by=by, reason=reason))

    async def extend(self, nomination: NominationId, by: By, until: datetime, reason: SteerReason) -> NominationState:
        """Gives the nominee longer, to consent or to apply."""
        message = Extend(by=by, until=until, reason=reason)
        return await self._update(nomination, by, Act.EXTEND, "extend", message)

    async def reassign(
        self, nomination: NominationId, by: By, assessment: str, reason: SteerReason
    ) -> NominationState:
        """Takes an assessment from an assessor; another one will be asked."""
        message = Reassign.model_validate({"by": by, "assessment": assessment, "reason": reason})
        return await self._update(nomination, by, Act.REASSIGN, "reassign", message)

    async def unblock(
        self, nomination: NominationId, by: By, way: WayOut, reason: SteerReason, to: PersonId | None = None
    ) -> NominationState:
        """Gives what needs attention its way out."""
        message = Unblock(by=by, way=way, reason=reason, to=to)
        return await self._update(nomination, by, Act.UNBLOCK, "unblock", message)

    async def readmit(self, nomination: NominationId, by: By, until: datetime, reason: SteerReason) -> None:
        """Lets a lapsed nomination back in, with a new deadline for its application.

        Raises:
            RefusedError: It has not lapsed, it lapsed off the reserve list, or the deadline lies in the past.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination, lock=True)
            cohort = await cohort_row(session, row.cohort_id)
            await require(session, by, Act.READMIT, subject_of(row))
            if row.stage is not Stage.LAPSED or row.outcome is not None:
                raise RefusedError(f"Only a lapsed nomination can be let back in: this one is {WORDS[row.stage]}.")
            if until <= now:
                raise RefusedError(f"The new deadline, {in_words(until)}, lies in the past.")
            if cohort.phase in (CohortPhase.RELEASED, CohortPhase.ENDED):
                raise RefusedError("Decisions have been released: nominate for the next cohort instead.")
            start = NominationStart(
                nomination=nomination,
                cohort=CohortId(row.cohort_id),
                organisation=OrganisationCode(row.organisation_code),
                by=by,
                closes_at=cohort.closes_at,
                terms=nomination_terms(await policy_of(session, row.cohort_id)),
                stage=Stage.APPLYING,
                due_at=until,
                reason=reason,
                steps=row.steps,
            )
            telling = start_telling(nomination_workflow(nomination), "nomination", start, now)
            session.add(telling)
        await self._desk.teller.start(telling)

    async def _update(
        self, nomination: NominationId, by: By, act: Act, name: str, message: Message
    ) -> NominationState:
        async with self._desk.sessions() as session:
            await require(session, by, act, await nomination_subject(session, nomination))
        return await self._desk.update(nomination_workflow(nomination), name, message, NominationState)


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
        wanted.append(_endorser(said.endorsement))
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
        raise RefusedError(_NOT_BY_ONESELF)


def _endorser(said: Endorsing) -> Wanted:
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


def _endorsement(said: Endorsing, nomination: NominationId, endorser: PersonId, now: datetime) -> Endorsement:
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
