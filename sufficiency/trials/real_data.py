"""Published series of English authorities, as the real-series page uses them (files are not part of the project).

Sources: DfE, *Characteristics of children in need* (referrals by month and authority) and *Children
looked after in England including adoptions* (one row per authority and year), Open Government Licence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.errors import UserError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

REFERRALS = Path("series") / "monthly_referrals_by_la.csv"
PANEL = Path("published") / "la_year_panel.csv"
_LOCAL = "Local authority"


@dataclass(frozen=True)
class Monthly:
    """Monthly counts by authority.

    Attributes
    ----------
    first_month
        Calendar month index of the first column.
    counts
        Shape (authorities, months); not a number where a count is missing or suppressed.
    """

    first_month: int
    counts: Floats

    def known_at(self, origin: int, ahead: int, least: int) -> list[Ints]:
        """Each authority's months without a gap that end ``ahead`` months after the origin.

        Parameters
        ----------
        origin
            Months known, counted from the first column.
        ahead
            Months after the origin.
        least
            Months that must be known before it; authorities with fewer are left out.
        """
        found = []
        for row in self.counts[:, : origin + ahead]:
            gaps = np.flatnonzero(np.isnan(row))
            start = int(gaps[-1]) + 1 if len(gaps) else 0
            if origin - start >= least:
                found.append(row[start:].astype(np.int64))
            else:
                found.append(np.zeros(0, dtype=np.int64))
        return found


def read_referrals(folder: Path | str) -> Monthly:
    """Referrals by month and authority; codes of suppression (``c``, ``x``) are missing, not nought.

    Raises
    ------
    UserError
        When the file is not there.
    """
    table = _read(Path(folder) / REFERRALS, ("date", "geographic_level", "old_la_code", "referrals"))
    table = table[table["geographic_level"] == _LOCAL]
    wide = _wide(table["old_la_code"], table["date"], table["referrals"])
    first = int(dates.month_index(dates.day_number(str(wide.columns[0]))))
    return Monthly(first, wide.to_numpy(np.float64))


@dataclass(frozen=True)
class Yearly:
    """A count of every year by authority, without gaps and above nought.

    Attributes
    ----------
    years
        Years ending 31 March.
    counts
        Shape (authorities, years).
    """

    years: tuple[int, ...]
    counts: Floats

    def until(self, year: int) -> Yearly:
        """What was known when that year was over."""
        known = self.years.index(year) + 1
        return Yearly(self.years[:known], self.counts[:, :known])


def read_panel(folder: Path | str, measure: str, left_out: Sequence[str] = ()) -> Yearly:
    """A measure of the yearly panel, authorities with an unbroken series only.

    Joined on the three-digit code, since nine-character codes change. A code that stayed with an
    authority that was divided or merged is for the caller to leave out.

    Raises
    ------
    UserError
        When the file is not there.
    """
    table = _read(Path(folder) / PANEL, ("geographic_level", "old_la_code_or_area", "time_period", measure))
    table = table[table["geographic_level"] == _LOCAL]
    wide = _wide(table["old_la_code_or_area"], table["time_period"], table[measure]).drop(index=list(left_out))
    kept = wide[(wide > 0).all(axis=1)]
    return Yearly(tuple(int(year) for year in kept.columns), kept.to_numpy(np.float64))


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        raise UserError([f"There is no file {path.name} in the folder given; it is looked for as {path.parent.name}."])
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig", usecols=list(columns))


def _wide(code: pd.Series, time: pd.Series, value: pd.Series) -> pd.DataFrame:
    numbers = pd.to_numeric(value, errors="coerce")
    frame = pd.DataFrame({"code": code, "time": time, "value": numbers})
    return frame.pivot(index="code", columns="time", values="value").sort_index(axis=0).sort_index(axis=1)
