"""Which assumption moves the answer: one input at a time, and all of them together.

Every run has the same luck, so that what differs is the input. One at a time: each input at its low
and at its high end, the others as they are (a tornado). Together: the share of the output's variance over
all inputs that each explains by itself (first order) and with all its interactions (total), by Sobol's
method on a quasi-random sample (I. M. Sobol', *Mathematics and Computers in Simulation* 55, 2001; the
estimators of Saltelli and others, *Computer Physics Communications* 181, 2010, as scipy has them).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import sobol_indices
from scipy.stats.qmc import Sobol

from sufficiency.codes import EXIT_REASONS
from sufficiency.costs import Charges
from sufficiency.draws import Purpose, draws, key_words, other_key, replication_keys
from sufficiency.errors import UserError
from sufficiency.plan.knobs import Knob, with_values
from sufficiency.plan.means import Means
from sufficiency.plan.outputs import Output
from sufficiency.scenario import LEVERS, Lever, Scenario
from sufficiency.simulation.replications import DEFAULT_SEED
from sufficiency.tables import Prices

Floats = npt.NDArray[np.float64]
What = Literal["lever", "entries", "exits", "moves", "prices"]
TORNADO_COLUMNS = ("input", "label", "low", "high", "at_low", "at_high", "reference", "swing")
GLOBAL_COLUMNS = ("input", "label", "first_order", "first_low", "first_high", "total", "total_low", "total_high")

_LABELS = {"entries": "Entries", "exits": "Rates of leaving care", "moves": "Rates of moving", "prices": "Prices"}
_RESAMPLES = 200
#: Uniforms of a sensitivity analysis have keys of their own, clear of replications' numbers.
_KEY = 2**62


@dataclass(frozen=True)
class Factor:
    """One input, uncertain between two ends.

    Attributes
    ----------
    what
        A lever's parameter, or a multiplier: on entries, on the rates of all exits, on the rates of all
        moves (but to adopters), or on prices.
    low, high
        Ends: of the parameter, or of the multiplier (0.9 and 1.1, say).
    reference
        The value that is taken otherwise: of the plan, or 1.
    knob
        Which parameter, for a lever.
    setting
        Whose prices; of all settings when left out.
    """

    what: What
    low: float
    high: float
    reference: float = 1.0
    knob: Knob | None = None
    setting: str | None = None

    @property
    def label(self) -> str:
        """What a chart calls it."""
        if self.knob is not None:
            return f"{LEVERS[self.knob.lever].title}: {self.knob.parameter.replace('_', ' ')}"
        return f"{_LABELS[self.what]}{f' of {self.setting}' if self.setting else ''} (times)"

    @property
    def name(self) -> str:
        """Its name in a table."""
        if self.knob is not None:
            return self.knob.name
        return f"{self.what} of {self.setting}" if self.setting else self.what


def lever_factor(knob: Knob, plan: Scenario) -> Factor:
    """A lever's parameter over the knob's range; its reference is the plan's own value, or no change."""
    held = next((lever for lever in plan.levers if lever.name == knob.lever), None)
    reference = knob.neutral if held is None else float(getattr(held, knob.parameter))
    return Factor("lever", knob.low, knob.high, reference, knob)


def tornado(model: Callable[[Floats], Floats], factors: Sequence[Factor]) -> pd.DataFrame:
    """One input at a time, the widest swing first.

    Parameters
    ----------
    model
        From values of shape (inputs, runs) to the output of each run: :func:`simulated`, or any function.

    Returns
    -------
    input, label, low and high (its ends), at_low and at_high (the output there), reference (the output with every input
    at its own reference), swing (the larger distance between any two of the three).
    """
    middle = np.array([factor.reference for factor in factors])
    runs = np.tile(middle[:, None], 2 * len(factors) + 1)
    for at, factor in enumerate(factors):
        runs[at, 1 + 2 * at], runs[at, 2 + 2 * at] = factor.low, factor.high
    found = model(runs)
    rows = []
    for at, factor in enumerate(factors):
        low, high = float(found[1 + 2 * at]), float(found[2 + 2 * at])
        three = (low, high, float(found[0]))
        rows.append((factor.name, factor.label, factor.low, factor.high, low, high, three[2], max(three) - min(three)))
    table = pd.DataFrame(rows, columns=list(TORNADO_COLUMNS))
    return table.sort_values("swing", ascending=False, kind="stable", ignore_index=True)


def global_indices(
    model: Callable[[Floats], Floats], factors: Sequence[Factor], *, power: int = 5, seed: int = DEFAULT_SEED
) -> pd.DataFrame:
    """Sobol's indices of every input, each taken as uniform between its ends and apart from the others.

    Parameters
    ----------
    model
        As in :func:`tornado`; it is called once, with (inputs + 2) × 2 ** power runs.
    power
        So many points, as a power of two. The indices are rough below 2 ** 8.
    seed
        Of the sample's shift and of the resampling.

    Returns
    -------
    input, label, first_order and total with the ends of their 95 % intervals (percentiles of resampled points); NaN
    throughout where the output does not vary. A first order well below the total means interaction.
    """
    count, points = len(factors), 2**power
    low = np.array([[factor.low] for factor in factors])
    wide = np.array([[factor.high - factor.low] for factor in factors])
    one, other = (low + wide * unit for unit in _two_samples(count, power, seed))
    # In the order of scipy: inputs, points, with column i of the first replaced by that of the second.
    mixed = [np.where(np.arange(count)[:, None] == at, other, one) for at in range(count)]
    found = model(np.concatenate([one, other, *mixed], axis=1))
    first, second, crossed = found[:points], found[points : 2 * points], found[2 * points :].reshape(count, points)
    indices = _indices(first, second, crossed)
    chosen = _resampled(points, seed)
    spread = np.array([_indices(first[own], second[own], crossed[:, own]) for own in chosen])
    ends = _percentiles(spread)
    numbers = [indices[0], ends[0][0], ends[1][0], indices[1], ends[0][1], ends[1][1]]
    named = dict(zip(GLOBAL_COLUMNS[2:], numbers, strict=True))
    names = {"input": [factor.name for factor in factors], "label": [factor.label for factor in factors]}
    return pd.DataFrame({**names, **named})


