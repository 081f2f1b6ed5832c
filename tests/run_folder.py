"""An invented finished run's folder, so that reports are tested without running the stages before."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from returns_builder import small, write

from sufficiency.codes import AGE_BANDS, read_codes
from sufficiency.history import build_history
from sufficiency.plan.gaps import ANOTHER_PROVIDER, AS_RUN, GAP_COLUMNS, OTHER_FORM, UNMET_YEAR_COLUMNS
from sufficiency.rates.past import past_tables, quality_tables
from sufficiency.returns import read_returns
from sufficiency.trials.drivers import COLUMNS, DRIVERS

SETTINGS = read_codes().in_care
MIX = np.array([0.06, 0.457, 0.29, 0.02, 0.06, 0.01, 0.07, 0.015, 0.012, 0.003, 0.003])
PRICES = np.array([330, 480, 930, 4600, 6100, 4200, 1100, 90, 150, 7600, 2500])
EXITS = (
    "returned_home",
    "adopted",
    "special_guardianship",
    "other_order",
    "independent_living",
    "transferred",
    "other",
)
EXIT_SHARES = np.array([0.5, 0.13, 0.17, 0.05, 0.09, 0.02, 0.04])
AGE_EDGES = np.array([0, 1, 5, 10, 16, 18]) * 12
TIME_BANDS = (
    "0 to 6 months",
    "7 to 12 months",
    "1 to 2 years",
    "3 to 5 years",
    "6 to 10 years",
    "11 to 15 years",
    "16 years and over",
    "not known",
)
LEGAL = (
    "Full care order",
    "Interim care order",
    "Placement order",
    "Voluntary (section 20)",
    "Emergency",
    "Youth justice",
)
ETHNIC = ("White", "Mixed", "Asian", "Black", "Other", "Not known")
Numbers = npt.NDArray[np.int64]


@dataclass
class World:
    """Children in care month by month: one array per attribute, and the tables they leave."""

    rng: np.random.Generator
    size: int
    exit_factor: float = 1.0
    agency_factor: float = 1.0
    age: Numbers = field(init=False)
    stock: list[pd.DataFrame] = field(default_factory=list)
    flows: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.age = self.rng.choice(216, self.size, p=np.linspace(0.5, 1.5, 216) / 216)
        self.setting = self.rng.choice(len(SETTINGS), self.size, p=MIX)
        self.uasc = self.rng.random(self.size) < np.where(self.age > 190, 0.35, 0.0)
        self.care = self.rng.integers(0, 120, self.size).clip(max=self.age)
        self.person = self.rng.integers(0, 1 << 30, self.size)

    def month(self, when: pd.Timestamp) -> None:
        self.age, self.care = self.age + 1, self.care + 1
        adult = self.age >= 216
        leave = self.rng.random(len(self.age)) < 0.021 * self.exit_factor
        reasons = np.where(adult, "aged_out", self.rng.choice(EXITS, len(self.age), p=EXIT_SHARES))
        gone = adult | leave
        self._note("exit", when, gone, reason=reasons)
        self._keep(~gone)
        moving = self.rng.random(len(self.age)) < 0.045
        to = self.rng.choice(len(SETTINGS), len(self.age), p=MIX)
        if self.agency_factor < 1:
            shift = (to == 2) & (self.rng.random(len(self.age)) > self.agency_factor)
            to = np.where(shift, 1, to)
        self._note("move", when, moving, to=to)
        self.setting = np.where(moving, to, self.setting)
        self._arrivals(when)
        self.stock.append(self._stock(when + pd.offsets.MonthEnd(0)))

    def _arrivals(self, when: pd.Timestamp) -> None:
        number = self.rng.negative_binomial(8, 8 / (8 + self.size * 0.0345))
        fresh = World(self.rng, number)
        fresh.care = np.zeros(number, dtype=np.int64)
        again = self.rng.random(number) < 0.09
        for event, rows in (("entry", ~again), ("re_entry", again)):
            fresh._note(event, when, rows, to=fresh.setting)
        self.flows.extend(fresh.flows)
        for name in ("age", "setting", "uasc", "care", "person"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(fresh, name)]))

    def _keep(self, rows: npt.NDArray[np.bool_]) -> None:
        for name in ("age", "setting", "uasc", "care", "person"):
            setattr(self, name, getattr(self, name)[rows])

    def _bands(self) -> npt.NDArray[np.object_]:
        return np.array(AGE_BANDS, dtype=object)[
            np.searchsorted(AGE_EDGES, np.minimum(self.age, 215), side="right") - 1
        ]

    def _note(
        self,
        event: str,
        when: pd.Timestamp,
        rows: npt.NDArray[np.bool_],
        to: Numbers | None = None,
        reason: npt.NDArray[np.str_] | None = None,
    ) -> None:
        names = np.array(SETTINGS, dtype=object)
        frame = pd.DataFrame(
            {
                "month": when,
                "event": event,
                "from_setting": "" if "entry" in event else names[self.setting],
                "to_setting": "" if to is None else names[to],
                "reason": "" if reason is None else reason,
                "age_band": self._bands(),
                "uasc": self.uasc,
            }
        )[rows]
        self.flows.append(frame)

    def _stock(self, when: pd.Timestamp) -> pd.DataFrame:
        names = np.array(SETTINGS, dtype=object)
        return pd.DataFrame(
            {"month_end": when, "setting": names[self.setting], "age_band": self._bands(), "uasc": self.uasc}
        )

    def profile(self, when: pd.Timestamp) -> pd.DataFrame:
        names = np.array(SETTINGS, dtype=object)[self.setting]
        years = self.care / 12
        bands = np.searchsorted([7 / 12, 13 / 12, 3, 6, 11, 16], years, side="right")
        person = self.person
        columns: dict[str, tuple[tuple[str, ...], npt.NDArray[np.object_]]] = {
            "total": (("Children in care",), np.full(len(names), "Children in care", dtype=object)),
            "age_band": (AGE_BANDS[:5], self._bands()),
            "sex": (("Female", "Male", "Not known"), np.where(person % 100 < 54, "Male", "Female").astype(object)),
            "ethnicity": (
                ETHNIC,
                np.array(ETHNIC, dtype=object)[np.searchsorted([70, 82, 90, 95, 98], person // 7 % 100, side="right")],
            ),
            "uasc": (("Seeking asylum", "Others"), np.where(self.uasc, "Seeking asylum", "Others").astype(object)),
            "legal_status": (
                LEGAL,
                np.array(LEGAL, dtype=object)[np.searchsorted([55, 75, 82, 97, 99], person // 11 % 100, side="right")],
            ),
            "setting": (SETTINGS, names),
            "provider": (
                ("own", "other public", "private", "voluntary", "parent"),
                np.where(
                    np.isin(names, ["agency_fostering", "external_home"]),
                    "private",
                    np.where(names == "placed_with_parents", "parent", "own"),
                ).astype(object),
            ),
            "time_in_care": (TIME_BANDS, np.array(TIME_BANDS, dtype=object)[bands]),
        }
        rows = [
            (when, dimension, value, int((found == value).sum()))
            for dimension, (values, found) in columns.items()
            for value in values
        ]
        return pd.DataFrame(rows, columns=["as_at", "dimension", "value", "children"])

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        stock = pd.concat(self.stock).groupby(["month_end", "setting", "age_band", "uasc"], as_index=False).size()
        flows = pd.concat(self.flows)
        by = ["month", "event", "from_setting", "to_setting", "reason", "age_band", "uasc"]
        return stock.rename(columns={"size": "children"}), flows.groupby(by, as_index=False).size().rename(
            columns={"size": "count"}
        )


#: Table → what someone called its file; the name of one holds a child's identifier.
NAMED = {"header": "header", "episodes": "episodes B7654321", "uasc": "uasc"}


def _months(first: str, number: int) -> Iterator[pd.Timestamp]:
    yield from pd.date_range(first, periods=number, freq="MS")


def _save(folder: Path, name: str, frame: pd.DataFrame) -> None:
    path = folder / "internal" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)


def write_run_folder(
    folder: Path, *, size: int = 356, replications: int = 30, years: int = 5, prices: bool = True, seed: int = 7
) -> Path:
    """Write a whole finished run's folder of invented figures and return it."""
    past = World(np.random.default_rng(seed), size)
    profiles = [past.profile(pd.Timestamp("2019-03-31"))]
    for when in _months("2019-04-01", 84):
        past.month(when)
        if when.month == 3:
            profiles.append(past.profile(when + pd.offsets.MonthEnd(0)))
    stock, flows = past.tables()
    _save(folder, "history/stock", stock)
    _save(folder, "history/flows", flows)
    _save(
        folder,
        "history/child_days",
        stock.assign(month=stock["month_end"].dt.to_period("M").dt.start_time, child_days=stock["children"] * 30).drop(
            columns=["month_end", "children"]
        ),
    )
    _save(folder, "history/profile", pd.concat(profiles[1:]))
    _save(folder, "history/indicators", _indicators(stock, flows))
    _save_small_history(folder)
    _futures(folder, past, replications, years, prices=prices)
    _forecast(folder, stock, size)
    _assumptions(folder, prices=prices)
    _manifest(folder, replications, years)
    _account(folder, size, stock)
    return folder


