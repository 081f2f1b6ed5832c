"""How many replications are enough: until an interval of a stated output is as narrow as asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.simulation.reduced import Replication
from sufficiency.simulation.results import Outcome

Floats = npt.NDArray[np.float64]

_MILLION = 1e6


@dataclass(frozen=True)
class Watched:
    """An output of each replication, of which the mean is wanted to a stated precision.

    Attributes
    ----------
    name
        In words, with its unit.
    pounds_a_night
        Price of a night by month and setting, shape (months, all settings): then spend is watched, in
        £ million, else children in care.
    """

    name: str = "children in care at the last month end"
    pounds_a_night: Floats | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"Watched({self.name})"

    def values(self, parts: Sequence[Replication], codes: Codes, window: tuple[int, int]) -> Floats:
        """One number a replication."""
        if self.pounds_a_night is not None:
            return np.array([_spent(part.nights, self.pounds_a_night) for part in parts])
        _, whole = dates.whole_month_ends(*window)
        last = int(np.flatnonzero(whole)[-1])
        return np.array([part.stock[last, : len(codes.in_care)].sum() for part in parts], dtype=np.float64)

    def of(self, outcome: Outcome) -> Floats:
        """The same from an outcome's tables, in order of replication."""
        if self.pounds_a_night is not None:
            return np.array([_spent(nights, self.pounds_a_night) for nights in outcome.nights])
        stock = outcome.stock
        last = stock[(stock["month_end"] == stock["month_end"].max()) & stock["setting"].isin(outcome.codes.in_care)]
        total = last.groupby("replication")["children"].sum()
        found: Floats = total.reindex(range(outcome.replications), fill_value=0).to_numpy(np.float64)
        return found


def _spent(nights: npt.NDArray[np.int32], pounds_a_night: Floats) -> float:
    return float((nights * pounds_a_night).sum()) / _MILLION


CHILDREN = Watched()


def placement_spend(pounds_a_night: Floats) -> Watched:
    """Placement spend of all the days simulated."""
    return Watched("placement spend of all the years simulated, £ million", pounds_a_night)


@dataclass(frozen=True)
class Precision:
    """Stop when the mean of what is watched is known to within so much.

    The confidence interval method of Robinson (Simulation: the practice of model development and
    use, 2nd ed., 2014, ch. 9) and the sequential procedure of Law (Simulation modeling and
    analysis, 5th ed., 2015, §9.4.1): after n replications with values of standard deviation s the
    half-width is t(n − 1, (1 + level) / 2) × s / √n, and n is the first of the points looked at
    where it is at most what was asked for. Looked at are the ends of the fixed blocks of
    replications, from ``least`` on, so that the number does not depend on the workers.

    Stopping by looking makes the interval a little less sure than its level says: the rule stops
    more readily where s happens to be small. ``least`` holds that down; nothing is looked at ahead
    of the stopping point (Hoad, Robinson and Davies, Journal of the Operational Research Society
    61, 2010, run some more replications to see the interval stay narrow). The interval is that of
    the mean over replications (Monte-Carlo error). It says nothing of how far one future may lie
    from that mean, which more replications do not narrow.

    Attributes
    ----------
    half_width
        Children, or £ million, either way; above 0.
    level
        Of the interval, between 0 and 1.
    least
        Replications before the first look; at least 2.
    watched
        Of which the mean is wanted.
    of_differences
        Whether the mean wanted is that of the paired difference of each plan from the first, and not that of
        the first plan; every difference must then be precise enough.
    """

    half_width: float
    level: float = 0.95
    least: int = 40
    watched: Watched = CHILDREN
    of_differences: bool = False

    def __post_init__(self) -> None:
        if not (self.half_width > 0 and 0 < self.level < 1 and self.least > 1):
            msg = "a precision has a half-width above 0, a level between 0 and 1, and at least 2 replications"
            raise ValueError(msg)

    def reached(self, values: npt.ArrayLike) -> bool:
        """Whether these values, one a replication, are enough."""
        found = np.asarray(values, dtype=np.float64)
        return len(found) >= self.least and half_width(found, self.level) <= self.half_width


def replications_needed(values: npt.ArrayLike, half_width: float, level: float = 0.95) -> int:
    """How many replications give an interval of so much either way, by the spread of those at hand.

    The fewest n with t(n − 1, (1 + level) / 2) × s / √n ≤ half_width, s being the standard deviation of
    these values: of a plan's output, or of paired differences of two plans (Law, *Simulation modeling
    and analysis*, 5th ed., 2015, §9.4.1). s is itself an estimate: from few values the answer is rough.

    Raises
    ------
    ValueError
        With fewer than two values, or a half-width of nought.
    """
    found = np.asarray(values, dtype=np.float64)
    if len(found) < 2 or half_width <= 0:  # noqa: PLR2004 - one value has no spread
        msg = "this takes two values or more, and a half-width above nought"
        raise ValueError(msg)
    spread = float(found.std(ddof=1))

    def enough(count: int) -> bool:
        return float(t.ppf((1 + level) / 2, count - 1)) * spread <= half_width * float(np.sqrt(count))

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def half_width(values: npt.ArrayLike, level: float = 0.95) -> float:
    """Half the width of Student's interval of a mean; infinite with fewer than two values."""
    found = np.asarray(values, dtype=np.float64)
    if len(found) < 2:  # noqa: PLR2004 - one value has no spread
        return float("inf")
    quantile = float(t.ppf((1 + level) / 2, len(found) - 1))
    return quantile * float(found.std(ddof=1)) / float(np.sqrt(len(found)))


@dataclass(frozen=True)
class Reached:
    """How precise a run came to be, and with how many replications of at most how many."""

    asked: float
    half_width: float
    level: float
    replications: int
    most: int
    output: str = CHILDREN.name

    def __str__(self) -> str:
        sure = f"{self.half_width:,.3g} either way ({self.level:.0%} interval of the mean of {self.output})"
        said = f"{self.replications:,} replications, at most {self.most:,}: {sure}"
        return f"Precision: {said}{'' if self.half_width <= self.asked else f'; {self.asked:g} was not reached'}."


def reached(outcome: Outcome, asked: Precision, most: int, plans: Sequence[Outcome] = ()) -> Reached:
    """The precision of a plan that was simulated until it was precise enough.

    Parameters
    ----------
    plans
        The others, where differences from the first are asked for: the least precise of them counts.
    """
    values = watched_values([asked.watched.of(one) for one in (outcome, *plans)], asked)
    width = max((half_width(own, asked.level) for own in values), default=0.0)
    name = f"the difference from the baseline in {asked.watched.name}" if asked.of_differences else asked.watched.name
    return Reached(asked.half_width, width, asked.level, outcome.replications, most, name)


def watched_values(values: Sequence[Floats], asked: Precision) -> list[Floats]:
    """Of which values the mean must be precise: those of the first plan, or the others' differences from it."""
    return [own - values[0] for own in values[1:]] if asked.of_differences else [values[0]]
