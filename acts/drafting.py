"""Nominations that an organisation has begun: kept as they are typed, and sent as one act.

Anybody who nominates for the organisation can go on with what a colleague has begun. Answers are kept as typed,
right or not; what is wrong is said before a nomination is sent. What is typed into the endorsement of a nomination
that is there is kept in the same way, in a row that names the nomination.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import CHANGING, Desk, cohort_row, nomination_row, require, subject_of
from acts.errors import NotKnownError, RefusedError
from acts.importing import nominating
from acts.nominating import nominate_in
from acts.nominations import NominationActs
from intake.characters import CellError, legible
from intake.forms import NOMINATION, read_nomination
from intake.known import Cell, unknown_organisations
from intake.problems import BadForm, RowProblem
from intake.rows import NominationRow
from models.ids import CohortId, NominationId, OrganisationCode
from models.messages import By
from models.tables import Endorsement, Nomination, NominationDraft, Person
from rules.permissions import Act, Subject

LISTS = frozenset({"interests", "previous_organisations"})
"""Answers with an entry on each line; a file has semicolons between them."""
ANSWERS = frozenset(NOMINATION) - {"organisation", "route"}
"""What a draft may hold: the form's fields, without those that are known from who nominates."""
LONGEST = 8000
"""The most characters that are kept of one answer; more than any answer may have in the end."""
BEGUN_HERE = "d-"
"""What the ids of an organisation's own drafts begin with."""
_BY = "/by"
_SENT = "This nomination has been sent already, and can no longer be changed here."
_NONE = "There is no nomination here that was begun. It may have been deleted."


@dataclass(frozen=True)
class Kept:
    """An answer as it is kept. ``revision`` is 0 before there is any."""

    content: str
    revision: int
    saved_at: datetime


class AnswerChangedError(RefusedError):
    """The answer has changed since the page that was sent was opened; ``theirs`` is what is kept."""

    def __init__(self, field: str, theirs: Kept) -> None:
        super().__init__("This answer has been changed since you opened the page.")
        self.field = field
        self.theirs = theirs


def revision_of(content: str | None) -> int:
    """A number that tells one text from another; 0 for no answer at all."""
    return 0 if content is None else 1 + int.from_bytes(sha256(content.encode()).digest()[:6])


def answers_of(draft: NominationDraft) -> dict[str, str]:
    """What has been answered, as typed, by the form's field."""
    return {name: text for name, text in draft.content.items() if name in ANSWERS}


def endorsement_draft(nomination: NominationId) -> str:
    """The id under which the endorsement of a nomination is kept while it is typed."""
    return f"e-{sha256(nomination.encode()).hexdigest()[:16]}"


def said_in(draft: NominationDraft) -> NominationRow:
    """What a draft says, read by the rules of the form.

    Raises:
        BadForm: With everything that is missing or wrong.
    """
    cells = {name: in_one_line(name, text) for name, text in answers_of(draft).items()}
    return read_nomination({**cells, "organisation": draft.organisation_code})


def in_one_line(name: str, text: str) -> str:
    """An answer as the form's cell has it: entries with semicolons between them."""
    return ";".join(part.strip() for part in text.splitlines() if part.strip()) if name in LISTS else text


async def wrong_in(session: AsyncSession, draft: NominationDraft, by: By) -> tuple[RowProblem, ...]:
    """Everything for which the draft cannot be sent yet, by the form's field; the window is not asked here."""
    try:
        said = said_in(draft)
    except BadForm as bad:
        return bad.problems
    own = (await session.exec(select(func.lower(Person.email)).where(col(Person.id) == by.person))).one()
    mentioned = [Cell(0, "previous_organisations", left.organisation) for left in said.previous_organisations]
    mentioned.append(Cell(0, "endorser_organisation", said.endorser_organisation))
    problems = await unknown_organisations(session, mentioned)
    if said.nominee_email.lower() == own:
        sentence = "You cannot nominate yourself for your organisation. Ask a colleague, or do it from your account."
        problems.append(_problem("nominee_email", sentence))
    if said.reference and await _is_taken(session, draft.cohort_id, said.reference):
        problems.append(_problem("reference", "Another nomination has this reference. Choose another one."))
    return tuple(problems)


