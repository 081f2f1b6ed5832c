"""How long the simulation takes: both engines, a plain loop, Ciw, threads, a cold start, and the sector's usual method.

    python benchmarks/simulation.py                             # everything; about a quarter of an hour
    python benchmarks/simulation.py --only engines start        # some sections
    python benchmarks/simulation.py --quick                     # small worlds, without the cold start: about a minute
    python benchmarks/simulation.py --out benchmarks/simulation.md
    python benchmarks/simulation.py --package-python PYTHON     # one with cs-demand-model 0.5.1, for a row of its own

What is compared in one table is run in turn, not one after the other, and by seconds of the processor.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
# The other files of this folder, however this one was started.
sys.path.insert(0, str(FOLDER))

from heap_baseline import simulate_heap  # noqa: E402
from simulation_peers import ciw, cluster, peer  # noqa: E402
from simulation_worlds import SEED, Asked, read_example, sized, table, timed, unlimited  # noqa: E402

from sufficiency.draws import replication_key  # noqa: E402
from sufficiency.simulation.counted import Counted  # noqa: E402
from sufficiency.simulation.engines import engine  # noqa: E402
from sufficiency.simulation.world import World  # noqa: E402

if sys.platform != "win32":
    import resource

SIZES = (500, 5_000, 82_000)
QUICK_SIZES = (100, 400)
_KIB_A_GIB = 1024**2
#: Where there is no /proc: macOS counts memory in bytes, others in KiB.
_UNITS_A_GIB = 1024**3 if sys.platform == "darwin" else _KIB_A_GIB
INTRODUCTION = """\
# How long the simulation takes

Made by `python benchmarks/simulation.py --out benchmarks/simulation.md`. Ratios are of one run on one machine,
what is compared having run in turn; times are seconds of the processor unless they say wall.
"""
_COMPARED = ("stock", "flows", "child_days")
#: Processor seconds to spend on measuring one engine, and the fewest and most runs.
_SECONDS, _MOST = 1.0, 200
#: MiB to hash: about a second's work.
_HASHED = 1_000


def in_turn(works: dict[str, Callable[[], Counted]], rounds: int) -> tuple[dict[str, float], dict[str, Counted]]:
    """Median seconds of several engines, run in turn; the quick ones several times a round."""
    found = {name: work() for name, work in works.items() if name == "compiled"}  # so that it is compiled
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            once, found[name] = timed(work)
            again = min(int(_SECONDS / rounds / max(once, 1e-5)), _MOST)
            seconds[name] += [once, *(timed(work)[0] for _ in range(again))]
    return {name: float(np.median(each)) for name, each in seconds.items()}, found


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Growth exponent: 1 where twice the size takes twice as long."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def agree(found: dict[str, Counted]) -> str:
    """Whether stock, flows and child-days are the same numbers."""
    first, *others = found.values()
    same = all(np.array_equal(getattr(first, name), getattr(each, name)) for each in others for name in _COMPARED)
    return "yes" if same else "NO"


# Sections.


def engines(asked: Asked) -> str:
    """Both engines and the plain loop on worlds of every size."""
    setup, key = asked.example.setup(asked.years), replication_key(SEED, 0)
    rows, cost = [], []
    for size in asked.sizes:
        world = sized(setup, size)
        for name, given in (("unlimited", unlimited(world)), ("limited places", world)):
            works = {"compiled": partial(engine("compiled"), given, key, keep=False)}  # type: ignore[call-arg]
            if name == "unlimited":
                works["heap"] = partial(simulate_heap, given, key)
            works["reference"] = partial(engine("reference"), given, key)
            seconds, found = in_turn(works, rounds=1 if size > SIZES[1] else 3)
            events = found["compiled"].tally.events
            cost.append((name, size, events, seconds["compiled"]))
            rows.append(_engine_row(size, name, events, seconds, agree(found)))
    heading = ("Children", "World", "Events", "Compiled, ms", "heapq, ms", "SimPy, ms")
    heading += ("heapq / compiled", "SimPy / compiled", "Compiled, µs an event", "Same numbers")
    return f"""## The engines

