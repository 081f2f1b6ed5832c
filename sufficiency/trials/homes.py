"""How an invented placement is written: its code, provider, URN and postcode, year by year."""

from __future__ import annotations

from dataclasses import dataclass

from sufficiency import dates
from sufficiency.trials.entrants import About
from sufficiency.trials.lives import OPEN, Life, Placement, choose

#: Postcode areas that do not exist: the invented council's own, and its neighbours'.
_OWN_AREA, _OTHER_AREAS = "ZZ", ("ZX", "ZY")
_INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_DISTRICTS, _SECTORS = 9, 9

#: Codes that were renamed from one collection year to the next; the last name whose year has come is used.
_SUPPORTED, _OTHER = "supported", "other"
_RENAMED = {_SUPPORTED: ((1992, "H5"), (2025, "K3")), _OTHER: ((1992, "Z1"), (2026, "Z12"))}
#: Semi-independent living needed registration, and independent living was no longer valid, from this day.
_REGISTRATION = dates.day_number("2023-10-28")
_Z1_ENDS = dates.day_number("2025-04-01")
_RECODED_AGES = 16

#: Chances of codes within a setting: assumptions.
_PLACES = {
    "kinship_fostering": {"U3": 0.62, "U1": 0.38},
    "in_house_fostering": {"U6": 0.72, "U4": 0.28},
    "agency_fostering": {"U6": 0.72, "U4": 0.28},
    "in_house_home": {"K2": 1.0},
    "external_home": {"K2": 1.0},
    "residential_school": {"S1": 1.0},
    "supported_accommodation": {_SUPPORTED: 0.82, "P2": 0.10, "Z1": 0.08},
    "placed_with_parents": {"P1": 1.0},
    "placed_for_adoption": {"A6": 1.0},
    "secure": {"K1": 1.0},
}
_BABIES = {"R3": 0.6, "R2": 0.2, _OTHER: 0.2}
_CHILDREN = {_OTHER: 0.7, "R2": 0.3}
_TEENAGERS = {_OTHER: 0.50, "R1": 0.35, "R2": 0.15}
_YOUNG_PEOPLE = {"R1": 0.45, "R2": 0.20, "R5": 0.20, "P3": 0.15}
_OTHER_PLACES = ((1, _BABIES), (10, _CHILDREN), (15, _TEENAGERS), (18, _YOUNG_PEOPLE))

_PROVIDERS = {
    "kinship_fostering": {"PR1": 0.95, "PR2": 0.05},
    "in_house_fostering": {"PR1": 1.0},
    "agency_fostering": {"PR4": 0.82, "PR5": 0.15, "PR2": 0.03},
    "in_house_home": {"PR1": 1.0},
    "external_home": {"PR4": 0.90, "PR5": 0.08, "PR2": 0.02},
    "residential_school": {"PR4": 0.6, "PR5": 0.4},
    "supported_accommodation": {"PR4": 0.70, "PR5": 0.20, "PR1": 0.10},
    "placed_with_parents": {"PR0": 1.0},
    "placed_for_adoption": {"PR1": 0.75, "PR5": 0.25},
    "secure": {"PR2": 1.0},
    "other": {"PR3": 0.4, "PR4": 0.6},
}
_WITHOUT_PROVIDER = (_OTHER, "Z1")
_PUBLIC = {"R2": "PR3", "R5": "PR3", "P3": "PR4"}

#: How many invented services of each setting there are, and the share of their homes outside the council's area.
_SERVICES = {
    "kinship_fostering": (1, 0.20),
    "in_house_fostering": (1, 0.10),
    "agency_fostering": (12, 0.45),
    "in_house_home": (2, 0.0),
    "external_home": (24, 0.65),
    "residential_school": (4, 0.9),
    "supported_accommodation": (10, 0.30),
    "secure": (3, 1.0),
    "other": (6, 0.5),
    "placed_for_adoption": (1, 0.7),
}
_ONE_ADDRESS = ("in_house_home", "external_home", "residential_school", "secure")
_URN_CODES = ("U1", "U2", "U3", "U4", "U5", "U6", "K1", "K2", "R3", "S1", _SUPPORTED)
#: Draws about an address are numbered from here on, beside those about the service.
_ADDRESS = 10_000
_FOSTERING = ("in_house_fostering", "agency_fostering")
_ADOPTED_BY_CARER = 0.15
_FOSTERING_FOR_ADOPTION = 0.06
_LONG_TERM_SHARE = 0.80
_LONG_TERM_DAYS = (90, 420)
_BACK_TO_SHORT_TERM = 0.3


@dataclass(frozen=True)
class Home:
    """Where and how a placement is written; ``place`` may be a family of codes renamed over the years."""

    place: str
    provider: str
    urn: str
    postcode: str

    def __repr__(self) -> str:
        return f"Home({self.place!r})"

    def place_in(self, year: int) -> str:
        """The code in one collection year."""
        if self.place not in _RENAMED:
            return self.place
        return [name for since, name in _RENAMED[self.place] if since <= year][-1]

    def urn_in(self, year: int, end: int) -> str:
        """The service's number, where that year's return asks for it."""
        registered = self.place != _SUPPORTED or (dates.collection_year(_REGISTRATION) <= year and end >= _REGISTRATION)
        return self.urn if registered else ""


