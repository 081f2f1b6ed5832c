"""Plan homes for children in care: from SSDA903 returns to forecasts, plans, costs and an annex.

The names below are all that a newcomer needs; each is loaded when it is first used, so that
importing the package is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sufficiency.costs import cost, read_prices
    from sufficiency.forecast import forecast_entrants
    from sufficiency.history import build_history
    from sufficiency.plan.compare import compare
    from sufficiency.rates import estimate_rates
    from sufficiency.report import write_annex
    from sufficiency.returns import read_returns
    from sufficiency.scenario import read_scenario
    from sufficiency.simulation import simulate
    from sufficiency.trials import write_example

_HOME = {
    "read_returns": "returns",
    "build_history": "history",
    "estimate_rates": "rates",
    "forecast_entrants": "forecast",
    "read_scenario": "scenario",
    "simulate": "simulation",
    "read_prices": "costs",
    "cost": "costs",
    "compare": "plan",
    "write_example": "trials",
    "write_annex": "report",
}

__all__ = [
    "__version__",
    "build_history",
    "compare",
    "cost",
    "estimate_rates",
    "forecast_entrants",
    "read_prices",
    "read_returns",
    "read_scenario",
    "simulate",
    "write_annex",
    "write_example",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"sufficiency.{_HOME[name]}"), name)
    msg = f"module 'sufficiency' has no attribute '{name}'"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