The example authority made larger, {asked.years} years, one replication, one core. *heapq* is a plain Python loop over a
heap with the same draws and the same accounting; it knows unlimited places only. *SimPy* is the reference engine.

{table(heading, rows)}
{_growth(cost)}"""


def _engine_row(size: int, name: str, events: int, seconds: dict[str, float], same: str) -> tuple[str, ...]:
    mine, heap = seconds["compiled"], seconds.get("heap")
    times = (f"{mine * 1e3:,.2f}", f"{heap * 1e3:,.0f}" if heap else "", f"{seconds['reference'] * 1e3:,.0f}")
    ratios = (f"{heap / mine:.0f}" if heap else "", f"{seconds['reference'] / mine:.0f}", f"{mine / events * 1e6:.2f}")
    return (f"{size:,}", name, f"{events:,}", *times, *ratios, same)


def _growth(cost: list[tuple[str, int, int, float]]) -> str:
    lines = []
    for name in dict.fromkeys(each[0] for each in cost):
        own = [each for each in cost if each[0] == name]
        if len(own) > 1:
            exponent = slope([size for _, size, _, _ in own], [seconds for *_, seconds in own])
            each_event = [seconds / events for _, _, events, seconds in own]
            lines.append(
                f"Compiled, {name}: growth exponent with children {exponent:.2f}; an event costs "
                f"{max(each_event) / min(each_event):.1f} times as much at the dearest size as at the cheapest.\n"
            )
    return "".join(lines)


def replications(asked: Asked) -> str:
    """The compiled engine from 10 replications up, and from one thread to two."""
    setup = asked.example.setup(asked.years)
    worlds, run = [sized(setup, asked.sizes[0], number) for number in range(8)], engine("compiled")
    run(worlds[0], replication_key(SEED, 0))
    counts = [count for count in (10, 100, 1_000) if count <= asked.replications] or [asked.replications]
    rows, seconds = [], []
    for count in counts:
        for threads in (1, 2):
            begun, wall = time.process_time(), time.perf_counter()
            _spread(worlds, count, threads)
            spent, passed = time.process_time() - begun, time.perf_counter() - wall
            seconds.append((threads, count, spent, passed))
            rows.append((f"{count:,}", str(threads), f"{spent:.2f}", f"{passed:.2f}", f"{spent / count * 1e3:.2f}"))
    one = [each for each in seconds if each[0] == 1]
    two = [each for each in seconds if each[0] != 1]
    text = f"Two threads finish {one[-1][3] / two[-1][3]:.2f} times as soon as one at {counts[-1]:,} replications.\n"
    if len(counts) > 1:
        exponent = slope(counts, [each[2] for each in one])
        text = f"Growth exponent with replications, one thread: {exponent:.2f}. {text}"
    text += (
        f"What the machine gave just then: two threads that hash bytes finish {_granted():.2f} times as soon as one.\n"
    )
    heading = ("Replications", "Threads", "CPU, s", "Wall, s", "CPU ms a replication")
    return f"""## Replications and threads

{asked.sizes[0]:,} children, {asked.years} years, compiled engine with limited places; worlds made beforehand.

