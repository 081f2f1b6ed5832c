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
    low = linprog(goal, A_eq=matrix, b_eq=np.zeros(len(counts.relations)), bounds=limits)
    high = linprog(-goal, A_eq=matrix, b_eq=np.zeros(len(counts.relations)), bounds=limits)
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
        if low > 1 + 1e-6:
            least, _ = bounds(counts, shown, key, zeros_only=True)
            assert low <= least + 1e-6
        assert high >= threshold - 1e-6


#: What a reader of the returns knows, written out again: these groups are no more than those.
NESTED = (
    (("setting/supported_accommodation",), ("age_band/16 to 17",)),
    (("age_band/0",), ("time_in_care/0 to 6 months", "time_in_care/7 to 12 months")),
    (("time_in_care/16 years and over",), ("age_band/16 to 17",)),
    (
        ("setting/in_house_fostering", "setting/in_house_home", "setting/placed_with_parents"),
        ("provider/own provision or with parents",),
    ),
    (("setting/agency_fostering", "setting/external_home"), ("provider/private", "provider/voluntary")),
)


def well_informed(counts: Counts, days: tuple[str, ...]) -> Counts:
    """The same counts for a reader who knows which groups lie within which and what superseded rows are."""
    known = Counts(dict(counts.values), set(counts.totals), list(counts.relations))
    for day in days:
        for less, more in NESTED:
            left: list[Key] = [("stock", day, *name.split("/")) for name in more]
            right: list[Key] = [("stock", day, *name.split("/")) for name in less]
            shown = [*left, *right]
            if all(key in known.values for key in shown):
                rest = sum(known.values[key] for key in left) - sum(known.values[key] for key in right)
                if rest >= 0:  # an invented child may live where no real one of its age would
                    known.balance(left, [*right, ("rest", day, *less, *more)])
    known.balance([("rows", "episodes, all years", "rows_superseded")], [("stock", day) for day in days[:-1]])
    known.balance(
        [("rows", "all tables but the episodes, all years", "rows_superseded")],
        [("superseded headers",), *(("stock", day, "uasc", "Seeking asylum") for day in days[:-1])],
    )
    return known
