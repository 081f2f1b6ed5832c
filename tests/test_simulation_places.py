"""Limited places, waiting lists and staying put: the same accounting three times, and what must follow from limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import simpy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from places_world import HOUSES, HUGE, STAY_SETTINGS, WORLDS, setting, shares, with_places
from simulation_audit import EXITED, MOVE, OPEN, STAY, audit, rows_of
from small_world import CODES, FIRST_DAY, PLAIN, SETTINGS, children, entrants, no_stock, world

from sufficiency import dates
from sufficiency.codes import TYPES
from sufficiency.draws import KeyWords, replication_key
from sufficiency.history.stock import EVENTS, NONE, Spells, events, flow_table
from sufficiency.simulation import World, simulate_journeys
from sufficiency.simulation.engines import engine
from sufficiency.simulation.hazards import Hazards
from sufficiency.simulation.journeys import Journeys
from sufficiency.simulation.places import Stayers, constant
from sufficiency.simulation.register import Simulated
from sufficiency.simulation.world import Entrants, Leavers

Engine = Callable[[World, KeyWords], Simulated]
KEY = replication_key(1, 0)
KEYS = st.builds(replication_key, st.integers(0, 2**62), st.integers(0, 9))
STAY_FROM = tuple(name for name, stays in zip(CODES.in_care, STAY_SETTINGS, strict=True) if stays)


def compiled(given: World, key: KeyWords) -> Simulated:
    """The compiled engine, with what it kept."""
    counted = engine("compiled")(given, key)
    assert counted.spells is not None
    return Simulated(counted.spells, counted.tally)


@pytest.fixture(scope="module", params=[simulate_journeys, compiled], ids=["reference", "compiled"])
def run(request: pytest.FixtureRequest) -> Engine:
    """Every engine in turn."""
    chosen: Engine = request.param
    return chosen


def _same(one: Spells, other: Spells) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Spells.__dataclass_fields__)


def _nobody() -> Entrants:
    return entrants(100, 0.0)


def _quiet(count: int, place: str, *, age_days: int = 8 * 365, days: int = 100) -> World:
    """Children in one setting to whom nothing happens of itself."""
    return world(
        days=days, rates={}, re_entry=0.0, stock=children(count, setting=place, age_days=age_days), arriving=_nobody()
    )


def _by_child(given: World, out: Simulated) -> dict[int, list[tuple[str, int]]]:
    """Settings and starts (simulated days) of each child's placements that began in the horizon."""
    found: dict[int, list[tuple[str, int]]] = {}
    for row in rows_of(given, out.spells):
        if row.start >= given.first_day:
            found.setdefault(row.child, []).append((CODES.all_settings[row.setting], row.start - given.first_day))
    return found


# Whatever the world.


@pytest.mark.property
@settings(max_examples=60)
@given(base=WORLDS, key=KEYS)
def test_places_and_children_add_up_every_day(run: Engine, base: World, key: KeyWords) -> None:
    audit(base, run(base, key))


@pytest.mark.property
@settings(max_examples=15)
@given(base=WORLDS, key=KEYS)
def test_the_register_is_right_after_every_day(base: World, key: KeyWords) -> None:
    journeys = Journeys(base, key)

    def daily() -> Iterator[simpy.Event]:
        while True:
            journeys.register.check()
            yield journeys.environment.timeout(1.0)

    journeys.environment.process(daily())  # type: ignore[arg-type]
    journeys.environment.run(until=base.days)
    journeys.register.finish()


@pytest.mark.property
@settings(max_examples=15)
@given(base=WORLDS, key=KEYS)
def test_without_the_will_to_wait_or_a_place_that_suits_nobody_steps(run: Engine, base: World, key: KeyWords) -> None:
    none = np.zeros_like(base.places.across)
    nobody_waits = replace(base.places, across=none, down=none, wait_unmet=0.0)
    nothing_suits = replace(base.places, one_suits=np.zeros(SETTINGS))
    for_ever = replace(base.places, after_days=20_000)
    first = run(replace(base, places=nobody_waits), key)
    assert first.tally.waiting_days.sum() == 0
    no_lever = replace(nobody_waits, wait_day=base.places.wait_day[:1], across=none[:1], down=none[:1])
    for places in (no_lever, nothing_suits, for_ever):
        other = run(replace(base, places=places), key)
        assert _same(first.spells, other.spells)
        assert other.tally.stepped.sum() == 0


