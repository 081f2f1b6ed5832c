"""The past as the history notebook shows it: made afresh from returns, or read from a finished run's folder.

Inside a council only: small numbers are not hidden here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

import sufficiency as sf
from sufficiency import dates
from sufficiency.history.comparators import MEASURES as COMPARED
from sufficiency.provenance import shipped
from sufficiency.rates.past import MEDIAN_COLUMNS, STAY_COLUMNS, past_tables
from sufficiency.rates.survival import ALL_AGES
from sufficiency.report.finished import (
    QUARTER_ENDS,
    STARTS,
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
from sufficiency.report.measures import in_words, months, per_children, pivoted, told
from sufficiency.tables import read_council_tables
from sufficiency.tables.comparators import COLUMNS as COMPARED_COLUMNS

#: Tables that every run leaves, and one that it leaves where published statistics were given.
TABLES = (
    "stock",
    "flows",
    "profile",
    "indicators",
    "quarters",
    "profile_table",
    "change_reasons",
    "accommodation",
    "stays",
    "median_stay",
)
_COMPARATORS = "comparators"
_QUARTERS_SHOWN = 8
_DIMENSIONS = {
    "total": "All",
    "age_band": "Age",
    "sex": "Sex",
    "ethnicity": "Ethnicity",
    "uasc": "Seeking asylum",
    "legal_status": "Legal status",
    "setting": "Placement",
    "provider": "Provider",
    "time_in_care": "Length of time in care",
}
#: ACCOM of the OC3 table without its suitability (SSDA903 guidance).
ACCOMMODATION = {
    "B": "With parents or relatives",
    "C": "Community home",
    "D": "Semi-independent, transitional",
    "E": "Supported lodgings",
    "K": "Ordinary lodgings",
    "T": "Foyer",
    "U": "Independent living",
    "Z": "With former foster carers (staying put)",
    "Y": "Other accommodation",
    "V": "Emergency accommodation",
    "W": "Bed and breakfast",
    "S": "No fixed abode or homeless",
    "X": "In custody",
    "G": "Gone abroad",
    "H": "Deported",
    "R": "Residence not known",
    "0": "No information",
}


@dataclass(frozen=True)
class Past:
    """The past as a notebook shows it. Shown tables are text, as a reader would write the numbers.

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
    indicators, quarters
        Measures, in words, by financial year and by quarter (the last eight); text.
    printed
        The profile by quarter end, as councils print it.
    changes
        Recorded changes of placement: reason by financial year.
    change_bars
        ``label``, ``value``: changes of the last year by reason, most frequent first.
    leavers
        Care leavers: accommodation by collection year.
    leaver_bars
        ``label``, ``value``: care leavers of the last return.
    stays, medians
        Share still in care by month since entry and age at entry; days after which half had left.
    compared
        The authority beside its region and England; no rows without published statistics.
    origin
        The last day of data.
    """

    stock: pd.DataFrame
    flows: pd.DataFrame
    homes: pd.DataFrame
    profile: pd.DataFrame
    indicators: pd.DataFrame
    quarters: pd.DataFrame
    printed: pd.DataFrame
    changes: pd.DataFrame
    change_bars: pd.DataFrame
    leavers: pd.DataFrame
    leaver_bars: pd.DataFrame
    stays: pd.DataFrame
    medians: pd.DataFrame
    origin: pd.Timestamp
    compared: pd.DataFrame = field(default_factory=lambda: _empty(COMPARED_COLUMNS))

    @property
    def said(self) -> str:
        """One sentence on the number of children."""
        first, last = self.stock.iloc[0], self.stock.iloc[-1]
        return (
            f"{int(last['children']):,} children in care on {long_date(last['date'])}, against"
            f" {int(first['children']):,}"
            f" on {long_date(first['date'])}"
        )

    @property
    def yearly_profile(self) -> pd.DataFrame:
        """The profile in words: provider and every type of placement too."""
        named = [
            (_DIMENSIONS.get(dimension, dimension), setting_label(value) if dimension == "setting" else _capital(value))
            for dimension, value in self.profile.index
        ]
        days = [f"{pd.Timestamp(day):%d/%m/%Y}" for day in self.profile.columns]
        return self.profile.set_axis(pd.MultiIndex.from_tuples(named)).set_axis(days, axis="columns")

    @property
    def rates_said(self) -> str:
        """Whether there are rates per 10,000 children."""
        if any(str(name).endswith(per_children("")) for name in self.indicators.index):
            return "Rates are per 10,000 children aged 0 to 17 of the council's own table population.csv."
        return "Rates per 10,000 left out: the council's tables hold no population.csv (year, age, children)."

    @property
    def stays_said(self) -> str:
        """After how long half had left."""
        known = self.medians.dropna().set_index("age_at_entry")["median_days"]
        if ALL_AGES not in known.index:
            return "Too few children have left for half of them to be told."
        return f"Half of all children who enter care have left after {months(known[ALL_AGES])}"

    @property
    def compared_said(self) -> str:
        """Children per 10,000 in the last published year; or how to have them."""
        rates = self.compared[self.compared["measure"] == "children_per_10000"].dropna(subset=["value"])
        published = rates[rates["level"] != "returns"]
        if published.empty:
            return "No published statistics were given: sufficiency run RETURNS --comparators FOLDER adds them."
        year = published["financial_year"].max()
        last = published[published["financial_year"] == year]
        told = [f"{value:,.0f} in {area}" for area, value in zip(last["area"], last["value"], strict=True)]
        return f"Children in care for each 10,000 at the end of {year}: {', '.join(told)}"

    @property
    def compared_table(self) -> pd.DataFrame:
        """Measure by area, each in its last year; text."""
        last = last_known(self.compared)
        named = last.assign(
            said=[f"{one} ({year})" for one, year in zip(last["area"], last["financial_year"], strict=True)],
            measure=last["measure"].map({name: item.means for name, item in COMPARED.items()}),
            text=[told(name, value, 1.0) for name, value in zip(last["measure"], last["value"], strict=True)],
        )
        return pivoted(named, "measure", "said", "text").fillna("–")


def last_known(compared: pd.DataFrame) -> pd.DataFrame:
    """Of each area the measures of the last year in which it has any."""
    known = compared.dropna(subset=["value"])
    return known[known["financial_year"] == known.groupby("area")["financial_year"].transform("max")]


def load_history(returns: Path | str = "", origin: str | None = None, folder: Path | str | None = None) -> Past:
    """The past, from returns or from a finished run.

    Parameters
    ----------
    returns
        Folder of SSDA903 returns; blank takes the invented example. A table ``population.csv`` is
        looked for beside them.
    origin
        Last day of data, inclusive; None takes the last in the returns.
    folder
        A finished run's folder; when given, its tables are read and the other parameters are not used.
    """
    if folder is None:
        return fresh_past(returns_path(returns), origin)
    run = read_finished(folder)
    wanted = [*TABLES, *([_COMPARATORS] if run.has(f"history/{_COMPARATORS}") else [])]
    return _past(run.origin, {name: run.frame(f"history/{name}") for name in wanted})


def returns_path(returns: Path | str) -> Path:
    """The folder of returns asked for, or the example's."""
    return Path(returns) if str(returns) else shipped("example") / "returns"


