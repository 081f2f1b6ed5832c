"""The page on money says what the package ships, and published prices stand in only where there are none."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from money_world import tables_of
from returns_builder import small, write

from sufficiency.codes import read_codes
from sufficiency.costs.savings import DISCOUNT_RATE, OptimismBias
from sufficiency.inputs import Options, read_inputs
from sufficiency.tables import default_prices, with_illustrative
from sufficiency.tables.defaults import GRADES

PAGE = (Path(__file__).parents[1] / "docs" / "money.md").read_text(encoding="utf-8")


@pytest.mark.unit
def test_the_shipped_prices_are_those_of_the_page_each_with_source_and_grade() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\d,]+) \| (\d{4}-\d\d) \| ([ABC]) \|", PAGE, re.MULTILINE)
    page = {(name, float(pounds.replace(",", "")), year, grade) for name, pounds, year, grade in rows}
    shipped = default_prices()
    assert page == set(
        zip(*(shipped[name] for name in ("setting", "pounds_per_week", "financial_year", "grade")), strict=True)
    )
    assert (shipped["source"].str.len() > 20).all()
    assert set(shipped["grade"]) <= set(GRADES)
    assert set(shipped["setting"]) <= set(read_codes().all_settings)
    # £318,400 a year is 318,400 / 365 × 7 a week.
    assert shipped.set_index("setting").loc["external_home", "pounds_per_week"] == round(318_400 / 365 * 7)


@pytest.mark.unit
def test_the_pages_percentages_are_those_used() -> None:
    bias = OptimismBias()
    for share in (bias.one_off, bias.delivery, bias.saving):
        assert f"{share:.0%}".replace("%", " %") in PAGE
    assert f"{DISCOUNT_RATE:.1%}".replace("%", " %") in PAGE


@pytest.mark.functional
def test_published_prices_stand_in_where_there_are_none_and_are_marked(tmp_path: Path) -> None:
    own = tables_of(tmp_path, prices="agency_fostering,2026-04-01,1012,own").prices
    assert own is not None
    before = own.table.copy()
    found = with_illustrative(own, read_codes())
    rows = found.table.set_index("setting")
    assert list(rows.loc["agency_fostering", ["pounds_per_week", "status"]]) == [1012, "own"]
    assert rows.loc["secure", "status"] == "illustrative"
    assert "2022-23, grade C" in str(rows.loc["secure", "source"])
    assert found.left_out == {"placed_with_parents", "placed_for_adoption", "other"}
    assert found.statuses == ("own", "illustrative")
    nothing = with_illustrative(None, read_codes())
    assert len(nothing.table) == len(default_prices())
    assert nothing.per_week("secure", [0]).tolist() == [5980]
    pd.testing.assert_frame_equal(own.table, before)


@pytest.mark.functional
def test_the_option_of_a_run_lets_published_prices_stand_in(tmp_path: Path) -> None:
    returns = write(tmp_path / "returns", small())
    plain, asked = (read_inputs(Options(illustrative=wanted), returns) for wanted in (False, True))
    assert plain.tables.prices is None
    assert asked.tables.prices is not None
    assert asked.tables.prices.statuses == ("illustrative",)
    assert plain.fingerprint != asked.fingerprint
