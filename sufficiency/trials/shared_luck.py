"""How much shared luck narrows a comparison: ``docs/validation/shared-luck.md``.

Made by ``python -m sufficiency.trials.shared_luck docs/validation/shared-luck.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from sufficiency import dates
from sufficiency.costs import cost, price_a_night
from sufficiency.draws import replication_key
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.plan.knobs import number_parameters
from sufficiency.provenance import shipped
from sufficiency.rates import Rates, estimate_rates
from sufficiency.returns import read_returns
from sufficiency.scenario import LEVERS, Lever, Scenario, read_scenario
from sufficiency.scenario.effects import no_effects
from sufficiency.simulation import Matched, Outcome, Supply, match_places, simulate, supply_of
from sufficiency.simulation.engines import engine
from sufficiency.simulation.precision import CHILDREN, placement_spend
from sufficiency.simulation.reduced import Replication, Wanted, reduced
from sufficiency.simulation.replications import DEFAULT_SEED
from sufficiency.simulation.setup import prepare
from sufficiency.tables import CouncilTables, Prices, read_council_tables
from sufficiency.trials.known_page import table

Floats = npt.NDArray[np.float64]

COMMAND = "python -m sufficiency.trials.shared_luck docs/validation/shared-luck.md"
REPLICATIONS = 400
YEARS = 5
MORE_PLACES, MORE_UPTAKE = 20, 0.15
_RESAMPLES = 2_000
_MILLION = 1e6
_SHARES = 10.0
#: A ratio below this is one of rounding: the plan changes every replication by the same amount.
_NOTHING = 1e-9
POUNDS, CHILDREN_AT_END = "pounds", "children at the end"

INTRODUCTION = f"""\
# What shared luck does for a comparison

A plan and the baseline share two things in each replication (common random numbers): the *world* that is drawn, its
hazards, shares, entrants and unavailable places; and the *luck of each child* in it. So what differs between them is
the plan. Below are two changes of places and then every lever by itself, with its default figures (or, where those
change nothing, the first of its figures moved by a tenth), as the standard error of the mean difference from the
baseline over {REPLICATIONS:,} replications: of the cost of {YEARS} years of placements of the example authority, with
its own shipped prices; and of the children in care at the end.

- *paired*: world and luck shared, as the toolkit runs plans;
- *same world, other luck*: the baseline of the same worlds, but each child in it has the luck of another seed;
- *independent*: nothing shared. No such run is made: it is computed from the two variances, as the root of their sum
  over the number of replications.

A lever that changes nothing in these returns has no difference, and is named below the table. One that costs the same
in every replication (a contract, a team) has a ratio of nought.

Most of the spread of a cost is that of the worlds, so the middle figure tells how much the shared luck of each child
adds to sharing the worlds. *Ratio* is paired over independent; its interval is a bootstrap over replications (2.5th and
97.5th percentiles of {_RESAMPLES:,} resamples). *Replications, times* is one over the ratio squared: so many times as
many replications would independent runs need for the same precision; its interval comes from the ratio's.

This page is made by `{COMMAND}`.
"""


@dataclass(frozen=True)
class Subject:
    """An authority read and estimated once."""

    history: History
    rates: Rates
    forecast: EntrantForecast
    tables: CouncilTables
    matched: Matched

    def __repr__(self) -> str:
        return f"Subject({self.history!r})"

    def run(self, replications: int, years: int, plan: Scenario | None = None, supply: Supply | None = None) -> Outcome:
        """A plan, the baseline if none is given, with these places or the authority's own."""
        return simulate(
            self.history,
            plan or "baseline",
            replications=replications,
            years=years,
            rates=self.rates,
            forecast=self.forecast,
            matched=replace(self.matched, supply=supply or self.matched.supply),
            journeys=0,
        )

    def pounds(self, outcome: Outcome) -> Floats:
        """Pounds over all years at the prices given, one number a replication; drawn ones are no child's luck."""
        given = cost(outcome, self.prices, draw_prices=False)
        found: Floats = given.groupby("replication")["pounds"].sum().to_numpy(np.float64)
        return found

    def costs(self, supply: Supply, replications: int, years: int = YEARS) -> Floats:
        """Pounds over all years under some places, one number a replication."""
        return self.pounds(self.run(replications, years, supply=supply))

    def other_lives(self, replications: int, years: int = YEARS, seed: int = DEFAULT_SEED + 1) -> dict[str, Floats]:
        """The baseline's outputs in the same worlds, each child with its luck under another seed."""
        parts = self._other_lives(replications, years, seed)
        first, last = self.history.origin + 1, dates.add_years(self.history.origin, years)
        codes = self.history.codes
        spend = placement_spend(price_a_night(self.prices, codes, first, last))
        return {
            POUNDS: spend.values(parts, codes, (first, last)) * _MILLION,
            CHILDREN_AT_END: CHILDREN.values(parts, codes, (first, last)),
        }

    def costs_of_other_lives(self, replications: int, years: int = YEARS, seed: int = DEFAULT_SEED + 1) -> Floats:
        """Pounds of :meth:`other_lives`."""
        return self.other_lives(replications, years, seed)[POUNDS]

    def _other_lives(self, replications: int, years: int, seed: int) -> list[Replication]:
        first, last = self.history.origin + 1, dates.add_years(self.history.origin, years)
        codes = self.history.codes
        effects = no_effects(dates.calendar_months(first, last), codes)
        given = (self.history, self.rates, self.forecast, effects)
        setup = prepare(*given, days=last - first + 1, supply=self.matched.supply)
        run, parts = engine("compiled"), list[Replication]()
        for number in range(replications):
            world, lives = setup.world(replication_key(DEFAULT_SEED, number)), replication_key(seed, number)
            none = np.zeros((0, 0), dtype=np.int64)
            parts.append(reduced(number, run(world, lives, keep=False), none, world, Wanted(0)))
        return parts

    @property
    def prices(self) -> Prices:
        """The council's prices."""
        if self.tables.prices is None:
            msg = "the authority has no prices"
            raise ValueError(msg)
        return self.tables.prices


