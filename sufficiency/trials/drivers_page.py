"""Why it changed, on worlds of which it is known: ``docs/validation/why-it-changed.md``.

It is made by ``python -m sufficiency.trials.drivers_page`` from returns that are written, read and forecast as a
council's are.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from sufficiency import dates
from sufficiency.codes import EXIT_REASONS
from sufficiency.forecast import forecast_entrants
from sufficiency.history import build_history
from sufficiency.rates import estimate_rates
from sufficiency.returns import Returns, read_returns
from sufficiency.simulation import match_places, simulate
from sufficiency.trials.drivers import (
    COHORT,
    END,
    ENTRIES,
    EXITS,
    FORECAST,
    HOLDING,
    LAST_YEAR,
    PLACEMENTS,
    START,
    TODAY,
    TOGETHER,
    Drivers,
    Made,
    a_year_before,
    why_it_changed,
)
from sufficiency.trials.invented import invent
from sufficiency.trials.known import Change, KnownWorld, read_world
from sufficiency.trials.known_page import table
from sufficiency.trials.write_returns import write_returns

COMMAND = "python -m sufficiency.trials.drivers_page"
#: The last day known, and the first month of what changed: a year before.
NOW, YEARS = "2026-03-31", range(2020, 2027)
_TURN = int(dates.month_index(dates.day_number("2025-04-01")))
SEEDS, REPLICATIONS, AHEAD = 4, 200, 24
_SHOWN = (ENTRIES, EXITS, PLACEMENTS, TOGETHER, COHORT)
_HEADING = ("Children who come", "How soon they leave", "Where placed", "Together", "Children in care today")
STEADY = "nothing changed"
_MORE, _FEWER, _SLOWER = 1.5, 0.7, 0.6

INTRODUCTION = f"""\
# Why it changed, where it is known what did

Made by `{COMMAND}`. Invented authorities of some 360 children that were steady until a year before the
forecast; then one thing changes, or two. Returns of seven years are written, read and forecast to {AHEAD} months ahead,
and the forecast taken apart ([what each driver is](../why-it-changed.md)). Means over seeds, in children; in brackets
the standard error by the seeds. A seed's luck is the same in every world.
"""


def worlds() -> dict[str, tuple[KnownWorld, str]]:
    """Worlds by name, and the driver that changed in each; blank where none or two did."""
    steady = read_world().steady()

    def entering(factor: float) -> KnownWorld:
        level: Callable[[int], float] = lambda month: factor if month >= _TURN else 1.0  # noqa: E731
        return steady.with_levels(level, "other").with_levels(level, "uasc")

    slower = Change(_TURN, EXIT_REASONS, _SLOWER)
    return {
        STEADY: (steady, ""),
        f"{_MORE} times as many entries": (entering(_MORE), ENTRIES),
        f"{_FEWER} times as many entries": (entering(_FEWER), ENTRIES),
        f"exits {_SLOWER} times as fast": (steady.with_change(slower), EXITS),
        "both more entries and slower exits": (entering(_MORE).with_change(slower), ""),
    }


def taken_apart(returns: Returns, *, replications: int = REPLICATIONS, workers: int | None = None) -> Drivers:
    """The forecast of some returns beside last year's and beside today's number, to two years ahead."""
    history, years = build_history(returns), AHEAD // 12
    months = dates.months_ahead(history.origin, years)
    rates = estimate_rates(history)
    forecast = forecast_entrants(history, months=months, evaluate=False)
    matched = match_places(history, rates=rates, forecast=forecast, both_forms=False)
    baseline = simulate(
        history,
        rates=rates,
        forecast=forecast,
        matched=matched,
        replications=replications,
        years=years,
        workers=workers,
        journeys=0,
    )
    before = a_year_before(returns, history, months=months + 12)
    return why_it_changed(
        Made(history, rates, forecast, matched.supply), baseline, before, most=replications, workers=workers
    )


def trial(world: KnownWorld, seed: int, *, replications: int = REPLICATIONS, workers: int | None = None) -> Drivers:
    """One world with one seed, from its returns."""
    truth = invent(world.seeded(seed), engine_name="compiled")
    with tempfile.TemporaryDirectory() as folder:
        write_returns(truth, Path(folder), YEARS)
        return taken_apart(read_returns(folder), replications=replications, workers=workers)


def found(seeds: Sequence[int], names: Sequence[str], replications: int = REPLICATIONS) -> pd.DataFrame:
    """Every part and figure told of some worlds and seeds: world, seed, against, what, value."""
    rows = []
    for name in names:
        world, _ = worlds()[name]
        for seed in seeds:
            given = trial(world, seed, replications=replications)
            parts = given.parts[given.parts["months_ahead"] == AHEAD].rename(
                columns={"part": "what", "children": "value"}
            )
            both = pd.concat([parts[["against", "what", "value"]], given.told])
            rows.append(both.assign(world=name, seed=seed))
    return pd.concat(rows, ignore_index=True)


def page(rows: pd.DataFrame) -> str:
    """The page of what was found."""
    seeds = rows["seed"].nunique()
    return f"""{INTRODUCTION}
{seeds} seed{"" if seeds == 1 else "s"} of each world.

