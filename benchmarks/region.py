"""A region of invented authorities, run one after another over one Dask cluster.

    python benchmarks/region.py                                    # 3 authorities, 2 processes, 40 replications
    python benchmarks/region.py --authorities 20 --replications 200 --at-once 2
    python benchmarks/region.py --authorities 150 --size 1.5 --folder england             # the size of England
    python benchmarks/region.py --cluster tls://scheduler:8786

Each authority is the example's known world with another seed: some 360 children in care (times ``--size``) and
three yearly returns, in one set of files with a column LA. Each is run from its returns to its results
(no documents), with the baseline and one plan, over five years. The parts of a run are added up over
authorities, also where several are worked on at a time.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path

import pandas as pd

from sufficiency.inputs import Options
from sufficiency.region import ALL, run_each
from sufficiency.trials import invent, read_world, write_returns

YEARS = range(2024, 2027)
TABLES = ("header", "episodes", "uasc")
_ID = "INVENTED"


def write_region(folder: Path, authorities: int, size: float) -> None:
    """Write returns of invented authorities into one set of files, one file a year and table."""
    folder.mkdir(parents=True, exist_ok=True)
    world = read_world().scaled(size)
    for number in range(authorities):
        with tempfile.TemporaryDirectory() as scratch:
            write_returns(invent(world.seeded(world.seed + number)), Path(scratch), YEARS)
            for year in YEARS:
                for table in TABLES:
                    source, out = Path(scratch) / str(year) / f"{table}.csv", folder / f"{year}-{table}.csv"
                    _append(source, out, number)


def _append(source: Path, out: Path, number: int) -> None:
    """Add an authority's rows, with its name and identifiers of its own; the first brings the heading."""
    with source.open(encoding="utf-8", newline="") as read:
        heading, *rows = csv.reader(read)
    with out.open("a" if number else "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if number == 0:
            writer.writerow([*heading, "LA"])
        name = f"Invented {number + 1:03d}"
        writer.writerows([*(value.replace(_ID, f"INV{number:03d}N") for value in row), name] for row in rows)


def main() -> None:
    """Write the region and run it."""
    parser = argparse.ArgumentParser(description="Run a region of invented authorities over a Dask cluster.")
    parser.add_argument("--authorities", type=int, default=3)
    parser.add_argument("--size", type=float, default=1.0, help="entries of each, as a multiple of the example's")
    parser.add_argument("--replications", type=int, default=40)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cluster", default="local", help="address of a Dask scheduler; 'none' for threads")
    parser.add_argument("--at-once", type=int, default=1, help="authorities worked on at a time")
    parser.add_argument("--folder", type=Path, help="where returns and results go; default: nowhere that lasts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        begun = time.perf_counter()
        write_region(folder / "returns", asked.authorities, asked.size)
        print(f"{asked.authorities} invented authorities written: {time.perf_counter() - begun:.0f} s", flush=True)
        options = Options(
            years=asked.years,
            replications=asked.replications,
            workers=asked.processes,
            cluster=None if asked.cluster == "none" else asked.cluster,
            authority=ALL,
            at_once=asked.at_once,
            report=False,
            out=folder / "results",
        )
        begun, simulated, children = time.perf_counter(), 0.0, 0
        for done in run_each(folder / "returns", options):
            timings = json.loads((done.folder / "manifest.json").read_text(encoding="utf-8"))["timings"]
            simulated += timings["simulation"]
            stock = pd.read_parquet(done.folder / "internal" / "history" / "stock.parquet")
            children += int(stock.loc[stock["month_end"] == stock["month_end"].max(), "children"].sum())
            told = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in timings.items())
            print(f"{done.folder.name}: {told}", flush=True)
        spent = time.perf_counter() - begun
    print(f"{children:,} children, {asked.replications} replications of two plans over {asked.years} years:")
    print(f"{spent:.0f} s, of which {simulated:.0f} s simulating")


if __name__ == "__main__":
    main()
