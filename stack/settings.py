"""Every setting of the talent pool, read from the environment or a file ``.env``.

``DATABASE_URL``, ``TEMPORAL_ADDRESS`` and ``TEMPORAL_NAMESPACE`` keep the names other tools know them by; the
rest begin with ``TALENT_POOL_``. Cheap to import: the command line reads settings before anything heavy.
"""

import os
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_DRIVER = "postgresql+psycopg://"
_DEFAULT_PASSWORDS = frozenset({
    "", "admin", "changeme", "change-me", "default", "example", "password", "postgres", "root", "secret",
    "talent_pool", "talent-pool", "talentpool", "temporal", "test",
})  # fmt: skip
_LONGEST_IDLE = timedelta(hours=2)
_LONGEST_SESSION = timedelta(hours=24)


class SettingsError(Exception):
    """A setting is wrong; the message names each one and says what it should be."""


class Environment(StrEnum):
    """Where the system runs: production refuses what is only safe on one person's machine."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    """The least severe log line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """The settings of one process; `load_settings` makes them with errors a person can read."""

    model_config = SettingsConfigDict(
        env_prefix="TALENT_POOL_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )

    environment: Environment = Field(
        default=Environment.DEVELOPMENT, description="production refuses what is safe on one machine only."
    )
    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL"),
        repr=False,
        description="PostgreSQL 16 or newer; without it an embedded server runs.",
    )
    temporal_address: str | None = Field(
        default=None,
        validation_alias=AliasChoices("TEMPORAL_ADDRESS"),
        description="host:port of a Temporal service; without it an embedded server runs.",
    )
    temporal_namespace: str = Field(
        default="default",
        validation_alias=AliasChoices("TEMPORAL_NAMESPACE"),
        min_length=1,
        description="Temporal's namespace; it must exist.",
    )
    task_queue: str = Field(
        default="talent-pool", min_length=1, description="Temporal's task queue; workers of one system share it."
    )
    folder: Path = Field(
        default=Path(__file__).resolve().parent.parent / "var",
        description="Holds a folder for each embedded stack: its data, logs and mailbox.",
    )
    mailbox: Path | None = Field(default=None, description="Folder for messages as .eml files.")
    smtp_host: str | None = Field(default=None, description="Without it messages go to the mailbox folder.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="The relay's port.")
    smtp_user: str | None = Field(default=None, description="The relay's account, if it wants one.")
    smtp_password: SecretStr | None = Field(default=None, description="The account's password.")
    smtp_from: str = Field(
        default="Talent Pool <talent-pool@example.nhs.test>", description="Whom messages come from."
    )
    smtp_starttls: bool = Field(default=True, description="Whether messages leave encrypted only.")
    notify_key: SecretStr | None = Field(
        default=None, description="A key of GOV.UK Notify; messages then leave by it instead of by SMTP."
    )
    notify_template: str | None = Field(
        default=None, description="The id of Notify's email template, which has ((subject)) and ((body)) alone."
    )
    notify_url: str = Field(
        default="https://api.notifications.service.gov.uk", description="Where Notify's interface is."
    )
    notify_receipts: SecretStr | None = Field(
        default=None, description="The bearer token with which Notify calls back to say what became of a message."
    )
    webhook_private: bool = Field(
        default=False, description="Whether events may be sent to addresses of private networks."
    )
    health_port: int | None = Field(
        default=None, ge=1, le=65535, description="A worker serves /health and /metrics on it."
    )
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="A worker serves /metrics on it, for Prometheus."
    )
    listen: str | None = Field(
        default=None,
        description="Address for both ports; without it 0.0.0.0 in production and 127.0.0.1 elsewhere.",
    )
    portal_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The portal's port; else 8000, or a free one if that is taken.",
    )
    portal_address: str | None = Field(
        default=None, description="Where people reach the portal, as in https://talent.example.nhs.uk; for letters."
    )
    portal_proxies: str = Field(
        default="127.0.0.1", description="Addresses of proxies whose X-Forwarded-For and -Proto are believed."
    )
    portal_personas: bool = Field(
        default=False, description="Whether one can sign in as a made-up person; refused in production."
    )
    portal_idle: timedelta = Field(
        default=timedelta(minutes=30), description="How long a session lasts without use, in ISO 8601."
    )
    portal_longest: timedelta = Field(
        default=timedelta(hours=12), description="How long a session lasts at most, in ISO 8601."
    )
    temporal_pages: str | None = Field(
        default=None, description="Address of Temporal's own pages, which operations pages link to."
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="An identity provider's issuer, as in https://login.example.nhs.uk.",
    )
    oidc_client: str | None = Field(default=None, description="The client id that the provider gave this service.")
    oidc_secret: SecretStr | None = Field(default=None, description="The client's secret, if the provider gave one.")
    oidc_name: str = Field(default="your organisation", min_length=1, description="What pages call the provider.")
    service_name: str = Field(default="Talent pool", min_length=1, description="What pages call the service.")
    official: bool = Field(default=False, description="Whether this is an official NHS service, with the NHS logo.")
    contact: str | None = Field(
        default=None, description="Address for questions; without it that of TALENT_POOL_SMTP_FROM."
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="debug, info, warning or error.")
    max_cached_workflows: int = Field(
        default=1000,
        ge=1,
        description="Workflows a worker keeps in memory, at least 1: with 0 the SDK loses local activities. "
        "The rest are replayed when they wake.",
    )
    max_concurrent_workflow_tasks: int = Field(
        default=50, ge=2, description="Workflow tasks a worker runs at once; they share one core."
    )
    max_concurrent_activities: int = Field(
        default=20, ge=3, description="Activities a worker runs at once, each with a thread if it computes."
    )
    max_concurrent_local_activities: int = Field(
        default=100, ge=1, description="Short transactions a worker runs at once."
    )
    database_connections: int = Field(
        default=20, ge=2, description="Connections to PostgreSQL a worker opens at most, besides two for watching."
    )
    grace_seconds: float = Field(
        default=20, ge=0, description="How long a worker that is asked to end lets activities finish."
    )

    @field_validator(
        "database_url",
        "temporal_address",
        "mailbox",
        "smtp_host",
        "smtp_user",
        "smtp_password",
        "notify_key",
        "notify_template",
        "notify_receipts",
        "health_port",
        "metrics_port",
        "listen",
        "portal_port",
        "portal_address",
        "contact",
        "temporal_pages",
        "oidc_issuer",
        "oidc_client",
        "oidc_secret",
        mode="before",
    )
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        # Compose files and shells pass an unset variable on as an empty string.
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, url: str | None) -> str | None:
        if url is None:
            return None
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
            raise ValueError("must begin with postgresql://")
        return _DRIVER + rest

    @field_validator("temporal_address")
    @classmethod
    def _host_and_port(cls, address: str | None) -> str | None:
        if address is not None:
            host, _, port = address.rpartition(":")
            if not host or not port.isdecimal():
                raise ValueError("must be host:port, as in temporal.example.org:7233")
        return address

    @field_validator("portal_address")
    @classmethod
    def _scheme_and_host(cls, address: str | None) -> str | None:
        if address is not None:
            parts = urlsplit(address)
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
                raise ValueError("must be a scheme and a host, as in https://talent.example.nhs.uk")
        return address

    @field_validator("temporal_pages")
    @classmethod
    def _address_of_pages(cls, address: str | None) -> str | None:
        if address is not None:
            parts = urlsplit(address)
            if parts.scheme not in {"http", "https"} or not parts.netloc:
                raise ValueError("must begin with http:// or https:// and a host, as in https://temporal.example.org")
        return address

    @model_validator(mode="after")
    def _development_stays_on_this_machine(self) -> Self:
        if self.environment is Environment.DEVELOPMENT and self.portal_address is not None:
            host = urlsplit(self.portal_address).hostname or ""
            if not _is_this_machine(host):
                raise ValueError(
                    "development is for one person's machine, where everybody may read all letters with their "
                    "sign-in codes, and TALENT_POOL_PORTAL_ADDRESS names another: set "
                    "TALENT_POOL_ENVIRONMENT=production, or an address such as http://localhost:8000"
                )
        return self

    @model_validator(mode="after")
    def _notify_is_whole(self) -> Self:
        if self.notify_key is not None and self.notify_template is None:
            raise ValueError("TALENT_POOL_NOTIFY_KEY needs TALENT_POOL_NOTIFY_TEMPLATE: the id of a template")
        return self

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        if self.database_url is None:
            raise ValueError("production needs DATABASE_URL: the embedded PostgreSQL is for one machine only")
        if self.temporal_address is None:
            raise ValueError("production needs TEMPORAL_ADDRESS: the embedded Temporal is for one machine only")
        if self.oidc_issuer is not None and not self.oidc_issuer.startswith("https://"):
            raise ValueError("production needs https:// in TALENT_POOL_OIDC_ISSUER")
        if self.portal_personas:
            raise ValueError("production has no made-up people: remove TALENT_POOL_PORTAL_PERSONAS")
        where, password = _password(self.database_url)
        if password is not None and password.lower() in _DEFAULT_PASSWORDS:
            raise ValueError(f"production refuses the default password in {where}: set one of your own")
        if self.smtp_password is not None and (self.smtp_password.get_secret_value().lower() in _DEFAULT_PASSWORDS):
            raise ValueError("production refuses the default TALENT_POOL_SMTP_PASSWORD: set one of your own")
        if (self.smtp_host is not None or self.smtp_password is not None) and not self.smtp_starttls:
            raise ValueError(
                "production sends no letter and no password in the clear: set TALENT_POOL_SMTP_STARTTLS=true, and a "
                "relay in TALENT_POOL_SMTP_HOST that offers it"
            )
        self._refuse_open_doors()
        return self

    def _refuse_open_doors(self) -> None:
        """What would let others into people's sessions.

        Raises:
            ValueError: With the setting and how to mend it.
        """
        if self.portal_address is not None and not self.portal_address.startswith("https://"):
            raise ValueError(
                "production needs https:// in TALENT_POOL_PORTAL_ADDRESS: put a proxy with TLS in front of the portal"
            )
        if any(one.strip() == "*" or one.strip().endswith("/0") for one in self.portal_proxies.split(",")):
            raise ValueError(
                "production believes no proxy at just any address: name yours in TALENT_POOL_PORTAL_PROXIES, as in "
                "10.0.0.5"
            )
        for name, lasts, most in (
            ("TALENT_POOL_PORTAL_IDLE", self.portal_idle, _LONGEST_IDLE),
            ("TALENT_POOL_PORTAL_LONGEST", self.portal_longest, _LONGEST_SESSION),
        ):
            if not timedelta() < lasts <= most:
                hours = most // timedelta(hours=1)
                raise ValueError(
                    f"production ends sessions after at most {hours} hours: set {name}=PT{hours}H or less"
                )

    @property
    def listen_address(self) -> str:
        """The address a worker's ports are opened on."""
        if self.listen is not None:
            return self.listen
        return "0.0.0.0" if self.environment is Environment.PRODUCTION else "127.0.0.1"  # noqa: S104 -- a container

    def variables(self) -> dict[str, str]:
        """The environment variables that make the same settings in another process, secrets included."""
        variables = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                variables[_variable(name)] = str(plain).lower() if isinstance(plain, bool) else str(plain)
        return variables


