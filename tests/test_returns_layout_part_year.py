"""A last return of part of a year ends on its own last day, given or seen."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from returns_builder import Row, british, child, episode, write, yearly

from sufficiency.dates import day_number
from sufficiency.errors import UserError
from sufficiency.history import build_history, profile
from sufficiency.returns import Returns, read_returns

pytestmark = pytest.mark.functional


def many() -> tuple[list[Row], list[Row]]:
    """One child enters every four days over two years and stays for two hundred days; one turns 18 in March 2026."""
    children, rows = [child("INV999999", "2008-03-01")], [episode("INV999999", "2020-01-01")]
    for at in range(180):
        name, start = f"INV{at:06d}", date(2024, 4, 3) + timedelta(days=4 * at)
        children.append(child(name, "2015-06-01"))
        rows.append(episode(name, start.isoformat(), (start + timedelta(days=200)).isoformat(), rec="E4A"))
    return children, rows


def part_year(folder: Path, until: date) -> Path:
    """Returns of 2025, whole, and of 2026 as they would be extracted on a day."""
    tables = yearly(*many(), range(2025, 2027))
    rows = [row for row in tables[2026]["episodes"] if known(row["DECOM"], until)]
    tables[2026]["episodes"] = [row if known(row["DEC"], until) else {**row, "DEC": "", "REC": ""} for row in rows]
    return write(folder, tables)


def known(day: str, until: date) -> bool:
    return bool(day) and day_number(date(int(day[6:]), int(day[3:5]), int(day[:2]))) <= day_number(until)


def rules(returns: Returns) -> list[str]:
    about_files = {"part_year", "part_year_given", "year_unknown", "year_missing", "several_years"}
    return [item.rule for item in returns.findings if item.rule in about_files]


def test_a_part_year_is_recognised_and_nothing_is_aged_to_march(tmp_path: Path) -> None:
    returns = read_returns(part_year(tmp_path, date(2025, 9, 30)))
    assert rules(returns) == ["part_year"]
    finding = next(item for item in returns.findings if item.rule == "part_year")
    assert "is on 29/09/2025" in finding.message
    assert "--until" in finding.action
    assert returns.years == (2025, 2026)
    assert returns.last_day == day_number("2025-09-29")
    history = build_history(returns)
    assert history.origin == returns.last_day
    still = history.placements[history.placements["end"].isna()]
    assert (still["start"] <= "2025-09-29").all()
    assert still["reason"].isna().all()
    # The child who would turn 18 before March is still in care.
    assert (still["dob"] == "2008-03-01").sum() == 1
    assert "in_care_after_18" not in {item.rule for item in returns.findings}


def test_the_day_given_is_the_last_day(tmp_path: Path) -> None:
    given = read_returns(part_year(tmp_path, date(2025, 9, 30)), until="2025-09-30")
    assert given.last_day == day_number("2025-09-30")
    assert rules(given) == ["part_year_given"]
    assert read_returns(tmp_path, until=date(2025, 9, 30)).last_day == given.last_day


def test_an_extract_joined_to_the_last_return_is_what_the_whole_year_was_on_that_day(tmp_path: Path) -> None:
    whole = read_returns(write(tmp_path / "whole", yearly(*many(), range(2025, 2027))))
    assert "part_year" not in rules(whole)
    part = read_returns(part_year(tmp_path / "part", date(2025, 9, 30)), until="2025-09-30")
    known_then = build_history(whole, origin="2025-09-30")
    history = build_history(part)
    assert history.placements.equals(known_then.placements)
    assert history.children.equals(known_then.children)
    assert profile(history, "2025-09-30").equals(profile(known_then, "2025-09-30"))


def test_starts_and_ends_after_the_day_given_are_not_known(tmp_path: Path) -> None:
    whole = write(tmp_path, yearly(*many(), range(2025, 2027)))
    cut = build_history(read_returns(whole, until="2025-09-30"))
    assert cut.placements.equals(build_history(read_returns(whole), origin="2025-09-30").placements)


@pytest.mark.parametrize("until", ["2025-03-31", "2026-04-01", "30/09/2026", "soon"])
def test_a_day_outside_the_last_return_is_refused(tmp_path: Path, until: str) -> None:
    with pytest.raises(UserError, match="last day of data"):
        read_returns(write(tmp_path, yearly(*many(), range(2025, 2027))), until=until)


def test_few_dates_or_a_short_silence_say_nothing(tmp_path: Path) -> None:
    children, rows = many()
    few = write(tmp_path / "few", yearly(children[:9], rows[:9], range(2025, 2026)))
    assert rules(read_returns(few)) == []
    late = read_returns(part_year(tmp_path / "late", date(2026, 3, 10)))
    assert rules(late) == []
    assert late.last_day == day_number("2026-03-31")
    assert british("2026-03-31") == "31/03/2026"
