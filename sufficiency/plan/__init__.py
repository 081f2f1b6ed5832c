"""Plans side by side."""

from __future__ import annotations

from sufficiency.plan.compare import compare, same_results

__all__ = ["compare", "same_results"]
