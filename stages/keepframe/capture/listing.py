"""
Which files of a folder are pictures to take, in which order, and which of them are settled.

Files are named and counted here; none is opened.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path

from keepframe.picture.image_file import EXTENSIONS

_TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
_NUMBER = re.compile(r"(\d+)")
CHUNK = 256
DIGEST = 8


def files_in(
    folder: Path,
    pattern: str | None,
    *,
    is_recursive: bool,
    on_closed: Callable[[str, str], object] = lambda _name, _why: None,
) -> list[str]:
    """
    The picture files of a folder in natural order (img2 before img10), relative to it, with "/" between.

    pattern: shell pattern that the file's name must match; None: the extensions of JPEG, PNG, BMP, TIFF and WebP, in any case.
    Hidden and temporary files, and everything that is no file, are passed over; links to folders are not followed.
    A sub-folder that goes away meanwhile has none, nor has one that cannot be looked into: on_closed is told its name, and why.
    Raises FileNotFoundError, NotADirectoryError or PermissionError as os.scandir does.
    """
    found: list[str] = []
    folders = [""]
    while folders:
        inside = folders.pop()
        try:
            listed = os.scandir(folder / inside)
            if inside and not os.access(folder / inside, os.X_OK, effective_ids=True):
                listed.close()  # names alone: each of its files would be unreadable
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            if not inside:
                raise
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                on_closed(inside.removesuffix("/"), error.strerror or str(error))
            continue  # else somebody has taken it away since its name was read
        with listed as entries:
            for entry in entries:
                name = inside + entry.name
                if entry.name.startswith(".") or entry.name.startswith("~$"):
                    continue
                if is_recursive and entry.is_dir(follow_symlinks=False):
                    folders.append(name + "/")
                elif _is_wanted(entry.name, pattern) and entry.is_file():
                    found.append(name)
    return sorted(found, key=natural)


def natural(name: str) -> tuple[object, ...]:
    """
    A key that sorts names as people do: numbers by value, letters whatever their case, folder by folder.

    >>> sorted(["b1", "a10", "A9", "a/z"], key=natural)
    ['a/z', 'A9', 'a10', 'b1']
    """
    parts = tuple(
        tuple(
            (1, int(piece), "") if piece.isdecimal() else (2, 0, piece.casefold())
            for piece in _NUMBER.split(part)
            if piece
        )
        for part in name.split("/")
    )
    return parts, name


class Settled:
    """
    The names that are settled, as the memory keeps them: digests of 8 bytes, 256 in a chunk, of which only the last one grows.

    >>> settled = Settled({"settled/0": Settled.digest("a.png")})
    >>> "a.png" in settled, "b.png" in settled
    (True, False)
    """

    def __init__(self, memory: Mapping[str, bytes]) -> None:
        self._chunks = {key: bytes(value) for key, value in memory.items()}
        self._known = {piece for chunk in self._chunks.values() for piece in _pieces(chunk)}
        self._count = len(self._known)

    def __contains__(self, name: str) -> bool:
        return self.digest(name) in self._known

    def add(self, name: str) -> None:
        """Count a name as settled."""
        key = f"settled/{self._count // CHUNK}"
        self._chunks[key] = self._chunks.get(key, b"") + self.digest(name)
        self._known.add(self.digest(name))
        self._count += 1

    def save(self) -> dict[str, bytes]:
        """The chunks by key."""
        return dict(self._chunks)

    @staticmethod
    def digest(name: str) -> bytes:
        """A name in 8 bytes: of a million names two are taken for one once in thirty million folders."""
        return blake2b(os.fsencode(name), digest_size=DIGEST).digest()


def _pieces(chunk: bytes) -> Iterator[bytes]:
    return (chunk[at : at + DIGEST] for at in range(0, len(chunk), DIGEST))


def _is_wanted(name: str, pattern: str | None) -> bool:
    if name.lower().endswith(_TEMPORARY):
        return False
    return fnmatchcase(name, pattern) if pattern is not None else Path(name).suffix.lower() in EXTENSIONS
