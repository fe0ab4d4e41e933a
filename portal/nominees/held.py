"""Everything held about a nominee, for the nominee: the same document is the download and the page.

It never holds other people's names, who assessed the nominee, scores, or a decision before its release (UK GDPR,
article 15; Data Protection Act 2018, schedule 2, paragraphs 16 and 25).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel

from acts.drafting import answers_of
from models.equality import QUESTIONS
from models.policy import Policy
from models.tables import Application, ApplicationDraft, AuditEvent, EarlierPost, OutboxMessage, Person
from notify.compose import Sender
from portal.nominees.letters import letters_in_words
from portal.nominees.tasks import answer_words
from portal.visitors import ROLE_WORDS
from portal.words import moment, plain
from rules.applications import form
from storage.audit import DRAFTED
from storage.equality import OwnAnswer
from storage.nominee_pages import OwnEndorsement, OwnNomination
from storage.self_pages import OwnBegun

_CHANGES = {"stage": "Stage", "due_at": "Deadline", "paused": "Paused", "until": "Asked for until"}
_MOMENTS = frozenset({"due_at", "until"})
_ROLES = {role.value: words for role, words in ROLE_WORDS.items()}


class HeldPerson(BaseModel):
    """Who you are."""

    id: str
    full_name: str
    email: str
    post: str
    earlier_posts: dict[str, date]


class HeldAnswer(BaseModel):
    """A question of the application, with what you wrote."""

    field: str
    question: str
    answer: str


class HeldDraftAnswer(HeldAnswer):
    """As last typed."""

    saved_at: datetime
    revision: int


class HeldVersion(BaseModel):
    """An application as submitted."""

    version: int
    submitted_at: datetime
    sha256: str
    answers: list[HeldAnswer]
    with_your_name_hidden: list[HeldAnswer]


class HeldEndorsement(BaseModel):
    """That somebody endorsed you, without their name."""

    post: str
    organisation: str
    given_at: datetime
    statement: str


class HeldMessage(BaseModel):
    """A message to you."""

    when: str
    subject: str
    text: str


class HeldEvent(BaseModel):
    """Something that happened; ``by`` is you, or a role."""

    at: datetime
    what: str
    by: str
    reason: str
    changed: dict[str, str]

    @property
    def in_words(self) -> str:
        """Why, and what is different since, as people read it."""
        told = [f"Reason: {plain(self.reason)}."] if self.reason else []
        for name, value in self.changed.items():
            words = moment(datetime.fromisoformat(value)) if name in _MOMENTS else plain(value)
            told.append(f"{_CHANGES[name]}: {words}.")
        return " ".join(told)


class HeldEquality(BaseModel):
    """A question about equality, with what you answered."""

    cohort: str
    question: str
    answers: list[str]
    codes: list[str]
    saved_at: datetime


class HeldNomination(BaseModel):
    """One nomination with all that belongs to it."""

    reference: str
    cohort: str
    organisation: str
    route: str
    readiness_stated_when_nominated: str
    interests: list[str]
    nominated_at: datetime
    stage: str
    stage_since: datetime
    due_at: datetime | None
    paused: bool
    decision: str
    reasons_not_eligible: list[str]
    endorsement: HeldEndorsement | None
    draft: list[HeldDraftAnswer]
    submitted: list[HeldVersion]
    messages: list[HeldMessage]
    events: list[HeldEvent]


class HeldBegun(BaseModel):
    """A nomination you began of yourself and have not sent."""

    cohort: str
    organisation: str
    begun_at: datetime
    saved_at: datetime
    answers: dict[str, str]


class Held(BaseModel):
    """Everything."""

    made_at: datetime
    person: HeldPerson
    nominations: list[HeldNomination]
    begun: list[HeldBegun]
    equality: list[HeldEquality]


@dataclass(frozen=True)
class Sources:
    """What the document is made from, each part read once for all nominations."""

    person: Person
    earlier_posts: Sequence[EarlierPost]
    nominations: Sequence[OwnNomination]
    policies: Mapping[str, Policy]
    endorsements: Sequence[OwnEndorsement]
    drafts: Sequence[ApplicationDraft]
    versions: Sequence[Application]
    letters: Sequence[OutboxMessage]
    reasons: Mapping[str, tuple[str, ...]]
    events: Sequence[AuditEvent]
    equality: Sequence[OwnAnswer]
    begun: Sequence[OwnBegun]


def held_about(sources: Sources, sender: Sender, now: datetime) -> Held:
    """The document, as things stand now."""
    person = sources.person
    return Held(
        made_at=now,
        person=HeldPerson(
            id=person.id,
            full_name=person.full_name,
            email=person.email,
            post=person.post,
            earlier_posts={one.organisation_code: one.left_on for one in sources.earlier_posts},
        ),
        nominations=[_nomination(one, sources, sender) for one in sources.nominations],
        begun=[_begun(one) for one in sources.begun if one.draft.nomination_id is None],
        equality=[_equality(one) for one in sources.equality],
    )


def _nomination(own: OwnNomination, sources: Sources, sender: Sender) -> HeldNomination:
    row = own.nomination
    policy = sources.policies[row.cohort_id]
    letters = [one for one in sources.letters if one.nomination_id == row.id]
    written = letters_in_words(own, sources.person.full_name, letters, sources.reasons, sender)
    subjects = {row.id, f"nomination/{row.id}"}
    events = [event for event in sources.events if event.subject in subjects]
    return HeldNomination(
        reference=row.id,
        cohort=own.cohort.name,
        organisation=own.organisation,
        route=row.route.value,
        readiness_stated_when_nominated=row.readiness.value,
        interests=row.interests,
        nominated_at=row.created_at,
        stage=row.stage.value,
        stage_since=row.stage_since,
        due_at=row.due_at,
        paused=row.paused,
        decision=own.outcome.value if own.outcome else "",
        reasons_not_eligible=list(sources.reasons.get(row.id, ())),
        endorsement=_endorsement(sources.endorsements, row.id),
        draft=[
            HeldDraftAnswer(
                **answer.model_dump(),
                saved_at=draft.saved_at,
                revision=draft.revision,
            )
            for draft in _in_order(sources.drafts, row.id, policy)
            for answer in _answers({draft.field: draft.content}, policy)
        ],
        submitted=[
            HeldVersion(
                version=version.version,
                submitted_at=version.submitted_at,
                sha256=version.sha256,
                answers=_answers(version.content, policy),
                with_your_name_hidden=_answers(version.redacted or {}, policy),
            )
            for version in sources.versions
            if version.nomination_id == row.id
        ],
        messages=[HeldMessage(when=one.when, subject=one.subject, text=one.body) for one in written],
        events=held_events(events, sources.person.id, decided=own.outcome is not None),
    )


def _in_order(drafts: Sequence[ApplicationDraft], nomination: str, policy: Policy) -> list[ApplicationDraft]:
    """A nomination's drafts in the order of the form; a field the form no longer has stands last."""
    order = {one.name: place for place, one in enumerate(form(policy))}
    own = [one for one in drafts if one.nomination_id == nomination]
    return sorted(own, key=lambda one: (order.get(one.field, len(order)), one.field))


