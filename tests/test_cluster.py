"""Beyond one machine: the same results from a Dask cluster, through lost workers, and nothing told to others."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from run_folder import same_tables
from small_world import known_history

from sufficiency.cli import main
from sufficiency.errors import UserError
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.rates import Rates, estimate_rates
from sufficiency.returns import read_returns
from sufficiency.simulation import Outcome, simulate
from sufficiency.simulation.blocks import Piece, run_block
from sufficiency.simulation.kept import Kept
from sufficiency.simulation.precision import Precision
from sufficiency.simulation.reduced import Replication
from sufficiency.simulation.workers import Workers

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' (Dask) is not installed")
dask = pytest.importorskip("dask", reason="the extra 'cluster' (Dask) is not installed")
from sufficiency.simulation import cluster as beyond  # noqa: E402 - only with the extra

pytestmark = pytest.mark.functional
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
QUICK = ["--replications", "22", "--years", "1", "--workers", "1", "--no-report"]
Ready = tuple[History, Rates, EntrantForecast]


@pytest.fixture(scope="module")
def ready() -> Ready:
    history = known_history(per_day=0.1)
    return history, estimate_rates(history), forecast_entrants(history, months=12)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler with two workers, processes of this machine that write nothing to disk."""
    given = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "memory_limit": 0}
    with distributed.LocalCluster(**given, dashboard_address="127.0.0.1:0", silence_logs=50) as started:
        yield str(started.scheduler_address)


def _run(ready: Ready, workers: int | Workers, kept: Kept | None = None, precision: Precision | None = None) -> Outcome:
    history, rates, forecast = ready
    return simulate(
        history,
        replications=110,
        precision=precision,
        years=1,
        workers=workers,
        rates=rates,
        forecast=forecast,
        journeys=3,
        kept=kept,
        seed=5,
    )


def _same(one: Outcome, other: Outcome) -> None:
    assert one.replications == other.replications
    for name in ("stock", "flows", "child_days", "places", "unmet"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    pd.testing.assert_frame_equal(one.placements(2), other.placements(2))


@pytest.fixture(scope="module")
def local(ready: Ready) -> Outcome:
    return _run(ready, 1)


def test_a_cluster_gives_what_this_machine_gives(ready: Ready, local: Outcome, address: str) -> None:
    with beyond.open_cluster(address) as cluster:
        assert repr(cluster) == "Cluster(2 workers)"
        _same(_run(ready, cluster), local)
        rule = Precision(1_000)
        _same(_run(ready, cluster, precision=rule), _run(ready, 1, precision=rule))


class Killing(Kept):
    """Kills workers when the first finished block is kept."""

    victims: tuple[int, ...] = ()
    saved = 0

    def save(self, plan: str, parts: Sequence[Replication]) -> None:
        super().save(plan, parts)
        Killing.saved += 1
        for pid in Killing.victims:
            os.kill(pid, KILL)
        Killing.victims = ()


@pytest.mark.parametrize("killed", [1, 2])
def test_a_worker_killed_in_mid_run_costs_only_its_tasks(
    ready: Ready, local: Outcome, address: str, tmp_path: Path, killed: int
) -> None:
    with beyond.open_cluster(address) as cluster:
        cluster.client.wait_for_workers(2, timeout=180)
        pids = list(cluster.client.run(os.getpid).values())
        Killing.victims, Killing.saved = tuple(pids[:killed]), 0
        found = _run(ready, cluster, Killing(tmp_path))
        assert not Killing.victims
        # Every block came back once: nothing that was finished was asked for again.
        assert Killing.saved == 6
        # One that came again is enough: how soon the other does is not ours.
        cluster.client.wait_for_workers(1, timeout=180)
        assert set(pids[:killed]).isdisjoint(cluster.client.run(os.getpid).values())
    _same(found, local)


def test_processes_of_this_machine_end_with_the_run() -> None:
    with beyond.open_cluster("local", 1) as cluster:
        (pid,) = cluster.client.run(os.getpid).values()
        assert pid != os.getpid()
    for _ in range(100):
        if not _alive(pid):
            break
        time.sleep(0.1)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        listed = subprocess.run(["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, text=True, check=False)
        return str(pid) in listed.stdout
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("tcp://10.0.0.5:8786", "begins with tls://"),
        ("scheduler.council.gov.uk:8786", "begins with tls://"),
        ("ucx://127.0.0.1:8786", "begins with tls://"),
        ("tcp://127.0.0.1.example.org:8786", "begins with tls://"),
        ("tcp://0.0.0.0:8786", "begins with tls://"),
        ("nonsense", "wants the address"),
        ("tcp://127.0.0.1:port", "wants the address"),
    ],
)
def test_an_address_beyond_this_machine_is_refused_without_tls(given: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        beyond.checked_address(given)
    refused = CliRunner().invoke(main, ["run", "--cluster", given])
    assert refused.exit_code == 1
    assert said in refused.output


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("localhost:8786", "tcp://localhost:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ("tls://scheduler.council.gov.uk:8786", "tls://scheduler.council.gov.uk:8786"),
    ],
)
def test_an_address_of_this_machine_or_with_tls_is_taken(given: str, full: str) -> None:
    assert beyond.checked_address(given) == full


def test_nobody_at_the_address_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "_SECONDS", 1)
    with pytest.raises(UserError, match="No Dask scheduler answers"), beyond.open_cluster("127.0.0.1:9"):
        pass


