"""What the notebooks show: tables made afresh from returns, or read from a finished run's folder.

Inside a council only: small numbers are not hidden here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import sufficiency as sf
from sufficiency import dates
from sufficiency.errors import UserError
from sufficiency.history import indicators, profile
from sufficiency.history.stock import flow_table, spells, stock_table
from sufficiency.provenance import shipped
from sufficiency.report.council import nearest
from sufficiency.report.finished import (
    QUARTER_ENDS,
    STARTS,
    Finished,
    added,
    iso,
    long_date,
    quarter_of,
    read_finished,
    setting_label,
    settings,
    short_date,
    whole_periods,
)
from sufficiency.report.style import Words

INTERNAL = "INTERNAL: SMALL NUMBERS NOT HIDDEN"


def chart_words(title: str, unit: str) -> Words:
    """Words on a notebook's chart, marked as internal."""
    return Words(title, unit, INTERNAL)


@dataclass(frozen=True)
class Past:
    """The past as a notebook shows it.

    Attributes
    ----------
    stock
        ``date``, ``children`` at each quarter end.
    flows
        ``period``, ``started``, ``left`` by whole quarter.
    homes
        ``label``, ``value``: children by type of placement at the origin.
    profile
        Dimension and value by 31 March.
    indicators
        Measure by financial year.
    origin
        The last day of data.
    """

    stock: pd.DataFrame
    flows: pd.DataFrame
    homes: pd.DataFrame
    profile: pd.DataFrame
    indicators: pd.DataFrame
    origin: pd.Timestamp

    @property
    def said(self) -> str:
        """One sentence on the number of children."""
        first, last = self.stock.iloc[0], self.stock.iloc[-1]
        return (
            f"{int(last['children']):,} children in care on {long_date(last['date'])}, against"
            f" {int(first['children']):,}"
            f" on {long_date(first['date'])}"
        )


def load_history(returns: Path | str = "", origin: str | None = None, folder: Path | str | None = None) -> Past:
    """The past, from returns or from a finished run.

    Parameters
    ----------
    returns
        Folder of SSDA903 returns; blank takes the invented example.
    origin
        Last day of data, inclusive; None takes the last in the returns.
    folder
        A finished run's folder; when given, its tables are read and the other parameters are not used.
    """
    if folder is not None:
        run = read_finished(folder)
        tables = {name: run.frame(f"history/{name}") for name in ("stock", "flows", "profile", "indicators")}
        return _past(run.origin, **tables)
    return _fresh_past(_returns_path(returns), origin)


def _returns_path(returns: Path | str) -> Path:
    return Path(returns) if str(returns) else shipped("example") / "returns"


def _fresh_past(returns: Path, origin: str | None) -> Past:
    history = sf.build_history(sf.read_returns(returns), origin=origin)
    given, cuts = spells(history.placements, history.codes), dates.month_edges(history.first_day, history.origin)
    ends = [day for day in cuts[1:] - 1 if dates.as_date(int(day)).month == QUARTER_ENDS[0] or day == history.origin]
    profiles = [profile(history, int(day)).assign(as_at=dates.to_dates([day])[0]) for day in ends]
    return _past(
        pd.Timestamp(dates.as_date(history.origin)),
        stock=stock_table(given, cuts[1:] - 1, history.codes),
        flows=flow_table(given, history.first_day, history.origin, history.codes),
        profile=pd.concat(profiles, ignore_index=True),
        indicators=indicators(history),
    )


def _past(
    origin: pd.Timestamp, stock: pd.DataFrame, flows: pd.DataFrame, profile: pd.DataFrame, indicators: pd.DataFrame
) -> Past:
    cared = stock[stock["setting"].astype(str).isin(settings())].astype({"setting": str})
    totals = added(cared, ["month_end"], "children").rename(columns={"month_end": "date"})
    quarter_ends = totals["date"].dt.month.isin(QUARTER_ENDS) | (totals["date"] == origin)
    here = cared[cared["month_end"] == origin].groupby("setting")["children"].sum()
    homes = [(setting_label(name), int(here.get(name, 0))) for name in settings()]
    wide = profile.assign(day=profile["as_at"].map(iso)).pivot_table(
        index=["dimension", "value"], columns="day", values="children", sort=False, observed=True
    )
    return Past(
        stock=totals[quarter_ends].reset_index(drop=True),
        flows=_quarterly(flows, totals["date"]),
        homes=pd.DataFrame(homes, columns=["label", "value"]),
        profile=wide.astype(int),
        indicators=indicators.pivot_table(index="measure", columns="financial_year", values="value", sort=False).round(
            2
        ),
        origin=origin,
    )


def _quarterly(flows: pd.DataFrame, month_ends: pd.Series) -> pd.DataFrame:
    ends = whole_periods(month_ends, quarter_of(month_ends), 3)
    table = flows.assign(quarter=quarter_of(flows["month"]), event=flows["event"].astype(str))
    rows = []
    for end in ends:
        inside = table[table["quarter"] == end]
        started = inside.loc[inside["event"].isin(STARTS), "count"].sum()
        rows.append((short_date(end), int(started), int(inside.loc[inside["event"] == "exit", "count"].sum())))
    return pd.DataFrame(rows, columns=["period", "started", "left"])