@pytest.mark.property
@settings(max_examples=15)
@given(base=WORLDS, key=KEYS)
def test_places_without_end_are_as_none_counted(run: Engine, base: World, key: KeyWords) -> None:
    suits = np.zeros((SETTINGS, 2))
    for name in ("fostering", "home"):
        house = CODES.in_care.index(CODES.settings_of(name)[0])
        suits[house] = constant(base.in_house_share[TYPES.index(name)], 1)
    endless = with_places(base, {CODES.in_care[house]: HUGE for house in HOUSES}, suits=suits)
    unlimited = with_places(base)
    assert _same(run(endless, key).spells, run(unlimited, key).spells)


@pytest.mark.property
@settings(max_examples=15)
@given(base=WORLDS, key=KEYS)
def test_without_places_nobody_arrives_in_house(run: Engine, base: World, key: KeyWords) -> None:
    closed = with_places(base, dict.fromkeys((CODES.in_care[house] for house in HOUSES), 0))
    out = run(closed, key)
    came = [row for row in rows_of(closed, out.spells) if row.start >= base.first_day and row.opening != STAY]
    assert not {row.holds for row in came} & set(HOUSES)
    assert out.tally.unmet.sum() == 0
    turned = sum(row.holds in (setting("agency_fostering"), setting("external_home")) for row in came)
    assert out.tally.turned_away.sum() == turned


@pytest.mark.property
@settings(max_examples=15)
@given(base=WORLDS, key=KEYS)
def test_an_uptake_of_nought_leaves_only_those_who_stayed_before(run: Engine, base: World, key: KeyWords) -> None:
    places = replace(base.places, uptake=np.zeros_like(base.places.uptake))
    rows = rows_of(base, run(replace(base, places=places), key).spells)
    assert sum(row.opening == STAY for row in rows) == len(base.stayers.key)


@pytest.mark.property
@settings(max_examples=15)
@given(base=WORLDS, key=KEYS)
def test_with_full_uptake_and_no_end_everyone_stays_until_21(run: Engine, base: World, key: KeyWords) -> None:
    uptake = np.tile(STAY_SETTINGS.astype(float), (len(base.places.stay_day), 1))
    places = replace(base.places, uptake=uptake, stay_hazard=np.zeros((SETTINGS, 3)))
    rows = rows_of(base, run(replace(base, places=places), key).spells)
    for before, row in zip(rows, [*rows[1:], None], strict=True):
        if before.reason != NONE and before.closing == EXITED and STAY_SETTINGS[before.holds]:
            adult = before.end == dates.birthday(before.dob, 18)
            assert not adult or (row is not None and row.child == before.child and row.opening == STAY)
        if before.opening == STAY:
            limit = int(dates.birthday(before.dob, 21))
            assert before.end == (limit if limit <= base.last_day else OPEN)


@pytest.mark.property
@settings(max_examples=15)
@given(base=WORLDS, key=KEYS)
def test_a_higher_uptake_only_adds_stayers_where_places_are_not_counted(
    run: Engine, base: World, key: KeyWords
) -> None:
    some = with_places(base, uptake=base.places.uptake[:1], stay_hazard=base.places.stay_hazard)
    more = with_places(base, uptake=np.minimum(base.places.uptake[:1] * 1.5, 1), stay_hazard=base.places.stay_hazard)
    rows, others = (set(rows_of(given, run(given, key).spells)) for given in (some, more))
    assert rows <= others
    assert all(row.opening == STAY for row in others - rows)


@pytest.mark.property
@settings(max_examples=15)
@given(base=WORLDS, key=KEYS, usable=st.integers(0, 5))
def test_fewer_places_than_children_evict_nobody(run: Engine, base: World, key: KeyWords, usable: int) -> None:
    assume(len(base.stock.key) > 0)
    later = base.first_day + 100
    names = dict.fromkeys(CODES.in_care, HUGE)
    nothing = Hazards.known(np.zeros_like(base.hazards.posterior.shape))
    still = with_places(replace(base, hazards=nothing, entrants=_nobody(), re_entry=np.zeros((2, 4, 4))), names)
    falling = replace(
        still.places,
        change_day=np.concatenate((still.places.change_day, np.full(SETTINGS, later))),
        change_setting=np.tile(np.arange(SETTINGS), 2),
        change_usable=np.concatenate((still.places.change_usable, np.full(SETTINGS, usable))),
    )
    out = run(replace(still, places=falling), key)
    audit(replace(still, places=falling), out)
    assert _same(out.spells, run(still, key).spells)


