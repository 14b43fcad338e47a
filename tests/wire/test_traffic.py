from dataclasses import replace

import msgpack
import pytest
import zmq
from samples import one

from keepframe.wire import messages
from keepframe.wire.codec import MAX_PARTS, VERSION, encode
from keepframe.wire.link import Node
from keepframe.wire.messages import Envelope
from keepframe.wire.traffic import BATCH, Traffic, received


class Part:
    """A part as libzmq hands it over without a copy."""

    def __init__(self, data, more, user):
        self.bytes, self.buffer, self.more, self.user = bytes(data), memoryview(bytes(data)), more, user

    def get(self, name):
        assert name == "User-Id"
        if self.user is None:
            raise zmq.ZMQError(zmq.EINVAL)
        return self.user


class Socket:
    """A socket of a test: what comes is put in, what is sent is kept, or refused."""

    def __init__(self, incoming=(), error=None, user=None):
        self.incoming = [
            Part(part, n + 1 < len(parts), user) for parts in incoming for n, part in enumerate(parts)
        ]
        self.error, self.sent, self.parts = error, [], []

    def recv(self, flags, *, copy):
        if not self.incoming:
            raise zmq.Again
        return self.incoming.pop(0)

    def send(self, part, flags, *, copy):
        if self.error is not None:
            raise self.error
        assert not copy
        assert flags & zmq.DONTWAIT
        self.parts.append(bytes(part))
        if not flags & zmq.SNDMORE:
            self.sent.append(self.parts)
            self.parts = []


class Sockets:
    """The endpoints of a test: at most a router, and dealers by name. keys: by key the stages it is of."""

    def __init__(self, router=None, keys=None, **dealers):
        self.router, self.dealers = router, dealers
        self.keys, self.is_guarded = self, keys is not None
        self.stages_of = lambda key: (keys or {}).get(key, ())


class Recorder(Node):
    """A node that keeps what it was given and which peers were let go."""

    def __init__(self):
        super().__init__("score.0", ["up"], [], ["a"], lambda: 1)
        self.heard, self.resets, self.absent = [], [], []

    def receive(self, now, peer, envelope):
        self.heard.append((peer, envelope.body))

    def reset(self, peer):
        self.resets.append(peer)

    def not_greeted(self, peer):
        self.absent.append(peer)


PING = Envelope((1, 2), 3, messages.Ping(is_ready=True))
HELLO = Envelope(None, 0, messages.Hello(7, "score.0", is_ready=True, pipeline="p"))


def test_a_receiver_is_known_by_its_identity_and_a_sender_by_its_name():
    """A ROUTER hands over the routing id first, a DEALER does not."""
    router, up = Socket([[b"\x01\xff", *one(PING)]]), Socket([one(PING)])
    traffic = Traffic(node := Recorder(), Sockets(router, up=up))
    traffic.receive({router, up}, 0.0)

    assert [peer for peer, _ in node.heard] == ["01ff", "up"]


def test_what_does_not_fit_is_counted_and_the_next_is_heard():
    """One stranger's junk costs nobody a message."""
    up = Socket([[b"junk"], one(PING)])
    traffic = Traffic(node := Recorder(), Sockets(up=up))
    traffic.receive({up}, 0.0)

    assert traffic.rejected == 1
    assert [body for _, body in node.heard] == [PING.body]


def test_another_version_is_told_on_both_sides():
    """Whoever asks in another version is refused in this one, and tells so, as does who has refused it."""
    older = msgpack.packb([VERSION - 1, *msgpack.unpackb(one(HELLO)[0])[1:]])
    router = Socket([[b"\x01\xff", older]])
    traffic = Traffic(node := Recorder(), Sockets(router))
    traffic.receive({router}, 0.0)
    traffic.send()
    ((peer, answer),) = router.sent
    up = Socket([[msgpack.packb([VERSION + 1, *msgpack.unpackb(answer)[1:]])]])
    Traffic(asker := Recorder(), Sockets(up=up)).receive({up}, 0.0)

    assert peer == b"\x01\xff"
    assert node.refusals.told(1.0) == {
        why: why
        for why in [
            f"somebody who asks runs another keepframe: header.version: expected {VERSION}, got {VERSION - 1}: run the same keepframe on both sides"
        ]
    }
    assert asker.refusals.told(1.0)["up"].startswith(
        f"up runs another keepframe: header.version: expected {VERSION}, got {VERSION + 1}"
    )
    assert (node.heard, node.resets, traffic.rejected) == ([], [], 1)


def test_a_talkative_socket_waits_for_its_next_turn():
    """Others come between its batches."""
    up = Socket([one(PING)] * (BATCH + 5))
    traffic = Traffic(node := Recorder(), Sockets(up=up))
    traffic.receive({up}, 0.0)

    assert len(node.heard) == BATCH


