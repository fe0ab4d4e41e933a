"""Acts on a nomination: nominating, applying, endorsing, withdrawing, and what operations do to steer it."""

from collections.abc import Mapping
from datetime import datetime

from acts.application_drafts import SavedField, drafted_fields, save_fields
from acts.desk import Desk, cohort_row, nomination_row, nomination_subject, require, subject_of
from acts.errors import RefusedError
from acts.nominating import (
    NOT_BY_ONESELF,
    Endorsing,
    Nominated,
    Nominating,
    endorsement_row,
    endorser_of,
    nominate_in,
)
from acts.tellings import start_telling
from intake.known import one_at_a_time, upsert_people
from models.enums import (
    CohortPhase,
    ScreeningReason,
    Stage,
    SteerReason,
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
from models.tables import (
    Endorsement,
)
from rules.applications import form, problems
from rules.calendar import in_words
from rules.permissions import Act
from rules.policies import nomination_terms
from rules.stages import WORDS
from storage.policies import policy_of


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
            nominated = await nominate_in(session, said, by, let_in_by=let_in_by, now=self._desk.clock())
        return await self.start(nominated)

    async def start(self, nominated: Nominated) -> NominationId:
        """Starts the workflow of a nomination that has just been saved."""
        await self._desk.teller.start(nominated.telling)
        return nominated.nomination

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
            people = await upsert_people(session, [endorser_of(said)])
            endorser = people.by_address[said.email.lower()]
            if row.person_id in {endorser.id, by.person}:
                raise RefusedError(NOT_BY_ONESELF)
            session.add(endorsement_row(said, nomination, PersonId(endorser.id), self._desk.clock()))
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
