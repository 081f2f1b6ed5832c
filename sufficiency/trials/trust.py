"""How far to trust the forecast: scores of a back-test added up, in plain English, and the ranges widened by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sufficiency.dates import month_index, to_days
from sufficiency.trials.baselines import LAST_VALUE
from sufficiency.trials.scoring import LEVELS, OURS, SETTING, TOTAL

#: Months ahead that are added up together.
SPANS = ((1, 12), (13, 24), (25, 36))
SUMMARY_COLUMNS = (
    "level",
    "method",
    "months_ahead",
    "origins",
    "forecasts",
    "mae",
    "bias",
    "crps",
    "coverage_50",
    "coverage_80",
    "coverage_95",
    "width_80",
)
#: A forecast within its own range counts so many times before any is seen (an assumption): a few lucky or unlucky
#: dates alone neither widen nor clear it.
_PRIOR_TRIALS = 3.0
_MOST_WIDENED = 2.0
_YEAR, _HALF_YEAR = 12, 6
_HONEST = 0.8
_PIT_BINS = 10


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores added up by level, method and months ahead: columns :data:`SUMMARY_COLUMNS`.

    ``mae`` is of the median, ``bias`` of the mean (forecast less actual), in children; coverage is the share
    of outcomes within the middle 50, 80 and 95 % (bounds included), NaN for methods without a range; ``width_80``
    in children.
    """
    rows = []
    for level in LEVELS:
        for method in dict.fromkeys(scores["method"]):
            for first, last in SPANS:
                own = scores[(scores["level"] == level) & (scores["method"] == method)]
                own = own[own["horizon_months"].between(first, last)]
                if not own.empty:
                    rows.append((level, method, f"{first} to {last}", *_added(own)))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def _added(own: pd.DataFrame) -> tuple[float, ...]:
    ranged = bool((own["sd"] > 0).any())
    pairs = (("p25", "p75"), ("p10", "p90"), ("p025", "p975"))
    held = [(own["actual"].between(own[low], own[high])).mean() if ranged else np.nan for low, high in pairs]
    return (
        own["origin"].nunique(),
        len(own),
        float((own["p50"] - own["actual"]).abs().mean()),
        float((own["mean"] - own["actual"]).mean()),
        float(own["crps"].mean()),
        *(float(share) for share in held),
        float((own["p90"] - own["p10"]).mean()) if ranged else np.nan,
    )


def pit_histogram(scores: pd.DataFrame) -> pd.DataFrame:
    """How often what came fell in each tenth of the forecasts: level, method, tenth (1 to 10), share.

    Every tenth holds 0.1 where forecasts are calibrated; more at both ends means that ranges are too narrow.
    """
    known = scores[scores["pit"].notna()]
    tenth = np.minimum((known["pit"] * _PIT_BINS).astype(int), _PIT_BINS - 1) + 1
    counted = known.assign(tenth=tenth).groupby(["level", "method", "tenth"]).size().unstack(fill_value=0)
    shares = counted.reindex(columns=range(1, _PIT_BINS + 1), fill_value=0)
    told = shares.div(shares.sum(axis=1), axis=0).reset_index()
    return told.melt(id_vars=["level", "method"], var_name="tenth", value_name="share")


