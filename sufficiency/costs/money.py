"""All that a run has to tell of money: every plan costed, and the tables that finance reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.costs.accounts import ALL, APART, TOLERANCE, Opening, budgeted, opening_year, reconcile, variance
from sufficiency.costs.charges import charges_of
from sufficiency.costs.medium_term import medium_term_plan
from sufficiency.costs.mixes import frontier, year_mix
from sufficiency.costs.ranges import spend_ranges
from sufficiency.costs.savings import Case, Savings, discounting, savings
from sufficiency.costs.spend import Costs
from sufficiency.costs.summary import monthly_tables, spend_tables
from sufficiency.errors import Finding, Problem, UserError, gathering
from sufficiency.history import History
from sufficiency.simulation import Outcome
from sufficiency.tables import CouncilTables

FORECAST, OUTTURN = "forecast", "ledger"
_WEEK = 7


@dataclass(frozen=True)
class Money:
    """What the plans of a run cost.

    Attributes
    ----------
    costs
        By scenario.
    tables
        By name, as they are written to ``internal/money``.
    findings
        What does not meet the books, and what is left out.
    """

    costs: Mapping[str, Costs]
    tables: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        return f"Money({', '.join(self.costs)})"

    @property
    def spend(self) -> dict[str, pd.DataFrame]:
        """Spend by financial year of every scenario."""
        return {name: costs.by_year() for name, costs in self.costs.items()}


NO_MONEY = Money({}, {}, ())


def count_money(
    history: History,
    outcomes: Mapping[str, Outcome],
    tables: CouncilTables,
    baseline: str = "baseline",
    *,
    by_chance: Outcome | None = None,
) -> Money:
    """Cost every plan and make the tables of finance; nothing where there are no prices.

    Parameters
    ----------
    baseline
        The scenario against which savings are told.
    by_chance
        The baseline simulated with its parameters at their means, to tell what chance alone makes of spend;
        that is not told without it.

    Raises
    ------
    UserError
        When a plan cannot be costed. What cannot be held against the books is a finding.
    """
    charges = charges_of(tables)
    if charges is None:
        return NO_MONEY
    prices = charges.prices
    costs = {name: charges.costs(outcome) for name, outcome in outcomes.items()}
    base = costs[baseline]
    problems: list[Problem] = []
    opening: Opening | None = None
    with gathering(problems):
        opening = opening_year(history, prices, fixed_costs=tables.fixed_costs)
    plans = {name: one for name, one in costs.items() if name != baseline}
    saved = {name: savings(one, base, opening=opening, deflators=tables.deflators) for name, one in plans.items()}
    found = {
        "summary": pd.concat([spend_tables(one) for one in costs.values()], ignore_index=True),
        "summary_by_month": pd.concat([monthly_tables(one) for one in costs.values()], ignore_index=True),
        "nights": pd.concat([_nights(one) for one in costs.values()], ignore_index=True),
        "prices_by_month": _prices_by_month(base),
        "investment": _investment(outcomes),
        "discounting": discounting([str(year) for year in base.years], tables.deflators),
        "other": pd.concat([_other(one) for one in costs.values()], ignore_index=True),
        **_books(history, base, opening, tables, problems),
        **_medium_term(base, plans, opening, tables.budget),
        **_saving_tables(saved),
        **_mix_tables(base, problems),
    }
    known = base
    if prices.lists:
        known = charges.costs(outcomes[baseline], draw_prices=False)
        found["summary_known_prices"] = spend_tables(known)
        found["price_lists"] = _lists(tables)
    if by_chance is not None:
        alone = charges.costs(by_chance, draw_prices=False)
        found["spend_ranges"] = spend_ranges([alone, known, *([base] if known is not base else [])])
    return Money(costs, found, tuple(_findings(found, problems, tables, base)))


def _nights(costs: Costs) -> pd.DataFrame:
    """Mean nights and price of a night: scenario, month, setting, nights, pounds_per_night, pounds.

    ``pounds`` is the mean cost of placements, whatever part of their nights a block has paid for.
    """
    nights = costs.nights.mean(axis=0)
    pounds = costs.pounds["placement"][:, :, :-1].mean(axis=0)
    month, setting = np.nonzero(nights)
    return pd.DataFrame(
        {
            "scenario": costs.scenario,
            "month": dates.to_dates(dates.month_start(costs.months))[month],
            "setting": np.array(costs.codes.all_settings, dtype=object)[setting],
            "nights": nights[month, setting],
            "pounds_per_night": costs.price[month, setting],
            "pounds": pounds[month, setting],
        }
    )


def _prices_by_month(base: Costs) -> pd.DataFrame:
    """The baseline's price by month and setting: month, setting, pounds_per_week; settings without a price left out."""
    priced = np.flatnonzero((base.price > 0).any(axis=0))
    months = dates.to_dates(dates.month_start(base.months))
    names = np.array(base.codes.all_settings, dtype=object)
    return pd.DataFrame(
        {
            "month": np.tile(months, len(priced)),
            "setting": np.repeat(names[priced], len(months)),
            "pounds_per_week": base.price[:, priced].T.ravel() * _WEEK,
        }
    )


