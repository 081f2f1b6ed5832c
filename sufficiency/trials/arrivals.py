"""First entrants as a trial supposes them: those that were seen and then a forecast, or the same number every month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.draws import KeyWords, Purpose, draws, key_words, month_key
from sufficiency.forecast import EntrantForecast
from sufficiency.forecast.entrants import monthly_counts
from sufficiency.forecast.paths import poisson_counts
from sufficiency.history import History
from sufficiency.rates.openings import GROUPS
from sufficiency.simulation.setup import Arriving

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Followed:
    """Entrants of months that are over, and then those of a forecast.

    Attributes
    ----------
    seen
        First entrants by group and month, shape (groups, months); may have no month.
    then
        The forecast, which begins in the month after them.
    """

    seen: Ints
    then: EntrantForecast

    def __repr__(self) -> str:
        return f"Followed({self.seen.shape[1]} months seen)"

    @property
    def first_month(self) -> int:
        """The first month that was seen."""
        return self.then.first_month - int(self.seen.shape[1])

    def counts(self, keys: Sequence[KeyWords]) -> Ints:
        """What was seen, the same in every replication, and then the forecast's paths."""
        known = np.broadcast_to(self.seen, (len(keys), *self.seen.shape))
        return np.concatenate([known, self.then.counts(keys)], axis=2)


@dataclass(frozen=True)
class Steady:
    """As many entrants expected in every month, those of each month by chance alone (Poisson).

    Attributes
    ----------
    expected
        Entrants expected in a month by group, shape (groups,).
    """

    first_month: int
    months: int
    expected: Floats

    def __repr__(self) -> str:
        return f"Steady({self.expected.sum():.1f} a month)"

    def counts(self, keys: Sequence[KeyWords]) -> Ints:
        """Counts by the same draws as a forecast's, so that two levels differ by little else."""
        words = key_words(keys)
        cells = month_key(np.arange(len(GROUPS))[:, None], np.arange(self.months))
        uniform, _ = draws((words[0][..., None], words[1][..., None]), cells, 0, Purpose.ENTRY_COUNT)
        return poisson_counts(uniform, np.broadcast_to(self.expected[:, None], uniform.shape))


def mean_entrants(arriving: Arriving, keys: Sequence[KeyWords], months: int) -> Floats:
    """Mean first entrants a month by group over the first months of a forecast, shape (groups,)."""
    return np.asarray(arriving.counts(keys)[:, :, :months].mean((0, 2)))


def seen_since(history: History, first_month: int, before: int) -> Ints:
    """First entrants of a history by group and month, from a month up to the one before another: (groups, months)."""
    table = monthly_counts(history)
    own = table[(table["month"] >= first_month) & (table["month"] < before)]
    found = np.zeros((len(GROUPS), before - first_month), dtype=np.int64)
    found[own["group"].to_numpy(np.int64), own["month"].to_numpy(np.int64) - first_month] = own["count"]
    return found


def month_after(day: int) -> int:
    """Calendar month of the day after a day."""
    return int(dates.month_index(day + 1))
