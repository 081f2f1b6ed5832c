"""Files are found, decoded and recognised by their columns, and dated by their dates."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from returns_builder import child, episode, small, write

from sufficiency.dates import OPEN, day_number
from sufficiency.errors import UserError
from sufficiency.returns import Returns, layout, read_returns, text
from sufficiency.returns.columns import read_dates

pytestmark = pytest.mark.unit

LAYOUTS = [
    "{year}/{table}.csv",
    "{year}-{table}.csv",
    "{table}_{year}.csv",
    "SSDA903 {year} {table} final.CSV",
    "return {year}/data/{table}.txt",
    "{table}/{year}.csv",
]


def same(one: Returns, other: Returns) -> None:
    for name in ("header", "episodes", "uasc"):
        drop = ["file", "row"] if name == "episodes" else []
        pd.testing.assert_frame_equal(getattr(one, name).drop(columns=drop), getattr(other, name).drop(columns=drop))
    assert one.years == other.years


@pytest.mark.parametrize("pattern", LAYOUTS)
def test_layouts_read_alike(tmp_path: Path, pattern: str) -> None:
    plain = read_returns(write(tmp_path / "plain", small()))
    returns = read_returns(write(tmp_path / "other", small(), layout=pattern))
    same(returns, plain)
    assert not returns.findings
    assert returns.years == (2024, 2025)
    assert (returns.first_day, returns.last_day) == (day_number("2023-04-01"), day_number("2025-03-31"))


def test_the_year_is_told_by_dates_not_by_names(tmp_path: Path) -> None:
    tables = {year - 1: by_table for year, by_table in small().items()}
    returns = read_returns(write(tmp_path, tables, layout="{year}-{table}.csv"))
    assert returns.years == (2024, 2025)
    assert set(returns.files.loc[returns.files["file"].str.startswith("2023"), "year"]) == {2024}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    tables = small()
    tables[2025]["episodes"][0]["URN"] = "é"
    returns = read_returns(write(tmp_path, tables, encoding=encoding))
    assert not returns.findings
    assert "É" in set(returns.episodes["urn"])


def edit(folder: Path, name: str, change: dict[str, str]) -> Path:
    path = folder / name
    content = path.read_text(encoding="utf-8")
    for old, new in change.items():
        content = content.replace(old, new)
    path.write_text(content, encoding="utf-8", newline="")
    return folder


def test_separators_blank_lines_and_headings(tmp_path: Path) -> None:
    plain = read_returns(write(tmp_path / "plain", small()))
    folder = write(tmp_path / "other", small())
    edit(
        folder,
        "2025/episodes.csv",
        {",": ";", "PLACE_PROVIDER": " place provider ", "\nINV000102": "\n;;;\n\nINV000102"},
    )
    returns = read_returns(folder)
    same(returns, plain)
    assert [(item.rule, item.message) for item in returns.findings] == [("blank_lines", "2 lines hold nothing.")]
    row = returns.episodes.loc[returns.episodes["child"] == "INV000102", "row"].tolist()
    assert row == [6]


def test_iso_dates_times_and_single_digits() -> None:
    cells = pd.Series(
        ["01/02/2024", "1/2/2024", "2024-02-01", "2024-02-01 00:00:00", "01/02/2024 00:00", "2024-02-01T00:00:00"]
    )
    assert set(read_dates(cells).days.tolist()) == {day_number("2024-02-01")}
    bad = read_dates(
        pd.Series(["", "1 Feb 24", "2024-02-30", "01/13/2024", "01/02/24", "zz/zz/zzzz", "2024-02-01 10:30"])
    )
    assert bad.days.tolist() == [OPEN] * 7
    assert bad.unreadable.tolist() == [False] + [True] * 6


def test_identifiers_keep_their_zeros_and_lose_a_spreadsheets_decimals(tmp_path: Path) -> None:
    tables = small()
    for by_table in tables.values():
        for rows in by_table.values():
            for row in rows:
                row["CHILD"] = row["CHILD"].replace("INV", "000")
    for row in tables[2025]["episodes"]:
        row["CHILD"] += ".0"
    returns = read_returns(write(tmp_path, tables))
    assert not returns.findings
    assert returns.header["child"].iloc[0] == "000000100"


def test_extra_columns_and_missing_urn_go_without_a_word(tmp_path: Path) -> None:
    folder = write(tmp_path, small())
    for year in (2024, 2025):
        path = folder / f"{year}/episodes.csv"
        table = pd.read_csv(path, dtype=str, keep_default_na=False).drop(columns=["URN"])
        table.assign(DOB="01/01/2010", YEAR=str(year), LA="999").to_csv(path, index=False)
    assert not read_returns(folder).findings


def rules(returns: Returns) -> list[str]:
    return [item.rule for item in returns.findings]


def test_what_is_not_a_return_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path, small())
    (folder / "prices.csv").write_text("setting,from,pounds_per_week\nx,2024-04-01,900\n", encoding="utf-8")
    (folder / "picture.csv").write_bytes(b"\x00\x01\x02\x00" * 50)
    (folder / "nothing.csv").write_text("\n\n", encoding="utf-8")
    (folder / "book.xlsx").write_bytes(b"PK\x03\x04")
    (folder / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "ad1.csv").write_text("CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE\n", encoding="utf-8")
    (folder / "README.md").write_text("not a table", encoding="utf-8")
    (folder / ".hidden.csv").write_text("a,b\n", encoding="utf-8")
    returns = read_returns(folder)
    told = {item.file: item.rule for item in returns.findings}
    assert told == {
        "prices.csv": "not_recognised",
        "picture.csv": "not_text",
        "nothing.csv": "empty_file",
        "book.xlsx": "container_damaged",
        "old.xls": "format_not_read",
        "ad1.csv": "no_rows",
    }
    counts = returns.files.set_index("file")
    assert counts.loc["prices.csv", "rows_set_aside"] == 1
    assert len(returns.episodes) == 17


def test_a_file_that_lacks_a_needed_column_is_told(tmp_path: Path) -> None:
    folder = edit(write(tmp_path, small()), "2025/episodes.csv", {"DECOM,": "STARTED,"})
    returns = read_returns(folder)
    first = next(item for item in returns.findings if item.rule == "missing_column")
    assert (first.file, first.row, first.column) == ("2025/episodes.csv", 1, "DECOM")
    assert returns.years == (2024,)
    counts = returns.files.set_index("file").loc["2025/episodes.csv"]
    assert counts["rows_read"] == counts["rows_set_aside"] == 10


def test_columns_that_are_missing_or_twice(tmp_path: Path) -> None:
    folder = edit(write(tmp_path, small()), "2025/episodes.csv", {"CIN,": "NOTE,", "URN": "LS"})
    found = {(item.rule, item.column) for item in read_returns(folder).findings}
    assert found == {("column_not_there", "CIN"), ("column_twice", "LS")}


def test_rows_of_the_wrong_length(tmp_path: Path) -> None:
    folder = write(tmp_path, small())
    path = folder / "2025/episodes.csv"
    path.write_text(
        path.read_text("utf-8")
        + "INV000100,01/01/2025,P,C2,N1,U6,PR1,,,,,,,,,9,9\nINV000111,02/03/2025,S,C2,N1,U6,PR1\n",
        "utf-8",
    )
    returns = read_returns(folder)
    assert [(item.rule, item.row) for item in returns.findings] == [("too_many_cells", 12), ("too_few_cells", 13)]


def test_an_unclosed_quotation_mark_swallows_nothing(tmp_path: Path) -> None:
    folder = edit(write(tmp_path, small()), "2025/episodes.csv", {"INV000102": '"INV000102'})
    returns = read_returns(folder)
    assert not returns.findings
    assert len(returns.episodes) == 17


def test_other_tables_are_kept_with_the_year_of_their_return(tmp_path: Path) -> None:
    tables = small()
    for by_table in tables.values():
        by_table["reviews"] = [
            {"CHILD": "INV000100", "DOB": "11/02/2010", "REVIEW": "01/06/2024", "REVIEW_CODE": "PN1"}
        ]
    returns = read_returns(write(tmp_path, tables, layout="{table}-{year}.csv"))
    assert sorted(returns.other["reviews"]["year"]) == [2024, 2025]
    assert returns.files.loc[returns.files["table"] == "reviews", "rows_used"].tolist() == [1, 1]


def test_a_file_whose_year_cannot_be_told(tmp_path: Path) -> None:
    folder = write(tmp_path, small(), layout="{year}-{table}.csv")
    (folder / "x.csv").write_text(
        "CHILD,DOB,REVIEW,REVIEW_CODE\nINV000100,11/02/2010,01/06/2024,PN1\n", encoding="utf-8"
    )
    returns = read_returns(folder)
    assert rules(returns) == ["year_unknown"]
    assert returns.other["reviews"]["year"].tolist() == [2025]


def test_a_missing_year_and_two_files_of_one(tmp_path: Path) -> None:
    tables = small()
    folder = write(tmp_path, tables)
    write(folder, {2027: tables[2025]})
    assert "two_files_one_year" in rules(read_returns(folder))
    later = {
        2025: {
            "header": tables[2025]["header"],
            "episodes": [episode("INV000100", "2021-06-01", "2026-05-01", rec="E4A")],
        }
    }
    lone = write(tmp_path / "lone", {2024: tables[2024], 2027: later[2025]})
    assert "year_missing" in rules(read_returns(lone))


def test_one_extract_of_several_years(tmp_path: Path) -> None:
    header, rows = [], []
    for at in range(90):
        name = f"INV0{at:05d}"
        year = 2022 + at % 3
        header.append({"CHILD": name, "SEX": "2", "DOB": "01/06/2014", "ETHNIC": "WBRI"})
        rows.append(episode(name, f"{year - 1}-05-0{at % 9 + 1}", f"{year}-03-15", rec="E4A"))
    returns = read_returns(write(tmp_path, {2024: {"header": header, "episodes": rows}}, layout="{table}.csv"))
    assert returns.years == (2022, 2023, 2024)
    assert rules(returns) == ["several_years"]


def test_a_part_year_extract_is_told(tmp_path: Path) -> None:
    names = [f"INV0{at:05d}" for at in range(60)]
    header = [child(name, "2014-06-01") for name in names]
    rows = [episode(name, f"2024-0{at % 6 + 4}-11") for at, name in enumerate(names)]
    returns = read_returns(write(tmp_path, {2025: {"header": header, "episodes": rows}}))
    assert [(item.rule, item.message[-14:]) for item in returns.findings] == [("part_year", "on 11/09/2024.")]


def test_a_single_file_or_a_wrong_path(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder or file"):
        read_returns(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="no CSV file"):
        read_returns(tmp_path)
    write(tmp_path, {2025: {"episodes": small()[2025]["episodes"]}}, layout="{table}.csv")
    with pytest.raises(UserError, match="No episode could be used"):
        read_returns(tmp_path / "episodes.csv")


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path, small())
    (folder / "locked.csv").write_text("a,b\n", encoding="utf-8")
    real = Path.read_bytes

    def locked(path: Path) -> bytes:
        if path.name == "locked.csv":
            raise PermissionError
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", locked)
    assert rules(read_returns(folder)) == ["not_readable"]


def test_every_table_is_recognised_by_its_own_columns() -> None:
    for table in layout.TABLES:
        assert layout.recognise(table.columns).table is table
        assert layout.recognise(table.needed).table in (table, None)


def test_reprs_show_counts_only(tmp_path: Path) -> None:
    returns = read_returns(write(tmp_path, small()))
    assert repr(returns) == "Returns(12 children, 17 episodes, 2023-04-01 to 2025-03-31, 0 findings)"
    sheet = text.split("CHILD,DOB\nINV000100,01/01/2010\n")
    assert repr(sheet) == "Sheet(1 rows, 2 columns)"


@pytest.mark.parametrize(
    "content", [b"\x0b", b"\x1c\x1d\n", b"\x0b,\x0c\n", "\u00a0\u2003;\u00a0\n".encode(), b'"\x0b"\n']
)
def test_a_file_of_nothing_but_blanks_is_empty(tmp_path: Path, content: bytes) -> None:
    folder = write(tmp_path, small())
    (folder / "2024" / "missing.csv").write_bytes(content)
    read = read_returns(folder)
    assert [finding.file for finding in read.findings if finding.rule == "empty_file"] == ["missing.csv"]