def _investment(outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    """What plans invest: scenario, what, one_off, per_year, month (the first)."""
    rows = []
    for name, outcome in outcomes.items():
        first = outcome.origin + 1
        start = outcome.scenario.start_month(first)
        for item in outcome.scenario.investment:
            month = int(dates.month_index(first)) + (start if item.starts is None else item.starts)
            rows.append((name, item.what, item.one_off, item.per_year, dates.to_dates(dates.month_start([month]))[0]))
    return pd.DataFrame(rows, columns=["scenario", "what", "one_off", "per_year", "month"])


def _other(costs: Costs) -> pd.DataFrame:
    """Mean money that does not follow the price of a night: scenario, month, kind, pounds."""
    kinds = ("fixed", "investment", "income")
    parts = [
        pd.DataFrame(
            {
                "scenario": costs.scenario,
                "month": dates.to_dates(dates.month_start(costs.months)),
                "kind": kind,
                "pounds": costs.total(kind).mean(axis=0),
            }
        )
        for kind in kinds
    ]
    return pd.concat(parts, ignore_index=True)


def _books(
    history: History, base: Costs, opening: Opening | None, tables: CouncilTables, problems: list[Problem]
) -> dict[str, pd.DataFrame]:
    """The opening year against the ledger, and spend against budget: last year's, and the coming year's forecast."""
    found: dict[str, pd.DataFrame] = {}
    prices = tables.prices
    if prices is None:
        return found
    if tables.ledger is not None:
        with gathering(problems):
            found["reconciliation"] = reconcile(history, prices, tables.ledger, tables.fixed_costs)
    if tables.budget is None:
        return found
    parts = []
    with gathering(problems):
        if "reconciliation" in found and opening is not None:
            parts.append(_last_years_variance(found["reconciliation"], opening, tables))
        years = [year for year in base.whole_years if year in set(tables.budget["financial_year"])]
        parts += [_coming_variance(base, tables, year) for year in years]
    if parts:
        found["variance"] = pd.concat(parts, ignore_index=True)
    return found


def _last_years_variance(books: pd.DataFrame, opening: Opening, tables: CouncilTables) -> pd.DataFrame:
    """Settings in care of the opening year: nights from the returns, pounds from the ledger."""
    rows = books[books["child_nights"].notna() & books["ledger"].notna() & (books["setting"] != ALL)]
    actual = rows[["setting", "child_nights", "ledger"]].set_axis(["setting", "nights", "pounds"], axis=1)
    actual = actual[actual["nights"] > 0]
    year = str(books["financial_year"].iloc[0])
    planned = _budget_of(tables, year)
    planned = planned[planned["setting"].isin(opening.codes.in_care)]
    return variance(planned, actual, year).assign(against=OUTTURN)


def _coming_variance(base: Costs, tables: CouncilTables, year: str) -> pd.DataFrame:
    """Mean forecast of placements against a year's budget."""
    at = base.years.tolist().index(year)
    nights = base.yearly(base.by_night)[:, at].mean(axis=0)
    pounds = base.yearly(base.pounds["placement"])[:, at, :-1].mean(axis=0)
    actual = pd.DataFrame({"setting": base.codes.all_settings, "nights": nights, "pounds": pounds})
    planned = _budget_of(tables, year)
    known = actual["setting"].isin(planned["setting"]) | (actual["pounds"] > 0)
    return variance(planned, actual[known], year).assign(against=FORECAST)


def _budget_of(tables: CouncilTables, year: str) -> pd.DataFrame:
    if tables.budget is None or tables.prices is None:
        raise UserError(["There is no budget."])
    return budgeted(tables.budget, tables.prices, year)


def _medium_term(
    base: Costs, plans: Mapping[str, Costs], opening: Opening | None, budget: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    if opening is None or not base.whole_years:
        return {}
    cared = opening.codes.in_care
    rows = (
        None if budget is None else budget[(budget["financial_year"] == opening.year) & budget["setting"].isin(cared)]
    )
    planned = None if rows is None or rows.empty else float(rows["pounds"].sum())
    parts = [medium_term_plan(base, opening, base_budget=planned).assign(scenario=base.scenario)]
    parts += [
        medium_term_plan(base, opening, base_budget=planned, plan=plan).assign(scenario=name)
        for name, plan in plans.items()
    ]
    return {"medium_term": pd.concat(parts, ignore_index=True)}


def _saving_tables(saved: Mapping[str, Savings]) -> dict[str, pd.DataFrame]:
    if not saved:
        return {}
    cases = [_case_row(one, label, case) for one in saved.values() for label, case in _cases(one)]
    fans = []
    for name, one in saved.items():
        low, middle, high = np.percentile(one.cumulative, [10, 50, 90], axis=0)
        fan = {"scenario": name, "month": one.months, "p10": low, "p50": middle, "p90": high}
        fans.append(pd.DataFrame({**fan, "mean": one.cumulative.mean(axis=0)}))
    return {
        "savings": pd.concat([one.annual for one in saved.values()], ignore_index=True),
        "payback": pd.DataFrame(cases),
        "cumulative_savings": pd.concat(fans, ignore_index=True),
    }


def _cases(one: Savings) -> tuple[tuple[str, Case], ...]:
    return ("as planned", one.planned), ("after optimism bias", one.biased)


def _case_row(one: Savings, label: str, case: Case) -> dict[str, object]:
    """A case as a row; months by their first day, NaT where not paid within the horizon."""
    bias = case.bias
    within = {f"pays_within_{year}": share for year, share in enumerate(case.chance_by_year, start=1)}
    return {
        "scenario": one.scenario,
        "case": label,
        "one_off_raised": bias.one_off if bias else 0.0,
        "delivery_raised": bias.delivery if bias else 0.0,
        "saving_lowered": bias.saving if bias else 0.0,
        "net_present_value": case.net_present_value,
        "npv_p10": case.low,
        "npv_p90": case.high,
        "npv_above_nought": case.chance_positive,
        "pays": case.pays,
        "payback": case.payback or pd.NaT,
        "payback_p10": case.payback_low or pd.NaT,
        "payback_p90": case.payback_high or pd.NaT,
        "switching_value": np.nan if case.switching_value is None else case.switching_value,
        "full_year_effect": case.full_year_effect,
        "verdict": one.verdict(),
        **within,
    }


def _mix_tables(base: Costs, problems: list[Problem]) -> dict[str, pd.DataFrame]:
    """The first whole year's mix, and what in-house shares would cost, by the night and in all."""
    if not base.whole_years:
        return {}
    year = base.whole_years[0]
    found = {"mix": year_mix(base, year, full=True).assign(financial_year=year)}
    parts = []
    with gathering(problems):
        for basis, full in (("marginal", False), ("full", True)):
            edge = frontier(year_mix(base, year, full=full), base.codes)
            parts.append(edge.assign(financial_year=year, basis=basis))
    return {**found, "frontier": pd.concat(parts, ignore_index=True)} if parts else found


def _lists(tables: CouncilTables) -> pd.DataFrame:
    """How prices of single placements spread."""
    lists = () if tables.prices is None else tables.prices.lists
    shares = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "p99": 0.99}
    return pd.DataFrame(
        [
            {
                "setting": one.setting,
                "from": one.start,
                "placements": one.placements,
                "mean": one.mean,
                "fitted_mean": one.fitted_mean,
                **{name: float(one.quantile(share)) for name, share in shares.items()},
                "highest": one.highest,
                "share_above_10000": one.share_above(),
            }
            for one in lists
        ]
    )


def _findings(
    found: Mapping[str, pd.DataFrame], problems: list[Problem], tables: CouncilTables, base: Costs
) -> list[Finding]:
    out = [
        Finding("money_not_compared", "warning", str(problem), "that table of money is left out")
        for problem in problems
    ]
    books = found.get("reconciliation")
    if books is not None and (books["verdict"] == APART).any():
        apart = books[(books["verdict"] == APART) & (books["setting"] != ALL)]
        told = ", ".join(base.codes.label(str(name)).lower() for name in apart["setting"])
        whole = books.loc[books["setting"] == ALL, "difference_share"].iloc[0]
        message = f"Nights × price of {books['financial_year'].iloc[0]} differ from the ledger by {whole:+.1%} in all"
        said = f"{message}; apart by more than {TOLERANCE:.0%}: {told or 'none alone'}."
        out.append(
            Finding("ledger_apart", "warning", said, "kept; the price that would meet the ledger is in the workbook")
        )
    left = sorted(tables.prices.left_out) if tables.prices else []
    if left:
        names = ", ".join(base.codes.label(name).lower() for name in left)
        out.append(Finding("no_published_price", "warning", f"Nothing is published for: {names}.", "left out of spend"))
    return out
