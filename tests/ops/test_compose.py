"""docker-compose.yml against the Compose schema, the repository and the project's own rules."""

# ruff: noqa: S603 - the commands are those of docker-compose.yml and of the Docker client

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

from stack.settings import Environment, load_settings

from .conftest import ROOT, VARIABLE, MissingVariableError, interpolated, variables_of

ONE_SHOT = {"temporal-schema", "temporal-namespace", "migrate"}
ON_DEMAND = {"starter"}
SECRET = re.compile(r"PASSWORD|PWD|SECRET|TOKEN|API_KEY")


def environment_files() -> list[str]:
    return ["ops/development.env", "ops/.env.example"]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = json.loads((ROOT / "ops" / "compose-spec.json").read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(schema)


def test_file_as_written_fits_the_compose_schema(validator, compose_text):
    errors = [error.message for error in validator.iter_errors(yaml.safe_load(compose_text))]

    assert errors == []


def test_file_with_variables_put_in_fits_the_compose_schema(validator, compose_text):
    variables = variables_of(ROOT / "ops" / "development.env")

    errors = list(validator.iter_errors(yaml.safe_load(interpolated(compose_text, variables))))

    assert errors == []


def test_schema_refuses_a_misspelt_key(validator, compose_text):
    document = yaml.safe_load(compose_text)
    document["services"]["worker"]["helthcheck"] = {}

    errors = [error.message for error in validator.iter_errors(document)]

    assert any("helthcheck" in message for message in errors)


def test_unfilled_example_is_refused_with_a_sentence(compose_text):
    unfilled = variables_of(ROOT / "ops" / ".env.example")

    with pytest.raises(MissingVariableError, match=r"Set \w+ in \.env"):
        interpolated(compose_text, unfilled)


def test_every_required_variable_alone_is_refused_when_missing(compose_text):
    complete = variables_of(ROOT / "ops" / "development.env")
    required = {match["name"] for match in VARIABLE.finditer(compose_text) if match["operator"] == ":?"}

    assert required == {
        "TEMPORAL_POSTGRES_PASSWORD",
        "POSTGRES_PASSWORD",
        "GRAFANA_ADMIN_PASSWORD",
        "TALENT_POOL_SMTP_HOST",
        "TALENT_POOL_SMTP_FROM",
        "TALENT_POOL_PORTAL_ADDRESS",
    }
    for name in sorted(required):
        without = {key: value for key, value in complete.items() if key != name}
        with pytest.raises(MissingVariableError, match=f"Set {name} in .env"):
            interpolated(compose_text, without)


@pytest.mark.parametrize("path", environment_files())
def test_environment_file_names_only_variables_in_use(compose_text, path):
    used = {match["name"] for match in VARIABLE.finditer(compose_text)}

    named = set(variables_of(ROOT / path))

    assert named - used == set()


def test_example_names_every_variable(compose_text):
    used = {match["name"] for match in VARIABLE.finditer(compose_text)}

    assert set(variables_of(ROOT / "ops" / ".env.example")) == used


def test_example_holds_no_password():
    filled = {name for name, value in variables_of(ROOT / "ops" / ".env.example").items() if value}

    assert {name for name in filled if SECRET.search(name)} == set()


def test_every_secret_comes_from_a_variable(compose_text):
    secrets = {
        f"{name}.{key}": value
        for name, service in yaml.safe_load(compose_text)["services"].items()
        for key, value in service.get("environment", {}).items()
        if SECRET.search(key)
    }

    literals = {where for where, value in secrets.items() if value is not None and not VARIABLE.fullmatch(value)}
    defaults = {
        where
        for where, value in secrets.items()
        for match in VARIABLE.finditer(str(value))
        if match["operator"] != ":?" and match["word"]
    }

    assert len(secrets) >= 8
    assert literals == set()
    assert defaults == set()


@pytest.mark.parametrize(
    "account", [{}, {"TALENT_POOL_SMTP_USER": "board", "TALENT_POOL_SMTP_PASSWORD": "aZ9-long-enough"}]
)
def test_production_settings_are_accepted_by_the_application(compose_text, monkeypatch, tmp_path, account):
    filled = variables_of(ROOT / "ops" / ".env.example") | {
        "TEMPORAL_POSTGRES_PASSWORD": "first-of-three",
        "POSTGRES_PASSWORD": "second-of-three",
        "GRAFANA_ADMIN_PASSWORD": "third-of-three",
        "TALENT_POOL_SMTP_HOST": "relay.example.nhs.test",
        "TALENT_POOL_SMTP_FROM": "talent-pool@example.nhs.test",
        "TALENT_POOL_PORTAL_ADDRESS": "https://talent.example.nhs.test",
    }
    worker = yaml.safe_load(interpolated(compose_text, filled))["services"]["worker"]
    monkeypatch.chdir(tmp_path)
    for name, value in worker["environment"].items():
        # A name without a value is passed on only when the environment file has it.
        if (passed := account.get(name) if value is None else str(value)) is not None:
            monkeypatch.setenv(name, passed)

    settings = load_settings()

    assert settings.environment is Environment.PRODUCTION
    assert settings.smtp_user == account.get("TALENT_POOL_SMTP_USER")
    assert settings.temporal_namespace == filled["TEMPORAL_NAMESPACE"]


def test_no_address_carries_a_password(compose_text):
    assert re.findall(r"\w+://[^/\s:@]+:[^@\s]*@", compose_text) == []


def test_every_image_is_pinned(services):
    tags = {name: service["image"].rpartition(":")[2] for name, service in services.items()}

    assert {name for name, tag in tags.items() if not re.match(r"v?\d+\.\d+", tag)} == set()


def test_base_images_are_pinned():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)

    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", bases[0])


