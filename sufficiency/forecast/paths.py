"""Sample paths of monthly counts from a fitted model: keyed rates, and counts around them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, pdtr, pdtrik

from sufficiency.draws import Purpose, Words, draws, key_words, month_key, other_key, replication_key, replication_keys
from sufficiency.forecast.models import COEFFICIENTS, Fitted, normal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Stream numbers in draw keys start here, clear of the group numbers.
_STREAM_BASE = 1000
#: Poisson means below this are inverted term by term; no count below it comes near the most terms.
_SUMMED, _MOST_TERMS = 30.0, 200
#: A dispersion below this adds nothing that could be seen.
_LEAST_DISPERSION = 1e-6
#: What a model expects is the mean over so many draws of its parameters: on the example it is known to within 0.4 %.
_MEAN_DRAWS = 4000


def stream_rates(model: Fitted, words: tuple[Words, Words], stream: int, months: int) -> Floats:
    """Poisson rate of each month of some replications' paths of a stream: shape (replications, months).

    The model's mean, with its parameters drawn, times a Gamma factor of mean 1 that makes the
    stream's counts negative-binomial.
    """
    coefficients, steps = _normals(words, stream, months)
    uniform, _ = draws(words, _cells(stream, months), 0, Purpose.ENTRY_COUNT)
    means = model.means(coefficients, steps)
    return np.asarray(means * _frailty(uniform, model.dispersions(coefficients)), dtype=np.float64)


@dataclass(frozen=True)
class AtItsMeans:
    """A model's parameters fixed: the same mean of a month in every path, and the same dispersion around it.

    Attributes
    ----------
    rates
        Mean count of each month, shape (months,).
    dispersion
        Variance = mean + dispersion × mean².
    """

    rates: Floats
    dispersion: float
    name: str
    note: str

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        return np.tile(self.rates[: steps.shape[1]], (len(coefficients), 1))

    def dispersions(self, coefficients: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        return np.full(len(coefficients), self.dispersion)


def at_its_means(model: Fitted, stream: int, months: int) -> AtItsMeans:
    """The mean of a model over its parameters and the steps of its level, and the mean dispersion.

    The draws are those of seed 0, whatever the seed of a run, so that what is expected is the same in all.
    """
    words = key_words(replication_keys(0, range(_MEAN_DRAWS)))
    coefficients, steps = _normals(words, stream, months)
    rates, dispersions = model.means(coefficients, steps).mean(axis=0), model.dispersions(coefficients)
    return AtItsMeans(rates, float(dispersions.mean()), model.name, model.note)


def _normals(words: tuple[Words, Words], stream: int, months: int) -> tuple[Floats, Floats]:
    """Standard normals of the coefficients and of the months' steps of a stream."""
    first, _ = draws(words, other_key(stream), np.arange(COEFFICIENTS), Purpose.ENTRY_PARAMETER)
    steps, _ = draws(words, _cells(stream, months), 0, Purpose.ENTRY_LEVEL)
    return normal(first), normal(steps)


def _cells(stream: int, months: int) -> Words:
    return month_key(_STREAM_BASE + stream, np.arange(months))


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