def postcode(uniform: float, spare: float, area: str = _OWN_AREA) -> str:
    """A postcode in the valid form, of an area that does not exist."""
    letters = len(_INWARD_LETTERS)
    whole = int(uniform * _DISTRICTS * _SECTORS)
    pair = int(spare * letters * letters)
    district, sector = 1 + whole // _SECTORS, 1 + whole % _SECTORS
    return f"{area}{district} {sector}{_INWARD_LETTERS[pair // letters]}{_INWARD_LETTERS[pair % letters]}"


def home_postcode(life: Life) -> str:
    """Where the family lives; brothers and sisters share it."""
    return postcode(*life.family_draw(About.HOME))


def first_home(life: Life, placement: Placement, before: tuple[Placement, Home] | None) -> Home:
    """How a placement is written on its first day, knowing the placement before it in the period."""
    if before is not None and adopted_by_carer(life, placement, before[0]):
        return Home("A5", before[1].provider, "", before[1].postcode)
    place = _place(life, placement)
    provider = "" if place in _WITHOUT_PROVIDER else _PUBLIC.get(place, "")
    if not provider and place not in _WITHOUT_PROVIDER:
        provider = life.choose(About.PROVIDER, _PROVIDERS[placement.setting], placement.number)
    left = before[1].urn if before is not None else ""
    return Home(place, provider, *_service(life, placement, place, left))


def adopted_by_carer(life: Life, placement: Placement, before: Placement) -> bool:
    """Whether the carers who foster the child are those who adopt it: the place changes, the carer does not."""
    return (
        placement.setting == "placed_for_adoption"
        and before.setting in _FOSTERING
        and life.draw(About.ADOPTION, 1000 + placement.number)[0] < _ADOPTED_BY_CARER
    )


def _place(life: Life, placement: Placement) -> str:
    uniform, spare = life.draw(About.PLACE_CODE, placement.number)
    age = life.age(placement.start)
    if placement.setting == "other":
        place = choose(uniform, next(places for under, places in _OTHER_PLACES if age < under))
        last = life.adult if placement.end == OPEN else placement.end
        # At 16 the old code Z1 is read as supported accommodation: only children who stay younger have it.
        return "R1" if place == _OTHER and life.age(last) >= _RECODED_AGES else place
    place = choose(uniform, _PLACES[placement.setting])
    if placement.setting in _FOSTERING and age == 0 and spare < _FOSTERING_FOR_ADOPTION:
        return "U5"
    if place == "P2" and placement.end >= _REGISTRATION:
        return _SUPPORTED
    # Unregistered for a while: many places had the code of other placements until they were registered.
    if place == "Z1" and not _REGISTRATION <= placement.start < placement.end < _Z1_ENDS:
        return _SUPPORTED
    return place


def _service(life: Life, placement: Placement, place: str, left: str) -> tuple[str, str]:
    """URN and postcode; a child who moves from one home to another does not move into the same one."""
    if place == "P1":
        return "", home_postcode(life)
    which, away = life.draw(About.WHERE, placement.number)
    services, outside = _SERVICES[placement.setting]
    service = int(which * services)
    number = list(_SERVICES).index(placement.setting)
    if placement.setting in _ONE_ADDRESS and left == _urn(number, service):
        service = (service + 1) % services
    urn = _urn(number, service) if place in _URN_CODES else ""
    where, spare = life.draw(About.WHERE, _ADDRESS + placement.number)
    if placement.setting in _ONE_ADDRESS:
        # A home has one address whoever lives there.
        away, where, spare = (service + 0.5) / services, (service * 0.37) % 1.0, (service * 0.61) % 1.0
    area = _OWN_AREA if away >= outside else _OTHER_AREAS[service % len(_OTHER_AREAS)]
    return urn, postcode(where, spare, area)


def _urn(setting: int, service: int) -> str:
    return f"SC99{setting:02d}{service:02d}"


@dataclass(frozen=True)
class StatusChange:
    """A day on which only the kind of a foster placement changes, the carer staying."""

    day: int
    home: Home

    def __repr__(self) -> str:
        return f"StatusChange({self.home.place!r})"


_LONGER = {"U6": "U4", "U3": "U1", "U5": "U4"}
_SHORTER = {"U4": "U6", "U1": "U3"}


def status_changes(life: Life, placement: Placement, home: Home) -> list[StatusChange]:
    """Changes of status only: to long-term fostering with the same carer, and now and then back."""
    happens, when = life.draw(About.STATUS_CHANGE, placement.number)
    end = min(placement.end, life.adult)
    day = placement.start + _LONG_TERM_DAYS[0] + int(when * (_LONG_TERM_DAYS[1] - _LONG_TERM_DAYS[0]))
    changed = _LONGER.get(home.place) if happens < _LONG_TERM_SHARE else None
    if changed is None and happens < _BACK_TO_SHORT_TERM:
        changed = _SHORTER.get(home.place)
    if changed is None or day >= end:
        return []
    return [StatusChange(day, Home(changed, home.provider, home.urn, home.postcode))]
