"""The known world and the families that enter it."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGE_EDGES, CAUSES, HAZARD_AGES, read_codes
from sufficiency.draws import replication_key
from sufficiency.history.stock import EVENTS, events
from sufficiency.rates.openings import GROUPS
from sufficiency.trials import Change, invent, read_world
from sufficiency.trials.entrants import born, count_from, draw_arrivals, next_band
from sufficiency.trials.known import STREAMS, world_from
from sufficiency.trials.lives import birthday, lives

WORLD = read_world()
CODES = read_codes()


@pytest.mark.unit
def test_hazards_have_the_engines_shape_and_respect_ages() -> None:
    hazards = WORLD.hazards(CODES)
    assert hazards.shape == (len(CODES.in_care), len(HAZARD_AGES), 6, 2, len(CAUSES))
    assert (hazards >= 0).all()
    supported = hazards[..., CAUSES.index("to_supported_accommodation")]
    assert not supported[:, : HAZARD_AGES.index("16")].any()
    assert supported[:, HAZARD_AGES.index("16") :].any()
    adopted = hazards[..., CAUSES.index("adopted")]
    assert adopted[CODES.in_care.index("placed_for_adoption")].any()
    assert not np.delete(adopted, CODES.in_care.index("placed_for_adoption"), axis=0).any()


@pytest.mark.unit
def test_a_hazard_is_its_rate_times_its_factors_a_child_day() -> None:
    setting, cause, age, duration = "in_house_fostering", "special_guardianship", 2, 3
    rate = WORLD.rates[setting][cause]
    factor = WORLD.age_factors[cause][age] * WORLD.duration_factors[cause]["every"][duration]
    found = WORLD.hazards(CODES)[CODES.in_care.index(setting), age, duration, :, CAUSES.index(cause)]
    assert found[0] == pytest.approx(rate * factor / 365.25)
    assert found[1] == pytest.approx(found[0] * WORLD.uasc_factors[cause])


@pytest.mark.unit
def test_nobody_is_too_young_for_a_first_placement() -> None:
    kinds = WORLD.first_types[: AGE_BANDS.index("16 to 17")]
    supported = 4
    assert not kinds[..., supported].any()
    assert WORLD.first_types.sum(-1) == pytest.approx(1.0)


@pytest.mark.unit
def test_expected_entries_follow_level_and_season() -> None:
    world = WORLD.steady()
    months = np.arange(12) + int(dates.month_index(dates.day_number("2020-04-01")))
    expected = world.expected_entries(months)
    year = sum(sum(world.streams[name].per_year) for name in STREAMS)
    assert expected.shape == (12, len(GROUPS))
    assert expected.sum() == pytest.approx(year)
    families = sum(world.expected_families("other", int(month)) for month in months)
    assert families * world.streams["other"].family_size == pytest.approx(sum(world.streams["other"].per_year))
    july, december = expected.sum(1)[3], expected.sum(1)[8]
    assert july / december == pytest.approx(2950 / 2360)


@pytest.mark.unit
def test_levels_hold_from_april_of_their_year() -> None:
    stream = WORLD.streams["uasc"]
    months = dates.month_index(
        [dates.day_number(day) for day in ("2020-03-31", "2020-04-01", "2021-03-31", "2021-04-01")]
    )
    assert [stream.level(int(month)) for month in months] == [0.8, 0.45, 0.45, 0.85]


@pytest.mark.unit
def test_other_worlds_are_made_from_a_world() -> None:
    assert sum(WORLD.scaled(0.1).streams["other"].per_year) == pytest.approx(0.1 * sum(WORLD.streams["other"].per_year))
    start = int(dates.month_index(WORLD.first_day))
    rising = WORLD.with_levels(lambda month: 1 + (month - start) / 100, "other")
    months = np.array([start, start + 50])
    first, later = rising.expected_families("other", start), rising.expected_families("other", start + 60)
    assert later / first == pytest.approx(1.6)
    assert rising.expected_entries(months).shape == (2, 10)
    assert WORLD.multipliers(CODES) is None
    month = start + 24
    changed = WORLD.with_change(Change(month, ("adopted", "to_home"), 2.0, ("placed_for_adoption",)))
    factors = changed.multipliers(CODES)
    assert factors is not None
    setting = CODES.in_care.index("placed_for_adoption")
    assert (factors[24:, setting, :, CAUSES.index("adopted")] == 2.0).all()
    assert factors[:24].max() == factors.min() == 1.0
    assert (factors != 1.0).sum() == 2 * 5 * (factors.shape[0] - 24)


@pytest.mark.unit
@pytest.mark.parametrize(("mean", "overdispersion"), [(0.4, 1.0), (7.0, 1.0), (7.0, 2.5), (60.0, 1.5)])
def test_counts_have_their_mean_and_variance(mean: float, overdispersion: float) -> None:
    grid = (np.arange(20_000) + 0.5) / 20_000
    counts = np.array([count_from(uniform, mean, overdispersion) for uniform in grid])
    assert counts.mean() == pytest.approx(mean, rel=0.002, abs=0.002)
    assert counts.var() == pytest.approx(mean * overdispersion, rel=0.02)
    assert count_from(math.nextafter(1.0, 0.0), mean, overdispersion) < 50 * (mean + 1)
    assert count_from(0.5, 0.0, overdispersion) == 0


@pytest.mark.property
@given(
    day=st.integers(dates.day_number("2004-01-01"), dates.day_number("2030-01-01")),
    band=st.integers(0, 4),
    uniform=st.floats(0, 1, exclude_max=True),
    skew=st.sampled_from([1, 3, -2, -4]),
)
def test_entrants_are_of_their_age_band(day: int, band: int, uniform: float, skew: int) -> None:
    age = int(dates.age_on(born(day, band, uniform, skew), day))
    assert AGE_EDGES[band] <= age < AGE_EDGES[band + 1]


@pytest.mark.property
@given(st.integers(dates.day_number("1985-01-01"), dates.day_number("2030-01-01")), st.integers(0, 25))
def test_one_persons_birthday_is_that_of_the_calendar(dob: int, age: int) -> None:
    assert birthday(dob, age) == int(dates.birthday(dob, age)[()])


@pytest.mark.unit
def test_brothers_and_sisters_are_of_each_age_as_often_as_first_children() -> None:
    stream = WORLD.streams["other"]
    chances = np.array(stream.per_year) / sum(stream.per_year)
    grid = (np.arange(20_000) + 0.5) / 20_000
    reached = np.zeros(len(chances))
    for first, chance in enumerate(chances):
        bands = [next_band(first, float(uniform), stream) for uniform in grid]
        reached += chance * np.bincount(bands, minlength=len(chances)) / len(grid)
    assert reached == pytest.approx(chances, abs=1e-3)


@pytest.mark.unit
def test_families_enter_on_one_day() -> None:
    world = WORLD.between(dates.day_number("2020-04-01"), dates.day_number("2026-03-31")).scaled(2.0)
    arrivals = draw_arrivals(world, replication_key(5, 0))
    day, family, key = arrivals.entrants.day, arrivals.family, arrivals.entrants.key
    assert len(np.unique(key)) == len(key)
    assert (np.diff(day) >= 0).all()
    size = np.unique(family, return_counts=True)[1]
    assert size.max() >= 3
    for label in np.unique(family)[size > 1][:50]:
        assert len(np.unique(day[family == label])) == 1
    assert (arrivals.entrants.dob <= day).all()
    assert (dates.age_on(arrivals.entrants.dob, day) < 18).all()
    expected = world.expected_entries(np.unique(dates.month_index(day))).sum()
    assert len(day) == pytest.approx(expected, abs=5 * math.sqrt(4 * expected))


@pytest.mark.functional
def test_a_change_of_exits_empties_care() -> None:
    small = WORLD.scaled(0.2)
    month = int(dates.month_index(dates.day_number("2023-04-01")))
    exits = tuple(cause for cause in CAUSES if not cause.startswith("to_"))
    before, after = dates.day_number("2021-04-01"), dates.day_number("2023-04-01")

    def left(world: object) -> int:
        found = events(invent(world).journeys, after, WORLD.last_day)  # type: ignore[arg-type]
        return int((found.event == EVENTS.index("exit")).sum())

    quicker = small.with_change(Change(month, exits, 3.0))
    same_before = [events(invent(world).journeys, before, after - 1).day.tolist() for world in (small, quicker)]
    assert same_before[0] == same_before[1]
    assert left(quicker) > left(small)


@pytest.mark.unit
def test_the_worlds_file_names_only_what_is_known() -> None:
    table = tomllib.loads(files("sufficiency.trials").joinpath("example_world.toml").read_text(encoding="utf-8"))
    assert set(table["rates"]) == set(CODES.in_care)
    named = {cause for rates in table["rates"].values() for cause in rates}
    assert named <= set(CAUSES)
    for section in ("age_factors", "duration_factors", "uasc_factors"):
        assert set(table[section]) <= set(CAUSES) | {"moves", "exits"}
    assert dataclasses.replace(world_from(table), seed=1).seed == 1


@pytest.mark.unit
def test_representations_show_no_child() -> None:
    truth = invent(WORLD.scaled(0.05))
    life = lives(truth)[0]
    for shown in (truth, life, life.periods[0], life.periods[0].placements[0], truth.arrivals.entrants, truth.arrivals):
        assert str(life.dob) not in repr(shown)
        assert str(life.key) not in repr(shown)
