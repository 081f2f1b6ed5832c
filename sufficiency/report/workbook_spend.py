"""The workbook's sheets of spend: prices and rises that a person may change, and nights times price as formulas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.codes import read_codes
from sufficiency.report.finished import Finished, setting_label, year_of
from sufficiency.report.workbook_paper import Cell, Column, Formula, Sheet

Floats = npt.NDArray[np.float64]
#: Empty lines for rises of a person's own.
SPARE = 12
_WEEK, _MONTHS = 7, 12
_SPREAD = ("p10", "p50", "p80", "p90", "mean_error", "p50_error", "p80_error")
KINDS = ("Placements", "Fixed costs", "Investment", "Income")


@dataclass(frozen=True)
class Spent:
    """What the sheets of spend are made from.

    Attributes
    ----------
    scenarios
        Name → label, the baseline first.
    settings
        Those with a price, in reporting order.
    months, years
        Months of the horizon, and the financial year of each.
    price
        Pounds a week, shape (months, settings).
    nights, priced
        Mean nights by scenario, shape (months, settings); and those that the price is paid for: less what a
        block contract takes in, weighed by a plan's fees, by ages and by drawn prices, so that priced nights ×
        price is mean spend.
    fixed, income
        Mean pounds by scenario and month.
    """

    scenarios: dict[str, str]
    settings: list[str]
    months: list[pd.Timestamp]
    years: list[str]
    price: Floats
    nights: dict[str, Floats]
    priced: dict[str, Floats]
    fixed: dict[str, Floats]
    income: dict[str, Floats]

    @property
    def labels(self) -> list[str]:
        """Settings as readers name them."""
        return [setting_label(name) for name in self.settings]

    @property
    def whole(self) -> list[str]:
        """Financial years in order."""
        return list(dict.fromkeys(self.years))


def read_spent(run: Finished) -> Spent:
    """Read a run's tables of money."""
    price = run.frame("money/prices_by_month")
    order = read_codes().all_settings
    settings = [name for name in order if name in set(price["setting"])]
    wide = price.pivot_table(index="month", columns="setting", values="pounds_per_week")[settings]
    months = [pd.Timestamp(month) for month in wide.index]
    nights, other = run.frame("money/nights"), run.frame("money/other")
    scenarios = _labels(run)
    weekly = _held(wide.to_numpy(np.float64))
    counted, priced, fixed, income = {}, {}, {}, {}
    for name in scenarios:
        own = nights[nights["scenario"] == name]
        tables = [own.pivot_table(index="month", columns="setting", values=value) for value in ("nights", "pounds")]
        shaped = [table.reindex(index=wide.index, columns=settings).fillna(0.0) for table in tables]
        counted[name], pounds = (table.to_numpy(np.float64) for table in shaped)
        priced[name] = pounds / (weekly / _WEEK)
        kinds = other[other["scenario"] == name].pivot_table(index="month", columns="kind", values="pounds")
        kinds = kinds.reindex(wide.index)
        fixed[name], income[name] = (kinds[kind].to_numpy(np.float64) for kind in ("fixed", "income"))
    years = [str(year) for year in year_of(pd.Series(months))]
    return Spent(scenarios, settings, months, years, weekly, counted, priced, fixed, income)


def _labels(run: Finished) -> dict[str, str]:
    """Scenarios' titles; with their name where two are alike, because formulas tell scenarios apart by title."""
    titles = {str(about["name"]): run.title_of(str(about["name"])) for about in run.scenarios}
    alike = {title for title in titles.values() if list(titles.values()).count(title) > 1}
    return {name: f"{title} ({name})" if title in alike else title for name, title in titles.items()}


def _held(weekly: Floats) -> Floats:
    """Prices with no nought among them: the price before holds, or the first there is."""
    table = pd.DataFrame(weekly).replace(0.0, np.nan)
    held: Floats = table.ffill().bfill().to_numpy(np.float64)
    return held


