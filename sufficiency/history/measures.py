"""Every measure of journeys: what it is, where its definition comes from, and how it is counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sufficiency import dates
from sufficiency.codes import AGED_OUT, EXIT_REASONS
from sufficiency.history.days import Bools
from sufficiency.history.seen import Find, Pair, Window, count, mean, share
from sufficiency.history.stability import (
    entering_to_adopters,
    permanent_under_five,
    permanent_under_five_share,
    three_or_more,
    two_years,
)

DFE = "DfE, children looked after statistics"
OURS = "this package"
_STRATEGIES = "council strategies"


@dataclass(frozen=True)
class Measure:
    """One measure.

    ``annual`` measures count a child once in a financial year and have no meaning for a quarter;
    of ``rated`` ones the rate per 10,000 children is given too where the population is known.
    ``march`` marks names that end in ``_31_march`` in the yearly table.
    """

    name: str
    means: str
    source: str
    find: Find
    annual: bool = False
    rated: bool = False
    march: bool = False

    def named(self, *, yearly: bool) -> str:
        """The name in the yearly or the quarterly table."""
        return f"{self.name}_31_march" if self.march and yearly else self.name


def _living_in(*kinds: str) -> Find:
    """Share of children present who live in settings of some types."""

    def find(seen: Window) -> Pair:
        names = [name for kind in kinds for name in seen.given.codes.settings_of(kind)]
        return share(seen.present.table["setting"].isin(names).to_numpy(bool), _everyone(seen))

    return find


def _in(*settings: str) -> Find:
    """Share of children present who live in some settings."""
    return lambda seen: share(seen.present.table["setting"].isin(settings).to_numpy(bool), _everyone(seen))


def _everyone(seen: Window) -> Bools:
    return np.ones(len(seen.present.table), dtype=bool)


def _in_house(seen: Window) -> Pair:
    settings = seen.given.codes.settings
    own = settings.loc[settings["provider"] == "in_house", "setting"]
    return share(seen.present.table["setting"].isin(own).to_numpy(bool), _everyone(seen))


def _agency_of_fostering(seen: Window) -> Pair:
    table, codes = seen.present.table, seen.given.codes
    fostered = table["setting"].isin(codes.settings_of("fostering")).to_numpy(bool)
    external = codes.settings.loc[codes.settings["provider"] == "external", "setting"]
    return share(table["setting"].isin(external).to_numpy(bool), fostered)


def _in_house_gain(seen: Window) -> Pair:
    """In-house foster placements in force at the end less those the day before the window."""
    given = seen.given
    mine = given.is_("setting", "in_house_fostering")
    before = mine & (given.start < seen.first) & (given.end >= seen.first)
    now = float(seen.present.table["setting"].eq("in_house_fostering").sum())
    return now - float(before.sum()), np.nan


def _days_in_care(seen: Window) -> Pair:
    present = seen.present
    return mean(present.day - present.care_start, present.care_start_known)


def _known_starts(seen: Window) -> Pair:
    return share(seen.present.care_start_known, _everyone(seen))


def _days_at_exit(seen: Window) -> Pair:
    given = seen.given
    return mean(np.where(seen.left, given.end, 0) - given.care_start, seen.left & given.flag("care_start_known"))


def _entered(*openings: str) -> Find:
    return lambda seen: count(seen.began & seen.given.is_("opening", *openings))


def _first_aged(low: int, high: int) -> Find:
    """First entries of children aged low to high on the day."""

    def find(seen: Window) -> Pair:
        age = dates.age_on(seen.given.dob, np.where(seen.began, seen.given.start, seen.given.dob))
        return count(seen.began & seen.given.is_("opening", "entry") & (age >= low) & (age <= high))

    return find


def _exited(reason: str) -> Find:
    return lambda seen: count(seen.ended & seen.given.is_("reason", reason))


def _per_child_year(seen: Window, events: Bools) -> Pair:
    return float(events.sum()), seen.child_years


def _moves(seen: Window) -> Bools:
    return np.asarray(seen.began & seen.given.is_("opening", "move"))


def _children(seen: Window, events: Bools) -> Pair:
    return float(seen.given.table.loc[events, "child"].nunique()), np.nan


_EXIT_WORDS = {
    "returned_home": "to parents or relatives",
    "adopted": "to adoption",
    "special_guardianship": "to special guardianship",
    "other_order": "to a child arrangements or residence order",
    "independent_living": "to independent living before 18",
    "transferred": "to the care of another authority",
    "other": "for another reason",
}

MEASURES: tuple[Measure, ...] = (
    Measure(
        "children",
        "Children in care on the last day",
        DFE,
        lambda seen: (float(len(seen.present.table)), np.nan),
        rated=True,
        march=True,
    ),
    Measure("entries", "Periods of care that began", OURS, lambda seen: count(seen.entered), rated=True),
    Measure("first_entries", "Of these, first periods of a child in the returns", OURS, _entered("entry")),
    Measure("re_entries", "Of these, of a child who had left care before", _STRATEGIES, _entered("re_entry")),
    Measure("first_entries_10_to_15", "First entries at 10 to 15", _STRATEGIES, _first_aged(10, 15)),
    Measure("first_entries_16_to_17", "First entries at 16 or 17", _STRATEGIES, _first_aged(16, 17)),
    Measure(
        "entries_uasc",
        "Entries of children seeking asylum",
        DFE,
        lambda seen: count(seen.entered & seen.given.flag("uasc")),
    ),
    Measure(
        "children_started",
        "Children who started to be looked after, each once (its first start in the year)",
        DFE,
        lambda seen: _children(seen, seen.entered),
        annual=True,
        rated=True,
    ),
    Measure("exits", "Periods of care that ended", OURS, lambda seen: count(seen.left), rated=True),
    *(
        Measure(f"exits_{name}", f"Exits {_EXIT_WORDS[name]}", "SSDA903 reasons for ceasing", _exited(name))
        for name in EXIT_REASONS
    ),
    Measure(
        "children_ceased",
        "Children who ceased to be looked after, each once (its last end in the year)",
        DFE,
        lambda seen: _children(seen, seen.left),
        annual=True,
        rated=True,
    ),
    Measure(
        "exits_at_18_share",
        "Share of exits that were at 18",
        OURS,
        lambda seen: (float((seen.ended & seen.given.is_("reason", AGED_OUT)).sum()), float(seen.left.sum())),
    ),
    Measure(
        "exits_per_child_year",
        "Exits for each child-year in care",
        OURS,
        lambda seen: _per_child_year(seen, seen.left),
    ),
    Measure(
        "moves_per_child_year",
        "Moves between placements for each child-year in care (changes of status left out)",
        OURS,
        lambda seen: _per_child_year(seen, _moves(seen)),
    ),
    Measure(
        "mean_days_in_care",
        "Mean days in care, on the last day, of those whose start was seen",
        _STRATEGIES,
        _days_in_care,
        march=True,
    ),
    Measure(
        "care_start_known_share",
        "Share of children in care on the last day whose start was seen: those the mean days in care are of",
        OURS,
        _known_starts,
    ),
    Measure(
        "mean_days_in_care_at_exit",
        "Mean days in care of those who left, whose start was seen",
        _STRATEGIES,
        _days_at_exit,
    ),
    Measure(
        "three_or_more_placements",
        "Share of children in care on the last day with three or more placements in the twelve months before",
        DFE,
        three_or_more,
    ),
    Measure(
        "two_years_same_placement",
        "Share of children under 16 on the last day, in care for two and a half years or more, who had lived in the"
        " same placement for two years, or are placed for adoption and had lived there and in the placement before"
        " for two years together",
        DFE,
        two_years,
    ),
    Measure(
        "permanent_under_five",
        "Children who left care before five by adoption, special guardianship or another order",
        _STRATEGIES,
        permanent_under_five,
    ),
    Measure(
        "permanent_under_five_share",
        "The same as a share of all who left care before five",
        _STRATEGIES,
        permanent_under_five_share,
    ),
    Measure(
        "days_entering_to_adopters",
        "Mean days from entering care to moving in with adopters, of those adopted",
        "DfE, adoption scorecards",
        entering_to_adopters,
    ),
    Measure(
        "family_or_friends_share",
        "Share of children in care on the last day fostered by family or friends",
        _STRATEGIES,
        _living_in("kinship"),
    ),
    Measure(
        "in_house_fostering_share",
        "Share with in-house foster carers",
        _STRATEGIES,
        _in("in_house_fostering"),
    ),
    Measure("agency_fostering_share", "Share with agency foster carers", _STRATEGIES, _in("agency_fostering")),
    Measure(
        "agency_share_of_fostering",
        "Agency foster placements as a share of all with unrelated foster carers",
        _STRATEGIES,
        _agency_of_fostering,
    ),
    Measure(
        "residential_share",
        "Share in children's homes, secure homes or residential schools",
        _STRATEGIES,
        _living_in("home", "secure", "residential_school"),
    ),
    Measure(
        "supported_accommodation_share",
        "Share in supported accommodation",
        _STRATEGIES,
        _living_in("supported_accommodation"),
    ),
    Measure("placed_with_parents_share", "Share placed with parents", DFE, _living_in("placed_with_parents")),
    Measure("placed_for_adoption_share", "Share placed for adoption", DFE, _living_in("placed_for_adoption")),
    Measure("in_house_share", "Share in the council's own foster and children's homes", _STRATEGIES, _in_house),
    Measure(
        "in_house_fostering_gain",
        "Children with in-house foster carers: change over the period",
        _STRATEGIES,
        _in_house_gain,
    ),
)
