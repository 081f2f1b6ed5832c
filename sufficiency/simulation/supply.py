"""The places of an authority: from its own table, or taken from what was once occupied; and who stays on at 18."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from sufficiency import dates
from sufficiency.codes import AGED_OUT, TYPES, Codes
from sufficiency.draws import KeyWords, Purpose, draws, key_words, month_key, stock_key
from sufficiency.history import History
from sufficiency.history.stock import spells, stock_at
from sufficiency.simulation.places import (
    NOWHERE,
    STAY_AGES,
    Places,
    Stayers,
    Staying,
    Waiting,
    constant,
    no_places,
    no_stayers,
    saturating,
)
from sufficiency.tables import Capacity

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Take-up of staying put at 18: 60 % of those who turned 18 in foster care (DfE, 2021), 18 points lower with
#: agencies than with councils (Ofsted, 2017-18); that two thirds foster in house is an assumption.
UPTAKE = {"kinship_fostering": 0.66, "in_house_fostering": 0.66, "agency_fostering": 0.48}
#: Of those staying at 18 who still stay at 19, and of those at 20 (DfE, 2018: 55, 31 and 21 % by age; a synthetic
#: cohort). That the year to 21 is as that to 20 is an assumption.
GOING_ON = (0.56, 0.67, 0.67)
_YEAR = 365.25
#: Birthdays within so many days leave everybody of the same age, leap year or not.
_LEAST_YEAR = 365
_PEAK_YEARS = 3
#: More places than anybody could ever hold: so many, and so many times the children in care at the origin.
PLENTY, _TIMES = 5_000, 4
#: Keys of young people already staying put begin here, clear of those of children in the returns.
_STAYER_RANKS = 2**31


@dataclass(frozen=True)
class Supply:
    """Places, matching and staying put of one authority at its origin.

    Attributes
    ----------
    rows
        setting, from (day number), places, unavailable (on average; a plan's need not be whole); sorted by setting
        and day.
    inferred
        Settings whose places are the most once occupied, and not the council's own figure.
    one_suits
        m by setting: the chance that one vacancy suits one child (see :mod:`~sufficiency.simulation.matching`);
        a limited in-house setting without one takes a constant share while any place is vacant.
    shares
        Share of arrivals taken while any place is vacant, by in-house setting: the second form.
    stayers
        Young people staying put at the origin, and where that number comes from.
    uptake, going_on
        Staying put: take-up at 18 by care setting, and the shares that stay on for a year at 18, 19, 20.
    waiting, staying
        A plan's: who waits for a place, and take-up from date to date in place of ``uptake``.
    """

    rows: pd.DataFrame
    inferred: tuple[str, ...] = ()
    one_suits: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    stayers: Stayers = field(default_factory=no_stayers)
    stayers_source: str = "none"
    uptake: Mapping[str, float] = field(default_factory=lambda: dict(UPTAKE))
    going_on: tuple[float, float, float] = GOING_ON
    waiting: Waiting | None = None
    staying: Staying | None = None

    def __repr__(self) -> str:
        """Counts only: stayers are people."""
        return f"Supply({', '.join(dict.fromkeys(self.rows['setting']))}; {len(self.stayers.key)} staying put)"

    @property
    def settings(self) -> tuple[str, ...]:
        """Limited settings."""
        return tuple(dict.fromkeys(self.rows["setting"]))


def supply_of(history: History, capacity: Capacity | None = None, staying: pd.DataFrame | None = None) -> Supply:
    """Places and young people staying put at the origin, from the council's tables or else inferred.

    Parameters
    ----------
    capacity
        The council's places; in-house settings that it does not name are inferred.
    staying
        The council's count of young people staying put; else OC3's; else the published take-up
        applied to those who aged out of foster care.
    """
    stayers, source = opening_stayers(history, staying)
    rows = _given_rows(capacity)
    settings = history.codes.settings
    wanted = settings.loc[settings["in_care"] & settings["limited"], "setting"]
    inferred = tuple(name for name in wanted if name not in set(rows["setting"]))
    peaks = _peaks(history, inferred, stayers)
    most = pd.DataFrame({"setting": list(peaks), "from": history.origin + 1, "places": list(peaks.values())})
    every = pd.concat([rows, most.assign(unavailable=0)], ignore_index=True).sort_values(["setting", "from"])
    kinds = {"from": "int64", "places": "int64", "unavailable": "int64"}
    return Supply(
        every.astype(kinds).reset_index(drop=True),
        tuple(peaks),
        _given_matches(capacity),
        stayers=stayers,
        stayers_source=source,
    )


def without_limit(supply: Supply, setting: str, children: int, day: int) -> Supply:
    """The same supply with more places in one limited setting than anybody could hold, all of them usable.

    How well a vacancy suits stays as it was; a setting without a limit has none to lose.

    Parameters
    ----------
    children
        In care at the origin.
    day
        The first simulated day.
    """
    if setting not in supply.settings:
        return supply
    others = supply.rows[supply.rows["setting"] != setting]
    plenty = PLENTY + _TIMES * children
    row = pd.DataFrame({"setting": [setting], "from": [day], "places": [plenty], "unavailable": [0]})
    every = pd.concat([others, row], ignore_index=True).sort_values(["setting", "from"], ignore_index=True)
    return replace(supply, rows=every)


def no_limits() -> Supply:
    """Room for everybody, and nobody staying put."""
    return Supply(_given_rows(None))


def _given_rows(capacity: Capacity | None) -> pd.DataFrame:
    if capacity is None:
        return pd.DataFrame({"setting": [], "from": [], "places": [], "unavailable": []})
    table = capacity.table
    return table.assign(**{"from": dates.to_days(table["from"])})[["setting", "from", "places", "unavailable"]]


def _given_matches(capacity: Capacity | None) -> dict[str, float]:
    if capacity is None:
        return {}
    told = capacity.table.dropna(subset=["one_suits"]).drop_duplicates("setting", keep="last")
    return dict(zip(told["setting"], told["one_suits"].astype(float), strict=True))


def _peaks(history: History, names: tuple[str, ...], stayers: Stayers) -> dict[str, int]:
    """Most places held on any day of the last three years, young people staying put at the origin counted in."""
    first = max(history.first_day, dates.add_years(history.origin, -_PEAK_YEARS) + 1)
    codes = history.codes
    counts = stock_at(spells(history.placements, codes), np.arange(first, history.origin + 1), len(codes.all_settings))
    held = counts.sum(axis=(2, 3)).max(axis=0)
    staying = np.bincount(stayers.setting, minlength=len(codes.in_care))
    found = {name: int(held[codes.all_settings.index(name)] + staying[codes.in_care.index(name)]) for name in names}
    return {name: most for name, most in found.items() if most > 0}


def opening_stayers(history: History, staying: pd.DataFrame | None) -> tuple[Stayers, str]:
    """Young people staying put at the origin, and what their number is taken from."""
    codes = history.codes
    if staying is not None:
        named = zip(staying["setting"], staying["age"].tolist(), staying["young_people"].tolist(), strict=True)
        counts = {(str(name), int(age)): int(people) for name, age, people in named}
        return _stayers(counts, history.origin, codes), "the council's table"
    known = history.leavers
    # Later tables were not known at the origin, older ones are stale.
    latest = known[known["year"] == dates.last_year_over(history.origin)]
    if len(latest):
        counts = _from_oc3(latest[latest["staying_put"] & latest["age"].isin(STAY_AGES)], history)
        return _stayers(counts, history.origin, codes), "OC3"
    return _stayers(_from_shape(history), history.origin, codes), "published take-up"


def _after_18(codes: Codes) -> dict[str, str]:
    """Settings in care from which one can stay put, with the setting after 18."""
    numbers = zip(codes.in_care, codes.after_18, strict=True)
    return {name: codes.all_settings[number] for name, number in numbers if number != NOWHERE}


def _aged_out(history: History) -> pd.DataFrame:
    """Those who aged out of where one can stay put: child, after (the setting after 18), age at the origin."""
    after, table = _after_18(history.codes), history.placements
    left = table[(table["reason"] == AGED_OUT) & table["setting"].isin(after)]
    age = dates.age_on(dates.to_days(left["dob"]), np.full(len(left), history.origin))
    return pd.DataFrame({"child": left["child"], "after": left["setting"].map(after), "age": age})


def _from_oc3(latest: pd.DataFrame, history: History) -> dict[tuple[str, int], int]:
    """Counts by setting and age: of those whose last setting is not in the returns, as that of the others."""
    past = _aged_out(history)
    setting = latest["child"].map(past.drop_duplicates("child", keep="last").set_index("child")["after"])
    mix = _mix(past["after"], history)
    counts: dict[tuple[str, int], int] = {}
    for age in STAY_AGES:
        own = setting[latest["age"] == age]
        named, unknown = own.value_counts(), int(own.isna().sum())
        spread = apportion(unknown, {str(name): float(weight) for name, weight in mix.items()})
        for name in {*named.index, *spread}:
            counts[str(name), age] = int(named.get(name, 0)) + spread.get(name, 0)
    return counts


def _mix(aged_out: pd.Series, history: History) -> dict[str, float]:
    """Weights of the settings after 18: of those who aged out there, else of all ever fostered, else alike."""
    after = _after_18(history.codes)
    fostered = history.placements["setting"].map(after).dropna()
    seen = next((some for some in (aged_out, fostered) if len(some)), pd.Series(list(after.values())))
    return {str(name): float(many) for name, many in seen.value_counts().items()}


def _from_shape(history: History) -> dict[tuple[str, int], int]:
    past = _aged_out(history)
    care = {after: UPTAKE.get(name, 0.0) for name, after in _after_18(history.codes).items()}
    half = [math.sqrt(share) for share in GOING_ON]
    # Half a year after the birthday, on average: half of the year's loss has happened.
    still = {18: half[0], 19: GOING_ON[0] * half[1], 20: GOING_ON[0] * GOING_ON[1] * half[2]}
    pairs = Counter(zip(past["after"].astype(str), past["age"].tolist(), strict=True))
    return {(name, age): round(size * care[name] * still[age]) for (name, age), size in pairs.items() if age in still}


def apportion(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Split a whole number in proportion to weights: whole parts by largest remainder."""
    if not weights or total == 0:
        return {}
    whole = sum(weights.values())
    exact = {name: total * weight / whole for name, weight in weights.items()}
    parts = {name: int(value) for name, value in exact.items()}
    by_rest = sorted(exact, key=lambda name: (parts[name] - exact[name], name))
    for name in by_rest[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def _stayers(counts: Mapping[tuple[str, int], int], origin: int, codes: Codes) -> Stayers:
    """People of each setting and age, their birthdays spread evenly over the year (an assumption)."""
    care = {codes.all_settings[after]: at for at, after in enumerate(codes.after_18) if after != NOWHERE}
    dob: list[int] = []
    setting: list[int] = []
    for (name, age), people in sorted(counts.items()):
        for number in range(people):
            turned = origin - int((number + 0.5) / people * _LEAST_YEAR)
            day = int(dates.add_years(turned, -age))
            # Years before a 29 February lies the 1 March after it, and the birthday would be a day late.
            dob.append(day - int(dates.birthday(day, age) > turned))
            setting.append(care[name])
    kept = [at for at, born in enumerate(dob) if dates.add_years(born, 21) > origin + 1]
    key = stock_key(_STAYER_RANKS + np.array(kept, dtype=np.int64))
    born, held = np.array(dob, dtype=np.int64)[kept], np.array(setting, dtype=np.int64)[kept]
    return Stayers(key=key, dob=born, uasc=np.zeros(len(kept), dtype=bool), setting=held)


class PlaceDraws:
    """A supply laid out for a horizon: the places of any replication, unavailable ones drawn month by month.

    Places stand still within a month but for the council's own dates; unavailable ones are Binomial
    with their share of the places.
    """

    def __init__(self, supply: Supply, codes: Codes, first_day: int, days: int) -> None:
        self._base = _fixed(supply, codes, first_day)
        cuts = dates.month_edges(first_day, first_day + days - 1)
        parts = [_steps(own, codes.in_care.index(str(name)), cuts) for name, own in supply.rows.groupby("setting")]
        table = np.concatenate([np.zeros((0, 4), dtype=np.int64), *(whole for whole, _ in parts)])
        away = np.concatenate([np.zeros(0), *(own for _, own in parts)])
        order = np.lexsort((table[:, 1], table[:, 0]))
        # Laid out as all other arrays are: to the compiled engine another layout is another type, compiled anew.
        self._day, self._setting, self._month, self._places = np.ascontiguousarray(table[order].T)
        self._keys = month_key(self._setting, self._month)
        pairs, row = np.unique(np.column_stack([self._places, away[order]]), axis=0, return_inverse=True)
        # Where all can be used nothing is drawn.
        self._rows = [np.flatnonzero(row == number) for number in np.flatnonzero(pairs[:, 1])]
        some = pairs[pairs[:, 1] > 0]
        share = some[:, 1] / some[:, 0]
        most = np.arange(int(some[:, 0].max(initial=0)) + 1)
        self._below: Floats = np.asarray(binom.cdf(most, some[:, :1], share[:, None]))
        self._base = replace(self._base, change_day=self._day, change_setting=self._setting)
        # Made once, and handed on to every replication.
        _ = self._base.together

    def draw(self, keys: Sequence[KeyWords]) -> list[Places]:
        """The places of some replications."""
        uniform, _ = draws(key_words(keys), self._keys, 0, Purpose.UNAVAILABLE)
        away = np.zeros(uniform.shape, dtype=np.int64)
        for rows, below in zip(self._rows, self._below, strict=True):
            away[:, rows] = np.searchsorted(below, uniform[:, rows])
        return [self._base.drawn(usable) for usable in self._places - away]


def _fixed(supply: Supply, codes: Codes, first_day: int) -> Places:
    """Everything about places that no replication draws."""
    names = codes.in_care
    # Only a choice between providers looks at how many are vacant.
    matched = supply.rows.loc[
        supply.rows["setting"].isin({pair[0] for pair in in_house_types(codes).values()}), "places"
    ]
    most = max(int(matched.max()) if len(matched) else 0, 1)
    suits, one = np.zeros((len(names), most + 1)), np.ones(len(names))
    for number, name in enumerate(names):
        one[number] = supply.one_suits.get(name, supply.shares.get(name, 1.0))
        form = saturating if name in supply.one_suits else constant
        suits[number] = form(one[number], most)
    ends = [-math.log(share) / _YEAR if share > 0 else 1.0 for share in supply.going_on]
    dated = {**(vars(supply.waiting) if supply.waiting else {}), **(vars(supply.staying) if supply.staying else {})}
    fixed = replace(
        no_places(codes, first_day),
        limited=np.isin(names, supply.settings),
        suits=suits,
        one_suits=one,
        uptake=np.array([[supply.uptake.get(name, 0.0) for name in names]]),
        stay_hazard=np.tile(np.array(ends), (len(names), 1)),
    )
    return replace(fixed, **dated)


def _steps(own: pd.DataFrame, setting: int, cuts: Ints) -> tuple[Ints, Floats]:
    """From each month's first day and each of the given dates: day, setting, month, places; and unavailable ones."""
    months, begins = cuts[:-1], own["from"].to_numpy(np.int64)
    day = np.unique(np.concatenate([months, begins[(begins > months[0]) & (begins < cuts[-1])]]))
    row = np.maximum(np.searchsorted(begins, day, side="right") - 1, 0)
    month = np.searchsorted(months, day, side="right") - 1
    places, away = own["places"].to_numpy(np.int64)[row], own["unavailable"].to_numpy(np.float64)[row]
    return np.column_stack([day, np.full(len(day), setting), month, places]), away


def in_house_types(codes: Codes) -> dict[str, tuple[str, str]]:
    """Types with an in-house and another setting, in that order."""
    return {kind: (pair[0], pair[1]) for kind in TYPES if len(pair := codes.settings_of(kind)) > 1}
