"""What deciding the next steps costs: a million contacts, a tenth of them enrolled, each model of the decision timed.

    python bench/next_step.py [--contacts 1000000] [--messaged 131600] [--folder DIR]

On two threads. `next_step` reads int_next_steps, and that int_candidates: the three together are the decision.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import datetime
from pathlib import Path

from reveil import transform
from reveil.rules import write_rules
from reveil.settings import Settings
from reveil.warehouse import Warehouse

AS_OF = datetime(2026, 11, 22, 3)
DECISION = ("int_candidates", "int_next_steps", "next_step")
PATHS = ("int_campaign_clicks", "int_campaign_acts", "int_campaign_messages", "int_enrolments", "int_campaign_statuses")
SQL = Path(__file__).parent / "sql" / "next_step.sql"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--messaged", type=int, default=131_600, help="about three of four of them are still enrolled")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(Settings(data=options.folder or Path(temporary)), options.contacts, options.messaged)


def measure(settings: Settings, contacts: int, messaged: int) -> None:
    write_rules(settings)
    with Warehouse(settings).write("bench") as connection:
        for statement in SQL.read_text(encoding="utf-8").split(";\n"):
            values = {"contacts": contacts, "messaged": messaged, "as_of": AS_OF}
            connection.execute(statement, {key: value for key, value in values.items() if f"${key}" in statement})
    seconds = transform.build_only(settings, AS_OF, ["next_step", "held_back", "campaign_position"])
    with Warehouse(settings).read("bench") as connection:
        counts = [
            connection.execute(f"select count(*) from marts.{mart}").fetchall()[0][0]
            for mart in ("next_step", "held_back", "campaign_position")
        ]
    print("next steps {:,}, held back {:,}, enrolled {:,}".format(*counts))
    for title, names in (("the decision", DECISION), ("the paths", PATHS)):
        print(f"{title}: {sum(seconds[name] for name in names):.1f} s")
        for name in names:
            print(f"  {name:24} {seconds[name]:.2f} s")


if __name__ == "__main__":
    main()
