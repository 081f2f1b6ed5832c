"""Identifiers that are used again for another child: two children, each with its own returns."""

from __future__ import annotations

from pathlib import Path

import pytest
from returns_builder import Tables, child, episode, small, write

from sufficiency.errors import UserError
from sufficiency.history import build_history
from sufficiency.report.findings import findings_csv, findings_html, findings_json, findings_text
from sufficiency.returns import Returns, read_returns

pytestmark = pytest.mark.unit


def read(folder: Path, tables: Tables) -> Returns:
    return read_returns(write(folder, tables))


#: Had by a child who left in the first year, and in the second by another.
AGAIN = "INV000106"


def reused() -> Tables:
    tables = small()
    tables[2025]["header"].append(child(AGAIN, "2009-08-19", sex="M"))
    tables[2025]["episodes"].append(episode(AGAIN, "2024-07-01"))
    return tables


def test_an_identifier_used_for_another_child(tmp_path: Path) -> None:
    tables = reused()
    returns = read(tmp_path, tables)
    row = len(tables[2025]["header"]) + 1
    assert [(item.rule, item.file, item.row, item.column) for item in returns.findings] == [
        ("child_reused", "2025/header.csv", row, "CHILD")
    ]
    files = returns.files
    assert (files["rows_read"] == files["rows_used"] + files["rows_set_aside"] + files["rows_superseded"]).all()
    assert len(returns.header) == 13
    assert returns.header["child"].is_unique
    two = returns.episodes[returns.episodes["child"].str.startswith(AGAIN)].merge(returns.header, on="child")
    assert two["decom"].astype(str).tolist() == ["2023-04-05", "2024-07-01"]
    assert two["dob"].astype(str).tolist() == ["2014-01-17", "2009-08-19"]
    assert two["sex"].tolist() == ["F", "M"]


def test_every_table_follows_the_child_who_had_the_identifier_then(tmp_path: Path) -> None:
    tables = reused()
    tables[2025]["uasc"].append({"CHILD": AGAIN, "SEX": "M", "DOB": "19/08/2009", "DUC": ""})
    for year, place in ((2024, "U1"), (2025, "Z1")):
        tables[year]["oc3"] = [{"CHILD": AGAIN, "DOB": "", "IN_TOUCH": "YES", "ACTIV": "F1", "ACCOM": place}]
    history = build_history(read(tmp_path, tables))
    children = history.children.set_index("child")
    assert children.loc[6:7, "dob"].astype(str).tolist() == ["2014-01-17", "2009-08-19"]
    assert children.loc[6:7, "uasc"].tolist() == [False, True]
    assert history.leavers[["child", "accommodation"]].to_numpy().tolist() == [[6, "U1"], [7, "Z1"]]
    mine = history.placements[history.placements["child"].isin([6, 7])]
    assert mine["opening"].tolist() == ["entry", "entry"]


def test_a_child_whose_care_goes_on_is_not_parted_by_its_header(tmp_path: Path) -> None:
    for at, cells in enumerate(({"SEX": "M"}, {"ETHNIC": "BAFR"})):
        tables = small()
        tables[2025]["header"][0].update({"DOB": "19/08/2015", **cells})
        returns = read(tmp_path / str(at), tables)
        assert [(item.rule, item.row, item.column) for item in returns.findings] == [("child_unlike", 2, "CHILD")]
        assert len(returns.header) == 12
        assert returns.episodes.loc[returns.episodes["child"] == "INV000100", "year"].tolist() == [2025]
    # The same sex and ethnicity: one child whose date of birth was written wrongly.
    tables = small()
    tables[2025]["header"][0].update({"DOB": "19/08/2015"})
    assert [item.rule for item in read(tmp_path / "same", tables).findings] == ["dob_differs"]


def test_an_identifier_of_three_children(tmp_path: Path) -> None:
    tables = reused()
    third = episode(AGAIN, "2025-06-01", "2025-08-01", rec="E4A")
    others = [episode(f"INV00097{at}", "2025-06-01", "2025-09-01", rec="E4A") for at in range(4)]
    tables[2025]["episodes"][-1] |= {"DEC": "01/02/2025", "REC": "E4A"}
    names = [row["CHILD"] for row in others]
    header = [child(AGAIN, "2019-02-02"), *(child(name, "2012-01-01") for name in names)]
    tables[2026] = {"header": header, "episodes": [third, *others], "uasc": []}
    returns = read(tmp_path, tables)
    told = [(item.rule, item.file) for item in returns.findings if item.rule == "child_reused"]
    assert told == [("child_reused", "2025/header.csv"), ("child_reused", "2026/header.csv")]
    mine = returns.header[returns.header["child"].str.startswith(AGAIN)]
    assert mine["dob"].astype(str).tolist() == ["2014-01-17", "2009-08-19", "2019-02-02"]
    assert "INV" not in "".join(item.message for item in returns.findings)


def test_no_output_shows_how_two_children_are_told_apart(tmp_path: Path) -> None:
    tables = reused()
    tables[2025]["episodes"][-1]["PLACE"] = AGAIN
    tables[2025]["episodes"].append({**tables[2025]["episodes"][-1], "DECOM": "", "RNE": AGAIN})
    returns = read(tmp_path, tables)
    pages = [page(returns) for page in (findings_text, findings_json, findings_csv, findings_html)]
    assert not any("\x1f" in page or "u001f" in page or AGAIN in page for page in pages)
    assert AGAIN not in repr(returns) + repr(build_history(returns))


def test_without_episodes_the_returns_are_refused_in_words(tmp_path: Path) -> None:
    tables = small()
    tables[2024]["header"][0]["DOB"] = "03/03/2018"
    folder = write(tmp_path, tables)
    for year in tables:
        (folder / str(year) / "episodes.csv").write_bytes(b"")
    with pytest.raises(UserError):
        read_returns(folder)


def test_without_a_header_nobody_is_parted(tmp_path: Path) -> None:
    folder = write(tmp_path, small())
    for file in folder.glob("*/header.csv"):
        file.unlink()
    try:
        assert "child_reused" not in {finding.rule for finding in read_returns(folder).findings}
    except UserError as refused:
        assert refused.problems  # noqa: PT017
