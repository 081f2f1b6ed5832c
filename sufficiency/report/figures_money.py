"""The charts of money: what a budget needs and why, the fan of spend, and when a plan has paid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sufficiency.report.style import (
    DARK_BLUE,
    DARK_GREY,
    DASHES,
    HATCHES,
    ORANGE,
    PALETTE,
    TURQUOISE,
    Words,
    numbers,
    paper,
    written,
)

#: Steps below this are told in thousands.
_SMALL = 100_000


def waterfall(steps: Mapping[str, float], words: Words) -> Figure:
    """From a first sum to a last by steps up and down.

    Parameters
    ----------
    steps
        Label → pounds: the first is the sum begun with, the others are changes. The sum they come to is drawn last.
    """
    figure, axes = paper(words, height=3.6)
    labels, amounts = [*steps, "Budget needed"], np.array(list(steps.values()), dtype=np.float64)
    ends = np.cumsum(amounts)
    begins = np.concatenate([[0.0], ends[:-1], [0.0]])
    tops = np.concatenate([ends, ends[-1:]])
    low = min(*ends, amounts[0])
    floor = max(low - 0.4 * (max(ends) - low) - 0.02 * max(ends), 0.0)
    for place, (begin, top) in enumerate(zip(begins, tops, strict=True)):
        whole = place in {0, len(labels) - 1}
        colour, hatch = (DARK_BLUE, "") if whole else ((ORANGE, HATCHES[1]) if top > begin else (TURQUOISE, HATCHES[2]))
        bottom = floor if whole else min(begin, top)
        axes.bar(
            place,
            abs(top - bottom) if whole else abs(top - begin),
            bottom=bottom,
            width=0.62,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.5,
        )
        said = written(top, pounds=True) if whole else _change(top - begin)
        axes.annotate(
            said,
            (place, max(begin, top)),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=DARK_GREY,
        )
        if place < len(labels) - 1:
            axes.plot([place + 0.31, place + 0.69], [top, top], color=DARK_GREY, linewidth=0.8)
    axes.set_xticks(np.arange(len(labels)), [label.replace(" ", "\n", 1) for label in labels], fontsize=8)
    numbers(axes, pounds=True, from_zero=False)
    axes.set_ylim(floor, max(*begins, *tops) * 1.0 + 0.12 * (max(tops) - floor))
    axes.tick_params(axis="x", length=0)
    return figure


def _change(pounds: float) -> str:
    """A step as it is labelled: ``+£1.4m``, ``−£35k``."""
    if abs(pounds) >= _SMALL:
        return written(pounds, pounds=True, signed=True)
    return f"{'−' if pounds < 0 else '+'}£{abs(pounds) / 1e3:,.0f}k"


def spend_fan(tables: Mapping[str, pd.DataFrame], words: Words) -> Figure:
    """Spend by financial year as bands about the middle: ``financial_year``, p10, p50, p80, p90, and a budget if any.

    Parameters
    ----------
    tables
        Label → table. The first is drawn with its bands, the others as lines.
    """
    figure, axes = paper(words)
    years: list[str] = []
    for number, (label, table) in enumerate(tables.items()):
        years = [str(year) for year in table["financial_year"]]
        place = np.arange(len(years))
        if number == 0:
            axes.fill_between(place, table["p10"], table["p90"], color=PALETTE[0], alpha=0.18, linewidth=0)
            axes.plot(place, table["p80"], color=PALETTE[0], linewidth=1.2, linestyle=DASHES[2], label=f"{label}, P80")
        axes.plot(
            place, table["p50"], color=PALETTE[number], linewidth=2, linestyle=DASHES[number], marker="o", label=label
        )
    axes.set_xticks(np.arange(len(years)), years)
    numbers(axes, pounds=True, from_zero=False)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8.5)
    return figure


def payback(table: pd.DataFrame, words: Words, *, paid: pd.Timestamp | None = None) -> Figure:
    """Net saving to date: the middle of the futures with their 80 % range, and where it is paid back.

    Parameters
    ----------
    table
        ``month``, p10, p50, p90 in pounds.
    paid
        The month by which the middle future has paid; None where it has not.
    """
    figure, axes = paper(words)
    axes.axhline(0, color=DARK_GREY, linewidth=1)
    axes.fill_between(table["month"], table["p10"], table["p90"], color=DARK_BLUE, alpha=0.18, linewidth=0)
    axes.plot(table["month"], table["p50"], color=DARK_BLUE, linewidth=2)
    if paid is not None:
        axes.axvline(float(np.datetime64(paid, "D").astype(float)), color=ORANGE, linewidth=1.4, linestyle=DASHES[1])
        axes.annotate(
            f"paid back by {paid:%b %Y}",
            (float(np.datetime64(paid, "D").astype(float)), 0),
            xytext=(5, -12),
            textcoords="offset points",
            fontsize=8.5,
            color=DARK_GREY,
        )
    numbers(axes, pounds=True, from_zero=False)
    return figure


def frontier(table: pd.DataFrame, words: Words) -> Figure:
    """Least and most that placements cost at each in-house share: ``in_house_share``, least, most, today."""
    figure, axes = paper(words)
    share = table["in_house_share"] * 100
    axes.fill_between(share, table["least"], table["most"], color=DARK_BLUE, alpha=0.15, linewidth=0)
    axes.plot(share, table["least"], color=DARK_BLUE, linewidth=2, label="least")
    axes.plot(share, table["most"], color=DARK_BLUE, linewidth=1.4, linestyle=DASHES[1], label="most")
    today = table.dropna(subset=["today"])
    axes.plot(today["in_house_share"] * 100, today["today"], "s", color=ORANGE, markersize=8, label="now")
    axes.set_xlabel("in-house share of nights in fostering and homes, %", fontsize=8.5)
    numbers(axes, pounds=True, from_zero=False)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8.5)
    return figure
