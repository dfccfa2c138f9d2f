"""docker-compose.yaml and the Dockerfile, checked without an engine.

Keys and values are held against the Compose Specification, names against the repository, options against
Airflow's own list; the image's commands run natively.
"""

from __future__ import annotations

import base64
import graphlib
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import expressions

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TEXT = (PROJECT / "docker-compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

TOP_LEVEL = {"name", "services", "networks", "volumes", "secrets", "configs", "include", "models"}
SERVICE_KEYS = {
    *(
        "build",
        "cap_add",
        "cap_drop",
        "command",
        "configs",
        "cpus",
        "depends_on",
        "dns",
        "entrypoint",
        "env_file",
    ),
    *(
        "environment",
        "expose",
        "extra_hosts",
        "healthcheck",
        "hostname",
        "image",
        "init",
        "labels",
        "logging",
    ),
    *("mem_limit", "networks", "ports", "profiles", "pull_policy", "read_only", "restart", "secrets"),
    *("security_opt", "shm_size", "stop_grace_period", "stop_signal", "tmpfs", "ulimits", "user", "volumes"),
    "working_dir",
}
HEALTHCHECK_KEYS = {"disable", "interval", "retries", "start_interval", "start_period", "test", "timeout"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
DURATION = re.compile(r"(?:\d+(?:us|ms|s|m|h))+")
PINNED = re.compile(r"(?:[a-z0-9.-]+/)*[a-z0-9._-]+:v?\d+\.\d+(?:\.\d+)?(?:-[a-z0-9.]+)*")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY")
VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<operator>:?[-?+])(?P<argument>[^}]*))?\}|(?P<bare>\w+))"
)


class Unset(Exception):
    """Compose refuses to start: a required variable is missing."""


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """What Compose makes of `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$`."""

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        name, operator, argument = match["name"] or match["bare"], match["operator"] or "", match["argument"]
        found = variables.get(name, "")
        if operator == ":?" and not found:
            raise Unset(name)
        return found or (argument if operator == ":-" else "")

    return VARIABLE.sub(value, text)


