"""Every random number of the package: a pure function of what it is for.

Draws come from Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
as 1, 2, 3", SC 2011). One call takes a 128-bit counter and a 64-bit key and gives two 53-bit
uniforms. Nothing is kept between calls, so a draw depends neither on the order of events, nor on
how many workers ran, nor on which engine asked; and two scenarios give the same child the same
luck (common random numbers).

Packing, fixed once:

======== ======================================================================================
word     holds
======== ======================================================================================
counter0 low 32 bits of the subject's key (a child, an entry group's month, a hazard cell, …)
counter1 high 32 bits of the subject's key
counter2 the number within the subject (placement number, coefficient number, …)
counter3 purpose × 2^24 + extra (24 bits: vacancy number, …)
key      two words drawn once from (seed, replication) by Philox itself, so that every seed below
         2^63 and every replication below 2^63 has a key of its own but for a chance of 2^-64 a pair
======== ======================================================================================

Subject keys (64 bits) start with a 4-bit :class:`Kind`; see :func:`stock_key`,
:func:`entrant_key`, :func:`month_key` and :func:`cell_key`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_MASK = 0xFFFFFFFF
_ROUNDS = 10
_TO_UNIT = 2.0**-53

Uniforms = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
KeyWords = tuple[int, int]


class Purpose(IntEnum):
    """What a draw is for, with its two uniforms (first, second). Nothing draws outside this list.

    The numbers are part of every published result: they are never changed or used again.
    """

    REPLICATION_KEY = 0  # the two key words of a replication (used as words, not uniforms)
    EVENT = 1  # child, placement number: time to event; cause in proportion to the hazards
    MATCH = 2  # child, placement number: does in-house suit; spare
    OFFER = 3  # child, placement number, extra = vacancy number: does the vacancy suit; spare
    STAYING_PUT = 4  # child, placement number: stays at 18 or not; spare
    STAYING_PUT_LENGTH = 5  # child, placement number: how long; spare
    RE_ENTRY = 6  # child, placement number: time to coming back; spare
    FIRST_TYPE = 7  # child, placement number: type on (re-)entry; relatives instead of fostering, under a plan
    ENTRANT_AGE = 8  # entrant: age at entry; spare
    ENTRY_DAY = 9  # entrant: day within the month; spare
    ENTRANT_KEPT = 10  # entrant: kept or added under a scenario's factor; spare
    ENTRY_COUNT = 11  # stream or group and month: the count; spare
    ENTRY_PARAMETER = 12  # stream, coefficient number: coefficient; spare
    ENTRY_LEVEL = 13  # stream and month: step of the level; spare
    ENTRY_MIX = 14  # stream, group number: share of the group; spare
    HAZARD = 15  # hazard cell, cause number: Gamma posterior; spare. Cause, pair: two normals that cells share
    EXIT_MULTIPLIER = 16  # the authority: recent multiplier on exits; spare
    PROVIDER_SHARE = 17  # type number: in-house share; spare
    RE_ENTRY_HAZARD = 18  # re-entry cell: Gamma posterior; spare
    UNAVAILABLE = 19  # setting and month: unavailable places; spare
    PRICE = 20  # setting, financial year: price; spare
    WORLD = 21  # invented authorities only: anything about a child that the model does not draw
    WAIT = 22  # child, placement number: joins a waiting list or not; spare
    LEAVER = 23  # child: what a care leaver does after 18; spare
    SENSITIVITY = 24  # input or point of a sample: shift of a quasi-random sequence, resampling; spare


class Kind(IntEnum):
    """What a subject key names."""

    STOCK = 1
    ENTRANT = 2
    MONTH = 3
    CELL = 4
    OTHER = 5


def stock_key(rank: npt.ArrayLike) -> Words:
    """Key of a child known at the origin, by rank in a stable order (below 2^32)."""
    return _shifted(Kind.STOCK, 60) | _checked(rank, 32)


def entrant_key(group: npt.ArrayLike, month: npt.ArrayLike, layer: npt.ArrayLike, number: npt.ArrayLike) -> Words:
    """Key of a forecast entrant: group (10 bits), month (12), layer (8), number in the month (30).

    ``month`` counts from the first simulated month; ``layer`` is 0 for the path's own entrants
    and j for those whom a scenario's factor above j adds.
    """
    key: Words = (
        _shifted(Kind.ENTRANT, 60)
        | _checked(group, 10) << np.uint64(50)
        | _checked(month, 12) << np.uint64(38)
        | _checked(layer, 8) << np.uint64(30)
        | _checked(number, 30)
    )
    return key


def month_key(stream: npt.ArrayLike, month: npt.ArrayLike) -> Words:
    """Key of a stream's or group's (28 bits) month (32 bits)."""
    return _shifted(Kind.MONTH, 60) | _checked(stream, 28) << np.uint64(32) | _checked(month, 32)


def cell_key(cell: npt.ArrayLike) -> Words:
    """Key of a cell of a table of parameters, by its flat index (below 2^32)."""
    return _shifted(Kind.CELL, 60) | _checked(cell, 32)


def other_key(number: npt.ArrayLike) -> Words:
    """Key of anything else that is counted (a type, a stream, the authority as a whole)."""
    return _shifted(Kind.OTHER, 60) | _checked(number, 32)


def _shifted(kind: Kind, bits: int) -> np.uint64:
    return np.uint64(kind) << np.uint64(bits)


def _checked(value: npt.ArrayLike, bits: int) -> Words:
    whole = np.asarray(value)
    if whole.size and (int(whole.min()) < 0 or int(whole.max()) >= 2**bits):
        msg = f"a part of a draw's key lies outside its {bits} bits"
        raise ValueError(msg)
    return whole.astype(np.uint64)


def philox(counter: tuple[int, int, int, int], key: KeyWords) -> tuple[int, int, int, int]:
    """Philox4x32-10 of one counter and key, in whole numbers (checked against published answers)."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        product0 = _M0 * c0
        product1 = _M1 * c2
        c0, c1, c2, c3 = (
            (product1 >> 32) ^ c1 ^ k0,
            product1 & _MASK,
            (product0 >> 32) ^ c3 ^ k1,
            product0 & _MASK,
        )
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


