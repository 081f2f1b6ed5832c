"""The picture of a child's journey through the model.

Made by ``python -m sufficiency.report.journey docs/pictures/journey.svg``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from sufficiency.report.style import DARK_BLUE, DARK_GREY

_WHITE = "#FFFFFF"
_SIZE = (7.6, 8.4)  # inches
_LETTERS = 8.6


@dataclass(frozen=True)
class _Box:
    """A step: where its middle lies, how large it is, what it says; dark for what ends or begins a journey."""

    name: str
    middle: tuple[float, float]
    width: float
    height: float
    title: str
    text: str = ""
    dark: bool = False


# Units of the picture: 100 wide, 112 high, counted from the lower left.
_STEPS = (
    _Box("now", (17, 105), 30, 9, "In care today", "a child of the returns, with the\ntime already spent", dark=True),
    _Box("new", (50, 105), 30, 9, "Comes into care", "forecast month by month", dark=True),
    _Box("back", (83, 105), 30, 9, "Comes back", "after going home or leaving", dark=True),
    _Box("kind", (66.5, 88), 52, 9, "Which type of placement?", "kinship, fostering, home, …: as in the returns"),
    _Box(
        "own",
        (46, 71.5),
        38,
        11,
        "A place of the council's?",
        "vacant, usable, and it suits:\nthe more vacant, the likelier",
    ),
    _Box("other", (83, 71.5), 20, 11, "Another\nprovider?", "if it has room"),
    _Box("next", (83, 55), 20, 9.5, "Next type", "counted as a first\nchoice not met"),
    _Box(
        "lives",
        (34, 51),
        46,
        12,
        "Lives in the placement",
        "each day a chance to move or to leave,\nby age, placement and time spent;\nmay wait for a better place",
    ),
    _Box("moves", (83, 38), 20, 9, "Moves", "to a type"),
    _Box("leaves", (14, 27), 24, 11, "Leaves care", "home, adoption, special\nguardianship, …", dark=True),
    _Box("adult", (50, 27), 30, 11, "Turns 18", "care ends"),
    _Box("gone", (83, 9), 26, 11, "Care leaver", "counted by age to 25,\ngives the place back", dark=True),
    _Box("stays", (50, 9), 30, 11, "Stays put", "with former foster carers,\nto 21 at most, keeps the place"),
)
_ARROWS: tuple[tuple[str, tuple[tuple[float, float], ...], str, tuple[float, float]], ...] = (
    ("now", ((17, 100.5), (17, 57)), "", (0, 0)),
    ("new", ((50, 100.5), (50, 92.5)), "", (0, 0)),
    ("back", ((83, 100.5), (83, 92.5)), "", (0, 0)),
    ("kind", ((50, 83.5), (50, 77)), "", (0, 0)),
    ("no", ((65, 71.5), (73, 71.5)), "no", (68.4, 73)),
    ("full", ((83, 66), (83, 59.75)), "no", (85, 62.6)),
    ("again", ((93, 55), (97, 55), (97, 88), (92.5, 88)), "", (0, 0)),
    ("yes", ((40, 66), (40, 57)), "yes", (43, 62)),
    ("other yes", ((76, 66), (76, 61), (52, 61), (52, 57)), "yes", (63, 62.4)),
    ("move", ((57, 48), (83, 48), (83, 42.5)), "a move", (66, 49.4)),
    ("to kind", ((93, 38), (99, 38), (99, 90), (92.5, 90)), "", (0, 0)),
    ("exit", ((20, 45), (20, 32.5)), "an exit", (25, 39)),
    ("birthday", ((50, 45), (50, 32.5)), "the 18th birthday", (60.5, 41.4)),
    ("stay", ((50, 21.5), (50, 14.5)), "about 6 in 10 of\nthose fostered", (40.5, 18)),
    ("go", ((65, 27), (83, 27), (83, 14.5)), "the others", (73, 28.4)),
    ("end", ((65, 9), (70, 9)), "", (0, 0)),
    ("return", ((2, 27), (0, 27), (0, 111.5), (83, 111.5), (83, 109.5)), "some come back,\nunder 18", (8, 66)),
)


def draw_journey() -> Figure:
    """The picture, readable in black and white."""
    figure = Figure(figsize=_SIZE)
    axes: Axes = figure.add_axes((0.02, 0.01, 0.96, 0.98))
    axes.set(xlim=(-2, 101), ylim=(2, 113))
    axes.set_axis_off()
    for _, path, label, place in _ARROWS:
        _arrow(axes, path)
        if label:
            axes.text(*place, label, ha="center", va="center", fontsize=_LETTERS - 0.8, style="italic", color=DARK_GREY)
    for box in _STEPS:
        _draw(axes, box)
    return figure


def _draw(axes: Axes, box: _Box) -> None:
    across, up = box.middle
    corner = (across - box.width / 2, up - box.height / 2)
    fill, style = DARK_BLUE if box.dark else _WHITE, "round,pad=0,rounding_size=1.2"
    patch = FancyBboxPatch(corner, box.width, box.height, style, facecolor=fill, edgecolor=DARK_BLUE, linewidth=1.3)
    axes.add_patch(patch)
    ink = _WHITE if box.dark else DARK_GREY
    lines = box.text.count("\n") + 1 if box.text else 0
    heads = box.title.count("\n") + 1
    top = up + 1.05 * lines
    axes.text(across, top, box.title, ha="center", va="center", weight="bold", color=ink, fontsize=_LETTERS + 0.6)
    if box.text:
        under = top - 1.25 * heads - 1.05 * lines
        axes.text(across, under, box.text, ha="center", va="center", color=ink, fontsize=_LETTERS - 0.8)


def _arrow(axes: Axes, path: Sequence[tuple[float, float]]) -> None:
    """A line along the points, with a head at its end."""
    axes.plot(*zip(*path, strict=True), color=DARK_GREY, linewidth=1.2, solid_capstyle="butt", zorder=0)
    head = {"arrowstyle": "-|>", "color": DARK_GREY, "linewidth": 1.2, "mutation_scale": 11, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=path[-1], xytext=path[-2], arrowprops=head)


def write_journey(path: Path) -> None:
    """Write the picture; the same picture, the same bytes."""
    with mpl.rc_context({"svg.hashsalt": "sufficiency", "svg.fonttype": "path"}):
        told = {"Date": None, "Creator": None, "Title": "A child's journey through the model"}
        draw_journey().savefig(path, dpi=150, metadata=told if path.suffix == ".svg" else {})


if __name__ == "__main__":
    write_journey(Path(sys.argv[1]))
