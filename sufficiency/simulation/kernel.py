"""The model of :mod:`sufficiency.simulation.journeys` and ``register``, compiled: the same journeys, draw by draw.

Everything that is compiled is in this one module, because the compiler's cache on disk watches only
a function's own file. Every child has one pending event at most, in a list of its day; as a day begins
its list is sorted by whole numbers (class, child, placement number), so that the order is total. No event
makes another on its own day. Stock, child-days and flows are counted as things happen.

Large authorities wait for memory more than for arithmetic. So what an event needs of a child lies in one line
of the cache, a day's list is read as a whole before its first event (so that the lines of its children arrive
together), and flows are counted in the table of a month.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from sufficiency import dates
from sufficiency.codes import AGE_EDGES, AGED_OUT, CAUSES, DURATION_EDGES, EXIT_REASONS, HAZARD_AGE_EDGES, TYPES
from sufficiency.draws import Kind, Purpose
from sufficiency.history.stock import CLOSINGS, EVENTS, NONE, OPENINGS, REASONS, STAY, STAY_END

_MASK, _HALF, _DOWN = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(11)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_PURPOSE_SHIFT = np.uint64(24)
_TO_UNIT = 2.0**-53
_EVENT, _MATCH, _OFFER, _WAIT = (int(x) for x in (Purpose.EVENT, Purpose.MATCH, Purpose.OFFER, Purpose.WAIT))
_STAYING, _STAY_LENGTH = int(Purpose.STAYING_PUT), int(Purpose.STAYING_PUT_LENGTH)
_RETURN, _FIRST, _HAZARD = int(Purpose.RE_ENTRY), int(Purpose.FIRST_TYPE), int(Purpose.HAZARD)
_KEPT, _ENTRY_DAY, _ENTRANT_AGE = (int(x) for x in (Purpose.ENTRANT_KEPT, Purpose.ENTRY_DAY, Purpose.ENTRANT_AGE))
_CELL, _ENTRANT = np.uint64(Kind.CELL << 60), np.uint64(Kind.ENTRANT << 60)
#: Each attempt fails less than one time in twenty.
_MOST_ATTEMPTS = 64

_TYPES, _CAUSES, _HOME = len(TYPES), len(CAUSES), EXIT_REASONS.index("returned_home")
_ENTRY, _RE_ENTRY, _MOVE, _STAYS = (OPENINGS.index(name) for name in ("entry", "re_entry", "move", STAY))
_MOVED, _EXITED, _STAY_ENDED = (CLOSINGS.index(name) for name in ("move", "exit", STAY_END))
_AGED_OUT, _NONE, _OPEN = REASONS.index(AGED_OUT), NONE, int(dates.OPEN)
_EXIT_EVENT, _STAY_EVENT, _END_EVENT = (EVENTS.index(name) for name in ("exit", STAY, STAY_END))
_EVENTS, _REASONS = len(EVENTS), len(REASONS) + 1
_ADULT, _STAY_LIMIT = dates.ADULT, 21
#: Birthdays that change hazards, and the reported band; both by whole years of age.
_HAZARD_EDGES, _BAND_EDGES = np.array([*HAZARD_AGE_EDGES[1:], _ADULT]), np.array(AGE_EDGES[1:])
_AGE = np.searchsorted(_HAZARD_EDGES[:-1], np.arange(_STAY_LIMIT + 1), side="right")
_BAND = np.searchsorted(_BAND_EDGES, np.arange(_STAY_LIMIT + 1), side="right")
#: Reported band of each age of the hazards.
_REPORTED = np.array([0, 1, 2, 3, 4, 4])
_RE_ENTRY_EDGES = (5, 10, 16)
_AWAY_DAYS = (90, 365, 730)
_SERVED = np.array(DURATION_EDGES[1:])
_BANDS = 6

_IN_CARE, _STAYING_ON, _AWAY, _COMING = 1, 2, 3, 4
_RANK_SHIFT, _NUMBER_MASK = 20, (1 << 20) - 1
#: A day of more events than this is sorted by the digits of their order, of so many bits.
_FEW, DIGIT = 24, 8
#: Years from 1 March in which anybody lives, by number from the first, and the day on which each begins.
_FIRST_YEAR, _YEARS, YEAR_SHIFT, _OF_YEAR = 1800, 512, 9, 511
YEAR_BEGINS = dates.month_start(12 * (np.arange(_FIRST_YEAR, _FIRST_YEAR + _YEARS + 32) - 1970) + 2)
_DAY_OF_OFFER, _OFFER_MASK = 11, 2047

# Who takes part: rows of the table of those known at the origin, and of that of first entrants.
KEY, DOB, ASYLUM, SETTING, BEGUN, FIRST_CARE, HOME, KNOWN_ROWS = range(8)
NEW_KEY, NEW_DAY, NEW_DOB, NEW_ASYLUM, NEW_KIND, NEW_ROWS = range(6)
# A child in one line of the cache: two words of 8 bytes, columns of 4 bytes and columns of 2 bytes.
LINE, OWN_KEY, SECOND = 64, 0, 1
NUMBER, START, CARE, BEFORE, BEHIND, WHEN, BORN = range(4, 11)
UASC, STATUS, WHERE, OPENING, MISSED, TARGET, STEPS_DOWN, FIRST_KIND = range(22, 30)
# Columns of the table of settings.
TYPE, REPORT, AFTER_18, LIMITED, OCCUPIED, USABLE, HEAD, TAIL, WAITING, SINCE, OFFERS, OFFERS_DAY = range(12)
VACANT_BEFORE, PLACE_COLUMNS = 12, 13
HOUSE, OUTSIDE = 0, 1
ONE_SUITS, ENDS, SUCCESS, WAIT_UNMET = 0, 1, 0, 1
# Whole numbers of a run: what is counted, and what holds throughout.
FREE, ROWS, FLOWS, DONE, FULL = range(5)
FIRST, END, DOWN_TO, LAST_RESORT, AFTER_DAYS, SCALED, KEY_0, KEY_1, STOCK, LEAVERS = range(5, 15)
DRAWN, HAZARD_KEY_0, HAZARD_KEY_1, RANK_BITS, MONTH_CODES, NUMBERS = range(15, 21)
# A day's list is made of chunks of a line each, the last of them being filled: the chunk before, and children.
CHUNK, LAST, FILLED = 16, 0, 1
ON_PLACEMENT, ON_CARE = 0, 1
# Where an event of a kind is counted: from where on, and steps by source, target and reason.
FROM_BASE, BY_SOURCE, BY_TARGET, BY_REASON = range(4)
SIDES = 2 * _BANDS
# Rows of uniforms, logarithms and draws of some Gammas at once.
LANES, LANE_ROWS, LANE = 16, 7, 6
HELD_DAYS, VACANT_DAYS, FULL_DAYS, WAITING_DAYS, TURNED_AWAY, STEPPED, DAY_TABLES = range(7)

# Nothing is allocated here and no array outlives a call, so references are not counted: nine times as fast.
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
_compiled: Any = njit(**_OPTIONS)
# The two tuples of arrays are some 280 words: a call that hands them on costs more than most of what is done here.
_inlined: Any = njit(forceinline=True, **_OPTIONS)


@_inlined
def _two_rounds(c0, c1, c2, c3, k0, k1):
    a, b = _M0 * c0, _M1 * c2
    c0, c1, c2, c3 = (b >> _HALF) ^ c1 ^ k0, b & _MASK, (a >> _HALF) ^ c3 ^ k1, a & _MASK
    k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    a, b = _M0 * c0, _M1 * c2
    c0, c1, c2, c3 = (b >> _HALF) ^ c1 ^ k0, b & _MASK, (a >> _HALF) ^ c3 ^ k1, a & _MASK
    return c0, c1, c2, c3, (k0 + _W0) & _MASK, (k1 + _W1) & _MASK


@_inlined
def _philox(k0, k1, subject, number, purpose, extra):
    """Two uniforms by Philox4x32-10 (:mod:`sufficiency.draws`), without a loop: several are drawn at once."""
    c0, c1, c2 = subject & _MASK, subject >> _HALF, np.uint64(number)
    c3 = (np.uint64(purpose) << _PURPOSE_SHIFT) | np.uint64(extra)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    return ((c0 << _HALF | c1) >> _DOWN) * _TO_UNIT, ((c2 << _HALF | c3) >> _DOWN) * _TO_UNIT


@_inlined
def _draw(s, child, purpose, extra):
    """Two uniforms of a child's placement."""
    k0, k1 = np.uint64(s.n[KEY_0]), np.uint64(s.n[KEY_1])
    return _philox(k0, k1, s.key[child, OWN_KEY], s.child[child, NUMBER], purpose, extra)


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
def _years(p, s, child, day):
    """Whole years of age on a day of the horizon, or on the day before it."""
    years = (p.turned[day - s.n[FIRST] + 1] - s.child[child, BORN]) >> YEAR_SHIFT
    return min(max(years, 0), _STAY_LIMIT)


