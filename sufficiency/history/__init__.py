"""History: placements, periods of care and legal statuses from returns, and what boards read off them."""

from __future__ import annotations

from sufficiency.history.build import build_history
from sufficiency.history.filters import select
from sufficiency.history.indicators import indicators
from sufficiency.history.model import History
from sufficiency.history.profile import profile

__all__ = ["History", "build_history", "indicators", "profile", "select"]
