"""What an organisation's nominators look at: nominations, what was begun, letters, colleagues.

Every query is filtered by who asks; lists are a page at a time, by key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import func, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from models.enums import CohortPhase, Stage
from models.spans import Span, SpanParts
from models.tables import (
    Cohort,
    Endorsement,
    Nomination,
    NominationDraft,
    OutboxMessage,
    Person,
    PolicyVersion,
    RoleGrant,
)
from rules.calendar import after as later
from storage.lists import Asker, visible_to

MOST_DRAFTS = 50
"""How many nominations that were begun a page shows; the newest come first."""
_OVER = (CohortPhase.RELEASED, CohortPhase.ENDED)

Row = TypeVar("Row")


class _Terms(BaseModel):
    """The parts of a policy that say when and whom one can nominate."""

    grace: Span
    consent_within: Span
    self_nomination: bool
    eligibility: dict[str, bool]
    bank_holidays: frozenset[date]


_DOCUMENT = col(PolicyVersion.document)
_TERMS = func.jsonb_build_object(
    "grace",
    _DOCUMENT["window"]["grace"],
    "consent_within",
    _DOCUMENT["nomination"]["consent_within"],
    "self_nomination",
    _DOCUMENT["nomination"]["self_nomination"],
    "eligibility",
    _DOCUMENT["eligibility"],
    "bank_holidays",
    _DOCUMENT["bank_holidays"],
    type_=JSONB,
)


@dataclass(frozen=True)
class Window:
    """When a cohort takes nominations.

    Attributes:
        cohort: Its id.
        name: Its name.
        region: Whose people can be nominated.
        opens_at: When it opens.
        closes_at: The deadline people are told.
        last_at: Until when a nomination is taken all the same.
        consent_within: How long a nominee has to answer, at most until the window closes.
        self_nomination: Whether people may nominate themselves.
        scheduled: Whether it has not been opened yet, whatever the time.
        eligibility: The policy's eligibility rules that are switched on.
    """

    cohort: str
    name: str
    region: str
    opens_at: datetime
    closes_at: datetime
    last_at: datetime
    consent_within: SpanParts
    self_nomination: bool
    scheduled: bool
    eligibility: frozenset[str]

    def is_ahead(self, now: datetime) -> bool:
        """Whether it has still to open."""
        return self.scheduled or now < self.opens_at

    def is_open(self, now: datetime) -> bool:
        """Whether a nomination is taken now."""
        return not self.is_ahead(now) and now <= self.last_at


@dataclass(frozen=True)
class OwnNomination:
    """A nomination of the asker's organisation, with what belongs to it."""

    nomination: Nomination
    nominee: Person
    cohort: Cohort
    endorsement: Endorsement | None

    @property
    def waits_for_endorsement(self) -> bool:
        """Whether the organisation can still endorse it, and should."""
        early = (Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING)
        return self.endorsement is None and self.nomination.stage in early


@dataclass(frozen=True)
class Begun:
    """A nomination that somebody has begun and not sent."""

    draft: NominationDraft
    begun_by: str
    cohort: str


@dataclass(frozen=True)
class Sheet:
    """One page of a list, and whether there is more before and after it."""

    earlier: bool
    further: bool


async def windows(session: AsyncSession) -> tuple[Window, ...]:
    """The windows of every cohort whose decisions are not released, in the order in which they close."""
    rows = await session.exec(
        select(Cohort, _TERMS)
        .join(
            PolicyVersion,
            and_(
                col(PolicyVersion.cohort_id) == col(Cohort.id),
                col(PolicyVersion.version) == col(Cohort.policy_version),
            ),
        )
        .where(col(Cohort.phase).not_in(_OVER))
        .order_by(col(Cohort.closes_at), col(Cohort.id))
    )
    return tuple(_window(cohort, _Terms.model_validate(terms)) for cohort, terms in rows)


def _window(cohort: Cohort, terms: _Terms) -> Window:
    return Window(
        cohort=cohort.id,
        name=cohort.name,
        region=cohort.region,
        opens_at=cohort.opens_at,
        closes_at=cohort.closes_at,
        last_at=later(cohort.closes_at, terms.grace, terms.bank_holidays),
        consent_within=terms.consent_within,
        self_nomination=terms.self_nomination,
        scheduled=cohort.phase is CohortPhase.SCHEDULED,
        eligibility=frozenset(rule for rule, is_on in terms.eligibility.items() if is_on),
    )


async def own_nominations(
    session: AsyncSession, asker: Asker, stage: Stage | None, *, after: str = "", before: str = "", limit: int = 50
) -> tuple[tuple[OwnNomination, ...], Sheet]:
    """The organisation's nominations by id: the first after ``after``, or the last before ``before``."""
    key = col(Nomination.id)
    query = _owned(asker)
    if stage is not None:
        query = query.where(col(Nomination.stage) == stage)
    query = query.where(key < before).order_by(key.desc()) if before else query.where(key > after).order_by(key)
    rows = [OwnNomination(*row) for row in (await session.exec(query.limit(limit + 1))).all()]
    return _page(rows, limit, after=after, before=before)


async def own_nomination(session: AsyncSession, asker: Asker, nomination: str) -> OwnNomination | None:
    """The nomination, or None if there is none or it is another organisation's."""
    row = (await session.exec(_owned(asker).where(col(Nomination.id) == nomination))).one_or_none()
    return None if row is None else OwnNomination(*row)


