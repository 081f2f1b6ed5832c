"""Returns written as the Standard Safeguarding Dataset's tables, for trials of their reading.

One extract holds what the last of several yearly returns know. Placements and legal statuses are
made of the episodes: what begins by P, T, B, U or S is another placement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from sufficiency.trials.write_layouts import Row, Written, csv_text, put

_SAME_PLACEMENT = "L"
_MORE = "REASON_PLACE_CHANGE"


def write_standard(written: Written, folder: Path, *, nothing: str = "") -> Path:
    """Write person, episodes, placements, legal and immigration statuses as CSV; ``nothing`` stands for no value."""
    episodes = _latest(written, "episodes", ("CHILD", "DECOM"))
    lives: dict[str, list[Row]] = {}
    for row in sorted(episodes, key=lambda item: (item["CHILD"], _iso(item["DECOM"]))):
        lives.setdefault(row["CHILD"], []).append(row)
    stays = [stay for life in lives.values() for stay in _stays(life)]
    statuses = [status for life in lives.values() for status in _statuses(life)]
    tables = {
        "ssd_person": map(_person, _latest(written, "header", ("CHILD",))),
        "ssd_cla_episodes": (_episode(row, at) for at, stay in enumerate(stays) for row in stay),
        "ssd_cla_placement": (_placement(stay, at) for at, stay in enumerate(stays)),
        "ssd_legal_status": (_status(rows, at) for at, rows in enumerate(statuses)),
        "ssd_immigration_status": map(_immigration, _latest(written, "uasc", ("CHILD",))),
    }
    for name, rows in tables.items():
        filled = [{column: value or nothing for column, value in row.items()} for row in rows]
        put(folder / f"{name}.csv", csv_text(tuple(filled[0]), filled))
    return folder


def _latest(written: Written, table: str, keys: Iterable[str]) -> list[Row]:
    found = {
        tuple(row[key] for key in keys): row
        for _, tables in sorted(written.items())
        if table in tables
        for row in tables[table].rows
    }
    return list(found.values())


def _iso(day: str) -> str:
    """A date and time as a database writes it."""
    if not day:
        return ""
    number, month, year = day.split("/")
    return f"{date(int(year), int(month), int(number)).isoformat()} 00:00:00.000"


def _runs(life: list[Row], column: str | None) -> Iterator[list[Row]]:
    """Episodes that follow one another and share a value, or (with no column) a placement."""
    run: list[Row] = []
    for row in life:
        same = row["RNE"] == _SAME_PLACEMENT if column is None else bool(run) and row[column] == run[-1][column]
        if run and (not same or row["DECOM"] != run[-1]["DEC"]):
            yield run
            run = []
        run.append(row)
    yield run


def _stays(life: list[Row]) -> Iterator[list[Row]]:
    return _runs(life, None)


def _statuses(life: list[Row]) -> Iterator[list[Row]]:
    return _runs(life, "LS")


def _person(row: Row) -> dict[str, str]:
    return {
        "pers_person_id": row["CHILD"],
        "pers_sex": {"1": "M", "2": "F"}.get(row["SEX"], row["SEX"]),
        "pers_gender": "",
        "pers_ethnicity": row["ETHNIC"],
        "pers_dob": _iso(row["DOB"]),
        "pers_is_mother": row["MOTHER"],
    }


def _episode(row: Row, stay: int) -> dict[str, str]:
    return {
        "clae_cla_episode_id": f"{row['CHILD']}-{row['DECOM']}",
        "clae_person_id": row["CHILD"],
        "clae_cla_placement_id": f"P{stay}",
        "clae_cla_episode_start_date": _iso(row["DECOM"]),
        "clae_cla_episode_start_reason": row["RNE"],
        "clae_cla_primary_need_code": row["CIN"],
        "clae_cla_episode_ceased_date": _iso(row["DEC"]),
        "clae_cla_episode_ceased_reason": row["REC"],
        "clae_referral_id": "",
    }


def _placement(rows: list[Row], stay: int) -> dict[str, str]:
    first, last = rows[0], rows[-1]
    return {
        "clap_cla_placement_id": f"P{stay}",
        "clap_person_id": first["CHILD"],
        "clap_cla_placement_start_date": _iso(first["DECOM"]),
        "clap_cla_placement_end_date": _iso(last["DEC"]),
        "clap_cla_placement_type": first["PLACE"],
        "clap_cla_placement_urn": first["URN"],
        "clap_cla_placement_distance": "",
        "clap_cla_placement_provider": first["PLACE_PROVIDER"],
        "clap_cla_placement_postcode": first["PL_POST"],
        "clap_cla_placement_change_reason": last[_MORE],
    }


def _status(rows: list[Row], at: int) -> dict[str, str]:
    return {
        "lega_legal_status_id": f"L{at}",
        "lega_person_id": rows[0]["CHILD"],
        "lega_legal_status": rows[0]["LS"],
        "lega_legal_status_start_date": _iso(rows[0]["DECOM"]),
        "lega_legal_status_end_date": _iso(rows[-1]["DEC"]),
    }


def _immigration(row: Mapping[str, str]) -> dict[str, str]:
    return {
        "immi_immigration_status_id": f"I{row['CHILD']}",
        "immi_person_id": row["CHILD"],
        "immi_immigration_status_start_date": "",
        "immi_immigration_status_end_date": _iso(row["DUC"]),
        "immi_immigration_status": "UASC",
    }
