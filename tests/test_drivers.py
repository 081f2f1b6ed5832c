"""Why a forecast changed: parts that add up, and worlds of which it is known what changed in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_world import returned_history

from sufficiency import dates
from sufficiency.codes import EXIT_REASONS, read_codes
from sufficiency.draws import replication_key
from sufficiency.forecast import forecast_entrants
from sufficiency.history import build_history
from sufficiency.rates import estimate_rates
from sufficiency.rates.openings import GROUPS
from sufficiency.returns import read_returns
from sufficiency.simulation import Matched, Outcome, Supply, simulate
from sufficiency.trials import Change, invent, read_world, write_returns
from sufficiency.trials.arrivals import Steady, seen_since
from sufficiency.trials.drivers import (
    COHORT,
    COLUMNS,
    DRIVERS,
    END,
    ENTRIES,
    EXITS,
    LAST_YEAR,
    PLACEMENTS,
    POPULATION,
    START,
    TODAY,
    TOGETHER,
    Drivers,
    Made,
    a_year_before,
    why_it_changed,
)
from sufficiency.trials.known import KnownWorld
from sufficiency.trials.mixtures import of_all_years

pytestmark = pytest.mark.functional

FIRST, THEN, NOW = (dates.day_number(day) for day in ("2019-04-01", "2024-03-31", "2025-03-31"))
TURN = int(dates.month_index(THEN + 1))
UNLIMITED = Supply(pd.DataFrame({"setting": [], "from": [], "places": [], "unavailable": []}).astype({"from": "int64"}))
REPLICATIONS = 40


def changed(what: str) -> KnownWorld:
    """A steady world in which one thing changes a year before the forecast."""
    world = read_world().steady().scaled(0.6)
    if what == "entries doubled":
        for stream in ("other", "uasc"):
            world = world.with_levels(lambda month: 2.0 if month >= TURN else 1.0, stream)
    if what == "exits fell":
        world = world.with_change(Change(TURN, EXIT_REASONS, 0.4))
    return world


@lru_cache(maxsize=8)
def made(what: str, origin: int) -> Made:
    truth = invent(changed(what), engine_name="compiled")
    history = returned_history(truth.journeys, FIRST, origin)
    return Made(history, estimate_rates(history), forecast_entrants(history, months=36, evaluate=False), UNLIMITED)


def simulated(now: Made, replications: int = REPLICATIONS) -> Outcome:
    return simulate(
        now.history,
        rates=now.rates,
        forecast=now.forecast,
        matched=Matched(now.supply),
        years=2,
        replications=replications,
        workers=1,
        journeys=0,
    )


@lru_cache(maxsize=8)
def found(what: str) -> tuple[Drivers, Outcome]:
    baseline = simulated(made(what, NOW))
    return why_it_changed(made(what, NOW), baseline, made(what, THEN), workers=1), baseline


def parts(given: Drivers, against: str, ahead: int = 24) -> Mapping[str, float]:
    own = given.parts[(given.parts["against"] == against) & (given.parts["months_ahead"] == ahead)]
    return dict(zip(own["part"], own["children"], strict=True))


def test_everything_adds_up_to_the_forecast_itself() -> None:
    given, baseline = found("entries doubled")
    assert tuple(given.parts.columns) == COLUMNS
    for against in (LAST_YEAR, TODAY):
        for ahead, day in ((12, "2026-03-31"), (24, "2027-03-31")):
            own = parts(given, against, ahead)
            assert list(own) == [START, *DRIVERS, END]
            assert own[START] + sum(own[name] for name in DRIVERS) == pytest.approx(own[END], abs=1e-9)
            stock = baseline.stock[baseline.stock["month_end"] == day]
            in_care = stock["setting"].isin(read_codes().in_care)
            assert own[END] == pytest.approx(stock.loc[in_care, "children"].sum() / REPLICATIONS)
    now = made("entries doubled", NOW).history.placements
    assert parts(given, TODAY)[START] == now["end"].isna().sum()


def test_the_start_is_the_forecast_made_a_year_ago() -> None:
    given, _ = found("exits fell")
    then = simulated(made("exits fell", THEN))
    stock = then.stock[(then.stock["month_end"] == "2026-03-31") & then.stock["setting"].isin(read_codes().in_care)]
    assert parts(given, LAST_YEAR, 12)[START] == pytest.approx(stock["children"].sum() / REPLICATIONS)


def test_a_world_whose_entries_doubled_says_entries() -> None:
    own = parts(found("entries doubled")[0], LAST_YEAR)
    change = own[END] - own[START]
    assert change > 40
    assert own[ENTRIES] > 0.8 * change
    assert all(abs(own[name]) < 0.2 * change for name in DRIVERS if name != ENTRIES)
    ahead = parts(found("entries doubled")[0], TODAY)
    assert ahead[ENTRIES] > max(abs(ahead[name]) for name in (POPULATION, EXITS, PLACEMENTS, TOGETHER))


def test_a_world_whose_exits_fell_says_exits() -> None:
    own = parts(found("exits fell")[0], LAST_YEAR)
    change = own[END] - own[START]
    assert change > 20
    assert own[EXITS] > 0.7 * change
    assert all(abs(own[name]) < 0.5 * own[EXITS] for name in DRIVERS if name != EXITS)
    ahead = parts(found("exits fell")[0], TODAY)
    assert ahead[EXITS] > max(abs(ahead[name]) for name in (POPULATION, ENTRIES, PLACEMENTS, TOGETHER))


def test_what_did_not_change_is_exactly_nought() -> None:
    now = made("steady", NOW)
    same = replace(now, rates=of_all_years(now.rates, now.history))
    own = parts(why_it_changed(same, simulated(same, 10), workers=1), TODAY)
    assert own[POPULATION] == own[EXITS] == own[PLACEMENTS] == own[TOGETHER] == 0.0
    assert own[ENTRIES] != 0.0
    assert own[COHORT] != 0.0


def test_without_a_population_table_population_has_no_part() -> None:
    now = made("steady", NOW)
    own = parts(why_it_changed(now, simulated(now, 10), made("steady", THEN), workers=1), LAST_YEAR)
    assert own[POPULATION] == 0.0


def test_a_growing_child_population_has_a_line_of_its_own() -> None:
    history = made("steady", NOW).history
    growing = {year: 50_000.0 * (1.0 if year <= 2025 else 1.2) for year in range(2018, 2030)}
    forecast = forecast_entrants(history, months=36, evaluate=False, children=growing)
    now = replace(made("steady", NOW), forecast=forecast, children=growing)
    level = dict.fromkeys(range(2018, 2030), 50000.0)
    flat = replace(now, forecast=forecast_entrants(history, months=36, evaluate=False, children=level), children=level)
    own = parts(why_it_changed(now, simulated(now), workers=1), TODAY)
    assert own[POPULATION] > 0.5
    assert parts(why_it_changed(flat, simulated(flat, 10), workers=1), TODAY)[POPULATION] == 0.0


def test_a_steady_world_needs_as_many_entrants_as_it_has() -> None:
    told = found("steady")[0].told.set_index("what")["value"]
    true = sum(sum(stream.per_year) for stream in changed("steady").streams.values()) / 12
    # What is not known of rates and the luck of one past: a tenth or so of a small authority's entries.
    assert told["entrants a month that hold today's number"] == pytest.approx(true, rel=0.25)
    assert told["entrants seen"] == seen_since(made("steady", NOW).history, TURN, TURN + 12).sum()


def test_steady_entrants_are_as_many_as_expected() -> None:
    expected = np.linspace(0.2, 3.0, len(GROUPS))
    counts = Steady(600, 24, expected).counts([replication_key(1, number) for number in range(200)])
    assert counts.shape == (200, len(GROUPS), 24)
    assert np.allclose(counts.mean((0, 2)), expected, rtol=0.08)
    assert counts.var() > 0


def test_a_year_before_nothing_later_is_known(tmp_path: Path) -> None:
    write_returns(invent(read_world().scaled(0.12), engine_name="compiled"), tmp_path, range(2022, 2027))
    read = read_returns(tmp_path)
    now = build_history(read)
    children = {year: 20_000.0 + year for year in range(2020, 2030)}
    before = a_year_before(read, now, months=36, children=children)
    assert before is not None
    assert dates.as_date(before.history.origin).isoformat() == "2025-03-31"
    assert before.children == {year: count for year, count in children.items() if year < 2025}
    assert (before.history.placements["start"] <= "2025-03-31").all()
    assert before.forecast.first_month == int(dates.month_index(before.history.origin + 1))
    part = a_year_before(read, build_history(read, origin="2025-10-15"), months=36)
    assert part is not None
    assert dates.as_date(part.history.origin).isoformat() == "2024-09-30"
    early = build_history(read, origin="2024-06-15")
    assert a_year_before(read, early, months=36) is None
