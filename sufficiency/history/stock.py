"""Children in care by day, and what happened to them: one accounting for real and simulated journeys.

Everything here is whole numbers, so that sums are exact whatever their order. A child counts on the
day it arrives and not on the day it leaves; child-days run from arrival to the day before leaving.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGE_EDGES, AGED_OUT, EXIT_REASONS, Codes

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: Staying put after 18 is not care; only simulated journeys have it.
STAY, STAY_END = "stay_put", "stay_put_end"
OPENINGS = ("entry", "re_entry", "move", STAY)
CLOSINGS = ("move", "exit", STAY_END)
REASONS = (*EXIT_REASONS, AGED_OUT)
#: Stands for "none" among coded openings, closings, reasons and settings.
NONE = -1

_BANDS = len(AGE_BANDS)
_SIDES = 2


@dataclass(frozen=True)
class Spells:
    """Placements as arrays, one element per placement, in order of child and placement.

    ``setting``, ``opening``, ``closing`` and ``reason`` index :attr:`Codes.all_settings`,
    :data:`OPENINGS`, :data:`CLOSINGS` and :data:`REASONS` (:data:`NONE` where there is none);
    ``start``, ``end``, ``dob`` and ``care_start`` (of the period of care) are day numbers, an open
    end being :data:`dates.OPEN`.
    """

    child: Ints
    setting: Ints
    start: Ints
    end: Ints
    dob: Ints
    uasc: Bools
    opening: Ints
    closing: Ints
    reason: Ints
    care_start: Ints

    def __repr__(self) -> str:
        return f"Spells({len(self.child):,} placements)"


def codes_of(values: pd.Series, names: tuple[str, ...]) -> Ints:
    """Position of each value among the names; :data:`NONE` where it is missing."""
    return np.asarray(pd.Categorical(values, categories=pd.Index(names)).codes, dtype=np.int64)


def spells(placements: pd.DataFrame, codes: Codes) -> Spells:
    """A placements table of :class:`~sufficiency.history.History` as arrays."""
    table = placements
    return Spells(
        child=table["child"].to_numpy(np.int64),
        setting=codes_of(table["setting"], codes.all_settings),
        start=dates.to_days(table["start"]),
        end=dates.to_days(table["end"]),
        dob=dates.to_days(table["dob"]),
        uasc=table["uasc"].to_numpy(bool),
        opening=codes_of(table["opening"], OPENINGS),
        closing=codes_of(table["closing"], CLOSINGS),
        reason=codes_of(table["reason"], REASONS),
        care_start=dates.to_days(table["care_start"]),
    )


@dataclass(frozen=True)
class _Pieces:
    """Stretches of a placement within one age band."""

    start: Ints
    end: Ints
    cell: Ints

    def __repr__(self) -> str:
        return f"_Pieces({len(self.start):,})"


def _pieces(given: Spells) -> _Pieces:
    """Split every placement at the birthdays that change its age band."""
    births = np.stack([dates.birthday(given.dob, age) for age in AGE_EDGES[1:]], axis=1)
    inner = np.clip(births, given.start[:, None], given.end[:, None])
    edges = np.concatenate([given.start[:, None], inner, given.end[:, None]], axis=1)
    band = np.broadcast_to(np.arange(_BANDS), (len(given.start), _BANDS))
    cell = (given.setting[:, None] * _BANDS + band) * _SIDES + given.uasc[:, None]
    lived = edges[:, 1:] > edges[:, :-1]
    return _Pieces(edges[:, :-1][lived], edges[:, 1:][lived], cell[lived])


def _by_cell(at: Ints, cell: Ints, rows: int, cells: int, weights: Ints | None = None) -> Ints:
    flat = np.bincount(at * cells + cell, weights=weights, minlength=rows * cells)
    return flat[: rows * cells].reshape(rows, cells).astype(np.int64)


def stock_at(given: Spells, days: npt.ArrayLike, settings: int) -> Ints:
    """Children present on each day: shape (days, settings, age bands, 2), the last axis UASC.

    ``days`` must be in ascending order.
    """
    listed = np.asarray(days, dtype=np.int64)
    pieces, cells = _pieces(given), settings * _BANDS * _SIDES
    rows = len(listed) + 1
    came = _by_cell(np.searchsorted(listed, pieces.start), pieces.cell, rows, cells)
    went = _by_cell(np.searchsorted(listed, pieces.end), pieces.cell, rows, cells)
    present = np.cumsum(came - went, axis=0)[:-1]
    return present.reshape(len(listed), settings, _BANDS, _SIDES)


def child_days(given: Spells, cuts: npt.ArrayLike, settings: int) -> Ints:
    """Child-days between consecutive cuts: shape (cuts − 1, settings, age bands, 2)."""
    edges = np.asarray(cuts, dtype=np.int64)
    pieces, cells = _pieces(given), settings * _BANDS * _SIDES
    before = _days_before(pieces.start, pieces.cell, edges, cells) - _days_before(pieces.end, pieces.cell, edges, cells)
    return np.diff(before, axis=0).reshape(len(edges) - 1, settings, _BANDS, _SIDES)


def _days_before(moments: Ints, cell: Ints, edges: Ints, cells: int) -> Ints:
    """Σ max(0, edge − moment) over the pieces of each cell, for every edge."""
    at = np.searchsorted(edges, moments, side="right")
    rows = len(edges) + 1
    counted = np.cumsum(_by_cell(at, cell, rows, cells), axis=0)[:-1]
    # Measured from the first edge so that the weights stay small enough to be exact as floats.
    summed = np.cumsum(_by_cell(at, cell, rows, cells, np.minimum(moments, edges[-1]) - edges[0]), axis=0)[:-1]
    table: Ints = (edges - edges[0])[:, None] * counted - summed
    return table


def stock_table(given: Spells, days: npt.ArrayLike, codes: Codes) -> pd.DataFrame:
    """Tidy stock of model §8: month_end, setting, age_band, uasc, children (zero cells left out)."""
    counts = stock_at(given, days, len(codes.all_settings))
    return _tidy(counts, np.asarray(days), "month_end", "children", codes)


def child_days_table(given: Spells, cuts: npt.ArrayLike, codes: Codes) -> pd.DataFrame:
    """Tidy child-days of model §8: month (its first day), setting, age_band, uasc, child_days."""
    counts = child_days(given, cuts, len(codes.all_settings))
    months = dates.month_start(dates.month_index(np.asarray(cuts)[:-1]))
    return _tidy(counts, months, "month", "child_days", codes)


def _tidy(counts: Ints, days: Ints, day_name: str, name: str, codes: Codes) -> pd.DataFrame:
    row, setting, band, side = np.nonzero(counts)
    return pd.DataFrame(
        {
            day_name: dates.to_dates(days[row]),
            "setting": pd.Categorical.from_codes(setting, categories=pd.Index(codes.all_settings)),
            "age_band": pd.Categorical.from_codes(band, categories=pd.Index(AGE_BANDS)),
            "uasc": side.astype(bool),
            name: counts[row, setting, band, side],
        }
    )


EVENTS = ("entry", "re_entry", "move", "exit", STAY, STAY_END)
_OPENING_EVENTS = np.array([EVENTS.index(name) for name in OPENINGS])
_CLOSING_EVENTS = np.array([EVENTS.index(name) for name in CLOSINGS])


@dataclass(frozen=True)
class Events:
    """What happened, as arrays indexing :data:`EVENTS`, settings and reasons; one element per event."""

    day: Ints
    event: Ints
    source: Ints
    target: Ints
    reason: Ints
    band: Ints
    uasc: Bools

    def __repr__(self) -> str:
        return f"Events({len(self.day):,})"


def events(given: Spells, first_day: int, last_day: int) -> Events:
    """What happened from first_day to last_day, both inclusive.

    Age is that of the day on which a placement begins, and of the day before that on which care or
    staying put ends: ageing out at 18 is an exit of the band 16 to 17. Someone who stays put has
    an exit and, on the same day, a stay_put from the setting in care.
    """
    came = (given.start >= first_day) & (given.start <= last_day) & (given.opening != NONE)
    ends = (given.closing == CLOSINGS.index("exit")) | (given.closing == CLOSINGS.index(STAY_END))
    went = (given.end >= first_day) & (given.end <= last_day) & ends
    day = np.concatenate([given.start[came], given.end[went]])
    lived = np.concatenate([given.start[came], given.end[went] - 1])
    dob = np.concatenate([given.dob[came], given.dob[went]])
    none = np.full(int(went.sum()), NONE)
    return Events(
        day=day,
        event=np.concatenate([_OPENING_EVENTS[given.opening[came]], _CLOSING_EVENTS[given.closing[went]]]),
        source=np.concatenate([_before(given)[came], given.setting[went]]),
        target=np.concatenate([given.setting[came], none]),
        reason=np.concatenate([np.full(int(came.sum()), NONE), given.reason[went]]),
        band=dates.band_of(dates.age_on(dob, lived), AGE_EDGES),
        uasc=np.concatenate([given.uasc[came], given.uasc[went]]),
    )


def _before(given: Spells) -> Ints:
    """Setting from which a move or staying put began; NONE for what begins otherwise."""
    before = np.full(len(given.setting), NONE)
    follows = given.child[1:] == given.child[:-1]
    goes_on = np.isin(given.opening[1:], (OPENINGS.index("move"), OPENINGS.index(STAY)))
    before[1:] = np.where(follows & goes_on, given.setting[:-1], NONE)
    return before


def flow_table(given: Spells, first_day: int, last_day: int, codes: Codes) -> pd.DataFrame:
    """Tidy flows of model §8: month, event, from_setting, to_setting, reason, age_band, uasc, count."""
    found = events(given, first_day, last_day)
    names = codes.all_settings
    sizes = (len(EVENTS), len(names) + 1, len(names) + 1, len(REASONS) + 1, _BANDS, _SIDES)
    month = dates.month_index(found.day)
    base = int(month.min()) if len(month) else 0
    parts = (found.event, found.source + 1, found.target + 1, found.reason + 1, found.band, found.uasc.astype(np.int64))
    packed = month - base
    for size, part in zip(sizes, parts, strict=True):
        packed = packed * size + part
    kinds, count = np.unique(packed, return_counts=True)
    unpacked = []
    for size in sizes[::-1]:
        kinds, part = np.divmod(kinds, size)
        unpacked.append(part)
    side, band, reason, target, source, event = unpacked
    return pd.DataFrame(
        {
            "month": dates.to_dates(dates.month_start(kinds + base)),
            "event": pd.Categorical.from_codes(event, categories=pd.Index(EVENTS)),
            "from_setting": pd.Categorical.from_codes(source - 1, categories=pd.Index(names)),
            "to_setting": pd.Categorical.from_codes(target - 1, categories=pd.Index(names)),
            "reason": pd.Categorical.from_codes(reason - 1, categories=pd.Index(REASONS)),
            "age_band": pd.Categorical.from_codes(band, categories=pd.Index(AGE_BANDS)),
            "uasc": side.astype(bool),
            "count": count,
        }
    )
