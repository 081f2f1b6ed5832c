"""Arrivals that hold children seeking asylum at a threshold: by hand, and how long they stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plans import Authority, lever, plan
from small_world import known_history

from sufficiency import dates
from sufficiency.codes import CAUSES, TYPES
from sufficiency.draws import replication_keys
from sufficiency.forecast import forecast_entrants
from sufficiency.forecast.threshold import SCHEME_SHARE, arrivals_needed, target_path
from sufficiency.rates import estimate_rates
from sufficiency.rates.stays import Stays, back_in_care, in_care, stays_of
from sufficiency.scenario import LEVERS
from sufficiency.simulation import simulate

MONTHS = dates.month_start(dates.month_index(dates.day_number("2026-04-01")) + np.arange(13))
FIRST = int(MONTHS[0])


def _staying(months: int, monthly: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    lag = np.arange(months)[None, :] - np.arange(months)[:, None]
    return np.where(lag >= 0, monthly ** np.maximum(lag, 0), 0.0)


@pytest.mark.unit
def test_who_leaves_is_made_up_for_month_by_month() -> None:
    # Ten in care of whom a fifth leave every month, to be twenty at once: 12 the first month, then 4 a month.
    opening = np.array([8.0, 6.4, 5.12, 4.096, 3.2768])
    everything = np.ones(5, dtype=bool)
    found = arrivals_needed(np.full(5, 20.0), opening, _staying(5, 0.8), np.zeros(5), everything)
    assert found == pytest.approx([12.0, 4.0, 4.0, 4.0, 4.0])


@pytest.mark.unit
def test_nobody_comes_while_there_are_too_many_and_forecasts_hold_before_the_start() -> None:
    opening = np.array([30.0, 20.0, 10.0, 5.0])
    acting = np.array([False, True, True, True])
    before = np.full(4, 2.0)
    found = arrivals_needed(np.full(4, 15.0), opening, _staying(4, 1.0), before, acting)
    assert found.tolist() == [2.0, 0.0, 3.0, 5.0]


@pytest.mark.unit
def test_the_path_goes_from_today_to_the_threshold() -> None:
    assert target_path(8.0, np.full(3, 4.0), np.array([0.0, 0.25, 1.0])).tolist() == [8.0, 7.0, 4.0]
    assert LEVERS["uasc_threshold"].model_fields["share"].default == SCHEME_SHARE


def _stays(leaving: float = 0.0, returning: float = 0.0) -> Stays:
    """The same hazards at every age and time, of which half are of going home."""
    return Stays(MONTHS, np.full((2, 12, 6, 6), leaving / 2), np.full((2, 4, 4), returning))


def _days(*texts: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([dates.day_number(text) for text in texts])


@pytest.mark.unit
def test_stays_fall_by_the_hazard_day_by_day_and_end_at_eighteen() -> None:
    born = _days("2012-01-01", "2008-06-15")
    chance = in_care(_stays(0.002), born, np.full(2, FIRST - 100), FIRST)
    assert chance[0] == pytest.approx(np.exp(-0.002 * (MONTHS[1:] - 1 - FIRST)))
    # The second turns 18 on 15 June: there at the end of May, not at that of June.
    assert (chance[1] > 0).tolist() == [True, True] + [False] * 10


@pytest.mark.unit
def test_stays_meet_the_hazards_of_their_age_time_in_care_and_month() -> None:
    stays = _stays()
    stays.leaving[0, 3:, 5, 2] = 0.01
    chance = in_care(stays, _days("2009-08-01"), np.array([FIRST]), FIRST)[0]
    # From 1 August (17) on, from 90 days in care on; nothing before July, the fourth month.
    assert (chance[:4] == 1).all()
    assert chance[4] == pytest.approx(np.exp(-0.01 * 30))
    assert chance[8] == pytest.approx(np.exp(-0.01 * (_days("2026-12-31") - _days("2026-08-01"))[0]))


@pytest.mark.unit
def test_who_comes_back_is_counted_as_two_states_that_change_at_random() -> None:
    # In care and away with constant hazards: in care with the chance b / (a + b) + a / (a + b) exp(-(a + b) t).
    out, back = 0.004, 0.002
    days = MONTHS[1:] - 1 - FIRST
    here = back / (out + back) + out / (out + back) * np.exp(-(out + back) * days)
    born = _days("2015-01-01")
    chance = in_care(_stays(out, back), born, np.array([FIRST - 400]), FIRST)[0]
    assert chance == pytest.approx(here, abs=0.004)
    assert (chance > np.exp(-out * days)).all()
    gone = back_in_care(_stays(out, back), born, np.array([FIRST - 400]), np.array([True]))[0]
    away = back / (out + back) * (1 - np.exp(-(out + back) * days))
    assert gone == pytest.approx(away, abs=0.004)


@pytest.mark.unit
def test_nobody_who_went_comes_back_at_eighteen() -> None:
    gone = back_in_care(_stays(0.0, 0.5), _days("2008-06-15"), np.array([FIRST - 10]), np.array([False]))[0]
    assert (gone[:2] > 0.99).all()
    assert (gone[2:] == 0).all()


@pytest.mark.unit
def test_leaving_averages_over_settings_and_takes_a_plans_factors(authority: Authority) -> None:
    settings = len(authority.history.codes.in_care)
    none = np.ones((12, settings, 5, len(CAUSES)))
    plain = stays_of(authority.rates, none, MONTHS).leaving.sum(0)
    exits = authority.rates.hazards.mean[:, :, :, 1, len(TYPES) :].sum(-1)
    observed, expected = authority.rates.exit_multiplier
    assert (plain[0] >= exits.min(0) * observed / expected - 1e-12).all()
    assert (plain[0] <= exits.max(0) * observed / expected + 1e-12).all()
    doubled = none.copy()
    doubled[1, ..., len(TYPES) :] = 2.0
    assert stays_of(authority.rates, doubled, MONTHS).leaving.sum(0)[1] == pytest.approx(2 * plain[0])
    fewer_home = none.copy()
    fewer_home[..., CAUSES.index("returned_home")] = 0.0
    home, elsewhere = stays_of(authority.rates, fewer_home, MONTHS).leaving
    assert (home == 0).all()
    assert elsewhere[0] == pytest.approx(stays_of(authority.rates, none, MONTHS).leaving[1, 0])


@pytest.mark.functional
def test_where_many_come_back_the_threshold_is_met_too() -> None:
    """A world of few children seeking asylum, of whom a fifth of those who left come back in a year."""
    history = known_history(per_day=0.3)
    rates, forecast = estimate_rates(history), forecast_entrants(history, months=48, evaluate=False)
    outcome = simulate(
        history,
        plan(lever("uasc_threshold", child_population=60_000.0, ramp_months=18)),
        replications=80,
        years=4,
        rates=rates,
        forecast=forecast,
        workers=1,
        journeys=0,
    )
    stock = outcome.stock[outcome.stock["uasc"] & outcome.stock["setting"].isin(outcome.codes.in_care)]
    held = stock.groupby("month_end")["children"].sum().to_numpy()[20:] / outcome.replications
    assert held.mean() == pytest.approx(60.0, rel=0.05)
    assert (outcome.flows["event"] == "re_entry").any()


@pytest.mark.unit
def test_arrivals_given_are_poisson_around_their_mean_and_leave_the_others_alone(authority: Authority) -> None:
    keys = replication_keys(3, range(400))
    given = authority.forecast.with_asylum(np.full(60, 4.0), np.r_[np.zeros(12), np.ones(48)])
    before, after = authority.forecast.counts(keys), given.counts(keys)
    assert np.array_equal(before[:, 0::2], after[:, 0::2])
    assert np.array_equal(before[:, 1::2, :12], after[:, 1::2, :12])
    monthly = after[:, 1::2, 12:].sum(1)
    assert monthly.mean() == pytest.approx(4.0, rel=0.02)
    assert monthly.var() == pytest.approx(4.0, rel=0.05)


@pytest.mark.unit
def test_where_none_has_come_they_are_taken_to_be_sixteen_or_seventeen(authority: Authority) -> None:
    mix = authority.forecast.mix.copy()
    mix[1] = 0.05
    nobody = replace(authority.forecast, mix=mix)
    counts = nobody.with_asylum(np.full(60, 4.0), np.ones(60)).counts(replication_keys(3, range(20)))
    assert counts[:, 1:9:2].sum() == 0
    assert counts[:, 9].mean() == pytest.approx(4.0, rel=0.1)
