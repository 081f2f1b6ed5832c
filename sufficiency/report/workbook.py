"""The workbook for finance: every table of money, with formulas where a person would change a number."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sufficiency.costs.savings import DISCOUNT_RATE
from sufficiency.report.finished import Finished, long_date, prices_in_words, read_finished
from sufficiency.report.ranges import range_sheet
from sufficiency.report.workbook_paper import Column, Paper, Sheet
from sufficiency.report.workbook_plans import ahead_sheets, book_sheets, list_sheets, mix_sheets, plan_sheets
from sufficiency.report.workbook_spend import Spent, price_sheets, read_spent, spend_sheets

NAME = "workbook.xlsx"
_NOTES = (
    "Not for publication: small numbers are not hidden in this workbook.",
    "Shaded cells may be changed; the sheets of spend and savings follow. Everything else comes from the run.",
    "A night costs a week's price divided by 7. The night of a move belongs to the new placement.",
    "A year has 365 or 366 nights. Prices change on the first of a month.",
    "Sums here are of means over the simulated futures. Nothing is rounded but in how it is shown.",
    (
        "Percentiles are those of the run: of sums, never sums of percentiles. What they hold (chance, the model's"
        " parameters, prices) stands on the sheet Spend by year, and what each adds on the sheet Ranges."
    ),
    "An error is that of having played so many futures and not more (one standard error).",
    "Marginal: the price of one more night. Gross: with fixed costs and investment. Net: less income.",
    (
        "Fixed costs are paid in twelfths. A block contract is paid for the greater of the share used and the share"
        " guaranteed; nights in it cost nothing more."
    ),
    (
        "Present values: cash at mid-year, turned to the first year's prices by the deflators, then discounted by 3.5 %"
        " a year (HM Treasury, The Green Book, 2022)."
    ),
    (
        "A plan has paid from the month from which its net saving to date stays above nought. Its middle date is"
        " given only where more than half of the futures have paid within the years simulated."
    ),
    (
        "Cashable savings take spend below the opening year's nights at the year's prices; the rest is growth that does"
        " not come."
    ),
    (
        "Optimism bias makes the case worse by the percentages on the sheet Payback: once, 24 % (HM Treasury, Green"
        " Book supplementary guidance, upper bound for standard buildings); the others are assumptions."
    ),
)


def write_workbook(folder: Path | str) -> Path | None:
    """Write a finished run's ``internal/workbook.xlsx``.

    Returns
    -------
    Its path; None where the run has no prices.
    """
    run = read_finished(folder)
    if not run.has("money/summary"):
        return None
    path = run.folder / "internal" / NAME
    sheets = all_sheets(run)
    created = datetime.fromisoformat(str(run.manifest.get("created", "2000-01-01"))).replace(tzinfo=None)
    paper = Paper(str(path), created, f"Money: {run.authority}", mark_of(run))
    for sheet in sheets:
        paper.write(sheet)
    paper.close()
    return path


def mark_of(run: Finished) -> str:
    """What every sheet says of data and prices that are no council's own."""
    said = ["Invented data."] if run.invented else []
    kinds = prices_in_words(run)
    return " ".join([*said, *([f"{kinds[:1].upper()}{kinds[1:]} prices."] if kinds else [])])


def all_sheets(run: Finished) -> list[Sheet]:
    """Every sheet, the cover first."""
    spent = read_spent(run)
    prices = price_sheets(run, spent)
    spend = spend_sheets(run, spent, prices[-1])
    yearly = spend[-2]
    body = [
        *prices[:2],
        spend[3],
        yearly,
        spend[-1],
        *range_sheet(run, spent),
        *plan_sheets(run, spent, yearly),
        *ahead_sheets(run, spent),
        *book_sheets(run),
        *mix_sheets(run),
        *list_sheets(run),
        *spend[:3],
        spend[4],
        prices[2],
    ]
    after = [_notes(), _assumptions(run, spent), *body]
    return [_cover(run, after), *after]


def _cover(run: Finished, sheets: list[Sheet]) -> Sheet:
    until = long_date(run.origin)
    return Sheet(
        "Cover",
        f"What homes will cost: {run.authority}",
        f"Returns to {until}; {run.manifest['replications']:,} futures of each scenario. Keep inside the council.",
        [Column("Sheet", "link"), Column("What it holds", "text", width=90)],
        [[sheet.name, sheet.title] for sheet in sheets],
    )


def _notes() -> Sheet:
    columns = [Column("Note", "text", width=8), Column("Text", "text", width=120)]
    rows = [[str(number), text] for number, text in enumerate(_NOTES, start=1)]
    return Sheet("Notes", "Notes", "How to read the sheets.", columns, [list(row) for row in rows])


def _assumptions(run: Finished, spent: Spent) -> Sheet:
    sheet = Sheet(
        "Assumptions",
        "Assumptions that hold for every sheet",
        "Shaded values may be changed; formulas call them by the name in the first column.",
        [
            Column("Name", "text", width=24),
            Column("Value", "factor", input=True),
            Column("What it is", "text", width=90),
        ],
    )
    sheet.rows = [
        ["further_inflation", 0.0, "A further rise of every price at the start of each financial year after the first"],
        ["discount_rate", DISCOUNT_RATE, "Real discount rate a year (HM Treasury, The Green Book, 2022)"],
    ]
    sheet.named = {str(row[0]): ("Value", number, number) for number, row in enumerate(sheet.rows)}
    horizon = f"{spent.whole[0]} to {spent.whole[-1]}"
    sheet.rows.append(["seed", float(run.manifest["seed"]), f"Of the run's random numbers; financial years {horizon}"])
    return sheet
