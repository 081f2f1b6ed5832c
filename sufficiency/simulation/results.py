"""What came out of a simulation: the tidy tables of model §8, and journeys in history's own form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, Codes
from sufficiency.history.stock import CLOSINGS, EVENTS, NONE, OPENINGS, REASONS, STAY, Spells
from sufficiency.scenario import Scenario
from sufficiency.simulation.counted import Counted, flow_sizes, unpack
from sufficiency.simulation.matching import Match
from sufficiency.simulation.supply import Supply

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]

STOCK_COLUMNS = ("scenario", "replication", "month_end", "setting", "age_band", "uasc", "children")
FLOW_COLUMNS = (
    "scenario",
    "replication",
    "month",
    "event",
    "from_setting",
    "to_setting",
    "reason",
    "age_band",
    "uasc",
    "count",
)
CHILD_DAYS_COLUMNS = ("scenario", "replication", "month", "setting", "age_band", "uasc", "child_days")
PLACES_COLUMNS = (
    "scenario",
    "replication",
    "month",
    "setting",
    "mean_vacant",
    "days_full",
    "unmet",
    "waiting",
    "stepped",
    "mean_occupied",
    "turned_away",
)
UNMET_COLUMNS = ("scenario", "replication", "month", "setting", "age_band", "children")
#: Of so many replications every table is kept; of those above, stock and nights, which stay per replication.
DETAILED = 500
RESULT_TABLES = {
    "stock": STOCK_COLUMNS,
    "flows": FLOW_COLUMNS,
    "child_days": CHILD_DAYS_COLUMNS,
    "places": PLACES_COLUMNS,
    "unmet": UNMET_COLUMNS,
}


@dataclass(frozen=True)
class Replication:
    """One replication, reduced: counts without scenario and number.

    ``nights`` are child-days by month and setting; ``entrants`` has shape (groups, months). The others
    are empty above :data:`DETAILED` replications: ``child_days`` by age band and UASC too; ``flows``,
    distinct packed events, and ``times``, how often each fell; ``places``, held, vacant, full and waiting
    days, unmet first choices, turned away and stepped, shape (7, months, settings in care); ``unmet``, those
    first choices by age band.
    """

    number: int
    stock: Small
    nights: Small
    entrants: Ints
    child_days: Small
    flows: Ints
    times: Small
    places: Small
    unmet: Small
    journeys: Spells | None

    def __repr__(self) -> str:
        return f"Replication({self.number})"


@dataclass(frozen=True)
class Outcome:
    """All replications of one plan.

    Attributes
    ----------
    scenario
        The plan.
    detailed
        Of so many replications, the first ones, ``flows``, ``child_days``, ``places`` and ``unmet`` hold rows.
    stock, flows, child_days, places
        The tables of model §8. ``places`` has a row for each month of a limited setting, and of one
        in which a first choice was not met.
    unmet
        First choices not met: scenario, replication, month, setting, age_band, children.
    supply, matches
        The places simulated, and how their matching was fitted.
    nights
        Child-days of every replication, shape (replications, months, all settings).
    entrants
        First entrants drawn, shape (replications, groups, months), before the plan's factors.
    journeys
        Placements of the first replications, as arrays (see :meth:`placements`).
    origin, last_day
        Day numbers.
    """

    scenario: Scenario
    codes: Codes
    replications: int
    detailed: int
    seed: int
    origin: int
    last_day: int
    stock: pd.DataFrame
    flows: pd.DataFrame
    child_days: pd.DataFrame
    places: pd.DataFrame
    unmet: pd.DataFrame
    supply: Supply
    matches: tuple[Match, ...]
    nights: Small
    entrants: Ints
    journeys: tuple[Spells, ...]

    def __repr__(self) -> str:
        return (
            f"Outcome({self.scenario.name}: {self.replications:,} replications, "
            f"{dates.as_date(self.origin + 1)} to {dates.as_date(self.last_day)})"
        )

    def placements(self, replication: int) -> pd.DataFrame:
        """Simulated placements in the form that history gives to real ones.

        Raises
        ------
        IndexError
            Beyond the replications whose journeys were kept.
        """
        return placements_frame(self.journeys[replication], self.codes)


def reduced(number: int, given: Counted, entrants: Ints) -> Replication:
    """One replication as small arrays, above :data:`DETAILED` only those that stay per replication."""
    tally = given.tally
    flows, times = _times(given.flows)
    days = (tally.occupied_days, tally.vacant_days, tally.full_days, tally.waiting_days)
    places = np.stack([*days, tally.unmet.sum(axis=2), tally.turned_away, tally.stepped])
    detail = slice(None) if number < DETAILED else slice(0)
    return Replication(
        number=number,
        stock=given.stock.astype(np.int32),
        nights=given.child_days.sum(axis=(2, 3), dtype=np.int32),
        entrants=entrants,
        child_days=given.child_days[detail].astype(np.int32),
        flows=flows[detail].copy(),
        times=times[detail].astype(np.int32),
        places=places[:, detail].astype(np.int32),
        unmet=tally.unmet[detail].astype(np.int32),
        journeys=given.spells,
    )


def _times(ordered: Ints) -> tuple[Ints, Ints]:
    """Distinct ones of some numbers in order, and how often each is there."""
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    return ordered[begins], np.diff(np.append(begins, len(ordered)))


@dataclass(frozen=True)
class Frame:
    """What the tables of a plan's replications share."""

    scenario: Scenario
    codes: Codes
    seed: int
    window: tuple[int, int]
    supply: Supply
    matches: tuple[Match, ...]

    def __repr__(self) -> str:
        return f"Frame({self.scenario.name})"


