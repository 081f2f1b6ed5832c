"""An authority beside its region and England."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from returns_builder import small, write

from sufficiency.errors import UserError
from sufficiency.history import build_history
from sufficiency.history.comparators import COMPARED_COLUMNS, MEASURES, compare, own_mix, read_published
from sufficiency.returns import read_returns

HEADING = "geographic_level,la_name,time_period,cla_31_march,population_0_17,started,pl_foster,prov_own_la\n"
ROWS = (
    "Local authority,Inventshire,2024,80,20000,c,60,30\n"
    "Local authority,Inventshire,2025,100,20000,50,c,40\n"
    "Regional,North,2025,1000,150000,400,700,500\n"
    'National,England,2025,"80,000",12000000,30000,54000,35000\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "panel.csv").write_text("\ufeff" + HEADING + ROWS, encoding="utf-8")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.unit
def test_rates_and_mix_beside_each_other(folder: Path) -> None:
    table = compare(read_published(folder), "Inventshire", region="North")
    assert tuple(table.columns) == COMPARED_COLUMNS
    value = table.set_index(["financial_year", "area", "measure"])["value"]
    assert value["2024-25", "Inventshire", "children_per_10000"] == 50
    assert value["2024-25", "North", "children_per_10000"] == pytest.approx(1000 / 15)
    assert value["2024-25", "England", "children_per_10000"] == pytest.approx(80_000 / 1200)
    assert value["2023-24", "Inventshire", "foster_share"] == 0.75
    assert np.isnan(value["2024-25", "Inventshire", "foster_share"])
    assert np.isnan(value["2023-24", "Inventshire", "started_per_10000"])
    assert np.isnan(value["2024-25", "England", "uasc_share"])
    assert set(table["measure"]) == set(MEASURES)


@pytest.mark.unit
def test_areas_and_folders_that_are_not_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        compare(read_published(folder), "Inventshir", region="South")
    assert [str(problem)[:12] for problem in caught.value.problems] == ["'Inventshir'", "'South' is n"]
    assert "Did you mean 'Inventshire'?" in str(caught.value)
    empty = tmp_path / "nothing"
    empty.mkdir()
    with pytest.raises(UserError, match="has the columns"):
        read_published(empty)


@pytest.mark.unit
def test_the_returns_own_mix(tmp_path: Path) -> None:
    history = build_history(read_returns(write(tmp_path, small())))
    table = own_mix(history, "Inventshire", {2024: 20_000.0}).set_index(["financial_year", "measure"])
    assert table.loc[("2024-25", "children_per_10000"), "value"] == 4 / 20_000 * 10_000
    assert table.loc[("2024-25", "foster_share"), "numerator"] == 3
    assert table.loc[("2024-25", "with_parents_share"), "value"] == 0.25
    assert table.loc[("2024-25", "own_provision_share"), "value"] == 0.5
    assert ("2023-24", "children_per_10000") not in table.index
    assert set(table.index.get_level_values("measure")) <= set(MEASURES)


@pytest.mark.validation
def test_published_statistics_give_the_published_rates(shared_data: Path) -> None:
    published = read_published(shared_data / "published")
    value = compare(published, "Peterborough", region="East of England").set_index(
        ["financial_year", "area", "measure"]
    )["value"]
    # DfE: 70 for each 10,000 children in England on 31 March 2023.
    assert round(value["2022-23", "England", "children_per_10000"]) == 70
    assert value["2022-23", "England", "foster_share"] == pytest.approx(0.676, abs=0.001)
    assert 0 < value["2022-23", "East of England", "children_per_10000"] < 100
    assert value["2022-23", "Peterborough", "children_per_10000"] > 0
