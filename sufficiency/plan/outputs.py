"""Outputs of a plan by name, one number a replication: what targets, waterfalls and sensitivity are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.costs import Charges, gross
from sufficiency.errors import UserError, nearest
from sufficiency.simulation import Outcome

Floats = npt.NDArray[np.float64]
Takes = Literal["no setting", "any setting", "a setting"]
_YEAR, _QUARTER = 12, 3


@dataclass(frozen=True)
class At:
    """Where an output is looked up: a month counted from that of the first day, a setting, what is paid by."""

    month: int
    setting: str | None
    charges: Charges | None


Find = Callable[[Outcome, At], Floats]


@dataclass(frozen=True)
class Kind:
    """What an output is.

    Attributes
    ----------
    means, unit
        In words.
    takes
        Whether a setting is named with it.
    spans
        Months that it looks back over; 0 for a number at the month's end.
    """

    means: str
    unit: str
    takes: Takes
    spans: int
    find: Find


@dataclass(frozen=True)
class Output:
    """One output: its name, a setting where it takes one, and a month (since January 1970; None for the last)."""

    name: str
    setting: str | None = None
    month: int | None = None

    def __str__(self) -> str:
        where = f" in {self.setting}" if self.setting else ""
        when = "" if self.month is None else f" by {month_text(self.month)}"
        return f"{self.name}{where}{when}"

    @property
    def kind(self) -> Kind:
        """What it is."""
        return OUTPUTS[self.name]

    def values(self, outcome: Outcome, charges: Charges | None = None) -> Floats:
        """One number a replication (of those in detail, where it rests on more than stock and nights).

        Raises
        ------
        UserError
            When the month, or those before it that are needed, were not simulated; when prices are lacking.
        """
        first, last = whole_months(outcome)
        month = last if self.month is None else self.month
        if not first + max(self.kind.spans, 1) - 1 <= month <= last:
            earliest = month_text(first + max(self.kind.spans, 1) - 1)
            raise UserError([f"'{self}' can be told for {earliest} to {month_text(last)} in this run."])
        return self.kind.find(outcome, At(month - first, self.setting, charges))


def whole_months(outcome: Outcome) -> tuple[int, int]:
    """First and last month simulated to its end."""
    ends, whole = dates.whole_month_ends(outcome.origin + 1, outcome.last_day)
    return int(dates.month_index(outcome.origin + 1)), int(dates.month_index(ends[whole][-1]))


def month_text(month: int) -> str:
    """A month as ``2028-03``."""
    return f"{dates.as_date(int(dates.month_start(month))):%Y-%m}"


def read_output(name: str, setting: str | None, codes: Codes, month: int | None = None) -> Output:
    """An output by its words.

    Raises
    ------
    UserError
        When there is no such measure or setting, with the nearest; when a setting is missing or too much.
    """
    if name not in OUTPUTS:
        raise UserError([f"'{name}' is not a measure.{nearest(name, list(OUTPUTS))}"])
    if setting is not None and setting not in codes.in_care:
        raise UserError([f"'{setting}' is not a setting.{nearest(setting, codes.in_care)}"])
    takes = OUTPUTS[name].takes
    if takes == "no setting" and setting is not None:
        raise UserError([f"'{name}' takes no setting."])
    if takes == "a setting" and setting is None:
        raise UserError([f"'{name}' needs a setting: {name} in in_house_fostering, say."])
    return Output(name, setting, month)


def _stock(outcome: Outcome, month: int) -> Floats:
    """Children at the end of a month by replication and setting in care."""
    day = dates.whole_month_ends(outcome.origin + 1, outcome.last_day)[0][month]
    table = outcome.stock[outcome.stock["month_end"] == dates.to_dates([day])[0]]
    names, counts = outcome.codes.in_care, np.zeros((outcome.replications, len(outcome.codes.in_care)))
    care = table[table["setting"].isin(names)]
    number = care["setting"].astype(str).map({name: place for place, name in enumerate(names)})
    np.add.at(counts, (care["replication"].to_numpy(), number.to_numpy(np.int64)), care["children"].to_numpy())
    return counts


def _children(outcome: Outcome, at: At) -> Floats:
    stock = _stock(outcome, at.month)
    return stock.sum(axis=1) if at.setting is None else stock[:, outcome.codes.in_care.index(at.setting)]


def _share(outcome: Outcome, at: At) -> Floats:
    return _part(outcome, at.month, [str(at.setting)], outcome.codes.in_care)


def _part(outcome: Outcome, month: int, some: Sequence[str], whole: Sequence[str]) -> Floats:
    """Children of some settings as a share of those of others; 0 where there are none."""
    stock, names = _stock(outcome, month), outcome.codes.in_care
    top, bottom = (stock[:, [name in held for name in names]].sum(axis=1) for held in (some, whole))
    return np.asarray(np.divide(top, bottom, out=np.zeros(len(top)), where=bottom > 0))


def _provided(codes: Codes, provider: str) -> list[str]:
    return list(codes.settings.loc[codes.settings["in_care"] & (codes.settings["provider"] == provider), "setting"])


def _agency_share(outcome: Outcome, at: At) -> Floats:
    fostering = outcome.codes.settings_of("fostering")
    external = [name for name in fostering if name in _provided(outcome.codes, "external")]
    return _part(outcome, at.month, external, fostering)


def _in_house_share(outcome: Outcome, at: At) -> Floats:
    return _part(outcome, at.month, _provided(outcome.codes, "in_house"), outcome.codes.in_care)


def _residential_share(outcome: Outcome, at: At) -> Floats:
    kinds = ("home", "residential_school", "secure")
    names = [name for kind in kinds for name in outcome.codes.settings_of(kind)]
    return _part(outcome, at.month, names, outcome.codes.in_care)


def _summed(outcome: Outcome, table: pd.DataFrame, value: str, month: int, spans: int) -> Floats:
    """Sum of a column over so many months to one, by replication in detail."""
    index = dates.month_index(dates.to_days(table["month"])) - dates.month_index(outcome.origin + 1)
    mine = table[(index > month - spans) & (index <= month)]
    found = mine.groupby("replication")[value].sum().reindex(range(outcome.detailed), fill_value=0)
    return np.asarray(found.to_numpy(np.float64))


def _flow(*events: str) -> Find:
    def find(outcome: Outcome, at: At) -> Floats:
        flows = outcome.flows[outcome.flows["event"].isin(events)]
        side = "from_setting" if "exit" in events else "to_setting"
        mine = flows if at.setting is None else flows[flows[side] == at.setting]
        return _summed(outcome, mine, "count", at.month, _YEAR)

    return find


def _places(column: str) -> Find:
    def find(outcome: Outcome, at: At) -> Floats:
        table = outcome.places
        mine = table if at.setting is None else table[table["setting"] == at.setting]
        return _summed(outcome, mine, column, at.month, _YEAR)

    return find


def _shortfall(outcome: Outcome, at: At) -> Floats:
    if at.setting not in outcome.supply.settings:
        limited = nearest(str(at.setting), outcome.supply.settings)
        raise UserError([f"'{at.setting}' has no limited places, so none can be lacking.{limited}"])
    first = int(dates.month_index(outcome.origin + 1)) + at.month - _QUARTER + 1
    days = int(dates.month_start(first + _QUARTER) - dates.month_start(first))
    mine = outcome.places[outcome.places["setting"] == at.setting]
    return _summed(outcome, mine, "days_full", at.month, _QUARTER) / days


def _spend(outcome: Outcome, at: At) -> Floats:
    """Pounds of the financial year that a month lies in, before income."""
    return _pounds(outcome, at, gross(_paid(outcome, at, "spend")))


def _net_spend(outcome: Outcome, at: At) -> Floats:
    """The same less what others pay."""
    return _pounds(outcome, at, _paid(outcome, at, "net_spend"))


def _paid(outcome: Outcome, at: At, name: str) -> pd.DataFrame:
    if at.charges is None:
        raise UserError([f"'{name}' needs prices: give prices.csv."])
    return at.charges.costs(outcome).by_year()


def _pounds(outcome: Outcome, at: At, paid: pd.DataFrame) -> Floats:
    first = int(dates.month_index(outcome.origin + 1))
    year = dates.financial_year(int(dates.month_start(first + at.month)))
    mine = paid[(paid["financial_year"] == year) & ((paid["setting"] == at.setting) | (at.setting is None))]
    found = mine.groupby("replication")["pounds"].sum().reindex(range(outcome.replications), fill_value=0.0)
    return np.asarray(found.to_numpy(np.float64))


OUTPUTS: Mapping[str, Kind] = {
    "children": Kind(
        "children in care at the month's end, or those in a setting", "children", "any setting", 0, _children
    ),
    "share": Kind("children in a setting as a share of all in care", "share", "a setting", 0, _share),
    "agency_share": Kind(
        "agency foster placements as a share of all with unrelated foster carers",
        "share",
        "no setting",
        0,
        _agency_share,
    ),
    "in_house_share": Kind(
        "children in the council's own foster and children's homes as a share of all in care",
        "share",
        "no setting",
        0,
        _in_house_share,
    ),
    "residential_share": Kind(
        "children in children's homes, secure homes or residential schools as a share of all in care",
        "share",
        "no setting",
        0,
        _residential_share,
    ),
    "entries": Kind(
        "entries and re-entries of the twelve months", "children", "any setting", _YEAR, _flow("entry", "re_entry")
    ),
    "exits": Kind("exits from care of the twelve months", "children", "any setting", _YEAR, _flow("exit")),
    "moves": Kind("moves between placements of the twelve months", "moves", "any setting", _YEAR, _flow("move")),
    "unmet": Kind(
        "arrivals of the twelve months who were given another type of placement than their first choice",
        "children",
        "any setting",
        _YEAR,
        _places("unmet"),
    ),
    "turned_away": Kind(
        "arrivals of the twelve months whom an in-house setting did not take",
        "children",
        "any setting",
        _YEAR,
        _places("turned_away"),
    ),
    "shortfall": Kind(
        "share of the days of the three months at whose end no place was left in a setting",
        "share",
        "a setting",
        _QUARTER,
        _shortfall,
    ),
    "spend": Kind(
        "gross spend in the financial year of the month: placements, fixed costs, what the plan invests",
        "pounds",
        "any setting",
        0,
        _spend,
    ),
    "net_spend": Kind(
        "the same less what others pay (of a setting: less what is paid for that setting alone)",
        "pounds",
        "any setting",
        0,
        _net_spend,
    ),
}
