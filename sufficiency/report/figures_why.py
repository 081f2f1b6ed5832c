"""A forecast taken apart, drawn: from where it starts, step by step, to where it ends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sufficiency.report.style import (
    DARK_BLUE,
    DARK_GREY,
    HATCHES,
    ORANGE,
    TURQUOISE,
    Words,
    blank,
    numbers,
    panel,
    written,
)

_ROOM = 0.25


def steps(tables: Mapping[str, pd.DataFrame], words: Words) -> Figure:
    """Bars from a start to an end, a step for each driver: one chart for each table, side by side.

    Parameters
    ----------
    tables
        Title → ``label``, ``children`` (of the first row the start, of the last the end, between them what each
        driver adds), from the top.
    """
    most = max(len(table) for table in tables.values())
    figure = blank(words, height=1.3 + 0.27 * most)
    for place, (title, table) in enumerate(tables.items()):
        axes = panel(figure, 1, len(tables), place + 1)
        at = np.arange(len(table))[::-1]
        value = table["children"].to_numpy(np.float64)
        reached = np.concatenate([value[:1], value[0] + np.cumsum(value[1:-1]), value[-1:]])
        low = np.minimum(reached, np.append(reached[:1], reached[:-1]))
        for row, (spot, size) in enumerate(zip(at, value, strict=True)):
            whole = row in (0, len(value) - 1)
            colour = DARK_BLUE if whole else (ORANGE if size > 0 else TURQUOISE)
            hatch = HATCHES[0] if whole or size > 0 else HATCHES[1]
            left, wide = (0.0, size) if whole else (low[row], abs(size))
            axes.barh(spot, wide, left=left, height=0.62, color=colour, hatch=hatch, edgecolor="white", linewidth=0)
            right = reached[row] if whole else low[row] + abs(size)
            axes.annotate(
                written(size, signed=not whole),
                (right, spot),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
                color=DARK_GREY,
            )
        span = max(float(reached.max() - reached.min()), 0.04 * float(reached.max()), 1.0)
        axes.set_xlim(float(reached.min()) - 2 * _ROOM * span, float(reached.max()) + 2 * _ROOM * span)
        axes.set_yticks(at, list(table["label"]) if place == 0 else [""] * len(table))
        axes.set_title(title, fontsize=8.5, loc="left")
        numbers(axes, horizontal=True, from_zero=False)
        axes.tick_params(axis="y", length=0)
    return figure
