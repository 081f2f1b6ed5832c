"""How good a forecast would have been: rolling origins, CRPS and coverage."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.forecast.exposure import Children
from sufficiency.forecast.models import MONTHS
from sufficiency.forecast.paths import sample_counts
from sufficiency.forecast.pool import MODELS, POOL, fit_candidates

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

COVERAGES = (50, 80, 95)
SCORE_COLUMNS = (
    "stream",
    "model",
    "origins",
    "horizon_months",
    "crps",
    "mae",
    "bias",
    *(f"coverage_{width}" for width in COVERAGES),
    "chosen",
)
_ORIGIN_STEP = 3
_MOST_ORIGINS = 10
_LEAST_TRAINING = 24


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


def rolling_origins(length: int, horizon: int) -> list[int]:
    """Numbers of months known at each origin, newest last."""
    last = length - horizon
    found = list(range(last, _LEAST_TRAINING - 1, -_ORIGIN_STEP))[:_MOST_ORIGINS]
    return found[::-1]


def score_models(
    counts: Ints, after: int, stream: str, children: Children | None = None, horizon: int = MONTHS
) -> pd.DataFrame:
    """Scores of every candidate and the pool over rolling origins.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    after
        Calendar month index of the month after the last count.
    stream
        Name for the table.
    children
        Child population as exposure, if known.
    horizon
        Months ahead, all of which are scored.

    Returns
    -------
    Columns of :data:`SCORE_COLUMNS`, a row for each model: means over origins and months. Bias is
    the mean of the paths less what came; coverages are the shares of months inside the central
    intervals (of counts, so that small ones are covered more often than the name says). With too
    little history to hold any back, 0 origins and no scores.
    """
    origins = rolling_origins(len(counts), horizon)
    found: dict[str, list[list[float]]] = {name: [] for name in (*MODELS, POOL)}
    for known in origins:
        fitted = fit_candidates(counts[:known], after - len(counts) + known, children)
        actual = counts[known : known + horizon].astype(np.float64)
        for name, model in fitted.items():
            found[name].append(score_sample(sample_counts(model, horizon).astype(np.float64), actual))
    rows = []
    for name, scored in found.items():
        means = np.mean(scored, axis=0) if scored else np.full(3 + len(COVERAGES), np.nan)
        rows.append([stream, name, len(origins), horizon, *means, name == POOL])
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def score_sample(sample: Floats, actual: Floats) -> list[float]:
    """CRPS, error of the median, bias of the mean and coverages of a sample, each a mean over what is scored.

    Parameters
    ----------
    sample
        Shape (paths, months).
    actual
        Shape (months,).
    """
    score = [float(crps(sample, actual).mean()), float(np.abs(np.median(sample, axis=0) - actual).mean())]
    score.append(float((sample.mean(0) - actual).mean()))
    for width in COVERAGES:
        low, high = np.percentile(sample, [50 - width / 2, 50 + width / 2], axis=0)
        score.append(float(((actual >= low) & (actual <= high)).mean()))
    return score