def _save_small_history(folder: Path) -> None:
    """Tables of the past that only notebooks read, of a few invented children."""
    with tempfile.TemporaryDirectory() as place:
        returns = read_returns(write(Path(place), small()))
    for name, table in {**past_tables(build_history(returns)), **quality_tables(returns)}.items():
        if not (folder / "internal" / "history" / f"{name}.parquet").exists():
            _save(folder, f"history/{name}", table)


def _futures(folder: Path, past: World, replications: int, years: int, *, prices: bool) -> None:
    stocks, flows = [], []
    scenarios = {"baseline": (1.0, 1.0), "reduce-ifa-use": (1.06, 0.6)}
    for scenario, (exits, agency) in scenarios.items():
        for replication in range(replications):
            world = World(np.random.default_rng([1, replication]), 0, exits, agency)
            world.size = past.size
            for name in ("age", "setting", "uasc", "care", "person"):
                setattr(world, name, getattr(past, name).copy())
            for when in _months("2026-04-01", 12 * years):
                world.month(when)
            stock, flow = world.tables()
            stocks.append(stock.assign(scenario=scenario, replication=replication))
            flows.append(flow.assign(scenario=scenario, replication=replication))
    stock = pd.concat(stocks, ignore_index=True)
    flow = pd.concat(flows, ignore_index=True)
    _save(folder, "results/stock", stock)
    _save(folder, "results/flows", flow)
    days = stock.assign(month=stock["month_end"].dt.to_period("M").dt.start_time, child_days=stock["children"] * 30.4)
    _save(folder, "results/child_days", days.drop(columns=["month_end", "children"]))
    _save(
        folder,
        "results/places",
        pd.DataFrame(
            columns=[
                "scenario",
                "replication",
                "month",
                "setting",
                "mean_vacant",
                "days_full",
                "unmet",
                "waiting",
                "stepped",
            ]
        ),
    )
    _gaps(folder, stock)
    spend = pd.DataFrame(columns=["scenario", "replication", "financial_year", "setting", "kind", "pounds"])
    if prices:
        start = days["month"].dt.year - (days["month"].dt.month < 4)
        price = days["setting"].map(dict(zip(SETTINGS, PRICES, strict=True))) * 1.03 ** (start - 2026)
        label = start.astype(str) + "-" + ((start + 1) % 100).map("{:02d}".format)
        days = days.assign(pounds=days["child_days"] / 7 * price, financial_year=label, kind="placement")
        by = ["scenario", "replication", "financial_year", "setting", "kind"]
        spend = pd.DataFrame(days.groupby(by)["pounds"].sum()).reset_index()
    _save(folder, "results/spend", spend)
    _save(folder, "plan/comparison", _comparison(stock, flow, spend))
    monthly = pd.DataFrame(_paired(stock, "children", "month_end", "children"))
    _save(folder, "plan/comparison_by_month", monthly)


