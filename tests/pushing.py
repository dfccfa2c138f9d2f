"""A small warehouse with decisions to push, made by hand: the models that would decide have tests of their own."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandboxes import sent

from reveil.esp.http import HttpSession
from reveil.esp.listmonk import Listmonk
from reveil.push import plan, push
from reveil.sandbox import SandboxHandle
from reveil.settings import Settings
from reveil.warehouse import Warehouse

NIGHT = datetime(1998, 7, 1)
CONTACTS = 9
"""How many the fixture `here` (pushing_fixture.py) has decisions for."""

MARTS = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


def settings_for(data: Path, handle: SandboxHandle | None = None, **values: object) -> Settings:
    """Settings of a data folder, pointing at a sandbox."""
    settings = Settings.model_validate({"data": data, "lock_wait_seconds": 20, **values})
    if handle is not None:
        settings = settings.with_esp(url=handle.url, user=handle.user, token=handle.token, poll_seconds=0.02)
    return settings


def adapter(settings: Settings) -> Listmonk:
    """The adapter as verbs make it, but that does not wait between tries."""
    esp = settings.esp
    http = HttpSession(esp.url, (esp.user, esp.token.get_secret_value()), 10, esp.attempts, sleep=lambda _: None)
    return Listmonk(http, "sandbox", page_size=100, poll_seconds=0.01, import_wait_seconds=20)


def make_warehouse(settings: Settings, contacts: int, prefix: str = "c", as_of: datetime = NIGHT) -> None:
    """`contacts` consenting contacts, every third in French, each decided to get the first winback message."""
    rows = [
        (f"{prefix}{n:03}", f"{prefix}{n:03}@gmail.example", f"First{n}", "fr" if n % 3 == 0 else "en")
        for n in range(contacts)
    ]
    with Warehouse(settings).write("test") as connection:
        connection.executemany(
            "insert into raw.crm_contacts (contact_id, email, normalised_email, first_name, language,"
            " marketing_consent, tracking_consent, first_loaded_at, load_id)"
            " values ($1, $2, $2, $3, $4, true, true, '1998-01-01', 1)",
            rows,
        )
        connection.execute("insert into journal.origin (origin) values ('sample')")
    decide(settings, as_of)


def decide(settings: Settings, as_of: datetime) -> None:
    """The marts of a night: everybody is to get the message."""
    with Warehouse(settings).write("test") as connection:
        for statement in MARTS.split(";"):
            if statement.strip():
                values = {"as_of": as_of} if "$as_of" in statement else None
                connection.execute(statement, values)


def decide_for(settings: Settings, as_of: datetime) -> None:
    """Date the marts as a build of that night would."""
    with Warehouse(settings).write("test") as connection:
        connection.execute("update marts.contact_status set as_of = ?", [as_of])


def outcomes(settings: Settings) -> dict[str, str | None]:
    """Outcome per contact."""
    with Warehouse(settings).read("test") as connection:
        return dict(connection.execute("select contact_id, outcome from journal.batch_contacts").fetchall())


def query(settings: Settings, text: str) -> Sequence[tuple[object, ...]]:
    with Warehouse(settings).read("test") as connection:
        return connection.execute(text).fetchall()


class Template:
    """A warehouse made once and copied for each push of a test: a copy takes a hundredth of the time."""

    def __init__(self, folder: Path, handle: SandboxHandle, contacts: int) -> None:
        self._handle = handle
        self.made = settings_for(folder, handle)
        self.contacts = contacts
        make_warehouse(self.made, contacts)

    def night(self, folder: Path, name: str, handle: SandboxHandle | None = None) -> "Night":
        """A data folder of its own with a planned audience. Its step and its addresses bear the name, which keeps
        several nights apart at one provider."""
        settings = settings_for(folder / name, handle or self._handle)
        settings.data.mkdir(parents=True)
        shutil.copyfile(self.made.warehouse, settings.warehouse)
        with Warehouse(settings).write("test") as connection:
            connection.execute("update marts.next_step set step = ?", [name])
            connection.execute("update raw.crm_contacts set normalised_email = ? || normalised_email", [name])
        plan(settings, NIGHT, now=NIGHT)
        addresses = [f"{name}c{n:03}@gmail.example" for n in range(self.contacts)]
        return Night(settings, handle or self._handle, name, addresses)


@dataclass(frozen=True)
class Night:
    """One planned night at a provider that others use, too."""

    settings: Settings
    handle: SandboxHandle
    name: str
    addresses: Sequence[str]

    def push(self) -> None:
        push(self.settings, adapter(self.settings), NIGHT, now=NIGHT)

    def messages(self) -> dict[str, int]:
        """Messages per address of this night's batches, by the provider's own record."""
        rows = (row for row in sent(self.handle) if row["campaign"].startswith(f"winback/{self.name}/"))
        return dict(Counter(row["email"] for row in rows))
