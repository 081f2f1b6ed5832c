"""The benchmark of costing works and says what it measured; no time is asserted."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit


def test_every_way_of_costing_is_measured() -> None:
    path = Path(__file__).parents[1] / "benchmarks" / "costing.py"
    spec = importlib.util.spec_from_file_location("benchmark_costing", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.page(1, 3)
    assert "1 scenarios of 3 replications and 5 years" in text
    assert text.count("| ours: ") == 4
    assert "pandas join (baseline)" in text