@_inlined
def _turns(s, child, years):
    """Day of a child's birthday."""
    born = s.child[child, BORN]
    return YEAR_BEGINS[(born >> YEAR_SHIFT) + years] + (born & _OF_YEAR)


@_inlined
def _await(s, child, day):
    """Put a child's next event in the list of its day."""
    at = s.child[child, WHEN] = day - s.n[FIRST]
    filled = s.due[at, FILLED]
    if filled % CHUNK == 0:
        new = s.n[FREE]
        if new < 0:
            s.n[FULL] = 1
            return
        s.n[FREE] = s.chunks[new, 0]
        s.chunks[new, 0] = s.due[at, LAST] if filled else -1
        s.due[at, LAST], filled = new, 1
    s.chunks[s.due[at, LAST], filled] = child
    s.due[at, FILLED] = filled + 1


@_inlined
def _gather(s, at):
    """The events of a day as whole numbers in their order; how many."""
    filled, chunk, count = s.due[at, FILLED], s.due[at, LAST], 0
    while filled > 0:
        for place in range(1, filled):
            child = s.chunks[chunk, place]
            # Whoever has moved in the meantime waits for another day, or stands twice in the list of one.
            if s.child[child, WHEN] == at:
                s.child[child, WHEN] = -1
                enters = np.int64(s.small[child, STATUS] == _AWAY or s.small[child, STATUS] == _COMING)
                order = (enters << s.n[RANK_BITS]) | child
                s.today[0, count] = (order << _RANK_SHIFT) | s.child[child, NUMBER]
                count += 1
        before = s.chunks[chunk, 0]
        s.chunks[chunk, 0], s.n[FREE] = s.n[FREE], chunk
        chunk, filled = before, CHUNK if before >= 0 else 0
    return count


