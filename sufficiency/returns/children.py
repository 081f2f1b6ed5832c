"""Who the children are: header and UASC rows of every return, one row per child in the end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.dates import OPEN
from sufficiency.returns.columns import Bools, read_dates, read_flags
from sufficiency.returns.ledger import SET_ASIDE, SUPERSEDED, USED, Ledger
from sufficiency.returns.model import HEADER_KINDS, UASC_KINDS, without_rows

#: Care leavers stay in the header up to their 25th year at most.
_OLDEST = 26
#: Dates of birth so far apart are of two children, not one written wrongly.
VERY_DIFFERENT_DAYS = 730
_NOT_KNOWN = "Not known"
#: Order of header rows that does not depend on theirs in the files; of a child's rows in one return the last is used.
_ORDER = ["CHILD", "year", "dob", "SEX", "ETHNIC", "UPN", "MOTHER", "at", "row"]


def children(rows: pd.DataFrame, codes: Codes, ledger: Ledger) -> pd.DataFrame:
    """One row per child from all header rows: as in :class:`~sufficiency.returns.Returns`, sorted by child."""
    if rows.empty:
        ledger.settle(rows, SET_ASIDE)
        return without_rows(HEADER_KINDS)
    rows = rows.assign(dob=read_dates(rows["DOB"]).days)
    aside = _tell_faults(rows, ledger)
    ledger.settle(rows[aside], SET_ASIDE)
    _odd_codes(rows, codes, ledger)
    latest = _one_per_child(rows[~aside], codes, ledger)
    sex = latest["SEX"].map(codes.group("SEX")).fillna("U").astype("str")
    ethnic = latest["ETHNIC"].where(latest["ETHNIC"].isin(codes.known("ETHNIC")), "")
    return pd.DataFrame(
        {
            "child": latest["CHILD"],
            "sex": sex,
            "dob": dates.to_dates(latest["dob"].to_numpy(np.int64)),
            "ethnicity": ethnic,
            "mother": read_flags(latest["MOTHER"]),
        }
    ).reset_index(drop=True)


def births(header: pd.DataFrame, names: pd.Series) -> dates.Days:
    """Day of birth of each named child; :data:`~sufficiency.dates.OPEN` where the header has no such child."""
    return dates.to_days(header.set_index("child")["dob"].reindex(names))


def _tell_faults(rows: pd.DataFrame, ledger: Ledger) -> Bools:
    """Tell rows that cannot be used; where True the row is to be set aside."""
    aside = np.zeros(len(rows), dtype=bool)
    for rule, (column, where) in _faults(rows).items():
        say = "The date of birth is not a date: {read}." if rule == "dob_unreadable" else None
        ledger.tell(rule, rows[where], column, say=say)
        aside |= where
    return aside


def _faults(rows: pd.DataFrame) -> dict[str, tuple[str, Bools]]:
    """Rows that cannot be used: by rule the column and where; ``dob`` is the day of birth read."""
    nameless = (rows["CHILD"] == "").to_numpy(bool)
    dateless = (rows["DOB"] == "").to_numpy(bool)
    ends = rows["year"].map({year: dates.year_bounds(year) for year in rows["year"].unique().tolist()})
    first = np.array([bounds[0] for bounds in ends], dtype=np.int64)
    last = np.array([bounds[1] for bounds in ends], dtype=np.int64)
    dob = rows["dob"].to_numpy(np.int64)
    known = dob != OPEN
    age = dates.age_on(np.where(known, dob, first), first)
    return {
        "child_missing": ("CHILD", nameless),
        "dob_missing": ("DOB", dateless),
        "dob_unreadable": ("DOB", np.asarray(~known & ~dateless)),
        "dob_impossible": ("DOB", np.asarray(known & ((dob > last) | (age >= _OLDEST)))),
    }


def one_a_year(rows: pd.DataFrame) -> pd.DataFrame:
    """The usable header row of each child and year, sorted by them; ``dob`` is the day of birth read."""
    aside = np.logical_or.reduce([where for _, where in _faults(rows).values()])
    rows = rows[~aside].sort_values(_ORDER, kind="stable")
    return rows[~rows.duplicated(["CHILD", "year"], keep="last")]


def _odd_codes(rows: pd.DataFrame, codes: Codes, ledger: Ledger) -> None:
    for rule, column, say in (
        ("sex_unknown", "SEX", "The sex is {read}."),
        ("ethnicity_unknown", "ETHNIC", "The ethnicity is {read}."),
    ):
        odd = ~rows[column].isin(codes.known(column)).to_numpy(bool)
        # A whole column that is blank is not there, or never filled: told once for the file.
        filled = rows.groupby("at")[column].transform("max").ne("").to_numpy(bool)
        ledger.tell(rule, rows[odd & filled], column, say=say)
    _sex_of_other_years(rows, codes, ledger)


def _sex_of_other_years(rows: pd.DataFrame, codes: Codes, ledger: Ledger) -> None:
    """Tell, once a file, sex written by the codes of other years."""
    table = codes.sets[codes.sets["column"] == "SEX"].set_index("code")
    first, last = (rows["SEX"].map(table[name].astype(int)) for name in ("year_from", "year_to"))
    for (_, file), group in rows[(rows["year"] < first) | (rows["year"] > last)].groupby(["at", "file"], sort=True):
        message = f"{len(group):,} row{' writes' if len(group) == 1 else 's write'} sex by the codes of other years."
        ledger.note("sex_out_of_year", str(file), message, "SEX")


def _one_per_child(rows: pd.DataFrame, codes: Codes, ledger: Ledger) -> pd.DataFrame:
    """The latest return's row of each child; of several in one return, one that does not depend on their order."""
    rows = rows.sort_values(_ORDER, kind="stable")
    last_of_year = ~rows.duplicated(["CHILD", "year"], keep="last")
    last = ~rows.duplicated("CHILD", keep="last")
    twice, earlier = rows[~last_of_year], rows[last_of_year & ~last]
    ledger.tell("duplicate_header", twice, "CHILD")
    kept = rows["dob"].where(last_of_year).groupby([rows["CHILD"], rows["year"]]).transform("max")
    say = "The date of birth differs from that of the child's other row in the same return."
    ledger.tell("dob_differs", rows[~last_of_year & rows["dob"].ne(kept)], "DOB", say=say)
    ledger.settle(twice, SET_ASIDE)
    ledger.settle(earlier, SUPERSEDED)
    ledger.settle(rows[last], USED)
    _differs(rows[last_of_year], codes, ledger)
    return rows[last]


