"""One replication counted: what both engines hand on, in whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, Codes
from sufficiency.history.stock import EVENTS, REASONS, Spells, child_days, events, stock_at
from sufficiency.simulation.places import Tally

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]

_SIDES = 2


@dataclass(frozen=True)
class Counted:
    """One replication, counted.

    Attributes
    ----------
    stock, child_days
        By calendar month of the horizon (stock as its last day ends), shape (months, all settings,
        age bands, 2), the last axis UASC. Young people staying put are counted in settings of their own.
    packed, times
        Distinct events, packed as by :func:`pack`, in ascending order, and how often each fell.
    tally
        Places.
    spells
        Every placement, in order of child and placement; None where they were not kept.
    """

    stock: Ints
    child_days: Ints
    packed: Ints
    times: Ints | Small
    tally: Tally
    spells: Spells | None

    def __repr__(self) -> str:
        return f"Counted({self.tally.events:,} events)"

    @property
    def flows(self) -> Ints:
        """Events packed, in ascending order, one element per event."""
        return np.repeat(self.packed, self.times)


def flow_sizes(names: int) -> tuple[int, ...]:
    """Sizes of the parts of a packed event after its month: event, from, to, reason, age band, UASC."""
    return (len(EVENTS), names + 1, names + 1, len(REASONS) + 1, len(AGE_BANDS), _SIDES)


def pack(parts: tuple[Ints, ...], sizes: tuple[int, ...]) -> Ints:
    """Several small whole numbers in one: the first, and each further one below its size."""
    packed = parts[0]
    for size, part in zip(sizes, parts[1:], strict=True):
        packed = packed * size + part
    return packed


def unpack(packed: Ints, sizes: tuple[int, ...]) -> tuple[Ints, ...]:
    """The reverse of :func:`pack`."""
    parts = []
    for size in sizes[::-1]:
        packed, part = np.divmod(packed, size)
        parts.append(part)
    return (packed, *parts[::-1])


def counted(given: Spells, tally: Tally, window: tuple[int, int], codes: Codes) -> Counted:
    """Count placements with the accounting that real ones go through, over the days window[0] to window[1]."""
    first, last = window
    cuts, settings = dates.month_edges(first, last), len(codes.all_settings)
    found = events(given, first, last)
    month = np.searchsorted(cuts, found.day, side="right") - 1
    parts = (month, found.event, found.source + 1, found.target + 1, found.reason + 1, found.band)
    packed = pack((*parts, found.uasc.astype(np.int64)), flow_sizes(settings))
    kinds, times = np.unique(packed, return_counts=True)
    return Counted(
        stock=stock_at(given, cuts[1:] - 1, settings),
        child_days=child_days(given, cuts, settings),
        packed=kinds,
        times=times,
        tally=tally,
        spells=given,
    )