@_inlined
def _sorted(s, count):
    """Sort the first row of numbers; the row in which they end up."""
    if count > _FEW:
        return _by_digits(s, count)
    for at in range(1, count):
        key, place = s.today[0, at], at
        while place > 0 and s.today[0, place - 1] > key:
            s.today[0, place] = s.today[0, place - 1]
            place -= 1
        s.today[0, place] = key
    return 0


@_inlined
def _by_digits(s, count):
    row, shift = 0, _RANK_SHIFT
    while shift <= _RANK_SHIFT + s.n[RANK_BITS]:
        s.digits[:] = 0
        for at in range(count):
            s.digits[(s.today[row, at] >> shift) & ((1 << DIGIT) - 1)] += 1
        before = 0
        for digit in range(1 << DIGIT):
            s.digits[digit], before = before, before + s.digits[digit]
        for at in range(count):
            digit = (s.today[row, at] >> shift) & ((1 << DIGIT) - 1)
            s.today[1 - row, s.digits[digit]] = s.today[row, at]
            s.digits[digit] += 1
        row, shift = 1 - row, shift + DIGIT
    return row


@_inlined
def _served(days):
    band = 0
    for edge in _SERVED:
        band += edge <= days
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
def _gammas(k0, k1, subject, purpose, numbers, some, lanes):
    """Gamma draws of rate 1 for some numbers of a subject, by Marsaglia and Tsang (ACM TOMS 26, 2000).

    The last row of ``lanes`` brings the shapes and takes the draws away. Each attempt takes two calls: one for
    a normal by Box and Muller, one to accept it and to lower a shape below 1. First attempts are made side by
    side, their calls always for all lanes: a loop of sixteen is done in a few steps (one of eight is not).
    """
    for at in range(LANES):
        lanes[0, at], lanes[1, at] = _philox(k0, k1, subject, numbers[at], purpose, 0)
        lanes[2, at], lanes[3, at] = _philox(k0, k1, subject, numbers[at], purpose, 1)
    for at in range(some):
        lanes[4, at] = math.log(1.0 - lanes[0, at])
        lanes[5, at] = math.cos(2.0 * math.pi * lanes[1, at])
    for at in range(some):
        x, a = math.sqrt(-2.0 * lanes[4, at]) * lanes[5, at], lanes[LANE, at]
        d = (a if a >= 1.0 else a + 1.0) - 1.0 / 3.0
        v = (1.0 + 1.0 / math.sqrt(9.0 * d) * x) ** 3
        # Their squeeze: what it accepts, the logarithms of _again would accept too.
        lanes[4, at] = d * v if v > 0.0 and lanes[2, at] > 0.0331 * (x * x) * (x * x) else -1.0
    for at in range(some):
        a, value, lower = lanes[LANE, at], lanes[4, at], lanes[3, at]
        if a <= 0.0:
            value = 0.0
        elif value < 0.0:
            value, lower = _again(k0, k1, subject, numbers[at], purpose, a)
        if 0.0 < a < 1.0:
            value *= math.exp(math.log(1.0 - lower) / a)
        lanes[LANE, at] = value


