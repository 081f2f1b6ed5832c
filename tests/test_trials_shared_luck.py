"""The same luck in both plans narrows their difference, and the measure of it is right."""

from __future__ import annotations

import numpy as np
import pytest

from sufficiency.trials.shared_luck import compared, example, narrowed


@pytest.mark.unit
def test_the_ratio_of_a_known_correlation() -> None:
    random = np.random.default_rng(3)
    shared, own, other = random.normal(size=(3, 20_000))
    # A correlation of 0.9: the paired variance is 2 (1 - 0.9), the independent one 2.
    found = narrowed(3 + np.sqrt(0.9) * shared + np.sqrt(0.1) * own, np.sqrt(0.9) * shared + np.sqrt(0.1) * other)
    assert found.difference == pytest.approx(3, abs=0.02)
    assert found.ratio == pytest.approx(np.sqrt(0.1), rel=0.02)
    assert found.interval[0] < found.ratio < found.interval[1]
    assert found.independent == pytest.approx(np.sqrt(2 / 20_000), rel=0.02)


@pytest.mark.functional
def test_shared_luck_narrows_five_years_of_cost() -> None:
    places, staying = compared(example(), 60).values()
    # What is asked of the design: 0.4 and 0.25 of independent runs, parameters drawn.
    assert places.interval[1] < 0.4
    assert staying.interval[1] < 0.25
    assert places.difference < 0
    assert places.paired > 0
