"""How things go lately: levels that stay and now and then jump, of exits and of who takes the children.

Hazards are estimated from the whole window. What has changed since, in a court, in practice, in the homes that
children could go to, shows as exits over those expected; and in-house homes may take more or fewer of those who
arrive. Weighing the last year alone would follow a change late and take a quiet year for one. Here a month is a jump
with a small chance, how long ago the last one was is weighed by what the counts say (run lengths, as in Adams and
MacKay, *Bayesian online changepoint detection*, 2007), and the level of each run is a gamma, for counts that are
Poisson, or a beta, for shares: their likelihoods are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln

from sufficiency.codes import CAUSES, TYPES
from sufficiency.rates.exposure import Observed, measure_exposure
from sufficiency.rates.hazards import Hazards

Floats = npt.NDArray[np.float64]

#: Chance that a month is a jump of the level of exits: one in thirty years; and of a share: one in ten (assumptions).
JUMPS, SHARE_JUMPS = 1 / 360, 1 / 120
#: Standard deviation of the levels that jumps lead to, relative to their mean, and those of shares, of p in units of
#: the root of p (1 - p), which the likelihood weighs (assumptions).
_SIZE, _SHARE_SIZES = 0.6, (0.15, 0.3, 0.5)
#: What is known of a level, and of a share, counts for this much a month later: half in six years, and in three. Slow
#: drift is followed so (an assumption).
_KEPT, _SHARE_KEPT = 0.99, 0.98
#: Exits of one family on one day make counts scatter more than Poisson ones: variance over mean before a window is
#: seen, and the months that this is worth (assumptions).
_SCATTER, _SCATTER_MONTHS = 1.5, 24
_DAYS_A_MONTH = 365.25 / 12
_YEAR = 365
#: The multiplier's own relative variance is at least this: a range of some 1 % either way.
_LEAST_VARIANCE = 1e-4
#: Below this many exits expected a month says nothing.
_LEAST_EXPECTED = 1e-6


def exit_multiplier(given: Observed, hazards: Hazards) -> tuple[float, float]:
    """Shape and rate of a gamma: the multiplier on exits at the end of the window.

    Its mean is that of exits over those expected. What is known of them is known of the multiplier and the hazards
    together, and the hazards are drawn too: the multiplier has what the hazards do not already add to the variance
    of all exits (by the children in care of the last year). Otherwise the same exits would be doubted twice.
    """
    level, variance = level_now(*exits_by_month(given, hazards))
    twice = hazards.variance_of_total(_expected_lately(given, hazards))
    own = max(variance / level**2 - twice, _LEAST_VARIANCE)
    return 1 / own, 1 / (own * level)


def _expected_lately(given: Observed, hazards: Hazards) -> Floats:
    """Exits expected of each cell in the last year, at the hazards' means; no moves. Shape as the hazards'."""
    earliest, last = given.window
    expected = measure_exposure(given, max(last - _YEAR, earliest), last).child_days * hazards.mean
    expected[..., : len(TYPES)] = 0.0
    return np.asarray(expected)


def exits_by_month(given: Observed, hazards: Hazards) -> tuple[Floats, Floats]:
    """Exits, and those expected at the hazards' means, of each month back from the last day.

    What is left over at the start, less than a month, is passed over.

    Returns
    -------
    Both of shape (months,), oldest first.
    """
    earliest, last = given.window
    months = int((last - earliest) / _DAYS_A_MONTH)
    edges = np.rint(last - np.arange(months, -1, -1) * _DAYS_A_MONTH).astype(np.int64)
    exits = slice(len(TYPES), len(CAUSES))
    mean = hazards.mean[..., exits]
    found = [measure_exposure(given, first, end) for first, end in pairwise(edges.tolist())]
    events = [float(month.events[..., exits].sum()) for month in found]
    expected = [float((month.child_days[..., exits] * mean).sum()) for month in found]
    return np.array(events), np.array(expected)


def level_now(events: Floats, expected: Floats) -> tuple[float, float]:
    """Mean and variance of today's level of events over those expected, 1 before any is seen.

    Parameters
    ----------
    events, expected
        By month, oldest first: shape (months,).
    """
    seen = expected > _LEAST_EXPECTED
    counts, foreseen = events[seen], expected[seen]
    scatter = _scatter(counts / foreseen, 1 / foreseen)
    return _level_runs(counts / scatter, foreseen / scatter)


def share_now(chosen: Floats, every: Floats) -> tuple[float, float]:
    """Mean and variance of today's share of all arrivals.

    Parameters
    ----------
    chosen, every
        Arrivals of one kind, and all, by month, oldest first: shape (months,).
    """
    seen = every > 0
    own, whole = chosen[seen], every[seen]
    # Jumps lead to shares around that of all months.
    middle = float(own.sum() + 0.5) / float(whole.sum() + 1.0)
    scatter = _scatter(own / whole, middle * (1 - middle) / whole)
    return _over_sizes([_share_runs(own / scatter, whole / scatter, middle, size) for size in _SHARE_SIZES])


def _scatter(ratio: Floats, variance: Floats) -> float:
    """How much more than chance months differ from the month before, at least 1."""
    changes = np.square(np.diff(ratio)) / (variance[1:] + variance[:-1])
    return max(float(changes.sum() + _SCATTER * _SCATTER_MONTHS) / (len(changes) + _SCATTER_MONTHS), 1.0)


def _level_runs(counts: Floats, expected: Floats) -> tuple[float, float]:
    """Mean and variance of today's level."""

    def likelihood(state: Floats, seen: Floats) -> Floats:
        # A count given a run's gamma is negative-binomial; what all runs have in common is left out.
        (shape, rate), (count, foreseen) = state.T, seen
        more = gammaln(shape + count) - gammaln(shape)
        return np.asarray(more + shape * np.log(rate) - (shape + count) * np.log(rate + foreseen))

    months = np.column_stack([counts, expected])
    _, weights, state = _run_lengths(months, np.full(2, _SIZE**-2), likelihood, JUMPS, _KEPT)
    shape, rate = state.T
    return _mixed(weights, shape / rate, shape / rate**2)


