"""Cells that slipped into LA and YEAR, folders without episodes, subfolders: each costs its rows, and shows nobody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from returns_builder import small, write

from sufficiency.cli import main
from sufficiency.errors import UserError
from sufficiency.history import build_history, select
from sufficiency.provenance import shipped
from sufficiency.returns import Returns, marks, read_returns
from sufficiency.trials.write_layouts import LAYOUTS, read_written, write_marked

pytestmark = pytest.mark.functional
YEARS = (2024, 2025, 2026)
PRIVATE = ("INVENTED00051", "02/02/2003", "ZZ5 7UH", "1234567")


@pytest.fixture(scope="module")
def yearly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three yearly returns of the example: headers and episodes."""
    folder = tmp_path_factory.mktemp("yearly")
    for year in YEARS:
        (folder / str(year)).mkdir()
        for table in ("header", "episodes"):
            shutil.copy(shipped("example") / "returns" / str(year) / f"{table}.csv", folder / str(year))
    return folder


@pytest.fixture
def flat(yearly: Path, tmp_path: Path) -> Path:
    """The same in one folder, with the columns LA and YEAR."""
    return LAYOUTS["LA and YEAR columns"](read_written(yearly), tmp_path / "flat")


def _accounted(returns: Returns) -> None:
    files = returns.files
    assert (files["rows_read"] == files["rows_used"] + files["rows_set_aside"] + files["rows_superseded"]).all()


def _spoil(path: Path, column: str, values: dict[int, str]) -> None:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for row, value in values.items():
        table.loc[row, column] = value
    table.to_csv(path, index=False)


@pytest.mark.parametrize("slip", ["2014", "2204", *PRIVATE])
def test_a_year_that_slipped_costs_its_rows(yearly: Path, flat: Path, slip: str) -> None:
    clean = read_returns(yearly)
    for table in ("episodes", "header"):
        _spoil(flat / f"{table}.csv", "YEAR", {7: slip, 900: slip})
    returns = read_returns(flat)
    assert returns.years == clean.years == YEARS
    told = [item for item in returns.findings if item.rule == "year_slip"]
    assert [(item.file, item.row) for item in told] == [("episodes.csv", 9), ("header.csv", 9)]
    assert all("9, 902" in item.message for item in told)
    _accounted(returns)
    assert returns.files["rows_set_aside"].sum() == clean.files["rows_set_aside"].sum() + 4
    # Whoever's row is left out stands in the other returns too, mostly.
    assert abs(len(returns.episodes) - len(clean.episodes)) <= 2


@pytest.mark.parametrize("form", ["text", "csv", "json", "html"])
def test_what_slipped_into_la_or_year_is_shown_to_nobody(flat: Path, form: str) -> None:
    for column in ("LA", "YEAR"):
        _spoil(flat / "episodes.csv", column, dict(zip((5, 50, 500, 600), PRIVATE, strict=True)))
    done = CliRunner().invoke(main, ["check", str(flat), "--format", form])
    assert done.exit_code in (0, 1)
    assert "3 collection years" in done.output or form in ("csv", "json")
    assert not [value for value in PRIVATE if value in done.output]


def test_two_authorities_are_listed_without_what_slipped_among_them(yearly: Path, tmp_path: Path) -> None:
    given = read_written(yearly)
    path = tmp_path / "region"
    write_marked({"Northshire": given}, path)
    table = pd.read_csv(path / "episodes.csv", dtype=str, keep_default_na=False)
    table.loc[table.index[::2], "LA"] = "Bristol, City of"
    for row, value in zip((5, 51, 501, 601), PRIVATE, strict=True):
        table.loc[row, "LA"] = value
    table.to_csv(path / "episodes.csv", index=False)
    with pytest.raises(UserError, match="hold 2 authorities; name one of them: Bristol, City of; Northshire"):
        read_returns(path)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2024", "2024"),
        (" 2024.0 ", "2024"),
        ("2023/24", "2023/24"),
        ("2023-2024", "2023/24"),
        ("FY 2023_24", "2023/24"),
        ("31/03/2024", "2023/24"),
        ("2024-03-31 00:00:00", "2023/24"),
        ("2023/25", ""),
        ("2204", ""),
        ("1890", ""),
        ("12/05/2024", ""),
        ("20241234", ""),
        ("INV 2024", ""),
        ("", ""),
    ],
)
def test_what_a_year_column_may_say(text: str, year: str) -> None:
    assert marks.year(text) == year


