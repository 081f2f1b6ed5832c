"""Every lever that there is changes something: none is read and ignored."""

from __future__ import annotations

from typing import Any

import pytest
from plans import Authority, lever, plan

from sufficiency.costs import cost
from sufficiency.plan import same_results
from sufficiency.scenario import LEVERS
from sufficiency.simulation import Outcome

#: Parameters far from those that change nothing, lever by lever.
ACTING: dict[str, dict[str, Any]] = {
    "entries": {"change": 0.5},
    "population": {"change": 0.5},
    "kinship_first": {"share": 0.5},
    "uasc_arrivals": {"change": 2.0},
    "uasc_threshold": {"child_population": 60_000.0},
    "reunification": {"change": 1.0},
    "permanence": {"change": 1.0},
    "adoption": {"change": 1.0},
    "special_guardianship": {"change": 1.0},
    "placement_stability": {"change": -0.5},
    "step_up": {"change": 1.0},
    "supported_accommodation": {"change": 1.0},
    "hazard_multiplier": {"change": 2.0, "cause": "returned_home"},
    "recruit_foster_carers": {"households_per_year": 40.0},
    "retain_foster_carers": {"change": 0.2},
    "transfer_agency_carers": {"households_per_year": 20.0},
    "new_childrens_home": {"beds": 12, "ramp_months": 0},
    "home_closure": {"beds": 6},
    "market_limit": {"places": 40},
    "supported_lodgings": {"places": 20, "change": 2.0},
    "step_across": {"eligible_share": 0.8},
    "step_down_from_residential": {"eligible_share": 0.8},
    "wait_for_first_choice": {"share": 1.0},
    "staying_put": {"change": 0.3},
    "staying_put_length": {"change": 0.3},
    "staying_close": {"young_people": 10},
    "fee_inflation": {"change": 0.1},
    "block_contract": {"places": 10, "pounds_per_week": 3000.0},
}
MONEY_ALONE = {"staying_close", "fee_inflation", "block_contract"}


@pytest.fixture(scope="module")
def baseline(authority: Authority) -> Outcome:
    return authority.simulate(["baseline"], replications=4, years=3)[0]


def _pounds(authority: Authority, outcome: Outcome) -> float:
    assert authority.tables.prices is not None
    return float(cost(outcome, authority.tables.prices)["pounds"].sum())


@pytest.mark.unit
def test_each_lever_is_tried() -> None:
    assert set(ACTING) == set(LEVERS)


@pytest.mark.functional
@pytest.mark.parametrize("name", list(LEVERS))
def test_no_lever_is_read_and_ignored(authority: Authority, baseline: Outcome, name: str) -> None:
    levers = [lever(name, **ACTING[name])]
    against = baseline
    if name == "wait_for_first_choice":
        # Somebody must have had to do without.
        short = lever("market_limit", places=20)
        levers.append(short)
        against = authority.simulate([plan(short)], replications=4, years=3)[0]
    changed = authority.simulate([plan(*levers)], replications=4, years=3)[0]
    assert same_results(changed, against) == (name in MONEY_ALONE)
    assert _pounds(authority, changed) != _pounds(authority, against)


@pytest.mark.functional
@pytest.mark.parametrize("name", [name for name, one in LEVERS.items() if not one.throughout])
def test_a_lever_acts_from_its_start_and_not_before(authority: Authority, baseline: Outcome, name: str) -> None:
    late = plan(lever(name, **ACTING[name], starts=12))
    changed = authority.simulate([late], replications=4, years=3)[0]
    before = [outcome.nights[:, :12] for outcome in (baseline, changed)]
    assert (before[0] == before[1]).all()
    money = changed.scenario.effects(changed.origin + 1, 36, changed.codes).money
    assert (money.fees[:12] == 1).all()
    assert all(one.first_month >= 12 for one in money.fixed)
