"""What each SSDA903 table holds, and how a file is recognised: by its columns, never by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One table of the collection.

    ``needed`` columns must be there for the file to be used; ``wished`` columns are read where
    they are there. ``owned`` columns are those that only this table has: they tell it apart.
    """

    name: str
    meaning: str
    needed: tuple[str, ...]
    wished: tuple[str, ...]
    owned: frozenset[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return self.needed + self.wished


def _table(name: str, meaning: str, needed: str, wished: str, owned: str) -> Table:
    return Table(name, meaning, tuple(needed.split()), tuple(wished.split()), frozenset(owned.split()))


HEADER, EPISODES, UASC = "header", "episodes", "uasc"

TABLES: tuple[Table, ...] = (
    _table(
        EPISODES,
        "one row per episode of care",
        "CHILD DECOM RNE LS PLACE DEC REC",
        "CIN PLACE_PROVIDER REASON_PLACE_CHANGE HOME_POST PL_POST URN PL_DISTANCE PL_LOCATION",
        "DECOM RNE LS CIN PLACE PLACE_PROVIDER DEC REC REASON_PLACE_CHANGE HOME_POST PL_POST URN"
        " PL_DISTANCE PL_LOCATION",
    ),
    _table(HEADER, "one row per child", "CHILD DOB", "SEX ETHNIC UPN MOTHER MC_DOB", "ETHNIC UPN MOTHER MC_DOB"),
    _table(UASC, "unaccompanied children seeking asylum", "CHILD DUC", "SEX DOB", "DUC"),
    _table("reviews", "reviews of the care plan", "CHILD REVIEW", "DOB REVIEW_CODE", "REVIEW REVIEW_CODE"),
    _table(
        "oc2",
        "health and wellbeing of children in care for a year",
        "CHILD",
        "DOB SDQ_SCORE SDQ_REASON CONVICTED HEALTH_CHECK IMMUNISATIONS TEETH_CHECK HEALTH_ASSESSMENT"
        " SUBSTANCE_MISUSE INTERVENTION_RECEIVED INTERVENTION_OFFERED",
        "SDQ_SCORE SDQ_REASON CONVICTED HEALTH_CHECK IMMUNISATIONS TEETH_CHECK HEALTH_ASSESSMENT"
        " SUBSTANCE_MISUSE INTERVENTION_RECEIVED INTERVENTION_OFFERED",
    ),
    _table("oc3", "care leavers", "CHILD IN_TOUCH", "DOB ACTIV ACCOM", "IN_TOUCH ACTIV ACCOM"),
    _table(
        "ad1",
        "adoptions",
        "CHILD DATE_INT DATE_MATCH",
        "DOB FOSTER_CARE NB_ADOPTR SEX_ADOPTR LS_ADOPTR",
        "DATE_INT DATE_MATCH FOSTER_CARE NB_ADOPTR SEX_ADOPTR LS_ADOPTR",
    ),
    _table(
        "placed_for_adoption",
        "children for whom adoption was decided",
        "CHILD DATE_PLACED",
        "DOB DATE_PLACED_CEASED REASON_PLACED_CEASED",
        "DATE_PLACED DATE_PLACED_CEASED REASON_PLACED_CEASED",
    ),
    _table(
        "previous_permanence",
        "earlier adoption or order of children who entered care",
        "CHILD PREV_PERM",
        "DOB LA_PERM DATE_PERM",
        "PREV_PERM LA_PERM DATE_PERM",
    ),
    _table("missing", "times missing or away", "CHILD MIS_START", "DOB MISSING MIS_END", "MISSING MIS_START MIS_END"),
    _table(
        "sw_episodes",
        "social workers",
        "CHILD SW_DECOM",
        "DOB SW_ID SW_DEC SW_REASON",
        "SW_ID SW_DECOM SW_DEC SW_REASON",
    ),
)
BY_NAME = {table.name: table for table in TABLES}

#: Other spellings of a column: the XML return's own words, and common headings of extracts.
_ALIASES = {
    "CHILDID": "CHILD",
    "CHILDREF": "CHILD",
    "PL": "PLACE",
    "DATEOFBIRTH": "DOB",
    "ETHNICITY": "ETHNIC",
    "PLACEMENTPROVIDER": "PLACE_PROVIDER",
    "REASONFORPLACECHANGE": "REASON_PLACE_CHANGE",
    "HOMEPOSTCODE": "HOME_POST",
    "PLPOSTCODE": "PL_POST",
}
#: Headings of the columns that tell the rows of several authorities and years in one file apart.
MARKS = {
    "LA": "la",
    "LANAME": "la",
    "LOCALAUTHORITY": "la",
    "LOCALAUTHORITYNAME": "la",
    "AUTHORITY": "la",
    "YEAR": "year",
    "RETURNYEAR": "year",
    "COLLECTIONYEAR": "year",
}
#: A file without a CHILD column is taken for a damaged return only if it has this many columns of one table.
_RESEMBLES = 3


def _key(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


_KNOWN = {_key(column): column for table in TABLES for column in table.columns} | _ALIASES


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """SSDA903 names of a file's headings, blank where a heading is none of ours or comes twice.

    Case, spaces, hyphens and underscores make no difference.
    """
    names: list[str] = []
    for cell in cells:
        name = _KNOWN.get(_key(cell), "")
        names.append("" if name in names else name)
    return tuple(names)


def marks(cells: Sequence[str]) -> dict[str, int]:
    """Positions of the columns of :data:`MARKS` among a file's headings, the first of each kind."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        if _key(cell) in MARKS:
            found.setdefault(MARKS[_key(cell)], at)
    return found


def twice(cells: Sequence[str]) -> tuple[str, ...]:
    """Known columns that a heading line holds more than once."""
    known = [_KNOWN[_key(cell)] for cell in cells if _key(cell) in _KNOWN]
    return tuple(sorted({name for name in known if known.count(name) > 1}))


@dataclass(frozen=True)
class Recognised:
    """The table a file holds (None: none of the collection) and the needed columns that it lacks."""

    table: Table | None
    lacking: tuple[str, ...] = ()


def recognise(names: Sequence[str]) -> Recognised:
    """Which table has these columns.

    A table is told apart by the columns that it alone has; the one with the most of them wins.
    """
    present = frozenset(names)
    best = max(TABLES, key=lambda table: len(table.owned & present))
    own = len(best.owned & present)
    if own == 0 or ("CHILD" not in present and own < _RESEMBLES):
        return Recognised(None)
    return Recognised(best, tuple(column for column in best.needed if column not in present))
