"""What placements cost."""

from __future__ import annotations

from sufficiency.costs.spend import cost, price_a_night, summarise_spend
from sufficiency.tables import Prices, read_prices

__all__ = ["Prices", "cost", "price_a_night", "read_prices", "summarise_spend"]
