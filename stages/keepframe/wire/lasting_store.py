"""
The store of a live camera's frames in memory that outlives the process: whoever is started in its place goes on with them.

What is held is recorded beside the pictures, item by item. A record is written before the one it replaces is erased, so that a
process may be killed between any two steps; which of them count is found out by whoever comes after.
"""

from __future__ import annotations

from typing import Any

import msgpack

from keepframe.frame import Item, Position
from keepframe.picture import Handle
from keepframe.picture.owned_slots import OwnedSlots
from keepframe.picture.slots import Slot
from keepframe.wire.item_header import fitting, pack_item, unpack_item
from keepframe.wire.store import Store, Stored


class LastingStore(Store):
    """
    A Store that begins with what the process before has left in the same memory.

    A picture that is not in a slot, for it had no room, dies with its process; its frame is then failed and says so. What the
    source remembers is not kept: a source with a memory reads again what was lost.
    """

    def __init__(self, camera: str, slots: OwnedSlots, max_frames: int, max_bytes: int) -> None:
        super().__init__(max_frames, max_bytes)
        self.camera, self.slots = camera, slots
        self._records: dict[Position, Slot] = {}
        if slots.noted:
            self._inherit()
        self._free_strangers()

    def begin(self, at: Position) -> None:
        """The next frame gets this position."""
        super().begin(at)
        self._note()

    def mark_sent(self, position: Position) -> None:
        """Everything up to here is about to be sent, and is so for every process after this one."""
        if position > self.sent:
            super().mark_sent(position)
            self._note()

    def _hold(self, stored: Stored) -> None:
        old = self._records.get(stored.item.at)
        record = self.slots.record(pack_item(self._lasting(stored.item), {self.slots.id}))
        if record is not None:
            self._records[stored.item.at] = record
            if old is not None:
                old.free()
        super()._hold(stored)

    def _pop(self, at: Position) -> None:
        record = self._records.pop(at, None)
        if record is not None:
            record.free()
        super()._pop(at)

    def _note(self) -> None:
        self.slots.note(msgpack.packb([self.stream, self.next_seq, self.sent]))

    def _lasting(self, item: Item) -> Item:
        """The item as a process after this one can have it: what does not lie in a slot is lost."""
        (frame,) = item.frames
        is_lost = frame.working is not None or (
            frame.picture is not None and not isinstance(frame.picture.handle, Slot)
        )
        if is_lost:
            lost = frame.settled(
                "failed", "capture: it was killed, and this picture had no room in its store"
            )
            item = Item((lost,), item.count)
        return fitting(item, "capture")

    def _inherit(self) -> None:
        told: list[Any] = msgpack.unpackb(self.slots.noted)
        self.stream, self.next_seq, self.sent = told[0], told[1], (told[2][0], told[2][1])
        self.is_inherited = True
        newest: dict[Position, tuple[Slot, Item]] = {}
        for slot, ledger in self.slots.left():
            if ledger:
                item = unpack_item(self.camera, ledger, {self.slots.id: self.slots})
                newest[item.at] = (slot, item)
        covered: Position | None = None
        for at, (slot, item) in sorted(newest.items()):
            if covered is not None and at <= covered:
                continue  # it was being dropped: the run before it has it already
            covered, self._records[at] = item.upto, slot
            picture = item.frames[0].picture
            super()._hold(Stored(item, picture.nbytes if picture else 0))
            after = (at[0] + 1, 0) if item.outcome == "end" else (at[0], item.upto[1] + 1)
            self.stream, self.next_seq = max((self.stream, self.next_seq), after)

    def _free_strangers(self) -> None:
        """What is neither a picture nor a record of what is held: its process was killed over it."""
        frames = (frame for stored in self.items.values() for frame in stored.item.frames)
        held: set[Handle] = {frame.picture.handle for frame in frames if frame.picture is not None}
        for slot, _ in self.slots.left():
            if slot not in held and slot not in self._records.values():
                slot.free()
