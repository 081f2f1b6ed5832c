"""The benchmark of reading returns works and says what it measured; no time is asserted."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from returns_builder import small, write

from sufficiency.returns import read_returns

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_returns", FOLDER / "returns.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def renamed(folder: Path) -> Path:
    for path in folder.glob("*/*.csv"):
        path.write_text(path.read_text("utf-8").replace("INV0001", "INVENTED"), encoding="utf-8")
    return folder


def test_enlarged_returns_hold_as_many_children_again(benchmark: ModuleType, tmp_path: Path) -> None:
    once = renamed(write(tmp_path / "once", small()))
    episodes = sum(len(tables["episodes"]) for tables in small().values())
    benchmark.enlarge(once, tmp_path / "more", 3 * episodes)
    one, more = read_returns(once), read_returns(tmp_path / "more")
    assert len(more.episodes) == 3 * len(one.episodes)
    assert more.episodes["child"].nunique() == 3 * one.episodes["child"].nunique()
    assert not more.findings


def test_what_is_measured_fills_the_page(benchmark: ModuleType, tmp_path: Path) -> None:
    row = benchmark.measure(write(tmp_path, small()))
    assert row["episodes"] == sum(len(tables["episodes"]) for tables in small().values())
    assert row["rate"] > 0
    assert row["peak"] >= 0
    text = benchmark.page([row, row, row])
    assert text.count("| ") >= 5 * len(benchmark.HEADINGS)
    assert "1.00 times" in text


def test_the_page_was_made_by_the_command(benchmark: ModuleType) -> None:
    text = (FOLDER / "returns.md").read_text(encoding="utf-8")
    assert f"| {' | '.join(benchmark.HEADINGS)} |" in text
    rows = [line for line in text.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) == len(benchmark.SIZES)
