"""The least change that meets a target: how far a lever must be moved.

Every value is run with the same luck, so that the share of replications in which a target is met moves with
the value and hardly by chance: one lever is searched by halving, over its own steps. Over several
levers the cheapest mix is searched on a grid that grows finer around the best. The answer is run
again with luck of its own, and so is the next smaller change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.errors import UserError
from sufficiency.plan.knobs import Knob, with_values
from sufficiency.plan.means import Means
from sufficiency.plan.outputs import month_text
from sufficiency.plan.targets import Target
from sufficiency.scenario import Scenario
from sufficiency.simulation.replications import DEFAULT_SEED

#: Of the luck of the confirming runs: so many replications, times those of the search, and a seed of their own.
_MORE = 2
_OTHER_SEED = 0x5EED
#: Points of each lever on the first grid, by the number of levers.
_POINTS = {2: 7, 3: 4}
#: Parts that a range is cut into where neither of its ends meets the targets.
_PARTS = 4
Values = tuple[float, ...]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tried:
    """One mix that was run: steps of each knob, the share of replications in which each target is met, its cost."""

    steps: tuple[int, ...]
    shares: tuple[float, ...]
    means: tuple[float, ...]
    cost: float
    met: bool


@dataclass(frozen=True)
class Confirmed:
    """A mix run again with luck of its own.

    Attributes
    ----------
    shares, errors
        Share of replications in which each target is met, and its standard error.
    met, near
        Whether every share is as large as asked for; whether any is within two standard errors of that.
    cost
        As in the search, which favours a mix that luck made cheap; here that luck is gone.
    """

    values: Values
    shares: tuple[float, ...]
    errors: tuple[float, ...]
    replications: int
    met: bool
    near: bool
    cost: float


@dataclass(frozen=True)
class Solved:
    """An answer.

    Attributes
    ----------
    values
        Of the knobs, in their order; None where no value in their range meets the targets.
    already
        Whether the targets are met without any change.
    answer, less
        The answer and the next smaller change, run again with other luck; None where there is none.
    tried
        Everything that was run, in order: a column for each knob, each target's share and mean, cost, met.
    """

    knobs: tuple[Knob, ...]
    targets: tuple[Target, ...]
    values: Values | None
    already: bool
    answer: Confirmed | None
    less: Confirmed | None
    tried: pd.DataFrame

    def __repr__(self) -> str:
        return f"Solved({', '.join(knob.name for knob in self.knobs)}: {self.values})"


@dataclass
class _Search:
    """What a search runs, and what it has found so far."""

    means: Means
    plan: Scenario
    knobs: tuple[Knob, ...]
    targets: tuple[Target, ...]
    years: int
    replications: int
    seed: int
    found: dict[tuple[int, ...], Tried] = field(default_factory=dict)

    def at(self, steps: tuple[int, ...]) -> Tried:
        """The outcome of one mix, run when it is first asked for."""
        if steps not in self.found:
            values = tuple(knob.value(step) for knob, step in zip(self.knobs, steps, strict=True))
            outcome = self.run(values, self.seed, self.replications)
            shares = tuple(target.share_met(own) for target, own in zip(self.targets, outcome[0], strict=True))
            means = tuple(float(own.mean()) for own in outcome[0])
            self.found[steps] = Tried(steps, shares, means, outcome[1] + self._paid(values), self._met(shares))
        return self.found[steps]

    def run(self, values: Values, seed: int, replications: int) -> tuple[list[Floats], float]:
        """Values of every target's output, and mean net spend."""
        plan = with_values(self.plan, self.knobs, values)
        (outcome,) = self.means.simulate([plan], replications=replications, years=self.years, seed=seed)
        charges = self.means.charges
        spent = float(charges.costs(outcome).total().sum()) / replications if charges else 0.0
        return [target.output.values(outcome, charges) for target in self.targets], spent

    def confirm(self, steps: tuple[int, ...]) -> Confirmed:
        """A mix with luck of its own."""
        values = tuple(knob.value(step) for knob, step in zip(self.knobs, steps, strict=True))
        many = _MORE * self.replications
        own, spent = self.run(values, (self.seed + _OTHER_SEED) % 2**63, many)
        shares = tuple(target.share_met(one) for target, one in zip(self.targets, own, strict=True))
        errors = tuple(share_error(share, len(one)) for share, one in zip(shares, own, strict=True))
        asked = [(target.sure, error) for target, error in zip(self.targets, errors, strict=True)]
        near = any(abs(share - sure) < 2 * error for share, (sure, error) in zip(shares, asked, strict=True))
        return Confirmed(values, shares, errors, many, self._met(shares), near, spent + self._paid(values))

    def table(self) -> pd.DataFrame:
        """Everything that was run."""
        rows = []
        for one in self.found.values():
            values = {knob.name: knob.value(step) for knob, step in zip(self.knobs, one.steps, strict=True)}
            met = {f"share met of {target}": share for target, share in zip(self.targets, one.shares, strict=True)}
            means = {f"mean of {target.output}": mean for target, mean in zip(self.targets, one.means, strict=True)}
            shown = {**met, **means}
            rows.append({**values, **shown, "cost": one.cost, "met": one.met})
        return pd.DataFrame(rows)

    def _met(self, shares: Sequence[float]) -> bool:
        return all(share >= target.sure for share, target in zip(shares, self.targets, strict=True))

    def _paid(self, values: Values) -> float:
        return sum(knob.price * abs(value - knob.neutral) for knob, value in zip(self.knobs, values, strict=True))


