"""One money of an outcome: a run, a search, a sensitivity and a comparison tell the same pounds of the same futures."""

from __future__ import annotations

import numpy as np
import pytest
from money_world import tables_of
from small_world import known_history

from sufficiency import dates
from sufficiency.costs import Charges, charges_of, cost, count_money, gross
from sufficiency.forecast import forecast_entrants
from sufficiency.plan import Means
from sufficiency.plan.knobs import read_knob
from sufficiency.plan.outputs import Output
from sufficiency.plan.sensitivity import Factor, simulated
from sufficiency.plan.solve import solve
from sufficiency.plan.targets import read_target
from sufficiency.rates import estimate_rates
from sufficiency.scenario import read_scenario
from sufficiency.simulation import Matched, Outcome, supply_of
from sufficiency.tables import CouncilTables

SEED, REPLICATIONS = 11, 4
BASELINE = read_scenario("baseline")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> CouncilTables:
    """Prices with a list, the council's fixed costs, and income by the night."""
    names = known_history(per_day=0.15).codes.all_settings
    return tables_of(
        tmp_path_factory.mktemp("tables"),
        prices="\n".join(f"{name},2010-01-01,{700 + 70 * at},own" for at, name in enumerate(names)),
        price_list="setting,from,pounds_per_week,status\n"
        + "\n".join(f"agency_fostering,2010-01-01,{pounds},own" for pounds in (600, 700, 900, 1_500, 4_000)),
        fixed_costs="what,setting,from,to,pounds_per_year\nTeam,,2010-04-01,,120000\n"
        "Supervision,agency_fostering,2010-04-01,,24000",
        income="what,from,pounds_per_night,uasc\nGrant,2010-04-01,143,",
    )


@pytest.fixture(scope="module")
def means(tables: CouncilTables) -> Means:
    history = known_history(per_day=0.15)
    rates, forecast = estimate_rates(history), forecast_entrants(history, months=13, evaluate=False)
    return Means(history, rates, forecast, Matched(supply_of(history)), charges_of(tables), workers=1)


@pytest.fixture(scope="module")
def outcome(means: Means) -> Outcome:
    (found,) = means.simulate([BASELINE], replications=REPLICATIONS, years=1, seed=SEED)
    return found


@pytest.mark.unit
def test_without_prices_there_is_nothing_to_pay_by(tables: CouncilTables) -> None:
    assert charges_of(CouncilTables()) is None
    assert repr(charges_of(tables)) == "Charges(prices, fixed costs, income)"
    assert tables.prices is not None
    assert repr(Charges(tables.prices)) == "Charges(prices)"


@pytest.mark.functional
def test_a_search_and_a_sensitivity_spend_what_a_run_spends(
    means: Means, tables: CouncilTables, outcome: Outcome
) -> None:
    paid = count_money(means.history, {"baseline": outcome}, tables).spend["baseline"]
    assert set(paid["kind"]) == {"placement", "fixed", "income"}
    year = dates.financial_year(outcome.origin + 1)
    by_run = gross(paid)[gross(paid)["financial_year"] == year].groupby("replication")["pounds"].sum().to_numpy()
    spend, net = (Output(name, None, int(dates.month_index(outcome.origin + 1))) for name in ("spend", "net_spend"))
    assert spend.values(outcome, means.charges) == pytest.approx(by_run)
    whole = paid[paid["financial_year"] == year].groupby("replication")["pounds"].sum().to_numpy()
    assert net.values(outcome, means.charges) == pytest.approx(whole)
    assert (whole < by_run).all()
    # Fixed costs of the year are in it: placements alone are less by a known sum.
    assert tables.prices is not None
    alone = cost(outcome, tables.prices)
    placed = alone[alone["financial_year"] == year].groupby("replication")["pounds"].sum().to_numpy()
    assert by_run - placed == pytest.approx(144_000 * _months_of(outcome, year) / 12)
    mine = Output("spend", "agency_fostering", spend.month).values(outcome, means.charges)
    own = gross(paid)[(gross(paid)["financial_year"] == year) & (gross(paid)["setting"] == "agency_fostering")]
    assert mine == pytest.approx(own.groupby("replication")["pounds"].sum().to_numpy())

    model = simulated(
        means, BASELINE, [Factor("prices", 0.9, 1.1)], spend, replications=REPLICATIONS, years=1, seed=SEED
    )
    assert float(model(np.array([[1.0]]))[0]) == pytest.approx(by_run.mean())
    # A tenth on prices is a tenth on placements, and nothing on fixed costs.
    assert float(model(np.array([[1.1]]))[0]) == pytest.approx(by_run.mean() + 0.1 * placed.mean())


def _months_of(outcome: Outcome, year: str) -> int:
    first = int(dates.month_index(outcome.origin + 1))
    months = dates.month_start(first + np.arange(outcome.nights.shape[1]))
    return int((dates.financial_years(months) == year).sum())


@pytest.mark.functional
def test_the_cheapest_mix_is_that_of_net_spend(means: Means, tables: CouncilTables) -> None:
    knobs = [read_knob("entries.change", low=-0.2, high=0.0), read_knob("placement_stability.change", low=-0.2, high=0)]
    target = read_target("children <= 100000 with 0.5", means.history.codes)
    found = solve(means, knobs, [target], plan=BASELINE, replications=REPLICATIONS, seed=SEED)
    (outcome,) = means.simulate([BASELINE], replications=REPLICATIONS, years=1, seed=SEED)
    paid = count_money(means.history, {"baseline": outcome}, tables).spend["baseline"]
    assert found.already
    assert found.tried["cost"].iloc[0] == pytest.approx(paid["pounds"].sum() / REPLICATIONS)
