"""The workbook's sheets of plans and books: savings, payback, budgets ahead, mixes, reconciliation, variance."""

from __future__ import annotations

import math

import pandas as pd

from sufficiency.report.finished import Finished, setting_label
from sufficiency.report.workbook_paper import Cell, Column, Formula, Sheet
from sufficiency.report.workbook_spend import Spent

_LINES = {
    "pressures": "Pressures",
    "growth": "Growth (demand)",
    "inflation": "Inflation",
    "fixed_costs": "Fixed costs",
    "income": "Income",
    "savings": "Savings",
    "investment": "Investment",
}


def plan_sheets(run: Finished, spent: Spent, yearly: Sheet) -> list[Sheet]:
    """Savings with their present value, and when each plan pays; none without plans."""
    if not run.has("money/savings"):
        return []
    deflators = _deflators(run)
    saved = _savings(run, spent, yearly, deflators)
    return [deflators, saved, _payback(run, spent, saved)]


def _deflators(run: Finished) -> Sheet:
    sheet = Sheet(
        "Deflators",
        "What turns cash into present value",
        "Prices of the first year, then discount_rate of the sheet Assumptions, flows at mid-year.",
        [
            Column("Financial year", "year"),
            Column("Rise of the deflator", "share", input=True),
            Column("Level", "factor"),
            Column("Factor", "factor"),
        ],
    )
    for number, row in enumerate(run.frame("money/discounting").to_dict("records")):
        rise = sheet.cell("Rise of the deflator", number, own=True)
        before = sheet.cell("Level", number - 1, own=True) if number else "1"
        level = sheet.cell("Level", number, own=True)
        sheet.rows.append(
            [
                str(row["financial_year"]),
                float(row["percent"]) / 100,
                Formula(f"={before}*(1+{rise})", float(row["level"])),
                Formula(f"=1/{level}/(1+discount_rate)^({number}+0.5)", float(row["factor"])),
            ]
        )
    return sheet


def _savings(run: Finished, spent: Spent, yearly: Sheet, deflators: Sheet) -> Sheet:
    table = run.frame("money/savings")
    sheet = Sheet(
        "Savings",
        "What each plan saves against the baseline, £",
        "Gross: less for placements, with income. Delivery: investment and fixed costs. Present value: net, at the"
        " first year's prices. P10 to P90, cashable and avoided are those of the run and do not follow changes.",
        [
            Column("Plan", "text", width=30),
            Column("Financial year", "year"),
            *(
                Column(name, "pounds")
                for name in ("Gross saving", "Delivery", "Net saving", "Net to date", "Present value")
            ),
            *(Column(name, "pounds") for name in ("Net P10", "Net P50", "Net P90", "Cashable", "Avoided")),
        ],
    )
    place = {(row[0], row[1]): number for number, row in enumerate(yearly.rows)}
    base_label = next(iter(spent.scenarios.values()))
    for row in table.to_dict("records"):
        number, label, year = len(sheet.rows), spent.scenarios[str(row["scenario"])], str(row["financial_year"])
        mine, base = place[label, year], place[base_label, year]
        gross, delivery = (sheet.cell(name, number, own=True) for name in ("Gross saving", "Delivery"))
        net = sheet.cell("Net saving", number, own=True)
        again = number and sheet.rows[-1][0] == label
        before = f"{sheet.cell('Net to date', number - 1, own=True)}+" if again else ""
        found = f"MATCH({sheet.cell('Financial year', number, own=True)},{deflators.range('Financial year')},0)"
        factor = f"INDEX({deflators.range('Factor')},{found})"
        cells: list[Cell] = [
            Formula(_less(yearly, ("Placements", "Income"), base, mine), float(row["gross"])),
            Formula(_less(yearly, ("Fixed costs", "Investment"), mine, base), float(row["delivery"])),
            Formula(f"={gross}-{delivery}", float(row["net"])),
            Formula(f"={before}{net}", float(row["cumulative_net"])),
            Formula(f"={net}*{factor}", float(row["present_value"])),
        ]
        told = [float(row[name]) for name in ("net_p10", "net_p50", "net_p90", "cashable", "avoided")]
        sheet.rows.append([label, year, *cells, *told])
    return sheet