def combine(frame: Frame, parts: Sequence[Replication]) -> Outcome:
    """Join the replications of a plan, in order of their number."""
    ordered = sorted(parts, key=lambda part: part.number)
    detailed = [part for part in ordered if part.number < DETAILED]
    first, last = frame.window
    cuts = dates.month_edges(first, last)
    months = dates.month_start(dates.month_index(cuts[:-1]))
    ends, whole = dates.whole_month_ends(first, last)
    numbers = np.array([part.number for part in ordered], dtype=np.int64)
    names = frame.codes.all_settings
    stock = _cells(np.stack([part.stock[whole] for part in ordered]), numbers, ends[whole], names)
    days = _cells(np.stack([part.child_days for part in detailed]), numbers, months, names)
    return Outcome(
        scenario=frame.scenario,
        codes=frame.codes,
        replications=len(ordered),
        detailed=len(detailed),
        seed=frame.seed,
        origin=first - 1,
        last_day=last,
        stock=_named(stock, frame, STOCK_COLUMNS, month="month_end", count="children"),
        flows=_flows(detailed, months, frame),
        child_days=_named(days, frame, CHILD_DAYS_COLUMNS, month="month", count="child_days"),
        places=_places(detailed, numbers, cuts, frame),
        unmet=_unmet(detailed, numbers, months, frame),
        supply=frame.supply,
        matches=frame.matches,
        nights=np.stack([part.nights for part in ordered]),
        entrants=np.stack([part.entrants for part in ordered]),
        journeys=tuple(part.journeys for part in ordered if part.journeys is not None),
    )


def months_of(outcome: Outcome) -> Ints:
    """Calendar months (since January 1970) of the days simulated."""
    return int(dates.month_index(outcome.origin + 1)) + np.arange(outcome.nights.shape[1])


def by_year(outcome: Outcome, monthly: npt.NDArray[Any]) -> tuple[list[str], npt.NDArray[Any]]:
    """Financial years, and a table of months added up over them: shape (replications, years, settings)."""
    names, begins = np.unique(dates.financial_years(dates.month_start(months_of(outcome))), return_index=True)
    return names.tolist(), np.add.reduceat(monthly, begins, axis=1)


def nights_by_year(outcome: Outcome) -> pd.DataFrame:
    """Child-days of every replication: replication, financial_year, setting, nights; no rows of none."""
    years, summed = by_year(outcome, outcome.nights.astype(np.int64))
    replication, year, setting = np.nonzero(summed)
    return pd.DataFrame(
        {
            "replication": replication,
            "financial_year": np.array(years, dtype=object)[year],
            "setting": np.array(outcome.codes.all_settings, dtype=object)[setting],
            "nights": summed[replication, year, setting],
        }
    )


def _labelled(codes: Ints, names: Sequence[str]) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(names)))


def _cells(counts: Small, numbers: Ints, days: Ints, names: Sequence[str]) -> pd.DataFrame:
    """Tidy non-zero cells of an array by replication, month, setting, age band and UASC."""
    replication, month, setting, band, side = np.nonzero(counts)
    return pd.DataFrame(
        {
            "replication": numbers[replication],
            "month": dates.to_dates(days)[month],
            "setting": _labelled(setting, names),
            "age_band": _labelled(band, AGE_BANDS),
            "uasc": side.astype(bool),
            "count": counts[replication, month, setting, band, side].astype(np.int64),
        }
    )


def _named(table: pd.DataFrame, frame: Frame, columns: Sequence[str], **named: str) -> pd.DataFrame:
    plan = _labelled(np.zeros(len(table), dtype=np.int8), [frame.scenario.name])
    whole: pd.DataFrame = table.assign(scenario=plan).rename(columns=named)[list(columns)]
    return whole