@dataclass(frozen=True)
class Futures:
    """Simulated futures as a notebook shows them.

    Attributes
    ----------
    past
        The past before them.
    stock
        scenario, replication, month_end, setting, children.
    titles
        Scenario → its title.
    replications
        How many futures each scenario has.
    """

    past: Past
    stock: pd.DataFrame
    titles: dict[str, str]
    replications: int

    def fan(self, scenario: str) -> pd.DataFrame:
        """Percentiles of children in care at quarter ends: date, p10 … p90."""
        mine = self.stock[(self.stock["scenario"] == scenario) & self.stock["month_end"].dt.month.isin(QUARTER_ENDS)]
        return _percentiles(mine.groupby(["month_end", "replication"])["children"].sum().unstack(fill_value=0))

    def fans(self) -> dict[str, pd.DataFrame]:
        """Title → fan, for every scenario."""
        return {title: self.fan(name) for name, title in self.titles.items()}

    def homes(self, scenario: str) -> pd.DataFrame:
        """Percentiles by type of placement at each 31 March: group, date, p10 … p90."""
        mine = self.stock[(self.stock["scenario"] == scenario) & (self.stock["month_end"].dt.month == QUARTER_ENDS[0])]
        parts = []
        for setting in settings():
            own = mine[mine["setting"] == setting]
            table = own.groupby(["month_end", "replication"])["children"].sum().unstack(fill_value=0)
            table = table.reindex(
                index=sorted(mine["month_end"].unique()), columns=range(self.replications), fill_value=0
            )
            parts.append(_percentiles(table).assign(group=setting_label(setting)))
        return pd.concat(parts, ignore_index=True)

    def homes_before(self) -> pd.DataFrame:
        """Children by type of placement at each 31 March of the past: group, date, children."""
        table = self.past.profile.loc["setting"]
        return pd.DataFrame(
            [
                (setting_label(str(name)), pd.Timestamp(day), float(table.loc[name, day]))
                for name in table.index
                for day in table.columns
            ],
            columns=["group", "date", "children"],
        )

    def differences(self, plan: str, baseline: str = "baseline") -> pd.DataFrame:
        """Plan less baseline at the last month end, replication by replication: label, difference, low, high."""
        last = self.stock[self.stock["month_end"] == self.stock["month_end"].max()]
        rows = []
        for label, own in [
            ("All children in care", last),
            *[(setting_label(name), last[last["setting"] == name]) for name in settings()],
        ]:
            table = own.groupby(["replication", "scenario"])["children"].sum().unstack(fill_value=0)
            table = table.reindex(index=range(self.replications), columns=[baseline, plan], fill_value=0)
            change = table[plan] - table[baseline]
            rows.append((label, change.mean(), change.quantile(0.1), change.quantile(0.9)))
        return pd.DataFrame(rows, columns=["label", "difference", "low", "high"])


def _percentiles(table: pd.DataFrame) -> pd.DataFrame:
    marks = (10, 25, 50, 75, 90)
    values = np.percentile(table.to_numpy(), marks, axis=1)
    found = pd.DataFrame({f"p{mark}": values[place] for place, mark in enumerate(marks)})
    return found.assign(date=table.index.to_numpy())


def load_futures(
    scenarios: Sequence[str] | str = "baseline",
    *,
    returns: Path | str = "",
    replications: int = 100,
    seed: int = 2026,
    years: int = 5,
    folder: Path | str | None = None,
) -> Futures:
    """Simulated futures, run now or read from a finished run.

    Parameters
    ----------
    scenarios
        Names or files of scenarios; with a folder, blank takes all that were run.
    returns, replications, seed, years
        As in :func:`sufficiency.simulate`; not used with a folder.
    folder
        A finished run's folder.

    Raises
    ------
    UserError
        If the run in the folder did not hold a scenario.
    """
    names = [scenarios] if isinstance(scenarios, str) else list(scenarios)
    if folder is not None:
        return _read_futures(read_finished(folder), [name for name in names if name])
    return _fresh_futures(_returns_path(returns), names, replications, seed, years)


def _read_futures(run: Finished, names: list[str]) -> Futures:
    known = {str(about["name"]): run.title_of(str(about["name"])) for about in run.scenarios}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise UserError([f"The run holds no scenario '{name}'{nearest(name, known)}." for name in wrong])
    stock = run.frame("results/stock", ["scenario", "replication", "month_end", "setting", "children"])
    chosen = names or list(known)
    past = load_history(folder=run.folder)
    titles = {name: known[name] for name in chosen}
    return Futures(past, stock[stock["scenario"].isin(chosen)], titles, int(run.manifest["replications"]))


def _fresh_futures(returns: Path, names: list[str], replications: int, seed: int, years: int) -> Futures:
    history = sf.build_history(sf.read_returns(returns))
    outcomes = [sf.simulate(history, name, replications=replications, seed=seed, years=years) for name in names]
    stock = pd.concat([one.stock for one in outcomes], ignore_index=True)
    cared = stock.astype({"setting": str, "scenario": str})
    titles = {one.scenario.name: one.scenario.about.title for one in outcomes}
    return Futures(_fresh_past(returns, None), cared[cared["setting"].isin(settings())], titles, replications)
