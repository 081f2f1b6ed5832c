"""The futures that the notebooks show: tables made afresh from returns, or read from a finished run's folder.

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
from sufficiency.errors import UserError, nearest
from sufficiency.report.finished import QUARTER_ENDS, Finished, read_finished, setting_label, settings
from sufficiency.report.past import Past, fresh_past, load_history, returns_path
from sufficiency.report.style import Words
from sufficiency.simulation import match_places, supply_of
from sufficiency.simulation.replications import simulate_plans
from sufficiency.tables import read_council_tables

INTERNAL = "INTERNAL: SMALL NUMBERS NOT HIDDEN"


#: Columns of the fitted matching and what a notebook calls them.
_MATCHING = {
    "arrivals": "arrivals last year",
    "observed": "share in house",
    "achieved": "share simulated",
    "one_suits": "one vacancy suits",
    "share": "share under the other form",
    "children": "children at the end",
    "children_second_form": "children at the end, other form",
}
_FITTED = ("setting", "arrivals", "observed", "one_suits", "share", "achieved", "known", "why")
_CAPACITY = ("setting", "from", "places", "unavailable", "inferred")


def chart_words(title: str, unit: str) -> Words:
    """Words on a notebook's chart, marked as internal."""
    return Words(title, unit, INTERNAL)


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
    capacity
        Places simulated: setting, from, places, unavailable, inferred.
    matches
        How their matching was fitted: kind, setting, arrivals, observed, one_suits, share, achieved, known, why
        and, where both forms were run, children and children_second_form at the last month end.
    """

    past: Past
    stock: pd.DataFrame
    titles: dict[str, str]
    replications: int
    capacity: pd.DataFrame
    matches: pd.DataFrame

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

    def places(self) -> pd.DataFrame:
        """Places simulated by type of placement and date, and whose figure they are."""
        table = self.capacity
        whose = np.where(table["inferred"].astype(bool), "inferred: the most once held", "the council's own")
        named = table.assign(setting=[setting_label(str(name)) for name in table["setting"]], figure=whose)
        return named.set_index("setting")[["from", "places", "unavailable", "figure"]]

    def matching(self) -> pd.DataFrame:
        """How well one vacancy suits, by type of placement, and what the other form of matching gives."""
        table = self.matches.reindex(columns=[*_MATCHING, "known", "why"])
        told = table[list(_MATCHING)].apply(pd.to_numeric, errors="coerce").rename(columns=_MATCHING)
        believed = np.where(table["known"].astype(bool), "yes", "no: " + table["why"].astype(str))
        index = pd.Index([setting_label(str(name)) for name in self.matches["setting"]], name="setting")
        matched: pd.DataFrame = told.assign(believed=believed).set_index(index)
        return matched

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
    return _fresh_futures(returns_path(returns), names, replications, seed, years)


def _read_futures(run: Finished, names: list[str]) -> Futures:
    known = {str(about["name"]): run.title_of(str(about["name"])) for about in run.scenarios}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise UserError([f"The run holds no scenario '{name}'.{nearest(name, list(known))}" for name in wrong])
    stock = run.frame("results/stock", ["scenario", "replication", "month_end", "setting", "children"])
    chosen = names or list(known)
    past = load_history(folder=run.folder)
    titles = {name: known[name] for name in chosen}
    return Futures(
        past,
        # Young people who stay put are in the results too, and are not in care.
        stock[stock["scenario"].isin(chosen) & stock["setting"].isin(settings())],
        titles,
        int(run.manifest["replications"]),
        capacity=_table(run, "places/capacity", _CAPACITY),
        matches=_table(run, "places/matching", ("setting", "known", "why", *_MATCHING)),
    )


def _table(run: Finished, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """A table of a run; an empty one where nothing was limited."""
    return run.frame(name) if run.has(name) else pd.DataFrame(columns=list(columns))


def _fresh_futures(returns: Path, names: list[str], replications: int, seed: int, years: int) -> Futures:
    history = sf.build_history(sf.read_returns(returns))
    tables = read_council_tables(returns)
    matched = match_places(history, supply_of(history, tables.capacity, tables.staying_put))
    outcomes = simulate_plans(history, names, replications=replications, seed=seed, years=years, matched=matched)
    stock = pd.concat([one.stock for one in outcomes], ignore_index=True)
    cared = stock.astype({"setting": str, "scenario": str})
    titles = {one.scenario.name: one.scenario.about.title for one in outcomes}
    supply = matched.supply
    held = supply.rows.assign(
        **{"from": dates.to_dates(supply.rows["from"])}, inferred=supply.rows["setting"].isin(supply.inferred)
    )
    return Futures(
        fresh_past(returns),
        cared[cared["setting"].isin(settings())],
        titles,
        replications,
        capacity=held,
        matches=pd.DataFrame([vars(match) for match in matched.matches], columns=["kind", *_FITTED]),
    )