def solve(
    means: Means,
    knobs: Sequence[Knob],
    targets: Sequence[Target],
    *,
    plan: Scenario,
    replications: int = 200,
    seed: int = DEFAULT_SEED,
) -> Solved:
    """The least change of one lever, or the cheapest mix of several, that meets every target.

    Parameters
    ----------
    plan
        What else is planned; the knobs' levers take their other parameters from it, or their defaults.
    replications
        Of every value tried. The answer is run again with twice as many.

    Returns
    -------
    Solved
        With one knob the value nearest to the neutral one, if more of it does no harm; where neither end of
        its range meets the targets, some values between are tried. With two or three the mix of least cost among
        those tried: mean net spend of the years simulated, and what the knobs' own prices add.

    Raises
    ------
    UserError
        When a target's month lies outside what can be simulated; when a mix has nothing that it costs.
    """
    search = _Search(means, plan, tuple(knobs), tuple(targets), _years(means, targets), replications, seed)
    priced = means.charges is not None or all(knob.price > 0 for knob in knobs)
    if len(knobs) > 1 and not priced:
        raise UserError(["The cheapest mix of several levers needs prices: give prices.csv, or --cost for each lever."])
    if not 1 <= len(knobs) <= max(_POINTS):
        raise UserError([f"A search takes one to {max(_POINTS)} levers."])
    nothing = (0,) * len(knobs)
    if search.at(nothing).met:
        values = tuple(knob.neutral for knob in knobs)
        return Solved(search.knobs, search.targets, values, True, search.confirm(nothing), None, search.table())
    steps = _nearest(search) if len(knobs) == 1 else _cheapest(search)
    if steps is None:
        return Solved(search.knobs, search.targets, None, False, None, None, search.table())
    values = tuple(knob.value(step) for knob, step in zip(knobs, steps, strict=True))
    answer, less = search.confirm(steps), search.confirm(_one_less(steps))
    return Solved(search.knobs, search.targets, values, False, answer, less, search.table())


def share_error(share: float, count: int) -> float:
    """Standard error of a share of so many: with two met and two not met added, so that it is not nought at 0 or 1.

    A. Agresti and B. A. Coull, *The American Statistician* 52, 1998.
    """
    moved = (share * count + 2) / (count + 4)
    return float(np.sqrt(moved * (1 - moved) / (count + 4)))


def _years(means: Means, targets: Sequence[Target]) -> int:
    """So many years that the last month asked for is simulated to its end."""
    first = int(dates.month_index(means.history.origin + 1))
    months = [target.output.month for target in targets if target.output.month is not None]
    most = (means.forecast.months - 1) // 12 or 1
    last = max(months, default=first + 12 * most - 1)
    for years in range(1, most + 1):
        end = dates.add_years(means.history.origin, years)
        if dates.month_start(last + 1) - 1 <= end:
            return years
    raise UserError([f"{month_text(last)} lies beyond the {most} years that can be simulated."])


def _nearest(search: _Search) -> tuple[int, ...] | None:
    """The value of one knob nearest to the neutral one that meets the targets."""
    ends = search.knobs[0].ends()
    enough = [end for end in ends if end and search.at((end,)).met]
    if not enough:
        # Too much of a lever may miss what less of it meets (spend, say).
        between = {end * part // _PARTS for end in ends for part in range(1, _PARTS)} - {0}
        enough = [step for step in sorted(between, key=abs) if search.at((step,)).met][:1]
    found = [_halved(lambda step: search.at((step,)).met, end) for end in enough]
    return (min(found, key=abs),) if found else None


def _halved(met: Callable[[int], bool], end: int) -> int:
    """The whole number nearest to nought that is enough, where ``end`` is and nought is not."""
    low, high = 0, end
    while abs(high - low) > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high


def _cheapest(search: _Search) -> tuple[int, ...] | None:
    """The mix of least cost on a grid, made finer around the best until its steps are those of the knobs."""
    ends = [knob.ends() for knob in search.knobs]
    points = _POINTS[len(ends)]
    spans = [max((high - low) // (points - 1), 1) for low, high in ends]
    grid: Iterator[tuple[int, ...]] = product(*(_points(end, span) for end, span in zip(ends, spans, strict=True)))
    best = _best([search.at(steps) for steps in grid])
    while best is not None and max(spans) > 1:
        spans = [max(span // 2, 1) for span in spans]
        near = product(
            *(
                sorted({min(max(at + shift * span, low), high) for shift in (-1, 0, 1)})
                for at, span, (low, high) in zip(best.steps, spans, ends, strict=True)
            )
        )
        best = _best([best, *(search.at(steps) for steps in near)])
    return None if best is None else best.steps


def _points(end: tuple[int, int], span: int) -> list[int]:
    """Points so far apart from one end to the other, nought and both ends among them."""
    return sorted({0, *end, *range(end[0], end[1] + 1, span)})


def _best(tried: Sequence[Tried]) -> Tried | None:
    enough = [one for one in tried if one.met]
    return min(enough, key=lambda one: (one.cost, sum(map(abs, one.steps))), default=None)


def _one_less(steps: Sequence[int]) -> tuple[int, ...]:
    """One step nearer to no change, on the knob that is furthest from it."""
    furthest = max(range(len(steps)), key=lambda one: abs(steps[one]))
    return tuple(step - int(np.sign(step)) if one == furthest else step for one, step in enumerate(steps))