def price_sheets(run: Finished, spent: Spent) -> list[Sheet]:
    """Prices, their rises, and the price of every month."""
    prices = run.frame("prices")
    about = prices.groupby("setting", sort=False)[["status", "source"]].last()
    opening = Sheet(
        "Prices",
        f"Price of a week in {spent.months[0]:%B %Y}, £",
        "Change a shaded price and every sheet of spend follows.",
        [
            Column("Setting", "text"),
            Column("£ a week", "pence", input=True),
            Column("Kind", "text", width=14),
            Column("Source", "text", width=70),
        ],
    )
    rises = Sheet(
        "Price rises",
        "When prices change, and by how much",
        "Change a shaded rise, or add one in an empty line: the setting as it is written on the sheet Prices, a first"
        " of a month, and a rise. Where a price depends on age or on a plan, its rises follow the mean child.",
        [
            Column("Setting", "text", input=True),
            Column("From", "month", input=True),
            Column("Rise", "share", input=True),
        ],
    )
    for place, (name, label) in enumerate(zip(spent.settings, spent.labels, strict=True)):
        status, source = (str(value) for value in about.loc[name]) if name in about.index else ("", "")
        opening.rows.append([label, float(spent.price[0, place]), status, source])
        opening.named[f"price_{name}"] = ("£ a week", place, place)
        for month in np.flatnonzero(np.diff(spent.price[:, place])) + 1:
            rise = float(spent.price[month, place] / spent.price[month - 1, place] - 1)
            rises.rows.append([label, spent.months[int(month)], rise])
    rises.rows += [["", None, None] for _ in range(SPARE)]
    last = len(rises.rows) - 1
    rises.named |= {
        name: (column, 0, last)
        for name, column in (("rise_setting", "Setting"), ("rise_from", "From"), ("rise", "Rise"))
    }
    return [opening, rises, _monthly_prices(spent)]


def _monthly_prices(spent: Spent) -> Sheet:
    sheet = Sheet(
        "Price by month",
        "Price of a week in each month, £",
        "From the sheets Prices and Price rises, and further_inflation on the sheet Assumptions.",
        [
            Column("Month", "month"),
            Column("Year", "number", width=8),
            *(Column(label, "pence") for label in spent.labels),
        ],
    )
    for number, (month, year) in enumerate(zip(spent.months, spent.years, strict=True)):
        row: list[Cell] = [month, spent.whole.index(year)]
        when, since = sheet.cell("Month", number, own=True), sheet.cell("Year", number, own=True)
        for place, (name, label) in enumerate(zip(spent.settings, spent.labels, strict=True)):
            rises = f'SUMPRODUCT((rise_setting="{label}")*(rise_from<={when})*LN(1+rise))'
            text = f"=price_{name}*EXP({rises})*(1+further_inflation)^{since}"
            row.append(Formula(text, float(spent.price[number, place])))
        sheet.rows.append(row)
    return sheet


def spend_sheets(run: Finished, spent: Spent, prices: Sheet) -> list[Sheet]:
    """Nights, placements, investment, and spend by month, year and setting."""
    head = [Column("Scenario", "text", width=30), Column("Month", "month"), Column("Financial year", "year")]
    settings = list(spent.labels)
    nights = Sheet(
        "Nights",
        "Child-nights by month: means over the simulated futures",
        "A night belongs to the placement in which the child sleeps; months have all their days.",
        [*head, *(Column(label, "number") for label in settings)],
    )
    priced = Sheet(
        "Priced nights",
        "Nights that the price by the night is paid for",
        "Nights less those that a block contract has paid for; a plan's own fees, ages and drawn prices weigh in.",
        [*head, *(Column(label, "number") for label in settings)],
    )
    placed = Sheet(
        "Placements",
        "What placements cost by month, £",
        "Priced nights × price of a week ÷ 7.",
        [*head, *(Column(label, "pounds") for label in settings)],
    )
    for name, label in spent.scenarios.items():
        for number, (month, year) in enumerate(zip(spent.months, spent.years, strict=True)):
            begins: list[Cell] = [label, month, year]
            row = len(nights.rows)
            nights.rows.append([*begins, *map(float, spent.nights[name][number])])
            priced.rows.append([*begins, *map(float, spent.priced[name][number])])
            cells: list[Cell] = [
                Formula(
                    f"={priced.cell(setting, row)}*{prices.cell(setting, number)}/7",
                    float(spent.priced[name][number, place] * spent.price[number, place] / _WEEK),
                )
                for place, setting in enumerate(settings)
            ]
            placed.rows.append([*begins, *cells])
    invested = _investment(run, spent)
    monthly = _by_month(run, spent, placed)
    return [nights, priced, placed, invested, monthly, _by_year(run, spent, monthly), _by_setting(spent, placed)]


