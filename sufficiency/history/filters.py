"""Part of a history: whole periods of care chosen by what was so when they began.

A period of care is in or out as a whole, with all its placements and legal statuses, so that moves,
exits and days are those of the same children. What can change (age, legal status, need) counts as it
was on the first day of the period; sex, ethnic group and seeking asylum as the latest return has them.
Every period has one value of each, so groups that share nothing and leave nothing out add up: periods,
placements, changes of placement, entries, exits, days in care and children in care on any day sum to
the whole. (Children over time do not: one with two periods of care can be in two groups.)

Care leavers (OC3) and matches with adopters (AD1) are of a child and of no period: they go with each
child of whom a period is chosen. Care leavers who were not in care in these returns (child −1) have no
period that could be chosen by, so they are in the whole and in no part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGE_EDGES, Codes
from sufficiency.errors import Problem, UserError, nearest
from sufficiency.history.model import History
from sufficiency.history.periods import NOT_KNOWN

Wanted = str | Iterable[str] | None

_AGES = AGE_BANDS[:-1]
_SEXES = ("M", "F", "U")
_KEYS = ["child", "period"]


def select(
    history: History,
    *,
    age: Wanted = None,
    sex: Wanted = None,
    ethnicity: Wanted = None,
    uasc: bool | None = None,
    legal_status: Wanted = None,
    need: Wanted = None,
) -> History:
    """The periods of care that have all that is asked for, as a history.

    Each argument is one value or several, any of which will do; None asks nothing. Age, legal status
    and need choose periods of care; sex, ethnicity and UASC choose all periods of a child.

    Parameters
    ----------
    age
        Age when the period began, in the bands of :data:`~sufficiency.codes.AGE_BANDS` ("10 to 15").
    sex
        M, F or U.
    ethnicity
        Ethnic group ("White", "Not known").
    uasc
        Whether the child came seeking asylum.
    legal_status
        Legal status when the period began: a code ("C2"), its group ("Full care order") or "Not known".
    need
        Category of need when the period began: a code ("N1") or "Not known".

    Returns
    -------
    History
        Children keep their numbers, and periods, placements and openings theirs: a second period
        of care stays a re-entry. Leavers and adoptions are those of children of whom a period is
        chosen: where anything is asked, none of the care leavers who were not in care in these
        returns. Files and findings are those of the whole.

    Raises
    ------
    UserError
        With every value that is none of those that there are.
    """
    asked = {"age": age, "sex": sex, "ethnicity": ethnicity, "legal status": legal_status, "need": need}
    wanted = {name: _listed(values) for name, values in asked.items() if values is not None}
    if uasc is not None and not isinstance(uasc, (bool, np.bool_)):
        raise UserError(["uasc is True (seeking asylum alone), False (the others), or left out for all."])
    _checked(wanted, _valid(history.codes))
    if not wanted and uasc is None:
        return history
    periods = _periods(history)
    tests = [
        np.logical_or.reduce([named.isin(values) for named in periods.of[name]]) for name, values in wanted.items()
    ]
    tests += [] if uasc is None else [periods.table["uasc"].eq(uasc).to_numpy(bool)]
    kept = np.logical_and.reduce([np.ones(len(periods.table), dtype=bool), *tests])
    return _only(history, periods, kept)


def _listed(values: str | Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _valid(codes: Codes) -> dict[str, list[str]]:
    legal = codes.group("LS")
    return {
        "age": list(_AGES),
        "sex": list(_SEXES),
        "ethnicity": [*dict.fromkeys([*codes.group("ETHNIC"), NOT_KNOWN])],
        "legal status": [*dict.fromkeys([*legal, *legal.index, NOT_KNOWN])],
        "need": [*codes.group("CIN").index, NOT_KNOWN],
    }


def _checked(wanted: Mapping[str, Sequence[str]], valid: Mapping[str, Sequence[str]]) -> None:
    problems = [
        Problem(f"'{value}' is no {name} to choose by.{nearest(value, valid[name])}")
        for name, values in wanted.items()
        for value in values
        if value not in valid[name]
    ]
    if problems:
        raise UserError(problems)


@dataclass(frozen=True)
class _Periods:
    """One row per period of care; ``of`` gives the columns in which a value asked for may stand."""

    table: pd.DataFrame
    of: Mapping[str, Sequence[pd.Series]]

    def __repr__(self) -> str:
        return f"_Periods({len(self.table):,} periods)"


def _periods(history: History) -> _Periods:
    first = history.placements.drop_duplicates(_KEYS)[[*_KEYS, "care_start", "dob", "uasc"]].reset_index(drop=True)
    known = history.children.set_index("child")[["sex", "ethnicity"]].reindex(first["child"]).reset_index(drop=True)
    # A spell of legal status begins with every period of care.
    spells = history.legal[["child", "start", "status", "group"]].rename(columns={"start": "care_start"})
    legal = first[["child", "care_start"]].merge(spells, on=["child", "care_start"], how="left")
    needs = first[_KEYS].merge(history.needs, on=_KEYS, how="left")
    age = dates.age_on(dates.to_days(first["dob"]), dates.to_days(first["care_start"]))
    bands = pd.Series(np.array(AGE_BANDS, dtype=object)[dates.band_of(age, AGE_EDGES)])
    need = needs["need"].astype("object").where(needs["need"].notna() & needs["need"].ne(""), NOT_KNOWN)
    of = {
        "age": [bands],
        "sex": [known["sex"]],
        "ethnicity": [known["ethnicity"]],
        "legal status": [legal["status"], legal["group"].fillna(NOT_KNOWN)],
        "need": [need],
    }
    return _Periods(first, of)


def _only(history: History, periods: _Periods, kept: npt.NDArray[np.bool_]) -> History:
    chosen = periods.table[kept]
    keys = pd.MultiIndex.from_frame(chosen[_KEYS])
    return replace(
        history,
        children=history.children[history.children["child"].isin(chosen["child"])].reset_index(drop=True),
        placements=_rows(history.placements, history.placements["period"], keys),
        legal=_rows(history.legal, _period_of(history.legal, periods.table), keys),
        needs=_rows(history.needs, history.needs["period"], keys),
        changes=_rows(history.changes, history.changes["period"], keys),
        leavers=_of_children(history.leavers, chosen["child"]),
        adoptions=_of_children(history.adoptions, chosen["child"]),
    )


def _rows(table: pd.DataFrame, period: pd.Series, keys: pd.MultiIndex) -> pd.DataFrame:
    here = pd.MultiIndex.from_arrays([table["child"], period], names=_KEYS).isin(keys)
    return table[here].reset_index(drop=True)


def _of_children(table: pd.DataFrame, children: pd.Series) -> pd.DataFrame:
    return table[table["child"].isin(children)].reset_index(drop=True)


def _period_of(legal: pd.DataFrame, periods: pd.DataFrame) -> pd.Series:
    """Period of care of each spell of legal status: the child's last that had begun when the spell did."""
    begins = periods[["child", "care_start", "period"]].rename(columns={"care_start": "start"})
    both = legal[["child", "start"]].merge(begins, on=["child", "start"], how="left")
    return both.groupby("child")["period"].ffill()