@_compiled
def _again(k0, k1, subject, number, purpose, a):
    """A draw that was not accepted at first sight, not yet lowered, and the uniform that lowers it."""
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
        if accept > 0.0331 * (x * x) * (x * x):
            break
        if math.log(1.0 - accept) < 0.5 * x * x + d - d * v + d * math.log(v):
            break
    return d * v, lower


@_compiled
def _learn(n, causes, shapes, rates, scales, cell, hazards, lanes):
    """Hazards of a cell by the causes of one clock, drawn when first met; their sum in the written order.

    ``causes`` begin with how many there are.
    """
    k0, k1, subject = np.uint64(n[HAZARD_KEY_0]), np.uint64(n[HAZARD_KEY_1]), _CELL | np.uint64(cell)
    total = 0.0
    for base in range(0, causes[0], LANES):
        own, some = causes[1 + base :], min(causes[0] - base, LANES)
        for at in range(some):
            lanes[LANE, at] = shapes[own[at]]
        if n[DRAWN] == 1:
            _gammas(k0, k1, subject, _HAZARD, own, some, lanes)
        for at in range(some):
            hazard = lanes[LANE, at] / rates[own[at]] * scales[own[at]]
            hazards[own[at]] = hazard
            total += hazard
    return total


@_inlined
def _known(p, s, clock, setting, age, band, side):
    """Sum of a cell's hazards on one clock."""
    total = s.totals[clock, setting, age, band, side]
    if total < 0.0:
        _, ages, bands, sides, _ = p.shape.shape
        cell = ((setting * ages + age) * bands + band) * sides + side
        shapes, rates = p.shape[setting, age, band, side], p.rate[setting, age, band, side]
        hazards, causes = s.hazards[setting, age, band, side], p.causes[setting, clock]
        total = _learn(s.n, causes, shapes, rates, p.scale[setting], cell, hazards, s.lanes)
        s.totals[clock, setting, age, band, side] = total
    return total


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
    factor = p.factors[month, setting, _REPORTED[age], cause] if s.n[SCALED] == 1 else 1.0
    return s.hazards[setting, age, served, uasc, cause] * factor


@_inlined
def _cause(p, s, child, day, uniform):
    """Cause drawn in proportion to the hazards of a day, summed in their written order."""
    setting, uasc, age = s.small[child, WHERE], s.small[child, UASC], _AGE[_years(p, s, child, day)]
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
    setting, uasc = s.small[child, WHERE], s.small[child, UASC]
    start, care = s.child[child, START], s.child[child, CARE]
    end = min(_turns(s, child, _ADULT), s.n[END])
    age, placed, cared = _AGE[_years(p, s, child, now)], _served(now - start), _served(now - care)
    older = _turns(s, child, _HAZARD_EDGES[age])
    month, gathered, day = _step(p.factor_days, now), 0.0, now
    while day < end:
        stop = min(end, older)
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
        if older <= day < end:
            age += 1
            older = _turns(s, child, _HAZARD_EDGES[age])
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
            turned = _turns(s, child, edge)
            if turned <= day:
                age += 1
            else:
                stop = min(stop, turned)
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
        first, second = _turns(s, child, _ADULT + 1), _turns(s, child, _ADULT + 2)
        year = (first <= day) + (second <= day)
        stop = min(limit, (first, second, limit)[year])
        hazard = p.own[setting, ENDS + year]
        gathered, found = _stretch(day, stop, hazard, gathered, threshold)
        if found >= 0:
            return found
        day = stop
    return limit


@_inlined
def _flow(p, s, child, lived, event, source, target, reason):
    """Count an event of today in the table of the month; age is that of the day ``lived``."""
    own = p.kinds_at[event]
    kind = own[FROM_BASE] + source * own[BY_SOURCE] + target * own[BY_TARGET] + reason * own[BY_REASON]
    s.seen[kind] = 1
    s.tallied[kind, _BAND[_years(p, s, child, lived)] * 2 + s.small[child, UASC]] += 1


