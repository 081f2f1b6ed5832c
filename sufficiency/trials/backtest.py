"""How good this authority's forecast would have been: cut the returns, forecast, compare with what came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.forecast import crps
from sufficiency.history import History, build_history
from sufficiency.history.stock import spells, stock_at
from sufficiency.returns import Returns
from sufficiency.simulation import Outcome, simulate

Floats = npt.NDArray[np.float64]

BACKTEST_COLUMNS = (
    "origin",
    "horizon_months",
    "level",
    "key",
    "method",
    "actual",
    "mean",
    "p025",
    "p10",
    "p25",
    "p50",
    "p75",
    "p90",
    "p975",
    "crps",
)
_LEVELS = (2.5, 10, 25, 50, 75, 90, 97.5)
_STEP_MONTHS = 6
#: Months that must be known before an origin for a forecast from it to be worth scoring.
_LEAST_KNOWN = 36


def default_origins(first_day: int, last_day: int) -> tuple[date, ...]:
    """The ends of the two months a year and two years before the last day, where enough is known before."""
    found = [_months_before(last_day, back) for back in (24, 12)]
    known = [day for day in found if _months_between(first_day, day) >= _LEAST_KNOWN]
    return tuple(dates.as_date(day) for day in known)


def _months_before(day: int, months: int) -> int:
    return int(dates.month_start(dates.month_index(day + 1) - months)) - 1


def _months_between(first: int, last: int) -> int:
    return int(dates.month_index(last + 1) - dates.month_index(first))


def backtest(
    returns: Returns,
    *,
    origins: Sequence[date | str] | None = None,
    until: date | str | None = None,
    horizon_months: int = 24,
    replications: int = 60,
    seed: int = 1,
    workers: int | None = None,
) -> pd.DataFrame:
    """Forecast from earlier origins as the returns would have been known then, and score.

    Parameters
    ----------
    origins
        Last days known; by default two, see :func:`default_origins`.
    until
        The last day that may be scored; the returns' own by default.
    horizon_months
        How far ahead, scored at every sixth month end (from an origin within a month, the month
        of the day after it is the first).

    Returns
    -------
    Columns of :data:`BACKTEST_COLUMNS`: one row per origin, horizon, key ("all" or a setting) and
    method ("sufficiency", and "last value": no change from the origin). Empty without an origin.
    """
    truth = build_history(returns, origin=until)
    rows = []
    for origin in default_origins(truth.first_day, truth.origin) if origins is None else origins:
        known = build_history(returns, origin=origin)
        ahead = _horizons(known.origin, truth.origin, horizon_months)
        if not ahead:
            continue
        years = -(-max(ahead) // 12)
        if _after(known.origin, max(ahead)) > dates.add_years(known.origin, years):
            years += 1  # from 28 February, a year ends a day before a leap year's month does
        outcome = simulate(known, replications=replications, seed=seed, years=years, workers=workers, journeys=0)
        rows += _scored(truth, known, outcome, ahead)
    return pd.DataFrame(rows, columns=list(BACKTEST_COLUMNS))


def _horizons(origin: int, last: int, most: int) -> list[int]:
    """Months ahead that lie within what is known by now."""
    return [months for months in range(_STEP_MONTHS, most + 1, _STEP_MONTHS) if _after(origin, months) <= last]


def _after(origin: int, months: int) -> int:
    return int(dates.month_start(dates.month_index(origin + 1) + months)) - 1


def _counts(history: History, day: int) -> Floats:
    settings = len(history.codes.all_settings)
    counted: Floats = (
        stock_at(spells(history.placements, history.codes), [day], settings)[0].sum((1, 2)).astype(np.float64)
    )
    return counted


def _scored(truth: History, known: History, outcome: Outcome, ahead: list[int]) -> list[tuple[object, ...]]:
    names = known.codes.all_settings
    cared = len(known.codes.in_care)
    before = _counts(known, known.origin)
    rows: list[tuple[object, ...]] = []
    for months in ahead:
        day = _after(known.origin, months)
        came = _counts(truth, day)
        sample = _sampled(outcome, day)
        rows.append(_row(known, months, "all", came.sum(), sample[:, :cared].sum(1), before.sum()))
        rows.append(_row(known, months, "all", came.sum(), None, before.sum()))
        for number, name in enumerate(names[:cared]):
            rows.append(_row(known, months, name, came[number], sample[:, number], before[number]))
            rows.append(_row(known, months, name, came[number], None, before[number]))
    return rows


def _sampled(outcome: Outcome, day: int) -> Floats:
    """Simulated children by setting on a month's last day: shape (replications, settings)."""
    names = list(outcome.codes.all_settings)
    stock = outcome.stock[dates.to_days(outcome.stock["month_end"]) == day]
    if stock.empty:
        msg = "a back-test asked for a month end that was not simulated"
        raise ValueError(msg)
    table = stock.pivot_table(index="replication", columns="setting", values="children", aggfunc="sum", observed=False)
    full = table.reindex(index=range(outcome.replications), columns=names).fillna(0.0)
    sampled: Floats = full.to_numpy(np.float64)
    return sampled


def _row(
    known: History, months: int, key: str, actual: float, sample: Floats | None, last_value: float
) -> tuple[object, ...]:
    method = "last value" if sample is None else "sufficiency"
    drawn = np.array([last_value]) if sample is None else sample
    level = "total" if key == "all" else "setting"
    origin = pd.Timestamp(dates.as_date(known.origin))
    score = float(crps(drawn, actual))
    return (origin, months, level, key, method, int(actual), float(drawn.mean()), *np.percentile(drawn, _LEVELS), score)
