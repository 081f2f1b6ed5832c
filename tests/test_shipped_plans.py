"""The shipped plans on the example authority: each goes the way it should, and gives the answer it gave before."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from sufficiency.scenario import scenario_files
from sufficiency.trials.shipped_plans import (
    ANSWERS,
    BASELINE,
    COMMAND,
    MEASURES,
    PAGE,
    Answers,
    example_answers,
    page,
    stored,
)

ROOT = Path(__file__).parents[1]
Found = Mapping[str, dict[str, npt.NDArray[np.float64]]]

#: What each plan must move, and which way; nought is exactly nothing.
DIRECTIONS: dict[str, dict[str, int]] = {
    "demand-shock": {"first entries": 1, "children in care": 1, "in agency fostering": 1, "£ million": 1},
    "do-nothing-and-lose-carers": {
        "in in-house fostering": -1,
        "in agency fostering": 1,
        "£ million": 1,
        "first entries": 0,
    },
    "edge-of-care": {"first entries": -1, "children in care": -1, "in agency fostering": -1},
    "faster-permanence": {"children in care": -1, "in agency fostering": -1},
    "fee-inflation": {"£ million": 1, "children in care": 0, "moves": 0},
    "kinship-first": {"in kinship care": 1, "in agency fostering": -1, "in in-house fostering": -1, "first entries": 0},
    "more-reunification": {"children in care": -1, "exits": 1, "returns to care": 1, "£ million": -1},
    "more-staying-put": {"staying put": 1, "in in-house fostering": -1, "in agency fostering": 1, "£ million": 1},
    "new-childrens-home": {"in in-house homes": 1, "in external homes": -1, "first entries": 0},
    "reduce-ifa-use": {"in in-house fostering": 1, "in agency fostering": -1, "moves": 1, "first entries": 0},
    "reduce-ifa-use-and-more-staying-put": {"in in-house fostering": 1, "in agency fostering": -1, "staying put": 1},
    "stability": {"moves": -1},
    "step-down-from-residential": {"in external homes": -1, "in in-house fostering": 1, "£ million": -1},
    "sufficiency-plan": {
        "in agency fostering": -1,
        "in external homes": -1,
        "children in care": -1,
        "first entries": -1,
    },
    "uasc-at-threshold": {"seeking asylum": 1, "in supported accommodation": 1, "first entries": 1, "£ million": 1},
}


@pytest.fixture(scope="module")
def given() -> Answers:
    return example_answers()


@pytest.fixture(scope="module")
def found(given: Answers) -> Found:
    return given.measured


def _way(difference: npt.NDArray[np.float64]) -> int:
    """Which way a paired difference goes: 0 where it is nothing in every replication, and no answer below 3 errors."""
    if not difference.any():
        return 0
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return int(np.sign(difference.mean())) if abs(difference.mean()) > 3 * error else -99


@pytest.mark.unit
def test_every_shipped_plan_has_a_direction_and_an_answer() -> None:
    assert {BASELINE, *DIRECTIONS} == set(scenario_files())
    assert set(stored(ROOT / ANSWERS)[0]["plan"]) == set(scenario_files())


@pytest.mark.functional
@pytest.mark.parametrize("plan", list(DIRECTIONS))
def test_a_plan_goes_the_way_it_should(found: Found, plan: str) -> None:
    ways = {name: _way(found[plan][name] - found[BASELINE][name]) for name in DIRECTIONS[plan]}
    assert ways == DIRECTIONS[plan]


@pytest.mark.functional
def test_using_fewer_agencies_and_staying_put_compete_for_the_same_bedrooms(found: Found) -> None:
    both, alone = found["reduce-ifa-use-and-more-staying-put"], found["reduce-ifa-use"]
    assert _way(both["in in-house fostering"] - alone["in in-house fostering"]) == -1
    assert _way(both["in agency fostering"] - alone["in agency fostering"]) == 1


@pytest.mark.functional
def test_a_whole_plan_does_less_than_its_parts_would_add_up_to_and_more_than_one_of_them(found: Found) -> None:
    whole = found["sufficiency-plan"]["in external homes"]
    assert _way(whole - found["new-childrens-home"]["in external homes"]) == -1


@pytest.mark.backtest
def test_each_plan_gives_the_answer_that_it_gave_before(given: Answers) -> None:
    now, (before, rates) = given.table, stored(ROOT / ANSWERS)
    assert list(now["measure"]) == list(MEASURES) * len(given.measured)
    pd.testing.assert_frame_equal(now[["plan", "measure"]], before[["plan", "measure"]])
    numbers = ["mean", "difference", "standard_error"]
    told = f"results have moved: say so in the changelog, and make the answers again with {COMMAND}"
    if sys.platform == "linux" and given.rates == rates:
        assert np.array_equal(now[numbers], before[numbers]), told
    else:
        # Another processor's linear algebra, or another platform's logarithm, may move a child's day (docs/method.md).
        assert np.allclose(now[numbers], before[numbers], rtol=0.002, atol=0.1), told


@pytest.mark.unit
def test_the_page_of_plans_is_made_from_their_answers() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(stored(ROOT / ANSWERS)[0])
