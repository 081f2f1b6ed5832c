"""Whatever a plan does to places: tables that an engine can read, children who add up, and engines that agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from levers_world import AGENCY, BASE, FIRST, HOUSE, MONTHS, OTHER_HOME, OWN_HOME, SUPPORTED, planned_by, supply
from places_world import LIMITS, random_world
from simulation_audit import audit
from small_world import CODES, world

from sufficiency import dates
from sufficiency.codes import TYPES
from sufficiency.draws import KeyWords, entrant_key, replication_key
from sufficiency.scenario import LEVERS, Lever
from sufficiency.scenario.effects import no_effects
from sufficiency.simulation import World
from sufficiency.simulation.counted import Counted
from sufficiency.simulation.engines import engine
from sufficiency.simulation.planned import ENDLESS
from sufficiency.simulation.register import Simulated
from sufficiency.simulation.supply import PlaceDraws, Supply
from sufficiency.simulation.world import Entrants
from sufficiency.trials.exact import queue

SHARES = st.floats(0.0, 1.0)
DATED = {"starts": st.integers(0, 40), "ramp_months": st.integers(0, 12), "months": st.none() | st.integers(1, 30)}
#: Parameters of each lever beside its dates.
PARAMETERS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "recruit_foster_carers": {"households_per_year": st.floats(0, 60), "share_not_available": st.floats(0, 0.9)},
    "retain_foster_carers": {"loss_per_year": st.floats(0, 0.6), "change": st.floats(-0.6, 0.3)},
    "transfer_agency_carers": {"households_per_year": st.floats(0, 40), "children_per_household": st.floats(0, 4)},
    "new_childrens_home": {"beds": st.integers(0, 20), "kept_empty": st.floats(0, 0.9)},
    "home_closure": {"beds": st.integers(0, 30), "setting": st.sampled_from([OWN_HOME, OTHER_HOME])},
    "market_limit": {
        "settings": st.lists(st.sampled_from([AGENCY, OTHER_HOME, SUPPORTED]), min_size=1, max_size=3),
        "places": st.none() | st.integers(0, 80),
    },
    "supported_lodgings": {"places": st.integers(0, 20)},
    "step_across": {
        "eligible_share": SHARES,
        "after_days": st.integers(0, 200),
        "settings": st.just([AGENCY, OTHER_HOME]),
    },
    "step_down_from_residential": {"eligible_share": SHARES, "success_share": SHARES},
    "wait_for_first_choice": {"share": SHARES},
    "staying_put": {"change": st.floats(-1, 1)},
    "staying_put_length": {"change": st.floats(-0.6, 0.4)},
}
PLANS = st.fixed_dictionaries(
    {},
    optional={
        name: st.fixed_dictionaries({**own, **({} if LEVERS[name].throughout else DATED)})
        for name, own in PARAMETERS.items()
    },
)
SUPPLIES = st.sampled_from(
    [
        BASE,
        supply([(HOUSE, 20, 3), (OWN_HOME, 0, 0)], one_suits={HOUSE: 1.0}),
        supply([(HOUSE, 15, 15), (AGENCY, 12, 2)], shares={HOUSE: 0.6}),
        supply([("kinship_fostering", 8, 0)]),
    ]
)
KEYS = st.builds(replication_key, st.integers(0, 2**62), st.integers(0, 9))
MOSTLY = st.builds(
    random_world,
    luck=st.integers(0, 2**32),
    first_day=st.just(FIRST),
    days=st.integers(365, 1095),
    children=st.integers(5, 60),
    arriving=st.integers(10, 120),
    per_day=st.floats(0.001, 0.02),
    limited=st.sets(st.sampled_from(LIMITS)),
    all_seventeen=st.booleans(),
    plenty=st.just(value=False),
    multiplied=st.booleans(),
)


def _plan(chosen: dict[str, dict[str, Any]], base: Supply) -> Supply:
    effects = no_effects(MONTHS, CODES)
    for name, parameters in chosen.items():
        lever: Lever = LEVERS[name].model_validate(parameters)
        effects = lever.apply(effects, CODES, 0)
    return planned_by(effects, base)


def _arriving(random: np.random.Generator, per_day: float, days: int) -> Entrants:
    """Children of five who come for fostering, so many a day by Poisson's law."""
    day = FIRST + np.sort(random.integers(0, days, random.poisson(per_day * days)))
    kind = np.full(len(day), TYPES.index("fostering"))
    return Entrants(entrant_key(0, 0, 0, np.arange(len(day))), day, day - 5 * 365, np.zeros(len(day), dtype=bool), kind)