def test_server_and_admin_tools_are_the_same_release(services):
    tags = {
        services[name]["image"].rpartition(":")[2] for name in ("temporal", "temporal-schema", "temporal-namespace")
    }

    assert len(tags) == 1


def test_every_long_running_service_has_a_health_check(services):
    without = {name for name, service in services.items() if "healthcheck" not in service}

    assert without == ONE_SHOT | ON_DEMAND


def test_services_restart_according_to_their_kind(services):
    for name, service in services.items():
        expected = "on-failure:5" if name in ONE_SHOT else None if name in ON_DEMAND else "unless-stopped"

        assert service.get("restart") == expected, name


def test_dependencies_wait_for_the_right_moment(services):
    for name, service in services.items():
        for other, condition in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"

            assert condition["condition"] == expected, f"{name} on {other}"


def test_who_depends_can_reach_whom_it_depends_on(services):
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            if other in ONE_SHOT:
                continue

            assert set(service["networks"]) & set(services[other]["networks"]), f"{name} cannot reach {other}"


def test_ports_are_published_on_the_loopback_address_only(services):
    ports = [port for service in services.values() for port in service.get("ports", [])]

    assert len(ports) == 5
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_databases_have_no_way_out(compose_text, services):
    networks = yaml.safe_load(compose_text)["networks"]

    for name in ("postgres", "temporal-postgres"):
        assert "ports" not in services[name]
        assert all(networks[network].get("internal") for network in services[name]["networks"])


def test_worker_can_be_scaled(services):
    worker = services["worker"]

    assert "container_name" not in worker
    assert "ports" not in worker


def test_application_containers_are_confined(services):
    for name in ("worker", "migrate", "starter"):
        service = services[name]

        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]


def test_image_runs_as_a_fixed_ordinary_user():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["10001:10001"]


def test_volumes_are_declared_and_bound_files_exist(compose_text, services):
    declared = set(yaml.safe_load(compose_text)["volumes"])
    named = set()
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), f"{name} binds {source}, which does not exist"
                assert volume.endswith(":ro"), f"{name} may write {source}"
            else:
                named.add(source)

    assert named == declared


@pytest.mark.parametrize("name", ["migrate", "worker", "starter", "temporal-schema", "temporal-namespace"])
def test_commands_name_files_that_exist(services, name):
    words = [*services[name].get("entrypoint", []), *services[name]["command"]]
    files = [word for word in words if word.endswith((".py", ".sh"))]

    assert len(files) == 1
    assert (ROOT / files[0].removeprefix("/")).is_file()


def test_migrate_command_is_one_the_command_line_knows(services):
    command = services["migrate"]["command"]

    result = subprocess.run(
        [sys.executable, *command[1:], "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr


def test_image_takes_in_every_room_of_the_application():
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
        "only-include"
    ]
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    taken = {line.removeprefix("!") for line in ignore if line.startswith("!")}

    assert set(rooms) - taken == set()


def test_image_takes_in_nothing_it_does_not_name():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]

    assert lines[0] == "*"
    assert not {"!.env", "!var", "!.git", "!tests", "!.venv"} & set(lines)


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers /health with the status the server was given."""

    def do_GET(self):
        self.send_response(self.server.status if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_):
        """Stay quiet."""


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_health_check_of_the_worker_follows_the_answer(services, status, healthy):
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    server.status = status
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kind, command = services["worker"]["healthcheck"]["test"]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TALENT_POOL_HEALTH_PORT": str(server.server_port),
    }

    result = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, check=False)
    server.shutdown()
    server.server_close()

    assert kind == "CMD-SHELL"
    assert (result.returncode == 0) is healthy


def test_docker_compose_reads_the_file_when_it_is_installed():
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("The docker client with the compose plugin is not installed here.")

    result = subprocess.run(
        [docker, "compose", "--env-file", "ops/development.env", "--profile", "development", "config", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
