"""Replications on a Dask cluster: the same blocks, sent to workers in other processes or on other machines.

What a worker is sent (:class:`~sufficiency.simulation.blocks.Task`) names no child, but holds
dates of birth. So it goes to this machine or through TLS only, to workers that write nothing to
disk and that have the same versions, whose results are then those of this machine bit for bit.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from joblib import cpu_count

from sufficiency import __version__
from sufficiency.errors import UserError
from sufficiency.simulation.blocks import Piece, Task, run_block
from sufficiency.simulation.reduced import Replication
from sufficiency.simulation.workers import AHEAD, in_order

try:
    import dask
    from distributed import Client, KilledWorker, LocalCluster, Security, get_worker
except ImportError as error:
    _ADVICE = "--cluster needs Dask: install the package with its extra, sufficiency[cluster]."
    raise UserError([_ADVICE]) from error

#: The address that stands for processes of this machine, started and ended with the run.
LOCAL = "local"
_SECONDS = 30
#: Times that work is sent again after its worker or its data were lost, beyond what the scheduler does by itself.
_TRIES = 5
_NO_DISK = {"distributed.worker.memory.target": False, "distributed.worker.memory.spill": False}
#: What the arithmetic of a replication rests on.
_LIBRARIES = ("numpy", "scipy", "numba")


class UnfitWorkerError(RuntimeError):
    """A worker that must not be given children's dates, or whose results would differ."""


@contextmanager
def open_cluster(address: str, processes: int | None = None) -> Iterator[Cluster]:
    """Connect to a Dask scheduler.

    Parameters
    ----------
    address
        ``tls://host:port``; or ``tcp://127.0.0.1:port`` on this machine; or ``local``, which
        starts processes of this machine for as long as they are needed. Certificates are taken
        from Dask's configuration (``distributed.comm.tls``).
    processes
        How many with ``local``; one a core by default.

    Raises
    ------
    UserError
        When the address lies beyond this machine without TLS, when nobody answers there, and when
        a worker could write to disk or has other versions.
    """
    where = None if address == LOCAL else checked_address(address)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_NO_DISK))
        client = stack.enter_context(_local_client(stack, processes) if where is None else _client(where))
        cluster = Cluster(client)
        cluster.check()
        yield cluster


def checked_address(address: str) -> str:
    """An address with its protocol.

    Raises
    ------
    UserError
        When it is none, or lies beyond this machine and is not TLS.
    """
    full = address if "://" in address else f"tcp://{address}"
    try:
        parts = urlsplit(full)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None:
        raise UserError([f"--cluster wants the address of a Dask scheduler, as tls://host:8786, or '{LOCAL}'."])
    if not _private(full):
        told = "holds children's dates of birth and goes beyond this machine through TLS only"
        raise UserError([f"What --cluster sends {told}: give an address that begins with tls:// (docs/cluster.md)."])
    return full


def _private(address: str) -> bool:
    """Whether what is sent to an address can be read by nobody else."""
    parts = urlsplit(address)
    if parts.scheme == "tls":
        return True
    if parts.scheme != "tcp":
        return False
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _local_client(stack: ExitStack, processes: int | None) -> Client:
    cluster = LocalCluster(
        n_workers=processes or cpu_count(),
        threads_per_worker=1,
        processes=True,
        memory_limit=0,  # no limit: at one, a worker would begin to write to disk
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )
    return Client(stack.enter_context(cluster))


