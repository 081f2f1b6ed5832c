"""A known world: the true rates, entries and shares of an invented authority.

Its parameters are few and readable (``example_world.toml``); its methods expand them to the arrays
that the simulation reads, and make other worlds from it: larger, smaller, level, with a trend, with
a shock to entries, with exits that change on a date.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, CAUSES, DURATION_EDGES, HAZARD_AGES, MOVE_PREFIX, TYPES, Codes
from sufficiency.rates.openings import GROUP_BANDS, GROUPS, RE_ENTRY_AGE_EDGES, RE_ENTRY_KINDS, RE_ENTRY_TIME_EDGES

Floats = npt.NDArray[np.float64]
Months = npt.NDArray[np.int64]

STREAMS = ("other", "uasc")
MOVES = tuple(MOVE_PREFIX + kind for kind in TYPES)
_DAYS_IN_YEAR = 365.25
_MONTHS_IN_YEAR = 12
_EVERY = "every"


def total(values: Iterable[float]) -> float:
    """Sum one by one (the built-in sum adds floats differently from Python 3.12 on)."""
    out = 0.0
    for value in values:
        out += value
    return out


@dataclass(frozen=True)
class Stream:
    """Entries of children seeking asylum, or of all others.

    Attributes
    ----------
    per_year
        First entries a year by reported age band at level 1.
    levels
        (month index, factor) in order of month: the factor holds from that month on.
    overdispersion
        Variance / mean of the families that arrive in a month.
    sizes
        Chance that a family sends 1, 2, 3, … children on one day.
    age_skew
        By age band of entry: 1 is even over the band; p above 1 leans to its younger end (a uniform
        to the power p), below −1 to its older end.
    same_band
        Chance, by age band of the first child, that a brother or sister is of the same band; the
        others' bands are drawn so that every child has the same chances whatever its place in the family.
    """

    per_year: tuple[float, ...]
    levels: tuple[tuple[int, float], ...]
    overdispersion: float
    sizes: tuple[float, ...]
    same_band: tuple[float, ...]
    age_skew: tuple[int, ...]

    @property
    def family_size(self) -> float:
        """Mean children of a family."""
        return total(size * chance for size, chance in enumerate(self.sizes, start=1))

    def level(self, month: int) -> float:
        """Factor on entries in a month (index since January 1970)."""
        factor = 1.0
        for since, value in self.levels:
            if month >= since:
                factor = value
        return factor


@dataclass(frozen=True)
class Change:
    """Hazards that change on the first of a month and stay changed."""

    month: int
    causes: tuple[str, ...]
    factor: float
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnownWorld:
    """The true parameters of an invented authority.

    Attributes
    ----------
    first_day, last_day
        Days simulated, both inclusive; nobody is in care before the first.
    seed
        Of every keyed draw.
    streams
        Entries by stream, :data:`STREAMS`.
    season
        Factor on entries by calendar month, January first; mean 1.
    rates
        Events a child-year by setting and cause, before the factors below.
    age_factors
        By cause: one factor per hazard age.
    duration_factors
        By cause, then setting (or ``every``): one factor per duration band.
    uasc_factors
        By cause.
    re_entry
        Events a child-year, shape (2 kinds of leaver, 4 ages, 4 times since exit).
    first_types
        Probabilities, shape (5 age bands, 2, 9 types).
    in_house_share
        By type; 0 where nobody is asked.
    changes
        Hazards that change on a date.
    """

    first_day: int
    last_day: int
    seed: int
    streams: Mapping[str, Stream]
    season: tuple[float, ...]
    rates: Mapping[str, Mapping[str, float]]
    age_factors: Mapping[str, tuple[float, ...]]
    duration_factors: Mapping[str, Mapping[str, tuple[float, ...]]]
    uasc_factors: Mapping[str, float]
    re_entry: Floats
    first_types: Floats
    in_house_share: Floats
    changes: tuple[Change, ...] = ()

    # ---------------------------------------------------------------- what the simulation reads

    def hazards(self, codes: Codes) -> Floats:
        """Events per child-day, shape (settings in care, 6 ages, 6 durations, 2, 16 causes)."""
        shape = (len(codes.in_care), len(HAZARD_AGES), len(DURATION_EDGES), 2, len(CAUSES))
        out = np.zeros(shape)
        for setting, causes in self.rates.items():
            for cause, rate in causes.items():
                out[codes.in_care.index(setting), ..., CAUSES.index(cause)] = self._cells(setting, cause) * rate
        return out / _DAYS_IN_YEAR

    def _cells(self, setting: str, cause: str) -> Floats:
        ages = np.array(self.age_factors.get(cause, (1.0,) * len(HAZARD_AGES)))
        by_setting = self.duration_factors.get(cause, {})
        even = (1.0,) * len(DURATION_EDGES)
        durations = np.array(by_setting.get(setting, by_setting.get(_EVERY, even)))
        sides = np.array([1.0, self.uasc_factors.get(cause, 1.0)])
        cells: Floats = ages[:, None, None] * durations[None, :, None] * sides[None, None, :]
        return cells

    def multipliers(self, codes: Codes) -> Floats | None:
        """Factors on hazards by month since the first; None without changes.

        Shape (months, settings in care, 5 age bands, 16 causes).
        """
        if not self.changes:
            return None
        base = int(dates.month_index(self.first_day))
        months = int(dates.month_index(self.last_day)) - base + 1
        out = np.ones((months, len(codes.in_care), len(AGE_BANDS) - 1, len(CAUSES)))
        for change in self.changes:
            since = max(change.month - base, 0)
            for setting in change.settings or codes.in_care:
                for cause in change.causes:
                    out[since:, codes.in_care.index(setting), :, CAUSES.index(cause)] *= change.factor
        return out

    def expected_families(self, stream: str, month: int) -> float:
        """Families expected in a month (index since January 1970)."""
        given = self.streams[stream]
        in_year = total(given.per_year) * given.level(month) * self.season[month % _MONTHS_IN_YEAR]
        return in_year / given.family_size / _MONTHS_IN_YEAR

    def expected_entries(self, months: Months) -> Floats:
        """First entries expected by month and entry group: shape (months, 10)."""
        out = np.zeros((len(months), len(GROUPS)))
        for row, month in enumerate(months.tolist()):
            for number, (band, uasc) in enumerate(GROUPS):
                stream = self.streams[STREAMS[uasc]]
                year = stream.per_year[GROUP_BANDS.index(band)] * stream.level(month)
                out[row, number] = year * self.season[month % _MONTHS_IN_YEAR] / _MONTHS_IN_YEAR
        return out

    # ------------------------------------------------------------------------- other worlds from it

    def scaled(self, factor: float) -> KnownWorld:
        """The same world with so many times the entries."""
        streams = {
            name: replace(stream, per_year=tuple(rate * factor for rate in stream.per_year))
            for name, stream in self.streams.items()
        }
        return replace(self, streams=streams)

    def with_levels(self, level: Callable[[int], float], stream: str) -> KnownWorld:
        """Entries of a stream at a level given as a function of the month's index."""
        first, last = dates.month_index([self.first_day, self.last_day]).tolist()
        steps = tuple((month, level(month)) for month in range(first, last + 1))
        return replace(self, streams={**self.streams, stream: replace(self.streams[stream], levels=steps)})

    def steady(self) -> KnownWorld:
        """Entries at level 1 in every month: no trend, the season kept."""
        streams = {name: replace(stream, levels=()) for name, stream in self.streams.items()}
        return replace(self, streams=streams)

    def with_change(self, change: Change) -> KnownWorld:
        """Hazards that also change on a date."""
        return replace(self, changes=(*self.changes, change))

    def seeded(self, seed: int) -> KnownWorld:
        """The same world with other luck."""
        return replace(self, seed=seed)

    def between(self, first_day: int, last_day: int) -> KnownWorld:
        """The same world over other days."""
        return replace(self, first_day=first_day, last_day=last_day)