async def counts_of(session: AsyncSession, asker: Asker) -> dict[Stage, int]:
    """How many of the organisation's nominations stand where."""
    rows = await session.exec(
        select(Nomination.stage, func.count()).where(visible_to(asker)).group_by(col(Nomination.stage))
    )
    return {Stage(stage): count for stage, count in rows}


async def begun_at(session: AsyncSession, asker: Asker) -> tuple[Begun, ...]:
    """The nominations somebody at the organisation has begun and not sent, newest first."""
    rows = await session.exec(
        _drafts(asker)
        .where(col(NominationDraft.nomination_id).is_(None))
        .order_by(col(NominationDraft.saved_at).desc(), col(NominationDraft.id))
        .limit(MOST_DRAFTS)
    )
    return tuple(Begun(draft, name, cohort) for draft, name, cohort in rows)


async def begun(session: AsyncSession, asker: Asker, draft: str) -> Begun | None:
    """A nomination somebody at the organisation has begun, sent or not; None if it is another one's."""
    row = (await session.exec(_drafts(asker).where(col(NominationDraft.id) == draft))).one_or_none()
    return None if row is None else Begun(*row)


async def endorsement_begun(session: AsyncSession, asker: Asker, draft: str) -> dict[str, str]:
    """What somebody at the organisation has typed into an endorsement that is not given yet; empty if nothing."""
    found = await session.exec(
        select(NominationDraft.content).where(
            col(NominationDraft.id) == draft, col(NominationDraft.organisation_code).in_(sorted(asker.places))
        )
    )
    return dict(found.one_or_none() or {})


async def letters_to(
    session: AsyncSession, asker: Asker, *, after: str = "", before: str = "", limit: int = 50
) -> tuple[tuple[tuple[OutboxMessage, str], ...], Sheet]:
    """Letters to this person as a nominator, with the nominees' names, newest first."""
    known = await letter_to(session, asker, after or before) if after or before else None
    place = known[0] if known else None
    key = tuple_(col(OutboxMessage.queued_at), col(OutboxMessage.id))
    query = _letters(asker)
    if place is not None and after:
        query = query.where(key < tuple_(place.queued_at, place.id))
    elif place is not None:
        query = query.where(key > tuple_(place.queued_at, place.id))
    ways = (col(OutboxMessage.queued_at), col(OutboxMessage.id))
    query = query.order_by(*(ways if before else (way.desc() for way in ways))).limit(limit + 1)
    rows = [(letter, name) for letter, name in await session.exec(query)]
    return _page(rows, limit, after=after, before=before)


async def letters_about(session: AsyncSession, asker: Asker, nomination: str) -> tuple[OutboxMessage, ...]:
    """Letters to this person as a nominator about one nomination, newest first; at most 50."""
    rows = await session.exec(
        _letters(asker)
        .where(col(OutboxMessage.nomination_id) == nomination)
        .order_by(col(OutboxMessage.queued_at).desc(), col(OutboxMessage.id).desc())
        .limit(50)
    )
    return tuple(letter for letter, _ in rows)


async def letter_to(session: AsyncSession, asker: Asker, letter: str) -> tuple[OutboxMessage, str] | None:
    """A letter to this person as a nominator with the nominee's name, or None if it is not theirs."""
    row = (await session.exec(_letters(asker).where(col(OutboxMessage.id) == letter))).one_or_none()
    return None if row is None else (row[0], row[1])


async def people_of(session: AsyncSession, asker: Asker) -> Sequence[tuple[RoleGrant, Person]]:
    """Who may act for the organisation, by name."""
    rows = await session.exec(
        select(RoleGrant, Person)
        .join(Person, col(Person.id) == col(RoleGrant.person_id))
        .where(col(RoleGrant.organisation_code).in_(sorted(asker.places)))
        .order_by(col(Person.full_name), col(Person.id), col(RoleGrant.role))
    )
    return rows.all()


def _owned(asker: Asker) -> Select[Nomination, Person, Cohort, Endorsement]:
    return (
        select(Nomination, Person, Cohort, Endorsement)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(Cohort, col(Cohort.id) == col(Nomination.cohort_id))
        .join(Endorsement, col(Endorsement.nomination_id) == col(Nomination.id), isouter=True)
        .where(visible_to(asker))
    )


def _drafts(asker: Asker) -> Select[NominationDraft, str, str]:
    return (
        select(NominationDraft, Person.full_name, Cohort.name)
        .join(Person, col(Person.id) == col(NominationDraft.person_id))
        .join(Cohort, col(Cohort.id) == col(NominationDraft.cohort_id))
        .where(
            col(NominationDraft.organisation_code).in_(sorted(asker.places)),
            # What begins otherwise is an endorsement that is being typed.
            col(NominationDraft.id).startswith("d-"),
        )
    )


def _letters(asker: Asker) -> Select[OutboxMessage, str]:
    """A person who is also a nominee or an assessor reads those letters in that role, and not here."""
    return (
        select(OutboxMessage, Person.full_name)
        .join(Nomination, col(Nomination.id) == col(OutboxMessage.nomination_id))
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .where(
            visible_to(asker),
            col(OutboxMessage.person_id) == asker.person,
            col(OutboxMessage.assessment_id).is_(None),
            col(Nomination.person_id) != asker.person,
        )
    )


def _page(rows: list[Row], limit: int, *, after: str, before: str) -> tuple[tuple[Row, ...], Sheet]:
    """Cuts what was read beyond the page, and puts a page that was read backwards the right way round."""
    more, shown = len(rows) > limit, rows[:limit]
    if before:
        return tuple(reversed(shown)), Sheet(earlier=more, further=True)
    return tuple(shown), Sheet(earlier=bool(after), further=more)
