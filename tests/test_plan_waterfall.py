"""A combined plan taken apart: effects that add up, whatever the order, and an interaction that is told."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_world import known_history

from sufficiency.costs import Charges, read_prices
from sufficiency.forecast import forecast_entrants
from sufficiency.plan import Means
from sufficiency.plan.outputs import Output
from sufficiency.plan.waterfall import INTERACTION, INVESTMENT, WHOLE, in_order, shapley, waterfall
from sufficiency.rates import estimate_rates
from sufficiency.scenario import Scenario, read_scenario
from sufficiency.simulation import match_places

LEVERS = (
    "[levers.entries]\nchange = -0.4\nchildren = 'all'\n"
    "[levers.reunification]\nchange = 0.8\n"
    "[levers.placement_stability]\nchange = -0.3\n"
)


@pytest.fixture(scope="module")
def means() -> Means:
    history = known_history(per_day=0.15)
    rates, forecast = estimate_rates(history), forecast_entrants(history, months=12, evaluate=False)
    matched = match_places(history, rates=rates, forecast=forecast, both_forms=False)
    return Means(history, rates, forecast, matched, workers=1)


def _plan(folder: Path, levers: str = LEVERS) -> Scenario:
    path = folder / "combined.toml"
    path.write_text(f'[about]\ntitle = "Combined"\nquestion = "Q?"\n{levers}', encoding="utf-8")
    return read_scenario(path)


@pytest.mark.unit
def test_shapley_values_are_means_over_all_orders() -> None:
    random = np.random.default_rng(4)
    sets = {frozenset(chosen): random.normal(size=5) for size in range(16) for chosen in [_bits(size)]}
    found = shapley(sets, 4)
    orders = list(permutations(range(4)))
    for one in range(4):
        added = [
            sets[frozenset(order[: order.index(one) + 1])] - sets[frozenset(order[: order.index(one)])]
            for order in orders
        ]
        assert found[one] == pytest.approx(np.mean(added, axis=0))
    assert sum(found) == pytest.approx(sets[frozenset(range(4))] - sets[frozenset()])
    assert sum(in_order(sets, 4)) == pytest.approx(sets[frozenset(range(4))] - sets[frozenset()])


def _bits(number: int) -> list[int]:
    return [place for place in range(4) if number >> place & 1]


@pytest.mark.unit
def test_the_glove_game_has_its_textbook_values() -> None:
    # Two hold a left glove, one a right one; a pair is worth 1: Shapley values 1/6, 1/6, 4/6.
    worth = {
        frozenset(chosen): np.array([float(2 in chosen and len(chosen) > 1)])
        for chosen in ([], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2])
    }
    assert np.concatenate(shapley(worth, 3)) == pytest.approx([1 / 6, 1 / 6, 4 / 6])


@pytest.mark.functional
def test_effects_add_up_to_the_plan_and_interaction_is_the_rest(means: Means, tmp_path: Path) -> None:
    found = waterfall(means, _plan(tmp_path), Output("children"), replications=20, years=1)
    table = found.table.set_index("lever")
    assert list(table.index) == ["entries", "reunification", "placement_stability", INTERACTION, WHOLE]
    levers = table.iloc[:3]
    assert found.order_free
    assert levers["effect"].sum() == pytest.approx(table.loc[WHOLE, "effect"])
    assert found.plan - found.baseline == pytest.approx(levers["effect"].sum())
    assert levers["alone"].sum() + table["effect"][INTERACTION] == pytest.approx(levers["effect"].sum())
    # Children who do not come cannot go home sooner: together less than the sum.
    assert (levers.loc[["entries", "reunification"], "alone"] < 0).all()
    assert (levers["low"] <= levers["high"]).all()
    steps = found.steps()
    assert steps["begins"].tolist()[1:-1] == pytest.approx(steps["ends"].tolist()[:-2])
    assert steps["ends"].iloc[-2] == pytest.approx(found.plan)


@pytest.mark.functional
def test_the_order_of_the_file_does_not_matter_unless_it_is_asked_for(means: Means, tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    turned = plan.model_copy(update={"levers": plan.levers[::-1]})
    given: dict[str, Any] = {"replications": 8, "years": 1}
    one, other = (
        waterfall(means, which, Output("moves"), **given).table.set_index("lever") for which in (plan, turned)
    )
    names = ["entries", "reunification", "placement_stability"]
    assert one.loc[names, "effect"].tolist() == pytest.approx(other.loc[names, "effect"].tolist())
    ordered = waterfall(means, plan, Output("moves"), order_free=False, **given)
    first = ordered.table.iloc[0]
    assert not ordered.order_free
    assert first["effect"] == pytest.approx(first["alone"])
    assert ordered.table["effect"].iloc[:3].sum() == pytest.approx(one["effect"][WHOLE])


@pytest.mark.functional
def test_what_a_plan_invests_is_a_step_of_its_own(means: Means, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    names = means.history.codes.all_settings
    rows = [f"{name},2020-01-01,{700 + 70 * at},own,ledger" for at, name in enumerate(names)]
    path.write_text("\n".join(["setting,from,pounds_per_week,status,source", *rows]), encoding="utf-8")
    levers = "[levers.entries]\nchange = -0.4\n[[investment]]\nwhat = 'team'\nper_year = 120_000\n"
    plan = _plan(tmp_path, levers)
    priced = Means(means.history, means.rates, means.forecast, means.matched, Charges(read_prices(path)), workers=1)
    found = waterfall(priced, plan, Output("spend"), replications=6, years=1).table.set_index("lever")
    assert found["effect"][INVESTMENT] == pytest.approx(120_000)
    assert found["effect"]["entries"] + 120_000 == pytest.approx(found["effect"][WHOLE])
    assert found["effect"][INTERACTION] == pytest.approx(0.0)
