"""The model of :mod:`sufficiency.simulation.journeys` and ``register``, compiled: the same journeys, draw by draw.

Everything that is compiled is in this one module, because the compiler's cache on disk watches only
a function's own file. Every child has one pending event at most, in a list of its day; as a day begins
its list becomes a heap of whole numbers (class, child, placement number), so that the order is total.
No event makes another on its own day. Stock, child-days and flows are counted as placements end.

Days are day numbers; settings index ``codes.in_care``; the words are those of the method page.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from sufficiency import dates
from sufficiency.codes import AGED_OUT, CAUSES, DURATION_EDGES, EXIT_REASONS, TYPES
from sufficiency.draws import Kind, Purpose
from sufficiency.history.stock import CLOSINGS, EVENTS, NONE, OPENINGS, REASONS, STAY, STAY_END

_MASK, _HALF, _DOWN = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(11)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_PURPOSE_SHIFT = np.uint64(24)
_TO_UNIT = 2.0**-53
_EVENT, _MATCH, _OFFER, _WAIT = (int(x) for x in (Purpose.EVENT, Purpose.MATCH, Purpose.OFFER, Purpose.WAIT))
_STAYING, _STAY_LENGTH = int(Purpose.STAYING_PUT), int(Purpose.STAYING_PUT_LENGTH)
_RETURN, _FIRST = int(Purpose.RE_ENTRY), int(Purpose.FIRST_TYPE)
_KEPT, _ENTRY_DAY, _ENTRANT_AGE = (int(x) for x in (Purpose.ENTRANT_KEPT, Purpose.ENTRY_DAY, Purpose.ENTRANT_AGE))
_CELL, _ENTRANT = np.uint64(Kind.CELL << 60), np.uint64(Kind.ENTRANT << 60)
_ADULT_YEARS = dates.ADULT
_HAZARD = int(Purpose.HAZARD)
#: Each attempt fails less than one time in twenty.
_MOST_ATTEMPTS = 64

_TYPES, _CAUSES, _HOME = len(TYPES), len(CAUSES), EXIT_REASONS.index("returned_home")
_ENTRY, _RE_ENTRY, _MOVE, _STAYS = (OPENINGS.index(name) for name in ("entry", "re_entry", "move", STAY))
_MOVED, _EXITED, _STAY_ENDED = (CLOSINGS.index(name) for name in ("move", "exit", STAY_END))
_AGED_OUT, _NONE, _OPEN = REASONS.index(AGED_OUT), NONE, int(dates.OPEN)
_EXIT_EVENT, _STAY_EVENT, _END_EVENT = (EVENTS.index(name) for name in ("exit", STAY, STAY_END))
_EVENTS, _REASONS = len(EVENTS), len(REASONS) + 1
#: Birthdays kept per child: the edges of hazard ages, 18, and those of staying put.
_BIRTHDAYS = (1, 5, 10, 16, 17, 18, 19, 20, 21)
_AGES, _ADULT = 5, 5
_REPORTED = (0, 1, 2, 3, 4, 4)
_BAND_EDGES = (0, 1, 2, 3, 5)
_RE_ENTRY_EDGES = (1, 2, 3)
_AWAY_DAYS = (90, 365, 730)
_SERVED = tuple(DURATION_EDGES[1:])
_BANDS = 6

_CHILD, _ENTERS = 1, 2
_IN_CARE, _STAYING_ON, _AWAY = 1, 2, 3
_CLASS_SHIFT, _RANK_SHIFT = 44, 20
_RANK_MASK, _NUMBER_MASK = (1 << 24) - 1, (1 << 20) - 1
_DAY_OF_OFFER, _OFFER_MASK = 11, 2047

# Who takes part: rows of the table given.
KEY, DOB, ASYLUM, SETTING, BEGUN, FIRST_CARE, HOME, KIND = range(8)
GIVEN_ROWS = 8
# Columns of the table of children: where they are, where they stand in a queue, and their birthdays.
UASC, STATUS, WHERE, NUMBER, START, CARE, OPENING, MISSED, TARGET, STEPS_DOWN, BEFORE, BEHIND, WHEN = range(13)
BORN = 13
CHILD_COLUMNS = BORN + len(_BIRTHDAYS)
# Columns of the table of settings.
TYPE, REPORT, AFTER_18, LIMITED, OCCUPIED, USABLE, HEAD, TAIL, WAITING, SINCE, OFFERS, OFFERS_DAY = range(12)
VACANT_BEFORE, PLACE_COLUMNS = 12, 13
HOUSE, OUTSIDE = 0, 1
ONE_SUITS, ENDS = 0, 1
SUCCESS, WAIT_UNMET = 0, 1
# Whole numbers of a run: what is counted, and what holds throughout.
HEAP, ROWS, FLOWS, DONE, FULL = range(5)
FIRST, END, DOWN_TO, LAST_RESORT, AFTER_DAYS, SCALED, NAMES, KEY_0, KEY_1, STOCK, LEAVERS, STAYERS = range(5, 17)
DRAWN, HAZARD_KEY_0, HAZARD_KEY_1 = range(17, 20)
NUMBERS = 20
NEXT, PRIOR = 0, 1
ON_PLACEMENT, ON_CARE = 0, 1
HELD_DAYS, VACANT_DAYS, FULL_DAYS, WAITING_DAYS, TURNED_AWAY, STEPPED = range(6)
DAY_TABLES = 6

# Nothing is allocated here and no array outlives a call, so references are not counted: nine times as fast.
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
_compiled: Any = njit(**_OPTIONS)
# The two tuples of arrays are some 280 words: a call that hands them on costs more than most of what is done here.
_inlined: Any = njit(forceinline=True, **_OPTIONS)


@_inlined
def _philox(k0, k1, subject, number, purpose, extra):
    """Two uniforms by Philox4x32-10 (:mod:`sufficiency.draws`)."""
    c0, c1, c2 = subject & _MASK, subject >> _HALF, np.uint64(number)
    c3 = (np.uint64(purpose) << _PURPOSE_SHIFT) | np.uint64(extra)
    for _ in range(10):
        a, b = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (b >> _HALF) ^ c1 ^ k0, b & _MASK, (a >> _HALF) ^ c3 ^ k1, a & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return ((c0 << _HALF | c1) >> _DOWN) * _TO_UNIT, ((c2 << _HALF | c3) >> _DOWN) * _TO_UNIT


@_inlined
def _draw(s, child, purpose, extra):
    """Two uniforms of a child's placement."""
    k0, k1 = np.uint64(s.n[KEY_0]), np.uint64(s.n[KEY_1])
    return _philox(k0, k1, np.uint64(s.given[KEY, child]), s.child[child, NUMBER], purpose, extra)


