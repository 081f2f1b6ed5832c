"""The charts of the annex and of the notebooks, each a function from a table to a figure.

A hidden figure is missing (NaN) in the table and leaves a gap in the chart: no point, no label and
no line across it. ``docs/annex.md`` has a page on each.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, YearLocator, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sufficiency.report.style import (
    DARK_BLUE,
    DARK_GREY,
    DASHES,
    HATCHES,
    MARKERS,
    ORANGE,
    PALETTE,
    Words,
    blank,
    numbers,
    panel,
    paper,
    spread,
    written,
)

_ACROSS, _PAST_ACROSS = 4, 3
_BANDS = (("p10", "p90", 0.18), ("p25", "p75", 0.32))


def stock_and_fans(
    history: pd.DataFrame, fans: Mapping[str, pd.DataFrame], words: Words, *, column: str = "children"
) -> Figure:
    """The past as a line, and each scenario's future as a fan about its median.

    Parameters
    ----------
    history
        ``date`` and the column counted.
    fans
        Label → ``date``, p10, p25, p50, p75, p90. The first is drawn with both bands, others with the edges
        of the wider one: bands over each other cannot be told apart.
    words
        Title, unit and mark.
    """
    figure, axes = paper(words)
    axes.plot(history["date"], history[column], color=DARK_GREY, linewidth=1.8)
    ends = []
    for place, (label, alone) in enumerate(fans.items()):
        fan = _joined(history, alone, column)
        colour = PALETTE[place % len(PALETTE)]
        for low, high, alpha in _BANDS if place == 0 else ():
            axes.fill_between(fan["date"], fan[low], fan[high], color=colour, alpha=alpha, linewidth=0)
        if place:
            for edge in ("p10", "p90"):
                axes.plot(fan["date"], fan[edge], color=colour, linewidth=0.7, linestyle=DASHES[place])
        axes.plot(fan["date"], fan["p50"], color=colour, linewidth=1.8, linestyle=DASHES[place])
        ends.append((label, float(fan["p50"].iloc[-1]), colour))
    numbers(axes, from_zero=False)
    _years(axes)
    _end_labels(axes, ends)
    if fans and len(history):
        last = history["date"].iloc[-1]
        axes.axvline(last, color=DARK_GREY, linewidth=0.8, linestyle=(0, (2, 2)))
        _caption(axes, last, "seen ", "right")
        _caption(axes, last, " forecast", "left")
    return figure


def _joined(history: pd.DataFrame, fan: pd.DataFrame, column: str) -> pd.DataFrame:
    """A fan that opens from the last count seen, where there is one."""
    if history.empty or fan.empty or pd.isna(history[column].iloc[-1]):
        return fan
    marks = dict.fromkeys(("p10", "p25", "p50", "p75", "p90"), float(history[column].iloc[-1]))
    return pd.concat([pd.DataFrame([{"date": history["date"].iloc[-1], **marks}]), fan], ignore_index=True)


def _caption(axes: Axes, when: object, text: str, side: str) -> None:
    axes.annotate(text, (when, 0.02), xycoords=("data", "axes fraction"), ha=side, fontsize=8, color=DARK_GREY)


def _marches(every: int) -> YearLocator:
    """Ticks at 31 March of every so many years."""
    return YearLocator(base=every, month=3, day=31)  # type: ignore[no-untyped-call]


def _dated(form: str) -> DateFormatter:
    return DateFormatter(form)  # type: ignore[no-untyped-call]


def _years(axes: Axes) -> None:
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(_marches(2 if high - low > 365 * 9 else 1))
    axes.xaxis.set_major_formatter(_dated("%b %Y"))


def _end_labels(axes: Axes, ends: Sequence[tuple[str, float, str]]) -> None:
    """Names of lines beside their right ends, moved apart where they would touch."""
    low, high = axes.get_ylim()
    texts = [textwrap.fill(f"{label}: {written(value)}", 21) for label, value, _ in ends]
    sizes = [0.06 * (text.count("\n") + 1) + 0.02 for text in texts]
    heights = spread([(value - low) / (high - low) for _, value, _ in ends], sizes)
    for text, height, (_, _, colour) in zip(texts, heights, ends, strict=True):
        axes.text(1.015, height, text, transform=axes.transAxes, color=colour, fontsize=8.5, va="center", weight="bold")


def entries_and_exits(table: pd.DataFrame, words: Words) -> Figure:
    """Children who started and who left by period, as paired bars.

    ``table`` has ``period`` (text), ``started`` and ``left``.
    """
    figure, axes = paper(words)
    place = np.arange(len(table))
    wide = 0.4
    for offset, (name, label) in enumerate((("started", "Started"), ("left", "Left"))):
        colour = (DARK_BLUE, ORANGE)[offset]
        axes.bar(
            place + (offset - 0.5) * wide,
            table[name],
            wide,
            label=label,
            color=colour,
            edgecolor="white",
            hatch=HATCHES[offset],
        )
    every = max(1, round(len(table) / 7))
    axes.set_xticks(place[::-every], list(table["period"])[::-every])
    numbers(axes)
    _key(axes)
    return figure


def _key(axes: Axes) -> None:
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False, fontsize=8.5, borderpad=0.1)


def bars(table: pd.DataFrame, words: Words) -> Figure:
    """Lying bars with their numbers: ``label`` and ``value``; a missing value is written as hidden."""
    figure, axes = paper(words, height=1.0 + 0.235 * len(table))
    place = np.arange(len(table))[::-1]
    values = table["value"].astype(float)
    axes.barh(place, values.fillna(0.0), color=DARK_BLUE, height=0.68)
    axes.set_yticks(place, list(table["label"]))
    top = max(float(values.max(skipna=True)) if values.notna().any() else 1.0, 1.0)
    for spot, value in zip(place, values, strict=True):
        text = "hidden (c)" if np.isnan(value) else written(value)
        axes.text(
            (0.0 if np.isnan(value) else value) + top * 0.01, spot, text, va="center", fontsize=8.5, color=DARK_GREY
        )
    numbers(axes, horizontal=True)
    axes.set_xlim(0, top * 1.1)
    axes.tick_params(axis="y", length=0)
    return figure


def panels(history: pd.DataFrame, fans: pd.DataFrame, words: Words) -> Figure:
    """A small chart for each group, on scales of their own from nought: the past, then its fan.

    Parameters
    ----------
    history
        ``group``, ``date``, ``children`` (NaN where hidden); groups are drawn in their order here.
    fans
        ``group``, ``date``, p10, p50, p90; may lack a group, or be empty.
    words
        Title, unit and mark.
    """
    groups = list(dict.fromkeys(history["group"]))
    rows = -(-len(groups) // _ACROSS)
    figure = blank(words, height=0.7 + 1.35 * rows)
    years = sorted({pd.Timestamp(day).year for day in (*history["date"], *fans["date"])})
    for place, group in enumerate(groups):
        axes = panel(figure, rows, _ACROSS, place + 1)
        _panel(axes, history[history["group"] == group], fans[fans["group"] == group])
        axes.set_title(textwrap.fill(str(group), 20), fontsize=8, weight="bold", color=DARK_GREY, loc="left")
        axes.set_xlim(*(float(date2num(day)) for day in (date(years[0], 1, 1), date(years[-1], 10, 1))))  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(_marches(max(1, (len(years) - 1) // 2)))
        axes.xaxis.set_major_formatter(_dated("%Y"))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    return figure


def _panel(axes: Axes, past: pd.DataFrame, fan: pd.DataFrame) -> None:
    fan = _joined(past, fan, "children")
    axes.plot(past["date"], past["children"], "o-", color=DARK_GREY, markersize=2.5, linewidth=1.4)
    axes.fill_between(fan["date"], fan["p10"], fan["p90"], color=DARK_BLUE, alpha=0.25, linewidth=0)
    axes.plot(fan["date"], fan["p50"], color=DARK_BLUE, linewidth=1.6, linestyle=DASHES[1])
    highest = pd.concat([past["children"], fan["p90"]]).max()
    axes.set_ylim(0, 6 if pd.isna(highest) else max(6, highest * 1.12))
    axes.grid(visible=True, axis="y")
    axes.tick_params(labelsize=7.5)
    if past["children"].isna().all():
        axes.text(0.5, 0.5, "hidden (c)", transform=axes.transAxes, ha="center", fontsize=8, color=DARK_GREY)


def backtest_dots(table: pd.DataFrame, words: Words) -> Figure:
    """Past forecasts beside what happened: a bar from P10 to P90, its median, and the count that came.

    ``table`` has ``label``, p10, p50, p90, ``actual`` and ``naive``; rows are drawn from the top.
    """
    figure, axes = paper(words, height=1.25 + 0.22 * len(table))
    place = np.arange(len(table))[::-1]
    axes.hlines(
        place, table["p10"], table["p90"], color=DARK_BLUE, alpha=0.3, linewidth=8, label="forecast, P10 to P90"
    )
    axes.plot(table["p50"], place, "|", color=DARK_BLUE, markersize=11, markeredgewidth=2, label="median")
    axes.plot(table["naive"], place, "x", color=DARK_GREY, markersize=6, label="no change")
    axes.plot(table["actual"], place, "o", color=ORANGE, markersize=6, markeredgecolor="black", label="what happened")
    axes.set_yticks(place, list(table["label"]))
    numbers(axes, horizontal=True, from_zero=False)
    axes.margins(x=0.04, y=0.08)
    # Hung from the axes, so that the mark in the corner of the paper comes below it.
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.12), ncols=4, frameon=False, fontsize=8.5)
    return figure


def past_fans(history: pd.DataFrame, fans: Mapping[str, pd.DataFrame], words: Words) -> Figure:
    """Forecasts made on earlier dates, a small chart each: what was known, the fan, what came, and no change.

    Parameters
    ----------
    history
        ``date`` and ``children``, the whole past.
    fans
        Forecast made on → ``date``, p10, p25, p50, p75, p90, ``actual``, ``naive``.
    """
    across = 2 if len(fans) in {2, 4} else min(len(fans), _PAST_ACROSS) or 1
    rows = -(-len(fans) // across) or 1
    figure = blank(words, height=1.5 + 1.75 * rows)
    grid = [panel(figure, rows, across, place + 1) for place in range(len(fans))]
    for axes, (made, fan) in zip(grid, fans.items(), strict=True):
        known = history[history["date"] <= fan["date"].iloc[0]]
        axes.plot(known["date"], known["children"], color=DARK_GREY, linewidth=1.5, label="known then")
        for low, high, alpha in _BANDS:
            axes.fill_between(fan["date"], fan[low], fan[high], color=DARK_BLUE, alpha=alpha, linewidth=0)
        axes.plot(fan["date"], fan["p50"], color=DARK_BLUE, linewidth=1.6, linestyle=DASHES[1], label="middle forecast")
        axes.plot(fan["date"], fan["naive"], color=DARK_GREY, linewidth=1.0, linestyle=DASHES[2], label="no change")
        axes.plot(fan["date"], fan["actual"], color=ORANGE, linewidth=2.0, label="what came")
        axes.set_title(f"made {made}", fontsize=8.5, loc="left")
        axes.grid(visible=True, axis="y")
        axes.tick_params(labelsize=7.5)
        axes.xaxis.set_major_locator(_marches(2))
        axes.xaxis.set_major_formatter(_dated("%Y"))
    _same_heights(grid)
    if grid:
        handles, labels = grid[0].get_legend_handles_labels()
        # Two lines at the left: the mark of the paper is in the other corner.
        figure.legend(handles, labels, loc="outside lower left", ncols=2, frameon=False, fontsize=8.5)
    return figure


def _same_heights(grid: Sequence[Axes]) -> None:
    limits = [axes.get_ylim() for axes in grid]
    low, high = min((one[0] for one in limits), default=0.0), max((one[1] for one in limits), default=1.0)
    for axes in grid:
        axes.set_ylim(low, high)


def differences(table: pd.DataFrame, words: Words) -> Figure:
    """Plan less baseline with its 80% interval: ``label``, ``difference``, ``low``, ``high``."""
    figure, axes = paper(words, height=1.0 + 0.26 * len(table))
    place = np.arange(len(table))[::-1]
    axes.axvline(0, color=DARK_GREY, linewidth=1)
    axes.hlines(place, table["low"], table["high"], color=DARK_BLUE, linewidth=2.2)
    axes.plot(table["difference"], place, "o", color=DARK_BLUE, markersize=7)
    for spot, value, high in zip(place, table["difference"], table["high"], strict=True):
        axes.annotate(
            written(value, signed=True),
            (high, spot),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=DARK_GREY,
        )
    axes.set_yticks(place, list(table["label"]))
    numbers(axes, horizontal=True, from_zero=False)
    axes.margins(x=0.12, y=0.12)
    axes.tick_params(axis="y", length=0)
    return figure


def spend(tables: Mapping[str, pd.DataFrame], words: Words) -> Figure:
    """Spend by financial year: a dot at the median, a thick bar to P80 and a thin one from P10 to P90.

    ``tables`` is label → ``financial_year``, p10, p50, p80, p90 in pounds.
    """
    figure, axes = paper(words)
    wide = 0.8 / max(len(tables), 1)
    years: list[str] = []
    for number, (label, table) in enumerate(tables.items()):
        years = [str(year) for year in table["financial_year"]]
        place = np.arange(len(table)) + (number - (len(tables) - 1) / 2) * wide * 0.55
        colour, marker = PALETTE[number], MARKERS[number]
        axes.vlines(place, table["p10"], table["p90"], color=colour, linewidth=1.4)
        axes.vlines(place, table["p50"], table["p80"], color=colour, linewidth=5, alpha=0.5)
        axes.plot(place, table["p50"], marker, color=colour, markersize=7, label=label)
    axes.set_xticks(np.arange(len(years)), years)
    numbers(axes, pounds=True, from_zero=False)
    # Hung from the axes, so that the mark in the corner of the paper comes below it.
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.1), ncols=2, frameon=False, fontsize=8.5)
    return figure
