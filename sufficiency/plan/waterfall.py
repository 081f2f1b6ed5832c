"""What each lever of a combined plan contributes, lever by lever, with their interaction.

Levers that act on the same children do not add up. What is each one's share of the whole depends on
the order in which they are added; the Shapley value is the mean over all orders (L. S. Shapley, "A value
for n-person games", 1953; for simulation outputs: Song, Nelson and Staum, SIAM/ASA Journal on
Uncertainty Quantification 4, 2016), and so does not. It needs a run for every set of levers; for many
levers the plan's own order is taken, and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.plan.means import Means
from sufficiency.plan.outputs import Output
from sufficiency.scenario import Scenario
from sufficiency.simulation.replications import DEFAULT_SEED

Floats = npt.NDArray[np.float64]
Sets = Mapping[frozenset[int], Floats]

#: Up to so many levers every set of them is run: 2 to the power of them.
MOST_LEVERS = 6
WATERFALL_COLUMNS = ("lever", "title", "alone", "effect", "low", "high", "standard_error")
INVESTMENT, INTERACTION, WHOLE = "investment", "interaction", "whole plan"


@dataclass(frozen=True)
class Waterfall:
    """A plan taken apart.

    Attributes
    ----------
    table
        lever, title, alone (mean effect of the lever by itself), effect (its share of the whole: their
        means add up to the plan's), the effect's 10th and 90th percentile over replications and its
        Monte-Carlo standard error. After the levers (and what the plan invests, if anything) one row holds the
        interaction (the whole less the sum
        of what each does alone: it is shared out in ``effect``) and one the whole plan.
    baseline, plan
        Means of the output without any lever and with all.
    order_free
        Whether effects are Shapley's; else each lever is added to those before it in the plan.
    """

    table: pd.DataFrame
    baseline: float
    plan: float
    output: Output
    order_free: bool

    def __repr__(self) -> str:
        return f"Waterfall({self.output}: {self.baseline:,.4g} to {self.plan:,.4g})"

    def steps(self) -> pd.DataFrame:
        """Bars as a chart draws them: label, begins, ends."""
        levers = self.table[~self.table["lever"].isin([INTERACTION, WHOLE])]
        ends = self.baseline + np.cumsum(levers["effect"].to_numpy(np.float64))
        begins = np.concatenate([[self.baseline], ends[:-1]])
        bars = pd.DataFrame({"label": levers["title"], "begins": begins, "ends": ends})
        first = pd.DataFrame({"label": ["Baseline"], "begins": [0.0], "ends": [self.baseline]})
        last = pd.DataFrame({"label": ["Plan"], "begins": [0.0], "ends": [self.plan]})
        return pd.concat([first, bars, last], ignore_index=True)


def waterfall(
    means: Means,
    plan: Scenario,
    output: Output,
    *,
    replications: int = 100,
    years: int = 5,
    seed: int = DEFAULT_SEED,
    order_free: bool | None = None,
) -> Waterfall:
    """Take a combined plan apart, every set of levers with the same luck.

    Parameters
    ----------
    order_free
        Whether to take the mean over all orders; by default where the plan has :data:`MOST_LEVERS` or fewer.
    """
    count = len(plan.levers)
    free = count <= MOST_LEVERS if order_free is None else order_free
    sets = list(_every_set(count)) if free else list(_needed(count))
    runs = means.simulate([_with(plan, chosen) for chosen in sets], replications=replications, years=years, seed=seed)
    values = {chosen: output.values(run, means.charges) for chosen, run in zip(sets, runs, strict=True)}
    effects = shapley(values, count) if free else in_order(values, count)
    nothing, everything = values[frozenset()], values[frozenset(range(count))]
    alone = [float((values[frozenset([one])] - nothing).mean()) for one in range(count)]
    rows = [(lever.name, lever.title, alone[one], *_told(effects[one])) for one, lever in enumerate(plan.levers)]
    # What a plan invests is spent whichever of its levers work: it is added to all of them together.
    complete = replace(runs[sets.index(frozenset(range(count)))], scenario=plan)
    invested = output.values(complete, means.charges) - everything
    rest = everything - nothing - sum((values[frozenset([one])] - nothing for one in range(count)), np.zeros(1))
    whole = everything + invested - nothing
    if invested.any():
        rows.append((INVESTMENT, "What the plan itself invests", float(invested.mean()), *_told(invested)))
    rows += [
        (INTERACTION, "What they do together beyond what each does alone", np.nan, *_told(rest)),
        (WHOLE, plan.about.title, np.nan, *_told(whole)),
    ]
    table = pd.DataFrame(rows, columns=list(WATERFALL_COLUMNS))
    return Waterfall(table, float(nothing.mean()), float((nothing + whole).mean()), output, free)


def shapley(values: Sets, count: int) -> list[Floats]:
    """Shapley values of each of some players, from the worth of every set of them; arrays of one shape."""
    found = []
    for one in range(count):
        others = [other for other in range(count) if other != one]
        share = np.zeros_like(values[frozenset()])
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for chosen in combinations(others, size):
                before = frozenset(chosen)
                share = share + weight * (values[before | {one}] - values[before])
        found.append(share)
    return found


def in_order(values: Sets, count: int) -> list[Floats]:
    """What each of some players adds to those before it."""
    return [values[frozenset(range(one + 1))] - values[frozenset(range(one))] for one in range(count)]


def _every_set(count: int) -> Iterator[frozenset[int]]:
    for size in range(count + 1):
        yield from (frozenset(chosen) for chosen in combinations(range(count), size))


def _needed(count: int) -> Iterator[frozenset[int]]:
    """The sets of a stated order, and each lever alone."""
    sets: Sequence[frozenset[int]] = [frozenset(range(size)) for size in range(count + 1)]
    yield from dict.fromkeys([*sets, *(frozenset([one]) for one in range(count))])


def _with(plan: Scenario, chosen: frozenset[int]) -> Scenario:
    """The plan with some of its levers, and without what it invests."""
    levers = tuple(lever for one, lever in enumerate(plan.levers) if one in chosen)
    return plan.model_copy(update={"levers": levers, "investment": ()})


def _told(effect: Floats) -> tuple[float, float, float, float]:
    low, high = np.percentile(effect, [10, 90])
    error = effect.std(ddof=1) / np.sqrt(len(effect)) if len(effect) > 1 else np.nan
    return float(effect.mean()), float(low), float(high), float(error)
