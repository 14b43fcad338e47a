"""
What a camera's source gives: numbered, held until its outcome is back, and dropped here alone, as the policy says.

Pure state. Which of it is sent when, and sent again, is decided in capture.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from keepframe.frame import START, Frame, Item, Position
from keepframe.stage.memory import unpack
from keepframe.wire import messages
from keepframe.wire.fetch import OwningNode
from keepframe.wire.item_header import fitting
from keepframe.wire.store import Store

Policy = Literal["block", "latest"]


@dataclass(frozen=True, slots=True)
class Intake:
    """
    What is taken in, and how.

    has_memory: whether the source can go on behind what is settled. run: which reading of the source the user asks for; a greater
    number than the committed one means all of it again; None: whichever is committed. holds: how many frames the stages on the way hold
    back at most; without one more the last of them would wait for ever.
    """

    camera: str
    policy: Policy = "block"
    has_memory: bool = False
    run: int | None = None
    store: Store = field(default_factory=Store)
    holds: int = 0


class IntakeNode(OwningNode):
    """A node that takes in the frames of one camera."""

    def __init__(
        self,
        name: str,
        lowers: Sequence[str],
        cameras: Sequence[str],
        nonce: Callable[[], int],
        pipeline: str,
        intake: Intake,
    ) -> None:
        super().__init__(name, (), lowers, cameras, nonce, pipeline)
        self.camera, self.policy, self.has_memory = intake.camera, intake.policy, intake.has_memory
        self.run, self.store, self.holds = intake.run, intake.store, intake.holds
        self.begin: Mapping[str, Any] | None = None
        """The source's memory to begin with, once a session has opened."""
        self.is_ended = False
        self.why = ""
        """Why this capture cannot go on, if it cannot."""
        if self.store.is_inherited:  # the old stream ends, a new one begins, with the numbers that follow
            self.begin = {}
            if self.store.next_seq:
                self.store.add(Frame(camera=self.camera).settled("end"))

    @property
    def wants(self) -> bool:
        """Whether the source should be read now."""
        is_reading = self.begin is not None and not self.is_ended and not self.is_over
        return is_reading and (self.policy == "latest" or self.has_room)

    @property
    def has_room(self) -> bool:
        """Whether a further frame has room without another being dropped for it."""
        return not self.store.is_full or self.waits_for((self.store.stream, self.store.next_seq))

    def offer(self, frame: Frame, memory: Mapping[str, Any] | None = None) -> None:
        """The source has given a frame; with `latest` the newest wins. One that comes after the end was never captured."""
        if self.is_ended:
            return
        (frame,) = fitting(Item((frame,)), self.name).frames  # whatever a source says of its pictures
        self.store.add(frame, memory)
        if self.policy == "latest":
            headers = ("end", "dropped")
            unsent = [
                s.item.at
                for s in self.store.after(self.store.sent)
                if s.item.outcome not in headers and s.item.at[0] == self.store.stream
            ]
            for at in unsent[:-1]:
                self.store.drop(at)

    def retry(self, frame: Frame) -> None:
        """A frame out of quarantine is tried again, whatever the policy; cut() before and after makes a stream of such frames."""
        if not self.is_ended:
            self.store.add(frame)

    def cut(self, reason: str = "") -> None:
        """What comes next is a new stream; the one that was begun, if one was, ends here, for this reason."""
        if not self.is_ended and self.store.next_seq:
            self.store.add(Frame(camera=self.camera).settled("end", reason))

    def end(self) -> None:
        """The source has no more: its stream, if one was begun, ends here."""
        if not self.is_ended:
            self.is_ended = True
            if self.begin is not None and self.store.next_seq:
                self.store.add(Frame(camera=self.camera).settled("end"))

    def drain(self) -> None:
        """
        Stop reading; what was captured gets its outcome. A source that can go on later keeps its stream open.

        Where stages hold frames back and no end will make them let go, what is not committed is read again later.
        """
        if self.has_memory or self.begin is None:
            self.is_over = self.is_over or (self.holds > 0 and not self.is_ended)
            self.is_ended = True
        self.end()

    def _begin(self, m: messages.Opened, memory: Mapping[str, bytes]) -> None:
        """The first session has opened. Like a stage: from the committed memory, never from what another process may remember."""
        known = unpack(memory)
        committed_run = int(known.pop("run", 0))
        if self.run is not None and self.run < committed_run:
            self.why = f"{self.camera}: the user has asked for a newer reading of this source"
            self.is_over = True
            return
        goes_on = self.has_memory and bool(memory) and self.run in (None, committed_run)
        stream, seq = m.committed
        if goes_on and not m.is_ended:
            self.store.begin((stream, seq + 1))
        else:
            if m.committed != START and not m.is_ended:  # nobody will go on with it
                self.store.begin((stream, seq + 1))
                self.store.add(
                    Frame(camera=self.camera).settled("end", "again" if self.has_memory else "store-lost")
                )
            self.store.begin((stream + 1, 0))
        self.run = committed_run if self.run is None else self.run
        self.begin = known if goes_on else {}

    # what a subclass adds

    def waits_for(self, next_at: Position) -> bool:  # noqa: ARG002
        """Whether what fills the store may be settled only once the frame at this position has been sent, too."""
        return False