{table(heading, rows)}
{text}"""


def _granted() -> float:
    """How much sooner two threads finish than one where nothing but the machine holds them up."""
    data, passed = bytes(2**20), []

    def hashed(times: int) -> None:
        for _ in range(times):
            hashlib.sha256(data).digest()

    for threads in (1, 2):
        wall = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(hashed, [_HASHED // threads] * threads))
        passed.append(time.perf_counter() - wall)
    return passed[0] / passed[1]


def _spread(worlds: list[World], count: int, threads: int) -> None:
    run = engine("compiled")

    def block(numbers: range) -> int:
        keys = ((n % len(worlds), replication_key(SEED, n)) for n in numbers)
        return sum(run(worlds[at], key, keep=False).tally.events for at, key in keys)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(block, [range(first, count, threads) for first in range(threads)]))


def start(_: Asked) -> str:
    """First use of the compiled engine in a process, with and without its cache on disk."""
    code = (
        "import time; t = time.process_time(); from sufficiency.trials import known_worlds as k; "
        "from sufficiency.draws import replication_key; from sufficiency.simulation.engines import engine; "
        "w = k.plain_world({}, 30); a = time.process_time(); engine('compiled')(w, replication_key(1, 0)); "
        "print(a - t, time.process_time() - a)"
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for what in ("cold (compiles)", "cached"):
            wall = time.perf_counter()
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            words = [sys.executable, "-c", code]
            done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
            loading, first = (float(each) for each in done.stdout.split())
            rows.append((what, f"{loading:.1f}", f"{first:.1f}", f"{time.perf_counter() - wall:.1f}"))
    heading = ("Start", "Loading the package, CPU s", "Compiler and first run, CPU s", "Whole process, wall s")
    return f"## Start\n\nA new process each.\n\n{table(heading, rows)}"


def memory(asked: Asked) -> str:
    """Peak memory of a process that runs the largest world with the compiled engine."""
    size = asked.sizes[-1]
    words = [sys.executable, __file__, "--peak", str(size), "--years", str(asked.years)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    before, after, seconds = (float(each) for each in done.stdout.split())
    row = (f"{size:,}", f"{before:.2f}", f"{after:.2f}", f"{seconds:.2f}")
    heading = ("Children", "Peak with the example read and the world made, GiB", "Peak after two replications, GiB")
    return (
        f"## Memory\n\nCompiled engine, {asked.years} years, one process.\n\n{table((*heading, 'CPU s each'), [row])}"
    )


def measure_peak(size: int, years: int) -> str:
    """Peaks before and after two replications, and the seconds of one; for :func:`memory`."""
    world = sized(read_example(years).setup(years), size)
    before, run = _peak(), engine("compiled")
    seconds = [timed(partial(run, world, replication_key(SEED, number)))[0] for number in range(2)]
    return f"{before} {_peak()} {seconds[-1]}"


def _peak() -> float:
    """Peak of this process's memory in GiB; nought where the system does not say."""
    own = Path("/proc/self/status")
    if own.exists():
        # What getrusage says on Linux begins with the peak of the process that started this one.
        line = next(line for line in own.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / _KIB_A_GIB
    if sys.platform == "win32":
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNITS_A_GIB


#: Sections by name, in the order of the page.
SECTIONS: dict[str, Callable[[Asked], str]] = {
    "engines": engines,
    "replications": replications,
    "memory": memory,
    "start": start,
    "ciw": ciw,
    "cluster": cluster,
    "peer": peer,
}


def made(
    only: Sequence[str] = tuple(SECTIONS),
    *,
    sizes: tuple[int, ...] = SIZES,
    replications: int = 1_000,
    years: int = 5,
    package_python: str | None = None,
) -> str:
    """The page with these sections."""
    asked = Asked(read_example(max(years, 2)), sizes, replications, years, package_python)
    parts = []
    for name in only:
        parts.append(SECTIONS[name](asked))
        print(parts[-1], flush=True)
    return "\n".join([INTRODUCTION, *parts, _machine()])


def _machine() -> str:
    return f"""Python {platform.python_version()} on {platform.system()} ({os.cpu_count()} shared cores). Times vary
from machine to machine and with what else it does; no test asserts one.
"""


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="small worlds, few replications, no cold start")
    parser.add_argument("--most", type=int, default=max(SIZES), help="leave out sizes above this")
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--replications", type=int, default=1_000)
    parser.add_argument("--package-python", help="a Python that has cs-demand-model 0.5.1")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak is not None:
        print(measure_peak(asked.peak, asked.years))
        return
    sizes = QUICK_SIZES if asked.quick else tuple(size for size in SIZES if size <= asked.most)
    years, count = (2, 100) if asked.quick else (asked.years, asked.replications)
    # A cold start alone compiles for a minute or more.
    only = [name for name in asked.only if not (asked.quick and name == "start")]
    page = made(only, sizes=sizes, replications=count, years=years, package_python=asked.package_python)
    if asked.out is not None:
        asked.out.write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
