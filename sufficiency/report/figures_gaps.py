"""Demand against places, as a chart: a small one for each setting and meaning of demand."""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, YearLocator
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sufficiency.report.style import DARK_BLUE, DARK_GREY, DASHES, ORANGE, Words, blank, panel

_ACROSS = 2
_LETTERS = 46


def demand_against_places(table: pd.DataFrame, words: Words) -> Figure:
    """Places as a stepped line, demand as a band from P50 to P90 with its middle and P80.

    Parameters
    ----------
    table
        ``setting``, ``group``, ``date``, ``places``, p50, p80, p90; groups are drawn in their order here,
        those of one setting on the same scale from nought.
    """
    groups = list(dict.fromkeys(table["group"]))
    rows = -(-len(groups) // _ACROSS) or 1
    figure = blank(words, height=1.25 + 1.75 * rows)
    grid = [panel(figure, rows, min(_ACROSS, len(groups)), place + 1) for place in range(len(groups))]
    for axes, group in zip(grid, groups, strict=True):
        own = table[table["group"] == group]
        _panel(axes, own)
        setting = table[table["setting"] == own["setting"].iloc[0]]
        axes.set_ylim(0, max(6.0, 1.12 * float(setting[["p90", "places"]].max().max())))
        axes.set_title(textwrap.fill(str(group), _LETTERS), fontsize=8.5, weight="bold", color=DARK_GREY, loc="left")
    if grid:
        handles, labels = grid[0].get_legend_handles_labels()
        # Two lines at the left: the mark of the paper is in the other corner.
        figure.legend(handles, labels, loc="outside lower left", ncols=2, frameon=False, fontsize=8.5)
    return figure


def _panel(axes: Axes, own: pd.DataFrame) -> None:
    day = own["date"]
    axes.fill_between(day, own["p50"], own["p90"], color=DARK_BLUE, alpha=0.25, linewidth=0, label="demand, P50 to P90")
    axes.plot(day, own["p50"], color=DARK_BLUE, linewidth=1.6, label="middle demand (P50)")
    axes.plot(day, own["p80"], color=DARK_BLUE, linewidth=1.3, linestyle=DASHES[1], label="demand, P80")
    axes.plot(
        day, own["places"], color=ORANGE, linewidth=2.2, linestyle=DASHES[2], label="places that can be used and suit"
    )
    axes.grid(visible=True, axis="y")
    axes.tick_params(labelsize=7.5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.xaxis.set_major_locator(YearLocator(month=3, day=31))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%b %Y"))  # type: ignore[no-untyped-call]