def _client(address: str) -> Client:
    try:
        security = Security(require_encryption=True) if address.startswith("tls:") else None
        client = Client(address, security=security, timeout=_SECONDS, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:
        hint = ", or its certificates are not those of this machine's Dask" if address.startswith("tls:") else ""
        raise UserError([f"No Dask scheduler answers at {address}{hint} (docs/cluster.md)."]) from error
    return client


def _versions() -> dict[str, str]:
    return {"sufficiency": __version__, **{name: metadata.version(name) for name in _LIBRARIES}}


def _fault(worker: Any, versions: dict[str, str]) -> str:
    """Why a worker is not fit; nothing where it is."""
    if type(worker.data) is not dict:
        return "it may write what it is sent to disk; set distributed.worker.memory.target and .spill to false"
    own = _versions()
    other = [f"{name} {own[name]} (here {version})" for name, version in versions.items() if own[name] != version]
    return f"it has {', '.join(other)}" if other else ""


def _fault_of(dask_worker: Any, versions: dict[str, str]) -> str:
    return _fault(dask_worker, versions)


def _run_on_worker(task: Task, numbers: range, versions: dict[str, str]) -> list[Replication]:
    """A block, on a worker: one that joined since the cluster was opened is looked at here."""
    fault = _fault(get_worker(), versions)
    if fault:
        raise UnfitWorkerError(fault)
    return run_block(task, numbers)


class Cluster:
    """Workers of a Dask cluster (see :func:`open_cluster`)."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.versions = _versions()

    def __repr__(self) -> str:
        return f"Cluster({len(self._threads())} workers)"

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return str(self.client.scheduler_info()["address"])

    def check(self) -> None:
        """See that there are workers, that nobody else can read what they are sent, and that they are fit.

        Raises
        ------
        UserError
            Otherwise.
        """
        try:
            self.client.wait_for_workers(1, timeout=_SECONDS)
        except TimeoutError as error:
            raise UserError(["The Dask scheduler has no workers; start some (docs/cluster.md)."]) from error
        every = [self.client.scheduler_info()["address"], *self._threads()]
        beyond = [address for address in every if not _private(address)]
        if beyond:
            told = "has a scheduler or workers that listen beyond this machine without TLS"
            raise UserError([f"The cluster {told}; start them with --host 127.0.0.1 or with TLS (docs/cluster.md)."])
        try:
            faults = self.client.run(_fault_of, versions=self.versions)
        except ModuleNotFoundError as error:
            raise UserError([f"The workers do not have the package '{error.name}': install the same there."]) from error
        told_once = sorted({fault for fault in faults.values() if fault})
        if told_once:
            raise UserError([f"A worker of the cluster is not fit: {fault} (docs/cluster.md)." for fault in told_once])

    def run(self, pieces: Iterable[Piece]) -> Generator[list[Replication]]:
        """Run every piece; one whose worker is lost is run again by another."""
        sent = _Sent(self)
        yield from in_order(sent.begin, pieces, max(AHEAD * sum(self._threads().values()), AHEAD))

    def _threads(self) -> dict[str, int]:
        found: dict[str, int] = self.client.nthreads()
        return found


class _Sent:
    """Tasks on the workers, each sent once, for as long as their plan is run."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._held: dict[int, tuple[Task, Any]] = {}

    def begin(self, task: Task, numbers: range) -> _Block:
        return _Block(self, task, numbers)

    def submit(self, task: Task, numbers: range) -> Any:
        client, (_, held) = self._cluster.client, self._held.get(id(task), (task, None))
        if held is None or held.status != "finished":
            held = client.scatter(task, broadcast=True, hash=False)
            self._held[id(task)] = (task, held)
        return client.submit(_run_on_worker, held, numbers, self._cluster.versions, pure=False, retries=1)


class _Block:
    """A block on a cluster, sent again where it is lost."""

    def __init__(self, sent: _Sent, task: Task, numbers: range) -> None:
        self._sent, self._piece = sent, (task, numbers)
        self._future = sent.submit(task, numbers)

    def result(self) -> list[Replication]:
        """Wait for the block."""
        for _ in range(_TRIES):
            try:
                found: list[Replication] = self._future.result()
            except (CancelledError, KilledWorker):
                self._future = self._sent.submit(*self._piece)
            except UnfitWorkerError as error:
                raise UserError([f"A worker that joined the cluster is not fit: {error} (docs/cluster.md)."]) from error
            else:
                return found
        raise UserError(["The cluster loses its workers again and again. What is finished is kept."])

    def cancel(self) -> None:
        """Give it up."""
        self._future.cancel()
