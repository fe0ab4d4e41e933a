"""Events are posted to public addresses alone, and a try never lasts."""

import asyncio
import ipaddress
import shutil
import socket
import ssl
import time
from pathlib import Path

import pytest

from notify.posting import Poster, PostingError, is_public
from tests.notify.answering import answering
from tests.notify.test_starttls import certificate

__all__ = ["certificate"]

HERE = Poster(plain_allowed=True, private_allowed=True, timeout_seconds=5)


async def code_of(poster: Poster, url: str) -> str:
    with pytest.raises(PostingError) as failed:
        await poster.post(url, b"{}", {})
    return failed.value.code


async def test_post_arrives_whole_and_its_answers_body_is_ignored() -> None:
    async with answering() as server:
        server.answers = [(202, b"x" * 2_000_000)]

        status = await HERE.post(
            f"http://127.0.0.1:{server.port}/hooks?of=us", b'{"a":1}', {"Content-Type": "application/json"}
        )

    assert status == 202
    assert [(one.method, one.path, one.body) for one in server.taken] == [("POST", "/hooks?of=us", b'{"a":1}')]
    assert server.taken[0].headers["host"] == f"127.0.0.1:{server.port}"


async def test_redirection_is_not_followed() -> None:
    async with answering() as server:
        server.answers = [(307, b"")]

        status = await HERE.post(f"http://127.0.0.1:{server.port}/", b"{}", {})

    assert (status, len(server.taken)) == (307, 1)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104 -- refused, not bound
        "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b:1::1",
        "fec0::1", "3fff::1", "192.88.99.1", "192.0.0.9", "168.63.129.16", "::ffff:168.63.129.16",
    ],
)  # fmt: skip
def test_address_of_this_network_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_address_of_the_public_network_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0", "2130706433", "0x7f.1", "127.1"])
async def test_own_machine_is_never_connected_to_however_it_is_written(host: str) -> None:
    async with answering() as server:
        code = await code_of(Poster(plain_allowed=True), f"http://{host}:{server.port}/")

    assert code in {"address_not_public", "name_unknown"}
    assert server.taken == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[fe80::1%25eth0]", "[::ffff:10.0.0.1]", "0", "127.1",
     "2130706433", "0x7f.1", "127.0.0.1.", "localhost", "LOCALHOST.", "hr.localhost", "intranet", "printer.local",
     "hr.internal", "hr.home.arpa"],
)  # fmt: skip
def test_host_within_is_refused_without_looking_it_up(host: str) -> None:
    with pytest.raises(PostingError) as refused:
        Poster().refuse(f"https://{host}/x")

    assert refused.value.code == "address_not_public"
    Poster(private_allowed=True).refuse(f"https://{host}/x")


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700:4700::1111]", "hr.example.nhs.uk", "hr.example.nhs.uk:8443"])
def test_host_that_may_be_reached_is_not_refused(host: str) -> None:
    Poster().refuse(f"https://{host}/x")


@pytest.mark.parametrize(
    "end", ["hr.example:0/", "hr.example:65536/", "hr.example:x/", "a:b@hr.example/", "/", "[::1"]
)
async def test_what_is_no_address_is_refused_before_and_when_posting(end: str) -> None:
    with pytest.raises(PostingError) as refused:
        HERE.refuse(f"https://{end}")

    assert refused.value.code == "not_an_address"
    assert await code_of(HERE, f"https://{end}") == "not_an_address"


async def test_name_is_refused_if_any_of_its_addresses_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a name server says is not for a test to arrange; everything after its answer is real.
    async def leads_to(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", "192.168.0.7")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", leads_to)

    assert await code_of(Poster(), "https://hooks.example/") == "address_not_public"


async def test_name_is_looked_up_once_so_that_it_cannot_change_between(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    real = asyncio.get_running_loop().getaddrinfo

    async def counted(host: object, *more: object, **options: object) -> object:
        if host != "hooks.example.org":
            return await real(host, *more, **options)  # type: ignore[arg-type] -- handed on as they came
        looked.append(host)
        return await real("localhost", *more, **options)  # type: ignore[arg-type] -- handed on as they came

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", counted)
    async with answering() as server:
        with pytest.raises(PostingError):
            await Poster(plain_allowed=True).post(f"http://hooks.example.org:{server.port}/", b"", {})
        assert looked == ["hooks.example.org"]


async def test_http_is_refused_unless_allowed() -> None:
    assert await code_of(Poster(private_allowed=True), "http://127.0.0.1:9/") == "not_https"


@pytest.mark.parametrize("url", ["ftp://example.org/", "https:///x", "https://a b/", "https://a/\r\nX: y", "nothing"])
async def test_what_is_no_address_is_refused(url: str) -> None:
    assert await code_of(HERE, url) == "not_an_address"


async def test_server_that_never_answers_is_left() -> None:
    hasty = Poster(plain_allowed=True, private_allowed=True, timeout_seconds=0.2)
    async with answering() as server:
        server.silent = True
        begun = time.monotonic()

        code = await code_of(hasty, f"http://127.0.0.1:{server.port}/")

    assert code == "timeout"
    assert time.monotonic() - begun < 3


async def test_server_that_hangs_up_or_is_not_there() -> None:
    async with answering() as server:
        server.answers = [None]
        hung_up = await code_of(HERE, f"http://127.0.0.1:{server.port}/")
        port = server.port

    assert hung_up == "not_http"
    assert await code_of(HERE, f"http://127.0.0.1:{port}/") == "unreachable"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is needed to make a certificate")
async def test_certificate_must_be_trusted_and_of_this_host(certificate: tuple[Path, Path]) -> None:
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(*certificate)
    trusting = Poster(private_allowed=True, tls=ssl.create_default_context(cafile=certificate[0]), timeout_seconds=5)
    async with answering(served) as server:
        status = await trusting.post(f"https://127.0.0.1:{server.port}/", b"{}", {})
        other_host = await code_of(trusting, f"https://localhost:{server.port}/")
        untrusted = await code_of(Poster(private_allowed=True), f"https://127.0.0.1:{server.port}/")

    assert (status, other_host, untrusted) == (204, "tls_failed", "tls_failed")
    assert len(server.taken) == 1
