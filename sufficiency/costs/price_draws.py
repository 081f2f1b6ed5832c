"""How far the mean price of a setting may lie from the price given, drawn for every replication."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.draws import Purpose, draws, key_words, other_key, replication_keys
from sufficiency.tables.price_lists import PriceList

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: The number of the draw that holds for all years: no financial year began in year 0.
_ALL_YEARS = 0
#: Below this a uniform has no finite normal beside it.
_LEAST = 2.0**-53


def price_factors(lists: tuple[PriceList, ...], codes: Codes, seed: int, nights: Floats, months: Ints) -> Floats:
    """Factors on the price of each setting that has a price list, 1 for the others.

    Two things make the mean price of a year differ from the price given. The mean itself is known from n
    placements only: one factor a replication, lognormal with the standard error of the fitted log mean. And
    a year's k children are k placements of the distribution, a few of which cost many times the mean: one
    factor a financial year, lognormal with variance (exp(sigma²) - 1) / k, the years independent of each
    other (an assumption: a dear placement that lasts for years makes sums over years spread a little more).
    Both have mean 1. Of the replications at hand they are brought to it month by month, weighed by nights, so that
    mean spend is that of the price given and no luck of the draws passes for inflation (moment matching: Boyle,
    Broadie and Glasserman, Monte Carlo methods for security pricing, Journal of Economic Dynamics and Control 21,
    1997); one replication alone has the price given. Draws are keyed by setting and year, so plans share them.

    Parameters
    ----------
    nights
        Shape (replications, months, all settings): k is a year's nights over its days.
    months
        Calendar months since January 1970.

    Returns
    -------
    Shape (replications, months, all settings).
    """
    factors = np.ones(nights.shape)
    if not lists:
        return factors
    keys = key_words(replication_keys(seed, range(len(nights))))
    years = dates.financial_year_start(dates.month_start(months))
    length = dates.month_start(months + 1) - dates.month_start(months)
    for one in lists:
        place = codes.all_settings.index(one.setting)
        subject = other_key(place)
        whole = _lognormal(one.log_mean_error**2, _normals(keys, subject, _ALL_YEARS))
        for year in np.unique(years):
            inside = years == year
            children = nights[:, inside, place].sum(axis=1) / length[inside].sum()
            variance = np.log1p(one.relative_variance / np.maximum(children, 1.0))
            drawn = whole * _lognormal(variance, _normals(keys, subject, int(year)))
            factors[:, inside, place] = _centred(drawn, nights[:, inside, place])
    return factors


def _centred(drawn: Floats, nights: Floats) -> Floats:
    """Factors of some replications whose mean over nights is 1 in every month: shape (replications, months)."""
    whole = nights.sum(axis=0)
    mean = np.divide(drawn @ nights, whole, out=np.ones_like(whole), where=whole > 0)
    found: Floats = drawn[:, None] / mean
    return found


def _normals(keys: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]], subject: object, number: int) -> Floats:
    uniform, _ = draws(keys, np.asarray(subject), number, Purpose.PRICE)
    normal: Floats = ndtri(np.maximum(uniform[:, 0], _LEAST))
    return normal


def _lognormal(variance: Floats | float, normal: Floats) -> Floats:
    """Lognormal factors of mean 1 from normals, with this variance of their logarithm."""
    drawn: Floats = np.exp(np.sqrt(variance) * normal - np.asarray(variance) / 2)
    return drawn
