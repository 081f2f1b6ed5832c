"""Who comes back but looks new: against a closed form, against known worlds, and out of the series of entries."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson
from small_world import returned_history

from sufficiency import dates
from sufficiency.draws import replication_key
from sufficiency.forecast import forecast_entrants
from sufficiency.forecast.entrants import _without, monthly_counts
from sufficiency.history import History
from sufficiency.rates import unseen
from sufficiency.rates.openings import Returning, _profile
from sufficiency.rates.unseen import _coming_back, returns_unseen
from sufficiency.trials import invent, read_world

FIRST, ORIGIN = (dates.day_number(day) for day in ("2017-04-01", "2024-03-31"))
MONTHS = 84
SEEDS = range(1, 7)


@lru_cache(maxsize=32)
def _seen(seed: int, first_day: int = FIRST, origin: int = ORIGIN) -> tuple[History, np.ndarray]:
    """A steady authority's history, and how many not seeking asylum truly came for the first time in each month."""
    truth = invent(read_world().steady().seeded(seed), engine_name="compiled").journeys
    history = returned_history(truth, first_day, origin)
    first = pd.Series(truth.start[~truth.uasc]).groupby(truth.child[~truth.uasc]).min().to_numpy()
    months = dates.month_index(first) - int(dates.month_index(first_day))
    many = int(dates.month_index(origin + 1) - dates.month_index(first_day))
    return history, np.bincount(months[(months >= 0) & (months < many)], minlength=many)


def _entries(history: History) -> np.ndarray:
    counted = monthly_counts(history)
    return counted[counted["group"] % 2 == 0].groupby("month")["count"].sum().to_numpy()


@pytest.mark.validation
def test_one_hazard_for_all_gives_back_the_exponential_up_to_the_birthday() -> None:
    hazard, age = 0.0004, np.array([0.0, 120.0, 215.5])
    coming = _coming_back(np.full((2, 4, 4), hazard), np.array([0, 1, 1]), age)
    left = np.minimum(216 - age, 216)
    # The last month is taken whole where the birthday lies beyond its middle.
    months = np.ceil(left - 0.5)
    assert coming.sum(axis=1) == pytest.approx(1 - np.exp(-hazard * months * 365.25 / 12), rel=1e-12)
    assert coming[0, :3] == pytest.approx(np.diff(1 - np.exp(-hazard * np.arange(4) * 365.25 / 12)), rel=1e-12)
    assert (coming[1, 96:] == 0).all()


@pytest.mark.validation
def test_as_many_are_expected_as_truly_come_back_unseen() -> None:
    # Six steady authorities: entries that returns show less those that are truly first, by year.
    found, expected = np.zeros(7), np.zeros(7)
    for seed in SEEDS:
        history, first = _seen(seed)
        found += (_entries(history) - first).reshape(7, 12).sum(1)
        expected += returns_unseen(history, MONTHS)[0].reshape(7, 12).sum(1)
    assert (found > 0).all()
    # Chance of the returns themselves; what is expected is known to within a tenth or so, from the same leavers.
    assert (found >= poisson.ppf(0.005, 0.9 * expected)).all(), (found, expected)
    assert (found <= poisson.ppf(0.995, 1.1 * expected)).all(), (found, expected)
    assert found.sum() == pytest.approx(expected.sum(), rel=0.15)
    # They are fewer the longer the window has lasted.
    assert (np.diff(expected) < 0).all()
    assert expected[0] > 2 * expected[-1]


@pytest.mark.validation
@pytest.mark.parametrize("years", [2, 4, 7])
def test_true_hazards_give_the_true_number_whatever_the_years(years: int, monkeypatch: pytest.MonkeyPatch) -> None:
    true = Returning(shape=read_world().steady().re_entry, rate=np.ones((2, 4, 4)))
    monkeypatch.setattr(unseen, "estimate_returning", lambda _: true)
    found, expected = _of_all_seeds(years)
    assert expected == pytest.approx(found, rel=0.15)


@pytest.mark.validation
@pytest.mark.parametrize("years", [1, 2])
def test_few_years_of_returns_expect_about_as_many_too(years: int) -> None:
    # Times since exit that were never seen have half the hazard of those before them.
    found, expected = _of_all_seeds(years)
    assert expected == pytest.approx(found, rel=0.3)


def _of_all_seeds(years: int) -> tuple[float, float]:
    """Entries less true first ones of so many years of returns, and as many as are expected."""
    found, expected = 0.0, 0.0
    for seed in SEEDS:
        history, first = _seen(seed, dates.day_number(f"{2024 - years}-04-01"))
        found += float((_entries(history) - first).sum())
        expected += float(returns_unseen(history, 12 * years)[0].sum())
    return found, expected


@pytest.mark.unit
def test_a_time_without_days_has_half_the_hazard_before_it_and_many_days_their_own() -> None:
    rates = _profile(np.array([0.0, 60.0, 0.0, 0.0]), np.array([0.0, 1e5, 0.0, 0.0]))
    assert rates[0] == pytest.approx(0.0005)
    assert rates[1] == pytest.approx(60.5 / (1e5 + 2000))
    assert rates[2:] == pytest.approx([rates[1] / 2, rates[1] / 4])


@pytest.mark.validation
def test_a_forecast_is_nearer_to_what_truly_comes_without_them() -> None:
    # What returns of two years more show: the true level of first entries, and who truly came back unseen.
    keys = [replication_key(3, number) for number in range(60)]
    later = dates.day_number("2026-03-31")
    forecast, kept, true = 0.0, 0.0, 0.0
    for seed in SEEDS:
        history, first = _seen(seed)
        whole, all_first = _seen(seed, origin=later)
        forecast += forecast_entrants(history, months=24, evaluate=False).counts(keys)[:, ::2].sum((1, 2)).mean()
        kept += 24 * _entries(history).mean()
        true += 24 * first.mean() + (_entries(whole) - all_first)[MONTHS:].sum()
    assert forecast == pytest.approx(true, rel=0.05)
    assert abs(forecast - true) < abs(kept - true)


@pytest.mark.functional
def test_a_window_of_some_months_and_one_without_leavers_are_well() -> None:
    history, _ = _seen(1)
    whole = returns_unseen(history, 300)
    assert whole.shape == (2, 300)
    assert (whole[:, 216:] == 0).all()
    assert whole[0, :MONTHS].sum() > 20 * whole[1, :MONTHS].sum()
    short, first = _seen(1, dates.day_number("2023-11-01"))
    few = returns_unseen(short, 5)[0]
    assert 0 < few.sum() < first.sum()
    nobody = replace(history, placements=history.placements[history.placements["closing"] != "exit"])
    assert (returns_unseen(nobody, 24) == 0).all()


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.0, 3.0)), min_size=1, max_size=60))
def test_whole_children_are_taken_out_as_they_fall_due(months: list[tuple[int, float]]) -> None:
    series, expected = np.array([count for count, _ in months]), np.array([due for _, due in months])
    left = _without(series, expected)
    assert (left >= 0).all()
    assert (left <= series).all()
    taken, due = np.cumsum(series - left), np.cumsum(expected)
    assert (taken <= due + 0.5 + 1e-9).all()
    if (series >= 4).all():
        assert np.abs(taken - due).max() <= 0.5 + 1e-9
