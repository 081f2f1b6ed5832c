"""First entrants of the coming months, as sample paths by entry group.

Two streams, children seeking asylum and the rest, are each forecast by the model that did best
over rolling origins and split into age groups by a Dirichlet mix. Each replication draws its own
coefficients, level, mix, monthly overdispersion and counts, so that all of it reaches the
simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv, pdtr, pdtrik

from sufficiency import dates
from sufficiency.draws import KeyWords, Purpose, Words, key_words, many_draws, month_key, other_key
from sufficiency.forecast.models import MODELS, Fitted, normal
from sufficiency.forecast.scores import choose_model
from sufficiency.history import History
from sufficiency.rates.openings import GROUP_BANDS, GROUPS, entries

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STREAMS = ("other", "uasc")
#: Stream numbers in draw keys start here, clear of the group numbers.
_STREAM_BASE = 1000
_COEFFICIENTS = 8
_MIX_MONTHS = 36
_MIX_PRIOR = 0.5
_LEAST_SHAPE = 1e-9
#: Poisson means below this are inverted term by term; no count below it comes near the most terms.
_SUMMED, _MOST_TERMS = 30.0, 200


@dataclass(frozen=True)
class EntrantForecast:
    """Sample paths of monthly first entrants.

    Attributes
    ----------
    first_month, months
        Calendar month index (months since January 1970) of the first forecast month; how many.
    fitted
        The chosen model of each stream.
    mix
        Dirichlet parameters of each stream over the age bands, shape (2 streams, 5 bands).
    scores
        Rolling-origin scores: stream, model, origins, horizon_months, crps, mae, bias,
        coverage_80, chosen.
    history
        Observed monthly counts: month, group (number), count.
    """

    first_month: int
    months: int
    fitted: tuple[Fitted, ...]
    mix: Floats
    scores: pd.DataFrame
    history: pd.DataFrame

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the fits."""
        return tuple(
            f"entries ({name}): {model.note}" for name, model in zip(STREAMS, self.fitted, strict=True) if model.note
        )

    def counts(self, keys: Sequence[KeyWords]) -> Ints:
        """First entrants of each group and month of some replications: shape (replications, groups, months)."""
        months, cells = np.arange(self.months), np.arange(len(GROUPS) * self.months)
        asked = [ask for stream in range(len(self.fitted)) for ask in self._asked(stream)]
        counting = month_key(*np.divmod(cells, self.months))
        *parameters, uniform = many_draws(key_words(keys), [*asked, (counting, 0, Purpose.ENTRY_COUNT)])
        means = np.empty((len(keys), len(GROUPS), len(months)))
        for stream, model in enumerate(self.fitted):
            coefficients, steps, chance, mixed = parameters[4 * stream : 4 * stream + 4]
            rate = model.means(normal(coefficients), normal(steps)) * _frailty(chance, model.dispersion)
            means[:, stream::2] = rate[:, None, :] * _shares(mixed, self.mix[stream])[:, :, None]
        return poisson_counts(uniform.reshape(means.shape), means)

    def _asked(self, stream: int) -> list[tuple[Words, npt.ArrayLike, Purpose]]:
        """What is drawn for a stream: coefficients, steps of the level, overdispersion by month, and mix."""
        own, by_month = other_key(stream), month_key(_STREAM_BASE + stream, np.arange(self.months))
        return [
            (own, np.arange(_COEFFICIENTS), Purpose.ENTRY_PARAMETER),
            (by_month, 0, Purpose.ENTRY_LEVEL),
            (by_month, 0, Purpose.ENTRY_COUNT),
            (own, np.arange(len(self.mix[stream])), Purpose.ENTRY_MIX),
        ]


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


def _frailty(uniform: Floats, dispersion: float) -> Floats:
    """Gamma factor of each month, mean 1, that makes the stream's counts negative-binomial."""
    if dispersion <= 0:
        return np.ones(uniform.shape, dtype=np.float64)
    return np.asarray(gammaincinv(1 / dispersion, uniform) * dispersion, dtype=np.float64)


