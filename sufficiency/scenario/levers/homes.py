"""Levers on homes, on what the market has to offer, and on lodgings for those of 16 and 17."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from sufficiency.codes import Codes
from sufficiency.scenario.effects import Effects, scale_hazards
from sufficiency.scenario.levers.base import Lever, Situation, parameter
from sufficiency.scenario.money_effects import by_run
from sufficiency.scenario.place_effects import HELD_TODAY, added_to, whole

HOME, EXTERNAL, SUPPORTED = "in_house_home", "external_home", "supported_accommodation"
WEEKS_A_YEAR = 365.25 / 7

Home = Literal["in_house_home", "external_home"]
Market = Literal[
    "agency_fostering", "external_home", "residential_school", "supported_accommodation", "secure", "kinship_fostering"
]


class NewChildrensHome(Lever):
    """A new home of the council's own."""

    name = "new_childrens_home"
    title = "A new in-house children's home"
    meaning = (
        "Beds in the council's own homes, from the month of opening on, the first ones with the ramp's first step and "
        "whole beds always. A share is kept empty so that the children who are there suit each other. When the lever "
        "ends the home closes as its beds fall vacant."
    )
    evidence = (
        "Registration takes 16 to 17 weeks, from decision to opening 12 to 18 months; occupancy of councils' homes is "
        "about 68 % (derived across dates, 2024 and 2025); new homes have about 3 beds; four beds with one kept empty "
        "are an illustration"
    )
    grade = "W"

    ramp_months: int = parameter(
        6, "months", "Beds open by equal monthly steps over this long; 0 is at once.", ge=0, le=120
    )
    beds: int = parameter(4, "beds", "Beds once all are open.", ge=0, le=200)
    kept_empty: float = parameter(
        0.25, "share", "Share of the beds that matching keeps empty at any one time.", ge=0.0, le=0.9
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Add the beds that are open."""
        beds = whole(self.parts(effects.months, start) * self.beds)
        more = added_to(effects.places, codes.in_care.index(HOME), beds, self.kept_empty)
        return replace(effects, places=more)


class HomeClosure(Lever):
    """Homes that close."""

    name = "home_closure"
    title = "Closing children's homes"
    meaning = (
        "Beds that close, in whole beds. Nobody is made to leave: a bed closes as it falls vacant, and nobody new "
        "comes until fewer children than beds are there. When the lever ends they open again. Beds of external homes "
        "can close only where their number is known (capacity table or market limit)."
    )
    evidence = "Providers leave the market (CMA, 2022); six beds are an illustration"
    grade = "assumption"

    beds: int = parameter(6, "beds", "Beds that close once phased in; more than there are closes all.", ge=0, le=1000)
    setting: Home = parameter(HOME, "in_house_home or external_home", "Whose homes.")

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Take the beds away."""
        removed = effects.places.removed.copy()
        removed[:, codes.in_care.index(self.setting)] += whole(self.parts(effects.months, start) * self.beds)
        return replace(effects, places=replace(effects.places, removed=removed))

    def idle(self, situation: Situation) -> str:
        """A provider that has room for everybody has room for everybody when a home closes."""
        return "" if self.setting in situation.planned else f"{situation.words(self.setting)} have no number of places"


class MarketLimit(Lever):
    """Outside providers that have not got room for everybody."""

    name = "market_limit"
    title = "A limit to what the market offers"
    meaning = (
        "Providers that otherwise have room for everybody have so many places, for children and for young people who "
        "stay put. Whoever finds none goes down the fallback cascade, an unmet first choice. Nobody is made to leave. "
        "With a ramp the number comes down by equal steps from that of those who live there at the origin. It is the "
        "same number for each setting named; different ones go into the capacity table."
    )
    evidence = (
        "16 % of foster places were vacant (Ofsted, 2023-24); no figure tells what an agency can offer one council"
    )
    grade = "assumption"

    settings: tuple[Market, ...] = parameter(
        ("agency_fostering",), "settings", "Settings that are limited.", min_length=1, strict=False
    )
    places: int | None = parameter(
        None, "places", "Places in each; as many as live there at the origin when left out.", ge=0, le=100_000
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Set the limit in the months in which it holds."""
        limit, limit_part = effects.places.limit.copy(), effects.places.limit_part.copy()
        parts = self.parts(effects.months, start)
        for name in self.settings:
            setting = codes.in_care.index(name)
            limit[parts > 0, setting] = HELD_TODAY if self.places is None else self.places
            limit_part[parts > 0, setting] = parts[parts > 0]
        return replace(effects, places=replace(effects.places, limit=limit, limit_part=limit_part))

    def idle(self, situation: Situation) -> str:
        """A limit that nobody runs into."""
        free = [situation.words(name) for name in self.settings if name not in situation.full]
        return f"the limit was never reached in {' and '.join(free)}" if free else ""


class SupportedLodgings(Lever):
    """Hosts for those of 16 and 17."""

    name = "supported_lodgings"
    title = "Supported lodgings at 16 and 17"
    meaning = (
        "Hosts with a place each, in whole places. Returns count lodgings as supported accommodation (K3), and so does "
        "the model; it has no setting of their own. So the lever does three things: those of 16 and 17 in homes move "
        "to supported accommodation sooner; so many young people there are paid for at the hosts' price, taken or not, "
        "in place of the price of supported accommodation; and where a limit to supported accommodation is given, its "
        "places are more by so many."
    )
    evidence = (
        "A host is paid about £215 a week (Solihull, about 2023, one source); how many move from homes is not known: "
        "test a zero effect too"
    )
    grade = "W"

    places: int = parameter(10, "places", "Hosts' places once phased in.", ge=0, le=500)
    change: float = parameter(
        0.20, "share of the rate", "Change in the rate of moves from homes to supported accommodation.", ge=0.0, le=9.0
    )
    pounds_per_week: float = parameter(215.0, "£ a week", "What a host is paid, taken or not.", ge=0.0, le=10_000.0)

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Add the places, the hosts' pay, and the moves."""
        parts, setting = self.parts(effects.months, start), codes.in_care.index(SUPPORTED)
        places = whole(parts * self.places)
        more = added_to(effects.places, setting, places, 0.0)
        effects = scale_hazards(
            replace(effects, places=more),
            1.0 + self.change * parts * bool(self.places),
            causes=("to_supported_accommodation",),
            settings=tuple(codes.in_care.index(name) for name in (HOME, EXTERNAL)),
            bands=("16 to 17",),
        )
        pay = by_run(
            places, "Hosts of supported lodgings", SUPPORTED, self.pounds_per_week * WEEKS_A_YEAR, guaranteed=True
        )
        return replace(effects, money=effects.money.with_fixed(*pay))

    def idle(self, situation: Situation) -> str:
        """Nobody can move from homes where nobody is."""
        return "" if {HOME, EXTERNAL} & situation.lived else "no child lives in a home, so it changes money alone"


LEVERS: tuple[type[Lever], ...] = (NewChildrensHome, HomeClosure, MarketLimit, SupportedLodgings)
