"""Checks of single episodes: each looks at one fault and says what it read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.dates import ADULT, OPEN
from sufficiency.returns.columns import Bools
from sufficiency.returns.distance import distance_wrong, location_unknown
from sufficiency.returns.ledger import Ledger

#: DECOM not before the Children Act 1989 took effect (SSDA903 guidance).
CHILDREN_ACT = dates.day_number("1991-10-14")
#: A day this much after the return's year cannot have been known when it was made.
MOST_LATE_DAYS = 366
A_WEEK = 7
CONTINUES = "X1"

#: Youngest age at which a placement code may be used (SSDA903 guidance).
YOUNGEST = {"H5": 16, "K3": 16, "P2": 16, "P3": 14, "R5": 10, "S1": 4}
#: Longest stay, in days, that a temporary placement code allows (SSDA903 guidance: 6 weeks, 21 days, 7 days).
LONGEST_TEMPORARY = {"T1": 42, "T3": 21, "T4": 7}
TEMPORARY_PLACES = ("T0", "T1", "T2", "T3", "T4")
#: Last day on which independent living was a valid placement (SSDA903 rule 217).
LAST_INDEPENDENT = {"P2": dates.day_number("2023-10-28")}
#: Placements with their own provider code, and those without any.
OWN_PROVIDER = {"P1": "PR0"}
NO_PROVIDER = frozenset({"T0", "T1", "T2", "T3", "T4", "Z1", "Z11", "Z12", "Z13", "Z14"})

#: Code columns; those that every episode must fill.
CODED = ("RNE", "LS", "CIN", "PLACE_PROVIDER", "REC", "REASON_PLACE_CHANGE")
ALWAYS_FILLED = ("RNE", "LS", "CIN")


@dataclass(frozen=True)
class Context:
    """What checks may ask besides the rows: the code tables, and (file, column) pairs that are not there."""

    codes: Codes
    absent: frozenset[tuple[int, str]]
    _sets: dict[str, frozenset[str]] = field(default_factory=dict)
    _years: dict[str, tuple[pd.Series, pd.Series]] = field(default_factory=dict)

    def known(self, column: str) -> frozenset[str]:
        """All codes that a column may hold in any year (looked up once)."""
        if column not in self._sets:
            self._sets[column] = self.codes.known(column)
        return self._sets[column]

    def code_years(self, column: str) -> tuple[pd.Series, pd.Series]:
        """First and last collection year of each code of a column (looked up once)."""
        if column not in self._years:
            self._years[column] = _code_years(self.codes, column)
        return self._years[column]

    def there(self, rows: pd.DataFrame, column: str) -> Bools:
        """Where the row's file has the column at all."""
        lacking = [at for at, name in self.absent if name == column]
        return ~rows["at"].isin(lacking).to_numpy(bool)


Found = Callable[[pd.DataFrame, Context], Bools]


@dataclass(frozen=True)
class Check:
    """One check: the rule it applies, the column it points at, where the fault is, and what is said.

    ``sets_aside`` is whether the rows found are set aside. ``say`` None takes the rule's sentence.
    """

    rule: str
    column: str
    found: Found
    say: str | None = None
    sets_aside: bool = False


def _is(rows: pd.DataFrame, column: str, *values: str) -> Bools:
    return rows[column].isin(values).to_numpy(bool)


def _days(rows: pd.DataFrame, column: str) -> dates.Days:
    return rows[column].to_numpy(np.int64)


def _bad(rows: pd.DataFrame, column: str) -> Bools:
    return rows[column].to_numpy(bool)


def _known(days: dates.Days) -> Bools:
    return np.asarray(days != OPEN)


