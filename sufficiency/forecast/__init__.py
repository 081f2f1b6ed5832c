"""Who will enter care: monthly first entrants by group, as sample paths."""

from __future__ import annotations

from sufficiency.forecast.entrants import EntrantForecast, forecast_entrants, summarise_entrants
from sufficiency.forecast.scores import crps

__all__ = ["EntrantForecast", "crps", "forecast_entrants", "summarise_entrants"]
