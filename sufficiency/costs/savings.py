"""What a plan saves, what it costs to deliver, and when and how surely it pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.costs.accounts import Opening
from sufficiency.costs.spend import Costs
from sufficiency.errors import UserError

Floats = npt.NDArray[np.float64]

#: Social time preference rate (HM Treasury, The Green Book, 2022, annex 6).
DISCOUNT_RATE = 0.035
#: Rise of the GDP deflator where the council gives none: the Bank of England's target for consumer prices,
#: taken for it (an assumption).
DEFLATOR = 2.0
_MONTHS = 12
ANNUAL_COLUMNS = (
    "scenario",
    "financial_year",
    "months",
    "gross",
    "delivery",
    "net",
    "net_p10",
    "net_p50",
    "net_p90",
    "cashable",
    "avoided",
    "cumulative_net",
    "present_value",
)


@dataclass(frozen=True)
class OptimismBias:
    """By how much a plan's figures are made worse before it is judged, as shares.

    Attributes
    ----------
    one_off
        Added to what is paid once: 24 % is the upper bound for standard buildings (HM Treasury, Green Book
        supplementary guidance: optimism bias, after Mott MacDonald, 2002).
    delivery
        Added to what is paid by the year (an assumption).
    saving
        Taken off gross savings (an assumption); added to what a plan costs more in a future in which it saves nothing.
    """

    one_off: float = 0.24
    delivery: float = 0.10
    saving: float = 0.15


@dataclass(frozen=True)
class Case:
    """A plan judged under one set of stated percentages.

    Attributes
    ----------
    bias
        None: as planned.
    net_present_value, low, high
        Mean and P10 to P90 over replications, pounds at the prices of the year of the first month.
    chance_positive
        Share of replications whose net present value is above nought.
    chance_by_year
        Share of replications that have paid within 1, 2, … years of the plan's first money and stay paid, up to the
        end of the years simulated.
    payback
        First month from which the plan has paid and stays paid: median; None unless more than half pay.
    payback_low, payback_high
        P10 and P90 of that month over all replications, those that do not pay coming last; None where not paid.
    switching_value
        Share of the modelled saving at which the mean net present value is nought: at 0.6 the plan breaks even
        with six tenths of its saving. None where it saves nothing; infinite for none.
    full_year_effect
        Mean net recurring saving of the last whole financial year: what a settled year brings.
    """

    bias: OptimismBias | None
    net_present_value: float
    low: float
    high: float
    chance_positive: float
    chance_by_year: tuple[float, ...]
    payback: pd.Timestamp | None
    payback_low: pd.Timestamp | None
    payback_high: pd.Timestamp | None
    switching_value: float | None
    full_year_effect: float

    @property
    def pays(self) -> bool:
        """Whether more than half of the futures have paid by the end."""
        return self.payback is not None


@dataclass(frozen=True)
class Savings:
    """What a plan saves against the baseline.

    Attributes
    ----------
    scenario
        The plan.
    annual
        :data:`ANNUAL_COLUMNS` by financial year, means over replications in cash.
    planned, biased
        The plan as it stands, and after optimism bias.
    cumulative
        Net saving to date of every replication, shape (replications, months).
    months
        First days of the months.
    """

    scenario: str
    annual: pd.DataFrame
    planned: Case
    biased: Case
    cumulative: Floats
    months: pd.DatetimeIndex

    def __repr__(self) -> str:
        return f"Savings({self.verdict()})"

    def verdict(self) -> str:
        """Whether the plan pays, and what to hold against the answer."""
        last = f"{self.months[-1]:%B %Y}"
        share = self.planned.chance_by_year[-1]
        free = "" if self.annual["delivery"].any() else " No cost of delivering it was given."
        if self.planned.payback is None:
            return f"The plan does not pay by {last}: in {share:.0%} of the futures it does.{free}"
        when = f"{self.planned.payback:%B %Y}"
        said = f"The plan pays by {when} (middle of the futures); by {last} it has paid in {share:.0%} of them.{free}"
        return said if self.biased.pays else f"{said} After optimism bias it does not."


def savings(
    plan: Costs,
    baseline: Costs,
    *,
    opening: Opening | None = None,
    deflators: pd.DataFrame | None = None,
    bias: OptimismBias | None = None,
) -> Savings:
    """What a plan saves against the baseline, future by future with the same luck.

    Gross saving is less spent on placements, income lost or won with it; delivery is what the plan invests and
    the fixed costs it adds; net is gross less delivery.

    Parameters
    ----------
    opening
        The last year of the past: what takes spend below its nights at the prices of the year is cashable,
        the rest of a saving is growth avoided. Without it that is not told (NaN).
    deflators
        financial_year and percent; :data:`DEFLATOR` a year where a year has none before it.
    bias
        Percentages of the second case; :class:`OptimismBias` as it comes when left out.

    Raises
    ------
    UserError
        When the two were not costed over the same months and replications.
    """
    if plan.nights.shape != baseline.nights.shape or not np.array_equal(plan.months, baseline.months):
        raise UserError(["Only plans costed over the same months and replications can be compared."])
    gross = baseline.total("placement", "income") - plan.total("placement", "income")
    fixed = plan.total("fixed") - baseline.total("fixed")
    once = plan.one_off - baseline.one_off
    by_year = plan.total("investment") - baseline.total("investment") - once + fixed
    discount = _discount(plan, deflators)
    chosen = bias or OptimismBias()
    stated = OptimismBias(0.0, 0.0, 0.0)
    planned = _case(plan, gross, once, by_year, discount, stated)
    net = gross - by_year - once
    return Savings(
        scenario=plan.scenario,
        annual=_annual(plan, baseline, opening, gross, by_year + once, discount),
        planned=planned,
        biased=_case(plan, gross, once, by_year, discount, chosen),
        cumulative=np.cumsum(net, axis=1),
        months=dates.to_dates(dates.month_start(plan.months)),
    )


def _case(plan: Costs, gross: Floats, once: Floats, by_year: Floats, discount: Floats, bias: OptimismBias) -> Case:
    saved = _made_worse(gross, discount, bias.saving)
    yearly = -_made_worse(-by_year, discount, bias.delivery)
    delivery = yearly - _made_worse(-once[None], discount, bias.one_off)
    net = saved - delivery
    values = (net * discount).sum(axis=1)
    benefit, cost = float((saved * discount).sum(axis=1).mean()), float((delivery * discount).sum(axis=1).mean())
    paid = paid_from(np.cumsum(net, axis=1))
    begins = _first_money(net)
    horizon = net.shape[1]
    years = range(_MONTHS, horizon + _MONTHS, _MONTHS)
    low, middle, high = (_month(plan, paid, share) for share in (0.1, 0.5, 0.9))
    plain = bias == OptimismBias(0.0, 0.0, 0.0)
    return Case(
        bias=None if plain else bias,
        net_present_value=float(values.mean()),
        low=float(np.percentile(values, 10)),
        high=float(np.percentile(values, 90)),
        chance_positive=float((values > 0).mean()),
        chance_by_year=tuple(float((paid < min(begins + months, horizon)).mean()) for months in years),
        payback=middle if (paid < horizon).mean() > 0.5 else None,  # noqa: PLR2004 - a median only above half
        payback_low=low,
        payback_high=high,
        switching_value=None if benefit <= 0 else max(cost, 0.0) / benefit,
        full_year_effect=_full_year(plan, saved - yearly),
    )


def _made_worse(gains: Floats, discount: Floats, share: float) -> Floats:
    """Gains of each future (replications, months) so much less, or losses so much more.

    A share taken off whatever its sign would make light of what a plan costs, and call that caution.
    """
    worth = np.sign((gains * discount).sum(axis=1, keepdims=True))
    return np.asarray(gains * (1 - share * worth))


def paid_from(cumulative: Floats) -> npt.NDArray[np.int64]:
    """First month from which cumulative net saving is at or above nought for good; the number of months for never.

    A plan that never owes has paid from the first month in which it saves; one that ends with nothing saved
    has not paid.

    >>> paid_from(np.array([[-2.0, -1.0, 1.0], [-1.0, 1.0, -1.0], [0.0, 1.0, 2.0], [0.0, 0.0, 0.0]])).tolist()
    [2, 3, 1, 3]
    """
    months = cumulative.shape[1]
    owing = cumulative <= 0
    last_owing = months - 1 - np.argmax(owing[:, ::-1], axis=1)
    paid: npt.NDArray[np.int64] = np.where(owing.any(axis=1), last_owing + 1, 0)
    return paid


def _first_money(net: Floats) -> int:
    """The first month in which a plan makes any difference to money."""
    return int(np.argmax((net != 0).any(axis=0)))


def _month(plan: Costs, paid: npt.NDArray[np.int64], share: float) -> pd.Timestamp | None:
    """The month by which so great a share of the futures has paid; None beyond the horizon."""
    found = int(np.percentile(paid, 100 * share, method="higher"))
    if found >= len(plan.months):
        return None
    return dates.to_dates(dates.month_start(plan.months[found : found + 1]))[0]


def discounting(years: list[str], deflators: pd.DataFrame | None) -> pd.DataFrame:
    """What turns cash of each financial year into present value at the prices of the first.

    Parameters
    ----------
    years
        In order, without a gap.

    Returns
    -------
    financial_year, percent (rise of the deflator on the year before; nought in the first), level, factor: to
    the prices of the first year, then 3.5 % a year, flows at mid-year.
    """
    given = {} if deflators is None else dict(zip(deflators["financial_year"], deflators["percent"], strict=True))
    rises = []
    for number, year in enumerate(years):
        known = [percent for name, percent in given.items() if name <= year]
        rises.append((float(known[-1]) if known else DEFLATOR) if number else 0.0)
    level = np.cumprod(1 + np.array(rises) / 100)
    factor = 1 / level / (1 + DISCOUNT_RATE) ** (np.arange(len(years)) + 0.5)
    return pd.DataFrame({"financial_year": years, "percent": rises, "level": level, "factor": factor})


def _discount(plan: Costs, deflators: pd.DataFrame | None) -> Floats:
    """Factor of each month."""
    table = discounting([str(year) for year in plan.years], deflators)
    by_year = dict(zip(table["financial_year"], table["factor"], strict=True))
    return np.array([by_year[year] for year in dates.financial_years(dates.month_start(plan.months))])


def _full_year(plan: Costs, recurring: Floats) -> float:
    whole = plan.whole_years
    if not whole:
        return float("nan")
    at = plan.years.tolist().index(whole[-1])
    return float(plan.yearly(recurring)[:, at].mean())


def _annual(
    plan: Costs, baseline: Costs, opening: Opening | None, gross: Floats, delivery: Floats, discount: Floats
) -> pd.DataFrame:
    """The savings by financial year."""
    saved, spent = plan.yearly(gross), plan.yearly(delivery)
    net = saved - spent
    low, middle, high = np.percentile(net, [10, 50, 90], axis=0)
    cashable = _cashable(plan, baseline, opening, saved)
    counts = np.unique(dates.financial_years(dates.month_start(plan.months)), return_counts=True)[1]
    return pd.DataFrame(
        {
            "scenario": plan.scenario,
            "financial_year": plan.years,
            "months": counts,
            "gross": saved.mean(axis=0),
            "delivery": spent.mean(axis=0),
            "net": net.mean(axis=0),
            "net_p10": low,
            "net_p50": middle,
            "net_p90": high,
            "cashable": cashable,
            "avoided": saved.mean(axis=0) - cashable,
            "cumulative_net": np.cumsum(net.mean(axis=0)),
            "present_value": plan.yearly((gross - delivery) * discount).mean(axis=0),
        }
    )[list(ANNUAL_COLUMNS)]


def _cashable(plan: Costs, baseline: Costs, opening: Opening | None, saved: Floats) -> Floats:
    """Mean part of a gross saving that takes spend below the opening year's nights at the year's prices.

    A budget can be cut by that; the rest is growth that does not come. What a plan costs more is all cash.
    """
    if opening is None:
        return np.full(saved.shape[1], np.nan)
    cared = len(opening.codes.in_care)
    behind = np.subtract(*dates.year_bounds(int(opening.year[:4]) + 1)[::-1]) + 1
    nightly = opening.nights / behind
    days = dates.month_start(plan.months + 1) - dates.month_start(plan.months)
    held = ((baseline.price[:, :cared] * nightly).sum(axis=1) * days)[None]
    # Nights at the price of a night on both sides: what a block has paid for, or chance has made dear, is no cut.
    now = (plan.price * plan.nights)[:, :, :cared].sum(axis=2)
    below = np.maximum(plan.yearly(held) - plan.yearly(now), 0.0)
    part: Floats = np.where(saved > 0, np.minimum(saved, below), saved).mean(axis=0)
    return part
