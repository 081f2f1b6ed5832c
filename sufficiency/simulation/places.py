"""Limited places: what is usable from which day, who suits, who waits, and who stays on after 18.

These are the tables that both engines read; what they mean, in the order in which things happen, is
on the method page (``docs/method.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sufficiency.codes import TYPES, Codes
from sufficiency.draws import Words

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOWHERE = -1
#: Years of age at which staying put has a rate of ending of its own.
STAY_AGES = (18, 19, 20)
STAY_LIMIT = 21
LAST_RESORT = "other"
#: Types tried when there is no place in the first choice (an assumption; a council may edit it).
FALLBACKS = {"kinship": ("fostering", "home"), "fostering": ("home",)}


@dataclass(frozen=True, eq=False)
class Stayers:
    """Young people who are staying put at the origin: the care setting whose place they hold."""

    key: Words
    dob: Ints
    uasc: Bools
    setting: Ints

    def __repr__(self) -> str:
        return f"Stayers({len(self.key):,} young people)"


def no_stayers() -> Stayers:
    """Nobody is staying put at the origin."""
    none = np.zeros(0, dtype=np.int64)
    return Stayers(none.astype(np.uint64), none, none.astype(bool), none)


@dataclass(frozen=True, eq=False)
class Waiting:
    """Who waits for a place, as :class:`Places` has it."""

    wait_day: Ints
    across: Floats
    down: Floats
    down_to: int
    success: float
    after_days: int
    wait_unmet: float


@dataclass(frozen=True, eq=False)
class Staying:
    """Take-up of staying put from date to date, as :class:`Places` has it."""

    stay_day: Ints
    uptake: Floats


@dataclass(frozen=True, eq=False)
class Together:
    """Tables of :class:`Places` side by side.

    ``own`` holds m and the rates at which staying put ends, by setting; ``waits`` the shares who wait to step
    across and to step down; ``real`` the share of offers to step down that succeed and ``wait_unmet``.
    """

    cascade: Ints
    own: Floats
    waits: Floats
    real: Floats

    def __repr__(self) -> str:
        return f"Together({len(self.own)} settings)"


@dataclass(frozen=True)
class Places:
    """Places and what decides who gets one; settings are those in care, in the order of ``codes.in_care``.

    Attributes
    ----------
    limited
        Settings whose usable places are counted and limited, shape (settings,).
    change_day, change_setting, change_usable
        Usable places (approved less unavailable) of a setting from a day on, in order of day and
        setting; every limited setting has its first on the first simulated day.
    suits
        Chance that an arrival is taken in house with v vacant places, shape (settings, most v + 1).
    one_suits
        m: chance that one vacancy suits one waiting child, shape (settings,).
    cascade
        Types tried after the first choice, in order, padded with -1: shape (types, …).
    last_resort
        Setting that takes a child when everything else is full.
    wait_day, across, down
        From each of these days, the share of children in a setting who wait to step across to its
        in-house twin, or to step down: shapes (steps,), (steps, settings), (steps, settings).
    down_to, success, after_days
        Where stepping down leads (-1: nowhere), the share of suitable offers of it that succeed, and
        the days in a placement before anything is offered.
    wait_unmet
        Share of children given a second choice who wait for their first.
    stay_day, uptake
        From each of these days, the chance of staying put at 18 by care setting: shapes (steps,),
        (steps, settings).
    stay_hazard
        Ends of staying put per day at 18, 19 and 20: shape (settings, 3).
    """

    limited: Bools
    change_day: Ints
    change_setting: Ints
    change_usable: Ints
    suits: Floats
    one_suits: Floats
    cascade: Ints
    last_resort: int
    wait_day: Ints
    across: Floats
    down: Floats
    down_to: int
    success: float
    after_days: int
    wait_unmet: float
    stay_day: Ints
    uptake: Floats
    stay_hazard: Floats

    def __repr__(self) -> str:
        return f"Places({int(self.limited.sum())} limited settings, {len(self.change_day)} changes)"

    @cached_property
    def together(self) -> Together:
        """What the compiled engine reads of the tables that no replication draws."""
        return Together(
            cascade=self.cascade,
            own=np.column_stack([self.one_suits, self.stay_hazard]),
            waits=np.stack([self.across, self.down]),
            real=np.array([self.success, self.wait_unmet]),
        )

    def drawn(self, usable: Ints) -> Places:
        """The same with other usable places; nothing is checked, and nothing made again."""
        same = object.__new__(Places)
        same.__dict__.update(self.__dict__, change_usable=usable)
        return same

    def check(self, settings: int, first_day: int) -> None:
        """Refuse tables that an engine could not read.

        Raises
        ------
        ValueError
            If a shape, an order, a share or a first day is wrong.
        """
        steps, ups = len(self.wait_day), len(self.stay_day)
        shapes = {
            "limited": (self.limited.shape, (settings,)),
            "suits": (self.suits.shape, (settings, self.suits.shape[-1])),
            "one_suits": (self.one_suits.shape, (settings,)),
            "cascade": (self.cascade.shape, (len(TYPES), self.cascade.shape[-1])),
            "across": (self.across.shape, (steps, settings)),
            "down": (self.down.shape, (steps, settings)),
            "uptake": (self.uptake.shape, (ups, settings)),
            "stay_hazard": (self.stay_hazard.shape, (settings, len(STAY_AGES))),
            "change_setting": (self.change_setting.shape, self.change_day.shape),
            "change_usable": (self.change_usable.shape, self.change_day.shape),
        }
        wrong = [name for name, (found, wanted) in shapes.items() if found != wanted]
        shares = (self.suits, self.one_suits, self.across, self.down, self.uptake)
        begins = (self.wait_day[0], self.stay_day[0]) if steps and ups else (first_day - 1,)
        days = (self.change_day, self.wait_day, self.stay_day)
        opened = set(self.change_setting[self.change_day == first_day].tolist())
        in_order = np.lexsort((self.change_setting, self.change_day)) == np.arange(len(self.change_day))
        faults = {
            f"the shape of {', '.join(wrong)}": bool(wrong),
            "a share outside 0 to 1": any(((table < 0) | (table > 1)).any() for table in shares),
            "a rate or a number of places below 0": bool(
                (self.stay_hazard < 0).any() or (self.change_usable < 0).any()
            ),
            "a table that does not begin on the first day": any(day != first_day for day in begins),
            "a day before the first day": any((table < first_day).any() for table in days),
            "a limited setting without places on the first day": not set(np.flatnonzero(self.limited)) <= opened,
            "changes out of order": not bool(in_order.all()),
        }
        found = [what for what, so in faults.items() if so]
        if found:
            msg = f"places hold {'; '.join(found)}"
            raise ValueError(msg)


def no_places(codes: Codes, first_day: int) -> Places:
    """Nothing is limited, nobody waits, nobody stays on."""
    settings = len(codes.in_care)
    none = np.zeros(0, dtype=np.int64)
    day = np.array([first_day], dtype=np.int64)
    return Places(
        limited=np.zeros(settings, dtype=bool),
        change_day=none,
        change_setting=none,
        change_usable=none,
        suits=np.zeros((settings, 1)),
        one_suits=np.ones(settings),
        cascade=fallback_table(),
        last_resort=codes.in_care.index(LAST_RESORT),
        wait_day=day,
        across=np.zeros((1, settings)),
        down=np.zeros((1, settings)),
        down_to=NOWHERE,
        success=1.0,
        after_days=1,
        wait_unmet=0.0,
        stay_day=day,
        uptake=np.zeros((1, settings)),
        stay_hazard=np.zeros((settings, len(STAY_AGES))),
    )


def fallback_table(fallbacks: dict[str, tuple[str, ...]] | None = None) -> Ints:
    """Types tried after the first choice of each type, padded with -1: shape (types, most)."""
    given = FALLBACKS if fallbacks is None else fallbacks
    width = max([1, *(len(names) for names in given.values())])
    table = np.full((len(TYPES), width), NOWHERE, dtype=np.int64)
    for kind, names in given.items():
        table[TYPES.index(kind), : len(names)] = [TYPES.index(name) for name in names]
    return table


def saturating(one_suits: float, most: int) -> Floats:
    """Chance that an arrival finds a suitable place among v vacant ones, 1 − (1 − m)^v: shape (most + 1,).

    The powers are made by multiplying, so that they are the same on every platform.
    """
    none = np.ones(most + 1)
    for vacant in range(1, most + 1):
        none[vacant] = none[vacant - 1] * (1.0 - one_suits)
    return 1.0 - none


def constant(share: float, most: int) -> Floats:
    """The second form: the same chance while any place is vacant, shape (most + 1,)."""
    table = np.full(most + 1, share)
    table[0] = 0.0
    return table


@dataclass(frozen=True)
class Tally:
    """Places over one replication, in whole numbers by calendar month (months, settings in care).

    Attributes
    ----------
    occupied_days, vacant_days, full_days, waiting_days
        Summed over the days of the month as they ended: places held, usable places left (never
        below 0), whether none was left, children waiting for a place. Limited settings only.
    unmet
        First choices that were not met, by age band: shape (months, settings, 5).
    turned_away
        Arrivals that a limited in-house setting did not take.
    stepped
        Children who came from the waiting list.
    events
        Events carried out.
    """

    occupied_days: Ints
    vacant_days: Ints
    full_days: Ints
    waiting_days: Ints
    unmet: Ints
    turned_away: Ints
    stepped: Ints
    events: int

    def __repr__(self) -> str:
        return f"Tally({self.events:,} events)"
