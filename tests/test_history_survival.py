"""Survival in care: a hand example, an independent formula, and late entry."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from returns_builder import child, episode, write, yearly

from sufficiency.history import build_history
from sufficiency.rates.survival import median_stay, stays_in_care, survival_curves
from sufficiency.returns import read_returns
from sufficiency.trials import invent, read_world, write_returns

pytestmark = pytest.mark.unit


def test_a_hand_example(tmp_path: Path) -> None:
    names = [f"INV00080{at}" for at in range(5)]
    # Stays of 10 and 30 days that ended, of 30 that ended, and two still open: 100 and 20 days long.
    episodes = [
        episode(names[0], "2024-05-01", "2024-05-11", rec="E4A"),
        episode(names[1], "2024-05-01", "2024-05-31", rec="E4A"),
        episode(names[2], "2024-06-01", "2024-07-01", rec="E4B"),
        episode(names[3], "2024-12-22"),
        episode(names[4], "2025-03-12"),
    ]
    tables = yearly([child(name, "2012-03-04") for name in names], episodes, range(2025, 2026))
    curves = survival_curves(build_history(read_returns(write(tmp_path, tables))))
    every = curves[curves["age_at_entry"] == "All"]
    assert every["days"].tolist() == [10, 30]
    # The stay of 20 days is no longer watched when those of 30 end.
    assert every["at_risk"].tolist() == [5, 3]
    assert every["left"].tolist() == [1, 2]
    assert every["survival"].tolist() == pytest.approx([4 / 5, 4 / 5 * 1 / 3])
    assert median_stay(curves).to_dict() == {"All": 30, "10 to 15": 30}


def test_an_independent_formula_with_late_entry(tmp_path: Path) -> None:
    write_returns(invent(read_world().scaled(0.2)), tmp_path, range(2021, 2027))
    history = build_history(read_returns(tmp_path))
    stays, curves = stays_in_care(history), survival_curves(history)
    assert (stays["from_day"] > 0).any()
    assert (~stays["left"]).any()
    for band in ("All", "10 to 15", "16 to 17"):
        group = stays if band == "All" else stays[stays["age_at_entry"] == band]
        days, since, left = (group[name].to_numpy() for name in ("days", "from_day", "left"))
        share, expected = 1.0, []
        for day in np.unique(days[left]):
            at_risk = ((since < day) & (days >= day)).sum()
            share *= 1 - (left & (days == day)).sum() / at_risk
            expected.append(share)
        found = curves.loc[curves["age_at_entry"] == band, "survival"]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_nobody_left(tmp_path: Path) -> None:
    tables = yearly([child("INV000800", "2012-03-04")], [episode("INV000800", "2024-05-01")], range(2025, 2026))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert survival_curves(build_history(read_returns(write(tmp_path, tables)))).empty
