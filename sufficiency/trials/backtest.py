"""How good this authority's forecasts would have been: cut the returns, forecast, compare with what came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.errors import Problem, UserError
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.rates import Rates, estimate_rates
from sufficiency.returns import Returns
from sufficiency.simulation import Matched, Outcome, match_places, simulate, supply_of
from sufficiency.simulation.results import stock_by_month
from sufficiency.simulation.supply import no_limits
from sufficiency.tables import Capacity
from sufficiency.trials.baselines import SMOOTHED, baselines, sums_at
from sufficiency.trials.scoring import CARE_BANDS, OURS, Keys, Predicted, from_sample, keys_of, no_scores, scored

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DEFAULT_HORIZON, DEFAULT_REPLICATIONS, DEFAULT_SEED = 36, 200, 1
#: Months between default origins, and how many there are at most.
_STEP_MONTHS, _MOST_ORIGINS = 6, 6
#: Months that must be known before an origin for a forecast from it to be worth scoring.
_LEAST_KNOWN = 36
_MONTHS_A_YEAR = 12


def default_origins(first_day: int, last_day: int, most: int = _MOST_ORIGINS) -> tuple[date, ...]:
    """Month ends six months apart, the newest a year before the last day, each with three years known before it."""
    back = range(_MONTHS_A_YEAR, _MONTHS_A_YEAR + most * _STEP_MONTHS, _STEP_MONTHS)
    found = [_months_after(last_day, -months) for months in back]
    known = [day for day in found if _months_between(first_day, day) >= _LEAST_KNOWN]
    return tuple(dates.as_date(day) for day in sorted(known))


def backtest(
    returns: Returns,
    *,
    origins: Sequence[date | str] | None = None,
    until: date | str | None = None,
    horizon_months: int = DEFAULT_HORIZON,
    replications: int = DEFAULT_REPLICATIONS,
    seed: int = DEFAULT_SEED,
    workers: int | None = None,
    capacity: Capacity | None = None,
    children: Mapping[int, float] | None = None,
    step: Callable[[], object] | None = None,
) -> pd.DataFrame:
    """Forecast from earlier origins as the returns would have been known then, and score.

    The whole pipeline is run from each origin: rates, entrants, matching of places and the simulation
    see episodes that began by the origin and nothing that ended or came later.

    Parameters
    ----------
    origins
        Last days known; by default :func:`default_origins`.
    until
        The last day that may be scored; the returns' own by default.
    horizon_months
        How far ahead, scored at every month end (from an origin within a month, the month of the day
        after it is the first).
    capacity
        The council's places. Only rows that were in force by an origin are used from it.
    children
        Children aged 0 to 17 in the area by calendar year; of an origin's own year and later nothing is used.
    step
        Called whenever an origin is done.

    Returns
    -------
    Columns of :data:`~sufficiency.trials.scoring.SCORE_COLUMNS`: a row for each origin, month ahead, sum
    (in all, by setting, by age band, by both) and method: "sufficiency", "last value" (no change), "seasonal
    naive", "ETS on the stock", "stock and flow". Empty without an origin. Sums of which no child was seen and
    none is forecast are left out.

    Raises
    ------
    UserError
        Where an origin is no date of the returns, or leaves nothing to score.
    """
    asked = Asked(replications, seed, workers, capacity, children)
    truth = build_history(returns, origin=until)
    keys = keys_of(truth.codes)
    chosen = default_origins(truth.first_day, truth.origin) if origins is None else tuple(origins)
    parts, problems = [], list[Problem]()
    for origin in chosen:
        known = build_history(returns, origin=origin)
        ends = month_ends(known.origin, truth.origin, horizon_months)
        if len(ends):
            parts.append(score(truth, known, ends, keys, {OURS: forecast_from(known, ends, keys, asked)}))
        elif origins is not None:
            problems.append(
                Problem(f"Nothing came after the origin {dates.as_date(known.origin)} by which to score a forecast.")
            )
        if step is not None:
            step()
    if problems:
        raise UserError(problems)
    return pd.concat(parts, ignore_index=True) if parts else no_scores()


def month_ends(origin: int, last: int, most: int) -> Ints:
    """Month ends ahead that are known by now: day numbers."""
    ends = np.array([_months_after(origin, months) for months in range(1, most + 1)], dtype=np.int64)
    return ends[ends <= last]


def _months_after(day: int, months: int) -> int:
    return int(dates.month_start(dates.month_index(day + 1) + months)) - 1


def _months_between(first: int, last: int) -> int:
    return int(dates.month_index(last + 1) - dates.month_index(first))


@dataclass(frozen=True)
class Asked:
    """How the pipeline is run from an origin: see :func:`backtest`.

    Attributes
    ----------
    limited
        False where it is known that there is room for everybody, so that no places are inferred.
    """

    replications: int = DEFAULT_REPLICATIONS
    seed: int = DEFAULT_SEED
    workers: int | None = None
    capacity: Capacity | None = None
    children: Mapping[int, float] | None = None
    limited: bool = True

    def known_children(self, origin: int) -> Mapping[int, float] | None:
        """Child population by calendar year, of the years that were over by an origin; None without any."""
        before = dates.as_date(origin).year
        known = {year: count for year, count in (self.children or {}).items() if year < before}
        return known or None


def forecast_from(known: History, ends: Ints, keys: Keys, asked: Asked) -> Predicted:
    """The whole pipeline from an origin: what it forecasts of some month ends, by sum."""
    years = -(-len(ends) // _MONTHS_A_YEAR)
    if int(ends[-1]) > dates.add_years(known.origin, years):
        years += 1  # from 28 February, a year ends a day before a leap year's month does
    months = dates.months_ahead(known.origin, years)
    rates, forecast = estimate_rates(known), _entrants(known, months, asked)
    matched = _matched(known, rates, forecast, asked)
    outcome = simulate(
        known,
        replications=asked.replications,
        seed=asked.seed,
        years=years,
        workers=asked.workers,
        rates=rates,
        forecast=forecast,
        matched=matched,
        journeys=0,
    )
    return from_sample(sampled(outcome, ends, keys))


def _matched(known: History, rates: Rates, forecast: EntrantForecast, asked: Asked) -> Matched:
    if not asked.limited:
        return Matched(no_limits())
    then = asked.capacity.known_on(known.origin) if asked.capacity is not None else None
    return match_places(known, supply_of(known, then), rates=rates, forecast=forecast, both_forms=False)


def _entrants(known: History, months: int, asked: Asked) -> EntrantForecast:
    return forecast_entrants(known, months=months, evaluate=False, children=asked.known_children(known.origin))


def sampled(outcome: Outcome, ends: Ints, keys: Keys) -> Floats:
    """Simulated children on month ends by sum: shape (replications, months, sums)."""
    days, counts = stock_by_month(outcome)
    at = np.searchsorted(days, ends)
    if not np.array_equal(days[np.minimum(at, len(days) - 1)], ends):
        msg = "a back-test asked for a month end that was not simulated"
        raise ValueError(msg)
    codes = outcome.codes
    cared = [codes.all_settings.index(name) for name in codes.in_care]
    cells = counts[:, at][:, :, cared, : len(CARE_BANDS)].sum(-1)
    return np.asarray(cells.reshape(*cells.shape[:2], -1).astype(np.float64) @ keys.sums.T)


def score(
    truth: History,
    known: History,
    ends: Ints,
    keys: Keys,
    forecasts: dict[str, Predicted],
    smoothed: tuple[str, ...] = SMOOTHED,
) -> pd.DataFrame:
    """Some forecasts from an origin and the baselines, held against what came; ``smoothed``: levels of ETS."""
    actual = sums_at(truth, ends, keys)
    all_sums = np.arange(len(keys))
    every = {**{name: (one, all_sums) for name, one in forecasts.items()}, **baselines(known, ends, keys, smoothed)}
    # A kind of placement in which nobody of an age ever lives says nothing about a forecast.
    lived = np.asarray(actual.any(0))
    for one, sums in every.values():
        lived[sums] |= one.mean.any(0)
    chosen = {name: (one.of(np.flatnonzero(lived[sums])), sums[lived[sums]]) for name, (one, sums) in every.items()}
    return scored(pd.Timestamp(dates.as_date(known.origin)), keys, actual, chosen)
