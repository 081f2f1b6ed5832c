"""Where things came from: shipped files, and the manifest that lets a run be made again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

import sufficiency

_LIBRARIES = ("pandas", "numpy", "scipy", "statsmodels", "pyarrow", "simpy", "matplotlib", "pydantic")


def shipped(kind: str) -> Path:
    """Folder of files that travel with the package: ``scenarios``, ``notebooks`` or ``example``.

    In a checkout these are the top-level folders; in an installed wheel they lie inside the package.
    """
    package = Path(sufficiency.__file__).parent
    inside = package / "shipped" / kind
    if inside.is_dir():
        return inside
    root = package.parent
    return root / "data" / "example" if kind == "example" else root / kind


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def input_hashes(paths: Iterable[Path]) -> dict[str, str]:
    """Base name → hash of each input file; files of one name are told apart by their folder's name."""
    out: dict[str, str] = {}
    for path in sorted(paths):
        name = path.name if path.name not in out else f"{path.parent.name}/{path.name}"
        out[name] = file_hash(path)
    return out


def versions() -> dict[str, str]:
    """Versions of this package, of Python and of the libraries whose arithmetic a result rests on."""
    found = {"sufficiency": sufficiency.__version__, "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in _LIBRARIES}


def write_manifest(folder: Path, content: Mapping[str, object]) -> Path:
    """Write ``manifest.json`` into a run's folder and return its path."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(content, indent=2, sort_keys=False, default=str) + "\n", encoding="utf-8", newline="\n")
    return path


def read_manifest(folder: Path) -> dict[str, object]:
    """What :func:`write_manifest` wrote."""
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    loaded: dict[str, object] = json.loads(text)
    return loaded
