"""Where blocks of replications run on one machine: in this thread, on several, or in processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from joblib import cpu_count
from joblib.externals.loky import get_reusable_executor

from sufficiency.simulation import blocks
from sufficiency.simulation.blocks import Piece, Task
from sufficiency.simulation.engines import EngineName
from sufficiency.simulation.reduced import Replication

#: Blocks on their way for each worker: one that runs and one that waits.
AHEAD = 2


class Pending(Protocol):
    """A block on its way."""

    def result(self) -> list[Replication]:
        """Wait for the block."""

    def cancel(self) -> object:
        """Give it up, unless it runs already."""


class Workers(Protocol):
    """Whatever runs pieces of work and hands them back in their order."""

    def run(self, pieces: Iterable[Piece]) -> Generator[list[Replication]]:
        """Run every piece; closing the iterator gives up what has not begun."""


def in_order(
    submit: Callable[[Task, range], Pending], pieces: Iterable[Piece], ahead: int
) -> Generator[list[Replication]]:
    """Results in the order of the pieces, with at most so many on their way."""
    waiting: deque[Pending] = deque()
    try:
        for piece in pieces:
            waiting.append(submit(*piece))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for pending in waiting:
            pending.cancel()


class Threads:
    """Threads of this process: the compiled engine lets them run beside each other."""

    def __init__(self, count: int) -> None:
        self.count = count

    def run(self, pieces: Iterable[Piece]) -> Generator[list[Replication]]:
        """Run every piece, in this thread where there is only one."""
        if self.count == 1:
            for piece in pieces:
                yield blocks.run_block(*piece)
            return
        with ThreadPoolExecutor(self.count) as pool:
            yield from in_order(lambda *piece: pool.submit(blocks.run_block, *piece), pieces, AHEAD * self.count)


class Processes:
    """Processes, for the reference engine, whose Python code lets no other thread run.

    Each is sent what it needs through a pipe; nothing is memory-mapped or written to disk.
    """

    def __init__(self, count: int) -> None:
        self.count = count

    def run(self, pieces: Iterable[Piece]) -> Generator[list[Replication]]:
        """Run every piece."""
        pool = get_reusable_executor(max_workers=self.count)
        yield from in_order(lambda *piece: pool.submit(blocks.run_block, *piece), pieces, AHEAD * self.count)


def local_workers(engine_name: EngineName, count: int | None, pieces: int) -> Workers:
    """As many workers as asked for (one a core by default), and no more than there is work for."""
    some = max(1, min(count or cpu_count(), pieces))
    return Threads(some) if engine_name == "compiled" or some == 1 else Processes(some)
