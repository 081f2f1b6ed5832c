"""The council's places and its young people staying put: read or refused, and what the simulation makes of them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_world import CODES, known_history

from sufficiency import dates
from sufficiency.draws import replication_key
from sufficiency.errors import UserError
from sufficiency.history import History
from sufficiency.history.model import LEAVER_KINDS
from sufficiency.history.stock import spells, stock_at
from sufficiency.provenance import shipped
from sufficiency.simulation import Supply, supply_of
from sufficiency.simulation.places import Places
from sufficiency.simulation.supply import GOING_ON, UPTAKE, PlaceDraws, apportion, opening_stayers
from sufficiency.tables import find_table, read_capacity, read_council_tables, read_staying_put

PLAIN = "setting,from,places,unavailable"
WHOLE = PLAIN + ",reason,one_suits,source"
HOUSE, AGENCY = "in_house_fostering", "agency_fostering"


def _written(folder: Path, heading: str, rows: list[str], name: str = "capacity.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return path


def _told(error: pytest.ExceptionInfo[UserError]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def _refused(path: Path) -> list[str]:
    with pytest.raises(UserError) as told:
        (read_capacity if path.name == "capacity.csv" else read_staying_put)(path)
    return _told(told)


# Reading places.


@pytest.mark.unit
def test_the_examples_places_are_read() -> None:
    table = read_capacity(shipped("example") / "tables").table
    assert table[["setting", "places", "unavailable"]].to_numpy().tolist() == [
        [HOUSE, 214, 26],
        [HOUSE, 211, 25],
        ["in_house_home", 8, 1],
    ]
    assert table["one_suits"].isna().all()


@pytest.mark.unit
def test_rows_come_in_order_of_setting_and_date_whatever_theirs(tmp_path: Path) -> None:
    rows = [
        'in_house_home,01/09/2026,"1,008",0,,,',
        f"{HOUSE},2026-04-01,210,25,on hold,0.05,our register",
        ",,,,,,",
        f"{HOUSE},2025-04-01,214,,,0.05,",
        f"{AGENCY},2026-04-01,90,0,framework limit,,",
    ]
    capacity = read_capacity(_written(tmp_path, WHOLE.replace("from", " From "), rows))
    table = capacity.table
    assert capacity.settings == (AGENCY, HOUSE, "in_house_home")
    assert table["places"].tolist() == [90, 214, 210, 1008]
    assert table["unavailable"].tolist() == [0, 0, 25, 0]
    assert table["from"].astype(str).tolist() == ["2026-04-01", "2025-04-01", "2026-04-01", "2026-09-01"]
    assert table["one_suits"].fillna(-1).tolist() == [-1, 0.05, 0.05, -1]
    assert table["reason"].tolist() == ["framework limit", "", "on hold", ""]
    assert table["source"].tolist() == ["", "", "our register", ""]


@pytest.mark.unit
def test_every_problem_of_the_places_is_told_at_once_with_row_and_column(tmp_path: Path) -> None:
    rows = [
        "in_house_fosterin,2026-04-01,10,1,,,",
        f"{HOUSE},31/02/2026,10,1,,,",
        f"{HOUSE},2026-04-01,-5,1,,,",
        f"{HOUSE},2026-05-01,10.5,many,,,",
        f"{HOUSE},2026-06-01,10,11,,,",
        f"{HOUSE},2026-07-01,10,1,,,",
        f"{HOUSE},01/07/2026,12,1,,,",
        "in_house_home,2026-04-01,8,0,,0,",
        "in_house_home,2026-05-01,8,0,,1.2,",
        "staying_put_in_house,2026-04-01,8,0,,,",
        "in_house_home,2026-06-01,1e400,100001,,nan,",
    ]
    number, share = "is not a whole number of places, 0 or more.", "is not a share above 0 and up to 1, or blank."
    told = [line.partition(", in_house")[0] for line in _refused(_written(tmp_path, WHOLE, rows))]
    assert told == [
        f"capacity.csv, row {row}, {problem}"
        for row, problem in (
            (2, "setting: 'in_house_fosterin' is not a setting in care. Did you mean 'in_house_fostering'?"),
            (11, "setting: 'staying_put_in_house' is not a setting in care. Valid: kinship_fostering"),
            (3, "from: 2 digits, /, 2 digits, /, 4 digits is not a date (write 2026-04-01 or 01/04/2026)."),
            (4, f"places: '-5' {number}"),
            (5, f"places: '10.5' {number}"),
            (12, f"places: 1 digit, 1 letter, 3 digits {number}"),
            (5, f"unavailable: 'many' {number}"),
            (12, f"unavailable: 6 digits {number}"),
            (9, f"one_suits: '0' {share}"),
            (10, f"one_suits: '1.2' {share}"),
            (12, f"one_suits: 'nan' {share}"),
            (6, "unavailable: More places are unavailable than there are."),
            (8, "from: This setting has another row from the same date."),
        )
    ]


@pytest.mark.unit
def test_a_share_that_would_be_passed_over_is_refused(tmp_path: Path) -> None:
    rows = [
        f"{HOUSE},2026-04-01,10,1,,0.05,",
        f"{HOUSE},2027-04-01,10,1,,,",
        f"{HOUSE},2028-04-01,10,1,,0.06,",
        f"{AGENCY},2026-04-01,90,0,,0.05,",
    ]
    twice = "This setting has another share above; one figure holds for all its dates."
    outside = "Only the council's own places are matched; leave this blank for an outside provider."
    assert _refused(_written(tmp_path, WHOLE, rows)) == [
        f"capacity.csv, row 4, one_suits: {twice}",
        f"capacity.csv, row 5, one_suits: {outside}",
    ]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("heading", "rows", "told"),
    [
        (PLAIN, [], "capacity.csv: The table has no rows."),
        ("setting,from,places", [], "capacity.csv, row 1, unavailable: The column 'unavailable' is missing."),
        (PLAIN + ",resaon", [], "The column 'resaon' is not known. Did you mean 'reason'?"),
        ("", [], "capacity.csv: The file is empty."),
    ],
)
def test_a_table_of_another_form_is_refused(tmp_path: Path, heading: str, rows: list[str], told: str) -> None:
    assert any(told in each for each in _refused(_written(tmp_path, heading, rows)))


# Reading young people staying put.


@pytest.mark.unit
def test_young_people_staying_put_are_read() -> None:
    table = read_staying_put(shipped("example") / "tables")
    assert int(table["young_people"].sum()) == 26
    assert set(table["age"]) == {18, 19, 20}


@pytest.mark.unit
def test_every_problem_of_those_staying_put_is_told_at_once(tmp_path: Path) -> None:
    rows = [
        "in_house_fostering,18,4",
        "staying_put_in_hose,18,4",
        "staying_put_kinship,17,4",
        "staying_put_kinship,21,4",
        "staying_put_agency,18,-1",
        "staying_put_agency,19,2.5",
        "staying_put_agency,20,2",
        "staying_put_agency,20,3",
    ]
    path = _written(tmp_path, "setting,age,young_people", rows, "staying_put.csv")
    told = _refused(path)
    assert [line.split(":")[0] for line in told] == [
        "staying_put.csv, row 2, setting",
        "staying_put.csv, row 3, setting",
        "staying_put.csv, row 4, age",
        "staying_put.csv, row 5, age",
        "staying_put.csv, row 6, young_people",
        "staying_put.csv, row 7, young_people",
        "staying_put.csv, row 9, age",
    ]
    assert "Did you mean 'staying_put_in_house'?" in told[1]
    assert told[2].endswith("'17' is not an age of 18, 19 or 20.")
    assert told[-1].endswith("This setting and age has another row.")


@pytest.mark.unit
def test_a_table_of_nobody_says_so_with_a_nought(tmp_path: Path) -> None:
    empty = _written(tmp_path, "setting,age,young_people", [], "staying_put.csv")
    assert _refused(empty) == ["staying_put.csv: The table has no rows; write 0 where nobody is staying put."]
    nobody = _written(tmp_path, "setting,age,young_people", ["staying_put_in_house,18,0"], "staying_put.csv")
    assert read_staying_put(nobody)["young_people"].tolist() == [0]


@pytest.mark.unit
def test_the_problems_of_all_tables_are_told_together(tmp_path: Path) -> None:
    _written(tmp_path, PLAIN, [f"{HOUSE},2026-04-01,ten,0"])
    _written(tmp_path, "setting,age,young_people", ["staying_put_in_house,3,1"], "staying_put.csv")
    with pytest.raises(UserError) as told:
        read_council_tables(tmp_path, tmp_path)
    assert [line.split(",")[0] for line in _told(told)] == ["capacity.csv", "staying_put.csv"]
    assert find_table("capacity.csv", tmp_path) == tmp_path / "capacity.csv"


# What the simulation makes of them.


@pytest.fixture(scope="module")
def history() -> History:
    return known_history(per_day=0.15)


def _with_oc3(history: History, rows: list[tuple[int, int, bool, int]]) -> History:
    """With OC3 rows of (year, age, staying put, child)."""
    table = [
        {"child": child, "year": year, "age": age, "accommodation": "Z1" if stays else "U1", "staying_put": stays}
        for year, age, stays, child in rows
    ]
    told = pd.DataFrame(table).assign(in_touch="YES", activity="F1", suitable=True)
    return replace(history, leavers=told[list(LEAVER_KINDS)].astype(LEAVER_KINDS))


def _held(supply: Supply) -> dict[str, int]:
    """Young people staying put at the origin, by the setting whose place they hold."""
    counts = np.bincount(supply.stayers.setting, minlength=len(CODES.in_care))
    return {name: int(count) for name, count in zip(CODES.in_care, counts, strict=True) if count}


@pytest.mark.unit
def test_the_councils_places_are_taken_and_the_rest_are_inferred_and_marked(history: History, tmp_path: Path) -> None:
    rows = [f"{HOUSE},2020-04-01,30,3,,0.04,", f"{HOUSE},2027-04-01,40,5,,,", f"{AGENCY},2026-04-01,25,0,,,"]
    supply = supply_of(history, read_capacity(_written(tmp_path, WHOLE, rows)))
    assert supply.inferred == ("in_house_home",)
    assert set(supply.settings) == {HOUSE, AGENCY, "in_house_home"}
    assert supply.one_suits == {HOUSE: 0.04}
    own = supply.rows[supply.rows["setting"] == HOUSE]
    assert own["places"].tolist() == [30, 40]
    assert own["from"].tolist() == [dates.day_number("2020-04-01"), dates.day_number("2027-04-01")]
    assert own["unavailable"].tolist() == [3, 5]
    assert supply_of(history).inferred == (HOUSE, "in_house_home")
    assert str(len(supply.stayers.key)) in repr(supply)


@pytest.mark.unit
def test_inferred_places_are_the_most_once_held_with_those_who_stay(history: History) -> None:
    supply = supply_of(history)
    first = dates.add_years(history.origin, -3) + 1
    counts = stock_at(spells(history.placements, CODES), np.arange(first, history.origin + 1), len(CODES.all_settings))
    for name in supply.inferred:
        peak = int(counts[:, CODES.all_settings.index(name)].sum(axis=(1, 2)).max())
        row = supply.rows[supply.rows["setting"] == name]
        assert row["places"].tolist() == [peak + _held(supply).get(name, 0)]
        assert row["unavailable"].tolist() == [0]


@pytest.mark.unit
def test_a_setting_that_nobody_was_ever_in_is_not_inferred(history: History) -> None:
    table = history.placements
    supply = supply_of(replace(history, placements=table[table["setting"] != "in_house_home"]))
    assert supply.inferred == (HOUSE,)


@pytest.mark.unit
def test_the_councils_own_count_of_those_staying_put_comes_first(history: History) -> None:
    told = pd.DataFrame({"setting": "staying_put_agency", "age": [18, 20], "young_people": [3, 2], "source": ""})
    other = _with_oc3(history, [(2026, 18, True, -1)] * 9)
    supply = supply_of(other, staying=told)
    assert supply.stayers_source == "the council's table"
    assert _held(supply) == {AGENCY: 5}
    ages = dates.age_on(supply.stayers.dob, np.full(5, history.origin))
    assert sorted(ages.tolist()) == [18, 18, 18, 20, 20]
    assert len(set(supply.stayers.key.tolist())) == 5
    nobody = told.assign(young_people=0)
    assert len(supply_of(other, staying=nobody).stayers.key) == 0


@pytest.mark.unit
def test_next_the_return_on_care_leavers_with_the_setting_where_it_is_known(history: History) -> None:
    table = history.placements
    left = table[(table["reason"] == "aged_out") & (table["setting"] == HOUSE)]["child"].iloc[-1]
    rows = [(2026, 18, True, int(left)), (2026, 18, False, -1), (2026, 21, True, -1), (2025, 18, True, -1)]
    supply = supply_of(_with_oc3(history, rows))
    assert supply.stayers_source == "OC3"
    assert _held(supply) == {HOUSE: 1}
    many = supply_of(_with_oc3(history, [(2026, 19, True, -1)] * 40))
    assert sum(_held(many).values()) == 40
    assert set(_held(many)) <= {"kinship_fostering", HOUSE, AGENCY}


@pytest.mark.unit
def test_tables_after_the_origin_or_long_before_it_are_not_used(history: History) -> None:
    for year in (2027, 2025):
        assert supply_of(_with_oc3(history, [(year, 18, True, -1)] * 9)).stayers_source == "published take-up"
    at_2025 = replace(history, origin=dates.day_number("2025-03-31"))
    rows = [(2025, 18, True, -1)] * 2 + [(2026, 18, True, -1)] * 9
    assert sum(_held(supply_of(_with_oc3(at_2025, rows))).values()) == 2


@pytest.mark.unit
def test_nobody_who_stays_put_is_lost_where_no_one_was_seen_to_age_out(history: History) -> None:
    table = history.placements
    young = replace(history, placements=table[table["reason"] != "aged_out"])
    assert sum(_held(supply_of(_with_oc3(young, [(2026, 18, True, -1)] * 7))).values()) == 7
    homes = replace(history, placements=table[table["setting"] == "external_home"])
    assert sum(_held(supply_of(_with_oc3(homes, [(2026, 18, True, -1)] * 7))).values()) == 7


@pytest.mark.unit
def test_last_the_published_take_up_of_those_who_aged_out(history: History) -> None:
    table = history.placements
    left = table[(table["reason"] == "aged_out") & table["setting"].isin(UPTAKE)]
    age = dates.age_on(dates.to_days(left["dob"]), np.full(len(left), history.origin))
    supply = supply_of(history)
    assert supply.stayers_source == "published take-up"
    half = np.sqrt(GOING_ON)
    still = {18: half[0], 19: GOING_ON[0] * half[1], 20: GOING_ON[0] * GOING_ON[1] * half[2]}
    sizes = left.assign(age=age).groupby(["setting", "age"]).size()
    wanted = {
        name: sum(round(int(sizes.get((name, at), 0)) * UPTAKE[name] * still[at]) for at in still) for name in UPTAKE
    }
    assert _held(supply) == {name: count for name, count in wanted.items() if count}


@pytest.mark.property
@settings(max_examples=50)
@given(people=st.integers(1, 2000), age=st.sampled_from([18, 19, 20]), shift=st.integers(0, 1500))
@example(people=183, age=18, shift=4)
def test_those_staying_put_are_of_the_age_told_on_the_origin(people: int, age: int, shift: int) -> None:
    base = known_history_of_nobody(dates.day_number("2024-02-25") + shift)
    told = pd.DataFrame({"setting": ["staying_put_in_house"], "age": [age], "young_people": [people]})
    stayers, _ = opening_stayers(base, told)
    ages = dates.age_on(stayers.dob, np.full(len(stayers.dob), base.origin))
    # Whoever turns 21 on the first simulated day is left out.
    assert people - people // 300 - 1 <= len(ages) <= people
    assert set(ages.tolist()) <= {age}


def known_history_of_nobody(origin: int) -> History:
    empty = pd.DataFrame({"child": [], "setting": [], "reason": [], "dob": []})
    return History(empty, empty, empty, origin - 1000, origin, CODES, pd.DataFrame(), ())


@pytest.mark.property
@settings(max_examples=100)
@given(total=st.integers(0, 500), weights=st.dictionaries(st.text(min_size=1), st.floats(0.01, 100), max_size=6))
def test_parts_of_a_whole_add_up_to_it(total: int, weights: dict[str, float]) -> None:
    parts = apportion(total, weights)
    assert sum(parts.values()) == (total if weights else 0)
    whole = sum(weights.values())
    assert all(abs(count - total * weights[name] / whole) < 1 + 1e-9 for name, count in parts.items())


# Usable places of a replication.

FIRST = dates.day_number("2026-04-01")


def _supply(rows: list[tuple[str, str, int, int]]) -> Supply:
    named = pd.DataFrame(rows, columns=["setting", "from", "places", "unavailable"])
    days = [dates.day_number(day) for day in named["from"]]
    return Supply(named.assign(**{"from": days}).sort_values(["setting", "from"]).reset_index(drop=True))


ROWS = [(HOUSE, "2020-04-01", 60, 12), (HOUSE, "2026-08-15", 80, 12), ("in_house_home", "2027-01-01", 4, 4)]


@pytest.fixture(scope="module")
def drawn() -> list[Places]:
    draws = PlaceDraws(_supply(ROWS), CODES, FIRST, 730)
    return draws.draw([replication_key(3, number) for number in range(400)])


@pytest.mark.unit
def test_places_change_on_the_first_of_a_month_and_on_the_councils_dates(drawn: list[Places]) -> None:
    places = drawn[0]
    own = places.change_day[places.change_setting == CODES.in_care.index(HOUSE)]
    firsts = {dates.day_number(day) for day in pd.date_range("2026-04-01", "2028-03-01", freq="MS")}
    assert set(own.tolist()) == firsts | {dates.day_number("2026-08-15")}
    places.check(len(CODES.in_care), FIRST)
    assert places.limited.sum() == 2


@pytest.mark.property
def test_usable_places_lie_between_none_and_all_and_meet_the_mean(drawn: list[Places]) -> None:
    house = drawn[0].change_setting == CODES.in_care.index(HOUSE)
    early = house & (drawn[0].change_day < dates.day_number("2026-08-15"))
    usable = np.array([places.change_usable for places in drawn])
    assert usable.min() >= 0
    assert usable[:, early].max() <= 60
    assert usable[:, house & ~early].max() <= 80
    # Before a setting's first row its first row holds: the home's four places are all unavailable.
    assert (usable[:, ~house] == 0).all()
    away = 60 - usable[:, early]
    error = np.sqrt(60 * 0.2 * 0.8 / away.size)
    assert abs(away.mean() - 12) < 4 * error
    assert away.std() == pytest.approx(np.sqrt(60 * 0.2 * 0.8), rel=0.1)
    assert (80 - usable[:, house & ~early]).mean() == pytest.approx(12, rel=0.02)


@pytest.mark.unit
def test_a_month_has_one_luck_in_every_plan_and_over_any_horizon() -> None:
    key = replication_key(3, 7)
    one, longer = (PlaceDraws(_supply(ROWS), CODES, FIRST, days).draw([key])[0] for days in (365, 730))
    shared = longer.change_day < FIRST + 365
    assert np.array_equal(longer.change_usable[shared], one.change_usable)
    # More places in a plan: the same places are away, so no month has fewer usable ones.
    more = PlaceDraws(_supply([(HOUSE, "2020-04-01", 70, 14), *ROWS[1:]]), CODES, FIRST, 365).draw([key])[0]
    early = (one.change_setting == CODES.in_care.index(HOUSE)) & (one.change_day < dates.day_number("2026-08-15"))
    assert (more.change_usable[early] >= one.change_usable[early]).all()
    assert np.array_equal(more.change_usable[~early], one.change_usable[~early])
    other = PlaceDraws(_supply(ROWS), CODES, FIRST, 365).draw([replication_key(3, 8)])[0]
    assert not np.array_equal(other.change_usable, one.change_usable)


@pytest.mark.unit
def test_nothing_limited_is_nothing_drawn() -> None:
    places = PlaceDraws(_supply([]), CODES, FIRST, 365).draw([replication_key(1, 0)])[0]
    assert not places.limited.any()
    assert len(places.change_day) == 0


# The page of tables says what the code says.

PAGE = (Path(__file__).parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")
SPOILT = {
    "capacity.csv": [
        WHOLE,
        "in_house_fosterin,31/02/2026,-5,0,,1.2,",
        f"{HOUSE},2026-04-01,5,6,,0.1,",
        f"{HOUSE},2026-04-01,10.5,0,,0.2,",
        f"{AGENCY},2026-04-01,5,0,,0.1,",
    ],
    "staying_put.csv": [
        "setting,age,young_people",
        "staying_put_in_hose,17,2.5",
        "staying_put_kinship,18,1",
        "staying_put_kinship,18,1",
    ],
    "prices.csv": [
        "setting,from,pounds_per_week,status,age_from",
        f"{HOUSE},2026-04-02,much,ownn,3",
        f"{HOUSE},2026-04-02,5,own,",
    ],
    "population.csv": ["year,age,children", "24,18,many"],
}
LATER = {
    "population.csv": ["year,age,children", "2024,0 to 16,1", "2024,5,1", "2025,0 to 17,0"],
    "capacity.csv": [WHOLE],
    "staying_put.csv": ["setting,age,young_people"],
}
LAST = {
    "population.csv": ["year,age,children", "2025,0 to 17,0"],
    "capacity.csv": ["setting,from,places,resaon"],
    "staying_put.csv": [""],
    "prices.csv": [
        "setting,from,pounds_per_week,status,source",
        f"{HOUSE},2026-04-01,5,own,a",
        f"{HOUSE},2026-04-01,5,own,a,b",
    ],
}


def _problems_of(table: dict[str, list[str]], folder: Path) -> list[str]:
    folder.mkdir()
    for name, (heading, *rows) in table.items():
        _written(folder, heading, rows, name)
    with pytest.raises(UserError) as told:
        read_council_tables(folder, folder)
    return _told(told)


@pytest.mark.functional
def test_every_message_of_the_page_is_said(tmp_path: Path) -> None:
    said = [line for at, each in enumerate((SPOILT, LATER, LAST)) for line in _problems_of(each, tmp_path / str(at))]
    tables = re.findall(r"^\| what is wrong \| what is said \|\n\|---\|---\|\n((?:\|.+\n)+)", PAGE, re.MULTILINE)
    told = [row.split(" | ")[1].removesuffix(" |") for table in tables for row in table.splitlines()]
    assert len(told) == 30
    # What needs another program to hold the file cannot be made here.
    missing = [message for message in told if not any(message in line for line in said)]
    assert missing == ["The file could not be read; is it open in another program?"]


@pytest.mark.functional
def test_the_pages_examples_are_read_without_a_problem(tmp_path: Path) -> None:
    blocks = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names = ("capacity.csv", "staying_put.csv", "prices.csv", "population.csv")
    for name, block in zip(names, blocks, strict=True):
        (tmp_path / name).write_text(block, encoding="utf-8")
    tables = read_council_tables(tmp_path, tmp_path)
    assert tables.capacity is not None
    assert tables.capacity.table["places"].tolist() == [214, 211, 8, 12]
    assert tables.population == {2025: 52_555.0}
    assert len(tables.paths) == 4


@pytest.mark.unit
def test_a_first_row_with_a_field_too_many_is_told_and_never_shifted(tmp_path: Path) -> None:
    path = tmp_path / "capacity.csv"
    path.write_text("setting,from,places,unavailable\nin_house_fostering,2026-04-01,1,200,10\n", encoding="utf-8")
    with pytest.raises(UserError, match="same number of columns"):
        read_capacity(path)
