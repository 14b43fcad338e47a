"""
What a process has in hand: a few bytes that outlive it, so that its supervisor can tell which frame it died with.

Nothing is decided here about what that means.
"""

from __future__ import annotations

import mmap
import os
import struct

from keepframe.frame import Position

_LAYOUT = struct.Struct("<?qqH64s")
SIZE = mmap.PAGESIZE


class Hand:
    """
    A page shared by a child and its supervisor; empty while nothing is in hand.

    >>> hand = Hand(Hand.create())
    >>> hand.take("lobby", (0, 57))
    >>> hand.holds
    ('lobby', (0, 57))
    >>> hand.close()
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._page = mmap.mmap(fd, SIZE)

    @staticmethod
    def create() -> int:
        """The file descriptor of a new, empty one: memory without a name, gone with the last process that has it."""
        fd = os.memfd_create("keepframe-hand", os.MFD_CLOEXEC)
        os.ftruncate(fd, SIZE)
        return fd

    def take(self, camera: str, at: Position) -> None:
        """This frame is worked on now."""
        name = camera.encode()
        self._page[: _LAYOUT.size] = _LAYOUT.pack(True, *at, len(name), name)

    def release(self) -> None:
        """Nothing is worked on now."""
        self._page[0] = 0

    @property
    def holds(self) -> tuple[str, Position] | None:
        """Camera and position of the frame in hand."""
        is_taken, stream, seq, length, name = _LAYOUT.unpack_from(self._page)
        return (name[:length].decode(), (stream, seq)) if is_taken else None

    def close(self) -> None:
        """Let go of the page."""
        self._page.close()
        os.close(self.fd)