def replication_key(seed: int, replication: int) -> KeyWords:
    """The two key words of one replication of one seed."""
    if not (0 <= seed < 2**63 and 0 <= replication < 2**63):
        msg = "seed and replication must be whole numbers from 0 to 2^63 - 1"
        raise ValueError(msg)
    counter = (replication & _MASK, replication >> 32, 0, Purpose.REPLICATION_KEY << 24)
    words = philox(counter, (seed & _MASK, seed >> 32))
    return words[0], words[1]


def replication_keys(seed: int, replications: Sequence[int]) -> list[KeyWords]:
    """The same for several replications."""
    if not (0 <= seed < 2**63 and min(replications, default=0) >= 0):
        msg = "seed and replication must be whole numbers from 0 to 2^63 - 1"
        raise ValueError(msg)
    numbers = np.array(replications, dtype=np.uint64)
    (first, _), (second, _) = _words((seed & _MASK, seed >> 32), numbers, 0, Purpose.REPLICATION_KEY, 0)
    return list(zip(first.tolist(), second.tolist(), strict=True))


def key_words(keys: Sequence[KeyWords]) -> tuple[Words, Words]:
    """The words of several replications' keys, each of shape (replications, 1)."""
    table = np.array(keys, dtype=np.uint64)
    return table[:, :1], table[:, 1:]


