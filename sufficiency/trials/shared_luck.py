"""How much shared luck narrows a comparison: ``docs/validation/shared-luck.md``.

Made by ``python -m sufficiency.trials.shared_luck docs/validation/shared-luck.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sufficiency.costs import cost
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.provenance import shipped
from sufficiency.rates import Rates, estimate_rates
from sufficiency.returns import read_returns
from sufficiency.simulation import Matched, Supply, match_places, simulate, supply_of
from sufficiency.tables import CouncilTables, read_council_tables
from sufficiency.trials.known_page import table

Floats = npt.NDArray[np.float64]

COMMAND = "python -m sufficiency.trials.shared_luck docs/validation/shared-luck.md"
REPLICATIONS = 400
YEARS = 5
MORE_PLACES, MORE_UPTAKE = 20, 0.15
_RESAMPLES = 2_000
_MILLION = 1e6

INTRODUCTION = f"""\
# What shared luck does for a comparison

A plan and the baseline are run with the same luck child by child (common random numbers), so that what differs
between them is the plan. Below is the cost of {YEARS} years of placements of the example authority, with its own
shipped prices, every replication drawing its own hazards, shares, entrants and unavailable places. *Paired* is the
standard error of the mean difference as the toolkit runs plans; *independent* is what two runs with luck of their own
would give from as many replications: the root of the sum of both variances over their number. The interval of the
ratio is a bootstrap over replications (2.5th and 97.5th percentiles of {_RESAMPLES:,} resamples). So many times as many
replications would independent runs need for the same precision: one over the ratio squared.

This page is made by `{COMMAND}`.
"""


@dataclass(frozen=True)
class Subject:
    """An authority read and estimated once."""

    history: History
    rates: Rates
    forecast: EntrantForecast
    tables: CouncilTables
    matched: Matched

    def __repr__(self) -> str:
        return f"Subject({self.history!r})"

    def costs(self, supply: Supply, replications: int, years: int = YEARS) -> Floats:
        """Pounds over all years under some places, one number a replication."""
        outcome = simulate(
            self.history,
            replications=replications,
            years=years,
            rates=self.rates,
            forecast=self.forecast,
            matched=replace(self.matched, supply=supply),
            journeys=0,
        )
        if self.tables.prices is None:
            msg = "the authority has no prices"
            raise ValueError(msg)
        found: Floats = cost(outcome, self.tables.prices).groupby("replication")["pounds"].sum().to_numpy(np.float64)
        return found


def example(years: int = YEARS) -> Subject:
    """The example authority with its own council tables."""
    folder = shipped("example")
    history = build_history(read_returns(folder / "returns"))
    tables = read_council_tables(folder / "returns", folder / "tables", codes=history.codes)
    rates, forecast = estimate_rates(history), forecast_entrants(history, months=12 * years + 1)
    supply = supply_of(history, tables.capacity, tables.staying_put)
    return Subject(history, rates, forecast, tables, match_places(history, supply, rates=rates, forecast=forecast))


def changes(supply: Supply) -> dict[str, Supply]:
    """The places with what is compared: more of them, and more staying put."""
    house = supply.rows["setting"] == "in_house_fostering"
    rows = supply.rows.assign(places=supply.rows["places"] + MORE_PLACES * house)
    uptake = {name: min(share + MORE_UPTAKE, 1.0) for name, share in supply.uptake.items()}
    return {
        f"{MORE_PLACES} more in-house fostering places": replace(supply, rows=rows),
        f"staying put taken up by {MORE_UPTAKE * 100:.0f} more in 100 of those who turn 18": replace(
            supply, uptake=uptake
        ),
    }


@dataclass(frozen=True)
class Narrowed:
    """Standard errors of a difference in pounds, and their ratio with its bootstrap interval."""

    difference: float
    paired: float
    independent: float
    interval: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Paired over independent."""
        return self.paired / self.independent


def narrowed(plan: Floats, baseline: Floats) -> Narrowed:
    """How much the pairing narrows the difference of two runs of the same replications."""
    count = len(plan)
    chosen = np.random.default_rng(1).integers(0, count, (_RESAMPLES, count))
    low, high = np.percentile(_ratio(plan[chosen], baseline[chosen]), [2.5, 97.5])
    paired = float((plan - baseline).std(ddof=1) / np.sqrt(count))
    both = float(np.sqrt((plan.var(ddof=1) + baseline.var(ddof=1)) / count))
    return Narrowed(float((plan - baseline).mean()), paired, both, (float(low), float(high)))


def _ratio(plan: Floats, baseline: Floats) -> Floats:
    difference = (plan - baseline).std(axis=-1, ddof=1)
    return np.asarray(difference / np.sqrt(plan.var(axis=-1, ddof=1) + baseline.var(axis=-1, ddof=1)))


def compared(subject: Subject, replications: int, years: int = YEARS) -> Mapping[str, Narrowed]:
    """Each change of places against none."""
    supply = subject.matched.supply
    baseline = subject.costs(supply, replications, years)
    return {name: narrowed(subject.costs(own, replications, years), baseline) for name, own in changes(supply).items()}


def write_page(path: str | Path = "docs/validation/shared-luck.md") -> None:
    """Run the comparisons and write the page."""
    rows = []
    for name, found in compared(example(), REPLICATIONS).items():
        pounds = (f"{value / _MILLION:.3f}" for value in (found.difference, found.paired, found.independent))
        low, high = found.interval
        times = f"{found.ratio**-2:.0f}"
        rows.append((name, *pounds, f"{found.ratio:.3f}", f"{low:.3f} to {high:.3f}", times))
    heading = (
        "",
        "Difference, £m",
        "Paired, £m",
        "Independent, £m",
        "Ratio",
        "Its interval",
        "Replications, times",
    )
    text = f"{INTRODUCTION}\n{REPLICATIONS:,} replications.\n\n{table(heading, rows)}"
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_page(*sys.argv[1:2])
