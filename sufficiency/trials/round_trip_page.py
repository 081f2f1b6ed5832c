"""The page of the round trip: how often true hazards lie in their intervals, ``docs/validation/round-trip.md``.

Made by ``python -m sufficiency.trials.round_trip --out docs/validation/round-trip.md``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.trials.known_page import table
from sufficiency.trials.round_trip import (
    CELLS,
    EDGES,
    PRODUCT,
    UNEVEN,
    WHATS,
    Trip,
    mean_log_error,
    trip,
    truncation,
)

Floats = npt.NDArray[np.float64]

COMMAND = "python -m sufficiency.trials.round_trip --out docs/validation/round-trip.md"
#: Times the example's size, and how many seeds of each: about 32, 360 and 2,000 children.
SIZES = {0.09: 30, 1.0: 24, 5.6: 20}
#: Seeds from here on; those before were used while the estimator was made.
FIRST_SEED = 1001
RETURNED_SEEDS, FALLING_SEEDS = 3, 20
BANDS = ((0.0, 1.0, "under 1"), (1.0, 5.0, "1 to 5"), (5.0, 20.0, "5 to 20"), (20.0, np.inf, "over 20"))
_RESAMPLES = 2_000
_ENDS = (2.5, 97.5)

INTRODUCTION = f"""\
# The round trip: do true hazards lie inside their intervals?

A world of known hazards is simulated for 22 years from an empty start, seven years of it are seen as returns would show
them (what lies before is cut off, later ends are open, time in care is unknown where a child's first row is no start of
care), and hazards are estimated from that alone. Below is how often the true hazard lies inside the 90 % posterior
interval. An honest method stays near 90; what was asked of it is 86 to 94.

- **Cells**: setting × age × duration × UASC × cause. Counted is every cell in which a child was for half a day or more
  and whose true hazard is above nought, each once, whatever its size; the bands are by the events that the *true*
  hazard expects in seven years. Most cells expect less than one event: their intervals rest on what other cells tell.
  Cells of causes that cannot happen there (true hazard nought) are in no interval of a gamma distribution and are not
  counted; how many events the estimate gives them is told below.
- **Totals**: hazards added up over the child-days seen, of which at least one event is expected: each cause of each
  setting; all exits of an age; all moves, and all exits, of a duration; all moves and all exits. Their intervals are of
  hazards drawn as replications draw them, with what cells share.
- **Worlds**: *a product*: the example's world at level entries, whose hazards are products of a rate by setting and
  cause, a factor by age, one by duration (for some causes and settings their own) and one for children seeking asylum;
  *uneven*: each cell of it times a log-normal of its own (standard deviation 0.3 on the log scale), so that no product
  fits.
- In brackets: 95 % bootstrap intervals over seeds ({_RESAMPLES:,} resamples of whole authorities). Seeds begin at
  {FIRST_SEED}; the method was made on others.

This page is made by `{COMMAND}`.
"""

READING = """\
**Reading it.** Over all cells the intervals hold in every size and world. They are weakest for an authority of about 30
children, which has some 200 events in seven years: where it expects one event or more in a cell, and for the totals of
causes and of durations, they hold 76 to 86 in 100, because truths lie above them. Where hazards are no product, fuller
cells of larger authorities hold 87 to 89. Totals of all moves and of all exits are two an authority, so their shares
are rough; their intervals are as wide as one over the root of the events seen. Exits in the last week before 18 count
as ageing out, which lowers all exits of large authorities by a fraction of a percent.
"""

ACCURACY = """\
## How near the estimates are

*Fitted over expected*: all events that posterior means expect in counted cells, over those that the truth expects.
*Given to the impossible*: the share of all events given to cells in which there can be none. *Log error*: mean
absolute difference of the logarithms of estimated and true hazard, weighed by expected events.
"""

RETURNS = """\
## The whole way through returns

The histories above are cut directly from what was simulated. The whole way, SSDA903 returns are written and read again,
and changes of legal status hide some more starts of care. The same seeds both ways, the example's size:
"""

TRUNCATED = """\
## The left edge of the returns

A world of about 290 children in which going home falls eighty-fold with time in care, alike for all children, so that
whoever has stayed long until the returns begin is unlike those who enter. Rate of going home by time in care over the
true one, {seeds} seeds together, with its standard error:

- *unknown left out*: as the package does. Children in care at the start of the returns are at risk from that day, at
  the time in care that they had; days whose time in care is unknown are left out until it is surely four years;