def _answers(content: Mapping[str, str], policy: Policy) -> list[HeldAnswer]:
    """The answers in the order of the form; a field the form no longer has stands last, under its name."""
    fields = {one.name: one for one in form(policy)}
    order = [name for name in fields if name in content] + sorted(set(content) - set(fields))
    return [
        HeldAnswer(
            field=name,
            question=fields[name].label if name in fields else name,
            answer=answer_words(fields[name], content[name]) if name in fields else content[name],
        )
        for name in order
    ]


def _endorsement(endorsements: Sequence[OwnEndorsement], nomination: str) -> HeldEndorsement | None:
    found = next((one for one in endorsements if one.nomination == nomination), None)
    if found is None:
        return None
    given = found.endorsement
    return HeldEndorsement(
        post=given.post.value, organisation=found.organisation, given_at=given.given_at, statement=given.statement
    )


def held_events(events: Sequence[AuditEvent], person: str, *, decided: bool) -> list[HeldEvent]:
    """The events of a nomination, without who else acted.

    Args:
        events: Of this nomination, oldest first.
        person: The nominee's id.
        decided: Whether the board's decision was released; before, what tells of it is left out.
    """
    held: list[HeldEvent] = []
    for event in events:
        before, after = event.before or {}, event.after or {}
        decides = event.what == DRAFTED or before.get("outcome") != after.get("outcome")
        if decides and not decided and "stage" not in after:
            continue
        hidden = decides and not decided
        changed = {
            name: str(after[name])
            for name in _CHANGES
            if after.get(name) is not None and after.get(name) != before.get(name)
        }
        yours = event.actor == person
        held.append(
            HeldEvent(
                at=event.at,
                what="changed" if hidden else event.what,
                by="you" if yours else "" if hidden else _ROLES.get(event.role, "The system"),
                reason="" if hidden else event.reason or "",
                changed=changed,
            )
        )
    return held


def _begun(one: OwnBegun) -> HeldBegun:
    return HeldBegun(
        cohort=one.cohort.name,
        organisation=one.organisation,
        begun_at=one.draft.begun_at,
        saved_at=one.draft.saved_at,
        answers=answers_of(one.draft),
    )


def _equality(one: OwnAnswer) -> HeldEquality:
    question = next((question for question in QUESTIONS if question.code == one.question), None)
    return HeldEquality(
        cohort=one.cohort,
        question=question.text if question else one.question,
        answers=[question.words_of(code) if question else code for code in one.answers],
        codes=list(one.answers),
        saved_at=one.saved_at,
    )
