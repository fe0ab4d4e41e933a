"""Posting to addresses that strangers chose: never to this network's own machines, and never for long.

The name is looked up once, every address it has is looked at, and the connection goes to one of these: a name that
leads elsewhere a moment later changes nothing. Redirections are not followed, and an answer is read no further than
its status.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

TIMEOUT_SECONDS = 10.0
"""For the whole of a try, from looking up the name to the answer's status."""
_BEYOND_GATEWAYS = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""Addresses of version 6 behind which a gateway may reach any address of version 4 (RFC 6052, RFC 8215)."""
_NEVER_OURS_TO_REACH = tuple(
    ipaddress.ip_network(block)
    for block in ("fec0::/10", "3fff::/20", "192.88.99.0/24", "192.0.0.0/24", "168.63.129.16/32")
)
"""Blocks that `ipaddress` calls global and no receiver stands in: site-local addresses (RFC 3879), documentation
(RFC 9637), relays of 6to4 (RFC 7526), protocol assignments (RFC 6890), and a cloud's own door to its machines.
"""
_ENDS_WITHIN = frozenset({"localhost", "local", "internal"})
"""Last labels of names that never lead into the public network: this machine (RFC 6761), the network at hand
(RFC 6762), and private use (ICANN, 29 July 2024); so does ``home.arpa`` (RFC 8375).
"""
_NOT_IN_A_LINE = frozenset("\r\n \0")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PostingError(Exception):
    """A post was not answered; ``code`` is a word fit to store and show."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Poster:
    """Posts to addresses over https.

    Attributes:
        plain_allowed: Whether http will do.
        private_allowed: Whether addresses of private networks, and this machine's own, will do.
        tls: Whom to trust; None trusts whom the system trusts.
    """

    plain_allowed: bool = False
    private_allowed: bool = False
    tls: ssl.SSLContext | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Posts ``body``, and returns the status of the answer.

        Raises:
            PostingError: ``not_an_address``, ``not_https``, ``name_unknown``, ``address_not_public``,
                ``unreachable``, ``tls_failed``, ``not_http`` or ``timeout``.
        """
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await self._post(url, body, headers)
        except TimeoutError:
            raise PostingError("timeout") from None

    def refuse(self, url: str) -> None:
        """Refuses an address to which certainly nothing is ever posted, without looking its name up.

        Where a name leads is looked at whenever something is posted, since it may change.

        Raises:
            PostingError: ``not_an_address``, ``not_https`` or ``address_not_public``.
        """
        self._parts(url)

    def _parts(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise PostingError("not_an_address") from None
        if parts.scheme not in {"https", "http"} or not parts.hostname or _NOT_IN_A_LINE & set(url):
            raise PostingError("not_an_address")
        if port == 0 or parts.username is not None or parts.password is not None:
            raise PostingError("not_an_address")
        if parts.scheme == "http" and not self.plain_allowed:
            raise PostingError("not_https")
        if not self.private_allowed and is_within(parts.hostname):
            raise PostingError("address_not_public")
        return parts

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        parts = self._parts(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._address(host, port)
        tls = (self.tls or ssl.create_default_context()) if parts.scheme == "https" else None
        try:
            reader, writer = await asyncio.open_connection(
                str(address), port, ssl=tls, server_hostname=host if tls else None
            )
        except ssl.SSLError:
            raise PostingError("tls_failed") from None
        except OSError:
            raise PostingError("unreachable") from None
        try:
            writer.write(_request(parts, port, body, headers))
            await writer.drain()
            return _status(await reader.readline())
        except (OSError, ValueError):
            raise PostingError("not_http") from None
        finally:
            # What else is answered is not waited for.
            writer.transport.abort()

    async def _address(self, host: str, port: int) -> Address:
        """Where the name leads; refused as a whole if any of its addresses is not public."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise PostingError("name_unknown") from None
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        if not addresses:
            raise PostingError("name_unknown")
        if not self.private_allowed and not all(is_public(address) for address in addresses):
            raise PostingError("address_not_public")
        return addresses[0]


def is_within(host: str) -> bool:
    """Whether a host is of this machine or of a private network by what it is called, wherever a name may lead."""
    name = host.lower().removesuffix(".")
    address = _literal(name)
    if address is not None:
        return not is_public(address)
    labels = name.split(".")
    return len(labels) == 1 or labels[-1] in _ENDS_WITHIN or labels[-2:] == ["home", "arpa"]


def _literal(host: str) -> Address | None:
    """The address that a host is, also as the system's own reader takes it: ``127.1``, ``0x7f.1``, ``2130706433``."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def is_public(address: Address) -> bool:
    """Whether an address is a machine's in the public network, also where version 6 holds one of version 4."""
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if within is not None:
            return is_public(within)
        if any(address in network for network in _BEYOND_GATEWAYS):
            return False
    if any(address in network for network in _NEVER_OURS_TO_REACH):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _request(parts: SplitResult, port: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    usual = 443 if parts.scheme == "https" else 80
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    lines = {
        "Host": name if port == usual else f"{name}:{port}",
        "User-Agent": "talent-pool",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
    return "\r\n".join(head).encode("ascii") + body


def _status(line: bytes) -> int:
    """The status of an answer's first line (RFC 9112, 4)."""
    words = line.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit() or len(words[1]) != 3:
        raise PostingError("not_http")
    return int(words[1])
