"""Returns of invented authorities: valid, and the same truth when read back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sufficiency import dates
from sufficiency.codes import read_codes
from sufficiency.history import build_history
from sufficiency.history.stock import Spells, events, spells, stock_at
from sufficiency.returns import read_returns
from sufficiency.trials import Change, KnownWorld, as_seen, invent, read_world, write_returns
from sufficiency.trials.example import YEARS
from sufficiency.trials.homes import postcode
from sufficiency.trials.invented import placements

WORLD = read_world()
APRIL_2023 = int(dates.month_index(dates.day_number("2023-04-01")))
#: Findings that valid returns may have: care leavers in the header, tables with no rows.
HARMLESS = {"header_without_episodes", "no_rows"}


def listed(given: Spells, first_day: int, last_day: int) -> Counter[tuple[int, ...]]:
    """Every event as it is told, whoever's it was."""
    found = events(given, first_day, last_day)
    names = ("day", "event", "source", "target", "reason", "band", "uasc")
    return Counter(zip(*(getattr(found, name).tolist() for name in names), strict=True))


SMALL: dict[str, Callable[[KnownWorld], KnownWorld]] = {
    "thirty-two children": lambda world: world.scaled(0.09).seeded(2),
    "as it is, a quarter": lambda world: world.scaled(0.25).seeded(3),
    "a surge of children seeking asylum": lambda world: world.scaled(0.15).with_levels(
        lambda month: 4.0 if month >= APRIL_2023 else 1.0, "uasc"
    ),
    "exits that double": lambda world: world.scaled(0.2).with_change(
        Change(APRIL_2023, ("returned_home", "special_guardianship", "adopted"), 2.0)
    ),
}


@pytest.mark.property
@pytest.mark.parametrize("name", SMALL)
def test_returns_read_back_give_the_same_stock_and_events(name: str, tmp_path: Path) -> None:
    truth = invent(SMALL[name](WORLD))
    write_returns(truth, tmp_path, range(2021, 2027))
    returns = read_returns(tmp_path)
    assert returns.years == tuple(range(2021, 2027))
    assert {found.rule for found in returns.findings} <= HARMLESS
    history = build_history(returns)
    first, last = history.first_day, history.origin
    seen, read = as_seen(truth.journeys, first, last), spells(history.placements, history.codes)
    days = np.arange(first, last + 1)
    settings = len(history.codes.all_settings)
    np.testing.assert_array_equal(stock_at(seen, days, settings), stock_at(read, days, settings))
    assert listed(seen, first, last) == listed(read, first, last)
    assert sum(listed(seen, first, last).values()) > 50


@pytest.mark.functional
def test_the_truth_has_the_form_of_a_history(tmp_path: Path) -> None:
    truth = invent(WORLD.scaled(0.1))
    write_returns(truth, tmp_path, [2025, 2026])
    history = build_history(read_returns(tmp_path))
    table = placements(truth.journeys, truth.codes)
    assert list(table.columns) == list(history.placements.columns)
    assert not table[["start", "setting", "care_start"]].isna().any(axis=None)
    assert (table.loc[table["placement"] == 0, "opening"] == "entry").all()
    again = spells(table, truth.codes)
    for name in Spells.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(again, name), getattr(truth.journeys, name))
    assert table.groupby(["child", "period"])["care_start"].nunique().max() == 1


@pytest.mark.unit
def test_postcodes_are_in_the_valid_form() -> None:
    form = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}")
    grid = np.linspace(0, 1, 50, endpoint=False).tolist()
    assert all(form.fullmatch(postcode(first, second)) for first in grid for second in grid)


@pytest.fixture(scope="module")
def tables(example_folder: Path) -> dict[tuple[str, int], pd.DataFrame]:
    """Every table of the example's returns as text."""
    out = {}
    for year in YEARS:
        for path in (example_folder / "returns" / str(year)).glob("*.csv"):
            out[path.stem, year] = pd.read_csv(path, dtype=str, keep_default_na=False)
    return out


Tables = dict[tuple[str, int], pd.DataFrame]


@pytest.fixture(scope="module")
def example_folder() -> Path:
    """The example as it lies in the repository."""
    return Path(__file__).parents[1] / "data" / "example"


def _days(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column, format="%d/%m/%Y")


def _episodes(tables: Tables) -> pd.DataFrame:
    return pd.concat([table.assign(YEAR=year) for (name, year), table in tables.items() if name == "episodes"])


@pytest.mark.functional
def test_nothing_in_the_example_can_be_taken_for_real(tables: Tables) -> None:
    for table in tables.values():
        assert table["CHILD"].str.fullmatch(r"INVENTED\d{5}").all()
    for (name, _), table in tables.items():
        if name == "header":
            assert table["UPN"].str.fullmatch(r"Z999\d{9}|UN1").all()
        if name == "episodes":
            codes = pd.concat([table["HOME_POST"], table["PL_POST"]])
            assert codes[codes != ""].str.fullmatch(r"Z[XYZ]\d \d[A-Z]{2}").all()
            assert table["URN"].str.fullmatch(r"(SC99\d{4})?").all()


