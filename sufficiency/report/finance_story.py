"""The money that the finance notebook shows: worked out afresh from returns, or read from a finished run's folder.

Inside a council only: small numbers are not hidden here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import sufficiency as sf
from sufficiency.codes import read_codes
from sufficiency.costs import count_money
from sufficiency.costs.summary import PERCENTILES
from sufficiency.errors import UserError
from sufficiency.plan import estimate_means
from sufficiency.report.finished import prices_in_words, read_finished, setting_label, short_date
from sufficiency.report.past import returns_path
from sufficiency.report.ranges import of_baseline, range_words
from sufficiency.scenario import read_scenario
from sufficiency.tables import CouncilTables, read_council_tables, read_prices, with_illustrative
from sufficiency.tables.defaults import ILLUSTRATIVE

_LINES = {
    "base_budget": "Base budget",
    "pressures": "Pressures",
    "growth": "Growth in nights",
    "inflation": "Inflation",
    "fixed_costs": "Fixed costs",
    "income": "Income",
    "savings": "Savings",
    "investment": "Investment",
}
#: Figures of a plan's case: what a person calls them, and in what they are told.
_CASES = {
    "one_off_raised": ("One-off cost raised by", "share"),
    "delivery_raised": ("Yearly cost raised by", "share"),
    "saving_lowered": ("Saving lowered by", "share"),
    "net_present_value": ("Net present value, mean", "pounds"),
    "npv_p10": ("Net present value, P10", "pounds"),
    "npv_p90": ("Net present value, P90", "pounds"),
    "npv_above_nought": ("Futures in which it is above nought", "share"),
    "payback": ("Has paid by, middle of the futures", "month"),
    "payback_p10": ("Has paid by, 1 in 10", "month"),
    "payback_p90": ("Has paid by, 9 in 10", "month"),
    "switching_value": ("Breaks even at this share of the saving", "share"),
    "full_year_effect": ("Full-year effect", "pounds"),
}
_WITHIN = "pays_within_"


@dataclass(frozen=True)
class MoneyStory:
    """Money as a notebook shows it.

    Attributes
    ----------
    titles
        Scenario → its title.
    tables
        By name, as a run leaves them in ``internal/money``.
    prices
        The prices table.
    mark
        What must be said of the prices; blank for a council's own.
    """

    titles: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame]
    prices: pd.DataFrame
    mark: str

    @property
    def plans(self) -> dict[str, str]:
        """Plans with their titles."""
        return {name: title for name, title in self.titles.items() if name != "baseline"}

    @property
    def said(self) -> str:
        """What is said of prices on a chart's second line; blank for a council's own."""
        return f"; {self.mark} prices" if self.mark else ""

    def spend(self, basis: str = "net") -> dict[str, pd.DataFrame]:
        """Percentiles of total spend by title: financial_year, mean, p10, p50, p80, p90."""
        table = self.tables["summary"]
        table = table[(table["basis"] == basis) & (table["cut"] == "total")]
        return {title: table[table["scenario"] == name].reset_index(drop=True) for name, title in self.titles.items()}

    def ranges(self) -> pd.DataFrame:
        """The baseline's spend by what its range holds, £ thousand by financial year; empty where it is not known."""
        table = self._sources()
        if table.empty:
            return table
        named = table.rename(columns={"financial_year": "Financial year", "includes": "What the range holds"})
        figures = ["mean", *PERCENTILES]
        told = (named.set_index(["Financial year", "What the range holds"])[figures] / 1000).round(0).astype(int)
        told = told.rename(columns={"mean": "Mean", **{name: name.upper() for name in PERCENTILES}})
        return told.rename_axis(columns=f"£ thousand{self.said}")

    def ranges_said(self) -> str:
        """What chance alone makes of the range, in sentences."""
        table = self._sources()
        return "What makes spend uncertain was not worked out in this run." if table.empty else range_words(table)

    def _sources(self) -> pd.DataFrame:
        table = self.tables.get("spend_ranges")
        return pd.DataFrame() if table is None else of_baseline(table)

    def steps(self, scenario: str = "baseline", years: int = 1) -> dict[str, float]:
        """From the base budget to what is needed after some years, line by line; lines of nought left out."""
        table = self.tables["medium_term"]
        rows = table[table["scenario"] == scenario].iloc[:years]
        found = {"Base budget": float(rows["base_budget"].iloc[0])}
        found |= {label: float(rows[name].sum()) for name, label in list(_LINES.items())[1:]}
        return {label: pounds for label, pounds in found.items() if label == "Base budget" or abs(pounds) >= 1}

    def medium_term(self, scenario: str = "baseline") -> pd.DataFrame:
        """The medium-term plan as a treasurer's report prints it: lines down, years across, £ thousand."""
        table = self.tables["medium_term"]
        own = table[table["scenario"] == scenario].set_index("financial_year")
        names = {**_LINES, "budget_requirement": "Budget requirement", "contingency": "Contingency to P80"}
        told = (own[list(names)].T / 1000).rename(index=names).round(0).astype(int)
        return told.rename_axis(columns=f"£ thousand{self.said}")

    def paid(self, plan: str) -> pd.Timestamp | None:
        """The month by which the middle future of a plan has paid."""
        row = self.payback(plan).iloc[0]
        return pd.Timestamp(row["payback"]) if bool(row["pays"]) else None

    def payback(self, plan: str) -> pd.DataFrame:
        """A plan's two cases."""
        table = self.tables["payback"]
        return table[table["scenario"] == plan].reset_index(drop=True)

    def payback_told(self, plan: str) -> pd.DataFrame:
        """A plan's two cases as a person reads them: a row a figure, a column a case, all of it words."""
        cases = self.payback(plan)
        years = [name for name in cases.columns if str(name).startswith(_WITHIN)]
        spans = {name: int(name.removeprefix(_WITHIN)) for name in years}
        forms = _CASES | {
            name: (f"Paid within {span} year{'s' if span > 1 else ''}", "share") for name, span in spans.items()
        }
        told = {label: [_told(value, form) for value in cases[name]] for name, (label, form) in forms.items()}
        return pd.DataFrame(told, index=pd.Index(cases["case"].astype(str), name=f"case{self.said}")).T

    def cumulative(self, plan: str) -> pd.DataFrame:
        """Net saving to date by month: p10, p50, p90."""
        table = self.tables["cumulative_savings"]
        return table[table["scenario"] == plan].reset_index(drop=True)

    def books(self) -> pd.DataFrame:
        """The opening year against the ledger, in whole pounds; empty without a ledger."""
        if "reconciliation" not in self.tables:
            return pd.DataFrame()
        table = self.tables["reconciliation"]
        names = {name: setting_label(name) if name != "all" else "All compared" for name in table["setting"]}
        shown = table.assign(setting=table["setting"].map(names)).set_index("setting")
        return shown.drop(columns="financial_year").round(2).rename_axis(columns=f"£{self.said}")


