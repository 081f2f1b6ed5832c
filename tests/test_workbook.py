"""The workbook opened in LibreOffice: what it works out is what the library worked out, to the penny."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from money_world import history_of, outcome_of, stay, tables_of, with_investment

from sufficiency.costs import count_money
from sufficiency.errors import UserError
from sufficiency.folder import write_money
from sufficiency.provenance import write_manifest
from sufficiency.report.finance_story import load_money
from sufficiency.report.finished import read_finished
from sufficiency.report.notebooks import execute
from sufficiency.report.workbook import all_sheets, write_workbook
from sufficiency.report.workbook_paper import Formula
from sufficiency.simulation import Outcome
from sufficiency.tables import CouncilTables

AGENCY, HOME, OWN, OWN_HOME = "agency_fostering", "external_home", "in_house_fostering", "in_house_home"
_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""
Book = dict[str, list[dict[str, Any]]]


def _outcomes() -> dict[str, Outcome]:
    stays = []
    for replication in range(6):
        stays += [stay(HOME, "2027-04-01", "2029-04-01", replication=replication) for _ in range(1 + replication % 3)]
        stays += [stay(AGENCY, "2027-05-17", "2028-11-03", replication=replication, uasc=True) for _ in range(4)]
        stays += [stay(OWN, "2027-04-01", "2029-04-01", replication=replication)] * 5
        stays += [stay(OWN_HOME, "2027-04-01", "2028-01-15", replication=replication)]
    moved = [(*one[:1], OWN_HOME, *one[2:]) if one[1] == HOME and one[0] != 1 else one for one in stays]
    items = [{"what": "home", "one_off": 40_000.0, "starts": 2}, {"what": "staff", "per_year": 90_000.0}]
    return {"baseline": outcome_of(stays), "own-home": outcome_of(moved, plan=with_investment("own-home", *items))}


def _tables(folder: Path, price: str = "5600") -> CouncilTables:
    rows = (f"{AGENCY},2026-04-01,994.37,own", f"{HOME},2026-04-01,{price},own", f"{HOME},2028-10-01,6100,published")
    return tables_of(
        folder,
        prices="\n".join([*rows, f"{OWN},2026-04-01,480,own", f"{OWN_HOME},2026-04-01,3900,illustrative"]),
        uplifts="setting,financial_year,percent,from\nall,2027-28,3.7,2027-10-01\nall,2028-29,2.9,",
        fixed_costs="what,setting,from,to,pounds_per_year,places_guaranteed,use_guaranteed\n"
        f"Team,,2027-04-01,,265000,,\nBlock,{HOME},2027-04-01,2028-06-30,250000,1,0.9",
        income="what,from,pounds_per_night,uasc\nGrant,2027-04-01,143,1",
        budget=f"financial_year,setting,pounds\n2026-27,{HOME},150000\n2027-28,{HOME},300000\n2027-28,{OWN},90000",
        ledger=f"financial_year,setting,pounds\n2026-27,{HOME},170000\n2026-27,staying_put_agency,9000",
        deflators="financial_year,percent\n2027-28,2.4\n2028-29,2.1",
    )


def _folder(folder: Path, tables: CouncilTables) -> Path:
    """A run's folder with its money alone."""
    outcomes = _outcomes()
    money = count_money(history_of([(HOME, "2024-01-01", ""), (HOME, "2026-07-01", "2026-12-01")]), outcomes, tables)
    write_money(folder, money, tables)
    about = [{"name": name, "title": f"Plan {name}"} for name in outcomes]
    told = {"origin": "2027-03-31", "scenarios": about, "replications": 6, "seed": 1, "authority": "Inventshire"}
    write_manifest(folder, {**told, "invented": True, "created": "2027-05-01T10:00:00+00:00", "status": "complete"})
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("money")
    return _folder(place / "run", _tables(place / "tables"))


