"""Levers on places, simulated: which way each moves results and how far, and that one of no size moves nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from levers_world import (
    ACTING,
    AGENCY,
    HOUSE,
    NEUTRAL,
    OTHER_HOME,
    OWN_HOME,
    SUPPORTED,
    Authority,
    authority,
    plan_of,
    stock_at_end,
    supply,
)

from sufficiency.plan import same_results
from sufficiency.scenario import LEVERS, read_scenario
from sufficiency.simulation import Outcome, Supply
from sufficiency.simulation.findings import lever_findings, without_effect

#: Standard errors by which a paired difference must stand out.
CLEAR = 4.0


@pytest.fixture(scope="module")
def town() -> Authority:
    """The authority of these tests, read once."""
    return authority()


@pytest.fixture(scope="module")
def baseline(town: Authority) -> Outcome:
    """What it does without a plan."""
    return town.run()


def _places(town: Authority, *rows: tuple[str, int, int], suits: float = 1.0) -> Supply:
    """Other places throughout, of which each vacancy suits everybody unless said otherwise."""
    table = supply(list(rows)).rows.assign(**{"from": town.history.origin + 1})
    return replace(town.supply, rows=table, one_suits={HOUSE: suits, OWN_HOME: suits})


def _gain(plan: Outcome, base: Outcome, *settings: str, months: int = 12) -> tuple[float, float]:
    """Mean paired difference of people in some settings over the last months, and its standard error."""
    each = sum(stock_at_end(plan, name, months=months) - stock_at_end(base, name, months=months) for name in settings)
    values = np.asarray(each, dtype=np.float64)
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _clear(difference: tuple[float, float], sign: int) -> None:
    mean, error = difference
    assert sign * mean > CLEAR * error
    assert mean != 0


def _stepped(outcome: Outcome, setting: str) -> int:
    own = outcome.places[outcome.places["setting"] == setting]
    return int(own["stepped"].sum())


def _moves(outcome: Outcome, source: tuple[str, ...], target: str, *, months: int) -> int:
    flows = outcome.flows
    first = sorted(flows["month"].unique())[:months]
    chosen = (flows["event"] == "move") & flows["from_setting"].isin(source) & (flows["to_setting"] == target)
    return int(flows.loc[chosen & flows["month"].isin(first), "count"].sum())


# More places.


@pytest.mark.functional
@pytest.mark.parametrize(
    ("levers", "usable", "house", "outside"),
    [
        (
            {
                "recruit_foster_carers": "households_per_year = 12\nplaces_per_household = 2\npipeline_months = 6\n"
                "share_not_available = 0\nleave_per_year = 0\nmonths = 6"
            },
            12,
            HOUSE,
            AGENCY,
        ),
        ({"new_childrens_home": "beds = 8\nkept_empty = 0\nstarts = 2"}, 8, OWN_HOME, OTHER_HOME),
        ({"retain_foster_carers": "loss_per_year = 0.2\nchange = -0.2\nmonths = 12"}, 9, HOUSE, AGENCY),
    ],
    ids=["recruit", "new home", "retain"],
)
def test_where_places_are_short_every_place_added_is_one_child_fewer_outside(
    town: Authority, tmp_path: Path, levers: dict[str, str], usable: int, house: str, outside: str
) -> None:
    # So few places in house that they are full all the time, and every vacancy suits.
    short = _places(town, (HOUSE, 60, 0), (OWN_HOME, 20, 0))
    base, plan = town.run(supply=short), town.run(plan_of(tmp_path, levers), supply=short)
    staying = ("staying_put_in_house",) if house == HOUSE else ()
    gained, _ = _gain(plan, base, house, *staying, months=3)
    kept = {"retain_foster_carers": 60 * 0.2 * 0.8**1.5}.get(next(iter(levers)), float(usable))
    assert gained == pytest.approx(kept, abs=1.0)
    _clear(_gain(plan, base, outside), -1)


@pytest.mark.functional
def test_unavailable_places_take_nobody(town: Authority, tmp_path: Path) -> None:
    short = _places(town, (HOUSE, 60, 0), (OWN_HOME, 20, 0))
    text = "households_per_year = 24\npipeline_months = 0\nleave_per_year = 0\nmonths = 12\nshare_not_available = "
    base = town.run(supply=short)
    gains = [
        _gain(
            town.run(plan_of(tmp_path, {"recruit_foster_carers": text + share}), supply=short),
            base,
            HOUSE,
            "staying_put_in_house",
        )[0]
        for share in ("0", "0.25")
    ]
    # Holders do not leave when a place becomes unavailable for a month: a little more than three quarters are filled.
    assert gains[0] == pytest.approx(48, abs=2)
    assert 0.70 * 48 < gains[1] < 0.95 * 48


@pytest.mark.functional
def test_a_first_home_of_the_councils_own_takes_whoever_comes(town: Authority, tmp_path: Path) -> None:
    none = replace(_places(town, (HOUSE, 100, 10)), one_suits={HOUSE: 0.1})
    plan = town.run(
        plan_of(tmp_path, {"new_childrens_home": "beds = 30\nkept_empty = 0\nramp_months = 0"}), supply=none
    )
    # Children who live in homes that nobody counts stay till they leave; then so many beds are so many children.
    beds = stock_at_end(plan, OWN_HOME, months=6)
    # One in ten suits a vacant bed, so now and then one waits for some weeks.
    assert beds.mean() == pytest.approx(30, abs=0.5)
    assert beds == pytest.approx(30, abs=1.5)


@pytest.mark.functional
def test_a_closure_evicts_nobody_and_fills_external_homes(town: Authority, baseline: Outcome, tmp_path: Path) -> None:
    plan = town.run(plan_of(tmp_path, {"home_closure": "beds = 40"}))
    held = plan.stock[plan.stock["setting"] == OWN_HOME].groupby(["replication", "month_end"])["children"].sum()
    first, last = (held.xs(month, level="month_end") for month in (held.index[0][1], held.index[-1][1]))
    assert first.mean() > 30
    assert last.max() <= 10
    _clear(_gain(plan, baseline, OTHER_HOME), 1)
    _clear(_gain(plan, baseline, OWN_HOME), -1)
    assert _moves(plan, (OWN_HOME,), OTHER_HOME, months=1) <= _moves(baseline, (OWN_HOME,), OTHER_HOME, months=1) + 20


# A limited market.


@pytest.mark.functional
def test_a_market_that_takes_nobody_empties_and_first_choices_go_unmet(
    town: Authority, baseline: Outcome, tmp_path: Path
) -> None:
    plan = town.run(plan_of(tmp_path, {"market_limit": "places = 0"}))
    flows = plan.flows
    assert not ((flows["to_setting"] == AGENCY) & (flows["from_setting"] != AGENCY)).any()
    assert stock_at_end(plan, AGENCY).max() < stock_at_end(baseline, AGENCY).min()
    wanted = plan.unmet["setting"].astype(str)
    assert (wanted == AGENCY).sum() > 100
    assert len(baseline.unmet) == 0
    _clear(_gain(plan, baseline, OWN_HOME, OTHER_HOME), 1)


@pytest.mark.functional
def test_a_market_limit_is_held_to_in_every_month_and_its_places_are_shown_once_it_holds(
    town: Authority, tmp_path: Path
) -> None:
    plan = town.run(plan_of(tmp_path, {"market_limit": "places = 30\nstarts = 12"}))
    own = plan.places[plan.places["setting"] == AGENCY]
    assert own["month"].nunique() == 24
    assert (own["mean_vacant"] <= 30).all()
    assert own["days_full"].sum() > 0
    assert own[own["month"] == own["month"].max()]["mean_occupied"].max() <= 30


@pytest.mark.functional
def test_waiting_for_the_first_choice_brings_children_to_it(town: Authority, tmp_path: Path) -> None:
    limit = {"market_limit": "places = 20"}
    without = town.run(plan_of(tmp_path, limit), replications=80)
    plan = town.run(plan_of(tmp_path, {**limit, "wait_for_first_choice": "share = 1.0"}), replications=80)
    assert _stepped(without, HOUSE) == 0
    assert _stepped(plan, HOUSE) > 400
    _clear(_gain(plan, without, OWN_HOME, OTHER_HOME), -1)


# Waiting.


@pytest.mark.functional
def test_with_room_for_all_everybody_who_waits_comes_across_at_once(town: Authority, tmp_path: Path) -> None:
    room = _places(town, (HOUSE, 400, 0), (OWN_HOME, 50, 0))
    text = "eligible_share = {}\nafter_days = 1\nstarts = 6"
    base = town.run(supply=room)
    whole, half = (
        town.run(plan_of(tmp_path, {"step_across": text.format(share)}), supply=room) for share in ("1", "0.5")
    )
    left = [
        outcome.nights[:, 6, outcome.codes.all_settings.index(AGENCY)].mean() / 31 for outcome in (base, whole, half)
    ]
    assert left[1] == 0
    assert left[2] == pytest.approx(left[0] / 2, rel=0.15)
    assert (stock_at_end(whole, AGENCY) == 0).all()


@pytest.mark.functional
def test_children_come_across_only_after_so_many_days(town: Authority, tmp_path: Path) -> None:
    # In-house places bound what earlier moves leave of agency fostering, so that many replications are needed.
    base = town.run(replications=60)
    soon, late = (
        town.run(plan_of(tmp_path, {"step_across": f"eligible_share = 1\nafter_days = {days}"}), replications=60)
        for days in (1, 365)
    )
    _clear(_gain(soon, base, AGENCY), -1)
    _clear(_gain(late, base, AGENCY), -1)
    _clear(_gain(late, soon, AGENCY), 1)
    assert _stepped(soon, HOUSE) > 1.5 * _stepped(late, HOUSE) > 0
    # In-house places are what they were: whoever comes across leaves fewer of them to those who arrive.
    total = [_gain(outcome, base, HOUSE, AGENCY)[0] for outcome in (soon, late)]
    assert np.abs(total).max() < 6


@pytest.mark.functional
def test_of_the_steps_down_that_are_offered_the_success_share_are_made(town: Authority, tmp_path: Path) -> None:
    room = _places(town, (HOUSE, 500, 0), (OWN_HOME, 50, 0))
    text = "eligible_share = 1\nsuccess_share = 0.65"
    base = town.run(supply=room)
    plan = town.run(plan_of(tmp_path, {"step_down_from_residential": text}), supply=room)
    homes = (OWN_HOME, OTHER_HOME)
    more = _moves(plan, homes, HOUSE, months=1) - _moves(base, homes, HOUSE, months=1)
    waiting = plan.replications * len(town.history.placements[_open(town) & _in(town, homes)])
    # The children of the origin are offered a place on the second day; a few had moved or left by then.
    assert more / waiting == pytest.approx(0.65, abs=0.06)
    _clear(_gain(plan, base, *homes), -1)


def _open(town: Authority) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return town.history.placements["end"].isna().to_numpy()


def _in(town: Authority, settings: tuple[str, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return town.history.placements["setting"].isin(settings).to_numpy()


@pytest.mark.functional
def test_the_children_of_carers_who_come_over_come_with_them_where_places_suit(
    town: Authority, baseline: Outcome, tmp_path: Path
) -> None:
    text = "households_per_year = 12\nchildren_per_household = 2\nmonths = 24"
    transfer = plan_of(tmp_path, {"transfer_agency_carers": text})
    # With m = 0.5 whatever is vacant in the month suits almost everybody who is on the list for it. There are places
    # enough besides that who is on it need not wait for those that others leave.
    plan = town.run(transfer, supply=_places(town, (HOUSE, 120, 10), (OWN_HOME, 50, 0), suits=0.5))
    assert _stepped(plan, HOUSE) / plan.replications == pytest.approx(48, rel=0.15)
    never = town.run(transfer, supply=_places(town, (HOUSE, 120, 10), (OWN_HOME, 50, 0), suits=0.0))
    assert _stepped(never, HOUSE) == 0
    _clear(_gain(town.run(transfer), baseline, AGENCY, months=24), -1)


# At 16 and at 18.


@pytest.mark.functional
def test_more_staying_put_leaves_fewer_places_in_house_and_more_children_with_agencies(
    town: Authority, tmp_path: Path
) -> None:
    short = _places(town, (HOUSE, 60, 0), (OWN_HOME, 50, 0))
    base = town.run(supply=short)
    plan = town.run(
        plan_of(tmp_path, {"staying_put": "change = 0.34\nsettings = ['in_house_fostering']"}), supply=short
    )
    stayed = _gain(plan, base, "staying_put_in_house")
    _clear(stayed, 1)
    children = _gain(plan, base, HOUSE)
    # Places are full in both: each young person more is a child fewer, who lives elsewhere.
    assert children[0] == pytest.approx(-stayed[0], abs=0.3)
    assert _gain(plan, base, AGENCY)[0] > 0.4 * stayed[0]
    # Take-up of all for a share of 66 %: half as many again stay, a little less as they stay to 21 at most.
    flows = [int(one.flows.loc[one.flows["event"] == "stay_put", "count"].sum()) for one in (base, plan)]
    assert flows[1] > flows[0]


@pytest.mark.functional
def test_staying_put_for_longer_holds_more_places(town: Authority, baseline: Outcome, tmp_path: Path) -> None:
    plan = town.run(plan_of(tmp_path, {"staying_put_length": "change = 0.3"}))
    settings = ("staying_put_kinship", "staying_put_in_house", "staying_put_agency")
    _clear(_gain(plan, baseline, *settings), 1)
    assert plan.supply.going_on == pytest.approx((0.86, 0.97, 0.97))


@pytest.mark.functional
def test_lodgings_move_those_of_16_and_17_out_of_homes(town: Authority, baseline: Outcome, tmp_path: Path) -> None:
    plan = town.run(plan_of(tmp_path, {"supported_lodgings": "change = 4.0"}))
    _clear(_gain(plan, baseline, SUPPORTED), 1)
    _clear(_gain(plan, baseline, OTHER_HOME), -1)
    ages = plan.child_days.groupby("age_band", observed=True)["child_days"].sum()
    young = baseline.child_days.groupby("age_band", observed=True)["child_days"].sum()
    assert (ages - young)["16 to 17"] != 0


# All of them.


@pytest.mark.functional
@pytest.mark.parametrize("name", sorted(NEUTRAL))
def test_a_lever_of_no_size_gives_the_baseline_number_for_number(
    town: Authority, baseline: Outcome, tmp_path: Path, name: str
) -> None:
    plan = town.run(plan_of(tmp_path, {name: NEUTRAL[name]}))
    assert same_results(plan, baseline)
    own = plan.places[plan.places["setting"].isin(baseline.supply.settings)]
    columns = [column for column in own.columns if column != "scenario"]
    assert own[columns].reset_index(drop=True).equals(baseline.places[columns].reset_index(drop=True))


@pytest.mark.functional
def test_all_levers_of_no_size_together_give_the_baseline(town: Authority, baseline: Outcome, tmp_path: Path) -> None:
    assert same_results(town.run(plan_of(tmp_path, NEUTRAL)), baseline)


@pytest.mark.functional
@pytest.mark.parametrize("name", sorted(ACTING))
def test_every_lever_but_the_one_on_money_alone_changes_results(
    town: Authority, baseline: Outcome, tmp_path: Path, name: str
) -> None:
    levers = {"market_limit": ACTING["market_limit"], name: ACTING[name]}
    base = town.run(plan_of(tmp_path, {"market_limit": ACTING["market_limit"]}))
    other = baseline if name == "market_limit" else base
    assert same_results(town.run(plan_of(tmp_path, levers)), other) == (name == "staying_close")


@pytest.mark.functional
def test_both_engines_agree_with_every_lever_on(town: Authority, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, ACTING)
    compiled, reference = (
        town.run(plan, engine_name=name, replications=2, years=2) for name in ("compiled", "reference")
    )
    assert same_results(compiled, reference)
    for table in ("places", "unmet"):
        assert getattr(compiled, table).equals(getattr(reference, table))


@pytest.mark.functional
def test_a_lever_with_nothing_to_act_on_says_so(town: Authority, baseline: Outcome, tmp_path: Path) -> None:
    assert lever_findings(baseline, baseline) == []
    idle = {
        "market_limit": "places = 5000",
        "home_closure": "setting = 'external_home'",
        "wait_for_first_choice": "",
        "recruit_foster_carers": "",
    }
    told = [finding.message for finding in lever_findings(town.run(plan_of(tmp_path, idle)), baseline)]
    assert len(told) == 3
    assert "the limit was never reached in agency fostering (ifa)" in told[0]
    assert "external children's home have no number of places" in told[1]
    assert "no child was given a second choice" in told[2]
    nothing = replace(_places(town, ("kinship_fostering", 500, 0)), one_suits={})
    base = town.run(supply=nothing)
    waits = plan_of(tmp_path, {"step_across": "", "step_down_from_residential": "", "retain_foster_carers": ""})
    told = [finding.message for finding in lever_findings(town.run(waits, supply=nothing), base)]
    assert ["not counted" in text for text in told] == [True, True, False]
    assert "there are no in-house foster places to keep" in told[2]
    first = plan_of(tmp_path, {"new_childrens_home": ""})
    found = lever_findings(town.run(first, supply=nothing), base)
    assert [finding.rule for finding in found] == ["matching_unknown"]


@pytest.mark.functional
@pytest.mark.parametrize(
    ("levers", "rule"),
    [
        ({"staying_close": ""}, "plan_changes_money_alone"),
        ({"staying_put": "change = 0\nallowance = 0.1"}, "plan_changes_money_alone"),
        ({"staying_put": "change = 0"}, "plan_without_effect"),
    ],
)
def test_a_plan_that_moves_no_child_says_whether_it_changes_money(
    town: Authority, baseline: Outcome, tmp_path: Path, levers: dict[str, str], rule: str
) -> None:
    plan = town.run(plan_of(tmp_path, levers))
    assert same_results(plan, baseline)
    assert [finding.rule for finding in without_effect(plan)] == [rule]


@pytest.mark.unit
def test_each_lever_is_explained_with_its_evidence() -> None:
    for name in NEUTRAL:
        lever = LEVERS[name]
        assert len(lever.meaning) > 60
        assert lever.evidence
        assert not lever.evidence.endswith(".")
    assert read_scenario("baseline").levers == ()
