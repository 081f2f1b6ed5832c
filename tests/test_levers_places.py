"""Levers on places, exactly: what each does to the supply of a plan, to waiting shares and to fixed costs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from levers_world import (
    AGENCY,
    BASE,
    FIRST,
    HOUSE,
    LIVING,
    MONTHS,
    NEUTRAL,
    OTHER_HOME,
    OWN_HOME,
    SUPPORTED,
    by_month,
    effects,
    plan_of,
    plan_supply,
    planned_by,
    supply,
)
from small_world import CODES

from sufficiency.codes import CAUSES
from sufficiency.draws import replication_key
from sufficiency.errors import UserError
from sufficiency.scenario import LEVERS, Lever
from sufficiency.scenario.effects import no_effects
from sufficiency.scenario.levers import carers, homes, staying, waiting
from sufficiency.scenario.levers.carers import households
from sufficiency.simulation.places import NOWHERE
from sufficiency.simulation.planned import ENDLESS
from sufficiency.simulation.supply import GOING_ON, UPTAKE, PlaceDraws, Supply

YEAR = 12
MONTH = np.arange(MONTHS)
NOBODY_LEAVES = "leave_per_year = 0\n"


def _levers(folder: Path, levers: dict[str, str]) -> tuple[Lever, ...]:
    """The levers of a plan."""
    return plan_of(folder, levers).levers


def _at(name: str) -> int:
    return CODES.in_care.index(name)


def _usable(given: Supply, setting: str, replications: int = 400) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Mean usable places of a setting on the first of each month, over replications."""
    drawn = PlaceDraws(given, CODES, FIRST, 1800).draw([replication_key(3, at) for at in range(replications)])
    own = drawn[0].change_setting == _at(setting)
    usable = np.array([places.change_usable[own] for places in drawn], dtype=np.float64)
    return np.asarray(usable.mean(axis=0))


# Foster carers.


@pytest.mark.functional
def test_twenty_households_a_year_add_forty_places_of_which_a_fifth_cannot_be_used(tmp_path: Path) -> None:
    text = NOBODY_LEAVES + "households_per_year = 20\nplaces_per_household = 2.0\nstarts = 3\npipeline_months = 6"
    plan = plan_supply(tmp_path, {"recruit_foster_carers": text})
    expected = np.floor(2.0 * 20 / YEAR * np.maximum(MONTH - 9, 0) + 1e-6)
    assert (by_month(plan, HOUSE) == 100 + expected).all()
    assert expected[21] == 40
    assert by_month(plan, HOUSE, "unavailable")[21] == pytest.approx(10 + 8)
    gained = _usable(plan, HOUSE)[21] - _usable(BASE, HOUSE)[21]
    assert gained == pytest.approx(32, abs=4 * math.sqrt(40 * 0.2 * 0.8 / 400))
    assert by_month(plan, OWN_HOME).tolist() == by_month(BASE, OWN_HOME).tolist()


@pytest.mark.functional
def test_recruiting_that_ends_keeps_whom_it_recruited(tmp_path: Path) -> None:
    text = NOBODY_LEAVES + "households_per_year = 20\nmonths = 12\npipeline_months = 6"
    added = by_month(plan_supply(tmp_path, {"recruit_foster_carers": text}), HOUSE) - 100
    assert (added[:7] == 0).all()
    assert (added[18:] == 40).all()


@pytest.mark.functional
def test_recruited_households_leave_at_a_yearly_share(tmp_path: Path) -> None:
    joining = np.where(MONTH < YEAR, 20 / YEAR, 0.0)
    there = households(joining, 0.12)
    assert there[YEAR + YEAR] == pytest.approx(there[YEAR] * 0.88)
    for_ever = households(np.full(3000, 20 / YEAR), 0.12)
    assert for_ever[-1] == pytest.approx(20 / YEAR / (1 - 0.88 ** (1 / YEAR)))
    text = "households_per_year = 20\npipeline_months = 0\nplaces_per_household = 1.5\nmonths = 12"
    added = by_month(plan_supply(tmp_path, {"recruit_foster_carers": text}), HOUSE) - 100
    assert added.tolist() == np.floor(1.5 * there + 1e-6).tolist()


