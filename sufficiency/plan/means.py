"""With what plans are simulated again and again: the authority, estimated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sufficiency import dates
from sufficiency.costs import Charges, charges_of
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History
from sufficiency.rates import Rates, estimate_rates
from sufficiency.scenario import Scenario
from sufficiency.simulation import Matched, Outcome, Supply, match_places, supply_of
from sufficiency.simulation.engines import EngineName
from sufficiency.simulation.kept import Kept
from sufficiency.simulation.precision import Precision
from sufficiency.simulation.replications import DEFAULT_SEED, simulate_plans
from sufficiency.simulation.setup import Parameters
from sufficiency.simulation.workers import Workers
from sufficiency.tables import CouncilTables, Prices


@dataclass(frozen=True)
class Means:
    """An authority with everything that does not depend on a plan.

    Attributes
    ----------
    matched
        Places and matching before any plan.
    charges
        What the council pays by; None where pounds are not asked for.
    kept
        Where finished blocks of companion runs are kept, if anywhere.
    """

    history: History
    rates: Rates
    forecast: EntrantForecast
    matched: Matched
    charges: Charges | None = None
    workers: int | Workers | None = None
    engine_name: EngineName = "compiled"
    kept: Kept | None = None
    progress: bool = False

    def __repr__(self) -> str:
        return f"Means({self.history!r})"

    @property
    def prices(self) -> Prices | None:
        """The council's prices."""
        return None if self.charges is None else self.charges.prices

    def simulate(
        self,
        plans: Sequence[Scenario],
        *,
        replications: int,
        years: int,
        seed: int = DEFAULT_SEED,
        supply: Supply | None = None,
        watched: Sequence[str] = (),
        unlimited: str | None = None,
        kept: Kept | None = None,
        journeys: int = 0,
        parameters: Parameters = "draw",
        precision: Precision | None = None,
    ) -> list[Outcome]:
        """The outcomes of some plans; ``supply`` is the authority's before them, if not its own."""
        matched = self.matched if supply is None else replace(self.matched, supply=supply)
        return simulate_plans(
            self.history,
            plans,
            replications=replications,
            precision=precision,
            seed=seed,
            years=years,
            workers=self.workers,
            rates=self.rates,
            forecast=self.forecast,
            matched=matched,
            engine_name=self.engine_name,
            journeys=journeys,
            parameters=parameters,
            kept=kept,
            progress=self.progress,
            watched=watched,
            unlimited=unlimited,
        )


def estimate_means(
    history: History,
    tables: CouncilTables,
    *,
    years: int,
    both_forms: bool = True,
    evaluate: bool = False,
    workers: int | Workers | None = None,
    engine_name: EngineName = "compiled",
    mark: Callable[[str], None] = lambda _: None,
) -> Means:
    """Everything that does not depend on a plan, from an authority's history and tables.

    Parameters
    ----------
    years
        How far ahead entrants are forecast.
    both_forms
        As in :func:`~sufficiency.simulation.match_places`.
    evaluate
        As in :func:`~sufficiency.forecast.forecast_entrants`.
    mark
        Told the name of each part when it is done.
    """
    rates = estimate_rates(history)
    months = dates.months_ahead(history.origin, years)
    forecast = forecast_entrants(history, months=months, evaluate=evaluate, children=tables.population)
    mark("history and rates")
    supply = supply_of(history, tables.capacity, tables.staying_put)
    matched = match_places(history, supply, rates=rates, forecast=forecast, both_forms=both_forms)
    mark("matching")
    charges = charges_of(tables)
    return Means(history, rates, forecast, matched, charges, workers=workers, engine_name=engine_name)