def _less(yearly: Sheet, kinds: tuple[str, ...], first: int, second: int) -> str:
    """Some kinds of money in one row less those in another."""
    return "=" + "+".join(f"{yearly.cell(kind, first)}-{yearly.cell(kind, second)}" for kind in kinds)


def _payback(run: Finished, spent: Spent, saved: Sheet) -> Sheet:
    table = run.frame("money/payback")
    within = [name for name in table.columns if name.startswith("pays_within_")]
    sheet = Sheet(
        "Payback",
        "Whether and when each plan pays",
        "From the run's futures; only the last column follows changes. Blank months: later than the years simulated.",
        [
            Column("Plan", "text", width=30),
            Column("Case", "text", width=20),
            *(Column(name, "share") for name in ("Once, raised by", "Delivery, raised by", "Saving, lowered by")),
            *(Column(name, "pounds") for name in ("Net present value", "NPV P10", "NPV P90")),
            Column("Chance that NPV is above 0", "share"),
            *(Column(name, "month") for name in ("Pays by (P10)", "Pays by (P50)", "Pays by (P90)")),
            *(Column(f"Paid within {name.removeprefix('pays_within_')} years", "share") for name in within),
            Column("Breaks even at this share of the saving", "share"),
            Column("Full-year effect", "pounds"),
            Column("Present value by the sheet Savings", "pounds"),
        ],
    )
    names, values = saved.range("Plan"), saved.range("Present value")
    for row in table.to_dict("records"):
        label = spent.scenarios[str(row["scenario"])]
        own = sheet.cell("Plan", len(sheet.rows), own=True)
        months: list[Cell] = [_month(row[name]) for name in ("payback_p10", "payback", "payback_p90")]
        planned = table[(table["scenario"] == row["scenario"]) & (table["one_off_raised"] == 0)]
        sheet.rows.append(
            [
                label,
                str(row["case"]),
                *(float(row[name]) for name in ("one_off_raised", "delivery_raised", "saving_lowered")),
                *(float(row[name]) for name in ("net_present_value", "npv_p10", "npv_p90", "npv_above_nought")),
                *months,
                *(float(row[name]) for name in within),
                float(row["switching_value"]),
                float(row["full_year_effect"]),
                # Savings are told as planned: a case with optimism bias has no such sum.
                Formula(f"=SUMIFS({values},{names},{own})", float(planned["net_present_value"].iloc[0]))
                if row["one_off_raised"] == 0
                else None,
            ]
        )
    return sheet


def _month(value: object) -> pd.Timestamp | None:
    return pd.Timestamp(str(value)) if str(value) not in {"NaT", "None"} else None


def ahead_sheets(run: Finished, spent: Spent) -> list[Sheet]:
    """The medium-term plan; none where no opening year is whole."""
    if not run.has("money/medium_term"):
        return []
    sheet = Sheet(
        "Medium term",
        "Medium-term financial plan, £",
        "Lines are changes on the year before, from the run, and do not follow changed prices; requirement and"
        " contingency are formulas. P80: of net spend, not stretched as the annex's may be. Staying put, fixed costs"
        " and income in the first base are those of the first year ahead.",
        [
            Column("Scenario", "text", width=30),
            Column("Financial year", "year"),
            Column("Base budget", "pounds"),
            *(Column(label, "pounds", input=True) for label in _LINES.values()),
            Column("Budget requirement", "pounds"),
            Column("P50", "pounds"),
            Column("P80", "pounds"),
            Column("Contingency to P80", "pounds"),
        ],
    )
    for row in run.frame("money/medium_term").to_dict("records"):
        number, label = len(sheet.rows), spent.scenarios[str(row["scenario"])]
        needed = sheet.cell("Budget requirement", number, own=True)
        again = number and sheet.rows[-1][0] == label
        before = f"={sheet.cell('Budget requirement', number - 1, own=True)}"
        base: Cell = Formula(before, float(row["base_budget"])) if again else float(row["base_budget"])
        total = f"=SUM({sheet.span('Base budget', 'Investment', number)})"
        sheet.rows.append(
            [
                label,
                str(row["financial_year"]),
                base,
                *(float(row[line]) for line in _LINES),
                Formula(total, float(row["budget_requirement"])),
                float(row["p50"]),
                float(row["p80"]),
                Formula(f"={sheet.cell('P80', number, own=True)}-{needed}", float(row["contingency"])),
            ]
        )
    return [sheet]


