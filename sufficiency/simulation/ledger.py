"""What the register of places writes down: placements as they end, and places month by month."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, Codes
from sufficiency.simulation.places import Tally
from sufficiency.simulation.rates_ahead import Resident
from sufficiency.simulation.world import World

Ints = npt.NDArray[np.int64]
_CARE_BANDS = len(AGE_BANDS) - 1


class Ledger:
    """Adds up places month by month: how days ended, and what happened on them."""

    def __init__(self, world: World) -> None:
        self.edges = dates.month_edges(world.first_day, world.last_day).tolist()
        months, settings = len(self.edges) - 1, len(world.codes.in_care)

        def nothing() -> list[list[int]]:
            return [[0] * settings for _ in range(months)]

        self.occupied, self.vacant, self.full, self.waiting = nothing(), nothing(), nothing(), nothing()
        self.turned_away, self.stepped = nothing(), nothing()
        self.unmet = [[[0] * _CARE_BANDS for _ in range(settings)] for _ in range(months)]
        self.counted_to = [world.first_day] * settings
        self.events = 0

    def month(self, day: int) -> int:
        """Calendar months since that of the first day."""
        return bisect_right(self.edges, day) - 1

    def count_days(self, setting: int, day: int, held: int, usable: int, waiting: int) -> None:
        """Count the days not yet counted and before ``day``, all of which ended in the same way."""
        while self.counted_to[setting] < day:
            month = self.month(self.counted_to[setting])
            stop = min(day, self.edges[month + 1])
            days = stop - self.counted_to[setting]
            self.occupied[month][setting] += held * days
            self.vacant[month][setting] += max(usable - held, 0) * days
            self.full[month][setting] += days if usable <= held else 0
            self.waiting[month][setting] += waiting * days
            self.counted_to[setting] = stop

    def tally(self) -> Tally:
        """The sums as arrays."""
        return Tally(
            occupied_days=_whole(self.occupied),
            vacant_days=_whole(self.vacant),
            full_days=_whole(self.full),
            waiting_days=_whole(self.waiting),
            unmet=_whole(self.unmet),
            turned_away=_whole(self.turned_away),
            stepped=_whole(self.stepped),
            events=self.events,
        )


class Log:
    """Placements as they end; open ones are closed off when the last day is over."""

    def __init__(self, codes: Codes) -> None:
        self.rows: list[tuple[int, ...]] = []
        self.in_care = [codes.all_settings.index(name) for name in codes.in_care]
        self.after_18 = codes.after_18

    def close(self, child: Resident, end: int, closing: int, reason: int) -> None:
        """One row: rank, placement, setting (of all), start, end, opening, closing, reason, care start."""
        setting = (self.after_18 if child.staying else self.in_care)[child.setting]
        row = (child.person.rank, child.placement, setting, child.start, end)
        self.rows.append((*row, child.opening, closing, reason, child.care_start))


def _whole(table: list[list[int]] | list[list[list[int]]]) -> Ints:
    return np.array(table, dtype=np.int64)