@_inlined
def _end_month(p, s, month):
    """Write down the flows of a month in the order of their packed numbers (see ``counted``)."""
    for kind in range(len(s.seen)):
        if s.seen[kind] == 0:
            continue
        s.seen[kind] = 0
        for side in range(SIDES):
            times, at = s.tallied[kind, side], s.n[FLOWS]
            if times == 0:
                continue
            if at >= len(s.flows):
                s.n[FULL] = 1
                return
            s.tallied[kind, side] = 0
            s.flows[at], s.times[at] = (month * s.n[MONTH_CODES] + p.kind_codes[kind]) * SIDES + side, times
            s.n[FLOWS] = at + 1


@_inlined
def _count(p, s, child, setting, start, end):
    """Add the stretch of a placement within the horizon to stock and child-days, split at birthdays."""
    day, stop = max(start, s.n[FIRST]), min(end, s.n[END])
    if day >= stop:
        return
    band = _BAND[_years(p, s, child, day)]
    while day < stop:
        until = stop
        if band < len(_BAND_EDGES):
            until = min(until, _turns(s, child, _BAND_EDGES[band]))
        cell = (setting * _BANDS + band) * 2 + s.small[child, UASC]
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
    row[5], row[6], row[7], row[8] = s.small[child, OPENING], closing, reason, s.child[child, CARE]
    s.n[ROWS] = at + 1


@_inlined
def _settle(p, s, setting, day):
    """Count the days for which a limited setting has been as it is, up to the day before ``day``."""
    since = s.place[setting, SINCE]
    if not s.place[setting, LIMITED] or day <= since:
        return
    held, waiting = s.place[setting, OCCUPIED], s.place[setting, WAITING]
    vacant = s.place[setting, USABLE] - held
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
    queue = s.small[child, TARGET]
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
    s.small[child, TARGET] = -1


@_inlined
def _queue(p, s, child, queue, day):
    _settle(p, s, queue, day)
    last = s.place[queue, TAIL]
    s.child[child, BEFORE], s.child[child, BEHIND] = last, -1
    if last >= 0:
        s.child[last, BEHIND] = child
    else:
        s.place[queue, HEAD] = child
    s.place[queue, TAIL], s.small[child, TARGET] = child, queue
    s.place[queue, WAITING] += 1


@_inlined
def _wait(p, s, child, day):
    """Decide what a child waits for; a wish that has not changed keeps its place in the queue."""
    setting, wish, down = s.small[child, WHERE], -1, 0
    step = _step(p.wait_day, day) - 1
    home = p.kinds[s.place[setting, TYPE], HOUSE]
    may_miss = s.small[child, MISSED] >= 0 and p.real[WAIT_UNMET] > 0.0
    may_down = s.n[DOWN_TO] >= 0 and setting != s.n[DOWN_TO] and p.waits[1, step, setting] > 0.0
    may_cross = home >= 0 and setting != home and p.waits[0, step, setting] > 0.0
    if may_miss or may_down or may_cross:
        first, second = _draw(s, child, _WAIT, 0)
        if may_miss:
            wanted = s.small[child, MISSED]
            queue = p.kinds[wanted, HOUSE] if p.kinds[wanted, HOUSE] >= 0 else p.kinds[wanted, OUTSIDE]
            if s.place[queue, LIMITED] and first < p.real[WAIT_UNMET]:
                wish = queue
        if wish < 0 and may_down and s.place[s.n[DOWN_TO], LIMITED] and second < p.waits[1, step, setting]:
            wish, down = s.n[DOWN_TO], 1
        if wish < 0 and may_cross and s.place[home, LIMITED] and first < p.waits[0, step, setting]:
            wish = home
    s.small[child, STEPS_DOWN] = down
    if wish != s.small[child, TARGET]:
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
            if outside < 0 or _draw(s, child, _MATCH, step)[0] < p.shares[tried]:
                return house
        elif house >= 0:
            vacant = s.place[house, USABLE] - s.place[house, OCCUPIED] + (1 if own == house else 0)
            suits = p.suits[house, min(vacant, p.suits.shape[1] - 1)] if vacant > 0 else 0.0
            if vacant > 0 and _draw(s, child, _MATCH, step)[0] < suits:
                return house
        if outside >= 0:
            spare = s.place[outside, USABLE] - s.place[outside, OCCUPIED] + (1 if own == outside else 0)
            if not s.place[outside, LIMITED] or spare > 0:
                return outside
    return s.n[LAST_RESORT]


@_inlined
def _begin(p, s, child, setting, now):
    """A placement in care has begun (or goes on at the origin): draw its next event."""
    s.small[child, WHERE], s.small[child, STATUS] = setting, _IN_CARE
    first, s.second[child, SECOND] = _draw(s, child, _EVENT, 0)
    then = _event_day(p, s, child, now, -math.log(1.0 - first))
    if then < s.n[END]:
        _await(s, child, then)


