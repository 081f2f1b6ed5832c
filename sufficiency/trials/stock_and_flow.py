"""The baseline to beat: a stock-and-flow model of the kind that councils use today.

Built from the description of such tools (data-to-insight's cs-demand-model is one): children are
counted by age band and placement; from a reference year come the daily mean rates of moving to
another placement or out of care; a share 1 / (days in the band) moves up a band each day; entries a
day stay what they were in that year. Forecasts are means, with two standard deviations either way
from the variance of independent children. No lengths of stay, no birthdays, no parameter
uncertainty, no limited places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_EDGES
from sufficiency.history import History
from sufficiency.history.stock import CLOSINGS, NONE, OPENINGS, Spells, child_days, spells, stock_at
from sufficiency.trials.scoring import CARE_BANDS, Keys, Predicted, from_normal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: The reference period (an assumption: such tools let the analyst choose one, often the last year).
REFERENCE_DAYS = 365
_DAYS_A_YEAR = 365.25
_BANDS = len(CARE_BANDS)


@dataclass(frozen=True)
class StockAndFlow:
    """Counts, daily chances and daily entries; states are setting in care × age band, in that order.

    Attributes
    ----------
    stock
        Children at the origin, shape (states,).
    daily
        Chance of being in a state a day later, shape (states, states); what is missing to 1 leaves care.
    entries
        Entries and re-entries a day, shape (states,).
    """

    stock: Floats
    daily: Floats
    entries: Floats

    def __repr__(self) -> str:
        return f"StockAndFlow({self.stock.sum():.0f} children, {len(self.stock)} states)"

    def predict(self, days: Ints, keys: Keys) -> Predicted:
        """Means and variances on some days ahead (ascending, from 1) for every sum.

        Children are independent: of those in a state now each is in a sum with a chance, and arrivals
        are Poisson, so the variance is Σ n p (1 − p) plus the mean of the arrivals.
        """
        mean, variance = (np.empty((len(days), len(keys))) for _ in range(2))
        reach, arrived, on = np.eye(len(self.stock)), np.zeros(len(self.stock)), 0
        for row, day in enumerate(days.tolist()):
            for _ in range(on, day):
                arrived = arrived @ self.daily + self.entries
                reach = reach @ self.daily
            on = day
            chance = np.clip(reach @ keys.sums.T, 0.0, 1.0)
            new = keys.sums @ arrived
            mean[row] = self.stock @ chance + new
            variance[row] = self.stock @ (chance * (1 - chance)) + new
        return from_normal(mean, np.sqrt(variance))


def fit_stock_and_flow(history: History, reference_days: int = REFERENCE_DAYS) -> StockAndFlow:
    """Rates of the reference period before the origin, and the children at it."""
    given, codes = spells(history.placements, history.codes), history.codes
    names = codes.all_settings
    cared = np.array([names.index(name) for name in codes.in_care])
    first = max(history.origin - reference_days + 1, history.first_day)
    window = (first, history.origin)
    days = child_days(given, [first, history.origin + 1], len(names))[0].sum(-1)[cared, :_BANDS]
    now = stock_at(given, [history.origin], len(names))[0].sum(-1)[cared, :_BANDS]
    moves, entries = _events(given, window, len(names))
    states = len(cared) * _BANDS
    moved, left = moves[cared][:, :, cared], moves[cared][:, :, -1]
    daily = np.zeros((len(cared), _BANDS, len(cared), _BANDS))
    at_risk = np.maximum(days, 1)
    for band in range(_BANDS):
        length = (AGE_EDGES[band + 1] - AGE_EDGES[band]) * _DAYS_A_YEAR
        daily[:, band, :, band] = moved[:, band] / at_risk[:, band, None]
        stays = 1 - daily[:, band, :, band].sum(1) - left[:, band] / at_risk[:, band] - 1 / length
        own = np.arange(len(cared))
        daily[own, band, own, band] += np.maximum(stays, 0.0)
        if band + 1 < _BANDS:
            daily[own, band, own, band + 1] += 1 / length
    lasted = history.origin - first + 1
    arriving = entries[cared] / lasted
    return StockAndFlow(now.reshape(-1).astype(np.float64), daily.reshape(states, states), arriving.reshape(-1))


def _events(given: Spells, window: tuple[int, int], settings: int) -> tuple[Ints, Ints]:
    """Moves and exits by (from, band, to: out of care is last), and entries by (setting, band), of a window."""
    first, last = window
    following = np.concatenate([given.setting[1:], [NONE]])
    moved = given.closing == CLOSINGS.index("move")
    adult = dates.birthday(given.dob, dates.ADULT)
    # Ageing out is the share that leaves the last band, as such tools have it.
    ended = (given.end >= first) & (given.end <= last) & (given.closing != NONE) & (given.end < adult)
    target = np.where(moved, following, settings)[ended]
    moves = np.zeros((settings, _BANDS, settings + 1), dtype=np.int64)
    np.add.at(moves, (given.setting[ended], _band(given.dob[ended], given.end[ended]), target), 1)
    came = (given.start >= first) & (given.start <= last) & (given.opening != OPENINGS.index("move"))
    entries = np.zeros((settings, _BANDS), dtype=np.int64)
    np.add.at(entries, (given.setting[came], _band(given.dob[came], given.start[came])), 1)
    return moves, entries


def _band(dob: Ints, day: Ints) -> Ints:
    return np.minimum(dates.band_of(dates.age_on(dob, day), AGE_EDGES), _BANDS - 1)