def _flows(parts: Sequence[Replication], months: Ints, frame: Frame) -> pd.DataFrame:
    names = frame.codes.all_settings
    packed = np.concatenate([part.flows for part in parts])
    month, event, source, target, reason, band, side = unpack(packed, flow_sizes(len(names)))
    table = pd.DataFrame(
        {
            "replication": np.repeat([part.number for part in parts], [len(part.flows) for part in parts]),
            "month": dates.to_dates(months)[month],
            "event": _labelled(event, EVENTS),
            "from_setting": _labelled(source - 1, names),
            "to_setting": _labelled(target - 1, names),
            "reason": _labelled(reason - 1, REASONS),
            "age_band": _labelled(band, AGE_BANDS),
            "uasc": side.astype(bool),
            "count": np.concatenate([part.times for part in parts]).astype(np.int64),
        }
    )
    return _named(table, frame, FLOW_COLUMNS)


def _places(parts: Sequence[Replication], numbers: Ints, cuts: Ints, frame: Frame) -> pd.DataFrame:
    """One row for each month of a limited setting, or of one with a first choice that was not met."""
    counts = np.stack([part.places for part in parts])
    codes = frame.codes
    limited = np.isin(codes.in_care, frame.supply.settings)
    shown = limited[None, None, :] | (counts[:, 4] > 0)
    replication, month, setting = np.nonzero(shown)
    held, vacant, full, waiting, unmet, turned, stepped = counts[replication, :, month, setting].T
    length = np.diff(cuts)[month]
    table = pd.DataFrame(
        {
            "replication": numbers[replication],
            "month": dates.to_dates(dates.month_start(dates.month_index(cuts[:-1])))[month],
            "setting": _labelled(setting, codes.in_care),
            "mean_vacant": vacant / length,
            "days_full": full.astype(np.int64),
            "unmet": unmet.astype(np.int64),
            "waiting": waiting / length,
            "stepped": stepped.astype(np.int64),
            "mean_occupied": held / length,
            "turned_away": turned.astype(np.int64),
        }
    )
    return _named(table, frame, PLACES_COLUMNS)


def _unmet(parts: Sequence[Replication], numbers: Ints, months: Ints, frame: Frame) -> pd.DataFrame:
    counts = np.stack([part.unmet for part in parts])
    replication, month, setting, band = np.nonzero(counts)
    table = pd.DataFrame(
        {
            "replication": numbers[replication],
            "month": dates.to_dates(months)[month],
            "setting": _labelled(setting, frame.codes.in_care),
            "age_band": _labelled(band, AGE_BANDS),
            "children": counts[replication, month, setting, band].astype(np.int64),
        }
    )
    return _named(table, frame, UNMET_COLUMNS)


def placements_frame(given: Spells, codes: Codes) -> pd.DataFrame:
    """Spells as a placements table of :class:`~sufficiency.history.History`.

    A simulated child's number stands in for its rank; every start is known and every move changes
    the carer. Staying put after 18 is left out: it is not care.
    """
    given = _in_care(given)
    new_child = np.concatenate(([True], given.child[1:] != given.child[:-1])) if len(given.child) else given.child
    first = np.flatnonzero(new_child)
    begun = np.cumsum(new_child) - 1
    opens = (given.opening != OPENINGS.index("move")) & ~np.asarray(new_child, dtype=bool)
    periods = np.cumsum(opens)
    return pd.DataFrame(
        {
            "child": given.child,
            "period": periods - periods[first][begun] if len(first) else periods,
            "placement": np.arange(len(given.child)) - first[begun] if len(first) else begun,
            "setting": _names(given.setting, codes.all_settings),
            "start": dates.to_dates(given.start),
            "end": dates.to_dates(given.end),
            "opening": _names(given.opening, OPENINGS),
            "closing": _names(given.closing, CLOSINGS),
            "reason": _names(given.reason, REASONS),
            "care_start": dates.to_dates(given.care_start),
            "start_known": True,
            "care_start_known": True,
            "same_carer": False,
            "dob": dates.to_dates(given.dob),
            "uasc": given.uasc,
            "place": "",
            "provider": "",
            "distance_miles": np.nan,
            "location": "",
        }
    )


def _names(coded: Ints, names: tuple[str, ...]) -> npt.NDArray[np.object_]:
    """Names of coded values; None for :data:`NONE`."""
    table = np.array([*names, None], dtype=object)
    return table[np.where(coded == NONE, len(names), coded)]


def _in_care(given: Spells) -> Spells:
    kept = given.opening != OPENINGS.index(STAY)
    return Spells(*(getattr(given, item.name)[kept] for item in fields(Spells)))