def fresh_past(returns: Path, origin: str | None = None) -> Past:
    """The past, made from returns."""
    history = sf.build_history(sf.read_returns(returns), origin=origin)
    population = read_council_tables(returns).population
    return _past(pd.Timestamp(dates.as_date(history.origin)), past_tables(history, population))


def _past(origin: pd.Timestamp, tables: Mapping[str, pd.DataFrame]) -> Past:
    stock = tables["stock"]
    cared = stock[stock["setting"].astype(str).isin(settings())].astype({"setting": str})
    totals = added(cared, ["month_end"], "children").rename(columns={"month_end": "date"})
    quarter_ends = totals["date"].dt.month.isin(QUARTER_ENDS) | (totals["date"] == origin)
    here = cared[cared["month_end"] == origin].groupby("setting")["children"].sum()
    homes = [(setting_label(name), int(here.get(name, 0))) for name in settings()]
    wide = tables["profile"].pipe(lambda table: table.assign(day=table["as_at"].map(iso)))
    profiles = wide.pivot_table(
        index=["dimension", "value"], columns="day", values="children", sort=False, observed=True
    )
    printed = tables["profile_table"].set_index(["section", "row"])
    reasons = _reasons(tables["change_reasons"])
    leavers = _leavers(tables["accommodation"])
    order = pd.MultiIndex.from_frame(wide[["dimension", "value"]].drop_duplicates())
    return Past(
        stock=totals[quarter_ends].reset_index(drop=True),
        flows=_quarterly(tables["flows"], totals["date"]),
        homes=pd.DataFrame(homes, columns=["label", "value"]),
        profile=profiles.reindex(order).astype(int),
        indicators=in_words(tables["indicators"], "financial_year"),
        quarters=in_words(tables["quarters"], "quarter").iloc[:, -_QUARTERS_SHOWN:],
        printed=printed.iloc[:, -_QUARTERS_SHOWN:],
        changes=reasons,
        change_bars=_bars(reasons).sort_values("value", ascending=False, kind="stable"),
        leavers=leavers,
        leaver_bars=_bars(leavers),
        stays=tables["stays"][list(STAY_COLUMNS)],
        medians=tables["median_stay"][list(MEDIAN_COLUMNS)],
        origin=origin,
        compared=tables.get(_COMPARATORS, _empty(COMPARED_COLUMNS)),
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


def _reasons(table: pd.DataFrame) -> pd.DataFrame:
    """Recorded changes: reason in words by financial year, those never given left out."""
    named = table.assign(reason=table["meaning"].map(_capital))
    wide = named.pivot_table(index="reason", columns="financial_year", values="changes", aggfunc="sum", sort=False)
    return wide[wide.sum(axis=1) > 0].astype(int).rename_axis(index=None, columns=None)


def _leavers(table: pd.DataFrame) -> pd.DataFrame:
    """Care leavers: accommodation in words by collection year."""
    counts = table.groupby(["accommodation", "year"])["care_leavers"].sum().unstack(fill_value=0)
    listed = [name for name in [*ACCOMMODATION, *counts.index] if name in counts.index]
    wide = counts.loc[list(dict.fromkeys(listed))].rename(index=lambda code: ACCOMMODATION.get(str(code), "Not given"))
    return wide.rename(columns=str).rename_axis(index=None, columns=None).astype(int)


def _bars(wide: pd.DataFrame) -> pd.DataFrame:
    """The last column of a table of counts as bars, noughts left out."""
    if wide.empty:
        return _empty(("label", "value"))
    last = wide.iloc[:, -1]
    return pd.DataFrame({"label": last.index, "value": last.to_numpy()}).query("value > 0")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in columns})
