"""Each rule finds the fault that is planted in a clean return, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from returns_builder import Row, Tables, child, episode, small, write

from sufficiency.errors import UserError
from sufficiency.returns import Returns, read_returns
from sufficiency.returns.rules import RULES

pytestmark = pytest.mark.unit

#: A child of the returns of 2025 alone, who comes in and stays: faults planted in its row touch no other.
NEW = "INV000900"
BORN = "2012-03-04"


def read(folder: Path, tables: Tables) -> Returns:
    return read_returns(write(folder, tables))


def with_new(*episodes: Row, dob: str = BORN) -> Tables:
    """The clean returns and one more child in the year ending March 2025."""
    tables = small()
    tables[2025]["header"].append(child(NEW, dob))
    tables[2025]["episodes"] += episodes
    return tables


def changed(**cells: str) -> Tables:
    row = episode(NEW, "2024-07-01")
    return with_new({**row, **cells})


def one_change(**cells: str) -> Callable[[], Tables]:
    return lambda: changed(**cells)


def rows_of(*episodes: Row) -> Callable[[], Tables]:
    return lambda: with_new(*episodes)


def new_row_of(tables: Tables) -> int:
    return len(tables[2025]["episodes"]) + 1


CLOSED = {"DEC": "05/02/2025", "REC": "E4A"}
FIRST = episode(NEW, "2024-05-01", "2024-07-01", reason="CARPL")


def then(*, rne: str, place: str = "U6", provider: str = "PR1", ls: str = "C2") -> Row:
    """The episode that goes on from FIRST."""
    return episode(NEW, "2024-07-01", rne=rne, place=place, provider=provider, ls=ls)


EPISODE_FAULTS = [
    ("child_missing", "CHILD", one_change(CHILD=" "), "set_aside"),
    ("start_missing", "DECOM", one_change(DECOM=""), "set_aside"),
    ("start_unreadable", "DECOM", one_change(DECOM="31/02/2024"), "set_aside"),
    ("start_unreadable", "DECOM", one_change(DECOM="July 2024"), "set_aside"),
    ("start_impossible", "DECOM", one_change(DECOM="01/01/1911"), "set_aside"),
    ("start_impossible", "DECOM", one_change(DECOM="01/07/2042"), "set_aside"),
    ("start_after_year", "DECOM", one_change(DECOM="09/04/2025"), "used"),
    ("end_unreadable", "DEC", one_change(DEC="31/11/2024", REC="E4A"), "used"),
    ("end_impossible", "DEC", one_change(DEC="05/02/2052", REC="E4A"), "used"),
    ("end_before_start", "DEC", one_change(DEC="05/06/2024", REC="E4A"), "set_aside"),
    ("ends_on_start_day", "DEC", one_change(DEC="01/07/2024", REC="E4A"), "set_aside"),
    ("end_after_year", "DEC", one_change(DEC="08/04/2025", REC="E4A"), "used"),
    ("reason_without_end", "REC", one_change(REC="E4A"), "used"),
    ("continues_without_end", "DEC", one_change(REC="X1"), "used"),
    ("end_without_reason", "REC", one_change(DEC="05/02/2025"), "used"),
    ("nothing_after_x1", "REC", one_change(DEC="05/02/2025", REC="X1"), "used"),
    ("unknown_code", "RNE", one_change(RNE="Q"), "used"),
    ("unknown_code", "LS", one_change(LS="Q9"), "used"),
    ("unknown_code", "CIN", one_change(CIN="N0"), "used"),
    ("unknown_code", "PLACE_PROVIDER", one_change(PLACE_PROVIDER="PR9"), "used"),
    ("unknown_code", "REASON_PLACE_CHANGE", one_change(REASON_PLACE_CHANGE="WHIM"), "used"),
    ("code_missing", "LS", one_change(LS=""), "used"),
    ("code_missing", "CIN", one_change(CIN=""), "used"),
    ("code_missing", "RNE", one_change(RNE=""), "used"),
    ("place_unknown", "PLACE", one_change(PLACE="Q7"), "used"),
    ("place_unknown", "PLACE", one_change(PLACE=""), "used"),
    ("code_out_of_year", "PLACE", one_change(PLACE="Z12", PLACE_PROVIDER=""), "used"),
    ("young_for_placement", "PLACE", one_change(PLACE="K3"), "used"),
    ("young_for_placement", "PLACE", one_change(PLACE="H5"), "used"),
    ("young_for_placement", "PLACE", one_change(PLACE="P3"), "used"),
    ("code_out_of_year", "REC", one_change(**CLOSED | {"REC": "E43"}), "used"),
    ("provider_missing", "PLACE_PROVIDER", one_change(PLACE_PROVIDER=""), "used"),
    ("provider_wrong", "PLACE_PROVIDER", one_change(PLACE_PROVIDER="PR0"), "used"),
    ("provider_wrong", "PLACE_PROVIDER", one_change(PLACE="P1"), "used"),
    ("provider_wrong", "PLACE_PROVIDER", one_change(PLACE="Z1"), "used"),
    ("first_not_start", "RNE", one_change(RNE="P"), "used"),
    ("distance_wrong", "PL_DISTANCE", one_change(PL_DISTANCE="not far"), "used"),
    ("distance_wrong", "PL_DISTANCE", one_change(PL_DISTANCE="-3"), "used"),
    ("distance_wrong", "PL_DISTANCE", one_change(PL_DISTANCE="1000.1"), "used"),
    ("location_unknown", "PL_LOCATION", one_change(PL_LOCATION="AWAY"), "used"),
]


@pytest.mark.parametrize(("rule", "column", "plant", "fate"), EPISODE_FAULTS)
def test_a_fault_in_one_episode_is_found_alone(
    tmp_path: Path, rule: str, column: str, plant: Callable[[], Tables], fate: str
) -> None:
    tables = plant()
    returns = read(tmp_path, tables)
    # A row that is set aside leaves its child without an episode, which is told too.
    found = [item for item in returns.findings if item.rule != "header_without_episodes"]
    assert [(item.rule, item.file, item.row, item.column) for item in found] == [
        (rule, "2025/episodes.csv", new_row_of(tables), column)
    ]
    assert found[0].severity == RULES[rule].severity
    assert (returns.episodes["child"] == NEW).any() == (fate == "used")


SEQUENCES = [
    ("overlap", 0, rows_of(FIRST, episode(NEW, "2024-06-10", rne="P", place="U4"))),
    ("two_open", 0, rows_of(episode(NEW, "2024-05-01"), episode(NEW, "2024-07-01", rne="P", place="U4"))),
    (
        "open_before_next",
        0,
        rows_of(episode(NEW, "2024-05-01"), episode(NEW, "2024-07-01", "2024-09-01", rne="P", rec="E4A", place="U4")),
    ),
    ("short_gap", 0, rows_of(FIRST, episode(NEW, "2024-07-08", rne="P", place="U4"))),
    ("long_gap", 0, rows_of(FIRST, episode(NEW, "2024-07-09"))),
    ("long_gap", 0, rows_of(FIRST, episode(NEW, "2024-07-03", rne="S"))),
    ("same_day_return", 0, rows_of({**FIRST, "REC": "E4A"}, episode(NEW, "2024-07-01", rne="P", place="U4"))),
    ("start_within_period", 1, rows_of(FIRST, episode(NEW, "2024-07-01", rne="S"))),
    ("return_not_start", 1, rows_of({**FIRST, "REC": "E4A"}, episode(NEW, "2024-08-01", rne="P"))),
    ("duplicate_episode", 0, rows_of(episode(NEW, "2024-05-01"), episode(NEW, "2024-05-01"))),
    (
        "two_episodes_one_day",
        0,
        rows_of(episode(NEW, "2024-05-01", "2024-06-01", rec="E4A"), episode(NEW, "2024-05-01", place="U4")),
    ),
    ("legal_status_same", 1, rows_of(FIRST, then(rne="L"))),
    ("legal_status_same", 1, rows_of(FIRST, then(rne="B", place="U4"))),
    ("legal_status_same", 1, rows_of(FIRST, then(rne="U", place="U4"))),
    ("legal_status_differs", 1, rows_of(FIRST, then(rne="P", place="U4", ls="C1"))),
    ("legal_status_differs", 1, rows_of(FIRST, then(rne="T", place="U4", ls="C1"))),
    ("placement_same", 1, rows_of(FIRST, then(rne="P"))),
    ("placement_same", 1, rows_of(FIRST, then(rne="T"))),
    ("placement_same", 1, rows_of(FIRST, then(rne="U", ls="C1"))),
    ("placement_differs", 1, rows_of(FIRST, then(rne="L", ls="C1", place="U4"))),
    ("placement_differs", 1, rows_of(FIRST, then(rne="L", ls="C1", provider="PR4"))),
    ("carer_differs", 1, rows_of(FIRST, then(rne="T", place="U4", provider="PR4"))),
    ("carer_differs", 1, rows_of({**FIRST, "URN": "SC1"}, then(rne="T", place="U4") | {"URN": "SC2"})),
]

#: What RNE says and what changed agree, or cannot be held against each other.
AGREEING = [
    (FIRST, then(rne="L", ls="C1")),
    (FIRST, then(rne="P", place="U4")),
    (FIRST, then(rne="P") | {"PL_POST": "ZZ98 1ZZ"}),
    (FIRST, then(rne="P") | {"PL_POST": ""}),
    (FIRST, then(rne="B", ls="C1", place="K2")),
    (FIRST, then(rne="T", place="U4")),
    (FIRST, then(rne="U", place="U4", ls="C1")),
    ({**FIRST, "URN": "SC1"}, then(rne="P") | {"URN": "SC2"}),
]


@pytest.mark.parametrize("rows", AGREEING)
def test_changes_that_fit_their_reason_are_no_fault(tmp_path: Path, rows: tuple[Row, Row]) -> None:
    assert not read(tmp_path, with_new(*rows)).findings


@pytest.mark.parametrize(("rule", "which", "plant"), SEQUENCES)
def test_a_fault_between_episodes_is_found_alone(
    tmp_path: Path, rule: str, which: int, plant: Callable[[], Tables]
) -> None:
    tables = plant()
    returns = read(tmp_path, tables)
    row = new_row_of(tables) - 1 + which
    assert [(item.rule, item.file, item.row) for item in returns.findings] == [(rule, "2025/episodes.csv", row)]


def test_an_end_before_the_returns_year(tmp_path: Path) -> None:
    old = episode(NEW, "2023-01-01", "2023-05-05", rec="E4A")
    assert [item.rule for item in read(tmp_path, with_new(old)).findings] == ["end_before_year"]


def test_start_before_birth_and_at_18(tmp_path: Path) -> None:
    for name, dob, rule in (("a", "2024-07-02", "start_before_birth"), ("b", "2006-07-01", "start_at_18")):
        returns = read(tmp_path / name, with_new(episode(NEW, "2024-07-01"), dob=dob))
        assert [item.rule for item in returns.findings if item.row] == [rule]


def test_start_the_day_before_18_is_no_fault(tmp_path: Path) -> None:
    last_day = episode(NEW, "2024-06-30", "2024-07-01", rec="E17", place="K3", provider="PR4")
    assert not read(tmp_path, with_new(last_day, dob="2006-07-01")).findings


def test_in_care_more_than_a_week_after_18(tmp_path: Path) -> None:
    late = episode(NEW, "2024-05-01", "2024-07-10", rec="E17")
    returns = read(tmp_path, with_new(late, dob="2006-07-01"))
    assert [item.rule for item in returns.findings] == ["in_care_after_18"]


def test_short_breaks_are_set_aside_and_counted_once_a_file(tmp_path: Path) -> None:
    tables = with_new(episode(NEW, "2024-05-01", ls="V4"), episode(NEW, "2024-07-01", ls="V3", rne="Q"))
    returns = read(tmp_path, tables)
    found = [item for item in returns.findings if item.rule == "short_breaks"]
    assert [(item.row, item.message[:6]) for item in found] == [(None, "2 rows")]
    assert {item.rule for item in returns.findings} == {"short_breaks", "header_without_episodes"}


def test_a_row_without_a_night_hands_on_why_it_began(tmp_path: Path) -> None:
    first = episode(NEW, "2024-05-01", "2024-05-01", rne="S")
    second = episode(NEW, "2024-05-01", rne="P", place="U4")
    returns = read(tmp_path, with_new(first, second))
    assert [item.rule for item in returns.findings] == ["ends_on_start_day"]
    assert returns.episodes.loc[returns.episodes["child"] == NEW, "rne"].tolist() == ["S"]


def test_child_without_header_is_set_aside(tmp_path: Path) -> None:
    tables = small()
    tables[2025]["episodes"].append(episode(NEW, "2024-07-01"))
    returns = read(tmp_path, tables)
    assert [(item.rule, item.row) for item in returns.findings] == [("child_without_header", new_row_of(tables))]


def test_open_child_absent_from_the_next_return(tmp_path: Path) -> None:
    tables = small()
    gone = tables[2025]["episodes"][0]["CHILD"]
    for table in ("episodes", "header"):
        tables[2025][table] = [row for row in tables[2025][table] if row["CHILD"] != gone]
    returns = read(tmp_path, tables)
    assert [(item.rule, item.file, item.row) for item in returns.findings] == [
        ("open_child_absent", "2024/episodes.csv", 2)
    ]


def test_returns_that_disagree_are_told_on_the_earlier_row(tmp_path: Path) -> None:
    tables = small()
    before = next(row for row in tables[2024]["episodes"] if row["CHILD"] == "INV000108")
    tables[2025]["episodes"].append({**before, "DEC": "01/06/2024"})
    tables[2025]["header"].append(child("INV000108", "2014-03-17"))
    returns = read(tmp_path, tables)
    row = tables[2024]["episodes"].index(before) + 2
    assert [(item.rule, item.file, item.row) for item in returns.findings] == [
        ("returns_disagree", "2024/episodes.csv", row)
    ]
    kept = returns.episodes[returns.episodes["child"] == "INV000108"]
    assert kept["dec"].astype(str).tolist() == ["2024-06-01"]


HEADER_FAULTS = [
    ("dob_differs", "DOB", {"DOB": "12/02/2010"}),
    ("sex_differs", "SEX", {"SEX": "M"}),
    ("sex_unknown", "SEX", {"SEX": "X"}),
    ("ethnicity_unknown", "ETHNIC", {"ETHNIC": ""}),
]


@pytest.mark.parametrize(("rule", "column", "cells"), HEADER_FAULTS)
def test_a_fault_in_the_header_is_found(tmp_path: Path, rule: str, column: str, cells: Row) -> None:
    tables = small()
    tables[2025]["header"][0].update(cells)
    returns = read(tmp_path, tables)
    expected = {(rule, "2025/header.csv", 2, column)}
    if rule == "sex_unknown":
        expected.add(("sex_differs", "2025/header.csv", 2, column))
    assert {(item.rule, item.file, item.row, item.column) for item in returns.findings} == expected


@pytest.mark.parametrize(
    ("rule", "dob"),
    [
        ("dob_missing", ""),
        ("dob_unreadable", "30/02/2010"),
        ("dob_impossible", "11/02/1922"),
        ("dob_impossible", "01/09/2025"),
    ],
)
def test_a_bad_date_of_birth_costs_its_row_only(tmp_path: Path, rule: str, dob: str) -> None:
    tables = small()
    tables[2025]["header"][0]["DOB"] = dob
    returns = read(tmp_path, tables)
    assert [(item.rule, item.row) for item in returns.findings] == [(rule, 2)]
    # The year before had it right.
    assert len(returns.header) == 12
    assert len(returns.episodes) == 17


def test_codes_for_sex_of_old_and_new_returns_agree(tmp_path: Path) -> None:
    tables = small()
    assert {row["SEX"] for row in tables[2024]["header"]} == {"1", "2"}
    returns = read(tmp_path, tables)
    assert not returns.findings
    assert set(returns.header["sex"]) == {"M", "F"}


def test_duplicate_and_lone_header_rows(tmp_path: Path) -> None:
    tables = small()
    tables[2025]["header"] += [dict(tables[2025]["header"][0]), child("INV000950", "2004-01-01")]
    returns = read(tmp_path, tables)
    assert sorted(item.rule for item in returns.findings) == ["duplicate_header", "header_without_episodes"]


def test_uasc_without_header(tmp_path: Path) -> None:
    tables = small()
    tables[2025]["uasc"].append({"CHILD": NEW, "SEX": "M", "DOB": "01/01/2009", "DUC": "not a day"})
    returns = read(tmp_path, tables)
    assert [(item.rule, item.row) for item in returns.findings] == [("duc_unreadable", 3), ("uasc_without_header", 3)]
    assert returns.uasc["child"].tolist() == ["INV000102"]


def test_strict_refuses_errors_and_lists_them_all(tmp_path: Path) -> None:
    tables = changed(DECOM="31/02/2024")
    tables[2025]["header"].append(child("", "2014-01-01"))
    folder = write(tmp_path, tables)
    with pytest.raises(UserError) as caught:
        read_returns(folder, strict=True)
    assert len(caught.value.problems) == 2


def test_strict_takes_clean_returns(tmp_path: Path) -> None:
    assert not read_returns(write(tmp_path, small()), strict=True).findings


def test_every_rule_is_planted_somewhere() -> None:
    planted = (
        {fault[0] for fault in EPISODE_FAULTS}
        | {fault[0] for fault in SEQUENCES}
        | {fault[0] for fault in HEADER_FAULTS}
    )
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_returns_*.py"))
    assert [name for name in RULES if name not in planted and f'"{name}"' not in text] == []


def test_distance_and_location_are_read_and_bad_ones_left_out(tmp_path: Path) -> None:
    cells = {"PL_DISTANCE": " 21.5 ", "PL_LOCATION": "out"}
    wrong = {"PL_DISTANCE": "21,5", "PL_LOCATION": "ZZ99 9ZZ"}
    for at, (given, miles, location) in enumerate([(cells, 21.5, "OUT"), (wrong, np.nan, ""), ({}, np.nan, "")]):
        returns = read(tmp_path / str(at), changed(**given))
        row = returns.episodes[returns.episodes["child"] == NEW].iloc[0]
        assert np.array_equal(row["distance_miles"], miles, equal_nan=True)
        assert row["location"] == location
        assert len(returns.findings) == 2 * (given is wrong)
        assert "ZZ99" not in str(returns.findings)


def test_the_ends_of_what_a_distance_may_be(tmp_path: Path) -> None:
    for miles in ("0", "0.0", "1000"):
        returns = read(tmp_path / miles, changed(PL_DISTANCE=miles))
        assert not returns.findings
        assert returns.episodes["distance_miles"].max() == float(miles)


@pytest.mark.parametrize(("before", "after", "told"), [("H5", "K3", []), ("H5", "K2", ["returns_disagree"])])
def test_returns_that_disagree_about_the_placement(tmp_path: Path, before: str, after: str, told: list[str]) -> None:
    row = episode(NEW, "2023-06-01", place=before, provider="PR4")
    tables = with_new({**row, "PLACE": after}, dob="2007-05-02")
    tables[2024]["header"].append(child(NEW, "2007-05-02", sex="2"))
    tables[2024]["episodes"].append(row)
    assert [item.rule for item in read(tmp_path, tables).findings] == told


TEMPORARY = [
    ("T1", "2024-09-12", True),
    ("T1", "2024-08-12", False),
    ("T3", "2024-07-23", True),
    ("T3", "2024-07-22", False),
    ("T4", "2024-07-09", True),
    ("T4", "2024-07-08", False),
    ("T0", "2024-12-01", False),
]


@pytest.mark.parametrize(("place", "until", "wrong"), TEMPORARY)
def test_temporary_placements_and_how_long_they_may_be(tmp_path: Path, place: str, until: str, wrong: bool) -> None:
    away = episode(NEW, "2024-07-01", until, rne="P", place=place, provider="", reason="OTHER")
    back = episode(NEW, until, rne="P", place="U6")
    tables = with_new(FIRST, away, back)
    expected = [("temporary_too_long", "2025/episodes.csv", new_row_of(tables) - 1, "PLACE")]
    found = [(item.rule, item.file, item.row, item.column) for item in read(tmp_path, tables).findings]
    assert found == (expected if wrong else [])


def test_care_neither_begins_nor_ends_in_a_temporary_placement(tmp_path: Path) -> None:
    first = episode(NEW, "2024-05-01", "2024-05-05", place="T4", provider="", reason="CARPL")
    second = episode(NEW, "2024-05-05", "2024-06-01", rne="P", reason="OTHER")
    last = episode(NEW, "2024-06-01", "2024-06-06", rne="P", place="T4", provider="", rec="E4A")
    tables = with_new(first, second, last)
    row = new_row_of(tables)
    found = [(item.rule, item.row) for item in read(tmp_path, tables).findings]
    assert found == [("temporary_at_start", row - 2), ("temporary_at_end", row)]


YOUNG = [
    ("S1", "PR4", "2020-07-02", "2020-07-01"),
    ("R5", "PR3", "2014-07-02", "2014-07-01"),
    ("P3", "PR4", "2010-07-02", "2010-07-01"),
    ("K3", "PR4", "2008-07-02", "2008-07-01"),
]


@pytest.mark.parametrize(("place", "provider", "too_young", "old_enough"), YOUNG)
def test_ages_that_placements_allow(tmp_path: Path, place: str, provider: str, too_young: str, old_enough: str) -> None:
    row = episode(NEW, "2024-07-01", place=place, provider=provider)
    found = read(tmp_path / "young", with_new(row, dob=too_young)).findings
    assert [item.rule for item in found] == ["young_for_placement"]
    assert not read(tmp_path / "old", with_new(row, dob=old_enough)).findings


@pytest.mark.parametrize(
    ("place", "year", "rules"),
    [
        ("K3", 2024, ["code_out_of_year"]),
        ("Z12", 2025, ["code_out_of_year"]),
        ("Z1", 2025, []),
        ("H5", 2025, []),
        ("P2", 2024, ["independent_living_late"]),
    ],
)
def test_codes_out_of_their_years(tmp_path: Path, place: str, year: int, rules: list[str]) -> None:
    provider = "" if place.startswith("Z") else "PR4"
    row = episode(NEW, f"{year - 1}-07-01", f"{year}-01-15", place=place, provider=provider, rec="E4A")
    tables = small()
    tables[year]["header"].append(child(NEW, "2007-06-01", sex="F" if year >= 2025 else "2"))
    tables[year]["episodes"].append(row)
    assert [item.rule for item in read(tmp_path, tables).findings] == rules


def test_independent_living_until_the_day_it_ended(tmp_path: Path) -> None:
    tables = small()
    tables[2024]["header"].append(child(NEW, "2006-12-01", sex="2"))
    tables[2024]["episodes"].append(episode(NEW, "2023-07-01", "2023-10-28", place="P2", provider="PR4", rec="E4A"))
    assert not read(tmp_path, tables).findings


def test_sex_by_the_codes_of_other_years(tmp_path: Path) -> None:
    tables = small()
    tables[2025]["header"][0]["SEX"] = "2"
    tables[2025]["header"][1]["SEX"] = "1"
    returns = read(tmp_path, tables)
    assert [(item.rule, item.file, item.row, item.message[:6]) for item in returns.findings] == [
        ("sex_out_of_year", "2025/header.csv", None, "2 rows")
    ]


def test_short_breaks_too_long_or_too_many(tmp_path: Path) -> None:
    long = episode(NEW, "2024-05-01", "2024-05-19", ls="V3", rec="E4A")
    tables = with_new(long)
    found = [item for item in read(tmp_path / "long", tables).findings if item.row]
    assert [(item.rule, item.row) for item in found] == [("short_break_long", new_row_of(tables))]
    # 17 days are allowed, and 75 days a year; five breaks of 17 days are too many.
    many = [episode(NEW, f"2024-0{month}-01", f"2024-0{month}-18", ls="V3", rec="E4A") for month in range(5, 10)]
    tables = with_new(*many)
    found = [item for item in read(tmp_path / "many", tables).findings if item.row]
    assert [(item.rule, item.row) for item in found] == [("short_breaks_many", new_row_of(tables))]
    assert not [item for item in read(tmp_path / "few", with_new(*many[:4])).findings if item.row]


def asylum(name: str, ceased: str = "") -> Row:
    return {"CHILD": name, "SEX": "F", "DOB": "02/09/2007", "DUC": ceased}


def test_seeking_asylum_comes_and_goes(tmp_path: Path) -> None:
    tables = small()
    tables[2024]["uasc"].append(asylum("INV000100"))
    returns = read(tmp_path / "goes", tables)
    assert [(item.rule, item.file, item.row) for item in returns.findings] == [("uasc_goes", "2024/uasc.csv", 3)]
    assert "INV000100" in set(returns.uasc["child"])
    tables = small()
    tables[2024]["uasc"].append(asylum("INV000100", "01/02/2024"))
    assert not read(tmp_path / "ceased", tables).findings
    tables = small()
    tables[2025]["uasc"].append(asylum("INV000100"))
    returns = read(tmp_path / "comes", tables)
    assert [(item.rule, item.file, item.row) for item in returns.findings] == [("uasc_comes", "2025/uasc.csv", 3)]


def test_a_file_named_for_another_year(tmp_path: Path) -> None:
    # Named by the year in which the collection year begins or ends: both are common.
    for shift, told in ((0, 0), (-1, 0), (3, 6)):
        tables = {year + shift: content for year, content in small().items()}
        returns = read(tmp_path / str(told + shift), tables)
        assert [item.rule for item in returns.findings] == ["named_for_another_year"] * told
        assert returns.years == (2024, 2025)


def test_reviews_of_another_year(tmp_path: Path) -> None:
    days = ["01/05/2021", "01/06/2021", "01/07/2021", "01/08/2021", "01/09/2021"]
    tables = small()
    tables[2025]["reviews"] = [
        {"CHILD": "INV000100", "DOB": "11/02/2010", "REVIEW": day, "REVIEW_CODE": "PN1"} for day in days
    ]
    found = [(item.rule, item.file, item.column) for item in read(tmp_path, tables).findings]
    assert found == [("dates_of_another_year", "reviews.csv", "REVIEW")]


def test_odd_records_cost_at_most_their_row(tmp_path: Path) -> None:
    clean = read(tmp_path / "clean", small())
    birthday = episode(NEW, "2024-05-01", "2025-03-04", rec="E4A")
    tables = with_new(birthday)
    tables[2025]["header"][0]["ETHNIC"] = ""
    tables[2025]["header"].append(child("INV000901", "1922-05-05"))
    returns = read(tmp_path / "odd", tables)
    assert sorted(item.rule for item in returns.findings) == [
        "dob_impossible",
        "ethnicity_unknown",
        "header_without_episodes",
    ]
    others = returns.episodes[returns.episodes["child"] != NEW].reset_index(drop=True)
    assert others.equals(clean.episodes)
    assert len(returns.episodes) == len(clean.episodes) + 1
