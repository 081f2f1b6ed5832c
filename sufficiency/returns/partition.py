"""Files of several authorities or years taken apart by their LA and YEAR columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from sufficiency.errors import Finding, UserError, listed, nearest
from sufficiency.returns.columns import Bools
from sufficiency.returns.files import SourceFile
from sufficiency.returns.layout import EPISODES
from sufficiency.returns.rules import finding

#: A year that fewer of a file's rows name, as a share of the year most named, is none of its years.
_SLIPS = 0.05
#: With fewer rows of the year most named nothing can be told from their number.
_MANY = 10
_LISTED = 5


def authority_key(name: str) -> str:
    """What two spellings of one authority's name share: letters and digits, without case."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def authority_names(files: Sequence[SourceFile]) -> list[str]:
    """Authorities that the LA columns name, each as it is most often spelt, in order of the alphabet."""
    counts: dict[str, Counter[str]] = {}
    for file in files:
        if file.marks is not None and file.table is not None:
            for name, count in file.marks["la"].value_counts().items():
                counts.setdefault(authority_key(str(name)), Counter())[str(name)] += int(count)
    counts.pop("", None)
    # Of two spellings used as often, the first in the alphabet.
    return sorted(max(sorted(spelt), key=lambda name: spelt[name]) for spelt in counts.values())


def chosen_authority(names: Sequence[str], asked: str | None) -> str:
    """The authority whose rows are to be read; blank where the files hold only one or none, and none is asked for.

    Raises
    ------
    UserError
        Where there are several and none is asked for, or the one asked for is not there.
    """
    if asked is not None:
        known = {authority_key(name): name for name in names}
        if authority_key(asked) in known:
            return known[authority_key(asked)]
        if not names:
            raise UserError([f"The returns have no LA column, so '{asked}' cannot be chosen: leave the authority out."])
        raise UserError([f"The returns hold no authority called '{asked}'.{nearest(asked, names)}"])
    if len(names) > 1:
        raise UserError([f"The returns hold {len(names)} authorities; name one of them: {listed(names)}."])
    return ""


def of_authority(files: Sequence[SourceFile], name: str) -> tuple[list[SourceFile], list[Finding]]:
    """The files with one authority's rows; the others' stay counted and are not read."""
    key = authority_key(name)
    out: list[SourceFile] = []
    findings: list[Finding] = []
    for file in files:
        if file.table is None or file.marks is None or not file.marks["la"].ne("").any():
            if file.table is not None and len(file.frame):
                findings.append(finding("authority_column_missing", file=file.name))
            out.append(file)
            continue
        keys = {spelt: authority_key(spelt) for spelt in file.marks["la"].unique()}
        found = file.marks["la"].map(keys)
        findings += _left_out(file, found, key)
        out.append(file.part((found == key).to_numpy(bool), file.name, file.rows))
    return out, findings


def _left_out(file: SourceFile, found: pd.Series, key: str) -> Iterator[Finding]:
    others, blank = int((found.ne(key) & found.ne("")).sum()), int(found.eq("").sum())
    if others:
        yield finding("other_authorities", f"{others:,} {_rows(others)} of other authorities.", file=file.name)
    if blank:
        message = f"{blank:,} row{' names' if blank == 1 else 's name'} no authority."
        yield finding("authority_blank", message, file=file.name, column="LA")


def _rows(count: int) -> str:
    return "row is" if count == 1 else "rows are"


def by_year(files: Sequence[SourceFile]) -> tuple[list[SourceFile], list[Finding]]:
    """Each file whose YEAR column names several years taken apart, so that each year is a return.

    Where no episodes file names more than one year the column says nothing that dates do not.
    """
    several = any(len(_labels(file)) > 1 for file in files if file.table is not None and file.table.name == EPISODES)
    if not several:
        return [file.unmarked() for file in files], []
    out: list[SourceFile] = []
    findings: list[Finding] = []
    for file in files:
        labels = _labels(file)
        if file.table is None or file.marks is None or not labels:
            out.append(file.unmarked())
            continue
        year = file.marks["year"].to_numpy(object)
        blank = ~np.isin(year, labels)
        slips = blank & (blank.sum() < _few(file.marks["year"]))
        if slips.any():
            findings += [_slipped(file, slips)]
        elif blank.any():
            findings.append(finding("year_blank", file=file.name, column="YEAR"))
        rest = file.rows - len(file.frame) + int(slips.sum())
        parts = [(label, np.asarray(year == label)) for label in labels]
        parts += [("", np.asarray(blank & ~slips))] if (blank & ~slips).any() else []
        for label, where in parts:
            # Rows that are left out (other authorities', too many cells, slips) stay with the first part.
            out.append(_part(file, label, where, rest))
            rest = 0
    return out, findings


def _labels(file: SourceFile) -> list[str]:
    """Years that the YEAR column names, but for those of so few rows that they are slips of the pen."""
    if file.marks is None:
        return []
    counts, few = file.marks["year"].value_counts(), _few(file.marks["year"])
    return sorted(label for label in map(str, counts.index[counts >= few]) if label)


def _few(years: pd.Series) -> float:
    """Rows below which a year, or the lack of one, is a slip: returns list everyone in care, so years are alike."""
    named = years[years != ""]
    most = int(named.value_counts().max()) if len(named) else 0
    return max(_SLIPS * most, 2) if most >= _MANY else 0


def _slipped(file: SourceFile, slips: Bools) -> Finding:
    rows = file.frame.loc[slips, "row"].tolist()
    shown = ", ".join(str(row) for row in rows[:_LISTED]) + (" and others" if len(rows) > _LISTED else "")
    message = f"{len(rows):,} {_rows(len(rows))} of no year, or of one that hardly any row names: {shown}."
    return finding("year_slip", message, file=file.name, row=rows[0], column="YEAR")


def _part(file: SourceFile, label: str, where: Bools, rest: int) -> SourceFile:
    name = f"{file.name}, {f'year {label}' if label else 'no year'}"
    return file.part(where, name, int(where.sum()) + rest).labelled(label)
