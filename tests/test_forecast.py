"""Entrants: scores, models and sample paths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, poisson
from small_world import known_history

from sufficiency import dates
from sufficiency.draws import replication_key
from sufficiency.forecast import crps, forecast_entrants, summarise_entrants
from sufficiency.forecast.entrants import monthly_counts
from sufficiency.forecast.models import MODELS, fit_level, fit_trend
from sufficiency.forecast.scores import choose_model, rolling_origins, sample_counts

AFTER = int(dates.month_index(dates.day_number("2026-04-01")))


def _counts(mean: float, months: int = 84, growth: float = 0.0, season: float = 0.0) -> np.ndarray:
    """Quantiles in a scrambled order: Poisson-like counts without a random number generator."""
    month = np.arange(months)
    level = mean * np.exp(growth * month / 12) * (1 + season * np.cos(2 * np.pi * (AFTER - months + month) / 12))
    scrambled = (month * 37 % months + 0.5) / months
    return np.asarray(poisson.ppf(scrambled, level), dtype=np.int64)


@pytest.mark.validation
def test_crps_of_a_normal_sample_tends_to_its_closed_form() -> None:
    # Gneiting and Raftery (2007), equation 21, for a standard normal and y = 0.7.
    sample = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    y = 0.7
    exact = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)
    assert abs(float(crps(sample, y)) - exact) < 1e-4


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(sample=st.lists(st.floats(-50, 50), min_size=1, max_size=30), actual=st.floats(-50, 50))
def test_crps_equals_its_definition_over_all_pairs(sample: list[float], actual: float) -> None:
    values = np.array(sample)
    pairs = np.abs(values[:, None] - values[None, :]).mean()
    assert np.isclose(crps(values, actual), np.abs(values - actual).mean() - pairs / 2, atol=1e-9)


@pytest.mark.functional
@pytest.mark.parametrize("name", list(MODELS))
def test_a_steady_series_is_forecast_at_its_level_with_honest_width(name: str) -> None:
    counts = _counts(12.0)
    sample = sample_counts(MODELS[name](counts, AFTER), 12, paths=1000)
    assert abs(sample.mean() - counts.mean()) < 1.2
    assert 0.5 < sample.std() / np.sqrt(12) < 1.6


@pytest.mark.functional
def test_a_trend_is_followed_and_damped() -> None:
    fitted = fit_trend(_counts(10.0, growth=0.2), AFTER)
    means = fitted.means(np.zeros((1, 8)), np.zeros((1, 60)))[0]
    assert means[12:24].mean() > _counts(10.0, growth=0.2)[-24:].mean()
    assert abs(means[48:60].mean() / means[36:48].mean() - 1) < 0.02


@pytest.mark.functional
def test_a_season_is_found_and_a_level_shift_is_followed() -> None:
    seasonal = fit_level(_counts(40.0, season=0.3), AFTER)
    assert seasonal.season.argmax() in (11, 0, 1)
    shifted = np.concatenate([_counts(10.0, 60), _counts(20.0, 24)])
    assert fit_level(shifted, AFTER).level > 16


@pytest.mark.unit
@pytest.mark.parametrize("counts", [np.zeros(84, dtype=np.int64), np.eye(1, 84, 80, dtype=np.int64)[0]])
@pytest.mark.parametrize("name", list(MODELS))
def test_hardly_any_entries_are_forecast_without_trouble_and_told(name: str, counts: np.ndarray) -> None:
    fitted = MODELS[name](counts, AFTER)
    assert fitted.note
    assert sample_counts(fitted, 24).mean() < 0.2


@pytest.mark.unit
def test_rolling_origins_hold_back_what_they_score() -> None:
    assert rolling_origins(84, 12)[-1] == 72
    assert rolling_origins(30, 12) == []
    name, table = choose_model(_counts(8.0), AFTER, "other")
    assert name in MODELS
    assert table["chosen"].sum() == 1
    assert table["crps"].notna().all()
    few, scores = choose_model(_counts(8.0, 30), AFTER, "other")
    assert few == "local level"
    assert (scores["origins"] == 0).all()


@pytest.mark.functional
def test_paths_are_keyed_split_by_stream_and_summed_in_the_summary() -> None:
    history = known_history(per_day=0.4)
    forecast = forecast_entrants(history, months=36)
    paths = forecast.counts([replication_key(5, number) for number in range(150)])
    assert np.array_equal(paths[3], forecast.counts([replication_key(5, 3)])[0])
    assert (paths[0] != paths[1]).any()
    observed = monthly_counts(history)
    yearly = observed["count"].sum() / 7
    assert 0.8 < paths.sum((1, 2)).mean() / 3 / yearly < 1.2
    uasc = observed.loc[observed["group"] % 2 == 1, "count"].sum() / 7
    assert 0.7 < paths[:, 1::2].sum((1, 2)).mean() / 3 / uasc < 1.3
    summary = summarise_entrants(paths, forecast.first_month)
    whole = summary[summary["group"] == "all"]
    assert len(whole) == 36
    assert (whole["p10"] <= whole["p90"]).all()
    assert np.allclose(whole["mean"], paths.sum(1).mean(0))
