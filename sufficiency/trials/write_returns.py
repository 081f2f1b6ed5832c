"""Write an invented authority's SSDA903 returns, one folder of CSV files for each collection year.

A return holds every episode that was open at any time in its year, as that year's collection writes
it: ends after 31 March are still unknown, and codes are those of the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sufficiency import dates
from sufficiency.dates import as_date
from sufficiency.trials import outcomes
from sufficiency.trials.episodes import Episode, episodes_of
from sufficiency.trials.homes import home_postcode
from sufficiency.trials.invented import Invented
from sufficiency.trials.lives import OPEN, Life, lives

Row = tuple[str, ...]

COLUMNS = {
    "header": "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB",
    "episodes": "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN",
    "uasc": "CHILD,SEX,DOB,DUC",
    "ad1": "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR",
    "oc3": "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM",
    "placed_for_adoption": "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED",
    "previous_permanence": "CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM",
    "reviews": "CHILD,DOB,REVIEW,REVIEW_CODE",
    "oc2": "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS,TEETH_CHECK,HEALTH_ASSESSMENT,"
    "SUBSTANCE_MISUSE,INTERVENTION_RECEIVED,INTERVENTION_OFFERED",
    "missing": "CHILD,DOB,MISSING,MIS_START,MIS_END",
}
#: First collection year in which sex is a letter.
_SEX_LETTERS = 2025
_SEX = {(True, False): "1", (False, False): "2", (True, True): "M", (False, True): "F"}
_SCHOOL_AGE = 5
_MOTHER_ASKED_FROM = 10


@dataclass(frozen=True)
class Known:
    """An invented authority child by child, with episodes: what every year's return is taken from."""

    lives: Sequence[Life]
    episodes: dict[int, list[Episode]]

    def __repr__(self) -> str:
        return f"Known({len(self.lives):,} children)"


def known(invented: Invented, first_day: int) -> Known:
    """Every life, and the episodes of those who were in care on the first day or later."""
    everyone = lives(invented)
    seen = [life for life in everyone if life.periods[-1].end >= first_day]
    return Known(everyone, {life.rank: episodes_of(life) for life in seen})


def day(number: int) -> str:
    """A date as the collection writes it; blank where there is none."""
    return "" if number == OPEN else as_date(number).strftime("%d/%m/%Y")


def write_returns(invented: Invented, folder: Path, years: Iterable[int]) -> list[Path]:
    """Write the returns of some collection years and give the files written.

    Parameters
    ----------
    invented
        The truth.
    folder
        Gets one folder for each year.
    years
        Calendar years in which the collection years end.
    """
    asked = list(years)
    everyone = known(invented, dates.year_bounds(min(asked))[0])
    out = []
    for year in asked:
        place = folder / str(year)
        place.mkdir(parents=True, exist_ok=True)
        for name, rows in tables_of(everyone, year).items():
            out.append(write_rows(place / f"{name}.csv", COLUMNS[name], rows))
    return out


def write_rows(path: Path, heading: str, rows: Iterable[Row]) -> Path:
    """Write a CSV whose bytes are the same on every platform. No value holds a comma."""
    lines = [heading, *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def tables_of(everyone: Known, year: int) -> dict[str, list[Row]]:
    """Rows of every table of one return."""
    first, last = dates.year_bounds(year)
    open_then = {
        life.rank: [row for row in everyone.episodes.get(life.rank, []) if row.start <= last and row.end >= first]
        for life in everyone.lives
    }
    in_care = [life for life in everyone.lives if open_then[life.rank]]
    leavers = [life for life in everyone.lives if outcomes.care_leaver_age(life, first, last)]
    told = sorted({life.rank: life for life in (*in_care, *leavers)}.values(), key=lambda life: life.rank)
    span = outcomes.Year(year, first, last)
    return {
        "header": [_header(life, span) for life in told],
        "episodes": [_episode(row, span) for life in in_care for row in open_then[life.rank]],
        "uasc": [_uasc(life, span) for life in in_care if life.uasc],
        "ad1": [row for life in in_care for row in outcomes.adopted(life, span)],
        "oc3": [row for life in leavers for row in outcomes.leaver(life, span)],
        "placed_for_adoption": [row for life in in_care for row in outcomes.adoption_decided(life, span)],
        "previous_permanence": [row for life in in_care for row in outcomes.previous_permanence(life, span)],
        "reviews": [row for life in in_care for row in outcomes.reviews(life, span)],
        "oc2": [row for life in in_care for row in outcomes.health(life, span)],
        "missing": [row for life in in_care for row in outcomes.missing(life, span)],
    }


def _sex(life: Life, year: int) -> str:
    return _SEX[life.male, year >= _SEX_LETTERS]


def _header(life: Life, year: outcomes.Year) -> Row:
    upn = life.upn if life.age(year.last) >= _SCHOOL_AGE else "UN1"
    born = life.own_child_born
    mother, birth = "", ""
    if not life.male and life.age(year.last) >= _MOTHER_ASKED_FROM:
        has_child = born is not None and born <= year.last
        mother, birth = ("1", day(born)) if has_child and born is not None else ("0", "")
    return life.child_id, _sex(life, year.year), day(life.dob), life.ethnicity, upn, mother, birth


def _episode(row: Episode, year: outcomes.Year) -> Row:
    ended = row.end <= year.last
    life, home = row.life, row.home
    return (
        life.child_id,
        day(row.start),
        row.rne,
        row.status,
        row.need,
        home.place_in(year.year),
        home.provider,
        day(row.end) if ended else "",
        row.rec if ended else "",
        row.reason if ended else "",
        home_postcode(life),
        home.postcode,
        home.urn_in(year.year, row.end if ended else OPEN),
    )


def _uasc(life: Life, year: outcomes.Year) -> Row:
    ceased = day(life.adult) if life.adult <= year.last else ""
    return life.child_id, _sex(life, year.year), day(life.dob), ceased