@dataclass(frozen=True)
class Trust:
    """What a back-test says of the forecast of all children in care.

    Attributes
    ----------
    origins
        Dates from which it was tried.
    at_year
        Months ahead (12, 24, …) → mean error of the forecast and of no change, in children, and forecasts.
    error, no_change
        Mean error of the forecast and of no change over every sixth month ahead, in children.
    held, trials
        Of the forecasts at every sixth month ahead, how many held what came within the middle 80 %, and how many
        there are.
    apart
        Of the origins, how many lie a year or more apart: those that do not share most of their luck.
    widening
        Factor, 1 or more, by which ranges are stretched about their middle before they are published.
    worse_settings
        Settings whose forecast was further off than no change.
    """

    origins: tuple[pd.Timestamp, ...]
    at_year: dict[int, tuple[float, float, int]]
    error: float
    no_change: float
    held: int
    trials: int
    apart: int
    widening: float
    worse_settings: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether there was anything to try the forecast on."""
        return self.trials > 0

    @property
    def beats_no_change(self) -> bool:
        """Whether the middle forecast was closer than no change, over every sixth month ahead."""
        return self.error < self.no_change

    def sentences(self) -> list[str]:
        """The page in plain English, a sentence or two each."""
        if not self.known:
            return ["There are too few years of returns to hold some back and try the forecast on them."]
        days = [f"{day.day} {day:%B %Y}" for day in self.origins]
        tried = days[0] if len(days) == 1 else f"{', '.join(days[:-1])} and {days[-1]}"
        made = f"The forecast was made again as it would have been made on {tried}, with only what was known then,"
        lines = [f"{made} and compared with what came."]
        for months, (ours, theirs, count) in self.at_year.items():
            years = "a year" if months == _YEAR else f"{months // _YEAR} years"
            trials = "one trial" if count == 1 else f"{count} trials"
            lines.append(
                f"{years.capitalize()} ahead the number of children in care was out by {ours:,.0f} on average, and "
                f"assuming no change would have been out by {theirs:,.0f} ({trials})."
            )
        lines.append(
            f"Every half year ahead, what came lay within the range of 8 in 10 forecasts {self.held} times in "
            f"{self.trials}; about {_HONEST * self.trials:.0f} would be expected of honest ranges."
        )
        lines.append(self._verdict())
        if self.widening > 1:
            lines.append(
                f"Because of this the published ranges are stretched to {self.widening:.2f} times their width."
            )
        return lines

    def _verdict(self) -> str:
        few = " Trials less than a year apart share most of their luck" + (
            ", so this is little evidence either way." if self.apart < 3 else "."  # noqa: PLR2004 - two are no pattern
        )
        errors = f"out by {self.error:,.0f} on average, no change by {self.no_change:,.0f}"
        if self.beats_no_change:
            return f"Over all of these it was closer than no change ({errors}).{few}"
        return (
            f"Over all of these it was no closer than no change ({errors}): do not lean on the middle forecast "
            f"where it differs from today's number.{few}"
        )


def trust(scores: pd.DataFrame) -> Trust:
    """What a back-test's scores say of the forecast of all children in care."""
    whole = scores[(scores["level"] == TOTAL) & (scores["horizon_months"] % _HALF_YEAR == 0)]
    ours, theirs = (whole[whole["method"] == name] for name in (OURS, LAST_VALUE))
    at_year = {}
    for months in sorted({month for month in ours["horizon_months"].astype(int) if month % _YEAR == 0}):
        mine, other = (_error(own[own["horizon_months"] == months]) for own in (ours, theirs))
        at_year[months] = (mine, other, int((ours["horizon_months"] == months).sum()))
    origins = tuple(pd.Timestamp(day) for day in sorted(scores["origin"].unique()))
    held = int(ours["actual"].between(ours["p10"], ours["p90"]).sum())
    return Trust(
        origins=origins,
        at_year=at_year,
        error=_error(ours),
        no_change=_error(theirs),
        held=held,
        trials=len(ours),
        apart=_apart(origins),
        widening=widening(ours, theirs),
        worse_settings=_worse(scores),
    )


def _error(own: pd.DataFrame) -> float:
    return float((own["p50"] - own["actual"]).abs().mean())


def widening(ours: pd.DataFrame, theirs: pd.DataFrame) -> float:
    """Factor on the width of ranges: 1 where past errors are no larger than the ranges said they would be.

    The root mean square of (actual − mean) / standard deviation, shrunk to 1 by :data:`_PRIOR_TRIALS` trials
    (of one origin the horizons count as one trial); where no change was closer, at least the ratio of the two
    root mean square errors; never below 1 and never above 2 (both assumptions).
    """
    spread = ours[ours["sd"] > 0]
    if spread.empty:
        return 1.0
    squared = ((spread["actual"] - spread["mean"]) / spread["sd"]) ** 2
    by_origin = squared.groupby(spread["origin"]).mean()
    factor = float(np.sqrt((_PRIOR_TRIALS + by_origin.sum()) / (_PRIOR_TRIALS + len(by_origin))))
    mine, other = (float(np.sqrt(np.square(own["mean"] - own["actual"]).mean())) for own in (ours, theirs))
    if _error(ours) > _error(theirs) and other > 0:
        shrunk = (_PRIOR_TRIALS + len(by_origin) * mine / other) / (_PRIOR_TRIALS + len(by_origin))
        factor = max(factor, shrunk)
    return float(np.clip(factor, 1.0, _MOST_WIDENED))


def _apart(origins: tuple[pd.Timestamp, ...]) -> int:
    """Most origins that lie at least a year from each other."""
    months = [int(month_index(day)) for day in to_days(pd.DatetimeIndex(origins))] if origins else []
    chosen = 0
    last = -_YEAR
    for month in months:
        if month - last >= _YEAR:
            chosen, last = chosen + 1, month
    return chosen


def _worse(scores: pd.DataFrame) -> tuple[str, ...]:
    """Settings in which no change was closer, at whole years ahead."""
    own = scores[(scores["level"] == SETTING) & (scores["horizon_months"] % _YEAR == 0)]
    error = (own["p50"] - own["actual"]).abs().groupby([own["key"], own["method"]]).mean().unstack()
    if error.empty or OURS not in error or LAST_VALUE not in error:
        return ()
    return tuple(str(name) for name in error.index[error[OURS] > error[LAST_VALUE]])