def _threads(**given: Any) -> Any:
    """A scheduler and a worker in this process, which are reached as others are."""
    return distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0", silence_logs=50, **given
    )


def test_a_worker_that_may_write_to_disk_is_refused() -> None:
    with (
        _threads(protocol="tcp", host="127.0.0.1", memory_limit="4 GiB") as started,
        pytest.raises(UserError, match="may write what it is sent to disk"),
        beyond.open_cluster(started.scheduler_address),
    ):
        pass


def test_a_worker_with_other_versions_is_not_fit() -> None:
    fit = SimpleNamespace(data={})
    versions = beyond._versions()
    assert beyond._fault(fit, versions) == ""
    assert "numpy" in beyond._fault(fit, {**versions, "numpy": "0.1"})
    assert "disk" in beyond._fault(SimpleNamespace(data=pd.Series(dtype=object)), versions)


def test_workers_that_others_can_listen_to_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with beyond.open_cluster(address) as cluster:
        monkeypatch.setattr(cluster, "_threads", lambda: {"tcp://10.0.0.5:40001": 1})
        with pytest.raises(UserError, match="beyond this machine without TLS"):
            cluster.check()


def test_with_tls_certificates_come_from_dasks_configuration(ready: Ready, local: Outcome, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sufficiency"]
    try:
        subprocess.run(["openssl", *words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no openssl to make a certificate with")
    told: dict[str, object] = {"ca-file": str(certificate)}
    for role in ("scheduler", "worker", "client"):
        told |= {f"{role}.key": str(key), f"{role}.cert": str(certificate)}
    settings = {f"distributed.comm.tls.{name}": value for name, value in told.items()}
    with dask.config.set({**settings, "distributed.comm.require-encryption": True}):
        security = distributed.Security()
        with _threads(protocol="tls://", security=security, memory_limit=0) as started:
            assert started.scheduler_address.startswith("tls://")
            with beyond.open_cluster(started.scheduler_address) as cluster:
                _same(_run(ready, cluster), local)


def test_authorities_are_run_over_the_same_cluster(region: Path, address: str, tmp_path: Path) -> None:
    words = ["run", str(region), *QUICK, "--authority", "all", "--out"]
    for name, more in (("here", []), ("there", ["--cluster", address])):
        done = CliRunner().invoke(main, [*words, str(tmp_path / name), *more])
        assert done.exit_code == 0, done.output
    for authority in ("northmarsh", "southmarsh"):
        same_tables(tmp_path / "here" / authority, tmp_path / "there" / authority)
        manifest = (tmp_path / "there" / authority / "manifest.json").read_text(encoding="utf-8")
        assert address not in manifest


class Capturing:
    """Runs pieces here and keeps what would have been sent and come back."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.back: list[bytes] = []

    def run(self, pieces: Iterable[Piece]) -> Generator[list[Replication]]:
        for task, numbers in pieces:
            found = run_block(task, numbers)
            self.sent.append(pickle.dumps((task, numbers)))
            self.back.append(pickle.dumps(found))
            assert repr(task) == f"Task({task.setup!r})"
            yield found


def test_what_is_sent_names_no_child(region: Path) -> None:
    returns = read_returns(region, authority="Southmarsh")
    names = {str(name).encode() for name in returns.header["child"]}
    posts = {str(post).encode() for post in returns.episodes["home_post"] if post}
    assert len(names) > 500
    capturing = Capturing()
    history = build_history(returns)
    simulate(history, replications=2, years=1, journeys=0, workers=capturing)
    assert len(capturing.sent) == 1
    assert not [value for value in names | posts if value in capturing.sent[0] + capturing.back[0]]