def _problem(column: str, sentence: str) -> RowProblem:
    return RowProblem(line=0, column=column, value_shown="", sentence=sentence)


class DraftingActs:
    """Begins, keeps, deletes and sends the nominations of an organisation."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def begin(self, cohort: CohortId, organisation: OrganisationCode, by: By) -> str:
        """Begins a nomination; its id says nothing about anybody.

        Raises:
            RefusedError: This person does not nominate for the organisation.
            NotKnownError: There is no such cohort.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            await require(session, by, Act.NOMINATE, Subject(organisation=organisation))
            await cohort_row(session, cohort)
            draft = NominationDraft(
                id=f"{BEGUN_HERE}{secrets.token_hex(8)}",
                organisation_code=organisation,
                cohort_id=cohort,
                person_id=by.person,
                begun_at=now,
                saved_at=now,
            )
            session.add(draft)
        return draft.id

    async def save(
        self,
        draft: str,
        organisation: OrganisationCode,
        by: By,
        answers: Mapping[str, str],
        seen: Mapping[str, int],
        *,
        strict: bool = False,
    ) -> dict[str, Kept]:
        """Keeps answers as typed, complete or not.

        Args:
            draft: Which nomination.
            organisation: Whose it is.
            by: Who types.
            answers: The texts, by the form's field.
            seen: Which revision of each the page had that was typed into; one that is not named is taken as it is.
            strict: Whether an answer the same person gave in another tab counts as changed too.

        Raises:
            AnswerChangedError: Somebody has changed one of them since.
            RefusedError: It was sent, a text cannot be kept, or this person may not.
            NotKnownError: There is no such draft at the organisation.
        """
        kept = {name: keepable(name, text) for name, text in answers.items()}
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await _draft(session, draft, organisation, by)
            put(row, kept, by, seen_or_as_it_is(row, seen), strict=strict, now=now)
            session.add(row)
        return {name: Kept(text, revision_of(text), now) for name, text in kept.items()}

    async def save_endorsement(
        self,
        nomination: NominationId,
        by: By,
        answers: Mapping[str, str],
        seen: Mapping[str, int],
        *,
        strict: bool = False,
    ) -> dict[str, Kept]:
        """Keeps what is typed into the endorsement of a nomination that is there, until it is given.

        Raises:
            AnswerChangedError: Somebody has changed one of them since.
            RefusedError: It is endorsed already, a text cannot be kept, or this person may not.
            NotKnownError: There is no such nomination.
        """
        kept = {name: keepable(name, text) for name, text in answers.items()}
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            about = await nomination_row(session, nomination)
            await require(session, by, Act.ENDORSE, subject_of(about))
            if await session.get(Endorsement, nomination) is not None:
                raise RefusedError("This nomination has been endorsed already.")
            row = await _begun_endorsement(session, about, by, now)
            put(row, kept, by, seen_or_as_it_is(row, seen), strict=strict, now=now)
            session.add(row)
        return {name: Kept(text, revision_of(text), now) for name, text in kept.items()}

    async def forget_endorsement(self, nomination: NominationId) -> None:
        """Deletes what was typed into an endorsement, once it is given."""
        async with self._desk.transaction() as session:
            row = await session.get(NominationDraft, endorsement_draft(nomination))
            if row is not None:
                await session.delete(row)

    async def choose_cohort(self, draft: str, organisation: OrganisationCode, by: By, cohort: CohortId) -> None:
        """Lets the nomination be for another cohort.

        Raises:
            RefusedError: It was sent, or this person may not.
            NotKnownError: There is no such draft at the organisation, or no such cohort.
        """
        async with self._desk.transaction() as session:
            row = await _draft(session, draft, organisation, by)
            await cohort_row(session, cohort)
            row.cohort_id = cohort
            row.saved_at = self._desk.clock()
            session.add(row)

    async def delete(self, draft: str, organisation: OrganisationCode, by: By) -> None:
        """Deletes what was begun, with everything typed into it.

        Raises:
            RefusedError: It was sent, or this person may not.
            NotKnownError: There is no such draft at the organisation.
        """
        async with self._desk.transaction() as session:
            await session.delete(await _draft(session, draft, organisation, by))

    async def send(self, draft: str, organisation: OrganisationCode, by: By) -> NominationId:
        """Nominates, once however often it is sent; what was typed then stands in the nomination alone.

        Raises:
            BadForm: Something is missing or wrong, with everything that is.
            RefusedError: The window is not open, the person is nominated already, or this person may not.
            NotKnownError: There is no such draft at the organisation.
        """
        nominations = NominationActs(self._desk)
        async with self._desk.transaction() as session:
            # The lock makes whoever sends it at the same moment wait, and find it sent.
            row = await _draft(session, draft, organisation, by, sent=True)
            if row.nomination_id is not None:
                return NominationId(row.nomination_id)
            problems = await wrong_in(session, row, by)
            if problems:
                raise BadForm(problems)
            nominated = await nominate_in(
                session, nominating(said_in(row), row.cohort_id), by, let_in_by=None, now=self._desk.clock()
            )
            row.nomination_id, row.content = nominated.nomination, {}
            session.add(row)
        return await nominations.start(nominated)