# By hand.


@pytest.mark.unit
def test_who_waits_longest_steps_across_first_when_places_open(run: Engine) -> None:
    base = _quiet(4, "agency_fostering")
    opening = base.first_day + 40
    given = with_places(
        base,
        {"in_house_fostering": 0},
        across=shares(agency_fostering=1.0),
        change_day=np.array([base.first_day, opening]),
        change_setting=np.full(2, setting("in_house_fostering")),
        change_usable=np.array([0, 3]),
    )
    out = run(given, KEY)
    assert _by_child(given, out) == {child: [("in_house_fostering", 40)] for child in range(3)}
    # Four wait for 40 days (30 of them in April) and one for the other 60.
    assert out.tally.waiting_days[:, setting("in_house_fostering")].tolist() == [120, 40 + 21, 30, 9]
    assert out.tally.stepped[:, setting("in_house_fostering")].tolist() == [0, 3, 0, 0]
    assert out.tally.events == 2 + 3


@pytest.mark.unit
def test_nothing_is_offered_before_the_days_in_the_placement_are_served(run: Engine) -> None:
    base = _quiet(2, "agency_fostering")
    arguments = {"across": shares(agency_fostering=1.0), "after_days": 10}
    early = with_places(base, {"in_house_fostering": 5}, **arguments)
    assert _by_child(early, run(early, KEY)) == {}
    wait = np.array([base.first_day, base.first_day + 8, base.first_day + 9])
    again = with_places(
        base,
        {"in_house_fostering": 5},
        wait_day=wait,
        **arguments,
    )
    assert _by_child(again, run(again, KEY)) == {child: [("in_house_fostering", 9)] for child in (0, 1)}


@pytest.mark.unit
def test_a_step_down_that_fails_leaves_the_list_until_it_is_decided_anew(run: Engine) -> None:
    base = _quiet(3, "external_home")
    wait = np.array([base.first_day, base.first_day + 50])
    fields = {"down_to": setting("in_house_fostering"), "wait_day": wait, "success": 0.0}
    given = with_places(base, {"in_house_fostering": 1}, down=shares(external_home=1.0), **fields)
    out = run(given, KEY)
    assert out.tally.stepped.sum() == 0
    assert out.tally.waiting_days.sum() == 0
    late = replace(given.places, one_suits=np.zeros(SETTINGS))
    assert run(replace(given, places=late), KEY).tally.waiting_days.sum() == 300
    sure = replace(given.places, success=1.0)
    assert _by_child(given, run(replace(given, places=sure), KEY)) == {0: [("in_house_fostering", 0)]}


@pytest.mark.unit
def test_a_place_that_a_taker_frees_is_offered_in_turn(run: Engine) -> None:
    homes = children(1, setting="in_house_home", age_days=8 * 365)
    outside = children(2, setting="external_home", age_days=8 * 365, offset=1)
    both = type(homes)(*(np.concatenate((getattr(homes, n), getattr(outside, n))) for n in homes.__dataclass_fields__))
    base = replace(_quiet(0, "secure"), stock=both)
    given = with_places(
        base,
        {"in_house_fostering": 1, "in_house_home": 1},
        down=shares(in_house_home=1.0),
        down_to=setting("in_house_fostering"),
        across=shares(external_home=1.0),
    )
    out = run(given, KEY)
    assert _by_child(given, out) == {0: [("in_house_fostering", 0)], 1: [("in_house_home", 0)]}
    assert out.tally.full_days.sum(0)[[*HOUSES]].tolist() == [100, 100]
    audit(given, out)


