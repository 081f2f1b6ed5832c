"""What the page of layouts tells a data officer to do is what works."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click
import pytest
from returns_builder import child, episode, small, write, yearly

from sufficiency import cli
from sufficiency.codes import AGE_BANDS, read_codes
from sufficiency.errors import UserError
from sufficiency.history import build_history, select
from sufficiency.returns import read_returns
from sufficiency.trials.write_layouts import LAYOUTS

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[1]
LAYOUTS_PAGE = (ROOT / "docs/layouts.md").read_text(encoding="utf-8")
INDICATORS_PAGE = (ROOT / "docs/indicators.md").read_text(encoding="utf-8")
SHIPPED = ROOT / "sufficiency/code_tables/placements.csv"

#: Heading of each layout on the page, and what tests it: names in LAYOUTS, or files of tests.
TESTED = {
    "one folder a year": ["one folder a year"],
    "one folder, the year in the name": ["year before the name", "year after the name"],
    "one folder, LA and YEAR columns": ["LA and YEAR columns"],
    "Excel workbooks": ["workbook a year, real dates", "workbook a year, text", "one workbook"],
    "XML returns": ["XML a year"],
    "zip files": ["zip of folders", "zip of workbooks", "zip of XML"],
    "part of a year": ["test_returns_layout_part_year.py"],
    "the Standard Safeguarding Dataset": ["test_returns_layout_standard.py"],
}


def test_every_layout_of_the_page_has_a_test() -> None:
    table = re.findall(r"^\| \[(.+?)\]\(#", LAYOUTS_PAGE, re.MULTILINE)
    assert table == list(TESTED)
    headings = {line[3:].lower() for line in LAYOUTS_PAGE.splitlines() if line.startswith("## ")}
    assert {name.lower() for name in TESTED} <= headings
    for name in (name for names in TESTED.values() for name in names):
        assert name in LAYOUTS or (ROOT / "tests" / name).exists(), name
    # What is left are encodings and separators, which the page tells of under text files.
    rest = set(LAYOUTS) - {name for names in TESTED.values() for name in names}
    assert rest == {"UTF-8 with a byte order mark, semicolons", "Excel's Unicode text", "Windows-1252, bars"}


def test_the_page_names_every_form_and_option_of_check() -> None:
    options = {item.name: item for item in cli.check.params}
    form = options["form"].type
    assert isinstance(form, click.Choice)
    assert re.findall(r"^\| `(text|csv|html|json)` \|", LAYOUTS_PAGE, re.MULTILINE) == ["text", "csv", "html", "json"]
    assert sorted(form.choices) == ["csv", "html", "json", "text"]
    for option in ("--authority NAME", "--authority all", "--codes", "--until", "--strict"):
        assert option in LAYOUTS_PAGE
        assert option.split()[0].removeprefix("--") in options


def test_the_pages_name_every_filter_and_value() -> None:
    arguments = list(inspect.signature(select).parameters)[1:]
    said = re.search(r"`select\(history, (.+?)\)`", LAYOUTS_PAGE)
    assert said is not None
    assert [name.rstrip("=") for name in said[1].split(", ")] == arguments
    assert (
        re.findall(r"^\| `(\w+)` \| (?!Children|Days)[^|]+\| (?:when|as|ever)", INDICATORS_PAGE, re.MULTILINE)
        == arguments
    )
    assert all(f'"{band}"' in INDICATORS_PAGE for band in AGE_BANDS[:-1])


def own_rows() -> list[str]:
    block = re.search(r"```text\n(place,provider.+?)```", LAYOUTS_PAGE, re.DOTALL)
    assert block is not None
    return [line for line in block[1].splitlines() if not line.startswith("…")]


def test_the_example_of_an_edited_code_table(tmp_path: Path) -> None:
    heading, *shipped = SHIPPED.read_text(encoding="utf-8").splitlines()
    assert own_rows()[0] == heading
    table = tmp_path / "our-codes.csv"
    table.write_text("\n".join([*own_rows(), *shipped]), encoding="utf-8")
    children = [child(name, "2012-03-04") for name in ("INV000900", "INV000901", "INV000902")]
    placed = [("U6", "PR3"), ("K3", "PR1"), ("U6", "PR4")]
    rows = [
        episode(one["CHILD"], "2024-07-01", place=place, provider=provider)
        for one, (place, provider) in zip(children, placed, strict=True)
    ]
    folder = write(tmp_path / "returns", yearly(children, rows, range(2025, 2026), ["INV000902"]))

    def settings(path: Path | None) -> list[str]:
        return build_history(read_returns(folder, codes=read_codes(path))).placements["setting"].tolist()

    assert settings(table) == ["in_house_fostering", "in_house_home", "agency_fostering"]
    assert settings(None) == ["agency_fostering", "supported_accommodation", "agency_fostering"]
    told = [item.rule for item in read_returns(folder, codes=read_codes(table)).findings]
    assert told == ["young_for_placement"]


def test_a_code_table_without_a_code_and_one_that_is_wrong(tmp_path: Path) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    table = tmp_path / "our-codes.csv"
    table.write_text("\n".join(line for line in lines if not line.startswith("K2,")), encoding="utf-8")
    folder = write(tmp_path / "returns", small())
    assert "place_unknown" in {item.rule for item in read_returns(folder, codes=read_codes(table)).findings}
    table.write_text("\n".join([lines[0], "U6,PR3,0,17,1992,now,palace,"]), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_codes(table)
    assert {(item.row, item.column) for item in caught.value.problems} == {(2, "setting"), (2, "year_to")}