def test_what_goes_to_one_peer_goes_together_and_in_order():
    """One message for each peer, whatever the order in which they were thought of; another connection is another message."""
    router, up = Socket(), Socket()
    traffic = Traffic(node := Recorder(), Sockets(router, up=up))
    second, other = replace(PING, number=4), replace(PING, connection=(1, 3), number=1)
    node.out = [("up", PING), ("0a0b", PING), ("up", second), ("up", other)]
    traffic.send()

    assert up.sent == [*encode([PING, second]), one(other)]
    assert router.sent == [[b"\x0a\x0b", *one(PING)]]

    heard = Socket(up.sent)
    Traffic(node, Sockets(up=heard)).receive({heard}, 0.0)

    assert node.heard == [("up", PING.body)] * 3


def test_a_message_goes_to_the_socket_of_its_peer():
    """By name to a sender, behind its identity to a receiver; to nobody where there is neither."""
    router, up = Socket(), Socket()
    traffic = Traffic(node := Recorder(), Sockets(router, up=up))
    node.out = [("up", PING), ("0a0b", PING)]
    traffic.send()

    assert up.sent == [one(PING)]
    assert router.sent == [[b"\x0a\x0b", *one(PING)]]
    assert node.out == []

    nobody = Traffic(node, Sockets())
    node.out = [("0a0b", PING)]
    nobody.send()

    assert node.resets == []


@pytest.mark.parametrize(("envelope", "resets", "absent"), [(PING, ["up"], []), (HELLO, [], ["up"])])
def test_a_message_that_does_not_go_out_is_a_hole_but_a_greeting_is_not(envelope, resets, absent):
    """Nobody there to greet yet is no broken connection, and the node is told."""
    traffic = Traffic(node := Recorder(), Sockets(up=Socket(error=zmq.Again())))
    node.out = [("up", envelope)]
    traffic.send()

    assert (node.resets, node.absent, traffic.ungreeted) == (resets, absent, set(absent))


def test_a_message_that_cannot_be_written_down_ends_its_connection():
    """It is counted, and the receiver comes again."""
    traffic = Traffic(node := Recorder(), Sockets(up=Socket()))
    node.out = [("up", Envelope((1, 2), 3, messages.Ack("a", (0, 0, 1), (0, 2**70))))]
    traffic.send()

    assert traffic.unsendable == 1
    assert node.resets == ["up"]


def test_of_a_message_with_too_many_parts_none_beyond_is_kept():
    """It is read to its end and counted; libzmq knows no limit."""
    up = Socket([[*one(PING), *[b"x"] * 10_000], one(PING)])
    frames, count = received(up)
    traffic = Traffic(node := Recorder(), Sockets(up=up))
    traffic.receive({up}, 0.0)

    assert (len(frames), count) == (MAX_PARTS + 2, 10_001)
    assert [body for _, body in node.heard] == [PING.body]

    up = Socket([[*one(PING), *[b"x"] * MAX_PARTS]])
    traffic = Traffic(node := Recorder(), Sockets(up=up))
    traffic.receive({up}, 0.0)

    assert (traffic.rejected, node.heard) == (1, [])


@pytest.mark.parametrize(
    ("envelope", "user", "keys", "stranger"),
    [
        (PING, "key", {"key": ["score"]}, None),
        (HELLO, "key", {"key": ["score"]}, None),
        (HELLO, "key", {"key": ["archive", "score"]}, None),
        (HELLO, "key", {"key": ["archive"]}, "score.0 with the key of another stage"),
        (PING, "key", {"key": []}, "somebody whose key was taken away"),
        (PING, "key", {}, "somebody whose key was taken away"),
        (PING, None, {"key": ["score"]}, "somebody whose key was taken away"),
    ],
)
def test_whose_key_a_message_came_with_is_looked_at_each_time(envelope, user, keys, stranger):
    """A key counts while it is there, and only for its own stage; whoever has none is let go of."""
    router = Socket([[b"\x01\xff", *one(envelope)]], user=user)
    traffic = Traffic(node := Recorder(), Sockets(router, keys))
    traffic.receive({router}, 0.0)

    assert dict(traffic.strangers) == ({} if stranger is None else {stranger: 1})
    assert [peer for peer, _ in node.heard] == ([] if stranger else ["01ff"])
    assert node.resets == (["01ff"] if stranger else [])
    assert traffic.rejected == 0


def test_a_greeting_behind_other_bodies_needs_its_key_too():
    """Nobody says to be of another stage in the middle of a message."""
    (parts,) = encode([PING, Envelope(PING.connection, PING.number + 1, HELLO.body)])
    router = Socket([[b"\x01\xff", *parts]], user="key")
    traffic = Traffic(node := Recorder(), Sockets(router, {"key": ["archive"]}))
    traffic.receive({router}, 0.0)

    assert dict(traffic.strangers) == {"score.0 with the key of another stage": 1}
    assert (node.heard, node.resets) == ([], ["01ff"])
