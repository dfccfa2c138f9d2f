"""The image: what the Dockerfile copies, installs and runs, and that its commands work natively."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = {
    name: service
    for name, service in yaml.safe_load((PROJECT / "docker-compose.yaml").read_text(encoding="utf-8"))[
        "services"
    ].items()
    if "build" in service
}


def instructions(word: str) -> list[str]:
    """The arguments of every instruction of that name, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return [line.split(None, 1)[1] for line in joined.splitlines() if line.startswith(f"{word} ")]


def test_base_image_is_pinned_to_an_allowed_python() -> None:
    base = instructions("FROM")
    assert base == ["python:3.11.14-slim-bookworm"]


def test_copied_paths_exist_and_reach_the_builder() -> None:
    ignore = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in ignore if line.startswith("!")]
    dropped = [line for line in ignore if line and line[0] not in "!#*"]
    sources = [source for line in instructions("COPY") for source in line.split()[:-1]]
    assert set(sources) == set(kept)
    assert [source for source in sources if not (PROJECT / source).exists()] == []
    assert not [source for source in sources if any(fnmatch(source, pattern) for pattern in dropped)]


def test_image_installs_the_lock_and_runs_as_nobody_special() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert "--no-deps --require-hashes --requirement requirements/docker.txt" in installs[0]
    assert "--no-deps --editable ." in installs[1]
    assert instructions("USER") == ["reveil"]
    assert instructions("WORKDIR") == ["/opt/reveil"]
    assert DOCKERFILE.rindex("USER reveil") > DOCKERFILE.rindex("RUN ")
    assert not [
        line for line in instructions("ENV") + instructions("ARG") if re.search("PASSWORD|SECRET|TOKEN|KEY", line)
    ]


def test_volumes_are_mounted_on_folders_that_the_image_gives_to_its_user() -> None:
    made = [line for line in instructions("RUN") if "install --directory" in line]
    folders = {word for word in made[0].split() if word.startswith("/opt/")}
    mounts = [volume.split(":") for service in SERVICES.values() for volume in service["volumes"]]
    mounted = {target for source, target, *_ in mounts if not source.startswith(".")}
    assert mounted <= folders


def test_programs_of_the_image_exist_natively() -> None:
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    programs = {service["command"][0] for service in SERVICES.values()}
    programs |= {service["healthcheck"]["test"][1] for service in SERVICES.values() if "healthcheck" in service}
    programs |= {json.loads(line)[0] for line in instructions("CMD")}
    assert programs == {"airflow", "bash", "python", "reveil"}
    assert "reveil" in scripts
    assert [program for program in programs if not ((BIN / program).exists() or shutil.which(program))] == []


def native(tmp_path: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as the image would, on SQLite in a folder of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "REVEIL"))}
    added = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "PATH": f"{BIN}{os.pathsep}{kept['PATH']}",
    }
    return subprocess.run(
        command,
        env=kept | added | variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_init_makes_the_tables_the_pool_and_the_passwords(tmp_path: Path) -> None:
    """Twice: it runs at every start."""
    command = [word.replace("$$", "$") for word in SERVICES["airflow-init"]["command"]]
    (tmp_path / "auth").mkdir()
    for _ in range(2):
        done = native(tmp_path, *command, AIRFLOW_ADMIN_PASSWORD='word with "quotes"')
        assert done.returncode == 0, done.stderr
    passwords = tmp_path / "auth" / "passwords.json"
    assert json.loads(passwords.read_text()) == {"admin": 'word with "quotes"'}
    assert passwords.stat().st_mode & 0o077 == 0
    assert 'word with "quotes"' not in done.stdout + done.stderr
    pool = native(tmp_path, "airflow", "pools", "get", "warehouse", "--output", "json")
    assert json.loads(pool.stdout)[0]["slots"] == "1"


def test_console_script_of_the_image_runs(tmp_path: Path) -> None:
    shown = native(tmp_path, *json.loads(instructions("CMD")[0]))
    assert shown.returncode == 0, shown.stderr
    assert "nightly" in shown.stdout
