"""Random worlds: returns written in each layout read to the very same tables and history."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sufficiency.history import History, build_history
from sufficiency.returns import Returns, read_returns
from sufficiency.trials import invent, read_world, write_returns
from sufficiency.trials.write_layouts import LAYOUTS, read_written, write_layout
from sufficiency.trials.write_standard import write_standard

pytestmark = pytest.mark.property

WORLD = read_world()
WORLDS = 10
#: Of the layouts each world is written in so many, in turn.
EACH = 3
_HISTORY = ("children", "placements", "legal", "needs")


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


def same_history(one: History, other: History) -> None:
    for name in _HISTORY:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("seed", range(WORLDS))
def test_a_random_world_in_several_layouts(seed: int, tmp_path: Path) -> None:
    write_returns(invent(WORLD.scaled(0.05).seeded(seed + 1)), tmp_path / "plain", range(2024, 2027))
    plain = read_returns(tmp_path / "plain")
    history = build_history(plain)
    names = list(LAYOUTS)
    for at in range(EACH):
        name = names[(seed * EACH + at) % len(names)]
        returns = read_returns(write_layout(name, read_written(tmp_path / "plain"), tmp_path / f"{at}"))
        same_tables(returns, plain)
        same_history(build_history(returns), history)


def test_a_random_world_as_the_standard_dataset(tmp_path: Path) -> None:
    write_returns(invent(WORLD.scaled(0.5).seeded(1)), tmp_path / "plain", range(2024, 2027))
    plain = read_returns(tmp_path / "plain")
    returns = read_returns(write_standard(read_written(tmp_path / "plain"), tmp_path / "standard"))
    assert returns.years == plain.years
    same_history(build_history(returns), build_history(plain))
