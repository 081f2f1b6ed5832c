"""Entrants: scores, the pool and sample paths."""

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
from sufficiency.forecast.jumps import Jumping
from sufficiency.forecast.models import COEFFICIENTS, MEMBER
from sufficiency.forecast.paths import poisson_counts
from sufficiency.forecast.pool import MEMBERS, MODELS, POOL, fit_candidates, fit_pool
from sufficiency.forecast.regression import REGRESSION_MONTHS
from sufficiency.forecast.scores import SCORE_COLUMNS, rolling_origins, score_models, score_sample

AFTER = int(dates.month_index(dates.day_number("2026-04-01")))


def _counts(mean: float, months: int = 84) -> np.ndarray:
    """Quantiles in a scrambled order: Poisson-like counts without a random number generator."""
    scrambled = (np.arange(months) * 37 % months + 0.5) / months
    return np.asarray(poisson.ppf(scrambled, mean), dtype=np.int64)


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


@pytest.mark.unit
def test_a_score_holds_crps_error_bias_and_coverages() -> None:
    # Paths 0 to 100 in each of two months: the central half is 25 to 75, nineteen in twenty 2.5 to 97.5.
    sample = np.repeat(np.arange(101.0)[:, None], 2, axis=1)
    score = score_sample(sample, np.array([50.0, 95.0]))
    assert score[1:] == [22.5, -22.5, 0.5, 0.5, 1.0]
    assert score[0] == pytest.approx(float(crps(sample, [50.0, 95.0]).mean()))


@pytest.mark.validation
@pytest.mark.parametrize("mean", [0.02, 3.0, 29.0, 31.0, 400.0])
def test_counts_are_the_quantiles_of_poisson_distributions(mean: float) -> None:
    uniform = (np.arange(500) + 0.5) / 500
    assert np.array_equal(poisson_counts(uniform, np.full(500, mean)), poisson.ppf(uniform, mean).astype(np.int64))


@pytest.mark.unit
def test_rolling_origins_hold_back_what_they_score() -> None:
    assert rolling_origins(84, 12)[-1] == 72
    assert rolling_origins(30, 12) == []


@pytest.mark.functional
def test_every_candidate_is_scored_beside_the_pool_that_is_used() -> None:
    table = score_models(_counts(8.0), AFTER, "other")
    assert tuple(table.columns) == SCORE_COLUMNS
    assert list(table["model"]) == [*MODELS, POOL]
    assert list(table.loc[table["chosen"], "model"]) == [POOL]
    assert table.notna().all(axis=None)
    assert ((table["coverage_50"] <= table["coverage_80"]) & (table["coverage_80"] <= table["coverage_95"])).all()
    few = score_models(_counts(8.0, 30), AFTER, "other")
    assert (few["origins"] == 0).all()
    assert few["crps"].isna().all()


@pytest.mark.property
def test_each_member_has_its_share_of_the_paths() -> None:
    pool = fit_pool(_counts(8.0), AFTER)
    assert [member.name for member in pool.members] == list(MEMBERS)
    coefficients = np.zeros((3000, COEFFICIENTS))
    coefficients[:, MEMBER] = norm.ppf((np.arange(3000) + 0.5) / 3000)
    jumping = pool.members[1]
    assert isinstance(jumping, Jumping)
    own = jumping.even(REGRESSION_MONTHS) / 2
    assert 0.3 < own < 0.5
    assert np.bincount(pool.which(coefficients)) == pytest.approx([3000 * own, 3000 * (1 - own)], abs=1)
    # The regression knows of no jumps and no lasting slopes: where one is sure to lie in its window it is left out.
    shifted = np.concatenate([_counts(8.0)[:60], _counts(24.0)[:24]])
    assert fit_pool(shifted, AFTER).weights[0] < 0.02
    # Nor of growth that lasts: where it is likely the regression has less.
    grown = _counts(8.0) * np.linspace(1.0, 3.0, len(_counts(8.0)))
    assert fit_pool(grown.astype(np.int64), AFTER).weights[0] < own / 2
    # A path is its member's own path.
    steps = norm.ppf((np.arange(36_000) * 7919 % 36_000 + 0.5) / 36_000).reshape(3000, 12)
    means, dispersions = pool.means(coefficients, steps), pool.dispersions(coefficients)
    for number, member in enumerate(pool.members):
        own = pool.which(coefficients) == number
        assert np.array_equal(means[own], member.means(coefficients[own], steps[own]))
        assert np.array_equal(dispersions[own], member.dispersions(coefficients[own]))


@pytest.mark.property
def test_the_pool_is_little_worse_than_the_best_member_of_each_world() -> None:
    random = np.random.default_rng(11)
    month = np.arange(72)
    worlds = {
        "steady": np.full(72, 10.0),
        "trend": 8 * np.exp(0.08 * month / 12),
        "shift": np.where(month < 44, 10.0, 16.0),
        "season": 10 * (1 + 0.3 * np.cos(2 * np.pi * month / 12)),
        "tiny": np.full(72, 1.0),
    }
    for mean in worlds.values():
        scores: dict[str, float] = dict.fromkeys((*MEMBERS, POOL), 0.0)
        for _ in range(2):
            counts = random.poisson(mean)
            table = score_models(counts, AFTER, "other").set_index("model")["crps"]
            for name in scores:
                scores[name] += float(table[name])
        best = min(scores[name] for name in MEMBERS)
        assert scores[POOL] < 1.05 * best


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


@pytest.mark.functional
def test_neither_the_evaluation_nor_the_horizon_changes_a_path() -> None:
    history = known_history(per_day=0.3, years=4)
    keys = [replication_key(2, number) for number in range(40)]
    scored = forecast_entrants(history, months=24)
    plain = forecast_entrants(history, months=48, evaluate=False)
    assert np.array_equal(scored.counts(keys), plain.counts(keys)[..., :24])
    assert len(scored.scores) == 2 * (len(MODELS) + 1)
    assert plain.scores.empty
    assert tuple(plain.scores.columns) == SCORE_COLUMNS


@pytest.mark.functional
def test_more_children_in_the_area_mean_more_entrants_but_not_more_who_seek_asylum() -> None:
    history = known_history(per_day=0.4, years=4)
    keys = [replication_key(2, number) for number in range(100)]
    level = dict.fromkeys(range(2018, 2028), 50000.0)
    growing = level | {2024: 60_000.0, 2025: 60_000.0, 2026: 60_000.0}
    before = forecast_entrants(history, months=36, evaluate=False, children=level).counts(keys)
    after = forecast_entrants(history, months=36, evaluate=False, children=growing).counts(keys)
    # A third of the paths come from the regression, and have a fifth more in the end.
    assert 1.03 < after[:, ::2, 24:].sum() / before[:, ::2, 24:].sum() < 1.11
    assert np.array_equal(after[:, 1::2], before[:, 1::2])
    without = forecast_entrants(history, months=36, evaluate=False).counts(keys)
    assert np.array_equal(without, before)
    for wrong in ({}, {2024: 0.0}, {2024: float("nan")}):
        with pytest.raises(ValueError, match="child population"):
            forecast_entrants(history, months=36, evaluate=False, children=wrong)


@pytest.mark.unit
def test_what_a_reader_must_know_is_told_once() -> None:
    fitted = fit_candidates(np.zeros(84, dtype=np.int64), AFTER)
    assert fitted[POOL].note == (
        "too few entries for a trend: the mean of the last three years is used; too few entries: the mean is used"
    )
    assert fit_pool(_counts(8.0), AFTER).note == ""
