"""What the council itself decides and tells: its own tables, and the published statistics it stands beside."""

from __future__ import annotations

from sufficiency.tables.accounts import read_budget, read_deflators, read_ledger
from sufficiency.tables.capacity import Capacity, read_capacity
from sufficiency.tables.comparators import Comparators, read_comparators
from sufficiency.tables.council import CouncilTables, find_table, read_council_tables
from sufficiency.tables.defaults import default_prices, with_illustrative
from sufficiency.tables.fixed_costs import read_fixed_costs
from sufficiency.tables.income import read_income
from sufficiency.tables.population import read_population
from sufficiency.tables.price_lists import PriceList, read_price_list
from sufficiency.tables.prices import Prices, priced, read_prices
from sufficiency.tables.staying_put import read_staying_put
from sufficiency.tables.uplifts import read_uplifts

__all__ = [
    "Capacity",
    "Comparators",
    "CouncilTables",
    "PriceList",
    "Prices",
    "default_prices",
    "find_table",
    "priced",
    "read_budget",
    "read_capacity",
    "read_comparators",
    "read_council_tables",
    "read_deflators",
    "read_fixed_costs",
    "read_income",
    "read_ledger",
    "read_population",
    "read_price_list",
    "read_prices",
    "read_staying_put",
    "read_uplifts",
    "with_illustrative",
]