def with_year_bounds(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the first day of the first year and the last day of the last year that their file covers."""
    starts = {year: dates.year_bounds(year)[0] for year in rows["first_year"].unique().tolist()}
    ends = {year: dates.year_bounds(year)[1] for year in rows["year"].unique().tolist()}
    return rows.assign(year_start=rows["first_year"].map(starts), year_end=rows["year"].map(ends))


def _year_end(rows: pd.DataFrame) -> dates.Days:
    return rows["year_end"].to_numpy(np.int64)


def _year_start(rows: pd.DataFrame) -> dates.Days:
    return rows["year_start"].to_numpy(np.int64)


def _turns_adult(rows: pd.DataFrame) -> dates.Days:
    dob = _days(rows, "dob")
    return np.where(_known(dob), dates.birthday(np.where(_known(dob), dob, 0), ADULT), OPEN)


def start_impossible(rows: pd.DataFrame, _: Context) -> Bools:
    """Start before the Children Act, or long after the return."""
    start = _days(rows, "decom")
    return _known(start) & ((start < CHILDREN_ACT) | (start > _year_end(rows) + MOST_LATE_DAYS))


def start_after_year(rows: pd.DataFrame, context: Context) -> Bools:
    """Start after the return's year, as an extract made in April or May holds."""
    start = _days(rows, "decom")
    return _known(start) & (start > _year_end(rows)) & ~start_impossible(rows, context)


def end_impossible(rows: pd.DataFrame, _: Context) -> Bools:
    """End long after the return."""
    end = _days(rows, "dec")
    return _known(end) & (end > _year_end(rows) + MOST_LATE_DAYS)


def end_after_year(rows: pd.DataFrame, context: Context) -> Bools:
    """End after the return's year."""
    end = _days(rows, "dec")
    return _known(end) & (end > _year_end(rows)) & ~end_impossible(rows, context)


def end_before_year(rows: pd.DataFrame, context: Context) -> Bools:
    """End before the return's year."""
    return np.asarray(_days(rows, "dec") < _year_start(rows)) & ~end_before_start(rows, context)


def end_before_start(rows: pd.DataFrame, _: Context) -> Bools:
    """End before start."""
    start = _days(rows, "decom")
    return np.asarray(_known(start) & (_days(rows, "dec") < start))


def ends_on_start_day(rows: pd.DataFrame, _: Context) -> Bools:
    """End on the day of the start."""
    start = _days(rows, "decom")
    return np.asarray(_known(start) & (_days(rows, "dec") == start))


def start_before_birth(rows: pd.DataFrame, context: Context) -> Bools:
    """Start before the date of birth."""
    dob = _days(rows, "dob")
    return _known(dob) & (_days(rows, "decom") < dob) & ~start_impossible(rows, context)


def start_at_18(rows: pd.DataFrame, context: Context) -> Bools:
    """Start on or after the 18th birthday."""
    start = _days(rows, "decom")
    return _known(start) & np.asarray(start >= _turns_adult(rows)) & ~start_impossible(rows, context)


def in_care_after_18(rows: pd.DataFrame, context: Context) -> Bools:
    """Goes on more than a week after the 18th birthday (if open: on the return's last day)."""
    end = np.minimum(_days(rows, "dec"), rows["last_day"].to_numpy(np.int64))
    wrong = start_at_18(rows, context) | start_impossible(rows, context)
    return np.asarray(end > _turns_adult(rows) + A_WEEK) & _known(_days(rows, "decom")) & ~wrong


def _without_end(rows: pd.DataFrame) -> Bools:
    return ~_known(_days(rows, "dec")) & ~_bad(rows, "dec_bad")


def reason_without_end(rows: pd.DataFrame, context: Context) -> Bools:
    """A reason for ceasing care and no end."""
    leaves = context.known("REC") - {CONTINUES}
    return _without_end(rows) & _is(rows, "REC", *leaves)


def continues_without_end(rows: pd.DataFrame, _: Context) -> Bools:
    """X1 and no end."""
    return _without_end(rows) & _is(rows, "REC", CONTINUES)


def end_without_reason(rows: pd.DataFrame, _: Context) -> Bools:
    """An end and no reason."""
    return _known(_days(rows, "dec")) & _is(rows, "REC", "")


def unknown(column: str) -> Found:
    """Where a column holds a code that is not the collection's."""

    def found(rows: pd.DataFrame, context: Context) -> Bools:
        return ~_is(rows, column, "", *context.known(column))

    return found


def blank(column: str) -> Found:
    """Where a column that a file has is blank."""

    def found(rows: pd.DataFrame, context: Context) -> Bools:
        return _is(rows, column, "") & context.there(rows, column)

    return found


def place_unknown(rows: pd.DataFrame, context: Context) -> Bools:
    """Placement code blank or unknown."""
    return ~_is(rows, "PLACE", *context.known("PLACE"))


def out_of_year(column: str) -> Found:
    """Where a code was not in use in the return's year."""

    def found(rows: pd.DataFrame, context: Context) -> Bools:
        first, last = context.code_years(column)
        start, end = rows[column].map(first), rows[column].map(last)
        return ((rows["year"] < start) | (rows["first_year"] > end)).to_numpy(bool)

    return found


def _code_years(codes: Codes, column: str) -> tuple[pd.Series, pd.Series]:
    """First and last collection year of each code of a column."""
    if column == "PLACE":
        table = codes.placements.rename(columns={"place": "code"})
    else:
        table = codes.sets[codes.sets["column"] == column]
    years = table.assign(first=table["year_from"].astype(int), last=table["year_to"].astype(int)).groupby("code")
    return years["first"].min(), years["last"].max()


def young_for_placement(rows: pd.DataFrame, _: Context) -> Bools:
    """Younger at the start than the placement allows."""
    dob, start = _days(rows, "dob"), _days(rows, "decom")
    sure = _known(dob) & _known(start)
    age = dates.age_on(np.where(sure, dob, 0), np.where(sure, start, 0))
    floor = rows["PLACE"].map(YOUNGEST).fillna(0).to_numpy(np.int64)
    return sure & (age >= 0) & (age < floor)


def _end_seen(rows: pd.DataFrame) -> dates.Days:
    """End of each episode as far as its return sees: open ones on the day after the year, or after their start."""
    return np.minimum(_days(rows, "dec"), np.maximum(_year_end(rows) + 1, _days(rows, "decom")))


def temporary_too_long(rows: pd.DataFrame, context: Context) -> Bools:
    """A temporary placement that lasts longer than its code allows."""
    start = _days(rows, "decom")
    allowed = rows["PLACE"].map(LONGEST_TEMPORARY).fillna(OPEN).to_numpy(np.int64)
    return _known(start) & ~start_impossible(rows, context) & np.asarray(_end_seen(rows) - start > allowed)


def temporary_at_start(rows: pd.DataFrame, _: Context) -> Bools:
    """A period of care that begins in a temporary placement."""
    return _is(rows, "RNE", "S") & _is(rows, "PLACE", *TEMPORARY_PLACES)


def temporary_at_end(rows: pd.DataFrame, context: Context) -> Bools:
    """Care left from a temporary placement."""
    leaves = context.known("REC") - {CONTINUES}
    return _known(_days(rows, "dec")) & _is(rows, "REC", *leaves) & _is(rows, "PLACE", *TEMPORARY_PLACES)


def independent_living_late(rows: pd.DataFrame, context: Context) -> Bools:
    """Independent living that goes on after the last day on which it was valid."""
    start = _days(rows, "decom")
    last = rows["PLACE"].map(LAST_INDEPENDENT).fillna(OPEN).to_numpy(np.int64)
    return _known(start) & ~start_impossible(rows, context) & np.asarray(_end_seen(rows) > last)


def provider_missing(rows: pd.DataFrame, context: Context) -> Bools:
    """No provider for a placement that has one."""
    needs = context.known("PLACE") - NO_PROVIDER
    return blank("PLACE_PROVIDER")(rows, context) & _is(rows, "PLACE", *needs)


def provider_wrong(rows: pd.DataFrame, context: Context) -> Bools:
    """A provider that the placement cannot have."""
    given = _is(rows, "PLACE_PROVIDER", *context.known("PLACE_PROVIDER"))
    own = _is(rows, "PLACE", *OWN_PROVIDER)
    its_own = rows["PLACE"].map(OWN_PROVIDER).fillna("").to_numpy(object) == rows["PLACE_PROVIDER"].to_numpy(object)
    others = _is(rows, "PLACE_PROVIDER", *OWN_PROVIDER.values()) & _is(rows, "PLACE", *context.known("PLACE"))
    return np.asarray(given & (_is(rows, "PLACE", *NO_PROVIDER) | (own & ~its_own) | (others & ~own)))


def _flag(column: str) -> Found:
    return lambda rows, _: _bad(rows, column)


CHECKS: tuple[Check, ...] = (
    Check("child_missing", "CHILD", lambda rows, _: _is(rows, "CHILD", ""), sets_aside=True),
    Check("start_missing", "DECOM", lambda rows, _: _is(rows, "DECOM", ""), sets_aside=True),
    Check("start_unreadable", "DECOM", _flag("decom_bad"), "The start is not a date: {read}.", sets_aside=True),
    Check("start_impossible", "DECOM", start_impossible, sets_aside=True),
    Check("start_before_birth", "DECOM", start_before_birth, sets_aside=True),
    Check("start_at_18", "DECOM", start_at_18, sets_aside=True),
    Check("start_after_year", "DECOM", start_after_year),
    Check("end_unreadable", "DEC", _flag("dec_bad"), "The end is not a date: {read}."),
    Check("end_impossible", "DEC", end_impossible),
    Check("end_before_start", "DEC", end_before_start, sets_aside=True),
    Check("ends_on_start_day", "DEC", ends_on_start_day, sets_aside=True),
    Check("end_after_year", "DEC", end_after_year),
    Check("end_before_year", "DEC", end_before_year),
    Check("in_care_after_18", "DEC", in_care_after_18),
    Check("reason_without_end", "REC", reason_without_end, "Ceased for {read}, and no end date."),
    Check("continues_without_end", "DEC", continues_without_end),
    Check("end_without_reason", "REC", end_without_reason),
    *(Check("unknown_code", column, unknown(column), "{read} is no known code.") for column in CODED),
    *(Check("code_missing", column, blank(column), f"{column} is blank.") for column in ALWAYS_FILLED),
    Check("place_unknown", "PLACE", place_unknown, "The placement code is {read}."),
    *(
        Check("code_out_of_year", column, out_of_year(column), "{read} was not in use in the return's year.")
        for column in ("PLACE", "REC")
    ),
    Check("young_for_placement", "PLACE", young_for_placement, "The child is younger than {read} allows."),
    Check("independent_living_late", "PLACE", independent_living_late),
    Check("temporary_too_long", "PLACE", temporary_too_long, "{read} allows a shorter stay."),
    Check("temporary_at_start", "PLACE", temporary_at_start),
    Check("temporary_at_end", "PLACE", temporary_at_end),
    Check("provider_missing", "PLACE_PROVIDER", provider_missing),
    Check("provider_wrong", "PLACE_PROVIDER", provider_wrong, "{read} cannot be the provider of this placement."),
    Check("distance_wrong", "PL_DISTANCE", distance_wrong, "The distance is {read}."),
    Check("location_unknown", "PL_LOCATION", location_unknown, "The location is {read}."),
)


def apply_checks(rows: pd.DataFrame, context: Context, ledger: Ledger) -> Bools:
    """Tell every fault of every episode; where True the row is to be set aside."""
    aside = np.zeros(len(rows), dtype=bool)
    for check in CHECKS:
        found = check.found(rows, context)
        if found.any():
            ledger.tell(check.rule, rows[found], check.column, say=check.say)
            if check.sets_aside:
                aside |= found
    return aside
