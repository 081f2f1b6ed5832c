"""Identifiers used again for another child: from that return on they are read as a child of its own.

Which child a row is of is known by the return that it came in, so that every table follows its header.
Where an episode of the earlier returns comes again in the later ones the life goes on, and it is more
likely that one of the two header rows is wrong: then nothing is parted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sufficiency.codes import Codes
from sufficiency.dates import OPEN
from sufficiency.returns.children import VERY_DIFFERENT_DAYS, another_child, one_a_year
from sufficiency.returns.columns import read_dates
from sufficiency.returns.files import SourceFile
from sufficiency.returns.layout import EPISODES, HEADER
from sufficiency.returns.ledger import stack

#: Stands between an identifier and the number of the child who has it. No output shows either.
_MARK = "\x1f"


@dataclass(frozen=True)
class Parted:
    """Files in which every child has an identifier of its own, and the first header rows of those who were parted."""

    files: tuple[SourceFile, ...]
    reused: pd.DataFrame

    def __repr__(self) -> str:
        return f"Parted({len(self.files):,} files, {len(self.reused):,} reused)"


def part_reused(files: Sequence[SourceFile], codes: Codes) -> Parted:
    """Give each further child of an identifier another one, in all tables of the returns from its first on.

    Parameters
    ----------
    files
        With their collection years.
    """
    turns = _turns(stack(files, HEADER), codes)
    if len(turns):
        turns = turns[~turns["CHILD"].isin(_going_on(stack(files, EPISODES), turns))]
    later = turns[turns["turn"] > 0]
    if later.empty:
        return Parted(tuple(files), later)
    return Parted(tuple(_renamed(file, later) for file in files), later)


def _turns(rows: pd.DataFrame, codes: Codes) -> pd.DataFrame:
    """First header row of each child of an identifier that more than one seem to have had; ``turn`` counts from 0."""
    # Without an episodes file that can be read no year is known, and nothing is read anyway.
    rows = rows[rows["year"] > 0] if len(rows) else rows
    if rows.empty:
        return rows.assign(CHILD="", turn=0)
    rows = rows.assign(dob=read_dates(rows["DOB"]).days)
    known = rows[rows["dob"] != OPEN].groupby("CHILD")["dob"].agg(["min", "max"])
    far = known.index[known["max"] - known["min"] > VERY_DIFFERENT_DAYS]
    rows = one_a_year(rows[rows["CHILD"].isin(far)])
    other = pd.Series(another_child(rows, codes), index=rows.index)
    turned = rows.assign(turn=other.groupby(rows["CHILD"]).cumsum().astype("int64"))
    turned = turned.drop_duplicates(["CHILD", "turn"])
    return turned[turned["CHILD"].isin(turned.loc[turned["turn"] > 0, "CHILD"])]


def _turn_in(turns: pd.DataFrame, year: int) -> pd.Series:
    """Which child has each identifier in the return of a year; those who had it first have no entry."""
    begun = turns[(turns["turn"] > 0) & (turns["year"] <= year)]
    return begun.groupby("CHILD")["turn"].max()


def _going_on(rows: pd.DataFrame, turns: pd.DataFrame) -> pd.Series:
    """Identifiers of which an episode of one child comes again in a return of the next."""
    if rows.empty:
        return turns["CHILD"].iloc[:0]
    rows = rows[rows["CHILD"].isin(turns["CHILD"])]
    parts = [
        part[["CHILD", "DECOM"]].assign(turn=part["CHILD"].map(_turn_in(turns, int(part["year"].iloc[0]))).fillna(0))
        for _, part in rows.groupby("year")
    ]
    starts = pd.concat([rows[["CHILD", "DECOM"]].iloc[:0].assign(turn=0.0), *parts])
    seen = starts.assign(day=read_dates(starts["DECOM"]).days).drop_duplicates(["CHILD", "day", "turn"])
    return seen.loc[seen.duplicated(["CHILD", "day"]) & seen["day"].ne(OPEN), "CHILD"]


def _renamed(file: SourceFile, turns: pd.DataFrame) -> SourceFile:
    """The file with the marks of those who have their identifier as the second or a later child."""
    mine = _turn_in(turns, file.year)
    if file.table is None or "CHILD" not in file.frame.columns or mine.empty:
        return file
    child = file.frame["CHILD"]
    marks = (_MARK + (mine + 1).astype("str")).to_dict()
    named = {name: f"{name}{mark}" for name, mark in marks.items()}
    here = child.isin(mine.index).to_numpy(bool)
    return replace(file, frame=file.frame.assign(CHILD=child.mask(here, child.map(named)))) if np.any(here) else file
