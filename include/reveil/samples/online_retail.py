"""Landing files from Online Retail II: real invoices, synthetic people around them.

Lines are added up per invoice. A purchase invoice is a paid order; a cancellation invoice
(its number starts with C) is an order of its own with status `returned` and a negative
amount, so spend net of returns is the sum of both and purchases count paid orders only.
Lines that are no known customer's purchase or return are set aside, counted per class.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from reveil.errors import BadInput
from reveil.report import Report
from reveil.samples import synthetic
from reveil.samples.landing import refuse_company_files, write_tables
from reveil.warehouse import connect, sql

SEED = "online-retail-1"
COLUMNS = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "CustomerID", "Country")


def write(landing: Path, source: Path) -> Report:
    """Write `<table>.sample.<ext>` for the log's 5,942 customers into `landing`.

    source: the Parquet file of invoice lines, with the columns COLUMNS; InvoiceDate is UK
    local time and is written as UTC, amounts are pounds.
    Raises BadInput when `landing` holds files that are no sample (nothing is written), or
    when `source` is not such a file.
    """
    refuse_company_files(landing)
    with connect(Path(":memory:")) as connection:
        _view_lines(connection, source)
        connection.execute(sql("sample_online_retail"))
        synthetic.add(connection, SEED, business_line="gifts")
        figures = _rows(connection, "sample_online_retail_figures")[0]
        classes = {row.pop("class"): row for row in _rows(connection, "sample_online_retail_classes")}
        rates = synthetic.measured_rates(connection)
        files = write_tables(connection, landing)
    return Report(
        "sample online-retail",
        (
            f"{landing}: {len(files)} sample files",
            *_log_lines(figures),
            *(_class_line(name, row) for name, row in classes.items()),
            synthetic.rate_line(rates),
        ),
        {"landing": str(landing), "files": files, "log": figures, "classes": classes, "rates": rates},
    )


def _view_lines(connection: duckdb.DuckDBPyConnection, source: Path) -> None:
    if not source.is_file():
        raise BadInput(f"{source}: not found; give the Parquet file of Online Retail II's invoice lines")
    try:
        lines = connection.read_parquet(str(source))
    except duckdb.Error:
        raise BadInput(f"{source}: not a readable Parquet file; fetch it again") from None
    if missing := [column for column in COLUMNS if column not in lines.columns]:
        raise BadInput(f"{source}: lacks the column(s) {', '.join(missing)}; is it Online Retail II?")
    lines.create_view("invoice_lines")


def _rows(connection: duckdb.DuckDBPyConnection, script: str) -> list[dict[str, Any]]:
    result = connection.execute(sql(script))
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _log_lines(log: Mapping[str, Any]) -> tuple[str, ...]:
    lines = (
        f"lines (real, Online Retail II, {log['first_day']} to {log['last_day']}): {log['lines_in']:,} in = "
        f"{log['lines_kept']:,} in kept orders + {log['lines_set_aside']:,} set aside"
    )
    kept = f"{log['invoices_kept']:,} kept ({log['purchases']:,} purchases, {log['returns']:,} returns)"
    invoices = f"invoices: {log['invoices_in']:,} in = {kept} + {log['invoices_set_aside']:,} set aside"
    customers = f"customers: {log['customers']:,}, of whom {log['customers_with_purchase']:,} bought"
    return lines, invoices, customers


def _class_line(name: str, row: Mapping[str, int]) -> str:
    return (
        f"  {name.replace('_', ' ')}: {row['lines_in']:,} in = "
        f"{row['lines_kept']:,} kept + {row['lines_set_aside']:,} set aside"
    )
