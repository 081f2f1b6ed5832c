"""The profile of a day and the measures of a year, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from returns_builder import child, episode, small, write, yearly

from sufficiency.dates import day_number, to_days
from sufficiency.history import History, build_history, indicators, profile
from sufficiency.history.days import months_between
from sufficiency.history.indicators import (
    INDICATOR_COLUMNS,
    MEASURES,
    QUARTER_COLUMNS,
    measures_between,
    quarterly,
)
from sufficiency.history.outcomes import accommodation
from sufficiency.history.profile import profile_table
from sufficiency.history.reasons import change_reasons
from sufficiency.returns import read_returns

pytestmark = pytest.mark.unit


@pytest.fixture
def history(tmp_path: Path) -> History:
    return build_history(read_returns(write(tmp_path, small())))


def counts(table: pd.DataFrame, dimension: str) -> dict[str, int]:
    rows = table[(table["dimension"] == dimension) & (table["children"] > 0)]
    return dict(zip(rows["value"], rows["children"].tolist(), strict=True))


def test_profile_at_the_end(history: History) -> None:
    table = profile(history, "2025-03-31")
    assert counts(table, "total") == {"Children in care": 4}
    assert counts(table, "age_band") == {"5 to 9": 1, "10 to 15": 2, "16 to 17": 1}
    assert counts(table, "sex") == {"Female": 3, "Male": 1}
    assert counts(table, "uasc") == {"Seeking asylum": 1, "Others": 3}
    assert counts(table, "legal_status") == {"Interim care order": 1, "Full care order": 2, "Voluntary (section 20)": 1}
    assert counts(table, "provider") == {"own": 2, "private": 1, "parent": 1}
    assert counts(table, "time_in_care") == {
        "7 to 12 months": 1,
        "1 to 2 years": 1,
        "3 to 5 years": 1,
        "Not known": 1,
    }


def test_every_dimension_adds_up_and_keeps_its_zeros(history: History) -> None:
    for day in ("2023-04-01", "2024-03-31", "2025-03-31"):
        table = profile(history, day)
        sums = table.groupby("dimension")["children"].sum()
        assert (sums == sums.iloc[0]).all()
        assert len(table) == len(profile(history, "2025-03-31"))


def test_a_day_outside_the_history_is_refused(history: History) -> None:
    with pytest.raises(ValueError, match="outside the history"):
        profile(history, "2025-04-01")


def test_completed_months() -> None:
    start = np.array([day_number("2024-01-31"), day_number("2024-02-29"), day_number("2024-03-31")])
    assert months_between(start, day_number("2025-03-30")).tolist() == [13, 13, 11]


def measured(history: History, year: str) -> dict[str, tuple[float, float, float]]:
    table = indicators(history)
    rows = table[table["financial_year"] == year]
    numbers = rows[["value", "numerator", "denominator"]].to_numpy(float).tolist()
    return {str(name): (row[0], row[1], row[2]) for name, row in zip(rows["measure"], numbers, strict=True)}


def test_measures_of_two_years(history: History) -> None:
    assert tuple(indicators(history).columns) == INDICATOR_COLUMNS
    first, second = measured(history, "2023-24"), measured(history, "2024-25")
    assert set(first) == set(MEASURES)
    assert first["children_31_march"][0] == 8
    assert second["children_31_march"][0] == 4
    assert (first["entries"][0], first["first_entries"][0], first["re_entries"][0]) == (10, 10, 0)
    assert (second["entries"][0], second["first_entries"][0], second["re_entries"][0]) == (1, 0, 1)
    assert (first["exits"][0], second["exits"][0]) == (4, 5)
    assert second["exits_adopted"][0] == 1
    assert first["moves_per_child_year"][1] == 2
    assert second["moves_per_child_year"][1] == 1
    assert second["exits_at_18_share"][:2] == (0, 0)


def test_child_years_are_days_over_the_days_of_the_year(history: History) -> None:
    placements = history.placements
    for year, first, after in (("2023-24", "2023-04-01", "2024-04-01"), ("2024-25", "2024-04-01", "2025-04-01")):
        low, high = day_number(first), day_number(after)
        lived = np.clip(to_days(placements["end"]), low, high) - np.clip(to_days(placements["start"]), low, high)
        expected = float(lived.sum()) / (high - low)
        assert measured(history, year)["exits_per_child_year"][2] == pytest.approx(expected, rel=1e-12)


def test_stock_follows_from_events(history: History) -> None:
    first, second = measured(history, "2023-24"), measured(history, "2024-25")
    closing = first["children_31_march"][0] + second["entries"][0] - second["exits"][0]
    assert closing == second["children_31_march"][0]


def test_stability(tmp_path: Path) -> None:
    names = [f"INV00060{at}" for at in range(6)]
    episodes = [
        # Two and a half years in care, two in one place.
        episode(names[0], "2021-09-01", "2022-03-01"),
        episode(names[0], "2022-03-01", rne="P", place="U4"),
        # The same, but moved within two years.
        episode(names[1], "2021-09-01", "2023-03-01"),
        episode(names[1], "2023-03-01", rne="P", place="U4"),
        # Moved to adopters within two years: the placement before counts too.
        episode(names[2], "2021-09-01", "2023-10-01", ls="E1"),
        episode(names[2], "2023-10-01", rne="P", place="A6", ls="E1"),
        # 16 already.
        episode(names[3], "2021-09-01"),
        # Not long enough in care.
        episode(names[4], "2022-01-01"),
        # Three placements in the year, the first of them from the year before.
        episode(names[5], "2023-03-01", "2023-06-01"),
        episode(names[5], "2023-06-01", "2023-08-01", rne="P"),
        episode(names[5], "2023-08-01", rne="P", place="K2"),
    ]
    births = ["2012-01-01", "2012-01-01", "2020-01-01", "2008-01-01", "2012-01-01", "2012-01-01"]
    # Ends within the year, so that its dates tell which it is.
    others = [f"INV0007{at:02d}" for at in range(20)]
    episodes += [episode(name, "2023-05-01", "2024-03-25", rec="E4A") for name in others]
    children = [child(name, dob) for name, dob in zip(names, births, strict=True)]
    tables = yearly([*children, *(child(name, "2012-01-01") for name in others)], episodes, range(2022, 2025))
    history = build_history(read_returns(write(tmp_path, tables)))
    year = measured(history, "2023-24")
    assert list(year["two_years_same_placement"]) == [2 / 3, 2, 3]
    assert list(year["three_or_more_placements"]) == [1 / 6, 1, 6]


def test_every_measure_by_quarter_adds_up_to_the_year(history: History) -> None:
    quarters, years = quarterly(history), indicators(history)
    assert tuple(quarters.columns) == QUARTER_COLUMNS
    assert quarters["quarter"].unique().tolist() == [
        f"{year} Q{number}" for year in ("2023-24", "2024-25") for number in (1, 2, 3, 4)
    ]
    summed = quarters.assign(financial_year=quarters["quarter"].str[:7]).groupby(["financial_year", "measure"])
    for measure in ("entries", "first_entries", "re_entries", "exits", "exits_adopted", "in_house_fostering_gain"):
        by_year = summed["value"].sum()[:, measure]
        expected = years[years["measure"] == measure].set_index("financial_year")["value"]
        assert by_year.to_dict() == expected.to_dict()


def test_between_any_two_days_and_of_any_placements(history: History) -> None:
    june = measures_between(history.placements, history.codes, "2023-06-01", "2023-06-30")
    found = dict(zip(june["measure"], june["value"].tolist(), strict=True))
    assert (found["entries"], found["children"]) == (2, 8)
    # Nothing is known of the twelve months before the first day.
    assert np.isnan(found["three_or_more_placements"])
    same = measures_between(history.placements, history.codes, "2024-01-01", "2024-03-31", first_day=history.first_day)
    quarter = quarterly(history).query("quarter == '2023-24 Q4'")
    by_name = dict(zip(quarter["measure"], quarter["value"].tolist(), strict=True))
    for measure, value in zip(same["measure"], same["value"].tolist(), strict=True):
        assert value == pytest.approx(by_name[measure], nan_ok=True)


def test_rates_are_of_the_population_of_the_year(history: History) -> None:
    table = indicators(history, {2022: 20_000, 2024: 25_000}).set_index(["financial_year", "measure"])["value"]
    assert table["2023-24", "children_31_march_per_10000"] == 8 / 20_000 * 10_000
    assert table["2024-25", "children_31_march_per_10000"] == 4 / 25_000 * 10_000
    assert table["2024-25", "entries_per_10000"] == 1 / 25_000 * 10_000
    assert not indicators(history)["measure"].str.endswith("10000").any()
    assert not indicators(history, {2031: 1.0})["measure"].str.endswith("10000").any()


def test_events_and_once_a_year_counts(tmp_path: Path) -> None:
    name = "INV000800"
    episodes = [
        episode(name, "2024-05-01", "2024-06-01", rec="E4A"),
        episode(name, "2024-08-01", "2024-09-01", rec="E4B"),
        episode(name, "2025-01-01", "2025-03-25", rec="E4A"),
    ]
    tables = yearly([child(name, "2012-03-04")], episodes, range(2025, 2026))
    year = measured(build_history(read_returns(write(tmp_path, tables))), "2024-25")
    assert (year["entries"][0], year["children_started"][0]) == (3, 1)
    assert (year["exits"][0], year["children_ceased"][0]) == (3, 1)
    assert (year["first_entries_10_to_15"][0], year["re_entries"][0]) == (1, 2)


def test_adoption_from_entering_to_order_match_and_adopters(tmp_path: Path) -> None:
    tables = small()
    row = {"CHILD": "INV000103", "DOB": "20/05/2023", "DATE_INT": "01/11/2023", "DATE_MATCH": "19/01/2024"}
    tables[2025]["ad1"] = [row | {"FOSTER_CARE": "0", "NB_ADOPTR": "2", "SEX_ADOPTR": "MF", "LS_ADOPTR": "L11"}]
    year = measured(build_history(read_returns(write(tmp_path, tables))), "2024-25")
    entered, ordered = day_number("2023-06-02"), day_number("2023-10-10")
    assert year["days_entering_to_adopters"][0] == day_number("2024-02-20") - entered
    assert year["days_order_to_match"][0] == day_number("2024-01-19") - ordered
    assert (year["permanent_under_five"][0], year["permanent_under_five_share"][0]) == (1, 1)


def test_care_leavers(tmp_path: Path) -> None:
    names = [f"INV00090{at}" for at in range(4)]
    births = ["2006-05-01", "2006-06-01", "2005-07-01", "2007-08-01"]
    homes = ["Z1", "U1", "V2", "0"]
    tables = small()
    tables[2025]["header"] += [child(name, dob) for name, dob in zip(names, births, strict=True)]
    tables[2025]["oc3"] = [
        {"CHILD": name, "DOB": "", "IN_TOUCH": "NO" if home == "0" else "YES", "ACTIV": "F1", "ACCOM": home}
        for name, home in zip(names, homes, strict=True)
    ]
    history = build_history(read_returns(write(tmp_path, tables)))
    year = measured(history, "2024-25")
    assert year["care_leavers"][0] == 4
    assert year["care_leavers_in_touch_share"][1:] == (3, 4)
    assert year["staying_put_18_share"][1:] == (1, 2)
    assert year["care_leavers_suitable_17_to_18_share"][1:] == (2, 3)
    assert year["care_leavers_suitable_19_to_21_share"][1:] == (0, 1)
    assert np.isnan(measured(history, "2023-24")["care_leavers"][0])
    counted = accommodation(history)
    assert counted["care_leavers"].sum() == 4
    assert set(counted["accommodation"]) == {"Z", "U", "V", "0"}
    assert (history.leavers["child"] == -1).all()


def test_reasons_for_changes_and_changes_of_status(tmp_path: Path) -> None:
    name = "INV000800"
    episodes = [
        episode(name, "2024-05-01", "2024-06-01", reason="CARPL"),
        episode(name, "2024-06-01", "2024-07-01", rne="P", place="K2", reason="PLACE"),
        episode(name, "2024-07-01", "2024-08-01", rne="T", place="K2", provider="PR1"),
        episode(name, "2024-08-01", rne="L", place="K2", ls="C1"),
    ]
    tables = yearly([child(name, "2012-03-04")], episodes, range(2025, 2026))
    history = build_history(read_returns(write(tmp_path, tables)))
    table = change_reasons(history).set_index("reason")
    counted = table[["changes", "moves"]].to_dict("index")
    assert counted["CARPL"] == {"changes": 1, "moves": 1}
    assert counted["PLACE"] == {"changes": 1, "moves": 0}
    assert table[["changes", "moves"]].sum().tolist() == [2, 1]
    assert measured(history, "2024-25")["moves_per_child_year"][1] == 1


def test_distance_where_it_is_known(history: History) -> None:
    assert np.isnan(measured(history, "2024-25")["over_20_miles_share"][0])
    assert np.isnan(measured(history, "2024-25")["outside_authority_share"][0])
    away = np.arange(len(history.placements)) % 2 == 0
    known = history.placements.assign(distance_miles=np.where(away, 30.0, np.nan), location=np.where(away, "OUT", "IN"))
    year = measured(replace(history, placements=known), "2024-25")
    assert year["over_20_miles_share"][0] == 1
    assert year["over_20_miles_share"][2] < 4
    assert year["outside_authority_share"][2] == 4


def test_distance_from_the_return_to_the_measures(tmp_path: Path) -> None:
    given = [("20.0", "IN"), ("20.1", "OUT"), ("8", ""), ("", "OUT"), ("far", "IN")]
    names = [f"INV00080{at}" for at in range(len(given))]
    episodes = [
        episode(name, "2024-05-01", miles=miles, location=location)
        for name, (miles, location) in zip(names, given, strict=True)
    ]
    tables = yearly([child(name, "2012-03-04") for name in names], episodes, range(2025, 2026))
    history = build_history(read_returns(write(tmp_path, tables)))
    assert history.placements["distance_miles"].tolist()[:3] == [20.0, 20.1, 8.0]
    assert history.placements["location"].tolist() == ["IN", "OUT", "", "OUT", "IN"]
    year = measured(history, "2024-25")
    assert year["over_20_miles_share"] == (1 / 3, 1.0, 3.0)
    assert year["outside_authority_share"] == (0.5, 2.0, 4.0)


def test_a_placements_distance_is_the_first_that_the_returns_give(tmp_path: Path) -> None:
    name = "INV000810"
    episodes = [
        episode(name, "2024-05-01", "2024-06-01"),
        episode(name, "2024-06-01", "2024-06-10", rne="P", place="T3", provider="", miles="99", location="OUT"),
        episode(name, "2024-06-10", "2024-07-01", rne="P", miles="12.5"),
        episode(name, "2024-07-01", "2024-09-01", rne="L", ls="C1", miles="14", location="OUT"),
        episode(name, "2024-09-01", rne="P", ls="C1", place="K2"),
    ]
    tables = yearly([child(name, "2012-03-04")], episodes, range(2025, 2026))
    placements = build_history(read_returns(write(tmp_path, tables))).placements
    # The first is of the placement before and after the holiday; of the second nothing is said.
    assert placements["location"].tolist() == ["OUT", ""]
    assert placements["distance_miles"].isna().tolist() == [False, True]
    assert placements["distance_miles"].iloc[0] == 12.5


def test_the_profile_as_a_council_prints_it(history: History) -> None:
    table = profile_table(history)
    days = list(table.columns[2:])
    assert days[0] == "30/06/2023"
    assert days[-1] == "31/03/2025"
    assert len(days) == 8
    sums = table.groupby("section")[days].sum()
    assert (sums == sums.loc["All"]).all(axis=None)
    assert table.loc[table["row"] == "18 or over", days].sum(axis=None) == 0
    assert profile_table(history, ["2024-12-25"]).columns.tolist() == ["section", "row", "25/12/2024"]
