"""The sector's usual method as a peer for time: a stock-and-flow forecast, day by day, in pandas.

What a plain tool of this kind does: children are counted by age band and type of placement; from the last
year of data come, per band and type, the daily chances of moving to another type or out of care, and the
daily entries; a share 1 / (days in the band) moves up a band each day. The daily transitions are applied
to the counts once a day for two years, which gives one number per band, type and day: no chance, no
lengths of stay, no limited places. Costing spreads each number over providers as they were at the origin,
at a price a night that rises each financial year, and adds up by financial year and type.

``python benchmarks/stock_and_flow.py package FOLDER`` times the package cs-demand-model 0.5.1 on a folder of
returns instead; it wants pandas 1 and so an environment of its own (Python 3.10).
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from sufficiency.history import History
    from sufficiency.tables import Prices

_EDGES = (0, 1, 5, 10, 16, 18)
_OUT = "out of care"
_YEAR = 365
_WEEK = 7
#: What prices rise by each April (a round figure: time is what is measured).
_INFLATION = 0.03
_APRIL = 4


def rates(history: History) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Counts at the origin by (band, type), daily chances from (band, type) to (band, type), and daily entries."""
    table, codes = history.placements, history.codes
    origin = pd.Timestamp(history.origin, unit="D")
    kinds = {name: codes.type_of(name) for name in codes.in_care}
    rows = table[table["setting"].isin(kinds)].assign(kind=lambda frame: frame["setting"].map(kinds))
    following = rows.groupby("child")["kind"].shift(-1).where(rows["closing"] == "move", _OUT)
    begun = origin - pd.Timedelta(days=_YEAR)
    stock = rows[(rows["start"] <= origin) & ~(rows["end"] <= origin)]
    now = stock.groupby([_band(stock, origin), "kind"]).size().astype(float)
    lived = (rows["end"].clip(upper=origin).fillna(origin) - rows["start"].clip(lower=begun)).dt.days.clip(lower=0)
    band = _band(rows, rows["start"].clip(lower=begun))
    days = lived.groupby([band, rows["kind"]]).sum()
    ended = rows[(rows["end"] > begun) & (rows["end"] <= origin) & ~(rows["reason"] == "aged_out")]
    events = ended.groupby([band[ended.index], "kind", following[ended.index].rename("to")]).size()
    chances = events.div(days.reindex(events.index.droplevel("to")).to_numpy())
    came = rows[(rows["start"] > begun) & (rows["start"] <= origin) & rows["opening"].isin(["entry", "re_entry"])]
    entries = came.groupby([band[came.index], "kind"]).size() / _YEAR
    return now, chances, entries


def _band(rows: pd.DataFrame, on: Any) -> pd.Series:
    age = (on - rows["dob"]).dt.days / 365.25
    return pd.cut(age, _EDGES, right=False, labels=False).clip(0, len(_EDGES) - 2).rename("band")


def matrix(chances: pd.Series, states: pd.MultiIndex) -> pd.DataFrame:
    """The daily transition matrix between bands and types, ageing included."""
    table = pd.DataFrame(0.0, index=states, columns=states)
    for band, kind in states:
        left = 0.0
        if (band, kind) in chances.index.droplevel("to"):
            for to, chance in chances.loc[(band, kind)].items():
                left += chance
                if (band, to) in states:
                    table.loc[(band, kind), (band, to)] += chance
        older = 1.0 / ((_EDGES[band + 1] - _EDGES[band]) * 365.25)
        if (band + 1, kind) in states:
            table.loc[(band, kind), (band + 1, kind)] += older
        table.loc[(band, kind), (band, kind)] += 1.0 - left - older
    return table


def forecast(history: History, days: int = 730) -> pd.DataFrame:
    """Mean children by day and (band, type): rates, matrix, then one step a day."""
    now, chances, entries = rates(history)
    states = pd.MultiIndex.from_product([range(len(_EDGES) - 1), sorted({kind for _, kind in now.index})])
    daily, arriving = matrix(chances, states), entries.reindex(states, fill_value=0.0)
    population, steps = now.reindex(states, fill_value=0.0), []
    for _ in range(days):
        population = population.dot(daily) + arriving
        steps.append(population)
    return pd.concat(steps, axis=1).T


def costed(history: History, population: pd.DataFrame, prices: Prices) -> pd.DataFrame:
    """Pounds by financial year and type: children by day, band and type x provider share x price a night."""
    table, codes = history.placements, history.codes
    origin = pd.Timestamp(history.origin, unit="D")
    present = table[(table["start"] <= origin) & ~(table["end"] <= origin) & table["setting"].isin(codes.in_care)]
    held = present.groupby("setting", observed=True).size().rename("held").reset_index()
    held["kind"] = held["setting"].map({name: codes.type_of(name) for name in codes.in_care})
    held["share"] = held["held"] / held.groupby("kind")["held"].transform("sum")
    base = prices.table.drop_duplicates("setting")[["setting", "pounds_per_week"]]
    providers = held.merge(base, on="setting")[["kind", "setting", "share", "pounds_per_week"]]
    days = pd.date_range(origin + pd.Timedelta(days=1), periods=len(population))
    year = days.year - (days.month < _APRIL)
    daily = population.set_axis(days).rename_axis("day").rename_axis(["band", "kind"], axis=1)
    long = daily.melt(ignore_index=False, value_name="children").reset_index()
    uplift = pd.Series((1 + _INFLATION) ** (year - year[0]), index=days)
    spread = long.merge(providers, on="kind")
    nightly = spread["pounds_per_week"] / _WEEK * spread["day"].map(uplift)
    spread["pounds"] = spread["children"] * spread["share"] * nightly
    spread["financial_year"] = spread["day"].map(pd.Series(year, index=days))
    return spread.groupby(["financial_year", "kind"])["pounds"].sum().reset_index()


def package(folder: Path) -> dict[str, float]:
    """Seconds that cs-demand-model takes for a two-year forecast: reading, and then rates and daily steps."""
    from cs_demand_model import DemandModellingDataContainer, ModelPredictor, PopulationStats  # noqa: PLC0415
    from cs_demand_model.config import Config  # noqa: PLC0415
    from cs_demand_model.datastore import fs_datastore  # noqa: PLC0415

    begun, config = time.process_time(), Config()
    container = DemandModellingDataContainer(fs_datastore(folder.as_posix()), config)
    stats = PopulationStats(container.enriched_view, config)
    end = pd.Timestamp(container.end_date)
    read = time.process_time()
    first: date = end - pd.DateOffset(years=1)
    found = ModelPredictor.from_model(stats, first, end).predict(730)
    return {"read": read - begun, "forecast": time.process_time() - read, "children": float(found.iloc[-1].sum())}


if __name__ == "__main__":
    if sys.argv[1:2] == ["package"]:
        print(json.dumps(package(Path(sys.argv[2]))))
