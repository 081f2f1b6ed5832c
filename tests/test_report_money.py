"""The annex's money: what is in pounds says which prices it rests on, and a plan that does not pay is said not to."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from money_world import history_of, outcome_of, stay, tables_of
from run_folder import write_run_folder

from sufficiency.costs import NO_MONEY, count_money
from sufficiency.report.annex import write_annex
from sufficiency.tables import CouncilTables

HOME, AGENCY = "external_home", "agency_fostering"


def _changed(folder: Path, name: str, table: pd.DataFrame) -> None:
    path = folder / "internal" / f"{name}.parquet"
    path.parent.mkdir(exist_ok=True)
    table.to_parquet(path, index=False)


def _published(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "publish" / "tables" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with illustrative prices, fixed costs, income, and a plan that does not pay."""
    made = write_run_folder(tmp_path_factory.mktemp("priced"), replications=6, years=2)
    inside = made / "internal"
    prices = pd.read_parquet(inside / "prices.parquet").assign(status="illustrative")
    _changed(made, "prices", prices[prices["setting"] != "other"])
    spend = pd.read_parquet(inside / "results" / "spend.parquet")
    more = spend.drop_duplicates(["scenario", "replication", "financial_year"]).assign(setting="all")
    extra = [more.assign(kind="fixed", pounds=1_000_000.0), more.assign(kind="income", pounds=-400_000.0)]
    _changed(made, "results/spend", pd.concat([spend, *extra], ignore_index=True))
    case = {
        "scenario": "reduce-ifa-use",
        "one_off_raised": [0.0, 0.24],
        "delivery_raised": [0.0, 0.1],
        "saving_lowered": [0.0, 0.15],
        "case": ["as planned", "after optimism bias"],
        "net_present_value": [-1_234_567.0, -2_000_000.0],
        "pays": False,
        "payback": pd.NaT,
        "payback_p90": pd.NaT,
        "pays_within_1": 0.0,
        "pays_within_2": 0.1,
        "switching_value": [1.4, np.nan],
        "verdict": "The plan does not pay by March 2028: in 10% of the futures it does.",
    }
    _changed(made, "money/payback", pd.DataFrame(case))
    return made


@pytest.mark.functional
def test_everything_in_pounds_is_marked_and_a_plan_that_does_not_pay_is_said_not_to(folder: Path) -> None:
    annex = write_annex(folder, only=["spend", "plans"])
    page = " ".join(annex["html"].read_text(encoding="utf-8").split())
    captions = re.findall(r"<(?:figcaption|caption)[^>]*>(.*?)</(?:figcaption|caption)>", page, re.DOTALL)
    pounds = [" ".join(caption.split()) for caption in captions if re.search(r"£|[Ss]pend|[Pp]rices|pay", caption)]
    assert len(pounds) >= 6
    assert all("(illustrative prices)" in caption for caption in pounds), pounds
    assert "Nothing is published, and so nothing counted, for: Other placement." in page
    assert "The plan does not pay by March 2028: in 10% of the futures it does." in page
    rows = _published(folder, "payback")
    assert [row["Pays by (P50)"] for row in rows] == ["does not pay", "does not pay"]
    assert [row["Breaks even at"] for row in rows] == ["140% of it", "no saving"]
    assert rows[0]["Net present value"] == "-1235"


@pytest.mark.functional
def test_kinds_of_money_are_told_apart_and_settings_hold_placements_alone(folder: Path) -> None:
    write_annex(folder, only=["spend"])
    # Few children seek asylum alone here, and grants would tell how many.
    hidden = {row["Kind of money"] for row in _published(folder, "spend_by_kind")}
    assert hidden == {"Placements", "Fixed costs"}
    stock = pd.read_parquet(folder / "internal" / "results" / "stock.parquet")
    _changed(folder, "results/stock", stock.assign(uasc=stock["uasc"] | (stock["age_band"] == "16 to 17")))
    write_annex(folder, only=["spend"])
    tables = {name: _published(folder, name) for name in ("spend", "spend_by_kind", "spend_by_type")}
    kinds = {row["Kind of money"]: int(row["2026-27"]) for row in tables["spend_by_kind"]}
    assert kinds["Fixed costs"] == 1_000
    assert kinds["Less income (grants and joint funding)"] == 400
    gross = next(int(row["P50 (middle)"]) for row in tables["spend"] if row["Financial year"] == "2026-27")
    assert gross == kinds["Placements"] + 1_000
    assert kinds["Net of income"] == gross - 400
    assert sum(int(row["2026-27"]) for row in tables["spend_by_type"]) == pytest.approx(kinds["Placements"], rel=0.05)


