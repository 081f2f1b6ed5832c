"""A region's authorities, each run into a folder of its own: one after another, or several at once."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from joblib import cpu_count
from joblib.externals.loky import ProcessPoolExecutor

from sufficiency.codes import read_codes
from sufficiency.folder import default_folder
from sufficiency.inputs import Options
from sufficiency.returns import Returns, read_each
from sufficiency.run import Run, open_workers, run, run_read
from sufficiency.simulation.precision import Reached
from sufficiency.simulation.workers import Workers

ALL = "all"


@dataclass(frozen=True)
class Finished:
    """Where a finished run lies, the annex's files by format, and the precision reached, if one was asked for."""

    folder: Path
    annex: Mapping[str, Path]
    precision: Reached | None


def run_each(returns: Path | str | None = None, options: Options | None = None) -> Iterator[Finished]:
    """One run, or with the authority ``all`` one for each authority of a region's returns, in their order.

    Each goes into a folder of its own, named after the authority, within the folder asked for. The
    files are read once, and one cluster serves all. With ``at_once`` above 1 so many authorities are
    worked on at a time, in processes of this machine; the results are the same.

    Raises
    ------
    UserError
        As :func:`~sufficiency.run.run`; the runs finished before it stay.
    """
    asked = options or Options()
    if returns is None or asked.authority != ALL:
        yield _finished(run(returns, asked))
        return
    every = _each(Path(returns), asked)
    if asked.at_once == 1:
        with open_workers(asked) as workers:
            for own, read in every:
                yield _finished(run_read(returns, own, workers, read))
        return
    with ExitStack() as stack:
        alike = _sharing(asked, stack)
        # Here and not by joblib: what a process is sent goes through a pipe, and nothing to disk.
        pool = stack.enter_context(ProcessPoolExecutor(asked.at_once))
        waiting: deque[Future[Finished]] = deque()
        for own, read in every:
            apart = replace(alike, authority=own.authority, out=own.out)
            waiting.append(pool.submit(_apart, returns, apart, read))
            if len(waiting) >= asked.at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _each(returns: Path, asked: Options) -> Iterator[tuple[Options, Returns]]:
    """Options and returns of each authority."""
    folder = asked.out or default_folder(returns)
    for name, read in read_each(returns, codes=read_codes(asked.codes), strict=asked.strict, until=asked.until):
        part = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "authority"
        yield replace(asked, authority=name or None, out=folder / part), read


def _sharing(asked: Options, stack: ExitStack) -> Options:
    """Options of the processes, which share one cluster or the cores of this machine."""
    each = max(cpu_count() // asked.at_once, 1)
    if asked.cluster is None:
        return replace(asked, workers=asked.workers or each, progress=False)
    address = _address(stack.enter_context(open_workers(asked)), asked.cluster)
    return replace(asked, workers=each, cluster=address, progress=False)


def _address(workers: int | Workers | None, given: str) -> str:
    """Where processes started here find the cluster that this one has opened."""
    return str(getattr(workers, "address", given))


def _apart(returns: Path | str, asked: Options, read: Returns) -> Finished:
    """An authority in a process of its own."""
    with open_workers(asked) as workers:
        return _finished(run_read(returns, asked, workers, read))


def _finished(done: Run) -> Finished:
    return Finished(done.folder, done.annex, done.precision)
