"""The supply of a plan: the baseline's places, waiting lists and staying put with what the plan's levers do to them.

How well a vacancy suits, and the shares of the second form of matching, stay as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.scenario.place_effects import HELD_TODAY, PlaceEffects, whole
from sufficiency.simulation.places import NOWHERE, Staying, Waiting
from sufficiency.simulation.supply import Supply, in_house_types

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Places of a provider that has room for everybody till a plan limits it: more than England's children in care.
ENDLESS = 100_000
_DOWN_TO = "fostering"
_YEAR = 12


@dataclass(frozen=True)
class Living:
    """What is known of each setting in care at the origin, shape (settings,).

    Attributes
    ----------
    children, holders
        Children who live there, and with them young people who stay put.
    arriving
        Placements begun there in a month, on average over the last year, with external providers of types that
        are also in house; 0 elsewhere.
    """

    children: Ints
    holders: Ints
    arriving: Floats


def living(supply: Supply, codes: Codes, children: Ints, in_house: Mapping[str, tuple[int, int]]) -> Living:
    """What is known of each setting.

    Parameters
    ----------
    children
        Children in care by setting.
    in_house
        Arrivals of the last year by type: in house, and all.
    """
    arriving = np.zeros(len(codes.in_care))
    for kind, pair in in_house_types(codes).items():
        taken, every = in_house.get(kind, (0, 0))
        arriving[codes.in_care.index(pair[1])] = (every - taken) / _YEAR
    return Living(children, children + np.bincount(supply.stayers.setting, minlength=len(children)), arriving)


def planned(supply: Supply, effects: PlaceEffects, codes: Codes, first_day: int, now: Living) -> Supply:
    """The supply of a plan: the same where the plan changes none of it."""
    if not effects.changes_anything:
        return supply
    begins = dates.month_start(dates.month_index(first_day) + np.arange(len(effects.across)))
    begins[0] = first_day
    going_on = np.clip(np.array(supply.going_on) + effects.going_on, 0.0, 1.0)
    return replace(
        supply,
        rows=_rows(supply, effects, codes, begins, now) if effects.changes_places else supply.rows,
        waiting=_waiting(effects, codes, begins, now) if effects.changes_waiting else None,
        staying=_staying(supply, effects, codes, begins) if effects.uptake.any() else None,
        going_on=(float(going_on[0]), float(going_on[1]), float(going_on[2])),
    )


def _rows(supply: Supply, effects: PlaceEffects, codes: Codes, begins: Ints, now: Living) -> pd.DataFrame:
    """Every limited setting's places with the plan's; those that no lever touches as they were."""
    houses = {pair[0] for pair in in_house_types(codes).values()}
    parts = []
    for number, name in enumerate(codes.in_care):
        own = supply.rows[supply.rows["setting"] == name]
        limited, added = np.isfinite(effects.limit[:, number]).any(), effects.added[:, number].any()
        touched = limited or added or effects.growth[:, number].any() or effects.removed[:, number].any()
        # Where there is room for everybody, more room or less is no change; the council's own first places are.
        if touched and (len(own) or limited or (name in houses and added)):
            own = _begun(own, name, begins[0], 0 if name in houses else ENDLESS)
            own = _changed(own, number, effects, begins, int(now.holders[number]))
        if len(own):
            parts.append(own)
    return pd.concat(parts, ignore_index=True).sort_values(["setting", "from"], ignore_index=True)


def _begun(own: pd.DataFrame, name: str, first_day: int, places: int) -> pd.DataFrame:
    """The baseline's rows of a setting, or one from the first day where it has none."""
    if len(own):
        return own
    return pd.DataFrame({"setting": [name], "from": [first_day], "places": [places], "unavailable": [0]})


