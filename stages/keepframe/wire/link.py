"""
The link: numbered messages in order between two processes, or a broken connection; nothing cleverer.

Pure state: no socket, no clock, no thread, no randomness but the nonces handed in. What a node does with a camera's session is
in capture.py, relay.py and gather.py; what one end of a link knows of its peer in port.py.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from keepframe.wire import messages
from keepframe.wire.absences import Absences
from keepframe.wire.messages import Body, Envelope
from keepframe.wire.place import placed
from keepframe.wire.port import Port, stage_of
from keepframe.wire.refusals import Refusals


class _Every(Container[int]):
    """Holds whatever it is asked for."""

    def __contains__(self, _: object) -> bool:
        return True


EVERY = _Every()


class Node:
    """
    A process on the pipeline: its ports, and the handlers `on_…` that a subclass adds.

    Senders are known by their name, to which an address belongs; receivers come to them and are known by the identity of one
    incarnation, so that two incarnations of a replica are two peers and never fight over one link.

    uppers: names of the processes this one gets frames from. lowers: stages it sends frames to. cameras: all of the pipeline.
    What is to be sent is left in `out` as (peer, envelope).
    """

    def __init__(
        self,
        name: str,
        uppers: Sequence[str],
        lowers: Sequence[str],
        cameras: Sequence[str],
        nonce: Callable[[], int],
        pipeline: str = "",
    ) -> None:
        self.name, self.lowers, self.cameras = name, tuple(lowers), tuple(cameras)
        self.nonce, self.pipeline = nonce, pipeline
        self.ports = {upper: Port(upper, is_receiver=True) for upper in uppers}
        self.out: list[tuple[str, Envelope]] = []
        self.refusals = Refusals()
        self.absences = Absences()
        self.now = 0.0
        self.is_over = False
        self.told_ready = False
        self.stores: tuple[int, ...] = ()
        """The ids of the picture stores that are here; whoever sends to this node is told."""
        self.readers: tuple[str, ...] = ()
        """Stages that may come here beside those that frames are sent to, to fetch pictures."""
        self.tells_places = False
        """Whether a picture in a store travels as its place also to whoever does not share it, to be fetched."""

    def send(self, peer: str, body: Body) -> None:
        """Send to a peer; to one that is not connected nothing is sent, its sessions are over already."""
        port = self.ports.get(peer)
        if port is not None and port.connection is not None:
            port.told = self.now
            self.out.append((peer, port.numbered(body)))

    def take_out(self) -> dict[str, list[Envelope]]:
        """What is to be sent, by peer and in order; it is not here any more."""
        out, self.out = self.out, []
        by_peer: dict[str, list[Envelope]] = {}
        for peer, envelope in out:
            by_peer.setdefault(peer, []).append(envelope)
        return by_peer

    def receive(self, now: float, peer: str, envelope: Envelope) -> None:
        """Take a message from a peer."""
        self.now, body = now, envelope.body
        if isinstance(body, messages.Hello):
            self._on_hello(peer, body)
            return
        port = self.ports.get(peer)
        if port is None:
            return
        if isinstance(body, messages.Welcome):
            self._on_welcome(port, peer, envelope, body.name)
        elif isinstance(body, messages.Refuse):
            if port.is_receiver and body.nonce == port.asked:
                self.refusals.add(peer, body.why, now)
        elif port.is_up and envelope.connection == port.connection:
            port.heard = now
            if port.takes(envelope.number):
                self._dispatch(port, peer, body)
            else:
                self.reset(peer)

    def tick(self, now: float) -> None:
        """Time has passed: end what is silent, say that this end lives, ask who has not answered."""
        self.now = now
        for peer, port in list(self.ports.items()):
            if port.is_silent(now):
                self.reset(peer)
            if port.is_to_tell(now):
                self.send(peer, messages.Ping(self.is_ready))
            elif port.is_to_ask(now):
                self._ask(peer, port)
        self.absences.look(now, self.ports, self.lowers, lambda stage: bool(self.ready_replicas(stage)))

    def reset(self, peer: str) -> None:
        """End the connection to a peer, and with it the sessions on it."""
        port = self.ports.get(peer)
        if port is not None and port.is_up:
            port.close(self.now)
            if not port.is_receiver:
                del self.ports[peer]
            self.link_down(peer)
            self._look_down()

    def add_upper(self, upper: str) -> None:
        """One more process sends frames to this one."""
        self.ports.setdefault(upper, Port(upper, is_receiver=True))

    def drop_upper(self, upper: str) -> None:
        """A process sends no more frames to this one; what was to be sent to it is not sent."""
        self.reset(upper)
        self.ports.pop(upper, None)
        self.out = [(peer, envelope) for peer, envelope in self.out if peer != upper]

    def not_greeted(self, peer: str) -> None:
        """A HELLO could not go out, since nobody is there yet: asking again soon costs nothing."""
        if peer in self.ports:
            self.ports[peer].asks = 0

    def greet(self, now: float, peer: str) -> None:
        """Somebody is there now: ask at once."""
        self.now = now
        port = self.ports.get(peer)
        if port is not None and port.is_receiver and not port.is_up:
            self._ask(peer, port)

    def forget(self, name: str) -> None:
        """Somebody who knows says that this process has died: end the connections to it at once."""
        for peer in [p for p, port in self.ports.items() if port.name == name]:
            self.reset(peer)

    @property
    def refused(self) -> dict[str, str]:
        """Peers that do not fit, and why; for people."""
        return self.refusals.told(self.now)

    @property
    def is_ready(self) -> bool:
        """Whether there is a way from here down to the archive."""
        return all(self.ready_replicas(stage) for stage in self.lowers)

    def ready_replicas(self, stage: str) -> dict[str, str]:
        """The ready replicas of a stage by name, as peers; of two incarnations of one the newer."""
        ready: dict[str, str] = {}
        for peer, port in sorted(self.ports.items(), key=lambda i: i[1].asked_at):
            if not port.is_receiver and port.is_up and port.is_ready and stage_of(port.name) == stage:
                ready[port.name] = peer
        return ready

    def stores_of(self, peer: str) -> Container[int]:
        """The picture stores of which a peer is told places; none of somebody who is gone."""
        if self.tells_places:
            return EVERY
        port = self.ports.get(peer)
        return port.stores if port is not None else frozenset()

    def choose(self, camera: str, stage: str) -> str | None:
        """The peer that a camera's frames go to; None while the stage has no ready replica."""
        ready = self.ready_replicas(stage)
        return ready[placed(self.cameras, tuple(sorted(ready)))[camera]] if ready else None

    # what a subclass adds

    @property
    def can_wait(self) -> bool:
        """Whether what there is to send may go out with what follows soon."""
        return False

    def pump(self, now: float) -> None:
        """Messages or a tick have been handled: send what has become due."""

    def replicas_changed(self) -> None:
        """The lower peers, or their readiness, have changed."""

    def link_down(self, peer: str) -> None:
        """The connection to this peer has ended."""

    def on_open(self, peer: str, m: messages.Open) -> None:
        """A session begins."""

    def on_opened(self, peer: str, m: messages.Opened) -> None:
        """A session has begun: what is committed."""

    def on_frame(self, peer: str, m: messages.Frame) -> None:
        """An item has come."""

    def on_mark(self, peer: str, m: messages.Mark) -> None:
        """A mark has come."""

    def on_ack(self, peer: str, m: messages.Ack) -> None:
        """The archive has taken or committed something."""

    def on_break(self, peer: str, m: messages.Break) -> None:
        """A session is over."""

    def on_fetch(self, peer: str, m: messages.Fetch) -> None:
        """Somebody wants a picture."""

    def on_picture(self, peer: str, m: messages.Picture) -> None:
        """A picture that was asked for, or a part of it, has come."""

    # the handshake

    def _ask(self, peer: str, port: Port) -> None:
        port.asked, port.asked_at, port.asks = self.nonce(), self.now, port.asks + 1
        hello = messages.Hello(port.asked, self.name, self.is_ready, self.pipeline, self.stores)
        self.out.append((peer, Envelope(None, 0, hello)))

    def _on_hello(self, peer: str, m: messages.Hello) -> None:
        why = self._misfit(m)
        if why:
            self.refusals.add(m.name, why, self.now)
            self.out.append((peer, Envelope(None, 0, messages.Refuse(m.nonce, why))))
            return
        known = self.ports.get(peer)
        if known is not None and known.is_receiver:
            return  # a sender's name is no receiver's identity
        self.reset(peer)
        self.refusals.settle(m.name)
        port = Port(m.name, is_receiver=False, is_ready=m.is_ready, asked_at=self.now, heard=self.now)
        port.connection, port.stores = (m.nonce, self.nonce()), frozenset(m.stores)
        self.ports[peer] = port
        self.out.append((peer, Envelope(port.connection, 0, messages.Welcome(self.name))))
        self._look_down()

    def _misfit(self, m: messages.Hello) -> str:
        if m.pipeline != self.pipeline:
            return f"{m.name} runs configuration {m.pipeline!r}, {self.name} {self.pipeline!r}: start both from one pipeline.toml"
        if stage_of(m.name) not in (*self.lowers, *self.readers):
            return (
                f"{m.name} is no receiver of {self.name}; it sends to: {', '.join(self.lowers) or 'nobody'}"
            )
        return ""

    def _on_welcome(self, port: Port, peer: str, envelope: Envelope, name: str) -> None:
        connection = envelope.connection
        if (
            not port.is_receiver
            or connection is None
            or connection[0] != port.asked
            or connection == port.connection
        ):
            return
        self.reset(peer)
        self.refusals.settle(peer)
        port.connection, port.heard, port.asks, port.name = connection, self.now, 0, name

    def _dispatch(self, port: Port, peer: str, body: Body) -> None:
        match body:
            case messages.Ping():
                if body.is_ready != port.is_ready:
                    port.is_ready = body.is_ready
                    self._look_down()
            case messages.Open():
                self.on_open(peer, body)
            case messages.Opened():
                self.on_opened(peer, body)
            case messages.Frame():
                self.on_frame(peer, body)
            case messages.Mark():
                self.on_mark(peer, body)
            case messages.Ack():
                self.on_ack(peer, body)
            case messages.Break():
                self.on_break(peer, body)
            case messages.Fetch():
                self.on_fetch(peer, body)
            case messages.Picture():
                self.on_picture(peer, body)

    def _look_down(self) -> None:
        """Peers have come, gone, become ready or not: tell the upper side, and place the cameras anew."""
        self.replicas_changed()
        if self.is_ready != self.told_ready:
            self.told_ready = self.is_ready
            for peer, port in self.ports.items():
                if port.is_receiver:
                    self.send(peer, messages.Ping(self.is_ready))
