"""How much faults matter, and the page of definitions."""

from __future__ import annotations

from pathlib import Path

import pytest
from returns_builder import child, episode, small, write

from sufficiency.history import definitions
from sufficiency.history.indicators import MEASURES
from sufficiency.history.quality import QUALITY_COLUMNS, by_severity, meanings, quality, rows_by_year
from sufficiency.returns import read_returns

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[1] / "docs" / "indicators.md"


def test_children_and_days_touched(tmp_path: Path) -> None:
    tables = small()
    tables[2025]["header"].append(child("INV000900", "2012-03-04"))
    tables[2025]["episodes"] += [
        episode("INV000900", "2024-07-01", "2024-07-11", rne="P", reason="CARPL"),
        episode("INV000900", "2024-07-11", "2024-07-31", rne="P", place="U4", provider="", rec="E4A"),
        episode("INV000900", "2024-09-01", "2024-08-01", rec="E4A"),
    ]
    returns = read_returns(write(tmp_path, tables))
    table = quality(returns).set_index("rule")
    assert tuple(quality(returns).columns) == QUALITY_COLUMNS
    touched = table[["times", "episodes", "children", "child_days"]].T.to_dict("list")
    assert touched["first_not_start"] == [1, 1, 1, 10]
    assert touched["provider_missing"] == [1, 1, 1, 20]
    # Set aside: it touches no episode that is used.
    assert touched["end_before_start"] == [1, 0, 0, 0]
    assert (table["year"] == 2025).all()
    assert table["child_days_share"].between(0, 0.02).all()
    assert by_severity(returns).to_numpy().tolist() == [[2024, 0, 0, 0], [2025, 1, 2, 0]]
    rows = rows_by_year(returns)
    assert (rows["rows_read"] == rows["rows_used"] + rows["rows_set_aside"] + rows["rows_superseded"]).all()
    assert set(meanings(quality(returns)["rule"])["rule"]) == set(table.index)


def test_clean_returns_have_no_findings(tmp_path: Path) -> None:
    returns = read_returns(write(tmp_path, small()))
    assert quality(returns).empty
    assert by_severity(returns)[["error", "warning", "info"]].sum(axis=None) == 0


def test_the_page_of_indicators_is_as_the_code_makes_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert definitions.filled(page) == page
    assert page.count("<!-- begin: ") == len(definitions.parts())
    assert [name for name in MEASURES if f"`{name}`" not in page] == []
