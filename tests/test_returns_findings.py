"""What was found, as text, JSON and HTML; and nothing private in any of them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from returns_builder import POSTCODE, Tables, child, episode, small, write

from sufficiency.errors import UserError
from sufficiency.history import build_history
from sufficiency.report.findings import findings_csv, findings_html, findings_json, findings_text
from sufficiency.returns import Returns, contract, read_returns

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[1] / "docs"


def faulty() -> Tables:
    """Returns with a fault of nearly every kind, some with a child's value in the wrong column."""
    tables = small()
    header, rows = tables[2025]["header"], tables[2025]["episodes"]
    header += [
        child("INV000201", "31/02/2010".replace("31/02/2010", "2010-02-03")) | {"DOB": "33/02/2010"},
        child("INV000202", "1922-02-03"),
        child("INV000203", "2012-07-09") | {"SEX": "INV000203", "ETHNIC": "09/07/2012"},
        child("INV000203", "2012-07-09"),
        child("", "2012-07-09"),
    ]
    rows += [
        episode("INV000201", "2024-05-01"),
        episode("INV000203", "2024-05-01", place="INV000203"[:6], ls=POSTCODE),
        episode("INV000203", "2024-08-01") | {"PLACE": POSTCODE, "RNE": "INV000203", "REC": "09/07/2012"},
        episode("INV000203", "2024-09-01") | {"DEC": "INV000203", "PLACE_PROVIDER": "09/07/2012"},
        episode("INV000203", "2024-10-01") | {"DECOM": "INV000203"},
        episode("INV000204", "2024-10-01"),
        episode("INV000103", "2024-01-01", "2023-10-01"),
    ]
    tables[2025]["uasc"].append({"CHILD": "INV000209", "SEX": "F", "DOB": "09/07/2012", "DUC": "INV000209"})
    return tables


def private(tables: Tables) -> set[str]:
    """Every identifier, date of birth and postcode of the returns, as written."""
    values = {POSTCODE, POSTCODE.replace(" ", ""), "33/02/2010"}
    for by_table in tables.values():
        for rows in by_table.values():
            values |= {row[column] for row in rows for column in ("CHILD", "DOB") if row.get(column)}
    return values | {"-".join(reversed(value.split("/"))) for value in values if "/" in value}


@pytest.fixture
def returns(tmp_path: Path) -> Returns:
    return read_returns(write(tmp_path, faulty()))


def test_nothing_private_in_findings_reprs_or_exceptions(returns: Returns, tmp_path: Path) -> None:
    history = build_history(returns)
    with pytest.raises(UserError) as caught:
        read_returns(tmp_path, strict=True)
    with pytest.raises(UserError) as beyond:
        build_history(returns, origin="2031-01-01")
    said = [
        findings_text(returns),
        findings_json(returns),
        findings_csv(returns),
        findings_html(returns),
        repr(returns),
        repr(history),
        str(caught.value),
        str(beyond.value),
        repr(returns.findings),
        returns.files.to_string(),
    ]
    shown = "\n".join(said)
    assert [value for value in private(faulty()) if value in shown] == []
    assert len({item.rule for item in returns.findings}) > 12


def test_nothing_private_where_nothing_is_usable(tmp_path: Path) -> None:
    tables = faulty()
    lone = {2025: {"episodes": tables[2025]["episodes"]}}
    with pytest.raises(UserError) as caught:
        read_returns(write(tmp_path, lone))
    assert [value for value in private(tables) if value in str(caught.value)] == []


def test_a_short_identifier_in_a_code_column_is_not_shown(tmp_path: Path) -> None:
    tables = small()
    for by_table in tables.values():
        for rows in by_table.values():
            for row in rows:
                row["CHILD"] = row["CHILD"].replace("INV0001", "Q")
    tables[2025]["episodes"][0]["CIN"] = "Q00"
    returns = read_returns(write(tmp_path, tables))
    assert [item.message for item in returns.findings] == ["1 letter, 2 digits is no known code."]


def test_json_is_the_object_of_the_command(returns: Returns) -> None:
    content = json.loads(findings_json(returns))
    assert list(content) == ["files", "findings"]
    assert list(content["files"][0]) == ["file", "rows_read", "rows_used", "rows_set_aside", "rows_superseded"]
    assert list(content["findings"][0]) == ["rule", "severity", "file", "row", "column", "message", "action"]
    assert {item["severity"] for item in content["findings"]} <= {"error", "warning", "info"}
    assert len(content["findings"]) == len(returns.findings)
    for file in content["files"]:
        assert file["rows_read"] == file["rows_used"] + file["rows_set_aside"] + file["rows_superseded"]


def test_text_names_every_rule_once_with_its_rows(returns: Returns) -> None:
    text = findings_text(returns)
    for rule in {item.rule for item in returns.findings}:
        assert len(re.findall(rf"^  {rule}: ", text, re.MULTILINE)) == 1
    assert "2025/header.csv, DOB: The date of birth is not a date: 2 digits, /, 2 digits, /, 4 digits. (row 11)" in text
    assert max(len(line) for line in text.splitlines()) < 300


def test_html_has_headings_captions_and_header_cells(returns: Returns) -> None:
    html = findings_html(returns)
    assert '<html lang="en-GB">' in html
    assert html.count("<table>") == html.count("<caption>") > 2
    assert '<th scope="col">' in html
    assert '<th scope="row">' in html
    assert "http" not in html
    assert "<script" not in html
    for rule in {item.rule for item in returns.findings}:
        assert html.count(f'id="{rule}"') == 1


def test_clean_returns_say_that_nothing_was_found(tmp_path: Path) -> None:
    clean = read_returns(write(tmp_path, small()))
    assert "Nothing was found." in findings_html(clean)
    assert "rrors" not in findings_text(clean)
    assert json.loads(findings_json(clean))["findings"] == []


def test_the_data_contract_page_is_as_the_code_makes_it() -> None:
    page = (DOCS / "data-contract.md").read_text(encoding="utf-8")
    assert contract.filled(page) == page
    assert page.count("<!-- begin: ") == len(contract.parts())


def test_the_data_contract_page_is_written_by_its_command(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- begin: file rules -->\nSTALE\n<!-- end -->\nAfter\n", encoding="utf-8")
    contract.main(page)
    assert "`not_text`" in page.read_text(encoding="utf-8")
    assert "STALE" not in page.read_text(encoding="utf-8")


def test_csv_holds_every_finding(returns: Returns) -> None:
    rows = list(csv.DictReader(io.StringIO(findings_csv(returns))))
    assert [row["rule"] for row in rows] == [item.rule for item in returns.findings]
    assert [row["row"] for row in rows] == ["" if item.row is None else str(item.row) for item in returns.findings]
