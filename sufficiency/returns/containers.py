"""Files as documents: a file by itself, or each that a zip file holds, read in memory and never unpacked to disk."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PLAIN = (".csv", ".txt", ".tsv")
BOOKS = (".xlsx", ".xlsm")
XML = (".xml",)
ZIP = (".zip",)
NOT_READ = (".xls", ".ods")
#: Every kind of file that may hold a table.
SUFFIXES = PLAIN + BOOKS + XML + ZIP + NOT_READ

#: A packed file may unpack to so many bytes: several times what England's returns of ten years need,
#: and far less than a file made to fill the memory.
MOST_UNPACKED = 2 * 2**30
_ENCRYPTED = 0x1
#: What damaged zip files make the standard library raise.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,
    OSError,
    EOFError,
    RuntimeError,
    OverflowError,
)
_DOCTYPE = ("<!DOCTYPE", "<!ENTITY")


@dataclass(frozen=True)
class Document:
    """A file, or one packed in a zip file. ``path`` says where it is: within a zip, below the zip's own path."""

    path: Path
    data: Callable[[], bytes]

    @property
    def suffix(self) -> str:
        """What kind of file its name says it is."""
        return self.path.suffix.lower()


class RefusedError(Exception):
    """A container that is not read; ``rule`` says why."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


def visible(parts: tuple[str, ...]) -> bool:
    """Whether a path is anyone's file: not what spreadsheets, file managers and Macs leave beside those they open."""
    return not any(part.startswith((".", "~$", "__MACOSX")) for part in parts)


def documents(path: Path) -> Iterator[Document]:
    """The document that a file is, or those that a zip file holds.

    Raises
    ------
    RefusedError
        Where a zip file is damaged or unpacks to too much.
    """
    if path.suffix.lower() in ZIP:
        yield from _packed(path)
    else:
        yield Document(path, path.read_bytes)


def _packed(path: Path) -> Iterator[Document]:
    data = path.read_bytes()
    with opened(data) as packed:
        members = [item for item in packed.infolist() if not item.is_dir()]
    for item in sorted(members, key=lambda member: member.filename):
        # The name within a zip file says only where a document belongs: nothing is ever written there.
        inside = PurePosixPath(item.filename.replace("\\", "/"))
        parts = tuple(part for part in inside.parts if part not in ("/", "..", "."))
        if parts and visible(parts) and inside.suffix.lower() in SUFFIXES:
            yield Document(path.joinpath(*parts), lambda item=item: unpacked(data, item))  # type: ignore[misc]


def opened(data: bytes) -> zipfile.ZipFile:
    """A zip file in memory, once it is known not to unpack to too much.

    The sizes are those that the file itself states; no more than these are ever read from it.

    Raises
    ------
    RefusedError
        Where it is damaged or too large.
    """
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED:
        raise RefusedError("container_damaged") from None
    if sum(item.file_size for item in packed.infolist()) > MOST_UNPACKED:
        raise RefusedError("container_too_large")
    return packed


def unpacked(data: bytes, item: zipfile.ZipInfo) -> bytes:
    """One member of a zip file.

    Raises
    ------
    RefusedError
        Where it is locked or damaged.
    """
    if item.flag_bits & _ENCRYPTED:
        raise RefusedError("locked")
    try:
        with opened(data) as packed, packed.open(item) as stream:
            return stream.read()
    except _DAMAGED:
        raise RefusedError("container_damaged") from None


def declares(data: bytes) -> bool:
    """Whether XML declares types or entities, by which a small file can grow to fill the memory or name other files."""
    return any(word.encode(code) in data for word in _DOCTYPE for code in ("ascii", "utf-16-le", "utf-16-be"))
