"""What several tests need."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from plans import Authority, example_authority

from sufficiency.provenance import shipped

ROOT = Path(__file__).parents[1]

# No test asserts a time, not even by a library's default.
settings.register_profile("project", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Published figures and fake returns that lie beside the checkout where the project is built."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data beside the checkout: published figures that are not part of this repository")
    return folder


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's last three returns twice over, as two authorities in one set of files."""
    folder = tmp_path_factory.mktemp("region")
    for table in ("header", "episodes", "uasc"):
        for year in (2024, 2025, 2026):
            source = shipped("example") / "returns" / str(year) / f"{table}.csv"
            rows = pd.read_csv(source, dtype=str, keep_default_na=False)
            both = [rows.assign(LA="Northmarsh"), rows.assign(LA="Southmarsh", CHILD=rows["CHILD"] + "S")]
            pd.concat(both).to_csv(folder / f"{year}-{table}.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def authority() -> Authority:
    """The invented example, read and estimated once."""
    return example_authority()
