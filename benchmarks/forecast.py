"""How long estimates, forecasts and back-tests take, and how good the sector's package is beside them.

    python benchmarks/forecast.py                               # times, and scores without the package
    python benchmarks/forecast.py --package-python PYTHON       # one with cs-demand-model 0.5.1: scores of it too
    python benchmarks/forecast.py --only times                  # no scores
    python benchmarks/forecast.py --seeds 1 --worlds steady     # less
    python benchmarks/forecast.py --parts FOLDER                # worlds that this folder holds are not scored again
    python benchmarks/forecast.py --out benchmarks/forecast.md

Times are of one run on one machine, and what is compared ran in turn.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
# The other files of this folder, however this one was started.
sys.path.insert(0, str(FOLDER))

import stock_and_flow  # noqa: E402
from forecast_peers import HORIZON, NAMES, Job, scored_worlds, world_table  # noqa: E402
from simulation_worlds import table  # noqa: E402

from sufficiency.forecast import forecast_entrants  # noqa: E402
from sufficiency.history import History, build_history  # noqa: E402
from sufficiency.provenance import shipped  # noqa: E402
from sufficiency.rates import estimate_rates  # noqa: E402
from sufficiency.returns import Returns, read_returns  # noqa: E402
from sufficiency.simulation import match_places, simulate  # noqa: E402
from sufficiency.trials.backtest import backtest, default_origins  # noqa: E402

ROUNDS, REPLICATIONS, MONTHS = 3, 200, 60
PARTS = Path(tempfile.gettempdir()) / "sufficiency-forecast-benchmark"
WORLDS = ("steady", "trend", "level shift", "exits change", "asylum surge", "seasonal")
INTRODUCTION = """\
# How long a forecast takes, and how good the sector's package is

Made by `python benchmarks/forecast.py {words} --out benchmarks/forecast.md`.

Ratios are of one run on one machine, what is compared having run in turn. CPU is that of all threads; wall times hold
whatever else ran meanwhile.
"""


def in_turn(works: dict[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, tuple[float, float]]:
    """Median processor and wall seconds of each work, run in turn so many times."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            begun, wall = time.process_time(), time.perf_counter()
            work()
            spent[name].append((time.process_time() - begun, time.perf_counter() - wall))
    return {name: tuple(np.median(each, axis=0)) for name, each in spent.items()}


def times(asked: argparse.Namespace) -> str:
    """Estimate and forecast of one authority, and a back-test, beside the sector's usual method in plain pandas."""
    read = read_returns(shipped("example") / "returns")
    history = build_history(read)
    simulate(history, replications=2)  # so that it is compiled
    works: dict[str, Callable[[], Any]] = {
        "the sector's usual method, in pandas": partial(stock_and_flow.forecast, history),
        "rates": partial(estimate_rates, history),
        "entrants, five years": partial(forecast_entrants, history, months=MONTHS, evaluate=False),
        f"rates, entrants, places and {REPLICATIONS} replications of five years": partial(whole, history),
    }
    rows = told(in_turn(works))
    return f"""## One authority

The example authority, history built; one process, its simulation on two threads. *The sector's usual method* is a
stock-and-flow forecast of two years by daily matrix steps with its own rates (`benchmarks/stock_and_flow.py`); it gives
one number a band, type and day, where ours gives {REPLICATIONS} futures with limited places.

{rows}
{back_test(asked, read, history)}"""


def whole(history: History) -> object:
    """Estimate and forecast from a history, nothing left out."""
    rates = estimate_rates(history)
    forecast = forecast_entrants(history, months=MONTHS, evaluate=False)
    matched = match_places(history, rates=rates, forecast=forecast, both_forms=False)
    given = {"rates": rates, "forecast": forecast, "matched": matched}
    return simulate(history, replications=REPLICATIONS, journeys=0, workers=2, **given)


def back_test(asked: argparse.Namespace, read: Returns, history: History) -> str:
    """Six origins, the whole pipeline from each, beside the usual method from the same ones."""
    origins = default_origins(history.first_day, history.origin, 6)
    cuts = [build_history(read, origin=day) for day in origins]
    works: dict[str, Callable[[], Any]] = {
        "the sector's usual method, in pandas": lambda: [stock_and_flow.forecast(cut) for cut in cuts],
        f"back-test with {REPLICATIONS} replications": partial(
            backtest, read, origins=origins, replications=REPLICATIONS, workers=2
        ),
    }
    return f"""## A back-test

{len(origins)} origins half a year apart, up to three years ahead, {REPLICATIONS} replications, two threads; from each
history, rates, entrants, matching of places, simulation, all baselines and scores. The usual method forecasts two
years from the same origins, its histories built beforehand.

{told(in_turn(works, 1 if asked.quick else 2))}"""


def told(spent: dict[str, tuple[float, float]]) -> str:
    """Seconds, and how many times those of the first; the wall's hold whatever else the machine did."""
    first = next(iter(spent.values()))[0]
    rows = [(name, f"{cpu:.2f}", f"{cpu / first:.1f}", f"{wall:.2f}") for name, (cpu, wall) in spent.items()]
    return table(("", "CPU, s", "CPU, times the first row", "Wall, s"), rows)


def scores(asked: argparse.Namespace) -> str:
    """The package on known worlds, beside ours and no change."""
    jobs = [Job(name, seed) for seed in range(1, asked.seeds + 1) for name in asked.worlds]
    seeds = f"{asked.seeds} seed{'' if asked.seeds == 1 else 's'}"
    found, said = scored_worlds(jobs, asked.package_python, asked.replications, asked.parts)
    return f"""## The package cs-demand-model 0.5.1 on known worlds

Worlds of [the forecast on known worlds](../docs/validation/known-worlds.md), {seeds} each. From 31 March
2023 and 2024 every method has the same folders of returns, as they were then: one for each year that was over, none
later. Ours is the whole pipeline ({asked.replications} replications). The package's rates and entries are those of the
year before the origin (an assumption; its user chooses them), and whoever has left care is not counted; it gives one
number a day and no range, so that it has no coverage. *{NAMES["stock and flow"]}* is the method of that kind which is
built here, with ranges. Children in care in all, at every month end to {HORIZON} months ahead; errors in children.
Where a world changes suddenly it did so in April 2022, before either origin.

{said}

{world_table(found)}"""


#: Sections by name, in the order of the page.
SECTIONS: dict[str, Callable[[argparse.Namespace], str]] = {"times": times, "scores": scores}


def machine() -> str:
    """What it ran on."""
    return f"""Python {platform.python_version()} on {platform.system()} ({os.cpu_count()} shared cores). Times vary
from machine to machine and with what else it does; no test asserts one.
"""


def main(given: Sequence[str] | None = None) -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="one round of the back-test")
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--replications", type=int, default=100, help="of each forecast that is scored")
    parser.add_argument("--package-python", help="a Python that has cs-demand-model 0.5.1")
    parser.add_argument("--parts", type=Path, default=PARTS, help="folder of finished worlds, gone on from")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(given)
    parts = []
    for name in asked.only:
        parts.append(SECTIONS[name](asked))
        print(parts[-1], flush=True)
    if asked.out is not None:
        worlds = " ".join(f"'{name}'" for name in asked.worlds)
        chosen = f"--worlds {worlds} --seeds {asked.seeds} --replications {asked.replications}"
        words = f"{chosen} --package-python PYTHON" if asked.package_python else chosen
        page = [INTRODUCTION.format(words=words), *parts, machine()]
        asked.out.write_text("\n".join(page), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
