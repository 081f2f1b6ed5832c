"""What the council itself decides and tells: its own tables."""

from __future__ import annotations

from sufficiency.tables.prices import Prices, prices_file, read_prices

__all__ = ["Prices", "prices_file", "read_prices"]
