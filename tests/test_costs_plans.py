"""The books, the medium-term plan, savings and mixes: by hand, and what must add up adds up."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from money_world import Stay, history_of, outcome_of, stay, tables_of, with_investment
from small_world import CODES

from sufficiency.costs import Costs, cost_plan, count_money
from sufficiency.costs.accounts import ALL, budgeted, opening_year, reconcile, variance
from sufficiency.costs.medium_term import LINES, medium_term_plan
from sufficiency.costs.mixes import frontier, mix_cost, year_mix
from sufficiency.costs.savings import OptimismBias, Savings, paid_from, savings
from sufficiency.errors import UserError
from sufficiency.tables import Prices

AGENCY, HOME, OWN, OWN_HOME = "agency_fostering", "external_home", "in_house_fostering", "in_house_home"
BLOCK = "what,setting,from,to,pounds_per_year,places_guaranteed"
FINANCE = Path(__file__).parents[2] / "shared" / "data"


def _prices(folder: Path, rows: str, **more: str) -> Prices:
    prices = tables_of(folder, prices=rows, **more).prices
    assert prices is not None
    return prices


@pytest.mark.unit
def test_the_opening_year_is_held_against_the_ledger(tmp_path: Path) -> None:
    history = history_of([(AGENCY, "2024-01-01", ""), (AGENCY, "2026-12-31", ""), (HOME, "2026-04-01", "2026-04-11")])
    tables = tables_of(
        tmp_path,
        prices=f"{AGENCY},2025-04-01,700,own\n{AGENCY},2027-01-01,770,own\n{HOME},2025-04-01,7000,own",
        ledger="financial_year,setting,pounds\n2025-26,secure,1\n2026-27,agency_fostering,46900\n"
        "2026-27,external_home,12000\n2026-27,staying_put_agency,5000\n2026-27,secure,0",
    )
    assert tables.prices is not None
    assert tables.ledger is not None
    told = reconcile(history, tables.prices, tables.ledger).set_index("setting")
    # Child 1: 275 nights at £100 and 90 at £110; child 2: 1 and 90. Child 3: 10 nights at £1,000.
    assert told.loc[AGENCY, "child_nights"] == 365 + 91
    assert told.loc[AGENCY, "modelled"] == pytest.approx(276 * 100 + 180 * 110)
    assert told.loc[AGENCY, "difference"] == pytest.approx(47_400 - 46_900)
    assert told.loc[AGENCY, "verdict"] == "close"
    assert told.loc[HOME, "difference_share"] == pytest.approx(-2000 / 12_000)
    assert told.loc[HOME, "calibrated_pounds_per_week"] == pytest.approx(12_000 / 10 * 7)
    assert told.loc[HOME, "verdict"] == "apart"
    assert told.loc["staying_put_agency", "verdict"] == "not in the returns"
    assert list(told.loc[ALL, ["modelled", "ledger"]]) == pytest.approx([57_400, 58_900])
    with pytest.raises(UserError, match="no financial year that the returns cover"):
        reconcile(history, tables.prices, tables.ledger.assign(financial_year="2031-32"))
    with pytest.raises(UserError, match="do not cover the whole of 2024-25"):
        opening_year(history, tables.prices, "2024-25")


@pytest.mark.unit
def test_nights_in_a_block_are_in_neither_the_opening_years_price_nor_its_growth(tmp_path: Path) -> None:
    """Two children in homes, one in a block of which the ledger of placements holds nothing."""
    history = history_of([(HOME, "2024-01-01", ""), (HOME, "2024-01-01", "")])
    tables = tables_of(
        tmp_path,
        prices=f"{HOME},2026-04-01,7000,own",
        fixed_costs=f"{BLOCK}\nBlock,{HOME},2026-04-01,,300000,1",
        ledger="financial_year,setting,pounds\n2026-27,external_home,365000",
        budget="financial_year,setting,pounds\n2026-27,external_home,365000\n2027-28,external_home,366000",
    )
    stays = [stay(HOME, "2027-04-01", "2029-04-01"), stay(HOME, "2027-04-01", "2029-04-01")]
    found = count_money(history, {"baseline": outcome_of(stays)}, tables).tables
    books = found["reconciliation"].set_index("setting").loc[HOME]
    assert list(books[["child_nights", "modelled", "verdict"]]) == [365, 365_000, "close"]
    assert books["calibrated_pounds_per_week"] == pytest.approx(7_000)
    assert found["variance"][["volume", "mix", "price"]].to_numpy() == pytest.approx(0)
    first = found["medium_term"].iloc[0]
    assert list(first[["pressures", "growth", "inflation"]]) == pytest.approx([0, 1_000, 0])
    assert first["base_budget"] == pytest.approx(365_000 + 300_000)


@pytest.mark.unit
def test_a_budgets_nights_are_those_it_pays_for(tmp_path: Path) -> None:
    prices = _prices(tmp_path, f"{AGENCY},2025-04-01,700,own\n{AGENCY},2027-10-01,770,own")
    budget = pd.DataFrame({"financial_year": ["2027-28"], "setting": [AGENCY], "pounds": [183 * 100.0 + 183 * 110.0]})
    assert budgeted(budget, prices, "2027-28")["nights"].tolist() == pytest.approx([366])
    with pytest.raises(UserError, match="without a price: secure"):
        budgeted(budget.assign(setting="secure"), prices, "2027-28")


@pytest.mark.unit
def test_volume_mix_and_price_by_hand() -> None:
    planned = pd.DataFrame({"setting": [OWN, HOME], "nights": [800.0, 200.0], "pounds": [80_000.0, 200_000.0]})
    actual = pd.DataFrame({"setting": [OWN, HOME], "nights": [800.0, 300.0], "pounds": [88_000.0, 330_000.0]})
    told = variance(planned, actual, "2026-27").set_index("setting")
    # A tenth more nights: 80 × £100 and 20 × £1,000; at that mix 880 and 220; prices rise by £10 and £100.
    assert list(told.loc[OWN, ["volume", "mix", "price"]]) == pytest.approx([8_000, -8_000, 8_000])
    assert list(told.loc[HOME, ["volume", "mix", "price"]]) == pytest.approx([20_000, 80_000, 30_000])
    assert told.loc[ALL, "actual"] == 418_000


_AMOUNTS = st.lists(
    st.tuples(st.integers(1, 5000), st.integers(0, 900_000), st.integers(0, 5000), st.integers(0, 900_000)),
    min_size=1,
    max_size=6,
)


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(_AMOUNTS)
def test_variances_add_up_whatever_the_figures(rows: list[tuple[int, int, int, int]]) -> None:
    names = list(CODES.in_care[: len(rows)])
    planned = pd.DataFrame({"setting": names, "nights": [row[0] for row in rows], "pounds": [row[1] for row in rows]})
    after = [(nights, pounds if nights else 0) for *_, nights, pounds in rows]
    actual = pd.DataFrame({"setting": names, "nights": [one[0] for one in after], "pounds": [one[1] for one in after]})
    told = variance(planned, actual, "2026-27")
    explained = told[["budget", "volume", "mix", "price"]].sum(axis=1)
    assert explained.tolist() == pytest.approx(told["actual"].tolist(), abs=1e-6)
    assert told["volume"].iloc[-1] == pytest.approx(
        sum(row[1] for row in rows) * (sum(one[0] for one in after) / sum(row[0] for row in rows) - 1), abs=1e-6
    )


def _costs(folder: Path, stays: list[Stay], **given: Any) -> Costs:
    prices = _prices(
        folder,
        f"{AGENCY},2026-04-01,700,own\n{HOME},2026-04-01,7000,own\n{OWN},2026-04-01,350,own\n"
        f"{OWN_HOME},2026-04-01,3500,own\nstaying_put_agency,2026-04-01,70,own",
        uplifts="setting,financial_year,percent\nall,2028-29,10",
    )
    tables = tables_of(folder, fixed_costs="what,setting,from,to,pounds_per_year\nTeam,,2027-04-01,2028-03-31,1200")
    return cost_plan(outcome_of(stays, **given), prices, fixed_costs=tables.fixed_costs)


@pytest.mark.unit
def test_the_medium_term_plans_lines_add_up_and_say_why(tmp_path: Path) -> None:
    costs = _costs(
        tmp_path,
        [
            stay(AGENCY, "2027-04-01", "2029-04-01"),
            stay(AGENCY, "2027-04-01", "2028-04-01"),
            stay("staying_put_agency", "2027-04-01", "2028-04-01", band="18 to 20"),
        ],
    )
    history = history_of([(AGENCY, "2024-01-01", "")])
    opening = opening_year(history, _prices(tmp_path, f"{AGENCY},2026-04-01,700,own"))
    told = medium_term_plan(costs, opening, base_budget=30_000.0).set_index("financial_year")
    first, second = told.loc["2027-28"], told.loc["2028-29"]
    # 365 nights in the opening year, 732 in the first (a leap year), 365 in the second, dearer by a tenth.
    assert first["pressures"] == pytest.approx(36_500 - 30_000)
    assert first["growth"] == pytest.approx((732 - 365) * 100 + (366 - 365) * 10)
    assert first["inflation"] == pytest.approx(0)
    assert first["base_budget"] == pytest.approx(30_000 + 3_650 + 1_200)
    assert second["growth"] == pytest.approx((365 - 732) * 100 - 3_660)
    assert second["inflation"] == pytest.approx(365 * 10)
    assert second["fixed_costs"] == pytest.approx(-1_200)
    assert second["base_budget"] == first["budget_requirement"] == pytest.approx(73_200 + 3_660 + 1_200)
    assert second["budget_requirement"] == pytest.approx(365 * 110)
    sums = told["base_budget"] + told[list(LINES)].sum(axis=1)
    assert sums.tolist() == pytest.approx(told["budget_requirement"].tolist())
    assert told["contingency"].tolist() == pytest.approx([0, 0])


@pytest.mark.unit
def test_savings_and_investment_of_a_plan_are_lines_of_its_budgets(tmp_path: Path) -> None:
    baseline = _costs(tmp_path, [stay(HOME, "2027-04-01", "2029-04-01")])
    plan = _costs(
        tmp_path,
        [stay(HOME, "2027-04-01", "2027-10-01"), stay(OWN, "2027-10-01", "2029-04-01")],
        plan=with_investment("plan", {"what": "start", "one_off": 5_000.0}, {"what": "team", "per_year": 12_000.0}),
    )
    opening = opening_year(history_of([(HOME, "2024-01-01", "")]), _prices(tmp_path, f"{HOME},2026-04-01,7000,own"))
    told = medium_term_plan(baseline, opening, plan=plan).set_index("financial_year")
    assert told.loc["2027-28", "savings"] == pytest.approx(-183 * 950)
    assert told.loc["2028-29", "savings"] == pytest.approx(-365 * 1_045 + 183 * 950)
    assert told["investment"].tolist() == pytest.approx([17_000, -5_000])
    assert told.loc["2028-29", "budget_requirement"] == pytest.approx(365 * 55 + 12_000)


def _saved(folder: Path, one_off: float, replications: int = 1) -> Savings:
    """A child that goes from a home (£1,000 a night) to an own home (£500) after six months, in every future."""
    both = []
    for name in ("baseline", "plan"):
        stays = []
        for replication in range(replications):
            moved = OWN_HOME if name == "plan" else HOME
            stays += [
                stay(HOME, "2027-04-01", "2027-10-01", replication=replication),
                stay(moved, "2027-10-01", "2029-04-01", replication=replication),
            ]
        items = [{"what": "home", "one_off": one_off}, {"what": "staff", "per_year": 24_000.0}]
        both.append(_costs(folder, stays, plan=with_investment(name, *(items if name == "plan" else []))))
    opening = opening_year(history_of([(HOME, "2024-01-01", "")]), _prices(folder, f"{HOME},2026-04-01,7000,own"))
    deflators = pd.DataFrame({"financial_year": ["2027-28", "2028-29"], "percent": [9.0, 2.5]})
    return savings(both[1], both[0], opening=opening, deflators=deflators)


@pytest.mark.validation
def test_a_plan_that_pays_by_hand(tmp_path: Path) -> None:
    found = _saved(tmp_path, 100_000.0)
    annual = found.annual.set_index("financial_year")
    gross = [183 * 500.0, 365 * 550.0]
    assert annual["gross"].tolist() == pytest.approx(gross)
    assert annual["delivery"].tolist() == pytest.approx([124_000, 24_000])
    assert found.planned.full_year_effect == pytest.approx(365 * 550 - 24_000)
    # Prices of 2027-28; 2.5 % off for the second year, then 3.5 % a year at mid-year.
    value = (gross[0] - 124_000) / 1.035**0.5 + (gross[1] - 24_000) / 1.025 / 1.035**1.5
    assert found.planned.net_present_value == pytest.approx(value)
    assert annual["present_value"].sum() == pytest.approx(value)
    benefit = gross[0] / 1.035**0.5 + gross[1] / 1.025 / 1.035**1.5
    assert found.planned.switching_value == pytest.approx(1 - value / benefit)
    # Owed at the end of March 2028: £32,500. April brings 30 × £550 less £2,000, May 31 × £550 less £2,000 and more
    # than what is left.
    assert found.planned.payback == found.planned.payback_low == pd.Timestamp("2028-06-01")
    assert found.planned.chance_by_year == (0.0, 1.0)
    # The child was there in the opening year: what is saved can be taken out of the budget.
    assert annual["avoided"].tolist() == pytest.approx([0, 0], abs=1e-6)
    assert "pays by June 2028" in found.verdict()
    biased = found.biased
    assert biased.bias == OptimismBias()
    worse = (gross[0] * 0.85 - 124_000 - 100_000 * 0.24 - 2_400) / 1.035**0.5
    worse += (gross[1] * 0.85 - 26_400) / 1.025 / 1.035**1.5
    assert biased.net_present_value == pytest.approx(worse)
    assert biased.full_year_effect == pytest.approx(365 * 550 * 0.85 - 26_400)


@pytest.mark.unit
def test_optimism_bias_never_flatters_a_plan_that_costs_more(tmp_path: Path) -> None:
    """Agency carers (£100 a night) in place of own ones (£50) in one future, and a home (£1,000) left in the other."""
    both = []
    for name, settings_ in (("b", (OWN, HOME)), ("p", (AGENCY, OWN))):
        stays = [stay(one, "2027-04-01", "2028-04-01", replication=number) for number, one in enumerate(settings_)]
        both.append(_costs(tmp_path, stays, plan=with_investment(name)))
    found = savings(both[1], both[0])
    saved = np.array([-50.0, 950.0]) * 366 / 1.035**0.5
    assert found.planned.net_present_value == pytest.approx(saved.mean())
    assert found.biased.net_present_value == pytest.approx((saved * [1.15, 0.85]).mean())
    worse = savings(both[0], both[1])
    assert worse.biased.net_present_value == pytest.approx((-saved * [0.85, 1.15]).mean())


@pytest.mark.functional
def test_a_plan_that_does_not_pay_is_said_not_to_pay(tmp_path: Path) -> None:
    found = _saved(tmp_path, 400_000.0, replications=3)
    assert found.planned.payback is None
    assert found.planned.payback_low is None
    assert not found.planned.pays
    assert found.planned.chance_positive == 0
    assert found.planned.switching_value is not None
    assert found.planned.switching_value > 1
    assert found.verdict() == "The plan does not pay by March 2029: in 0% of the futures it does."
    dearer = _saved(tmp_path, 100_000.0)
    assert "After optimism bias" not in dearer.verdict() or dearer.biased.payback is None


@pytest.mark.unit
def test_growth_that_does_not_come_is_avoided_not_cashable(tmp_path: Path) -> None:
    """One child in the opening year, two ahead; the plan takes one and a half of them out of the home."""
    base = [stay(HOME, "2027-04-01", "2029-04-01"), stay(HOME, "2027-04-01", "2029-04-01")]
    plan = [stay(HOME, "2028-04-01", "2029-04-01")]
    both = [_costs(tmp_path, stays, plan=with_investment(name)) for name, stays in (("p", plan), ("b", base))]
    opening = opening_year(history_of([(HOME, "2024-01-01", "")]), _prices(tmp_path, f"{HOME},2026-04-01,7000,own"))
    found = savings(both[0], both[1], opening=opening)
    assert found.verdict().endswith("in 100% of them. No cost of delivering it was given.")
    annual = found.annual
    assert annual["cashable"].tolist() == pytest.approx([366_000, 0])
    assert annual["avoided"].tolist() == pytest.approx([366_000, 365 * 1_100])
    # With a block for one of the two, the plan's one child lives in it: nothing is below the opening year's nights.
    block = tables_of(tmp_path, fixed_costs=f"{BLOCK}\nBlock,{HOME},2027-04-01,,300000,1").fixed_costs
    stays = [stay(HOME, "2027-04-01", "2029-04-01")]
    prices = _prices(tmp_path, f"{HOME},2026-04-01,7000,own")
    held = [cost_plan(outcome_of(one), prices, fixed_costs=block) for one in (stays, base)]
    annual = savings(held[0], held[1], opening=opening).annual
    assert annual["gross"].tolist() == pytest.approx([366_000, 365 * 1_100])
    assert annual["cashable"].tolist() == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.unit
def test_a_median_date_only_where_more_than_half_pay() -> None:
    months = 4
    futures = np.array([[-1.0, 1, 2, 3], [-1, -1, 1, 2], [-1, -1, -1, -1], [-1, -1, -1, -1], [-1.0, -1, -1, 1]])
    assert paid_from(futures).tolist() == [1, 2, months, months, 3]
    assert paid_from(np.array([[1.0, 1, -1, 1]])).tolist() == [3]


@pytest.mark.unit
def test_a_mix_is_costed_at_the_same_nights(tmp_path: Path) -> None:
    costs = _costs(
        tmp_path,
        [stay(HOME, "2027-04-01", "2029-04-01"), *(stay(AGENCY, "2027-04-01", "2029-04-01") for _ in range(3))],
    )
    mix = year_mix(costs, "2027-28")
    told = mix_cost(mix, {HOME: 0.5}).set_index("setting")
    assert told.loc["all", "nights"] == pytest.approx(4 * 366)
    assert told.loc["all", "difference"] == pytest.approx(366 * (1000 - 100))
    assert mix_cost(mix, {}).set_index("setting").loc["all", "difference"] == pytest.approx(0)
    for shares, said in (
        ({"external_hom": 0.5}, "Did you mean 'external_home'"),
        ({HOME: 1.2}, "at most 1"),
        ({"secure": 0.1}, "price is not known: secure"),
        ({HOME: 0.1, AGENCY: 0.1}, "do not add up to 1"),
    ):
        with pytest.raises(UserError, match=said):
            mix_cost(mix, shares)
    with pytest.raises(UserError, match="Did you mean '2027-28'"):
        year_mix(costs, "2027-2")


@pytest.mark.unit
def test_the_frontier_moves_the_dearest_first(tmp_path: Path) -> None:
    stays = [stay(name, "2027-04-01", "2029-04-01") for name in (AGENCY, AGENCY, AGENCY, OWN, HOME, OWN_HOME)]
    costs = _costs(tmp_path, stays)
    edge = frontier(year_mix(costs, "2027-28"), CODES, points=7)
    night = 366.0
    # All external: 4 agency and 2 homes; then the homes move at £500 a night each, then fostering at £50.
    assert edge["least"].iloc[0] == pytest.approx(night * (400 + 2000))
    assert edge["least"].iloc[2] == pytest.approx(night * (400 + 1000))
    assert edge["most"].iloc[2] == pytest.approx(night * (300 + 2000))
    assert edge["least"].iloc[-1] == edge["most"].iloc[-1] == pytest.approx(night * (200 + 1000))
    assert edge["today"].dropna().tolist() == pytest.approx([night * (350 + 1500)])
    assert edge.loc[edge["today"].notna(), "in_house_share"].tolist() == pytest.approx([2 / 6])
    with pytest.raises(UserError, match="No type of placement"):
        frontier(year_mix(_costs(tmp_path, stays[:3]), "2027-28"), CODES)


@pytest.mark.validation
def test_section_251_is_met_by_published_activity_times_published_unit_cost(tmp_path: Path) -> None:
    """Five authorities' spend on children looked after in 2021-22, from their children and their weekly unit cost.

    The unit cost is published as spend over children at 31 March, a year of 365 days, to the nearest £5 (DfE,
    Local Authority Interactive Tool, LACFinance): nights × price must meet the spend within that rounding.
    """
    if not (FINANCE / "finance").is_dir():
        pytest.skip("needs the published figures in ../shared/data beside the checkout")
    year, named = "2021-22", {"Peterborough", "Rutland", "Southampton", "Southwark", "West Sussex"}
    finance = [row for row in _rows(FINANCE / "finance" / "lait_childrens_finance.csv") if row["year"][:7] == year]
    weekly = {
        row["area"]: float(row["value"]) for row in finance if row["measure"] == "LACFinance" and row["area"] in named
    }
    spent = {
        row["area"]: float(row["value"])
        for row in finance
        if row["measure"] == "TotalLACFinance" and row["area"] in named
    }
    panel = _rows(FINANCE / "published" / "la_year_panel.csv")
    children = {
        row["la_name"]: int(row["cla_31_march"])
        for row in panel
        if row["time_period"] == "2022" and row["la_name"] in named
    }
    assert set(weekly) == set(spent) == set(children) == named
    for name in sorted(named):
        prices = _prices(tmp_path / name, f"{AGENCY},2021-04-01,{weekly[name]},published")
        outcome = outcome_of([stay(AGENCY, "2021-04-01", "2022-04-01")], origin="2021-03-31", last="2022-03-31")
        outcome.nights[:] *= children[name]
        assert cost_plan(outcome, prices).total().sum() == pytest.approx(spent[name], rel=2.5 / weekly[name]), name


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