@_inlined
def _arrive(p, s, child, kind, own, day, opening):
    """Place a child whose old placement is closed, then give its place back; the setting where it came free, or -1."""
    setting = _choose(p, s, child, kind, own)
    house, outside = p.kinds[kind, HOUSE], p.kinds[kind, OUTSIDE]
    month = p.month_of[day - s.n[FIRST]]
    if house >= 0 and s.place[house, LIMITED] and setting != house:
        s.days[TURNED_AWAY, month, house] += 1
    s.small[child, MISSED] = -1
    if s.place[setting, TYPE] != kind:
        s.small[child, MISSED] = kind
        s.unmet[month, outside if outside >= 0 else house, _REPORTED[_AGE[_years(p, s, child, day)]]] += 1
    source = s.place[own, REPORT] if own >= 0 else _NONE
    _flow(p, s, child, day, opening, source, s.place[setting, REPORT], _NONE)
    s.child[child, START], s.small[child, OPENING] = day, opening
    _hold(p, s, setting, 1, day)
    if own >= 0:
        _hold(p, s, own, -1, day)
    _begin(p, s, child, setting, day)
    _wait(p, s, child, day)
    return -1 if own == setting else own


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
        if day - s.child[child, START] >= max(s.n[AFTER_DAYS], 1) and day < _turns(s, child, _ADULT):
            first, second = _draw(s, child, _OFFER, extra)
            if first < p.own[home, ONE_SUITS]:
                if s.small[child, STEPS_DOWN] == 0 or second < p.real[SUCCESS]:
                    return _take(p, s, child, home, day)
                _unqueue(p, s, child, day)
        child = behind
    return -1


@_inlined
def _take(p, s, child, home, day):
    old = s.small[child, WHERE]
    _unqueue(p, s, child, day)
    s.child[child, WHEN] = -1
    _log(p, s, child, s.place[old, REPORT], day, _MOVED, _NONE)
    _flow(p, s, child, day, _MOVE, s.place[old, REPORT], s.place[home, REPORT], _NONE)
    s.child[child, NUMBER] += 1
    s.child[child, START], s.small[child, OPENING], s.small[child, MISSED] = day, _MOVE, -1
    _hold(p, s, home, 1, day)
    _hold(p, s, old, -1, day)
    s.days[STEPPED, p.month_of[day - s.n[FIRST]], home] += 1
    s.n[DONE] += 1
    _begin(p, s, child, home, day)
    _wait(p, s, child, day)
    return old


@_inlined
def _exit(p, s, child, reason, day):
    """A child leaves care before its 18th birthday; the setting where a place came free."""
    old = s.small[child, WHERE]
    _log(p, s, child, s.place[old, REPORT], day, _EXITED, reason)
    _flow(p, s, child, day - 1, _EXIT_EVENT, s.place[old, REPORT], _NONE, reason)
    s.child[child, NUMBER] += 1
    _hold(p, s, old, -1, day)
    _away(p, s, child, day, 0 if reason == _HOME else 1, day)
    return old


@_inlined
def _away(p, s, child, left, home, now):
    s.small[child, STATUS] = _AWAY
    first, _ = _draw(s, child, _RETURN, 0)
    limit = min(_turns(s, child, _ADULT), s.n[END])
    day = _return_day(p, s, child, left, home, now, limit, -math.log(1.0 - first))
    if day < limit:
        _await(s, child, day)


@_inlined
def _turn_18(p, s, child, day):
    """The 18th birthday in care; the setting where a place came free, or -1 where someone stays on."""
    old = s.small[child, WHERE]
    _log(p, s, child, s.place[old, REPORT], day, _EXITED, _AGED_OUT)
    _flow(p, s, child, day - 1, _EXIT_EVENT, s.place[old, REPORT], _NONE, _AGED_OUT)
    s.small[child, STATUS] = 0
    first, _ = _draw(s, child, _STAYING, 0)
    stays = s.place[old, AFTER_18] >= 0 and first < p.uptake[_step(p.stay_day, day) - 1, old]
    s.child[child, NUMBER] += 1
    if stays:
        _flow(p, s, child, day, _STAY_EVENT, s.place[old, REPORT], s.place[old, AFTER_18], _NONE)
        _stay(p, s, child, old, day, day)
        return -1
    _hold(p, s, old, -1, day)
    return old


