"""Clients whose server, time, chance and limiter the test holds in its hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.oauth2.credentials import Credentials

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.pipedrive import ApiToken, PipedriveClient
from include.calsync.clients.transport import Timing
from tests.clients.local_server import LocalServer, RecordingLimiter, World

TOKEN = "pd-token-0123456789"
ACCESS = "ya29-access-1"
REFRESH = "1//refresh-secret"
CLIENT_SECRET = "client-secret-77"
USER = "anna@acme.example"
SECRETS = (TOKEN, ACCESS, REFRESH, CLIENT_SECRET)
QUICK = Timing(connect_s=2, read_s=2, answer_s=5)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    running = LocalServer()
    yield running
    running.stop()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[LocalServer]:
    """Speaks https with a certificate that nobody but itself vouches for."""
    running = LocalServer(certificate=self_signed(tmp_path / "certificate.pem"))
    yield running
    running.stop()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def limiter(world: World) -> RecordingLimiter:
    return RecordingLimiter(world.clock)


@pytest.fixture
def open_pipedrive(world: World, limiter: RecordingLimiter) -> Callable[..., PipedriveClient]:
    """`open_pipedrive(url, timing=…, auth=…)`."""

    def opened(url: str, **options: object) -> PipedriveClient:
        given = {"auth": ApiToken(TOKEN), "limiter": limiter, "timing": QUICK, "random": lambda: 0.5, **options}
        return PipedriveClient(
            base_url=url,
            key="pd",
            sleep=world.sleep,
            clock=world.clock,
            **given,  # type: ignore[arg-type]
        )

    return opened


@pytest.fixture
def open_google(world: World, limiter: RecordingLimiter) -> Callable[..., GoogleCalendarClient]:
    """`open_google(url, timing=…, credentials=…, quota_user=…)`."""

    def opened(url: str, **options: object) -> GoogleCalendarClient:
        given = {
            "credentials": google_credentials(url),
            "limiter": limiter,
            "timing": QUICK,
            "random": lambda: 0.5,
            **options,
        }
        return GoogleCalendarClient(
            api_endpoint=url,
            user=USER,
            project_key="g",
            sleep=world.sleep,
            clock=world.clock,
            **given,  # type: ignore[arg-type]
        )

    return opened


@pytest.fixture
def pipedrive(server: LocalServer, open_pipedrive: Callable[..., PipedriveClient]) -> PipedriveClient:
    return open_pipedrive(server.url)


@pytest.fixture
def google(server: LocalServer, open_google: Callable[..., GoogleCalendarClient]) -> GoogleCalendarClient:
    return open_google(server.url)


def google_credentials(url: str, token: str | None = ACCESS) -> Credentials:
    """A user's consent whose token address is `url`/token."""
    return Credentials(
        token, refresh_token=REFRESH, token_uri=f"{url}/token", client_id="client-1", client_secret=CLIENT_SECRET
    )


def self_signed(path: Path) -> Path:
    """Writes a certificate for 127.0.0.1, and its key, to `path`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
