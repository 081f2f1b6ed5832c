r"""The project's chores, the same on Linux, macOS and Windows: needs Python 3.11 or later and nothing else.

    python3 .ci/environment.py run          set up, then the main job on the example authority
    python3 .ci/environment.py test         set up, then all tests
    python3 .ci/environment.py lab          JupyterLab on the notebooks
    python3 .ci/environment.py lint         style, notebooks, types and import contracts
    python3 .ci/environment.py docs         documentation checks: the examples inside docstrings
    python3 .ci/environment.py lock         resolve the dependencies again into requirements.lock
    python3 .ci/environment.py ci           test, lint and docs

On Windows: ``py .ci\environment.py run``. Words after the verb go to the command itself, as in
``test -k returns``. The Makefile has the same verbs.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
STAMP = VENV / "installed.txt"
OLDEST = (3, 11)
#: The newest Python for which every pinned library comes ready-built for Windows, macOS and Linux.
NEWEST = (3, 14)
#: Tests are shared out over at most this many processes.
MOST_WORKERS = 4
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")


def python() -> str:
    """The environment's own interpreter."""
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def call(*words: str) -> None:
    """Run the environment's Python at the top of the project; stop with its exit code if it fails."""
    done = subprocess.run([python(), *words], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def hash_of(*parts: bytes) -> str:
    """One hash for several things in order."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def make_venv() -> None:
    """Create .venv, new if it was made by another Python."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed; this is {sys.version.split()[0]}.")
    if sys.version_info[:2] > NEWEST:
        say(f"Some libraries may have to be compiled: they come ready-built up to Python {NEWEST[0]}.{NEWEST[1]}.")
    if find_spec("ensurepip") is None:
        sys.exit("This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv")
    try:
        venv.create(VENV, with_pip=True, clear=VENV.exists(), symlinks=os.name != "nt")
    except OSError as error:
        sys.exit(
            f"The folder .venv could not be made ({error.strerror}). Close what uses it (JupyterLab?) and try again."
        )


def set_up() -> None:
    """Make the environment as the lock and the project file say; nothing to do if it is so already."""
    libraries = hash_of(LOCK.read_bytes(), sys.version.encode(), str(ROOT).encode())
    project = hash_of(PROJECT.read_bytes())
    done = STAMP.read_text(encoding="utf-8").split() if STAMP.exists() else []
    if done[:1] != [libraries]:
        say("Setting up .venv (once; some minutes, about 1.3 GB) ...")
        make_venv()
        call(*PIP, "install", *loudness(), "--require-hashes", "--requirement", str(LOCK))
    if done != [libraries, project]:
        call(*PIP, "install", *loudness(), "--no-deps", "--no-build-isolation", "--no-index", "--editable", ".")
        STAMP.write_text(f"{libraries} {project}", encoding="utf-8")


def loudness() -> list[str]:
    """Whether pip shows what it does: to a person who waits, not in a log."""
    return [] if sys.stdout.isatty() else ["--quiet", "--quiet"]


def run(*words: str) -> None:
    """The main job: from returns to the annex, on the example authority unless words say otherwise."""
    set_up()
    call("-m", "sufficiency", "run", *words)


def test(*words: str) -> None:
    """All tests, or those that the words choose."""
    set_up()
    workers = min(os.cpu_count() or 1, MOST_WORKERS)
    call("-m", "pytest", "--numprocesses", str(workers), "--dist", "loadfile", *words)


def lab(*words: str) -> None:
    """JupyterLab on the notebooks."""
    set_up()
    call("-m", "sufficiency", "lab", *words)


def lint() -> None:
    """Style, notebooks without outputs, types, import contracts."""
    set_up()
    call("-m", "ruff", "check", ".")
    call("-m", "ruff", "format", "--check", ".")
    notebooks = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "notebooks").glob("**/*.ipynb"))
    if notebooks:
        call("-m", "nbstripout", "--verify", *notebooks)
    call("-m", "mypy")
    call("-X", "utf8", "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")


def docs() -> None:
    """The examples inside docstrings say what the code does (links and the code in pages are tests)."""
    set_up()
    call("-m", "pytest", "--doctest-modules", "--quiet", "sufficiency")


def lock() -> None:
    """Resolve pyproject.toml into requirements.lock: every platform, exact versions, hashes, no addresses."""
    if not Path(python()).exists():
        make_venv()
    if subprocess.run([python(), "-c", "import uv"], check=False, capture_output=True).returncode:
        call(*PIP, "install", *loudness(), "uv>=0.5")
    kept_back = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["sufficiency"]["lock-constraints"]
    options = "--all-extras --universal --python-version 3.11 --generate-hashes --upgrade"
    silent = "--quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links"
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text("\n".join(kept_back), encoding="utf-8")
        where = ["--constraints", str(constraints), "--output-file", LOCK.name, PROJECT.name]
        call("-m", "uv", "pip", "compile", *options.split(), *silent.split(), *where)
    say(f"{LOCK.name} is written.")


def ci() -> None:
    """Everything that must hold before a change is kept."""
    test()
    lint()
    docs()


def say(text: str) -> None:
    """One line to the person at the screen."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


VERBS = {"run": run, "test": test, "lab": lab, "lint": lint, "docs": docs, "lock": lock, "ci": ci}
WITH_WORDS = (run, test, lab)


def main(words: list[str]) -> None:
    """Do what the first word says."""
    verb = VERBS.get(words[0]) if words else None
    if verb is None:
        sys.exit((__doc__ or "").strip())
    if words[1:] and verb not in WITH_WORDS:
        sys.exit(f"'{words[0]}' takes no further words.")
    verb(*words[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
