"""Forecasts of children in care held against what came: by total, setting, age band, and setting × age band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from sufficiency.codes import AGE_BANDS, Codes
from sufficiency.forecast import crps

Floats = npt.NDArray[np.float64]

SCORE_COLUMNS = (
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
    "pit",
    "sd",
)
_KINDS = {
    "origin": "datetime64[ns]",
    "horizon_months": "int64",
    "level": "object",
    "key": "object",
    "method": "object",
    "actual": "int64",
}
TOTAL, SETTING, AGE_BAND, CELL = "total", "setting", "age band", "setting and age band"
LEVELS = (TOTAL, SETTING, AGE_BAND, CELL)
ALL = "all"
OURS = "sufficiency"
#: Percentiles kept of every forecast.
PERCENTILES = (2.5, 10.0, 25.0, 50.0, 75.0, 90.0, 97.5)
CARE_BANDS = AGE_BANDS[:-1]


@dataclass(frozen=True)
class Keys:
    """What is forecast: every sum of cells (setting in care × age band) that is scored.

    Attributes
    ----------
    level, key
        Of each sum, in order.
    sums
        1 where a cell belongs to a sum, shape (sums, cells).
    """

    level: tuple[str, ...]
    key: tuple[str, ...]
    sums: Floats

    def __len__(self) -> int:
        return len(self.key)

    def rows(self, level: str) -> npt.NDArray[np.int64]:
        """Numbers of the sums of a level."""
        return np.flatnonzero(np.array(self.level) == level)


def no_scores() -> pd.DataFrame:
    """A table of scores without rows, its columns of the kinds that rows have."""
    return pd.DataFrame({name: pd.Series([], dtype=_KINDS.get(name, "float64")) for name in SCORE_COLUMNS})


@lru_cache(maxsize=8)
def keys_of(codes: Codes, levels: tuple[str, ...] = LEVELS) -> Keys:
    """Every sum that is scored for an authority's settings, of the levels wanted."""
    settings, bands = len(codes.in_care), len(CARE_BANDS)
    cells = np.eye(settings * bands).reshape(settings, bands, -1)
    parts = [cells.sum((0, 1))[None], cells.sum(1), cells.sum(0), cells.reshape(settings * bands, -1)]
    names: list[Sequence[str]] = [
        [ALL],
        codes.in_care,
        CARE_BANDS,
        [f"{name}, {band}" for name in codes.in_care for band in CARE_BANDS],
    ]
    chosen = [number for number, level in enumerate(LEVELS) if level in levels]
    level = tuple(LEVELS[number] for number in chosen for _ in names[number])
    key = tuple(name for number in chosen for name in names[number])
    return Keys(level, key, np.concatenate([parts[number] for number in chosen]))


@dataclass(frozen=True)
class Predicted:
    """A forecast of every month and sum, reduced to what is scored.

    Attributes
    ----------
    mean, sd
        Shape (months, sums); ``sd`` is 0 for a single number without an interval.
    percentiles
        Shape (7, months, sums), :data:`PERCENTILES`.
    sample
        Shape (paths, months, sums), or None for a normal distribution or a single number.
    """

    mean: Floats
    sd: Floats
    percentiles: Floats
    sample: Floats | None = None

    def __repr__(self) -> str:
        return f"Predicted({self.mean.shape[0]} months, {self.mean.shape[1]} sums)"

    def of(self, sums: npt.NDArray[np.int64]) -> Predicted:
        """The forecast of some sums only."""
        sample = None if self.sample is None else self.sample[..., sums]
        return Predicted(self.mean[:, sums], self.sd[:, sums], self.percentiles[..., sums], sample)

    def crps(self, actual: Floats) -> Floats:
        """Continuous ranked probability score, shape (months, sums); of a single number its absolute error."""
        if self.sample is not None:
            return crps(self.sample, actual)
        away = np.abs(self.mean - actual)
        spread = np.where(self.sd > 0, self.sd, 1.0)
        z = (actual - self.mean) / spread
        # Gneiting and Raftery, JASA 102, 2007, equation 21.
        normal = spread * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
        return np.where(self.sd > 0, normal, away)

    def pit(self, actual: Floats) -> Floats:
        """Probability integral transform: chance forecast of less than what came, and half of just that.

        NaN for a single number, which gives no chance.
        """
        if self.sample is not None:
            below, same = (self.sample < actual).mean(0), (self.sample == actual).mean(0)
            return np.asarray(below + same / 2)
        spread = np.where(self.sd > 0, self.sd, np.nan)
        return np.asarray(norm.cdf((actual - self.mean) / spread))


def from_sample(sample: Floats) -> Predicted:
    """A forecast by sample paths, shape (paths, months, sums)."""
    percentiles = np.percentile(sample, PERCENTILES, axis=0)
    return Predicted(sample.mean(0), sample.std(0, ddof=1), percentiles, sample)


def from_normal(mean: Floats, sd: Floats) -> Predicted:
    """A normal forecast: mean and standard deviation, shape (months, sums)."""
    steps = norm.ppf(np.array(PERCENTILES) / 100)[:, None, None]
    return Predicted(mean, sd, mean + steps * sd)


def from_point(value: Floats) -> Predicted:
    """A single number for every month and sum."""
    return Predicted(value, np.zeros_like(value), np.broadcast_to(value, (len(PERCENTILES), *value.shape)))


def scored(
    origin: pd.Timestamp, keys: Keys, actual: Floats, methods: dict[str, tuple[Predicted, npt.NDArray[np.int64]]]
) -> pd.DataFrame:
    """One row per month ahead, sum and method: columns :data:`SCORE_COLUMNS`.

    Parameters
    ----------
    actual
        What came, shape (months, sums); a month ahead has the row before its number.
    methods
        By name: the forecast and the sums (numbers into ``keys``) that it is of.
    """
    parts = []
    for name, (forecast, own) in methods.items():
        came = actual[:, own]
        month, number = np.indices(came.shape)
        columns = {
            "origin": origin,
            "horizon_months": month.ravel() + 1,
            "level": np.array(keys.level, dtype=object)[own][number.ravel()],
            "key": np.array(keys.key, dtype=object)[own][number.ravel()],
            "method": name,
            "actual": came.ravel().astype(np.int64),
            "mean": forecast.mean.ravel(),
            **{label: part.ravel() for label, part in zip(SCORE_COLUMNS[7:14], forecast.percentiles, strict=True)},
            "crps": forecast.crps(came).ravel(),
            "pit": forecast.pit(came).ravel(),
            "sd": forecast.sd.ravel(),
        }
        parts.append(pd.DataFrame(columns)[list(SCORE_COLUMNS)])
    return pd.concat(parts, ignore_index=True)
