"""Known worlds to try the forecast on: the oracle knows the truth, and the page adds up what it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sufficiency import dates
from sufficiency.codes import EXIT_REASONS, read_codes
from sufficiency.history.stock import stock_at
from sufficiency.trials import invent
from sufficiency.trials.forecast_worlds import (
    CHANGES_ON,
    arrivals_pool,
    dispersed,
    forecast_worlds,
    oracle,
    seasonal,
    sharper,
    true_leavers,
    true_stock,
)
from sufficiency.trials.invented import Invented
from sufficiency.trials.known import read_world
from sufficiency.trials.known_forecasts import LARGE_SEEDS, ORACLE, make_trial, run_trials, scores_of
from sufficiency.trials.known_forecasts_page import page, pooled
from sufficiency.trials.scoring import OURS, TOTAL, keys_of

CODES = read_codes()
ORIGIN = dates.day_number("2024-03-31")
ENDS = np.array([dates.day_number(day) for day in ("2024-04-30", "2024-05-31", "2024-06-30")])
WORLDS = {one.name: one for one in forecast_worlds()}


@pytest.fixture(scope="module")
def truth() -> Invented:
    return invent(WORLDS["steady"].world.scaled(0.25), engine_name="compiled")


@pytest.mark.validation
def test_both_engines_invent_the_same_authority() -> None:
    world = read_world().scaled(0.1)
    one, other = invent(world), invent(world, engine_name="compiled")
    for name in one.journeys.__dataclass_fields__:
        assert np.array_equal(getattr(one.journeys, name), getattr(other.journeys, name))


@pytest.mark.unit
def test_the_true_stock_and_leavers_are_those_of_the_lives(truth: Invented) -> None:
    given = truth.journeys
    stock = true_stock(given, ORIGIN)
    counted = stock_at(given, [ORIGIN], len(CODES.all_settings))[0].sum((1, 2))
    cared = [CODES.all_settings.index(name) for name in CODES.in_care]
    assert np.bincount(stock.setting, minlength=len(cared)).tolist() == counted[cared].tolist()
    assert (stock.care_start <= stock.placement_start).all()
    left = true_leavers(given, ORIGIN)
    assert len(left.key) > 0
    assert (left.exit_day <= ORIGIN).all()
    assert (dates.birthday(left.dob, dates.ADULT) > ORIGIN + 1).all()
    assert not set(left.key.tolist()) & set(stock.key.tolist())


@pytest.mark.validation
def test_the_oracle_is_unbiased_about_what_comes() -> None:
    # Twelve small authorities: what came less what the oracle expected is chance, so its mean is near nought.
    world, keys = WORLDS["steady"].world.scaled(0.3), keys_of(CODES, (TOTAL,))
    pool = arrivals_pool(world, ORIGIN, int(ENDS[-1]), 20)
    missed = []
    for seed in range(12):
        lived = invent(world.seeded(seed), engine_name="compiled")
        came = stock_at(lived.journeys, ENDS, len(CODES.all_settings)).sum((1, 2, 3))
        found = oracle(lived, ORIGIN, ENDS, keys, pool)
        missed.append((came - found.mean[:, 0]) / np.maximum(found.sd[:, 0], 1.0))
    assert abs(float(np.mean(missed))) < 3 / np.sqrt(12)
    assert 0.4 < float(np.std(np.array(missed)[:, -1])) < 1.9


@pytest.mark.unit
def test_each_world_changes_one_thing() -> None:
    steady = WORLDS["steady"].world
    month = np.array([int(dates.month_index(CHANGES_ON))])
    before, after = month - 1, month
    assert steady.expected_entries(after).sum() > 0
    for name, factor in (("level shift", 2.0), ("asylum surge", 5.0)):
        side = 0 if name == "level shift" else 1
        shifted = WORLDS[name].world
        ratio = shifted.expected_entries(after)[0, side::2].sum() / steady.expected_entries(after)[0, side::2].sum()
        assert ratio == pytest.approx(factor)
        assert np.allclose(shifted.expected_entries(before), steady.expected_entries(before))
        assert WORLDS[name].shifts
    (change,) = WORLDS["exits change"].world.changes
    assert (change.causes, change.month, change.factor) == (EXIT_REASONS, int(month[0]), 0.4)
    trend = WORLDS["trend"].world
    year = month + 12
    grown = trend.expected_entries(year)[0, ::2].sum() / trend.expected_entries(month)[0, ::2].sum()
    assert grown == pytest.approx(1.12)
    assert np.mean(seasonal(steady).season) == pytest.approx(1.0)
    assert dispersed(steady).streams["other"].overdispersion == 4.0
    row = next(iter(sharper(steady).duration_factors["returned_home"].values()))
    plain = next(iter(steady.duration_factors["returned_home"].values()))
    assert row == pytest.approx(tuple(factor**1.8 for factor in plain))


@pytest.mark.functional
def test_a_small_trial_goes_from_returns_to_the_page() -> None:
    small = WORLDS["small"]
    trial = make_trial(small, 1)
    scores = scores_of(trial, ["2024-03-31"], horizon=14, paths=12)
    assert {OURS, ORACLE, "last value", "stock and flow"} <= set(scores["method"])
    assert not scores["before_shift"].any()
    two = pd.concat([scores, scores.assign(seed=2)]).assign(world="steady")
    found = pooled(two, TOTAL, (1, 12))
    figures = found.figures()
    own = scores[(scores["method"] == OURS) & (scores["level"] == TOTAL) & (scores["horizon_months"] <= 12)]
    assert figures["error"] == pytest.approx((own["p50"] - own["actual"]).abs().mean())
    assert figures["crps"] == pytest.approx(own["crps"].mean())
    assert found.interval("error")[0] <= figures["error"] <= found.interval("error")[1]
    text = page(pd.concat([two, two.assign(before_shift=True)]))
    assert "## From an origin before the change" in text
    assert f"| {figures['error']:.1f} |" in text
    # Of more seeds than there were, the first are told apart.
    assert "first 20 seeds" not in text
    ratio = pooled(two[two["seed"] == 1], TOTAL, (13, 24)).figures()["error_ratio"]
    worse = scores.assign(seed=21, world="steady", p50=scores["p50"] + 5)
    more = page(pd.concat([two[two["seed"] == 1], worse]))
    assert f"Of the first 20 seeds alone, total, 13 to 24 months, over the oracle's: error {ratio:.2f}" in more


@pytest.mark.unit
def test_large_worlds_are_tried_with_fewer_seeds(tmp_path: Path) -> None:
    assert list(run_trials(tmp_path, ["large"], [LARGE_SEEDS + 1])) == []


@pytest.mark.unit
def test_finished_trials_are_not_run_again(tmp_path: Path) -> None:
    pd.DataFrame({"world": ["small"]}).to_parquet(tmp_path / "small-007.parquet")
    assert list(run_trials(tmp_path, ["small"], [7])) == []
