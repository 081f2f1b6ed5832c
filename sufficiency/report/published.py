"""The counts of the past that an annex publishes, gathered into one system and suppressed.

Canonical keys (everything published twice is one count):

    ("stock", day)  ("stock", day, dimension, value)                    children in care on a day
    ("starts", period)  ("starts", year, "event"|"age_band"|"uasc", value)    children who started
    ("exits", period)   ("exits", year, "reason", value)                children who left
    ("moves", year)  ("share", year, measure, "yes"|"no"|"all")          moves; measures of a share
    ("rows", tables, column)                                            rows of the returns

Days and quarters are written by their last day, financial years as 2025-26.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from sufficiency.codes import AGE_BANDS, AGED_OUT, EXIT_REASONS
from sufficiency.dates import day_number, financial_year
from sufficiency.report.accounts import EPISODES_ROW, ROW_COLUMNS, findings_by_rule, row_account
from sufficiency.report.disclosure import CannotKeepError, Counts, Key, Rules, Suppressed, suppress
from sufficiency.report.finished import (
    QUARTER_ENDS,
    STARTS,
    Finished,
    each,
    iso,
    quarter_of,
    settings,
    whole_periods,
    year_of,
)
from sufficiency.report.links import BOUGHT_SETTINGS, OWN_OR_PARENTS, OWN_SETTINGS, link
from sufficiency.report.tried import to_publish

REASONS = (*EXIT_REASONS, AGED_OUT)
#: Horizons, in months, at which a back-test is published setting by setting.
SETTING_HORIZON = 12
#: The two sides of the flag for unaccompanied children who seek asylum, as the profile names them.
ASYLUM, OTHERS = "Seeking asylum", "Others"
SIDES = (ASYLUM, OTHERS)
OWN = {"own": OWN_OR_PARENTS, "parent": OWN_OR_PARENTS}
#: Measures that are a share of children (numerator and denominator count children).
SHARES = ("exits_at_18_share", "three_or_more_placements", "two_years_same_placement")


#: What is published of starts and leavers, from all to nothing.
DETAIL = (("flows", "breakdowns"), ("flows",), ())


@dataclass(frozen=True)
class Published:
    """The past, safe to show.

    Attributes
    ----------
    counts
        Every count with the hidden ones marked.
    quarters
        Last days of the quarters shown, oldest first.
    flow_periods
        Periods of which starts and leavers are shown: the same quarters, or, where any quarter has
        few, the financial years.
    years
        Financial years seen whole.
    profile_days
        Days on which the profile is shown, oldest first; the last is the origin or the last before it.
    dimensions
        Dimension → its values, in reporting order.
    """

    counts: Suppressed
    quarters: tuple[str, ...]
    flow_periods: tuple[str, ...]
    years: tuple[str, ...]
    profile_days: tuple[str, ...]
    dimensions: dict[str, tuple[str, ...]]
    origin: str
    detail: tuple[str, ...] = ()


def publish_history(run: Finished, rules: Rules) -> Published:
    """Gather every count of the past that any table or chart shows, and suppress.

    Where few children start or leave, the breakdowns of starts and leavers would cost the number of
    children in care itself; then the breakdowns are left out, and next the flows. Who provides the
    placements is left out where a setting that the provider tells of is hidden on any day.

    Parameters
    ----------
    run
        A finished run.
    rules
        Threshold and symbol.
    """
    without = _most_detail(run, rules, provider=False)
    if _hides_linked(without):
        return without
    both = _most_detail(run, rules, provider=True)
    return without if _hides_linked(both) or both.detail != without.detail else both


def _hides_linked(past: Published) -> bool:
    """Whether a setting that the provider tells of is hidden on any published day."""
    linked = {*OWN_SETTINGS, *BOUGHT_SETTINGS}
    return any(key[2:3] == ("setting",) and key[3] in linked for key in past.counts.hidden)


def _most_detail(run: Finished, rules: Rules, *, provider: bool) -> Published:
    """The most of starts and leavers that leaves the number of children in care in sight."""
    for detail in DETAIL:
        try:
            return _gather(run, rules, detail, provider=provider)
        except CannotKeepError:
            continue
    return _gather(run, rules, (), provider=provider, keep=False)


def _gather(run: Finished, rules: Rules, detail: Sequence[str], *, provider: bool, keep: bool = True) -> Published:
    counts = Counts()
    flows, profile = run.frame("history/flows"), run.frame("history/profile")
    quarters = _stocks(counts, run, run.frame("history/stock"))
    years = _years(counts, flows, quarters, detail, rules) if "flows" in detail else ()
    by_quarter = bool(years) and _flows_by_quarter(counts, flows, quarters, years, rules)
    days, dimensions = _profiles(counts, profile if provider else profile[profile["dimension"] != "provider"], rules)
    if "breakdowns" in detail:
        _stock_of_asylum_seekers(counts, years)
        _shares(counts, run, rules)
    _backtests(counts, run)
    link(counts, sorted({key[1] for key in counts.values if key[0] == "stock"}), provider=provider)
    _rows(counts, run, days)
    headline = {("stock", day) for day in (*quarters, *days)} if keep else set()
    found = suppress(counts, rules, keep=headline)
    return Published(
        found, quarters, quarters if by_quarter else years, years, days, dimensions, iso(run.origin), tuple(detail)
    )


def _put(counts: Counts, key: Key, value: float) -> Key:
    """Publish a count; where another table has the key with another count, under a key of its own."""
    while not counts.agrees(key, value):
        key = (*key, "again")
    return counts.publish(key, int(value))


def _stocks(counts: Counts, run: Finished, stock: pd.DataFrame) -> tuple[str, ...]:
    totals = stock[stock["setting"].isin(settings())].groupby("month_end")["children"].sum()
    months = pd.Series(pd.date_range(totals.index.min().replace(day=1), run.origin, freq="MS"))
    ends = [day for day in whole_periods(months, quarter_of(months), 3) if day <= run.origin]
    for end in dict.fromkeys([*ends, run.origin]):
        counts.publish(("stock", iso(end)), int(totals.get(end, 0)))
    return tuple(iso(end) for end in ends)


def _flows_by_quarter(
    counts: Counts, flows: pd.DataFrame, quarters: Sequence[str], years: Sequence[str], rules: Rules
) -> bool:
    """Publish starts and leavers by quarter, unless some quarter has few: then years must do."""
    table = flows.assign(quarter=quarter_of(flows["month"]).map(iso))
    found = {
        name: {quarter: _sum(table[table["quarter"] == quarter], "event", events) for quarter in quarters}
        for name, events in (("starts", STARTS), ("exits", ("exit",)))
    }
    if any(rules.small(value) for cells in found.values() for value in cells.values()):
        return False
    for name, cells in found.items():
        for quarter, value in cells.items():
            counts.publish((name, quarter), value)
        for year in years:
            counts.add_up(
                (name, year), [(name, quarter) for quarter in quarters if financial_year(day_number(quarter)) == year]
            )
    for before, after in pairwise(quarters):
        counts.balance([("stock", before), ("starts", after)], [("stock", after), ("exits", after)])
    return True


def _sum(frame: pd.DataFrame, column: str, values: Iterable[object]) -> int:
    return int(frame.loc[frame[column].isin(list(values)), "count"].sum())


def _years(
    counts: Counts, flows: pd.DataFrame, quarters: Sequence[str], detail: Sequence[str], rules: Rules
) -> tuple[str, ...]:
    ends = pd.Series(pd.to_datetime(list(quarters)).astype("datetime64[s]"))
    years = whole_periods(ends, year_of(ends), len(QUARTER_ENDS)) if len(ends) else []
    table = flows.assign(year=year_of(flows["month"]))
    for year in years:
        inside = table[table["year"] == year]
        started, left = inside[inside["event"].isin(STARTS)], inside[inside["event"] == "exit"]
        for name, rows in (("starts", started), ("exits", left)):
            counts.publish((name, year), int(rows["count"].sum()))
        before, after = (("stock", day) for day in _ends_of(year))
        if before in counts.values:
            counts.balance([before, ("starts", year)], [after, ("exits", year)])
        counts.publish(("moves", year), _sum(inside, "event", ("move",)))
        if "breakdowns" not in detail:
            continue
        _split(counts, ("starts", year), started, "event", STARTS)
        _split(counts, ("starts", year), started, "age_band", AGE_BANDS[:-1])
        asylum = int(started.loc[started["uasc"].astype(bool), "count"].sum())
        _one_side(counts, ("starts", year), ("starts", year, "uasc"), asylum, rules)
        _split(counts, ("exits", year), left, "reason", REASONS)
    return tuple(years)


def _split(counts: Counts, whole: Key, rows: pd.DataFrame, column: str, values: Iterable[str]) -> None:
    keys = [counts.publish((*whole, column, value), _sum(rows, column, (value,))) for value in values]
    counts.add_up(whole, keys)


def _profiles(
    counts: Counts, profile: pd.DataFrame, rules: Rules
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    # Children placed with a parent are the setting of that name too: shown there and not twice.
    profile = profile.assign(
        value=profile["value"].where(profile["dimension"] != "provider", profile["value"].replace(OWN))
    )
    days = sorted(profile["as_at"].unique())
    values: dict[str, tuple[str, ...]] = {}
    for name, rows in profile[profile["dimension"] != "total"].groupby("dimension", sort=False):
        values[str(name)] = tuple(dict.fromkeys(rows["value"].astype(str)))
    found = profile.groupby(["as_at", "dimension", "value"])["children"].sum()
    for day in days:
        whole: Key = ("stock", iso(day))
        total = int(profile.loc[(profile["as_at"] == day) & (profile["dimension"] == "total"), "children"].sum())
        whole = _put(counts, whole, total)
        for dimension, names in values.items():
            cells = {name: int(found.get((day, dimension, name), 0)) for name in names}
            if dimension == "uasc":
                _one_side(counts, whole, (*whole, "uasc"), cells.get(ASYLUM, 0), rules)
                continue
            keys = [_put(counts, (*whole, dimension, name), value) for name, value in cells.items()]
            counts.add_up(whole, keys)
    return tuple(iso(day) for day in days), values


def _one_side(counts: Counts, whole: Key, stem: Key, count: int, rules: Rules) -> None:
    """Of two sides that make a whole only the first is shown, unless the other is small and needs care too."""
    rest = counts.values[whole] - count
    shown, other = (*stem, ASYLUM), (*stem, OTHERS)
    _put(counts, shown, count)
    if rules.small(rest):
        _put(counts, other, rest)
    counts.balance([whole], [shown, other])


def _same(counts: Counts, one: Key, other: Key) -> None:
    """Two names of one thing: whoever knows the codes knows that they agree."""
    if one in counts.values and counts.values.get(other) == counts.values[one]:
        counts.balance([one], [other])


def _stock_of_asylum_seekers(counts: Counts, years: Sequence[str]) -> None:
    """Children seeking asylum over a year: those who left are not shown, yet cannot be fewer than none."""
    for year in years:
        start, end = _ends_of(year)
        for side in SIDES:
            before, after = ("stock", start, "uasc", side), ("stock", end, "uasc", side)
            if ("stock", start) in counts.values and ("stock", end) in counts.values:
                counts.balance([before, ("starts", year, "uasc", side)], [after, ("exits", year, "uasc", side)])
        counts.balance([("exits", year)], [("exits", year, "uasc", side) for side in SIDES])


def _ends_of(year: str) -> tuple[str, str]:
    """The days between which a financial year lies: 31 March before it and its own."""
    return f"{year[:4]}-03-31", f"{int(year[:4]) + 1}-03-31"


def _shares(counts: Counts, run: Finished, rules: Rules) -> None:
    table = run.frame("history/indicators")
    for row in each(table[table["measure"].isin(SHARES)]):
        year, measure = str(row.financial_year), str(row.measure)
        if not (float(row.numerator).is_integer() and float(row.denominator).is_integer()):
            continue
        yes, every = int(row.numerator), int(row.denominator)
        whole = _put(counts, ("share", year, measure, "all"), every)
        part = _put(counts, ("share", year, measure, "yes"), yes)
        rest = ("share", year, measure, "no")
        if rules.small(every - yes):
            _put(counts, rest, every - yes)
        counts.add_up(whole, [part, rest])
        if measure == "exits_at_18_share":
            _same(counts, whole, ("exits", year))
            _same(counts, part, ("exits", year, "reason", AGED_OUT))
        else:
            _same(counts, whole, ("stock", _ends_of(year)[1]))


def _backtests(counts: Counts, run: Finished) -> None:
    table = to_publish(run).drop_duplicates(["origin", "horizon_months", "level", "key"])
    for row in each(table[table["level"] == "total"]):
        _put(counts, ("stock", target_day(row.origin, row.horizon_months)), int(row.actual))
    parts = table[(table["level"] == "setting") & (table["horizon_months"] == SETTING_HORIZON)]
    for (origin, horizon), rows in parts.groupby(["origin", "horizon_months"]):
        whole: Key = ("stock", target_day(origin, float(str(horizon))))
        keys = [_put(counts, (*whole, "setting", str(row.key)), int(row.actual)) for row in each(rows)]
        if whole in counts.values:
            counts.add_up(whole, keys)


def target_day(origin: object, months: float) -> str:
    """The month end that a back-test's forecast was for."""
    start = pd.Timestamp(str(origin))
    return iso(start + pd.offsets.MonthEnd(int(months)))


def _rows(counts: Counts, run: Finished, days: Sequence[str]) -> None:
    account = row_account(run)
    for row in account.to_dict("records"):
        keys = [counts.publish(("rows", str(row["file"]), column), int(row[column])) for column in ROW_COLUMNS]
        counts.add_up(keys[0], keys[1:])
    _superseded_episodes(counts, days)
    for rule, number in findings_by_rule(run).items():
        counts.publish(("findings", rule), number)


def _superseded_episodes(counts: Counts, days: Sequence[str]) -> None:
    """Each return but the last is superseded for the children in care at its end: the sum of their stocks."""
    superseded: Key = ("rows", EPISODES_ROW, "rows_superseded")
    stocks: list[Key] = [("stock", day) for day in days[:-1]]
    if counts.values.get(superseded) == sum(counts.values[key] for key in stocks):
        counts.balance([superseded], stocks)
