"""Tiny invented returns for tests. Identifiers such as INV000123 cannot be mistaken for real ones."""

from __future__ import annotations

import copy
import csv
from datetime import date
from pathlib import Path

Row = dict[str, str]
#: Year → table → rows, as they are written.
Tables = dict[int, dict[str, list[Row]]]

COLUMNS = {
    "header": "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB",
    "episodes": "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN,"
    "PL_DISTANCE,PL_LOCATION",
    "uasc": "CHILD,SEX,DOB,DUC",
    "reviews": "CHILD,DOB,REVIEW,REVIEW_CODE",
    "oc3": "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM",
    "ad1": "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR",
}
POSTCODE = "ZZ99 9ZZ"


def british(day: str) -> str:
    """dd/mm/yyyy of an ISO date; blank stays blank."""
    return f"{date.fromisoformat(day):%d/%m/%Y}" if day else ""


def child(name: str, dob: str, *, sex: str = "F", ethnic: str = "WBRI") -> Row:
    """A header row."""
    return {"CHILD": name, "SEX": sex, "DOB": british(dob), "ETHNIC": ethnic, "UPN": "", "MOTHER": "", "MC_DOB": ""}


def episode(
    name: str,
    start: str,
    end: str = "",
    *,
    rne: str = "S",
    rec: str = "X1",
    ls: str = "C2",
    place: str = "U6",
    provider: str = "PR1",
    reason: str = "",
    miles: str = "",
    location: str = "",
) -> Row:
    """An episode; dates in ISO form. Open where ``end`` is blank."""
    return {
        "CHILD": name,
        "DECOM": british(start),
        "RNE": rne,
        "LS": ls,
        "CIN": "N1",
        "PLACE": place,
        "PLACE_PROVIDER": provider,
        "DEC": british(end),
        "REC": rec if end else "",
        "REASON_PLACE_CHANGE": reason if end else "",
        "HOME_POST": POSTCODE,
        "PL_POST": POSTCODE,
        "URN": "",
        "PL_DISTANCE": miles,
        "PL_LOCATION": location,
    }


def _day(text: str) -> date:
    day, month, year = text.split("/")
    return date(int(year), int(month), int(day))


def yearly(children: list[Row], episodes: list[Row], years: range, uasc: list[str] | None = None) -> Tables:
    """What each year's return holds: episodes in force in it, with ends that its 31 March has not seen left open."""
    born = {row["CHILD"]: row for row in children}
    tables: Tables = {}
    for year in years:
        first, last = date(year - 1, 4, 1), date(year, 3, 31)
        written = {} if year >= 2025 else {"M": "1", "F": "2"}
        rows = []
        for row in episodes:
            ends = _day(row["DEC"]) if row["DEC"] else date.max
            if _day(row["DECOM"]) <= last and ends >= first:
                unseen = {"DEC": "", "REC": "", "REASON_PLACE_CHANGE": ""}
                rows.append(copy.copy(row) if ends <= last else {**row, **unseen})
        seen = {row["CHILD"] for row in rows}
        header = [
            {**born[name], "SEX": written.get(born[name]["SEX"], born[name]["SEX"])} for name in born if name in seen
        ]
        asylum = [
            {"CHILD": name, "SEX": born[name]["SEX"], "DOB": born[name]["DOB"], "DUC": ""}
            for name in uasc or []
            if name in seen
        ]
        tables[year] = {"header": header, "episodes": rows, "uasc": asylum}
    return tables


def small() -> Tables:
    """Clean returns of the years ending March 2024 and 2025: twelve children, every row good."""
    names = [f"INV0001{number:02d}" for number in range(12)]
    births = ["2010-02-11", "2012-07-30", "2007-09-02", "2023-05-20", "2015-12-01", "2009-04-15"] + [
        f"2014-0{month}-17" for month in range(1, 7)
    ]
    children = [child(name, dob, sex="FM"[at % 2]) for at, (name, dob) in enumerate(zip(names, births, strict=True))]
    episodes = [
        # In care since before the first return.
        episode(names[0], "2021-06-01", place="U4"),
        # Comes in, moves, goes home.
        episode(names[1], "2023-05-10", "2023-09-01", place="U6", provider="PR4", reason="CARPL"),
        episode(names[1], "2023-09-01", "2024-06-20", rne="P", place="K2", provider="PR4", rec="E4A"),
        # Seeks asylum.
        episode(names[2], "2024-01-15", ls="V2", provider="PR4"),
        # A baby: interim order, placement order, adopters.
        episode(names[3], "2023-06-02", "2023-10-10", ls="C1"),
        episode(names[3], "2023-10-10", "2024-02-20", rne="L", ls="E1", reason=""),
        episode(names[3], "2024-02-20", "2024-11-05", rne="P", ls="E1", place="A6", rec="E12"),
        # Goes home and comes back.
        episode(names[4], "2023-04-20", "2023-08-01", ls="V2", rec="E4B"),
        episode(names[4], "2024-05-03", ls="C1", place="U1"),
        # First row is not the start of care, which lies before the returns.
        episode(names[5], "2022-11-11", "2024-08-08", rne="P", place="S1", provider="PR4", reason="CARPL"),
        episode(names[5], "2024-08-08", rne="P", place="P1", provider="PR0"),
    ]
    for at, name in enumerate(names[6:]):
        episodes.append(episode(name, f"2023-0{at + 4}-05", f"2024-0{at + 1}-25", rec="E4A", ls="V2"))
    return yearly(children, episodes, range(2024, 2026), [names[2]])


def write(folder: Path, tables: Tables, *, layout: str = "{year}/{table}.csv", encoding: str = "utf-8") -> Path:
    """Write tables in a layout: a pattern of {year} and {table}."""
    for year, by_table in tables.items():
        for table, rows in by_table.items():
            path = folder / layout.format(year=year, table=table)
            path.parent.mkdir(parents=True, exist_ok=True)
            columns = COLUMNS[table].split(",")
            with path.open("w", encoding=encoding, newline="") as stream:
                writer = csv.DictWriter(stream, columns, extrasaction="ignore")
                writer.writeheader()
                writer.writerows(rows)
    return folder
