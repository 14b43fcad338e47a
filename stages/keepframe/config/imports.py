"""
Where "module:attribute" is looked for: beside the TOML and in the `stages` folder there.

Both go to the end of the search path, so that nothing of a user's can stand before Python, an installed package or keepframe.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def prepare_imports(pipeline_folder: Path) -> None:
    """
    Make the modules of a pipeline's folder, and of its `stages` folder, importable; a child process calls it too.

    >>> prepare_imports(Path("."))
    """
    for folder in user_folders(pipeline_folder):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))


def user_folders(pipeline_folder: Path) -> tuple[Path, Path]:
    """The folders in which a pipeline's own modules may lie."""
    folder = pipeline_folder.absolute()
    return folder, folder / "stages"


def hidden_module(use: str, pipeline_folder: Path) -> str | None:
    """
    Why a user's own module cannot be reached: another of the same name is found first. None if that is not so.

    >>> hidden_module("keepframe.frame:Frame", Path("/nowhere")) is None
    True
    """
    top = use.partition(":")[0].partition(".")[0]
    own = [
        path
        for folder in user_folders(pipeline_folder)
        for path in (folder / f"{top}.py", folder / top / "__init__.py")
        if path.is_file()
    ]
    found = importlib.util.find_spec(top) if own else None
    if (
        found is None
        or found.origin is None
        or Path(found.origin).resolve() in {path.resolve() for path in own}
    ):
        return None
    return f"{own[0]} is hidden by another module named {top!r} ({found.origin}); give yours another name"
