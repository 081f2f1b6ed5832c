"""Episodes: dates read, faults told, and the years joined to one row per episode."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.dates import OPEN
from sufficiency.returns import checks
from sufficiency.returns.children import births
from sufficiency.returns.columns import Bools, read_dates
from sufficiency.returns.distance import location_unknown, read_miles
from sufficiency.returns.ledger import SET_ASIDE, SUPERSEDED, USED, Ledger
from sufficiency.returns.model import EPISODE_KINDS, without_rows
from sufficiency.returns.short_breaks import settle_short_breaks, short_breaks

_NAMES = {
    "CHILD": "child",
    "RNE": "rne",
    "LS": "ls",
    "CIN": "cin",
    "PLACE": "place",
    "PLACE_PROVIDER": "provider",
    "REC": "rec",
    "REASON_PLACE_CHANGE": "reason",
    "HOME_POST": "home_post",
    "PL_POST": "pl_post",
    "URN": "urn",
    "PL_LOCATION": "location",
}
#: When a row that lasted no night hands on why it began: the stronger reason stays.
_STRENGTH = {"S": 4, "B": 3, "P": 3, "U": 2, "T": 2, "L": 1}
#: Ceased for another reason: an end whose reason is not known.
NOT_KNOWN = "E8"
_EPISODE = ["CHILD", "decom"]
_CONTENTS = [*list(_NAMES)[1:], "distance_miles"]


def read_episodes(
    rows: pd.DataFrame,
    header: pd.DataFrame,
    context: checks.Context,
    ledger: Ledger,
) -> pd.DataFrame:
    """Usable episodes of all returns, joined: as in :class:`~sufficiency.returns.Returns`.

    Parameters
    ----------
    rows
        Stacked rows of the episodes tables, with first_year (the first year their file covers).
    header
        One row per child, as in :class:`~sufficiency.returns.Returns`.
    """
    if rows.empty:
        return without_rows(EPISODE_KINDS)
    breaks = short_breaks(rows)
    settle_short_breaks(rows[breaks], ledger)
    rows = _dated(rows[~breaks], header)
    aside = checks.apply_checks(rows, context, ledger)
    stranger = ((rows["dob"] == OPEN) & (rows["CHILD"] != "")).to_numpy(bool)
    ledger.tell("child_without_header", rows[stranger], "CHILD")
    aside |= stranger
    none = checks.ends_on_start_day(rows, context)
    ledger.settle(rows[aside], SET_ASIDE)
    usable = _repaired(rows[~aside], rows[none & ~stranger], context)
    return _typed(_joined(usable, context.codes, ledger))


def _dated(rows: pd.DataFrame, header: pd.DataFrame) -> pd.DataFrame:
    start, end = read_dates(rows["DECOM"]), read_dates(rows["DEC"])
    return checks.with_year_bounds(rows).assign(
        decom=start.days,
        decom_bad=start.unreadable,
        dec=end.days,
        dec_bad=end.unreadable,
        dob=births(header, rows["CHILD"]),
        distance_miles=read_miles(rows["PL_DISTANCE"]),
    )


def _repaired(rows: pd.DataFrame, nightless: pd.DataFrame, context: checks.Context) -> pd.DataFrame:
    """What checks say is read otherwise than written: impossible ends open, unknown codes and locations blank."""
    late = checks.end_impossible(rows, context)
    dec = np.where(late, OPEN, rows["dec"].to_numpy(np.int64))
    known = {column: rows[column].where(rows[column].isin(context.known(column)), "") for column in checks.CODED}
    rec = known["REC"].where(dec != OPEN, "")
    location = rows["PL_LOCATION"].mask(location_unknown(rows, context), "")
    return _handed_on(rows.assign(**known).assign(dec=dec, REC=rec, PL_LOCATION=location), nightless)


def _handed_on(rows: pd.DataFrame, nightless: pd.DataFrame) -> pd.DataFrame:
    """Rows that begin on the day of one that lasted no night take over the stronger reason to begin."""
    if nightless.empty:
        return rows
    strong = nightless.assign(strength=nightless["RNE"].map(_STRENGTH).fillna(0)).sort_values("strength")
    keys = [*_EPISODE, "year"]
    first = strong.drop_duplicates(keys, keep="last")[[*keys, "RNE", "strength"]]
    merged = rows[keys].merge(first, on=keys, how="left")
    stronger = merged["strength"].fillna(0).to_numpy() > rows["RNE"].map(_STRENGTH).fillna(0).to_numpy()
    return rows.assign(RNE=rows["RNE"].where(~stronger, merged["RNE"].set_axis(rows.index)))


def _joined(rows: pd.DataFrame, codes: Codes, ledger: Ledger) -> pd.DataFrame:
    """One row per child and start: the latest return's, and within a return the longest."""
    rows = rows.sort_values([*_EPISODE, "year", "dec", *_CONTENTS, "at", "row"], kind="stable")
    last_of_year = ~rows.duplicated([*_EPISODE, "year"], keep="last").to_numpy(bool)
    last = ~rows.duplicated(_EPISODE, keep="last").to_numpy(bool)
    _tell_repeated(rows, ~last_of_year, ledger)
    _tell_disagreeing(rows, last_of_year & ~last, last, codes, ledger)
    ledger.settle(rows[~last_of_year], SET_ASIDE)
    ledger.settle(rows[last_of_year & ~last], SUPERSEDED)
    ledger.settle(rows[last], USED)
    return rows[last]


