"""Bytes to cells: encodings, separators, blank lines and rows of the wrong length."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_BOM_UTF8, _BOM_LITTLE, _BOM_BIG = b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"
#: More NUL bytes than this share of a file: it is not text.
_BINARY_SHARE = 0.01
_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Sheet:
    """The cells of one file.

    ``lines`` holds the line of each row in the file, counted from 1; ``blank`` counts the lines
    without any cell filled, ``short`` and ``long`` are positions of rows with fewer cells than the
    heading or with filled cells beyond it.
    """

    heading: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    blank: int
    short: tuple[int, ...]
    long: tuple[int, ...]

    def __repr__(self) -> str:
        return f"Sheet({len(self.rows):,} rows, {len(self.heading)} columns)"


def decode(data: bytes) -> str | None:
    """Text of a file in UTF-8 (with or without BOM), UTF-16 with BOM or Windows-1252; None if it is not text.

    A stray byte that no encoding has becomes a replacement character and costs its cell, not the file.
    """
    if data.startswith((_BOM_LITTLE, _BOM_BIG)):
        return data.decode("utf-16", errors="replace").removeprefix("\ufeff")
    if data.count(0) > len(data) * _BINARY_SHARE or data.startswith(b"PK\x03\x04"):
        return None
    body = data.removeprefix(_BOM_UTF8).replace(b"\0", b"?")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def split(text: str) -> Sheet | None:
    """Cells of a text; None where no line holds anything."""
    first = next((line for line in io.StringIO(text) if line.strip().strip(" \t\r\n,;|\"'")), None)
    if first is None:
        return None
    separator = max(_SEPARATORS, key=first.count)
    try:
        found = list(_quoted(text, separator))
        whole = '"' not in text or not any("\n" in cell or "\r" in cell for _, row in found for cell in row)
    except csv.Error:
        whole = False
    # A quotation mark that is never closed swallows the rows after it: then read without quoting.
    rows = found if whole else list(_plain(text.replace('"', ""), separator))
    return _sheet(rows) if rows else None


def _quoted(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for row in lines:
        if _filled(row):
            yield lines.line_num, row


def _plain(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(io.StringIO(text), start=1):
        row = line.rstrip("\r\n").split(separator)
        if _filled(row):
            yield number, row


def _filled(row: list[str]) -> bool:
    return any(cell and not cell.isspace() for cell in row)


def sheet(found: Iterable[tuple[int, list[str]]]) -> Sheet | None:
    """Numbered rows of cells, the first of them the headings, filled up to one width; None where there is no row."""
    rows = list(found)
    if not rows:
        return None
    width = max(len(cells) for _, cells in rows)
    return _sheet([(line, cells + [""] * (width - len(cells))) for line, cells in rows])


def _sheet(found: list[tuple[int, list[str]]]) -> Sheet:
    heading = tuple(cell.strip() for cell in found[0][1])
    lines, rows = [line for line, _ in found[1:]], [row for _, row in found[1:]]
    width = len(heading)
    short = tuple(at for at, row in enumerate(rows) if len(row) < width)
    over = tuple(at for at, row in enumerate(rows) if len(row) > width)
    long = tuple(at for at in over if any(cell.strip() for cell in rows[at][width:]))
    for at in short:
        rows[at] = rows[at] + [""] * (width - len(rows[at]))
    for at in over:
        rows[at] = rows[at][:width]
    last = lines[-1] if lines else found[0][0]
    return Sheet(heading, rows, lines, last - len(found), short, long)
