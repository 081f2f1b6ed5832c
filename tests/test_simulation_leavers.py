"""Care leavers by age to 25: who is known at the origin, who ages out, and that every year makes them a year older."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places_world import with_places
from small_world import CODES, as_history, children, entrants, known_history, no_stock, world

from sufficiency import dates
from sufficiency.draws import replication_key
from sufficiency.history import History
from sufficiency.history.model import LEAVER_KINDS
from sufficiency.history.stock import OPENINGS, Spells, flow_table, stock_table
from sufficiency.scenario import read_scenario
from sufficiency.simulation import Outcome, Supply, simulate, simulate_journeys
from sufficiency.simulation.leavers import AGES, COLUMNS, _shared, care_leavers, known_leavers

ORIGIN = dates.day_number("2026-03-31")


def _history(oc3: list[tuple[int, int]], born: tuple[str, ...] = ()) -> History:
    """OC3 rows as (year, age), and children who aged out by date of birth; seen since April 2020."""
    rows = [
        {"child": -1, "year": year, "age": age, "in_touch": "YES", "activity": "F1", "accommodation": "U1"}
        for year, age in oc3
    ]
    named = ("child", "year", "age", "in_touch", "activity", "accommodation")
    told = pd.DataFrame(rows, columns=list(named)).assign(suitable=True, staying_put=False).astype(LEAVER_KINDS)
    lives = pd.DataFrame({"child": range(len(born)), "dob": pd.to_datetime(list(born)), "reason": "aged_out"})
    empty = as_history(_nobody(), first_day=dates.day_number("2020-04-01"), origin=ORIGIN)
    return replace(empty, placements=lives, leavers=told)


def _nobody() -> Spells:
    return simulate_journeys(world(days=1, stock=no_stock(), arriving=entrants(1, 0.0)), replication_key(1, 0)).spells


def _outcome(
    flows: list[tuple[int, str, str, str, int]] | None = None,
    *,
    replications: int = 1,
    years: int = 2,
    origin: int = ORIGIN,
    lives: Spells | None = None,
) -> Outcome:
    """An outcome with these flows: replication, month, event, reason, count; or those of some lives."""
    last = dates.add_years(origin, years)
    named = ["replication", "month", "event", "reason", "count"]
    table = pd.DataFrame(flows or [], columns=named).astype({"replication": "int64", "count": "int64"})
    nothing = pd.DataFrame()
    given = _nobody() if lives is None else lives
    stock = stock_table(given, dates.month_edges(origin + 1, last)[1:] - 1, CODES).assign(replication=0)
    if lives is not None:
        table = flow_table(given, origin + 1, last, CODES).assign(replication=0)
    return Outcome(
        scenario=read_scenario("baseline"),
        codes=CODES,
        replications=replications,
        detailed=replications,
        seed=1,
        origin=origin,
        last_day=last,
        tables={"stock": stock, "flows": table.assign(month=pd.to_datetime(table["month"]))},
        supply=Supply(nothing.assign(setting=[])),
        matches=(),
        nights=np.zeros((1, 1, 1), dtype=np.int32),
        entrants=np.zeros((1, 1, 1), dtype=np.int64),
        usable=np.zeros((1, 3, 0), dtype=np.int32),
        held=np.zeros((1, 0, 0), dtype=np.int32),
        journeys=(),
    )


def _counts(table: pd.DataFrame, year: int, replication: int = 0) -> list[int]:
    """Young people of 18 to 24 on a 31 March."""
    own = table[(table["year_end"] == f"{year}-03-31") & (table["replication"] == replication)]
    assert own["age"].tolist() == list(AGES)
    return own["young_people"].tolist()


@pytest.mark.unit
def test_the_latest_table_grows_older_and_those_who_age_out_join_at_18() -> None:
    oc3 = [(2026, age) for age in (17, 18, 18, 19, 20, 20, 20, 21)]
    flows = [
        (0, "2026-04-01", "exit", "aged_out", 2),
        (0, "2027-03-01", "exit", "aged_out", 1),
        (0, "2027-04-01", "exit", "aged_out", 5),
        (0, "2026-05-01", "exit", "returned_home", 9),
        (0, "2026-05-01", "stay_put", "", 9),
    ]
    table = care_leavers(_history(oc3), _outcome(flows))
    assert tuple(table.columns) == COLUMNS
    assert _counts(table, 2026) == [2, 1, 3, 1, 0, 0, 0]
    # Whoever was 17 and had left care already is 18 now, with the three who aged out.
    assert _counts(table, 2027) == [1 + 3, 2, 1, 3, 1, 0, 0]
    assert _counts(table, 2028) == [5, 4, 2, 1, 3, 1, 0]


@pytest.mark.unit
def test_ages_beyond_the_table_come_from_earlier_tables() -> None:
    oc3 = [*[(2023, 21)] * 4, *[(2024, 21)] * 3, *[(2025, 21)] * 2, (2025, 20), (2025, 20), (2026, 21), (2026, 23)]
    history = _history(oc3)
    assert _counts(care_leavers(history, _outcome()), 2026) == [0, 0, 0, 1, 2, 3, 4]
    known = known_leavers(history)
    assert [known[2026 - age + 18].source for age in (18, 21, 22, 24)] == [
        "OC3 of 2026",
        "OC3 of 2026",
        "OC3 of 2025",
        "OC3 of 2023",
    ]
    assert all(each.complete for each in known.values())


@pytest.mark.unit
def test_without_tables_those_seen_to_age_out_are_taken_and_short_counts_are_marked() -> None:
    # 18 on 1 April 2020 (24 in 2027, 23 in 2026), on 31 March 2026 (18), and a leap day's child: 18 on 1 March 2026.
    table = care_leavers(_history([], ("2002-04-01", "2008-03-31", "2008-02-29")), _outcome())
    assert _counts(table, 2026) == [2, 0, 0, 0, 0, 1, 0]
    assert _counts(table, 2027) == [0, 2, 0, 0, 0, 0, 1]
    complete = table.set_index(["year_end", "age"])["complete"].unstack()
    # The returns begin in April 2020: they hold the cohort of 2021 and later ones whole, and not that of 2020.
    assert complete.loc[["2026-03-31", "2027-03-31"]].to_numpy().tolist() == [[True] * 6 + [False], [True] * 7]


@pytest.mark.unit
def test_whoever_ages_out_after_the_last_table_is_added_to_it() -> None:
    history = _history([(2025, 17), (2025, 18), (2025, 18)], ("2007-06-01", "2008-01-15", "2007-03-01"))
    assert _counts(care_leavers(history, _outcome()), 2026)[:3] == [1 + 2, 2, 0]
    assert known_leavers(history)[2026].source == "OC3 of 2025 and those seen to age out since"


@pytest.mark.unit
def test_those_who_have_died_and_tables_after_the_origin_are_left_out() -> None:
    history = _history([(2026, 18), (2026, 18), (2027, 18), (2027, 19)])
    told = history.leavers.assign(in_touch=["DIED", "YES", "YES", "YES"])
    assert _counts(care_leavers(replace(history, leavers=told), _outcome()), 2026) == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.unit
def test_within_a_year_the_last_31_march_is_the_first_row() -> None:
    origin = dates.day_number("2026-09-30")
    history = replace(_history([(2026, 18)], ("2008-05-05", "2002-01-01")), origin=origin)
    table = care_leavers(history, _outcome([(0, "2026-10-01", "exit", "aged_out", 3)], origin=origin, years=1))
    # Who turned 18 in May 2026 was 17 at the end of March; the other was 24 then, and is 25 a year later.
    assert _counts(table, 2026) == [1, 0, 0, 0, 0, 0, 1]
    assert _counts(table, 2027) == [1 + 3, 1, 0, 0, 0, 0, 0]
    assert table["year_end"].nunique() == 2


@pytest.mark.unit
def test_staying_put_is_of_those_who_began_to_stay() -> None:
    quiet = world(
        days=730,
        first_day=ORIGIN + 1,
        rates={},
        re_entry=0.0,
        stock=children(3, setting="in_house_fostering", age_days=17 * 365 + 200, first_day=ORIGIN + 1),
        arriving=entrants(1, 0.0),
    )
    share = np.zeros((1, len(CODES.in_care)))
    share[0, CODES.in_care.index("in_house_fostering")] = 1.0
    kept = simulate_journeys(with_places(quiet, uptake=share), replication_key(1, 0)).spells
    assert (kept.opening == OPENINGS.index("stay_put")).sum() == 3
    table = care_leavers(_history([]), _outcome(lives=kept))
    told = table.set_index(["year_end", "age"])["staying_put"].unstack()
    assert told[[18, 19, 20]].to_numpy().tolist() == [[0, 0, 0], [3, 0, 0], [0, 3, 0]]
    # Half of those who stayed at 18 have gone by 19; whoever came later is more likely to be there still.
    began = (np.array([ORIGIN - 364, ORIGIN - 1]), np.array([ORIGIN - 364, ORIGIN - 1]), np.array([4, 4]))
    assert _shared(6, began, ORIGIN, (0.5, 0.5, 0.5)).tolist() == [6, 0, 0]
    assert _shared(6, began, ORIGIN + 365, (0.5, 0.5, 0.5)).tolist() == [0, 6, 0]
    began = (np.array([ORIGIN - 400, ORIGIN - 1]), np.array([ORIGIN - 400, ORIGIN - 1]), np.array([4, 4]))
    assert [_shared(total, began, ORIGIN, (0.5, 0.5, 0.5)).tolist() for total in (3, 6, 8)] == [
        [2, 1, 0],
        [4, 2, 0],
        [4, 4, 0],
    ]


@pytest.mark.unit
def test_another_origin_is_refused() -> None:
    with pytest.raises(ValueError, match="another origin"):
        care_leavers(_history([]), _outcome(origin=ORIGIN - 365))


TABLES = st.lists(st.tuples(st.integers(2021, 2026), st.integers(17, 21)), max_size=60)
FLOWS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.dates(dates.as_date(ORIGIN + 1), dates.as_date(ORIGIN + 4 * 365)).map(lambda day: f"{day:%Y-%m-01}"),
        st.just("exit"),
        st.just("aged_out"),
        st.integers(1, 9),
    ),
    max_size=30,
)
BIRTHS = st.lists(st.dates(dates.as_date(11_500), dates.as_date(13_950)).map(str), max_size=20)


@pytest.mark.property
@settings(max_examples=60)
@given(oc3=TABLES, born=BIRTHS, flows=FLOWS)
def test_everybody_is_a_year_older_a_year_later_and_totals_add_up(
    oc3: list[tuple[int, int]], born: list[str], flows: list[tuple[int, str, str, str, int]]
) -> None:
    table = care_leavers(_history(oc3, tuple(born)), _outcome(flows, replications=2, years=4))
    whole = table.set_index(["replication", "year_end", "age"])["young_people"].unstack()
    for replication in (0, 1):
        by_year = whole.loc[replication].to_numpy()
        assert len(by_year) == 5
        assert (by_year[1:, 1:] == by_year[:-1, :-1]).all()
        new = sum(count for number, *_, count in flows if number == replication)
        # New 18-year-olds are those who aged out, and whoever had left care at 17 by the last table.
        had_left = sum((year, age) == (2026, 17) for year, age in oc3)
        cohorts = [dates.collection_year(dates.birthday(dates.day_number(day), 18)) for day in born]
        late = sum(cohort == 2027 for cohort in cohorts)
        assert by_year[1:, 0].sum() == new + had_left + late
    assert (whole.loc[0].iloc[0] == whole.loc[1].iloc[0]).all()


@pytest.mark.functional
def test_a_simulated_plan_gives_care_leavers_that_fit_its_own_tables() -> None:
    history = known_history(per_day=0.1)
    outcome = simulate(history, "baseline", replications=3, years=2, seed=4, workers=1)
    table = care_leavers(history, outcome)
    assert len(table) == 3 * 3 * len(AGES)
    assert (table["staying_put"] <= table["young_people"]).all()
    staying = table.groupby(["replication", "year_end"])["staying_put"].sum()
    after = list(CODES.all_settings[len(CODES.in_care) :])
    stock = outcome.stock[outcome.stock["setting"].isin(after)].groupby(["replication", "month_end"])["children"].sum()
    later = [key for key in staying.index if key[1] > dates.to_dates(np.array([history.origin]))[0]]
    assert staying.loc[later].tolist() == stock.reindex(later, fill_value=0).tolist()
