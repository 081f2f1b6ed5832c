"""Under which legal status an invented child is in care, from day to day.

Shares are assumptions, shaped on DfE's legal statuses of children who started in 2024/25 (section 20
18,240, interim care order 10,030, police protection 2,920, emergency protection order 370, remand
490 of 32,270) and of children in care at 31 March 2025 (full care order 59 %, interim 16 %,
placement order 6 %, section 20 19 %).
"""

from __future__ import annotations

from sufficiency.trials.entrants import About
from sufficiency.trials.lives import Life, Period, choose

#: Chance of each first status by age at entry: under 5, 5 to 9, 10 to 15, 16 and 17.
_AGES = (5, 10, 16)
_ENTRY = (
    {"V2": 0.24, "C1": 0.60, "L1": 0.13, "L2": 0.03},
    {"V2": 0.32, "C1": 0.48, "L1": 0.17, "L2": 0.03},
    {"V2": 0.55, "C1": 0.26, "L1": 0.15, "L2": 0.01, "J1": 0.03},
    {"V2": 0.88, "C1": 0.03, "L1": 0.02, "J1": 0.07},
)
#: Chance that a voluntary entry becomes proceedings, by the same ages, and when.
_PROCEEDINGS = (0.65, 0.50, 0.35, 0.03)
_PROCEEDINGS_DAYS = (20, 300)
_POLICE_DAYS, _EMERGENCY_DAYS, _REMAND_DAYS = (1, 3), (8, 15), (7, 60)
#: Interim to full care order: about the length of care proceedings.
_FULL_ORDER_DAYS = (170, 420)
_PLACEMENT_ORDER_UNDER = 6
_PLACEMENT_ORDER_SHARE = 0.50
_PLACEMENT_ORDER_DAYS = (0, 90)
_REVOKED_SHARE, _REVOKED_DAYS = 0.6, (300, 1000)
_BEFORE_ADOPTERS_DAYS = (45, 200)
#: Voluntary care in which parents agree to adoption.
_CONSENT_SHARE = 0.06
#: A status that changes so soon after a move is written as changing with it.
_TOGETHER_DAYS = 7
_ADOPTERS = "placed_for_adoption"

Path = list[tuple[int, str]]


def legal_path(life: Life, period: Period) -> Path:
    """Days and statuses of one period of care, the first on the day of entry."""
    if life.uasc:
        return [(period.start, "V2")]
    path = _orders(life, period)
    with_adopters = [placement.start for placement in period.placements if placement.setting == _ADOPTERS]
    if with_adopters:
        path = _ready_for_adoption(life, period, path, with_adopters[0])
    return _tidy(path, period)


def by_consent(life: Life, period: Period) -> bool:
    """Whether the parents agreed to adoption, so that no placement order was needed."""
    return life.draw(About.ADOPTION, period.number)[0] < _CONSENT_SHARE


def _age_group(life: Life, day: int) -> int:
    return sum(life.age(day) >= age for age in _AGES)


def _between(uniform: float, bounds: tuple[int, int]) -> int:
    return bounds[0] + int(uniform * (bounds[1] - bounds[0]))


def _orders(life: Life, period: Period) -> Path:
    # Brothers and sisters are brought before the court together.
    which, delay = life.family_draw(About.LEGAL_ENTRY, period.number)
    goes_on, later = life.family_draw(About.LEGAL_DELAY, period.number)
    group = _age_group(life, period.start)
    chances = _ENTRY[group]
    status = choose(which, chances)
    path = [(period.start, status)]
    day = period.start
    short = {"L1": _POLICE_DAYS, "L2": _EMERGENCY_DAYS, "J1": _REMAND_DAYS}
    proceedings = goes_on < _PROCEEDINGS[group]
    if status in short:
        day += _between(delay, short[status])
        status = "C1" if status == "L2" or (status == "L1" and proceedings) else "V2"
        path.append((day, status))
    if status == "V2":
        if not proceedings:
            return path
        day += _between(later * later, _PROCEEDINGS_DAYS)
        path.append((day, "C1"))
    return path + _after_interim(life, period, day)


def _after_interim(life: Life, period: Period, day: int) -> Path:
    wait, order = life.family_draw(About.LEGAL_DELAY, 100 + period.number)
    full = day + _between(wait, _FULL_ORDER_DAYS)
    path = [(full, "C2")]
    own, revoked = life.draw(About.LEGAL_DELAY, 200 + period.number)
    if life.age(full) < _PLACEMENT_ORDER_UNDER and own < _PLACEMENT_ORDER_SHARE:
        placed = full + _between(order, _PLACEMENT_ORDER_DAYS)
        path.append((placed, "E1"))
        if revoked < _REVOKED_SHARE:
            path.append((placed + _between(revoked / _REVOKED_SHARE, _REVOKED_DAYS), "C2"))
    return path


def _ready_for_adoption(life: Life, period: Period, path: Path, adopters: int) -> Path:
    """A placement order before the child lives with adopters, and nothing after it."""
    if by_consent(life, period):
        return [(period.start, "V2")]
    before = adopters - _between(life.draw(About.ADOPTION, 100 + period.number)[0], _BEFORE_ADOPTERS_DAYS)
    ordered = [day for day, status in path if status == "E1" and day <= adopters]
    day = ordered[0] if ordered else max(before, period.start + 1)
    day = min(day, adopters)
    kept = [(when, status) for when, status in path if when < day and status != "E1"]
    return [*kept, (day, "E1")]


def _tidy(path: Path, period: Period) -> Path:
    """Days within the period, one status a day, changes only, drawn to a move that just preceded them."""
    moves = [placement.start for placement in period.placements[1:]]
    out: Path = [path[0]]
    for day, status in path[1:]:
        near = [move for move in moves if 0 <= day - move <= _TOGETHER_DAYS]
        when = near[-1] if near else day
        if status == out[-1][1] or when >= period.end or when <= period.start:
            continue
        if when <= out[-1][0]:
            out[-1] = (out[-1][0], status)
        else:
            out.append((when, status))
    return [pair for at, pair in enumerate(out) if at == 0 or pair[1] != out[at - 1][1]]


def status_on(path: Path, day: int) -> str:
    """Status in force on a day."""
    return [status for since, status in path if since <= day][-1]
