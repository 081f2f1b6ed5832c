"""What the budgets of the years ahead need, before income: the medium-term plan of the baseline, rounded."""

from __future__ import annotations

import pandas as pd

from sufficiency.report.book import Book
from sufficiency.report.disclosure import rounded
from sufficiency.report.tables import Table
from sufficiency.report.words import listed, money, stretched_p80

_LINES = {
    "pressures": ("Pressures", "what last year's budget did not hold"),
    "growth": ("Growth in nights", "more or fewer nights and their mix"),
    "inflation": ("Inflation", "price rises"),
    "fixed_costs": ("Fixed costs", "fixed costs"),
}
_THOUSAND = 1_000


def budgets_ahead(book: Book) -> list[str]:
    """Sentences and a table; nothing where spend is not shown or the plan could not be made."""
    shown = book.future.spend
    shown = shown[shown["scenario"] == "baseline"] if len(shown) else shown
    if shown.empty or not book.run.has("money/medium_term"):
        return []
    plan = before_income(book.run.frame("money/medium_term"), book.run.frame("money/summary"))
    plan = plan.assign(p80=shown.set_index("financial_year")["p80"].reindex(plan.index))
    plan = plan.assign(contingency=plan["p80"] - plan["needed"])
    names = {name: label for name, (label, _) in _LINES.items() if plan[name].abs().max() >= _THOUSAND / 2}
    names = {"base": "Base budget", **names, "needed": "Budget needed (mean)", "contingency": "Contingency to P80"}
    base = book.rules.round_pounds
    rows = [
        [label, *(rounded(float(value), base) // _THOUSAND for value in plan[name])] for name, label in names.items()
    ]
    frame = pd.DataFrame(rows, columns=["Line", *map(str, plan.index)])
    return [
        "## What the budgets ahead need {#budgets-ahead}",
        "",
        _said(plan, base) + _set(book, base),
        "",
        book.table(
            Table(
                "medium_term",
                f"Budgets of the baseline before income, £ thousand{book.priced}",
                frame,
                "Each line is a change on the year before; a year begins with what the year before needed. The first"
                " base is the budget for placements in care of the last year of the returns; staying put and fixed"
                " costs in it are those of the first year ahead. Means over the simulated futures, because only means"
                " add up: middle forecasts above differ. Each is rounded, so lines may be out by one."
                f" {stretched_p80(book.trust.widening)}",
            )
        ),
        "",
    ]


def before_income(medium_term: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """The baseline's medium-term plan without what others pay.

    Income would tell how many children seek asylum, whom grants follow.

    Parameters
    ----------
    medium_term, summary
        Of a run's money; net, and every kind of money.

    Returns
    -------
    By financial year: base, pressures, growth, inflation, fixed_costs, needed, in pounds; a year's lines add up.
    """
    plan = medium_term[medium_term["scenario"] == "baseline"].set_index("financial_year")
    kinds = summary[(summary["scenario"] == "baseline") & (summary["cut"] == "kind") & (summary["name"] == "income")]
    income = kinds.set_index("financial_year")["mean"].reindex(plan.index).fillna(0.0)
    needed = plan["budget_requirement"] - income
    base = needed.shift().fillna(plan["base_budget"].iloc[0] - income.iloc[0])
    return plan[list(_LINES)].assign(base=base, needed=needed)


def _said(plan: pd.DataFrame, base: int) -> str:
    first, last = float(plan["base"].iloc[0]), float(plan["needed"].iloc[-1])
    sums = {about: rounded(float(plan[name].sum()), base) for name, (_, about) in _LINES.items()}
    up = [f"{about} {money(pounds)}" for about, pounds in sums.items() if pounds > 0]
    down = [f"{about} {money(-pounds)}" for about, pounds in sums.items() if pounds < 0]
    said = (
        f"Before income and without a plan, homes need {money(rounded(last, base))} in {plan.index[-1]}, where the"
        f" budget begun with is {money(rounded(first, base))}."
    )
    said += f" What adds to it: {listed(up)}." if up else ""
    return said + (f" What takes from it: {listed(down)}." if down else "")


def _set(book: Book, base: int) -> str:
    """What is budgeted for placements in the first year ahead, where the council has set it already."""
    if not book.run.has("money/variance"):
        return ""
    table = book.run.frame("money/variance")
    found = table[(table["setting"].astype(str) == "all") & (table["against"].astype(str) == "forecast")]
    if found.empty:
        return ""
    year, budget, need = (found[name].iloc[0] for name in ("financial_year", "budget", "actual"))
    over = rounded(float(need) - float(budget), base)
    apart = f"{money(abs(over))} {'more' if over > 0 else 'less'} than that" if over else "as much"
    return (
        f" For {year} a budget of {money(rounded(float(budget), base))} is set for placements, staying put among them;"
        f" the mean forecast is {apart}."
    )
