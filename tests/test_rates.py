"""Occurrence, exposure and posterior hazards: by hand, by brute force, and against a known truth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma
from small_world import CODES, PLAIN, as_history, constant_hazards, entrants, known_history, run, world

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, HAZARD_AGE_EDGES
from sufficiency.history import History
from sufficiency.history.stock import REASONS, spells
from sufficiency.rates import estimate_rates
from sufficiency.rates.exposure import cause_clocks, measure_exposure
from sufficiency.rates.openings import GROUPS, entries, estimate_openings, estimate_returning, leavers

FIRST = dates.day_number("2020-04-01")
ORIGIN = dates.day_number("2021-03-31")


def _one(**changes: object) -> History:
    """A history of one placement: in care from 1 June to 10 August 2020, aged 5 on 1 July."""
    row = {
        "child": 0,
        "period": 0,
        "placement": 0,
        "setting": "agency_fostering",
        "start": pd.Timestamp("2020-06-01"),
        "end": pd.Timestamp("2020-08-10"),
        "opening": "entry",
        "closing": "exit",
        "reason": "returned_home",
        "care_start": pd.Timestamp("2020-06-01"),
        "start_known": True,
        "care_start_known": True,
        "same_carer": False,
        "dob": pd.Timestamp("2015-07-01"),
        "uasc": False,
        "place": "U4",
        "provider": "PR4",
    }
    table = pd.DataFrame([row | changes]).astype({"start": "datetime64[s]", "end": "datetime64[s]"})
    nobody = pd.DataFrame()
    return History(nobody, table, nobody, FIRST, ORIGIN, CODES, nobody, ())


@pytest.mark.unit
def test_exposure_of_one_placement_by_hand() -> None:
    found = measure_exposure(_one())
    setting, cause = CODES.in_care.index("agency_fostering"), CAUSES.index("returned_home")
    days = found.child_days[setting, :, :, 0, cause]
    # Aged 1 to 4 for the 30 days of June: 28 days in the first band of time in care, then 2.
    assert days[1, :2].tolist() == [28, 2]
    # From 1 July aged 5 to 9: 40 days to 10 August, the last of which counts half.
    assert days[2, 1] == 40 - 0.5
    assert days.sum() == 70 - 0.5
    assert found.events[setting, 2, 1, 0, cause] == 1
    assert found.events.sum() == 1


@pytest.mark.unit
def test_an_unknown_start_is_left_out_and_counted() -> None:
    found = measure_exposure(_one(care_start_known=False))
    exits = CAUSES.index("returned_home")
    assert found.child_days[..., exits].sum() == 0
    assert found.events.sum() == 0
    assert found.left_out == {"care": 70.0, "placement": 0.0}
    moves = CAUSES.index("to_home")
    assert found.child_days[..., moves].sum() == 70 - 0.5


@pytest.mark.unit
def test_an_old_unknown_start_is_surely_in_the_top_band() -> None:
    old = pd.Timestamp("2015-07-02")
    found = measure_exposure(_one(care_start=old, start=old, care_start_known=False, start_known=False))
    top = found.child_days[CODES.in_care.index("agency_fostering"), :, -1, 0, CAUSES.index("returned_home")]
    assert top.sum() == dates.day_number("2020-08-10") - FIRST - 0.5
    assert found.events.sum() == 1


@pytest.mark.unit
def test_ageing_out_is_no_hazard_event_but_its_days_are_at_risk() -> None:
    found = measure_exposure(_one(reason="aged_out", dob=pd.Timestamp("2002-08-10")))
    assert found.events.sum() == 0
    assert found.child_days[..., CAUSES.index("returned_home")].sum() == 70


@pytest.mark.property
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**40))
def test_exposure_equals_a_count_day_by_day(seed: int) -> None:
    first = dates.day_number("2020-04-01")
    lived = run(world(days=500, first_day=first - 200, arriving=entrants(500, 0.05, first_day=first - 200)), seed=seed)
    history = as_history(lived, first_day=first, origin=first + 250)
    found = measure_exposure(history)
    by_hand = np.zeros_like(found.child_days)
    clocks = cause_clocks(CODES)
    given = spells(history.placements, CODES)
    columns = (given.start, given.end, given.dob, given.care_start, given.setting, given.uasc, given.reason)
    for start, end, birth, care, setting, uasc, reason in zip(*(column.tolist() for column in columns), strict=True):
        for day in range(max(start, first), min(end, history.origin)):
            age = int(dates.band_of(dates.age_on(birth, day), HAZARD_AGE_EDGES))
            for clock, begun in ((True, start), (False, care)):
                band = int(dates.band_of(day - begun, DURATION_EDGES))
                last = day == end - 1 and end <= history.origin and reason != REASONS.index("aged_out")
                by_hand[setting, age, band, int(uasc)][clocks[setting] == clock] += 0.5 if last else 1.0
    assert np.array_equal(by_hand, found.child_days)


@pytest.mark.unit
def test_consecutive_windows_lose_no_event_and_no_day() -> None:
    history = known_history(per_day=0.2)
    cuts = [*range(history.first_day, history.origin, 91), history.origin]
    parts = [measure_exposure(history, first, last) for first, last in pairwise(cuts)]
    whole = measure_exposure(history)
    assert np.array_equal(sum(part.events for part in parts), whole.events)
    assert np.allclose(sum(part.child_days for part in parts), whole.child_days)


@pytest.mark.functional
def test_fitted_events_are_the_observed_ones_even_where_the_truth_is_no_product() -> None:
    uneven = {pair: rate * (3.0 if number % 3 else 0.3) for number, (pair, rate) in enumerate(PLAIN.items())}
    rates = estimate_rates(known_history(per_day=0.3, rates=uneven))
    fitted = (rates.hazards.mean * rates.exposure.child_days).sum((0, 1, 2, 3))
    seen = rates.exposure.events.sum((0, 1, 2, 3))
    many = seen >= 50
    assert many.sum() >= 4
    assert np.allclose(fitted[many] / seen[many], 1.0, atol=0.02)


@pytest.mark.validation
def test_a_constant_truth_lies_inside_90_percent_intervals_about_as_often() -> None:
    history = known_history(per_day=0.6)
    rates = estimate_rates(history)
    exposure, hazards = rates.exposure, rates.hazards
    truth = constant_hazards(PLAIN)
    known = (truth > 0) & (exposure.child_days > 200)
    low = gamma.ppf(0.05, hazards.shape[known], scale=1 / hazards.rate[known])
    high = gamma.ppf(0.95, hazards.shape[known], scale=1 / hazards.rate[known])
    inside = ((truth[known] >= low) & (truth[known] <= high)).mean()
    assert known.sum() > 100
    assert 0.82 <= inside <= 0.99


@pytest.mark.validation
def test_pooled_rates_are_the_truth_within_chance() -> None:
    rates = estimate_rates(known_history(per_day=0.6))
    events, days = rates.exposure.events.sum((1, 2, 3)), rates.exposure.child_days.sum((1, 2, 3))
    for (setting, cause), truth in PLAIN.items():
        at = CODES.in_care.index(setting), CAUSES.index(cause)
        expected = truth * days[at]
        assert abs(events[at] - expected) < 4 * np.sqrt(max(expected, 1.0))


@pytest.mark.functional
def test_thin_cells_borrow_and_full_cells_keep_their_own() -> None:
    rates = estimate_rates(known_history(per_day=0.6))
    cells = rates.cells
    own = cells["events"] / cells["exposure"]
    full, thin = cells["events"] >= 40, (cells["exposure"] < 60) & (cells["events"] == 0)
    nearer = abs(cells.loc[full, "mean"] - own[full]) <= 2 * own[full] / np.sqrt(cells.loc[full, "events"])
    assert nearer.all()
    assert (cells.loc[thin, "mean"] > 0).all()
    assert (cells["p05"] < cells["mean"]).all()
    assert (cells["mean"] < cells["p95"]).all()


@pytest.mark.unit
def test_leavers_and_returns_are_those_of_the_history() -> None:
    history = known_history(per_day=0.3)
    left = leavers(history)
    back = (left["back"] != dates.OPEN).sum()
    table = history.placements
    assert back == ((table["opening"] == "re_entry") & (table["placement"] > 0)).sum()
    returning = estimate_returning(history)
    assert 0.5 < returning.mean.mean() / 0.0005 < 1.5


@pytest.mark.unit
def test_openings_hold_every_first_entry_of_the_window() -> None:
    history = known_history(per_day=0.3)
    openings = estimate_openings(history)
    found = entries(history)
    assert sum(len(openings.ages[number]) for number in found["group"].unique()) == len(found)
    assert np.allclose(openings.first_types.sum(-1), 1)
    assert len(openings.ages) == len(GROUPS)
    assert "children" not in repr(openings)
    assert "entries" in repr(openings)
