"""Invented lives as SSDA903 episodes."""

from __future__ import annotations

from dataclasses import dataclass

from sufficiency.codes import AGED_OUT
from sufficiency.trials.entrants import About
from sufficiency.trials.homes import Home, adopted_by_carer, first_home, status_changes
from sufficiency.trials.legal import Path, by_consent, legal_path, status_on
from sufficiency.trials.lives import OPEN, Life, Period, Placement, choose
from sufficiency.trials.staying import stays_put

CONTINUES = "X1"
STATUS_ONLY = "PLACE"

#: DfE, reasons for placement change 2024/25 without status-only (of 48,640); rounded to 10.
_REASONS = {
    "CARPL": 20_170.0,
    "OTHER": 14_570.0,
    "CREQB": 5_010.0,
    "CREQO": 4_230.0,
    "CHILD": 1_870.0,
    "LAREQ": 1_000.0,
    "STAND": 600.0,
    "CLOSE": 400.0,
    "ALLEG": 390.0,
}
_PLANNED = ("placed_for_adoption", "placed_with_parents")
_CUSTODY = ("R5",)

#: Codes of leaving care for each reason of the model. Shares are DfE's for England, 2024/25 or 2022/23.
_EXITS = {
    "returned_home": {"E4A": 5_540.0, "E4B": 1_070.0, "E13": 2_000.0},
    "adopted": {"E12": 0.75, "E11": 0.25},
    "other_order": {"E41": 1.0},
    "independent_living": {"E5": 4_220.0, "E6": 1_130.0},
    "transferred": {"E3": 1.0},
}
_GUARDIANS = {True: {"E45": 0.9, "E47": 0.1}, False: {"E46": 0.35, "E47": 0.50, "E48": 0.15}}
_OTHER_EXITS = {False: {"E8": 0.80, "E16": 0.05, "E9": 0.10, "E14": 0.05}, True: {"E8": 0.45, "E15": 0.45, "E16": 0.1}}
_YOUNG_EXITS = {"E8": 0.95, "E16": 0.05}
_CUSTODY_AGE = 12
_AT_18 = {"E5": 0.44, "E6": 0.12, "E7": 0.06, "E8": 0.38}


@dataclass(frozen=True)
class Episode:
    """One row of the episodes table; ``end`` is :data:`OPEN` where it has not ended."""

    life: Life
    start: int
    end: int
    rne: str
    status: str
    need: str
    home: Home
    rec: str
    reason: str

    def __repr__(self) -> str:
        return f"Episode({self.rne!r}, {self.home.place!r})"


@dataclass(frozen=True)
class _Step:
    """What holds from a day on."""

    day: int
    home: Home
    new_place: bool
    new_carer: bool
    reason: str

    def __repr__(self) -> str:
        return f"_Step({self.home!r})"


_RNE = {(True, True, False): "P", (True, True, True): "B", (True, False, False): "T", (True, False, True): "U"}
_LEGAL_ONLY, _STARTED = "L", "S"


def episodes_of(life: Life) -> list[Episode]:
    """All episodes of a life in order."""
    return [row for period in life.periods for row in _period_rows(life, period, legal_path(life, period))]


def _period_rows(life: Life, period: Period, path: Path) -> list[Episode]:
    steps = _steps(life, period)
    days = sorted({step.day for step in steps} | {day for day, _ in path})
    by_day = {step.day: step for step in steps}
    legal = {day for day, _ in path}
    need = life.need(period.number)
    home = steps[0].home
    rows = []
    for at, day in enumerate(days):
        home = by_day[day].home if day in by_day else home
        last = at + 1 == len(days)
        end = period.end if last else days[at + 1]
        follows = by_day.get(end)
        rec = (exit_code(life, period) if end != OPEN else "") if last else CONTINUES
        reason = follows.reason if follows and not last else ""
        rne = _STARTED if at == 0 else _why_new(by_day.get(day), changed=day in legal)
        rows.append(Episode(life, day, end, rne, status_on(path, day), need, home, rec, reason))
    return rows


def _why_new(step: _Step | None, *, changed: bool) -> str:
    if step is None:
        return _LEGAL_ONLY
    return _RNE[step.new_place, step.new_carer, changed]


def _steps(life: Life, period: Period) -> list[_Step]:
    """Days on which the place changes, with or without the carer."""
    out: list[_Step] = []
    before: tuple[Placement, Home] | None = None
    consent = by_consent(life, period)
    for placement in period.placements:
        home = first_home(life, placement, before)
        same_carer = before is not None and adopted_by_carer(life, placement, before[0])
        if consent and placement.setting == "placed_for_adoption":
            home = Home({"A5": "A3", "A6": "A4"}[home.place], home.provider, home.urn, home.postcode)
        reason = STATUS_ONLY if same_carer else change_reason(life, placement, home)
        out.append(_Step(placement.start, home, new_place=True, new_carer=not same_carer, reason=reason))
        for change in status_changes(life, placement, home):
            out.append(_Step(change.day, change.home, new_place=True, new_carer=False, reason=STATUS_ONLY))
            home = change.home
        before = (placement, home)
    return out


def change_reason(life: Life, placement: Placement, home: Home) -> str:
    """Why the placement before this one ended."""
    if home.place in _CUSTODY:
        return "CUSTOD"
    if placement.setting in _PLANNED:
        return "CARPL"
    return life.choose(About.REASON_FOR_CHANGE, _REASONS, placement.number)


def exit_code(life: Life, period: Period) -> str:
    """REC of the end of a period of care."""
    uniform, _ = life.draw(About.EXIT_CODE, period.number)
    setting, reason = period.placements[-1].setting, period.reason
    if reason == AGED_OUT:
        return "E17" if stays_put(life, period) else choose(uniform, _AT_18)
    if reason == "special_guardianship":
        return choose(uniform, _GUARDIANS[setting == "kinship_fostering"])
    if reason == "other" or reason is None:
        young = life.age(period.end) < _CUSTODY_AGE and not life.uasc
        return choose(uniform, _YOUNG_EXITS if young else _OTHER_EXITS[life.uasc])
    return choose(uniform, _EXITS[reason])