def _gaps(folder: Path, stock: pd.DataFrame) -> None:
    """Demand of two settings, a tenth above what is held; and first choices not met."""
    rows = []
    for (scenario, day, setting), held in stock.groupby(["scenario", "month_end", "setting"])["children"]:
        if setting not in {"in_house_fostering", "in_house_home"} or pd.Timestamp(str(day)).month % 3:
            continue
        for matching, more in ((AS_RUN, 1.4), (OTHER_FORM, 1.1)):
            one = held.sum() / stock["replication"].nunique()
            marks = {"demand_mean": more, "demand_p50": more, "demand_p80": more * 1.1, "demand_p90": more * 1.2}
            needed = {"needed_80": round(one * more * 1.15), "needed_90": round(one * more * 1.25)}
            places = {"approved": round(one) + 12, "unavailable": 8.2, "usable": one + 3.8, "unsuited": 3.5}
            row = {"scenario": scenario, "setting": setting, "matching": matching, "quarter": day, **places, **needed}
            row |= {name: one * mark for name, mark in marks.items()}
            row |= {"after_matching": one + 0.3, "short_any_day": 0.72, "short_day": 0.41, "inferred": False}
            row |= {f"gap_{sure}": needed[f"needed_{sure}"] - one - 0.3 for sure in (80, 90)}
            row |= {"error_80": 1.2, "error_90": 1.9}
            rows.append(row)
    _save(folder, "results/gaps", pd.DataFrame(rows)[list(GAP_COLUMNS)])
    some = {"0": 2.0, "1 to 4": 11.0, "5 to 9": 3.0, "10 to 15": 22.0, "16 to 17": 8.0, "all": 46.0}
    unmet = [
        (scenario, "in_house_fostering", ANOTHER_PROVIDER, year, age, mean, 0.7 * mean, mean, 1.4 * mean)
        for scenario in stock["scenario"].unique()
        for year in ("2026-27", "2027-28")
        for age, mean in some.items()
    ]
    _save(folder, "results/unmet_by_year", pd.DataFrame(unmet, columns=list(UNMET_YEAR_COLUMNS)))


