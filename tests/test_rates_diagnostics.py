"""Observed beside expected: events by cell, survival, and cumulative incidence against other libraries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, ecdf
from small_world import CODES, as_history, children, constant_hazards, entrants, known_history, run, world
from statsmodels.duration.survfunc import CumIncidenceRight

from sufficiency.codes import AGED_OUT, CAUSES
from sufficiency.history import History
from sufficiency.history.stock import NONE, REASONS
from sufficiency.rates import Rates, estimate_rates
from sufficiency.rates.diagnostics import ALL, HELD_OUT, OBSERVED_COLUMNS, observed_expected
from sufficiency.rates.incidence import INCIDENCE_COLUMNS, incidence, incidence_curves, read_off
from sufficiency.rates.survival import stays_in_care, survival_curves
from sufficiency.simulation.implied import STILL_IN_CARE, SURVIVAL_CHECK_COLUMNS, implied_stays, survival_check


@pytest.fixture(scope="module")
def history() -> History:
    return known_history(per_day=0.3)


@pytest.fixture(scope="module")
def rates(history: History) -> Rates:
    return estimate_rates(history)


@pytest.mark.unit
def test_events_add_up_and_residuals_are_what_they_say(history: History, rates: Rates) -> None:
    table = observed_expected(history, rates.hazards, rates.exposure)
    assert tuple(table.columns) == OBSERVED_COLUMNS
    fitted = table[table["sample"] == "fitted"]
    whole = fitted.query(f"setting == '{ALL}' and cause == '{ALL}' and age_band == '{ALL}'").iloc[0]
    assert whole["observed"] == rates.exposure.events.sum()
    for column in ("observed", "expected"):
        parts = fitted[(fitted[["setting", "cause", "age_band"]] != ALL).all(axis=1)]
        assert parts[column].sum() == pytest.approx(whole[column])
    setting, cause = CODES.in_care.index("in_house_fostering"), CAUSES.index("to_fostering")
    one = fitted.query(f"setting == 'in_house_fostering' and cause == 'to_fostering' and age_band == '{ALL}'").iloc[0]
    assert one["observed"] == rates.exposure.events[setting, ..., cause].sum()
    assert one["residual"] == pytest.approx((one["observed"] - one["expected"]) / np.sqrt(one["expected"]))
    assert one["low"] < 1 < one["high"]
    assert whole["ratio"] == pytest.approx(1.0, abs=0.01)


@pytest.mark.functional
def test_a_year_held_out_is_as_far_off_as_chance_is_in_a_level_world(history: History, rates: Rates) -> None:
    table = observed_expected(history, rates.hazards, rates.exposure)
    held = table[(table["sample"] == HELD_OUT) & (table["expected"] >= 3)]
    parts = held[(held[["setting", "cause"]] != ALL).all(axis=1) & (held["age_band"] == ALL)]
    assert len(parts) >= 8
    assert 0.4 < np.square(parts["residual"]).mean() < 2.5
    short = observed_expected(_shortened(history, 600), rates.hazards, rates.exposure)
    assert set(short["sample"]) == {"fitted"}


def _shortened(history: History, days: int) -> History:
    return History(
        history.children,
        history.placements,
        history.legal,
        history.origin - days,
        history.origin,
        history.codes,
        history.files,
        (),
    )


def _stays(seed: int, *, late_entry: bool) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    days = random.integers(1, 60, 400)
    left = random.random(400) < 0.7
    reason = np.where(left, random.integers(0, 3, 400), NONE)
    begun = random.integers(0, 10, 400) if late_entry else np.zeros(400, dtype=np.int64)
    table = pd.DataFrame({"from_day": begun, "days": days, "left": left, "reason": reason})
    return table[table["days"] > table["from_day"]]


@pytest.mark.validation
def test_cumulative_incidence_is_that_of_statsmodels_where_nobody_enters_late() -> None:
    stays = _stays(1, late_entry=False)
    found = incidence(stays)
    theirs = CumIncidenceRight(stays["days"].to_numpy(), np.where(stays["left"], stays["reason"] + 1, 0))
    for number in range(3):
        mine = found[found["reason"] == REASONS[number]]
        at = np.isin(theirs.times, mine["days"])
        np.testing.assert_allclose(mine["incidence"], theirs.cinc[number][at], rtol=1e-10)
        np.testing.assert_allclose(mine["standard_error"], theirs.cinc_se[number][at], rtol=0.05)


@pytest.mark.validation
def test_survival_is_that_of_scipy_where_nobody_enters_late() -> None:
    # No other library for late entry installs beside pandas 3 (lifelines holds it back): test_history_survival
    # has late entry by another formula.
    stays = _stays(2, late_entry=False)
    days, left = stays["days"].to_numpy(np.float64), stays["left"].to_numpy(bool)
    theirs = ecdf(CensoredData(uncensored=days[left], right=days[~left])).sf
    found = incidence(stays).groupby("days")["incidence"].sum()
    at = np.isin(theirs.quantiles, found.index)
    np.testing.assert_allclose(1 - found, theirs.probabilities[at], atol=1e-12)


@pytest.mark.property
@pytest.mark.parametrize("seed", range(3))
def test_with_late_entry_incidence_is_a_sum_over_days(seed: int) -> None:
    stays = _stays(seed, late_entry=True)
    found = incidence(stays)
    begun, days, left, reason = (stays[name].to_numpy() for name in ("from_day", "days", "left", "reason"))
    share, gone = 1.0, 0.0
    mine = found[found["reason"] == REASONS[1]].set_index("days")["incidence"]
    for day in np.unique(days[left]):
        at_risk = ((begun < day) & (days >= day)).sum()
        gone += share * (left & (days == day) & (reason == 1)).sum() / at_risk
        share *= 1 - (left & (days == day)).sum() / at_risk
        assert mine[day] == pytest.approx(gone)


@pytest.mark.functional
def test_all_reasons_and_those_still_in_care_are_everybody(history: History) -> None:
    curves, survival = incidence_curves(history), survival_curves(history)
    assert tuple(curves.columns) == INCIDENCE_COLUMNS
    assert AGED_OUT in set(curves["reason"])
    for name, group in curves.groupby("age_at_entry"):
        gone = group.groupby("days")["incidence"].sum()
        still = survival[survival["age_at_entry"] == name].set_index("days")["survival"]
        np.testing.assert_allclose(gone + still, 1.0, atol=1e-9)
    assert (curves["standard_error"] >= 0).all()
    assert stays_in_care(history)["reason"].max() < len(REASONS)


@pytest.mark.validation
def test_one_constant_hazard_implies_an_exponential_stay(rates: Rates) -> None:
    hazard = 0.002
    stock = children(300, setting="in_house_fostering", age_days=2000)
    lived = world(days=1500, stock=stock, rates={}, arriving=entrants(1500, 0.0))
    history = as_history(run(lived), first_day=lived.first_day - 1, origin=lived.last_day)
    known = rates.hazards
    table = constant_hazards({("in_house_fostering", "returned_home"): hazard})
    sure = type(known)(table * 1e9, np.full(table.shape, 1e9), table * 1e9, np.zeros_like(known.shared), {})
    stays = implied_stays(history, Rates(sure, *(getattr(rates, name) for name in list(vars(rates))[1:])))
    assert len(stays) >= 300
    for day in (30, 365, 900):
        assert (stays["days"] > day).mean() == pytest.approx(np.exp(-hazard * day), abs=0.015)
    assert set(stays["age_at_entry"]) == {"5 to 9"}


@pytest.mark.functional
def test_what_the_hazards_imply_is_near_what_was_seen(history: History, rates: Rates) -> None:
    check = survival_check(history, rates)
    assert tuple(check.columns) == SURVIVAL_CHECK_COLUMNS
    whole = check.groupby(["age_at_entry", "months"])[["observed", "implied"]].sum()
    np.testing.assert_allclose(whole, 1.0, atol=1e-9)
    seen = check[(check["outcome"] == STILL_IN_CARE) & (check["age_at_entry"] == ALL) & (check["followed"] > 50)]
    assert len(seen) > 10
    assert np.abs(seen["observed"] - seen["implied"]).max() < 0.05
    assert (check["low"] <= check["observed"]).all()
    again = survival_check(history, rates)
    pd.testing.assert_frame_equal(check, again)


@pytest.mark.unit
def test_steps_are_read_off_on_or_before_a_day() -> None:
    curve = pd.DataFrame({"days": [10, 20], "share": [0.5, 0.25]})
    assert read_off(curve, np.array([0.0, 10.0, 19.9, 30.0]), "share", 1.0).tolist() == [1.0, 0.5, 0.5, 0.25]


@pytest.mark.unit
def test_nobody_entered_in_the_returns(history: History, rates: Rates) -> None:
    nobody = History(
        history.children,
        history.placements.assign(care_start_known=False),
        history.legal,
        history.first_day,
        history.origin,
        history.codes,
        history.files,
        (),
    )
    assert survival_check(nobody, rates).empty
    assert tuple(survival_check(nobody, rates).columns) == SURVIVAL_CHECK_COLUMNS