def strings(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif value is not None:
        yield str(value)


def used_variables() -> dict[str, set[str]]:
    """Variable → the operators it is used with."""
    found: dict[str, set[str]] = {}
    for text in strings(SERVICES):
        for match in VARIABLE.finditer(text):
            if not match["escaped"]:
                found.setdefault(match["name"] or match["bare"], set()).add(match["operator"] or "")
    return found


def example() -> dict[str, str]:
    lines = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def filled() -> dict[str, str]:
    """A filled-in .env: every secret has a value, what may stay empty does."""
    return {name: f"{name.lower()}0" if SECRET.search(name) else "" for name in example()}


def environment(service: str) -> dict[str, str]:
    return {key: interpolate(str(value), filled()) for key, value in SERVICES[service].get("environment", {}).items()}


def one_shots() -> set[str]:
    """Services that end: others wait until they have completed."""
    return {
        target
        for service in SERVICES.values()
        for target, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }


def volumes(service: str) -> list[tuple[str, str, str]]:
    """(source, target, mode) of the short syntax."""
    return [
        (*parts, "") if len(parts) == 2 else tuple(parts)
        for parts in (volume.split(":") for volume in SERVICES[service].get("volumes", ()))
    ]


def argv(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command


def airflow_commands() -> list[list[str]]:
    """Every `airflow …` of the file: commands, health checks, lines of the init script."""
    found = []
    for service in SERVICES.values():
        for words in (argv(service.get("command", [])), service.get("healthcheck", {}).get("test", [])[1:]):
            scripts = [word for word in words if re.search(r"^airflow ", word, re.M)]
            found += [
                shlex.split(line) for text in scripts for line in text.splitlines() if line.startswith("airflow ")
            ]
            if words[:1] == ["airflow"]:
                found.append(words)
    return found


def airflow_options() -> dict[str, dict[str, Any]]:
    """Section → option → description, from Airflow's own list."""
    spec = importlib.util.find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    described = yaml.safe_load((Path(spec.origin).parent / "config_templates" / "config.yml").read_text())
    return {section: content["options"] for section, content in described.items()}


def test_top_level_keys_are_the_specifications() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} <= TOP_LEVEL
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", COMPOSE["name"])


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_known_keys_of_the_right_kind(name: str) -> None:
    service = SERVICES[name]
    assert set(service) <= SERVICE_KEYS
    assert "image" in service or "build" in service
    assert service.get("restart", "no") in {"no", "always", "on-failure", "unless-stopped"}
    assert isinstance(service.get("command", []), str | list)
    assert all(isinstance(value, str) for value in service.get("environment", {}).values()), "quote it"
    assert DURATION.fullmatch(service.get("stop_grace_period", "10s"))


@pytest.mark.parametrize("name", SERVICES)
def test_image_is_pinned_to_a_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert PINNED.fullmatch(image), image


def test_own_image_is_built_here_and_bears_the_projects_version() -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    built = {name: service["image"] for name, service in SERVICES.items() if "build" in service}
    assert set(built.values()) == {f"reveil:{version}"}
    assert {name for name in SERVICES if name.startswith("airflow-")} == {*built, "airflow-db"}


def test_every_component_of_airflow_runs() -> None:
    started = {words[1] for words in airflow_commands()}
    assert {"api-server", "scheduler", "dag-processor", "triggerer"} <= started


@pytest.mark.parametrize("name", sorted(set(SERVICES) - one_shots()))
def test_long_running_service_restarts_and_is_watched(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert set(check) <= HEALTHCHECK_KEYS
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert len(check["test"]) >= 2
    assert all(DURATION.fullmatch(check[key]) for key in ("interval", "timeout", "start_period"))
    assert check["retries"] >= 1
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_one_shots_end_and_are_not_started_again() -> None:
    assert one_shots() == {"airflow-init", "listmonk-init", "listmonk-settings"}
    assert {SERVICES[name].get("restart", "no") for name in one_shots()} == {"no"}


def test_dependencies_exist_can_be_met_and_have_no_circle() -> None:
    graph = {}
    for name, service in SERVICES.items():
        for target, how in service.get("depends_on", {}).items():
            assert target in SERVICES
            assert how["condition"] in CONDITIONS
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[target]
        graph[name] = set(service.get("depends_on", ()))
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert order.index("airflow-init") < order.index("airflow-scheduler")
    assert order.index("listmonk-settings") < order.index("listmonk") < order.index("airflow-scheduler")


def test_named_volumes_are_declared_and_used() -> None:
    used = {source for name in SERVICES for source, _, _ in volumes(name) if not source.startswith(".")}
    assert used == set(COMPOSE["volumes"])


def test_databases_and_data_outlive_their_containers() -> None:
    for name, target in {
        "airflow-db": "/var/lib/postgresql/data",
        "listmonk-db": "/var/lib/postgresql/data",
        "airflow-scheduler": "/opt/reveil/data",
    }.items():
        source = next(source for source, at, mode in volumes(name) if at == target and not mode)
        assert source in COMPOSE["volumes"]


def test_mounted_files_exist_and_cannot_be_written() -> None:
    mounts = {(source, mode) for name in SERVICES for source, _, mode in volumes(name) if source.startswith(".")}
    assert mounts
    missing = [source for source, _ in mounts if not (PROJECT / source).exists()]
    assert missing == []
    assert {mode for _, mode in mounts} == {"ro"}


def test_mounted_rules_lie_where_the_package_reads_them() -> None:
    for source, target, _ in volumes("airflow-scheduler"):
        if source.startswith("."):
            assert target == f"/opt/reveil/{source.removeprefix('./')}"


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_on_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", interpolate(port, filled()))


def test_variables_and_the_example_name_each_other() -> None:
    assert set(used_variables()) == set(example())


def test_example_holds_no_value_and_says_how_to_make_each_secret() -> None:
    assert set(example().values()) == {""}
    lines = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if SECRET.search(line.split("=")[0]) and not line.startswith("#"):
            above = " ".join(lines[max(0, number - 3) : number])
            assert re.search(r"openssl rand|python3 -c|docker compose logs", above), line


@pytest.mark.parametrize("name", sorted(name for name in example() if SECRET.search(name)))
def test_compose_refuses_to_start_without_the_secret(name: str) -> None:
    assert used_variables()[name] == {":?"}
    with pytest.raises(Unset, match=name):
        interpolate(TEXT, filled() | {name: ""})


def test_a_filled_example_leaves_nothing_open() -> None:
    assert "${" not in "".join(interpolate(text, filled()) for text in strings(SERVICES))


def test_no_password_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"password|secret|token|_key|sql_alchemy_conn|esp_default", key, re.I) and not key.endswith(
                "_FILE"
            ):
                assert re.search(r"\$\{\w+:\?", value), f"{name}: {key}"
    assert not re.search(r"://[^\s:/@$]+:[^\s$@{]+@", TEXT), "an address with a literal password"


def test_components_of_airflow_share_one_environment() -> None:
    components = [name for name, service in SERVICES.items() if "build" in service]
    shared = [dict(SERVICES[name]["environment"]) for name in components]
    for variables in shared:
        variables.pop("AIRFLOW_ADMIN_PASSWORD", None)
    assert all(variables == shared[0] for variables in shared)
    assert TEXT.count("AIRFLOW__CORE__EXECUTOR") == 1


def test_airflow_knows_every_option() -> None:
    options = airflow_options()
    names = [key for key in environment("airflow-scheduler") if key.startswith("AIRFLOW__")]
    assert names
    for key in names:
        _, section, option = key.split("__", 2)
        assert option.lower() in options[section.lower()], key


def test_airflow_listens_where_the_health_checks_ask() -> None:
    options = airflow_options()
    checks = {name: SERVICES[name]["healthcheck"]["test"][-1] for name in ("airflow-api-server", "airflow-scheduler")}
    assert (
        f":{options['scheduler']['scheduler_health_check_server_port']['default']}/health"
        in checks["airflow-scheduler"]
    )
    assert f":{options['api']['port']['default']}/api/v2/monitor/health" in checks["airflow-api-server"]
    spec = importlib.util.find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    openapi = Path(spec.origin).parent / "api_fastapi/core_api/openapi/v2-rest-api-generated.yaml"
    assert "\n  /api/v2/monitor/health:\n" in openapi.read_text()


def test_connections_are_json_with_the_token_from_the_environment() -> None:
    found = environment("airflow-scheduler")
    esp = json.loads(found["AIRFLOW_CONN_ESP_DEFAULT"])
    assert esp["password"] == found["REVEIL_ESP_TOKEN"] == filled()["LISTMONK_API_TOKEN"]
    assert f"{esp['schema']}://{esp['host']}:{esp['port']}" == found["REVEIL_ESP_URL"] == "http://listmonk:9000"
    assert esp["login"] == found["REVEIL_ESP_USER"] == environment("listmonk-init")["LISTMONK_ADMIN_API_USER"]
    warehouse = json.loads(found["AIRFLOW_CONN_WAREHOUSE"])
    assert warehouse["extra"] == {"data": found["REVEIL_DATA"]}


def test_settings_accept_what_the_file_sets(tmp_path: Path) -> None:
    from reveil.settings import load_settings

    settings = load_settings(environment("airflow-scheduler") | {"REVEIL_DATA": str(tmp_path)})
    assert settings.esp.provider == "listmonk"
    assert settings.esp.url == "http://listmonk:9000"
    assert settings.esp.token.get_secret_value() == filled()["LISTMONK_API_TOKEN"]


def test_databases_are_reached_with_their_own_names_and_passwords() -> None:
    database = environment("airflow-db")
    address = environment("airflow-scheduler")["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    account = f"{database['POSTGRES_USER']}:{database['POSTGRES_PASSWORD']}"
    assert address == f"postgresql+psycopg2://{account}@airflow-db:5432/{database['POSTGRES_DB']}"
    database, settings, application = (environment(name) for name in ("listmonk-db", "listmonk-settings", "listmonk"))
    for word, postgres in {"user": "USER", "password": "PASSWORD", "database": "DB"}.items():
        client = {"user": "PGUSER", "password": "PGPASSWORD", "database": "PGDATABASE"}[word]
        assert application[f"LISTMONK_db__{word}"] == database[f"POSTGRES_{postgres}"] == settings[client]


def test_listmonk_installs_once_then_upgrades() -> None:
    script = SERVICES["listmonk-init"]["command"][-1]
    install, upgrade = script.split(" && ")
    assert {"--install", "--idempotent", "--yes"} <= set(shlex.split(install))
    assert {"--upgrade", "--yes"} <= set(shlex.split(upgrade))


def test_listmonk_settings_are_updates_of_its_settings_table() -> None:
    text = (PROJECT / "include" / "listmonk.sql").read_text(encoding="utf-8").replace(":'root_url'", "'x'")
    statements = sqlglot.parse(text, read="postgres")
    assert len(statements) >= 4
    for statement in statements:
        assert isinstance(statement, expressions.Update)
        assert statement.this.name == "settings"
        assert statement.args.get("where"), "every setting would be overwritten"
    assert "'mailpit'" in text
    assert "mailpit" in SERVICES


def test_fernet_key_command_makes_a_key_that_airflow_takes() -> None:
    from cryptography.fernet import Fernet

    text = (PROJECT / ".env.example").read_text(encoding="utf-8")
    command = re.search(r"# (python3 -c .+)\n(?:#.*\n)*AIRFLOW_FERNET_KEY=", text)
    assert command
    made = subprocess.run([sys.executable, *shlex.split(command[1])[1:]], capture_output=True, text=True, check=True)
    key = made.stdout.strip()
    assert len(base64.urlsafe_b64decode(key)) == 32
    assert Fernet(key).decrypt(Fernet(key).encrypt(b"x")) == b"x"


PARSE = """
import json, sys
from airflow.cli import cli_parser
parser = cli_parser.get_parser()
for words in json.load(sys.stdin):
    parser.parse_args(words)
"""


def test_airflow_takes_every_command_of_the_file(tmp_path: Path) -> None:
    commands = [words[1:] for words in airflow_commands()]
    assert len(commands) >= 8
    taken = subprocess.run(
        [sys.executable, "-c", PARSE],
        input=json.dumps(commands),
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert taken.returncode == 0, taken.stderr


CONNECTED = """
from reveil.airflow.steps import settings_of_connections
settings = settings_of_connections()
esp = settings.esp
print(esp.provider, esp.url, esp.user, esp.token.get_secret_value(), settings.data)
"""


def test_tasks_reach_listmonk_and_the_data_by_airflows_connections(tmp_path: Path) -> None:
    found = environment("airflow-scheduler")
    connections = {key: value for key, value in found.items() if key.startswith("AIRFLOW_CONN_")}
    others = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "REVEIL"))}
    told = subprocess.run(
        [sys.executable, "-c", CONNECTED],
        env=others | connections | {"AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    token = filled()["LISTMONK_API_TOKEN"]
    assert told.stdout.splitlines()[-1] == f"listmonk http://listmonk:9000 reveil {token} /opt/reveil/data"
