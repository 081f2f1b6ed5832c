"""An attack on published counts by linear programming, apart from the code that protects them."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from sufficiency.report.disclosure import Counts, Key, Suppressed


def bounds(counts: Counts, shown: Suppressed, key: Key, *, zeros_only: bool = False) -> tuple[float, float]:
    """Feasible interval of one hidden count by linear programming over the whole system at once."""
    keys = sorted(set(counts.values) | {name for relation in counts.relations for name in relation})
    place = {name: number for number, name in enumerate(keys)}
    limits: list[tuple[float, float | None]] = []
    for name in keys:
        value = counts.values.get(name)
        if value is None:
            limits.append((0, None))
        elif shown.is_hidden(name) or (zeros_only and value):
            limits.append((1, None))
        else:
            limits.append((value, value))
    matrix = np.zeros((len(counts.relations), len(keys)))
    for row, relation in enumerate(counts.relations):
        for name, sign in relation.items():
            matrix[row, place[name]] = sign
    goal = np.zeros(len(keys))
    goal[place[key]] = 1
    low = linprog(goal, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=limits)
    high = linprog(-goal, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=limits)
    assert low.status == 0
    return float(str(low.fun)), np.inf if high.status == 3 else -float(str(high.fun))


def audit(counts: Counts, shown: Suppressed, threshold: int = 5) -> None:
    for key, value in counts.values.items():
        if value == 0:
            assert shown.text(key) == "0"
        elif value <= threshold:
            assert shown.text(key) == "c"
    for key in shown.hidden:
        low, high = bounds(counts, shown, key)
        least, _ = bounds(counts, shown, key, zeros_only=True)
        assert low <= max(1, least) + 1e-6
        assert high >= threshold - 1e-6
