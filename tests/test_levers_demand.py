"""Levers on who comes, where they go first and how they leave: direction, size, and nothing where nothing is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plans import Authority, events, lever, plan

from sufficiency.draws import replication_keys
from sufficiency.errors import UserError
from sufficiency.plan import same_results
from sufficiency.simulation import Outcome, simulate
from sufficiency.simulation.demand import KINSHIP
from sufficiency.simulation.setup import draw_entrants, prepare

REPLICATIONS = 60
#: Of what is a mean number of few children.
MANY = 200
#: Of events that are rare in four months.
RARE = 600
FOSTERING = ("in_house_fostering", "agency_fostering")
HOMES = ("in_house_home", "external_home")


@pytest.fixture(scope="module")
def baseline(authority: Authority) -> Outcome:
    return authority.simulate(["baseline"], replications=REPLICATIONS)[0]


@pytest.fixture(scope="module")
def many(authority: Authority) -> Outcome:
    return authority.simulate(["baseline"], replications=RARE)[0]


def _run(authority: Authority, name: str, replications: int = REPLICATIONS, **parameters: Any) -> Outcome:
    return authority.simulate([plan(lever(name, **parameters))], replications=replications)[0]


#: A value at which each lever does nothing.
NEUTRAL = [
    ("entries", {"change": 0.0}),
    ("population", {"change": 0.0, "ramp_months": 36}),
    ("kinship_first", {"share": 0.0, "move_share": 0.0}),
    ("uasc_arrivals", {"change": 0.0}),
    ("uasc_threshold", {"reach": 0.0}),
    ("reunification", {"change": 0.0}),
    ("permanence", {"change": 0.0}),
    ("adoption", {"change": 0.0}),
    ("special_guardianship", {"change": 0.0}),
    ("placement_stability", {"change": 0.0}),
    ("step_up", {"change": 0.0}),
    ("supported_accommodation", {"change": 0.0}),
    ("hazard_multiplier", {"change": 0.0}),
    ("fee_inflation", {"change": 0.0}),
    ("block_contract", {"places": 0}),
]


@pytest.mark.functional
@pytest.mark.parametrize(("name", "parameters"), NEUTRAL, ids=[name for name, _ in NEUTRAL])
def test_a_lever_that_asks_for_nothing_gives_the_baseline_number_for_number(
    authority: Authority, name: str, parameters: dict[str, Any]
) -> None:
    base, same = authority.simulate(["baseline", plan(lever(name, **parameters))], replications=6, years=2)
    assert same_results(same, base)
    money = same.scenario.effects(same.origin + 1, 24, same.codes).money
    assert not money.changes_fees
    assert not money.changes_fixed


#: Lever, its parameters, the events it acts on, and what their number is multiplied by.
RATES = [
    ("reunification", {"change": 0.5}, "exit", {"reason": "returned_home"}, 1.5),
    ("adoption", {"change": -1.0}, "exit", {"reason": "adopted"}, 0.0),
    ("adoption", {"change": 1.0}, "move", {"to_setting": "placed_for_adoption"}, 2.0),
    ("special_guardianship", {"change": 0.5}, "exit", {"reason": "special_guardianship"}, 1.5),
    ("permanence", {"change": 0.5}, "exit", {"reason": "special_guardianship"}, 1.5),
    ("placement_stability", {"change": -0.5}, "move", {"to_setting": (*FOSTERING, *HOMES)}, 0.5),
    ("step_up", {"change": -0.5}, "move", {"from_setting": FOSTERING, "to_setting": HOMES}, 0.5),
    ("supported_accommodation", {"change": 0.5}, "move", {"to_setting": "supported_accommodation"}, 1.5),
    (
        "hazard_multiplier",
        {"change": 1.0, "cause": "independent_living"},
        "exit",
        {"reason": "independent_living"},
        2.0,
    ),
]


@pytest.mark.functional
@pytest.mark.parametrize(("name", "parameters", "event", "where", "times"), RATES, ids=[row[0] for row in RATES])
def test_a_rate_times_so_much_gives_so_many_times_the_events(
    authority: Authority,
    many: Outcome,
    name: str,
    parameters: dict[str, Any],
    event: str,
    where: dict[str, Any],
    times: float,
) -> None:
    changed = _run(authority, name, RARE, **parameters)
    before, after = (events(outcome, event, months=4, **where) for outcome in (many, changed))
    # In four months few have left of those at risk; chance is that of the replications.
    assert after == pytest.approx(times * before, rel=0.12)


@pytest.mark.functional
def test_adoption_leaves_special_guardianship_and_step_up_leaves_other_moves_as_they_are(
    authority: Authority, baseline: Outcome
) -> None:
    adopted, stepped = _run(authority, "adoption", change=1.0), _run(authority, "step_up", change=-0.9)
    before, after = (events(outcome, "exit", 4, reason="special_guardianship") for outcome in (baseline, adopted))
    assert after == pytest.approx(before, rel=0.05)
    before, after = (
        events(outcome, "move", 4, from_setting=FOSTERING, to_setting=FOSTERING) for outcome in (baseline, stepped)
    )
    assert after == pytest.approx(before, rel=0.05)


@pytest.mark.functional
@pytest.mark.parametrize(
    ("name", "parameters", "others", "seeking"),
    [
        ("entries", {"change": -0.5}, 0.5, 1.0),
        ("entries", {"change": 0.2, "children": "all"}, 1.2, 1.2),
        ("population", {"change": 0.2}, 1.2, 1.0),
        ("uasc_arrivals", {"change": 1.0}, 1.0, 2.0),
        ("uasc_arrivals", {"change": -1.0}, 1.0, 0.0),
    ],
)
def test_entries_times_so_much_of_those_meant_and_of_nobody_else(
    authority: Authority, baseline: Outcome, name: str, parameters: dict[str, Any], others: float, seeking: float
) -> None:
    changed = _run(authority, name, **parameters)
    for uasc, times in ((False, others), (True, seeking)):
        before, after = (events(outcome, "entry", 60, uasc=uasc) for outcome in (baseline, changed))
        assert after == pytest.approx(times * before, rel=0.03 if times != 1.0 else 1e-12)


@pytest.mark.functional
def test_growth_of_the_child_population_comes_step_by_step(authority: Authority, baseline: Outcome) -> None:
    changed = _run(authority, "population", change=0.5, ramp_months=60, ages=("10 to 15",))
    for months, times in ((12, 1 + 0.5 * 6.5 / 60), (60, 1 + 0.5 * 30.5 / 60)):
        before, after = (
            events(outcome, "entry", months, uasc=False, age_band="10 to 15") for outcome in (baseline, changed)
        )
        assert after == pytest.approx(times * before, rel=0.03)
    same = [events(outcome, "entry", 60, age_band="5 to 9") for outcome in (baseline, changed)]
    assert same[0] == same[1]


@pytest.mark.functional
def test_relatives_come_first_and_nobody_is_lost(authority: Authority, baseline: Outcome) -> None:
    changed = _run(authority, "kinship_first", share=0.3, move_share=0.0)
    entered = {
        outcome.scenario.name: [
            events(outcome, "entry", 60, uasc=False, to_setting=where)
            for where in (FOSTERING, "kinship_fostering", HOMES)
        ]
        for outcome in (baseline, changed)
    }
    fostered, kin, homes = entered["baseline"]
    fewer, more, same = entered["plan"]
    # Arrivals for fostering that find no place go to homes: a few less when fewer come for fostering.
    assert fewer == pytest.approx(0.7 * fostered, rel=0.03)
    assert more - kin == pytest.approx(0.3 * fostered, rel=0.05)
    assert same == pytest.approx(homes, rel=0.03)
    assert events(changed, "entry", 60) == events(baseline, "entry", 60)


@pytest.mark.functional
def test_moves_to_fostering_become_moves_to_relatives(authority: Authority, baseline: Outcome) -> None:
    changed = _run(authority, "kinship_first", share=0.0, move_share=0.3)
    moves = [
        [events(outcome, "move", 6, to_setting=where) for where in (FOSTERING, "kinship_fostering")]
        for outcome in (baseline, changed)
    ]
    (fostered, kin), (fewer, more) = moves
    assert fewer == pytest.approx(0.7 * fostered, rel=0.05)
    assert fewer + more == pytest.approx(fostered + kin, rel=0.04)
    assert events(changed, "entry", 60) == events(baseline, "entry", 60)


def _seeking(outcome: Outcome) -> Any:
    """Mean number of children seeking asylum in care at each month end."""
    stock = outcome.stock
    in_care = stock["uasc"] & stock["setting"].isin(outcome.codes.in_care)
    return stock[in_care].groupby("month_end")["children"].sum().to_numpy() / outcome.replications


@pytest.mark.functional
@pytest.mark.parametrize(
    ("parameters", "target"),
    [
        ({"child_population": 40_000.0}, 40.0),
        ({"child_population": 40_000.0, "starts": 9, "ramp_months": 15}, 40.0),
        ({"child_population": 10_000.0, "ramp_months": 18}, 10.0),
    ],
)
def test_children_seeking_asylum_are_held_at_the_threshold(
    authority: Authority, parameters: dict[str, Any], target: float
) -> None:
    held = _seeking(_run(authority, "uasc_threshold", MANY, **parameters))
    assert held[24:].mean() == pytest.approx(target, rel=0.02)
    assert np.abs(held[24:] / target - 1).max() < 0.08


@pytest.mark.functional
def test_the_threshold_goes_by_the_councils_own_population_and_half_way_if_asked(
    authority: Authority, baseline: Outcome
) -> None:
    own = _seeking(_run(authority, "uasc_threshold", MANY))
    half = _seeking(_run(authority, "uasc_threshold", MANY, reach=0.5))
    assert authority.tables.population is not None
    wanted = 0.001 * list(authority.tables.population.values())[-1]
    assert own[24:].mean() == pytest.approx(wanted, rel=0.02)
    between = (own[24:].mean() + _seeking(baseline)[24:].mean()) / 2
    assert half[24:].mean() == pytest.approx(between, rel=0.05)


@pytest.mark.functional
def test_a_threshold_below_todays_number_lets_nobody_in_until_enough_have_left(authority: Authority) -> None:
    changed = _run(authority, "uasc_threshold", child_population=100.0, ramp_months=0)
    assert events(changed, "entry", 12, uasc=True) < 0.5
    assert _seeking(changed)[-1] < 2.0


@pytest.mark.unit
def test_a_threshold_needs_the_child_population(authority: Authority) -> None:
    nobody = replace(authority, forecast=replace(authority.forecast, area=None))
    said = "plan: Lever uasc_threshold needs the child population: give child_population there, or population.csv"
    with pytest.raises(UserError, match=said):
        nobody.simulate([plan(lever("uasc_threshold"))], replications=1)
    nobody.simulate([plan(lever("uasc_threshold", child_population=50_000.0))], replications=1)


@pytest.mark.unit
def test_a_larger_share_of_kin_moves_the_same_children_and_others(authority: Authority) -> None:
    chosen: dict[float, set[int]] = {}
    for share in (0.0, 0.2, 0.5):
        effects = plan(lever("kinship_first", share=share)).effects(
            authority.history.origin + 1, 60, authority.history.codes
        )
        setup = prepare(authority.history, authority.rates, authority.forecast, effects, days=1826)
        keys = replication_keys(1, range(2))
        everybody, ends = draw_entrants(setup, keys, setup.forecast.counts(keys))
        own = everybody[:, : ends[0]]
        chosen[share] = set(own[0, own[4] == KINSHIP].tolist())
    assert chosen[0.0] < chosen[0.2] < chosen[0.5]


EVERYTHING = (
    lever("entries", change=0.3, ages=("0", "10 to 15"), starts=2),
    lever("population", change=0.1, ramp_months=6),
    lever("kinship_first", share=0.3, move_share=0.2, starts=1),
    lever("uasc_arrivals", change=-0.5),
    lever("uasc_threshold", child_population=30_000.0, ramp_months=6),
    lever("reunification", change=0.5),
    lever("step_up", change=-0.5, ramp_months=3),
)


@pytest.mark.functional
def test_both_engines_give_the_same_numbers_under_a_plan_of_many_levers(authority: Authority) -> None:
    many = plan(*EVERYTHING)
    compiled, reference = (
        simulate(
            authority.history,
            many,
            replications=2,
            years=1,
            rates=authority.rates,
            forecast=authority.forecast,
            matched=authority.matched,
            engine_name=name,
            workers=1,
            journeys=0,
        )
        for name in ("compiled", "reference")
    )
    assert same_results(compiled, reference)


@pytest.mark.functional
def test_a_replication_of_a_plan_does_not_depend_on_how_many_are_run(authority: Authority) -> None:
    few, many = (authority.simulate([plan(*EVERYTHING)], replications=number, years=2)[0] for number in (3, 25))
    assert np.array_equal(few.nights, many.nights[:3])
