"""Measures as a reader writes them: their meaning for their name, and their values as text."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency.history.indicators import MEASURES

_RATE = "_per_10000"
_MONTH = 365.25 / 12


def in_words(table: pd.DataFrame, columns: str) -> pd.DataFrame:
    """Measures in words by period, their values as text; what is known in no period is left out."""
    known = table[table.groupby("measure")["value"].transform("count") > 0]
    texts = [
        told(name, value, under)
        for name, value, under in zip(known["measure"], known["value"], known["denominator"], strict=True)
    ]
    return pivoted(known.assign(text=texts, measure=known["measure"].map(_words)), "measure", columns, "text")


def pivoted(table: pd.DataFrame, rows: str, columns: str, values: str) -> pd.DataFrame:
    """Rows and columns in the order in which they come."""
    wide = table.pivot_table(index=rows, columns=columns, values=values, aggfunc="first", sort=False)
    return wide.rename_axis(index=None, columns=None)


def _words(measure: str) -> str:
    """A measure's meaning, for its name in the yearly or the quarterly table."""
    name = measure.removesuffix(_RATE)
    known = next((MEASURES[one] for one in (name, f"{name}_31_march") if one in MEASURES), name)
    return per_children(known) if measure.endswith(_RATE) else known


def per_children(words: str) -> str:
    """What a measure is, as a rate."""
    return f"{words}, per 10,000 children"


def told(measure: str, value: float, under: float) -> str:
    """A measure's value as a reader writes it: a count, days, a rate or a percentage.

    >>> told("entries", 1204.0, float("nan")), told("in_house_share", 0.256, 356.0)
    ('1,204', '26%')
    """
    if np.isnan(value):
        return "–"
    if "_per_10000" in measure:
        return f"{value:,.1f}"
    if "per_child_year" in measure:
        return f"{value:.2f}"
    if np.isnan(under) or "days" in measure:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.0%}"


def months(days: float) -> str:
    """Days in care as a reader writes them, in months up to two years."""
    number = round(float(days) / _MONTH)
    if number < 2 * 12:
        return f"{number} month{'' if number == 1 else 's'}"
    return f"{number / 12:.1f} years"
