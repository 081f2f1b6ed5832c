"""What placements cost."""

from __future__ import annotations

from sufficiency.costs.charges import Charges, charges_of, gross
from sufficiency.costs.money import NO_MONEY, Money, count_money
from sufficiency.costs.spend import Costs, cost, cost_plan, price_a_night
from sufficiency.costs.summary import spend_tables, summarise_spend
from sufficiency.tables import Prices, read_prices

__all__ = [
    "NO_MONEY",
    "Charges",
    "Costs",
    "Money",
    "Prices",
    "charges_of",
    "cost",
    "cost_plan",
    "count_money",
    "gross",
    "price_a_night",
    "read_prices",
    "spend_tables",
    "summarise_spend",
]
