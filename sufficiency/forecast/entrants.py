"""First entrants of the coming months, as sample paths by entry group.

Two streams, children seeking asylum and the rest, are each forecast by a pool of two models and
split into age groups by a Dirichlet mix. Each replication draws one of the models, its
coefficients, level, overdispersion and months, the mix and the counts, so that all of it reaches
the simulation. Children who come back and look new (:mod:`sufficiency.rates.unseen`) are no part of
what is fitted, and are added to what comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv

from sufficiency import dates
from sufficiency.draws import KeyWords, Purpose, Words, draws, key_words, month_key, other_key
from sufficiency.forecast.exposure import Children
from sufficiency.forecast.models import Fitted
from sufficiency.forecast.paths import at_its_means, poisson_counts, stream_rates
from sufficiency.forecast.pool import fit_pool
from sufficiency.forecast.scores import SCORE_COLUMNS, score_models
from sufficiency.history import History
from sufficiency.rates.openings import GROUP_BANDS, GROUPS, entries
from sufficiency.rates.unseen import returns_unseen

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STREAMS = ("other", "uasc")
_UASC = STREAMS.index("uasc")
_MIX_MONTHS = 36
_MIX_PRIOR = 0.5
_LEAST_SHAPE = 1e-9


@dataclass(frozen=True)
class EntrantForecast:
    """Sample paths of monthly first entrants.

    Attributes
    ----------
    first_month, months
        Calendar month index (months since January 1970) of the first forecast month; how many.
    fitted
        The model of each stream.
    mix
        Dirichlet parameters of each stream over the age bands, shape (2 streams, 5 bands).
    scores
        Rolling-origin scores of every candidate (:data:`~sufficiency.forecast.scores.SCORE_COLUMNS`);
        no rows where the evaluation was not asked for.
    history
        Observed monthly counts: month, group (number), count.
    unseen
        Children expected to come back who left before the first return and so look new, shape (2 streams, months).
    area
        Children who live in the area, where they are known.
    asylum
        Mean arrivals of children seeking asylum that a plan needs, and how far (0 to 1) from those of the model
        to these its months go: shape (2, months). None leaves them to the model.
    known
        Whether the models and the mix are taken at their means, so that chance alone makes the counts.
    """

    first_month: int
    months: int
    fitted: tuple[Fitted, ...]
    mix: Floats
    scores: pd.DataFrame
    history: pd.DataFrame
    unseen: Floats
    area: Children | None = None
    asylum: Floats | None = None
    known: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the fits."""
        return tuple(
            f"entries ({name}): {model.note}" for name, model in zip(STREAMS, self.fitted, strict=True) if model.note
        )

    def with_asylum(self, arrivals: Floats, reach: Floats) -> EntrantForecast:
        """The same with so many children seeking asylum a month, on average.

        Around that mean the counts are Poisson. Where none has come in the last years they are taken to be
        16 or 17 (an assumption).

        Parameters
        ----------
        arrivals
            Mean of each month; months beyond are left to the model.
        reach
            How far from the model's rate to that mean, 0 to 1, by month.
        """
        given = np.zeros((2, self.months))
        given[:, : len(arrivals)] = arrivals, reach
        mix = self.mix.copy()
        mix[_UASC] = self.asylum_mix
        return replace(self, asylum=given, mix=mix)

    def at_its_means(self) -> EntrantForecast:
        """The same with nothing left open but chance: every rate, dispersion and mix at its mean.

        Counts still scatter around their means as they did (negative-binomial by month, Poisson by group), by
        the same draws. The same again of one that is at its means already.
        """
        if self.known:
            return self
        fixed = tuple(at_its_means(model, stream, self.months) for stream, model in enumerate(self.fitted))
        return replace(self, fitted=fixed, known=True)

    @property
    def asylum_mix(self) -> Floats:
        """Dirichlet parameters over the age bands of children who come to seek asylum under a plan."""
        own = self.mix[_UASC]
        return np.asarray(own if own.sum() > _MIX_PRIOR else np.eye(len(own))[-1], dtype=np.float64)

    def counts(self, keys: Sequence[KeyWords]) -> Ints:
        """First entrants of each group and month of some replications: shape (replications, groups, months)."""
        words = key_words(keys)
        means = np.empty((len(keys), len(GROUPS), self.months))
        for stream, model in enumerate(self.fitted):
            rate = stream_rates(model, words, stream, self.months) + self.unseen[stream]
            if self.asylum is not None and stream == _UASC:
                needed, reach = self.asylum
                rate = rate + reach * (needed - rate)
            means[:, stream::2] = rate[:, None, :] * self._shares(words, stream)[:, :, None]
        cells = month_key(np.arange(len(GROUPS))[:, None], np.arange(self.months))
        uniform, _ = draws((words[0][..., None], words[1][..., None]), cells, 0, Purpose.ENTRY_COUNT)
        return poisson_counts(uniform, means)

    def _shares(self, words: tuple[Words, Words], stream: int) -> Floats:
        """The mix of each replication: a draw from the Dirichlet by normalised Gammas, or its mean."""
        parameters = self.mix[stream]
        if self.known:
            return np.asarray(parameters / parameters.sum(), dtype=np.float64)[None]
        uniform, _ = draws(words, other_key(stream), np.arange(len(parameters)), Purpose.ENTRY_MIX)
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


