"""What makes spend uncertain: its range by chance alone, with the model's parameters, and with prices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from sufficiency.costs.spend import Costs
from sufficiency.costs.summary import BASES, FIGURES, figures_of

COLUMNS = ("scenario", "financial_year", "basis", "includes", "replications", *FIGURES)


def spend_ranges(sources: Sequence[Costs]) -> pd.DataFrame:
    """Total spend of one plan under more and more that is not known.

    Parameters
    ----------
    sources
        The plan costed with chance alone, then with more: each ``includes`` what the one before does. The counts
        of replications may differ.

    Returns
    -------
    :data:`COLUMNS`, a row for each financial year, basis (gross; net, where there is income) and source:
    ``includes`` says what the range holds, the figures are those of
    :func:`~sufficiency.costs.summary.figures_of`.

    Raises
    ------
    ValueError
        When the sources are not of one plan, or one does not hold more than the one before.
    """
    names = {costs.scenario for costs in sources}
    nested = all(set(less.includes) < set(more.includes) for less, more in pairwise(sources))
    if len(names) > 1 or not nested:
        msg = "ranges are of one plan, each holding more than the one before"
        raise ValueError(msg)
    bases = ["gross", *(["net"] if any(costs.pounds["income"].any() for costs in sources) else [])]
    parts = [_totals(costs, basis).assign(order=order) for basis in bases for order, costs in enumerate(sources)]
    whole = pd.concat(parts, ignore_index=True)
    return whole.sort_values(["basis", "financial_year", "order"], ignore_index=True)[list(COLUMNS)]


def _totals(costs: Costs, basis: str) -> pd.DataFrame:
    """Total spend on one basis by financial year."""
    pounds = costs.yearly(costs.total(*BASES[basis]))
    about = {"scenario": costs.scenario, "basis": basis, "includes": costs.held}
    return figures_of(pounds.T).assign(financial_year=costs.years, replications=len(pounds), **about)
