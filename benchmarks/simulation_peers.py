"""Sections of the benchmark of the simulation that hold it against other programs."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import stock_and_flow
from simulation_worlds import SEED, Asked, table, timed

from sufficiency import dates
from sufficiency.costs import cost, read_prices
from sufficiency.draws import replication_key
from sufficiency.forecast import forecast_entrants
from sufficiency.provenance import shipped
from sufficiency.simulation import simulate
from sufficiency.simulation.cluster import LOCAL, open_cluster
from sufficiency.simulation.engines import engine
from sufficiency.trials import ciw_network

FOLDER = Path(__file__).parent
#: From so many children asked for, the larger network is run too.
_LARGE = 500


def ciw(asked: Asked) -> str:
    """The compiled engine and Ciw on a network that Ciw can express."""
    rows = []
    for scale in (1, 10) if asked.sizes[-1] >= _LARGE else (1,):
        given = ciw_network.Network(30 * scale, 0.15 * scale, 1826)
        key, run = replication_key(SEED, 0), engine("compiled")
        world = replace(given.world(), entrants=given.arrivals(0))
        run(world, key)
        ours, theirs = [], []
        for number in range(3):
            ours += [timed(partial(run, world, key))[0] for _ in range(20)]
            seconds, simulation = timed(partial(given.run, number))
            theirs.append(seconds)
        events, other = run(world, key).tally.events, ciw_network.events(simulation)
        mine, its = float(np.median(ours)), float(np.median(theirs))
        per_event = (f"{mine / events * 1e6:.2f}", f"{its / other * 1e6:.0f}")
        ratio = f"{its / other / (mine / events):.0f}"
        rows.append((f"{events:,}", f"{other:,}", f"{mine * 1e3:.2f}", f"{its * 1e3:.0f}", *per_event, ratio))
    heading = ("Events", "Events in Ciw", "Compiled, ms", "Ciw, ms", "Compiled, µs an event", "Ciw, µs an event")
    return f"""## Ciw

In-house places, an agency and homes, exponential stays, five years from empty; what both can say of it agrees
(see docs/validation/simulation.md). Each takes its own draws, so events differ by chance.

{table((*heading, "Ciw / compiled, an event"), rows)}"""


def cluster(asked: Asked) -> str:
    """The same replications on threads and on a Dask cluster of processes, whole: worlds, engine, tables."""
    example, count = asked.example, asked.replications
    given = {"rates": example.rates, "forecast": example.forecast, "matched": example.matched}
    run = partial(simulate, example.history, replications=count, years=asked.years, journeys=0, **given)
    run(replications=2)
    rows = []
    for name, workers in (("one thread", 1), ("two threads", 2)):
        wall = time.perf_counter()
        seconds, threaded = timed(partial(run, workers=workers))
        rows.append((name, f"{seconds:.2f}", f"{time.perf_counter() - wall:.2f}", "yes"))
    wall = time.perf_counter()
    with open_cluster(LOCAL, 2) as processes:
        rows.append(("starting two processes", "", f"{time.perf_counter() - wall:.2f}", ""))
        for name in ("two processes, their first work", "two processes, once they have worked"):
            wall = time.perf_counter()
            found = run(workers=processes)
            same = "yes" if found.stock.equals(threaded.stock) and found.flows.equals(threaded.flows) else "NO"
            rows.append((name, "", f"{time.perf_counter() - wall:.2f}", same))
    return f"""## Beyond one process

The example authority, {asked.years} years, {count:,} replications: worlds, engine and tables of `simulate`. Processes
are a Dask LocalCluster (`--cluster local`); the seconds of their processors are not this one's, and are left blank.

{table(("", "CPU, s", "Wall, s", "Same tables"), rows)}"""


def peer(asked: Asked) -> str:
    """A deterministic stock-and-flow forecast of two years and its costing, and 500 replications of the same."""
    history, count = asked.example.history, min(500, asked.replications)
    prices = read_prices(shipped("example") / "tables")
    # As `simulate` makes it when none is handed in: of the months simulated.
    last = dates.add_years(history.origin, 2)
    arriving = forecast_entrants(history, months=dates.calendar_months(history.origin + 1, last))
    given = {"rates": asked.example.rates, "forecast": arriving, "matched": asked.example.matched}
    run = partial(simulate, history, replications=count, years=2, journeys=0, **given)

    def costed(workers: int) -> Any:
        return cost(run(workers=workers), prices)

    works: dict[str, Callable[[], Any]] = {
        "One stock-and-flow forecast": partial(stock_and_flow.forecast, history),
        f"{count} replications, one thread": partial(run, workers=1),
        f"{count} replications, two threads": partial(run, workers=2),
        "One stock-and-flow forecast and its costing": lambda: stock_and_flow.costed(
            history, stock_and_flow.forecast(history), prices
        ),
        f"{count} replications and their costing, one thread": partial(costed, 1),
        f"{count} replications and their costing, two threads": partial(costed, 2),
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(5):
        for name, work in works.items():
            wall = time.perf_counter()
            seconds, _ = timed(work)
            spent[name].append((seconds, time.perf_counter() - wall))
    rows = [(name, *(f"{value:.2f}" for value in np.median(each, axis=0))) for name, each in spent.items()]
    if asked.package_python:
        words = [
            asked.package_python,
            str(FOLDER / "stock_and_flow.py"),
            "package",
            str(shipped("example") / "returns"),
        ]
        wall = time.perf_counter()
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        took, passed = json.loads(done.stdout), time.perf_counter() - wall
        what = "One forecast by the package cs-demand-model 0.5.1 (reading left out of CPU)"
        rows.append((what, f"{took['forecast']:.2f}", f"{passed:.2f}"))
    return f"""## The sector’s usual method

The example authority, two years; medians of five rounds. The stock-and-flow forecast gives one number a band, type
and day in plain pandas, by daily matrix steps, and its costing pounds by financial year and type
(`benchmarks/stock_and_flow.py` says what they do); a replication is the whole model with limited places and its
own draw of every parameter and entrant, and its costing that of `sufficiency.costs.cost`. Reading returns and
estimating rates are left out of both, but for the stock-and-flow tool's own rates.

{table(("", "CPU, s", "Wall, s"), rows)}"""
