"""Messages travel encrypted to a server whose certificate is trusted, and to no other."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from notify.channels import SmtpChannel, SmtpServer, TryLater
from notify.compose import Sender, compose
from notify.render import Letter
from tests.notify.test_channels import Post, free_port

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is needed to make a certificate for the test server")
SENDER = Sender(name="Talent Pool", address="pool@example.nhs.test", contact="pool@example.nhs.test")
MAIL = compose(
    Letter("Hello", "Dear Ann,\n"),
    sender=SENDER,
    name="Ann",
    address="ann@example.nhs.test",
    at=datetime(2018, 9, 14, tzinfo=UTC),
    message_id="nomination/pilot-0042:1",
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(  # noqa: S603 -- a fixed command
        [
            str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", "key.pem", "-out", "certificate.pem",
        ],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def port(post: Post, certificate: tuple[Path, Path]) -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    controller = Controller(post, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True)
    controller.start()
    yield controller.port
    controller.stop()


async def test_a_trusted_server_takes_the_message_encrypted(post, port, certificate):
    trusting = ssl.create_default_context(cafile=certificate[0])

    await SmtpChannel(SmtpServer("127.0.0.1", port, timeout_seconds=5.0, tls=trusting)).send(MAIL, "1")

    assert [recipients for _, recipients, _ in post.taken] == [["ann@example.nhs.test"]]


async def test_a_server_with_an_unknown_certificate_gets_no_message(post, port):
    with pytest.raises(TryLater, match="smtp_unreachable"):
        await SmtpChannel(SmtpServer("127.0.0.1", port, timeout_seconds=5.0)).send(MAIL, "1")

    assert post.taken == []


async def test_a_server_that_demands_encryption_gets_nothing_in_the_clear(post, port):
    with pytest.raises(TryLater, match="smtp_530"):
        await SmtpChannel(SmtpServer("127.0.0.1", port, starttls=False, timeout_seconds=5.0)).send(MAIL, "1")

    assert post.taken == []
