"""What the returns stage hands on: one frozen object of tidy tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sufficiency.codes import Codes
from sufficiency.dates import as_date
from sufficiency.errors import Finding

DAY = "datetime64[s]"
HEADER_KINDS = {"child": "str", "sex": "str", "dob": DAY, "ethnicity": "str", "mother": "bool"}
EPISODE_KINDS = {
    "child": "str",
    "decom": DAY,
    "dec": DAY,
    **dict.fromkeys(("rne", "ls", "cin", "place", "provider", "rec", "reason", "home_post", "pl_post", "urn"), "str"),
    "distance_miles": "float64",
    "location": "str",
    "year": "int64",
    "file": "str",
    "row": "int64",
}
UASC_KINDS = {"child": "str", "duc": DAY}
FILE_KINDS = {
    "file": "str",
    "table": "str",
    **dict.fromkeys(("year", "rows_read", "rows_used", "rows_set_aside", "rows_superseded"), "int64"),
}


def conforming(name: str, frame: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """The frame itself, once its columns and their kinds are known to be those promised.

    Raises
    ------
    AssertionError
        With every column that is not as promised: a fault of this package, not of the data.
    """
    found = {str(column): str(kind) for column, kind in frame.dtypes.items()}
    if found != dict(kinds) or list(found) != list(kinds):
        message = f"{name} has the columns {found} instead of {dict(kinds)}"
        raise AssertionError(message)
    return frame


def without_rows(kinds: Mapping[str, str]) -> pd.DataFrame:
    """A table of the given kinds that holds nothing."""
    return pd.DataFrame({column: pd.Series([], dtype=kind) for column, kind in kinds.items()})


@dataclass(frozen=True)
class Returns:
    """SSDA903 returns, read, checked and joined over the years.

    Attributes
    ----------
    header
        One row per child (the latest return wins): child (str), sex (M, F or U), dob, ethnicity
        (code, blank where not given), mother (bool).
    episodes
        One row per episode, sorted by child and decom: child, decom, dec (NaT while open), rne,
        ls, cin, place, provider, rec, reason, home_post, pl_post, urn, distance_miles (home to
        placement, NaN where not given), location (IN or OUT of the authority, blank where not
        given), year (the calendar year in which the return's year ends), file, row. Short breaks
        are out.
    uasc
        child, duc: presence is what counts.
    other
        Other tables of the collection as read: text columns with year, file and row.
    years
        Collection years present.
    first_day, last_day
        Day numbers: 1 April that begins the first return, 31 March that ends the last or, where that
        is of part of a year, its last day of data.
    files
        file, table (blank where not recognised), year, rows_read, rows_used, rows_set_aside and
        rows_superseded: for each file the first is the sum of the other three.
    findings
        What was wrong and what was done, in order of file, row and rule.
    paths
        The files read.
    codes
        The code tables they were read with.
    """

    header: pd.DataFrame
    episodes: pd.DataFrame
    uasc: pd.DataFrame
    other: dict[str, pd.DataFrame]
    years: tuple[int, ...]
    first_day: int
    last_day: int
    files: pd.DataFrame
    findings: tuple[Finding, ...]
    paths: tuple[Path, ...]
    codes: Codes

    def __repr__(self) -> str:
        """Counts only: the tables hold children."""
        return (
            f"Returns({len(self.header):,} children, {len(self.episodes):,} episodes, "
            f"{as_date(self.first_day)} to {as_date(self.last_day)}, {len(self.findings):,} findings)"
        )