def book_sheets(run: Finished) -> list[Sheet]:
    """The opening year against the ledger, and spend against budget, where the council gave them."""
    found = []
    if run.has("money/reconciliation"):
        found.append(_reconciliation(run))
    if run.has("money/variance"):
        found.append(_variance(run))
    return found


def _reconciliation(run: Finished) -> Sheet:
    table = run.frame("money/reconciliation")
    sheet = Sheet(
        "Reconciliation",
        f"Child-nights × price of {table['financial_year'].iloc[0]} against the ledger, £",
        "The calibrated price would meet the ledger; it is shown and not used. Staying put is not in the returns.",
        [
            Column("Setting", "text"),
            Column("Child-nights", "number"),
            Column("£ a week", "pence"),
            *(Column(name, "pounds") for name in ("Nights × price", "Ledger", "Difference")),
            Column("Difference, share", "share"),
            Column("Calibrated £ a week", "pence"),
            Column("Verdict", "text", width=18),
        ],
    )
    for row in table.to_dict("records"):
        number = len(sheet.rows)
        nights, weekly, modelled, ledger = (
            sheet.cell(name, number, own=True) for name in ("Child-nights", "£ a week", "Nights × price", "Ledger")
        )
        compared = pd.notna(row["difference"])
        total = row["setting"] == "all"
        sums = _compared_sum(sheet, number) if total else f"={nights}*{weekly}/7"
        cells: list[Cell] = [None] * 5
        if compared:
            cells = [
                Formula(sums, float(row["modelled"])),
                float(row["ledger"]),
                Formula(f"={modelled}-{ledger}", float(row["difference"])),
                _or_blank(f"=({modelled}-{ledger})/{ledger}", row["difference_share"]),
                _or_blank(f"={ledger}/{nights}*7", row["calibrated_pounds_per_week"]),
            ]
        else:
            cells[:2] = [_number(row["modelled"]), _number(row["ledger"])]
        name = "All that can be compared" if total else setting_label(str(row["setting"]))
        sheet.rows.append(
            [name, _number(row["child_nights"]), _number(row["pounds_per_week"]), *cells, str(row["verdict"])]
        )
    return sheet


def _compared_sum(sheet: Sheet, rows: int) -> str:
    """Nights × price of the lines above that have a ledger."""
    whole = [
        f"{sheet.cell(name, 0, own=True)}:{sheet.cell(name, rows - 1, own=True)}"
        for name in ("Nights × price", "Ledger")
    ]
    return f'=SUMIFS({whole[0]},{whole[1]},">=0")'


def _or_blank(text: str, value: float) -> Cell:
    return None if math.isnan(value) else Formula(text, float(value))


def _number(value: float) -> Cell:
    return None if math.isnan(value) else float(value)


def _variance(run: Finished) -> Sheet:
    sheet = Sheet(
        "Variance",
        "Spend on placements against budget: volume, mix and price, £",
        "Volume: all nights, at the budget's mix and price. Mix: each setting's nights beyond that. Price: the rest."
        " Budgeted nights are those that the budget pays for at the prices given.",
        [
            Column("Financial year", "year"),
            Column("Against", "text", width=12),
            Column("Setting", "text"),
            Column("Budget nights", "number"),
            Column("Actual nights", "number"),
            *(Column(name, "pounds") for name in ("Budget", "Volume", "Mix", "Price", "Actual", "Check (must be 0)")),
        ],
    )
    for row in run.frame("money/variance").to_dict("records"):
        number = len(sheet.rows)
        parts = sheet.span("Budget", "Price", number)
        name = "All" if row["setting"] == "all" else setting_label(str(row["setting"]))
        amounts = [
            float(row[key]) for key in ("budget_nights", "actual_nights", "budget", "volume", "mix", "price", "actual")
        ]
        check = Formula(f"=ROUND({sheet.cell('Actual', number, own=True)}-SUM({parts}),2)", 0.0)
        sheet.rows.append([str(row["financial_year"]), str(row["against"]), name, *amounts, check])
    return sheet


