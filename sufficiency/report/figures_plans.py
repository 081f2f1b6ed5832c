"""Charts of plans taken apart and of what moves an answer."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, YearLocator
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sufficiency.report.style import DARK_BLUE, DARK_GREY, HATCHES, ORANGE, PALETTE, TURQUOISE, Words, numbers, paper

_LETTERS = 34
#: Below so much a number is written as a share.
_SHARE = 1.5


def waterfall_steps(table: pd.DataFrame, words: Words, *, pounds: bool = False) -> Figure:
    """From the baseline to a plan, lever by lever.

    Parameters
    ----------
    table
        ``label``, ``begins`` and ``ends`` (:meth:`sufficiency.plan.waterfall.Waterfall.steps`): the first and the
        last row are whole bars, those between go up or down from where the one before ended.
    pounds
        Whether the numbers are pounds.
    """
    figure, axes = paper(words, height=1.2 + 0.3 * len(table))
    place = np.arange(len(table))[::-1]
    low, high = table[["begins", "ends"]].min(axis=1), table[["begins", "ends"]].max(axis=1)
    whole = [True, *[False] * (len(table) - 2), True]
    up = table["ends"] >= table["begins"]
    for at, is_whole, begins, ends, rises in zip(place, whole, low, high, up, strict=True):
        colour = DARK_BLUE if is_whole else (ORANGE if rises else TURQUOISE)
        hatch = "" if is_whole else (HATCHES[1] if rises else HATCHES[2])
        axes.barh(at, ends - begins, left=begins, height=0.62, color=colour, hatch=hatch, edgecolor="white")
    for at, ends in zip(place[:-1], table["ends"].iloc[:-1], strict=True):
        axes.plot([ends, ends], [at, at - 1], color=DARK_GREY, linewidth=0.8)
    changes = np.where(whole, table["ends"], table["ends"] - table["begins"])
    for at, end, change, is_whole in zip(place, high, changes, whole, strict=True):
        text = _number(float(change), pounds=pounds, signed=not is_whole)
        axes.annotate(text, (end, at), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8.5)
    axes.set_yticks(place, [textwrap.fill(str(label), _LETTERS) for label in table["label"]])
    numbers(axes, horizontal=True, pounds=pounds, from_zero=False)
    if not pounds and float(high.max()) < _SHARE:
        _decimals(axes, 2)
    between = low.iloc[1:-1] if len(table) > 2 else low  # noqa: PLR2004 - two whole bars
    ends = [float(high.max()), float(min(between.min(), table["ends"].iloc[[0, -1]].min()))]
    # Small steps on a large total would not be seen from nought: the axis is cut, and the title's unit says so.
    axes.set_xlim(ends[1] - 0.35 * (ends[0] - ends[1]), ends[0] + 0.18 * (ends[0] - ends[1]))
    axes.tick_params(axis="y", length=0)
    return figure


def tornado_bars(table: pd.DataFrame, words: Words, *, pounds: bool = False, decimals: int = 0) -> Figure:
    """One input at a time: a bar from the answer at its low end to that at its high end.

    Parameters
    ----------
    table
        From :func:`sufficiency.plan.sensitivity.tornado`: label, low, high, at_low, at_high, reference.
    pounds, decimals
        How the answer is written: as millions of pounds, or with so many decimals.
    """
    figure, axes = paper(words, height=1.35 + 0.42 * len(table))
    place = np.arange(len(table))[::-1]
    middle = float(table["reference"].iloc[0])
    for name, value, colour, hatch in (
        ("at the low end", "at_low", TURQUOISE, HATCHES[2]),
        ("at the high end", "at_high", ORANGE, HATCHES[1]),
    ):
        axes.barh(
            place,
            table[value] - middle,
            left=middle,
            height=0.6,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            label=name,
        )
    axes.axvline(middle, color=DARK_GREY, linewidth=1)
    labels = [
        f"{textwrap.fill(str(name), _LETTERS)}\n{low:g} to {high:g}"
        for name, low, high in zip(table["label"], table["low"], table["high"], strict=True)
    ]
    axes.set_yticks(place, labels)
    numbers(axes, horizontal=True, pounds=pounds, from_zero=False)
    if decimals:
        _decimals(axes, decimals)
    axes.margins(x=0.08, y=0.08)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8.5)
    return figure


def shares_of_variance(table: pd.DataFrame, words: Words) -> Figure:
    """Each input's share of the answer's variance: by itself, and with its interactions, with 95 % intervals.

    Parameters
    ----------
    table
        From :func:`sufficiency.plan.sensitivity.global_indices`.
    """
    figure, axes = paper(words, height=1.35 + 0.36 * len(table))
    place = np.arange(len(table))[::-1].astype(float)
    kinds = (("first_order", "first", "by itself", 0.17), ("total", "total", "with all its interactions", -0.17))
    for number, (column, stem, name, shift) in enumerate(kinds):
        value = table[column].to_numpy(np.float64)
        ends = table[[f"{stem}_low", f"{stem}_high"]].to_numpy(np.float64)
        axes.barh(
            place + shift,
            value,
            height=0.3,
            color=PALETTE[number],
            hatch=HATCHES[number],
            edgecolor="white",
            label=name,
        )
        axes.hlines(place + shift, ends[:, 0], ends[:, 1], color=DARK_GREY, linewidth=1.2)
    axes.set_yticks(place, [textwrap.fill(str(name), _LETTERS) for name in table["label"]])
    axes.grid(visible=True, axis="x")
    low = float(min(0.0, table[["first_low", "total_low"]].min().min()))
    axes.set_xlim(low, max(1.0, float(table[["first_high", "total_high"]].max().max())))
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}".replace("-", "−"))
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8.5)
    return figure


def difference_by_month(table: pd.DataFrame, words: Words) -> Figure:
    """Plan less baseline month by month: ``date``, ``difference``, ``low`` and ``high``, about a line at nought."""
    figure, axes = paper(words)
    axes.axhline(0, color=DARK_GREY, linewidth=1)
    axes.fill_between(table["date"], table["low"], table["high"], color=DARK_BLUE, alpha=0.22, linewidth=0)
    axes.plot(table["date"], table["difference"], color=DARK_BLUE, linewidth=1.8)
    numbers(axes, from_zero=False)
    axes.xaxis.set_major_locator(YearLocator(month=3, day=31))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%b %Y"))  # type: ignore[no-untyped-call]
    return figure


def met_by_value(table: pd.DataFrame, words: Words, *, sure: float) -> Figure:
    """How often a target is met as a lever is moved: ``value``, ``share``; and the probability asked for."""
    figure, axes = paper(words)
    own = table.sort_values("value")
    axes.plot(own["value"], own["share"], "o-", color=DARK_BLUE, linewidth=1.6, markersize=5)
    axes.axhline(sure, color=ORANGE, linewidth=1.6, linestyle=(0, (5, 2)))
    axes.annotate(
        f"asked for: {sure:.0%}",
        (0.01, sure),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="left",
        fontsize=8.5,
        color=DARK_GREY,
    )
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(visible=True, axis="y")
    return figure


def _decimals(axes: Axes, decimals: int) -> None:
    """Numbers across with so many decimals."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.{decimals}f}".replace("-", "−"))


def _number(value: float, *, pounds: bool, signed: bool) -> str:
    """As a chart writes it: with decimals where it is small."""
    sign = "−" if value < 0 else ("+" if signed and value > 0 else "")
    size = abs(value)
    if pounds:
        return f"{sign}£{size / 1e6:,.2f}m"
    if size < _SHARE:
        return f"{sign}{size:.3f}" if size else "0"
    return f"{sign}{size:,.1f}" if signed and size < 10 else f"{sign}{size:,.0f}"  # noqa: PLR2004 - two digits
