"""How good a forecast would have been: rolling origins, CRPS and coverage."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import nbinom, poisson

from sufficiency.draws import Purpose, draws, month_key, other_key, replication_key
from sufficiency.forecast.models import MODELS, MONTHS, Fitted, normal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PATHS = 200
_ORIGIN_STEP = 3
_MOST_ORIGINS = 10
_LEAST_TRAINING = 24
_SEED = 0
_NAIVE = "seasonal naive"


def crps(sample: Floats, actual: npt.ArrayLike) -> Floats:
    """Continuous ranked probability score of a sample against what came (smaller is better).

    Parameters
    ----------
    sample
        Shape (paths, ...).
    actual
        Shape (...).

    Notes
    -----
    Mean |x − y| less half the mean |x − x′| over all pairs (Gneiting and Raftery, JASA 102, 2007),
    the second term from the sorted sample.
    """
    paths = sample.shape[0]
    ordered = np.sort(sample, axis=0)
    ranks = np.arange(1, paths + 1).reshape(-1, *([1] * (sample.ndim - 1)))
    spread = ((2 * ranks - paths - 1) * ordered).sum(0) / paths**2
    score: Floats = np.abs(sample - np.asarray(actual)).mean(0) - spread
    return score


def sample_counts(model: Fitted, months: int, paths: int = _PATHS) -> Ints:
    """Keyed sample paths of one stream alone: shape (paths, months)."""
    key = replication_key(_SEED, 0)
    number = np.arange(paths)
    coefficient, _ = draws(key, other_key(number)[:, None], np.arange(8), Purpose.ENTRY_PARAMETER)
    step, _ = draws(key, month_key(number[:, None], np.arange(months)), 0, Purpose.ENTRY_LEVEL)
    uniform, _ = draws(key, month_key(number[:, None], np.arange(months)), 0, Purpose.ENTRY_COUNT)
    mean = model.means(normal(coefficient), normal(step))
    if model.dispersion <= 0:
        return np.asarray(poisson.ppf(uniform, mean), dtype=np.int64)
    size = 1 / model.dispersion
    return np.asarray(nbinom.ppf(uniform, size, size / (size + mean)), dtype=np.int64)


def rolling_origins(length: int, horizon: int) -> list[int]:
    """Numbers of months known at each origin, newest last."""
    last = length - horizon
    found = list(range(last, _LEAST_TRAINING - 1, -_ORIGIN_STEP))[:_MOST_ORIGINS]
    return found[::-1]


def choose_model(counts: Ints, after: int, stream: str, horizon: int = MONTHS) -> tuple[str, pd.DataFrame]:
    """The model with the best CRPS over rolling origins, and everybody's scores.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    after
        Calendar month index of the month after the last count.
    stream
        Name for the table.

    Returns
    -------
    The chosen model's name and a table: stream, model, origins, horizon_months, crps, mae, bias,
    coverage_80, chosen. Seasonal naive is scored beside them and never chosen. With too little
    history to hold any back, the local level is taken and the table says 0 origins.
    """
    origins = rolling_origins(len(counts), horizon)
    rows = []
    for name in (*MODELS, _NAIVE):
        scored = [_score(name, counts, known, after - len(counts) + known, horizon) for known in origins]
        means = np.mean(scored, axis=0) if scored else np.full(4, np.nan)
        rows.append([stream, name, len(origins), horizon, *means])
    columns = ["stream", "model", "origins", "horizon_months", "crps", "mae", "bias", "coverage_80"]
    table = pd.DataFrame(rows, columns=columns)
    own = table[table["model"] != _NAIVE]
    chosen = str(own["model"].to_numpy()[int(own["crps"].to_numpy().argmin())]) if origins else "local level"
    return chosen, table.assign(chosen=table["model"] == chosen)


def _score(name: str, counts: Ints, known: int, first_month: int, horizon: int) -> Floats:
    actual = counts[known : known + horizon].astype(np.float64)
    if name == _NAIVE:
        sample = np.tile(counts[known - MONTHS : known], -(-horizon // MONTHS))[:horizon][None, :].astype(np.float64)
    else:
        sample = sample_counts(MODELS[name](counts[:known], first_month), horizon).astype(np.float64)
    low, high = np.percentile(sample, [10, 90], axis=0)
    middle = np.median(sample, axis=0)
    return np.array(
        [
            crps(sample, actual).mean(),
            np.abs(middle - actual).mean(),
            (sample.mean(0) - actual).mean(),
            ((actual >= low) & (actual <= high)).mean(),
        ]
    )
