"""The invented council's prices rise in each year ahead, and its lists of placements have a tail."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from money_world import history_of, outcome_of, stay

from sufficiency import dates
from sufficiency.costs import count_money
from sufficiency.draws import replication_key
from sufficiency.provenance import shipped
from sufficiency.tables import CouncilTables, read_council_tables
from sufficiency.trials.council_rises import PAY_AWARDS, SPREADS, UPLIFTS, listed, risen

AHEAD = ("2026-27", "2027-28", "2028-29", "2029-30", "2030-31")


@pytest.fixture(scope="module")
def tables() -> CouncilTables:
    return read_council_tables(shipped("example") / "returns")


@pytest.mark.unit
def test_a_list_is_spread_about_its_mean_and_has_the_tail_that_a_mean_hides() -> None:
    key = replication_key(5, 0)
    for count in (24, 104):
        pounds = np.array(listed(key, "external_home", 6_339, count))
        assert len(pounds) == count
        assert (pounds % 5 == 0).all()
        assert pounds.mean() == pytest.approx(6_339, rel=0.05)
        assert np.log(pounds).std(ddof=1) == pytest.approx(SPREADS["external_home"], rel=0.1)
        assert 0.05 < (pounds > 10_000).mean() < 0.2
    assert listed(key, "external_home", 6_339, 24) == listed(key, "external_home", 6_339, 24)
    assert listed(key, "agency_fostering", 6_339, 24) != listed(key, "external_home", 6_339, 24)


@pytest.mark.unit
def test_fixed_costs_rise_each_april_without_a_gap() -> None:
    rows = list(risen(100_000, date(2025, 4, 1)))
    assert rows[0] == (date(2025, 4, 1), date(2027, 3, 31), 100_000)
    assert rows[1] == (date(2027, 4, 1), date(2028, 3, 31), 103_000)
    assert rows[-1] == (date(2030, 4, 1), "", round(100_000 * 1.03**4))
    assert len(rows) == 1 + len(PAY_AWARDS)


@pytest.mark.functional
def test_every_setting_of_the_example_rises_in_each_year_some_of_them_part_way_through(tables: CouncilTables) -> None:
    prices = tables.prices
    assert prices is not None
    assert prices.uplifts is not None
    part_way = prices.uplifts[prices.uplifts["from"].dt.month != 4]
    assert set(part_way["setting"]) == {"residential_school", "supported_accommodation"}
    assert set(prices.uplifts["setting"]) == set(UPLIFTS)
    months = int(dates.month_index(dates.day_number("2026-04-01"))) + np.arange(60)
    for setting in prices.table["setting"].unique():
        yearly = prices.per_week(setting, months).reshape(5, 12).mean(axis=1)
        assert (np.diff(yearly) > 0).all(), setting
    school = prices.per_week("residential_school", months).reshape(5, 12)[1]
    assert len(set(school.tolist())) == 2
    listed_now = {one.setting: one for one in prices.lists}
    assert set(listed_now) == set(SPREADS)
    for one in listed_now.values():
        given = float(prices.per_week(one.setting, months[:1])[0])
        assert one.status == "invented"
        assert one.fitted_mean == pytest.approx(given, rel=0.03)
    assert tables.deflators is not None
    assert tables.deflators["financial_year"].tolist() == list(AHEAD)


@pytest.mark.functional
def test_the_examples_medium_term_plan_shows_inflation_in_each_year(tables: CouncilTables) -> None:
    """One child in each of two homes throughout: all that changes from year to year is prices and a leap day."""
    settings = ("external_home", "in_house_fostering", "supported_accommodation")
    history = history_of([(name, "2024-01-01", "") for name in settings], first="2025-04-01", origin="2026-03-31")
    stays = [stay(name, "2026-04-01", "2031-04-01") for name in settings]
    outcome = outcome_of(stays, origin="2026-03-31", last="2031-03-31")
    plan = count_money(history, {"baseline": outcome}, tables).tables["medium_term"]
    assert plan["financial_year"].tolist() == list(AHEAD)
    assert (plan["inflation"] > 0).all()
    # Fixed costs rise with pay from the second year on.
    assert plan["fixed_costs"].iloc[0] == 0
    assert plan["fixed_costs"].iloc[1] == pytest.approx(0.03 * 1_995_000)
    assert (plan["fixed_costs"].iloc[1:] > 0).all()
