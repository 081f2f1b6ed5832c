"""Money by hand, to the penny: nights, uplifts, leap years, blocks, steps, retainers, income, ages and price lists."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from money_world import outcome_of, repeated, stay, tables_of, with_investment
from small_world import CODES

from sufficiency import dates
from sufficiency.costs import cost, cost_plan, spend_tables, summarise_spend
from sufficiency.costs.summary import monthly_tables
from sufficiency.errors import UserError
from sufficiency.simulation import Outcome
from sufficiency.tables import CouncilTables

AGENCY, HOME, OWN = "agency_fostering", "external_home", "in_house_fostering"


def _cost(outcome: Outcome, tables: CouncilTables) -> pd.DataFrame:
    assert tables.prices is not None
    return cost(outcome, tables.prices, fixed_costs=tables.fixed_costs, income=tables.income)


def _sums(spend: pd.DataFrame) -> dict[tuple[str, ...], float]:
    summed = spend.groupby(["financial_year", "setting", "kind"])["pounds"].sum()
    return dict(zip(summed.index.tolist(), summed.tolist(), strict=True))


@pytest.mark.validation
def test_ten_children_two_settings_a_mid_year_uplift_a_leap_year_and_a_block_contract(tmp_path: Path) -> None:
    """Worked out by hand for 2027-28, which holds 29 February 2028 and has 366 nights.

    Agency fostering: £994 a week (£142 a night), 5 % more from 1 October (£149.10).
    Nights at £142: children 1 to 4 732, child 5 183, child 10 1, together 916: £130,072.00.
    Nights at £149.10: children 1 to 4 732, child 5 to 14 November 45, child 8 10, child 10 1, together 788:
    £117,490.80. The year: £247,562.80.

    Homes: £5,600 a week (£800 a night) and a block of two places for £525,600 a year (£43,800 a month), nine
    tenths of which is paid whether used or not. Used in full: April to June (60, 62, 60 of as many nights),
    December, January, February (59 nights for 58) and March (93 for 62): 7 × £43,800 = £306,600. Used by less
    than nine tenths: July to October (31 of 62, 31 of 62, 30 of 60, 31 of 62) and November (46 of 60):
    5 × £39,420 = £197,100. Beyond the block: 1 night in February and 31 in March: 32 × £800 = £25,600.
    """
    stays = [stay(AGENCY, "2027-04-01", "2028-04-01") for _ in range(4)]
    stays += [
        stay(AGENCY, "2026-11-03", "2027-11-15"),  # 5: moves on the 15th, whose night is the home's
        stay(HOME, "2027-11-15", "2028-04-01"),
        stay(HOME, "2027-04-01", "2028-04-01"),  # 6
        stay(HOME, "2028-02-29", "2028-04-01"),  # 7: from the leap day
        stay(AGENCY, "2028-03-01", "2028-03-11"),  # 8
        stay(HOME, "2027-04-01", "2027-07-01"),  # 9
        stay(AGENCY, "2027-09-30", "2027-10-02"),  # 10: one night on either side of the uplift
    ]
    tables = tables_of(
        tmp_path,
        prices=f"{AGENCY},2026-04-01,994,own\n{HOME},2026-04-01,5600,own",
        uplifts=f"setting,financial_year,percent,from\n{AGENCY},2027-28,5,2027-10-01",
        fixed_costs="what,setting,from,to,pounds_per_year,places_guaranteed,use_guaranteed\n"
        f"Block of two places,{HOME},2027-04-01,2028-03-31,525600,2,0.9",
    )
    sums = _sums(_cost(outcome_of(stays, last="2028-03-31"), tables))
    penny = pytest.approx
    assert sums["2027-28", AGENCY, "placement"] == penny(247_562.80, abs=0.005)
    assert sums["2027-28", HOME, "placement"] == penny(25_600.00, abs=0.005)
    assert sums["2027-28", HOME, "fixed"] == penny(503_700.00, abs=0.005)
    assert sum(sums.values()) == penny(776_862.80, abs=0.005)
    assert outcome_of(stays, last="2028-03-31").nights.sum() == 4 * 366 + 228 + 138 + 366 + 32 + 10 + 91 + 2


@pytest.mark.unit
def test_uplifts_of_a_setting_stand_in_place_of_those_of_all_and_never_count_twice(tmp_path: Path) -> None:
    tables = tables_of(
        tmp_path,
        prices=f"{AGENCY},2027-04-01,700,own\n{AGENCY},2028-04-01,770,own\n{HOME},2027-04-01,7000,own",
        uplifts="setting,financial_year,percent\nall,2027-28,50\nall,2028-29,10\n"
        f"{HOME},2029-30,20\nall,2029-30,10\nall,2030-31,10",
    )
    assert tables.prices is not None
    april = [int(dates.month_index(dates.day_number(f"{year}-04-01"))) for year in range(2026, 2031)]
    # The uplift of the month in which a price is set is in it; nothing is uplifted before the first price.
    assert tables.prices.per_week(AGENCY, april) == pytest.approx([700, 700, 770, 847, 931.7])
    assert tables.prices.per_week(HOME, april) == pytest.approx([7000, 7000, 7700, 9240, 10164])


@pytest.mark.unit
def test_prices_by_age_follow_the_ages_that_live_there(tmp_path: Path) -> None:
    heading = "setting,from,pounds_per_week,status,age_from,age_to\n"
    tables = tables_of(
        tmp_path,
        prices=heading + f"{OWN},2027-04-01,350,own,,9\n{OWN},2027-04-01,490,own,10,15\n{HOME},2027-04-01,7000,own,,",
    )
    stays = [
        stay(OWN, "2027-04-01", "2027-05-01", band="5 to 9"),
        stay(OWN, "2027-04-01", "2027-04-11"),
        stay(HOME, "2027-04-01", "2027-04-02", band="0"),
        stay(OWN, "2027-04-01", "2027-05-01", replication=1),
    ]
    spend = _cost(outcome_of(stays), tables)
    pounds = spend.groupby(["replication", "setting"])["pounds"].sum()
    assert pounds[0, OWN] == pytest.approx(30 * 50 + 10 * 70)
    assert pounds[0, HOME] == pytest.approx(1000)
    assert pounds[1, OWN] == pytest.approx(30 * 70)
    # Beyond the replications in detail nights are a replication's own, and the ages behind them those of the others.
    later = _cost(outcome_of(stays, detailed=1), tables).groupby(["replication", "setting"])["pounds"].sum()
    assert later[0, OWN] == pounds[0, OWN]
    assert later[1, OWN] == pytest.approx(30 * (0.75 * 50 + 0.25 * 70))
    with pytest.raises(UserError, match="In-house fostering"):
        _cost(outcome_of([stay(OWN, "2027-04-01", "2027-05-01", band="16 to 17")]), tables)


@pytest.mark.unit
def test_retainers_steps_and_cost_by_place_follow_the_places(tmp_path: Path) -> None:
    place = pd.DataFrame(
        {
            "replication": 0,
            "month": pd.date_range("2027-04-01", periods=24, freq="MS").astype("datetime64[s]"),
            "setting": OWN,
            "mean_vacant": [3.5] * 12 + [1.0] * 12,
            "mean_occupied": [26.5] * 12 + [24.0] * 12,
        }
    )
    tables = tables_of(
        tmp_path,
        prices=f"{OWN},2027-04-01,0,own",
        fixed_costs="what,setting,from,to,pounds_per_year,per,step\n"
        f"Retainer,{OWN},2027-04-01,,6000,vacant_place,\n"
        f"Supervising social workers,{OWN},2027-04-01,,60000,place,15\n"
        f"Equipment,{OWN},2027-10-01,2028-03-31,120,child,\n"
        "Team,,2027-04-01,,12000,,",
    )
    outcome = outcome_of([stay(OWN, "2027-04-01", "2029-04-01")], places=place)
    sums = _sums(_cost(outcome, tables))
    # 30 places are two steps of 15, 25 are two steps begun; half a year of equipment for one child.
    assert sums["2027-28", OWN, "fixed"] == pytest.approx(3.5 * 6000 + 2 * 60_000 + 60)
    assert sums["2028-29", OWN, "fixed"] == pytest.approx(6000 + 2 * 60_000)
    assert sums["2027-28", "all", "fixed"] == pytest.approx(12_000)
    with pytest.raises(UserError, match="no places to count"):
        _cost(outcome_of([stay(OWN, "2027-04-01", "2029-04-01")]), tables)


@pytest.mark.unit
def test_income_stands_below_nought_by_night_share_and_year(tmp_path: Path) -> None:
    tables = tables_of(
        tmp_path,
        prices=f"{HOME},2027-04-01,7000,own\n{AGENCY},2027-04-01,700,own\nstaying_put_agency,2027-04-01,350,own",
        income="what,from,to,pounds_per_night,share,pounds_per_year,setting,uasc,age_from,age_to\n"
        "UASC 16 and 17,2027-04-01,,143,,,,1,16,\n"
        "UASC under 16,2027-04-01,,114,,,,yes,,15\n"
        f"Health pays a fifth,2027-04-01,2027-06-30,,0.2,,{HOME},,,\n"
        "Staying put grant,2027-04-01,,,,24000,staying_put_agency,,,",
    )
    stays = [
        stay(AGENCY, "2027-04-01", "2027-04-11", band="16 to 17", uasc=True),
        stay(AGENCY, "2027-04-01", "2027-04-06", uasc=True),
        stay(AGENCY, "2027-04-01", "2027-05-01"),
        stay(HOME, "2027-06-30", "2027-07-02"),
        stay("staying_put_agency", "2027-04-01", "2027-04-02", band="18 to 20", uasc=True),
    ]
    sums = _sums(_cost(outcome_of(stays), tables))
    assert sums["2027-28", "all", "income"] == pytest.approx(-(10 * 143 + 5 * 114))
    assert sums["2027-28", HOME, "income"] == pytest.approx(-200)
    assert sums["2027-28", "staying_put_agency", "income"] == pytest.approx(-24_000)
    assert sums["2027-28", AGENCY, "placement"] == pytest.approx(45 * 100)


@pytest.mark.unit
def test_a_part_month_pays_its_part_of_what_is_fixed(tmp_path: Path) -> None:
    fixed = "what,setting,from,to,pounds_per_year\nTeam,,2027-04-01,,12000"
    tables = tables_of(tmp_path, prices=f"{HOME},2027-04-01,7000,own", fixed_costs=fixed)
    outcome = outcome_of([stay(HOME, "2027-04-16", "2027-05-01")], origin="2027-04-15", last="2027-05-31")
    sums = _sums(_cost(outcome, tables))
    assert sums["2027-28", "all", "fixed"] == pytest.approx(500 + 1000)
    assert sums["2027-28", HOME, "placement"] == pytest.approx(15_000)


LIST = "setting,from,pounds_per_week,status\n" + "\n".join(
    f"{HOME},2027-04-01,{pounds},own" for pounds in (3500, 4200, 4800, 5300, 6100, 7400, 12_000)
)


@pytest.mark.unit
def test_a_price_list_is_fitted_and_its_tail_is_told(tmp_path: Path) -> None:
    prices = tables_of(tmp_path, price_list=LIST).prices
    assert prices is not None
    one = prices.lists[0]
    logs = np.log([3500, 4200, 4800, 5300, 6100, 7400, 12_000])
    assert (one.mu, one.sigma) == pytest.approx((logs.mean(), logs.std(ddof=1)))
    assert one.fitted_mean == pytest.approx(np.exp(one.mu + one.sigma**2 / 2))
    z = (math.log(10_000) - logs.mean()) / logs.std(ddof=1)
    assert one.share_above() == pytest.approx(math.erfc(z / math.sqrt(2)) / 2)
    assert float(one.quantile(0.5)) == pytest.approx(np.exp(one.mu))
    # The list is the price of a setting that has no other.
    assert prices.table["pounds_per_week"].tolist() == pytest.approx([one.fitted_mean])
    assert prices.table["source"].tolist() == ["mean fitted to 7 prices"]
    listed = tables_of(tmp_path, prices=f"{HOME},2027-04-01,7000,own").prices
    assert listed is not None
    assert listed.table["pounds_per_week"].tolist() == [7000]


@pytest.mark.functional
def test_drawn_prices_spread_about_the_price_given_and_are_shared_by_plans(tmp_path: Path) -> None:
    prices = tables_of(tmp_path, price_list=LIST).prices
    assert prices is not None
    stays = [stay(HOME, "2027-04-01", "2029-04-01") for _ in range(8)]
    outcome = repeated(outcome_of(stays), 4_000)
    drawn, known = cost_plan(outcome, prices), cost_plan(outcome, prices, draw_prices=False)
    assert (drawn.includes, known.includes) == (("chance", "parameters", "prices"), ("chance", "parameters"))
    yearly = drawn.yearly(drawn.total())
    fixed = known.yearly(known.total())[0]
    one = prices.lists[0]
    spread = np.sqrt(one.log_mean_error**2 + np.log1p(one.relative_variance / 8))
    ratio = np.log(yearly / fixed)
    assert ratio.std(axis=0) == pytest.approx([spread, spread], rel=0.04)
    assert (yearly / fixed).mean(axis=0) == pytest.approx([1, 1], abs=4 * spread / np.sqrt(4_000))
    # One mean price for both years, other children in each: the years are correlated by the first alone.
    assert np.corrcoef(ratio.T)[0, 1] == pytest.approx(one.log_mean_error**2 / spread**2, abs=0.05)
    plan = cost_plan(repeated(outcome_of(stays[:8], plan=with_investment("plan")), 4_000), prices)
    assert np.array_equal(plan.pounds["placement"], drawn.pounds["placement"])
    assert set(spend_tables(drawn)["includes"]) == {"chance, parameters and prices"}


@pytest.mark.unit
def test_mean_spend_with_drawn_prices_is_that_of_the_prices_given(tmp_path: Path) -> None:
    """Few futures, other nights in each and some without any: no price is dearer or cheaper on average by chance."""
    prices = tables_of(tmp_path, price_list=LIST).prices
    assert prices is not None
    stays = [stay(HOME, "2027-04-01", f"2028-{month:02d}-11", replication=month) for month in (2, 4, 7)]
    outcome = outcome_of(stays, last="2028-12-31")
    drawn, known = (cost_plan(outcome, prices, draw_prices=draw) for draw in (True, False))
    both = [costs.pounds["placement"].mean(axis=0) for costs in (drawn, known)]
    assert both[0] == pytest.approx(both[1])
    lived = known.total()[:, 5] > 0
    assert np.ptp(drawn.total()[lived, 5] / known.total()[lived, 5]) > 0.01
    alone = outcome_of(stays[:1], last="2028-12-31")
    same = [cost_plan(alone, prices, draw_prices=draw).total().sum() for draw in (True, False)]
    assert same[0] == pytest.approx(same[1])


@pytest.mark.property
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nights=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 23), st.integers(0, 10), st.integers(0, 3000)),
        min_size=1,
        max_size=30,
    ),
    weekly=st.lists(st.integers(0, 20_000), min_size=14, max_size=14),
    rise=st.integers(-20, 40),
    rises_in=st.integers(0, 23),
)
def test_spend_is_child_days_times_price(
    tmp_path: Path, nights: list[tuple[int, int, int, int]], weekly: list[int], rise: int, rises_in: int
) -> None:
    """Whatever the nights and prices: every setting's spend is Σ nights × week's price ÷ 7, added up by hand."""
    names = CODES.all_settings
    month = pd.Timestamp("2027-04-01") + pd.DateOffset(months=rises_in)
    year = dates.financial_year(dates.day_number(month))
    tables = tables_of(
        tmp_path,
        prices="\n".join(f"{name},2026-04-01,{pounds},own" for name, pounds in zip(names, weekly, strict=True)),
        uplifts=f"setting,financial_year,percent,from\nall,{year},{rise},{month:%Y-%m-%d}",
    )
    outcome = outcome_of([], replications=3)
    wanted = np.zeros((3, 2, len(names)))
    for replication, at, setting, count in nights:
        outcome.nights[replication, at, setting] += count
        factor = 1 + rise / 100 if at >= rises_in else 1.0
        wanted[replication, at // 12, setting] += count * weekly[setting] / 7 * factor
    assert tables.prices is not None
    costs = cost_plan(outcome, tables.prices)
    assert costs.yearly(costs.pounds["placement"])[:, :, :-1] == pytest.approx(wanted, rel=1e-12, abs=1e-6)
    assert costs.by_month()["pounds"].sum() == pytest.approx(wanted.sum(), rel=1e-12)
    assert costs.by_year()["pounds"].sum() == pytest.approx(wanted.sum(), rel=1e-12)


@pytest.mark.functional
def test_percentiles_are_of_sums_and_say_how_sure_they_are(tmp_path: Path) -> None:
    """Two settings that take turns: each may cost £1,000 or nothing, both together always £1,000."""
    tables = tables_of(
        tmp_path,
        prices=f"{HOME},2027-04-01,7000,own\n{AGENCY},2027-04-01,7000,own",
        fixed_costs="what,setting,from,to,pounds_per_year\nTeam,,2027-04-01,2028-03-31,120",
        income="what,from,pounds_per_night,setting\nHealth,2027-04-01,100," + HOME,
    )
    stays = [stay((HOME, AGENCY)[turn % 2], "2027-04-01", "2027-04-02", replication=turn) for turn in range(100)]
    assert tables.prices is not None
    costs = cost_plan(outcome_of(stays), tables.prices, fixed_costs=tables.fixed_costs, income=tables.income)
    told = spend_tables(costs)
    first = told[told["financial_year"] == "2027-28"]

    def of(basis: str, cut: str, name: str, *figures: str) -> list[object]:
        row = first[(first["basis"] == basis) & (first["cut"] == cut) & (first["name"] == name)]
        assert len(row) == 1
        return [row[figure].iloc[0] for figure in figures]

    assert of("marginal", "setting", HOME, "p10", "p90") == [0, 1000]
    assert of("marginal", "total", "Total", "p10", "p50", "p90") == [1000] * 3
    assert of("marginal", "provider", "External", "p80") == [1000]
    assert of("gross", "total", "Total", "p50") == pytest.approx([1120])
    assert of("net", "total", "Total", "p10", "p90") == pytest.approx([1020, 1120])
    assert of("net", "kind", "income", "mean") == pytest.approx([-50])
    # 50 noughts and 50 thousands: one standard error about the middle takes in both.
    spread = np.std([0, 1000] * 50, ddof=1) / 10
    assert of("marginal", "setting", HOME, "mean_error", "p50_error", "p90_error") == pytest.approx([spread, 500, 0])
    assert of("marginal", "setting", HOME, "includes") == ["chance and parameters"]
    monthly = monthly_tables(costs)
    april = monthly[(monthly["month"] == "2027-04-01") & (monthly["basis"] == "net")].iloc[0]
    assert list(april[["mean", "p10", "p90"]]) == pytest.approx([960, 910, 1010])
    yearly = summarise_spend(costs.by_year())
    yearly = yearly[yearly["financial_year"] == "2027-28"].set_index("setting")
    assert yearly.loc[HOME, "mean"] == 500
    assert yearly.loc["all", "p90"] == pytest.approx(1120)
