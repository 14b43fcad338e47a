"""
A bounded store of pictures in memory that the processes of one machine share: one writes, any number read, nobody copies.

It has no name: a process has it by being given its file descriptor, and with the last one it is gone. How its owner writes is in
owned_slots.py; which pictures are put there, and when they are let go, is decided by their capture.

The memory: a page about the store (words, then two notes), a row of words for each slot, a ledger page for each slot, the pixels.
A slot's first word, its stamp, is generation and state in one, written last when a slot is filled and first when it is let go.
Generations are never used twice, so a stamp that still stands proves that what was read meanwhile is that picture, and whole.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from dataclasses import dataclass

from keepframe.errors import StalePictureError

PAGE = mmap.PAGESIZE
MAX_LEDGER = PAGE
MAX_NOTE = 512
NOTES = 1024
"""Where the two notes begin."""
MAX_BYTES = 1 << 40
MAX_SLOTS = 1 << 16
AT = {
    name: i
    for i, name in enumerate(("magic", "layout", "id", "slots", "size", "owner", "generation", "note"))
}
"""The words about the store."""
ROW = 4
"""Words of a slot: stamp, offset, nbytes, length of its ledger."""
FREE, WRITING, FULL = range(3)
_MAGIC, _LAYOUT = int.from_bytes(b"kf slots", "little"), 1
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


@dataclass(frozen=True, slots=True)
class Slot:
    """
    The handle of a picture in a store.

    It says which picture it was when it was made; once that one is let go, it shows no other in its place.
    """

    slots: Slots
    index: int
    generation: int
    nbytes: int
    """How many bytes the picture has."""

    @property
    def is_lasting(self) -> bool:
        """Whether what data() gives stays as it is for as long as somebody refers to it; here it does not."""
        return False

    def data(self) -> memoryview:
        """The bytes: contiguous, read-only, not copied. Raises StalePictureError if the picture was let go."""
        return self.slots.data(self)

    def check(self) -> None:
        """See that what was read since data() is the picture. Raises StalePictureError if it was let go meanwhile."""
        self.slots.check(self)

    def free(self) -> None:
        """Let the picture go. Raises PermissionError for anybody but the owner of the store."""
        self.slots.free(self)


class Slots:
    """
    The store as a reader has it: nothing can be written through it. OwnedSlots is what its owner has.

    Raises ValueError for a file descriptor that is no store.

    >>> fd = Slots.create(1000)
    >>> Slots(fd).count
    264
    >>> os.close(fd)
    """

    ACCESS = mmap.ACCESS_READ

    def __init__(self, fd: int) -> None:
        self._memory = _mapped(fd, self.ACCESS)
        self._bytes = memoryview(self._memory)
        self._words = self._bytes[:NOTES].cast("Q")
        told = [self._words[AT[name]] for name in ("magic", "layout", "size")]
        if told != [_MAGIC, _LAYOUT, len(self._memory)]:
            raise ValueError(f"picture store: file descriptor {fd} holds none of this version of keepframe")
        self.id: int = self._words[AT["id"]]
        """A random number that tells it from every other store."""
        self.count: int = self._words[AT["slots"]]
        """How many pictures it holds at most."""
        table, self._ledgers, self._pixels = _places(self.count)
        self._rows = self._bytes[table : table + 8 * ROW * self.count].cast("Q")
        self.max_bytes = len(self._memory) - self._pixels
        """How many bytes of pictures it holds at most."""

    @staticmethod
    def create(max_bytes: int, max_pictures: int = 264) -> int:
        """
        The file descriptor of a new, empty store; memory is taken page by page as it is filled.

        Raises ValueError for sizes out of range, OSError where the system has no such memory.
        """
        if not (0 < max_bytes <= MAX_BYTES and 0 < max_pictures <= MAX_SLOTS):
            raise ValueError(
                f"picture store: expected 1 to {MAX_BYTES} bytes and 1 to {MAX_SLOTS} pictures, "
                f"got {max_bytes} and {max_pictures}"
            )
        if not hasattr(os, "memfd_create"):
            raise OSError(
                "picture store: this system has no memory without a name (memfd_create), as Linux has"
            )
        size = _places(max_pictures)[2] + pages(max_bytes)
        fd = os.memfd_create("keepframe-pictures", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(fd, size)
            fcntl.fcntl(
                fd, fcntl.F_ADD_SEALS, _SEALS
            )  # a store that becomes shorter would end its readers with SIGBUS
            with mmap.mmap(fd, PAGE) as page, memoryview(page).cast("Q") as words:
                told = {
                    "layout": _LAYOUT,
                    "slots": max_pictures,
                    "size": size,
                    "generation": 1,
                    "magic": _MAGIC,
                }
                for name, value in (told | {"id": int.from_bytes(os.urandom(8), "little") >> 2}).items():
                    words[AT[name]] = value
        except BaseException:
            os.close(fd)
            raise
        return fd

    def slot(self, index: int, generation: int, nbytes: int) -> Slot:
        """
        The handle of a picture that another process has told of.

        Raises ValueError if the store has no such place; whether the picture is still there shows when it is read.
        """
        if not (0 <= index < self.count and generation > 0 and 0 < nbytes <= self.max_bytes):
            raise ValueError(
                f"picture store: expected one of {self.count} slots, a generation from 1, 1 to {self.max_bytes} bytes, "
                f"got slot {index}, generation {generation}, {nbytes} bytes"
            )
        return Slot(self, index, generation, nbytes)

    def data(self, slot: Slot) -> memoryview:
        """The bytes of a slot, see Slot.data(). Raises StalePictureError if its picture was let go."""
        self.check(slot)
        offset, nbytes = self._rows[ROW * slot.index + 1], self._rows[ROW * slot.index + 2]
        if nbytes != slot.nbytes or offset + nbytes > self.max_bytes:
            raise StalePictureError(f"slot {slot.index}: expected {slot.nbytes} bytes, got {nbytes}")
        start = self._pixels + offset
        return self._bytes[start : start + nbytes].toreadonly()

    def check(self, slot: Slot) -> None:
        """Raise StalePictureError unless the slot still holds its picture."""
        if self._rows[ROW * slot.index] != stamp(slot.generation, FULL):
            raise StalePictureError(
                f"slot {slot.index}, generation {slot.generation}: the picture was let go, since its frame is settled; "
                "copy frame.image to keep it longer"
            )

    def free(self, slot: Slot) -> None:
        """A reader lets nothing go: raises PermissionError. OwnedSlots lets go."""
        raise PermissionError(
            f"slot {slot.index}: this process has the picture store for reading, its owner alone writes"
        )

    @property
    def noted(self) -> bytes:
        """What its owner has noted last about the whole; empty if nothing."""
        start = NOTES + self._words[AT["note"]] % 2 * MAX_NOTE
        length = int.from_bytes(self._bytes[start : start + 2], "little")
        return bytes(self._bytes[start + 2 : start + 2 + min(length, MAX_NOTE - 2)])


def read_only(fd: int) -> int:
    """
    A second file descriptor of a store, through which nobody can write.

    Raises OSError where /proc is not mounted.
    """
    return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)


def stamp(generation: int, state: int) -> int:
    """The first word of a slot."""
    return generation * 4 + state


def pages(nbytes: int) -> int:
    """So many bytes in whole pages."""
    return -(-nbytes // PAGE) * PAGE


def _mapped(fd: int, access: int) -> mmap.mmap:
    """The memory behind a file descriptor, if it cannot become shorter."""
    try:
        is_sealed = fcntl.fcntl(fd, fcntl.F_GET_SEALS) & _SEALS == _SEALS
    except OSError as error:
        raise ValueError(f"picture store: file descriptor {fd} is none ({error.strerror})") from error
    size = os.fstat(fd).st_size
    if not is_sealed or size < 3 * PAGE:
        raise ValueError(f"picture store: file descriptor {fd} is none, its {size} bytes can become fewer")
    return mmap.mmap(fd, size, access=access)


def _places(count: int) -> tuple[int, int, int]:
    """Where rows, ledgers and pixels begin."""
    ledgers = PAGE + pages(8 * ROW * count)
    return PAGE, ledgers, ledgers + MAX_LEDGER * count
