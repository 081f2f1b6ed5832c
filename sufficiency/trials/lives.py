"""Each invented child's life in care, child by child, and the facts that the model does not need."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sufficiency import dates
from sufficiency.draws import KeyWords, Purpose, draw, pick
from sufficiency.history.stock import NONE, OPENINGS, REASONS
from sufficiency.trials.entrants import About
from sufficiency.trials.invented import Invented

OPEN = int(dates.OPEN)
_MOVE = OPENINGS.index("move")

#: Share of males: DfE, children in care at 31 March 2025 (56 %), and among children seeking asylum (assumption).
_MALE = {False: 0.53, True: 0.93}
#: Shares by ethnicity: assumption, shaped on DfE's groups at 31 March 2025.
_ETHNIC = {
    False: {
        "WBRI": 0.70,
        "WIRI": 0.005,
        "WIRT": 0.01,
        "WROM": 0.015,
        "WOTH": 0.07,
        "MWBC": 0.04,
        "MWBA": 0.015,
        "MWAS": 0.02,
        "MOTH": 0.03,
        "APKN": 0.03,
        "AIND": 0.005,
        "ABAN": 0.005,
        "AOTH": 0.01,
        "BCRB": 0.01,
        "BAFR": 0.02,
        "BOTH": 0.005,
        "OOTH": 0.01,
    },
    True: {"AOTH": 0.35, "BAFR": 0.30, "OOTH": 0.30, "WOTH": 0.05},
}
#: DfE, category of need of children who started in 2022/23, those with absent parenting (mostly UASC) left small.
_NEED = {"N1": 0.70, "N2": 0.02, "N3": 0.03, "N4": 0.10, "N5": 0.12, "N6": 0.025, "N8": 0.005}
_LEAP_DAY = (2, 29)
_EPOCH = date(1970, 1, 1).toordinal()
_MOTHER_AGE = 15
_MOTHERS = 0.05


@lru_cache(maxsize=1 << 17)
def _drawn(words: KeyWords, key: int, about: About, extra: int) -> tuple[float, float]:
    """A draw is a fact about the child: many tables ask for the same one, year after year."""
    return draw(words, key, about, Purpose.WORLD, extra)


@dataclass(frozen=True)
class Placement:
    """One placement; ``end`` is :data:`OPEN` where it has not ended, ``number`` counts in the life."""

    setting: str
    start: int
    end: int
    number: int

    def __repr__(self) -> str:
        return f"Placement({self.setting!r})"


@dataclass(frozen=True)
class Period:
    """One period of care; ``reason`` is None while it goes on."""

    number: int
    placements: tuple[Placement, ...]
    reason: str | None

    @property
    def start(self) -> int:
        """Day of entry."""
        return self.placements[0].start

    @property
    def end(self) -> int:
        """Day of leaving, or :data:`OPEN`."""
        return self.placements[-1].end

    def __repr__(self) -> str:
        return f"Period({len(self.placements)} placements)"


@dataclass(frozen=True)
class Life:
    """A child with all its periods of care, and the draws that belong to it."""

    rank: int
    key: int
    words: KeyWords
    dob: int
    uasc: bool
    family_key: int
    periods: tuple[Period, ...]

    def __repr__(self) -> str:
        return f"Life({len(self.periods)} periods)"

    def draw(self, about: About, extra: int = 0) -> tuple[float, float]:
        """Two uniforms about something of this child."""
        return _drawn(self.words, self.key, about, extra)

    def family_draw(self, about: About, extra: int = 0) -> tuple[float, float]:
        """Two uniforms that brothers and sisters share."""
        return _drawn(self.words, self.family_key, about, extra)

    def choose(self, about: About, chances: dict[str, float], extra: int = 0) -> str:
        """One of the names, in proportion to its chance."""
        return choose(self.draw(about, extra)[0], chances)

    @property
    def adult(self) -> int:
        """18th birthday."""
        return self.birthday(dates.ADULT)

    def birthday(self, age: int) -> int:
        """Day of a birthday."""
        return birthday(self.dob, age)

    def age(self, day: int) -> int:
        """Whole years of age on a day."""
        years = dates.as_date(day).year - dates.as_date(self.dob).year
        return years - (birthday(self.dob, years) > day)

    @property
    def child_id(self) -> str:
        """An identifier that nobody can take for a real one."""
        return f"INVENTED{self.rank + 1:05d}"

    @property
    def upn(self) -> str:
        """A pupil number in the valid form, of an authority number that does not exist."""
        return f"Z999{self.rank + 1:09d}"

    @property
    def male(self) -> bool:
        """Sex."""
        return self.draw(About.SEX)[0] < _MALE[self.uasc]

    @property
    def ethnicity(self) -> str:
        """Ethnicity code, the same for brothers and sisters."""
        return choose(self.family_draw(About.ETHNICITY)[0], _ETHNIC[self.uasc])

    def need(self, period: int) -> str:
        """Category of need, which stays the same in a period of care."""
        return "N8" if self.uasc else choose(self.family_draw(About.NEED, period)[0], _NEED)

    @property
    def own_child_born(self) -> int | None:
        """Day on which a girl in care became a mother, for a few."""
        which, when = self.draw(About.MOTHER)
        if self.male or which >= _MOTHERS:
            return None
        first = self.birthday(_MOTHER_AGE)
        return first + int(when * (self.adult - first))


def birthday(dob: int, age: int) -> int:
    """The same as :func:`dates.birthday` for one person, many times quicker."""
    born = dates.as_date(dob)
    if (born.month, born.day) == _LEAP_DAY and not isleap(born.year + age):
        born = date(born.year, 3, 1)
    return date(born.year + age, born.month, born.day).toordinal() - _EPOCH


def choose(uniform: float, chances: dict[str, float]) -> str:
    """One of the names, in proportion to its chance."""
    return list(chances)[pick(uniform, list(chances.values()))]


def lives(invented: Invented) -> list[Life]:
    """Everyone who was ever in care, in order of rank."""
    given, codes = invented.journeys, invented.codes.all_settings
    columns = zip(
        *(getattr(given, name).tolist() for name in ("child", "setting", "start", "end", "opening", "reason")),
        strict=True,
    )
    entrants = invented.arrivals.entrants
    keys, births, sides = entrants.key.tolist(), entrants.dob.tolist(), entrants.uasc.tolist()
    families = _family_keys(invented)
    periods: dict[int, list[list[tuple[Placement, int]]]] = {}
    for child, setting, start, end, opening, reason in columns:
        own = periods.setdefault(child, [])
        if opening != _MOVE:
            own.append([])
        number = sum(map(len, own))
        own[-1].append((Placement(codes[setting], start, end, number), reason))
    return [
        Life(child, keys[child], invented.key, births[child], sides[child], families[child], _periods(own))
        for child, own in sorted(periods.items())
    ]


def _family_keys(invented: Invented) -> list[int]:
    """Key of the first child of each child's family."""
    first: dict[int, int] = {}
    keys = invented.arrivals.entrants.key.tolist()
    for family, key in zip(invented.arrivals.family.tolist(), keys, strict=True):
        first[family] = min(first.get(family, key), key)
    return [first[family] for family in invented.arrivals.family.tolist()]


def _periods(own: Sequence[Sequence[tuple[Placement, int]]]) -> tuple[Period, ...]:
    return tuple(
        Period(number, tuple(placement for placement, _ in rows), None if rows[-1][1] == NONE else REASONS[rows[-1][1]])
        for number, rows in enumerate(own)
    )
