"""Prices that come with the package: published figures only, for whoever has none of their own yet."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from io import StringIO

import pandas as pd

from sufficiency.codes import Codes
from sufficiency.tables.ages import OLDEST
from sufficiency.tables.prices import COLUMNS, Prices, priced

ILLUSTRATIVE = "illustrative"
#: What a grade of a shipped price means.
GRADES = {
    "A": "one council's own accounts, for this setting alone",
    "B": "a national figure, or one that moves much from year to year",
    "C": "a figure for several settings together, or with a very wide range",
}


def default_prices() -> pd.DataFrame:
    """The shipped figures: setting, financial_year, pounds_per_week, grade (:data:`GRADES`), source.

    They are not raised to a later year. A setting without a row has no published figure worth the name.
    """
    text = files("sufficiency").joinpath("tables", "default_prices.csv").read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text))


def with_illustrative(prices: Prices | None, codes: Codes) -> Prices:
    """Prices with shipped figures where there are none, each marked as illustrative.

    A setting in care for which nothing is published either is left out of spend knowingly
    (:attr:`Prices.left_out`).
    """
    given = prices or priced_nothing()
    have = set(given.table["setting"])
    shipped = default_prices()
    added = shipped[~shipped["setting"].isin(have) & shipped["setting"].isin(codes.all_settings)]
    rows = pd.DataFrame(
        {
            "setting": added["setting"],
            "from": pd.to_datetime(added["financial_year"].str[:4] + "-04-01").astype("datetime64[s]"),
            "pounds_per_week": added["pounds_per_week"].astype(float),
            "status": ILLUSTRATIVE,
            "source": added["source"] + " (" + added["financial_year"] + ", grade " + added["grade"] + ")",
            "age_from": 0,
            "age_to": OLDEST,
        }
    )[list(COLUMNS)]
    both = [table for table in (given.table, rows) if len(table)]
    table = pd.concat(both, ignore_index=True).sort_values(["setting", "from", "age_from"], kind="stable")
    left_out = frozenset(codes.in_care) - set(table["setting"])
    return replace(given, table=table.reset_index(drop=True), left_out=left_out)


def priced_nothing() -> Prices:
    """A prices table without a row."""
    empty = Prices(pd.DataFrame({name: [] for name in COLUMNS}))
    return priced(empty, (), None) or empty
