"""Arrivals that hold children seeking asylum at a threshold: by hand, and how long they stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plans import Authority

from sufficiency import dates
from sufficiency.codes import CAUSES, TYPES
from sufficiency.draws import replication_keys
from sufficiency.forecast.threshold import SCHEME_SHARE, arrivals_needed, target_path
from sufficiency.rates.stays import leaving_hazards, still_in_care
from sufficiency.scenario import LEVERS

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


@pytest.mark.unit
def test_stays_fall_by_the_hazard_day_by_day_and_end_at_eighteen() -> None:
    hazards = np.full((12, 6, 6), 0.002)
    born = np.array([dates.day_number("2012-01-01"), dates.day_number("2008-06-15")])
    chance = still_in_care(hazards, MONTHS, born, np.full(2, FIRST - 100), FIRST)
    days = MONTHS[1:] - 1 - FIRST
    assert chance[0] == pytest.approx(np.exp(-0.002 * days))
    # The second turns 18 on 15 June: there at the end of May, not at that of June.
    assert (chance[1] > 0).tolist() == [True, True] + [False] * 10


@pytest.mark.unit
def test_stays_meet_the_hazards_of_their_age_time_in_care_and_month() -> None:
    hazards = np.zeros((12, 6, 6))
    hazards[3:, 5, 2] = 0.01
    born, entered = np.array([dates.day_number("2009-08-01")]), np.array([FIRST])
    chance = still_in_care(hazards, MONTHS, born, entered, FIRST)[0]
    # From 1 August (17) on, from 90 days in care on; nothing before July, the fourth month.
    assert (chance[:4] == 1).all()
    assert chance[4] == pytest.approx(np.exp(-0.01 * 30))
    assert chance[8] == pytest.approx(np.exp(-0.01 * (dates.day_number("2026-12-31") - dates.day_number("2026-08-01"))))


@pytest.mark.unit
def test_leaving_averages_over_settings_and_takes_a_plans_factors(authority: Authority) -> None:
    settings = len(authority.history.codes.in_care)
    none = np.ones((2, settings, 5, len(CAUSES)))
    plain = leaving_hazards(authority.rates, none)
    exits = authority.rates.hazards.mean[:, :, :, 1, len(TYPES) :].sum(-1)
    observed, expected = authority.rates.exit_multiplier
    assert (plain[0] >= exits.min(0) * observed / expected - 1e-12).all()
    assert (plain[0] <= exits.max(0) * observed / expected + 1e-12).all()
    doubled = none.copy()
    doubled[1, ..., len(TYPES) :] = 2.0
    assert leaving_hazards(authority.rates, doubled)[1] == pytest.approx(2 * plain[0])


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
