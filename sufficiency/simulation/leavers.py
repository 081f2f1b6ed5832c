"""Care leavers by age to 25, as a count: those already known at the origin, and those who age out.

Everybody belongs to a cohort: the year (ending 31 March) in which they turn 18. A cohort is as old
on every 31 March as the calendar says, so nothing is simulated after 18 but staying put.

- **Known** leavers of a cohort are the rows of the latest OC3 table in which the cohort was of an
  age that OC3 covers (17 to 21), without those who have died, and whoever has turned 18 in care
  since that table. So those of 22 to 24 at the origin come from earlier tables, aged on.
- A cohort that is in no OC3 table is counted by those seen to age out; where the returns do not
  reach back to the year in which it turned 18, that count falls short and is marked.
- **New** leavers are those who age out in the simulation, by month.
- **Staying put** is each replication's own count of all ages; how many of it are 18, 19 and 20 is not
  counted in the simulation and is shared out as the published shares who stay on would have it.

Not modelled: deaths, moves between authorities, and young people who leave care at 16 or 17 and
are owed support at 18. OC3 has the last of these, so the counts of simulated cohorts are a little
low beside those of OC3; that everybody in care on the 18th birthday is counted, however short the
stay (the law asks for 13 weeks), works the other way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGED_OUT
from sufficiency.history import History
from sufficiency.history.stock import STAY
from sufficiency.simulation.places import STAY_AGES
from sufficiency.simulation.results import Outcome
from sufficiency.simulation.supply import apportion

Ints = npt.NDArray[np.int64]

AGES = (18, 19, 20, 21, 22, 23, 24)
COLUMNS = ("scenario", "replication", "year_end", "age", "young_people", "staying_put", "complete")
#: Ages of the OC3 table (DfE, SSDA903 guidance).
_OC3_FROM, _OC3_TO = 17, 21
#: IN_TOUCH of a young person who has died.
_DIED = "DIED"
_YEAR, _MID_MONTH, _LEAST = 365.25, 14, 1e-9


@dataclass(frozen=True)
class KnownLeavers:
    """Care leavers of one cohort known at the origin.

    Attributes
    ----------
    young_people
        How many.
    source
        In words, where the number is from.
    complete
        False where the returns do not reach back to when the cohort turned 18, so that the number
        is only what could be seen.
    """

    young_people: int
    source: str
    complete: bool


def known_leavers(history: History) -> dict[int, KnownLeavers]:
    """Care leavers known at the origin by cohort (the collection year in which they turn 18).

    From the cohort of 24 on the last 31 March to that which turns 18 in the year after the origin's:
    who left care at 16 or 17 may be among these already.
    """
    rows = _covered(history)
    adult = _aged_out(history)
    first = dates.last_year_over(history.origin) - (AGES[-1] - AGES[0])
    last = int(dates.collection_year(history.origin)) + 1
    return {cohort: _known(cohort, rows, adult, history) for cohort in range(first, last + 1)}


def care_leavers(history: History, outcome: Outcome) -> pd.DataFrame:
    """Care leavers of 18 to 24 on every 31 March, in each replication of a plan.

    Parameters
    ----------
    history
        What the plan was simulated from.
    outcome
        Its replications; those kept in detail are counted.

    Returns
    -------
    Columns scenario, replication, year_end (31 March, from the last one not after the origin), age
    (18 to 24), young_people, staying_put (of them; missing before the origin), complete (False
    where the returns do not reach back far enough, so that young_people is only what could be seen).

    Raises
    ------
    ValueError
        If the outcome is of another origin.
    """
    if outcome.origin != history.origin:
        msg = "the outcome was simulated from another origin than the history's"
        raise ValueError(msg)
    known = known_leavers(history)
    years = _years(history.origin, outcome.last_day)
    index = [range(outcome.detailed), years, AGES]
    table = pd.MultiIndex.from_product(index, names=["replication", "year", "age"]).to_frame(index=False)
    cohort = table["year"] - table["age"] + AGES[0]
    before = cohort.map({name: each.young_people for name, each in known.items()}).fillna(0).astype("int64")
    new = _new(outcome).reindex(pd.MultiIndex.from_arrays([table["replication"], cohort]), fill_value=0)
    complete = cohort.map({name: each.complete for name, each in known.items()}).fillna(value=True).astype(bool)
    whole = table.assign(
        scenario=outcome.scenario.name,
        year_end=dates.to_dates([dates.year_bounds(year)[1] for year in table["year"]]),
        young_people=before + new.to_numpy(np.int64),
        staying_put=_staying(outcome, years),
        complete=complete,
    )
    return whole[list(COLUMNS)]


def _years(origin: int, last_day: int) -> range:
    """Collection years that end from the last 31 March not after the origin to the last simulated one."""
    return range(dates.last_year_over(origin), dates.last_year_over(last_day) + 1)


def _covered(history: History) -> pd.DataFrame:
    """Living young people in the OC3 tables of years over by the origin: cohort, year."""
    rows = history.leavers
    over = rows["year"] <= dates.last_year_over(history.origin)
    seen = rows[over & rows["age"].between(_OC3_FROM, _OC3_TO) & (rows["in_touch"] != _DIED)]
    return pd.DataFrame({"cohort": seen["year"] - seen["age"] + AGES[0], "year": seen["year"]})


def _aged_out(history: History) -> Ints:
    """18th birthdays (day numbers) of those who have aged out, one each."""
    table = history.placements
    left = table[table["reason"] == AGED_OUT].drop_duplicates("child", keep="last")
    return dates.birthday(dates.to_days(left["dob"]), dates.ADULT)


def _known(cohort: int, rows: pd.DataFrame, adult: Ints, history: History) -> KnownLeavers:
    own = adult[dates.collection_year(adult) == cohort]
    tables = sorted(set(rows["year"].tolist()))
    covering = [year for year in tables if _OC3_FROM <= year - cohort + AGES[0] <= _OC3_TO]
    if covering:
        year = covering[-1]
        told = int(((rows["cohort"] == cohort) & (rows["year"] == year)).sum())
        since = int((own > dates.year_bounds(year)[1]).sum())
        source = f"OC3 of {year}" + (" and those seen to age out since" if since else "")
        return KnownLeavers(told + since, source, complete=True)
    complete = history.first_day <= dates.year_bounds(cohort)[0]
    source = "those seen to age out" if complete else "those seen to age out since the first return"
    return KnownLeavers(len(own), source, complete)


def _new(outcome: Outcome) -> pd.Series:
    """Simulated young people who age out, by replication and cohort."""
    flows = outcome.flows
    left = flows[(flows["event"] == "exit") & (flows["reason"] == AGED_OUT)]
    # A year ends with a month, so the month is enough to tell the cohort.
    cohort = pd.Series(dates.collection_year(dates.to_days(left["month"])), index=left.index, name="cohort")
    added: pd.Series = left.groupby([left["replication"], cohort])["count"].sum()
    return added


def _staying(outcome: Outcome, years: range) -> pd.arrays.IntegerArray:
    """Young people staying put, in the order of replication, year and age; missing before the origin."""
    totals, begun = _totals(outcome), _begun(outcome)
    counts = np.zeros((outcome.detailed, len(years), len(AGES)), dtype=np.int64)
    missing = np.zeros(counts.shape, dtype=bool)
    for at, year in enumerate(years):
        day = dates.year_bounds(year)[1]
        missing[:, at] = day < outcome.origin
        for number in range(outcome.detailed if day >= outcome.origin else 0):
            total = len(outcome.supply.stayers.key) if day == outcome.origin else totals.get((number, day), 0)
            counts[number, at, : len(STAY_AGES)] = _shared(total, begun[number], day, outcome.supply.going_on)
    return pd.arrays.IntegerArray(counts.ravel(), missing.ravel())


def _totals(outcome: Outcome) -> dict[tuple[int, int], int]:
    """Young people staying put by replication and month end."""
    stock = outcome.stock[~outcome.stock["setting"].isin(outcome.codes.in_care)]
    keys = zip(stock["replication"].tolist(), dates.to_days(stock["month_end"]).tolist(), strict=True)
    totals: Counter[tuple[int, int]] = Counter()
    for key, count in zip(keys, stock["children"].tolist(), strict=True):
        totals[key] += count
    return totals


def _begun(outcome: Outcome) -> list[tuple[Ints, Ints, Ints]]:
    """Who began to stay put, for each replication: 18th birthdays, the day since when it is known, how many."""
    already = dates.birthday(outcome.supply.stayers.dob, dates.ADULT)
    known, ones = np.full(len(already), outcome.origin), np.ones(len(already), dtype=np.int64)
    stays = outcome.flows[outcome.flows["event"] == STAY]
    number, count = stays["replication"].to_numpy(np.int64), stays["count"].to_numpy(np.int64)
    birthday = dates.to_days(stays["month"]) + _MID_MONTH
    rows = (np.flatnonzero(number == each) for each in range(outcome.detailed))
    return [
        (np.append(already, birthday[own]), np.append(known, birthday[own]), np.append(ones, count[own]))
        for own in rows
    ]


def _shared(total: int, begun: tuple[Ints, Ints, Ints], day: int, going_on: Sequence[float]) -> Ints:
    """A number of young people staying put on a day by age, never more of an age than began: shape (3,)."""
    birthday, known, count = begun
    age = int(dates.collection_year(day)) - dates.collection_year(birthday)
    here = (age >= 0) & (age < len(STAY_AGES)) & (birthday <= day)
    still = _stay_on(day - birthday[here], going_on) / np.maximum(
        _stay_on(known[here] - birthday[here], going_on), _LEAST
    )
    most = np.bincount(age[here], weights=count[here], minlength=len(STAY_AGES)).astype(np.int64)
    expected = np.bincount(age[here], weights=count[here] * still, minlength=len(STAY_AGES))
    parts = apportion(total, {str(at): float(weight) for at, weight in enumerate(expected) if weight > 0})
    shared = np.minimum([parts.get(str(at), 0) for at in range(len(STAY_AGES))], most)
    for at in range(len(STAY_AGES)):
        shared[at] += min(total - int(shared.sum()), int(most[at] - shared[at]))
    return shared


def _stay_on(days: Ints, going_on: Sequence[float]) -> npt.NDArray[np.float64]:
    """Share of those who stayed at 18 who still stay so many days after the birthday."""
    years = days[:, None] / _YEAR - np.arange(len(going_on))
    still: npt.NDArray[np.float64] = np.prod(np.asarray(going_on) ** np.clip(years, 0.0, 1.0), axis=1)
    return still