def _investment(run: Finished, spent: Spent) -> Sheet:
    sheet = Sheet(
        "Investment",
        "What plans invest",
        "Change a shaded figure, or add a line, and spend and savings follow. A year's sum is paid in twelfths.",
        [
            Column("Scenario", "text", input=True),
            Column("What", "text", input=True),
            Column("First month", "month", input=True),
            Column("Once, £", "pounds", input=True),
            Column("A year, £", "pounds", input=True),
        ],
    )
    for row in run.frame("money/investment").to_dict("records"):
        label = spent.scenarios[str(row["scenario"])]
        amounts = [float(row["one_off"]), float(row["per_year"])]
        sheet.rows.append([label, str(row["what"]), pd.Timestamp(row["month"]), *amounts])
    sheet.rows += [["", "", None, None, None] for _ in range(SPARE)]
    last = len(sheet.rows) - 1
    columns = (("Scenario", "scenario"), ("First month", "from"), ("Once, £", "once"), ("A year, £", "year"))
    sheet.named |= {f"invest_{short}": (column, 0, last) for column, short in columns}
    return sheet


def invested(run: Finished, spent: Spent, scenario: str) -> Floats:
    """A scenario's investment by month, as its sheet adds it up."""
    table = run.frame("money/investment")
    total = np.zeros(len(spent.months))
    months = np.array(spent.months, dtype="datetime64[s]")
    for row in table[table["scenario"] == scenario].to_dict("records"):
        first = np.datetime64(pd.Timestamp(row["month"]), "s")
        total += np.where(months >= first, float(row["per_year"]) / _MONTHS, 0.0)
        total += np.where(months == first, float(row["one_off"]), 0.0)
    return total


def _by_month(run: Finished, spent: Spent, placed: Sheet) -> Sheet:
    sheet = Sheet(
        "Spend by month",
        "Spend by month, £: means over the simulated futures",
        "Gross is placements, fixed costs and investment. Income stands below nought; net is gross with it.",
        [
            Column("Scenario", "text", width=30),
            Column("Month", "month"),
            Column("Financial year", "year"),
            *(Column(kind, "pounds") for kind in KINDS),
            Column("Gross", "pounds"),
            Column("Net", "pounds"),
        ],
    )
    first, last = spent.labels[0], spent.labels[-1]
    for name, label in spent.scenarios.items():
        investment = invested(run, spent, name)
        homes = (spent.priced[name] * spent.price / _WEEK).sum(axis=1)
        for number, (month, year) in enumerate(zip(spent.months, spent.years, strict=True)):
            row = len(sheet.rows)
            who, when = sheet.cell("Scenario", row, own=True), sheet.cell("Month", row, own=True)
            mine = f"(invest_scenario={who})"
            paid = f"{mine}*(invest_from<={when})*invest_year/12+{mine}*(invest_from={when})*invest_once"
            values = [homes[number], spent.fixed[name][number], investment[number], spent.income[name][number]]
            gross = float(sum(values[:3]))
            span = f"'{placed.name}'!{placed.span(first, last, row)}"
            own = {name: sheet.cell(name, row, own=True) for name in ("Gross", "Income")}
            sheet.rows.append(
                [
                    label,
                    month,
                    year,
                    Formula(f"=SUM({span})", float(values[0])),
                    float(values[1]),
                    Formula(f"=SUMPRODUCT({paid})", float(values[2])),
                    float(values[3]),
                    Formula(f"=SUM({sheet.span('Placements', 'Investment', row)})", gross),
                    Formula(f"={own['Gross']}+{own['Income']}", gross + values[3]),
                ]
            )
    return sheet


