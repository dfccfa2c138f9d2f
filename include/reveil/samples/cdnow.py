"""Landing files from the CDNOW purchase log: real orders, synthetic people around them.

Orders are the log's lines: their number is the order id, their day at 12:00 UTC the instant
(the log knows no time of day). Everything else is made up; docs/samples.md lists it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from reveil.report import Report
from reveil.samples import synthetic
from reveil.samples.landing import refuse_company_files, write_tables
from reveil.samples.wheel import REQUIREMENT, fetch, master_log
from reveil.warehouse import connect, sql

SEED = "cdnow-1"


def write(landing: Path, wheel: Path | None = None) -> Report:
    """Write `<table>.sample.<ext>` for the log's 23,570 customers into `landing`.

    wheel: a local wheel of lifetimes 0.11.3; without it pip downloads it once, into the
    folder `cache` beside `landing`.
    Raises BadInput when `landing` holds files that are no sample (nothing is written), or
    when the wheel cannot be had or is not the published one.
    """
    refuse_company_files(landing)
    log = master_log(wheel or fetch(landing.parent / "cache"))
    with connect(Path(":memory:")) as connection:
        connection.execute("set variable log = ?", [log])
        connection.execute(sql("sample_cdnow"))
        synthetic.add(connection, SEED, business_line="music")
        figures = _figures(connection)
        rates = synthetic.measured_rates(connection)
        files = write_tables(connection, landing)
    return Report(
        "sample cdnow",
        (f"{landing}: {len(files)} sample files", _log_line(figures), synthetic.rate_line(rates)),
        {"landing": str(landing), "files": files, "log": figures, "rates": rates},
    )


def _log_line(log: Mapping[str, int | str]) -> str:
    return (
        f"orders (real, CDNOW, from the wheel of {REQUIREMENT}): {log['lines']:,} lines of "
        f"{log['customers']:,} customers, {log['first_day']} to {log['last_day']}"
    )


def _figures(connection: duckdb.DuckDBPyConnection) -> dict[str, int | str]:
    result = connection.execute(sql("sample_cdnow_figures"))
    names = [column[0] for column in result.description]
    return dict(zip(names, result.fetchall()[0], strict=True))
