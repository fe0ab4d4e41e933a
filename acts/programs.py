"""Acts on what an organisation's programs have: tokens for the interface, and addresses that events are sent to.

A token acts as the nominator who made it, for their organisation, and for no longer than they are its nominator.
"""

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import require
from acts.errors import NotKnownError, RefusedError
from models.enums import Role
from models.ids import OrganisationCode
from models.messages import By
from models.programs import DeliveryStatus, EventKind, Scope
from models.tables import ApiToken, Organisation, WebhookDelivery, WebhookEndpoint
from notify.events import SOURCE
from notify.posting import Poster, PostingError
from rules.permissions import Act, Subject
from storage import audit
from storage.programs import endpoint_of, endpoints_of

BEGINS = "tpool_"
"""How every token begins, so that whoever finds one knows what it is."""
MOST_DAYS = 366
USUAL_DAYS = 90
MOST_ENDPOINTS = 10
"""Of one organisation: each is sent every event."""
TEST = "endpoint.test"
"""The type of an event that somebody asked for to see whether it arrives."""

USUAL_POSTER = Poster()
"""Posts over https to public addresses alone."""
_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "not_an_address": "This is not an address such as https://hr.example.nhs.uk/talent-pool. It begins with "
        "https:// and a host, and holds no name and password.",
        "not_https": "The address must begin with https://.",
        "address_not_public": "This address leads into a private network, or to this machine itself. Events are sent "
        "to addresses alone that can be reached from the internet.",
    }
)


class AddressRefusedError(RefusedError):
    """An address will not do: nothing could ever be sent to it."""


@dataclass(frozen=True)
class Made:
    """A new token; ``token`` is shown now and never again."""

    row: ApiToken
    token: str


