"""The only reader of the environment and of include/settings.yml.

Everything else takes a `Settings`. Secrets come from the environment alone; what may be
shown to colleagues stands in the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from reveil.errors import BadInput

PROJECT = Path(__file__).resolve().parents[2]
"""The project's folder: the package is installed in place (`pip install -e .`)."""

SideEffects = Literal["none", "send", "send_and_erase"]
Provider = Literal["sandbox", "listmonk"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EspSettings(_Section):
    """Where the e-mail service provider is and who we are there."""

    provider: Provider = "sandbox"
    url: str = ""
    user: str = ""
    token: SecretStr = SecretStr("")
    from_email: str = "Shop <news@shop.example>"
    timeout_seconds: float = Field(default=30, gt=0)
    attempts: int = Field(default=5, ge=1, le=10)
    page_size: int = Field(default=1000, ge=1, le=10_000)
    poll_seconds: float = Field(default=0.5, gt=0)
    import_wait_seconds: float = Field(default=3600, gt=0)

    @property
    def is_sandbox(self) -> bool:
        return self.provider == "sandbox"


class StatusSettings(_Section):
    drifting_days: int = Field(default=60, ge=0)


class ReactivationSettings(_Section):
    """What holds for all campaigns together; the models know each key as a variable of the same name."""

    grace_days: int = Field(default=90, ge=1)
    max_messages_per_episode: int = Field(default=3, ge=1)
    goodbye_lead_days: int = Field(default=30, ge=1)
    low_relevance: int = Field(default=2, ge=1, le=5)
    otherwise_exit_days: int = Field(default=7, ge=0)
    canary_size: int = Field(default=500, ge=1)
    lift_to_see: float = Field(default=1.5, gt=1)
    deliverability_days: int = Field(default=30, ge=1, le=90)


class PushSettings(_Section):
    min_days_between_messages: int = Field(default=7, ge=0)
    intent_ttl_hours: int = Field(default=24, ge=1)
    max_audience: int = Field(default=100_000, ge=1)
    finish_wait_seconds: float = Field(default=600, ge=0)
    regular_read_back_days: int = Field(default=7, ge=1)
    stale_message_months: int = Field(default=12, ge=1)


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class ErasureSettings(_Section):
    """`retention_weekday`: the nightly run erases by retention on that day only, requests on every day."""

    ahead_days: int = Field(default=7, ge=0)
    retention_weekday: Weekday = "monday"
    approve_above_contacts: int = Field(default=100, ge=0)
    approve_above_share: float = Field(default=0.01, ge=0, le=1)
    archive_years: int = Field(default=10, ge=1, le=30)
    fiscal_year_ends_in_month: int = Field(default=12, ge=1, le=12)
    suppression_years: int = Field(default=3, ge=1, le=30)
    waive_history: str = ""
    waive_freshness: str = ""


class Settings(_Section):
    """What may happen here. Paths are absolute."""

    project: Path = PROJECT
    data: Path = PROJECT / "data"
    side_effects: SideEffects = "none"
    as_of_tolerance_hours: int = Field(default=36, ge=1)
    landing_keep_days: int = Field(default=7, ge=1)
    log_keep_days: int = Field(default=30, ge=1)
    lock_wait_seconds: float = Field(default=120, ge=0)
    memory_limit: str = "4GB"
    notify_webhook: str = ""
    suppression_key_file: Path | None = None
    airflow_home: Path | None = None
    esp: EspSettings = EspSettings()
    status: StatusSettings = StatusSettings()
    reactivation: ReactivationSettings = ReactivationSettings()
    push: PushSettings = PushSettings()
    erasure: ErasureSettings = ErasureSettings()

    def with_esp(self, **values: str | float | None) -> Settings:
        """The same with another address, credentials or provider of the ESP (empty values change nothing)."""
        document = self.esp.model_dump() | {key: value for key, value in values.items() if value}
        return self.model_copy(update={"esp": EspSettings.model_validate(document)})

    def with_data(self, folder: str) -> Settings:
        """The same with another data folder (relative to the project)."""
        return self.model_copy(update={"data": (self.project / folder).resolve()})

    @property
    def landing(self) -> Path:
        return self.data / "landing"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.data / "published.duckdb"

    @property
    def compliance(self) -> Path:
        return self.data / "compliance.duckdb"

    @property
    def erasure_runs(self) -> Path:
        """One folder for each erasure that has not ended: what it still needs to know, then nothing."""
        return self.data / "erasure"

    @property
    def airflow(self) -> Path:
        return self.airflow_home or self.data / "airflow"

    @property
    def outbox(self) -> Path:
        return self.data / "outbox"

    @property
    def data_docs(self) -> Path:
        return self.data / "data_docs"

    @property
    def dbt_docs(self) -> Path:
        return self.data / "dbt_docs"

    @property
    def sandbox(self) -> Path:
        return self.data / "sandbox"

    @property
    def replay(self) -> Path:
        """What a replay came to; its presence marks the folder as a replay's."""
        return self.data / "replay"

    @property
    def dbt_target(self) -> Path:
        return self.data / "dbt" / "target"

    @property
    def dbt_logs(self) -> Path:
        return self.data / "dbt" / "logs"

    @property
    def scratch(self) -> Path:
        """Short-lived files; whatever a killed process leaves here is removed by the next one."""
        return self.data / "tmp"

    @property
    def pause_file(self) -> Path:
        return self.data / "paused"

    @property
    def sources_file(self) -> Path:
        return self.project / "include" / "sources.yml"

    @property
    def campaigns(self) -> Path:
        return self.project / "include" / "campaigns"

    @property
    def expectations(self) -> Path:
        return self.project / "expectations"

    @property
    def dbt_project(self) -> Path:
        return self.project / "dbt_project"


def load_settings(environ: Mapping[str, str] = os.environ, project: Path = PROJECT, **overrides: Any) -> Settings:
    """Settings from include/settings.yml, then the environment, then `overrides`.

    REVEIL_DATA           the data folder (relative to the project; default data)
    REVEIL_SETTINGS       another settings file
    REVEIL_ESP_URL        the ESP's address; may carry user:token@
    REVEIL_ESP_USER, REVEIL_ESP_TOKEN, REVEIL_ESP_PROVIDER
    REVEIL_SUPPRESSION_KEY_FILE  the current key of suppression entries, older ones beside it (default: keys/ in the
                                 data folder)

    Raises BadInput with file and key when a value is not allowed.
    """
    file = Path(environ.get("REVEIL_SETTINGS", project / "include" / "settings.yml"))
    document = _read(file)
    document["project"] = project
    document["data"] = (project / environ.get("REVEIL_DATA", "data")).resolve()
    if not isinstance(document.get("esp", {}), dict):
        raise BadInput(f"{file}: esp: must be a block of settings")
    document["esp"] = {**document.get("esp", {}), **_esp_from(environ)}
    if key_file := environ.get("REVEIL_SUPPRESSION_KEY_FILE"):
        document["suppression_key_file"] = (project / key_file).resolve()
    if home := environ.get("AIRFLOW_HOME"):
        document["airflow_home"] = Path(home).resolve()
    document.update(overrides)
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise BadInput(f"{file}: {explain(error)}") from None


def explain(error: ValidationError) -> str:
    """A validation error in one line per problem: the key, then what is allowed; never the value."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'file'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{file}: not found; restore it or set REVEIL_SETTINGS") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"{file}{line}: not valid YAML") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise BadInput(f"{file}: must be a block of settings, one `key: value` a line")
    return document


def _esp_from(environ: Mapping[str, str]) -> dict[str, str]:
    names = {"provider": "REVEIL_ESP_PROVIDER", "user": "REVEIL_ESP_USER", "token": "REVEIL_ESP_TOKEN"}
    found = {key: environ[name] for key, name in names.items() if environ.get(name)}
    if address := environ.get("REVEIL_ESP_URL"):
        found = {**split_address(address), **found}
    return found


def split_address(address: str) -> dict[str, str]:
    """`http://user:token@host:port` as the keys url, user, token (only those it has)."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    location = f"{host}:{parts.port}" if parts.port else host
    found = {"url": urlunsplit((parts.scheme, location, parts.path.rstrip("/"), "", ""))}
    if parts.username:
        found["user"] = parts.username
    if parts.password:
        found["token"] = parts.password
    return found


def provide_airflow_environment(settings: Settings) -> None:
    """Airflow's own settings for this folder, where the environment does not have them. Airflow reads them when it
    is imported, so this comes first."""
    port = os.environ.get("AIRFLOW__API__PORT", "8080")
    defaults = {
        "AIRFLOW_HOME": str(settings.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.project / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__API__HOST": "127.0.0.1",
        # tasks report to the web server: where it listens, not where it would by default
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "4",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