## Beside last year's forecast

{_comparison(rows[rows["against"] == LAST_YEAR])}
What is left to *the children in care today* is luck: who came, left and moved in the year since. Where nothing changed
the difference is luck too. What the change itself did to each line is seen beside the same seeds without it:

{_added(rows[rows["against"] == LAST_YEAR])}
## Beside today's number

{_comparison(rows[rows["against"] == TODAY])}
A change of a year ago is partly in today's number, so that less of it is still to come. Who has come in the year before
is still young in care, and more of those leave soon: that is in *the children in care today*.

## How many entrants hold today's number

{_holding(rows)}
An error in it moves as much from *children who come* to *the children in care today*, or back. Where entries or exits
have just changed, the rates of all years hold today's number with other entrants than come.
"""


def _by_seed(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """World → a row each seed: the parts, and the difference of end and start."""
    found = {}
    for name, own in rows.groupby("world", sort=False):
        by = own.pivot_table(index="seed", columns="what", values="value")
        found[str(name)] = by.assign(difference=by[END] - by[START])
    return found


def _comparison(rows: pd.DataFrame) -> str:
    told = [
        (
            name,
            f"{by[START].mean():.1f}",
            f"{by[END].mean():.1f}",
            *(_mean(by[part]) for part in ("difference", *_SHOWN)),
        )
        for name, by in _by_seed(rows).items()
    ]
    return table(("World", "Start", "This forecast", "Difference", *_HEADING), told)


def _added(rows: pd.DataFrame) -> str:
    """What a change added to each line, seed by seed, and the share that its own driver has of it."""
    found, told = _by_seed(rows), []
    for name, by in found.items():
        if name == STEADY:
            continue
        more, driver = by - found[STEADY], worlds()[name][1]
        share = f"{more[driver].mean() / more['difference'].mean():.0%}" if driver else ""
        told.append((name, *(_mean(more[part]) for part in ("difference", *_SHOWN)), share))
    return table(("World, less nothing changed", "Difference", *_HEADING, "Share of what changed"), told)


def _mean(values: pd.Series) -> str:
    error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{values.mean():+.1f} ({error:.1f})"


def _holding(rows: pd.DataFrame) -> str:
    told, now = [], int(dates.month_index(dates.day_number(NOW)))
    for name, by in _by_seed(rows[rows["against"] == TODAY]).items():
        streams = worlds()[name][0].streams.values()
        true = sum(sum(stream.per_year) * stream.level(now) for stream in streams) / 12
        marks = [(by[what].mean(), by[what].min(), by[what].max()) for what in (HOLDING, FORECAST)]
        levels = [f"{mean:.1f} ({least:.1f} to {most:.1f})" for mean, least, most in marks]
        told.append((name, f"{by[START].mean():.0f}", f"{true:.1f}", *levels))
    heading = ("World", "Today's number", "True entrants a month", "Hold that number (least to most)", "Forecast")
    return table(heading, told)


def main() -> None:
    """Take worlds apart and write the page."""
    parser = argparse.ArgumentParser(description="Why it changed, on worlds of which it is known.")
    parser.add_argument("--out", type=Path, default=Path("docs/validation/why-it-changed.md"))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    asked = parser.parse_args()
    rows = found(range(1, asked.seeds + 1), list(worlds()), asked.replications)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(page(rows), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
