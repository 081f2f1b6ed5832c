"""From episodes to placements and periods of care."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from returns_builder import Row, child, episode, small, write, yearly

from sufficiency.dates import day_number
from sufficiency.errors import UserError
from sufficiency.history import History, build_history
from sufficiency.history.model import CHILD_KINDS, LEGAL_KINDS, PLACEMENT_KINDS
from sufficiency.history.stock import spells
from sufficiency.returns import read_returns
from sufficiency.simulation import placements_frame

pytestmark = pytest.mark.unit

WHO = "INV000500"


def of(folder: Path, *episodes: Row, dob: str = "2012-03-04") -> History:
    """History of one child beside the clean returns."""
    tables = small()
    for year, by_table in yearly([child(WHO, dob)], list(episodes), range(2024, 2026)).items():
        for table in ("header", "episodes"):
            tables[year][table] += by_table[table]
    return build_history(read_returns(write(folder, tables)))


def his(history: History) -> pd.DataFrame:
    """Placements of the child, its identifier being the last of the returns."""
    last = int(history.children["child"].max())
    rows: pd.DataFrame = history.placements[history.placements["child"].eq(last)].reset_index(drop=True)
    return rows


def starts(history: History) -> list[str]:
    return his(history)["start"].astype(str).tolist()


def test_frames_have_the_columns_of_the_contract(tmp_path: Path) -> None:
    history = build_history(read_returns(write(tmp_path, small())))
    assert list(history.children.columns) == list(CHILD_KINDS)
    assert list(history.placements.columns) == list(PLACEMENT_KINDS)
    assert list(history.legal.columns) == list(LEGAL_KINDS)
    assert repr(history) == "History(12 children, 16 placements, 2023-04-01 to 2025-03-31)"
    assert history.children["child"].tolist() == list(range(12))
    assert history.children["uasc"].tolist() == [at == 2 for at in range(12)]
    assert set(history.children["ethnicity"]) == {"White"}


def test_simulated_journeys_have_the_same_form(tmp_path: Path) -> None:
    history = build_history(read_returns(write(tmp_path, small())))
    simulated = placements_frame(spells(history.placements, history.codes), history.codes)
    assert list(simulated.columns) == list(PLACEMENT_KINDS)
    for name in ("distance_miles", "location"):
        assert str(simulated[name].dtype) == PLACEMENT_KINDS[name]
        assert simulated[name].equals(history.placements[name])


def test_entry_move_exit_and_re_entry(tmp_path: Path) -> None:
    history = of(
        tmp_path,
        episode(WHO, "2023-05-01", "2023-08-01", provider="PR4", reason="CARPL"),
        episode(WHO, "2023-08-01", "2023-12-01", rne="P", place="K2", provider="PR4", rec="E4A"),
        episode(WHO, "2024-06-01", ls="V2"),
    )
    rows = his(history)
    assert rows["opening"].tolist() == ["entry", "move", "re_entry"]
    assert rows["closing"].tolist() == ["move", "exit", None]
    assert rows["reason"].tolist() == [None, "returned_home", None]
    assert rows["setting"].tolist() == ["agency_fostering", "external_home", "in_house_fostering"]
    assert rows["period"].tolist() == [0, 0, 1]
    assert rows["placement"].tolist() == [0, 1, 2]
    assert rows["care_start"].astype(str).tolist() == ["2023-05-01", "2023-05-01", "2024-06-01"]


@pytest.mark.parametrize(
    ("rne", "place", "reason"), [("L", "U6", ""), ("T", "U4", ""), ("U", "U4", ""), ("P", "U4", "PLACE")]
)
def test_changes_of_status_lengthen_the_placement(tmp_path: Path, rne: str, place: str, reason: str) -> None:
    first = episode(WHO, "2023-05-01", "2023-08-01", ls="C1", reason=reason)
    history = of(tmp_path, first, episode(WHO, "2023-08-01", rne=rne, place=place))
    assert starts(history) == ["2023-05-01"]
    assert history.legal[history.legal["child"] == 12]["status"].tolist() == ["C1", "C2"]


@pytest.mark.parametrize("rne", ["P", "B"])
def test_moves_within_a_setting_are_placements(tmp_path: Path, rne: str) -> None:
    history = of(
        tmp_path, episode(WHO, "2023-05-01", "2023-08-01", reason="CARPL"), episode(WHO, "2023-08-01", rne=rne)
    )
    assert starts(history) == ["2023-05-01", "2023-08-01"]
    assert his(history)["same_carer"].tolist() == [False, False]


def test_a_new_setting_with_the_same_carer(tmp_path: Path) -> None:
    history = of(tmp_path, episode(WHO, "2023-05-01", "2023-08-01"), episode(WHO, "2023-08-01", rne="T", place="A3"))
    rows = his(history)
    assert rows["setting"].tolist() == ["in_house_fostering", "placed_for_adoption"]
    assert rows["same_carer"].tolist() == [False, True]


def test_temporary_placements_are_folded_in(tmp_path: Path) -> None:
    history = of(
        tmp_path,
        episode(WHO, "2023-05-01", "2023-08-01"),
        episode(WHO, "2023-08-01", "2023-08-05", rne="P", place="T4", provider=""),
        episode(WHO, "2023-08-05", "2023-10-01", rne="P"),
        episode(WHO, "2023-10-01", "2023-10-04", rne="P", place="T1", provider=""),
        episode(WHO, "2023-10-04", rne="P", place="K2", provider="PR4"),
    )
    rows = his(history)
    assert starts(history) == ["2023-05-01", "2023-10-04"]
    assert rows["setting"].tolist() == ["in_house_fostering", "external_home"]
    assert rows["place"].tolist() == ["U6", "K2"]


def test_a_period_that_begins_with_a_temporary_placement(tmp_path: Path) -> None:
    history = of(
        tmp_path,
        episode(WHO, "2023-05-01", "2023-05-05", place="T0", provider=""),
        episode(WHO, "2023-05-05", rne="P", place="U1"),
    )
    assert his(history)[["setting", "place"]].to_numpy().tolist() == [["kinship_fostering", "U1"]]


def test_a_birthday_within_a_stay_makes_no_move(tmp_path: Path) -> None:
    history = of(
        tmp_path,
        episode(WHO, "2023-05-01", "2023-08-01", place="Z1", provider="", ls="C1"),
        episode(WHO, "2023-08-01", rne="L", place="Z1", provider=""),
        dob="2007-06-15",
    )
    assert his(history)["setting"].tolist() == ["other"]


def test_the_recoding_of_supported_accommodation_makes_no_move(tmp_path: Path) -> None:
    history = of(
        tmp_path,
        episode(WHO, "2023-05-01", "2024-04-28", place="H5", provider="PR4", reason="PLACE"),
        episode(WHO, "2024-04-28", rne="T", place="K3", provider="PR4"),
        dob="2007-03-15",
    )
    assert his(history)["setting"].tolist() == ["supported_accommodation"]


GAPS = [
    (0, "P", ["2023-05-01", "2023-08-01"], ["move", None], [0, 0]),
    (7, "P", ["2023-05-01", "2023-08-08"], ["move", None], [0, 0]),
    (8, "P", ["2023-05-01", "2023-08-09"], ["exit", None], [0, 1]),
    (3, "S", ["2023-05-01", "2023-08-04"], ["exit", None], [0, 1]),
]


@pytest.mark.parametrize(("days", "rne", "begin", "closing", "period"), GAPS)
def test_gaps_after_x1(
    tmp_path: Path, days: int, rne: str, begin: list[str], closing: list[str | None], period: list[int]
) -> None:
    after = str(pd.Timestamp("2023-08-01") + pd.Timedelta(days=days))[:10]
    history = of(tmp_path, episode(WHO, "2023-05-01", "2023-08-01", reason="CARPL"), episode(WHO, after, rne=rne))
    rows = his(history)
    assert starts(history) == begin
    assert rows["closing"].tolist() == closing
    assert rows["period"].tolist() == period
    bridged = closing[0] == "move"
    assert rows["end"].iloc[0] == (rows["start"].iloc[1] if bridged else pd.Timestamp("2023-08-01"))
    assert rows["reason"].iloc[0] == (None if bridged else "other")


def test_an_overlap_ends_where_the_next_begins(tmp_path: Path) -> None:
    history = of(
        tmp_path, episode(WHO, "2023-05-01", "2023-09-01", rec="E4A"), episode(WHO, "2023-08-01", rne="S", place="U1")
    )
    rows = his(history)
    assert str(rows["end"].iloc[0])[:10] == "2023-08-01"
    assert pd.isna(rows["end"].iloc[1])
    assert rows["opening"].tolist() == ["entry", "move"]


ADULTS = [
    ("2024-07-02", "E17", "2024-07-02", "aged_out"),
    ("2024-06-26", "E5", "2024-06-26", "aged_out"),
    ("2024-06-25", "E5", "2024-06-25", "aged_out"),
    ("2024-06-24", "E5", "2024-06-24", "independent_living"),
    ("2024-07-20", "E17", "2024-07-02", "aged_out"),
    ("", "", "2024-07-02", "aged_out"),
    ("2024-07-02", "X1", "2024-07-02", "aged_out"),
]


@pytest.mark.parametrize(("end", "rec", "left", "reason"), ADULTS)
def test_nobody_is_in_care_after_18(tmp_path: Path, end: str, rec: str, left: str, reason: str) -> None:
    rows = his(of(tmp_path, episode(WHO, "2023-05-01", end, rec=rec), dob="2006-07-02"))
    assert rows["end"].astype(str).tolist() == [left]
    assert rows["reason"].tolist() == [reason]


def test_born_on_29_february_turns_18_on_1_march(tmp_path: Path) -> None:
    rows = his(of(tmp_path, episode(WHO, "2023-05-01", place="K2"), dob="2007-02-28"))
    leap = his(of(tmp_path / "leap", episode(WHO, "2023-05-01"), dob="2008-02-29"))
    assert rows["end"].astype(str).tolist() == ["2025-02-28"]
    assert leap["end"].isna().all()


def test_starts_not_seen_are_marked(tmp_path: Path) -> None:
    rows = his(
        of(tmp_path, episode(WHO, "2022-05-01", "2024-01-01", rne="L"), episode(WHO, "2024-01-01", rne="P", place="U1"))
    )
    assert rows["start_known"].tolist() == [False, True]
    assert rows["care_start_known"].tolist() == [False, False]


def test_a_stale_open_row_ends_after_its_return(tmp_path: Path) -> None:
    tables = small()
    for table in ("episodes", "header"):
        tables[2025][table] = [row for row in tables[2025][table] if row["CHILD"] != "INV000100"]
    history = build_history(read_returns(write(tmp_path, tables)))
    first = history.placements.iloc[0]
    assert (str(first["end"])[:10], first["closing"], first["reason"]) == ("2024-04-01", "exit", "other")


def test_an_unknown_placement_counts_as_other(tmp_path: Path) -> None:
    rows = his(of(tmp_path, episode(WHO, "2023-05-01", place="Q7")))
    assert rows["setting"].tolist() == ["other"]


def test_an_earlier_origin_gives_what_was_known_then(tmp_path: Path) -> None:
    returns = read_returns(write(tmp_path, small()))
    then = build_history(returns, origin="2024-03-31")
    assert then.origin == day_number("2024-03-31")
    assert (then.placements["start"] <= "2024-03-31").all()
    assert not (then.placements["end"] > "2024-03-31").any()
    assert then.placements.loc[then.placements["end"].isna(), "closing"].isna().all()
    alone = build_history(read_returns(write(tmp_path / "alone", {2024: small()[2024]})))
    pd.testing.assert_frame_equal(then.placements, alone.placements)
    pd.testing.assert_frame_equal(then.children, alone.children)
    pd.testing.assert_frame_equal(then.legal, alone.legal)


def test_an_end_on_the_origin_is_known_and_a_day_later_is_not(tmp_path: Path) -> None:
    returns = read_returns(write(tmp_path, small()))
    for origin, known in (("2024-06-20", True), ("2024-06-19", False)):
        placements = build_history(returns, origin=origin).placements
        home = placements[placements["setting"] == "external_home"]
        assert home["end"].notna().tolist() == [known]


@pytest.mark.parametrize("origin", ["2023-03-31", "2025-04-01", "the day before"])
def test_an_origin_outside_the_returns_is_refused(tmp_path: Path, origin: str) -> None:
    returns = read_returns(write(tmp_path, small()))
    with pytest.raises(UserError, match="origin"):
        build_history(returns, origin=origin)


def test_an_origin_before_anybody_came(tmp_path: Path) -> None:
    tables = small()
    for by_table in tables.values():
        by_table["episodes"] = [row for row in by_table["episodes"] if not row["DECOM"].endswith(("2021", "2022"))]
    history = build_history(read_returns(write(tmp_path, tables)), origin="2023-04-01")
    assert len(history.placements) == len(history.children) == len(history.legal) == 0
