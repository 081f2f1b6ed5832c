"""What a plan does to places, to who waits for them, and to staying put, month by month."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sufficiency.codes import Codes

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Ages at which a young person who stays put may go on for another year.
GOING_ON_AGES = 3
#: A limit at the number of those who live in the setting at the origin.
HELD_TODAY = -1.0
#: What is a whole place but for the last bits of a sum is one.
_NEARLY = 1e-6


@dataclass(frozen=True)
class PlaceEffects:
    """Differences from the baseline, shape (months, settings in care) unless said otherwise.

    What they mean together, in this order, is for :mod:`sufficiency.simulation.planned` to say.

    Attributes
    ----------
    growth
        Share by which the baseline's places grow (below 0: shrink), their unavailable ones with them.
    removed, added
        Places fewer and more, whole numbers from 0 up.
    away
        Of the places added, how many cannot be used, on average.
    limit, limit_part
        Most places of a setting before any are removed and added (infinite: no limit of the plan's;
        :data:`HELD_TODAY`), and how far, from 0 to 1, the number has come down from those who live there at
        the origin.
    across, down
        Shares of the children in a setting who wait to step across and to step down.
    followers
        Children in a setting who are to come along with their carers: so many wait to step across on top.
    after_days, success, wait_unmet
        Days in a placement before anything is offered, share of suitable steps down that succeed, share of
        children given a second choice who wait for their first; for the whole horizon.
    uptake
        Points (0.10 is ten percentage points) of take-up of staying put at 18.
    going_on
        Points of the shares that stay put for another year at 18, 19 and 20, shape (3,), for the whole horizon.
    """

    growth: Floats
    removed: Ints
    added: Ints
    away: Floats
    limit: Floats
    limit_part: Floats
    across: Floats
    down: Floats
    followers: Floats
    uptake: Floats
    going_on: Floats
    after_days: int = 1
    success: float = 1.0
    wait_unmet: float = 0.0

    @property
    def changes_places(self) -> bool:
        """Whether any setting has other places than in the baseline."""
        return bool(self.growth.any() or self.removed.any() or self.added.any() or (self.limit < np.inf).any())

    @property
    def changes_waiting(self) -> bool:
        """Whether anybody waits for a place."""
        return bool(self.across.any() or self.down.any() or self.followers.any() or self.wait_unmet)

    @property
    def changes_staying_put(self) -> bool:
        """Whether take-up or length of staying put differs."""
        return bool(self.uptake.any() or self.going_on.any())

    @property
    def changes_anything(self) -> bool:
        """Whether any of this differs from the baseline."""
        return self.changes_places or self.changes_waiting or self.changes_staying_put


def no_place_effects(months: int, codes: Codes) -> PlaceEffects:
    """Places, waiting and staying put as in the baseline."""
    shape = (months, len(codes.in_care))
    none, nobody = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    return PlaceEffects(
        growth=none,
        removed=nobody,
        added=nobody,
        away=none,
        limit=np.full(shape, np.inf),
        limit_part=none,
        across=none,
        down=none,
        followers=none,
        uptake=none,
        going_on=np.zeros(GOING_ON_AGES),
    )


def whole(number: Floats) -> Ints:
    """Whole ones of each number, rounded down."""
    return np.floor(number + _NEARLY).astype(np.int64)


def added_to(effects: PlaceEffects, setting: int, places: Ints, share_away: float) -> PlaceEffects:
    """The effects with places added to a setting month by month, a share of which cannot be used on average."""
    added, unusable = effects.added.copy(), effects.away.copy()
    added[:, setting] += places
    unusable[:, setting] += places * share_away
    return replace(effects, added=added, away=unusable)
