"""What the pages of nominators show, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from models.enums import EndorserPost, MessageStatus, NominationRoute, Readiness, Stage, Template, WithdrawReason
from models.policy import Policy
from models.tables import AuditEvent, OutboxMessage
from portal.deadlines import Deadline
from portal.nominators.standing import WORDS, Standing, happened, standing_of
from portal.words import day, moment
from rules.calendar import span_in_words
from rules.eligibility import EligibilityRule
from storage.nominator_pages import Begun, OwnNomination, Window

READINESS: Mapping[str, str] = {
    Readiness.READY_NOW: "Ready now",
    Readiness.MONTHS_6_TO_12: "Ready in 6 to 12 months",
    Readiness.YEARS_1_TO_2: "Ready in 1 to 2 years",
}
POSTS: Mapping[str, str] = {
    EndorserPost.CHIEF_EXECUTIVE: "Chief executive",
    EndorserPost.ACCOUNTABLE_OFFICER: "Accountable officer",
    EndorserPost.EXECUTIVE_DIRECTOR: "Another executive director",
}
REASONS: Mapping[str, str] = {
    WithdrawReason.NEW_POST: "The nominee has a new post",
    WithdrawReason.PERSONAL: "Personal reasons of the nominee",
    WithdrawReason.NO_LONGER_SUPPORTED: "The organisation no longer supports the nomination",
    WithdrawReason.ENTERED_IN_ERROR: "The nomination was made in error",
    WithdrawReason.OTHER: "Another reason",
}
LETTERS = {
    Template.ENDORSEMENT_REQUEST: "Please endorse a nomination",
    Template.DEADLINE_MOVED: "A deadline has moved",
    Template.LAPSED: "A nomination has ended",
    Template.INELIGIBLE: "A nomination is not eligible",
    Template.WITHDRAWN: "A nomination has been withdrawn",
    Template.DEFERRED: "A nomination has been put off",
    Template.READMITTED: "A nomination has been let back in",
    Template.PAUSED: "A nomination is paused",
    Template.RESUMED: "A nomination goes on",
}
NO_MORE = "This round takes no nominations any more."
_RULES = {
    EligibilityRule.EMPLOYED_IN_REGION: "work for an NHS organisation in {region}",
    EligibilityRule.REPORTS_TO_BOARD: "report to a member of the board, or somebody of the same standing",
    EligibilityRule.NEXT_STEP_EXECUTIVE: "have an executive director post as their next step",
    EligibilityRule.ENDORSED: "be endorsed by a chief executive, an accountable officer or an executive director",
}
"""What a nominee must do, by the policy's eligibility rules."""
_SENT = {
    MessageStatus.WAITING: "On its way",
    MessageStatus.SENDING: "On its way",
    MessageStatus.UNCERTAIN: "Perhaps sent",
    MessageStatus.FAILED: "Could not be delivered",
}


@dataclass(frozen=True)
class Choice:
    """One of several to choose from."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Fact:
    """A line of a summary; with ``change_href`` where it can be changed."""

    label: str
    value: str
    change_href: str = ""
    change_words: str = ""


@dataclass(frozen=True)
class Answer:
    """An answer on the page where answers are checked; ``wrong`` says what is wrong with it."""

    code: str
    label: str
    value: str
    change_href: str
    change_words: str
    wrong: str = ""


@dataclass(frozen=True)
class Line:
    """A nomination in the list."""

    href: str
    nominee: str
    number: str
    cohort: str
    standing: Standing
    self_nominated: bool


@dataclass(frozen=True)
class DraftLine:
    """A nomination that was begun."""

    href: str
    delete_href: str
    nominee: str
    cohort: str
    begun_by: str
    saved: str


@dataclass(frozen=True)
class WindowLine:
    """A cohort's window in a sentence; ``is_open`` where one can nominate now, ``rules`` on who can be nominated."""

    cohort: str
    name: str
    sentence: str
    consent: str
    is_open: bool
    rules: tuple[str, ...]


@dataclass(frozen=True)
class LetterLine:
    """A letter in the list."""

    href: str
    what: str
    nominee: str
    number: str
    when: str
    status: str


@dataclass(frozen=True)
class Happened:
    """An item of the timeline."""

    when: str
    title: str
    text: str = ""
    kind: str = ""


