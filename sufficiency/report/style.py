"""How every chart looks: palette, paper, marks and files.

Colours are those of the Government Analysis Function's guidance on colours in charts
(https://analysisfunction.civilservice.gov.uk/policy-store/data-visualisation-colours-in-charts/);
line styles, markers and hatching say the same again in black and white.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

DARK_BLUE = "#12436D"
TURQUOISE = "#28A197"
DARK_PINK = "#801650"
ORANGE = "#F46A25"
DARK_GREY = "#3D3D3D"
LIGHT_PURPLE = "#A285D1"
PALE = "#D5DBE1"
PALETTE = (DARK_BLUE, ORANGE, TURQUOISE, DARK_PINK, DARK_GREY, LIGHT_PURPLE)
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)), (0, (2, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++")

WIDTH, HEIGHT = 6.7, 3.15  # inches: the width of a page of A4 between its margins
DOTS_PER_INCH = 200
TITLE_WIDTH, UNIT_WIDTH = 72, 108  # letters on one line

_RULES: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": DARK_GREY,
    "axes.labelcolor": DARK_GREY,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.7,
    "xtick.color": DARK_GREY,
    "ytick.color": DARK_GREY,
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "sufficiency",
    "svg.fonttype": "path",
    "path.simplify": False,
}


@dataclass(frozen=True)
class Words:
    """What is written on a chart.

    Attributes
    ----------
    title
        What is seen, as a sentence.
    unit
        What the numbers count, below the title.
    mark
        DRAFT, or that the data are invented; blank for none.
    """

    title: str
    unit: str
    mark: str = ""


def paper(words: Words, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """An empty chart with its words on it. No window and no global state is touched."""
    figure = blank(words, height)
    with mpl.rc_context(_RULES):
        axes = figure.add_subplot()
    return figure, axes


def blank(words: Words, height: float = HEIGHT) -> Figure:
    """A chart's paper with title and mark but no axes yet."""
    with mpl.rc_context(_RULES):
        title, unit = textwrap.wrap(words.title, TITLE_WIDTH), textwrap.wrap(words.unit, UNIT_WIDTH)
        top, middle = 0.07, 0.09 + 0.185 * len(title)  # inches from the top
        bottom = (middle + 0.155 * len(unit)) / height
        room = ConstrainedLayoutEngine(h_pad=0.05, w_pad=0.06, rect=(0, 0, 1, 1 - bottom))
        figure = Figure(figsize=(WIDTH, height), layout=room)
        left: Mapping[str, Any] = {"ha": "left", "va": "top"}
        figure.text(0.01, 1 - top / height, "\n".join(title), fontsize=10.5, weight="bold", color=DARK_BLUE, **left)
        figure.text(0.01, 1 - middle / height, "\n".join(unit), fontsize=8.5, color=DARK_GREY, **left)
        if words.mark:
            figure.supxlabel(words.mark, x=0.99, ha="right", fontsize=7, weight="bold", color=DARK_PINK)
    return figure


def panel(figure: Figure, rows: int, columns: int, place: int) -> Axes:
    """One of several small charts on a paper, counted from 1."""
    with mpl.rc_context(_RULES):
        return figure.add_subplot(rows, columns, place)


def numbers(axes: Axes, *, horizontal: bool = False, pounds: bool = False, from_zero: bool = True) -> None:
    """Set the axis of numbers: from nought, with separators, pounds in millions where asked."""
    axis = axes.xaxis if horizontal else axes.yaxis
    axis.set_major_locator(MaxNLocator(nbins=6, integer=not pounds))
    axis.set_major_formatter(FuncFormatter(lambda value, _: written(value, pounds=pounds)))
    axes.grid(visible=True, axis="x" if horizontal else "y")
    if from_zero:
        (axes.set_xlim if horizontal else axes.set_ylim)(0, None)


def written(value: float, *, pounds: bool = False, signed: bool = False) -> str:
    """A number as charts write it, with a true minus sign: ``1,204``, ``£27.5m``; what rounds to 0 has no sign."""
    size = abs(value)
    text = f"£{size / 1e6:,.1f}m" if pounds else f"{size:,.0f}"
    if text in {"0", "£0.0m"}:
        return text
    plus = "+" if signed and value > 0 else ""
    return f"{'−' if value < 0 else plus}{text}"


def spread(middles: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Middles of blocks moved apart, in their order, so that none touches another; kept within 0 to 1."""
    order = sorted(range(len(middles)), key=lambda place: middles[place])
    out, edge = list(map(float, middles)), 0.0
    for place in order:
        out[place] = max(out[place], edge + sizes[place] / 2)
        edge = out[place] + sizes[place] / 2
    ceiling = max(1.0, sum(sizes))
    for place in reversed(order):
        out[place] = min(out[place], ceiling - sizes[place] / 2)
        ceiling = out[place] - sizes[place] / 2
    return out


def save(figure: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Write a chart as PNG (for Word) and SVG (for HTML and PDF); the same chart, the same bytes.

    Returns
    -------
    tuple
        Paths of the PNG and of the SVG.
    """
    folder.mkdir(parents=True, exist_ok=True)
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    with mpl.rc_context(_RULES):
        figure.savefig(png, dpi=DOTS_PER_INCH, metadata={"Software": None}, facecolor="white")
        figure.savefig(svg, metadata={"Date": None, "Creator": None}, facecolor="white")
    return png, svg
