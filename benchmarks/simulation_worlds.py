"""The example authority's world, made as large as wanted: its children, entrants and places many times over.

And what the sections of the benchmark share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from sufficiency.draws import entrant_key, replication_key, stock_key
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.provenance import shipped
from sufficiency.rates import Rates, estimate_rates
from sufficiency.returns import read_returns
from sufficiency.scenario import read_scenario
from sufficiency.simulation.places import no_places
from sufficiency.simulation.replications import Matched, match_places
from sufficiency.simulation.setup import Setup, prepare
from sufficiency.simulation.world import Entrants, Leavers, Stayers, Stock, World

SEED = 2026


@dataclass(frozen=True)
class Example:
    """The example authority, read and estimated once."""

    history: History
    rates: Rates
    forecast: EntrantForecast
    matched: Matched

    def setup(self, years: int) -> Setup:
        """What replications of so many years share."""
        first = self.history.origin + 1
        days = round(365.25 * years)
        effects = read_scenario("baseline").effects(first, self.forecast.months, self.history.codes)
        supply = self.matched.supply
        return prepare(self.history, self.rates, self.forecast, effects, days=days, supply=supply)


@dataclass(frozen=True)
class Asked:
    """What is to be measured: children, replications of the longest row, years."""

    example: Example
    sizes: tuple[int, ...]
    replications: int
    years: int
    package_python: str | None = None


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heading, ("---", *("---:",) * (len(heading) - 1)), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of this process, and what came of it."""
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def read_example(years: int) -> Example:
    """Read the example's returns and estimate what a simulation of so many years needs."""
    history = build_history(read_returns(shipped("example") / "returns"))
    rates = estimate_rates(history)
    # A month more: the horizon begins and ends within months.
    forecast = forecast_entrants(history, months=12 * years + 1)
    return Example(history, rates, forecast, match_places(history, rates=rates, forecast=forecast))


def sized(setup: Setup, children: int, replication: int = 0) -> World:
    """The world of one replication, with so many children in care at the origin and everything else in proportion."""
    world = setup.world(replication_key(SEED, replication))
    factor = children / len(world.stock.key)
    stock, left, stays, new = world.stock, world.leavers, world.stayers, world.entrants

    def spread(count: int) -> np.ndarray:
        return np.arange(round(count * factor)) % max(count, 1)

    at, gone, staying, came = (spread(len(group.key)) for group in (stock, left, stays, new))
    ranks = np.cumsum([0, len(at), len(gone), len(staying)])
    at_key, gone_key, staying_key = (stock_key(np.arange(low, high)) for low, high in pairwise(ranks))
    usable = np.round(world.places.change_usable * factor).astype(np.int64)
    return replace(
        world,
        stock=Stock(at_key, *(getattr(stock, name)[at] for name in _fields(Stock))),
        leavers=Leavers(gone_key, *(getattr(left, name)[gone] for name in _fields(Leavers))),
        stayers=Stayers(staying_key, *(getattr(stays, name)[staying] for name in _fields(Stayers))),
        entrants=Entrants(
            entrant_key(0, 0, 0, np.arange(len(came))), *(getattr(new, name)[came] for name in _fields(Entrants))
        ),
        places=replace(world.places, change_usable=usable),
    )


def unlimited(world: World) -> World:
    """The same world with nothing limited and nobody staying on at 18."""
    none = np.zeros(0, dtype=np.int64)
    stayers = Stayers(none.astype(np.uint64), none, none.astype(bool), none)
    return replace(world, places=no_places(world.codes, world.first_day), stayers=stayers)


def _fields(kind: type) -> list[str]:
    return list(kind.__dataclass_fields__)[1:]
