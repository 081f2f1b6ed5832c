"""Forecasts by the package cs-demand-model 0.5.1, run by a Python that has it (with pandas 1.x; it is no dependency).

Reads jobs as JSON from standard input, ``[{"folder": …, "origin": "2024-03-31", "months": 24}, …]``, and writes for
each the children in care at the origin and at every month end after it, as the package counts and forecasts them,
with the processor seconds that reading and forecasting took; ``null`` with the kind of error where it stops.

Its rates and entries are those of the year before the origin. It gives one number a day and no range.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import pandas as pd

warnings.simplefilter("ignore")


def forecast(folder: str, origin: str, months: int) -> dict[str, object]:
    """Children in care at the origin and at month ends after it."""
    from cs_demand_model import DemandModellingDataContainer, ModelPredictor, PopulationStats  # noqa: PLC0415
    from cs_demand_model.config import Config  # noqa: PLC0415
    from cs_demand_model.datastore import fs_datastore  # noqa: PLC0415

    begun, config = time.process_time(), Config()
    container = DemandModellingDataContainer(fs_datastore(folder), config)
    stats = PopulationStats(container.enriched_view, config)
    read, end = time.process_time(), pd.Timestamp(origin)
    ends = [end + pd.offsets.MonthEnd(ahead) for ahead in range(1, months + 1)]
    model = ModelPredictor.from_model(stats, end - pd.DateOffset(years=1), end)
    states = model.predict((ends[-1] - end).days)
    # Whoever has left care stays in its table, in states of their own.
    cared = [state for state in states.columns if state[1] != config.PlacementCategories.NOT_IN_CARE.name]
    daily = states[cared].sum(axis=1)
    return {
        "start": float(model.initial_population.sum()),
        "ends": [float(daily.loc[day]) for day in ends],
        "read": read - begun,
        "forecast": time.process_time() - read,
    }


def main() -> None:
    """Do every job."""
    found = []
    for job in json.load(sys.stdin):
        # Whatever stops it is its result.
        try:
            found.append(forecast(**job))
        except Exception as problem:
            found.append({"stopped": type(problem).__name__})
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
