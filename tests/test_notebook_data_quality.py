"""The notebook on data quality, run from top to bottom on small returns."""

from __future__ import annotations

from pathlib import Path

import pytest
from returns_builder import child, episode, small, write

from sufficiency.report.notebooks import execute, parameters_of


@pytest.mark.unit
def test_it_reads_returns_or_a_finished_run() -> None:
    assert list(parameters_of("data-quality")) == ["returns", "folder"]


@pytest.mark.notebook
def test_it_runs_and_names_nobody(tmp_path: Path) -> None:
    tables = small()
    tables[2025]["header"].append(child("INV000900", "2012-03-04"))
    tables[2025]["episodes"].append(episode("INV000900", "2024-07-01", rne="P", provider=""))
    folder = write(tmp_path / "returns", tables)
    shown = execute("data-quality", {"returns": str(folder)}, tmp_path / "run").read_text(encoding="utf-8")
    assert str(tmp_path) not in shown
    assert '"returns = \\"returns\\"' in shown
    assert "provider_missing" in shown
    assert "first_not_start" in shown
    assert "INV000" not in shown
    assert "04/03/2012" not in shown
    assert "2012-03-04" not in shown