- *unknown believed*: time in care is taken to begin with the first placement seen;
- *counted from the start*: known days before the returns count too, as if nobody had left before they were seen.
"""


def write_page(
    path: str | Path,
    sizes: dict[float, int] | None = None,
    *,
    falling: int = FALLING_SEEDS,
    returned: int = RETURNED_SEEDS,
) -> None:
    """Make every trip and write the page.

    Parameters
    ----------
    sizes
        Seeds of each size; :data:`SIZES` when left out.
    falling, returned
        Seeds of the falling world, and of the way through returns.
    """
    runs = sizes or SIZES
    trips = {
        (size, world): [trip(size, world, FIRST_SEED + number) for number in range(count)]
        for size, count in runs.items()
        for world in (PRODUCT, UNEVEN)
    }
    blocks = [INTRODUCTION, *_coverage(trips), READING, ACCURACY, _accuracy(trips), RETURNS, _through_returns(returned)]
    blocks += [TRUNCATED.format(seeds=falling), _truncated(falling)]
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(blocks), encoding="utf-8", newline="\n")


Trips = dict[tuple[float, str], list[Trip]]


def _name(trips: Sequence[Trip], world: str) -> str:
    return f"{np.mean([one.children for one in trips]):,.0f} children, {world}, {len(trips)} seeds"


def _coverage(trips: Trips) -> list[str]:
    cells = [
        (_name(found, world), *(_inside(found, _band(CELLS, low, high)) for low, high in [(0.0, np.inf), *_edges()]))
        for (_, world), found in trips.items()
    ]
    above = [
        (_name(found, world), *(_above(found, _band(CELLS, low, high)) for low, high in [(0.0, np.inf), *_edges()]))
        for (_, world), found in trips.items()
    ]
    sums = [
        (_name(found, world), *(_inside(found, _band(what, 0.0, np.inf)) for what in WHATS if what != CELLS))
        for (_, world), found in trips.items()
    ]
    names = [f"{name} expected" for *_, name in BANDS]
    return [
        "## Cells inside their 90 % interval, in 100\n",
        table(("", "All cells", *names), cells),
        "True hazards above the interval, in 100 (5 where both tails are honest):\n",
        table(("", "All cells", *names), above),
        "## Totals inside their 90 % interval, in 100\n",
        table(("", *(what for what in WHATS if what != CELLS)), sums),
    ]


def _edges() -> list[tuple[float, float]]:
    return [(low, high) for low, high, _ in BANDS]


Chosen = Callable[[pd.DataFrame], pd.DataFrame]


def _band(what: str, low: float, high: float) -> Chosen:
    def chosen(scores: pd.DataFrame) -> pd.DataFrame:
        at = (scores["what"] == what) & (scores["expected"] >= low) & (scores["expected"] < high)
        return scores[at]

    return chosen


def _inside(trips: Sequence[Trip], chosen: Chosen) -> str:
    parts = [chosen(one.scores)["inside"] for one in trips]
    return _share([int(part.sum()) for part in parts], [len(part) for part in parts])


def _above(trips: Sequence[Trip], chosen: Chosen) -> str:
    parts = [chosen(one.scores)["above"] for one in trips]
    return _share([int(part.sum()) for part in parts], [len(part) for part in parts])


def _share(hits: Sequence[int], all_of: Sequence[int]) -> str:
    """So many in 100, with its bootstrap interval over authorities."""
    if not sum(all_of):
        return "none"
    pairs = np.array([hits, all_of], dtype=np.float64)
    low, high = bootstrap(lambda rows: pairs[0, rows].sum(-1) / np.maximum(pairs[1, rows].sum(-1), 1.0), len(hits))
    return f"{100 * pairs[0].sum() / pairs[1].sum():.1f} ({100 * low:.1f} to {100 * high:.1f})"


def bootstrap(statistic: Callable[[npt.NDArray[np.int64]], Floats], count: int) -> tuple[float, float]:
    """The 95 % interval of a statistic over resamples of so many authorities.

    Parameters
    ----------
    statistic
        Of rows drawn, shape (resamples, authorities): one number for each resample.
    """
    rows = np.random.default_rng(1).integers(0, count, (_RESAMPLES, count))
    low, high = np.percentile(statistic(rows), _ENDS)
    return float(low), float(high)


def _mean(values: Iterable[float], digits: int) -> str:
    told = np.array(list(values))
    low, high = bootstrap(lambda rows: told[rows].mean(-1), len(told))
    return f"{told.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _accuracy(trips: Trips) -> str:
    rows = []
    for (_, world), found in trips.items():
        cells = [one.scores[one.scores["what"] == CELLS] for one in found]
        ratio = (float(part["fitted"].sum() / part["expected"].sum()) for part in cells)
        spent = (one.spent for one in found)
        errors = (mean_log_error(one.scores) for one in found)
        rows.append((_name(found, world), _mean(ratio, 3), _mean(spent, 3), _mean(errors, 3)))
    return table(("", "Fitted over expected", "Given to the impossible", "Log error"), rows)


def _through_returns(count: int) -> str:
    seeds = [FIRST_SEED + number for number in range(count)]
    direct = [trip(1.0, PRODUCT, seed) for seed in seeds]
    read = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            read.append(trip(1.0, PRODUCT, seed, Path(folder)))
    rows = []
    for name, found in (("cut directly", direct), ("written and read", read)):
        sums = (_inside(found, _band(what, 0.0, np.inf)).split(" ")[0] for what in WHATS)
        rows.append((name, *sums, _mean((mean_log_error(one.scores) for one in found), 3).split(" ")[0]))
    return table((f"Inside, in 100; {count} seeds", *WHATS, "Log error"), rows)


def _truncated(count: int) -> str:
    found = truncation(range(FIRST_SEED, FIRST_SEED + count))
    own = found[found["edge"] == EDGES[0]]
    rows = []
    for number, (duration, truth, events) in enumerate(zip(own["duration"], own["truth"], own["events"], strict=True)):
        edges = (found[found["edge"] == edge].iloc[number] for edge in EDGES)
        told = (f"{line['ratio']:.3f} ± {line['error']:.3f}" for line in edges)
        rows.append((f"{duration} days", f"{truth:.2f}", f"{events:,.0f}", *told))
    return table(("Time in care", "True rate a year", "Events", *EDGES), rows)
