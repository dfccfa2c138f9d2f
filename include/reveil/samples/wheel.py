"""The CDNOW purchase log, read as a file out of a wheel from the package index.

The library in that wheel is neither installed nor imported: it is only where the log is
published under a licence (MIT) and a version that stays.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from reveil.errors import BadInput

REQUIREMENT = "lifetimes==0.11.3"
FOLDER = "lifetimes/datasets"
SHA256 = {
    "CDNOW_master.txt": "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef",
    "CDNOW_sample.txt": "6fae10155c0b0ba363c2c386e30f77990d22328220efd862a5edd1443420d94a",
}
_DOWNLOAD_SECONDS = 600


def fetch(cache: Path) -> Path:
    """The wheel's path in `cache`; pip downloads it, with the user's own configuration, if it is not there.

    Raises BadInput when no index that pip knows can be reached or has it.
    """
    if found := _wheel_in(cache):
        return found
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        try:
            return _download(Path(folder), cache)
        except BadInput as error:
            remedy = f"set up pip's index, or put the wheel, downloaded elsewhere, into {cache}"
            raise BadInput(f"{error}; {remedy}") from None


def master_log(wheel: Path) -> str:
    """The whole log: a heading, then a line per purchase: customer, day, discs, dollars."""
    return _read(wheel, "CDNOW_master.txt")


def sample_numbers(wheel: Path) -> dict[str, int]:
    """The published 1/10 sample: contact id in the whole log → number (1 to 2,357) in the sample.

    No arithmetic leads from one to the other: the sample's file names its customers.
    """
    rows = (line.split() for line in _read(wheel, "CDNOW_sample.txt").splitlines())
    return {row[0]: int(row[1]) for row in rows if row}


def _wheel_in(folder: Path) -> Path | None:
    name, version = REQUIREMENT.split("==")
    return next((file for file in sorted(folder.glob("*.whl")) if _is(file, name, version)), None)


def _is(file: Path, name: str, version: str) -> bool:
    return file.name.lower().startswith(f"{name}-{version}-")


def _download(folder: Path, cache: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), REQUIREMENT],
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadInput(f"pip could not download {REQUIREMENT} in {_DOWNLOAD_SECONDS} s") from None
    wheel = _wheel_in(folder)
    if done.returncode or wheel is None:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise BadInput(f"pip could not download {REQUIREMENT} ({said[-1] if said else 'no index reached'})")
    return wheel.replace(cache / wheel.name)


def _read(wheel: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(f"{FOLDER}/{name}")
    except FileNotFoundError:
        raise BadInput(f"{wheel}: not found; it must be the wheel of {REQUIREMENT}") from None
    except (OSError, zipfile.BadZipFile, KeyError):
        raise BadInput(f"{wheel}: not a whole wheel of {REQUIREMENT}; delete it and try again") from None
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise BadInput(f"{wheel}: its {name} is not the published one; delete the wheel and try again")
    return content.decode("ascii")