@_inlined
def _stay(p, s, child, setting, day, now):
    s.small[child, STATUS], s.small[child, OPENING] = _STAYING_ON, _STAYS
    s.small[child, WHERE], s.child[child, START] = setting, day
    first, _ = _draw(s, child, _STAY_LENGTH, 0)
    limit = min(_turns(s, child, _STAY_LIMIT), s.n[END])
    then = _stay_end(p, s, setting, child, now, limit, -math.log(1.0 - first))
    if then < s.n[END]:
        _await(s, child, then)


@_inlined
def _stop_staying(p, s, child, day):
    """Staying put ends; the setting where a place came free."""
    setting = s.small[child, WHERE]
    _log(p, s, child, s.place[setting, AFTER_18], day, _STAY_ENDED, _NONE)
    _flow(p, s, child, day - 1, _END_EVENT, s.place[setting, AFTER_18], _NONE, _NONE)
    s.small[child, STATUS] = 0
    s.child[child, NUMBER] += 1
    _hold(p, s, setting, -1, day)
    return setting


@_inlined
def _first_kind(p, s, child, day):
    uniform, _ = _draw(s, child, _FIRST, 0)
    band, gathered, last = _REPORTED[_AGE[_years(p, s, child, day)]], 0.0, 0
    for kind in range(_TYPES):
        chance = p.first_types[band, s.small[child, UASC], kind]
        gathered += chance
        if uniform < gathered:
            return kind
        if chance > 0:
            last = kind
    return last


@_inlined
def _capacity(p, s, at, day, waits):
    """All changes of places of a day, then who waits, then the offers of what has become vacant."""
    for setting in range(len(s.place)):
        _settle(p, s, setting, day)
        s.place[setting, VACANT_BEFORE] = max(s.place[setting, USABLE] - s.place[setting, OCCUPIED], 0)
    while at < len(p.change_day) and p.change_day[at] == day:
        s.place[p.change_setting[at], USABLE] = p.change_usable[at]
        at += 1
    if waits:
        for child in range(len(s.child)):
            if s.small[child, STATUS] == _IN_CARE:
                _wait(p, s, child, day)
    for setting in range(len(s.place)):
        vacant = max(s.place[setting, USABLE] - s.place[setting, OCCUPIED], 0)
        more = vacant if waits else vacant - s.place[setting, VACANT_BEFORE]
        if s.place[setting, LIMITED] and more > 0:
            _offer(p, s, setting, more, day)
    return at


@_inlined
def _seat(s, child, key, dob, uasc):
    """What is known of a child whatever happens."""
    year, of_year = _march_year(dob)
    # As p.turned has it for days: the difference of two such numbers gives the age.
    s.child[child, BORN] = (min(max(year - _FIRST_YEAR, 0), _YEARS - 1) << YEAR_SHIFT) | of_year
    s.key[child, OWN_KEY], s.small[child, UASC] = np.uint64(key), uasc
    s.small[child, TARGET], s.small[child, MISSED], s.child[child, WHEN] = -1, -1, -1


@_inlined
def _open(p, s):
    """Everyone at the origin (in care, away, or staying put), and those who will come."""
    stock, leavers, known, before = s.n[STOCK], s.n[LEAVERS], s.known.shape[1], s.n[FIRST] - 1
    for child in range(known):
        _seat(s, child, s.known[KEY, child], s.known[DOB, child], s.known[ASYLUM, child])
        setting, begun = s.known[SETTING, child], s.known[BEGUN, child]
        s.child[child, START], s.child[child, CARE] = begun, s.known[FIRST_CARE, child]
        if stock <= child < stock + leavers:
            _away(p, s, child, begun, s.known[HOME, child], before)
            continue
        s.place[setting, OCCUPIED] += 1
        if child < stock:
            s.small[child, OPENING] = _MOVE
            _begin(p, s, child, setting, before)
        else:
            _stay(p, s, child, setting, before, before)
    for at in range(s.new.shape[1]):
        child, day = known + at, s.new[NEW_DAY, at]
        _seat(s, child, s.new[NEW_KEY, at], s.new[NEW_DOB, at], s.new[NEW_ASYLUM, at])
        s.small[child, STATUS], s.small[child, FIRST_KIND] = _COMING, s.new[NEW_KIND, at]
        if s.n[FIRST] <= day < s.n[END]:
            _await(s, child, day)


