import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from stack.settings import Environment, Settings, SettingsError, described, load_settings

PRODUCTION = {
    "TALENT_POOL_ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://pool:Xk29-own@db.example/talent_pool",
    "TEMPORAL_ADDRESS": "temporal.example:7233",
}


def _load(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_defaults_are_embedded_servers_in_development() -> None:
    settings = load_settings()

    assert settings.environment is Environment.DEVELOPMENT
    assert (settings.database_url, settings.temporal_address) == (None, None)
    assert (settings.temporal_namespace, settings.task_queue) == ("default", "talent-pool")


def test_plain_and_prefixed_names_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(
        monkeypatch, {**PRODUCTION, "TEMPORAL_NAMESPACE": "board", "TALENT_POOL_SMTP_HOST": "mail.example"}
    )

    assert settings.database_url == "postgresql+psycopg://pool:Xk29-own@db.example/talent_pool"
    assert settings.temporal_address == "temporal.example:7233"
    assert settings.temporal_namespace == "board"
    assert settings.smtp_host == "mail.example"


def test_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TALENT_POOL_TASK_QUEUE=from-file\nUNKNOWN=1\n")

    assert load_settings().task_queue == "from-file"


def test_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _load(monkeypatch, {"DATABASE_URL": "", "TEMPORAL_ADDRESS": " "}).database_url is None


@pytest.mark.parametrize("name", ["SMTP_USER", "SMTP_PASSWORD", "SMTP_HOST", "MAILBOX", "LISTEN", "METRICS_PORT"])
def test_empty_optional_setting_counts_as_absent(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings = _load(monkeypatch, {**PRODUCTION, f"TALENT_POOL_{name}": ""})

    assert getattr(settings, name.lower()) is None


@pytest.mark.parametrize(
    ("variables", "address"),
    [({}, "127.0.0.1"), (PRODUCTION, "0.0.0.0"), ({**PRODUCTION, "TALENT_POOL_LISTEN": "10.0.0.7"}, "10.0.0.7")],  # noqa: S104
)
def test_ports_are_open_to_other_machines_only_where_meant(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], address: str
) -> None:
    assert _load(monkeypatch, variables).listen_address == address


def test_every_setting_is_described() -> None:
    assert [variable for variable, words, _ in described() if not words] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"DATABASE_URL": ""}, "production needs DATABASE_URL"),
        ({"TEMPORAL_ADDRESS": ""}, "production needs TEMPORAL_ADDRESS"),
        ({"DATABASE_URL": "postgresql://pool:postgres@db/x"}, "default password in DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://pool:change%2Dme@db/x"}, "default password in DATABASE_URL"),
        ({"DATABASE_URL": "mysql://db/x"}, "DATABASE_URL: must begin with postgresql://"),
        ({"TEMPORAL_ADDRESS": "temporal"}, "TEMPORAL_ADDRESS: must be host:port"),
        ({"TALENT_POOL_SMTP_PASSWORD": "changeme"}, "default TALENT_POOL_SMTP_PASSWORD"),
        (
            {"TALENT_POOL_SMTP_PASSWORD": "Xk29-own", "TALENT_POOL_SMTP_STARTTLS": "false"},
            "no password in the clear",
        ),
        (
            {"TALENT_POOL_SMTP_HOST": "mail.example", "TALENT_POOL_SMTP_STARTTLS": "false"},
            "set TALENT_POOL_SMTP_STARTTLS=true",
        ),
        (
            {"DATABASE_URL": "postgresql://pool@db/x", "PGPASSWORD": "talent_pool"},
            "default password in PGPASSWORD: set one of your own",
        ),
        ({"DATABASE_URL": "postgresql://pool@db/x?password=postgres"}, "default password in DATABASE_URL"),
        ({"TALENT_POOL_PORTAL_ADDRESS": "http://talent.example"}, "https:// in TALENT_POOL_PORTAL_ADDRESS"),
        ({"TALENT_POOL_PORTAL_PROXIES": "*"}, "name yours in TALENT_POOL_PORTAL_PROXIES"),
        ({"TALENT_POOL_PORTAL_PROXIES": "10.0.0.5, 0.0.0.0/0"}, "name yours in TALENT_POOL_PORTAL_PROXIES"),
        ({"TALENT_POOL_PORTAL_IDLE": "P365D"}, "set TALENT_POOL_PORTAL_IDLE=PT2H or less"),
        ({"TALENT_POOL_PORTAL_LONGEST": "P365D"}, "set TALENT_POOL_PORTAL_LONGEST=PT24H or less"),
        ({"TALENT_POOL_PORTAL_LONGEST": "PT0S"}, "set TALENT_POOL_PORTAL_LONGEST=PT24H or less"),
        ({"TALENT_POOL_TEMPORAL_PAGES": "javascript:alert(1)"}, "TALENT_POOL_TEMPORAL_PAGES: must begin with http"),
        (
            {"TALENT_POOL_MAX_CACHED_WORKFLOWS": "0"},
            "MAX_CACHED_WORKFLOWS: Input should be greater than or equal to 1",
        ),
        ({"TALENT_POOL_SMTP_PORT": "mail"}, "TALENT_POOL_SMTP_PORT: Input should be a valid integer"),
    ],
)
def test_unsafe_or_wrong_setting_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        _load(monkeypatch, {**PRODUCTION, **change})

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"DATABASE_URL": "postgresql://pool@db/x", "PGPASSWORD": "Xk29-own"},
        {"PGPASSWORD": "postgres"},
        {
            "TALENT_POOL_PORTAL_ADDRESS": "https://talent.example",
            "TALENT_POOL_PORTAL_PROXIES": "10.0.0.5,10.0.1.0/24",
            "TALENT_POOL_PORTAL_IDLE": "PT2H",
            "TALENT_POOL_PORTAL_LONGEST": "PT24H",
            "TALENT_POOL_TEMPORAL_PAGES": "https://temporal.example/pages",
            "TALENT_POOL_SMTP_HOST": "mail.example",
        },
    ],
)
def test_production_accepts_safe_settings(monkeypatch: pytest.MonkeyPatch, more: dict[str, str]) -> None:
    assert _load(monkeypatch, {**PRODUCTION, **more}).environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    "address", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000", "http://pool.localhost"]
)
def test_development_may_name_this_machine(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert _load(monkeypatch, {"TALENT_POOL_PORTAL_ADDRESS": address}).portal_address == address


@pytest.mark.parametrize(
    "address", ["https://talent.example.nhs.uk", "http://10.0.0.5:8000", "http://localhost.example"]
)
def test_development_that_others_reach_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(SettingsError, match="TALENT_POOL_ENVIRONMENT=production"):
        _load(monkeypatch, {"TALENT_POOL_PORTAL_ADDRESS": address})


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(monkeypatch, {**PRODUCTION, "TALENT_POOL_SMTP_PASSWORD": "Yq31-own"})
    monkeypatch.setenv("TALENT_POOL_SMTP_STARTTLS", "false")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    for shown in (repr(settings), str(refused.value)):
        assert "own" not in shown


def test_variables_make_the_same_settings_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        database_url="postgresql://h/d", smtp_password=SecretStr("Yq31-own"), smtp_starttls=False, mailbox=Path("/m")
    )

    assert _load(monkeypatch, settings.variables()) == settings


def test_import_brings_nothing_heavy() -> None:
    ask = (
        "import sys, stack.settings, stack.local; "
        "print([name for name in ('temporalio', 'sqlalchemy', 'psycopg') if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=_root())  # noqa: S603

    assert answer.stdout.strip() == "[]"


def _root() -> Path:
    return Path(__file__).resolve().parents[2]
