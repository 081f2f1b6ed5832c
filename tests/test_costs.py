"""Prices and spend: by hand to the penny, and every problem of a table told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_world import CODES

from sufficiency import dates
from sufficiency.costs import cost, read_prices, summarise_spend
from sufficiency.errors import UserError
from sufficiency.scenario import read_scenario
from sufficiency.simulation import Outcome, Supply

HEADER = "setting,from,pounds_per_week,status,source\n"


def _prices(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


def _outcome(rows: list[tuple[int, str, str, int]], plan: str = "baseline") -> Outcome:
    days = pd.DataFrame(rows, columns=["replication", "month", "setting", "child_days"])
    origin, last = dates.day_number("2027-03-31"), dates.day_number("2029-03-31")
    replications = int(days["replication"].max()) + 1
    nights = np.zeros((replications, 24, len(CODES.all_settings)), dtype=np.int32)
    month = dates.month_index(dates.to_days(pd.to_datetime(days["month"]))) - dates.month_index(origin + 1)
    setting = days["setting"].map(CODES.all_settings.index)
    np.add.at(nights, (days["replication"].to_numpy(), month, setting.to_numpy()), days["child_days"].to_numpy())
    return Outcome(
        scenario=read_scenario(plan),
        codes=CODES,
        replications=replications,
        detailed=replications,
        seed=1,
        origin=origin,
        last_day=last,
        tables={},
        supply=Supply(rows=pd.DataFrame({"setting": []})),
        matches=(),
        nights=nights,
        entrants=np.zeros((1, 10, 24), dtype=np.int64),
        usable=np.zeros((1, 3, 0), dtype=np.int32),
        held=np.zeros((1, 0, 0), dtype=np.int32),
        journeys=(),
    )


@pytest.mark.unit
def test_spend_is_nights_times_a_seventh_of_the_weekly_price_in_force(tmp_path: Path) -> None:
    # Two children in agency fostering through the leap February of 2028, the price rising on 1 March.
    path = _prices(
        tmp_path,
        "agency_fostering,2027-04-01,980.00,own,ledger\nagency_fostering,01/03/2028,1001.00,own,uplift\nsecure,2027-04-01,7000,own,\n",
    )
    outcome = _outcome(
        [
            (0, "2028-02-01", "agency_fostering", 58),
            (0, "2028-03-01", "agency_fostering", 62),
            (0, "2028-04-01", "agency_fostering", 60),
            (0, "2028-02-01", "secure", 3),
        ]
    )
    spend = cost(outcome, read_prices(path)).set_index(["financial_year", "setting"])["pounds"]
    assert spend["2027-28", "agency_fostering"] == pytest.approx(58 * 140 + 62 * 143, abs=1e-9)
    assert spend["2028-29", "agency_fostering"] == pytest.approx(60 * 143, abs=1e-9)
    assert spend["2027-28", "secure"] == pytest.approx(3_000, abs=1e-9)


@pytest.mark.unit
def test_percentiles_are_of_sums_and_investment_is_in_the_total(tmp_path: Path) -> None:
    path = _prices(tmp_path, "secure,2027-04-01,700,own,\nother,2027-04-01,700,own,\n")
    rows = [
        (0, "2027-06-01", "secure", 10),
        (0, "2027-06-01", "other", 0),
        (1, "2027-06-01", "secure", 0),
        (1, "2027-06-01", "other", 10),
    ]
    spend = cost(_outcome(rows, "edge-of-care"), read_prices(path))
    summary = summarise_spend(spend).set_index(["financial_year", "setting"])
    # Six of the first year's twelve months come after the plan's start, at £150,000 a year.
    assert summary.loc[("2027-28", "all"), "p10"] == pytest.approx(1_000 + 75_000)
    assert summary.loc[("2027-28", "all"), "p90"] == pytest.approx(1_000 + 75_000)
    assert summary.loc[("2028-29", "all"), "p50"] == pytest.approx(150_000)
    assert summary.loc[("2027-28", "secure"), "p90"] == pytest.approx(900)
    assert date(2027, 4, 1).month == 4


@pytest.mark.unit
def test_a_setting_without_a_price_is_named(tmp_path: Path) -> None:
    path = _prices(tmp_path, "secure,2027-04-01,700,own,\n")
    with pytest.raises(UserError, match="no price for: Agency fostering"):
        cost(_outcome([(0, "2027-06-01", "agency_fostering", 10)]), read_prices(path))


@pytest.mark.unit
def test_every_problem_of_a_prices_table_is_told_at_once(tmp_path: Path) -> None:
    path = _prices(
        tmp_path,
        "agency_fosterin,2027-04-01,980,own,\nsecure,15/04/2027,7000,own,\nsecure,soon,7000,mine,\nother,2027-04-01,-5,own,\n"
        "other,2027-05-01,many,own,\nother,2027-05-01,7,own,\n",
    )
    with pytest.raises(UserError) as error:
        read_prices(path)
    told = [str(problem) for problem in error.value.problems]
    for said in (
        "prices.csv, row 2, setting: 'agency_fosterin' is not a setting. Did you mean 'agency_fostering'?",
        "prices.csv, row 3, from: Prices change on the first of a month only.",
        "prices.csv, row 4, from: 'soon' is not a date",
        "prices.csv, row 4, status: 'mine' is not a status.",
        "prices.csv, row 5, pounds_per_week: '-5' is not an amount",
        "prices.csv, row 6, pounds_per_week: 'many' is not an amount",
        "prices.csv, row 7, from: This setting has another price",
    ):
        assert any(said in sentence for sentence in told), (said, told)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("setting,from\n", "'pounds_per_week' is missing"),
        (HEADER.replace("source", "sauce"), "Did you mean 'source'?"),
    ],
)
def test_a_table_of_another_shape_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_prices(path)