def _by_year(run: Finished, spent: Spent, monthly: Sheet) -> Sheet:
    summary = run.frame("money/summary")
    net = summary[(summary["basis"] == "net") & (summary["cut"] == "total")]
    sheet = Sheet(
        "Spend by year",
        "Spend by financial year, £",
        "Sums of means over the futures; they follow prices and investment. P10 to P90 of net spend are those of the"
        f" run ({net['includes'].iloc[0]}) and do not.",
        [
            Column("Scenario", "text", width=30),
            Column("Financial year", "year"),
            *(Column(kind, "pounds") for kind in (*KINDS, "Gross", "Net")),
            *(Column(f"Net {name.upper()}", "pounds") for name in ("p10", "p50", "p80", "p90")),
            *(Column(f"Error of the {name}", "pounds") for name in ("mean", "P50", "P80")),
        ],
    )
    values = _monthly_values(monthly)
    for name, label in spent.scenarios.items():
        for year in spent.whole:
            row = len(sheet.rows)
            sums: list[Cell] = [
                Formula(_sum_ifs(monthly, kind, sheet, row), values[label, year, kind])
                for kind in (*KINDS, "Gross", "Net")
            ]
            told = net[(net["scenario"] == name) & (net["financial_year"] == year)].iloc[0]
            spread = [float(told[figure]) for figure in _SPREAD]
            sheet.rows.append([label, year, *sums, *spread])
    return sheet


def _monthly_values(monthly: Sheet) -> dict[tuple[str, str, str], float]:
    """A sheet's values added up: (scenario, financial year, column) → sum."""
    cells = [[cell.value if isinstance(cell, Formula) else cell for cell in row] for row in monthly.rows]
    table = pd.DataFrame(cells, columns=[one.name for one in monthly.columns])
    keys = ["Scenario", "Financial year"]
    summed = table.drop(columns="Month").groupby(keys).sum().reset_index()
    return {
        (str(row["Scenario"]), str(row["Financial year"]), str(name)): float(row[name])
        for row in summed.to_dict("records")
        for name in row
        if name not in keys
    }


def _sum_ifs(source: Sheet, column: str, sheet: Sheet, row: int) -> str:
    """The sum of a column of another sheet over the scenario and financial year of a row."""
    who, when = (sheet.cell(name, row, own=True) for name in ("Scenario", "Financial year"))
    return f"=SUMIFS({source.range(column)},{source.range('Scenario')},{who},{source.range('Financial year')},{when})"


def _by_setting(spent: Spent, placed: Sheet) -> Sheet:
    providers = read_codes().settings.set_index("setting")["provider"].to_dict()
    groups = {"In-house": "in_house", "External": "external", "Other": ""}
    sheet = Sheet(
        "Spend by setting",
        "Placements by financial year and setting, £",
        "Means over the futures, with what is spent in-house, outside, and where providers are not told apart.",
        [
            Column("Scenario", "text", width=30),
            Column("Financial year", "year"),
            *(Column(label, "pounds") for label in spent.labels),
            *(Column(group, "pounds") for group in groups),
        ],
    )
    values = _monthly_values(placed)
    for label in spent.scenarios.values():
        for year in spent.whole:
            row = len(sheet.rows)
            sums: list[Cell] = [
                Formula(_sum_ifs(placed, one, sheet, row), values[label, year, one]) for one in spent.labels
            ]
            for provider in groups.values():
                named = zip(spent.settings, spent.labels, strict=True)
                mine = [one for name, one in named if providers[name] == provider]
                added = "+".join(sheet.cell(one, row, own=True) for one in mine) or "0"
                sums.append(Formula(f"={added}", sum(values[label, year, one] for one in mine)))
            sheet.rows.append([label, year, *sums])
    return sheet
