"""What placements cost."""

from __future__ import annotations

from sufficiency.costs.spend import cost, summarise_spend
from sufficiency.tables import Prices, read_prices

__all__ = ["Prices", "cost", "read_prices", "summarise_spend"]
