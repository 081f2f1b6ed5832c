"""How many places the council has, and how many of them cannot be used, by setting and date."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sufficiency import dates
from sufficiency.codes import TYPES, Codes, read_codes
from sufficiency.errors import Problem, UserError, nearest, shown
from sufficiency.tables.files import parsed, read_day, read_table

FILE = "capacity.csv"
#: More than all mainstream fostering places of England (69,825 on 31 March 2025, Ofsted): beyond it is a slip.
MOST_PLACES = 100_000


@dataclass(frozen=True)
class Capacity:
    """Places by setting and date.

    Attributes
    ----------
    table
        setting, from (date), places (approved), unavailable (of them), reason, one_suits (chance that one
        vacancy suits one child, NaN where not given, one figure a setting), source; sorted by setting and
        date. A row holds until the next one of its setting; before its first, the first holds.
    """

    table: pd.DataFrame

    @property
    def settings(self) -> tuple[str, ...]:
        """Settings whose places are given."""
        return tuple(dict.fromkeys(self.table["setting"]))

    def known_on(self, day: int) -> Capacity | None:
        """What was in force by a day (its number): rows from later days are left out; None where none is left.

        Places that were planned then and opened later are not known from the table, and so not foreseen.
        """
        table = self.table[dates.to_days(self.table["from"]) <= day].reset_index(drop=True)
        return Capacity(table) if len(table) else None


def read_capacity(path: Path | str, *, codes: Codes | None = None) -> Capacity:
    """Read a capacity table.

    Parameters
    ----------
    path
        A CSV with setting, from, places, unavailable and, if wished, reason, one_suits and source; or
        its folder. A setting of an outside provider is a market limit.

    Raises
    ------
    UserError
        With every problem: settings that are not in care, dates, numbers below zero or not whole,
        more unavailable than there are, two rows of a setting from one date, shares that are none, two
        of one setting, or one of an outside provider.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, ("setting", "from", "places", "unavailable"), ("reason", "one_suits"))
    problems: list[Problem] = []
    chosen = codes or read_codes()
    known = chosen.in_care
    problems += [
        Problem(f"{shown(name)} is not a setting in care.{nearest(name, known)}", file.name, int(row), "setting")
        for name, row in zip(table["setting"], table["row"], strict=True)
        if name not in known
    ]
    starts = parsed(table, "from", file.name, problems, read_day, "a date (write 2026-04-01 or 01/04/2026)")
    places = parsed(table, "places", file.name, problems, read_whole, "a whole number of places, 0 or more")
    away = parsed(table, "unavailable", file.name, problems, _whole_or_none, "a whole number of places, 0 or more")
    suits = parsed(table.assign(one_suits=table.get("one_suits", "")), "one_suits", file.name, problems, _share, _SHARE)
    read = pd.DataFrame({"setting": table["setting"], "from": starts, "places": places, "unavailable": away})
    problems += [
        Problem("More places are unavailable than there are.", file.name, int(row), "unavailable")
        for there, not_there, row in zip(places, away, table["row"], strict=True)
        if isinstance(there, int) and isinstance(not_there, int) and not_there > there
    ]
    problems += [
        Problem("This setting has another row from the same date.", file.name, int(row), "from")
        for row in table.loc[read.duplicated(["setting", "from"]) & read["from"].notna(), "row"]
    ]
    problems += _suits_problems(table, suits, chosen, file.name)
    if table.empty:
        problems.append(Problem("The table has no rows.", file.name))
    if problems:
        raise UserError(problems)
    kinds = {"from": "datetime64[s]", "places": "int64", "unavailable": "int64"}
    more = {
        "reason": table.get("reason", ""),
        "one_suits": pd.Series(suits, dtype=float),
        "source": table.get("source", ""),
    }
    whole = read.astype(kinds).assign(**more)
    return Capacity(whole.sort_values(["setting", "from"], kind="stable").reset_index(drop=True))


_SHARE = "a share above 0 and up to 1, or blank"


def _suits_problems(table: pd.DataFrame, suits: list[object], codes: Codes, file: str) -> list[Problem]:
    """Shares that would be passed over: of a provider whose other half does the matching, or a second one."""
    outside = {names[1] for kind in TYPES if len(names := codes.settings_of(kind)) > 1}
    found, first = [], dict[str, object]()
    for setting, share, row in zip(table["setting"], suits, table["row"], strict=True):
        if not isinstance(share, float) or math.isnan(share):
            continue
        if setting in outside:
            told = "Only the council's own places are matched; leave this blank for an outside provider."
            found.append(Problem(told, file, int(row), "one_suits"))
        elif first.setdefault(setting, share) != share:
            told = "This setting has another share above; one figure holds for all its dates."
            found.append(Problem(told, file, int(row), "one_suits"))
    return found


def read_whole(text: str) -> int:
    """A whole number from 0 to :data:`MOST_PLACES`, with or without thousands separators."""
    value = float(text.replace(",", ""))
    if not 0 <= value <= MOST_PLACES or value != int(value):
        raise ValueError(text)
    return int(value)


def _whole_or_none(text: str) -> int:
    return read_whole(text) if text else 0


def _share(text: str) -> float:
    value = float(text) if text else float("nan")
    if text and not 0 < value <= 1:
        raise ValueError(text)
    return value