def draw(key: KeyWords, subject: int, number: int, purpose: int, extra: int = 0) -> tuple[float, float]:
    """Two uniforms in [0, 1) for one subject, in plain Python.

    Parameters
    ----------
    key
        From :func:`replication_key`.
    subject
        A 64-bit subject key.
    number
        Number within the subject (placement number, …), below 2^32.
    purpose, extra
        A :class:`Purpose` and up to 24 bits more.
    """
    words = philox((subject & _MASK, subject >> 32, number, (purpose << 24) | extra), key)
    return (
        ((words[0] << 32 | words[1]) >> 11) * _TO_UNIT,
        ((words[2] << 32 | words[3]) >> 11) * _TO_UNIT,
    )


def draws(
    key: KeyWords | tuple[Words, Words],
    subject: npt.ArrayLike,
    number: npt.ArrayLike,
    purpose: Purpose | npt.NDArray[np.int64],
    extra: npt.ArrayLike = 0,
) -> tuple[Uniforms, Uniforms]:
    """The same as :func:`draw` for arrays (broadcast together, the key's words too), bit for bit."""
    (c0, c2), (c1, c3) = _words(key, subject, number, purpose, extra)
    half, down = np.uint64(32), np.uint64(11)
    first = ((c0 << half | c1) >> down).astype(np.float64) * _TO_UNIT
    second = ((c2 << half | c3) >> down).astype(np.float64) * _TO_UNIT
    return first, second


def _words(
    key: KeyWords | tuple[Words, Words],
    subject: npt.ArrayLike,
    number: npt.ArrayLike,
    purpose: int | npt.NDArray[np.int64],
    extra: npt.ArrayLike,
) -> tuple[Words, Words]:
    """Words 0 and 2, and words 1 and 3, of :func:`philox` for arrays."""
    subjects, numbers, extras, k0, k1 = np.broadcast_arrays(
        np.asarray(subject, dtype=np.uint64),
        _checked(number, 32),
        _checked(purpose, 8) << np.uint64(24) | _checked(extra, 24),
        *(np.asarray(word, dtype=np.uint64) for word in key),
    )
    mask, half = np.uint64(_MASK), np.uint64(32)
    # Words 0 and 2 of the counters are multiplied, and change places with what is made of 1 and 3.
    even, odd = np.stack([subjects & mask, numbers]), np.stack([subjects >> half, extras])
    words, pair = np.stack([k0, k1]), (2, *(1,) * subjects.ndim)
    factors, steps = (np.array(two, dtype=np.uint64).reshape(pair) for two in ((_M0, _M1), (_W0, _W1)))
    for _ in range(_ROUNDS):
        product = even * factors
        even = (product >> half)[::-1]
        even ^= odd
        even ^= words
        odd = (product & mask)[::-1]
        words = (words + steps) & mask
    return even, odd


def many_draws(
    keys: tuple[Words, Words], asked: Sequence[tuple[npt.ArrayLike, npt.ArrayLike, Purpose]]
) -> list[Uniforms]:
    """First uniforms of several kinds for some replications, worked out together: so many short calls take long.

    Parameters
    ----------
    asked
        Subjects, numbers and purpose of each kind; the first two broadcast to a row.

    Returns
    -------
    For each kind a table of shape (replications, elements).
    """
    rows = [np.broadcast_arrays(np.asarray(one, dtype=np.uint64), np.asarray(number)) for one, number, _ in asked]
    sizes = [len(subject) for subject, _ in rows]
    purposes = np.repeat([int(purpose) for *_, purpose in asked], sizes)
    whole = [np.concatenate(part) for part in zip(*rows, strict=True)]
    first, _ = draws(keys, whole[0], whole[1], purposes)
    return np.split(first, np.cumsum(sizes)[:-1], axis=1)


def pick(uniform: float, chances: Sequence[float]) -> int:
    """Index drawn in proportion to the chances, which are summed one by one in their order."""
    total = 0.0
    for chance in chances:
        total += chance
    target, gathered, last = uniform * total, 0.0, 0
    for index, chance in enumerate(chances):
        if chance > 0.0:
            gathered += chance
            last = index
            if target < gathered:
                return index
    return last
