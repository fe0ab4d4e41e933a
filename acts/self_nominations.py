"""Somebody nominates themselves: who they are, what they have typed so far, and sending it, once.

A draft is one person's in one round: its id is made of both, so that beginning twice leads to the same draft. Nothing
but the address that the person has shown to be theirs says who is nominated.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Column, ColumnElement, Table, delete, func, not_
from sqlalchemy import exists as there_is
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import CHANGING, Desk, cohort_row, require
from acts.drafting import Kept, answers_of, in_one_line, keepable, put, revision_of, seen_or_as_it_is
from acts.errors import NotKnownError, RefusedError
from acts.importing import nominating
from acts.nominating import nominate_in
from acts.nominations import NominationActs
from intake.forms import read_nomination
from intake.known import (
    LONGEST_NAME,
    Cell,
    Wanted,
    is_named,
    name_before_it_is_known,
    one_at_a_time,
    unknown_organisations,
    upsert_people,
)
from intake.problems import BadForm, RowProblem
from intake.rows import NominationRow
from models.enums import NominationRoute, Role
from models.ids import CohortId, NominationId, OrganisationCode, PersonId
from models.messages import By
from models.tables import Nomination, NominationDraft, Person
from rules.permissions import Act, Subject
from storage.lists import person_at
from storage.policies import policy_of
from storage.self_pages import BEGUN, live_nominations, takes_part

ORGANISATION = "organisation"
"""The answer that stands in the draft's own column."""
ASKED = frozenset({"nominee_name", ORGANISATION, "current_post", "readiness", "interests", "previous_organisations"})
"""What is asked; the address is known, and an endorsement is for the organisation to give."""
MOST_A_DAY = 3
"""Nominations somebody makes of themselves within a day, in all rounds: each one writes to their organisation."""
KEPT_FOR = timedelta(days=60)
"""How long what was begun is kept after it was saved last."""
_A_DAY = timedelta(days=1)
_AT_ONCE = 200
_SENT = "You have sent this nomination already, and it can no longer be changed here."
_NONE = "There is no nomination here that you have begun. It may have been deleted."
_NOT_TAKING_PART = "This organisation does not take part, or nobody but you acts for it. Choose another one."
_IN_IT_ALREADY = "You have a nomination in this round already."


def self_draft(person: str, cohort: str) -> str:
    """The id of somebody's own draft in a round; it says nothing about them."""
    return BEGUN + sha256(f"{person}/{cohort}".encode()).hexdigest()[:16]


def own_words(by: PersonId) -> By:
    """Somebody who acts on their own nomination."""
    return By(person=by, role=Role.NOMINEE)


def said_in(draft: NominationDraft, person: Person) -> NominationRow:
    """What a draft says, read by the rules of the form.

    Raises:
        BadForm: With everything that is missing or wrong.
    """
    cells = {name: in_one_line(name, text) for name, text in answers_of(draft).items() if name in ASKED}
    if is_named(person):
        cells["nominee_name"] = person.full_name
    return read_nomination(
        {
            **cells,
            ORGANISATION: draft.organisation_code,
            "route": NominationRoute.SELF,
            "nominee_email": person.email,
        }
    )


async def wrong_in(session: AsyncSession, draft: NominationDraft, person: Person) -> tuple[RowProblem, ...]:
    """Everything for which the draft cannot be sent yet, by the form's field; the window is not asked here."""
    try:
        said = said_in(draft, person)
    except BadForm as bad:
        return bad.problems
    mentioned = [Cell(0, "previous_organisations", left.organisation) for left in said.previous_organisations]
    problems = await unknown_organisations(session, mentioned)
    if not await takes_part(session, draft.organisation_code, person.id):
        problems.append(RowProblem(line=0, column=ORGANISATION, value_shown="", sentence=_NOT_TAKING_PART))
    return tuple(problems)


async def whose(session: AsyncSession, email: str) -> PersonId:
    """Whose address this is, which they have shown to be theirs; somebody new is added, without a name yet."""
    person = await person_at(session, email)
    if person is None:
        await one_at_a_time(session)
        people = await upsert_people(session, [Wanted(email, name_before_it_is_known(email), "")])
        person = people.by_address[email.lower()]
    return PersonId(person.id)


