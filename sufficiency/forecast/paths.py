"""Sample paths of monthly counts from a fitted model: keyed rates, and counts around them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, pdtr, pdtrik

from sufficiency.draws import Purpose, Words, draws, key_words, month_key, other_key, replication_key
from sufficiency.forecast.models import COEFFICIENTS, Fitted, normal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Stream numbers in draw keys start here, clear of the group numbers.
_STREAM_BASE = 1000
#: Poisson means below this are inverted term by term; no count below it comes near the most terms.
_SUMMED, _MOST_TERMS = 30.0, 200
#: A dispersion below this adds nothing that could be seen.
_LEAST_DISPERSION = 1e-6


def stream_rates(model: Fitted, words: tuple[Words, Words], stream: int, months: int) -> Floats:
    """Poisson rate of each month of some replications' paths of a stream: shape (replications, months).

    The model's mean, with its parameters drawn, times a Gamma factor of mean 1 that makes the
    stream's counts negative-binomial.
    """
    first, _ = draws(words, other_key(stream), np.arange(COEFFICIENTS), Purpose.ENTRY_PARAMETER)
    cells = month_key(_STREAM_BASE + stream, np.arange(months))
    steps, _ = draws(words, cells, 0, Purpose.ENTRY_LEVEL)
    uniform, _ = draws(words, cells, 0, Purpose.ENTRY_COUNT)
    coefficients = normal(first)
    means = model.means(coefficients, normal(steps))
    return np.asarray(means * _frailty(uniform, model.dispersions(coefficients)), dtype=np.float64)


def _frailty(uniform: Floats, dispersions: Floats) -> Floats:
    factor = np.ones(uniform.shape)
    spread = dispersions > _LEAST_DISPERSION
    own = dispersions[spread, None]
    factor[spread] = gammaincinv(1 / own, uniform[spread]) * own
    return factor


def poisson_counts(uniform: Floats, mean: Floats) -> Ints:
    """Poisson counts by inverse distribution function, by adding up terms where the mean is small."""
    out = np.zeros(mean.shape, dtype=np.int64)
    small = mean < _SUMMED
    own, least = mean[small], uniform[small]
    term = np.exp(-own)
    reached, count = term.copy(), np.zeros(own.shape, dtype=np.int64)
    for number in range(1, _MOST_TERMS):
        short = reached < least
        if not short.any():
            break
        count += short
        term = term * own / number
        reached += term
    out[small] = count
    above = np.ceil(pdtrik(uniform[~small], mean[~small]))
    below = np.maximum(above - 1, 0)
    # What rounding puts one too high.
    out[~small] = np.where(pdtr(below, mean[~small]) >= uniform[~small], below, above)
    return out


def sample_counts(model: Fitted, months: int, paths: int = 200, seed: int = 0) -> Ints:
    """Sample paths of one stream alone, by the keys of a seed's first replications: shape (paths, months)."""
    words = _words(seed, paths)
    rates = stream_rates(model, words, 0, months)
    uniform, _ = draws(words, month_key(0, np.arange(months)), 0, Purpose.ENTRY_COUNT)
    return poisson_counts(uniform, rates)


@lru_cache(maxsize=4)
def _words(seed: int, paths: int) -> tuple[Words, Words]:
    return key_words([replication_key(seed, number) for number in range(paths)])