def forecast_entrants(
    history: History, *, months: int = 60, evaluate: bool = True, children: Mapping[int, float] | None = None
) -> EntrantForecast:
    """Fit the pool to each stream, score every candidate over rolling origins, and be ready to draw paths.

    Parameters
    ----------
    months
        Months ahead, from the month of the day after the origin.
    evaluate
        Whether to score the candidates: it changes no path, and takes most of the time.
    children
        Children aged 0 to 17 in the area by calendar year (mid-year estimates, and projections if
        wished): the exposure of the regression of those who do not seek asylum. A year beyond the
        last is taken to be as the last.

    Raises
    ------
    ValueError
        When the child population has no year, or a count that is not above 0.
    """
    counted = monthly_counts(history)
    first_month = int(dates.month_index(history.origin + 1))
    area = None if children is None else Children.of(children)
    fitted: list[Fitted] = []
    scores = [pd.DataFrame(columns=list(SCORE_COLUMNS))]
    mix = np.zeros((len(STREAMS), len(GROUP_BANDS)))
    begun, after = int(counted["month"].min()), int(counted["month"].max()) + 1
    unseen = returns_unseen(history, first_month + months - begun)
    for stream, name in enumerate(STREAMS):
        own = counted[counted["group"] % 2 == stream]
        series = _without(own.groupby("month")["count"].sum().to_numpy(np.int64), unseen[stream])
        # Children who come to seek asylum are not a rate of the children who live in the area.
        exposed = area if name == "other" else None
        if evaluate:
            scores.append(score_models(series, after, name, exposed))
        fitted.append(_from_month(fit_pool(series, after, exposed), after, first_month))
        recent = own[own["month"] >= after - _MIX_MONTHS].groupby("group")["count"].sum()
        mix[stream] = recent.to_numpy(np.float64) + _mix_prior(recent.to_numpy(np.float64))
    table = pd.concat(scores[1:] or scores, ignore_index=True)
    ahead = unseen[:, first_month - begun :]
    return EntrantForecast(first_month, months, tuple(fitted), mix, table, counted, ahead, area)


def _without(series: Ints, expected: Floats) -> Ints:
    """A series without so many as are expected, one child at a time as the sum of those expected grows by one."""
    due = np.rint(np.cumsum(expected[: len(series)])).astype(np.int64)
    out, taken = series.copy(), 0
    for month, so_far in enumerate(due):
        gone = min(int(so_far) - taken, int(series[month]))
        out[month] -= gone
        taken += gone
    return out


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

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        padded = np.concatenate([np.zeros((steps.shape[0], self.skip)), steps], axis=1)
        return self.model.means(coefficients, padded)[:, self.skip :]

    def dispersions(self, coefficients: Floats) -> Floats:
        return self.model.dispersions(coefficients)


def _from_month(model: Fitted, after: int, first_month: int) -> Fitted:
    skip = first_month - after
    return model if skip <= 0 else _Later(model, skip, model.name, model.note)


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