def load_settings() -> Settings:
    """Read the settings from the environment and ``.env``.

    Raises:
        SettingsError: When a value is wrong; the message has one line for each, and no secret value.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            name = _variable(str(problem["loc"][0])) + ": " if problem["loc"] else ""
            lines.append(name + problem["msg"].removeprefix("Value error, ") + ".")
        raise SettingsError("\n".join(lines)) from None


def described() -> list[tuple[str, str, str]]:
    """Every setting: its environment variable, what it means, and its default in words."""
    return [
        (_variable(name), field.description or "", "" if field.default is None else str(field.default))
        for name, field in Settings.model_fields.items()
    ]


def _variable(field: str) -> str:
    """The environment variable of a field, from its name or alias."""
    plain = {"DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"}
    upper = field.upper()
    return upper if upper in plain or upper.startswith("TALENT_POOL_") else f"TALENT_POOL_{upper}"


def _password(url: str) -> tuple[str, str | None]:
    """The password of the database and where it stands; None when neither its URL nor PGPASSWORD has one.

    In a URL it may also be a parameter (PostgreSQL's documentation, 32.1.1.2), and libpq takes PGPASSWORD where the
    URL has none.
    """
    parts = urlsplit(url)
    if parts.password is not None:
        return "DATABASE_URL", unquote(parts.password)
    if given := parse_qs(parts.query, keep_blank_values=True).get("password"):
        return "DATABASE_URL", given[-1]
    return "PGPASSWORD", os.environ.get("PGPASSWORD")


def _is_this_machine(host: str) -> bool:
    """Whether a host's name or address is that of the machine itself, which no other machine reaches."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
