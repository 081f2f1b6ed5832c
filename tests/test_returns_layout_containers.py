"""Workbooks, XML returns and zip files: what is wrong with them is told, nothing in them does harm."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook, load_workbook
from returns_builder import small, write

from sufficiency.errors import UserError
from sufficiency.report.findings import findings_html, findings_json, findings_text
from sufficiency.returns import Returns, containers, read_returns
from sufficiency.returns.rules import RULES
from sufficiency.trials.write_layouts import read_written, write_layout, zipped

pytestmark = pytest.mark.unit


def layout(name: str, folder: Path) -> Path:
    return write_layout(name, read_written(write(folder / "given", small())), folder / "layout")


def told(returns: Returns) -> list[tuple[str, str | None, int | None]]:
    return [(item.rule, item.file, item.row) for item in returns.findings]


def test_a_workbooks_rows_are_told_by_sheet_and_row_and_its_values_are_not(tmp_path: Path) -> None:
    folder = layout("workbook a year, real dates", tmp_path)
    path = folder / "SSDA903 2025.xlsx"
    book = load_workbook(path)
    sheet = book["Episodes"]
    sheet.insert_rows(3, amount=2)
    sheet["B7"] = datetime(2024, 6, 1, 10, 30)  # noqa: DTZ001
    sheet["F6"] = "Q9"
    book["Header"]["C2"] = "Tuesday 4th"
    book.create_sheet("Notes")["A1"] = "made by hand"
    book.create_sheet("Empty")
    book.save(path)
    returns = read_returns(folder)
    found = told(returns)
    assert ("blank_lines", "SSDA903 2025.xlsx, sheet Episodes", None) in found
    assert ("start_unreadable", "SSDA903 2025.xlsx, sheet Episodes", 7) in found
    assert ("place_unknown", "SSDA903 2025.xlsx, sheet Episodes", 6) in found
    assert ("dob_unreadable", "SSDA903 2025.xlsx, sheet Header", 2) in found
    assert ("not_recognised", "SSDA903 2025.xlsx, sheet Notes", None) in found
    assert not any("Empty" in (file or "") for _, file, _ in found)
    for page in (findings_text(returns), findings_json(returns), findings_html(returns)):
        assert "INV0" not in page
        assert "10:30" not in page
        assert "Tuesday" not in page


def test_numbers_formulas_and_columns_without_a_heading(tmp_path: Path) -> None:
    folder = tmp_path / "layout"
    folder.mkdir()
    for year, by_table in read_written(write(tmp_path / "given", small())).items():
        book = Workbook()
        for table, sheet in by_table.items():
            page = book.create_sheet(table)
            page.append([f" {name.lower().replace('_', ' ')} " for name in sheet.columns])
            for row in sheet.rows:
                cells = [float(row["CHILD"][3:]) if name == "CHILD" else row[name] or None for name in sheet.columns]
                page.append([*cells, None, "a note"])
        book.save(folder / f"{year}.xlsx")
    returns = read_returns(folder)
    assert not returns.findings
    assert returns.header["child"].iloc[0] == "100"
    assert len(returns.episodes) == 17


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x><CHILD>&b;</CHILD></x>'


def test_declarations_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, small())
    (folder / "a.xml").write_bytes(BOMB)
    (folder / "wide.xml").write_bytes(
        BOMB.decode().replace('version="1.0"', 'version="1.0" encoding="utf-16"').encode("utf-16")
    )
    book = io.BytesIO()
    Workbook().save(book)
    with zipfile.ZipFile(book) as plain, zipfile.ZipFile(folder / "b.xlsx", "w") as spoilt:
        for name in plain.namelist():
            spoilt.writestr(name, BOMB if name.endswith("sheet1.xml") else plain.read(name))
    assert {(rule, file) for rule, file, _ in told(read_returns(folder))} == {
        ("container_unsafe", "a.xml"),
        ("container_unsafe", "wide.xml"),
        ("container_unsafe", "b.xlsx"),
    }


def test_damaged_locked_and_empty_containers_cost_only_themselves(tmp_path: Path) -> None:
    folder = write(tmp_path, small())
    (folder / "broken.xml").write_text("<EXPSSDA903><CHILD><HEADER></CHILD>", encoding="utf-8")
    (folder / "empty.xml").write_text("<Message><Note>nothing</Note></Message>", encoding="utf-8")
    (folder / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    (folder / "not.xlsx").write_text("a,b\n", encoding="utf-8")
    (folder / "not.zip").write_text("a,b\n", encoding="utf-8")
    with zipfile.ZipFile(folder / "pages.xlsx", "w") as packed:
        packed.writestr("[Content_Types].xml", "<x/>")
    Workbook().save(folder / "blank.xlsx")
    assert {(rule, file) for rule, file, _ in told(read_returns(folder))} == {
        ("container_damaged", "broken.xml"),
        ("empty_file", "empty.xml"),
        ("locked", "locked.xlsx"),
        ("container_damaged", "not.xlsx"),
        ("container_damaged", "not.zip"),
        ("container_damaged", "pages.xlsx"),
        ("empty_file", "blank.xlsx"),
    }


def test_a_zip_file_is_never_unpacked_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = write(tmp_path / "given", small())
    path = tmp_path / "place" / "returns.zip"
    zipped(given, path)
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("../../outside.csv", "CHILD,DOB,REVIEW,REVIEW_CODE\n")
        packed.writestr("/etc/absolute.csv", "a,b\n1,2\n")
        packed.writestr("2024\\windows.csv", "a,b\n1,2\n")
        packed.writestr("__MACOSX/2024/._header.csv", "a,b\n1,2\n")
        packed.writestr("2024/inner.zip", b"PK")
        packed.writestr("2024/readme.pdf", b"%PDF")

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(zipfile.ZipFile, "extract", never)
    monkeypatch.setattr(zipfile.ZipFile, "extractall", never)
    before = sorted(tmp_path.rglob("*"))
    returns = read_returns(path)
    assert sorted(tmp_path.rglob("*")) == before
    assert {(rule, file) for rule, file, _ in told(returns)} == {
        ("no_rows", "outside.csv"),
        ("not_recognised", "absolute.csv"),
        ("not_recognised", "windows.csv"),
        ("packed_twice", "inner.zip"),
    }
    assert len(returns.episodes) == 17
    assert returns.paths == (path,)
    assert "2024/episodes.csv" in set(returns.files["file"])


def test_a_zip_file_that_unpacks_to_too_much_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(write(tmp_path / "given", small()), tmp_path / "returns.zip")
    monkeypatch.setattr(containers, "MOST_UNPACKED", 1000)
    with pytest.raises(UserError) as caught:
        read_returns(path)
    means = RULES["container_too_large"].means
    assert f"returns.zip: {means}" in [str(item) for item in caught.value.problems]


def test_a_locked_member_is_told(tmp_path: Path) -> None:
    path = zipped(write(tmp_path / "given", small()), tmp_path / "returns.zip")
    data = bytearray(path.read_bytes())
    # The flag of encryption, in the central directory's entry of the first member.
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(bytes(data))
    returns = read_returns(path)
    assert ("locked", "2024/episodes.csv", None) in told(returns)


XML = """<?xml version="1.0" encoding="UTF-8"?>
<m:Message xmlns:m="urn:invented"><m:Header><m:Collection>903</m:Collection></m:Header>
<m:SSDA903><m:Child><m:ChildID>INV000100</m:ChildID><m:DOB>2010-02-11</m:DOB><m:Sex>F</m:Sex>
<m:Ethnic>WBRI</m:Ethnic><m:UASC>0</m:UASC>
<m:Episode><m:DECOM>2023-06-01</m:DECOM><m:RNE>s</m:RNE><m:LS>C2</m:LS><m:CIN>N1</m:CIN><m:PL>u4</m:PL>
<m:PLACE_PROVIDER>PR1</m:PLACE_PROVIDER><m:DEC/><m:REC/></m:Episode>
<m:Episode><m:DECOM>2022-06-01</m:DECOM><m:RNE>S</m:RNE><m:LS>C2</m:LS><m:CIN>N1</m:CIN><m:PL>Q7</m:PL>
<m:PLACE_PROVIDER>PR1</m:PLACE_PROVIDER><m:DEC>2023-06-01</m:DEC><m:REC>X1</m:REC></m:Episode>
</m:Child></m:SSDA903></m:Message>
"""


def test_xml_of_other_shapes_is_read_by_what_its_elements_are_called(tmp_path: Path) -> None:
    path = tmp_path / "return.xml"
    path.write_text(XML, encoding="utf-8")
    returns = read_returns(path)
    assert returns.episodes["place"].tolist() == ["Q7", "U4"]
    assert returns.uasc.empty
    assert ("place_unknown", "return.xml, episodes", 3) in told(returns)
    assert "INV0001" not in findings_text(returns)


LAYOUTS = ["workbook a year, real dates", "XML a year", "zip of folders"]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_spoilt_container_is_read_or_refused_in_words(tmp_path: Path, name: str) -> None:
    path = layout(name, tmp_path)
    file = max(item for item in ([path] if path.is_file() else path.iterdir()))
    whole = file.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(25):
        data = bytearray(whole[: rng.integers(1, len(whole) + 1)] if rng.random() < 0.5 else whole)
        for at in rng.integers(0, len(data), rng.integers(0, 4)):
            data[at] = rng.integers(0, 256)
        file.write_bytes(bytes(data))
        try:
            returns = read_returns(path)
        except UserError as refused:
            assert refused.problems  # noqa: PT017
            continue
        files = returns.files
        assert (files["rows_read"] == files["rows_used"] + files["rows_set_aside"] + files["rows_superseded"]).all()