def _tell_repeated(rows: pd.DataFrame, repeated: Bools, ledger: Ledger) -> None:
    if repeated.any():
        same = rows.duplicated([*_EPISODE, "year", "dec", *_CONTENTS], keep="last").to_numpy(bool)
        ledger.tell("duplicate_episode", rows[repeated & same], "DECOM")
        ledger.tell("two_episodes_one_day", rows[repeated & ~same], "DECOM")


def _tell_disagreeing(rows: pd.DataFrame, earlier: Bools, last: Bools, codes: Codes, ledger: Ledger) -> None:
    """Tell earlier rows whose end, reason to begin or setting the latest return gives otherwise."""
    facts = ["dec", "RNE", "PLACE", "PLACE_PROVIDER", "dob"]
    after = rows.loc[last, [*_EPISODE, *facts]]
    pairs = rows.loc[earlier, [*_EPISODE, *facts]].merge(after, on=_EPISODE, how="left", suffixes=("", "_after"))
    ended = pairs["dec"].ne(OPEN) & pairs["dec"].ne(pairs["dec_after"])
    began = pairs["RNE"].ne(pairs["RNE_after"])
    ledger.tell("returns_disagree", rows[earlier][(ended | began).to_numpy(bool) | _moved(pairs, codes)], "DECOM")


def _moved(pairs: pd.DataFrame, codes: Codes) -> Bools:
    """Where two returns put one episode in different settings (another code for the same setting is no difference)."""
    changed = pairs["PLACE"].ne(pairs["PLACE_after"]) | pairs["PLACE_PROVIDER"].ne(pairs["PLACE_PROVIDER_after"])
    moved = changed.to_numpy(bool, copy=True)
    if moved.any():
        told = pairs[changed]
        age = dates.age_on(told["dob"].to_numpy(np.int64), told["decom"].to_numpy(np.int64))
        before = codes.setting_of(told["PLACE"], told["PLACE_PROVIDER"], age).fillna("")
        after = codes.setting_of(told["PLACE_after"], told["PLACE_PROVIDER_after"], age).fillna("")
        moved[moved] = before.ne(after).to_numpy(bool)
    return moved


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    end = dates.to_dates(rows["dec"].to_numpy(np.int64))
    renamed = rows.drop(columns=["decom", "dec"]).rename(columns=_NAMES)
    table = renamed.assign(decom=dates.to_dates(rows["decom"].to_numpy(np.int64)), dec=end)
    return _with_reasons(table[list(EPISODE_KINDS)].reset_index(drop=True))


def _with_reasons(table: pd.DataFrame) -> pd.DataFrame:
    """Ends without a reason: X1 where the child's next episode begins that day, else not known."""
    follows = table["child"].eq(table["child"].shift(-1)) & table["dec"].eq(table["decom"].shift(-1))
    unsaid = table["dec"].notna() & table["rec"].eq("")
    rec = table["rec"].mask(unsaid & follows, checks.CONTINUES).mask(unsaid & ~follows, NOT_KNOWN)
    return table.assign(rec=rec)
