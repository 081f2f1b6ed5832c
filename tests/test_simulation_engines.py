"""The two engines give the same numbers, array by array, on whatever world."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places_world import WORLDS, setting, shares

from sufficiency import dates
from sufficiency.codes import AGE_BANDS
from sufficiency.draws import KeyWords, entrant_key, replication_key, stock_key
from sufficiency.forecast import forecast_entrants
from sufficiency.history import build_history
from sufficiency.history.stock import Spells
from sufficiency.provenance import shipped
from sufficiency.rates import estimate_rates
from sufficiency.returns import read_returns
from sufficiency.scenario import read_scenario
from sufficiency.simulation import World, supply_of
from sufficiency.simulation.counted import Counted
from sufficiency.simulation.engines import engine
from sufficiency.simulation.places import Places, Tally
from sufficiency.simulation.setup import Setup, prepare
from sufficiency.tables import read_capacity, read_staying_put

REPLICATIONS = 20
KEYS = st.builds(replication_key, st.integers(0, 2**62), st.integers(0, 9))
DAYS = 730


def same(one: Counted, other: Counted) -> list[str]:
    """Names of the arrays that differ."""
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in ("stock", "child_days", "flows")]
    pairs += [(item.name, getattr(one.tally, item.name), getattr(other.tally, item.name)) for item in fields(Tally)]
    assert one.spells is not None
    assert other.spells is not None
    pairs += [(item.name, getattr(one.spells, item.name), getattr(other.spells, item.name)) for item in fields(Spells)]
    return [name for name, left, right in pairs if not np.array_equal(left, right)]


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(base=WORLDS, key=KEYS)
def test_engines_agree_on_random_worlds(base: World, key: KeyWords) -> None:
    assert same(engine("compiled")(base, key), engine("reference")(base, key)) == []


@pytest.fixture(scope="module")
def setup() -> Setup:
    """The example authority with its own places, two years ahead."""
    folder = shipped("example")
    history = build_history(read_returns(folder / "returns"))
    first = history.origin + 1
    supply = supply_of(history, read_capacity(folder / "tables"), read_staying_put(folder / "tables"))
    known = replace(supply, one_suits={"in_house_fostering": 0.14, "in_house_home": 0.22})
    forecast = forecast_entrants(history, months=24)
    plan = read_scenario("baseline").effects(first, 24, history.codes)
    return prepare(history, estimate_rates(history), forecast, plan, days=DAYS, supply=known)


def _unlimited(places: Places) -> Places:
    return replace(places, limited=np.zeros_like(places.limited))


def _waiting(places: Places) -> Places:
    """Children wait to step across and down, a quarter of them from the start and a half after a year."""
    later = np.array([places.wait_day[0], places.wait_day[0] + 365])
    across = np.concatenate([shares(agency_fostering=0.25, external_home=0.25)] * 2) * [[1], [2]]
    down = np.concatenate([shares(in_house_home=0.1, external_home=0.1)] * 2)
    waits: dict[str, Any] = {"across": across, "down": down, "down_to": setting("in_house_fostering"), "success": 0.7}
    return replace(places, wait_day=later, **waits, after_days=60, wait_unmet=0.5)


def _shrinking(places: Places) -> Places:
    """Half of the in-house places close over the first year."""
    gone = np.clip((places.change_day - places.change_day[0]) / 365, 0, 1)
    usable = (places.change_usable * (1 - 0.5 * gone)).astype(np.int64)
    return replace(_waiting(places), change_usable=usable)


def _scarce(places: Places) -> Places:
    """Outside providers are limited too, so that some children get their second choice."""
    more = [setting("agency_fostering"), setting("external_home")]
    limited = places.limited.copy()
    limited[more] = True
    day = np.concatenate([places.change_day, np.repeat(places.change_day[0], len(more))])
    number = np.concatenate([places.change_setting, more])
    usable = np.concatenate([places.change_usable, [104, 20]])
    order = np.lexsort((number, day))
    changes: dict[str, Any] = {
        "change_day": day[order],
        "change_setting": number[order],
        "change_usable": usable[order],
    }
    return replace(_waiting(places), limited=limited, **changes)


def _uptake(share: float) -> Callable[[Places], Places]:
    return lambda places: replace(places, uptake=np.where(places.uptake > 0, share, 0.0))


CASES: dict[str, Callable[[Places], Places]] = {
    "unlimited": _unlimited,
    "capped": lambda places: places,
    "step across and step down": _waiting,
    "shrinking capacity": _shrinking,
    "market limits": _scarce,
    "nobody stays put": _uptake(0.0),
    "half stay put": _uptake(0.5),
    "all stay put": _uptake(1.0),
}


def agree(setup: Setup, change: Callable[[World], World], replications: int = REPLICATIONS) -> list[Counted]:
    """Run both engines and hand on what the compiled one counted."""
    found = []
    for number in range(replications):
        key = replication_key(3, number)
        given_world = change(setup.world(key))
        found.append(engine("compiled")(given_world, key))
        assert same(found[-1], engine("reference")(given_world, key)) == []
    return found


@pytest.mark.functional
@pytest.mark.parametrize("case", CASES)
def test_engines_agree_on_the_example(setup: Setup, case: str) -> None:
    counted = agree(setup, lambda world: replace(world, places=CASES[case](world.places)))
    stepped = sum(int(one.tally.stepped.sum()) for one in counted)
    unmet = sum(int(one.tally.unmet.sum()) for one in counted)
    stayed = sum(int(one.stock[:, :, len(AGE_BANDS) - 1].sum()) for one in counted)
    # The case is what it says: something steps, is unmet, or stays.
    assert (stepped > 0) == (case in ("step across and step down", "shrinking capacity", "market limits"))
    assert unmet > 0 or case != "market limits"
    assert stayed > 0


@pytest.mark.functional
def test_engines_agree_with_ramps_on_every_lever(setup: Setup, tmp_path: Path) -> None:
    levers = "".join(
        f"[levers.{name}]\nchange = {change}\nstarts = 2\nramp_months = 6\nmonths = 15\n{more}"
        for name, change, more in (
            ("entries", 0.4, ""),
            ("reunification", 0.3, ""),
            ("permanence", 0.5, ""),
            ("placement_stability", -0.3, ""),
            ("hazard_multiplier", 1.5, 'cause = "to_home"\n'),
        )
    )
    path = tmp_path / "ramps.toml"
    path.write_text(f'[about]\ntitle = "T"\nquestion = "Q?"\n{levers}', encoding="utf-8")
    effects = read_scenario(path).effects(setup.first_day, 24, setup.codes)
    counted = agree(replace(setup, effects=effects), lambda world: replace(world, places=_waiting(world.places)))
    plain = engine("compiled")(setup.world(replication_key(3, 0)), replication_key(3, 0))
    assert not np.array_equal(counted[0].flows, plain.flows)


def _of_size(world: World, children: int) -> World:
    """As many children in care, entrants and places in proportion: the same ones again with keys of their own."""
    times, now = children / len(world.stock.key), world.stock
    row = np.arange(children) % len(now.key)
    stock = type(now)(
        stock_key(np.arange(children)),
        *(getattr(now, name)[row] for name in ("dob", "uasc", "setting", "placement_start", "care_start")),
    )
    came = world.entrants
    number = np.arange(round(len(came.key) * times))
    again = number % len(came.key)
    entrants = type(came)(
        entrant_key(0, 0, 0, number), *(getattr(came, name)[again] for name in ("day", "dob", "uasc", "kind"))
    )
    places = replace(world.places, change_usable=np.round(world.places.change_usable * times).astype(np.int64))
    return replace(world, stock=stock, entrants=entrants, places=_waiting(places))


@pytest.mark.functional
@pytest.mark.parametrize("children", [32, 2000])
def test_engines_agree_on_small_and_large_authorities(setup: Setup, children: int) -> None:
    counted = agree(setup, lambda world: _of_size(world, children))
    cared = len(setup.codes.in_care)
    assert counted[0].stock[0, :cared].sum() == pytest.approx(children, rel=0.5)


@pytest.mark.functional
def test_engines_agree_on_a_day_of_hundreds_of_events(setup: Setup) -> None:
    """All children in care were born on one day, and so most of them turn 18 on one day."""
    born = int(dates.birthday(setup.first_day + 90, -dates.ADULT))

    def together(world: World) -> World:
        return replace(world, stock=replace(world.stock, dob=np.full(len(world.stock.key), born)))

    counted = agree(setup, together, replications=3)
    assert all(int(one.spells.end.tolist().count(setup.first_day + 90)) > 100 for one in counted if one.spells)


@pytest.mark.unit
def test_worlds_of_a_block_are_those_of_each_replication(setup: Setup) -> None:
    keys = [replication_key(3, number) for number in range(4)]
    worlds = setup.worlds(keys, setup.forecast.counts(keys))
    for key, one in list(zip(keys, worlds, strict=True))[::-1]:
        assert same(engine("compiled")(one, key), engine("compiled")(setup.world(key), key)) == []


@pytest.mark.unit
def test_a_run_that_does_not_fit_says_so_and_writes_nowhere_else(setup: Setup) -> None:
    from sufficiency.simulation import compiled, kernel  # noqa: PLC0415 - slow to load

    key = replication_key(3, 0)
    world = setup.world(key)
    shared = compiled.layout(world.codes, world.first_day, world.last_day)
    plan = compiled.plan_of(world, shared)
    for name in ("flows", "rows", "chunks"):
        state = compiled._state(world, shared, key, keep=True, room=1)
        kernel.run(plan, state)
        assert not state.n[kernel.FULL]
        few = getattr(state, name)[:5].copy()
        if name == "chunks":
            few[:, 0] = [1, 2, 3, 4, -1]
        state = compiled._state(world, shared, key, keep=True, room=1)._replace(**{name: few})
        kernel.run(plan, state)
        assert state.n[kernel.FULL]


CHECKED = """
from hypothesis import given, settings
import test_simulation_engines as here
run = here.test_engines_agree_on_random_worlds.hypothesis.inner_test
settings(max_examples=40, deadline=None, database=None)(given(base=here.WORLDS, key=here.KEYS)(run))()
print("checked")
"""


@pytest.mark.property
def test_compiled_code_stays_within_its_arrays(tmp_path: Path) -> None:
    """The same on random worlds, compiled with every index checked."""
    tests = Path(__file__).parent
    checks = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_OPT": "1"}
    environment = {**os.environ, **checks, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    words = [sys.executable, "-c", CHECKED]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert ended.stdout.strip() == "checked", ended.stderr[-2000:]


@pytest.mark.unit
def test_there_are_two_engines() -> None:
    with pytest.raises(ValueError, match="compiled or reference"):
        engine("other")


@pytest.mark.unit
def test_birthdays_are_those_of_the_calendar() -> None:
    from sufficiency.simulation import kernel  # noqa: PLC0415 - slow to load

    dob = np.arange(dates.day_number("1999-12-28"), dates.day_number("2001-03-03"))
    dob = np.concatenate([dob, dates.day_number("2004-02-27") + np.arange(4), [dates.day_number("1900-03-01")]])
    for age in (0, 1, 5, 16, 17, 18, 21, 100):
        found = [kernel._birthday(int(born), age) for born in dob]
        assert np.array_equal(found, dates.birthday(dob, age))
