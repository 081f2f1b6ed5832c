"""The tables of finance: read from CSV or a workbook, and every problem told at once as their page says."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sufficiency.errors import UserError
from sufficiency.provenance import shipped
from sufficiency.tables import CouncilTables, read_council_tables

PAGE = (Path(__file__).parents[1] / "docs" / "money-tables.md").read_text(encoding="utf-8")
NAMES = ("uplifts", "price_list", "fixed_costs", "income", "budget", "deflators")
SPOILT = {
    "uplifts": "setting,financial_year,percent,from\nsecur,2027-29,300,\nall,2027-28,1,2027-10-02\n"
    "all,2027-28,2,2026-10-01\nsecure,2027-28,1,\nsecure,2027-28,1,",
    "price_list": "setting,from,pounds_per_week,status\nexternal_home,2026-04-01,0,own\nexternal_home,2026-05-01,5,own",
    "fixed_costs": "what,setting,from,to,pounds_per_year,places_guaranteed,use_guaranteed,per,step\n"
    ",secure,2026-04-01,2026-03-31,1,,,,\na,,2026-04-01,2026-05-30,1,2,1.2,,\nb,secure,2026-04-01,,1,,0.5,,4\n"
    "c,,2026-04-01,,1,,,bed,\nd,secure,2026-04-01,,1,2,,child,\n",
    "income": "what,from,pounds_per_night,share,pounds_per_year,uasc,age_from,age_to\na,2026-04-01,5,12,,perhaps,16,9\n"
    "b,2026-04-01,,,9000,,16,",
    "budget": "financial_year,setting,pounds\n2025-26,secure,5\n2025-26,secure,6",
    "deflators": "financial_year,percent\n2026-27,2\n2026-27,2",
}


def _written(folder: Path, tables: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    return folder


def _as_workbook(folder: Path, tables: dict[str, str]) -> Path:
    """The same tables as sheets, numbers and dates as a spreadsheet holds them."""
    folder.mkdir(parents=True)
    book = openpyxl.Workbook()
    book.remove(book["Sheet"])
    for name, text in tables.items():
        sheet = book.create_sheet(name)
        for row in re.findall(r"^.+$", text, re.MULTILINE):
            sheet.append([_value(cell) for cell in re.findall(r'(?:^|,)((?:"[^"]*")|[^,]*)', row)])
    book.save(folder / "council.xlsx")
    return folder


def _value(cell: str) -> object:
    plain = cell.strip('"')
    if re.fullmatch(r"\d{4}-\d\d-\d\d", plain):
        return pd.Timestamp(plain).to_pydatetime()
    bare = plain.replace(",", "")
    return float(bare) if re.fullmatch(r"\d+(\.\d+)?", bare) else (plain or None)


def _examples() -> dict[str, str]:
    blocks = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return dict(zip(NAMES, blocks, strict=True))


def _alike(one: CouncilTables, other: CouncilTables) -> None:
    for name in ("fixed_costs", "income", "budget", "deflators"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.prices is not None
    assert other.prices is not None
    pd.testing.assert_frame_equal(one.prices.table, other.prices.table)
    assert one.prices.uplifts is not None
    assert other.prices.uplifts is not None
    pd.testing.assert_frame_equal(one.prices.uplifts, other.prices.uplifts)
    assert one.prices.lists == other.prices.lists


@pytest.mark.functional
def test_the_pages_examples_are_read_alike_from_files_and_from_a_workbook(tmp_path: Path) -> None:
    files = read_council_tables(_written(tmp_path / "files", _examples()))
    book = read_council_tables(_as_workbook(tmp_path / "book", _examples()))
    _alike(files, book)
    assert book.paths == (tmp_path / "book" / "council.xlsx",)
    assert files.fixed_costs is not None
    assert files.fixed_costs["use_guaranteed"].dropna().tolist() == [0.9]
    assert files.income is not None
    assert files.income["uasc"].tolist() == [1, -1, -1]


@pytest.mark.functional
def test_every_message_of_the_page_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        read_council_tables(_written(tmp_path / "spoilt", SPOILT))
    said = [str(problem) for problem in told.value.problems]
    both = _as_workbook(tmp_path / "both", {"deflators": "financial_year,percent\n2026-27,2"})
    (both / "deflators.csv").write_text("financial_year,percent\n2026-27,2\n", encoding="utf-8")
    lone = {"fixed_costs": "what,setting,from,to,pounds_per_year,per\nc,,2026-04-01,,1,place"}
    for folder in (both, _written(tmp_path / "lone", lone)):
        with pytest.raises(UserError) as told:
            read_council_tables(folder)
        said += [str(problem) for problem in told.value.problems]
    tables = re.findall(r"^\| what is wrong \| what is said \|\n\|---\|---\|\n((?:\|.+\n)+)", PAGE, re.MULTILINE)
    page = [row.split(" | ")[1].removesuffix(" |") for table in tables for row in table.splitlines()]
    assert len(page) == 26
    assert [message for message in page if not any(message in line for line in said)] == []
    assert all(re.match(r"\w+\.csv(, row \d+)?(, \w+)?: ", line) for line in said)


@pytest.mark.unit
def test_problems_of_a_sheet_are_placed_by_sheet_and_row(tmp_path: Path) -> None:
    text = "setting,from,pounds_per_week,status\nsecure,2026-04-01,700,own\nsecur,2026-04-01,-5,own"
    with pytest.raises(UserError) as told:
        read_council_tables(_as_workbook(tmp_path / "book", {"prices": text}))
    assert [str(problem) for problem in told.value.problems] == [
        "council.xlsx, sheet prices, row 3, setting: 'secur' is not a setting. Did you mean 'secure'?",
        "council.xlsx, sheet prices, row 3, pounds_per_week: '-5' is not an amount in pounds, 0 or more.",
    ]
    (tmp_path / "council.xlsx").write_bytes(b"none")
    with pytest.raises(UserError, match="could not be read"):
        read_council_tables(tmp_path)


@pytest.mark.unit
def test_a_cell_shown_as_a_percentage_is_one(tmp_path: Path) -> None:
    folder = _as_workbook(
        tmp_path / "book",
        {
            "uplifts": "setting,financial_year,percent\nall,2027-28,0.029",
            "prices": "setting,from,pounds_per_week,status\nsecure,2026-04-01,700,own",
            "income": "what,from,pounds_per_night,share\nHealth,2026-04-01,,0.125",
        },
    )
    book = openpyxl.load_workbook(folder / "council.xlsx")
    for name, cell in (("uplifts", "C2"), ("income", "D2")):
        book[name][cell].number_format = "0.0%"
    book.save(folder / "council.xlsx")
    tables = read_council_tables(folder)
    assert tables.prices is not None
    assert tables.prices.uplifts is not None
    assert tables.income is not None
    assert tables.prices.uplifts["percent"].tolist() == [2.9]
    assert tables.income["share"].tolist() == [0.125]


@pytest.mark.unit
def test_the_examples_own_tables_are_read() -> None:
    tables = read_council_tables(shipped("example") / "returns")
    assert tables.ledger is not None
    assert tables.budget is not None
    assert tables.fixed_costs is not None
    assert tables.income is not None
    assert len(tables.ledger) == 14
    now = tables.fixed_costs["from"] == "2025-04-01"
    assert tables.fixed_costs.loc[now, "pounds_per_year"].sum() == 1_995_000
    assert tables.income["pounds_per_night"].tolist() == [143]
