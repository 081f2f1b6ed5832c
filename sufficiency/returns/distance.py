"""How far from home a placement is, and whether outside the authority, where a return says so.

The Department for Education works PL_DISTANCE (miles) and PL_LOCATION (IN or OUT) out from the
postcodes; councils do not send them, and some extracts carry them.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.returns.columns import Bools

#: Longer than any way within the United Kingdom. Assumption.
MOST_MILES = 1000
IN, OUT = "IN", "OUT"

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def read_miles(text: pd.Series) -> npt.NDArray[np.float64]:
    """Miles of a text column; NaN where there is nothing, or no number from 0 to :data:`MOST_MILES`."""
    where, different = pd.factorize(text)
    return np.array([_miles(item) for item in different], dtype=np.float64)[where]


def _miles(text: str) -> float:
    miles = float(text) if _NUMBER.fullmatch(text) else np.nan
    return miles if miles <= MOST_MILES else np.nan


def distance_wrong(rows: pd.DataFrame, _: object) -> Bools:
    """A distance that is no number of miles, or no possible one."""
    said = rows["PL_DISTANCE"].ne("").to_numpy(bool)
    return np.asarray(said & np.isnan(rows["distance_miles"].to_numpy(np.float64)))


def location_unknown(rows: pd.DataFrame, _: object) -> Bools:
    """A location that is neither in nor out of the authority."""
    return ~rows["PL_LOCATION"].isin(("", IN, OUT)).to_numpy(bool)
