"""What must hold in every simulated life: conservation, ages, order, and the tables adding up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import CODES, FIRST_DAY, PLAIN, SETTINGS, children, entrants, run, world

from sufficiency import dates
from sufficiency.codes import CAUSES
from sufficiency.history.stock import (
    NONE,
    OPENINGS,
    Spells,
    child_days_table,
    events,
    flow_table,
    stock_at,
    stock_table,
)
from sufficiency.simulation import World


def small(days: int, first_day: int, **other: Any) -> World:
    return world(days=days, first_day=first_day, arriving=entrants(days, 0.08, first_day=first_day), **other)


WORLDS = st.builds(
    small,
    days=st.integers(1, 600),
    first_day=st.integers(FIRST_DAY - 60, FIRST_DAY + 800),
    rates=st.fixed_dictionaries({pair: st.floats(0.0, 0.02) for pair in PLAIN}),
    re_entry=st.floats(0.0, 0.01),
    in_house=st.floats(0.0, 1.0),
)


def _opening(given: World, spells: Spells) -> int:
    return int(stock_at(spells, [given.first_day - 1], len(CODES.all_settings)).sum())


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**62))
def test_opening_stock_and_flows_give_the_stock_of_every_day(data: st.DataObject, seed: int) -> None:
    base = data.draw(WORLDS)
    count = data.draw(st.integers(0, 25))
    age = data.draw(st.integers(30, 17 * 365))
    stock = children(count, setting="agency_fostering", age_days=age, first_day=base.first_day)
    arriving = entrants(base.days, data.draw(st.floats(0, 0.1)), first_day=base.first_day)
    given = World(**{**base.__dict__, "stock": stock, "entrants": arriving})
    spells = run(given, seed=seed)
    days = np.arange(given.first_day, given.last_day + 1)
    daily = stock_at(spells, days, len(CODES.all_settings)).sum((1, 2, 3))
    found = events(spells, given.first_day, given.last_day)
    came = np.bincount(found.day[found.event < OPENINGS.index("move")] - given.first_day, minlength=given.days)
    went = np.bincount(found.day[found.event == 3] - given.first_day, minlength=given.days)
    assert _opening(given, spells) == count
    assert np.array_equal(count + np.cumsum(came - went), daily)


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(base=WORLDS, seed=st.integers(0, 2**62))
def test_nobody_is_in_care_on_or_after_the_18th_birthday(base: World, seed: int) -> None:
    stock = children(20, setting="supported_accommodation", age_days=17 * 365 + 200, first_day=base.first_day)
    spells = run(World(**{**base.__dict__, "stock": stock}), seed=seed)
    adult = dates.birthday(spells.dob, dates.ADULT)
    left = np.where(spells.end == dates.OPEN, base.last_day + 1, spells.end)
    assert (left <= np.maximum(adult, base.last_day + 1)).all()
    assert (spells.end[spells.end != dates.OPEN] <= adult[spells.end != dates.OPEN]).all()
    assert ((spells.end != dates.OPEN) | (adult > base.last_day)).all()
    assert (spells.start < adult).all()


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(base=WORLDS, seed=st.integers(0, 2**62))
def test_placements_of_a_child_follow_each_other(base: World, seed: int) -> None:
    spells = run(base, seed=seed)
    same = spells.child[1:] == spells.child[:-1]
    moved = spells.opening[1:] == OPENINGS.index("move")
    assert (spells.end > spells.start).all()
    assert (spells.start[1:][same & moved] == spells.end[:-1][same & moved]).all()
    assert (spells.start[1:][same & ~moved] > spells.end[:-1][same & ~moved]).all()
    assert (spells.closing[spells.end == dates.OPEN] == NONE).all()


@pytest.mark.unit
def test_tables_add_up_to_the_same_children() -> None:
    given = world(days=400)
    spells = run(given)
    cuts = dates.month_edges(given.first_day, given.last_day)
    stock = stock_table(spells, cuts[1:] - 1, CODES)
    days = child_days_table(spells, cuts, CODES)
    flows = flow_table(spells, given.first_day, given.last_day, CODES)
    daily = stock_at(spells, np.arange(given.first_day, given.last_day + 1), len(CODES.all_settings))
    assert days["child_days"].sum() == daily.sum()
    ends = pd.Series(daily.sum((1, 2, 3)))[(cuts[1:] - 1 - given.first_day).tolist()]
    assert stock.groupby("month_end")["children"].sum().tolist() == ends.tolist()
    found = events(spells, given.first_day, given.last_day)
    assert flows["count"].sum() == len(found.day)
    assert flows.loc[flows["event"] == "move", ["from_setting", "to_setting"]].notna().all(axis=None)
    assert flows.loc[flows["event"] == "exit", "reason"].notna().all()


@pytest.mark.unit
def test_a_child_born_on_29_february_leaves_on_1_march() -> None:
    first = dates.day_number("2026-02-01")
    stock = children(1, setting="residential_school", age_days=first - dates.day_number("2008-02-29"), first_day=first)
    given = world(days=60, first_day=first, rates={}, stock=stock, arriving=entrants(60, 0.0, first_day=first))
    assert [str(dates.as_date(day)) for day in run(given).end] == ["2026-03-01"]


@pytest.mark.unit
def test_no_hazard_and_no_entrant_means_that_nothing_happens() -> None:
    stock = children(10, setting="kinship_fostering", age_days=3000)
    spells = run(world(days=300, rates={}, stock=stock, arriving=entrants(300, 0.0)))
    assert (spells.end == dates.OPEN).all()
    assert len(spells.child) == 10


@pytest.mark.unit
def test_the_least_stay_is_a_day_and_a_huge_hazard_takes_it() -> None:
    stock = children(50, setting="secure", age_days=4000)
    spells = run(
        world(days=30, rates={("secure", "returned_home"): 50.0}, stock=stock, arriving=entrants(30, 0.0), re_entry=0.0)
    )
    assert (spells.end == FIRST_DAY).all()


@pytest.mark.unit
def test_multipliers_of_one_change_nothing_and_of_nought_stop_the_cause() -> None:
    ones = np.ones((12, SETTINGS, 5, len(CAUSES)))
    plain, same = run(world()), run(world(multipliers=ones))
    assert all(np.array_equal(getattr(plain, name), getattr(same, name)) for name in Spells.__dataclass_fields__)
    none = ones.copy()
    none[..., CAUSES.index("returned_home")] = 0.0
    stopped = flow_table(run(world(multipliers=none)), FIRST_DAY, FIRST_DAY + 364, CODES)
    assert not (stopped["reason"] == "returned_home").any()
