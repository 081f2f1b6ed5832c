"""Indicators of the returns that an invented authority writes, against the truth that they were written from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sufficiency import dates
from sufficiency.dates import OPEN
from sufficiency.history import build_history, indicators
from sufficiency.history.indicators import measures_between, quarterly
from sufficiency.returns import read_returns
from sufficiency.trials import Invented, as_seen
from sufficiency.trials.example import YEARS, example_truth, write_example
from sufficiency.trials.invented import placements

pytestmark = pytest.mark.validation

#: What the returns cannot tell as well as the truth: starts that lie before the first return.
NEEDS_EARLIER_YEARS = {
    "mean_days_in_care",
    "care_start_known_share",
    "mean_days_in_care_at_exit",
    "two_years_same_placement",
    "days_entering_to_adopters",
}


@pytest.fixture(scope="module")
def truth() -> Invented:
    return example_truth()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("example")
    write_example(place)
    return place / "returns"


def test_measures_by_quarter_are_those_of_the_truth(truth: Invented, folder: Path) -> None:
    history = build_history(read_returns(folder))
    lived = placements(as_seen(truth.journeys, history.first_day, history.origin), truth.codes)
    found = quarterly(history)
    for number in (0, 9, 18, 27):
        quarter = found["quarter"].unique()[number]
        rows = found[found["quarter"] == quarter].set_index("measure")
        first, last = (rows[name].iloc[0].date() for name in ("first_day", "last_day"))
        expected = measures_between(lived, truth.codes, first, last, first_day=history.first_day).set_index("measure")
        compared = [name for name in expected.index if name not in NEEDS_EARLIER_YEARS]
        assert len(compared) > 30
        pd.testing.assert_series_equal(rows.loc[compared, "value"], expected.loc[compared, "value"], rtol=1e-12)


def test_counts_by_year_are_those_counted_from_the_lives_themselves(truth: Invented, folder: Path) -> None:
    table = indicators(build_history(read_returns(folder))).set_index(["financial_year", "measure"])["value"]
    given = truth.journeys
    opens, leaves = given.opening != 2, given.closing == 1
    for year in YEARS:
        first, last = dates.year_bounds(year)
        label = dates.financial_year(first)
        began = opens & (given.start >= first) & (given.start <= last)
        ended = leaves & (given.end >= first) & (given.end <= last)
        assert table[label, "children_31_march"] == ((given.start <= last) & (given.end > last)).sum()
        assert table[label, "entries"] == began.sum()
        assert table[label, "children_started"] == len(np.unique(given.child[began]))
        assert table[label, "exits"] == ended.sum()
        assert table[label, "children_ceased"] == len(np.unique(given.child[ended]))


def test_known_starts_are_true(truth: Invented, folder: Path) -> None:
    """Where the returns show when care began, days in care are those of the truth."""
    history = build_history(read_returns(folder))
    lived = placements(truth.journeys, truth.codes)
    day = history.origin
    here = history.placements[history.placements["end"].isna() & history.placements["care_start_known"]]
    true = lived[(dates.to_days(lived["start"]) <= day) & (dates.to_days(lived["end"]) > day)]
    assert 0 < len(here) < len(true)
    shown = np.sort(dates.to_days(here["care_start"]))
    of_truth = np.sort(dates.to_days(true["care_start"]))
    recent = of_truth[of_truth >= history.first_day]
    assert set(recent) <= set(shown)
    assert (dates.to_days(here["end"]) == OPEN).all()