def _differs(rows: pd.DataFrame, codes: Codes, ledger: Ledger) -> None:
    """Tell on the later row where it says otherwise than the return before."""
    same_child = rows["CHILD"].eq(rows["CHILD"].shift())
    # From 2024/25 the codes for sex are letters: the same sex by another code is no difference.
    sex = rows["SEX"].map(codes.group("SEX"))
    born = rows["dob"].ne(rows["dob"].shift())
    other_sex = sex.ne(sex.shift()) & rows["SEX"].ne("")
    unlike = another_child(rows, codes)
    ledger.tell("child_unlike", rows[unlike], "CHILD")
    ledger.tell("dob_differs", rows[same_child & born & ~unlike], "DOB")
    ledger.tell("sex_differs", rows[same_child & other_sex & ~unlike], "SEX")


def another_child(rows: pd.DataFrame, codes: Codes) -> Bools:
    """Header rows that look like another child than the row of the same identifier before.

    The dates of birth are too far apart for a slip of the pen, and the sexes or the ethnic groups,
    where both are known, differ too.
    """
    same = rows["CHILD"].eq(rows["CHILD"].shift())
    far = (rows["dob"] - rows["dob"].shift()).abs() > VERY_DIFFERENT_DAYS
    sex = rows["SEX"].map(codes.group("SEX"))
    group = rows["ETHNIC"].map(codes.group("ETHNIC")).where(lambda names: names != _NOT_KNOWN)
    return (same & far & (_told_apart(sex) | _told_apart(group))).to_numpy(bool)


def _told_apart(values: pd.Series) -> pd.Series:
    before = values.shift()
    return values.notna() & before.notna() & values.ne(before)


def without_episodes(rows: pd.DataFrame, in_care: pd.Series, ledger: Ledger) -> None:
    """Tell, file by file, how many children of the latest headers have no episode that counts."""
    if rows.empty:
        return
    lone = rows[~rows["CHILD"].isin(in_care) & rows["CHILD"].ne("")]
    for (_, file), group in lone.groupby(["at", "file"], sort=True):
        count = group["CHILD"].nunique()
        message = f"{count:,} {'child has' if count == 1 else 'children have'} no episode that counts."
        ledger.note("header_without_episodes", str(file), message)


def seeking_asylum(rows: pd.DataFrame, known: pd.Series, ledger: Ledger) -> pd.DataFrame:
    """One row per child of the UASC tables: child and duc (NaT where not given)."""
    if rows.empty:
        return without_rows(UASC_KINDS)
    read = read_dates(rows["DUC"])
    rows = rows.assign(duc=read.days)
    nameless = rows["CHILD"].eq("")
    stranger = ~rows["CHILD"].isin(known) & ~nameless
    ledger.tell("child_missing", rows[nameless], "CHILD")
    ledger.tell("uasc_without_header", rows[stranger], "CHILD")
    ledger.tell("duc_unreadable", rows[read.unreadable], "DUC", say="The date is not a date: {read}.")
    ledger.settle(rows[nameless | stranger], SET_ASIDE)
    rows = rows[~nameless & ~stranger].sort_values(["CHILD", "year", "duc", "at", "row"], kind="stable")
    last = ~rows.duplicated("CHILD", keep="last")
    last_of_year = ~rows.duplicated(["CHILD", "year"], keep="last")
    ledger.tell("duplicate_header", rows[~last_of_year], "CHILD")
    ledger.settle(rows[~last_of_year], SET_ASIDE)
    ledger.settle(rows[last_of_year & ~last], SUPERSEDED)
    ledger.settle(rows[last], USED)
    duc = dates.to_dates(rows.loc[last, "duc"].to_numpy(np.int64))
    return pd.DataFrame({"child": rows.loc[last, "CHILD"].to_numpy(), "duc": duc}).astype({"child": "str"})
