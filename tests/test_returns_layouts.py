"""The same returns in every layout read to the very same tables and history."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from returns_builder import Tables, small, write

from sufficiency.errors import UserError
from sufficiency.history import build_history
from sufficiency.returns import Returns, authorities, read_each, read_returns
from sufficiency.trials.write_layouts import LAYOUTS, Written, read_written, write_layout, write_marked

pytestmark = pytest.mark.functional

OTHERS = {
    "reviews": [{"CHILD": "INV000100", "DOB": "11/02/2010", "REVIEW": "01/06/2024", "REVIEW_CODE": "PN1"}],
    "oc3": [{"CHILD": "INV000100", "DOB": "11/02/2010", "IN_TOUCH": "YES", "ACTIV": "F2", "ACCOM": "Z1"}],
    "ad1": [
        {
            "CHILD": "INV000103",
            "DOB": "20/05/2023",
            "DATE_INT": "20/02/2024",
            "DATE_MATCH": "20/02/2024",
            "FOSTER_CARE": "0",
            "NB_ADOPTR": "2",
            "SEX_ADOPTR": "MF",
            "LS_ADOPTR": "L0",
        }
    ],
}


def tables() -> Tables:
    made = small()
    made[2025] |= OTHERS
    made[2025]["episodes"][0] |= {"PL_DISTANCE": "31.4", "PL_LOCATION": "OUT"}
    made[2025]["episodes"][1] |= {"PL_DISTANCE": "0", "PL_LOCATION": "In"}
    return made


def written(folder: Path, made: Tables) -> Written:
    return read_written(write(folder, made))


def same(one: Returns, other: Returns) -> None:
    for name in ("header", "episodes", "uasc"):
        drop = ["file", "row"] if name == "episodes" else []
        pd.testing.assert_frame_equal(getattr(one, name).drop(columns=drop), getattr(other, name).drop(columns=drop))
    assert (one.years, one.first_day, one.last_day) == (other.years, other.first_day, other.last_day)
    assert one.other.keys() == other.other.keys()
    for name, table in one.other.items():
        drop = ["file", "row"]
        pd.testing.assert_frame_equal(table.drop(columns=drop), other.other[name].drop(columns=drop))
    mine, theirs = build_history(one), build_history(other)
    for name in ("children", "placements", "legal"):
        pd.testing.assert_frame_equal(getattr(mine, name), getattr(theirs, name))


def accounted(returns: Returns) -> None:
    files = returns.files
    assert (files["rows_read"] == files["rows_used"] + files["rows_set_aside"] + files["rows_superseded"]).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_reads_to_the_same(tmp_path: Path, layout: str) -> None:
    plain = read_returns(write(tmp_path / "plain", tables()))
    path = write_layout(layout, written(tmp_path / "given", tables()), tmp_path / "layout")
    returns = read_returns(path)
    same(returns, plain)
    accounted(returns)
    assert not [item for item in returns.findings if item.severity != "info"]
    assert returns.files["rows_used"].sum() == plain.files["rows_used"].sum()


def renamed(made: Tables, old: str, new: str) -> Tables:
    return {
        year: {
            table: [{**row, "CHILD": row["CHILD"].replace(old, new)} for row in rows]
            for table, rows in by_table.items()
        }
        for year, by_table in made.items()
    }


def region(folder: Path) -> Path:
    north, south = tables(), renamed({2025: tables()[2025]}, "INV", "SOU")
    given = {"North": written(folder / "n", north), "South Riding": written(folder / "s", south)}
    return write_marked(given, folder / "region")


def test_a_regions_file_is_read_one_authority_at_a_time(tmp_path: Path) -> None:
    path = region(tmp_path)
    assert authorities(path) == ["North", "South Riding"]
    north = read_returns(path, authority="north")
    same(north, read_returns(write(tmp_path / "plain", tables())))
    accounted(north)
    south = read_returns(path, authority="SOUTH-RIDING")
    assert south.years == (2025,)
    assert set(south.header["child"].str[:3]) == {"SOU"}
    told = [item for item in south.findings if item.rule == "other_authorities"]
    assert {item.file for item in told} >= {"episodes.csv", "header.csv", "uasc.csv"}
    assert south.files["rows_read"].sum() == north.files["rows_read"].sum()
    each = dict(read_each(path))
    assert list(each) == ["North", "South Riding"]
    same(each["North"], north)
    same(each["South Riding"], south)


def test_several_authorities_must_be_chosen_from(tmp_path: Path) -> None:
    path = region(tmp_path)
    with pytest.raises(UserError, match="2 authorities; name one of them: North, South Riding"):
        read_returns(path)
    with pytest.raises(UserError, match=r"no authority called 'Nroth'. Did you mean 'North'\?"):
        read_returns(path, authority="Nroth")
    plain = write(tmp_path / "plain", small())
    assert authorities(plain) == []
    with pytest.raises(UserError, match="no LA column"):
        read_returns(plain, authority="North")
    assert [name for name, _ in read_each(plain)] == [""]


def test_one_authority_needs_no_choice_and_blanks_are_told(tmp_path: Path) -> None:
    path = region(tmp_path)
    table = pd.read_csv(path / "header.csv", dtype=str, keep_default_na=False)
    table.loc[0, "LA"] = ""
    table.to_csv(path / "header.csv", index=False)
    (path / "reviews.csv").write_text(
        "CHILD,DOB,REVIEW,REVIEW_CODE,YEAR\nINV000100,11/02/2010,01/06/2024,PN1,2025\n", encoding="utf-8"
    )
    returns = read_returns(path, authority="North")
    told = {(item.rule, item.file, item.column) for item in returns.findings}
    assert ("authority_blank", "header.csv", "LA") in told
    assert ("authority_column_missing", "reviews.csv", None) in told
    accounted(returns)


@pytest.mark.parametrize(
    ("spelling", "finding"), [("{before}/{short}", False), ("{before}", True), ("{year}.0", False)]
)
def test_the_year_column_may_name_either_end_of_the_year(tmp_path: Path, spelling: str, *, finding: bool) -> None:
    path = LAYOUTS["LA and YEAR columns"](written(tmp_path / "given", tables()), tmp_path / "layout")
    for file in path.glob("*.csv"):
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
        years = table["YEAR"].astype(int)
        said = [spelling.format(before=year - 1, short=f"{year % 100:02d}", year=year) for year in years]
        table.assign(YEAR=said).to_csv(file, index=False)
    returns = read_returns(path)
    same(returns, read_returns(write(tmp_path / "plain", tables())))
    assert [item.rule for item in returns.findings] == ["year_column"] * finding


def test_rows_without_a_year_are_kept_and_told(tmp_path: Path) -> None:
    path = LAYOUTS["LA and YEAR columns"](written(tmp_path / "given", tables()), tmp_path / "layout")
    table = pd.read_csv(path / "uasc.csv", dtype=str, keep_default_na=False)
    table.loc[0, "YEAR"] = ""
    table.to_csv(path / "uasc.csv", index=False)
    returns = read_returns(path)
    assert "year_blank" in {item.rule for item in returns.findings}
    accounted(returns)
    assert returns.uasc["child"].tolist() == ["INV000102"]
