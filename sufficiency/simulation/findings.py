"""What a simulation has to tell of what it rests on: places that were inferred, starts that are not known."""

from __future__ import annotations

from sufficiency import dates
from sufficiency.errors import Finding
from sufficiency.rates import Rates
from sufficiency.scenario import Situation
from sufficiency.simulation.results import Outcome
from sufficiency.simulation.supply import in_house_types


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


def lever_findings(plan: Outcome, base: Outcome) -> list[Finding]:
    """Levers of a plan that had nothing to act on, and new places whose matching nobody can know.

    Parameters
    ----------
    base
        The baseline, run from the same data.
    """
    now, title = situation(plan, base), plan.scenario.about.title
    found = [
        Finding(
            "lever_without_effect",
            "warning",
            f"The lever '{lever.title}' of the plan '{title}' has not the effect that it describes: {why}.",
            "run and shown as it is",
        )
        for lever in plan.scenario.levers
        if (why := lever.idle(now))
    ]
    houses = {pair[0] for pair in in_house_types(plan.codes).values()}
    unknown = (now.planned - now.limited) & houses - {*plan.supply.one_suits, *plan.supply.shares}
    found += [
        Finding(
            "matching_unknown",
            "warning",
            f"How well a vacancy in {now.words(name)} suits cannot be known: there were no such places before.",
            "every arrival of its type is taken while a place is vacant; give one_suits in capacity.csv",
        )
        for name in sorted(unknown)
    ]
    return found


def without_effect(plan: Outcome) -> list[Finding]:
    """A plan under which every child lives as in the baseline: it changes money alone, or nothing."""
    title, done = plan.scenario.about.title, "run and shown, equal to the baseline"
    months = dates.calendar_months(plan.origin + 1, plan.last_day)
    money = plan.scenario.effects(plan.origin + 1, months, plan.codes).money
    if money.changes_fees or money.changes_fixed:
        return [Finding("plan_changes_money_alone", "info", f"The plan '{title}' moves no child: money alone.", done)]
    message = f"The plan '{title}' changes nothing with these returns."
    return [Finding("plan_without_effect", "warning", message, done)]


def situation(plan: Outcome, base: Outcome) -> Situation:
    """What the levers of a plan met."""
    places, codes = plan.places, plan.codes
    lived, now = _lived_in(base), _lived_in(plan)
    return Situation(
        limited=frozenset(base.supply.settings),
        planned=frozenset(plan.supply.settings),
        full=frozenset(places.loc[places["days_full"] > 0, "setting"].astype(str)),
        lived=frozenset(lived & set(codes.in_care)),
        missed=len(plan.unmet) > 0,
        staying_put=bool(now - set(codes.in_care)),
        labels={name: codes.label(name) for name in codes.all_settings},
    )


def _lived_in(outcome: Outcome) -> set[str]:
    days = outcome.nights.sum(axis=(0, 1)).tolist()
    return {name for name, nights in zip(outcome.codes.all_settings, days, strict=True) if nights}