@_inlined
def _birthday(dob, years):
    """Day of a birthday (29 February turns on 1 March), by the proleptic Gregorian calendar."""
    year, of_year = _march_year(dob)
    return _in_year(year + years, of_year)


@_inlined
def _march_year(day):
    """Year from 1 March of a day, and the day of it: a 29 February is the last day of its year."""
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    return year + era * 400, of_era - (365 * year + year // 4 - year // 100)


@_inlined
def _in_year(year, of_year):
    """The day of a year from 1 March; the 366th of a year without one is 1 March."""
    era = year // 400
    of_age = year - era * 400
    return era * 146097 + of_age * 365 + of_age // 4 - of_age // 100 + of_year - 719468


@_inlined
def _await(s, child, day):
    """Put a child's next event in the list of its day."""
    at = day - s.n[FIRST]
    behind = s.due[at]
    s.link[child, NEXT], s.link[child, PRIOR] = behind, -1
    if behind >= 0:
        s.link[behind, PRIOR] = child
    s.due[at] = child
    s.child[child, WHEN] = at


@_inlined
def _forget(s, child):
    """Take a child's next event out of the list of its day."""
    at = s.child[child, WHEN]
    if at < 0:
        return
    behind, before = s.link[child, NEXT], s.link[child, PRIOR]
    if before >= 0:
        s.link[before, NEXT] = behind
    else:
        s.due[at] = behind
    if behind >= 0:
        s.link[behind, PRIOR] = before
    s.child[child, WHEN] = -1


@_inlined
def _gather(s, at):
    """Make a heap of the events of a day."""
    child = s.due[at]
    while child >= 0:
        order = _ENTERS if s.child[child, STATUS] == _AWAY else _CHILD
        _push(s, (order << _CLASS_SHIFT) | (child << _RANK_SHIFT) | s.child[child, NUMBER])
        s.child[child, WHEN] = -1
        child = s.link[child, NEXT]


@_inlined
def _push(s, key):
    heap, at = s.heap, s.n[HEAP]
    s.n[HEAP] = at + 1
    while at > 0:
        up = (at - 1) >> 1
        if heap[up] <= key:
            break
        heap[at] = heap[up]
        at = up
    heap[at] = key


@_inlined
def _pop(s):
    heap, size = s.heap, s.n[HEAP] - 1
    s.n[HEAP] = size
    key, at, down = heap[size], 0, 1
    while down < size:
        if down + 1 < size and heap[down + 1] < heap[down]:
            down += 1
        if key <= heap[down]:
            break
        heap[at] = heap[down]
        at, down = down, 2 * down + 1
    heap[at] = key


@_inlined
def _age(s, child, day):
    age = 0
    while age < _AGES and s.child[child, BORN + age] <= day:
        age += 1
    return age


@_inlined
def _served(days):
    band = 0
    while band < len(_SERVED) and _SERVED[band] <= days:
        band += 1
    return band


@_inlined
def _step(steps, day):
    """How many of some ascending days have come by a day."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) >> 1
        if steps[middle] <= day:
            low = middle + 1
        else:
            high = middle
    return low


@_inlined
def _gamma(k0, k1, subject, number, purpose, a):
    """A Gamma draw of rate 1, by Marsaglia and Tsang (ACM TOMS 26, 2000).

    Each attempt takes two calls: one for a normal by Box and Muller, one to accept it and to lower a
    shape below 1.
    """
    if a <= 0.0:
        return 0.0
    d = (a if a >= 1.0 else a + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    v = lower = 0.0
    for attempt in range(_MOST_ATTEMPTS):
        first_uniform, angle = _philox(k0, k1, subject, number, purpose, 2 * attempt)
        x = math.sqrt(-2.0 * math.log(1.0 - first_uniform)) * math.cos(2.0 * math.pi * angle)
        v = (1.0 + c * x) ** 3
        if v <= 0.0:
            continue
        accept, lower = _philox(k0, k1, subject, number, purpose, 2 * attempt + 1)
        # Their squeeze first: what it accepts, the logarithms would accept too.
        if accept > 0.0331 * (x * x) * (x * x):
            break
        if math.log(1.0 - accept) < 0.5 * x * x + d - d * v + d * math.log(v):
            break
    value = d * v
    if a < 1.0:
        value *= math.exp(math.log(1.0 - lower) / a)
    return value


@_compiled
def _learn(p, s, clock, setting, age, band, side):
    """Hazards of a cell by the causes of one clock, drawn when first met, and their sum in the written order."""
    _, ages, bands, sides, _ = p.shape.shape
    subject = _CELL | np.uint64(((setting * ages + age) * bands + band) * sides + side)
    k0, k1 = np.uint64(s.n[HAZARD_KEY_0]), np.uint64(s.n[HAZARD_KEY_1])
    total = 0.0
    for cause in range(_CAUSES):
        if p.clocks[setting, cause] != (clock == ON_PLACEMENT):
            continue
        value = p.shape[setting, age, band, side, cause]
        if s.n[DRAWN] == 1:
            value = _gamma(k0, k1, subject, cause, _HAZARD, value)
        value = value / p.rate[setting, age, band, side, cause] * p.scale[setting, cause]
        s.hazards[setting, age, band, side, cause] = value
        total += value
    s.totals[clock, setting, age, band, side] = total


@_inlined
def _known(p, s, clock, setting, age, band, side):
    """Sum of a cell's hazards on one clock."""
    if s.totals[clock, setting, age, band, side] < 0.0:
        _learn(p, s, clock, setting, age, band, side)
    return s.totals[clock, setting, age, band, side]


@_inlined
def _total(p, s, setting, age, placed, cared, uasc, month):
    on_placement = _known(p, s, ON_PLACEMENT, setting, age, placed, uasc)
    on_care = _known(p, s, ON_CARE, setting, age, cared, uasc)
    if s.n[SCALED] == 1:
        on_placement = on_care = 0.0
        for cause in range(_CAUSES):
            hazard = _hazard(p, s, setting, age, placed, cared, uasc, month, cause)
            if p.clocks[setting, cause]:
                on_placement += hazard
            else:
                on_care += hazard
    return on_placement + on_care


@_inlined
def _hazard(p, s, setting, age, placed, cared, uasc, month, cause):
    served = placed if p.clocks[setting, cause] else cared
    hazard = s.hazards[setting, age, served, uasc, cause]
    if s.n[SCALED] == 1:
        hazard = hazard * p.factors[month, setting, _REPORTED[age], cause]
    return hazard


@_inlined
def _cause(p, s, child, day, uniform):
    """Cause drawn in proportion to the hazards of a day, summed in their written order."""
    setting, uasc, age = s.child[child, WHERE], s.child[child, UASC], _age(s, child, day)
    placed, cared = _served(day - s.child[child, START]), _served(day - s.child[child, CARE])
    month = _step(p.factor_days, day)
    total = 0.0
    for cause in range(_CAUSES):
        total += _hazard(p, s, setting, age, placed, cared, uasc, month, cause)
    target, gathered, last = uniform * total, 0.0, 0
    for cause in range(_CAUSES):
        hazard = _hazard(p, s, setting, age, placed, cared, uasc, month, cause)
        if hazard > 0.0:
            gathered += hazard
            last = cause
            if target < gathered:
                return cause
    return last


@_inlined
def _stretch(day, stop, hazard, gathered, threshold):
    """Sum of the hazards after a stretch of a constant one, and the day on which it reaches the threshold, or -1."""
    reached = gathered + hazard * (stop - day)
    if hazard > 0.0 and reached >= threshold:
        return reached, min(day + max(int(math.ceil((threshold - gathered) / hazard)), 1), stop)
    return reached, -1


@_inlined
def _event_day(p, s, child, now, threshold):
    """First day by which the hazards met since ``now`` add up to the threshold; 18 or the horizon at the latest."""
    setting, start, care, uasc = (
        s.child[child, WHERE],
        s.child[child, START],
        s.child[child, CARE],
        s.child[child, UASC],
    )
    end = min(s.child[child, BORN + _ADULT], s.n[END])
    age, placed, cared = _age(s, child, now), _served(now - start), _served(now - care)
    month, gathered, day = _step(p.factor_days, now), 0.0, now
    while day < end:
        stop = end
        if age < _AGES:
            stop = min(stop, s.child[child, BORN + age])
        if placed < len(_SERVED):
            stop = min(stop, start + _SERVED[placed])
        if cared < len(_SERVED):
            stop = min(stop, care + _SERVED[cared])
        if month < len(p.factor_days):
            stop = min(stop, p.factor_days[month])
        hazard = _total(p, s, setting, age, placed, cared, uasc, month)
        gathered, found = _stretch(day, stop, hazard, gathered, threshold)
        if found >= 0:
            return found
        day = stop
        age = age + 1 if age < _AGES and s.child[child, BORN + age] <= day else age
        placed = placed + 1 if placed < len(_SERVED) and start + _SERVED[placed] <= day else placed
        cared = cared + 1 if cared < len(_SERVED) and care + _SERVED[cared] <= day else cared
        month = month + 1 if month < len(p.factor_days) and p.factor_days[month] <= day else month
    return end


@_inlined
def _return_day(p, s, child, left, home, now, limit, threshold):
    day, gathered = now, 0.0
    while day < limit:
        stop, age, away = limit, 0, 0
        for edge in _RE_ENTRY_EDGES:
            if s.child[child, BORN + edge] <= day:
                age += 1
            else:
                stop = min(stop, s.child[child, BORN + edge])
        for days in _AWAY_DAYS:
            if left + days <= day:
                away += 1
            else:
                stop = min(stop, left + days)
        hazard = p.re_entry[home, age, away]
        gathered, found = _stretch(day, stop, hazard, gathered, threshold)
        if found >= 0:
            return found
        day = stop
    return limit


@_inlined
def _stay_end(p, s, setting, child, now, limit, threshold):
    day, gathered = now, 0.0
    while day < limit:
        year = 0
        stop = limit
        for at in range(2):
            birthday = s.child[child, BORN + _ADULT + 1 + at]
            if birthday <= day:
                year += 1
            else:
                stop = min(stop, birthday)
        hazard = p.own[setting, ENDS + year]
        gathered, found = _stretch(day, stop, hazard, gathered, threshold)
        if found >= 0:
            return found
        day = stop
    return limit


@_inlined
def _flow(p, s, child, day, lived, event, source, target, reason):
    at = s.n[FLOWS]
    if at >= len(s.flows):
        s.n[FULL] = 1
        return
    band = 0
    for number in range(len(_BAND_EDGES)):
        if s.child[child, BORN + _BAND_EDGES[number]] <= lived:
            band = number + 1
    packed = p.month_of[day - s.n[FIRST]] * _EVENTS + event
    packed = (packed * (s.n[NAMES] + 1) + source + 1) * (s.n[NAMES] + 1) + target + 1
    s.flows[at] = ((packed * _REASONS + reason + 1) * _BANDS + band) * 2 + s.child[child, UASC]
    s.n[FLOWS] = at + 1


@_inlined
def _count(p, s, child, setting, start, end):
    """Add the stretch of a placement within the horizon to stock and child-days, split at birthdays."""
    day, stop = max(start, s.n[FIRST]), min(end, s.n[END])
    band = 0
    while band < len(_BAND_EDGES) and s.child[child, BORN + _BAND_EDGES[band]] <= day:
        band += 1
    while day < stop:
        until = stop
        if band < len(_BAND_EDGES):
            until = min(until, s.child[child, BORN + _BAND_EDGES[band]])
        cell = (setting * _BANDS + band) * 2 + s.child[child, UASC]
        begins, ends = p.month_of[day - s.n[FIRST]], p.month_of[until - s.n[FIRST]]
        s.present[begins, cell] += 1
        s.present[ends, cell] -= 1
        s.part[begins, cell] -= day - p.month_start[begins]
        s.part[ends, cell] += until - p.month_start[ends]
        day, band = until, band + 1


@_inlined
def _log(p, s, child, setting, end, closing, reason):
    """Close a placement: count it and, where rows are kept, write it down."""
    _count(p, s, child, setting, s.child[child, START], end)
    if len(s.rows) == 0:
        return
    at = s.n[ROWS]
    if at >= len(s.rows):
        s.n[FULL] = 1
        return
    row = s.rows[at]
    row[0], row[1], row[2], row[3], row[4] = child, s.child[child, NUMBER], setting, s.child[child, START], end
    row[5], row[6], row[7], row[8] = s.child[child, OPENING], closing, reason, s.child[child, CARE]
    s.n[ROWS] = at + 1


@_inlined
def _settle(p, s, setting, day):
    """Count the days for which a limited setting has been as it is, up to the day before ``day``."""
    since = s.place[setting, SINCE]
    if not s.place[setting, LIMITED] or day <= since:
        return
    held, vacant, waiting = (
        s.place[setting, OCCUPIED],
        s.place[setting, USABLE] - s.place[setting, OCCUPIED],
        s.place[setting, WAITING],
    )
    month = p.month_of[since - s.n[FIRST]]
    while since < day:
        until = min(day, p.month_start[month + 1])
        days = until - since
        s.days[HELD_DAYS, month, setting] += held * days
        s.days[VACANT_DAYS, month, setting] += max(vacant, 0) * days
        s.days[FULL_DAYS, month, setting] += days if vacant <= 0 else 0
        s.days[WAITING_DAYS, month, setting] += waiting * days
        since, month = until, month + 1
    s.place[setting, SINCE] = day


@_inlined
def _hold(p, s, setting, change, day):
    _settle(p, s, setting, day)
    s.place[setting, OCCUPIED] += change


@_inlined
def _unqueue(p, s, child, day):
    queue = s.child[child, TARGET]
    if queue < 0:
        return
    _settle(p, s, queue, day)
    before, behind = s.child[child, BEFORE], s.child[child, BEHIND]
    if before >= 0:
        s.child[before, BEHIND] = behind
    else:
        s.place[queue, HEAD] = behind
    if behind >= 0:
        s.child[behind, BEFORE] = before
    else:
        s.place[queue, TAIL] = before
    s.place[queue, WAITING] -= 1
    s.child[child, TARGET] = -1


@_inlined
def _queue(p, s, child, queue, day):
    _settle(p, s, queue, day)
    last = s.place[queue, TAIL]
    s.child[child, BEFORE], s.child[child, BEHIND] = last, -1
    if last >= 0:
        s.child[last, BEHIND] = child
    else:
        s.place[queue, HEAD] = child
    s.place[queue, TAIL], s.child[child, TARGET] = child, queue
    s.place[queue, WAITING] += 1


@_inlined
def _wait(p, s, child, day):
    """Decide what a child waits for; a wish that has not changed keeps its place in the queue."""
    setting, wish, down = s.child[child, WHERE], -1, 0
    step = _step(p.wait_day, day) - 1
    home = p.kinds[s.place[setting, TYPE], HOUSE]
    may_miss = s.child[child, MISSED] >= 0 and p.real[WAIT_UNMET] > 0.0
    may_down = s.n[DOWN_TO] >= 0 and setting != s.n[DOWN_TO] and p.waits[1, step, setting] > 0.0
    may_cross = home >= 0 and setting != home and p.waits[0, step, setting] > 0.0
    if may_miss or may_down or may_cross:
        first, second = _draw(s, child, _WAIT, 0)
        if may_miss:
            wanted = s.child[child, MISSED]
            queue = p.kinds[wanted, HOUSE] if p.kinds[wanted, HOUSE] >= 0 else p.kinds[wanted, OUTSIDE]
            if s.place[queue, LIMITED] and first < p.real[WAIT_UNMET]:
                wish = queue
        if wish < 0 and may_down and s.place[s.n[DOWN_TO], LIMITED] and second < p.waits[1, step, setting]:
            wish, down = s.n[DOWN_TO], 1
        if wish < 0 and may_cross and s.place[home, LIMITED] and first < p.waits[0, step, setting]:
            wish = home
    s.child[child, STEPS_DOWN] = down
    if wish != s.child[child, TARGET]:
        _unqueue(p, s, child, day)
        if wish >= 0:
            _queue(p, s, child, wish, day)


@_inlined
def _choose(p, s, child, kind, own):
    """Setting of an arrival: in house if a vacancy suits, else outside, else down the cascade."""
    tried = kind
    for step in range(p.kinds.shape[1] - 1):
        if step > 0:
            tried = p.kinds[kind, 1 + step]
            if tried < 0:
                break
        house, outside = p.kinds[tried, HOUSE], p.kinds[tried, OUTSIDE]
        if house >= 0 and not s.place[house, LIMITED]:
            if outside < 0:
                return house
            first, _ = _draw(s, child, _MATCH, step)
            if first < p.shares[tried]:
                return house
        elif house >= 0:
            vacant = s.place[house, USABLE] - s.place[house, OCCUPIED] + (1 if own == house else 0)
            if vacant > 0:
                first, _ = _draw(s, child, _MATCH, step)
                if first < p.suits[house, min(vacant, p.suits.shape[1] - 1)]:
                    return house
        if outside >= 0:
            spare = s.place[outside, USABLE] - s.place[outside, OCCUPIED] + (1 if own == outside else 0)
            if not s.place[outside, LIMITED] or spare > 0:
                return outside
    return s.n[LAST_RESORT]


@_inlined
def _begin(p, s, child, setting, now):
    """A placement in care has begun (or goes on at the origin): draw its next event."""
    s.child[child, WHERE], s.child[child, STATUS] = setting, _IN_CARE
    first, s.second[child] = _draw(s, child, _EVENT, 0)
    then = _event_day(p, s, child, now, -math.log(1.0 - first))
    if then < s.n[END]:
        _await(s, child, then)


@_inlined
def _arrive(p, s, child, kind, own, day, opening):
    """Place a child (new place first, then the old is given back); the caller has closed the old placement."""
    setting = _choose(p, s, child, kind, own)
    house, outside = p.kinds[kind, HOUSE], p.kinds[kind, OUTSIDE]
    month = p.month_of[day - s.n[FIRST]]
    if house >= 0 and s.place[house, LIMITED] and setting != house:
        s.days[TURNED_AWAY, month, house] += 1
    s.child[child, MISSED] = -1
    if s.place[setting, TYPE] != kind:
        s.child[child, MISSED] = kind
        s.unmet[month, outside if outside >= 0 else house, _REPORTED[_age(s, child, day)]] += 1
    source = s.place[own, REPORT] if own >= 0 else _NONE
    _flow(p, s, child, day, day, opening, source, s.place[setting, REPORT], _NONE)
    s.child[child, START], s.child[child, OPENING] = day, opening
    _hold(p, s, setting, 1, day)
    if own >= 0:
        _hold(p, s, own, -1, day)
    _begin(p, s, child, setting, day)
    _wait(p, s, child, day)
    if own >= 0 and own != setting:
        _freed(p, s, own, day)


@_inlined
def _freed(p, s, setting, day):
    if s.place[setting, LIMITED] and s.place[setting, USABLE] > s.place[setting, OCCUPIED]:
        _offer(p, s, setting, 1, day)


@_inlined
def _offer(p, s, setting, places, day):
    """Offer vacant places one after another to those who wait, and then the places that they leave."""
    s.work[0, 0], s.work[0, 1] = setting, places
    at, end = 0, 1
    while at < end:
        home, left = s.work[at, 0], s.work[at, 1]
        at += 1
        if s.place[home, OFFERS_DAY] != day:
            s.place[home, OFFERS_DAY], s.place[home, OFFERS] = day, 0
        while left > 0 and s.place[home, USABLE] > s.place[home, OCCUPIED] and s.place[home, HEAD] >= 0:
            left -= 1
            extra = ((day - s.n[FIRST]) << _DAY_OF_OFFER) | (s.place[home, OFFERS] & _OFFER_MASK)
            s.place[home, OFFERS] += 1
            old = _first_taker(p, s, home, extra, day)
            if old >= 0 and s.place[old, LIMITED] and s.place[old, USABLE] > s.place[old, OCCUPIED]:
                s.work[end, 0], s.work[end, 1] = old, 1
                end += 1


@_inlined
def _first_taker(p, s, home, extra, day):
    """Move the first waiting child whom a vacancy suits; the setting it leaves, or -1."""
    child = s.place[home, HEAD]
    while child >= 0:
        behind = s.child[child, BEHIND]
        # Nobody is moved on the birthday on which care ends.
        if day - s.child[child, START] >= max(s.n[AFTER_DAYS], 1) and day < s.child[child, BORN + _ADULT]:
            first, second = _draw(s, child, _OFFER, extra)
            if first < p.own[home, ONE_SUITS]:
                if s.child[child, STEPS_DOWN] == 0 or second < p.real[SUCCESS]:
                    old = s.child[child, WHERE]
                    _take(p, s, child, home, old, day)
                    return old
                _unqueue(p, s, child, day)
        child = behind
    return -1


@_inlined
def _take(p, s, child, home, old, day):
    _unqueue(p, s, child, day)
    _forget(s, child)
    _log(p, s, child, s.place[old, REPORT], day, _MOVED, _NONE)
    _flow(p, s, child, day, day, _MOVE, s.place[old, REPORT], s.place[home, REPORT], _NONE)
    s.child[child, NUMBER] += 1
    s.child[child, START], s.child[child, OPENING], s.child[child, MISSED] = day, _MOVE, -1
    _hold(p, s, home, 1, day)
    _hold(p, s, old, -1, day)
    s.days[STEPPED, p.month_of[day - s.n[FIRST]], home] += 1
    s.n[DONE] += 1
    _begin(p, s, child, home, day)
    _wait(p, s, child, day)


@_inlined
def _leave(p, s, child, day):
    """A child's own event: the 18th birthday, an exit, or a move."""
    old, number = s.child[child, WHERE], s.child[child, NUMBER]
    _unqueue(p, s, child, day)
    if day >= s.child[child, BORN + _ADULT]:
        _turn_18(p, s, child, old, day)
        return
    cause = _cause(p, s, child, day - 1, s.second[child])
    if cause < _TYPES:
        _log(p, s, child, s.place[old, REPORT], day, _MOVED, _NONE)
        s.child[child, NUMBER] = number + 1
        _arrive(p, s, child, cause, old, day, _MOVE)
        return
    reason = cause - _TYPES
    _log(p, s, child, s.place[old, REPORT], day, _EXITED, reason)
    _flow(p, s, child, day, day - 1, _EXIT_EVENT, s.place[old, REPORT], _NONE, reason)
    s.child[child, NUMBER] = number + 1
    _hold(p, s, old, -1, day)
    _away(p, s, child, day, 0 if reason == _HOME else 1, day)
    _freed(p, s, old, day)


@_inlined
def _away(p, s, child, left, home, now):
    s.child[child, STATUS] = _AWAY
    first, _ = _draw(s, child, _RETURN, 0)
    limit = min(s.child[child, BORN + _ADULT], s.n[END])
    day = _return_day(p, s, child, left, home, now, limit, -math.log(1.0 - first))
    if day < limit:
        _await(s, child, day)


@_inlined
def _turn_18(p, s, child, old, day):
    _log(p, s, child, s.place[old, REPORT], day, _EXITED, _AGED_OUT)
    _flow(p, s, child, day, day - 1, _EXIT_EVENT, s.place[old, REPORT], _NONE, _AGED_OUT)
    s.child[child, STATUS] = 0
    stays = False
    if s.place[old, AFTER_18] >= 0:
        first, _ = _draw(s, child, _STAYING, 0)
        stays = first < p.uptake[_step(p.stay_day, day) - 1, old]
    s.child[child, NUMBER] += 1
    if stays:
        _flow(p, s, child, day, day, _STAY_EVENT, s.place[old, REPORT], s.place[old, AFTER_18], _NONE)
        _stay(p, s, child, old, day, day)
        return
    _hold(p, s, old, -1, day)
    _freed(p, s, old, day)


@_inlined
def _stay(p, s, child, setting, day, now):
    s.child[child, STATUS], s.child[child, WHERE], s.child[child, START], s.child[child, OPENING] = (
        _STAYING_ON,
        setting,
        day,
        _STAYS,
    )
    first, _ = _draw(s, child, _STAY_LENGTH, 0)
    limit = min(s.child[child, BORN + _ADULT + 3], s.n[END])
    then = _stay_end(p, s, setting, child, now, limit, -math.log(1.0 - first))
    if then < s.n[END]:
        _await(s, child, then)


@_inlined
def _stop_staying(p, s, child, day):
    setting = s.child[child, WHERE]
    _log(p, s, child, s.place[setting, AFTER_18], day, _STAY_ENDED, _NONE)
    _flow(p, s, child, day, day - 1, _END_EVENT, s.place[setting, AFTER_18], _NONE, _NONE)
    s.child[child, STATUS] = 0
    s.child[child, NUMBER] += 1
    _hold(p, s, setting, -1, day)
    _freed(p, s, setting, day)


@_inlined
def _first_kind(p, s, child, day):
    uniform, _ = _draw(s, child, _FIRST, 0)
    band, gathered, last = _REPORTED[_age(s, child, day)], 0.0, 0
    for kind in range(_TYPES):
        chance = p.first_types[band, s.child[child, UASC], kind]
        gathered += chance
        if uniform < gathered:
            return kind
        if chance > 0:
            last = kind
    return last


@_inlined
def _capacity(p, s, at, day, waits):
    """All changes of places of a day, then who waits, then the offers of what has become vacant."""
    settings = len(s.place)
    for setting in range(settings):
        _settle(p, s, setting, day)
        s.place[setting, VACANT_BEFORE] = max(s.place[setting, USABLE] - s.place[setting, OCCUPIED], 0)
    while at < len(p.changes) and p.changes[at, 0] == day:
        s.place[p.changes[at, 1], USABLE] = p.changes[at, 2]
        at += 1
    if waits:
        for child in range(len(s.child)):
            if s.child[child, STATUS] == _IN_CARE:
                _wait(p, s, child, day)
    for setting in range(settings):
        vacant = max(s.place[setting, USABLE] - s.place[setting, OCCUPIED], 0)
        more = vacant if waits else vacant - s.place[setting, VACANT_BEFORE]
        if s.place[setting, LIMITED] and more > 0:
            _offer(p, s, setting, more, day)
    return at


@_inlined
def _open(p, s):
    """Everyone at the origin: in care, away, or staying put."""
    stock, leavers, stayers = s.n[STOCK], s.n[LEAVERS], s.n[STAYERS]
    for child in range(len(s.child)):
        year, of_year = _march_year(s.given[DOB, child])
        for at in range(len(_BIRTHDAYS)):
            s.child[child, BORN + at] = _in_year(year + _BIRTHDAYS[at], of_year)
        s.child[child, UASC] = s.given[ASYLUM, child]
        s.child[child, TARGET], s.child[child, MISSED], s.child[child, WHEN] = -1, -1, -1
    for child in range(stock + leavers + stayers):
        setting, begun = s.given[SETTING, child], s.given[BEGUN, child]
        s.child[child, START], s.child[child, CARE] = begun, s.given[FIRST_CARE, child]
        if child < stock:
            s.child[child, OPENING] = _MOVE
            s.place[setting, OCCUPIED] += 1
            _begin(p, s, child, setting, s.n[FIRST] - 1)
        elif child < stock + leavers:
            _away(p, s, child, begun, s.given[HOME, child], s.n[FIRST] - 1)
        else:
            s.place[setting, OCCUPIED] += 1
            _stay(p, s, child, setting, s.n[FIRST] - 1, s.n[FIRST] - 1)


@_inlined
def _by_day(s):
    """Entrants within the horizon in order of day and rank."""
    base, days = s.n[STOCK] + s.n[LEAVERS] + s.n[STAYERS], s.n[END] - s.n[FIRST]
    places, order = s.by_day, s.arrivals
    for child in range(base, len(s.child)):
        if s.n[FIRST] <= s.given[BEGUN, child] < s.n[END]:
            places[s.given[BEGUN, child] - s.n[FIRST] + 1] += 1
    for day in range(days):
        places[day + 1] += places[day]
    total = places[days]
    for child in range(base, len(s.child)):
        if s.n[FIRST] <= s.given[BEGUN, child] < s.n[END]:
            day = s.given[BEGUN, child] - s.n[FIRST]
            order[places[day]] = child
            places[day] += 1
    return total


@_compiled
def run(p, s):
    """The whole run, day by day: changes of places first, then events in order of class and child."""
    s.place[:, HEAD] = -1
    s.place[:, TAIL] = -1
    s.place[:, SINCE] = s.n[FIRST]
    s.place[:, OFFERS_DAY] = s.n[FIRST] - 1
    _open(p, s)
    entrants = _by_day(s)
    arrived = changed = waited = 0
    for day in range(s.n[FIRST], s.n[END]):
        _gather(s, day - s.n[FIRST])
        rethink = waited < len(p.wait_day) and p.wait_day[waited] == day
        if rethink or (changed < len(p.changes) and p.changes[changed, 0] == day):
            changed = _capacity(p, s, changed, day, rethink)
            waited += 1 if rethink else 0
            s.n[DONE] += 1
        arrived = _events_of(p, s, day, arrived, entrants)
        if s.n[FULL] == 1:
            return
    _finish(p, s)


@_inlined
def _events_of(p, s, day, arrived, entrants):
    """What happens to children on a day; how many entrants have arrived by its end."""
    never = np.int64(1) << 62
    while True:
        own, entry = never, never
        if s.n[HEAP] > 0:
            own = s.heap[0]
        if arrived < entrants and s.given[BEGUN, s.arrivals[arrived]] == day:
            entry = (_ENTERS << _CLASS_SHIFT) | (s.arrivals[arrived] << _RANK_SHIFT)
        if own < entry:
            _pop(s)
            child = (own >> _RANK_SHIFT) & _RANK_MASK
            if s.child[child, NUMBER] != own & _NUMBER_MASK:
                continue
            _happen(p, s, child, day)
        elif entry < never:
            child = s.arrivals[arrived]
            arrived += 1
            s.child[child, CARE] = day
            _arrive(p, s, child, s.given[KIND, child], -1, day, _ENTRY)
        else:
            return arrived
        s.n[DONE] += 1


@_inlined
def _happen(p, s, child, day):
    if s.child[child, STATUS] == _IN_CARE:
        _leave(p, s, child, day)
    elif s.child[child, STATUS] == _STAYING_ON:
        _stop_staying(p, s, child, day)
    else:
        s.child[child, CARE] = day
        _arrive(p, s, child, _first_kind(p, s, child, day), -1, day, _RE_ENTRY)


@_inlined
def _finish(p, s):
    """Count what is still open, and turn differences by month into stocks and child-days."""
    for child in range(len(s.child)):
        if s.child[child, STATUS] == _IN_CARE:
            _log(p, s, child, s.place[s.child[child, WHERE], REPORT], _OPEN, _NONE, _NONE)
        elif s.child[child, STATUS] == _STAYING_ON:
            _log(p, s, child, s.place[s.child[child, WHERE], AFTER_18], _OPEN, _NONE, _NONE)
    for setting in range(len(s.place)):
        _settle(p, s, setting, s.n[END])
    months, cells = s.present.shape
    for month in range(months - 1):
        length = p.month_start[month + 1] - p.month_start[month]
        for cell in range(cells):
            s.part[month, cell] += s.present[month, cell] * length
            s.present[month + 1, cell] += s.present[month, cell]


@_compiled
def draw_gammas(k0, k1, purpose, first, shape, rate, out):
    """A Gamma draw for every cell and number of a table.

    Subjects are cells (the rows of ``shape``), numbers its columns from ``first``.
    """
    cells, numbers = shape.shape
    for cell in range(cells):
        for number in range(numbers):
            value = _gamma(k0, k1, _CELL | np.uint64(cell), first + number, purpose, shape[cell, number])
            out[cell, number] = value / rate[cell, number]


@_compiled
def draw_entrants(k0, k1, counts, factors, layers, starts, window, ages, edges, first_types, out):
    """Entrants of a path within the window, in order of key: key, day, date of birth, UASC, type; how many.

    ``starts`` are the first days of the months and the day after the last; ``ages`` in days, those of a
    group between two ``edges``; ``factors`` those of a plan, and ``layers`` how many times over each entrant
    may come (model §6).
    """
    at = 0
    for group in range(counts.shape[0]):
        for month in range(counts.shape[1]):
            for layer in range(layers):
                above = factors[group, month] - layer
                for number in range(counts[group, month]):
                    packed = (group << 50) | (month << 38) | (layer << 30) | number
                    subject = _ENTRANT | np.uint64(packed)
                    if layers > 1 or above < 1.0:
                        kept, _ = _philox(k0, k1, subject, 0, _KEPT, 0)
                        if kept >= above:
                            continue
                    uniform, _ = _philox(k0, k1, subject, 0, _ENTRY_DAY, 0)
                    day = starts[month] + int(uniform * (starts[month + 1] - starts[month]))
                    if day < window[0] or day > window[1]:
                        continue
                    uniform, _ = _philox(k0, k1, subject, 0, _ENTRANT_AGE, 0)
                    born = day - ages[edges[group] + int(uniform * (edges[group + 1] - edges[group]))]
                    # Ages are carried in days, and 18 years are not always the same number of days.
                    for _ in range(2):
                        past = day - _birthday(born, _ADULT_YEARS)
                        born += past + 1 if past >= 0 else 0
                    uniform, _ = _philox(k0, k1, subject, 0, _FIRST, 0)
                    kind, reached = 0, first_types[group // 2, group % 2, 0]
                    while kind < _TYPES - 1 and uniform >= reached:
                        kind += 1
                        reached += first_types[group // 2, group % 2, kind]
                    out[0, at], out[1, at], out[2, at] = np.int64(subject), day, born
                    out[3, at], out[4, at] = group % 2, kind
                    at += 1
    return at
