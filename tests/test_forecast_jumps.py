"""A level that jumps now and then: against exact answers, and on series whose level is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, multivariate_normal, poisson
from statsmodels.tsa.statespace.structural import UnobservedComponents

from sufficiency.forecast import jumps
from sufficiency.forecast.innovations import scaled
from sufficiency.forecast.jumps import Jumping, Sets, fit_level_with_jumps, fit_trend_with_jumps
from sufficiency.forecast.level import fit_level
from sufficiency.forecast.models import COEFFICIENTS, normal
from sufficiency.forecast.paths import sample_counts

AFTER = 675


def _scrambled(means: np.ndarray) -> np.ndarray:
    """Quantiles of Poisson counts in a scrambled order: no random number generator."""
    months = len(means)
    return np.asarray(poisson.ppf((np.arange(months) * 37 % months + 0.5) / months, means), dtype=np.int64)


def _one(noise: float, step: float, jump: float, slope: float = 0.0) -> Sets:
    return Sets(*(np.array([value]) for value in (noise, step, jump, slope)))


@pytest.mark.validation
def test_without_jumps_it_is_the_local_level_of_statsmodels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jumps, "JUMPS", 0.0)
    values = scaled(_scrambled(np.linspace(8, 20, 60)))
    runs, logs = jumps._filtered(values, _one(1.3, 0.05, 4.0))
    model = UnobservedComponents(values, level="local level")
    # The first month places the level: a diffuse start, whose first month has no likelihood.
    model.update(np.array([1.3, 0.05]))
    filtered = model.ssm.filter()
    assert runs.level[0, 0] == pytest.approx(filtered.filtered_state[0, -1], abs=1e-4)
    assert runs.spread[0, 0] == pytest.approx(filtered.filtered_state_cov[0, 0, -1], abs=1e-4)
    likelihood = filtered.llf_obs[1:].sum() + 59 * np.log(2 * np.pi) / 2
    assert logs[0] == pytest.approx(likelihood, abs=1e-3)


@pytest.mark.validation
@pytest.mark.parametrize("slope", [0.0, 0.02])
def test_jumps_and_slopes_are_those_of_every_history_written_out(slope: float) -> None:
    # Seven months: 64 patterns of jumps, each a multivariate normal with its chance. The filter joins histories
    # with a later jump by two moments, so it is close and not equal.
    values = np.array([6.0, 6.4, 5.8, 8.9, 9.3, 8.7, 9.2])
    noise, step, jump = 0.8, 0.02, 2.0
    months = len(values)
    exact, means, weights = 0.0, [], []
    for pattern in product((0, 1), repeat=months - 1):
        moves = np.concatenate([[0.0], step + jump * np.array(pattern)])
        # Covariances of level (from a diffuse first month) and of what a slope adds.
        added = slope * np.outer(np.arange(months), np.arange(months))
        walked = np.minimum.outer(np.cumsum(moves), np.cumsum(moves)) + added
        whole = walked + noise * np.eye(months)
        rest = values[1:] - values[0]
        lower = whole[1:, 1:] + whole[0, 0] - whole[1:, :1] - whole[:1, 1:]
        chance = np.prod(np.where(pattern, jumps.JUMPS, 1 - jumps.JUMPS))
        density = chance * multivariate_normal(np.zeros(months - 1), lower).pdf(rest)
        state = walked[-1, 1:] - walked[-1, 0] + noise - walked[0, 1:] + walked[0, 0]
        means.append(values[0] + state @ np.linalg.solve(lower, rest))
        weights.append(density)
        exact += density
    runs, logs = jumps._filtered(values, _one(noise, step, jump, slope))
    theirs = logs[0] - (months - 1) * np.log(2 * np.pi) / 2
    assert theirs == pytest.approx(np.log(exact), abs=0.02)
    mean = float((runs.weight * runs.level).sum())
    assert mean == pytest.approx(float(np.average(means, weights=weights)), abs=0.03)


@pytest.mark.functional
@pytest.mark.parametrize("fit", [fit_level_with_jumps, fit_trend_with_jumps])
def test_a_shift_is_followed_sooner_than_by_small_steps(fit: object) -> None:
    assert callable(fit)
    # By more than half for fifteen months, and twice as many for six.
    for months, level, least, most in ((15, 16.0, 0.5, 17.0), (6, 20.0, 3.0, 20.0)):
        counts = _scrambled(np.concatenate([np.full(84 - months, 10.0), np.full(months, level)]))
        fitted = fit(counts, AFTER)
        assert isinstance(fitted, Jumping)
        small = fit_level(counts, AFTER).level
        assert small + least < fitted.level < most
    # And a steady series is left where it is.
    steady = fit(_scrambled(np.full(84, 10.0)), AFTER)
    assert isinstance(steady, Jumping)
    assert steady.level == pytest.approx(10.0, abs=0.7)


@pytest.mark.unit
def test_a_level_moves_by_so_much_in_a_hundred_however_much_noise_there_is() -> None:
    # The same mean with little and with much noise, and four times the mean: steps, jumps and slopes go by the mean.
    quiet, noisy = (10.0 + np.resize([1.0, -1.0], 60) * size for size in (0.5, 3.0))
    sets = {name: jumps._grid(values, jumps._SLOPES)[0] for name, values in (("quiet", quiet), ("noisy", noisy))}
    large, _ = jumps._grid(4 * quiet, jumps._SLOPES)
    assert sets["noisy"].noise.max() > 10 * sets["quiet"].noise.max()
    for part in ("step", "jump", "slope"):
        own = getattr(sets["quiet"], part)
        assert getattr(sets["noisy"], part) == pytest.approx(own)
        assert getattr(large, part) == pytest.approx(16 * own)
    assert sorted(set(np.sqrt(sets["quiet"].step) / 10)) == pytest.approx([0.0, 0.01, 0.02, 0.04])


@pytest.mark.functional
def test_a_slope_goes_on_and_only_with_a_trend() -> None:
    counts = _scrambled(30 * np.exp(0.15 * (np.arange(84) - 84) / 12))
    ahead = {
        fit: sample_counts(fit(counts, AFTER), 24, 2000).mean(axis=0)
        for fit in (fit_level_with_jumps, fit_trend_with_jumps)
    }
    flat, drifting = ahead[fit_level_with_jumps], ahead[fit_trend_with_jumps]
    assert drifting[12:].mean() > flat[12:].mean() + 1.0
    # It may be a level that moved: two years on it is below the trend without end.
    assert drifting[-1] < 30 * np.exp(0.15 * 2)
    assert flat[:3].mean() == pytest.approx(flat[-3:].mean(), rel=0.08)


@pytest.mark.validation
def test_moves_are_steps_and_now_and_then_jumps() -> None:
    fitted = fit_level_with_jumps(_scrambled(np.full(84, 12.0)), AFTER)
    assert isinstance(fitted, Jumping)
    uniform = (np.arange(200_000) + 0.5) / 200_000
    own = np.full(len(uniform), int(np.argmax(fitted.sets.step)))
    moves = fitted._moves(own, normal(uniform)[:, None])[:, 0]
    small = fitted.sets.step[own[0]]
    assert moves.var() == pytest.approx(small + jumps.JUMPS * fitted.sets.jump[own[0]], rel=0.02)
    drawn = np.concatenate(
        [np.sqrt(small) * normal(uniform[::60]), np.sqrt(small + fitted.sets.jump[own[0]]) * normal(uniform[::3600])]
    )
    assert kstest(moves, drawn).statistic < 0.02


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=70))
def test_any_counts_give_weights_and_paths_that_can_be_used(counts: list[int]) -> None:
    for fit in (fit_level_with_jumps, fit_trend_with_jumps):
        fitted = fit(np.array(counts, dtype=np.int64), AFTER)
        sample = sample_counts(fitted, 24, 50)
        assert (sample >= 0).all()
        coefficients = normal((np.arange(COEFFICIENTS * 9).reshape(9, -1) % 13 + 0.5) / 13)
        assert np.isfinite(fitted.means(coefficients, np.zeros((9, 6)))).all()
        if isinstance(fitted, Jumping):
            assert fitted.runs.weight.sum() == pytest.approx(1.0)
            assert (fitted.runs.spread >= -1e-9).all()


@pytest.mark.unit
def test_a_series_too_thin_for_a_level_is_forecast_by_its_mean() -> None:
    fitted = fit_level_with_jumps(np.array([0, 1, 0, 0, 2, 0] * 3, dtype=np.int64), AFTER)
    assert fitted.note == "too few entries: the mean is used"
