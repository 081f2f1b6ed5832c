"""The house rules that no linter knows: marks, sizes, notebooks, and what no tracked file may hold."""

from __future__ import annotations

import ast
import json
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[1]
KINDS = {"unit", "functional", "property", "backtest", "notebook", "validation"}
MOST_LINES = 400
#: The compiler's cache on disk watches only a function's own file: what is compiled stays in one.
COMPILED, MOST_COMPILED = "kernel.py", 1_000
#: A screen; the median function of the package stays below a dozen.
LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 12

MODULES = sorted((ROOT / "sufficiency").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


@cache
def project_files() -> tuple[Path, ...]:
    """Files that git keeps, or would keep once added."""
    git = shutil.which("git")
    if git is None:
        return ()
    words = [git, "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(words, capture_output=True, check=False)
    names = listed.stdout.decode("utf-8").split("\0")
    return tuple(path for path in (ROOT / name for name in names if name) if path.is_file())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    inside = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return 1 + (inside[-1].end_lineno or 0) - inside[0].lineno + 1 if inside else 1


def test_every_test_has_exactly_one_kind(request: pytest.FixtureRequest) -> None:
    wrong = []
    for item in request.session.items:
        kinds = [mark.name for mark in item.iter_markers() if mark.name in KINDS]
        if len(kinds) != 1:
            wrong.append(f"{item.nodeid}: {', '.join(kinds) or 'no kind'}")
    assert not wrong, "each test needs exactly one of " + ", ".join(sorted(KINDS)) + "\n" + "\n".join(wrong)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_can_be_read_at_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= (
        MOST_COMPILED if path.name == COMPILED else MOST_LINES
    )
    too_long = [node.name for node in functions(path) if body_lines(node) > LONGEST_FUNCTION]
    assert not too_long, f"longer than a screen: {', '.join(too_long)}"


def test_most_functions_are_short() -> None:
    assert statistics.median(body_lines(node) for path in MODULES for node in functions(path)) < MEDIAN_FUNCTION


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_hold_a_story_and_no_logic(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code), "committed with outputs"
    tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1, "exactly one cell is tagged 'parameters'"
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in code))
    defined = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)]
    assert not defined, "logic belongs in the package"


# One letter of each is in brackets so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of someone's machine": r"(?<![\w./-])/(?:[r]oot|[h]ome|[U]sers|[w]ork|[t]mp)/\w",
    "a path of someone's Windows machine": r"[A-Z]:\\+[U]sers\\",
    "a package index": r"[i]ndex[-_]url|[p]ythonhosted|://[^\s\"')]*/[s]imple\b",
    "a private key": r"-----[B]EGIN [A-Z ]*PRIVATE KEY",
    "an access token": r"\b[A]KIA[0-9A-Z]{16}\b|\b[g]h[pousr]_[0-9A-Za-z]{36}|\b[x]ox[abprs]-[0-9A-Za-z-]{10}",
}
#: The one place that must name the option which keeps index addresses out of the lock.
NAMES_THE_OPTION = {".ci/environment.py"}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds_what_must_not_be_published(what: str) -> None:
    if not project_files():
        pytest.skip("needs git and a checkout: the list of files comes from git")
    pattern = re.compile(FORBIDDEN[what].encode())
    holding = [path.relative_to(ROOT).as_posix() for path in project_files() if pattern.search(path.read_bytes())]
    assert set(holding) <= (NAMES_THE_OPTION if what == "a package index" else set())


def test_text_files_end_their_lines_alike() -> None:
    if not project_files():
        pytest.skip("needs git and a checkout: the list of files comes from git")
    text = {".py", ".md", ".toml", ".csv", ".ipynb", ".lock", ".cff", ".json", ".typ"}
    returns = [path for path in project_files() if path.suffix in text and b"\r" in path.read_bytes()]
    assert not returns
