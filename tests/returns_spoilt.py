"""Clean returns spoilt in many ways at once: cells, rows, columns, years and bytes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st
from returns_builder import COLUMNS, Row, Tables, small

CODES = ["Q9", "S", "X1", "E4A", "V3", "V4", "T1", "PR1", "K3", "INV000100", "INV000103", "1.0", ",,", "'", '"', "é\0"]
DATES = ["31/02/2024", "01/01/1900", "15/07/2024", "2024-07-15", "01/05/2031", "01/05/2062", "99/99/9999", "29/02/2023"]
VALUES = st.sampled_from(["", " ", "\u00a0", "9" * 40, *CODES, *DATES]) | st.text(max_size=8)
TABLES = ("header", "episodes", "uasc")
YEARS = (2024, 2025)
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16")
#: What stands in for every child, where a whole file is spoilt.
EVERYONE = "everyone"


@dataclass
class Spoilt:
    """Returns as the bytes of files, and the children whose rows were touched."""

    files: dict[str, bytes] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def write(self, folder: Path) -> Path:
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return folder

    def __repr__(self) -> str:
        return f"Spoilt({len(self.files)} files, touched {sorted(self.touched)})"


@st.composite
def spoilt_returns(draw: st.DrawFn) -> Spoilt:
    """Clean returns of twelve children with one to eight faults, in one of several encodings."""
    tables, out = small(), Spoilt()
    dropped: set[tuple[int, str, str]] = set()
    for _ in range(draw(st.integers(1, 8))):
        year, table = draw(st.sampled_from(YEARS)), draw(st.sampled_from(TABLES))
        kind = draw(st.sampled_from(["cell"] * 5 + ["double", "drop", "copy", "column", "lost column", "swap"]))
        _fault(draw, tables, (year, table), kind, out.touched, dropped)
    for year, by_table in tables.items():
        for table, rows in by_table.items():
            columns = [name for name in COLUMNS[table].split(",") if (year, table, name) not in dropped]
            encoding = draw(st.sampled_from(ENCODINGS))
            out.files[f"{year}/{table}.csv"] = _text(rows, columns).encode(encoding, errors="replace")
    for _ in range(draw(st.integers(0, 2))):
        _bytes(draw, out)
    return out


def _fault(
    draw: st.DrawFn,
    tables: Tables,
    where: tuple[int, str],
    kind: str,
    touched: set[str],
    dropped: set[tuple[int, str, str]],
) -> None:
    year, table = where
    rows = tables[year][table]
    if kind == "swap":
        # Names never decide: nobody is touched.
        tables[2024], tables[2025] = tables[2025], tables[2024]
        return
    if not rows:
        return
    at = draw(st.integers(0, len(rows) - 1))
    touched.add(rows[at]["CHILD"])
    match kind:
        case "cell":
            rows[at].update(_cells(draw, rows[at]))
            touched.add(rows[at]["CHILD"].strip().upper())
        case "double":
            rows.insert(draw(st.integers(0, len(rows))), dict(rows[at]))
        case "copy":
            other = tables[year + 1 if year == min(YEARS) else year - 1][table]
            other.append(dict(rows[at]))
        case "drop":
            del rows[at]
        case "column":
            column = draw(st.sampled_from(sorted(rows[at])))
            value = draw(VALUES)
            for row in rows:
                row[column] = value
            touched.add(EVERYONE)
        case "lost column":
            dropped.add((year, table, draw(st.sampled_from(COLUMNS[table].split(",")))))
            touched.add(EVERYONE)


def _cells(draw: st.DrawFn, row: Row) -> Row:
    """One cell of a row, or in the header what tells another child by the same identifier."""
    if draw(st.integers(0, 11)) == 0:
        return {"DOB": "03/03/2018", "SEX": draw(st.sampled_from("12MF"))}
    return {draw(st.sampled_from(sorted(row))): draw(VALUES)}


def _text(rows: list[Row], columns: list[str]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _bytes(draw: st.DrawFn, out: Spoilt) -> None:
    """Cut a slice out of a file's bytes, or put others in."""
    name = draw(st.sampled_from(sorted(out.files)))
    content = out.files[name]
    at = draw(st.integers(0, max(len(content) - 1, 0)))
    cut = draw(st.sampled_from([0, 1, 2, 40, 10_000]))
    out.files[name] = content[:at] + draw(st.binary(max_size=4)) + content[at + cut :]
    out.touched.add(EVERYONE)