def _recalculated(path: Path, work: Path) -> Book:
    """The workbook opened, worked out again and saved by LibreOffice: sheet → rows."""
    office = shutil.which("soffice")
    if office is None or not (Path(office).resolve().parent / "libsclo.so").is_file():
        pytest.skip("LibreOffice Calc is not installed here")
    settings = work / "profile" / "user"
    settings.mkdir(parents=True)
    (settings / "registrymodifications.xcu").write_text(_ALWAYS, encoding="utf-8")
    profile = f"-env:UserInstallation={(work / 'profile').as_uri()}"
    words = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(work / "out"), str(path)]
    subprocess.run(words, check=True, capture_output=True, timeout=240)
    book = openpyxl.load_workbook(work / "out" / path.name, data_only=True)
    return {sheet.title: _rows(sheet) for sheet in book.worksheets}


def _rows(sheet: Any) -> list[dict[str, Any]]:
    heads, *rows = sheet.iter_rows(min_row=_head_of(sheet), values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def _head_of(sheet: Any) -> int:
    """The row below the links (on the cover, which has none, below an empty row)."""
    links = [row for row in range(2, 20) if sheet.cell(row, 2).value == "Notes" and sheet.title != "Cover"]
    return links[0] + 1 if links else next(row for row in range(2, 20) if sheet.cell(row, 1).value == "Sheet")


def _row(book: Book, sheet: str, **wanted: str) -> dict[str, Any]:
    named = {name.replace("_", " "): value for name, value in wanted.items()}
    return next(row for row in book[sheet] if all(row[name] == value for name, value in named.items()))


@pytest.mark.validation
def test_libreoffice_works_out_what_the_library_did(folder: Path, tmp_path: Path) -> None:
    path = write_workbook(folder)
    assert path is not None
    book = _recalculated(path, tmp_path)
    formulas = 0
    for sheet in all_sheets(read_finished(folder)):
        found = book[sheet.name]
        assert len(found) >= len(sheet.rows), sheet.name
        for number, cells in enumerate(sheet.rows):
            for column, cell in zip(sheet.columns, cells, strict=True):
                value = found[number][column.name]
                assert not str(value).startswith(("#", "Err:")), (sheet.name, number, column.name)
                if isinstance(cell, Formula):
                    formulas += 1
                    wanted = cell.value
                    assert value == pytest.approx(wanted, abs=0.005, rel=1e-12), (sheet.name, number, column.name)
    assert formulas > 500
    spend = pd.read_parquet(folder / "internal" / "money" / "summary.parquet")
    for row in spend[(spend["cut"] == "total") & (spend["basis"] == "net")].to_dict("records"):
        told = _row(book, "Spend by year", Scenario=f"Plan {row['scenario']}", Financial_year=row["financial_year"])
        assert told["Net"] == pytest.approx(row["mean"], abs=0.005)
    case = pd.read_parquet(folder / "internal" / "money" / "payback.parquet").iloc[0]
    told = _row(book, "Payback", Case="as planned")
    assert told["Present value by the sheet Savings"] == pytest.approx(case["net_present_value"], abs=0.005)
    assert {row["Check (must be 0)"] for row in book["Variance"] if row["Setting"]} == {0}


@pytest.mark.validation
def test_a_price_changed_in_the_workbook_gives_what_the_library_gives_for_it(folder: Path, tmp_path: Path) -> None:
    """A home at £5,000 a week in place of £5,600, written into the sheet Prices, against the library run again."""
    path = write_workbook(folder)
    assert path is not None
    book = openpyxl.load_workbook(path)
    prices = book["Prices"]
    for row in prices.iter_rows(min_row=_head_of(prices) + 1):
        if row[0].value == "External children's home":
            assert row[1].value == pytest.approx(5600)
            row[1].value = 5000
    # The price of October 2028 is the council's own and not a rise: as a share of what is before it, it is another.
    rises = book["Price rises"]
    for row in rises.iter_rows(min_row=_head_of(rises) + 1):
        if row[0].value == "External children's home" and str(row[1].value).startswith("2028-10"):
            row[2].value = 6100 / (5000 * 1.037 * 1.029) - 1
    changed = tmp_path / "workbook.xlsx"
    book.save(changed)
    told = _recalculated(changed, tmp_path)
    again = _folder(tmp_path / "again", _tables(tmp_path / "tables", price="5000"))
    spend = pd.read_parquet(again / "internal" / "money" / "summary.parquet")
    for one in spend[(spend["cut"] == "total") & (spend["basis"] == "net")].to_dict("records"):
        found = _row(told, "Spend by year", Scenario=f"Plan {one['scenario']}", Financial_year=one["financial_year"])
        assert found["Net"] == pytest.approx(one["mean"], abs=0.005)
    values = pd.read_parquet(again / "internal" / "money" / "payback.parquet")
    found = _row(told, "Payback", Case="as planned")
    assert found["Present value by the sheet Savings"] == pytest.approx(values["net_present_value"].iloc[0], abs=0.005)


@pytest.mark.functional
def test_every_sheet_is_one_table_without_merged_cells_and_says_what_it_rests_on(folder: Path) -> None:
    path = write_workbook(folder)
    assert path is not None
    before = path.read_bytes()
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:3] == ["Cover", "Notes", "Assumptions"]
    for sheet in book.worksheets:
        assert len(sheet.tables) == 1, sheet.title
        assert not sheet.merged_cells.ranges, sheet.title
        assert sheet["A2"].value == "Invented data. Illustrative prices."
        assert sheet.page_setup.orientation == "landscape"
        head = _head_of(sheet)
        assert sheet.print_title_rows == f"${head}:${head}"
        if sheet.title != "Cover":
            links = [sheet.cell(head - 1, column).hyperlink for column in (1, 2)]
            assert [link.location for link in links if link is not None] == ["'Cover'!A1", "'Notes'!A1"]
    names = set(book.defined_names)
    assert {"price_external_home", "rise", "rise_from", "further_inflation", "discount_rate", "invest_once"} <= names
    write_workbook(folder)
    assert path.read_bytes() == before


