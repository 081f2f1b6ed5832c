"""Places that are missing: against exact answers, confirmed by runs with that many, and falling as places are added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from small_world import known_history

from sufficiency import dates
from sufficiency.draws import replication_key
from sufficiency.forecast import forecast_entrants
from sufficiency.plan import Means
from sufficiency.plan.gaps import (
    ANOTHER_PROVIDER,
    ANOTHER_TYPE,
    AS_RUN,
    GAP_COLUMNS,
    OTHER_FORM,
    Gaps,
    find_gaps,
    places_needed,
    quantile_errors,
    unmet_by_year,
    whole_quarters,
)
from sufficiency.rates import estimate_rates
from sufficiency.simulation import Outcome, World, match_places
from sufficiency.simulation.counted import Counted
from sufficiency.simulation.engines import EngineName, engine
from sufficiency.simulation.reduced import Wanted, reduced
from sufficiency.simulation.replications import simulate_plans
from sufficiency.simulation.results import usable_places
from sufficiency.simulation.supply import PLENTY, without_limit
from sufficiency.trials import exact, known_worlds
from sufficiency.trials.known_worlds import AGENCY, FIRST_DAY, HOUSE, setting

STAY, LOAD, DAYS = 120, 20.0, 365
HOMES = "in_house_home"
NONE = np.zeros((0, 0), dtype=np.int64)
Small = npt.NDArray[np.int32]


def _lost(places: int, replications: int, name: EngineName = "compiled") -> Iterator[tuple[World, Counted]]:
    """Poisson arrivals at so many places with overflow to the agency, from empty."""
    rates = {(HOUSE, "returned_home"): 1 / STAY, (AGENCY, "returned_home"): 1 / STAY}
    empty = known_worlds.with_places(known_worlds.plain_world(rates, DAYS), {HOUSE: places})
    for number in range(replications):
        arriving = known_worlds.arrivals(np.random.default_rng([3, number]), LOAD / STAY, DAYS)
        world = replace(empty, entrants=arriving)
        yield world, engine(name)(world, replication_key(5, number))


def _held(runs: Iterator[tuple[World, Counted]]) -> Small:
    watch = Wanted(0, (setting(HOUSE),))
    return np.concatenate([reduced(0, out, NONE, world, watch).held for world, out in runs])


@pytest.mark.validation
def test_places_needed_are_those_of_the_exact_chain() -> None:
    held = _held(_lost(PLENTY, 600))
    for low, high in ((0, 91), (183, 274)):
        most, chances = held[:, low:high].max(axis=1), []
        for places in (18, 22, 26, 30):
            chance = exact.always_enough(places, LOAD / STAY, 1 / STAY, (low, high))
            error = np.sqrt(chance * (1 - chance) / len(held))
            assert abs((most <= places).mean() - chance) < 4 * error + 1e-9
            chances.append(chance)
        assert chances == sorted(chances)
        exactly = [
            next(n for n in range(60) if exact.always_enough(n, LOAD / STAY, 1 / STAY, (low, high)) >= sure)
            for sure in (0.8, 0.9)
        ]
        assert np.abs(np.array(places_needed(held[:, low:high])) - exactly).max() <= 1


@pytest.mark.validation
def test_a_run_with_so_many_places_turns_nobody_away_as_often_as_said() -> None:
    quarter = slice(0, 91)
    held = _held(_lost(PLENTY, 200))
    needed, _ = places_needed(held[:, quarter])
    for places, enough in ((needed, True), (needed - 1, False)):
        turned = np.array([out.tally.turned_away[:3, setting(HOUSE)].sum() for _, out in _lost(places, 200)])
        # From empty, a run with limited places is the companion run until the first child is turned away.
        assert np.array_equal(turned == 0, held[:, quarter].max(axis=1) <= places)
        assert ((turned == 0).mean() >= 0.8) == enough


@pytest.mark.functional
def test_places_held_day_by_day_are_those_that_either_engine_counts() -> None:
    for name in ("compiled", "reference"):
        world, out = next(_lost(18, 1, name))
        held = reduced(0, out, NONE, world, Wanted(0, (setting(HOUSE),))).held[0]
        months = np.add.reduceat(held, dates.month_edges(FIRST_DAY, world.last_day)[:-1] - FIRST_DAY)
        assert np.array_equal(months, out.tally.occupied_days[:, setting(HOUSE)])


@pytest.mark.unit
def test_places_needed_are_the_fewest_that_are_enough() -> None:
    held = np.array([[1, 4], [2, 2], [7, 0], [3, 3], [9, 1]])
    # Most places in each replication: 4, 2, 7, 3, 9; four in five have at most 7.
    assert places_needed(held.astype(np.int32)) == (7, 9)


@pytest.mark.functional
def test_as_many_places_more_as_are_missing_are_enough_though_places_come_and_go(means: Means) -> None:
    varying = _with_rows(means, {HOUSE: 40}, away=12, suits={HOUSE: 1.0})
    outcome = _run(varying, replications=90)
    first = find_gaps([outcome], varying).places.iloc[0]
    assert first["unsuited"] == pytest.approx(0.0)
    companion = varying.simulate(
        [outcome.scenario], replications=90, years=1, seed=4, watched=(HOUSE,), unlimited=HOUSE
    )
    (_, days), *_ = whole_quarters(outcome.origin + 1, outcome.last_day)
    short = (companion[0].held[:, 0] - usable_places(outcome, HOUSE))[:, days].max(axis=1)
    assert (short <= first["gap_80"]).mean() >= 0.8
    assert (short <= first["gap_80"] - 1).mean() < 0.8
    # The needed less the mean of the places that can be used is not enough as often as said.
    assert (short <= first["needed_80"] - first["usable"]).mean() < 0.8


@pytest.mark.unit
def test_the_error_of_a_percentile_is_that_of_repeated_samples() -> None:
    samples = np.random.default_rng(7).poisson(200, size=(400, 200)).astype(np.int32)
    seen = np.quantile(samples, [0.8, 0.9], axis=1).std(axis=1)
    told = np.array([quantile_errors(sample) for sample in samples]).mean(axis=0)
    assert told == pytest.approx(seen, rel=0.2)
    assert np.isnan(quantile_errors(samples[0, :1])).all()


@pytest.mark.unit
def test_only_whole_quarters_are_told() -> None:
    first, last = dates.day_number("2026-04-15"), dates.day_number("2027-01-31")
    found = [(dates.as_date(end).isoformat(), days.stop - days.start) for end, days in whole_quarters(first, last)]
    assert found == [("2026-09-30", 92), ("2026-12-31", 92)]


@pytest.fixture(scope="module")
def means() -> Means:
    history = known_history(per_day=0.15)
    rates, forecast = estimate_rates(history), forecast_entrants(history, months=12, evaluate=False)
    return Means(history, rates, forecast, match_places(history, rates=rates, forecast=forecast), workers=1)


def _run(means: Means, watched: tuple[str, ...] = (), scenario: str = "baseline", replications: int = 30) -> Outcome:
    return simulate_plans(
        means.history,
        [scenario],
        replications=replications,
        years=1,
        workers=1,
        seed=4,
        rates=means.rates,
        forecast=means.forecast,
        matched=means.matched,
        watched=watched,
    )[0]


def _with_rows(means: Means, places: dict[str, int], away: int = 0, suits: dict[str, float] | None = None) -> Means:
    """The same authority with these places, and perhaps another m."""
    day = means.history.origin + 1
    names = sorted(places)
    rows = pd.DataFrame(
        {"setting": names, "from": day, "places": [places[name] for name in names], "unavailable": away}
    )
    supply = replace(means.matched.supply, rows=rows, one_suits={**means.matched.supply.one_suits, **(suits or {})})
    return replace(means, matched=replace(means.matched, supply=supply))


def _gaps(means: Means, replications: int = 30) -> Gaps:
    return find_gaps([_run(means, replications=replications)], means)


@pytest.mark.functional
def test_more_places_leave_a_smaller_gap_and_the_same_demand(means: Means) -> None:
    few, many = (_gaps(_with_rows(means, {HOUSE: places, HOMES: 6}, away=2), 90).places for places in (40, 60))
    few, many = (one[(one["setting"] == HOUSE) & (one["matching"] == AS_RUN)] for one in (few, many))
    assert len(few) == 4
    assert tuple(few.columns) == GAP_COLUMNS
    for name in ("demand_mean", "demand_p50", "demand_p80", "demand_p90", "needed_80", "needed_90"):
        assert np.array_equal(few[name], many[name])
    assert (few["gap_80"].to_numpy() > many["gap_80"].to_numpy()).all()
    assert (few["short_any_day"].to_numpy() >= many["short_any_day"].to_numpy()).all()
    assert (few["short_any_day"] >= few["short_day"]).all()
    assert (few["short_any_day"] > 0).any()
    assert (few["approved"] == 40).all()
    assert few["unavailable"].between(1, 3).all()
    assert few["usable"].to_numpy() == pytest.approx(few["approved"] - few["unavailable"])
    # Few come and go here: about as many are missing as lie between the needed and the mean.
    assert few["gap_90"].to_numpy() == pytest.approx(few["needed_90"] - few["usable"] + few["unsuited"], abs=1.5)
    assert (few["error_80"] > 0).all()
    assert (few["needed_90"] >= few["needed_80"]).all()


@pytest.mark.functional
def test_demand_does_not_depend_on_how_well_a_vacancy_suits_but_on_the_share_in_the_other_form(means: Means) -> None:
    badly, well = (_gaps(_with_rows(means, {HOUSE: 40}, suits={HOUSE: one})).places for one in (0.05, 0.5))
    assert badly["demand_mean"].to_numpy() == pytest.approx(well["demand_mean"].to_numpy())
    # No m is fitted in the council's table of this run, so there is no other form to show beside it.
    fitted = means.matched.matches
    assert fitted
    both = _gaps(means).places
    expected = {match.setting: [AS_RUN, OTHER_FORM] if match.known else [AS_RUN] for match in fitted}
    assert {name: list(dict.fromkeys(own["matching"])) for name, own in both.groupby("setting")} == expected
    shown = both[both["setting"] == HOUSE].groupby("matching")["demand_mean"].mean()
    assert shown[AS_RUN] > shown[OTHER_FORM]


@pytest.mark.functional
def test_so_many_places_that_suit_everybody_are_enough_as_often_as_said(means: Means) -> None:
    suiting = _with_rows(means, {HOUSE: 40}, suits={HOUSE: 1.0})
    first = _gaps(suiting).places.iloc[0]
    assert first["unsuited"] == pytest.approx(0.0)
    for places, enough in ((int(first["needed_80"]), True), (int(first["needed_80"]) - 1, False)):
        table = _run(_with_rows(suiting, {HOUSE: places})).places
        quarter = table[(table["month"] <= first["quarter"]) & (table["setting"] == HOUSE)]
        met = quarter.groupby("replication")["turned_away"].sum() == 0
        # On one day a child may come in house before another leaves it: the count of days is by their ends.
        assert (met.mean() >= 0.8 - 1 / 30) if enough else (met.mean() < 0.8)


@pytest.mark.functional
def test_usable_places_are_those_that_were_simulated(means: Means) -> None:
    outcome = _run(_with_rows(means, {HOUSE: 45}, away=9), watched=(HOUSE,))
    held, usable = outcome.held[:, 0], usable_places(outcome, HOUSE)
    edges = dates.month_edges(outcome.origin + 1, outcome.last_day) - outcome.origin - 1
    own = outcome.places[outcome.places["setting"] == HOUSE]
    vacant = np.add.reduceat(np.maximum(usable - held, 0), edges[:-1], axis=1) / np.diff(edges)
    assert own["mean_vacant"].to_numpy() == pytest.approx(vacant.ravel())
    assert own["days_full"].to_numpy().tolist() == np.add.reduceat(usable <= held, edges[:-1], axis=1).ravel().tolist()
    assert usable.std() > 0
    with pytest.raises(ValueError, match="not limited"):
        usable_places(outcome, AGENCY)


@pytest.mark.functional
def test_first_choices_not_met_are_told_by_year_and_age(means: Means) -> None:
    outcome = _run(_with_rows(means, {HOUSE: 20, AGENCY: 25}, away=0))
    told = unmet_by_year(outcome)
    every = told[told["age_band"] == "all"].set_index(["setting", "given", "financial_year"])["mean"]
    other_type = every.xs(ANOTHER_TYPE, level="given").sum()
    assert other_type > 0
    assert other_type == pytest.approx(outcome.places["unmet"].sum() / 30)
    turned = outcome.places.loc[outcome.places["setting"] == HOUSE, "turned_away"].sum() / 30
    assert every[HOUSE].xs(ANOTHER_PROVIDER, level="given").sum() + other_type == pytest.approx(turned)
    by_age = told[told["age_band"] != "all"].groupby(["setting", "given", "financial_year"])["mean"].sum()
    assert by_age.sort_index().to_numpy() == pytest.approx(every.sort_index().to_numpy())
    assert (told["p10"] <= told["p90"]).all()


@pytest.mark.unit
def test_one_setting_alone_loses_its_limit(means: Means) -> None:
    supply = _with_rows(means, {HOUSE: 20, HOMES: 5}, away=1).matched.supply
    opened = without_limit(supply, HOUSE, 10, means.history.origin + 1)
    assert opened.rows["places"].tolist() == [PLENTY + 40, 5]
    assert without_limit(supply, AGENCY, 10, means.history.origin + 1) is supply
    assert opened.rows["unavailable"].tolist() == [0, 1]
    assert opened.one_suits == supply.one_suits
    assert supply.rows["places"].tolist() == [20, 5]


@pytest.mark.unit
def test_nothing_limited_has_no_gap(means: Means) -> None:
    found = _gaps(_with_rows(means, {}))
    assert found.places.empty
    assert tuple(found.places.columns) == GAP_COLUMNS
    assert found.unmet.empty
