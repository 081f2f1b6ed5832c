"""Events and child-days by cell: the occurrence and exposure that hazards are estimated from.

A cell is setting × hazard age × duration × UASC × cause, duration being on the cause's clock: time
in the placement for moves, time in care for exits except where the settings table says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import (
    AGED_OUT,
    CAUSES,
    DURATION_EDGES,
    EXIT_REASONS,
    HAZARD_AGE_EDGES,
    HAZARD_AGES,
    TYPES,
    Codes,
)
from sufficiency.history import History
from sufficiency.history.stock import CLOSINGS, NONE, REASONS, Ints, Spells, spells

Floats = npt.NDArray[np.float64]

#: An event's last day counts as half a day at risk: with a constant hazard h a day is survived
#: with probability exp(−h), so events / (survived days + events / 2) estimates h itself, to h²/12,
#: where events / days would estimate 1 − exp(−h).
_HALF_DAY = 0.5


@dataclass(frozen=True)
class Exposure:
    """Occurrence and exposure.

    Attributes
    ----------
    events, child_days
        Shape (settings in care, 6 ages, 6 durations, 2, 16 causes); the child-days of a cell are
        at risk of that cause on its own clock.
    left_out
        Child-days in care in the window whose time in care, or time in the placement, is unknown
        and not surely in the top band, by clock (care, placement).
    """

    events: Floats
    child_days: Floats
    left_out: dict[str, float]


def cause_clocks(codes: Codes) -> npt.NDArray[np.bool_]:
    """True where a setting's cause runs on time in the placement: shape (settings in care, causes)."""
    table = codes.settings[codes.settings["in_care"]]
    on_placement = np.zeros((len(table), len(CAUSES)), dtype=bool)
    on_placement[:, : len(TYPES)] = True
    on_placement[:, len(TYPES) :] = (table["exit_clock"] == "placement").to_numpy()[:, None]
    return on_placement


def causes_of(given: Spells, codes: Codes) -> Ints:
    """Cause that ended each placement: an index into CAUSES, or NONE (open, or aged out)."""
    kinds = np.array(
        [TYPES.index(codes.type_of(name)) if name in codes.in_care else NONE for name in codes.all_settings]
    )
    following = np.concatenate([given.setting[1:], [NONE]])
    moved = given.closing == CLOSINGS.index("move")
    left = (given.closing == CLOSINGS.index("exit")) & (given.reason != REASONS.index(AGED_OUT))
    exit_cause = np.array([CAUSES.index(reason) if reason in EXIT_REASONS else NONE for reason in REASONS])
    cause = np.full(len(given.child), NONE, dtype=np.int64)
    cause[moved] = kinds[following[moved]]
    cause[left] = exit_cause[given.reason[left]]
    return cause


@dataclass(frozen=True)
class Observed:
    """A history's placements as exposure is counted from them.

    Attributes
    ----------
    spells, cause
        Placements, and the cause that ended each.
    clock_start, known_from
        By clock (care, placement): day on which it began, and first day on which it is known what it tells.
    window
        First and last day observed.
    codes
        The history's.
    """

    spells: Spells
    cause: Ints
    clock_start: dict[str, Ints]
    known_from: dict[str, Ints]
    window: tuple[int, int]
    codes: Codes

    def __repr__(self) -> str:
        return f"Observed({self.spells!r})"

    def lived(self, first_day: int, last_day: int) -> Observed:
        """Those placements alone that go on at some time between two days: what lies outside adds nothing there."""
        kept = (self.spells.start < last_day) & (self.spells.end > first_day)
        return replace(
            self,
            spells=Spells(**{field.name: getattr(self.spells, field.name)[kept] for field in fields(Spells)}),
            cause=self.cause[kept],
            clock_start={clock: start[kept] for clock, start in self.clock_start.items()},
            known_from={clock: start[kept] for clock, start in self.known_from.items()},
        )


def observed(history: History) -> Observed:
    """What exposure is counted from, prepared once for several windows."""
    codes, table = history.codes, history.placements
    given = spells(table, codes)
    return Observed(
        spells=given,
        cause=causes_of(given, codes),
        clock_start={"care": given.care_start, "placement": given.start},
        known_from={
            "care": _known_from(given.care_start, table["care_start_known"].to_numpy(bool)),
            "placement": _known_from(given.start, table["start_known"].to_numpy(bool)),
        },
        window=(history.first_day, history.origin),
        codes=codes,
    )


