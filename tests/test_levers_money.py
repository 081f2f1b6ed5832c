"""Levers on money alone: fees year by year, and what a block contract comes to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plans import Authority, lever, plan
from small_world import CODES, FIRST_DAY

from sufficiency import dates
from sufficiency.costs import cost
from sufficiency.scenario.levers.money import FeeInflation
from sufficiency.scenario.money_effects import MoneyEffects
from sufficiency.simulation import Outcome

HOME = CODES.all_settings.index("external_home")
AGENCY = CODES.all_settings.index("agency_fostering")


def _money(months: int, *levers: tuple[str, dict[str, Any]], starts: int = 0) -> MoneyEffects:
    made = plan(*(lever(name, **parameters) for name, parameters in levers), starts=starts)
    return made.effects(FIRST_DAY, months, CODES).money


@pytest.mark.unit
def test_fees_rise_in_the_first_month_and_every_twelve_months_from_then_on() -> None:
    fees = _money(36, ("fee_inflation", {"change": 0.1, "starts": 6})).fees
    expected = np.repeat([1.0, 1.1, 1.1**2, 1.1**3], [6, 12, 12, 6])
    assert fees[:, HOME] == pytest.approx(expected)
    assert (fees == fees[:, :1]).all()


@pytest.mark.unit
def test_fees_stay_where_they_are_when_inflation_ends_and_rise_by_part_on_the_ramp() -> None:
    ended = _money(48, ("fee_inflation", {"change": 0.1, "months": 13})).fees[:, HOME]
    assert ended[[0, 11, 12, 47]] == pytest.approx([1.1, 1.1, 1.21, 1.21])
    ramped = _money(48, ("fee_inflation", {"change": 0.1, "ramp_months": 25})).fees[:, HOME]
    assert ramped[[0, 12, 24]] == pytest.approx(np.cumprod([1 + 0.1 * part / 25 for part in (1, 13, 25)]))


@pytest.mark.unit
def test_fees_of_some_settings_rise_and_of_two_levers_both() -> None:
    one, two = {"change": 0.06, "settings": ("external_home",)}, {"change": 0.02}
    fees = _money(12, ("fee_inflation", one), ("fee_inflation", two)).fees
    assert fees[0, HOME] == pytest.approx(1.06 * 1.02)
    assert fees[0, AGENCY] == pytest.approx(1.02)
    with pytest.raises(ValueError, match="'external_hom' is not a setting"):
        FeeInflation(settings=("external_hom",))


@pytest.mark.unit
def test_a_block_contract_comes_step_by_step_and_ends() -> None:
    parameters = {"places": 4, "pounds_per_week": 700.0, "starts": 2, "ramp_months": 2, "months": 6}
    rows = _money(12, ("block_contract", parameters)).fixed
    found = [(one.first_month, one.last_month, one.places_guaranteed) for one in rows]
    assert found == [(2, 2, 2.0), (3, 7, 4.0)]
    assert rows[1].pounds_per_year == pytest.approx(4 * 100 * 365.25)
    assert {one.use_guaranteed for one in rows} == {0.9}
    assert {one.setting for one in rows} == {"external_home"}


def _pounds(authority: Authority, outcome: Outcome, setting: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    assert authority.tables.prices is not None
    table = cost(outcome, authority.tables.prices, draw_prices=False)
    return table[table["setting"] == setting].groupby("replication")["pounds"].sum().to_numpy()


@pytest.mark.functional
def test_a_block_is_filled_first_and_its_guaranteed_share_paid_for_whether_used_or_not(authority: Authority) -> None:
    """Night by night: 12 places at half the price, of which nine tenths are guaranteed; 80 are more than are used."""
    assert authority.tables.prices is not None
    base, small, large = authority.simulate(
        [
            "baseline",
            plan(lever("block_contract", places=12, pounds_per_week=3000.0), name="small"),
            plan(lever("block_contract", places=80, pounds_per_week=3000.0), name="large"),
        ],
        replications=3,
        years=2,
    )
    months = int(dates.month_index(base.origin + 1)) + np.arange(24)
    days = np.diff(dates.month_start(int(months[0]) + np.arange(25)))
    price = authority.tables.prices.per_week("external_home", months) / 7
    nights = base.nights[:, :, HOME]
    for outcome, places in ((small, 12), (large, 80)):
        used = np.minimum(nights, places * days)
        # A twelfth of the year each month, used or guaranteed; all beyond at the ordinary price.
        block = 3000 / 7 * 365.25 / 12 * places * np.maximum(used / (places * days), 0.9)
        expected = (block + (nights - used) * price).sum(1)
        assert _pounds(authority, outcome, "external_home") == pytest.approx(expected)
    before = _pounds(authority, base, "external_home")
    assert (_pounds(authority, small, "external_home") < before).all()
    assert (_pounds(authority, large, "external_home") > before).all()


@pytest.mark.functional
def test_fees_cost_more_by_just_so_much(authority: Authority) -> None:
    risen = plan(lever("fee_inflation", change=0.1, settings=("external_home",)))
    base, changed = authority.simulate(["baseline", risen], replications=3, years=1)
    assert _pounds(authority, changed, "external_home") == pytest.approx(
        1.1 * _pounds(authority, base, "external_home")
    )
    assert _pounds(authority, changed, "agency_fostering") == pytest.approx(
        _pounds(authority, base, "agency_fostering")
    )
