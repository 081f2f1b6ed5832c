"""Published tables: frames of figures already made safe, as Markdown for the annex and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

_LINE = 110  # dashes in a separator: long enough for pandoc to share out the page's whole width


@dataclass(frozen=True)
class Table:
    """A table as it is printed.

    Attributes
    ----------
    name
        Its CSV's name without the ending.
    title
        What it shows, where, when and in what unit.
    frame
        Whole numbers, or text (``c`` where hidden); the first column names the row.
    note
        How to read it, below the table.
    widths
        Relative widths of the columns; by default the first takes what the numbers leave.
    words
        Columns of words, set to the left; by default the first only.
    """

    name: str
    title: str
    frame: pd.DataFrame
    note: str = ""
    widths: tuple[float, ...] = ()
    words: tuple[str, ...] = ()

    def markdown(self, number: int, frame: pd.DataFrame | None = None) -> str:
        """The table as a pipe table with caption and note."""
        shown = self.frame if frame is None else frame
        left = {shown.columns[0], *self.words}
        lines = [
            _row([str(name) for name in shown.columns]),
            _separator(self._widths(shown), [name in left for name in shown.columns]),
            *(_row([cell(value) for value in row]) for row in shown.itertuples(index=False)),
            "",
            f": Table {number}: {escape(self.title)}",
        ]
        if self.note:
            lines += ["", '::: {.note custom-style="Note"}', self.note, ":::"]
        return "\n".join(lines)

    def _widths(self, frame: pd.DataFrame) -> tuple[float, ...]:
        if self.widths and len(self.widths) == frame.shape[1]:
            return self.widths
        others = frame.shape[1] - 1
        first = max(0.2, 0.5 - 0.035 * others)
        return (first, *[(1 - first) / max(others, 1)] * others)

    def write_csv(self, folder: Path) -> Path:
        """Write the table as CSV with a byte-order mark, so that Excel reads its letters."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\r\n")
            writer.writerow(self.frame.columns)
            writer.writerows(self.frame.itertuples(index=False, name=None))
        return path


def cell(value: object) -> str:
    """A cell as it is printed: thousands apart, a true minus, nothing that Markdown would read."""
    if isinstance(value, int):
        return f"{'−' if value < 0 else ''}{abs(value):,}"
    return escape(str(value))


def escape(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for sign in ("\\", "|", "*", "_", "`", "<", "[", "]", "#", "$", "^", "~", "@"):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _separator(widths: Sequence[float], left: Sequence[bool]) -> str:
    dashes = ["-" * max(3, round(_LINE * width / sum(widths))) for width in widths]
    return "|" + "|".join(f":{dash}" if flag else f"{dash}:" for dash, flag in zip(dashes, left, strict=True)) + "|"


def write_contents(tables: Sequence[Table], folder: Path) -> Path:
    """A list of the tables with their titles and notes, beside them."""
    frame = pd.DataFrame(
        [(f"{table.name}.csv", table.title, table.note) for table in tables], columns=["file", "title", "note"]
    )
    return Table("contents", "Tables", frame).write_csv(folder)