@pytest.mark.parametrize(
    "name", ["Kingston upon Hull, City of", "St. Helens", "Invented 001", "E06000010", "810", "Ynys Môn"]
)
def test_what_an_la_column_may_say(name: str) -> None:
    assert marks.authority(f" {name} ") == name
    assert not [value for value in PRIVATE if marks.authority(value)]


def test_a_folder_of_a_year_without_episodes_keeps_its_year(yearly: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    shutil.copytree(yearly, path)
    table = pd.read_csv(path / "2025" / "episodes.csv", dtype=str, keep_default_na=False)
    table.drop(columns="REC").to_csv(path / "2025" / "episodes.csv", index=False)
    returns = read_returns(path)
    rules = {item.rule for item in returns.findings}
    assert "missing_column" in rules
    assert not rules & {"named_for_another_year", "dob_impossible", "duplicate_header"}
    assert returns.years == (2024, 2026)
    _accounted(returns)


def test_tables_of_a_year_may_lie_in_different_folders(yearly: Path, tmp_path: Path) -> None:
    path = tmp_path / "apart"
    for year in YEARS:
        for table, folder in (("episodes", "placements"), ("header", "children")):
            (path / str(year) / folder).mkdir(parents=True)
            shutil.copy(yearly / str(year) / f"{table}.csv", path / str(year) / folder)
    one, other = read_returns(path), read_returns(yearly)
    for name in ("header", "episodes"):
        drop = ["file"] if name == "episodes" else []
        pd.testing.assert_frame_equal(getattr(one, name).drop(columns=drop), getattr(other, name).drop(columns=drop))
    assert [item.rule for item in one.findings] == [item.rule for item in other.findings]


def test_why_nothing_could_be_used_is_told_once_a_rule(yearly: Path, tmp_path: Path) -> None:
    path = tmp_path / "nodob"
    shutil.copytree(yearly / "2026", path)
    table = pd.read_csv(path / "header.csv", dtype=str, keep_default_na=False)
    table.drop(columns="DOB").to_csv(path / "header.csv", index=False)
    done = CliRunner().invoke(main, ["check", str(path)])
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert len(lines) < 12
    assert any("header.csv" in line and "DOB" in line for line in lines)
    assert any("episodes.csv" in line and "taken for the episodes table" in line for line in lines)
    assert any("more rows" in line for line in lines)


@pytest.mark.parametrize("day", ["2025-09-30", "30/09/2025"])
def test_the_last_day_may_be_written_either_way_and_counts_end_there(yearly: Path, tmp_path: Path, day: str) -> None:
    shutil.copytree(yearly, tmp_path / "part")
    returns = read_returns(tmp_path / "part", until=day)
    history = build_history(returns)
    done = CliRunner().invoke(main, ["check", str(tmp_path / "part"), "--until", day])
    assert f"{history.placements['child'].nunique():,} children who were in care" in done.output
    assert "to 30/09/2025" in done.output


def test_two_rows_of_one_return_with_different_births_are_told(tmp_path: Path) -> None:
    made = small()
    twice = dict(made[2025]["header"][3])
    made[2025]["header"].append(twice | {"DOB": "21/05/2023"})
    told = [item for item in read_returns(write(tmp_path, made)).findings if item.rule == "dob_differs"]
    assert "in the same return" in told[0].message


def test_a_filter_on_seeking_asylum_takes_yes_or_no_alone(yearly: Path) -> None:
    history = build_history(read_returns(yearly))
    with pytest.raises(UserError, match="uasc is True"):
        select(history, uasc="yes")  # type: ignore[arg-type]
    assert len(select(history, uasc=True).placements) < len(select(history, uasc=False).placements)


@pytest.mark.parametrize("value", ["INVENTED00051", "1234567"])
def test_a_codes_table_shows_no_long_number(tmp_path: Path, value: str) -> None:
    table = pd.read_csv(Path(__file__).parents[1] / "sufficiency" / "code_tables" / "placements.csv", dtype=str)
    table.loc[0, ["setting", "age_from"]] = value
    table.to_csv(tmp_path / "codes.csv", index=False)
    done = CliRunner().invoke(
        main, ["check", str(shipped("example") / "returns"), "--codes", str(tmp_path / "codes.csv")]
    )
    assert done.exit_code == 1
    assert "is not a setting" in done.output
    assert value not in done.output
