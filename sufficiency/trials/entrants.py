"""Who enters an invented authority: families month by month, and the children of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_EDGES
from sufficiency.draws import KeyWords, Purpose, draw, entrant_key, month_key, pick
from sufficiency.simulation.world import Entrants
from sufficiency.trials.known import STREAMS, KnownWorld, Stream

Ints = npt.NDArray[np.int64]

_LARGEST_FAMILY = 8
#: Brothers and sisters born less than this apart are made twins.
_TWINS_WITHIN_DAYS = 280
_ENOUGH = 1.0 - 1e-12


class About(IntEnum):
    """What a draw of purpose WORLD is about: its number within the child (``extra`` tells further)."""

    FAMILY_SIZE = 0
    ENTRY_BAND = 1
    SEX = 2
    ETHNICITY = 3
    NEED = 4
    LEGAL_ENTRY = 5
    LEGAL_DELAY = 6
    PLACE_CODE = 7
    PROVIDER = 8
    WHERE = 9
    STATUS_CHANGE = 10
    REASON_FOR_CHANGE = 11
    EXIT_CODE = 12
    HOME = 13
    MOTHER = 14
    ADOPTION = 15
    HEALTH = 16
    REVIEW = 17
    MISSING = 18
    LEAVER = 19
    PERMANENCE = 20
    LEDGER = 21
    PRICE_LIST = 22


@dataclass(frozen=True)
class Arrivals:
    """Everyone who ever enters, in order of day and key.

    Attributes
    ----------
    entrants
        As the simulation reads them.
    family
        Number of each child's family; children of one family entered on the same day.
    """

    entrants: Entrants
    family: Ints

    def __repr__(self) -> str:
        return f"Arrivals({len(self.family):,} children)"


def count_from(uniform: float, mean: float, overdispersion: float) -> int:
    """Negative-binomial count (Poisson where overdispersion is 1) by inverse distribution function.

    Parameters
    ----------
    uniform
        In [0, 1).
    mean, overdispersion
        Expected count, and variance / mean, at least 1.
    """
    spare = overdispersion - 1.0
    if mean <= 0.0:
        return 0
    size = mean / spare if spare > 0.0 else math.inf
    chance = math.exp(-mean) if spare <= 0.0 else math.exp(-size * math.log(overdispersion))
    count, reached = 0, chance
    while reached <= uniform and reached < _ENOUGH:
        count += 1
        step = mean / count if spare <= 0.0 else (size + count - 1) / count * (spare / overdispersion)
        chance *= step
        reached += chance
    return count


def born(day: int, band: int, uniform: float, skew: int) -> int:
    """Day of birth of a child of an age band on a day."""
    first = int(dates.birthday(day, -AGE_EDGES[band + 1])[()]) + 1
    last = int(dates.birthday(day, -AGE_EDGES[band])[()])
    if dates.age_on(last, day) < AGE_EDGES[band]:  # someone born on 1 March is not yet of age on 29 February
        last -= 1
    if dates.age_on(first, day) >= AGE_EDGES[band + 1]:
        first += 1
    fraction = _power(uniform, skew) if skew > 0 else 1.0 - _power(1.0 - uniform, -skew)
    return max(last - int(fraction * (last - first + 1)), first)


def _power(base: float, times: int) -> float:
    """By multiplication: the last bit of a library's power differs between platforms."""
    out = 1.0
    for _ in range(times):
        out *= base
    return out


def next_band(first: int, uniform: float, stream: Stream) -> int:
    """Band of a brother or sister, so that each child's own chances stay those of ``per_year``."""
    same = stream.same_band[first]
    if uniform < same:
        return first
    others = [rate * (1.0 - stays) for rate, stays in zip(stream.per_year, stream.same_band, strict=True)]
    return pick((uniform - same) / (1.0 - same), others)


def _bands(key: KeyWords, stream: Stream, month: int, family: int, number: int) -> list[int]:
    subjects = _keys(number, month, family)
    size = 1 + pick(draw(key, subjects[0], About.FAMILY_SIZE, Purpose.WORLD)[0], stream.sizes)
    first = pick(draw(key, subjects[0], About.ENTRY_BAND, Purpose.WORLD)[0], stream.per_year)
    rest = [draw(key, subject, About.ENTRY_BAND, Purpose.WORLD)[0] for subject in subjects[1:size]]
    return [first] + [next_band(first, uniform, stream) for uniform in rest]


def _keys(stream: int, month: int, family: int) -> list[int]:
    numbers = family * _LARGEST_FAMILY + np.arange(_LARGEST_FAMILY)
    keys: list[int] = entrant_key(stream, month, 0, numbers).tolist()
    return keys


def _births(key: KeyWords, stream: Stream, subjects: list[int], bands: list[int], day: int) -> list[int]:
    births: list[tuple[int, int]] = []
    for subject, band in zip(subjects, bands, strict=False):
        birth = born(day, band, draw(key, subject, 0, Purpose.ENTRANT_AGE)[0], stream.age_skew[band])
        near = [other for other_band, other in births if other_band == band and abs(other - birth) < _TWINS_WITHIN_DAYS]
        births.append((band, near[0] if near else birth))
    return [birth for _, birth in births]


Child = tuple[int, int, int, int, int, int]


def _family(world: KnownWorld, key: KeyWords, number: int, month: int, family: int) -> list[Child]:
    """Children of one family: (day, key, dob, stream, first type, family)."""
    stream = world.streams[STREAMS[number]]
    offset = month - int(dates.month_index(world.first_day))
    subjects = _keys(number, offset, family)
    bands = _bands(key, stream, offset, family, number)
    begin, end = dates.month_start([month, month + 1]).tolist()
    day = begin + int(draw(key, subjects[0], 0, Purpose.ENTRY_DAY)[0] * (end - begin))
    # One draw for the family: brothers and sisters mostly begin in the same kind of home.
    uniform = draw(key, subjects[0], 0, Purpose.FIRST_TYPE)[0]
    label = (offset * len(STREAMS) + number) * 1000 + family
    return [
        (day, subject, birth, number, pick(uniform, world.first_types[band, number].tolist()), label)
        for subject, birth, band in zip(subjects, _births(key, stream, subjects, bands, day), bands, strict=False)
    ]


def draw_arrivals(world: KnownWorld, key: KeyWords) -> Arrivals:
    """Everyone who first enters from the world's first day to its last."""
    first, last = dates.month_index([world.first_day, world.last_day]).tolist()
    children: list[Child] = []
    for month in range(first, last + 1):
        for number, name in enumerate(STREAMS):
            uniform = draw(key, int(month_key(number, month - first)), 0, Purpose.ENTRY_COUNT)[0]
            mean = world.expected_families(name, month)
            for family in range(count_from(uniform, mean, world.streams[name].overdispersion)):
                children += _family(world, key, number, month, family)
    children.sort()
    columns = [np.array(column) for column in zip(*children, strict=True)] or [np.zeros(0, dtype=np.int64)] * 6
    day, subject, dob, stream, kind, family_label = columns
    entrants = Entrants(subject.astype(np.uint64), day, dob, stream.astype(bool), kind)
    return Arrivals(entrants, family_label)