def _shares(uniform: Floats, parameters: Floats) -> Floats:
    """A draw from a Dirichlet by normalised Gammas for each replication."""
    gammas = gammaincinv(np.maximum(parameters, _LEAST_SHAPE), uniform)
    kept = np.where(gammas.sum(axis=1, keepdims=True) > 0, gammas, parameters)
    return np.asarray(kept / kept.sum(axis=1, keepdims=True), dtype=np.float64)


def monthly_counts(history: History) -> pd.DataFrame:
    """First entries by month and group over the whole window, zeros included: month, group, count."""
    found = entries(history)
    first, last = (int(dates.month_index(day)) for day in (history.first_day, history.origin))
    if dates.month_start(last + 1) > history.origin + 1:
        last -= 1  # the month of the origin is not over: half a month is no count
    index = pd.MultiIndex.from_product([range(first, last + 1), range(len(GROUPS))], names=["month", "group"])
    counted = found.groupby(["month", "group"]).size().reindex(index, fill_value=0)
    return counted.rename("count").reset_index()


def forecast_entrants(history: History, *, months: int = 60) -> EntrantForecast:
    """Fit every model to each stream, choose by rolling origin, and be ready to draw paths.

    Parameters
    ----------
    months
        Months ahead, from the month of the day after the origin.
    """
    counted = monthly_counts(history)
    first_month = int(dates.month_index(history.origin + 1))
    fitted: list[Fitted] = []
    scores = []
    mix = np.zeros((len(STREAMS), len(GROUP_BANDS)))
    for stream, name in enumerate(STREAMS):
        own = counted[counted["group"] % 2 == stream]
        series = own.groupby("month")["count"].sum().to_numpy(np.int64)
        after = int(own["month"].max()) + 1
        chosen, table = choose_model(series, after, name)
        scores.append(table)
        fitted.append(_from_month(MODELS[chosen](series, after), after, first_month))
        recent = own[own["month"] >= after - _MIX_MONTHS].groupby("group")["count"].sum()
        mix[stream] = recent.to_numpy(np.float64) + _mix_prior(recent.to_numpy(np.float64))
    return EntrantForecast(first_month, months, tuple(fitted), mix, pd.concat(scores, ignore_index=True), counted)


def _mix_prior(recent: Floats) -> Floats:
    """Half an entry for each band seen, and a twentieth of one for a band never seen."""
    return np.where(recent > 0, _MIX_PRIOR, _MIX_PRIOR / 10)


@dataclass(frozen=True)
class _Later:
    """A model whose first months are passed over: the origin lies within a month."""

    model: Fitted
    skip: int
    name: str
    note: str
    dispersion: float

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        padded = np.concatenate([np.zeros((steps.shape[0], self.skip)), steps], axis=1)
        return self.model.means(coefficients, padded)[:, self.skip :]


def _from_month(model: Fitted, after: int, first_month: int) -> Fitted:
    skip = first_month - after
    return model if skip <= 0 else _Later(model, skip, model.name, model.note, model.dispersion)


def summarise_entrants(counts: Ints, first_month: int) -> pd.DataFrame:
    """Percentiles of monthly entrants over replications.

    Parameters
    ----------
    counts
        Shape (replications, groups, months).

    Returns
    -------
    Columns month, group ("all", "uasc", "other" or an age band), mean, p10, p25, p50, p75, p80, p90.
    """
    parts = {"all": counts.sum(1)}
    parts |= {name: counts[:, stream::2].sum(1) for stream, name in enumerate(STREAMS)}
    parts |= {band: counts[:, 2 * number : 2 * number + 2].sum(1) for number, band in enumerate(GROUP_BANDS)}
    months = dates.to_dates(dates.month_start(first_month + np.arange(counts.shape[2])))
    frames = []
    for name, paths in parts.items():
        levels = np.percentile(paths, [10, 25, 50, 75, 80, 90], axis=0)
        frame = {"month": months, "group": name, "mean": paths.mean(0)}
        frame |= {f"p{level}": values for level, values in zip((10, 25, 50, 75, 80, 90), levels, strict=True)}
        frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True)
