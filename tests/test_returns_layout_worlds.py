"""Random worlds: returns written in each layout read to the very same tables and history."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sufficiency.history import History, build_history
from sufficiency.history.stock import Spells, events, spells, stock_at
from sufficiency.returns import Returns, read_returns
from sufficiency.trials import as_seen, invent, read_world, write_returns
from sufficiency.trials.write_layouts import LAYOUTS, read_written, write_layout
from sufficiency.trials.write_standard import write_standard

pytestmark = pytest.mark.property

WORLD = read_world()
WORLDS = 10
#: Each world is written in three of the layouts, in turn, and one as the standard dataset. The long run, of
#: each world in all of them, is ``EVERY_LAYOUT=1 python -m pytest tests/test_returns_layout_worlds.py``.
EVERY = bool(os.environ.get("EVERY_LAYOUT"))
EACH = len(LAYOUTS) if EVERY else 3
_HISTORY = ("children", "placements", "legal", "needs", "changes", "leavers", "adoptions")


def same_tables(one: Returns, other: Returns) -> None:
    for name in ("header", "episodes", "uasc"):
        drop = ["file", "row"] if name == "episodes" else []
        pd.testing.assert_frame_equal(getattr(one, name).drop(columns=drop), getattr(other, name).drop(columns=drop))
    assert (one.years, one.first_day, one.last_day) == (other.years, other.first_day, other.last_day)
    # A table without rows is no element of an XML return.
    filled = [{name for name, table in returns.other.items() if len(table)} for returns in (one, other)]
    assert filled[0] == filled[1]
    for name in filled[0]:
        table = other.other[name]
        drop = ["file", "row"]
        mine, theirs = (item.drop(columns=drop).astype("str") for item in (one.other[name], table))
        order = list(mine.columns)
        pd.testing.assert_frame_equal(
            mine.sort_values(order, ignore_index=True), theirs.sort_values(order, ignore_index=True)
        )


def same_history(one: History, other: History, tables: tuple[str, ...] = _HISTORY) -> None:
    for name in tables:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def listed(given: Spells, first: int, last: int) -> Counter[tuple[int, ...]]:
    """Every event of some days, whoever's it was."""
    found = events(given, first, last)
    names = ("day", "event", "source", "target", "reason", "band", "uasc")
    return Counter(zip(*(getattr(found, name).tolist() for name in names), strict=True))


def as_lived(history: History, journeys: Spells) -> None:
    """The same children in each setting on each day, and the same events, as the journeys have."""
    first, last = history.first_day, history.origin
    lived, read = as_seen(journeys, first, last), spells(history.placements, history.codes)
    days, settings = np.arange(first, last + 1), len(history.codes.all_settings)
    np.testing.assert_array_equal(stock_at(lived, days, settings), stock_at(read, days, settings))
    assert listed(lived, first, last) == listed(read, first, last) != Counter()


@pytest.mark.parametrize("seed", range(WORLDS))
def test_a_random_world_in_several_layouts(seed: int, tmp_path: Path) -> None:
    truth = invent(WORLD.scaled(0.05).seeded(seed + 1))
    write_returns(truth, tmp_path / "plain", range(2024, 2027))
    plain = read_returns(tmp_path / "plain")
    history = build_history(plain)
    as_lived(history, truth.journeys)
    names = list(LAYOUTS)
    for at in range(EACH):
        name = names[(seed * EACH + at) % len(names)]
        returns = read_returns(write_layout(name, read_written(tmp_path / "plain"), tmp_path / f"{at}"))
        same_tables(returns, plain)
        same_history(build_history(returns), history)


@pytest.mark.parametrize("seed", range(WORLDS if EVERY else 1))
def test_a_random_world_as_the_standard_dataset(seed: int, tmp_path: Path) -> None:
    write_returns(invent(WORLD.scaled(0.5).seeded(seed + 1)), tmp_path / "plain", range(2024, 2027))
    plain = read_returns(tmp_path / "plain")
    returns = read_returns(write_standard(read_written(tmp_path / "plain"), tmp_path / "standard"))
    assert returns.years == plain.years
    # Care leavers and adoptions are in none of its tables.
    same_history(build_history(returns), build_history(plain), _HISTORY[:5])
