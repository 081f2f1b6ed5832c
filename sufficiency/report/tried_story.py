"""Past forecasts as the forecast notebook shows them: what was forecast from earlier dates, and what came.

Inside a council only: small numbers are not hidden here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import sufficiency as sf
from sufficiency.draws import replication_key
from sufficiency.forecast.quarters import EVERYBODY, entries_by_quarter
from sufficiency.history import History
from sufficiency.report.finished import Finished, read_finished, setting_label, short_date
from sufficiency.report.past import Past, fresh_past, load_history, returns_path
from sufficiency.report.tried import tried
from sufficiency.tables import read_council_tables
from sufficiency.trials.backtest import DEFAULT_HORIZON, backtest, default_origins
from sufficiency.trials.baselines import LAST_VALUE
from sufficiency.trials.scoring import OURS, SETTING, TOTAL
from sufficiency.trials.trust import Trust, trust

#: Panels that fit on a page.
_MOST_SHOWN = 6
_NAMES = {OURS: "this forecast", LAST_VALUE: "no change", "seasonal naive": "same month last year"}
_YEAR = 12


@dataclass(frozen=True)
class Tried:
    """Forecasts made again from earlier dates.

    Attributes
    ----------
    past
        The past, to draw beside them.
    scores
        Columns of :data:`~sufficiency.trials.scoring.SCORE_COLUMNS`.
    entries
        First entries by quarter: date, who, seen, p10 to p90.
    trust
        What the scores say.
    """

    past: Past
    scores: pd.DataFrame
    entries: pd.DataFrame
    trust: Trust

    def said(self) -> str:
        """The verdict in plain English, a line each."""
        return "\n".join(f"- {line}" for line in self.trust.sentences())

    def fans(self) -> dict[str, pd.DataFrame]:
        """Forecast made on → date, p10 to p90, actual, naive: all children in care, the newest dates."""
        own = self.scores[self.scores["level"] == TOTAL]
        found = {}
        for origin in sorted(own["origin"].unique())[-_MOST_SHOWN:]:
            mine = own[(own["origin"] == origin) & (own["method"] == OURS)].set_index("horizon_months")
            same = own[(own["origin"] == origin) & (own["method"] == LAST_VALUE)].set_index("horizon_months")
            day = pd.Timestamp(origin)
            ends = [day + pd.offsets.MonthEnd(int(months)) for months in mine.index]
            table = mine[["p10", "p25", "p50", "p75", "p90", "actual"]].assign(date=ends, naive=same["mean"])
            found[short_date(day)] = table.reset_index(drop=True)
        return found

    def methods(self) -> pd.DataFrame:
        """Mean error a year, two and three years ahead by method: children in care."""
        own = self.scores[(self.scores["level"] == TOTAL) & (self.scores["horizon_months"] % _YEAR == 0)]
        errors = (own["p50"] - own["actual"]).abs().groupby([own["method"], own["horizon_months"]]).mean().unstack()
        ahead = [int(str(months)) // _YEAR for months in errors.columns]
        years = [f"{year} year{'' if year == 1 else 's'} ahead" for year in ahead]
        index = pd.Index([_NAMES.get(str(name), str(name)) for name in errors.index], name="method")
        told: pd.DataFrame = errors.round(1).set_axis(years, axis=1).set_axis(index)
        return told

    def by_setting(self) -> pd.DataFrame:
        """A year ahead, by kind of placement: mean error of this forecast and of no change, and what was held."""
        own = self.scores[(self.scores["level"] == SETTING) & (self.scores["horizon_months"] == _YEAR)]
        error = (own["p50"] - own["actual"]).abs().groupby([own["key"], own["method"]]).mean().unstack()
        mine = own[own["method"] == OURS]
        held = mine["actual"].between(mine["p10"], mine["p90"]).groupby(mine["key"]).agg(["sum", "size"])
        table = pd.DataFrame(
            {
                "this forecast": error[OURS].round(1),
                "no change": error[LAST_VALUE].round(1),
                "held within 8 in 10": [f"{row['sum']} of {row['size']}" for _, row in held.iterrows()],
            }
        )
        table.index = pd.Index([setting_label(str(name)) for name in table.index], name="placement")
        return table

    def entries_seen(self, who: str = EVERYBODY) -> pd.DataFrame:
        """First entries of past quarters: date, children."""
        own = self.entries[(self.entries["who"] == who) & self.entries["seen"].notna()]
        return own[["date", "seen"]].rename(columns={"seen": "children"}).reset_index(drop=True)

    def entries_ahead(self, who: str = EVERYBODY) -> pd.DataFrame:
        """The fan of first entries of the quarters ahead."""
        own = self.entries[(self.entries["who"] == who) & self.entries["seen"].isna()]
        return own.drop(columns=["who", "seen"]).reset_index(drop=True)


def load_tried(
    returns: Path | str = "",
    *,
    origins: int = 4,
    replications: int = 100,
    seed: int = 2026,
    folder: Path | str | None = None,
) -> Tried:
    """Past forecasts, made again now or read from a finished run.

    Parameters
    ----------
    returns
        Folder of returns; blank takes the invented example.
    origins
        How many earlier dates to forecast from, six months apart.
    folder
        A finished run's folder; what it found is then read, and nothing is computed.
    """
    if folder is not None:
        return _read(read_finished(folder))
    path = returns_path(returns)
    read = sf.read_returns(path)
    history = sf.build_history(read)
    dates_tried = default_origins(history.first_day, history.origin, origins)
    scores = backtest(
        read,
        origins=dates_tried,
        horizon_months=DEFAULT_HORIZON,
        replications=replications,
        seed=seed,
        capacity=read_council_tables(path).capacity,
    )
    return Tried(fresh_past(path), scores, _entries(history, replications, seed), trust(scores))


def _entries(history: History, replications: int, seed: int) -> pd.DataFrame:
    forecast = sf.forecast_entrants(history, months=DEFAULT_HORIZON, evaluate=False)
    sample = forecast.counts([replication_key(seed, number) for number in range(replications)])
    return entries_by_quarter(forecast, sample)


def _read(run: Finished) -> Tried:
    scores = tried(run)
    entries = run.frame("forecast/entries").assign(date=lambda table: pd.to_datetime(table["date"]))
    return Tried(load_history(folder=run.folder), scores, entries, trust(scores))