def _paired(frame: pd.DataFrame, measure: str, period: str, value: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for setting in ("all", *SETTINGS):
        part = frame if setting == "all" else frame[frame["setting"] == setting]
        table = part.groupby([period, "replication", "scenario"])[value].sum().unstack(fill_value=0).astype(float)
        for when, both in table.groupby(level=0):
            base = both.get("baseline", both.iloc[:, 0] * 0.0)
            plan = both.get("reduce-ifa-use", base * 0.0)
            change = plan - base
            rows.append(
                {
                    "scenario": "reduce-ifa-use",
                    "against": "baseline",
                    "measure": measure,
                    "setting": setting,
                    "period": str(when)[:10],
                    "baseline_mean": base.mean(),
                    "plan_mean": plan.mean(),
                    "difference": change.mean(),
                    "low": change.quantile(0.1),
                    "high": change.quantile(0.9),
                    "standard_error": change.std() / len(change) ** 0.5,
                    "share_lower": (change < 0).mean(),
                    "share_better": (change < 0).mean() if measure in {"pounds", "moves"} else float("nan"),
                    "share_same": (change == 0).mean(),
                    "half_width": 1.96 * change.std() / len(change) ** 0.5,
                    "replications": len(change),
                }
            )
    return rows


def _comparison(stock: pd.DataFrame, flows: pd.DataFrame, spend: pd.DataFrame) -> pd.DataFrame:
    year = flows["month"].dt.year - (flows["month"].dt.month < 4)
    flows = flows.assign(year=year.astype(str) + "-" + ((year + 1) % 100).map("{:02d}".format))
    rows = _paired(stock[stock["month_end"].dt.month == 3], "children", "month_end", "children")
    entering = flows[flows["event"].isin(["entry", "re_entry"])].assign(setting=flows["to_setting"])
    rows += _paired(entering, "entries", "year", "count")
    rows += _paired(flows[flows["event"] == "exit"].assign(setting=flows["from_setting"]), "exits", "year", "count")
    rows += _paired(flows[flows["event"] == "move"].assign(setting=flows["to_setting"]), "moves", "year", "count")
    if len(spend):
        rows += _paired(spend, "pounds", "financial_year", "pounds")
    return pd.DataFrame(rows)


def _indicators(stock: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float, float]] = []
    for end in range(2020, 2027):
        label = f"{end - 1}-{end % 100:02d}"
        inside = flows[(flows["month"] >= f"{end - 1}-04-01") & (flows["month"] < f"{end}-04-01")]
        count = {
            event: int(inside.loc[inside["event"] == event, "count"].sum())
            for event in ("entry", "re_entry", "exit", "move")
        }
        here = int(stock.loc[stock["month_end"] == f"{end}-03-31", "children"].sum())
        adult = int(inside.loc[inside["reason"] == "aged_out", "count"].sum())
        years = (
            stock.loc[
                (stock["month_end"] > f"{end - 1}-03-31") & (stock["month_end"] <= f"{end}-03-31"), "children"
            ].sum()
            / 12
        )
        three, long, settled = round(here * 0.1), round(here * 0.3), round(here * 0.2)
        rows += [
            (label, "moves_per_child_year", count["move"] / years, count["move"], years),
            (label, "exits_per_child_year", count["exit"] / years, count["exit"], years),
            (label, "exits_at_18_share", adult / max(count["exit"], 1), adult, count["exit"]),
            (label, "three_or_more_placements", three / max(here, 1), three, here),
            (label, "two_years_same_placement", settled / max(long, 1), settled, long),
            (label, "entries", count["entry"] + count["re_entry"], count["entry"] + count["re_entry"], 1),
            (label, "first_entries", count["entry"], count["entry"], 1),
            (label, "re_entries", count["re_entry"], count["re_entry"], 1),
            (label, "exits", count["exit"], count["exit"], 1),
            (label, "children_31_march", here, here, 1),
            (label, "mean_days_in_care_31_march", 900.0, 900.0 * here, here),
        ]
    return pd.DataFrame(rows, columns=["financial_year", "measure", "value", "numerator", "denominator"])