class SelfNominationActs:
    """Begins, keeps, deletes and sends the nomination that somebody makes of themselves."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def begin(self, cohort: CohortId, organisation: OrganisationCode, person: PersonId) -> str:
        """Begins a nomination, or goes on with the one that was begun; its id.

        Raises:
            RefusedError: The round takes none, the organisation does not take part, or there is one already.
            NotKnownError: There is no such cohort.
        """
        now = self._desk.clock()
        draft = self_draft(person, cohort)
        async with self._desk.transaction() as session:
            await cohort_row(session, cohort)
            await require(
                session, own_words(person), Act.NOMINATE, Subject(organisation=organisation, nominee=person)
            )
            if not (await policy_of(session, cohort)).nomination.self_nomination:
                raise RefusedError("This round takes no self-nominations: ask your organisation to nominate you.")
            if not await takes_part(session, organisation, person):
                raise RefusedError(_NOT_TAKING_PART)
            if cohort in await live_nominations(session, person):
                raise RefusedError(_IN_IT_ALREADY)
            await session.exec(
                insert(NominationDraft)
                .values(
                    id=draft,
                    organisation_code=organisation,
                    cohort_id=cohort,
                    person_id=person,
                    content={},
                    begun_at=now,
                    saved_at=now,
                )
                .on_conflict_do_nothing()
            )
            row = await session.get_one(NominationDraft, draft, with_for_update=CHANGING)
            # One that was sent is over: they begin anew.
            row.nomination_id, row.organisation_code = None, organisation
            session.add(row)
        return draft

    async def save(
        self,
        draft: str,
        person: PersonId,
        answers: Mapping[str, str],
        seen: Mapping[str, int],
        *,
        strict: bool = False,
    ) -> dict[str, Kept]:
        """Keeps answers as typed, complete or not; the arguments are those of `DraftingActs.save`.

        Raises:
            AnswerChangedError: The answer was changed in another tab since.
            RefusedError: It was sent, a text cannot be kept, or the organisation does not take part.
            NotKnownError: They have begun no such nomination.
        """
        kept = {name: _keepable(name, text) for name, text in answers.items()}
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await _draft(session, draft, person)
            if ORGANISATION in kept:
                if not await takes_part(session, kept[ORGANISATION], person):
                    raise RefusedError(_NOT_TAKING_PART)
                row.organisation_code = kept[ORGANISATION]
            texts = {name: text for name, text in kept.items() if name != ORGANISATION}
            put(row, texts, own_words(person), seen_or_as_it_is(row, seen), strict=strict, now=now)
            session.add(row)
        return {name: Kept(text, revision_of(text), now) for name, text in kept.items()}

    async def delete(self, draft: str, person: PersonId) -> None:
        """Deletes what was begun, with everything typed into it.

        Raises:
            RefusedError: It was sent.
            NotKnownError: They have begun no such nomination.
        """
        async with self._desk.transaction() as session:
            await session.delete(await _draft(session, draft, person))

    async def send(self, draft: str, person: PersonId) -> NominationId:
        """Nominates, once however often it is sent; what was typed then stands in the nomination alone.

        Raises:
            BadForm: Something is missing or wrong, with everything that is.
            RefusedError: The window is not open, they are nominated already, or have nominated themselves too often.
            NotKnownError: They have begun no such nomination.
        """
        nominations = NominationActs(self._desk)
        async with self._desk.transaction() as session:
            # The lock makes whoever sends it at the same moment wait, and find it sent.
            row = await _draft(session, draft, person, sent=True)
            if row.nomination_id is not None:
                return NominationId(row.nomination_id)
            who = await session.get_one(Person, person)
            problems = await wrong_in(session, row, who)
            if problems:
                raise BadForm(problems)
            await _refuse_too_many(session, person, self._desk.clock())
            said = nominating(said_in(row, who), row.cohort_id)
            nominated = await nominate_in(session, said, own_words(person), let_in_by=None, now=self._desk.clock())
            row.nomination_id, row.content = nominated.nomination, {}
            session.add(row)
        return await nominations.start(nominated)


async def forget(session: AsyncSession, now: datetime) -> None:
    """Deletes what people began of themselves long ago and never sent, and those of whom nothing else is known."""
    await session.exec(
        delete(NominationDraft).where(
            col(NominationDraft.id).startswith(BEGUN),
            col(NominationDraft.nomination_id).is_(None),
            col(NominationDraft.saved_at) < now - KEPT_FOR,
        )
    )
    nobody = (
        select(Person.id)
        .where(
            col(Person.full_name) == func.left(col(Person.email), LONGEST_NAME),
            *(not_(_refers(column)) for column in _REFERRING),
        )
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await session.exec(delete(Person).where(col(Person.id).in_(nobody)))


def _refers(column: Column[str]) -> ColumnElement[bool]:
    return there_is().where(column == col(Person.id))


def _referring() -> tuple[Column[str], ...]:
    """Every column of every table that names a person the database must know."""
    tables: list[Table] = SQLModel.metadata.sorted_tables
    return tuple(
        column
        for table in tables
        for column in table.columns
        if any(key.target_fullname == "person.id" for key in column.foreign_keys)
    )


_REFERRING = _referring()


async def _draft(session: AsyncSession, draft: str, person: PersonId, *, sent: bool = False) -> NominationDraft:
    """The draft, locked; one that was sent is refused unless ``sent``."""
    row = await session.get(NominationDraft, draft, with_for_update=CHANGING)
    if row is None or row.person_id != person or not draft.startswith(BEGUN):
        raise NotKnownError(_NONE)
    if row.nomination_id is not None and not sent:
        raise RefusedError(_SENT)
    return row


def _keepable(name: str, text: str) -> str:
    if name not in ASKED:
        raise RefusedError(f"A nomination has no field '{name}'.")
    return text if name == ORGANISATION else keepable(name, text)


async def _refuse_too_many(session: AsyncSession, person: PersonId, now: datetime) -> None:
    made = await session.exec(
        select(func.count())
        .select_from(Nomination)
        .where(
            col(Nomination.person_id) == person,
            col(Nomination.nominated_by) == person,
            col(Nomination.created_at) > now - _A_DAY,
        )
    )
    if made.one() >= MOST_A_DAY:
        raise RefusedError(
            f"You have nominated yourself {MOST_A_DAY} times in a day. What you typed is kept: try again tomorrow."
        )
