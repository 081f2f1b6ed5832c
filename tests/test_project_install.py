"""The lock is what is installed, and the wheel works where there is nothing but the wheel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = [Requirement(line.rstrip("\\ ")) for line in LOCK.splitlines() if re.match(r"\w", line)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.unit
def test_the_lock_pins_exactly_with_hashes_and_without_addresses() -> None:
    assert "://" not in LOCK
    entries = re.split(r"\n(?=\w)", LOCK.strip())
    assert len(entries) == len(PINS)
    assert all(re.match(r"\S+==\S+ ", entry) and "--hash=sha256:" in entry for entry in entries)


@pytest.mark.unit
def test_the_lock_serves_every_platform() -> None:
    elsewhere = {"colorama", "pywinpty", "appnope", "tzdata"}
    assert elsewhere <= {pin.name for pin in PINS}


@pytest.mark.unit
def test_the_lock_holds_all_that_the_project_asks_for() -> None:
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    pinned: dict[str, list[str]] = {}
    for pin in PINS:
        pinned.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier).removeprefix("=="))
    for requirement in map(Requirement, asked):
        versions = pinned[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in versions), requirement.name


@pytest.mark.unit
def test_what_is_installed_is_what_the_lock_says() -> None:
    if Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        pytest.skip("runs in the environment that `make test` sets up; this is another")
    here = [pin for pin in PINS if pin.marker is None or pin.marker.evaluate()]
    other = {
        pin.name: metadata.version(pin.name) for pin in here if not pin.specifier.contains(metadata.version(pin.name))
    }
    assert not other


@pytest.mark.unit
def test_every_chore_is_in_the_makefile() -> None:
    chores = subprocess.run(
        [sys.executable, ".ci/environment.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert chores.returncode == 1
    verbs = set(re.findall(r"environment\.py (\w+)  ", chores.stderr))
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony is not None
    assert verbs == set(phony.group(1).split()) == {"run", "test", "lab", "lint", "docs", "lock", "ci"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interpreter of a new environment in which the wheel, made from the source archive, is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    quietly(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    venv.create(folder / "venv", with_pip=True, symlinks=os.name != "nt")
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    wheel = next(folder.glob("*.whl"))
    quietly(str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    # The libraries are borrowed from here, so that nothing is fetched. A path file inside theirs is not
    # followed, so this checkout stays out of sight.
    target = quietly(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(target) / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def quietly(*words: str, cwd: Path | None = None) -> str:
    """Run a command and return what it printed; fail with what it said."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(words, cwd=cwd, env=clean, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.functional
def test_the_wheel_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    where = quietly(str(installed), "-c", "import sufficiency; print(sufficiency.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parents[1])
    command = str(installed.with_name("sufficiency"))
    assert "run" in quietly(command, "--help", cwd=tmp_path)
    shipped = {path.stem for path in (ROOT / "scenarios").glob("*.toml")}
    listed = quietly(str(installed), "-m", "sufficiency", "scenario", "list", cwd=tmp_path)
    assert shipped
    assert all(name in listed for name in shipped)


@pytest.mark.functional
def test_the_wheel_writes_the_example_byte_for_byte(installed: Path, tmp_path: Path) -> None:
    quietly(str(installed), "-m", "sufficiency", "example", "somewhere", cwd=tmp_path)
    ours, theirs = ROOT / "data" / "example", tmp_path / "somewhere"
    names = sorted(path.relative_to(ours) for path in ours.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file())
    assert all((ours / name).read_bytes() == (theirs / name).read_bytes() for name in names)


@pytest.mark.functional
def test_what_ships_inside_the_wheel_is_what_lies_in_the_checkout(installed: Path, tmp_path: Path) -> None:
    ask = (
        "from sufficiency.provenance import shipped; [print(shipped(k)) for k in ('scenarios', 'notebooks', 'example')]"
    )
    inside = quietly(str(installed), "-c", ask, cwd=tmp_path).split("\n")
    for folder, top in zip(inside, ("scenarios", "notebooks", "data/example"), strict=False):
        kept = {
            path.name for path in (ROOT / top).rglob("*") if path.is_file() and ".ipynb_checkpoints" not in path.parts
        }
        assert kept == {path.name for path in Path(folder).rglob("*") if path.is_file()}