@pytest.mark.functional
def test_places_added_turn_away_as_many_fewer_as_the_exact_chain_says() -> None:
    # Stays of 60 days, a child every fifth day: a load of 12 on 8 places, and on 14 from the second year on.
    days, stay, per_day, replications = 1095, 60, 0.2, 300
    rates = {(name, "returned_home"): 1 / stay for name in (HOUSE, AGENCY)}
    recruiting = {"households_per_year": 36.0, "leave_per_year": 0.0, "share_not_available": 0.0, "months": 1}
    plan = _plan(
        {"recruit_foster_carers": {**recruiting, "pipeline_months": 11}},
        supply([(HOUSE, 8, 0)], one_suits={HOUSE: 1.0}),
    )
    drawn, random, run = PlaceDraws(plan, CODES, FIRST, days), np.random.default_rng(8), engine("compiled")
    held, refused = [], []
    for number in range(replications):
        key = replication_key(4, number)
        empty = world(days=days, first_day=FIRST, rates=rates, re_entry=0.0, arriving=_arriving(random, per_day, days))
        tally = run(replace(empty, places=drawn.draw([key])[0]), key, keep=False).tally
        held.append(tally.occupied_days[:, CODES.in_care.index(HOUSE)])
        refused.append(tally.turned_away[:, CODES.in_care.index(HOUSE)])
    edges = dates.month_edges(FIRST, FIRST + days - 1) - FIRST
    for table, name in ((np.array(held), "held"), (np.array(refused), "refused")):
        for places, months in ((8, slice(6, 12)), (14, slice(20, 36))):
            span = edges[months.stop] - edges[months.start]
            sample = table[:, months].sum(axis=1) / span
            exactly = getattr(queue(places, per_day, 1 / stay, 900, waiting_room=0), name)[-1]
            error = sample.std(ddof=1) / np.sqrt(replications)
            assert abs(sample.mean() - exactly) < 4 * error, (name, places)
            assert error < 0.05 * exactly


def _simulated(counted: Counted) -> Simulated:
    assert counted.spells is not None
    return Simulated(counted.spells, counted.tally)


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(chosen=PLANS, base=SUPPLIES, key=KEYS)
def test_a_plans_places_can_be_read_and_nothing_is_below_none(
    chosen: dict[str, dict[str, Any]], base: Supply, key: KeyWords
) -> None:
    plan = _plan(chosen, base)
    assert (plan.rows["places"] >= 0).all()
    assert (plan.rows["unavailable"] >= 0).all()
    assert (plan.rows["unavailable"] <= plan.rows["places"] + 1e-9).all()
    assert set(base.settings) <= set(plan.settings)
    assert plan.one_suits == base.one_suits
    assert plan.shares == base.shares
    places = PlaceDraws(plan, CODES, FIRST, 1800).draw([key])[0]
    places.check(len(CODES.in_care), FIRST)
    assert places.suits.shape[1] < ENDLESS
    assert (places.change_usable <= ENDLESS + 20).all()
    if not chosen:
        assert plan is base


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(chosen=PLANS, base=SUPPLIES, key=KEYS, town=MOSTLY)
def test_engines_agree_on_random_plans_and_children_add_up(
    chosen: dict[str, dict[str, Any]], base: Supply, key: KeyWords, town: World
) -> None:
    places = PlaceDraws(_plan(chosen, base), CODES, FIRST, town.days).draw([key])[0]
    given_world = replace(town, places=places)
    compiled, reference = (_simulated(engine(name)(given_world, key)) for name in ("compiled", "reference"))
    audit(given_world, compiled)
    for item in compiled.spells.__dataclass_fields__:
        assert np.array_equal(getattr(compiled.spells, item), getattr(reference.spells, item)), item
    for item in compiled.tally.__dataclass_fields__:
        assert np.array_equal(getattr(compiled.tally, item), getattr(reference.tally, item)), item