def _share_runs(chosen: Floats, every: Floats, middle: float, size: float) -> tuple[float, float, float]:
    """Log-likelihood of shares, and mean and variance of today's, where jumps lead to shares so far apart."""

    def likelihood(state: Floats, seen: Floats) -> Floats:
        return np.asarray(betaln(*(state + seen).T) - betaln(*state.T))

    prior = np.array([middle, 1 - middle]) * (size**-2 - 1)
    months = np.column_stack([chosen, every - chosen])
    logs, weights, state = _run_lengths(months, prior, likelihood, SHARE_JUMPS, _SHARE_KEPT)
    first, whole = state[:, 0], state.sum(axis=1)
    mean = first / whole
    return logs, *_mixed(weights, mean, mean * (1 - mean) / (whole + 1))


def _run_lengths(
    months: Floats, prior: Floats, likelihood: Callable[[Floats, Floats], Floats], jumps: float, kept: float
) -> tuple[float, Floats, Floats]:
    """Weigh how long ago the last jump was.

    Parameters
    ----------
    months
        What each month adds to a run's state, shape (months, 2).
    prior
        State of a run that begins, shape (2,).
    likelihood
        Logarithm of a month's likelihood given the states of runs, shape (runs, 2): shape (runs,).
    jumps, kept
        Chance that a month is a jump; what of a state counts a month later.

    Returns
    -------
    Log-likelihood of all months; weight and state of each run, shapes (runs,) and (runs, 2).
    """
    weights, state, total = np.ones(1), prior[None, :], 0.0
    for month in months:
        weights = np.append((1 - jumps) * weights, jumps)
        state = np.vstack([kept * state, prior])
        logs = likelihood(state, month)
        joint = weights * np.exp(logs - logs.max())
        total += float(np.log(joint.sum()) + logs.max())
        weights, state = joint / joint.sum(), state + month
    return total, weights, state


def _over_sizes(found: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Mean and variance over several sizes of jumps, weighed by their likelihood."""
    logs, means, variances = np.array(found).T
    weights = np.exp(logs - logs.max())
    return _mixed(weights / weights.sum(), means, variances)


def _mixed(weights: Floats, means: Floats, variances: Floats) -> tuple[float, float]:
    """Mean and variance of a mixture."""
    mean = float((weights * means).sum())
    return mean, float((weights * (variances + np.square(means))).sum()) - mean**2
