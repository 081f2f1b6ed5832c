"""The council's own tables and the published statistics it gives: read, or refused with every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from returns_builder import small, write

from sufficiency.errors import UserError
from sufficiency.history import build_history
from sufficiency.provenance import shipped
from sufficiency.returns import read_returns
from sufficiency.tables import find_table, read_comparators, read_council_tables, read_population
from sufficiency.tables.comparators import COLUMNS

pytestmark = pytest.mark.unit

HEADING = "geographic_level,la_name,new_la_code,region_name,time_period,cla_31_march,population_0_17,pl_foster\n"
ROWS = (
    "Local authority,Inventshire,E06000999,North,2024,80,20000,60\n"
    "Local authority,Inventshire,E06000999,North,2025,100,20000,c\n"
    'Local authority,"Madeup, City of",E06000998,South,2025,100,20000,50\n'
    "Regional,North,,,2025,1000,150000,700\n"
    'National,England,,,2025,"80,000",12000000,54000\n'
)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "panel.csv").write_text("\ufeff" + HEADING + ROWS, encoding="utf-8")
    (folder / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "empty.csv").write_text("", encoding="utf-8")
    return folder


def _population(folder: Path, rows: list[str], heading: str = "year,age,children") -> Path:
    path = folder / "population.csv"
    path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_examples_population_is_read() -> None:
    population = read_population(shipped("example") / "tables")
    assert list(population) == list(range(2019, 2026))
    assert population[2025] == 52_555


def test_ages_may_come_one_by_one_or_in_bands(tmp_path: Path) -> None:
    rows = ['2024,0 to 4,"10,000",x', "2024,5-9,9000,x", "2024,10 to 17,15000,x", "", "2025,0 to 17,34500.5,y"]
    path = _population(tmp_path, rows, "Year, age ,children,source")
    assert read_population(path) == {2024: 34_000.0, 2025: 34_500.5}


def test_every_problem_of_a_population_is_told_at_once(tmp_path: Path) -> None:
    rows = ["24,0 to 17,1", "2024,18,5", "2024,9 to 5,5", "2025,3,many", "2025,4,-1"]
    with pytest.raises(UserError) as told:
        read_population(_population(tmp_path, rows))
    assert [(problem.row, problem.column) for problem in told.value.problems] == [
        (2, "year"),
        (3, "age"),
        (4, "age"),
        (5, "children"),
        (6, "children"),
    ]
    with pytest.raises(UserError) as told:
        read_population(_population(tmp_path, ["2024,0 to 16,1", "2024,5,1", "2025,0 to 17,0"]))
    assert [str(problem) for problem in told.value.problems] == [
        "population.csv, row 3, age: The year 2024 has this age already.",
        "population.csv, age: The year 2024 lacks the ages 17.",
    ]
    with pytest.raises(UserError, match="no children"):
        read_population(_population(tmp_path, ["2025,0 to 17,0"]))
    with pytest.raises(UserError, match="no rows"):
        read_population(_population(tmp_path, []))
    with pytest.raises(UserError, match="'children' is missing"):
        read_population(_population(tmp_path, ["2025,1"], "year,age"))


def test_tables_are_found_beside_the_returns_or_in_their_folder(tmp_path: Path) -> None:
    returns, tables, other = tmp_path / "returns", tmp_path / "tables", tmp_path / "other"
    for folder in (returns, tables, other):
        folder.mkdir()
    assert read_council_tables(returns).population is None
    path = _population(tables, ["2025,0 to 17,5"])
    assert find_table("population.csv", returns) == path
    assert find_table("population.csv", returns, other) is None
    found = read_council_tables(returns)
    assert found.population == {2025: 5.0}
    assert found.paths == (path,)


def test_the_problems_of_all_tables_are_told_at_once(tmp_path: Path) -> None:
    _population(tmp_path, ["2025,0 to 17,x"])
    (tmp_path / "prices.csv").write_text(
        "setting,from,pounds_per_week,status\nsecur,2026-04-01,5,own\n", encoding="utf-8"
    )
    with pytest.raises(UserError) as told:
        read_council_tables(tmp_path, tmp_path)
    assert {problem.file for problem in told.value.problems} == {"prices.csv", "population.csv"}


@pytest.mark.parametrize(
    "asked", ["Inventshire", "inventshire county council", "Council of the County of Inventshire", "E06000999"]
)
def test_an_authority_is_known_by_name_own_name_or_code(published: Path, asked: str) -> None:
    found = read_comparators(published, asked)
    assert (found.authority, found.region) == ("Inventshire", "North")
    assert [path.name for path in found.paths] == ["panel.csv"]
    assert tuple(found.table.columns) == COLUMNS
    value = found.table.set_index(["financial_year", "level", "measure"])["value"]
    assert value["2024-25", "authority", "children_per_10000"] == 50
    assert value["2024-25", "region", "foster_share"] == 0.7
    assert value["2023-24", "authority", "foster_share"] == 0.75


def test_a_region_may_be_told_or_be_unknown(published: Path) -> None:
    assert read_comparators(published, "Madeup City Council").region == ""
    found = read_comparators(published, "Madeup, City of", "North")
    assert set(found.table["level"]) == {"authority", "region", "England"}
    with pytest.raises(UserError, match="'Nort' is not among the published areas"):
        read_comparators(published, "Inventshire", "Nort")


def test_a_name_that_is_not_published_is_refused_with_the_nearest(published: Path) -> None:
    with pytest.raises(UserError, match="Did you mean 'Inventshire'") as told:
        read_comparators(published, "Inventshir")
    assert "published_as" in str(told.value)


def test_the_returns_stand_beside_the_published(published: Path, tmp_path: Path) -> None:
    history = build_history(read_returns(write(tmp_path / "returns", small())))
    table = read_comparators(published, "Inventshire").beside(history, {2024: 20_000.0})
    assert tuple(table.columns) == COLUMNS
    own = table[table["level"] == "returns"].set_index(["financial_year", "measure"])["value"]
    assert own["2024-25", "children_per_10000"] == 2.0
    assert set(table["area"]) == {"Inventshire", "North", "England", "These returns"}


def test_a_folder_of_the_departments_own_files_is_read(shared_data: Path) -> None:
    found = read_comparators(shared_data / "published", "Durham County Council")
    assert (found.authority, found.region) == ("County Durham", "North East")
    assert read_comparators(shared_data / "published", "874").authority == "Peterborough"
