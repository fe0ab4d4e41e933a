"""Tokens, endpoints and deliveries as their pages show them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from acts.programs import TEST
from models.programs import DeliveryStatus, EventKind, Scope
from models.tables import WebhookDelivery, WebhookEndpoint
from portal.api.document import SCOPES
from portal.words import day, moment
from storage.programs_kept import ProgramsOf, TokenKept

KINDS: Mapping[str, str] = MappingProxyType(
    {
        EventKind.STAGE_CHANGED: "A nomination came to another stage, up to the board's decision",
        EventKind.DECISION_RELEASED: "A decision was released, or what it led to changed",
        TEST: "A test",
    }
)
FATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DeliveryStatus.WAITING: ("Waiting", "blue"),
        DeliveryStatus.DELIVERED: ("Delivered", "green"),
        DeliveryStatus.GIVEN_UP: ("Given up", "red"),
    }
)
"""What became of an event: its tag and the tag's colour."""
_FAILURES: Mapping[str, str] = MappingProxyType(
    {
        "not_an_address": "This is not an address that events can be sent to.",
        "not_https": "The address does not begin with https.",
        "name_unknown": "The name in the address is not known.",
        "address_not_public": "The address leads into a private network. Events are sent to public addresses alone.",
        "unreachable": "Nothing answers at the address.",
        "tls_failed": "Its certificate could not be trusted.",
        "not_http": "What answers there does not speak HTTP.",
        "timeout": "It did not answer within 10 seconds.",
        "broken": "It could not be sent because of a fault of this service.",
    }
)


@dataclass(frozen=True)
class Row:
    """A line of a list of facts."""

    label: str
    value: str


@dataclass(frozen=True)
class Choice:
    """One of several to choose from."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class TokenShown:
    """A token without what is secret of it."""

    id: str
    name: str
    href: str
    state: str
    colour: str
    until: str
    used: str
    ended: bool
    facts: tuple[Row, ...]


@dataclass(frozen=True)
class EndpointShown:
    """An address that events are sent to, without its secret."""

    id: str
    url: str
    href: str
    state: str
    colour: str
    events: str
    since: str
    used: bool
    facts: tuple[Row, ...]


@dataclass(frozen=True)
class DeliveryShown:
    """An event that was sent or is owed; ``event`` is what is posted."""

    id: str
    href: str
    what: str
    about: str
    state: str
    colour: str
    when: str
    why: str
    event: str
    facts: tuple[Row, ...]


@dataclass(frozen=True)
class OrganisationLine:
    """An organisation that has programs."""

    name: str
    code: str
    href: str
    tokens: int
    endpoints: int


def scope_choices() -> tuple[Choice, ...]:
    """What a token can be used for, to choose from."""
    return tuple(Choice(scope.value, SCOPES[scope].removesuffix("."), scope.value) for scope in Scope)


def kind_choices() -> tuple[Choice, ...]:
    """What an endpoint can be told, to choose from."""
    return tuple(Choice(kind.value, KINDS[kind], kind.value) for kind in EventKind)


def token_shown(kept: TokenKept, root: str, now: datetime) -> TokenShown:
    """A token, with its state in a word."""
    row = kept.token
    state, colour = _token_state(kept, now)
    until = moment(row.expires_at)
    used = f"{moment(row.used_at)}, to the minute" if row.used_at else "Never"
    facts = [
        Row("Number", row.id),
        Row("Used for", " ".join(SCOPES[Scope(scope)] for scope in row.scopes if scope in SCOPES)),
        Row("Made by", f"{kept.maker} on {day(row.made_at)}"),
        Row("Can be used until", until),
        Row("Last used", used),
    ]
    if row.revoked_at:
        facts.append(Row("Revoked at", moment(row.revoked_at)))
    return TokenShown(
        id=row.id,
        name=row.name,
        href=f"{root}/tokens/{row.id}",
        state=state,
        colour=colour,
        until=day(row.expires_at),
        used=moment(row.used_at) if row.used_at else "Never",
        ended=kept.ended(now),
        facts=tuple(facts),
    )


def endpoint_shown(row: WebhookEndpoint, root: str) -> EndpointShown:
    """An endpoint, with its state in a word."""
    events = ", ".join(KINDS.get(kind, kind) for kind in row.kinds) or "Every event"
    facts = [Row("Number", row.id), Row("Events", events), Row("Added at", moment(row.made_at))]
    if row.disabled_at:
        facts.append(Row("Switched off at", moment(row.disabled_at)))
    return EndpointShown(
        id=row.id,
        url=row.url,
        href=f"{root}/webhooks/{row.id}",
        state="Switched off" if row.disabled_at else "In use",
        colour="grey" if row.disabled_at else "green",
        events=events,
        since=day(row.made_at),
        used=row.disabled_at is None,
        facts=tuple(facts),
    )


def delivery_shown(row: WebhookDelivery, endpoint: EndpointShown) -> DeliveryShown:
    """An event and what became of it."""
    kind, about = str(row.event.get("type", "")), str(row.event.get("subject", ""))
    state, colour = FATES[row.status]
    facts = [
        Row("Number", row.id),
        Row("Event", f"{KINDS.get(kind, kind)} ({kind})" if kind else "Not known"),
        Row("Owed since", moment(row.made_at)),
        Row("Tries", str(row.tries)),
        Row("Last answer", f"Status {row.answered}" if row.answered else "None"),
    ]
    if about:
        facts.insert(2, Row("Nomination", about))
    if row.delivered_at:
        facts.append(Row("Delivered at", moment(row.delivered_at)))
    if row.status == DeliveryStatus.WAITING and endpoint.used:
        facts.append(Row("Next try", f"{moment(row.next_at)}, or a minute later"))
    return DeliveryShown(
        id=row.id,
        href=f"{endpoint.href}/deliveries/{row.id}",
        what=KINDS.get(kind, kind) or "Event",
        about=about,
        state=state,
        colour=colour,
        when=moment(row.made_at),
        why=_why(row, endpoint),
        event=json.dumps(row.event, indent=2, sort_keys=True),
        facts=tuple(facts),
    )


def organisation_lines(found: Sequence[ProgramsOf], root: str) -> tuple[OrganisationLine, ...]:
    """The organisations that have programs."""
    return tuple(
        OrganisationLine(
            one.organisation.name, one.organisation.code, f"{root}/{one.organisation.code}", one.tokens, one.endpoints
        )
        for one in found
    )


def _token_state(kept: TokenKept, now: datetime) -> tuple[str, str]:
    if kept.token.revoked_at is not None:
        return "Revoked", "grey"
    if kept.token.expires_at <= now:
        return "Expired", "grey"
    if not kept.maker_acts:
        return "Maker no longer nominates", "grey"
    return "In use", "green"


def _why(row: WebhookDelivery, endpoint: EndpointShown) -> str:
    """Why it has not arrived, as a sentence; empty where it has, or was not tried yet."""
    if row.status == DeliveryStatus.DELIVERED:
        return ""
    if row.status == DeliveryStatus.WAITING and not endpoint.used:
        return "It is not sent any more, since the address was switched off."
    if row.failure is None:
        return ""
    if row.answered is not None:
        return f"The address answered with the status {row.answered}, and not with one from 200 to 299."
    return _FAILURES.get(row.failure, "It could not be sent.")