@pytest.mark.unit
def test_without_room_a_first_choice_is_unmet_and_may_be_waited_for(run: Engine) -> None:
    arriving = entrants(100, 0.1, kinds=("fostering",))
    base = world(days=100, stock=no_stock(), arriving=arriving, rates={}, re_entry=0.0)
    full = {"in_house_fostering": 0, "agency_fostering": 2, "in_house_home": 0, "external_home": 3}
    given = with_places(base, full, wait_unmet=1.0)
    out = run(given, KEY)
    first = [places[0][0] for _, places in sorted(_by_child(given, out).items())]
    # Fostering falls back on homes, and homes on the last resort.
    assert first == ["agency_fostering"] * 2 + ["external_home"] * 3 + ["other"] * 5
    assert out.tally.unmet.sum((0, 2))[setting("agency_fostering")] == 8
    assert out.tally.unmet.sum() == 8
    assert out.tally.turned_away.sum(0)[[*HOUSES]].tolist() == [10, 0]
    assert out.tally.waiting_days.sum(0)[setting("in_house_fostering")] == sum(
        100 - 10 * child for child in range(2, 10)
    )
    audit(given, out)


@pytest.mark.unit
def test_a_move_within_a_type_counts_its_own_place_as_vacant(run: Engine) -> None:
    rates = {("in_house_fostering", "to_fostering"): 0.05}
    stock = children(3, setting="in_house_fostering", age_days=8 * 365)
    base = world(days=100, rates=rates, stock=stock, arriving=_nobody(), re_entry=0.0)
    given = with_places(base, {"in_house_fostering": 3})
    rows = rows_of(given, run(given, KEY).spells)
    assert len(rows) > 6
    assert {row.setting for row in rows} == {setting("in_house_fostering")}


@pytest.mark.unit
def test_who_stays_put_keeps_the_place_until_its_end_and_then_it_is_offered(run: Engine) -> None:
    first = FIRST_DAY
    born = dates.birthday(first + 20, -21)
    stayers = Stayers(
        children(1, setting="secure", age_days=1, offset=50).key,
        np.array([born]),
        np.array([False]),
        np.array([setting("in_house_fostering")]),
    )
    base = replace(_quiet(1, "agency_fostering"), stayers=stayers)
    given = with_places(base, {"in_house_fostering": 1}, across=shares(agency_fostering=1.0))
    out = run(given, KEY)
    assert _by_child(given, out) == {0: [("in_house_fostering", 20)]}
    assert out.tally.vacant_days.sum() == 0
    flows = flow_table(out.spells, given.first_day, given.last_day, CODES)
    ended = flows[flows["event"] == "stay_put_end"]
    assert ended[["from_setting", "age_band", "count"]].to_numpy().tolist() == [["staying_put_in_house", "18 to 20", 1]]
    assert ended["to_setting"].isna().all()
    audit(given, out)


@pytest.mark.unit
def test_staying_put_is_an_exit_and_a_flow_from_the_setting_in_care(run: Engine) -> None:
    born_leap = dates.day_number("2008-02-29")
    first = dates.day_number("2026-02-01")
    stock = children(1, setting="kinship_fostering", age_days=first - born_leap, first_day=first)
    base = world(days=365 * 4, first_day=first, rates={}, stock=stock, arriving=entrants(9, 0.0, first_day=first))
    given = with_places(base, uptake=shares(**dict.fromkeys(STAY_FROM, 1.0)))
    out = run(given, KEY)
    assert [str(dates.as_date(day)) for day in out.spells.end] == ["2026-03-01", "2029-03-01"]
    flows = flow_table(out.spells, given.first_day, given.last_day, CODES).astype(object)
    columns = ["event", "from_setting", "to_setting", "reason", "age_band"]
    assert flows[columns].where(flows[columns].notna(), None).to_numpy().tolist() == [
        ["exit", "kinship_fostering", None, "aged_out", "16 to 17"],
        ["stay_put", "kinship_fostering", "staying_put_kinship", None, "18 to 20"],
        ["stay_put_end", "staying_put_kinship", None, None, "18 to 20"],
    ]
    audit(given, out)


@pytest.mark.unit
def test_flows_never_come_from_the_setting_of_another_child(run: Engine) -> None:
    stayer = Stayers(
        children(1, setting="secure", age_days=1, offset=50).key,
        np.array([FIRST_DAY - 19 * 366]),
        np.array([False]),
        np.array([setting("kinship_fostering")]),
    )
    base = replace(_quiet(1, "secure"), stayers=stayer)
    found = events(run(base, KEY).spells, FIRST_DAY - 1, base.last_day)
    assert found.source[found.event == EVENTS.index("stay_put")].tolist() == [NONE]


