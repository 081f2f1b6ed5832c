r"""Time of costing: 10 scenarios of 1,000 replications and five years, beside a table join in pandas.

    python benchmarks/costing.py                        prints the page
    python benchmarks/costing.py --out benchmarks/costing.md

The nights are drawn (Poisson about a mix of about 360 children), so nothing is simulated here. The named baseline is
the way a careful analyst costs a forecast: a tidy table of nights by replication, month and setting, joined to a table
of monthly prices, multiplied, and summed by financial year. It knows prices and uplifts and nothing else.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, read_codes
from sufficiency.costs import cost_plan, spend_tables
from sufficiency.scenario import read_scenario
from sufficiency.simulation import Outcome, Supply
from sufficiency.simulation.reduced import DETAILED
from sufficiency.tables import Prices, with_illustrative
from sufficiency.tables.price_lists import PriceList

ORIGIN, YEARS = "2026-03-31", 5
CODES = read_codes()
MIX = dict(zip(CODES.in_care, (22, 164, 105, 6, 22, 1, 30, 2, 3, 1, 1), strict=True))


def drawn(replications: int, seed: int) -> Outcome:
    """An outcome with drawn nights, spread evenly over ages in the replications kept in detail."""
    generator = np.random.default_rng(seed)
    origin = dates.day_number(ORIGIN)
    last = dates.add_years(origin, YEARS)
    days = np.diff(dates.month_edges(origin + 1, last))
    mean = np.array([MIX.get(name, 5) for name in CODES.all_settings], dtype=float)
    shape = (replications, len(days), len(mean))
    nights = generator.poisson(np.broadcast_to(mean, shape)).astype(np.int32) * days[None, :, None].astype(np.int32)
    kept = min(replications, DETAILED)
    return Outcome(
        scenario=read_scenario("baseline"),
        codes=CODES,
        replications=replications,
        detailed=kept,
        seed=seed,
        origin=origin,
        last_day=last,
        tables={"child_days": by_age(nights[:kept])},
        supply=Supply(rows=pd.DataFrame({"setting": []})),
        matches=(),
        nights=nights,
        entrants=np.zeros((1, 10, len(days)), dtype=np.int64),
        usable=np.zeros((1, len(days), 0), dtype=np.int32),
        held=np.zeros((1, 0, 0), dtype=np.int32),
        journeys=(),
    )


def by_age(nights: np.ndarray) -> pd.DataFrame:
    """The tidy child-days of model §8, a fifth of them in each band of care and a tenth of those UASC."""
    replication, month, setting = np.nonzero(nights)
    begins = pd.date_range(pd.Timestamp(ORIGIN) + pd.Timedelta(days=1), periods=nights.shape[1], freq="MS")
    parts = []
    for band in range(len(AGE_BANDS) - 1):
        for side, share in ((False, 0.18), (True, 0.02)):
            parts.append(
                pd.DataFrame(
                    {
                        "replication": replication,
                        "month": begins.to_numpy()[month],
                        "setting": pd.Categorical.from_codes(setting, categories=pd.Index(CODES.all_settings)),
                        "age_band": pd.Categorical.from_codes(
                            np.full(len(month), band), categories=pd.Index(AGE_BANDS)
                        ),
                        "uasc": side,
                        "child_days": nights[replication, month, setting] * share,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def known_prices() -> Prices:
    """Shipped prices, a price for every other setting, and a rise each April."""
    prices = with_illustrative(None, CODES)
    lacking = [name for name in CODES.all_settings if name not in set(prices.table["setting"])]
    more = prices.table.head(1).loc[[0] * len(lacking)].assign(setting=lacking, pounds_per_week=100.0)
    years = [f"{year}-{(year + 1) % 100:02d}" for year in range(2023, 2032)]
    starts = pd.to_datetime([f"{year[:4]}-04-01" for year in years])
    rises = {"setting": "all", "financial_year": years, "from": starts, "percent": 3.0, "source": ""}
    return Prices(pd.concat([prices.table, more], ignore_index=True), pd.DataFrame(rises))


def joined(outcome: Outcome, prices: Prices) -> pd.DataFrame:
    """The baseline: a tidy table joined to monthly prices and summed by financial year."""
    months = int(dates.month_index(outcome.origin + 1)) + np.arange(outcome.nights.shape[1])
    replication, month, setting = np.nonzero(outcome.nights)
    tidy = pd.DataFrame(
        {
            "replication": replication,
            "month": months[month],
            "setting": np.array(CODES.all_settings, dtype=object)[setting],
            "nights": outcome.nights[replication, month, setting],
        }
    )
    weekly = pd.concat(
        pd.DataFrame({"setting": name, "month": months, "weekly": prices.per_week(name, months)})
        for name in CODES.all_settings
    )
    priced = tidy.merge(weekly, on=["setting", "month"])
    priced = priced.assign(
        pounds=priced["nights"] * priced["weekly"] / 7,
        financial_year=dates.financial_years(dates.month_start(priced["month"])),
    )
    return priced.groupby(["replication", "financial_year", "setting"], as_index=False)["pounds"].sum()


def cases(prices: Prices) -> dict[str, Callable[[Outcome], object]]:
    """What is timed, by name."""
    fixed = pd.DataFrame(
        {
            "what": ["team", "block"],
            "setting": ["", "external_home"],
            "from": pd.Timestamp("2026-04-01"),
            "to": pd.NaT,
            "pounds_per_year": [3e5, 1.7e6],
            "places_guaranteed": [np.nan, 6.0],
            "use_guaranteed": [np.nan, 0.9],
            "per": "",
            "step": np.nan,
        }
    )
    grant = {"what": "grant", "from": pd.Timestamp("2026-04-01"), "to": pd.NaT, "pounds_per_night": 143.0}
    grant |= {"share": np.nan, "pounds_per_year": np.nan, "setting": "", "uasc": 1, "age_from": 0, "age_to": 20}
    one = PriceList("external_home", pd.Timestamp("2026-04-01"), "invented", 40, 6_100.0, 12_000.0, 8.6, 0.35)
    spread = Prices(prices.table, prices.uplifts, (one,))
    income = pd.DataFrame([grant])
    return {
        "pandas join (baseline): prices and uplifts": lambda outcome: joined(outcome, prices),
        "ours: prices and uplifts, by financial year": lambda outcome: cost_plan(outcome, prices).by_year(),
        "ours: with fixed costs and a block contract": lambda outcome: cost_plan(
            outcome, prices, fixed_costs=fixed
        ).by_year(),
        "ours: with prices drawn as well": lambda outcome: cost_plan(outcome, spread, fixed_costs=fixed).by_year(),
        "ours: with income by asylum and every percentile": lambda outcome: spend_tables(
            cost_plan(outcome, spread, fixed_costs=fixed, income=income)
        ),
    }


def timed(work: Callable[[Outcome], object], outcomes: list[Outcome]) -> float:
    """Seconds for all scenarios, the better of two goes."""
    found = []
    for _ in range(2):
        begun = time.perf_counter()
        for outcome in outcomes:
            work(outcome)
        found.append(time.perf_counter() - begun)
    return min(found)


def page(scenarios: int, replications: int) -> str:
    """The measurements as a page."""
    outcomes = [drawn(replications, seed) for seed in range(scenarios)]
    prices = known_prices()
    ours = cost_plan(outcomes[0], prices).total().sum()
    theirs = joined(outcomes[0], prices)["pounds"].sum()
    about = (
        f"{scenarios} scenarios of {replications:,} replications and {YEARS} years, {len(CODES.all_settings)} settings."
    )
    lines = [
        "# How long costing takes",
        "",
        f"`python benchmarks/costing.py` on {platform.machine()}, Python {platform.python_version()}, one core.",
        about,
        (
            "Seconds, the better of two goes; simulation is not in them. The sums of both ways differ by"
            f" {abs(ours - theirs) / theirs:.0e} of them."
        ),
        "",
        "| way | all | a scenario |",
        "|---|---|---|",
    ]
    for name, work in cases(prices).items():
        seconds = timed(work, outcomes)
        lines.append(f"| {name} | {seconds:.2f} | {seconds / scenarios:.3f} |")
    return "\n".join([*lines, "", "Times differ from machine to machine; no test asserts one.", ""])


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=10)
    parser.add_argument("--replications", type=int, default=1_000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    text = page(asked.scenarios, asked.replications)
    print(text)
    if asked.out is not None:
        asked.out.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
