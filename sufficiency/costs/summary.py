"""Spend in percentiles: always of sums over what is told, never sums of percentiles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.costs.spend import NO_SETTING, Costs

Floats = npt.NDArray[np.float64]

PERCENTILES = {"p10": 10, "p50": 50, "p80": 80, "p90": 90}
FIGURES = ("mean", *PERCENTILES, *(f"{name}_error" for name in ("mean", *PERCENTILES)))
#: Which kinds of money a figure holds: another child's night; all that is paid; less what others pay.
BASES = {
    "marginal": ("placement",),
    "gross": ("placement", "fixed", "investment"),
    "net": ("placement", "fixed", "investment", "income"),
}
PROVIDERS = {"in_house": "In-house", "external": "External", "": "Other"}


def summarise_spend(spend: pd.DataFrame) -> pd.DataFrame:
    """Percentiles over replications by financial year, setting and in total.

    The total's percentiles are those of the sums, not sums of percentiles (type 7, linear).

    Parameters
    ----------
    spend
        From :func:`sufficiency.costs.cost`.

    Returns
    -------
    scenario, financial_year, setting ("all" is the gross total: placements, fixed costs, investment), and
    :data:`FIGURES`: the mean and percentiles with their Monte-Carlo standard errors (:func:`figures_of`).
    Settings hold placements alone.
    """
    keys = ["scenario", "financial_year", "setting"]
    placed = _wide(spend[spend["kind"] == "placement"], keys)
    total = _wide(spend[spend["kind"] != "income"].assign(setting=NO_SETTING), keys)
    # A setting with no night in some replications has cost nothing in them.
    table = pd.concat([placed.reindex(columns=total.columns, fill_value=0.0), total])
    return pd.concat([table.index.to_frame(index=False), figures_of(table.to_numpy())], axis=1)


def _wide(spend: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    summed = spend.groupby([*keys, "replication"], observed=True)["pounds"].sum()
    wide: pd.DataFrame = summed.unstack("replication", fill_value=0)
    return wide


def figures_of(values: Floats) -> pd.DataFrame:
    """Mean, percentiles and their Monte-Carlo standard errors of rows of replications.

    The error of the mean is s/√n. That of a percentile is half the distance between the order statistics
    √(n p (1 − p)) ranks either side of it (the binomial interval of one standard deviation; Conover,
    Practical nonparametric statistics, 3rd ed., 1999, §3.2); NaN with one replication.
    """
    count = values.shape[1]
    ordered = np.sort(values, axis=1)
    found = {"mean": values.mean(axis=1)}
    errors = {"mean_error": values.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full(len(values), np.nan)}
    for name, percent in PERCENTILES.items():
        share = percent / 100
        found[name] = np.percentile(ordered, percent, axis=1)
        reach = np.sqrt(count * share * (1 - share)) / max(count - 1, 1)
        low, high = np.percentile(ordered, 100 * np.clip([share - reach, share + reach], 0, 1), axis=1)
        errors[f"{name}_error"] = (high - low) / 2 if count > 1 else np.full(len(values), np.nan)
    return pd.DataFrame({**found, **errors})[list(FIGURES)]


def spend_tables(costs: Costs) -> pd.DataFrame:
    """One plan's spend in every cut: by financial year in total, by setting, provider and kind.

    Returns
    -------
    scenario, financial_year, basis (marginal, gross, net), cut (total, setting, provider, kind), name, the figures
    of :func:`figures_of`, and includes: what the spread holds. Settings and providers are told marginal
    (placements) and gross (with their fixed costs).
    """
    parts = []
    yearly = {kind: costs.yearly(pounds) for kind, pounds in costs.pounds.items()}
    for basis, kinds in BASES.items():
        whole = np.sum([yearly[kind] for kind in kinds], axis=0)
        parts.append(_cut(costs, basis, "total", {"Total": whole.sum(axis=2)}))
        if basis != "net":
            settings = {name: whole[:, :, place] for place, name in enumerate(costs.settings)}
            parts.append(_cut(costs, basis, "setting", settings))
            parts.append(_cut(costs, basis, "provider", _by_provider(costs.codes, settings)))
    parts.append(_cut(costs, "net", "kind", {kind: pounds.sum(axis=2) for kind, pounds in yearly.items()}))
    return pd.concat(parts, ignore_index=True)


def _by_provider(codes: Codes, settings: dict[str, Floats]) -> dict[str, Floats]:
    provider = codes.settings.set_index("setting")["provider"].to_dict()
    found: dict[str, Floats] = {}
    for name, pounds in settings.items():
        label = PROVIDERS.get(str(provider.get(name, "")), "Other")
        found[label] = found[label] + pounds if label in found else pounds
    return found


def _cut(costs: Costs, basis: str, cut: str, amounts: dict[str, Floats]) -> pd.DataFrame:
    """Figures of some amounts, each of shape (replications, years); what is nought throughout is left out."""
    kept = {name: pounds for name, pounds in amounts.items() if pounds.any()}
    index = [(year, name) for name in kept for year in costs.years]
    table = pd.DataFrame(index, columns=["financial_year", "name"])
    if table.empty:
        return table.assign(scenario=[], basis=[], cut=[], includes=[])
    figures = figures_of(np.concatenate([pounds.T for pounds in kept.values()]))
    about = {"scenario": costs.scenario, "basis": basis, "cut": cut, "includes": costs.held}
    whole = pd.concat([table, figures], axis=1).assign(**about)
    return whole[["scenario", "financial_year", "basis", "cut", "name", *FIGURES, "includes"]]


def monthly_tables(costs: Costs) -> pd.DataFrame:
    """Total spend of one plan by month: scenario, month, basis, the figures of :func:`figures_of`."""
    months = dates.to_dates(dates.month_start(costs.months))
    parts = [
        pd.concat([pd.DataFrame({"month": months}), figures_of(costs.total(*kinds).T)], axis=1).assign(basis=basis)
        for basis, kinds in BASES.items()
    ]
    whole = pd.concat(parts, ignore_index=True).assign(scenario=costs.scenario)
    return whole[["scenario", "month", "basis", *FIGURES]]
