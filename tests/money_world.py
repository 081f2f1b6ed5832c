"""Outcomes made by hand for the tests of money: stays of named children, night by night, and what tables say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from small_world import CODES, as_history

from sufficiency import dates
from sufficiency.codes import AGE_BANDS
from sufficiency.history import History
from sufficiency.history.stock import CLOSINGS, NONE, OPENINGS, Spells
from sufficiency.scenario import Scenario, read_scenario
from sufficiency.simulation import Outcome, Supply
from sufficiency.tables import CouncilTables, read_council_tables

#: A child's stay: replication, setting, first day, day of leaving (its night is not here), age band, UASC.
Stay = tuple[int, str, str, str, str, bool]
PRICE_HEADING = "setting,from,pounds_per_week,status"


def stay(
    setting: str, start: str, leaves: str, *, replication: int = 0, band: str = "10 to 15", uasc: bool = False
) -> Stay:
    """One stay; ``leaves`` is the day of leaving or of the move to the next setting."""
    return replication, setting, start, leaves, band, uasc


def outcome_of(
    stays: list[Stay],
    *,
    origin: str = "2027-03-31",
    last: str = "2029-03-31",
    plan: Scenario | str = "baseline",
    detailed: int | None = None,
    replications: int | None = None,
    places: pd.DataFrame | None = None,
    seed: int = 1,
) -> Outcome:
    """An outcome whose nights are counted one by one, apart from the package."""
    first_day, last_day = date.fromisoformat(origin) + timedelta(days=1), date.fromisoformat(last)
    number = replications or 1 + max((one[0] for one in stays), default=0)
    months = (last_day.year - first_day.year) * 12 + last_day.month - first_day.month + 1
    cells = np.zeros((number, months, len(CODES.all_settings), len(AGE_BANDS), 2), dtype=np.int32)
    for replication, setting, start, leaves, band, uasc in stays:
        night = max(date.fromisoformat(start), first_day)
        while night < date.fromisoformat(leaves) and night <= last_day:
            month = (night.year - first_day.year) * 12 + night.month - first_day.month
            at = CODES.all_settings.index(setting), AGE_BANDS.index(band), int(uasc)
            cells[replication, month, *at] += 1
            night += timedelta(days=1)
    kept = number if detailed is None else detailed
    scenario = read_scenario(plan) if isinstance(plan, str) else plan
    limited = [] if places is None else places["setting"].unique().tolist()
    return Outcome(
        scenario=scenario,
        codes=CODES,
        replications=number,
        detailed=kept,
        seed=seed,
        origin=dates.day_number(origin),
        last_day=dates.day_number(last),
        tables={"child_days": _child_days(cells[:kept], origin), **({} if places is None else {"places": places})},
        supply=Supply(rows=pd.DataFrame({"setting": limited})),
        matches=(),
        nights=cells.sum(axis=(3, 4), dtype=np.int32),
        entrants=np.zeros((1, 10, months), dtype=np.int64),
        usable=np.zeros((1, 3, 0), dtype=np.int32),
        held=np.zeros((1, 0, 0), dtype=np.int32),
        journeys=(),
    )


def _child_days(cells: Any, origin: str) -> pd.DataFrame:
    replication, month, setting, band, side = found = np.nonzero(cells)
    begins = pd.Timestamp(origin) + pd.Timedelta(days=1)
    return pd.DataFrame(
        {
            "replication": replication,
            "month": [begins.replace(day=1) + pd.DateOffset(months=int(one)) for one in month],
            "setting": pd.Categorical.from_codes(setting, categories=pd.Index(CODES.all_settings)),
            "age_band": pd.Categorical.from_codes(band, categories=pd.Index(AGE_BANDS)),
            "uasc": side.astype(bool),
            "child_days": cells[found],
        }
    ).astype({"month": "datetime64[s]"})


def with_investment(name: str, *items: dict[str, Any], base: str = "baseline") -> Scenario:
    """The baseline under another name, with investment."""
    kind = type(read_scenario("edge-of-care").investment[0])
    given = read_scenario(base)
    return given.model_copy(update={"name": name, "investment": tuple(kind(**item) for item in items)})


def tables_of(folder: Path, **rows: str) -> CouncilTables:
    """Council tables from texts by name; a prices text without a heading gets the usual one."""
    folder.mkdir(exist_ok=True, parents=True)
    for name, text in rows.items():
        body = f"{PRICE_HEADING}\n{text}" if name == "prices" and not text.startswith("setting") else text
        (folder / f"{name}.csv").write_text(body + "\n", encoding="utf-8")
    return read_council_tables(folder, folder)


def repeated(outcome: Outcome, times: int) -> Outcome:
    """The same replication so many times over."""
    return replace(outcome, replications=times, nights=np.repeat(outcome.nights, times, axis=0))


def history_of(stays: list[tuple[str, str, str]], first: str = "2025-04-01", origin: str = "2027-03-31") -> History:
    """Children of twelve, one a stay: setting, start, end (or blank while it lasts)."""
    count = len(stays)
    starts = np.array([dates.day_number(start) for _, start, _ in stays])
    ends = np.array([dates.day_number(end) if end else dates.OPEN for *_, end in stays])
    spell = Spells(
        child=np.arange(count),
        setting=np.array([CODES.all_settings.index(setting) for setting, *_ in stays]),
        start=starts,
        end=ends,
        dob=np.full(count, dates.day_number("2014-06-01")),
        uasc=np.zeros(count, dtype=bool),
        opening=np.full(count, OPENINGS.index("entry")),
        closing=np.where(ends == dates.OPEN, NONE, CLOSINGS.index("exit")),
        reason=np.full(count, NONE),
        care_start=starts,
    )
    return as_history(spell, first_day=dates.day_number(first), origin=dates.day_number(origin))
