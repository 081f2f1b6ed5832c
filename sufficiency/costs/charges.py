"""What a council pays by: prices, fixed costs and income together, so that every command tells the same money."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sufficiency.costs.spend import Costs, cost_plan
from sufficiency.simulation import Outcome
from sufficiency.tables import CouncilTables, Prices

_INCOME = "income"


@dataclass(frozen=True)
class Charges:
    """The council's tables that turn nights into pounds.

    Attributes
    ----------
    prices
        Of placements, with their uplifts and price lists.
    fixed_costs, income
        The council's tables; None where it gave none.
    """

    prices: Prices
    fixed_costs: pd.DataFrame | None = None
    income: pd.DataFrame | None = None

    def __repr__(self) -> str:
        given = {"fixed costs": self.fixed_costs, "income": self.income}
        return f"Charges({', '.join(['prices', *(name for name, table in given.items() if table is not None)])})"

    def costs(self, outcome: Outcome, *, draw_prices: bool = True) -> Costs:
        """Everything that a plan costs, as :func:`~sufficiency.costs.cost_plan` does.

        Raises
        ------
        UserError
            When children in care live where there is no price, or a cost counts places that nobody knows.
        """
        return cost_plan(
            outcome, self.prices, fixed_costs=self.fixed_costs, income=self.income, draw_prices=draw_prices
        )


def charges_of(tables: CouncilTables) -> Charges | None:
    """What a council pays by; None without prices."""
    if tables.prices is None:
        return None
    return Charges(tables.prices, tables.fixed_costs, tables.income)


def gross(spend: pd.DataFrame) -> pd.DataFrame:
    """Spend before income, by year or month: what comparisons, targets and the annex call spend.

    Income would tell how many children seek asylum, whom grants follow.
    """
    return spend[spend["kind"] != _INCOME]