def read_world(path: Path | None = None) -> KnownWorld:
    """The example authority's world, or one written in the same form."""
    if path is None:
        text = files("sufficiency.trials").joinpath("example_world.toml").read_text(encoding="utf-8")
    else:
        text = path.read_text(encoding="utf-8")
    return world_from(tomllib.loads(text))


def world_from(table: Mapping[str, Any]) -> KnownWorld:
    """A known world from the tables of its TOML file."""
    return KnownWorld(
        first_day=dates.day_number(table["horizon"]["first_day"]),
        last_day=dates.day_number(table["horizon"]["last_day"]),
        seed=int(table["horizon"]["seed"]),
        streams={name: _stream(table["entries"][name]) for name in STREAMS},
        season=_season(table["season"]["monthly_starts"]),
        rates=table["rates"],
        age_factors={cause: _row(values) for cause, values in _by_cause(table["age_factors"])},
        duration_factors={cause: _rows(values) for cause, values in _by_cause(table["duration_factors"])},
        uasc_factors={cause: float(value) for cause, value in _by_cause(table["uasc_factors"])},
        re_entry=_re_entry(table["re_entry"]),
        first_types=_first_types(table["first_types"]),
        in_house_share=np.array([float(table["in_house_share"].get(kind, 0.0)) for kind in TYPES]),
    )


