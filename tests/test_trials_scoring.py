"""Scores of forecasts, the stock-and-flow baseline, and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm, poisson
from small_world import known_history

from sufficiency.codes import read_codes
from sufficiency.forecast.stock_series import smooth_stock
from sufficiency.report.tried import stretched
from sufficiency.trials.scoring import (
    CELL,
    LEVELS,
    OURS,
    SCORE_COLUMNS,
    SETTING,
    TOTAL,
    Keys,
    from_normal,
    from_point,
    from_sample,
    keys_of,
    no_scores,
    scored,
)
from sufficiency.trials.stock_and_flow import StockAndFlow, fit_stock_and_flow
from sufficiency.trials.trust import pit_histogram, summarise, trust
from sufficiency.trials.trust_page import trust_page, write_trust

CODES = read_codes()


@pytest.mark.unit
def test_sums_add_up_from_cells_to_settings_to_the_total() -> None:
    keys = keys_of(CODES)
    cells = np.arange(len(CODES.in_care) * 5, dtype=float)
    found = keys.sums @ cells
    assert found[keys.rows(TOTAL)] == cells.sum()
    assert found[keys.rows(SETTING)].sum() == cells.sum()
    assert found[keys.rows(CELL)].tolist() == cells.tolist()
    few = keys_of(CODES, (TOTAL, SETTING))
    assert set(few.level) == {TOTAL, SETTING}


@pytest.mark.validation
def test_a_normal_forecast_scores_as_a_large_sample_of_it() -> None:
    mean, deviation, actual = np.array([[40.0, 10.0]]), np.array([[5.0, 2.0]]), np.array([[44.0, 9.5]])
    steps = norm.ppf((np.arange(20_001) + 0.5) / 20_001)[:, None, None]
    closed, sample = from_normal(mean, deviation), from_sample(mean + deviation * steps)
    assert np.allclose(closed.crps(actual), sample.crps(actual), atol=1e-3)
    assert np.allclose(closed.pit(actual), sample.pit(actual), atol=1e-3)
    assert np.allclose(closed.percentiles, sample.percentiles, atol=1e-2)
    point = from_point(mean)
    assert np.allclose(point.crps(actual), np.abs(mean - actual))
    assert np.isnan(point.pit(actual)).all()


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(rate=st.floats(2.0, 60.0), seed=st.integers(0, 999))
def test_pit_of_outcomes_drawn_from_the_forecast_is_level(rate: float, seed: int) -> None:
    # Outcomes and sample are quantiles of one distribution, so that the mean of the transform must be one half.
    outcomes = poisson.ppf(((np.arange(400) * 211 + seed) % 400 + 0.5) / 400, rate)
    sample = poisson.ppf((np.arange(200) + 0.5) / 200, rate)[:, None, None] * np.ones((1, 1, 400))
    found = from_sample(sample).pit(outcomes[None, :])
    assert abs(float(found.mean()) - 0.5) < 0.01


def _line(keys: Keys) -> StockAndFlow:
    """Children who leave with a constant chance a day, and one who comes every fourth day, in one cell."""
    cells = keys.sums.shape[1]
    stock, entries, daily = np.zeros(cells), np.zeros(cells), np.zeros((cells, cells))
    stock[7], entries[7], daily[7, 7] = 50.0, 0.25, 0.998
    return StockAndFlow(stock, daily, entries)


@pytest.mark.validation
def test_stock_and_flow_is_a_binomial_and_a_poisson_where_there_is_one_state() -> None:
    keys = keys_of(CODES, (TOTAL,))
    days = np.array([30, 365])
    found = _line(keys).predict(days, keys)
    for row, day in enumerate(days.tolist()):
        stays = 0.998**day
        arrived = 0.25 * (1 - stays) / (1 - 0.998)
        assert found.mean[row, 0] == pytest.approx(50 * stays + arrived)
        variance = binom.var(50, stays) + poisson.var(arrived)
        assert found.sd[row, 0] ** 2 == pytest.approx(variance)


@pytest.mark.functional
def test_stock_and_flow_counts_the_stock_and_the_events_of_the_reference_year() -> None:
    history = known_history(per_day=0.4)
    model = fit_stock_and_flow(history)
    table = history.placements
    assert model.stock.sum() == table["end"].isna().sum()
    assert (model.daily.sum(1) <= 1 + 1e-12).all()
    assert (model.daily >= 0).all()
    day = pd.Timestamp(history.origin, unit="D")
    came = table[(table["opening"] != "move") & (table["start"] > day - pd.Timedelta(days=365))]
    assert model.entries.sum() * 365 == pytest.approx(len(came))


@pytest.mark.unit
def test_smoothing_carries_on_what_never_changes_and_follows_what_does() -> None:
    mean, deviation = smooth_stock(np.full(40, 7.0), 5)
    assert mean.tolist() == [7.0] * 5
    assert not deviation.any()
    wave = 100 + np.arange(60) * 2.0 + np.tile([1.0, -1.0, 0.5], 20)
    mean, deviation = smooth_stock(wave, 12)
    assert mean[0] > 210
    assert (np.diff(deviation) >= 0).all()


def _scores(error: float, origins: int, *, sd: float = 10.0, naive: float = 8.0) -> pd.DataFrame:
    """Scores of a forecast that is always out by so much, and of no change that is out by so much."""
    keys = keys_of(CODES, (TOTAL,))
    parts = []
    for number in range(origins):
        actual = np.full((24, 1), 300.0)
        ours = from_normal(actual + error, np.full((24, 1), sd))
        own = np.array([0])
        methods = {OURS: (ours, own), "last value": (from_point(actual + naive), own)}
        parts.append(scored(pd.Timestamp("2020-03-31") + pd.DateOffset(years=number), keys, actual, methods))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.functional
def test_ranges_are_widened_by_errors_larger_than_they_said_and_never_narrowed() -> None:
    assert trust(_scores(3.0, 3)).widening == 1.0
    two, six = trust(_scores(20.0, 2, naive=30.0)).widening, trust(_scores(20.0, 6, naive=30.0)).widening
    assert 1.0 < two < six < 2.0
    # One origin's horizons share their luck: they count once. (3 + 2 × 2²) / (3 + 2) under the root.
    assert two == pytest.approx(np.sqrt(11 / 5))
    assert trust(_scores(60.0, 6, naive=90.0)).widening == 2.0


@pytest.mark.functional
def test_a_forecast_no_closer_than_no_change_says_so_and_widens() -> None:
    found = trust(_scores(9.0, 4, naive=4.0))
    assert not found.beats_no_change
    assert found.widening == pytest.approx((3 + 4 * 9 / 4) / 7)
    said = " ".join(found.sentences())
    assert "no closer than no change" in said
    assert "stretched to 1.71 times" in said
    better = trust(_scores(2.0, 4, naive=4.0))
    assert better.beats_no_change
    assert better.widening == 1.0
    assert (better.held, better.trials, better.apart) == (16, 16, 4)
    assert (better.error, better.no_change) == (2.0, 4.0)
    assert list(better.at_year) == [12, 24]


@pytest.mark.unit
def test_an_empty_back_test_says_that_there_is_nothing_to_go_by(tmp_path: Path) -> None:
    none = no_scores()
    assert tuple(none.columns) == SCORE_COLUMNS
    assert not trust(none).known
    assert trust(none).widening == 1.0
    assert "too few years" in trust_page(none, CODES)
    assert {path.name for path in write_trust(tmp_path, none)} == {"scores.csv", "summary.csv", "pit.csv", "trust.md"}


@pytest.mark.unit
def test_summaries_and_histograms_add_up() -> None:
    scores = _scores(3.0, 2)
    table = summarise(scores).set_index(["method", "months_ahead"])
    assert table.loc[(OURS, "1 to 12"), "mae"] == pytest.approx(3.0)
    assert table.loc[(OURS, "13 to 24"), "coverage_50"] == 1.0
    assert table["coverage_80"].isna()[("last value", "1 to 12")]
    histogram = pit_histogram(scores)
    assert set(histogram["method"]) == {OURS}
    assert histogram["share"].sum() == pytest.approx(1.0)
    # A forecast three tenths of a deviation too high sees outcomes at the 38th percentile.
    assert histogram.loc[histogram["tenth"] == 4, "share"].item() == 1.0
    page = trust_page(scores, CODES)
    assert "| 1 to 12 | **sufficiency** | 3.0 | 3.0 |" in page


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(
    marks=st.lists(st.floats(0, 500), min_size=3, max_size=3),
    factor=st.floats(1.0, 2.0),
)
def test_stretching_keeps_the_middle_and_the_order(marks: list[float], factor: float) -> None:
    table = pd.DataFrame([sorted(marks)], columns=["p10", "p50", "p90"])
    found = stretched(table, factor)
    assert found["p50"].item() == pytest.approx(table["p50"].item())
    assert found["p10"].item() <= found["p50"].item() + 1e-9
    assert found["p90"].item() >= table["p90"].item() - 1e-9
    assert (found >= 0).all(axis=None)


@pytest.mark.unit
def test_levels_are_the_four_of_the_contract() -> None:
    assert LEVELS == ("total", "setting", "age band", "setting and age band")
    whole = from_sample(np.ones((4, 2, 3)))
    assert replace(whole).of(np.array([1])).mean.shape == (2, 1)