@pytest.mark.unit
def test_what_does_not_meet_the_books_is_a_finding_and_stops_nothing(tmp_path: Path) -> None:
    history = history_of([(HOME, "2024-01-01", ""), (AGENCY, "2024-01-01", "")])
    outcomes = {"baseline": outcome_of([stay(HOME, "2027-04-01", "2029-04-01")])}
    assert count_money(history, outcomes, CouncilTables()) is NO_MONEY
    tables = tables_of(
        tmp_path,
        prices=f"{HOME},2026-04-01,7000,own\n{AGENCY},2026-04-01,700,own",
        ledger=f"financial_year,setting,pounds\n2026-27,{HOME},300000\n2026-27,{AGENCY},36500",
        budget="financial_year,setting,pounds\n2026-27,secure,5000\n2027-28,secure,5000",
    )
    money = count_money(history, outcomes, tables)
    told = [f"{finding.rule}: {finding.message}" for finding in money.findings]
    apart = next(message for message in told if message.startswith("ledger_apart"))
    assert "Nights × price of 2026-27 differ from the ledger by +19.3% in all" in apart
    assert "external children's home" in apart
    assert any("money_not_compared" in message and "without a price: secure" in message for message in told)
    assert "variance" not in money.tables
    assert set(money.tables["medium_term"]["scenario"]) == {"baseline"}


def _copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to / "run", ignore=shutil.ignore_patterns("publish")))


def _books(folder: Path) -> str:
    page = write_annex(folder, only=["spend", "plans"])["html"].read_text(encoding="utf-8")
    return " ".join(page.split())


@pytest.mark.functional
def test_a_plan_whose_money_is_that_of_one_small_setting_is_not_costed_in_public(folder: Path, tmp_path: Path) -> None:
    made = _copied(folder, tmp_path)
    table = pd.read_parquet(made / "internal" / "plan" / "comparison.parquet")
    # As a rise in the fees of secure homes alone: the difference, divided by the rise, is the number of children there.
    pounds, secure = table["measure"] == "pounds", table["setting"].isin(["secure", "all"])
    assert pounds.any()
    table.loc[pounds, "difference"] = np.where(secure[pounds], 23_000.0, 0.0)
    _changed(made, "plan/comparison", table)
    page = _books(made)
    assert "What it costs is not shown for: Reduce" in page
    assert {row["Scenario"] for row in _published(made, "spend")} == {"Baseline"}
    assert not any("spend" in row["Measure"] for row in _published(made, "plans"))
    assert not (made / "publish" / "tables" / "payback.csv").exists()
    assert "in 10% of the futures it does" not in page
    # The same difference in agency fostering, which many children live in, tells of nobody.
    large = table["setting"].isin(["agency_fostering", "all"])
    table.loc[pounds, "difference"] = np.where(large[pounds], 23_000.0, 0.0)
    _changed(made, "plan/comparison", table)
    assert "What it costs is not shown" not in _books(made)
    assert len({row["Scenario"] for row in _published(made, "spend")}) == 2


@pytest.mark.functional
def test_payback_is_not_told_where_it_holds_grants_that_may_not_be_seen(folder: Path, tmp_path: Path) -> None:
    made = _copied(folder, tmp_path)
    spend = pd.read_parquet(made / "internal" / "results" / "spend.parquet")
    moved = (spend["kind"] == "income") & (spend["scenario"] != "baseline")
    spend.loc[moved, "pounds"] -= 52_000.0
    _changed(made, "results/spend", spend)
    stock = pd.read_parquet(made / "internal" / "results" / "stock.parquet")
    few = stock.assign(uasc=stock["setting"] == "secure")
    _changed(made, "results/stock", few)
    page = _books(made)
    assert "Saving holds grants, which would tell how many children seek asylum alone." in page
    assert not (made / "publish" / "tables" / "payback.csv").exists()
    assert len({row["Scenario"] for row in _published(made, "spend")}) == 2
    _changed(made, "results/stock", stock.assign(uasc=stock["age_band"] == "16 to 17"))
    assert "Saving holds grants" not in _books(made)
    assert _published(made, "payback")


@pytest.mark.functional
def test_a_councils_own_price_is_shown_only_for_what_stands_alone(folder: Path, tmp_path: Path) -> None:
    made = _copied(folder, tmp_path)
    prices = pd.read_parquet(made / "internal" / "prices.parquet").assign(status="own")
    staying = prices.iloc[[0]].assign(setting="staying_put_in_house", pounds_per_week=287.0)
    _changed(made, "prices", pd.concat([prices, staying], ignore_index=True))
    write_annex(made, only=["spend"])
    shown = {row["Type of placement"]: row["A week"] for row in _published(made, "prices")}
    assert shown["Agency fostering (IFA)"].startswith("£")
    assert shown["Secure children's home"] == "c"
    assert shown["Staying put with in-house carers"] == "c"
