"""Parts of a history: what is chosen by, and that parts add up to the whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from returns_builder import child, episode, small, write, yearly

from sufficiency.codes import AGE_BANDS
from sufficiency.errors import UserError
from sufficiency.history import History, build_history, indicators, profile, select
from sufficiency.history.reasons import change_reasons
from sufficiency.returns import read_returns

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    tables = small()
    for by_table in tables.values():
        for at, row in enumerate(by_table["episodes"]):
            row["CIN"] = "" if at == 0 else f"N{at % 3 + 1}"
    # Needs are of the period's first episode: the returns give one for each of a child's episodes.
    return build_history(read_returns(write(tmp_path_factory.mktemp("returns"), tables)))


def parts(history: History) -> dict[str, list[History]]:
    codes = history.codes
    groups = dict.fromkeys([*codes.group("ETHNIC"), "Not known"])
    legal = dict.fromkeys([*codes.group("LS"), "Not known"])
    needs = [*codes.group("CIN").index, "Not known"]
    return {
        "age": [select(history, age=band) for band in AGE_BANDS[:-1]],
        "sex": [select(history, sex=sex) for sex in "MFU"],
        "ethnicity": [select(history, ethnicity=group) for group in groups],
        "uasc": [select(history, uasc=flag) for flag in (True, False)],
        "legal": [select(history, legal_status=group) for group in legal],
        "need": [select(history, need=need) for need in needs],
    }


COUNTED = ("entries", "first_entries", "re_entries", "exits", "children_31_march")


def counts(history: History) -> list[int]:
    """Rows of each table of periods, and children in care on some days."""
    days = (history.origin, history.first_day, (history.first_day + history.origin) // 2)
    stock = [int(profile(history, day)["children"].iloc[0]) for day in days]
    return [len(history.placements), len(history.legal), len(history.needs), len(history.changes), *stock]


def measures(history: History) -> list[float]:
    table = indicators(history)
    return [float(table.loc[table["measure"] == measure, "value"].sum()) for measure in COUNTED]


def adds_up(history: History, of: Callable[[History], list[float]] | Callable[[History], list[int]] = counts) -> None:
    whole = np.array(of(history))
    for name, some in parts(history).items():
        assert (np.sum([of(part) for part in some], axis=0) == whole).all(), name


def test_parts_add_up_to_the_whole(history: History) -> None:
    adds_up(history)
    adds_up(history, measures)


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 700), st.integers(20, 300)), min_size=1, max_size=12))
def test_parts_of_random_lives_add_up(
    tmp_path_factory: pytest.TempPathFactory, lives: list[tuple[int, int, int]]
) -> None:
    children = [child(f"INV{at:03d}", f"20{10 + at}-05-0{at + 1}", sex="FM"[at % 2]) for at in range(8)]
    rows = []
    for at, days, length in lives:
        start = np.datetime64("2023-04-01") + days
        moved, end = start + length // 3, start + length
        name, status = f"INV{at:03d}", ["V2", "C1"][length % 2]
        rows.append(episode(name, str(start), str(moved), ls=status, reason="CARPL"))
        rows.append(episode(name, str(moved), str(end), rne="P", rec="E4A", ls=status, place="K2"))
    tables = yearly(children, rows, range(2024, 2026))
    try:
        returns = read_returns(write(tmp_path_factory.mktemp("lives"), tables))
    except UserError:
        return
    adds_up(build_history(returns))


CHOICES: list[tuple[str, Callable[[History], History], set[int]]] = [
    ("age at the start of care", lambda whole: select(whole, age="16 to 17"), {2}),
    ("any of several", lambda whole: select(whole, age=["0", "16 to 17"]), {2, 3}),
    ("all that is asked", lambda whole: select(whole, age=["0", "16 to 17"], uasc=False), {3}),
    ("legal status at the start, by code", lambda whole: select(whole, legal_status="C1"), {3, 4}),
    ("by group", lambda whole: select(whole, legal_status="Interim care order", sex="F"), {4}),
    ("nothing asked", select, set(range(12))),
    ("nobody", lambda whole: select(whole, sex="U"), set()),
]


@pytest.mark.parametrize(("choice", "children"), [item[1:] for item in CHOICES], ids=[item[0] for item in CHOICES])
def test_what_is_chosen(history: History, choice: Callable[[History], History], children: set[int]) -> None:
    chosen = choice(history)
    assert set(chosen.children["child"]) == children
    assert set(chosen.placements["child"]) == children
    assert set(chosen.legal["child"]) == children


def test_a_second_period_of_care_stays_one(history: History) -> None:
    back = select(history, legal_status="C1", sex="F")
    assert back.placements["opening"].tolist() == ["re_entry"]
    assert back.placements["period"].tolist() == [1]
    assert len(back.legal) == len(back.needs) == 1
    whole = select(history)
    for table in ("children", "placements", "legal", "needs", "changes", "leavers", "adoptions"):
        assert getattr(whole, table).equals(getattr(history, table))


def test_needs_are_those_when_care_began(history: History) -> None:
    assert history.needs["need"].iloc[0] == ""
    assert select(history, need="Not known").children["child"].tolist() == [0]
    some = select(history, need=["N1", "N2", "N3"])
    assert len(some.children) == 11


LEFT = ["INV000106", "INV000107", "INV000990"]


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Two of the children among the care leavers, with one who was not in care in these returns; one is adopted."""
    tables = small()
    tables[2025]["header"].append(child(LEFT[-1], "2005-05-05"))
    tables[2025]["oc3"] = [
        {"CHILD": name, "DOB": "05/05/2005", "IN_TOUCH": "YES", "ACTIV": "F1", "ACCOM": "U1"} for name in LEFT
    ]
    tables[2025]["ad1"] = [{"CHILD": "INV000103", "DATE_INT": "20/02/2024", "DATE_MATCH": "10/02/2024"}]
    return build_history(read_returns(write(tmp_path_factory.mktemp("later"), tables)))


