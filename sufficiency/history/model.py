"""What the history stage hands on: placements, legal statuses and children, as the days saw them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sufficiency.codes import Codes
from sufficiency.dates import as_date
from sufficiency.errors import Finding
from sufficiency.returns.model import DAY, without_rows

CHILD_KINDS = {"child": "int64", "dob": DAY, "sex": "str", "ethnicity": "str", "uasc": "bool"}
PLACEMENT_KINDS = {
    "child": "int64",
    "period": "int64",
    "placement": "int64",
    "setting": "str",
    "start": DAY,
    "end": DAY,
    "opening": "str",
    "closing": "object",
    "reason": "object",
    "care_start": DAY,
    "start_known": "bool",
    "care_start_known": "bool",
    "same_carer": "bool",
    "dob": DAY,
    "uasc": "bool",
    "place": "str",
    "provider": "str",
    "distance_miles": "float64",
    "location": "str",
}
LEGAL_KINDS = {"child": "int64", "start": DAY, "end": DAY, "status": "str", "group": "str"}
NEED_KINDS = {"child": "int64", "period": "int64", "need": "str"}
CHANGE_KINDS = {"child": "int64", "period": "int64", "day": DAY, "reason": "str", "status_only": "bool", "move": "bool"}
LEAVER_KINDS = {
    "child": "int64",
    "year": "int64",
    "age": "int64",
    "in_touch": "str",
    "activity": "str",
    "accommodation": "str",
    "suitable": "bool",
    "staying_put": "bool",
}
ADOPTION_KINDS = {"child": "int64", "matched": DAY}


@dataclass(frozen=True)
class History:
    """Children's lives in care up to the origin. A child is an integer rank, never an identifier.

    Attributes
    ----------
    children
        child (rank in the order of the sorted id text, so that row order does not matter), dob,
        sex, ethnicity (group), uasc.
    placements
        One row per placement, sorted by child and placement: child, period, placement, setting,
        start, end (NaT: open at the origin; a child counts on its start and not on its end),
        opening (entry, re_entry or move), closing (move, exit or None), reason (of an exit, or
        None), care_start (of the period), start_known (not where all that is seen of the start is a
        change of legal status), care_start_known (the period's first episode is RNE S), same_carer
        (began without a change of carer), dob, uasc, place, provider (codes at the start),
        distance_miles (from home, NaN where not known), location (IN or OUT of the authority, blank
        where not known): the first that the returns give of the placement.
    legal
        Spells of one legal status: child, start, end (NaT: open), status, group.
    needs
        Category of need when each period of care began: child, period, need (code; blank where
        not known). Empty for simulated journeys, which have none.
    first_day, origin
        Day numbers of the observation window, both inclusive.
    codes, files, findings
        As the returns gave them; findings include those of this stage.
    changes
        Recorded changes of placement: child, period, day, reason (REASON_PLACE_CHANGE of the episode that
        ended, blank where not given), status_only, move (counted as a move between placements).
    leavers
        Care leavers of the OC3 tables: child (−1 where the child was not in care in these
        returns), year (collection year), age on its last day, in_touch, activity, accommodation
        (codes), suitable, staying_put (with former foster carers).
    adoptions
        child, matched: the day on which the child was matched with adopters (AD1).
    """

    children: pd.DataFrame
    placements: pd.DataFrame
    legal: pd.DataFrame
    first_day: int
    origin: int
    codes: Codes
    files: pd.DataFrame
    findings: tuple[Finding, ...]
    needs: pd.DataFrame = field(default_factory=lambda: without_rows(NEED_KINDS))
    changes: pd.DataFrame = field(default_factory=lambda: without_rows(CHANGE_KINDS))
    leavers: pd.DataFrame = field(default_factory=lambda: without_rows(LEAVER_KINDS))
    adoptions: pd.DataFrame = field(default_factory=lambda: without_rows(ADOPTION_KINDS))

    def __repr__(self) -> str:
        """Counts only: the tables hold children."""
        return (
            f"History({len(self.children):,} children, {len(self.placements):,} placements, "
            f"{as_date(self.first_day)} to {as_date(self.origin)})"
        )
