"""Why the forecast changed, as the forecast notebook shows it: exact, and inside a council only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import sufficiency as sf
from sufficiency import dates
from sufficiency.report.finished import read_finished, short_date
from sufficiency.report.past import returns_path
from sufficiency.report.why import LABELS, compared, drivers_of, signed
from sufficiency.simulation import Outcome, match_places, simulate, supply_of
from sufficiency.tables import read_council_tables
from sufficiency.trials.drivers import DRIVERS, END, LAST_YEAR, START, Made, a_year_before, why_it_changed

_YEARS, _A_YEAR = 5, 12
_STARTS = {LAST_YEAR: "last year's forecast"}


@dataclass(frozen=True)
class Why:
    """A forecast taken apart: columns of :data:`~sufficiency.trials.drivers.COLUMNS`."""

    parts: pd.DataFrame

    def said(self) -> str:
        """The nearest day against last year's forecast and the last day against today's number, a line each."""
        found = compared(self.parts)
        first = {one.against: one for one in reversed(found)}
        last = {one.against: one for one in found}
        told = [one[against] for one, against in ((first, LAST_YEAR), (last, "today")) if against in one]
        return "\n".join(f"- {one.sentence()}" for one in told)

    def steps(self) -> dict[str, pd.DataFrame]:
        """Charts of the last day that is told of, in whole children: title → label, children."""
        found = compared(self.parts)
        last = max((one.day for one in found), default=None)
        out = {}
        for one in (each for each in found if each.day == last):
            labels = ["It starts from", *(LABELS[name] for name in DRIVERS), "This forecast"]
            rows = {"label": labels, "children": [one.figures[name] for name in (START, *DRIVERS, END)]}
            out[f"{short_date(one.day)}, from {_STARTS.get(one.against, 'today')}"] = pd.DataFrame(rows)
        return out

    def table(self) -> pd.DataFrame:
        """Every day and driver, whole children that add up: a row each day."""
        rows = {}
        for one in compared(self.parts):
            told = {LABELS[name]: signed(one.figures[name]) for name in DRIVERS}
            key = (_STARTS.get(one.against, one.against), short_date(one.day))
            rows[key] = {"It starts from": one.figures[START], **told, "This forecast": one.figures[END]}
        index = pd.MultiIndex.from_tuples(list(rows), names=["beside", "day"])
        return pd.DataFrame(list(rows.values()), index=index)


def load_why(
    returns: Path | str = "", *, replications: int = 100, seed: int = 2026, folder: Path | str | None = None
) -> Why:
    """Why the forecast changed, found now or read from a finished run.

    Parameters
    ----------
    returns
        Folder of returns; blank takes the invented example.
    folder
        A finished run's folder; what it found is then read, and nothing is computed.
    """
    if folder is not None:
        return Why(drivers_of(read_finished(folder)))
    path = returns_path(returns)
    read, tables = sf.read_returns(path), read_council_tables(path)
    history = sf.build_history(read)
    months = dates.months_ahead(history.origin, _YEARS)
    before = a_year_before(read, history, months=months + _A_YEAR, capacity=tables.capacity, children=tables.population)
    rates = sf.estimate_rates(history)
    forecast = sf.forecast_entrants(history, months=months, evaluate=False, children=tables.population)
    supply = supply_of(history, tables.capacity, tables.staying_put)
    matched = match_places(history, supply, rates=rates, forecast=forecast, both_forms=False)
    baseline: Outcome = simulate(
        history,
        rates=rates,
        forecast=forecast,
        matched=matched,
        replications=replications,
        seed=seed,
        years=_YEARS,
        journeys=0,
    )
    made = Made(history, rates, forecast, matched.supply, tables.population)
    return Why(why_it_changed(made, baseline, before).parts)
