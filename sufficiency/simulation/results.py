"""What came out of a simulation: the tidy tables of model §8, and journeys in history's own form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.history.stock import (
    CLOSINGS,
    NONE,
    OPENINGS,
    REASONS,
    Spells,
    child_days_table,
    flow_table,
    stock_table,
)
from sufficiency.scenario import Scenario

Ints = npt.NDArray[np.int64]

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
)
RESULT_TABLES = {
    "stock": STOCK_COLUMNS,
    "flows": FLOW_COLUMNS,
    "child_days": CHILD_DAYS_COLUMNS,
    "places": PLACES_COLUMNS,
}


@dataclass(frozen=True)
class Replication:
    """One replication's tables, without scenario and number; ``entrants`` has shape (groups, months)."""

    number: int
    stock: pd.DataFrame
    flows: pd.DataFrame
    child_days: pd.DataFrame
    entrants: Ints
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
    stock, flows, child_days, places
        The tables of model §8. ``places`` has no rows where no setting's places are limited.
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
    seed: int
    origin: int
    last_day: int
    stock: pd.DataFrame
    flows: pd.DataFrame
    child_days: pd.DataFrame
    places: pd.DataFrame
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


def tabulate(
    number: int, given: Spells, entrants: Ints, window: tuple[int, int], codes: Codes, *, keep: bool
) -> Replication:
    """Reduce one replication's journeys to its tables over the days from window[0] to window[1]."""
    first, last = window
    cuts = dates.month_edges(first, last)
    ends = cuts[1:] - 1
    whole = dates.month_start(dates.month_index(ends) + 1) - 1 == ends
    return Replication(
        number=number,
        stock=stock_table(given, ends[whole], codes),
        flows=flow_table(given, first, last, codes),
        child_days=child_days_table(given, cuts, codes),
        entrants=entrants,
        journeys=given if keep else None,
    )


def combine(
    scenario: Scenario, codes: Codes, seed: int, window: tuple[int, int], parts: Sequence[Replication]
) -> Outcome:
    """Join the replications of a plan, in order of their number."""
    ordered = sorted(parts, key=lambda part: part.number)

    def joined(name: str) -> pd.DataFrame:
        tables = [getattr(part, name) for part in ordered]
        table = pd.concat(tables, ignore_index=True)
        numbers = np.repeat([part.number for part in ordered], [len(one) for one in tables])
        plan = pd.Categorical.from_codes(np.zeros(len(table), dtype=np.int8), categories=pd.Index([scenario.name]))
        whole: pd.DataFrame = table.assign(scenario=plan, replication=numbers)[list(RESULT_TABLES[name])]
        return whole

    return Outcome(
        scenario=scenario,
        codes=codes,
        replications=len(ordered),
        seed=seed,
        origin=window[0] - 1,
        last_day=window[1],
        stock=joined("stock"),
        flows=joined("flows"),
        child_days=joined("child_days"),
        places=_no_places(),
        entrants=np.stack([part.entrants for part in ordered]),
        journeys=tuple(part.journeys for part in ordered if part.journeys is not None),
    )


def _no_places() -> pd.DataFrame:
    """The places table of a run in which no setting's places are limited."""
    kinds = {"scenario": "str", "replication": "int64", "month": "datetime64[s]", "setting": "str"}
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "float64")) for name in PLACES_COLUMNS})


def placements_frame(given: Spells, codes: Codes) -> pd.DataFrame:
    """Spells as a placements table of :class:`~sufficiency.history.History`.

    A simulated child's number stands in for its rank; every start is known and every move changes
    the carer.
    """
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
        }
    )


def _names(coded: Ints, names: tuple[str, ...]) -> npt.NDArray[np.object_]:
    """Names of coded values; None for :data:`NONE`."""
    table = np.array([*names, None], dtype=object)
    return table[np.where(coded == NONE, len(names), coded)]
