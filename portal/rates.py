"""How often somebody may try: everything that sends or checks a code is counted, by address, by caller, and by both.

Counts are kept in this process's memory: with several processes behind one door, each counts its own. What bounds
guessing whatever the number of processes is the number of tries of each code, and of each person within a day, which
the database counts (portal.codes).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from portal.failures import TooManyError

SEND_FROM_CALLER_TO_ADDRESS = RateLimitItemPerHour(6, namespace="send-from-to")
SEND_TO_ADDRESS = RateLimitItemPerHour(30, namespace="send-to")
"""Enough that somebody who asks for codes to another's address from one place does not keep the other out."""
SEND_FROM_CALLER = RateLimitItemPerHour(60, namespace="send-from")
CHECK_FROM_CALLER = RateLimitItemPerMinute(30, namespace="check-from")
"""A whole organisation may stand behind one address: these stop floods, not colleagues."""


_HALF = 64


@dataclass(frozen=True)
class Rates:
    """What was tried lately, in one process."""

    limiter: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

    async def count(self, item: RateLimitItem, who: str) -> None:
        """Counts one try.

        Raises:
            TooManyError: There were too many within the time.
        """
        if not await self.limiter.hit(item, sha256(who.encode()).hexdigest()):
            wait = timedelta(seconds=item.get_expiry())
            raise TooManyError(wait="an hour" if wait >= timedelta(hours=1) else "a minute")


def caller_of(request: Request) -> str:
    """The address a request comes from; behind a proxy, the one that the proxy names if it is trusted.

    Of an address of version 6, the first half: whoever is given one is given all that begin with it.
    """
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, _HALF), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)
