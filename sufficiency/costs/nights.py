"""What is counted before it is priced: nights by month, setting, age and asylum, and places, of every replication."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, Codes
from sufficiency.errors import UserError
from sufficiency.history.stock import codes_of
from sufficiency.simulation import Outcome
from sufficiency.simulation.results import months_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_SIDES = 2


@dataclass(frozen=True, eq=False)
class Counted:
    """The counts of one plan that money follows.

    Attributes
    ----------
    outcome
        The plan's replications.
    """

    outcome: Outcome

    @property
    def codes(self) -> Codes:
        """Settings and their labels."""
        return self.outcome.codes

    @cached_property
    def months(self) -> Ints:
        """Calendar months of the horizon, since January 1970."""
        return months_of(self.outcome)

    @cached_property
    def days(self) -> Ints:
        """Days simulated in each month; the first and the last may be parts."""
        return np.diff(dates.month_edges(self.outcome.origin + 1, self.outcome.last_day))

    @cached_property
    def part(self) -> Floats:
        """Share of each month that is simulated."""
        length = dates.month_start(self.months + 1) - dates.month_start(self.months)
        return np.asarray(self.days / length, dtype=np.float64)

    @cached_property
    def nights(self) -> Floats:
        """Nights, shape (replications, months, all settings)."""
        return self.outcome.nights.astype(np.float64)

    @cached_property
    def shares(self) -> Floats:
        """Share of each setting's nights by age band and asylum, shape (replications, months, settings, bands, 2).

        Above the replications kept in detail it is the share in those: their nights are their own, and only
        the ages behind them are taken from the others. 0 where nobody lived.
        """
        return self._shares()

    @cached_property
    def places(self) -> tuple[Floats, Floats]:
        """Mean places open and mean places vacant by month, each (replications, months, settings in care).

        NaN for a setting without limit. Above the replications kept in detail: their mean.
        """
        return self._places()

    def _shares(self) -> Floats:
        outcome, table = self.outcome, self.outcome.child_days
        shape = (outcome.detailed, len(self.months), len(self.codes.all_settings), len(AGE_BANDS), _SIDES)
        at = (
            table["replication"].to_numpy(np.int64),
            dates.month_index(dates.to_days(table["month"])) - self.months[0],
            codes_of(table["setting"], self.codes.all_settings),
            codes_of(table["age_band"], AGE_BANDS),
            table["uasc"].to_numpy(np.int64),
        )
        flat = np.ravel_multi_index(at, shape)
        weights = table["child_days"].to_numpy(np.float64)
        counted: Floats = np.bincount(flat, weights, int(np.prod(shape))).reshape(shape).astype(np.float64)
        own = _share(counted)
        if outcome.detailed == outcome.replications:
            return own
        pooled = _share(counted.sum(axis=0))
        ever = _share(counted.sum(axis=(0, 1)))
        pooled = np.where(pooled.sum(axis=(-2, -1), keepdims=True) > 0, pooled, ever[None])
        rest = np.broadcast_to(pooled, (outcome.replications - outcome.detailed, *pooled.shape))
        return np.concatenate([own, rest])

    def _places(self) -> tuple[Floats, Floats]:
        outcome, table = self.outcome, self.outcome.places
        shape = (outcome.detailed, len(self.months), len(self.codes.in_care))
        both = np.full((2, *shape), np.nan)
        at = (
            table["replication"].to_numpy(np.int64),
            dates.month_index(dates.to_days(table["month"])) - self.months[0],
            codes_of(table["setting"], self.codes.in_care),
        )
        vacant = table["mean_vacant"].to_numpy(np.float64)
        both[0][at], both[1][at] = vacant + table["mean_occupied"].to_numpy(np.float64), vacant
        both[:, :, :, ~np.isin(self.codes.in_care, outcome.supply.settings)] = np.nan
        if outcome.detailed < outcome.replications:
            mean = both.mean(axis=1, keepdims=True)
            rest = np.broadcast_to(mean, (2, outcome.replications - outcome.detailed, *mean.shape[2:]))
            both = np.concatenate([both, rest], axis=1)
        return both[0], both[1]

    def places_of(self, setting: str, *, vacant: bool) -> Floats:
        """Places of a limited setting, or its vacant ones, shape (replications, months).

        Raises
        ------
        UserError
            When the setting has no limit, so that nobody knows how many places there are.
        """
        if setting not in self.outcome.supply.settings:
            label = self.codes.label(setting)
            told = f"{label} has no places to count: give it a row in the capacity table."
            raise UserError([f"The fixed costs table counts places. {told}"])
        found: Floats = self.places[int(vacant)][:, :, self.codes.in_care.index(setting)]
        return found


def _share(counted: Floats) -> Floats:
    """Counts as shares of their sum over ages and asylum; 0 where there are none."""
    whole = counted.sum(axis=(-2, -1), keepdims=True)
    shares: Floats = np.divide(counted, whole, out=np.zeros_like(counted), where=whole > 0)
    return shares