def _row(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _rows(values: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    return {name: _row(row) for name, row in values.items()}


def _by_cause(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A cause's own entry, else that of ``moves`` or ``exits``; causes without either are left out."""
    own = [(cause, table.get(cause, table.get("moves" if cause in MOVES else "exits"))) for cause in CAUSES]
    return [(cause, values) for cause, values in own if values is not None]


def _stream(table: Mapping[str, Any]) -> Stream:
    levels = {int(year): float(factor) for year, factor in table.get("levels", {}).items()}
    april = 3
    return Stream(
        per_year=tuple(float(table["per_year"].get(band, 0.0)) for band in GROUP_BANDS),
        levels=tuple(((year - 1 - 1970) * _MONTHS_IN_YEAR + april, levels[year]) for year in sorted(levels)),
        overdispersion=float(table["overdispersion"]),
        sizes=_row(table["family_sizes"]),
        same_band=tuple(float(table.get("same_band", {}).get(band, 0.0)) for band in GROUP_BANDS),
        age_skew=tuple(int(table.get("age_skew", {}).get(band, 1)) for band in GROUP_BANDS),
    )


def _season(starts: Mapping[str, float]) -> tuple[float, ...]:
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    mean = total(starts[name] for name in names) / len(names)
    return tuple(starts[name] / mean for name in names)


def _re_entry(table: Mapping[str, Any]) -> Floats:
    shape = (len(RE_ENTRY_KINDS), len(RE_ENTRY_AGE_EDGES), len(RE_ENTRY_TIME_EDGES))
    rates = np.array([[_row(row) for row in table[kind]] for kind in RE_ENTRY_KINDS])
    return rates.reshape(shape) / _DAYS_IN_YEAR


def _first_types(table: Mapping[str, Any]) -> Floats:
    out = np.zeros((len(GROUP_BANDS), 2, len(TYPES)))
    for side, stream in enumerate(STREAMS):
        for band, chances in table[stream].items():
            for kind, chance in chances.items():
                out[GROUP_BANDS.index(band), side, TYPES.index(kind)] = float(chance)
    # A band nobody is meant to enter still needs a first type, for re-entry: that of the other stream.
    empty = ~out.any(-1)
    out[empty] = out[:, ::-1][empty]
    whole = np.array([total(row) for row in out.reshape(-1, len(TYPES)).tolist()])
    shares: Floats = out / whole.reshape(*out.shape[:-1], 1)
    return shares
