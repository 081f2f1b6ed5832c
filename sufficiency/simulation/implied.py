"""The stays in care that estimated hazards imply, beside those seen in the returns.

A period of care passes through settings whose hazards differ, so what the hazards imply has no formula:
every observed period is lived again from its first day by the compiled engine, many times over, with
the hazards' posterior means, the same age, setting and UASC at entry, and as long as it lasts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGE_EDGES, AGED_OUT, AGED_OUT_WINDOW_DAYS, TYPES
from sufficiency.draws import replication_key, stock_key
from sufficiency.history import History
from sufficiency.history.stock import CLOSINGS, REASONS
from sufficiency.rates import Rates
from sufficiency.rates.incidence import incidence_curves, read_off
from sufficiency.rates.survival import ALL_AGES, stays_in_care, survival_curves
from sufficiency.simulation.engines import engine
from sufficiency.simulation.hazards import Hazards
from sufficiency.simulation.places import no_places
from sufficiency.simulation.world import MOST_DAYS, Entrants, Leavers, Stock, World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SURVIVAL_CHECK_COLUMNS = ("age_at_entry", "outcome", "months", "observed", "low", "high", "implied", "followed")
STILL_IN_CARE = "still_in_care"
_LIVES = 20_000
_EVERY_MONTHS = 3
_DAYS_A_MONTH = 365.25 / 12
#: Half the width of a 95 % interval, in standard errors.
_WIDTH = 1.96
_SEED = 1


def survival_check(history: History, rates: Rates) -> pd.DataFrame:
    """Share still in care, and gone for each reason, by months since entry: observed and implied.

    Observed are Kaplan-Meier and Aalen-Johansen estimates with late entry and censoring; implied what
    the posterior means of the hazards give the periods of care that began in the returns' years (the
    recent multiplier on exits left out, as these are hazards of all years).

    Returns
    -------
    pandas.DataFrame
        age_at_entry (band, or "All"), outcome ("still_in_care", or a reason), months, observed, low and
        high (95 %, from the standard error), implied, followed (children seen in care then). Every third
        month while somebody is followed. Small counts: not for publication as they are.
    """
    lived = implied_stays(history, rates)
    if lived.empty:
        return pd.DataFrame({column: [] for column in SURVIVAL_CHECK_COLUMNS})
    stays, survival, incidence = stays_in_care(history), survival_curves(history), incidence_curves(history)
    parts = []
    for name in (ALL_AGES, *AGE_BANDS[:-1]):
        mine = stays if name == ALL_AGES else stays[stays["age_at_entry"] == name]
        ours = lived if name == ALL_AGES else lived[lived["age_at_entry"] == name]
        if mine.empty or ours.empty:
            continue
        curves = (survival[survival["age_at_entry"] == name], incidence[incidence["age_at_entry"] == name])
        parts.append(_beside(mine, ours, *curves).assign(age_at_entry=name))
    return pd.concat(parts, ignore_index=True)[list(SURVIVAL_CHECK_COLUMNS)]


def _beside(stays: pd.DataFrame, lived: pd.DataFrame, survival: pd.DataFrame, incidence: pd.DataFrame) -> pd.DataFrame:
    months, followed = _followed(stays)
    day = np.asarray(months * _DAYS_A_MONTH, dtype=np.float64)
    gone = lived["days"].to_numpy()[None, :] <= day[:, None]
    parts = [_rows(STILL_IN_CARE, day, survival.rename(columns={"survival": "share"}), 1.0, 1 - gone.mean(1))]
    for number, reason in enumerate(REASONS):
        curve = incidence[incidence["reason"] == reason].rename(columns={"incidence": "share"})
        for_this = (gone & (lived["reason"].to_numpy() == number)[None, :]).mean(1)
        parts.append(_rows(reason, day, curve, 0.0, for_this))
    whole = pd.concat(parts, ignore_index=True)
    return whole.assign(months=np.tile(months, len(parts)), followed=np.tile(followed, len(parts)))


def _rows(outcome: str, day: Floats, curve: pd.DataFrame, start: float, implied: Floats) -> pd.DataFrame:
    share = read_off(curve, day, "share", start)
    spread = _WIDTH * np.nan_to_num(read_off(curve, day, "standard_error", 0.0))
    low, high = np.clip(share - spread, 0, 1), np.clip(share + spread, 0, 1)
    return pd.DataFrame({"outcome": outcome, "observed": share, "low": low, "high": high, "implied": implied})


def _followed(stays: pd.DataFrame) -> tuple[Ints, Ints]:
    """Every third month in care up to the first at which nobody is followed, and how many are."""
    begun, until = stays["from_day"].to_numpy(np.float64), stays["days"].to_numpy(np.float64)
    months = np.arange(0, int(until.max() / _DAYS_A_MONTH) + 1 + _EVERY_MONTHS, _EVERY_MONTHS)
    day = months * _DAYS_A_MONTH
    count = ((begun <= day[:, None]) & (until > day[:, None])).sum(1)
    last = len(count) if count.all() else int(np.argmin(count > 0))
    return months[:last], count[:last]


def implied_stays(history: History, rates: Rates, lives: int = _LIVES) -> pd.DataFrame:
    """Periods of care lived again under the posterior means of the hazards.

    Parameters
    ----------
    lives
        About so many; every period that began in the returns' years as often as any other.

    Returns
    -------
    pandas.DataFrame
        age_at_entry, days (to the end of the period; more than can be observed where it goes on),
        reason (index into REASONS, or NONE).
    """
    first = history.placements[history.placements["care_start_known"]].drop_duplicates(["child", "period"])
    begun = dates.to_days(first["care_start"])
    first = first[(begun >= history.first_day) & (begun <= history.origin)]
    if first.empty:
        return pd.DataFrame({"age_at_entry": [], "days": [], "reason": []})
    times = max(lives // len(first), 1)
    rows = np.tile(np.arange(len(first)), times)
    spells = engine("compiled")(_world(history, rates, first, rows), replication_key(_SEED, 0)).spells
    if spells is None:
        msg = "the engine kept no placements"
        raise ValueError(msg)
    ends = np.concatenate([spells.child[1:] != spells.child[:-1], [True]])
    child, end = spells.child[ends], spells.end[ends]
    left = spells.closing[ends] == CLOSINGS.index("exit")
    late = left & (end >= dates.birthday(spells.dob[ends], dates.ADULT) - AGED_OUT_WINDOW_DAYS)
    reason = np.where(late, REASONS.index(AGED_OUT), spells.reason[ends])
    age = dates.band_of(dates.age_on(dates.to_days(first["dob"]), dates.to_days(first["care_start"])), AGE_EDGES)
    bands = np.array(AGE_BANDS, dtype=object)[age][rows[child]]
    arrived = spells.care_start[ends]
    return pd.DataFrame({"age_at_entry": bands, "days": end - arrived, "reason": reason})


def _world(history: History, rates: Rates, first: pd.DataFrame, rows: Ints) -> World:
    """Everybody placed on the day before the first, at the age and in the setting of their first placement."""
    codes, none = history.codes, np.zeros(0, dtype=np.int64)
    words, nobody = none.astype(np.uint64), none.astype(bool)
    day = history.origin + 1
    arrival = np.full(len(rows), day - 1)
    born = arrival - (dates.to_days(first["care_start"]) - dates.to_days(first["dob"]))[rows]
    # The same number of days old, but not all years have as many: nobody is 18 before the first day.
    born += np.maximum(day - dates.birthday(born, dates.ADULT), 0)
    shares = np.ones(len(TYPES))
    for kind, (in_house, every) in rates.in_house.items():
        first_share, second_share = rates.shares[kind]
        mean = first_share / (first_share + second_share)
        shares[TYPES.index(kind)] = 0.0 if every == 0 or in_house == 0 else mean
    stock = Stock(
        key=stock_key(np.arange(len(rows))),
        dob=born,
        uasc=first["uasc"].to_numpy(bool)[rows],
        setting=np.array([codes.in_care.index(name) for name in first["setting"]])[rows],
        placement_start=arrival,
        care_start=arrival,
    )
    return World(
        codes=codes,
        first_day=day,
        days=min(max(history.origin - history.first_day + 1, 1) + 366, MOST_DAYS),
        hazards=Hazards.known(rates.hazards.mean),
        re_entry=np.zeros_like(rates.returning.mean),
        first_types=rates.openings.first_types,
        in_house_share=shares,
        stock=stock,
        leavers=Leavers(words, none, nobody, none, nobody),
        entrants=Entrants(words, none, none, nobody, none),
        places=no_places(codes, day),
    )