@_compiled
def run(p, s):
    """The whole run, day by day: changes of places first, then events in order of class and child."""
    s.place[:, HEAD], s.place[:, TAIL], s.place[:, SINCE] = -1, -1, s.n[FIRST]
    s.place[:, OFFERS_DAY] = s.n[FIRST] - 1
    _open(p, s)
    changed = waited = month = 0
    for day in range(s.n[FIRST], s.n[END]):
        if p.month_of[day - s.n[FIRST]] != month:
            _end_month(p, s, month)
            month += 1
        count = _gather(s, day - s.n[FIRST])
        rethink = waited < len(p.wait_day) and p.wait_day[waited] == day
        if rethink or (changed < len(p.change_day) and p.change_day[changed] == day):
            changed = _capacity(p, s, changed, day, rethink)
            waited += 1 if rethink else 0
            s.n[DONE] += 1
        row, ranks = _sorted(s, count), (1 << s.n[RANK_BITS]) - 1
        for at in range(count):
            child = (s.today[row, at] >> _RANK_SHIFT) & ranks
            # Whoever was moved earlier in the day has another placement.
            if s.child[child, NUMBER] == s.today[row, at] & _NUMBER_MASK:
                freed = _happen(p, s, child, day)
                if freed >= 0 and s.place[freed, LIMITED] and s.place[freed, USABLE] > s.place[freed, OCCUPIED]:
                    _offer(p, s, freed, 1, day)
                s.n[DONE] += 1
        if s.n[FULL] == 1:
            return
    _end_month(p, s, month)
    _finish(p, s)


@_inlined
def _happen(p, s, child, day):
    """A child's own event, whatever it is; the setting where a place came free, or -1."""
    status, old, opening = s.small[child, STATUS], -1, _ENTRY
    if status == _STAYING_ON:
        return _stop_staying(p, s, child, day)
    if status == _IN_CARE:
        _unqueue(p, s, child, day)
        if day >= _turns(s, child, _ADULT):
            return _turn_18(p, s, child, day)
        kind = _cause(p, s, child, day - 1, s.second[child, SECOND])
        if kind >= _TYPES:
            return _exit(p, s, child, kind - _TYPES, day)
        old, opening = s.small[child, WHERE], _MOVE
        _log(p, s, child, s.place[old, REPORT], day, _MOVED, _NONE)
        s.child[child, NUMBER] += 1
    else:
        kind = s.small[child, FIRST_KIND]
        s.child[child, CARE] = day
        if status == _AWAY:
            kind, opening = _first_kind(p, s, child, day), _RE_ENTRY
    return _arrive(p, s, child, kind, old, day, opening)


@_inlined
def _finish(p, s):
    """Count what is still open, and turn differences by month into stocks and child-days."""
    for child in range(len(s.child)):
        if s.small[child, STATUS] == _IN_CARE:
            _log(p, s, child, s.place[s.small[child, WHERE], REPORT], _OPEN, _NONE, _NONE)
        elif s.small[child, STATUS] == _STAYING_ON:
            _log(p, s, child, s.place[s.small[child, WHERE], AFTER_18], _OPEN, _NONE, _NONE)
    for setting in range(len(s.place)):
        _settle(p, s, setting, s.n[END])
    months, cells = s.present.shape
    for month in range(months - 1):
        length = p.month_start[month + 1] - p.month_start[month]
        for cell in range(cells):
            s.part[month, cell] += s.present[month, cell] * length
            s.present[month + 1, cell] += s.present[month, cell]


@_compiled
def draw_gammas(keys, purpose, numbers, shape, rate, lanes, out):
    """A Gamma draw for every cell and number of a table and each replication.

    Subjects are cells (the rows of ``shape``); ``numbers`` name its columns, padded to whole lanes.
    """
    cells, columns = shape.shape
    for one in range(len(keys)):
        k0, k1 = keys[one, 0], keys[one, 1]
        for cell in range(cells):
            for base in range(0, columns, LANES):
                some = min(columns - base, LANES)
                for at in range(some):
                    lanes[LANE, at] = shape[cell, base + at]
                _gammas(k0, k1, _CELL | np.uint64(cell), purpose, numbers[base:], some, lanes)
                for at in range(some):
                    out[one, cell, base + at] = lanes[LANE, at] / rate[cell, base + at]


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
                    subject = _ENTRANT | np.uint64((group << 50) | (month << 38) | (layer << 30) | number)
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
                        past = day - _birthday(born, _ADULT)
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


@_compiled
def draw_paths(keys, counts, factors, layers, starts, window, ages, edges, first_types, ends, out):
    """Entrants of several paths one after another (see :func:`draw_entrants`), and where those of each end."""
    at = 0
    for one in range(len(keys)):
        given = factors, layers, starts, window, ages, edges, first_types
        at += draw_entrants(keys[one, 0], keys[one, 1], counts[one], *given, out[:, at:])
        ends[one] = at
