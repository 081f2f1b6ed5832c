"""With constant hazards and unlimited places the mean stock is that of the exact daily chain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import expm
from small_world import CODES, FIRST_DAY, PLAIN, SETTINGS, children, entrants, run, world

from sufficiency.codes import CAUSES, MOVE_PREFIX, TYPES
from sufficiency.history.stock import stock_at
from sufficiency.simulation import World

IN_HOUSE = 0.6
DAYS = 365
REPLICATIONS = 250
Matrix = npt.NDArray[np.float64]


def _split(kind: str) -> dict[int, float]:
    settings = CODES.settings_of(kind)
    shares = [1.0] if len(settings) == 1 else [IN_HOUSE, 1 - IN_HOUSE]
    return {CODES.in_care.index(name): share for name, share in zip(settings, shares, strict=True)}


def _generator() -> Matrix:
    """Intensities between settings and out of care (the last state); moves within a setting drop out."""
    out = np.zeros((SETTINGS + 1, SETTINGS + 1))
    for (setting, cause), rate in PLAIN.items():
        source = CODES.in_care.index(setting)
        targets = _split(cause.removeprefix(MOVE_PREFIX)) if cause.startswith(MOVE_PREFIX) else {SETTINGS: 1.0}
        for target, share in targets.items():
            out[source, target] += rate * share
    return out


def _daily() -> Matrix:
    """One day's transition: an event with chance 1 − exp(−total), its kind in proportion."""
    rates = _generator()
    total = rates.sum(1)
    chance = -np.expm1(-total)
    matrix = np.diag(1 - chance)
    moving = total > 0
    matrix[moving] += (chance[moving] / total[moving])[:, None] * rates[moving]
    return matrix


def _setup() -> World:
    # Everybody is 5 to 9 years old all along, so that nobody ages out.
    stock = children(60, setting="agency_fostering", age_days=6 * 365)
    arriving = entrants(DAYS, 0.3)
    young = arriving.day - 6 * 365
    arriving = type(arriving)(arriving.key, arriving.day, young, np.zeros(len(young), dtype=bool), arriving.kind)
    return world(days=DAYS, stock=stock, arriving=arriving, re_entry=0.0, in_house=IN_HOUSE)


def _expected(given: World) -> Matrix:
    """Exact mean stock by setting on the last day."""
    step = _daily()
    now = np.zeros(SETTINGS + 1)
    np.add.at(now, given.stock.setting, 1.0)
    for day in range(given.first_day, given.last_day + 1):
        now = now @ step
        for kind in given.entrants.kind[given.entrants.day == day]:
            for setting, share in _split(TYPES[int(kind)]).items():
                now[setting] += share
    return now[:SETTINGS]


@pytest.mark.validation
def test_mean_stock_agrees_with_the_exact_daily_chain_for_the_total_and_every_setting() -> None:
    given = _setup()
    exact = _expected(given)
    sample = np.array(
        [
            stock_at(run(given, number, seed=7), [given.last_day], len(CODES.all_settings))[0, :SETTINGS].sum((1, 2))
            for number in range(REPLICATIONS)
        ]
    )
    error = np.maximum(sample.std(0, ddof=1), np.sqrt(exact / 10)) / np.sqrt(REPLICATIONS)
    apart = np.abs(sample.mean(0) - exact)
    assert (apart <= 3.5 * error + 1e-12).all()
    total = sample.sum(1)
    assert abs(total.mean() - exact.sum()) <= 3.5 * total.std(ddof=1) / np.sqrt(REPLICATIONS)


@pytest.mark.validation
def test_the_daily_chain_tends_to_the_matrix_exponential_for_long_stays() -> None:
    rates = _generator() / 100
    np.fill_diagonal(rates, 0.0)
    chance = -np.expm1(-rates.sum(1))
    share = np.divide(
        rates, rates.sum(1, keepdims=True), where=rates.sum(1, keepdims=True) > 0, out=np.zeros_like(rates)
    )
    daily = np.diag(1 - chance) + chance[:, None] * share
    continuous = expm((rates - np.diag(rates.sum(1))) * 1000)
    assert np.abs(np.linalg.matrix_power(daily, 1000) - continuous).max() < 1e-3


@pytest.mark.validation
def test_lengths_of_stay_are_geometric_with_the_chance_of_an_event_a_day() -> None:
    hazard = 0.02
    stock = children(2_000, setting="secure", age_days=10 * 365)
    given = world(
        days=700, rates={("secure", "returned_home"): hazard}, stock=stock, arriving=entrants(700, 0.0), re_entry=0.0
    )
    stays = run(given, seed=3).end - (FIRST_DAY - 1)
    chance = -np.expm1(-hazard)
    assert abs(stays.mean() - 1 / chance) < 4 * np.sqrt(1 - chance) / chance / np.sqrt(len(stays))
    assert CAUSES.index("returned_home") == len(TYPES)