@pytest.mark.unit
def test_counts_only_are_shown(run: Engine) -> None:
    out = run(with_places(world(rates=PLAIN), {"in_house_fostering": 10}), KEY)
    assert repr(out) == f"Simulated({len(out.spells.child):,} placements, {out.tally.events:,} events)"
    assert (out.spells.opening == MOVE).any()


# Worlds that no engine could read.


def _stays(born: int) -> Stayers:
    held = np.array([setting("in_house_fostering")])
    return Stayers(children(1, setting="secure", age_days=1, offset=50).key, np.array([born]), np.array([False]), held)


@pytest.mark.unit
@pytest.mark.parametrize("first", ["2026-04-01", "2026-03-01", "2024-03-01", "2025-03-01"])
def test_a_birthday_on_the_first_day_ends_care_and_one_before_it_is_refused(run: Engine, first: str) -> None:
    day = dates.day_number(first)
    born, limit = (int(dates.birthday(day, -years)) for years in (18, 21))
    at_18 = children(1, setting="secure", age_days=day - born, first_day=day)
    base = world(days=50, first_day=day, rates={}, stock=at_18, arriving=entrants(9, 0.0, first_day=day))
    given = replace(base, stayers=_stays(limit))
    assert run(given, KEY).spells.end.tolist() == [day, day]
    # Who is born on 29 February turns on 1 March, as who is born on 1 March does.
    earlier = [
        next(dob - back for back in (1, 2) if dates.birthday(dob - back, years) < day)
        for dob, years in ((born, 18), (limit, 21))
    ]
    with pytest.raises(
        ValueError, match=r"^stock holds a child whose 18th birthday lies before the first simulated day$"
    ):
        replace(given, stock=replace(at_18, dob=np.array(earlier[:1])))
    with pytest.raises(ValueError, match=r"^stayers hold a young person whose 21st birthday lies before"):
        replace(given, stayers=_stays(earlier[1]))
    with pytest.raises(ValueError, match=r"18th birthday .*; stayers hold .* 21st birthday"):
        replace(given, stock=replace(at_18, dob=np.array(earlier[:1])), stayers=_stays(earlier[1]))
    new = entrants(50, 1.0, first_day=day)
    young = new.dob.copy()
    young[0] = int(dates.birthday(int(new.day[0]), -18)) + 2
    replace(given, entrants=replace(new, dob=young))
    with pytest.raises(ValueError, match=r"^an entrant is 18 or older$"):
        replace(given, entrants=replace(new, dob=np.append(young[:-1], int(dates.birthday(int(new.day[-1]), -18)))))


@pytest.mark.unit
def test_who_left_care_and_has_turned_18_never_comes_back(run: Engine) -> None:
    born = np.array([dates.birthday(FIRST_DAY + shift, -18) for shift in (-400, -1, 0, 1, 60)])
    left = np.full(len(born), FIRST_DAY - 500)
    key = children(len(born), setting="secure", age_days=1).key
    leavers = Leavers(key, born, np.zeros(len(born), dtype=bool), left, np.ones(len(born), dtype=bool))
    base = world(days=100, rates={}, re_entry=0.99, arriving=_nobody(), stock=no_stock())
    spells = run(replace(base, leavers=leavers), KEY).spells
    assert set(spells.child.tolist()) <= {3, 4}
    assert 4 in spells.child


@pytest.mark.unit
@pytest.mark.parametrize("table", ["change", "wait", "stay"])
def test_places_of_a_day_before_the_first_are_refused(table: str) -> None:
    base = with_places(_quiet(1, "agency_fostering"), {"in_house_fostering": 3})
    early = np.array([base.first_day - 1])
    both = np.append(early, base.first_day)
    other: dict[str, Any] = {
        "change": {
            "change_day": both,
            "change_setting": np.full(2, setting("in_house_fostering")),
            "change_usable": np.array([1, 3]),
        },
        "wait": {"wait_day": both[::-1], "across": np.zeros((2, SETTINGS)), "down": np.zeros((2, SETTINGS))},
        "stay": {"stay_day": both[::-1], "uptake": np.zeros((2, SETTINGS))},
    }
    with pytest.raises(ValueError, match=r"^places hold a day before the first day$"):
        replace(base.places, **other[table]).check(SETTINGS, base.first_day)