@pytest.mark.functional
def test_a_ramp_recruits_by_equal_steps(tmp_path: Path) -> None:
    text = NOBODY_LEAVES + "households_per_year = 12\npipeline_months = 0\nplaces_per_household = 1\nramp_months = 4"
    added = by_month(plan_supply(tmp_path, {"recruit_foster_carers": text}), HOUSE) - 100
    # Households so far: 0, 0.25, 0.75, 1.5, 2.5, then one a month.
    assert added[:8].tolist() == [0, 0, 0, 1, 2, 3, 4, 5]


@pytest.mark.functional
@pytest.mark.parametrize("change", [-0.02, 0.05])
def test_a_change_of_the_yearly_loss_lets_todays_places_grow_or_shrink(tmp_path: Path, change: float) -> None:
    plan = plan_supply(tmp_path, {"retain_foster_carers": f"loss_per_year = 0.13\nchange = {change}"})
    kept, then = 0.87 ** (1 / YEAR), (0.87 - change) ** (1 / YEAR)
    share = (then - kept) * (1 - then**MONTH) / (1 - then)
    expected = np.trunc(100 * share + math.copysign(1e-6, -change))
    assert (by_month(plan, HOUSE) - 100).tolist() == expected.tolist()
    assert by_month(plan, HOUSE, "unavailable") == pytest.approx((100 + expected) / 10)
    # In the first year about as many places as points of the loss, of a hundred.
    assert abs(100 * share[YEAR] + 100 * change) < 0.2 * abs(100 * change)


@pytest.mark.functional
def test_what_was_kept_wears_off_when_the_lever_ends(tmp_path: Path) -> None:
    text = "change = -0.06\nmonths = 24"
    added = by_month(plan_supply(tmp_path, {"retain_foster_carers": text}), HOUSE) - 100
    kept, then = 0.87 ** (1 / YEAR), 0.93 ** (1 / YEAR)
    gained = 100 * (then - kept) * (1 - 0.93**2) / (1 - then)
    assert added.max() == added[24] == math.floor(gained)
    assert added[36] == math.floor(0.87 * gained)
    assert added[48] == math.floor(0.87**2 * gained)
    assert (np.diff(added[24:]) <= 0).all()


