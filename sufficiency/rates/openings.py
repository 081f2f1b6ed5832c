"""Who enters and who comes back: age and first type on entry, and the hazard of re-entry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGE_EDGES, AGED_OUT, TYPES, Codes
from sufficiency.history import History
from sufficiency.rates.recent import share_now

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Entry groups: age band × UASC, in this order everywhere (group number = 2 × band + uasc).
GROUP_BANDS = AGE_BANDS[:-1]
GROUPS = tuple((band, side) for band in GROUP_BANDS for side in (False, True))

RE_ENTRY_AGE_EDGES = (0, 5, 10, 16)
RE_ENTRY_TIME_EDGES = (0, 90, 365, 730)
#: Leavers are of two kinds for re-entry: who went home, and who left care otherwise.
RE_ENTRY_KINDS = ("returned_home", "elsewhere")
_PRIOR_EVENTS = 2.0
#: Re-entry just after exit before any is seen, per child-day; what of it is left at each later time; and the events
#: that this is worth (assumptions: of those who go home about 20 % re-enter within a year and 35 % within six,
#: Goldacre, so that of the hazard of a first year about a fifth is left in later ones).
_FIRST_RATE, _FADING, _BORROWED = 0.5 / 1000, 0.5, 0.5


def group_of(dob: npt.ArrayLike, day: npt.ArrayLike, uasc: npt.ArrayLike) -> Ints:
    """Entry group of children who enter on a day."""
    band = dates.band_of(dates.age_on(dob, day), AGE_EDGES)
    return np.minimum(band, len(GROUP_BANDS) - 1) * 2 + np.asarray(uasc, dtype=np.int64)


@dataclass(frozen=True)
class Openings:
    """Who enters.

    Attributes
    ----------
    ages
        Per entry group, ages at entry in days, ascending (whole returns; in memory only).
    first_types
        Probabilities of the first type, shape (5 age bands, 2, 9 types).
    """

    ages: tuple[Ints, ...]
    first_types: Floats

    def __repr__(self) -> str:
        return f"Openings({sum(len(group) for group in self.ages):,} entries in {len(self.ages)} groups)"


def entries(history: History) -> pd.DataFrame:
    """First entries in the window: child, day (number), month (index), group, age_days, kind (type index)."""
    table = history.placements
    first = table[(table["opening"] == "entry") & table["care_start_known"]]
    day = dates.to_days(first["start"])
    inside = (day >= history.first_day) & (day <= history.origin)
    first, day = first[inside], day[inside]
    dob = dates.to_days(first["dob"])
    kinds = first["setting"].map({name: TYPES.index(history.codes.type_of(name)) for name in history.codes.in_care})
    return pd.DataFrame(
        {
            "child": first["child"].to_numpy(),
            "day": day,
            "month": dates.month_index(day),
            "group": group_of(dob, day, first["uasc"].to_numpy(bool)),
            "age_days": day - dob,
            "kind": kinds.to_numpy(np.int64),
        }
    )


def estimate_openings(history: History) -> Openings:
    """Empirical ages and first types of entrants by group; a group never seen borrows from its band."""
    found = entries(history)
    ages = tuple(_ages(found, number) for number in range(len(GROUPS)))
    counts = np.zeros((len(GROUP_BANDS), 2, len(TYPES)))
    np.add.at(counts, (found["group"] // 2, found["group"] % 2, found["kind"]), 1.0)
    pooled = counts.sum((0, 1)) + 1e-9
    band = counts.sum(1) + pooled / pooled.sum()
    smoothed = counts + (band / band.sum(-1, keepdims=True))[:, None, :]
    return Openings(ages=ages, first_types=smoothed / smoothed.sum(-1, keepdims=True))


def _ages(found: pd.DataFrame, number: int) -> Ints:
    own = np.sort(found.loc[found["group"] == number, "age_days"].to_numpy(np.int64))
    if len(own):
        return own
    # Nobody of this group has entered: spread evenly over the band, so that a scenario can add some.
    low, high = AGE_EDGES[number // 2], AGE_EDGES[number // 2 + 1]
    return np.arange(low * 366, high * 365, 30, dtype=np.int64)


@dataclass(frozen=True)
class Returning:
    """Gamma posteriors of the re-entry hazard per child-day: shape (2 kinds, 4 ages, 4 times since exit)."""

    shape: Floats
    rate: Floats

    @property
    def mean(self) -> Floats:
        """Posterior mean hazard of every cell."""
        return self.shape / self.rate


def leavers(history: History) -> pd.DataFrame:
    """Every end of a period of care before 18: child, dob, uasc, day (number), back (number), home.

    ``back`` is the day of re-entry, :data:`dates.OPEN` for children who have not come back.
    """
    table = history.placements
    after = table["start"].shift(-1).where(table["child"].shift(-1) == table["child"])
    gone = (table["closing"] == "exit") & (table["reason"] != AGED_OUT)
    return pd.DataFrame(
        {
            "child": table.loc[gone, "child"].to_numpy(),
            "dob": dates.to_days(table.loc[gone, "dob"]),
            "uasc": table.loc[gone, "uasc"].to_numpy(bool),
            "day": dates.to_days(table.loc[gone, "end"]),
            "back": dates.to_days(after[gone]),
            "home": (table.loc[gone, "reason"] == RE_ENTRY_KINDS[0]).to_numpy(bool),
        }
    )


def estimate_returning(history: History) -> Returning:
    """Re-entry hazards by kind of leaver, age and time since exit.

    A cell borrows, with the weight of two events (an assumption), from the profile of time since
    exit pooled over ages and kinds times a factor for its kind. A time of which few days were seen
    borrows half the hazard of the time before it, with the weight of half an event (assumptions).
    Those who left before the window's first day are not in the returns, so every leaver here is at
    risk from the day of leaving; a return to care on that same day is not counted. Returns of those
    earlier leavers cannot be told from first entries; how many there are is
    :func:`sufficiency.rates.unseen.returns_unseen`.
    """
    left = leavers(history)
    adult = dates.birthday(left["dob"].to_numpy(), dates.ADULT)
    end = np.minimum(np.minimum(left["back"].to_numpy(), adult), history.origin + 1)
    events, days = _re_entry_cells(left, end, left["back"].to_numpy() <= end)
    pooled = _profile(events.sum((0, 1)), days.sum((0, 1)))
    expected = days * pooled
    kind = (events.sum((1, 2)) + _PRIOR_EVENTS) / (expected.sum((1, 2)) + _PRIOR_EVENTS)
    prior = np.broadcast_to(pooled * kind[:, None, None], days.shape)
    return Returning(shape=_PRIOR_EVENTS + events, rate=_PRIOR_EVENTS / prior + days)


def _profile(events: Floats, days: Floats) -> Floats:
    """Hazard by time since exit, each borrowing from half the one before."""
    rates, expected = np.empty(len(events)), _FIRST_RATE
    for time, (own, at_risk) in enumerate(zip(events, days, strict=True)):
        rates[time] = (own + _BORROWED) / (at_risk + _BORROWED / expected)
        expected = _FADING * rates[time]
    return rates


def _re_entry_cells(left: pd.DataFrame, end: Ints, returned: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    start, dob = left["day"].to_numpy(), left["dob"].to_numpy()
    inner = [dates.birthday(dob, age) for age in RE_ENTRY_AGE_EDGES[1:]]
    inner += [start + edge for edge in RE_ENTRY_TIME_EDGES[1:]]
    stop = np.maximum(end, start)
    cuts = np.sort(np.clip(np.stack(inner, axis=1), start[:, None], stop[:, None]), axis=1)
    edges = np.concatenate([start[:, None], cuts, stop[:, None]], axis=1)
    size = (2, len(RE_ENTRY_AGE_EDGES), len(RE_ENTRY_TIME_EDGES))
    events, days = np.zeros(size), np.zeros(size)
    row, piece = np.nonzero(np.diff(edges, axis=1))
    kind = np.where(left["home"].to_numpy(), 0, 1)

    def cell(rows: Ints, day: Ints) -> tuple[Ints, Ints, Ints]:
        age = dates.band_of(dates.age_on(dob[rows], day), RE_ENTRY_AGE_EDGES)
        return kind[rows], age, dates.band_of(day - start[rows], RE_ENTRY_TIME_EDGES)

    np.add.at(days, cell(row, edges[row, piece]), np.diff(edges, axis=1)[row, piece].astype(np.float64))
    back = np.flatnonzero(returned & (stop > start))
    np.add.at(events, cell(back, stop[back] - 1), 1.0)
    np.add.at(days, cell(back, stop[back] - 1), -0.5)
    return events, days


def in_house_counts(history: History, codes: Codes, days: int = 365, least: int = 30) -> dict[str, tuple[int, int]]:
    """In-house and all arrivals (entries and moves) of each type that has more than one provider.

    Counted over the last ``days``; where that is fewer than ``least`` arrivals, over the whole window.
    """
    out = {}
    for kind, (day, own) in _arrivals(history, codes).items():
        for since in (history.origin - days + 1, history.first_day):
            chosen = own[day >= since]
            if len(chosen) >= least:
                break
        out[kind] = (int(chosen.sum()), len(chosen))
    return out


def provider_shares(history: History, codes: Codes) -> dict[str, tuple[float, float]]:
    """Beta posterior of the share of arrivals that goes in house today, by type with more than one provider.

    Of arrivals by month over the whole window; see :func:`~sufficiency.rates.recent.share_now`.
    """
    out = {}
    for kind, (day, own) in _arrivals(history, codes).items():
        month = dates.month_index(day) - dates.month_index(history.first_day)
        months = int(dates.month_index(history.origin) - dates.month_index(history.first_day)) + 1
        every, chosen = (np.bincount(found, minlength=months).astype(np.float64) for found in (month, month[own]))
        mean, variance = share_now(chosen, every)
        worth = mean * (1 - mean) / variance - 1
        out[kind] = (mean * worth, (1 - mean) * worth)
    return out


def _arrivals(history: History, codes: Codes) -> dict[str, tuple[Ints, npt.NDArray[np.bool_]]]:
    """Day of each arrival in the window, and whether it was in house, by type with more than one provider."""
    table = history.placements
    start = dates.to_days(table["start"])
    out = {}
    for kind in TYPES:
        names = codes.settings_of(kind)
        if len(names) < 2:  # noqa: PLR2004 - a choice needs two
            continue
        arrived = table["setting"].isin(names).to_numpy() & table["opening"].notna().to_numpy()
        arrived &= (start >= history.first_day) & (start <= history.origin)
        out[kind] = (start[arrived], (table["setting"] == names[0]).to_numpy()[arrived])
    return out
