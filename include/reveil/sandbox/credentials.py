"""The sandbox's own credentials: made once per folder, readable by its owner only, never baked in."""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64decode
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path

_USER = "pipeline"


@dataclass(frozen=True)
class Credentials:
    user: str
    token: str

    def fit(self, header: str) -> bool:
        """Whether an Authorization header, BasicAuth or `token USER:TOKEN`, names these."""
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "basic":
            try:
                value = b64decode(value, validate=True).decode()
            except ValueError:
                return False
        elif scheme.lower() != "token":
            return False
        return compare_digest(value.strip().encode(), f"{self.user}:{self.token}".encode())


def credentials(folder: Path) -> Credentials:
    """Those of a folder; made when there are none."""
    path = folder / "credentials.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, Credentials(_USER, secrets.token_urlsafe(24)))
    document = json.loads(path.read_text(encoding="utf-8"))
    return Credentials(document["user"], document["token"])


def _write(path: Path, made: Credentials) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"user": made.user, "token": made.token}, file)
    draft.replace(path)