def example(years: int = YEARS) -> Subject:
    """The example authority with its own council tables."""
    folder = shipped("example")
    history = build_history(read_returns(folder / "returns"))
    tables = read_council_tables(folder / "returns", folder / "tables", codes=history.codes)
    rates = estimate_rates(history)
    forecast = forecast_entrants(history, months=12 * years + 1, evaluate=False, children=tables.population)
    supply = supply_of(history, tables.capacity, tables.staying_put)
    return Subject(history, rates, forecast, tables, match_places(history, supply, rates=rates, forecast=forecast))


def changes(supply: Supply) -> dict[str, Supply]:
    """The places with what is compared: more of them, and more staying put."""
    house = supply.rows["setting"] == "in_house_fostering"
    rows = supply.rows.assign(places=supply.rows["places"] + MORE_PLACES * house)
    uptake = {name: min(share + MORE_UPTAKE, 1.0) for name, share in supply.uptake.items()}
    return {
        f"{MORE_PLACES} more in-house fostering places": replace(supply, rows=rows),
        f"staying put taken up by {MORE_UPTAKE * 100:.0f} more in 100 of those who turn 18 in kinship or foster care": (
            replace(supply, uptake=uptake)
        ),
    }


@dataclass(frozen=True)
class Narrowed:
    """Standard errors of a difference in pounds, and a ratio of them with its bootstrap interval.

    Attributes
    ----------
    difference
        Mean of the plan less the baseline.
    paired, same_world, independent
        Standard errors of it: world and luck shared; only the world; nothing (from the two variances).
    interval
        Of the ratio, 95 in 100.
    """

    difference: float
    paired: float
    same_world: float
    independent: float
    interval: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Paired over independent."""
        return self.paired / self.independent

    @property
    def times(self) -> tuple[float, float, float]:
        """How many times as many replications independent runs need: low, found, high."""
        low, high = self.interval
        return high**-2, self.ratio**-2, low**-2


def narrowed(plan: Floats, baseline: Floats, other_lives: Floats) -> Narrowed:
    """How much the pairing narrows the difference of two runs of the same replications.

    Parameters
    ----------
    plan, baseline, other_lives
        One number a replication; the last is of the baseline's worlds with other luck of the children.
    """
    count = len(plan)
    chosen = np.random.default_rng(1).integers(0, count, (_RESAMPLES, count))
    # A few replications drawn again may all be the same one: it has no spread and says nothing.
    low, high = np.nanpercentile(_ratio(plan[chosen], baseline[chosen]), [2.5, 97.5])
    paired, same_world = (float((plan - other).std(ddof=1) / np.sqrt(count)) for other in (baseline, other_lives))
    both = float(np.sqrt((plan.var(ddof=1) + baseline.var(ddof=1)) / count))
    return Narrowed(float((plan - baseline).mean()), paired, same_world, both, (float(low), float(high)))


def _ratio(plan: Floats, baseline: Floats) -> Floats:
    difference = (plan - baseline).std(axis=-1, ddof=1)
    both = np.sqrt(plan.var(axis=-1, ddof=1) + baseline.var(axis=-1, ddof=1))
    return np.asarray(np.divide(difference, both, out=np.full_like(both, np.nan), where=both > 0))


def compared(subject: Subject, replications: int, years: int = YEARS) -> Mapping[str, Narrowed]:
    """The cost of each change of places against none."""
    supply = subject.matched.supply
    baseline, other = subject.costs(supply, replications, years), subject.costs_of_other_lives(replications, years)
    return {
        name: narrowed(subject.costs(own, replications, years), baseline, other)
        for name, own in changes(supply).items()
    }


def lever_plans() -> dict[str, list[Scenario]]:
    """For each lever the plans to try in turn: it alone with its defaults, then with its first figure moved.

    A lever that cannot be without figures of its own has none of the first.
    """
    plans: dict[str, list[Scenario]] = {}
    for name, kind in LEVERS.items():
        plans[name] = []
        for given in ({}, *_moved(kind)):
            with suppress(ValidationError):
                plans[name].append(_alone(kind.model_validate(given)))
    return plans


def _moved(kind: type[Lever]) -> list[dict[str, float]]:
    """The first figure of a lever a tenth of its range, or of one, away from nought."""
    for name, (_, most, whole) in number_parameters(kind).items():
        value = 0.1 if most is None else 0.1 * min(most, 1.0) if not whole and most <= _SHARES else 0.1 * most
        return [{name: max(round(value), 1) if whole else value}]
    return []


def _alone(lever: Lever) -> Scenario:
    plan = read_scenario("baseline")
    about = plan.about.model_copy(update={"title": lever.title})
    return plan.model_copy(update={"name": lever.name, "about": about, "levers": (lever,)})


def outputs_compared(
    subject: Subject, replications: int, years: int = YEARS
) -> tuple[dict[str, dict[str, Narrowed]], list[str]]:
    """Both outputs of the changes of places and of every lever, and the levers that change nothing.

    Returns
    -------
    tuple
        Output → what is changed → how far shared luck narrows it; titles of levers without effect.
    """
    baseline, others = subject.run(replications, years), subject.other_lives(replications, years)
    base = {POUNDS: subject.pounds(baseline), CHILDREN_AT_END: CHILDREN.of(baseline)}
    found: dict[str, dict[str, Narrowed]] = {POUNDS: {}, CHILDREN_AT_END: {}}
    without = []

    def compare(name: str, outcome: Outcome) -> bool:
        own = {POUNDS: subject.pounds(outcome), CHILDREN_AT_END: CHILDREN.of(outcome)}
        acting = {output: values for output, values in own.items() if (values != base[output]).any()}
        for output, values in acting.items():
            found[output][name] = narrowed(values, base[output], others[output])
        return bool(acting)

    for name, supply in changes(subject.matched.supply).items():
        compare(name, subject.run(replications, years, supply=supply))
    for name, plans in lever_plans().items():
        title = LEVERS[name].title
        if not any(compare(f"lever: {title.lower()}", subject.run(replications, years, plan)) for plan in plans):
            without.append(title)
    return found, without


def write_page(path: str | Path = "docs/validation/shared-luck.md") -> None:
    """Run the comparisons and write the page."""
    found, without = outputs_compared(example(), REPLICATIONS)
    parts = [INTRODUCTION, "## Cost", "", _told(found[POUNDS], _MILLION, "£m", 3), "## Children at the end", ""]
    parts.append(_told(found[CHILDREN_AT_END], 1.0, "children", 2))
    if without:
        parts.append(
            f"Without effect on these returns, or only with figures of its own: {', '.join(without).lower()}.\n"
        )
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(parts), encoding="utf-8", newline="\n")


def _told(found: Mapping[str, Narrowed], unit: float, name: str, digits: int) -> str:
    rows = []
    for what, one in found.items():
        values = (one.difference, one.paired, one.same_world, one.independent)
        shown = (f"{value / unit:.{digits}f}" for value in values)
        rows.append((what, *shown, *_ratios(one)))
    heading = (
        "",
        f"Difference, {name}",
        "Paired",
        "Same world, other luck of the children",
        "Independent",
        "Ratio",
        "Its interval",
        "Replications, times",
        "Their interval",
    )
    return table(heading, rows)


def _ratios(one: Narrowed) -> tuple[str, ...]:
    """The ratio and how many replications it saves, with intervals; dashes where every pair differs by the same."""
    if one.ratio < _NOTHING:
        return ("0", "–", "–", "–")
    low, high = one.interval
    least, times, most = one.times
    return (f"{one.ratio:.3f}", f"{low:.3f} to {high:.3f}", f"{times:.0f}", f"{least:.0f} to {most:.0f}")


if __name__ == "__main__":
    write_page(*sys.argv[1:2])