def options(words: Mapping[str, str]) -> list[Choice]:
    """Codes with their words, to choose from."""
    return [Choice(str(code), text) for code, text in words.items()]


def line_of(own: OwnNomination, now: datetime, policy: Policy) -> Line:
    """A nomination for the list."""
    row = own.nomination
    return Line(
        href=path_of(row.id),
        nominee=own.nominee.full_name,
        number=row.id,
        cohort=own.cohort.name,
        standing=standing_of(own, now, policy),
        self_nominated=row.route is NominationRoute.SELF,
    )


def draft_line_of(begun: Begun) -> DraftLine:
    """A nomination that was begun, for the list."""
    draft = begun.draft
    return DraftLine(
        href=draft_path(draft.id),
        delete_href=draft_path(draft.id, "delete"),
        nominee=draft.content.get("nominee_name") or "Nobody named yet",
        cohort=begun.cohort,
        begun_by=begun.begun_by,
        saved=moment(draft.saved_at),
    )


def window_line_of(window: Window, now: datetime) -> WindowLine:
    """A cohort's window in a sentence."""
    is_open = window.is_open(now)
    if is_open:
        sentence = f"Nominations are open until {moment(window.closes_at)}."
        if now > window.closes_at:
            until = Deadline(window.closes_at, window.last_at, now).until
            sentence = f"Nominations closed at {moment(window.closes_at)}. What you send is taken until {until}."
    elif not window.is_ahead(now):
        sentence = f"Nominations closed at {moment(window.closes_at)}."
    elif now < window.opens_at:
        opens, closes = moment(window.opens_at), moment(window.closes_at)
        sentence = f"Nominations open at {opens} and close at {closes}."
    else:
        sentence = "Nominations are about to open."
    return WindowLine(
        cohort=window.cohort,
        name=window.name,
        sentence=sentence,
        consent=span_in_words(window.consent_within),
        is_open=is_open,
        rules=tuple(
            words.format(region=window.region) for rule, words in _RULES.items() if rule.value in window.eligibility
        ),
    )


def letter_line_of(letter: OutboxMessage, nominee: str) -> LetterLine:
    """A letter for a list."""
    return LetterLine(
        href=f"/organisation/messages/{slug_of(letter.id)}",
        what=LETTERS.get(letter.template, "A message about a nomination"),
        nominee=nominee,
        number=letter.nomination_id or "",
        when=moment(letter.sent_at or letter.queued_at),
        status="Sent" if letter.status is MessageStatus.SENT else _SENT[letter.status],
    )


def timeline_of(events: Sequence[AuditEvent], standing: Standing) -> list[Happened]:
    """What has happened, and what happens next."""
    items: list[Happened] = []
    before = ""
    for event in events:
        stage = str((event.after or {}).get("stage", ""))
        items.append(Happened(moment(event.at), happened(event.what, stage, before)))
        before = stage
    if standing.when:
        items.append(Happened(standing.when, standing.next, kind="next"))
    return items


def stage_choices(counts: Mapping[Stage, int]) -> list[Choice]:
    """The stages in which there is a nomination, in the order of a nomination's life."""
    return [Choice(stage.value, f"{WORDS[stage].tag} ({counts[stage]})") for stage in Stage if counts.get(stage)]


def endorsement_fact(own: OwnNomination, endorser: str) -> Fact:
    """Who endorsed it."""
    if own.endorsement is None:
        return Fact("Endorsement", "Not endorsed yet" if own.waits_for_endorsement else "Not endorsed")
    said = own.endorsement
    return Fact("Endorsement", f"{endorser}, {POSTS[said.post].lower()}, on {day(said.given_at)}")


def path_of(nomination: str, what: str = "") -> str:
    """The page of a nomination, or one below it."""
    return f"/organisation/nominations/{quote(nomination, safe='')}" + (f"/{what}" if what else "")


def draft_path(draft: str, what: str = "") -> str:
    """The page of a nomination that was begun, or one below it."""
    return f"/organisation/nominate/{quote(draft, safe='')}" + (f"/{what}" if what else "")


def slug_of(letter: str) -> str:
    """A letter's id as one part of an address: no slash, ``#`` or ``+`` can stand there as it is."""
    return quote(letter.replace("/", "~"), safe="~:")


def letter_id(slug: str) -> str:
    """The letter's id again."""
    return slug.replace("~", "/")
