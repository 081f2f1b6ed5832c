"""What any mix of placements costs for the same children, and the cheapest and dearest for each in-house share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.codes import TYPES, Codes
from sufficiency.costs.spend import Costs
from sufficiency.errors import UserError, nearest

Floats = npt.NDArray[np.float64]

MIX_COLUMNS = ("setting", "nights_today", "nights", "pounds_per_week", "pounds_today", "pounds", "difference")
FRONTIER_COLUMNS = ("in_house_share", "least", "most", "today")
_WEEK = 7


def year_mix(costs: Costs, year: str, *, full: bool = False) -> pd.DataFrame:
    """Mean nights and price of each setting in care in a financial year: setting, nights, pounds, pounds_per_week.

    Parameters
    ----------
    full
        With the setting's fixed costs (what a place costs in all), else the price of a night alone.

    Raises
    ------
    UserError
        When the year is not one of the plan.
    """
    years = [str(name) for name in costs.years]
    if year not in years:
        raise UserError([f"'{year}' is not among the financial years.{nearest(year, years)}"])
    at, cared = years.index(year), costs.codes.in_care
    nights = costs.yearly(costs.nights)[:, at, : len(cared)].mean(axis=0)
    kinds = ("placement", "fixed") if full else ("placement",)
    pounds = np.sum([costs.yearly(costs.pounds[kind])[:, at, : len(cared)].mean(axis=0) for kind in kinds], axis=0)
    weekly = np.divide(pounds, nights, out=np.full_like(pounds, np.nan), where=nights > 0) * _WEEK
    return pd.DataFrame({"setting": cared, "nights": nights, "pounds": pounds, "pounds_per_week": weekly})


def mix_cost(mix: pd.DataFrame, shares: Mapping[str, float]) -> pd.DataFrame:
    """What other shares of the settings would cost at the same number of nights.

    Parameters
    ----------
    mix
        From :func:`year_mix`.
    shares
        Share of all nights by setting; settings that are not named keep the rest, in proportion to today.

    Returns
    -------
    :data:`MIX_COLUMNS`, one row a setting and ``all``.

    Raises
    ------
    UserError
        When a setting does not exist, shares are below nought or above 1 together, a setting without a price
        today is given nights, or nobody is left to take the rest.
    """
    table = mix.set_index("setting")
    unknown = [name for name in shares if name not in table.index]
    if unknown:
        raise UserError([f"'{name}' is not a setting in care.{nearest(name, list(table.index))}" for name in unknown])
    given = sum(shares.values())
    if min(shares.values(), default=0.0) < 0 or given > 1 + 1e-9:
        raise UserError(["Shares of a mix are 0 or more and at most 1 together."])
    whole = float(table["nights"].sum())
    rest = table["nights"].where(~table.index.isin(list(shares)), 0.0)
    if rest.sum() == 0 and given < 1 - 1e-9:
        raise UserError(["The shares do not add up to 1, and no other setting has children today."])
    nights = rest * ((1 - given) * whole / rest.sum() if rest.sum() else 0.0)
    for name, share in shares.items():
        nights[name] = share * whole
    unpriced = [str(name) for name in table.index[(nights > 0) & table["pounds_per_week"].isna()]]
    if unpriced:
        raise UserError([f"Nobody lives there, so its price is not known: {', '.join(unpriced)}."])
    pounds = nights * table["pounds_per_week"].fillna(0.0) / _WEEK
    told = pd.DataFrame(
        {
            "nights_today": table["nights"],
            "nights": nights,
            "pounds_per_week": table["pounds_per_week"],
            "pounds_today": table["pounds"],
            "pounds": pounds,
            "difference": pounds - table["pounds"],
        }
    )
    told.loc["all"] = told.drop(columns="pounds_per_week").sum()
    return told.rename_axis("setting").reset_index()[list(MIX_COLUMNS)]


def frontier(mix: pd.DataFrame, codes: Codes, points: int = 21) -> pd.DataFrame:
    """The least and the most that placements cost at each in-house share, for the same children in each type.

    Only types that have both an in-house and an external setting (fostering, homes) can shift; how many
    children need each type stays what it is. The share is of the nights of those types.

    Returns
    -------
    :data:`FRONTIER_COLUMNS`: pounds a year of all settings; ``today`` holds today's cost in the row of today's
    share, NaN elsewhere.

    Raises
    ------
    UserError
        When no type has children with both kinds of provider, so that neither price is known.
    """
    table = mix.set_index("setting")
    pairs = [codes.settings_of(kind) for kind in TYPES if len(codes.settings_of(kind)) > 1]
    priced = [pair for pair in pairs if table.loc[list(pair), "pounds_per_week"].notna().all()]
    if not priced:
        raise UserError(["No type of placement has children both in-house and with other providers."])
    nights = np.array([[table.loc[name, "nights"] for name in pair] for pair in priced], dtype=np.float64)
    price = np.array([[table.loc[name, "pounds_per_week"] for name in pair] for pair in priced], dtype=np.float64)
    price /= _WEEK
    size, whole = nights.sum(axis=1), float(nights.sum())
    now = float(nights[:, 0].sum()) / whole
    all_external = float(table["pounds"].sum() - (nights * price).sum() + (size * price[:, 1]).sum())
    shares = np.unique([*np.linspace(0, 1, points), now])
    gain = price[:, 1] - price[:, 0]
    cheap, dear = np.argsort(-gain, kind="stable"), np.argsort(gain, kind="stable")
    told = {
        "in_house_share": shares,
        "least": [all_external - _gained(share * whole, size[cheap], gain[cheap]) for share in shares],
        "most": [all_external - _gained(share * whole, size[dear], gain[dear]) for share in shares],
        "today": np.where(shares == now, float(table["pounds"].sum()), np.nan),
    }
    return pd.DataFrame(told)[list(FRONTIER_COLUMNS)]


def _gained(nights: float, size: Floats, gain: Floats) -> float:
    """Pounds gained when so many nights are in-house, types filled one after the other."""
    before = np.concatenate([[0.0], np.cumsum(size)[:-1]])
    return float((np.clip(nights - before, 0.0, size) * gain).sum())
