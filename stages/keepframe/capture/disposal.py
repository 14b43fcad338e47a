"""
What becomes of a folder's files once the archive has committed what became of their pictures: left, deleted, or moved.

A file is touched only if it is still the one that was read, and only if its picture was whole and has been seen.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from keepframe.capture.moving import free, move

After = Literal["leave", "delete"]
SEEN = ("kept", "unchanged", "filtered")
"""Outcomes of pictures that were whole and looked at; what was rejected, dropped or failed stays where it is."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Disposal:
    """
    Settles the files of one folder. move_to: where they are moved; None: nowhere.

    >>> Disposal(Path("pictures"), "leave", None).settle("a.jpg", "kept")
    """

    folder: Path
    after: After
    move_to: Path | None
    _read: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Size and time of the files that were read and are not settled."""

    def remember(self, name: str, size: int, mtime_ns: int) -> None:
        """This file, as it is, was read."""
        if self.after == "delete" or self.move_to is not None:
            self._read[name] = (size, mtime_ns)

    def settle(self, name: str, outcome: str) -> None:
        """The outcome of its picture is committed. What cannot be done is told in the log, once for each reason."""
        about = self._read.pop(name, None)
        if about is None or outcome not in SEEN:
            return
        path = self.folder / name
        try:
            now = path.stat()
            if (now.st_size, now.st_mtime_ns) != about:
                return  # another one came under its name
            if self.after == "delete":
                path.unlink()
            elif self.move_to is not None:
                _move(path, self.move_to / name)
        except FileNotFoundError:
            return
        except OSError as error:
            told = {"path": path, "error": error.strerror or str(error)}
            log.warning(f"cannot-{'delete' if self.after == 'delete' else 'move'}", extra={"fields": told})  # noqa: G004  an event's name


def _move(path: Path, target: Path) -> None:
    """Move a file; never over one that is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    move(path, free(target))