def _forecast(folder: Path, stock: pd.DataFrame, size: int) -> None:
    months = pd.date_range("2026-04-01", periods=60, freq="MS")
    rows = []
    for group, share in (("all", 1.0), ("uasc", 0.15), ("other", 0.85)):
        mean = size * 0.0345 * share
        steps = {"p10": -1.28, "p25": -0.67, "p50": 0.0, "p75": 0.67, "p80": 0.84, "p90": 1.28}
        rows += [
            {
                "month": month,
                "group": group,
                "mean": mean,
                **{name: max(0.0, mean + step * 1.9 * mean**0.5) for name, step in steps.items()},
            }
            for month in months
        ]
    _save(folder, "forecast/entrants", pd.DataFrame(rows))
    names = (
        "pool",
        "last value",
        "seasonal naive",
        "historical mean",
        "negative-binomial regression",
        "ETS",
        "local level",
    )
    scores = [
        (stream, name, 12, 12, 1.9 + 0.15 * place, 2.6 + 0.2 * place, 0.3, 0.79 - 0.02 * place, name == "pool")
        for stream in ("uasc", "other")
        for place, name in enumerate(names)
    ]
    columns = ["stream", "model", "origins", "horizon_months", "crps", "mae", "bias", "coverage_80", "chosen"]
    _save(folder, "forecast/scores", pd.DataFrame(scores, columns=columns))
    _save(folder, "forecast/backtest", _backtest(stock))
    _save(folder, "forecast/entries", _entries())
    _save(folder, "forecast/drivers", _drivers(stock))


