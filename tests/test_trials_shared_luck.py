"""The same luck in both plans narrows their difference, and the measure of it is right."""

from __future__ import annotations

import numpy as np
import pytest

from sufficiency.scenario import LEVERS
from sufficiency.simulation.replications import DEFAULT_SEED
from sufficiency.trials.shared_luck import (
    CHILDREN_AT_END,
    POUNDS,
    compared,
    example,
    lever_plans,
    narrowed,
    outputs_compared,
)


@pytest.mark.unit
def test_the_ratio_of_a_known_correlation() -> None:
    random = np.random.default_rng(3)
    shared, own, other, third = random.normal(size=(4, 20_000))
    # A correlation of 0.9: the paired variance is 2 (1 - 0.9), the independent one 2.
    plan, baseline = 3 + np.sqrt(0.9) * shared + np.sqrt(0.1) * own, np.sqrt(0.9) * shared + np.sqrt(0.1) * other
    found = narrowed(plan, baseline, np.sqrt(0.5) * shared + np.sqrt(0.5) * third)
    assert found.difference == pytest.approx(3, abs=0.02)
    assert found.ratio == pytest.approx(np.sqrt(0.1), rel=0.02)
    assert found.interval[0] < found.ratio < found.interval[1]
    assert found.independent == pytest.approx(np.sqrt(2 / 20_000), rel=0.02)
    # With the third its covariance is the root of 0.9 times 0.5.
    assert found.same_world == pytest.approx(np.sqrt((2 - 2 * np.sqrt(0.45)) / 20_000), rel=0.02)
    assert found.times == pytest.approx((found.interval[1] ** -2, 10, found.interval[0] ** -2), rel=0.04)


@pytest.mark.functional
def test_shared_luck_narrows_five_years_of_cost() -> None:
    places, staying = compared(example(), 60).values()
    # What is asked of the design: 0.4 and 0.25 of independent runs, parameters drawn.
    assert places.interval[1] < 0.4
    assert staying.interval[1] < 0.25
    assert places.difference < 0
    for found in (places, staying):
        # Sharing the worlds narrows, and sharing the luck of each child narrows more.
        assert 0 < found.paired < found.same_world < found.independent


@pytest.mark.functional
def test_the_same_worlds_with_the_same_luck_cost_the_same() -> None:
    subject = example(1)
    costs = subject.costs(subject.matched.supply, 4, 1)
    assert subject.costs_of_other_lives(4, 1, seed=DEFAULT_SEED) == pytest.approx(costs, rel=1e-12)
    assert (subject.costs_of_other_lives(4, 1) != costs).all()


@pytest.mark.functional
def test_every_lever_is_compared_or_told_to_be_without_effect() -> None:
    found, without = outputs_compared(example(1), 8, 1)
    named = {name.removeprefix("lever: ") for name in found[POUNDS] if name.startswith("lever: ")}
    titles = {lever.title.lower() for lever in LEVERS.values()}
    assert named | {title.lower() for title in without} == titles
    assert {"children entering care", "moves between placements", "a rate chosen by the analyst"} <= named
    for one in (*found[POUNDS].values(), *found[CHILDREN_AT_END].values()):
        assert one.paired < one.independent


@pytest.mark.unit
def test_a_lever_is_tried_with_its_defaults_and_then_moved() -> None:
    plans = lever_plans()
    assert set(plans) == set(LEVERS)
    still, moved = (plan.levers[0] for plan in plans["hazard_multiplier"])
    assert [lever.model_dump()["change"] for lever in (still, moved)] == [0.0, 0.1]