def simulated(
    means: Means,
    plan: Scenario,
    factors: Sequence[Factor],
    output: Output,
    *,
    replications: int = 50,
    years: int = 5,
    seed: int = DEFAULT_SEED,
    sure: float | None = None,
) -> Callable[[Floats], Floats]:
    """An output of a plan as a function of the inputs, with the same luck wherever it is asked.

    Parameters
    ----------
    sure
        The percentile of the output over replications, as a share; the mean when left out.

    Raises
    ------
    UserError
        When prices are varied that are not given, or spend is asked for without them.
    """
    if means.prices is None and any(factor.what == "prices" for factor in factors):
        raise UserError(["Prices cannot be varied without any: give prices.csv."])

    def model(values: Floats) -> Floats:
        found = np.empty(values.shape[1])
        for at, run in enumerate(values.T):
            changed, charges = _with_inputs(means, plan, factors, run)
            (outcome,) = means.simulate([changed], replications=replications, years=years, seed=seed)
            own = output.values(outcome, charges)
            found[at] = own.mean() if sure is None else np.quantile(own, sure)
        return found

    return model


def _with_inputs(
    means: Means, plan: Scenario, factors: Sequence[Factor], values: Floats
) -> tuple[Scenario, Charges | None]:
    """A plan with its inputs set, and what is paid by."""
    charges = means.charges
    knobs = [(factor.knob, float(value)) for factor, value in zip(factors, values, strict=True) if factor.knob]
    changed = with_values(plan, [knob for knob, _ in knobs], [value for _, value in knobs])
    for factor, value in zip(factors, values, strict=True):
        change = float(value) - 1.0
        if factor.what == "prices" and charges is not None:
            charges = replace(charges, prices=_dearer(charges.prices, float(value), factor.setting))
        elif factor.what != "lever" and change != 0.0:
            changed = changed.model_copy(update={"levers": (*changed.levers, *_multipliers(factor.what, change))})
    return changed, charges


def _multipliers(what: What, change: float) -> list[Lever]:
    """Levers that multiply a kind of rate, from the first day on; beside those of the plan, whatever they do."""
    if what == "entries":
        return [LEVERS["entries"].model_validate({"change": change, "children": "all", "starts": 0})]
    if what == "moves":
        return [LEVERS["placement_stability"].model_validate({"change": change, "starts": 0})]
    kind = LEVERS["hazard_multiplier"]
    return [kind.model_validate({"cause": reason, "change": change, "starts": 0}) for reason in EXIT_REASONS]


def _dearer(prices: Prices, factor: float, setting: str | None) -> Prices:
    table = prices.table
    mine = (table["setting"] == setting) | (setting is None)
    return replace(prices, table=table.assign(pounds_per_week=table["pounds_per_week"] * np.where(mine, factor, 1.0)))


def _two_samples(count: int, power: int, seed: int) -> tuple[Floats, Floats]:
    """Two sets of points of a Sobol sequence, shifted at random and wrapped: shapes (inputs, points)."""
    points = np.asarray(Sobol(2 * count, scramble=False).random_base2(power)).T
    shift, _ = draws(key_words(replication_keys(seed, [_KEY])), other_key(np.arange(2 * count)), 0, Purpose.SENSITIVITY)
    unit = (points + shift.T) % 1.0
    return unit[:count], unit[count:]


def _resampled(points: int, seed: int) -> npt.NDArray[np.int64]:
    """Points drawn again with replacement, shape (resamples, points)."""
    keys = replication_keys(seed, [_KEY + 1 + number for number in range(_RESAMPLES)])
    uniform, _ = draws(key_words(keys), other_key(np.arange(points)), 0, Purpose.SENSITIVITY)
    return np.asarray(uniform * points, dtype=np.int64)


def _indices(first: Floats, second: Floats, crossed: Floats) -> Floats:
    """First-order and total indices, shape (2, inputs)."""
    if np.ptp(np.concatenate([first, second])) == 0:
        return np.full((2, len(crossed)), np.nan)
    given: dict[Literal["f_A", "f_B", "f_AB"], Floats] = {
        "f_A": first[None],
        "f_B": second[None],
        "f_AB": crossed[:, None, :],
    }
    found = sobol_indices(func=given, n=len(first), rng=0)
    return np.array([np.ravel(found.first_order), np.ravel(found.total_order)])


def _percentiles(spread: Floats) -> Floats:
    """2.5th and 97.5th percentiles over resamples; NaN where nothing varies."""
    if np.isnan(spread).any():
        return np.full((2, *spread.shape[1:]), np.nan)
    return np.asarray(np.percentile(spread, [2.5, 97.5], axis=0))
