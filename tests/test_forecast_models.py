"""Each model of monthly counts on series whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, poisson
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.structural import UnobservedComponents

from sufficiency import dates
from sufficiency.forecast import regression
from sufficiency.forecast.ets import fit_ets
from sufficiency.forecast.exposure import Children
from sufficiency.forecast.innovations import Innovations, scaled
from sufficiency.forecast.level import fit_level
from sufficiency.forecast.mixture import Mixture
from sufficiency.forecast.models import COEFFICIENTS, STILL, Fitted, chi_square_factors, picked, posterior, still_or_not
from sufficiency.forecast.paths import sample_counts
from sufficiency.forecast.pool import MEMBERS, MODELS, POOL, fit_candidates
from sufficiency.forecast.regression import REGRESSION_MONTHS, fit_trend
from sufficiency.forecast.season import seasonal_factors

AFTER = int(dates.month_index(dates.day_number("2026-04-01")))
EVERY = (*MODELS, POOL)


def _counts(mean: float, months: int = 84, growth: float = 0.0, season: float = 0.0) -> np.ndarray:
    """Quantiles in a scrambled order: Poisson-like counts without a random number generator."""
    month = np.arange(months)
    level = mean * np.exp(growth * month / 12) * (1 + season * np.cos(2 * np.pi * (AFTER - months + month) / 12))
    scrambled = (month * 37 % months + 0.5) / months
    return np.asarray(poisson.ppf(scrambled, level), dtype=np.int64)


def _fitted(name: str, counts: np.ndarray) -> Fitted:
    return fit_candidates(counts, AFTER)[name]


@pytest.mark.functional
@pytest.mark.parametrize("name", [*MEMBERS, POOL, "historical mean"])
def test_a_steady_series_is_forecast_at_its_level_with_honest_width(name: str) -> None:
    counts = _counts(12.0)
    sample = sample_counts(_fitted(name, counts), 12, paths=1000)
    assert abs(sample.mean() - counts.mean()) < 1.2
    assert 0.5 < sample.std() / np.sqrt(12) < 1.6
    # Sums of a year too: a level that is not known, but does not wander.
    assert 0.8 < sample.sum(1).std() / np.sqrt(12 * 12) < 2.0


@pytest.mark.functional
@pytest.mark.parametrize("name", EVERY)
def test_large_counts_are_forecast_at_their_level(name: str) -> None:
    counts = _counts(400.0)
    assert abs(sample_counts(_fitted(name, counts), 12).mean() / 400 - 1) < 0.15


@pytest.mark.functional
def test_a_trend_is_followed_and_damped() -> None:
    counts = _counts(10.0, growth=0.2)
    trend = sample_counts(fit_trend(counts, AFTER), 60, paths=1000)
    assert trend[:, 12:24].mean() > counts[-24:].mean()
    assert abs(trend[:, 48:60].mean() / trend[:, 36:48].mean() - 1) < 0.03


@pytest.mark.functional
@pytest.mark.parametrize("name", [*MEMBERS, POOL])
def test_a_shift_of_level_is_followed(name: str) -> None:
    shifted = np.concatenate([_counts(10.0, 60), _counts(20.0, 24)])
    sample = sample_counts(_fitted(name, shifted), 24)
    assert 16 < sample.mean() < 25
    # What is gone by does not stay in the way: the old level is all but ruled out for the coming year.
    assert (sample[:, :12].mean(1) < 11).mean() < 0.05


@pytest.mark.functional
def test_a_season_is_found_and_chance_is_not_taken_for_one() -> None:
    factors = seasonal_factors(_counts(40.0, season=0.3), AFTER)
    assert factors.argmax() in (11, 0, 1)
    assert factors.mean() == pytest.approx(1)
    assert np.ptp(factors) > 0.4
    assert np.ptp(seasonal_factors(_counts(40.0), AFTER)) < 0.1
    assert (seasonal_factors(_counts(40.0, 24), AFTER) == 1).all()
    # Neither is a trend, nor a shift of level.
    assert np.ptp(seasonal_factors(_counts(40.0, growth=0.3), AFTER)) < 0.1
    assert np.ptp(seasonal_factors(np.concatenate([_counts(40.0, 42), _counts(80.0, 42)]), AFTER)) < 0.1
    for name in (*MEMBERS, POOL):
        means = sample_counts(_fitted(name, _counts(40.0, season=0.3)), 12, paths=500).mean(0)
        assert means[np.arange(12) == 9] > 1.3 * means[np.arange(12) == 3]


@pytest.mark.unit
@pytest.mark.parametrize("counts", [np.zeros(84, dtype=np.int64), np.eye(1, 84, 80, dtype=np.int64)[0]])
@pytest.mark.parametrize("name", [*MEMBERS, POOL])
def test_hardly_any_entries_are_forecast_without_trouble_and_told(name: str, counts: np.ndarray) -> None:
    fitted = _fitted(name, counts)
    assert fitted.note
    assert sample_counts(fitted, 24).mean() < 0.2


@pytest.mark.functional
@pytest.mark.parametrize("name", [*MEMBERS, POOL])
def test_one_entry_a_month_is_forecast_as_one_entry_a_month(name: str) -> None:
    counts = _counts(1.0)
    sample = sample_counts(_fitted(name, counts), 36, paths=1000)
    assert 0.8 < sample.mean() / counts.mean() < 1.2


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(counts=st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_any_series_gives_paths(counts: list[int]) -> None:
    seen = np.array(counts, dtype=np.int64)
    for fitted in fit_candidates(seen, AFTER).values():
        sample = sample_counts(fitted, 13, paths=20)
        assert sample.shape == (20, 13)
        assert (sample >= 0).all()
        assert np.isfinite(fitted.means(np.zeros((1, COEFFICIENTS)), np.zeros((1, 13)))).all()


@pytest.mark.property
@pytest.mark.parametrize("name", EVERY)
def test_paths_depend_neither_on_the_horizon_nor_on_each_other(name: str) -> None:
    fitted = _fitted(name, _counts(9.0, season=0.2))
    long = sample_counts(fitted, 48, paths=30)
    assert np.array_equal(sample_counts(fitted, 12, paths=30), long[:, :12])
    assert np.array_equal(sample_counts(fitted, 48, paths=7), long[:7])


@pytest.mark.validation
def test_the_spread_of_a_random_walk_is_its_own() -> None:
    # The last value of large counts: the variance h months ahead is h times that of a month's change.
    counts = np.cumsum(np.where(np.arange(96) * 37 % 96 < 48, 300, -300)) + 9000
    fitted = MODELS["last value"](counts, AFTER, None)
    sample = sample_counts(fitted, 12, paths=4000)
    change = np.diff(counts).std()
    assert np.allclose(sample.std(0) / (change * np.sqrt(np.arange(1, 13))), 1, atol=0.15)
    # Var of a sum of twelve: Σ (13 − k)².
    assert sample.sum(1).std() / (change * np.sqrt((np.arange(1, 13) ** 2).sum())) == pytest.approx(1, abs=0.1)


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(alpha=st.floats(0.01, 0.99), ratio=st.floats(0, 0.5), damping=st.floats(0.5, 0.98), lag=st.sampled_from([1, 12]))
def test_what_is_left_beside_the_noise_is_a_covariance(alpha: float, ratio: float, damping: float, lag: int) -> None:
    beta = alpha * ratio * damping if lag == 1 else 0.0
    given_ = _innovations(alpha=alpha, beta=beta, damping=damping, lag=lag)
    weights = given_.weights(60)
    assert 0 < given_.share <= 1
    assert np.allclose(given_.root(60) @ given_.root(60).T + given_.share * np.eye(60), weights @ weights.T)
    assert np.allclose(given_.root(60)[:24, :24], given_.root(24))


def _innovations(**changed: float) -> Innovations:
    fields: dict[str, object] = {"level": 8.0, "slope": 0.0, "damping": 0.9, "alpha": 0.3, "beta": 0.0, "lag": 1}
    fields |= {"variance": 1.2, "freedom": 60, "pattern": np.zeros(12), "season": np.ones(12), "first_month": AFTER}
    return Innovations(name="any", **(fields | changed))  # type: ignore[arg-type]


@pytest.mark.validation
def test_damped_ets_goes_on_as_statsmodels_does() -> None:
    values = pd.Series(scaled(_counts(20.0, growth=0.1)))
    model = ETSModel(values, error="add", trend="add", damped_trend=True)
    smoothed = model.smooth(np.array([0.3, 0.05, 0.9, values[0], 0.0]))
    own = _innovations(
        level=smoothed.level.iloc[-1],
        slope=smoothed.slope.iloc[-1],
        damping=0.9,
        alpha=0.3,
        beta=0.05 * 0.9,
        variance=2.0,
    )
    assert np.allclose(own.expected(12), smoothed.forecast(12))
    # The variance that statsmodels computes by its own formulae, over the variance of a surprise.
    theirs = smoothed.get_prediction(start=len(values), end=len(values) + 11).forecast_variance / smoothed.mse
    assert np.allclose(np.square(own.weights(12)).sum(1), theirs)


@pytest.mark.validation
def test_the_local_level_is_that_of_maximum_likelihood_where_there_is_much_to_see() -> None:
    steps = norm.ppf((np.arange(240) * 89 % 240 + 0.5) / 240)
    counts = np.rint(np.square(40 + np.cumsum(steps) * 0.8 + steps[::-1])).astype(np.int64)
    fitted = fit_level(counts, AFTER)
    season = seasonal_factors(counts, AFTER)
    month = (AFTER - len(counts) + np.arange(len(counts))) % 12
    best = UnobservedComponents(scaled(counts / season[month]), level="local level").fit(disp=0)
    assert fitted.level == pytest.approx(best.filtered_state[0, -1] ** 2 / 4, rel=0.02)
    assert (fitted.weights * fitted.steps).sum() == pytest.approx(np.sqrt(best.params[1]), rel=0.25)


@pytest.mark.validation
def test_the_regression_without_persistence_is_that_of_statsmodels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression, "TREND_SD", 10.0)
    counts = _counts(50.0, 84, growth=0.1, season=0.2)[-REGRESSION_MONTHS:]
    fitted = fit_trend(counts, AFTER)
    back = np.arange(-REGRESSION_MONTHS + 1, 1)
    angle = 2 * np.pi * ((AFTER - 1 + back) % 12) / 12
    design = np.column_stack([np.ones(REGRESSION_MONTHS), back / 12, np.sin(angle), np.cos(angle)])
    plain = GLM(counts, design, family=families.Poisson()).fit(scale="X2")
    only = fitted.fits[0]
    assert only.persistence == 0
    # But for variances that are taken as equal; the prior on the trend is as good as none here.
    assert np.allclose(only.coefficients, plain.params, atol=0.02)
    assert np.allclose(np.sqrt(np.diag(only.root @ only.root.T)), plain.bse, rtol=0.15)
    assert fitted.weights[0] > 0.5


@pytest.mark.functional
def test_months_that_stray_together_widen_the_regression() -> None:
    random = np.random.default_rng(4)
    waves = 100 * np.exp(0.2 * np.convolve(random.normal(size=53), np.ones(6) / np.sqrt(6), mode="valid"))
    counts = np.rint(waves).astype(np.int64)
    lasting, mixed = fit_trend(counts, AFTER), fit_trend(random.permutation(counts), AFTER)
    assert lasting.weights[0] < 0.05
    assert mixed.weights[0] > 0.3
    sums = [sample_counts(fitted, 12, paths=1000).sum(1) for fitted in (lasting, mixed)]
    assert sums[0].std() > 1.5 * sums[1].std()


@pytest.mark.unit
def test_ets_keeps_sets_of_parameters_by_their_weight() -> None:
    steady, moving = fit_ets(_counts(20.0), AFTER), fit_ets(np.arange(84) * 3 + 5, AFTER)
    assert isinstance(steady, Mixture)
    assert isinstance(moving, Mixture)
    slow = [member.alpha for member in steady.members if isinstance(member, Innovations)]
    quick = [member.alpha for member in moving.members if isinstance(member, Innovations)]
    assert len(slow) == len(quick) == 12
    assert np.median(slow) < 0.06
    assert np.median(quick) > 0.5


@pytest.mark.unit
def test_weights_and_draws_of_parameter_sets() -> None:
    assert np.allclose(posterior([-1000.0, -1000.0 + np.log(3)]), [0.25, 0.75])
    assert np.allclose(posterior([0.0, 0.0], [1.0, 4.0]), [0.2, 0.8])
    assert still_or_not(1).tolist() == [1.0]
    assert np.allclose(still_or_not(5), [STILL, *[(1 - STILL) / 4] * 4])
    normals = np.zeros((1000, COEFFICIENTS))
    normals[:, 2] = norm.ppf((np.arange(1000) + 0.5) / 1000)
    assert np.bincount(picked(normals, np.array([1.0, 3.0]), 2)).tolist() == [250, 750]


@pytest.mark.validation
def test_factors_of_a_variance_are_those_of_a_chi_square() -> None:
    factors = chi_square_factors(norm.ppf((np.arange(20_000) + 0.5) / 20_000), 30)
    # The mean and standard deviation of an inverse chi-square of n degrees, times n.
    assert factors.mean() == pytest.approx(30 / 28, rel=0.005)
    assert factors.std() == pytest.approx(30 / 28 * np.sqrt(2 / 26), rel=0.03)


@pytest.mark.unit
def test_children_between_and_beyond_mid_years() -> None:
    children = Children.of({2025: 200.0, 2024: 100.0})
    june, december = 12 * 54 + 5.5, 12 * 54 + 11.5
    assert np.allclose(
        np.exp(children.logs([june - 40, june, december, june + 12, june + 99])), [100, 100, 100 * 2**0.5, 200, 200]
    )