def _drivers(stock: pd.DataFrame) -> pd.DataFrame:
    """A forecast taken apart for one and two years ahead, parts of the size that the world's number has."""
    now = float(stock.loc[stock["month_end"] == stock["month_end"].max(), "children"].sum())
    shares = (0.002, 0.041, -0.023, 0.0, 0.001, -0.012)
    rows = []
    for against, start in (("last year's forecast", 0.98 * now), ("today", now)):
        for ahead in (12, 24):
            day = pd.Timestamp("2026-03-31") + pd.offsets.MonthEnd(ahead)
            parts = {name: share * now * ahead / 12 for name, share in zip(DRIVERS, shares, strict=True)}
            whole = {"start": start, **parts, "end": start + sum(parts.values())}
            rows += [(against, day, ahead, name, value, 0.4) for name, value in whole.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _entries() -> pd.DataFrame:
    """First entries by quarter, seen for two years and forecast for two."""
    ends = pd.date_range("2024-06-30", periods=16, freq="QE")
    rows = []
    for who, mean in (("all", 36.0), ("other", 30.0), ("uasc", 6.0)):
        for place, end in enumerate(ends):
            seen = mean + place % 3 - 1 if place < 8 else float("nan")
            marks = {
                f"p{mark}": mean * (0.6 + mark / 125) if place >= 8 else float("nan") for mark in (10, 25, 50, 75, 90)
            }
            rows.append({"date": end, "who": who, "seen": seen, **marks})
    return pd.DataFrame(rows)


def _backtest(stock: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for origin in pd.to_datetime(["2022-03-31", "2023-03-31", "2024-03-31"]):
        for horizon in (3, 6, 12, 24):
            when = origin + pd.offsets.MonthEnd(horizon)
            for level, key in [("total", "all"), *(("setting", name) for name in SETTINGS)]:
                here = stock if level == "total" else stock[stock["setting"] == key]
                actual = int(here.loc[here["month_end"] == when, "children"].sum())
                before = int(here.loc[here["month_end"] == origin, "children"].sum())
                for method in ("sufficiency", "last value"):
                    spread = (max(before, 1) * horizon / 12) ** 0.5 * (1.0 if method == "sufficiency" else 1.2)
                    middle = before + (
                        0.6 * (actual - before) + rng.normal(0, 0.3 * spread) if method == "sufficiency" else 0
                    )
                    steps = {
                        "p025": -1.96,
                        "p10": -1.28,
                        "p25": -0.67,
                        "p50": 0,
                        "p75": 0.67,
                        "p90": 1.28,
                        "p975": 1.96,
                    }
                    rows.append(
                        {
                            "origin": origin,
                            "horizon_months": horizon,
                            "level": level,
                            "key": key,
                            "method": method,
                            "actual": actual,
                            "mean": middle,
                            **{name: max(0.0, middle + step * spread) for name, step in steps.items()},
                            "crps": 0.3 * spread + 0.2 * abs(actual - middle),
                            "pit": 0.5,
                            "sd": spread,
                        }
                    )
    return pd.DataFrame(rows)


def _assumptions(folder: Path, *, prices: bool) -> None:
    rows = [
        (
            "baseline",
            "",
            "hazards",
            "from the returns",
            "",
            "Chances of moving and leaving stay as in the returns, with one recent adjustment for leaving",
            "SSDA903 returns, 2019-20 to 2025-26",
            "A",
        ),
        (
            "baseline",
            "",
            "entrants",
            "pooled forecast",
            "",
            "First entries follow the pool of three methods",
            "Back-test on the returns",
            "B",
        ),
        (
            "reduce-ifa-use",
            "exit_rate",
            "factor",
            "1.06",
            "times",
            "Children return home a little sooner",
            "Family reunification pilot",
            "C",
        ),
        (
            "reduce-ifa-use",
            "move_rate",
            "factor",
            "0.6",
            "times",
            "Fewer moves to agency fostering",
            "Fostering service plan 2026, table 3",
            "assumption",
        ),
    ]
    columns = ["scenario", "lever", "parameter", "value", "unit", "meaning", "evidence", "grade"]
    _save(folder, "assumptions", pd.DataFrame(rows, columns=columns))
    if prices:
        table = pd.DataFrame(
            {"setting": SETTINGS, "from": pd.Timestamp("2026-04-01"), "pounds_per_week": PRICES.astype(float)}
        )
        _save(folder, "prices", table.assign(status="invented", source="invented for the example"))


def _manifest(folder: Path, replications: int, years: int) -> None:
    about = [
        {
            "name": "baseline",
            "title": "Baseline: as things are",
            "question": "What if nothing changes?",
            "author": "",
            "evidence": "",
            "text": "",
        },
        {
            "name": "reduce-ifa-use",
            "title": "Reduce reliance on independent fostering agencies",
            "question": "What if children return home a little sooner and fewer move to agency carers?",
            "author": "Placements commissioning",
            "evidence": "Fostering service plan 2026, table 3",
            "text": "based_on = 'baseline'",
        },
    ]
    manifest = {
        "title": "Sufficiency of homes for children in care",
        "authority": "Example Borough Council",
        "invented": True,
        "created": "2026-11-22T03:00:00",
        "origin": "2026-03-31",
        "horizon_years": years,
        "replications": replications,
        "seed": 20260331,
        "scenarios": about,
        "inputs": {
            f"{year}/{name}.csv": f"{year * 7919:064x}" for year in range(2020, 2027) for name in NAMED.values()
        },
        "versions": {"sufficiency": "0.1.0", "python": "3.11.2", "pandas": "3.1.0", "numpy": "2.4.0"},
        "options": {"engine": "reference", "years": years},
        "timings": {"simulation": 41.2},
        "status": "complete",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def _superseded(stock: pd.DataFrame, year: int) -> int:
    """A return's rows for children in care at its end: the next return has them again."""
    return int(stock.loc[stock["month_end"] == f"{year}-03-31", "children"].sum()) if year < 2026 else 0


def _account(folder: Path, size: int, stock: pd.DataFrame) -> None:
    files = [
        {
            "file": f"{year}/{NAMED[name]}.csv",
            "rows_read": rows,
            "rows_used": rows - aside - over,
            "rows_set_aside": aside,
            "rows_superseded": over,
        }
        for year in range(2020, 2027)
        for name, rows, aside, over in (
            ("header", size + 140, 0, 11 + size // 3 + year % 5 if year < 2026 else 0),
            ("episodes", 4 * size + 300, year % 4, _superseded(stock, year)),
            ("uasc", size + 30, 0, _superseded(stock[stock["uasc"]], year)),
        )
    ]
    findings = [
        {
            "rule": "overlapping_episodes",
            "severity": "warning",
            "file": "2024/episodes.csv",
            "row": 7 + n,
            "column": "DECOM",
            "message": "starts before the last episode ended",
            "action": "the earlier end was moved",
        }
        for n in range(9)
    ]
    findings.append(
        {
            "rule": "unknown_code",
            "severity": "error",
            "file": "2025/episodes.csv",
            "row": 3,
            "column": "PLACE",
            "message": "'Q9' is no placement code",
            "action": "the row was set aside",
        }
    )
    (folder / "internal" / "findings.json").write_text(
        json.dumps({"files": files, "findings": findings}), encoding="utf-8"
    )


def same_tables(one: Path, other: Path) -> None:
    """The tables of two runs are equal, byte by byte."""
    tables = sorted(one.rglob("*.parquet"))
    assert len(tables) > 12
    for table in tables:
        assert table.read_bytes() == (other / table.relative_to(one)).read_bytes(), table.name
