"""First entries by quarter, seen and forecast: what the chart of entries is drawn from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.forecast.entrants import STREAMS, EntrantForecast

Ints = npt.NDArray[np.int64]

QUARTER_COLUMNS = ("date", "who", "seen", "p10", "p25", "p50", "p75", "p90")
#: All first entries, and those of each stream.
EVERYBODY = "all"
_QUARTER = 3
_LEVELS = (10, 25, 50, 75, 90)


def entries_by_quarter(forecast: EntrantForecast, sample: Ints) -> pd.DataFrame:
    """First entries of whole quarters back and ahead of the first forecast month.

    Parameters
    ----------
    sample
        First entrants of some replications, shape (replications, groups, months).

    Returns
    -------
    pandas.DataFrame
        date (last day of the quarter), who ("all", "other", "uasc": children seeking asylum), seen
        (entries, NaN ahead) and p10 to p90 (NaN of the past).
    """
    wide = forecast.history.pivot(index="month", columns="group", values="count").sort_index()
    before, ahead = len(wide) // _QUARTER, sample.shape[2] // _QUARTER
    last = int(wide.index.max())
    past = wide.to_numpy(np.int64)[len(wide) - before * _QUARTER :].T.reshape(-1, before, _QUARTER).sum(-1)
    future = sample[:, :, : ahead * _QUARTER].reshape(*sample.shape[:2], ahead, _QUARTER).sum(-1)
    groups = np.asarray(wide.columns)
    parts = []
    for who in (EVERYBODY, *STREAMS):
        own = np.ones(len(groups), dtype=bool) if who == EVERYBODY else groups % 2 == STREAMS.index(who)
        marks = np.percentile(future[:, own].sum(1), _LEVELS, axis=0)
        seen = pd.DataFrame({"date": _ends(last - before * _QUARTER, before), "seen": past[own].sum(0).astype(float)})
        come = pd.DataFrame({f"p{level}": mark for level, mark in zip(_LEVELS, marks, strict=True)})
        come = come.assign(date=_ends(forecast.first_month - 1, ahead))
        parts.append(pd.concat([seen, come], ignore_index=True).assign(who=who))
    return pd.concat(parts, ignore_index=True)[list(QUARTER_COLUMNS)]


def _ends(month_before: int, quarters: int) -> pd.DatetimeIndex:
    """Last days of quarters that follow a month."""
    return dates.to_dates(dates.month_start(month_before + 1 + _QUARTER * np.arange(1, quarters + 1)) - 1)