def mix_sheets(run: Finished) -> list[Sheet]:
    """The placement-mix explorer, and the frontier of cost against in-house share."""
    found = []
    if run.has("money/mix"):
        found.append(_mix(run))
    if run.has("money/frontier"):
        found.append(_frontier(run))
    return found


def _mix(run: Finished) -> Sheet:
    table = run.frame("money/mix")
    table = table[table["nights"] > 0]
    year = table["financial_year"].iloc[0]
    sheet = Sheet(
        "Mix explorer",
        f"What another mix of placements would cost in {year}, £, for the same nights",
        "Change the shaded shares; they should add up to 100 % (last line). A week's price holds fixed costs.",
        [
            Column("Setting", "text"),
            Column("Nights", "number"),
            Column("Share today", "share"),
            Column("Your share", "share", input=True),
            Column("£ a week", "pence", input=True),
            *(Column(name, "pounds") for name in ("Today", "Your mix", "Difference")),
        ],
    )
    whole, count = float(table["nights"].sum()), len(table)
    nights = f"SUM({sheet.cell('Nights', 0, own=True)}:{sheet.cell('Nights', count - 1, own=True)})"
    for number, row in enumerate(table.to_dict("records")):
        share, weekly, today, yours = (
            sheet.cell(name, number, own=True) for name in ("Your share", "£ a week", "Today", "Your mix")
        )
        own, pounds = sheet.cell("Nights", number, own=True), float(row["nights"] * row["pounds_per_week"] / 7)
        sheet.rows.append(
            [
                setting_label(str(row["setting"])),
                float(row["nights"]),
                Formula(f"={own}/{nights}", float(row["nights"]) / whole),
                float(row["nights"]) / whole,
                float(row["pounds_per_week"]),
                Formula(f"={own}*{weekly}/7", pounds),
                Formula(f"={share}*{nights}*{weekly}/7", pounds),
                Formula(f"={yours}-{today}", 0.0),
            ]
        )
    totals = {"Nights": whole, "Share today": 1.0, "Your share": 1.0}
    spent = float((table["nights"] * table["pounds_per_week"]).sum() / 7)
    totals |= {"Today": spent, "Your mix": spent, "Difference": 0.0}
    last: list[Cell] = ["All"]
    for one in sheet.columns[1:]:
        cells = f"{sheet.cell(one.name, 0, own=True)}:{sheet.cell(one.name, count - 1, own=True)}"
        last.append(Formula(f"=SUM({cells})", totals[one.name]) if one.name in totals else None)
    sheet.rows.append(last)
    return sheet


def _frontier(run: Finished) -> Sheet:
    sheet = Sheet(
        "Frontier",
        "Least and most that placements cost at each in-house share, £ a year",
        "The same children in each type; the share is of nights in types with both providers. Marginal: the"
        " price of a night. Full: with each setting's fixed costs.",
        [
            Column("Basis", "text", width=14),
            Column("Financial year", "year"),
            Column("In-house share", "share"),
            *(Column(name, "pounds") for name in ("Least", "Most", "Today")),
        ],
    )
    for row in run.frame("money/frontier").to_dict("records"):
        amounts = [_number(row[name]) for name in ("in_house_share", "least", "most", "today")]
        sheet.rows.append([str(row["basis"]), str(row["financial_year"]), *amounts])
    return sheet


def list_sheets(run: Finished) -> list[Sheet]:
    """How prices of single placements spread, where the council gave a list."""
    if not run.has("money/price_lists"):
        return []
    sheet = Sheet(
        "Price lists",
        "What single placements cost, £ a week",
        "A lognormal distribution fitted to each list; the last columns show the tail that a mean hides.",
        [
            Column("Setting", "text"),
            Column("From", "month"),
            Column("Placements", "number"),
            *(Column(name, "pence") for name in ("Mean", "Fitted mean", "P10", "P50", "P90", "P99", "Highest")),
            Column("Share above £10,000", "share"),
        ],
    )
    for row in run.frame("money/price_lists").to_dict("records"):
        figures = ("placements", "mean", "fitted_mean", "p10", "p50", "p90", "p99", "highest", "share_above_10000")
        sheet.rows.append(
            [setting_label(str(row["setting"])), pd.Timestamp(row["from"]), *(float(row[name]) for name in figures)]
        )
    return [sheet]
