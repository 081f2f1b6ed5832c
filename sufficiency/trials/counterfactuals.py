"""Simulations of what would be forecast if only something were different, with the luck of the forecast itself."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.draws import KeyWords, replication_keys
from sufficiency.scenario.effects import no_effects
from sufficiency.simulation import Outcome
from sufficiency.simulation.blocks import Task, blocks_of
from sufficiency.simulation.reduced import Wanted
from sufficiency.simulation.results import stock_by_month
from sufficiency.simulation.setup import Setup
from sufficiency.simulation.workers import local_workers
from sufficiency.simulation.world import MOST_DAYS, Leavers, Stock
from sufficiency.trials.arrivals import Steady, month_after

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

YEAR = 12
#: A steady world is full when whoever came first has turned 18; it is looked at over the months after that.
_STEADY_YEARS, _FULL_MONTHS = 22, 48
#: Children in the steady world that its entrants are scaled to, so that chance does not decide its level.
_STEADY_CHILDREN = 500.0


@dataclass(frozen=True)
class Counterfactuals:
    """How counterfactuals are simulated, and the days that are told of."""

    baseline: Outcome
    replications: int
    workers: int | None

    @cached_property
    def keys(self) -> list[KeyWords]:
        """Keys of the replications."""
        return replication_keys(self.baseline.seed, range(self.replications))

    @cached_property
    def ends(self) -> Ints:
        """Month ends a year, two years, … after the origin, as far as was simulated."""
        first = month_after(self.baseline.origin)
        last = month_after(self.baseline.last_day)
        return dates.month_start(np.arange(first + YEAR, last + 1, YEAR)) - 1

    @cached_property
    def forecast(self) -> Floats:
        """The baseline itself: shape (replications, ends)."""
        days, counts = stock_by_month(self.baseline)
        at = np.searchsorted(days, self.ends)
        return _in_care(counts[: self.replications, at], self.baseline)

    def simulated(self, setup: Setup) -> Floats:
        """Children in care at the ends: shape (replications, ends)."""
        first = int(dates.month_index(setup.first_day))
        return self.monthly(setup)[:, dates.month_index(self.ends) - first]

    def monthly(self, setup: Setup) -> Floats:
        """Children in care at every month's end: shape (replications, months)."""
        task = Task(setup, self.baseline.seed, Wanted(journeys=0), "compiled")
        pieces = [(task, numbers) for numbers in blocks_of(self.replications)]
        done = local_workers("compiled", self.workers, len(pieces)).run(pieces)
        return _in_care(np.stack([one.stock for block in done for one in block]), self.baseline)

    def steady(self, setup: Setup, expected: Floats) -> float:
        """Children in care of a world in which so many entrants (by group, a month) have come for good."""
        today = max(len(setup.stock.key), 1)
        # A small authority's steady world is made larger, so that its level is no matter of chance; nothing is limited.
        times = max(_STEADY_CHILDREN / today, 1.0)
        days = min(dates.add_years(setup.first_day, _STEADY_YEARS) - setup.first_day, MOST_DAYS)
        months = dates.calendar_months(setup.first_day, setup.first_day + days - 1)
        world = replace(
            setup,
            stock=Stock(*_nobody(Stock)),
            leavers=Leavers(*_nobody(Leavers)),
            effects=no_effects(months, setup.codes),
            forecast=Steady(setup.forecast.first_month, months, expected * times),
            days=days,
        )
        whole = self.monthly(world)[:, -_FULL_MONTHS - 1 : -1]
        return float(whole.mean() / times)


def _in_care(counts: npt.NDArray[np.integer], outcome: Outcome) -> Floats:
    """Children in care of stock with axes (replications, months, settings, age bands, UASC)."""
    names = outcome.codes.all_settings
    cared = [names.index(name) for name in outcome.codes.in_care]
    return np.asarray(counts[:, :, cared].sum((2, 3, 4)), dtype=np.float64)


def _nobody(kind: type[Stock | Leavers]) -> list[Any]:
    kinds = {"key": np.uint64, "uasc": np.bool_, "home": np.bool_}
    return [np.zeros(0, dtype=kinds.get(own.name, np.int64)) for own in fields(kind)]