def test_care_leavers_and_matches_go_with_their_children(later: History) -> None:
    assert sorted(later.leavers["child"]) == [-1, 6, 7]
    assert select(later).leavers.equals(later.leavers)
    by_sex = {sex: select(later, sex=sex) for sex in "MFU"}
    assert {sex: part.leavers["child"].tolist() for sex, part in by_sex.items()} == {"F": [6], "M": [7], "U": []}
    assert {sex: part.adoptions["child"].tolist() for sex, part in by_sex.items()} == {"F": [], "M": [3], "U": []}
    # Who was not in care in these returns is in no part of them, even where every sex is asked for.
    assert sorted(select(later, sex=["M", "F", "U"]).leavers["child"]) == [6, 7]
    assert measures(later) == measures(select(later, sex=["M", "F", "U"]))


def test_changes_are_those_of_the_periods_chosen(history: History) -> None:
    some = select(history, age="0")
    assert some.changes["child"].tolist() == [3]
    assert change_reasons(some)["moves"].sum() == len(some.changes) == 1
    assert len(select(history, sex="U").changes) == 0


def test_values_that_there_are_not_are_told_together(history: History) -> None:
    with pytest.raises(UserError) as told:
        select(history, age="10-15", legal_status="C9", need="N9")
    assert str(told.value.problems[0]) == ("'10-15' is no age to choose by. Did you mean '10 to 15'?")
    assert len(told.value.problems) == 3


def test_the_rest_of_the_history_is_as_it_was(history: History) -> None:
    part = select(history, sex="M")
    same = [item.name for item in dataclasses.fields(History) if item.name in ("first_day", "origin", "codes", "files")]
    assert all(getattr(part, name) is getattr(history, name) for name in same)
    assert "INV" not in repr(part)


def test_files_are_left_alone(history: History, tmp_path: Path) -> None:
    assert not list(tmp_path.iterdir())
    assert select(history, uasc=True).findings == history.findings
