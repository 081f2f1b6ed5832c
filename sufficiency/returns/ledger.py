"""What became of every row: used, set aside or superseded, file by file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sufficiency.errors import Finding, shape_of
from sufficiency.returns.files import SourceFile
from sufficiency.returns.model import FILE_KINDS
from sufficiency.returns.rules import finding, row_findings

USED, SET_ASIDE, SUPERSEDED = 0, 1, 2


def stack(files: Sequence[SourceFile], table: str) -> pd.DataFrame:
    """All rows of one table: its columns, and row, year, file (display name), at (position of the file)."""
    parts = [
        file.frame.assign(year=file.year, file=file.name, at=at)
        for at, file in enumerate(files)
        if file.table is not None and file.table.name == table
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


class Ledger:
    """Keeps the fate of each row and what was told of it while a return is read."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._files = files
        self._fates = [np.zeros((len(files), 3), dtype=np.int64)]
        self._ids = frozenset[str]().union(*(file.frame["CHILD"].unique() for file in files if file.table is not None))
        self.findings: list[Finding] = []

    @property
    def files_read(self) -> Sequence[SourceFile]:
        """Every file, in order."""
        return self._files

    def rows_of(self, table: str) -> pd.DataFrame:
        """All rows of one table as read, as :func:`stack` gives them."""
        return stack(self._files, table)

    def settle(self, rows: pd.DataFrame, fate: int) -> None:
        """Count rows under a fate. Each row is settled once."""
        if len(rows):
            counts = np.zeros((len(self._files), 3), dtype=np.int64)
            counts[:, fate] = np.bincount(rows["at"].to_numpy(np.int64), minlength=len(self._files))
            self._fates.append(counts)

    def tell(
        self,
        rule: str,
        rows: pd.DataFrame,
        column: str | None = None,
        *,
        say: str | None = None,
        read: pd.Series | None = None,
    ) -> None:
        """A finding for each row.

        ``say`` is the sentence; ``{read}`` in it becomes the shape of the value read in ``column``,
        or the text given in ``read``.
        """
        if len(rows) == 0:
            return
        places = zip(rows["file"], rows["row"].tolist(), strict=True)
        self.findings += row_findings(rule, places, column, self._messages(rows, column, say, read))

    def _messages(
        self, rows: pd.DataFrame, column: str | None, say: str | None, read: pd.Series | None
    ) -> list[str] | None:
        if say is None:
            return None
        if "{read}" not in say:
            return [say] * len(rows)
        if read is not None:
            return [say.replace("{read}", text) for text in read.loc[rows.index]]
        values = rows[column]
        shapes = {value: self._shape(str(column), value) for value in values.unique()}
        return [say.replace("{read}", shapes[value]) for value in values]

    def _shape(self, column: str, value: str) -> str:
        """What was read, fit to print; an identifier in the wrong column is no more shown than in its own."""
        return shape_of("CHILD" if value in self._ids else column, value)

    def note(self, rule: str, file: str, message: str, column: str | None = None) -> None:
        """A finding about a whole file."""
        self.findings.append(finding(rule, message, file=file, column=column))

    def add(self, findings: Sequence[Finding]) -> None:
        """Findings that are about no row."""
        self.findings += findings

    def files(self) -> pd.DataFrame:
        """The table of files. Every row read has one fate."""
        fates = np.sum(self._fates, axis=0)
        rows = []
        for file, (used, aside, superseded) in zip(self._files, fates.tolist(), strict=True):
            # Rows never settled: those of a file that is not used, and those with too many cells.
            left = aside + file.rows - len(file.frame)
            if used + left + superseded != file.rows:
                message = f"{file.rows} rows were read, {used} used, {left} set aside and {superseded} superseded"
                raise AssertionError(message)
            table = file.table.name if file.table else ""
            rows.append((file.name, table, file.year, file.rows, used, left, superseded))
        return pd.DataFrame(rows, columns=list(FILE_KINDS)).astype(FILE_KINDS)

    def in_order(self) -> tuple[Finding, ...]:
        """Everything told, in order of file, row and rule."""
        order = {file.name: at for at, file in enumerate(self._files)}

        def place(item: Finding) -> tuple[int, int, str, str]:
            return order.get(item.file or "", -1), item.row or 0, item.rule, item.column or ""

        return tuple(sorted(self.findings, key=place))
