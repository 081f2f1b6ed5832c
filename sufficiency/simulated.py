"""Every simulation that one run needs, with what is estimated once: the plans, and the baseline in other lights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sufficiency import dates
from sufficiency.costs import price_a_night
from sufficiency.history import History
from sufficiency.inputs import Options
from sufficiency.plan import Means
from sufficiency.scenario import Scenario
from sufficiency.simulation import Outcome
from sufficiency.simulation.kept import Kept
from sufficiency.simulation.matching import second_form
from sufficiency.simulation.precision import Precision, placement_spend
from sufficiency.tables import Prices

#: Replications of the baseline with the other form of matching, which is run for comparison only.
_SECOND_REPLICATIONS = 100
#: Replications of which the journeys are made for the indicators of plans; they are slow to look through.
_INDICATOR_REPLICATIONS = 20
#: Most replications of the baseline by chance alone, which is run to tell what makes spend uncertain.
CHANCE_REPLICATIONS = 500


@dataclass(frozen=True)
class Simulations:
    """The simulations of one run.

    Attributes
    ----------
    means
        What is estimated once, and who simulates.
    asked
        The run's options.
    kept
        Where finished blocks are kept.
    """

    means: Means
    asked: Options
    kept: Kept

    def __repr__(self) -> str:
        return f"Simulations({self.means!r})"

    def plans(self, plans: Sequence[Scenario]) -> dict[str, Outcome]:
        """The outcomes of the plans by name, as many replications as were asked for or a precision needs."""
        precision = precision_asked(self.asked, self.means.history, self.means.prices)
        shown = replace(self.means, progress=self.asked.progress)
        found = shown.simulate(
            plans,
            replications=self.asked.replications,
            precision=precision,
            kept=self.kept.part("plans"),
            seed=self.asked.seed,
            years=self.asked.years,
        )
        return {outcome.scenario.name: outcome for outcome in found}

    def by_chance(self, baseline: Outcome) -> Outcome:
        """The baseline with its parameters at their means: futures with the same luck that differ by chance alone."""
        few, kept = min(baseline.replications, CHANCE_REPLICATIONS), self.kept.part("chance")
        plans = [baseline.scenario]
        return self.means.simulate(
            plans, replications=few, parameters="mean", kept=kept, seed=self.asked.seed, years=self.asked.years
        )[0]

    def with_journeys(self, plans: Sequence[Scenario]) -> list[Outcome]:
        """The first replications of every plan once more, with the journeys from which indicators are found."""
        few, kept = min(self.asked.replications, _INDICATOR_REPLICATIONS), self.kept.part("journeys")
        return self.means.simulate(
            plans, replications=few, journeys=few, kept=kept, seed=self.asked.seed, years=self.asked.years
        )

    def other_form(self, baseline: Outcome) -> Outcome | None:
        """The baseline under the second form of matching; None where nothing was fitted."""
        matched = self.means.matched
        if not matched.matches:
            return None
        supply = second_form(matched.supply, matched.matches)
        few, kept = min(baseline.replications, _SECOND_REPLICATIONS), self.kept.part("second form")
        return self.means.simulate(
            [baseline.scenario],
            replications=few,
            supply=supply,
            kept=kept,
            seed=self.asked.seed,
            years=self.asked.years,
        )[0]

    def companions(self) -> Means:
        """With what the runs are made in which one setting has no limit."""
        return replace(self.means, kept=self.kept.part("gaps"))


def precision_asked(asked: Options, history: History, prices: Prices | None) -> Precision | None:
    """The precision at which a run may end, if one was asked for; of children where there are no prices."""
    if not asked.precision:
        return None
    apart = asked.precision_of.endswith("difference")
    if asked.precision_of.startswith("children") or prices is None:
        return Precision(asked.precision, of_differences=apart)
    days = (history.origin + 1, dates.add_years(history.origin, asked.years))
    watched = placement_spend(price_a_night(prices, history.codes, *days))
    return Precision(asked.precision, watched=watched, of_differences=apart)