def _changed(own: pd.DataFrame, setting: int, effects: PlaceEffects, begins: Ints, holders: int) -> pd.DataFrame:
    """Places and unavailable ones of a setting from each date on: they grow, are limited, removed, added."""
    given = own["from"].to_numpy(np.int64)
    day = np.unique(np.concatenate([begins, given[given > begins[0]]]))
    row = np.maximum(np.searchsorted(given, day, side="right") - 1, 0)
    month = np.searchsorted(begins, day, side="right") - 1
    before, away = own["places"].to_numpy(np.int64)[row], own["unavailable"].to_numpy(np.float64)[row]
    growth = effects.growth[month, setting]
    grown = np.maximum(before + np.sign(growth).astype(np.int64) * whole(before * np.abs(growth)), 0)
    limited = np.minimum(grown, _limits(effects, setting, holders)[month])
    removed = np.minimum(effects.removed[month, setting], limited)
    kept = limited - removed
    added = np.maximum(effects.added[month, setting] - (effects.removed[month, setting] - removed), 0)
    share = effects.away[month, setting] / np.maximum(effects.added[month, setting], 1)
    away = away * kept / np.maximum(before, 1) + added * share
    table = pd.DataFrame({"setting": own["setting"].iloc[0], "from": day, "places": kept + added, "unavailable": away})
    return table[_differs(table[["places", "unavailable"]].to_numpy())]


def _limits(effects: PlaceEffects, setting: int, holders: int) -> Ints:
    """The plan's limit by month, come down so far from those who live there today; endless where it has none."""
    limit, part = effects.limit[:, setting], effects.limit_part[:, setting]
    then = np.where(limit == HELD_TODAY, holders, limit)
    above = np.where(np.isfinite(then), np.maximum(holders - then, 0.0), 0.0)
    return whole(np.minimum(then + (1.0 - part) * above, ENDLESS))


def _waiting(effects: PlaceEffects, codes: Codes, begins: Ints, now: Living) -> Waiting:
    """Shares who wait, from each date on which one changes."""
    across = np.minimum(effects.across + _following(effects.followers, now), 1.0)
    steps = _differs(np.concatenate([across, effects.down], axis=1))
    house = in_house_types(codes)
    return Waiting(
        wait_day=begins[steps],
        across=across[steps],
        down=effects.down[steps],
        down_to=codes.in_care.index(house[_DOWN_TO][0]) if _DOWN_TO in house else NOWHERE,
        success=effects.success,
        after_days=effects.after_days,
        wait_unmet=effects.wait_unmet,
    )


def _following(followers: Floats, now: Living) -> Floats:
    """Shares of the children of a setting that give so many followers in each month, shape (months, settings).

    Whether a child waits is decided by one number between 0 and 1, drawn for each placement: it does where that
    lies below the share. Below the share of an earlier month only those are left who have come since; so the share
    has to rise for others to follow. Numbers of children and of arrivals are taken to be steady (an assumption).
    """
    shares, reached = np.zeros(followers.shape), np.zeros(followers.shape[1])
    left = np.zeros(followers.shape[1])
    there = np.maximum(now.children, 1)
    for month, wanted in enumerate(followers):
        left = left + now.arriving * (reached - left / there)
        rise = reached + (wanted - left) / there
        share = np.where(wanted > left, rise, reached * wanted / np.maximum(left, 1e-12))
        shares[month] = np.where((wanted > 0) & (now.children > 0), np.minimum(share, 1.0), 0.0)
        reached = np.maximum(reached, shares[month])
        left = np.maximum(left - wanted, 0.0)
    return shares


def _staying(supply: Supply, effects: PlaceEffects, codes: Codes, begins: Ints) -> Staying:
    """Take-up from each date on which it changes."""
    base = np.array([supply.uptake.get(name, 0.0) for name in codes.in_care])
    uptake = np.clip(base + effects.uptake, 0.0, 1.0)
    steps = _differs(uptake)
    return Staying(begins[steps], uptake[steps])


def _differs(table: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Rows that are not as the one before: shape (rows,)."""
    return np.concatenate(([True], (table[1:] != table[:-1]).any(axis=1)))
