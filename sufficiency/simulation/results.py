"""What came out of a simulation: its tables, nights by setting, and journeys in history's own form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, Codes
from sufficiency.history.stock import CLOSINGS, NONE, OPENINGS, REASONS, STAY, Spells, codes_of
from sufficiency.scenario import Scenario
from sufficiency.simulation.matching import Match
from sufficiency.simulation.reduced import Replication
from sufficiency.simulation.result_tables import Frame, Tables
from sufficiency.simulation.setup import Parameters
from sufficiency.simulation.supply import Supply

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Outcome:
    """All replications of one plan.

    Attributes
    ----------
    scenario
        The plan.
    detailed
        Of so many replications, the first ones, ``flows``, ``child_days``, ``places`` and ``unmet`` hold rows.
    tables
        Those of model §8 by name, each made when it is first asked for: stock, flows, child_days, places and
        unmet. ``places`` has a row for each month of a limited setting, and of one in which a first choice was
        not met; ``unmet`` has scenario, replication, month, setting, age_band, children.
    supply, matches
        The places simulated, and how their matching was fitted.
    nights
        Child-days of every replication, shape (replications, months, all settings).
    entrants
        First entrants drawn, shape (replications, groups, months), before the plan's factors.
    usable
        Usable places as drawn in each detailed replication: days since the origin's morrow, setting in care,
        places, from that day on; shape (detailed, 3, changes). See :func:`usable_places`.
    held
        Places held in the settings watched as each day ended, shape (detailed, watched, days).
    journeys
        Placements of the first replications, as arrays (see :meth:`placements`).
    origin, last_day
        Day numbers.
    parameters
        "draw": the rates behind the futures were drawn anew in each; "mean": futures differ by chance alone.
    """

    scenario: Scenario
    codes: Codes
    replications: int
    detailed: int
    seed: int
    origin: int
    last_day: int
    tables: Mapping[str, pd.DataFrame]
    supply: Supply
    matches: tuple[Match, ...]
    nights: Small
    entrants: Ints
    usable: Small
    held: Small
    journeys: tuple[Spells, ...]
    parameters: Parameters = "draw"

    def __repr__(self) -> str:
        return (
            f"Outcome({self.scenario.name}: {self.replications:,} replications, "
            f"{dates.as_date(self.origin + 1)} to {dates.as_date(self.last_day)})"
        )

    @property
    def stock(self) -> pd.DataFrame:
        """Children at month ends."""
        return self.tables["stock"]

    @property
    def flows(self) -> pd.DataFrame:
        """Events by month."""
        return self.tables["flows"]

    @property
    def child_days(self) -> pd.DataFrame:
        """Nights by month."""
        return self.tables["child_days"]

    @property
    def places(self) -> pd.DataFrame:
        """Places by month."""
        return self.tables["places"]

    @property
    def unmet(self) -> pd.DataFrame:
        """First choices not met by month."""
        return self.tables["unmet"]

    def placements(self, replication: int) -> pd.DataFrame:
        """Simulated placements in the form that history gives to real ones.

        Raises
        ------
        IndexError
            Beyond the replications whose journeys were kept.
        """
        return placements_frame(self.journeys[replication], self.codes)


def combine(frame: Frame, parts: Sequence[Replication]) -> Outcome:
    """Join the replications of a plan, in order of their number."""
    ordered = sorted(parts, key=lambda part: part.number)
    detailed = [part for part in ordered if len(part.child_days)]
    first, last = frame.window
    return Outcome(
        scenario=frame.scenario,
        codes=frame.codes,
        replications=len(ordered),
        detailed=len(detailed),
        seed=frame.seed,
        origin=first - 1,
        last_day=last,
        tables=Tables(frame, ordered, detailed),
        supply=frame.supply,
        matches=frame.matches,
        nights=np.stack([part.nights for part in ordered]),
        entrants=np.stack([part.entrants for part in ordered]),
        usable=np.stack([part.usable for part in detailed]),
        held=np.stack([part.held for part in detailed]),
        journeys=tuple(part.journeys for part in ordered if part.journeys is not None),
        parameters=frame.parameters,
    )


def stock_by_month(outcome: Outcome) -> tuple[Ints, Ints]:
    """Children at whole month ends: day numbers, and counts of shape (replications, months, all settings, bands, 2)."""
    ends, whole = dates.whole_month_ends(outcome.origin + 1, outcome.last_day)
    days, codes = ends[whole], outcome.codes
    table = outcome.stock
    counts = np.zeros((outcome.replications, len(days), len(codes.all_settings), len(AGE_BANDS), 2), dtype=np.int64)
    at = (
        table["replication"].to_numpy(np.int64),
        np.searchsorted(days, dates.to_days(table["month_end"])),
        codes_of(table["setting"], codes.all_settings),
        codes_of(table["age_band"], AGE_BANDS),
        table["uasc"].to_numpy(np.int64),
    )
    counts[at] = table["children"].to_numpy(np.int64)
    return days, counts


def usable_places(outcome: Outcome, setting: str) -> Small:
    """Usable places of a limited setting day by day, as drawn: shape (detailed, days).

    Raises
    ------
    ValueError
        If the setting is not limited.
    """
    number = outcome.codes.in_care.index(setting)
    day, of, places = np.moveaxis(outcome.usable, 1, 0)
    mine = (of == number).all(axis=0)
    if not mine.any():
        msg = f"{setting} is not limited"
        raise ValueError(msg)
    # The days are those of the tables, alike in every replication; what is drawn are the places.
    step = np.searchsorted(day[0, mine], np.arange(outcome.last_day - outcome.origin), side="right") - 1
    return np.asarray(places[:, mine][:, step])


def months_of(outcome: Outcome) -> Ints:
    """Calendar months (since January 1970) of the days simulated."""
    return int(dates.month_index(outcome.origin + 1)) + np.arange(outcome.nights.shape[1])


def by_year(outcome: Outcome, **monthly: npt.NDArray[Any]) -> pd.DataFrame:
    """Monthly amounts of every replication and setting added up by financial year, where somebody lived.

    Parameters
    ----------
    monthly
        By the name of their column, each of shape (replications, months, all settings).

    Returns
    -------
    replication, financial_year, setting, and a column for each amount.
    """
    names, begins = np.unique(dates.financial_years(dates.month_start(months_of(outcome))), return_index=True)

    def added(amount: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(np.add.reduceat(amount, begins, axis=1))

    replication, year, setting = lived = np.nonzero(added(outcome.nights))
    return pd.DataFrame(
        {
            "replication": replication,
            "financial_year": names[year],
            "setting": np.array(outcome.codes.all_settings, dtype=object)[setting],
            **{name: added(amount)[lived] for name, amount in monthly.items()},
        }
    )


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
