"""How long returns take to read, check and turn into history, and whether a row costs more among many.

    python benchmarks/returns.py                      # all sizes; writes benchmarks/returns.md
    python benchmarks/returns.py --most 100000        # smaller ones only, nothing written

Returns are the invented example's, written again and again with new identifiers. Every size is
measured in a process of its own, so that the peak of memory is that size's alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sufficiency.history import build_history
from sufficiency.provenance import shipped
from sufficiency.returns import read_returns

if sys.platform != "win32":
    import resource

SIZES = (5_000, 100_000, 2_000_000)
PAGE = Path(__file__).with_name("returns.md")
_ID = "INVENTED"
#: Linux counts in KiB, macOS in bytes.
_UNITS_A_GIB = 1024**3 if sys.platform == "darwin" else 1024**2
#: A row may cost so many times as much among many before it is said to cost more: what caches and the machine do.
_NO_GROWTH = 1.25
COLUMNS = ("episodes", "all_rows", "read", "history", "rate", "microseconds", "peak")
HEADINGS = (
    "Episode rows",
    "Rows of all tables",
    "Read and checked, s",
    "History, s",
    "Episode rows a second",
    "Microseconds an episode row",
    "Peak memory, GiB",
)


def enlarge(source: Path, folder: Path, episodes: int) -> None:
    """Write the example's returns so often that they hold about so many episode rows, each time of new children."""
    once = sum(len(path.read_text("utf-8").splitlines()) - 1 for path in source.glob("*/episodes.csv"))
    copies = max(1, round(episodes / once))
    for path in sorted(source.glob("*/*.csv")):
        heading, _, body = path.read_text("utf-8").partition("\n")
        out = folder / path.parent.name / path.name
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(heading + "\n")
            for copy in range(copies):
                stream.write(body.replace(_ID, f"INV{copy:04d}N"))


def measure(folder: Path) -> dict[str, float]:
    """Processor seconds, counts and peak memory of one reading, in this process (one core does it all)."""
    begun = time.process_time()
    returns = read_returns(folder)
    read = time.process_time()
    history = build_history(returns)
    done = time.process_time()
    table = returns.files
    episodes = int(table.loc[table["table"] == "episodes", "rows_read"].sum())
    if history.placements.empty:
        message = "the returns gave no placements"
        raise RuntimeError(message)
    return {
        "episodes": episodes,
        "all_rows": int(table["rows_read"].sum()),
        "read": read - begun,
        "history": done - read,
        "rate": episodes / (done - begun),
        "microseconds": (done - begun) / episodes * 1e6,
        "peak": _peak(),
    }


def _peak() -> float:
    """Peak of this process's memory in GiB; nought where the system does not say."""
    if sys.platform == "win32":
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNITS_A_GIB


def measured(episodes: int) -> dict[str, float]:
    """Measure one size in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        enlarge(shipped("example") / "returns", Path(name), episodes)
        words = [sys.executable, __file__, "--folder", name]
        result = subprocess.run(words, capture_output=True, text=True, check=True)
        found: dict[str, float] = json.loads(result.stdout)
        return found


def table(rows: list[dict[str, float]]) -> str:
    """The table in Markdown."""
    lines = [HEADINGS, ("---:",) * len(HEADINGS)]
    forms = {"read": ".1f", "history": ".1f", "peak": ".2f"}
    lines += [tuple(f"{row[column]:{forms.get(column, ',.0f')}}" for column in COLUMNS) for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(rows: list[dict[str, float]]) -> str:
    """The page that holds the table."""
    cost = rows[-1]["microseconds"] / rows[1]["microseconds"] if len(rows) > 1 else 1.0
    verdict = "does not grow" if cost <= _NO_GROWTH else "grows"
    return f"""# Reading returns: speed and memory

Made by `python benchmarks/returns.py`: the example's returns (all tables, seven years), written again and again with
new identifiers, read, checked and turned into history in one process with one core in use.

{table(rows)}
A row of the largest returns costs {cost:.2f} times what it costs in the middle ones: the cost per row {verdict} with
the number of rows. The smallest returns also carry what every reading costs however few its rows.

Seconds are those of the processor, so that other work on the machine counts little.
Python {platform.python_version()} on {platform.system()} ({os.cpu_count()} shared cores). Times vary from machine to
machine and with what else it does; no test asserts one.
"""


def main() -> None:
    """Measure one folder, or every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=max(SIZES), help="leave out sizes above this")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.folder is not None:
        print(json.dumps(measure(asked.folder)))
        return
    rows = []
    for size in SIZES:
        if size <= asked.most:
            rows.append(measured(size))
            print(f"{rows[-1]['episodes']:>10,} episode rows: {rows[-1]['rate']:,.0f} a second", flush=True)
    if asked.most >= max(SIZES):
        PAGE.write_text(page(rows), encoding="utf-8", newline="\n")
    print(table(rows))


if __name__ == "__main__":
    main()
