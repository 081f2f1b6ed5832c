"""The engines against answers known apart from them, at the limits, and the benchmark's table."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places_world import HUGE, WORLDS
from scipy.linalg import expm
from simulation_audit import audit

from sufficiency import dates
from sufficiency.draws import KeyWords, replication_key
from sufficiency.history.stock import NONE, OPENINGS, REASONS, Spells
from sufficiency.simulation import World
from sufficiency.simulation.counted import Counted
from sufficiency.simulation.engines import EngineName, engine
from sufficiency.simulation.places import constant
from sufficiency.simulation.register import Simulated
from sufficiency.trials import exact, known_answers, known_page
from sufficiency.trials.known_worlds import (
    AGENCY,
    CODES,
    FIRST_DAY,
    HOUSE,
    SETTINGS,
    arrivals,
    plain_world,
    setting,
    share,
    stock_of,
    with_places,
)

ROOT = Path(__file__).parents[1]
FURTHEST = 4.0
KEY = replication_key(11, 3)
BOTH = pytest.mark.parametrize("name", ["compiled", "reference"])
CASES = [case for case, _ in known_answers.CASES if case is not known_answers.network]
MANY = dict(known_answers.CASES)


def run(world: World, key: KeyWords = KEY, name: EngineName = "compiled") -> Counted:
    return engine(name)(world, key)


def spells(out: Counted) -> Spells:
    assert out.spells is not None
    return out.spells


def same(one: Spells, other: Spells) -> bool:
    return all(np.array_equal(getattr(one, each), getattr(other, each)) for each in Spells.__dataclass_fields__)


def entering(days: int, per_day: float = 0.3, *, first_day: int = FIRST_DAY, seed: int = 5) -> World:
    """A world of moves in which children enter fostering."""
    random = np.random.default_rng(seed)
    arriving = arrivals(random, per_day, days, first_day=first_day, ages=(30, 17 * 365))
    return plain_world(known_answers.RATES, days, first_day=first_day, entrants=arriving)


# Known answers.


@pytest.mark.validation
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_compiled_engine_agrees_with_the_exact_answer(case: known_answers.Case) -> None:
    checks = case("compiled", MANY[case])
    assert checks
    assert {check.quantity: check.z for check in checks if abs(check.z) >= FURTHEST} == {}


@pytest.mark.validation
def test_the_compiled_engine_agrees_with_ciw_on_a_network() -> None:
    pytest.importorskip("ciw", reason="Ciw is not installed; it comes with the dev extra")
    checks = known_answers.network("compiled", MANY[known_answers.network])
    assert len(checks) == 3
    assert {check.quantity: check.z for check in checks if abs(check.z) >= FURTHEST} == {}


@pytest.mark.validation
def test_a_wrong_answer_is_noticed() -> None:
    # A tenth more places than there are, or a hazard a tenth higher: z must be far beyond what passes.
    checks = known_answers.loss("compiled", 400)
    settled = next(check for check in checks if check.quantity.startswith("places held, years"))
    wrong = exact.queue(known_answers.PLACES + 1, known_answers.LOSS_LOAD / 120, 1 / 120, 2000, waiting_room=0)
    assert abs(replace(settled, answer=wrong.held[-1]).z) > 2 * FURTHEST


@pytest.mark.validation
def test_the_daily_chain_tends_to_the_matrix_exponential_for_long_stays() -> None:
    rates = known_answers.chain_rates()
    apart = []
    for slower in (1, 10, 100):
        slow = rates / slower
        own = slow - np.diag(slow.sum(1))
        daily = np.linalg.matrix_power(exact.daily_matrix(slow), 200 * slower)
        apart.append(np.abs(daily - expm(own * 200 * slower)).max())
    assert apart[0] < 0.002
    assert apart[1] < apart[0] / 8
    assert apart[2] < apart[1] / 8


@pytest.mark.validation
@pytest.mark.parametrize(("stay", "within"), [(100, 0.005), (400, 0.0015)])
def test_the_loss_chain_tends_to_erlangs_formula(stay: int, within: float) -> None:
    load = known_answers.LOSS_LOAD
    chained = exact.queue(20, load / stay, 1 / stay, 60 * stay, waiting_room=0)
    assert chained.refused[-1] * stay / load == pytest.approx(exact.erlang_b(20, load), rel=within)
    assert chained.held[-1] == pytest.approx(load * (1 - exact.erlang_b(20, load)), rel=within)


@pytest.mark.validation
@pytest.mark.parametrize(("stay", "within"), [(100, 0.08), (400, 0.02)])
def test_the_waiting_chain_tends_to_erlangs_formula(stay: int, within: float) -> None:
    load = known_answers.WAIT_LOAD
    chained = exact.queue(20, load / stay, 1 / stay, 60 * stay, waiting_room=150)
    waiting = exact.erlang_c(20, load)
    assert chained.full[-1] == pytest.approx(waiting, rel=within)
    assert chained.waiting[-1] == pytest.approx(waiting * load / (20 - load), rel=within)


@pytest.mark.validation
def test_erlangs_formulae_give_published_values() -> None:
    # 10 Erlangs: 21.46 % lost on 10 lines, 1.29 % on 17 (any printed Erlang B table).
    assert exact.erlang_b(10, 10.0) == pytest.approx(0.2146, abs=5e-5)
    assert exact.erlang_b(17, 10.0) == pytest.approx(0.0129, abs=5e-5)
    assert exact.erlang_c(1, 0.7) == pytest.approx(0.7)


# Little's law, exactly.


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(base=WORLDS, seed=st.integers(0, 2**62))
def test_child_days_are_the_sum_of_everybodys_stays(base: World, seed: int) -> None:
    out = run(base, replication_key(seed, 0))
    rows = spells(out)
    lived = np.minimum(rows.end, base.last_day + 1) - np.maximum(rows.start, base.first_day)
    assert out.child_days.sum() == lived.sum()
    by_setting = np.bincount(rows.setting, weights=lived, minlength=len(CODES.all_settings))
    assert np.array_equal(out.child_days.sum((0, 2, 3)), by_setting)


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(base=WORLDS, seed=st.integers(0, 2**62))
def test_places_ages_and_numbers_of_children_add_up(base: World, seed: int) -> None:
    out = run(base, replication_key(seed, 1))
    audit(base, Simulated(spells(out), out.tally))


# Limits.


@BOTH
@pytest.mark.functional
def test_without_a_place_everybody_goes_elsewhere(name: EngineName) -> None:
    world = with_places(entering(500), {HOUSE: 0, "in_house_home": 0}, across=share(**{AGENCY: 1.0}))
    out = run(world, name=name)
    houses = [setting(HOUSE), setting("in_house_home")]
    assert out.stock[:, houses].sum() == 0
    assert out.tally.stepped.sum() == 0
    assert out.tally.turned_away[:, setting(HOUSE)].sum() >= len(world.entrants.key)
    assert out.tally.waiting_days[-1, setting(HOUSE)] > 0


@BOTH
@pytest.mark.functional
def test_places_without_end_are_as_none_counted(name: EngineName) -> None:
    world = entering(500)
    suits = np.tile(constant(0.6, 1), (SETTINGS, 1))
    endless = with_places(world, {HOUSE: HUGE, "in_house_home": HUGE}, suits=suits)
    assert same(spells(run(endless, name=name)), spells(run(world, name=name)))


@BOTH
@pytest.mark.functional
def test_without_entrants_or_stock_nothing_happens(name: EngineName) -> None:
    out = run(with_places(plain_world(known_answers.RATES, 400), {HOUSE: 5}), name=name)
    assert (len(spells(out).child), out.stock.sum(), len(out.flows)) == (0, 0, 0)
    assert out.tally.vacant_days[:, setting(HOUSE)].sum() == 5 * 400
    # The day on which the places open.
    assert out.tally.events == 1


@BOTH
@pytest.mark.functional
def test_without_entrants_the_opening_stock_runs_out(name: EngineName) -> None:
    stock = stock_of({HOUSE: 30, AGENCY: 30}, age_days=16 * 365)
    out = run(plain_world(known_answers.RATES, 1000, stock=stock), name=name)
    assert out.stock[-1].sum() == 0
    assert (spells(out).opening == OPENINGS.index("move")).all()


@BOTH
@pytest.mark.functional
def test_an_origin_on_29_february(name: EngineName) -> None:
    first = dates.day_number("2028-02-29") + 1
    world = entering(400, first_day=first)
    stock = stock_of({HOUSE: 20}, first, age_days=first - dates.day_number("2012-02-29"))
    world = with_places(replace(world, stock=stock), {HOUSE: 25})
    out = run(world, name=name)
    audit(world, Simulated(spells(out), out.tally))
    # Born on 29 February 2012: 18 on 1 March 2030, beyond the horizon.
    assert not (spells(out).reason[spells(out).child < 20] == REASONS.index("aged_out")).any()
    again = replace(world, days=800)
    adult = spells(run(again, name=name))
    out_at_18 = (adult.child < 20) & (adult.reason == REASONS.index("aged_out"))
    assert out_at_18.any()
    assert set(adult.end[out_at_18].tolist()) == {dates.day_number("2030-03-01")}


@BOTH
@pytest.mark.functional
def test_everyone_seventeen_is_gone_within_a_year(name: EngineName) -> None:
    stock = stock_of({HOUSE: 40}, age_days=17 * 365 + 10)
    world = with_places(plain_world({}, 366, stock=stock), {HOUSE: 10})
    out = run(world, name=name)
    assert out.stock[-1].sum() == 0
    assert (spells(out).reason == REASONS.index("aged_out")).all()
    # More children than places to the day on which they all leave: nobody is moved for it.
    assert len(spells(out).child) == 40
    assert (spells(out).closing != NONE).all()


# The page and the benchmark.


@pytest.mark.unit
def test_the_page_lists_every_case() -> None:
    text = (ROOT / "docs" / "validation" / "simulation.md").read_text(encoding="utf-8")
    assert known_page.COMMAND in text
    assert text.count("\n## ") == len(known_answers.CASES) + 1
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    far = [row for row in rows if len(row) == 6 and any(abs(float(z.strip("| "))) > FURTHEST for z in _scores(row))]
    assert far == []


def _scores(row: list[str]) -> list[str]:
    return [cell for cell in (row[3], row[5].strip("| ")) if cell.strip() and cell.strip()[0] in "+-"]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_simulation", ROOT / "benchmarks" / "simulation.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.functional
def test_the_benchmark_makes_its_smallest_table(benchmark: ModuleType) -> None:
    text = benchmark.made(("engines",), sizes=(40,), replications=2, years=1)
    assert "| 40 |" in text
    assert "heapq" in text
