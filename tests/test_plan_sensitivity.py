"""Which assumption moves the answer: on a function whose indices are known, and on a world whose answer is plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from small_world import known_history

from sufficiency.costs import Charges, read_prices
from sufficiency.errors import UserError
from sufficiency.forecast import forecast_entrants
from sufficiency.plan import Means
from sufficiency.plan.knobs import read_knob
from sufficiency.plan.outputs import Output
from sufficiency.plan.sensitivity import (
    GLOBAL_COLUMNS,
    TORNADO_COLUMNS,
    Factor,
    global_indices,
    lever_factor,
    simulated,
    tornado,
)
from sufficiency.rates import estimate_rates
from sufficiency.scenario import read_scenario
from sufficiency.simulation import match_places

Floats = npt.NDArray[np.float64]
BASELINE = read_scenario("baseline")


def _ishigami(x: Floats) -> Floats:
    return np.asarray(np.sin(x[0]) + 7.0 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0]))


@pytest.mark.validation
def test_indices_of_ishigamis_function_are_those_of_its_formula() -> None:
    factors = [Factor("entries", -np.pi, np.pi, 0.0) for _ in range(3)]
    found = global_indices(_ishigami, factors, power=12)
    assert tuple(found.columns) == GLOBAL_COLUMNS
    # Ishigami and Homma (1990), a = 7, b = 0.1.
    assert found["first_order"].to_numpy() == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert found["total"].to_numpy() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    assert ((found["first_low"] <= found["first_order"]) & (found["first_order"] <= found["first_high"])).all()
    assert ((found["total_low"] <= found["total"]) & (found["total"] <= found["total_high"])).all()
    same = global_indices(_ishigami, factors, power=12)
    assert same.equals(found)
    assert not global_indices(_ishigami, factors, power=12, seed=7).equals(found)


@pytest.mark.unit
def test_a_sum_shares_its_variance_by_the_squares_of_its_weights() -> None:
    factors = [Factor("entries", 0.0, 1.0, 0.5) for _ in range(3)]
    found = global_indices(lambda x: 3 * x[0] + 4 * x[1] + 0 * x[2], factors, power=9)
    assert found["total"].to_numpy() == pytest.approx([9 / 25, 16 / 25, 0.0], abs=0.02)
    still = global_indices(lambda x: 0 * x[0] + 5.0, factors, power=4)
    assert still[["first_order", "total", "first_low", "total_high"]].isna().all(axis=None)


@pytest.mark.unit
def test_a_tornado_turns_one_input_at_a_time() -> None:
    factors = [Factor("entries", 0.0, 2.0, 1.0), Factor("exits", -1.0, 3.0, 1.0), Factor("moves", 0.0, 1.0, 1.0)]
    found = tornado(lambda x: x[0] + 10 * (x[1] - 1) ** 2 + 0 * x[2], factors)
    assert tuple(found.columns) == TORNADO_COLUMNS
    assert found["input"].tolist() == ["exits", "entries", "moves"]
    assert found["swing"].tolist() == [40.0, 2.0, 0.0]
    # Both ends may lie on one side of the reference.
    assert found[["at_low", "at_high", "reference"]].to_numpy()[0].tolist() == [41.0, 41.0, 1.0]


@pytest.fixture(scope="module")
def means(tmp_path_factory: pytest.TempPathFactory) -> Means:
    history = known_history(per_day=0.15)
    rates, forecast = estimate_rates(history), forecast_entrants(history, months=12, evaluate=False)
    matched = match_places(history, rates=rates, forecast=forecast, both_forms=False)
    path = tmp_path_factory.mktemp("prices") / "prices.csv"
    rows = [f"{name},2020-01-01,1000,own,ledger" for name in history.codes.all_settings]
    path.write_text("\n".join(["setting,from,pounds_per_week,status,source", *rows]), encoding="utf-8")
    return Means(history, rates, forecast, matched, Charges(read_prices(path)), workers=1)


@pytest.mark.functional
def test_entries_move_children_and_prices_do_not_but_prices_move_spend(means: Means) -> None:
    knob = read_knob("placement_stability.change", low=-0.3, high=0.3)
    factors = [
        Factor("entries", 0.5, 1.5),
        Factor("exits", 0.8, 1.2),
        Factor("prices", 0.9, 1.1),
        Factor("prices", 0.9, 1.1, setting="secure"),
        lever_factor(knob, BASELINE),
    ]
    given: dict[str, Any] = {"replications": 10, "years": 1}
    children = tornado(simulated(means, BASELINE, factors, Output("children"), **given), factors).set_index("input")
    assert children.index[0] == "entries"
    assert children["at_low"]["entries"] < children["reference"]["entries"] < children["at_high"]["entries"]
    assert children["at_low"]["exits"] > children["at_high"]["exits"]
    assert children["swing"]["prices"] == 0.0
    assert children["swing"].is_monotonic_decreasing
    spend = tornado(simulated(means, BASELINE, factors, Output("spend"), **given), factors).set_index("input")
    assert spend["at_high"]["prices"] == pytest.approx(1.1 * spend["reference"]["prices"])
    assert 0 <= spend["swing"]["prices of secure"] < spend["swing"]["prices"]


@pytest.mark.functional
def test_the_plans_own_value_is_the_reference(means: Means, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('[about]\ntitle = "T"\nquestion = "Q?"\n[levers.entries]\nchange = -0.2\n', encoding="utf-8")
    plan = read_scenario(path)
    factor = lever_factor(read_knob("entries.change", low=-0.4, high=0.0), plan)
    assert factor.reference == -0.2
    model = simulated(means, plan, [factor], Output("children"), replications=8, years=1)
    (outcome,) = means.simulate([plan], replications=8, years=1)
    assert model(np.array([[-0.2]]))[0] == pytest.approx(Output("children").values(outcome).mean())
    upper = simulated(means, plan, [factor], Output("children"), replications=8, years=1, sure=0.9)
    assert upper(np.array([[-0.2]]))[0] == pytest.approx(np.quantile(Output("children").values(outcome), 0.9))


@pytest.mark.functional
def test_of_two_inputs_the_one_that_matters_has_the_variance(means: Means) -> None:
    factors = [Factor("entries", 0.5, 1.5), Factor("moves", 0.99, 1.01)]
    model = simulated(means, BASELINE, factors, Output("children"), replications=4, years=1)
    found = global_indices(model, factors, power=4).set_index("input")
    assert found["total"]["entries"] > 0.9
    assert found["total"]["moves"] < 0.1


@pytest.mark.unit
def test_prices_cannot_be_varied_without_any(means: Means) -> None:
    poor = Means(means.history, means.rates, means.forecast, means.matched)
    with pytest.raises(UserError, match="prices"):
        simulated(poor, BASELINE, [Factor("prices", 0.9, 1.1)], Output("children"))
