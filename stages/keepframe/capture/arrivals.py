"""
Which files of a watched folder have arrived whole: those that nobody writes to any more.

Told by size and time of writing, which every file system has, also one on another machine. How a file is read is the folder's
business; nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from keepframe.clock import Clock

SETTLE_S = 1.0
"""A file that has kept its size and time for so long is complete, unless its content says otherwise."""
PATIENCE_S = 30.0
"""So long a file that is half a picture may take to grow on; then it is one that stays half."""
LOOK_S = 0.25


@dataclass(slots=True)
class _Seen:
    about: tuple[int, int]
    since_s: float


class Arrivals:
    """
    Watches the files of one folder; call complete() again and again.

    >>> from keepframe.clock import FakeClock
    >>> list(Arrivals(Path("/nowhere"), FakeClock()).complete(["a.jpg"]))
    []
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._seen: dict[str, _Seen] = {}

    def complete(self, names: Iterable[str]) -> Iterator[str]:
        """Those of these names whose files have not changed for SETTLE_S. One that is gone is forgotten."""
        now, before = self._clock.monotonic_s(), self._seen
        self._seen = {}
        for name in names:
            try:
                about = (self._folder / name).stat()
            except OSError:
                continue
            told = (about.st_size, about.st_mtime_ns)
            seen = before.get(name)
            self._seen[name] = seen if seen is not None and seen.about == told else _Seen(told, now)
            if now - self._seen[name].since_s >= SETTLE_S:
                yield name

    def may_grow(self, name: str) -> bool:
        """Whether a file that was read and is half a picture may still become a whole one."""
        seen = self._seen.get(name)
        return seen is not None and self._clock.monotonic_s() - seen.since_s < PATIENCE_S
