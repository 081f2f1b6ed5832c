"""The tidy tables of model §8, made from the arrays of a plan's replications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, Codes
from sufficiency.history.stock import EVENTS, REASONS
from sufficiency.scenario import Scenario
from sufficiency.simulation.counted import flow_sizes, unpack
from sufficiency.simulation.matching import Match
from sufficiency.simulation.planned import ENDLESS
from sufficiency.simulation.reduced import Replication
from sufficiency.simulation.setup import Parameters
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
RESULT_TABLES = {
    "stock": STOCK_COLUMNS,
    "flows": FLOW_COLUMNS,
    "child_days": CHILD_DAYS_COLUMNS,
    "places": PLACES_COLUMNS,
    "unmet": UNMET_COLUMNS,
}


@dataclass(frozen=True)
class Frame:
    """What the tables of a plan's replications share."""

    scenario: Scenario
    codes: Codes
    seed: int
    window: tuple[int, int]
    supply: Supply
    matches: tuple[Match, ...]
    parameters: Parameters = "draw"

    def __repr__(self) -> str:
        return f"Frame({self.scenario.name})"


class Tables(Mapping[str, pd.DataFrame]):
    """The tables of a plan's replications, made from their arrays when they are first asked for."""

    def __init__(self, frame: Frame, ordered: Sequence[Replication], detailed: Sequence[Replication]) -> None:
        self._frame, self._ordered, self._detailed = frame, ordered, detailed
        self._made: dict[str, pd.DataFrame] = {}

    def __repr__(self) -> str:
        return f"Tables({len(self._ordered):,} replications)"

    def __len__(self) -> int:
        return len(RESULT_TABLES)

    def __iter__(self) -> Iterator[str]:
        return iter(RESULT_TABLES)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> pd.DataFrame:
        frame, detailed = self._frame, self._detailed
        cuts = dates.month_edges(*frame.window)
        months = dates.month_start(dates.month_index(cuts[:-1]))
        if name == "stock":
            ends, whole = dates.whole_month_ends(*frame.window)
            counts = np.stack([part.stock[whole] for part in self._ordered])
            found = _cells(counts, _numbers(self._ordered), ends[whole], frame.codes.all_settings)
            return _named(found, frame, STOCK_COLUMNS, month="month_end", count="children")
        if name == "child_days":
            counts = np.stack([part.child_days for part in detailed])
            found = _cells(counts, _numbers(detailed), months, frame.codes.all_settings)
            return _named(found, frame, CHILD_DAYS_COLUMNS, month="month", count="child_days")
        if name == "flows":
            return _flows(detailed, months, frame)
        if name == "places":
            return _places(detailed, _numbers(detailed), cuts, frame)
        if name == "unmet":
            return _unmet(detailed, _numbers(detailed), months, frame)
        raise KeyError(name)


def _numbers(parts: Sequence[Replication]) -> Ints:
    return np.array([part.number for part in parts], dtype=np.int64)


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
    # A provider that a plan limits later has room for everybody till then.
    endless = counts[:, 1] >= ENDLESS // 2 * np.diff(cuts)[None, :, None]
    shown = (limited[None, None, :] & ~endless) | (counts[:, 4] > 0)
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
