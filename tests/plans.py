"""Plans made in the tests, and an authority to try them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.provenance import shipped
from sufficiency.rates import Rates, estimate_rates
from sufficiency.returns import read_returns
from sufficiency.scenario import LEVERS, Lever, Scenario
from sufficiency.scenario.schema import About
from sufficiency.simulation import Matched, Outcome, match_places, supply_of
from sufficiency.simulation.replications import simulate_plans
from sufficiency.tables import CouncilTables, read_council_tables


def lever(name: str, **parameters: Any) -> Lever:
    """A lever with some parameters."""
    return LEVERS[name].model_validate(parameters)


def plan(*levers: Lever, name: str = "plan", starts: int = 0) -> Scenario:
    """A plan of some levers."""
    about = About(title=name, question="What if?", author="", evidence="")
    return Scenario(name=name, about=about, starts=starts, levers=levers, investment=(), text=name)


@dataclass(frozen=True)
class Authority:
    """An authority read and estimated once."""

    history: History
    rates: Rates
    forecast: EntrantForecast
    tables: CouncilTables
    matched: Matched

    def simulate(self, plans: Sequence[Scenario | str], *, replications: int = 20, years: int = 5) -> list[Outcome]:
        """Outcomes of some plans, on one core, of one seed."""
        return simulate_plans(
            self.history,
            plans,
            replications=replications,
            years=years,
            seed=2026,
            rates=self.rates,
            forecast=self.forecast,
            matched=self.matched,
            workers=1,
            journeys=0,
        )


def example_authority() -> Authority:
    """The invented example with its council tables."""
    folder = shipped("example")
    history = build_history(read_returns(folder / "returns"))
    tables = read_council_tables(folder / "returns", folder / "tables", codes=history.codes)
    rates = estimate_rates(history)
    forecast = forecast_entrants(history, months=60, evaluate=False, children=tables.population)
    supply = supply_of(history, tables.capacity, tables.staying_put)
    matched = match_places(history, supply, rates=rates, forecast=forecast, both_forms=False)
    return Authority(history, rates, forecast, tables, matched)


def events(outcome: Outcome, event: str | tuple[str, ...], months: int = 12, **where: Any) -> float:
    """Mean number of some events in the first months, over replications.

    ``where`` chooses by column: a value, or a tuple of values.
    """
    flows = outcome.flows
    last = flows["month"].min() + pd.DateOffset(months=months)
    chosen = flows["event"].isin([event] if isinstance(event, str) else event) & (flows["month"] < last)
    for column, value in where.items():
        chosen &= flows[column].isin(value if isinstance(value, tuple) else (value,))
    return float(flows.loc[chosen, "count"].sum()) / outcome.detailed
