"""
A picture store as its owner has it: where room is found, how a slot is filled and let go, what the next owner finds.

What a reader sees of it, and how the memory is laid out, is in slots.py.
"""

from __future__ import annotations

import mmap
import os
import threading
from bisect import insort

from keepframe.picture.handle import Space, heap
from keepframe.picture.slots import (
    AT,
    FREE,
    FULL,
    MAX_LEDGER,
    MAX_NOTE,
    NOTES,
    ROW,
    WRITING,
    Slot,
    Slots,
    stamp,
)

_ALIGN = 64  # a cache line


class SlotSpace:
    """Room for one picture, to be filled by whoever makes its pixels; nobody sees it before it is closed."""

    def __init__(self, slots: OwnedSlots, slot: Slot, view: memoryview) -> None:
        self._slots, self._slot = slots, slot
        self.view = view
        """Where to write: exactly as many bytes as were asked for."""

    def close(self) -> Slot:
        """All is written, and from now on nothing more: the picture's handle."""
        self._slots.fill(self._slot)
        return self._slot


class OwnedSlots(Slots):
    """
    The one process that writes. Whoever owned the store before writes no more, and what it left half written is let go.

    Its methods may be called by several threads. Each that writes raises PermissionError once another process owns the store.
    Raises ValueError for a file descriptor that is no store, PermissionError for a read-only one.

    >>> fd = Slots.create(1000)
    >>> owner, reader = OwnedSlots(fd), Slots(fd)
    >>> slot = owner.put(b"pixels")
    >>> bytes(reader.slot(slot.index, slot.generation, slot.nbytes).data())
    b'pixels'
    >>> os.close(fd)
    """

    ACCESS = mmap.ACCESS_WRITE

    def __init__(self, fd: int) -> None:
        super().__init__(fd)
        self._lock = threading.Lock()
        self._unused: list[int] = []
        self._taken: list[tuple[int, int, int]] = []
        """(offset, end, index) of what is in use, in order."""
        self._owner = int.from_bytes(os.urandom(8), "little") | 1
        self._words[AT["owner"]] = self._owner
        for index in reversed(range(self.count)):
            word, offset, nbytes = self._rows[ROW * index : ROW * index + 3]
            if word % 4 == FULL:
                insort(self._taken, (offset, offset + _aligned(nbytes), index))
            else:
                self._unused.append(index)
            if word % 4 == WRITING:  # its writer died over it
                self._rows[ROW * index] = stamp(word // 4, FREE)

    def room(self, nbytes: int) -> Space:
        """Room for a picture of so many bytes: here, or where there is none in this process's own memory."""
        return self.space(nbytes) or heap(nbytes)

    def space(self, nbytes: int) -> SlotSpace | None:
        """Room for a picture of so many bytes; None if there is none. Raises ValueError unless nbytes is positive."""
        if nbytes <= 0:
            raise ValueError(f"picture store: expected a picture of 1 byte or more, got {nbytes}")
        slot = self._take(nbytes)
        if slot is None:
            return None
        start = self._pixels + self._rows[ROW * slot.index + 1]
        return SlotSpace(self, slot, self._bytes[start : start + nbytes])

    def put(self, data: bytes | memoryview) -> Slot | None:
        """A picture's bytes copied into a slot; None if it has no room. Raises ValueError for no bytes."""
        flat = memoryview(data).cast("B")
        space = self.space(flat.nbytes)
        if space is None:
            return None
        space.view[:] = flat
        return space.close()

    def record(self, ledger: bytes) -> Slot | None:
        """
        A few bytes in a slot of their own, without a picture, for the next owner to find; None if all slots are taken.

        Raises ValueError if they are too many.
        """
        _check_length(ledger, MAX_LEDGER)
        slot = self._take(0)
        if slot is not None:
            start = self._ledgers + MAX_LEDGER * slot.index
            self._bytes[start : start + len(ledger)] = ledger
            self._rows[ROW * slot.index + 3] = len(ledger)
            self.fill(slot)
        return slot

    def fill(self, slot: Slot) -> None:
        """The slot is written: readers may see it."""
        self._check_owner()
        self._rows[ROW * slot.index] = stamp(slot.generation, FULL)

    def free(self, slot: Slot) -> None:
        """Let a picture go; nothing happens to the one that has taken its place, if it was let go before."""
        self._check_owner()
        with self._lock:
            at = ROW * slot.index
            if self._rows[at] == stamp(slot.generation, FULL):
                self._rows[at] = stamp(slot.generation, FREE)
                self._taken = [taken for taken in self._taken if taken[2] != slot.index]
                self._unused.append(slot.index)

    def left(self) -> list[tuple[Slot, bytes]]:
        """What is here, oldest first: pictures, each with no bytes beside it, and records with theirs. What the owner before has left."""
        with self._lock:
            found = []
            for _, _, index in self._taken:
                word, _, nbytes, length = self._rows[ROW * index : ROW * index + 4]
                if word % 4 == FULL:
                    start = self._ledgers + MAX_LEDGER * index
                    ledger = bytes(self._bytes[start : start + length])
                    found.append((Slot(self, index, word // 4, nbytes), ledger))
        return sorted(found, key=lambda each: each[0].generation)

    def note(self, data: bytes) -> None:
        """Put down a few bytes about the whole, in the place of those before. Raises ValueError if they are too many."""
        self._check_owner()
        _check_length(data, MAX_NOTE - 2)
        spare = 1 - self._words[AT["note"]] % 2
        start = NOTES + spare * MAX_NOTE
        self._bytes[start : start + 2 + len(data)] = len(data).to_bytes(2, "little") + data
        self._words[AT["note"]] = spare  # whoever is killed before leaves the old one

    @property
    def used_bytes(self) -> int:
        """How many bytes are in use."""
        with self._lock:
            return sum(end - offset for offset, end, _ in self._taken)

    def _take(self, nbytes: int) -> Slot | None:
        self._check_owner()
        with self._lock:
            offset = self._gap(_aligned(nbytes))
            if offset is None or not self._unused:
                return None
            index, generation = self._unused.pop(), self._words[AT["generation"]]
            self._words[AT["generation"]] = generation + 1
            at = ROW * index
            self._rows[at] = stamp(generation, WRITING)
            self._rows[at + 1], self._rows[at + 2], self._rows[at + 3] = offset, nbytes, 0
            insort(self._taken, (offset, offset + _aligned(nbytes), index))
        return Slot(self, index, generation, nbytes)

    def _gap(self, nbytes: int) -> int | None:
        """The lowest place that is free: it has its memory already, and may still be in a cache."""
        offset = 0
        for taken, end, _ in self._taken:
            if taken - offset >= nbytes:
                break
            offset = max(offset, end)
        return offset if offset + nbytes <= self.max_bytes else None

    def _check_owner(self) -> None:
        if self._words[AT["owner"]] != self._owner:
            raise PermissionError("picture store: another process owns it now, this one writes no more")


def _aligned(nbytes: int) -> int:
    return -(-nbytes // _ALIGN) * _ALIGN


def _check_length(data: bytes, most: int) -> None:
    if len(data) > most:
        raise ValueError(f"picture store: expected at most {most} bytes in a record or note, got {len(data)}")
