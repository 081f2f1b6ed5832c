"""The XML return: the tables that CSV files would hold, from the elements of each child.

What is read is what the sector's own tools read and write (docs/layouts.md): a root of any name,
a CHILD element for each child, in it a HEADER with the facts of the child and groups of other facts
(AREVIEW, AMISSING, OC2, PERMANENCE, AD_PLACED), and an EPISODE for each episode. Which table a
group belongs to is known by the elements in it, as a file's is by its columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from sufficiency.returns import layout
from sufficiency.returns.containers import RefusedError
from sufficiency.returns.layout import BY_NAME, HEADER, UASC
from sufficiency.returns.text import Sheet

_CHILD, _HEADER = "CHILD", "HEADER"
_YES = ("1", "Y", "YES", "TRUE")
#: Tables whose columns stand among the child's own facts; the child has a row where the column is filled.
_AMONG_FACTS = {"oc3": "IN_TOUCH", "ad1": "DATE_INT"}

Row = dict[str, str]


@dataclass
class _Element:
    name: str
    words: list[str] = field(default_factory=list)
    inside: list[_Element] = field(default_factory=list)

    @property
    def value(self) -> str:
        return "".join(self.words).strip()

    def values(self) -> Row:
        """Values of the elements directly inside that hold no others, by column name; the first of each."""
        found: Row = {}
        for item in self.inside:
            [name] = layout.column_names([item.name])
            if not item.inside:
                found.setdefault(name or item.name, item.value)
        return found


class _Reader:
    """Builds one child's elements at a time, and hands each child on when it ends."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = {}
        self._open: list[_Element] = []
        self._child: _Element | None = None

    def start(self, name: str, _: dict[str, str]) -> None:
        element = _Element(name.rpartition("}")[2].rpartition(":")[2].upper())
        if self._child is not None:
            self._open[-1].inside.append(element)
        elif element.name == _CHILD:
            self._child = element
        self._open.append(element)

    def words(self, text: str) -> None:
        if self._child is not None:
            self._open[-1].words.append(text)

    def end(self, _: str) -> None:
        if self._open.pop() is self._child:
            self._take(self._child)
            self._child = None

    def _take(self, child: _Element | None) -> None:
        if child is None or not child.inside:
            return
        facts = child.values()
        for item in child.inside:
            facts = {**item.values(), **facts} if item.name == _HEADER else facts
        self._add(HEADER, facts)
        for table, column in _AMONG_FACTS.items():
            if facts.get(column):
                self._add(table, facts)
        if facts.get("UASC", "").upper() in _YES or facts.get("DUC"):
            self._add(UASC, facts)
        own = {name: facts.get(name, "") for name in ("CHILD", "DOB", "SEX")}
        for group in _groups(child):
            values = group.values()
            seen = layout.recognise(("CHILD", *values))
            if seen.table is not None and values:
                self._add(seen.table.name, own | values)

    def _add(self, table: str, values: Row) -> None:
        self.tables.setdefault(table, []).append(values)


def _groups(child: _Element) -> Iterator[_Element]:
    """Groups of facts: what stands beside the header, and within it."""
    for item in child.inside:
        if item.name != _HEADER and item.inside:
            yield item
        elif item.name == _HEADER:
            yield from (part for part in item.inside if part.inside)


def read_xml(data: bytes) -> list[tuple[str, Sheet]]:
    """Table names and their rows; a row's number is that of a CSV file with the same rows.

    Raises
    ------
    RefusedError
        Where it is not well-formed XML, or declares types or entities.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.words
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise RefusedError("container_damaged") from None
    return [(name, _sheet(name, rows)) for name, rows in reader.tables.items()]


def _refuse(*_: object) -> None:
    raise RefusedError("container_unsafe")


def _sheet(name: str, rows: list[Row]) -> Sheet:
    """Rows as a sheet: needed columns, and the others of the table that are anywhere in the file."""
    table = BY_NAME[name]
    filled = {column for row in rows for column in row}
    heading = tuple(column for column in table.columns if column in table.needed or column in filled)
    cells = [[row.get(column, "") for column in heading] for row in rows]
    return Sheet(heading, cells, list(range(2, len(rows) + 2)), 0, (), ())