class ProgramActs:
    """Tokens and endpoints: each act is checked and stands in the audit trail."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._clock = clock

    async def make_token(
        self,
        organisation: OrganisationCode,
        by: By,
        name: str,
        scopes: Sequence[Scope],
        *,
        days: int = USUAL_DAYS,
        until: datetime | None = None,
    ) -> Made:
        """Makes a token for an organisation's program; only its hash is kept.

        Args:
            organisation: Whose program it is.
            by: A nominator of the organisation, as whom the program will act.
            name: What the token is called, for people; at most 80 characters.
            scopes: What it may be used for; at least one.
            days: For how many days it can be used, at most 366.
            until: Until when it can be used, instead of ``days``; aware, at most 366 days ahead.

        Raises:
            NotKnownError: There is no such organisation.
            RefusedError: This person is no nominator of it, or the name, the scopes or the end will not do.
        """
        if not name.strip() or len(name) > 80:
            raise RefusedError("Give the token a name of at most 80 characters, such as what program uses it.")
        if not scopes:
            raise RefusedError(f"Say what the token may be used for: {', '.join(Scope)}.")
        if not 1 <= days <= MOST_DAYS:
            raise RefusedError(f"A token can be used for 1 to {MOST_DAYS} days, not {days}.")
        now, token = self._clock(), BEGINS + secrets.token_urlsafe(32)
        ends = now + timedelta(days=days) if until is None else until
        if not now < ends <= now + timedelta(days=MOST_DAYS):
            raise RefusedError(f"A token ends in the future, and at most {MOST_DAYS} days from now.")
        row = ApiToken(
            id=f"tk-{secrets.token_hex(6)}",
            organisation_code=organisation,
            name=name.strip(),
            scopes=sorted(set(scopes)),
            token_sha256=hash_of(token),
            made_by=by.person,
            made_at=now,
            expires_at=ends,
        )
        async with self._sessions.begin() as session:
            if await session.get(Organisation, organisation) is None:
                raise NotKnownError(f"There is no organisation '{organisation}': give its ODS code.")
            await require_nominator(session, organisation, by)
            session.add(row)
            what = {"organisation": organisation, "scopes": row.scopes, "expires_at": row.expires_at.isoformat()}
            await _record(session, by, "token_made", f"token/{row.id}", now, what)
        return Made(row, token)

    async def revoke_token(self, token: str, by: By) -> ApiToken:
        """Ends a token's use; by a nominator of its organisation or by operations. Doing it twice changes nothing.

        Raises:
            NotKnownError: There is no token of this id.
            RefusedError: It is another organisation's.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            row = await session.get(ApiToken, token, with_for_update=True)
            if row is None:
                raise NotKnownError(f"There is no token '{token}'. Its id looks like tk-0123456789ab.")
            await require_keeper(session, OrganisationCode(row.organisation_code), by)
            if row.revoked_at is None:
                row.revoked_at = now
                session.add(row)
                what = {"organisation": row.organisation_code}
                await _record(session, by, "token_revoked", f"token/{row.id}", now, what)
        return row

    async def add_endpoint(
        self,
        organisation: OrganisationCode,
        by: By,
        url: str,
        kinds: Sequence[EventKind] = (),
        *,
        poster: Poster = USUAL_POSTER,
    ) -> WebhookEndpoint:
        """Lets an organisation's events be sent to an address, from now on; its ``secret`` signs them.

        Args:
            organisation: Whose events.
            by: A nominator of the organisation.
            url: An address that takes POSTs over https.
            kinds: Which events; none are all.
            poster: What events will be posted by: it says which addresses are certainly never reached.

        Raises:
            AddressRefusedError: The address will not do.
            RefusedError: This person may not, or there are ten already.
        """
        refuse_address(url, poster)
        now = self._clock()
        async with self._sessions.begin() as session:
            await require_nominator(session, organisation, by)
            # One after the other for an organisation, so that ten at once are not eleven.
            await session.get(Organisation, organisation, with_for_update={"key_share": True})
            if len(await endpoints_of(session, organisation)) >= MOST_ENDPOINTS:
                raise RefusedError(f"An organisation has at most {MOST_ENDPOINTS} endpoints. Switch one off first.")
            row = WebhookEndpoint(
                id=f"wh-{secrets.token_hex(6)}",
                organisation_code=organisation,
                url=url,
                secret=new_secret(),
                kinds=sorted(set(kinds)),
                made_at=now,
                after_position=(await audit.anchor(session)).events,
            )
            session.add(row)
            await _record(session, by, "webhook_added", f"webhook/{row.id}", now, {"organisation": organisation})
        return row

    async def remove_endpoint(self, organisation: OrganisationCode, by: By, endpoint: str) -> None:
        """Sends nothing more to an endpoint. Doing it twice changes nothing.

        Raises:
            NotKnownError: The organisation has no endpoint of this id.
            RefusedError: This person may not.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            await require_keeper(session, organisation, by)
            row = await _endpoint(session, organisation, endpoint)
            if row.disabled_at is None:
                row.disabled_at = now
                session.add(row)
                what = {"organisation": organisation}
                await _record(session, by, "webhook_removed", f"webhook/{row.id}", now, what)

    async def renew_secret(self, organisation: OrganisationCode, by: By, endpoint: str) -> WebhookEndpoint:
        """Gives an endpoint a new secret, which signs everything that is sent from now on.

        Raises:
            NotKnownError: The organisation has no endpoint of this id.
            RefusedError: This person may not.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            await require_nominator(session, organisation, by)
            row = await _endpoint(session, organisation, endpoint)
            row.secret = new_secret()
            session.add(row)
            what = {"organisation": organisation}
            await _record(session, by, "webhook_secret_renewed", f"webhook/{row.id}", now, what)
        return row

    async def send_test(self, organisation: OrganisationCode, by: By, endpoint: str) -> WebhookDelivery:
        """Sends an event to an endpoint that says nothing happened, to see whether it arrives and is understood.

        It stands in the order of the others by the place of this act in the audit trail.

        Raises:
            NotKnownError: The organisation has no endpoint of this id.
            RefusedError: This person may not, or nothing is sent to the endpoint any more.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            await require_keeper(session, organisation, by)
            row = await _endpoint(session, organisation, endpoint)
            if row.disabled_at is not None:
                raise RefusedError("Nothing is sent to this endpoint any more: add it again.")
            what = {"organisation": organisation}
            position = await _record(session, by, "webhook_tested", f"webhook/{row.id}", now, what)
            owed = WebhookDelivery(
                id=f"{endpoint}.{position:012d}",
                endpoint_id=endpoint,
                event=_test_event(position, organisation, now),
                made_at=now,
                next_at=now,
            )
            session.add(owed)
        return owed

    async def replay(self, organisation: OrganisationCode, by: By, endpoint: str, delivery: str) -> WebhookDelivery:
        """Sends an event again, under the same id; also one that was delivered or given up.

        Raises:
            NotKnownError: The endpoint was never owed this event.
            RefusedError: This person may not, or nothing is sent to the endpoint any more.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            await require_keeper(session, organisation, by)
            row = await _endpoint(session, organisation, endpoint)
            if row.disabled_at is not None:
                raise RefusedError("Nothing is sent to this endpoint any more: add it again.")
            owed = await session.get(WebhookDelivery, delivery, with_for_update=True)
            if owed is None or owed.endpoint_id != endpoint:
                raise NotKnownError(f"There is no delivery '{delivery}' to this endpoint.")
            owed.status, owed.tries, owed.next_at = DeliveryStatus.WAITING, 0, now
            session.add(owed)
        return owed