def load_money(
    scenarios: Sequence[str] = (),
    *,
    prices: Path | str = "",
    returns: Path | str = "",
    replications: int = 100,
    seed: int = 2026,
    years: int = 5,
    folder: Path | str | None = None,
) -> MoneyStory:
    """Money worked out now, or read from a finished run.

    Parameters
    ----------
    scenarios
        Names or files of plans beside the baseline; with a folder, those that were run.
    prices
        A prices table (CSV) in place of the one beside the returns; ``illustrative`` takes published prices
        where there are none. Not with a folder.
    returns, replications, seed, years
        As in :func:`sufficiency.simulate`; not used with a folder.
    folder
        A finished run's folder.

    Raises
    ------
    UserError
        Where there are no prices, or a run in a folder was made without.
    """
    if folder is not None:
        return _read(Path(folder))
    place = returns_path(returns)
    tables = _priced(read_council_tables(place), prices)
    history = sf.build_history(sf.read_returns(place))
    means = estimate_means(history, tables, years=years)
    wanted = [read_scenario(one) for one in dict.fromkeys(("baseline", *scenarios))]
    named = {
        one.scenario.name: one for one in means.simulate(wanted, replications=replications, seed=seed, years=years)
    }
    alone = means.simulate(wanted[:1], replications=replications, seed=seed, years=years, parameters="mean")[0]
    money = count_money(history, named, tables, by_chance=alone)
    if tables.prices is None:
        raise UserError([_UNPRICED])
    kinds = tables.prices.statuses
    mark = " and ".join(kind for kind in ("illustrative", "invented") if kind in kinds)
    titles = {name: outcome.scenario.about.title for name, outcome in named.items()}
    return MoneyStory(titles, money.tables, tables.prices.table, mark)


_UNPRICED = "There are no prices: give a prices table, or prices = 'illustrative' for published ones."


def _priced(tables: CouncilTables, prices: Path | str) -> CouncilTables:
    """The council's tables with other prices where asked for."""
    if str(prices) == ILLUSTRATIVE:
        return replace(tables, prices=with_illustrative(tables.prices, read_codes()))
    if str(prices):
        given = read_prices(prices)
        own = tables.prices
        return replace(tables, prices=replace(given, uplifts=own.uplifts, lists=own.lists) if own else given)
    return tables


def _read(folder: Path) -> MoneyStory:
    run = read_finished(folder)
    if not run.has("money/summary"):
        raise UserError(["The run was made without prices, so it has nothing to tell of money."])
    names = sorted(path.stem for path in (run.folder / "internal" / "money").glob("*.parquet"))
    titles = {str(about["name"]): run.title_of(str(about["name"])) for about in run.scenarios}
    tables = {name: run.frame(f"money/{name}") for name in names}
    return MoneyStory(titles, tables, run.frame("prices"), prices_in_words(run))


def _told(value: object, form: str) -> str:
    """A figure in words; a month that does not come says so, and a break-even that cannot be."""
    if pd.isna(value):  # type: ignore[call-overload]
        return "not in these years" if form == "month" else "never"
    if form == "month":
        return short_date(value)
    number = float(str(value))
    if form == "share":
        return f"{number:.0%}" if np.isfinite(number) else "never"
    return f"{'−' if number < 0 else ''}£{abs(number):,.0f}"
