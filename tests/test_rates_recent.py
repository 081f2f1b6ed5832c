"""The multiplier on exits: against every history of jumps written out, and on levels that are known."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import comb
from scipy.stats import beta, betabinom, gamma, nbinom, poisson
from small_world import known_history

from sufficiency.codes import CAUSES, TYPES
from sufficiency.rates import estimate_rates, recent
from sufficiency.rates.exposure import measure_exposure, observed
from sufficiency.rates.openings import in_house_counts, provider_shares
from sufficiency.rates.recent import exits_by_month, level_now, share_now

Likelihood = Callable[[tuple[float, float], np.ndarray], float]


def _scrambled(means: np.ndarray, shift: float = 0.5) -> np.ndarray:
    """Quantiles of Poisson counts in a scrambled order."""
    months = len(means)
    return np.asarray(poisson.ppf((np.arange(months) * 37 % months + shift) / months, means), dtype=np.float64)


def _over_every_history(
    months: np.ndarray, jumps: float, begun: tuple[float, float], likelihood: Likelihood, law: object
) -> tuple[float, float, float]:
    """Chance of what was seen, mean and variance of today's level over every pattern of jumps.

    A run's state is two numbers, which a month's two add to; nothing here is the filter's own formula.
    """
    weights, means, squares = [], [], []
    for jumped in product((False, True), repeat=len(months)):
        chance, state = 1.0, begun
        for jump, month in zip(jumped, months, strict=True):
            state = begun if jump else state
            chance *= (jumps if jump else 1 - jumps) * likelihood(state, month)
            state = (state[0] + month[0], state[1] + month[1])
        assert callable(law)
        found = law(*state)
        weights.append(chance)
        means.append(found.mean())
        squares.append(found.var() + means[-1] ** 2)
    mean = float(np.average(means, weights=weights))
    return float(np.sum(weights)), mean, float(np.average(squares, weights=weights)) - mean**2


@pytest.mark.validation
@pytest.mark.parametrize("size", [0.15, 0.6])
def test_it_is_the_mean_over_every_history_of_jumps(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    # Eight months, 256 histories. Within a history each run of months is a gamma-Poisson, whose counts have a
    # negative-binomial likelihood one after another.
    monkeypatch.setattr(recent, "_KEPT", 1.0)
    monkeypatch.setattr(recent, "_SIZE", size)
    counts, expected = np.array([9.0, 7, 12, 8, 2, 4, 3, 1]), np.array([8.0, 8, 9, 9, 8, 7, 8, 8])
    _, mean, variance = _over_every_history(
        np.column_stack([counts, expected]),
        recent.JUMPS,
        (size**-2, size**-2),
        lambda state, month: float(nbinom(state[0], state[1] / (state[1] + month[1])).pmf(month[0])),
        lambda shape, rate: gamma(shape, scale=1 / rate),
    )
    assert recent._level_runs(counts, expected) == pytest.approx((mean, variance), rel=1e-9)


@pytest.mark.validation
def test_a_share_is_the_mean_over_every_history_of_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_SHARE_KEPT", 1.0)
    chosen, every = np.array([3, 4, 2, 5, 1, 0, 1, 1]), np.array([6, 6, 5, 8, 6, 5, 7, 6])
    middle, size = 0.4, 0.3
    chance, mean, variance = _over_every_history(
        np.column_stack([chosen, every - chosen]),
        recent.SHARE_JUMPS,
        (middle * (size**-2 - 1), (1 - middle) * (size**-2 - 1)),
        lambda state, month: float(betabinom(month.sum(), *state).pmf(month[0])),
        beta,
    )
    likelihood, share, spread = recent._share_runs(chosen.astype(float), every.astype(float), middle, size)
    assert (share, spread) == pytest.approx((mean, variance), rel=1e-9)
    # The part of the likelihood that all histories have in common is left out of the filter's.
    assert likelihood + np.log(comb(every, chosen)).sum() == pytest.approx(np.log(chance), rel=1e-9)


@pytest.mark.functional
def test_a_share_that_changed_is_followed_and_one_that_did_not_is_surer_than_of_a_year() -> None:
    every = np.full(72, 8.0)
    steady, spread = share_now(np.tile([4.0, 3, 5, 4, 5, 3], 12), every)
    assert steady == pytest.approx(0.5, abs=0.01)
    assert spread < 0.25 / 96
    fell, _ = share_now(np.concatenate([np.tile([4.0, 3, 5], 18), np.tile([2.0, 1, 3], 6)]), every)
    assert fell == pytest.approx(0.25, abs=0.06)


@pytest.mark.functional
def test_a_change_is_followed_and_a_steady_level_left_alone() -> None:
    foreseen = np.full(72, 9.0)
    steady, spread = level_now(_scrambled(foreseen), foreseen)
    assert abs(steady - 1) < np.sqrt(spread) < 0.1
    # Exits by half since 3, 12 and 24 months: the longer ago, the surer.
    found, lately = [], []
    for months in (3, 12, 24):
        counts = _scrambled(np.concatenate([foreseen[months:], 0.5 * foreseen[:months]]))
        found.append(level_now(counts, foreseen))
        lately.append(counts[-months:].mean() / 9)
    levels, variances = np.array(found).T
    assert (np.diff(levels) < 0).all()
    assert levels[2] == pytest.approx(lately[2], abs=0.1)
    # In between it is unsure, and says so.
    assert variances[1] > variances[2]
    assert variances[1] > spread


@pytest.mark.validation
def test_the_truth_lies_within_its_range_as_often_as_it_says() -> None:
    # Worlds in which the level stays, or jumps some time: 90 % ranges hold it 84 to 97 % of the time.
    generator = np.random.default_rng(5)
    held = []
    for world in range(300):
        foreseen = np.full(60, 8.0)
        level = np.ones(60)
        if world % 2:
            level[generator.integers(6, 60) :] = generator.gamma(1 / 0.3**2, 0.3**2)
        mean, variance = level_now(generator.poisson(level * foreseen).astype(float), foreseen)
        low, high = gamma(mean**2 / variance, scale=variance / mean).ppf([0.05, 0.95])
        held.append(low <= level[-1] <= high)
    assert 0.84 <= np.mean(held) <= 0.97


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0.0, 40.0)), max_size=50))
def test_any_counts_give_a_level_that_can_be_drawn(months: list[tuple[int, float]]) -> None:
    table = np.array(months, dtype=np.float64).reshape(-1, 2)
    level, variance = level_now(table[:, 0], table[:, 1])
    assert level > 0
    assert variance > 0
    assert np.isfinite([level, variance]).all()
    if not len(table):
        assert level == pytest.approx(1.0)
    chosen = np.minimum(table[:, 0], np.floor(table[:, 1]))
    share, variance = share_now(chosen, np.floor(table[:, 1]))
    assert 0 < share < 1
    assert 0 < variance < share * (1 - share)


@pytest.mark.validation
def test_months_add_up_to_the_window_and_give_the_multiplier() -> None:
    known = known_history(years=4, warm_up=3)
    rates, seen = estimate_rates(known), observed(known)
    events, expected = exits_by_month(seen, rates.hazards)
    first, last = seen.window
    assert len(events) == int((last - first) / (365.25 / 12))
    begun = last - round(len(events) * 365.25 / 12)
    whole = measure_exposure(seen, begun, last)
    exits = slice(len(TYPES), len(CAUSES))
    assert events.sum() == whole.events[..., exits].sum() > 100
    assert expected.sum() == pytest.approx((whole.child_days * rates.hazards.mean)[..., exits].sum(), rel=1e-9)
    # Placements outside a month add nothing to it.
    month = measure_exposure(seen.lived(last - 60, last - 30), last - 60, last - 30)
    of_all = measure_exposure(seen, last - 60, last - 30)
    assert (month.events == of_all.events).all()
    assert (month.child_days == of_all.child_days).all()
    shape, rate = rates.exit_multiplier
    assert shape / rate == pytest.approx(level_now(events, expected)[0])


@pytest.mark.validation
def test_all_exits_vary_as_todays_level_does_and_not_twice() -> None:
    known = known_history(years=4, warm_up=3, per_day=0.8)
    rates, seen = estimate_rates(known), observed(known)
    hazards, last = rates.hazards, seen.window[1]
    level, variance = level_now(*exits_by_month(seen, hazards))
    days = measure_exposure(seen, last - 365, last).child_days
    exits = np.arange(len(CAUSES)) >= len(TYPES)
    expected = np.where(exits, days * hazards.mean, 0.0)
    generator = np.random.default_rng(11)
    many, held = 4000, np.zeros(4000)
    counted = expected > 0
    for number in range(many):
        shared = hazards.factors(generator.standard_normal((1, *hazards.shared.shape[:2])))[0]
        own = generator.gamma(hazards.apart[counted]) / hazards.apart[counted]
        held[number] = (expected[counted] * shared[counted] * own).sum()
    relative = held.std() / held.mean()
    assert np.sqrt(hazards.variance_of_total(expected)) == pytest.approx(relative, rel=0.05)
    shape, rate = rates.exit_multiplier
    assert 1 / shape + hazards.variance_of_total(expected) == pytest.approx(variance / level**2)
    drawn = held / expected.sum() * generator.gamma(shape, 1 / rate, many)
    assert drawn.mean() == pytest.approx(level, rel=0.02)
    assert drawn.std() == pytest.approx(np.sqrt(variance), rel=0.05)
    assert hazards.variance_of_total(np.zeros_like(expected)) == 0
    # What the hazards do not know is a good part of it: doubted twice, the range would be wider by as much.
    assert held.std() / held.mean() > 0.3 * np.sqrt(variance) / level


@pytest.mark.functional
def test_few_children_leave_the_multiplier_at_its_mean_and_never_less_than_nothing() -> None:
    # So few exits that the hazards alone vary by more than is known of the level.
    few = known_history(years=2, warm_up=2, per_day=0.02)
    rates, seen = estimate_rates(few), observed(few)
    level, variance = level_now(*exits_by_month(seen, rates.hazards))
    shape, rate = rates.exit_multiplier
    assert shape / rate == pytest.approx(level)
    assert 1e-4 <= 1 / shape < variance / level**2


@pytest.mark.functional
def test_shares_are_of_all_arrivals_in_the_window() -> None:
    known = known_history(years=4, warm_up=3)
    found, counts = provider_shares(known, known.codes), in_house_counts(known, known.codes, days=4 * 366)
    assert found.keys() == counts.keys()
    for kind, (own, other) in found.items():
        mean, all_years = own / (own + other), counts[kind][0] / max(counts[kind][1], 1)
        # The share never changes in this world: today's is that of all years, give or take what is not known.
        if counts[kind][1] > 30:
            assert abs(mean - all_years) < 3 * np.sqrt(mean * (1 - mean) / (own + other + 1))
