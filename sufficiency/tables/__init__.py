"""What the council itself decides and tells: its own tables, and the published statistics it stands beside."""

from __future__ import annotations

from sufficiency.tables.capacity import Capacity, read_capacity
from sufficiency.tables.comparators import Comparators, read_comparators
from sufficiency.tables.council import CouncilTables, find_table, read_council_tables
from sufficiency.tables.population import read_population
from sufficiency.tables.prices import Prices, read_prices
from sufficiency.tables.staying_put import read_staying_put

__all__ = [
    "Capacity",
    "Comparators",
    "CouncilTables",
    "Prices",
    "find_table",
    "read_capacity",
    "read_comparators",
    "read_council_tables",
    "read_population",
    "read_prices",
    "read_staying_put",
]
