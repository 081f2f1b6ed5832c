"""The page of worlds of which it is known what changed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sufficiency.trials import drivers_page, read_world
from sufficiency.trials.drivers import COHORT, DRIVERS, END, ENTRIES, HOLDING, LAST_YEAR, START, TODAY


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    given = drivers_page.trial(read_world().steady().scaled(0.12), 1, replications=8, workers=1)
    parts = given.parts[given.parts["months_ahead"] == drivers_page.AHEAD]
    named = parts.rename(columns={"part": "what", "children": "value"})
    own = pd.concat([named[["against", "what", "value"]], given.told])
    more = own.assign(value=own["value"] + 10.0 * own["what"].isin([ENTRIES, END]))
    both = {drivers_page.STEADY: own, "1.5 times as many entries": more}
    return pd.concat([table.assign(world=name, seed=seed) for name, table in both.items() for seed in (1, 2)])


@pytest.mark.validation
def test_a_whole_trial_from_returns_adds_up(rows: pd.DataFrame) -> None:
    own = rows[(rows["world"] == drivers_page.STEADY) & (rows["seed"] == 1)]
    for against in (LAST_YEAR, TODAY):
        value = own[own["against"] == against].set_index("what")["value"]
        assert value[START] + value[list(DRIVERS)].sum() == pytest.approx(value[END])
        assert value[COHORT] != 0.0
    assert own.loc[own["what"] == HOLDING, "value"].item() > 0


@pytest.mark.validation
def test_the_page_tells_what_a_change_added(rows: pd.DataFrame) -> None:
    text = drivers_page.page(rows)
    added = next(line for line in text.splitlines() if line.startswith("| 1.5 times") and line.endswith("% |"))
    told = ["1.5 times as many entries", "+10.0 (0.0)", "+10.0 (0.0)", *["+0.0 (0.0)"] * 4, "100%"]
    assert added.strip("| ").split(" | ") == told
    assert "2 seeds of each world." in text
    assert drivers_page.COMMAND in text


@pytest.mark.validation
def test_the_page_in_the_docs_is_made_by_the_command() -> None:
    text = (Path(__file__).parents[1] / "docs" / "validation" / "why-it-changed.md").read_text(encoding="utf-8")
    assert f"{drivers_page.SEEDS} seeds of each world." in text
    assert all(f"| {name} |" in text for name in drivers_page.worlds())