@pytest.mark.unit
def test_a_run_without_prices_has_no_workbook(tmp_path: Path) -> None:
    told = {"origin": "2027-03-31", "scenarios": [], "replications": 6, "seed": 1, "status": "complete"}
    write_manifest(tmp_path, told)
    assert write_workbook(tmp_path) is None


@pytest.mark.notebook
def test_the_finance_notebook_runs_on_a_finished_run(folder: Path) -> None:
    path = execute("finance", {"folder": ".", "scenario": "own-home"}, folder)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [out for cell in cells if cell["cell_type"] == "code" for out in cell["outputs"]]
    assert not [out for out in outputs if out["output_type"] == "error"]
    assert sum("image/png" in out.get("data", {}) for out in outputs) == 5


@pytest.mark.unit
def test_the_notebooks_money_is_that_of_the_run(folder: Path, tmp_path: Path) -> None:
    story = load_money(folder=folder)
    assert story.plans == {"own-home": "Plan own-home"}
    assert story.mark == "illustrative"
    steps = story.steps("own-home", years=2)
    ends = story.tables["medium_term"].query("scenario == 'own-home'")["budget_requirement"].iloc[-1]
    assert sum(steps.values()) == pytest.approx(ends, abs=5)
    needed = story.tables["medium_term"].query("scenario == 'baseline'")["budget_requirement"] / 1000
    assert list(story.medium_term().loc["Budget requirement"]) == pytest.approx(needed.tolist(), abs=1)
    told, cases = story.payback_told("own-home"), story.payback("own-home")
    assert list(told) == cases["case"].tolist()
    first = cases.iloc[0]
    assert told.iloc[:, 0]["Full-year effect"].replace("−", "-").replace("£", "").replace(",", "") == (
        f"{first['full_year_effect']:.0f}"
    )
    assert told.iloc[:, 0]["Paid within 1 year"] == f"{first['pays_within_1']:.0%}"
    month = first["payback"]
    assert told.iloc[:, 0]["Has paid by, middle of the futures"] == (
        "not in these years" if pd.isna(month) else f"{month:%b %Y}"
    )
    write_manifest(tmp_path, {"origin": "2027-03-31", "scenarios": [], "replications": 6, "status": "complete"})
    with pytest.raises(UserError, match="without prices"):
        load_money(folder=tmp_path)
