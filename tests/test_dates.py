"""The calendar against the standard library's."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency import dates

DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))


def _birthday(born: date, age: int) -> date:
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


@pytest.mark.property
@given(born=DAYS, age=st.integers(0, 25))
def test_birthdays_are_the_calendars_and_29_february_becomes_1_march(born: date, age: int) -> None:
    assert dates.as_date(int(dates.birthday(dates.day_number(born), age))) == _birthday(born, age)


@pytest.mark.property
@given(born=DAYS, later=st.integers(0, 9000))
def test_age_counts_birthdays_reached(born: date, later: int) -> None:
    now = born + timedelta(days=later)
    age = int(dates.age_on(dates.day_number(born), dates.day_number(now)))
    assert _birthday(born, age) <= now < _birthday(born, age + 1)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("day", "label", "collection"),
    [("2026-03-31", "2025-26", 2026), ("2026-04-01", "2026-27", 2027), ("2000-01-01", "1999-00", 2000)],
)
def test_financial_and_collection_years_turn_on_1_april(day: str, label: str, collection: int) -> None:
    number = dates.day_number(day)
    assert dates.financial_year(number) == label
    assert dates.financial_years([number])[0] == label
    assert dates.collection_year(number) == collection


@pytest.mark.unit
def test_month_edges_bound_part_months() -> None:
    first, last = dates.day_number("2026-01-15"), dates.day_number("2026-03-10")
    found = [str(dates.as_date(day)) for day in dates.month_edges(first, last)]
    assert found == ["2026-01-15", "2026-02-01", "2026-03-01", "2026-03-11"]


@pytest.mark.unit
def test_open_ends_survive_the_way_there_and_back() -> None:
    column = pd.Series([pd.Timestamp("2026-01-01"), pd.NaT])
    days = dates.to_days(column)
    assert days[1] == dates.OPEN
    assert dates.to_dates(days).isna().tolist() == [False, True]
    assert np.array_equal(dates.to_days(dates.to_dates(days)), days)
