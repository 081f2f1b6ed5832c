"""The profile of a day and the measures of a year, counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from returns_builder import child, episode, small, write, yearly

from sufficiency.dates import day_number, to_days
from sufficiency.history import History, build_history, indicators, profile
from sufficiency.history.days import months_between
from sufficiency.history.indicators import INDICATOR_COLUMNS, MEASURES
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
    episodes += [episode(name, "2023-05-01", "2023-11-01", rec="E4A") for name in others]
    children = [child(name, dob) for name, dob in zip(names, births, strict=True)]
    tables = yearly([*children, *(child(name, "2012-01-01") for name in others)], episodes, range(2022, 2025))
    history = build_history(read_returns(write(tmp_path, tables)))
    year = measured(history, "2023-24")
    assert list(year["two_years_same_placement"]) == [2 / 3, 2, 3]
    assert list(year["three_or_more_placements"]) == [1 / 6, 1, 6]