@pytest.mark.functional
def test_codes_are_those_of_each_collection_year(tables: Tables) -> None:
    codes = read_codes().sets
    for (name, year), table in tables.items():
        if name == "header":
            assert set(table["SEX"]) == ({"1", "2"} if year < 2025 else {"M", "F"})
        if name == "episodes":
            assert not set(table["PLACE"]) & ({"K3"} if year < 2025 else {"H5", "P2"})
            assert not set(table["PLACE"]) & ({"Z12"} if year < 2026 else {"Z1"})
            for column in ("RNE", "LS", "CIN", "REC", "REASON_PLACE_CHANGE", "PLACE_PROVIDER"):
                given = codes[codes["column"] == column]
                valid = given[(given["year_from"].astype(int) <= year) & (given["year_to"].astype(int) >= year)]
                assert set(table[column]) - {""} <= set(valid["code"])
    late = _episodes(tables).query("PLACE == 'P2'")
    assert (_days(late["DEC"][late["DEC"] != ""]) <= pd.Timestamp("2023-10-28")).all()
    assert {"H5", "K3", "P2", "Z1", "A5", "A6", "U4", "K1", "S1"} <= set(_episodes(tables)["PLACE"])


@pytest.mark.functional
def test_episodes_follow_the_collections_rules(tables: Tables) -> None:
    rows = _episodes(tables)
    ended = rows["DEC"] != ""
    assert (ended == (rows["REC"] != "")).all()
    assert (rows.loc[~ended, "REASON_PLACE_CHANGE"] == "").all()
    last = rows.sort_values("YEAR").drop_duplicates(["CHILD", "DECOM"], keep="last")
    last = last.assign(FROM=_days(last["DECOM"])).sort_values(["CHILD", "FROM"])
    after = last.groupby("CHILD").shift(-1)
    goes_on = last["REC"] == "X1"
    assert (after.loc[goes_on, "DECOM"] == last.loc[goes_on, "DEC"]).all()
    assert (after.loc[goes_on, "RNE"] != "S").all()
    assert (after.loc[~goes_on & after["RNE"].notna(), "RNE"] == "S").all()
    assert (after.loc[goes_on, "CIN"] == last.loc[goes_on, "CIN"]).all()
    moved = goes_on & after["RNE"].isin(["P", "B", "T", "U"])
    assert (last.loc[moved, "REASON_PLACE_CHANGE"] != "").all()
    assert (last.loc[~moved, "REASON_PLACE_CHANGE"] == "").all()
    same_carer = goes_on & after["RNE"].isin(["T", "U"])
    assert (last.loc[same_carer, "REASON_PLACE_CHANGE"] == "PLACE").all()
    assert (after.loc[same_carer, "PL_POST"] == last.loc[same_carer, "PL_POST"]).all()
    changed = goes_on & after["RNE"].isin(["L", "B", "U"])
    assert ((after["LS"] != last["LS"])[goes_on] == changed[goes_on]).all()
    kept = goes_on & (after["RNE"] == "L")
    for column in ("PLACE_PROVIDER", "PL_POST", "HOME_POST"):
        assert (after.loc[kept, column] == last.loc[kept, column]).all()
    assert 0.15 < (last["REASON_PLACE_CHANGE"] == "PLACE").sum() / moved.sum() < 0.33


@pytest.mark.functional
def test_providers_orders_and_ages_fit_their_placements(tables: Tables) -> None:
    rows = _episodes(tables)
    assert (rows.loc[rows["PLACE"] == "P1", "PLACE_PROVIDER"] == "PR0").all()
    assert (rows.loc[rows["PLACE_PROVIDER"] == "PR0", "PLACE"] == "P1").all()
    unnamed = rows["PLACE"].isin(["Z1", "Z12"])
    assert ((rows["PLACE_PROVIDER"] == "") == unnamed).all()
    assert (rows.loc[rows["PLACE"].isin(["A5", "A6"]), "LS"] == "E1").all()
    assert not (rows.loc[rows["PLACE"].isin(["A3", "A4"]), "LS"] == "E1").any()
    assert (rows.loc[rows["REC"].isin(["E11", "E12"]), "PLACE"].str[0] == "A").all()
    header = pd.concat([table for (name, _), table in tables.items() if name == "header"])
    born = _days(header.drop_duplicates("CHILD").set_index("CHILD")["DOB"])
    age = (_days(rows["DECOM"]) - rows["CHILD"].map(born)).dt.days / 365.25
    assert (age[rows["PLACE"].isin(["H5", "K3", "P2"])] >= 15.99).all()
    assert (age[rows["PLACE"] == "S1"] >= 4).all()
    assert (age >= 0).all()
    asylum = {child for (name, _), table in tables.items() if name == "uasc" for child in table["CHILD"]}
    assert len(asylum) > 50
    assert set(rows.loc[rows["CHILD"].isin(asylum), "LS"]) == {"V2"}


@pytest.mark.functional
def test_care_leavers_stay_put_about_as_often_as_published(tables: Tables) -> None:
    header = pd.concat([table for (name, _), table in tables.items() if name == "header"])
    leavers = pd.concat([table.assign(YEAR=year) for (name, year), table in tables.items() if name == "oc3"])
    assert set(leavers["CHILD"]) <= set(header["CHILD"])
    stayed = leavers["ACCOM"] == "Z1"
    assert stayed.sum() > 50
    # In a year ending March the birthdays of those born from April on fell in the calendar year before.
    adult = leavers["YEAR"] - leavers["DOB"].str[-4:].astype(int) - (leavers["DOB"].str[3:5].astype(int) > 3)
    assert not stayed[adult == 17].any()
    assert not stayed[adult == 21].any()
    by_age = stayed.groupby(adult).sum()
    assert by_age[18] > by_age[19] > by_age[20] > 0
    assert adult.between(17, 21).all()
