"""Plans side by side, and the places that are missing."""

from __future__ import annotations

from sufficiency.plan.compare import between_plans, compare, compare_indicators, same_results
from sufficiency.plan.gaps import Gaps, find_gaps
from sufficiency.plan.means import Means, estimate_means

__all__ = [
    "Gaps",
    "Means",
    "between_plans",
    "compare",
    "compare_indicators",
    "estimate_means",
    "find_gaps",
    "same_results",
]