@pytest.mark.functional
def test_agency_carers_come_in_whole_households_with_the_children_of_those_months(tmp_path: Path) -> None:
    text = NOBODY_LEAVES + "households_per_year = 4\nplaces_per_household = 2\nchildren_per_household = 1.5\nstarts = 1"
    plan = plan_supply(tmp_path, {"transfer_agency_carers": text})
    assert (by_month(plan, HOUSE) == 100 + 2 * (np.maximum(MONTH - 1, 0) // 3)).all()
    assert plan.waiting is not None
    month = np.flatnonzero((MONTH >= 4) & ((MONTH - 1) % 3 == 0))
    steps = np.searchsorted(plan.waiting.wait_day, FIRST + 31 * MONTH[:12], side="right") - 1
    across = plan.waiting.across[steps, _at(AGENCY)]
    assert np.flatnonzero(across).tolist() == month[:3].tolist()
    assert (np.delete(plan.waiting.across, _at(AGENCY), axis=1) == 0).all()
    # One and a half of sixty children; three months on, others have come of whom some lie below that share.
    first = 1.5 / 60
    assert across[month[:2]] == pytest.approx([first, first + (1.5 - _below(first)) / 60])


def _below(share: float, months: int = 3) -> float:
    """Children of sixty below a share who have come in so many months, three a month, and are there still."""
    there = 0.0
    for _ in range(months):
        there += 3 * (share - there / 60)
    return there


# Homes and the market.


@pytest.mark.functional
def test_the_beds_of_a_new_home_open_by_whole_steps_and_one_in_four_is_kept_empty(tmp_path: Path) -> None:
    plan = plan_supply(tmp_path, {"new_childrens_home": "beds = 4\nstarts = 2\nramp_months = 8\nmonths = 20"})
    beds = by_month(plan, OWN_HOME) - 12
    assert beds[:12].tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
    assert (beds[22:] == 0).all()
    assert by_month(plan, OWN_HOME, "unavailable")[9] == pytest.approx(3 + 1)
    assert _usable(plan, OWN_HOME)[12] - _usable(BASE, OWN_HOME)[12] == pytest.approx(3, abs=0.35)


@pytest.mark.functional
def test_a_first_home_of_the_councils_own_has_no_beds_before_it_opens(tmp_path: Path) -> None:
    none = supply([(HOUSE, 100, 10)])
    plan = plan_supply(tmp_path, {"new_childrens_home": "beds = 4\nstarts = 5\nramp_months = 0"}, none)
    assert by_month(plan, OWN_HOME).tolist() == np.where(MONTH >= 5, 4, 0).tolist()
    places = PlaceDraws(plan, CODES, FIRST, 1800).draw([replication_key(1, 0)])[0]
    places.check(len(CODES.in_care), FIRST)
    assert places.limited[_at(OWN_HOME)]


@pytest.mark.functional
@pytest.mark.parametrize("lever", ["retain_foster_carers", "home_closure"])
def test_what_is_not_counted_neither_grows_nor_closes(tmp_path: Path, lever: str) -> None:
    none = supply([("kinship_fostering", 100, 0)])
    assert plan_supply(tmp_path, {lever: ""}, none).rows.equals(none.rows)


@pytest.mark.functional
def test_a_closure_takes_beds_with_their_share_of_unavailable_ones(tmp_path: Path) -> None:
    plan = plan_supply(tmp_path, {"home_closure": "beds = 4\nstarts = 3\nmonths = 6"})
    gone = (MONTH >= 3) & (MONTH < 9)
    assert by_month(plan, OWN_HOME).tolist() == np.where(gone, 8, 12).tolist()
    assert by_month(plan, OWN_HOME, "unavailable") == pytest.approx(np.where(gone, 2.0, 3.0))
    ramped = plan_supply(tmp_path, {"home_closure": "beds = 4\nramp_months = 4"})
    assert by_month(ramped, OWN_HOME)[:5].tolist() == [11, 10, 9, 8, 8]


@pytest.mark.functional
def test_a_closure_of_more_beds_than_there_are_takes_new_ones_too_and_no_more(tmp_path: Path) -> None:
    both = {"home_closure": "beds = 15", "new_childrens_home": "beds = 4\nramp_months = 0"}
    plan = plan_supply(tmp_path, both)
    assert (by_month(plan, OWN_HOME) == 1).all()
    assert by_month(plan, OWN_HOME, "unavailable") == pytest.approx(0.25)
    closed = plan_supply(tmp_path, {"home_closure": "beds = 500"})
    assert (by_month(closed, OWN_HOME) == 0).all()
    assert (by_month(closed, OWN_HOME, "unavailable") == 0).all()


@pytest.mark.functional
def test_a_market_limit_comes_down_from_those_who_live_there(tmp_path: Path) -> None:
    text = "settings = ['agency_fostering', 'external_home']\nplaces = 40\nstarts = 3\nramp_months = 4\nmonths = 20"
    plan = plan_supply(tmp_path, {"market_limit": text})
    assert plan.settings == (AGENCY, OTHER_HOME, HOUSE, OWN_HOME)
    agency = by_month(plan, AGENCY)
    assert agency[:8].tolist() == [ENDLESS] * 3 + [55, 50, 45, 40, 40]
    assert (agency[23:] == ENDLESS).all()
    # Fewer children than the limit live there: it holds from the first step on.
    assert by_month(plan, OTHER_HOME)[:5].tolist() == [ENDLESS] * 3 + [40, 40]


@pytest.mark.functional
def test_one_limit_after_another_is_each_in_its_months(tmp_path: Path) -> None:
    first = _levers(tmp_path, {"market_limit": "places = 50\nmonths = 12"})
    second = _levers(tmp_path, {"market_limit": "places = 30\nstarts = 12\nramp_months = 3"})
    both = second[0].apply(first[0].apply(no_effects(MONTHS, CODES), CODES, 0), CODES, 0)
    plan = planned_by(both)
    assert by_month(plan, AGENCY)[[0, 11, 12, 13, 14, 20]].tolist() == [50, 50, 50, 40, 30, 30]


@pytest.mark.functional
def test_a_market_limit_left_out_is_todays_number_and_never_above_the_councils_own_figure(tmp_path: Path) -> None:
    plan = plan_supply(tmp_path, {"market_limit": ""})
    assert (by_month(plan, AGENCY) == LIVING[AGENCY]).all()
    told = supply([(AGENCY, 50, 5)])
    limited = plan_supply(tmp_path, {"market_limit": "places = 40\nstarts = 2\n"}, told)
    assert by_month(limited, AGENCY).tolist() == np.where(MONTH >= 2, 40, 50).tolist()
    assert by_month(limited, AGENCY, "unavailable")[2] == pytest.approx(4)
    assert (by_month(plan_supply(tmp_path, {"market_limit": "places = 70"}, told), AGENCY) == 50).all()


@pytest.mark.functional
def test_lodgings_are_paid_place_by_place_and_move_those_of_16_and_17_in_homes(tmp_path: Path) -> None:
    text = "places = 4\nramp_months = 2\nstarts = 6\nmonths = 12\nchange = 0.5\npounds_per_week = 210"
    done = effects(tmp_path, {"supported_lodgings": text})
    costs = [(cost.first_month, cost.last_month, cost.places_guaranteed) for cost in done.money.fixed]
    assert costs == [(6, 6, 2.0), (7, 17, 4.0)]
    assert done.money.fixed[1].pounds_per_year == pytest.approx(4 * 210 / 7 * 365.25)
    assert {cost.setting for cost in done.money.fixed} == {SUPPORTED}
    changed = done.hazards != 1.0
    month, setting, band, cause = np.nonzero(changed)
    assert set(month.tolist()) == set(range(6, 18))
    assert {CODES.in_care[at] for at in set(setting.tolist())} == {OWN_HOME, OTHER_HOME}
    assert set(band.tolist()) == {4}
    assert {CAUSES[at] for at in set(cause.tolist())} == {"to_supported_accommodation"}
    assert (done.hazards[7][changed[7]] == 1.5).all()
    free = effects(tmp_path, {"supported_lodgings": "pounds_per_week = 0"}).money.fixed
    assert [(cost.pounds_per_year, cost.places_guaranteed) for cost in free] == [(0.0, 10.0)]
    told = supply([(SUPPORTED, 5, 0)])
    assert by_month(plan_supply(tmp_path, {"supported_lodgings": text}, told), SUPPORTED)[5:8].tolist() == [5, 7, 9]
    # Where supported accommodation has room for everybody, more room is no change.
    assert plan_supply(tmp_path, {"supported_lodgings": text}).settings == BASE.settings


# Waiting, and staying put.


@pytest.mark.functional
def test_shares_who_wait_are_dated_and_their_terms_are_not(tmp_path: Path) -> None:
    across = "eligible_share = 0.4\nafter_days = 30\nstarts = 2\nramp_months = 2\nmonths = 10"
    down = "eligible_share = 0.2\nsuccess_share = 0.6\nsettings = ['external_home']\nstarts = 6"
    plan = plan_supply(tmp_path, {"step_across": across, "step_down_from_residential": down})
    told = plan.waiting
    assert told is not None
    assert told.across[:, _at(AGENCY)].tolist() == [0.0, 0.2, 0.4, 0.4, 0.0]
    assert told.down[:, _at(OTHER_HOME)].tolist() == [0.0, 0.0, 0.0, 0.2, 0.2]
    assert told.down[:, _at(OWN_HOME)].tolist() == [0.0] * 5
    assert (told.down_to, told.success, told.after_days, told.wait_unmet) == (_at(HOUSE), 0.6, 30, 0.0)
    assert plan_supply(tmp_path, {"wait_for_first_choice": "share = 0.3"}).waiting is not None
    assert plan.rows.equals(BASE.rows)


@pytest.mark.functional
def test_take_up_of_staying_put_moves_by_points_and_stays_a_share(tmp_path: Path) -> None:
    text = (
        "change = 0.4\nsettings = ['in_house_fostering', 'agency_fostering']\nstarts = 2\nmonths = 3\nallowance = 0.5"
    )
    plan, done = plan_supply(tmp_path, {"staying_put": text}), effects(tmp_path, {"staying_put": text})
    assert plan.staying is not None
    house, agency, kin = (plan.staying.uptake[:, _at(name)].tolist() for name in (HOUSE, AGENCY, "kinship_fostering"))
    assert house == [UPTAKE[HOUSE], 1.0, UPTAKE[HOUSE]]
    assert agency == pytest.approx([UPTAKE[AGENCY], UPTAKE[AGENCY] + 0.4, UPTAKE[AGENCY]])
    assert kin == [UPTAKE["kinship_fostering"]] * 3
    fees = done.money.fees
    paid = [CODES.all_settings.index(name) for name in ("staying_put_in_house", "staying_put_agency")]
    assert (fees[2:5][:, paid] == 1.5).all()
    assert fees.sum() == fees.size + 3 * 2 * 0.5
    assert [CODES.after_18[_at(name)] for name in (HOUSE, AGENCY)] == paid
    assert NOWHERE not in paid


@pytest.mark.functional
def test_longer_staying_put_changes_each_yearly_share(tmp_path: Path) -> None:
    plan = plan_supply(tmp_path, {"staying_put_length": "change = 0.05"})
    assert plan.going_on == pytest.approx(tuple(share + 0.05 for share in GOING_ON))
    drawn = PlaceDraws(plan, CODES, FIRST, 365).draw([replication_key(1, 0)])[0]
    assert np.exp(-drawn.stay_hazard[0] * 365.25) == pytest.approx(plan.going_on)
    none = plan_supply(tmp_path, {"staying_put_length": "change = -0.6"})
    assert none.going_on == pytest.approx((0.0, 0.07, 0.07))


@pytest.mark.functional
def test_staying_close_is_a_cost_and_nothing_else(tmp_path: Path) -> None:
    done = effects(
        tmp_path, {"staying_close": "young_people = 3\npounds_per_year = 30_000\nstarts = 4\nramp_months = 3"}
    )
    told = [
        (cost.first_month, cost.last_month, cost.pounds_per_year, cost.places_guaranteed) for cost in done.money.fixed
    ]
    assert told == [(4, 4, 30_000, 0.0), (5, 5, 60_000, 0.0), (6, MONTHS - 1, 90_000, 0.0)]
    assert not done.changes_hazards
    assert not done.places.changes_anything


# All of them.


@pytest.mark.unit
def test_every_lever_of_these_modules_is_tested_at_a_size_that_changes_nothing() -> None:
    own = {lever.name for module in (carers, homes, waiting, staying) for lever in module.LEVERS}
    assert own == set(NEUTRAL)
    assert own <= set(LEVERS)


@pytest.mark.functional
@pytest.mark.parametrize("name", sorted(set(NEUTRAL) - {"market_limit"}))
def test_a_lever_of_no_size_leaves_the_supply_as_it_was(tmp_path: Path, name: str) -> None:
    assert plan_supply(tmp_path, {name: NEUTRAL[name]}) is BASE
    done = effects(tmp_path, {name: NEUTRAL[name]})
    assert not done.changes_hazards
    assert not done.money.changes_fees
    assert not done.money.changes_fixed


@pytest.mark.unit
@pytest.mark.parametrize("name", ["wait_for_first_choice", "staying_put_length"])
@pytest.mark.parametrize("dated", ["starts = 3", "ramp_months = 6", "months = 12"])
def test_a_lever_that_cannot_be_dated_says_so(tmp_path: Path, name: str, dated: str) -> None:
    with pytest.raises(UserError, match=f"Lever {name} holds for the whole forecast: give it starts = 0"):
        effects(tmp_path, {name: dated})
    assert effects(tmp_path, {name: "starts = 0\nramp_months = 1"}).places.changes_anything
