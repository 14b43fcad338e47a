"""
Picture files that a verb is given: found, in natural order, and read as pixels.

What is done with them is the verb's business.
"""

from __future__ import annotations

import glob
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from keepframe.capture.listing import files_in, natural
from keepframe.cli.writing import is_for_people
from keepframe.errors import PictureError
from keepframe.keeper.given import pixels_of
from keepframe.picture import Image

PICTURE = click.Path(path_type=Path)


def read(path: Path) -> Image:
    """
    The pixels of a picture file: (H, W) gray or (H, W, 3) BGR, uint8.

    Raises OSError, or PictureError that names the file.
    """
    try:
        return pixels_of(path)
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def found(given: Iterable[Path]) -> list[Path]:
    """
    The picture files of folders, names and patterns, each once, in natural order.

    Raises FileNotFoundError for what leads to no file.
    """
    files: dict[Path, None] = {}
    for path in given:
        if path.is_dir():
            matches = [path / name for name in files_in(path, None, is_recursive=False)]
        else:
            matches = [path] if path.exists() else [Path(name) for name in glob.glob(str(path))]  # noqa: PTH207  a pattern from anywhere
            if not matches:
                raise FileNotFoundError(f"{path}: no such file or folder, and no file fits it as a pattern")
        files.update(dict.fromkeys(matches))
    return sorted(files, key=lambda path: natural(str(path)))


def each(files: Sequence[Path], what: str) -> Iterable[Path]:
    """The files one after the other, with a bar on stderr if a person looks at it."""
    if not is_for_people(sys.stderr):
        return files
    return track(files, description=what, console=Console(stderr=True), transient=True)
