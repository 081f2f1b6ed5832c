"""What single placements of a setting cost: a lognormal distribution fitted to a list of actual prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Problem, UserError
from sufficiency.tables.files import check_names, parsed, read_month_start, read_pounds, read_table

FILE = "price_list.csv"
#: How a price is known: the council's own, printed by somebody, a round figure to work with, or made up.
STATUSES = ("own", "published", "illustrative", "invented")
#: Fewer prices tell little of how far they spread.
FEWEST = 5
#: Pounds a week above which the Local Government Association counts a placement as high-cost (survey of 2022/23).
HIGH_COST = 10_000.0
_COLUMNS = ("setting", "from", "pounds_per_week", "status")


@dataclass(frozen=True)
class PriceList:
    """The prices of single placements of one setting, fitted by maximum likelihood.

    Attributes
    ----------
    setting, start, status
        Whose prices, at which date (the first of a month), and how they are known.
    placements
        How many prices.
    mean, highest
        Of the list itself, pounds a week.
    mu, sigma
        Mean and standard deviation (divisor n - 1) of the logarithms.
    """

    setting: str
    start: pd.Timestamp
    status: str
    placements: int
    mean: float
    highest: float
    mu: float
    sigma: float

    @property
    def fitted_mean(self) -> float:
        """Mean of the fitted distribution, exp(mu + sigma²/2)."""
        return float(np.exp(self.mu + self.sigma**2 / 2))

    @property
    def log_mean_error(self) -> float:
        """Standard error of the logarithm of the fitted mean.

        Cox's method: sqrt(s²/n + s⁴/(2(n - 1))) (Zhou and Gao, Confidence intervals for the log-normal
        mean, Statistics in Medicine 16, 1997).
        """
        variance = self.sigma**2
        return float(np.sqrt(variance / self.placements + variance**2 / (2 * (self.placements - 1))))

    @property
    def relative_variance(self) -> float:
        """Variance of one placement's price as a share of the squared mean, exp(sigma²) - 1."""
        return float(np.expm1(self.sigma**2))

    def quantile(self, share: float | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Pounds a week below which a share of placements lies."""
        return np.asarray(np.exp(self.mu + self.sigma * norm.ppf(share)), dtype=np.float64)

    def share_above(self, pounds: float = HIGH_COST) -> float:
        """Share of placements dearer than so much a week."""
        return float(norm.sf(np.log(pounds), self.mu, self.sigma)) if self.sigma > 0 else float(self.mean > pounds)


def read_price_list(path: Path | str, *, codes: Codes | None = None) -> tuple[PriceList, ...]:
    """Read actual prices of placements, one row each, and fit every setting's.

    Parameters
    ----------
    path
        A CSV with setting, from (the date of the list, the first of a month), pounds_per_week, status and, if
        wished, source; or its folder. It names no child.

    Raises
    ------
    UserError
        With every problem: unknown settings or statuses, dates that are not the first of a month, amounts
        that are none or 0, fewer than five prices of a setting, two dates or statuses of one setting.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, _COLUMNS)
    problems: list[Problem] = []
    check_names(table, "setting", (codes or read_codes()).all_settings, "a setting", file.name, problems)
    check_names(table, "status", STATUSES, "a status", file.name, problems)
    starts = parsed(table, "from", file.name, problems, read_month_start, "the first of a month (write 2026-04-01)")
    pounds = parsed(table, "pounds_per_week", file.name, problems, _above_nought, "an amount in pounds above 0")
    read = pd.DataFrame({"setting": table["setting"], "from": starts, "status": table["status"], "pounds": pounds})
    for setting, rows in read.groupby("setting", sort=True):
        if len(rows) < FEWEST:
            told = f"{setting} has {len(rows)} prices; a distribution needs at least {FEWEST}."
            problems.append(Problem(told, file.name, None, "setting"))
        for column, what in (("from", "date"), ("status", "status")):
            if len(set(rows[column])) > 1:
                told = f"{setting} has more than one {what}; one list holds the prices of one {what}."
                problems.append(Problem(told, file.name, None, column))
    if problems:
        raise UserError(problems)
    return tuple(_fitted(str(setting), rows) for setting, rows in read.groupby("setting", sort=True))


def _fitted(setting: str, rows: pd.DataFrame) -> PriceList:
    pounds = rows["pounds"].to_numpy(np.float64)
    logs = np.log(pounds)
    return PriceList(
        setting=setting,
        start=pd.Timestamp(rows["from"].iloc[0]),
        status=str(rows["status"].iloc[0]),
        placements=len(pounds),
        mean=float(pounds.mean()),
        highest=float(pounds.max()),
        mu=float(logs.mean()),
        sigma=float(logs.std(ddof=1)),
    )


def _above_nought(text: str) -> float:
    value = read_pounds(text)
    if value == 0:
        raise ValueError(text)
    return value
