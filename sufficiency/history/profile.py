"""Who is in care on a day: the profile table that councils print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGE_EDGES, Codes
from sufficiency.history.days import Present, day_of, months_between, present_on
from sufficiency.history.model import History

NOT_KNOWN = "Not known"
SEXES = {"F": "Female", "M": "Male", "U": NOT_KNOWN}
UASC = {True: "Seeking asylum", False: "Others"}
#: Peterborough's bands, in completed months: up to 6, 7 to 12, then to under 3, 6, 11 and 16 years.
TIME_IN_CARE = (
    "0 to 6 months",
    "7 to 12 months",
    "1 to 2 years",
    "3 to 5 years",
    "6 to 10 years",
    "11 to 15 years",
    "16 years and over",
)
_MONTHS = (0, 7, 13, 36, 72, 132, 192)
PROVIDERS = ("own", "other public", "private", "voluntary", "parent")


def profile(history: History, day: int | date | str) -> pd.DataFrame:
    """Children in care on a day, by one dimension at a time.

    Dimensions are total, age_band, sex, ethnicity, uasc, legal_status, setting (as the codes name
    it), provider and time_in_care. Every value is listed, with 0 where nobody is; within a
    dimension the values add up to the total. Small counts: not for publication as they are.

    Returns
    -------
    pandas.DataFrame
        dimension, value, children.

    Raises
    ------
    ValueError
        Where the day is outside the history.
    """
    number = day_of(day)
    if not history.first_day <= number <= history.origin:
        first, last = dates.as_date(history.first_day), dates.as_date(history.origin)
        message = f"{dates.as_date(number)} is outside the history, which runs from {first} to {last}"
        raise ValueError(message)
    present = present_on(history, number)
    known = history.children.set_index("child").loc[present.table["child"]]
    codes = history.codes
    everyone = pd.Series(["Children in care"] * len(present.table))
    bands = pd.Series(np.array(AGE_BANDS, dtype=object)[dates.band_of(present.age, AGE_EDGES)])
    parts = [
        _counted("total", everyone, ["Children in care"]),
        _counted("age_band", bands, AGE_BANDS[:-1]),
        _counted("sex", known["sex"].map(SEXES), list(dict.fromkeys(SEXES.values()))),
        _counted("ethnicity", known["ethnicity"], _groups(codes, "ETHNIC")),
        _counted("uasc", known["uasc"].map(UASC), list(UASC.values())),
        _counted("legal_status", _legal(history, present), _legal_groups(codes)),
        _counted("setting", present.table["setting"], codes.in_care),
        _counted("provider", present.table["provider"].map(codes.group("PLACE_PROVIDER")), PROVIDERS),
        _counted("time_in_care", time_in_care(present), TIME_IN_CARE),
    ]
    return pd.concat(parts, ignore_index=True)


def _counted(dimension: str, values: pd.Series, listed: Sequence[str]) -> pd.DataFrame:
    """Children by value, in the listed order; what is not listed counts as not known."""
    names = [*listed, NOT_KNOWN] if dimension in _MAY_BE_UNKNOWN and NOT_KNOWN not in listed else list(listed)
    found = values.where(values.isin(names), NOT_KNOWN).value_counts()
    counts = [int(found.get(name, 0)) for name in names]
    return pd.DataFrame({"dimension": dimension, "value": names, "children": counts})


_MAY_BE_UNKNOWN = frozenset({"sex", "ethnicity", "legal_status", "provider", "time_in_care"})


def _groups(codes: Codes, column: str) -> list[str]:
    return list(dict.fromkeys(codes.group(column)))


def _legal_groups(codes: Codes) -> list[str]:
    shown = codes.sets[(codes.sets["column"] == "LS") & (codes.sets["group"] != "Short breaks")]
    return list(dict.fromkeys(shown["group"]))


def _legal(history: History, present: Present) -> pd.Series:
    spells = history.legal
    here = (dates.to_days(spells["start"]) <= present.day) & (dates.to_days(spells["end"]) > present.day)
    return present.table["child"].map(spells[here].set_index("child")["group"])


def time_in_care(present: Present) -> pd.Series:
    """Band of completed months since care began; not known where its start was not seen.

    A child whose start was not seen but who has been seen for 16 years is surely in the last band.
    """
    band = dates.band_of(months_between(present.care_start, present.day), _MONTHS)
    named = pd.Series(np.array(TIME_IN_CARE, dtype=object)[band])
    sure = present.care_start_known | (band == len(TIME_IN_CARE) - 1)
    return named.where(sure, NOT_KNOWN)


#: Peterborough's own rows of placements (its sufficiency strategy of 2016 to 2019): row → types, or one setting.
_PLACEMENT_ROWS = {
    "In-house fostering": ("in_house_fostering",),
    "Agency fostering": ("agency_fostering",),
    "Family and friends": ("kinship_fostering",),
    "Placed with parents": ("placed_with_parents",),
    "Independent or supported living": ("supported_accommodation",),
    "Residential home": ("in_house_home", "external_home"),
    "Residential school": ("residential_school",),
    "Placed for adoption": ("placed_for_adoption",),
    "Secure": ("secure",),
    "Other": ("other",),
}
_ADULTS = "18 or over"
_SECTIONS = {
    "total": "All",
    "setting": "Placement",
    "legal_status": "Legal status",
    "age_band": "Age",
    "sex": "Sex",
    "ethnicity": "Ethnicity",
    "uasc": "Seeking asylum",
    "time_in_care": "Length of time in care",
}


def quarter_ends(history: History) -> list[int]:
    """Last days of the quarters in a history, and its last day."""
    days = {int(dates.month_start(month)) - 1 for month in range(0, int(dates.month_index(history.origin)) + 2, 3)}
    return sorted(day for day in days | {history.origin} if history.first_day <= day <= history.origin)


def profile_table(history: History, days: Sequence[int | date | str] | None = None) -> pd.DataFrame:
    """The profile as Peterborough printed it: a row for each value, a column for each day.

    Small counts: not for publication as they are.

    Parameters
    ----------
    days
        Days of the columns; None takes each quarter end of the history and its last day.

    Returns
    -------
    pandas.DataFrame
        section, row and a column of children for each day (dd/mm/yyyy). Within a section and day
        the rows add up to all children. Care ends on the 18th birthday, so the row of those aged
        18 or over, which stands apart, holds nobody whom these returns count in care.
    """
    asked = quarter_ends(history) if days is None else [day_of(day) for day in days]
    columns = {f"{dates.as_date(day):%d/%m/%Y}": _printed(profile(history, day)) for day in asked}
    table = pd.DataFrame(columns)
    return table.rename_axis(["section", "row"]).reset_index()


def _printed(table: pd.DataFrame) -> pd.Series:
    """One day's column, by section and row."""
    parts: dict[tuple[str, str], int] = {}
    for dimension, section in _SECTIONS.items():
        counts = table[table["dimension"] == dimension].set_index("value")["children"]
        if dimension == "setting":
            rows = {row: int(counts.reindex(list(names)).sum()) for row, names in _PLACEMENT_ROWS.items()}
        else:
            rows = {str(name): int(number) for name, number in counts.items()}
        if dimension == "age_band":
            rows[_ADULTS] = 0
        parts |= {(section, row): number for row, number in rows.items()}
    return pd.Series(parts)
