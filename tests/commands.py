"""The console script as people run it: a process of its own, in a data folder and an Airflow home of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reveil.sandbox import SandboxHandle
from reveil.settings import PROJECT, Settings, load_settings

REVEIL = Path(sys.executable).with_name("reveil")
_PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Desk:
    """Where commands are given: `folder` holds the data, Airflow's home and a settings file; `esp` is who is mailed
    through, the embedded sandbox by default; `provider` is what the settings call it."""

    folder: Path
    esp: SandboxHandle | None = None
    provider: str = "sandbox"
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def airflow(self) -> Path:
        return self.folder / "airflow"

    @property
    def environment(self) -> dict[str, str]:
        """What a person's shell would have, and nothing of the shell that runs the tests."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("REVEIL_", "AIRFLOW", "PYTEST"))
        }
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        ours = {
            "REVEIL_DATA": str(self.data),
            "AIRFLOW_HOME": str(self.airflow),
            "REVEIL_SETTINGS": str(self._settings_file()),
        }
        ours |= {"REVEIL_ESP_PROVIDER": self.provider}
        if self.esp:
            ours |= {
                "REVEIL_ESP_URL": self.esp.url,
                "REVEIL_ESP_USER": self.esp.user,
                "REVEIL_ESP_TOKEN": self.esp.token,
            }
        return kept | ours

    @property
    def settings(self) -> Settings:
        """What a command given here reads."""
        return load_settings(self.environment)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`reveil WORDS`, to its end."""
        return subprocess.run(
            [REVEIL, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`reveil WORDS`, left running."""
        return subprocess.Popen(
            [REVEIL, *words], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def _settings_file(self) -> Path:
        document = yaml.safe_load((PROJECT / "include" / "settings.yml").read_text(encoding="utf-8"))
        for name, value in self.changes.items():
            block = document[name] if isinstance(value, dict) else None
            document[name] = value if block is None else {**block, **value}
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "settings.yml"
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        return file


def good(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """The same, having ended well."""
    assert done.returncode == 0, f"{done.args[1:]}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def figures(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON object that --json promises on stdout."""
    return dict(json.loads(good(done).stdout))
