"""Charts of the history notebook alone: how long children stay, and an authority beside others."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from sufficiency.history.comparators import MEASURES
from sufficiency.rates.survival import ALL_AGES
from sufficiency.report.measures import months
from sufficiency.report.past import last_known
from sufficiency.report.style import (
    DARK_BLUE,
    DARK_GREY,
    DASHES,
    MARKERS,
    PALETTE,
    Words,
    blank,
    numbers,
    panel,
    paper,
    written,
)

_ACROSS = 3
_YEARS_SHOWN = 6
_YEARS_OF_RATES = 10
#: A share of fewer children says little: the curve ends there.
_FEWEST_FOLLOWED = 10
_HALF = 0.5
_RATE = "children_per_10000"


def stays(table: pd.DataFrame, medians: pd.DataFrame, words: Words) -> Figure:
    """A small chart for each age at entry: the share still in care by years since entry, and when half had left.

    Parameters
    ----------
    table, medians
        ``stays`` and ``median_stay`` of :func:`sufficiency.rates.past.stay_tables`.
    words
        Title, unit and mark.
    """
    groups = list(dict.fromkeys(table["age_at_entry"]))
    middle = dict(zip(medians["age_at_entry"], medians["median_days"], strict=True))
    rows = max(1, -(-len(groups) // _ACROSS))
    figure = blank(words, height=0.7 + 1.75 * rows)
    for place, group in enumerate(groups):
        axes = panel(figure, rows, _ACROSS, place + 1)
        mine = table[(table["age_at_entry"] == group) & (table["followed"] >= _FEWEST_FOLLOWED)]
        _stay(axes, mine, float(middle.get(group, np.nan)))
        axes.set_title(_entered(str(group)), fontsize=8.5, weight="bold", color=DARK_GREY, loc="left")
    return figure


def _entered(group: str) -> str:
    if group == ALL_AGES:
        return "All ages"
    return "Entered under 1" if group == "0" else f"Entered at {group}"


def _stay(axes: Axes, curve: pd.DataFrame, median: float) -> None:
    years = curve["months"] / 12
    axes.plot(years, curve["still_in_care"], color=DARK_BLUE, linewidth=1.8)
    axes.fill_between(years, 0, curve["still_in_care"], color=DARK_BLUE, alpha=0.12, linewidth=0)
    axes.set_xlim(0, _YEARS_SHOWN)
    axes.set_ylim(0, 1)
    axes.xaxis.set_major_locator(MultipleLocator(1))
    axes.yaxis.set_major_locator(MultipleLocator(_HALF / 2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    axes.grid(visible=True, axis="y")
    axes.tick_params(labelsize=7.5)
    said, at = "more than half still in care", (0.35 * _YEARS_SHOWN, 0.85)
    if not np.isnan(median):
        at = (median / 365.25, _HALF)
        axes.plot(*at, "o", color=DARK_BLUE, markersize=5)
        said = f"half had left\nby {months(median)}"
    axes.annotate(said, at, xytext=(6, 4), textcoords="offset points", fontsize=8, color=DARK_GREY)


def rates(compared: pd.DataFrame, words: Words) -> Figure:
    """Children in care per 10,000, year by year: a line for the authority, its region, England and the returns."""
    table = compared[compared["measure"] == _RATE].dropna(subset=["value"])
    years = sorted(table["financial_year"].unique())[-_YEARS_OF_RATES:]
    place = {year: number for number, year in enumerate(years)}
    figure, axes = paper(words, height=3.5)
    for number, (area, mine) in enumerate(_by_area(table[table["financial_year"].isin(years)]).items()):
        at = mine["financial_year"].map(place)
        axes.plot(
            at,
            mine["value"],
            linewidth=1.8,
            color=PALETTE[number],
            label=f"{area}: {written(float(mine['value'].iloc[-1]))} in {mine['financial_year'].iloc[-1]}",
            linestyle=DASHES[number],
            marker=MARKERS[number],
            markersize=4,
        )
    axes.set_xticks(range(len(years)), years, fontsize=8)
    numbers(axes)
    _key(axes)
    return figure


def mix(compared: pd.DataFrame, words: Words) -> Figure:
    """Shares of children in the last year of each area: a row for each share, a mark for each area."""
    shares = last_known(compared)
    shares = shares[shares["measure"].isin([name for name in MEASURES if name.endswith("_share")])]
    listed = [name for name in MEASURES if name in set(shares["measure"])]
    place = {name: len(listed) - 1 - number for number, name in enumerate(listed)}
    figure, axes = paper(words, height=1.6 + 0.3 * len(listed))
    for number, (area, mine) in enumerate(_by_area(shares).items()):
        label = f"{area}, {mine['financial_year'].iloc[0]}"
        colour = PALETTE[number]
        axes.plot(
            mine["value"],
            mine["measure"].map(place),
            MARKERS[number],
            color=colour,
            label=label,
            markerfacecolor="white" if number % 2 else colour,
            markeredgewidth=1.6,
        )
    axes.set_yticks(range(len(listed)), [textwrap.fill(MEASURES[name].means, 34) for name in listed[::-1]], fontsize=8)
    axes.grid(visible=True, axis="both")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    # A mark at nought is shown whole.
    axes.set_xlim(-0.015, None)
    axes.margins(y=0.04)
    axes.tick_params(axis="y", length=0)
    _key(axes)
    return figure


def _key(axes: Axes) -> None:
    """Which mark is whose, above the chart: lines that end in different years cannot be named at their ends."""
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False, fontsize=8.5, handlelength=3.5)


def _by_area(table: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    return {str(area): mine.sort_values("financial_year") for area, mine in table.groupby("area", sort=False)}