def hash_of(token: str) -> str:
    """What is stored of a token; 64 hexadecimal digits."""
    return sha256(token.encode()).hexdigest()


def new_secret() -> str:
    """A secret that signs events: 32 random bytes in base64 after ``whsec_`` (Standard Webhooks, 1.0)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _test_event(position: int, organisation: OrganisationCode, now: datetime) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": str(position),
        "source": SOURCE,
        "type": TEST,
        "time": now.isoformat(),
        "datacontenttype": "application/json",
        "data": {"organisation": organisation},
    }


def refuse_address(url: str, poster: Poster = USUAL_POSTER) -> None:
    """Refuses what events cannot be sent to, by the rule that sending keeps to.

    Where the name leads is looked at whenever something is sent.

    Raises:
        AddressRefusedError: It is no address over https that holds neither a name and password nor a fragment, or it
            leads into a private network.
    """
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > 500:
        raise AddressRefusedError("The address must have at most 500 characters, all of them printable ASCII.")
    try:
        poster.refuse(url)
    except PostingError as error:
        raise AddressRefusedError(_REFUSALS[error.code]) from None
    if "#" in url:
        raise AddressRefusedError("The address may not hold a fragment: leave out what begins with #.")


async def require_nominator(session: AsyncSession, organisation: OrganisationCode, by: By) -> None:
    """Makes sure that this person nominates for the organisation.

    Raises:
        RefusedError: They do not.
    """
    await require(session, by, Act.NOMINATE, Subject(organisation=organisation))


async def require_keeper(session: AsyncSession, organisation: OrganisationCode, by: By) -> None:
    """Makes sure that this person is of operations, who keep who may do what, or nominates for the organisation.

    Raises:
        RefusedError: They are not.
    """
    act = Act.IMPORT_REGISTER if by.role is Role.OPERATIONS else Act.NOMINATE
    await require(session, by, act, Subject(organisation=organisation))


async def _endpoint(session: AsyncSession, organisation: str, endpoint: str) -> WebhookEndpoint:
    row = await endpoint_of(session, organisation, endpoint)
    if row is None:
        raise NotKnownError(f"There is no endpoint '{endpoint}'. Its id looks like wh-0123456789ab.")
    return row


async def _record(  # noqa: PLR0917 -- the words of one sentence, in its order
    session: AsyncSession, by: By, what: str, subject: str, at: datetime, after: Mapping[str, object]
) -> int:
    return await audit.append(session, at=at, actor=by.person, role=by.role, what=what, subject=subject, after=after)
