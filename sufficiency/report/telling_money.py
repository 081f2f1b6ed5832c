"""Plans whose money would tell of a few children, and so is not published.

Pounds are shown to the nearest thousand, a child-year costs many: a difference in pounds that is nearly all that of
one small type of placement, divided by its price, is the number of children in it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from sufficiency.report.disclosure import Rules
from sufficiency.report.finished import Finished, settings

#: A type of placement that makes up more than this share of a plan's differences could be told from their sum.
DOMINANT = 0.8


@dataclass(frozen=True)
class Untold:
    """Plans whose money is left out.

    Attributes
    ----------
    money
        Plans whose spend, difference in pounds and payback are left out: one small setting makes up nearly all.
    payback
        Plans of which only the payback is left out: it holds income, which follows children whose number is hidden.
    """

    money: frozenset[str] = frozenset()
    payback: frozenset[str] = frozenset()


def untold(run: Finished, paid: pd.DataFrame, alone: Collection[str], rules: Rules, *, income: bool) -> Untold:
    """Decide which plans' money may not be shown.

    Parameters
    ----------
    paid
        scenario, replication, financial_year, setting, kind, pounds.
    alone
        Settings whose projections are shown under their own name.
    income
        Whether income may be shown.
    """
    table = run.frame("plan/comparison") if run.has("plan/comparison") else pd.DataFrame()
    money = _of_one_small_setting(table, alone, rules) if len(table) else frozenset()
    return Untold(money, frozenset() if income else _income_moved(paid, rules))


def _of_one_small_setting(table: pd.DataFrame, alone: Collection[str], rules: Rules) -> frozenset[str]:
    mine = table[(table["measure"] == "pounds") & table["setting"].isin(settings())]
    mine = mine.assign(size=mine["difference"].abs())
    whole = mine.groupby(["scenario", "period"])["size"].transform("sum")
    few = ~mine["setting"].isin(list(alone))
    seen = mine["size"] >= rules.round_pounds / 2
    return frozenset(mine.loc[few & seen & (mine["size"] > DOMINANT * whole), "scenario"])


def _income_moved(paid: pd.DataFrame, rules: Rules) -> frozenset[str]:
    """Plans whose mean income of some year is not the baseline's, to what is shown of pounds."""
    own = paid[paid["kind"] == "income"]
    if own.empty:
        return frozenset()
    yearly = own.pivot_table(
        index="scenario", columns="financial_year", values="pounds", aggfunc="sum", fill_value=0.0
    ).reindex(sorted(set(paid["scenario"])), fill_value=0.0)
    apart = (yearly - yearly.loc["baseline"]).abs() / paid["replication"].nunique()
    return frozenset(apart.index[(apart >= rules.round_pounds / 2).any(axis=1)])
