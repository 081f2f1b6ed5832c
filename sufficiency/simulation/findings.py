"""What a simulation has to tell of what it rests on: places that were inferred, starts that are not known."""

from __future__ import annotations

from sufficiency.errors import Finding
from sufficiency.rates import Rates
from sufficiency.simulation.results import Outcome


def exposure_findings(rates: Rates) -> list[Finding]:
    """Child-days that could not be used for rates that run on a duration."""
    found = []
    for clock, days in rates.exposure.left_out.items():
        if days:
            message = f"{days:,.0f} child-days have no known time in {clock} (the start lies before the first return)."
            found.append(Finding("unknown_duration", "info", message, "left out of the rates that run on it"))
    return found


def place_findings(base: Outcome) -> list[Finding]:
    """Places that are not the council's own figure, and matching that cannot be known."""
    label = base.codes.label
    found = [
        Finding(
            "places_inferred",
            "warning",
            f"There is no capacity table for {label(name).lower()}.",
            "the most places held in the last three years are taken; give capacity.csv",
        )
        for name in base.supply.inferred
    ]
    found += [
        Finding(
            "matching_unknown",
            "warning",
            f"How well a vacancy in {label(match.setting).lower()} suits cannot be known: {match.why}.",
            "the observed share is taken while any place is vacant; give one_suits in capacity.csv",
        )
        for match in base.matches
        if not match.known
    ]
    source = base.supply.stayers_source
    if source != "the council's table" and len(base.supply.stayers.key):
        message = f"Young people already staying put are taken from {source}."
        found.append(Finding("staying_put_inferred", "info", message, "they hold places; give staying_put.csv"))
    return found