def measure_exposure(given: History | Observed, first_day: int | None = None, last_day: int | None = None) -> Exposure:
    """Count events and child-days between two days (inclusive; default: the whole window).

    The window's start truncates on the left (a placement is at risk from the first day seen, at
    the duration it had then), its end censors on the right. A child at risk on one day has its
    event on the next, so the days at risk run to the day before the last: consecutive windows share
    a day, and no event falls between them.
    """
    seen = observed(given) if isinstance(given, History) else given
    first = seen.window[0] if first_day is None else first_day
    last = seen.window[1] if last_day is None else last_day
    seen = seen.lived(first, last)
    lived, codes = seen.spells, seen.codes
    counted = {}
    left_out = {}
    whole = _Window(lived, seen.cause, np.maximum(lived.start, first), np.minimum(lived.end, last), last)
    for clock, start in seen.clock_start.items():
        window = _Window(lived, seen.cause, np.maximum(whole.start, seen.known_from[clock]), whole.end, last)
        counted[clock] = _count(window, start, codes)
        left_out[clock] = float(
            np.maximum(whole.end - whole.start, 0).sum() - np.maximum(window.end - window.start, 0).sum()
        )
    on_placement = cause_clocks(codes)[:, None, None, None, :]
    picked = [
        np.where(on_placement, in_placement, in_care)
        for in_placement, in_care in zip(counted["placement"], counted["care"], strict=True)
    ]
    return Exposure(events=picked[0], child_days=picked[1], left_out=left_out)


def _known_from(start: Ints, known: npt.NDArray[np.bool_]) -> Ints:
    """First day on which the duration is known: at once, or when it is surely in the top band."""
    return np.where(known, start, start + DURATION_EDGES[-1])


@dataclass(frozen=True)
class _Window:
    spells: Spells
    cause: Ints
    start: Ints
    end: Ints
    last_day: int


def _count(window: _Window, clock_start: Ints, codes: Codes) -> tuple[Floats, Floats]:
    """Events and child-days with durations on one clock: both (S, A, D, 2, causes)."""
    given = window.spells
    births = [dates.birthday(given.dob, age) for age in HAZARD_AGE_EDGES[1:]]
    turns = [clock_start + edge for edge in DURATION_EDGES[1:]]
    inner = np.stack([*births, *turns], axis=1)
    ordered = np.sort(np.clip(inner, window.start[:, None], np.maximum(window.end, window.start)[:, None]), axis=1)
    edges = np.concatenate([window.start[:, None], ordered, np.maximum(window.end, window.start)[:, None]], axis=1)
    length = np.diff(edges, axis=1)
    row, piece = np.nonzero(length)
    begins = edges[row, piece]
    index = _cell_index(given, row, begins, clock_start, codes)
    settings = len(codes.in_care)
    size = (settings, len(HAZARD_AGES), len(DURATION_EDGES), 2)
    days = np.bincount(index, weights=length[row, piece], minlength=int(np.prod(size))).astype(np.float64)
    happened = np.flatnonzero((window.cause != NONE) & (given.end <= window.last_day) & (given.end > window.start))
    last = _cell_index(given, happened, given.end[happened] - 1, clock_start, codes)
    days -= _HALF_DAY * np.bincount(last, minlength=len(days))
    events = np.bincount(last * len(CAUSES) + window.cause[happened], minlength=len(days) * len(CAUSES))
    spread = np.broadcast_to(days.reshape(*size, 1), (*size, len(CAUSES)))
    return events.reshape(*size, len(CAUSES)).astype(np.float64), spread.copy()


def _cell_index(given: Spells, row: Ints, day: Ints, clock_start: Ints, codes: Codes) -> Ints:
    """Flat index of (setting, age, duration, uasc) on a day of each listed placement."""
    in_care = np.array([codes.in_care.index(name) if name in codes.in_care else NONE for name in codes.all_settings])
    age = dates.band_of(dates.age_on(given.dob[row], day), HAZARD_AGE_EDGES)
    duration = dates.band_of(day - clock_start[row], DURATION_EDGES)
    cell = (in_care[given.setting[row]] * len(HAZARD_AGES) + age) * len(DURATION_EDGES) + duration
    return cell * 2 + given.uasc[row]