async def _draft(
    session: AsyncSession, draft: str, organisation: OrganisationCode, by: By, *, sent: bool = False
) -> NominationDraft:
    """The draft, locked; one that was sent is refused unless ``sent``."""
    row = await session.get(NominationDraft, draft, with_for_update=CHANGING)
    # What begins otherwise is an endorsement, or a nomination that somebody makes of themselves.
    if row is None or row.organisation_code != organisation or not draft.startswith(BEGUN_HERE):
        raise NotKnownError(_NONE)
    await require(session, by, Act.NOMINATE, Subject(organisation=organisation))
    if row.nomination_id is not None and not sent:
        raise RefusedError(_SENT)
    return row


async def _begun_endorsement(session: AsyncSession, about: Nomination, by: By, now: datetime) -> NominationDraft:
    """The row an endorsement is kept in, locked; it names its nomination from the beginning."""
    key = endorsement_draft(NominationId(about.id))
    await session.exec(
        insert(NominationDraft)
        .values(
            id=key,
            organisation_code=about.organisation_code,
            cohort_id=about.cohort_id,
            person_id=by.person,
            content={},
            begun_at=now,
            saved_at=now,
            nomination_id=about.id,
        )
        .on_conflict_do_nothing()
    )
    return await session.get_one(NominationDraft, key, with_for_update=CHANGING)


def seen_or_as_it_is(row: NominationDraft, seen: Mapping[str, int]) -> dict[str, int]:
    """Which revision of each answer was seen; one that is not named, as it is kept now."""
    return {name: revision_of(text) for name, text in answers_of(row).items()} | dict(seen)


def put(
    row: NominationDraft, kept: Mapping[str, str], by: By, seen: Mapping[str, int], *, strict: bool, now: datetime
) -> None:
    """Puts answers in the place of those that were seen; ``strict`` as `DraftingActs.save` has it.

    Raises:
        AnswerChangedError: Somebody has changed one of them since.
    """
    for name, text in kept.items():
        there = row.content.get(name)
        others = strict or row.content.get(name + _BY) != by.person
        if there is not None and there != text and others and seen.get(name) != revision_of(there):
            raise AnswerChangedError(name, Kept(there, revision_of(there), row.saved_at))
    changed = {name: text for name, text in kept.items() if row.content.get(name) != text}
    row.content = {**row.content, **changed, **{name + _BY: by.person for name in changed}}
    row.saved_at = now


def keepable(name: str, text: str) -> str:
    """A text as it is kept.

    Raises:
        RefusedError: A nomination has no such field, or the text cannot be kept.
    """
    if name not in ANSWERS:
        raise RefusedError(f"A nomination has no field '{name}'.")
    if len(text) > LONGEST:
        raise RefusedError(f"This has {len(text)} characters: shorten it to at most {LONGEST}, so that it is kept.")
    try:
        return legible(text.strip(), running=True)
    except CellError as error:
        raise RefusedError(str(error)) from None


async def _is_taken(session: AsyncSession, cohort: str, reference: str) -> bool:
    found = await session.exec(
        select(Nomination.id).where(col(Nomination.cohort_id) == cohort, col(Nomination.reference) == reference)
    )
    return found.first() is not None
