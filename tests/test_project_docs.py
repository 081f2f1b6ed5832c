"""What the pages say is true: code runs, links lead somewhere, commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "reports" / "README.md", ROOT / "data" / "README.md"]
)
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
COMMAND = re.compile(
    r"^(?:[\w./\\]*[/\\])?(?:sufficiency|python -m sufficiency)(?!\.)((?: +[a-z][a-z-]*)*)(.*)$", re.MULTILINE
)

CODE = [
    pytest.param(code, id=f"{page.name}-{number}")
    for page in PAGES
    for number, (language, code) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")))
    if language == "python"
]


def sufficiency(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sufficiency", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


@cache
def helped(*words: str) -> str:
    done = sufficiency(*words, "--help")
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(*group: str) -> tuple[str, ...]:
    """Commands that ``--help`` lists."""
    _, _, commands = helped(*group).partition("Commands:\n")
    return tuple(re.findall(r"^  ([a-z][a-z-]*)", commands, re.MULTILINE))


def slug(heading: str) -> str:
    """The anchor that a heading gets on the code hosts that show Markdown."""
    plain = re.sub(r"[`*_]|\[|\]\([^)]*\)", "", heading.lower())
    return re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


@pytest.mark.functional
@pytest.mark.parametrize("code", CODE)
def test_code_in_the_pages_runs(code: str) -> None:
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.unit
def test_the_readme_shows_code() -> None:
    assert any(language == "python" for language, _ in FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8")))


@pytest.mark.unit
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        found = there.exists()
        if found and anchor:
            found = anchor in {slug(heading) for heading in HEADING.findall(prose(there))}
        if not found:
            broken.append(target)
    assert not broken


@pytest.mark.functional
def test_help_lists_only_commands_that_are_there() -> None:
    assert {"annex", "check", "example", "lab", "run", "scenario"} <= set(listed())
    assert all(helped(command) for command in listed())
    assert all(helped("scenario", command) for command in listed("scenario"))


@pytest.mark.functional
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = "\n".join(code for language, code in FENCE.findall(text) if language != "python")
    shown += "\n" + "\n".join(re.findall(r"`([^`\n]+)`", FENCE.sub("", text)))
    for words, rest in COMMAND.findall(shown):
        command = words.split()[:1]
        if command == ["scenario"]:
            command = words.split()[:2]
        assert not command or command[-1] in listed(*command[:-1])
        help_text = helped(*command)
        assert all(option in help_text for option in re.findall(r"--[a-z][a-z-]*", rest))
