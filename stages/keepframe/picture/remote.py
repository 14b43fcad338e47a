"""
The handle of a picture that lies in a store which this process does not share.

How its bytes come here is the wire's business; who owns the store is told by name, never by address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Place = tuple[int, int, int, int]
"""Store, slot, generation, nbytes: where a picture lies, and which one it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Remote:
    """
    A place with its owner, a capture process ("capture.lobby"). Whoever never looks at the picture never moves it.

    fetch: gets the bytes, once; blocks. Raises StalePictureError if the owner has let the picture go, LostPictureError if it
    cannot be asked.

    >>> bytes(Remote("capture.lobby", (77, 0, 1, 3), lambda remote: b"abc").data())
    b'abc'
    """

    owner: str
    place: Place
    fetch: Callable[[Remote], bytes | bytearray]
    _fetched: list[bytes | bytearray] = field(default_factory=list, repr=False)

    @property
    def key(self) -> tuple[str, Place]:
        """Which picture of whom: the same for every handle of it."""
        return self.owner, self.place

    @property
    def nbytes(self) -> int:
        """How many bytes the picture has."""
        return self.place[3]

    @property
    def is_lasting(self) -> bool:
        """Whether data() stays as it is; what was fetched is this process's own."""
        return True

    @property
    def is_fetched(self) -> bool:
        """Whether the bytes are here."""
        return bool(self._fetched)

    def keep(self, data: bytes | bytearray) -> None:
        """Here are the bytes, which nobody writes to any more."""
        self._fetched.append(data)

    def data(self) -> memoryview:
        """The bytes: contiguous, read-only."""
        if not self._fetched:
            self.keep(self.fetch(self))
        return memoryview(self._fetched[0]).toreadonly()

    def check(self) -> None:
        """Nobody takes them away."""

    def free(self) -> None:
        """Its owner alone lets it go."""
