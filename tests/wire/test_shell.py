import itertools
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import zmq

from keepframe.frame import Frame, Item
from keepframe.picture import Picture
from keepframe.wire import messages
from keepframe.wire import shell as module
from keepframe.wire.link import Node
from keepframe.wire.shell import Shell

WITHIN_S = 20
SENDER = "ipc://preprocess.0"


class Recorder(Node):
    """A node that writes down what it is told."""

    def __init__(self, name, uppers, lowers, nonce=None):
        super().__init__(name, uppers, lowers, ["a"], nonce or itertools.count(1).__next__, "p")
        self.heard = []

    def on_frame(self, peer, m):
        self.heard.append(m.item)

    def on_ack(self, peer, m):
        if m.camera == "fail":
            raise ZeroDivisionError("a bug in a node")
        self.heard.append(m.taken)


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Start shells, in a folder whose name is short enough for sockets; all are stopped in the end."""
    monkeypatch.chdir(tmp_path)
    shells = []

    def start(name, *, listen=None, uppers=(), lowers=()):
        shell = Shell(Recorder(name, list(uppers), lowers), listen, dict(uppers))
        shells.append(shell)
        shell.start()
        return shell

    yield start
    for shell in shells:
        if shell._wake >= 0:
            shell.stop()


@pytest.fixture
def sender(started):
    """A process that sends frames to a score stage."""
    return started("preprocess.0", listen=SENDER, lowers=["score"])


def receiver(started):
    """A replica of the score stage."""
    return started("score.0", uppers={"preprocess.0": SENDER})


def wait_until(shell, is_so):
    """Wait until something holds of a shell's node; every message that comes or goes is looked at."""
    with shell.condition:
        assert shell.condition.wait_for(is_so, WITHIN_S)


def connected(sender, shell):
    """Wait until the receiver has been found; its peer."""
    wait_until(sender, lambda: sender.node.choose("a", "score"))
    wait_until(shell, lambda: shell.node.ports["preprocess.0"].is_up)
    return sender.node.choose("a", "score")


def fds():
    """The file descriptors of this process."""
    return {fd.name for fd in Path("/proc/self/fd").iterdir()}


def test_two_processes_exchange_frames_and_acknowledgements(started, sender):
    """Pixels come as they were sent, and what is sent inside a turn goes out by itself."""
    score = receiver(started)
    peer = connected(sender, score)
    pixels = np.arange(600, dtype=np.uint8).reshape(20, 30)
    item = Item((Frame(camera="a", picture=Picture.of(pixels), working=pixels[::2]),))
    with sender.turn():
        sender.node.send(peer, messages.Frame("a", (0, 0, 1), item))
    wait_until(score, lambda: score.node.heard)
    with score.turn():
        score.node.send("preprocess.0", messages.Ack("a", (0, 0, 1), (0, 0)))
    wait_until(sender, lambda: sender.node.heard)
    (frame,) = score.node.heard[0].frames

    assert np.array_equal(frame.picture.gray(), pixels)
    assert np.array_equal(frame.working, pixels[::2])
    assert sender.node.heard == [(0, 0)]
    assert (sender.traffic.rejected, sender.traffic.unsendable) == (0, 0)


def test_a_process_that_comes_later_is_found_at_once(started, monkeypatch):
    """As soon as its socket is there: the next tick would be the one that finds it, and there is none here."""
    monkeypatch.setattr(module, "TICK_S", 3600.0)
    score = receiver(started)
    wait_until(score, lambda: "preprocess.0" in score.traffic.ungreeted)
    connected(started("preprocess.0", listen=SENDER, lowers=["score"]), score)

    assert not score.traffic.ungreeted


def test_a_restarted_process_is_another_peer(started, sender):
    """It has the same name and another identity; its old connection cannot be mistaken for the new one."""
    old = receiver(started)
    first = connected(sender, old)
    old.stop()
    second = connected(sender, receiver(started))

    assert first != second
    assert sender.node.ports[second].name == "score.0"


def test_a_sender_that_is_let_go_when_it_is_just_asked_harms_nobody(started, sender):
    """The HELLO of this turn has nowhere to go; whoever comes from below is served as before."""
    relay = started(
        "score.0", listen="ipc://score.0", uppers={"preprocess.1": "ipc://preprocess.1"}, lowers=["archive"]
    )
    relay.on_tick = lambda: "preprocess.1" in relay.node.ports and relay.disconnect("preprocess.1")
    wait_until(relay, lambda: not relay.node.ports)
    started("archive.0", uppers={"score.0": "ipc://score.0"})
    wait_until(relay, lambda: relay.node.choose("a", "archive"))

    assert relay.failure is None


def test_a_second_process_cannot_take_a_socket_over(started, sender):
    """The living one keeps its receivers; the second one is told, and leaves nothing open."""
    before = fds()
    with pytest.raises(OSError, match=r"another process listens on preprocess\.0"):
        started("preprocess.0", listen=SENDER, lowers=["score"])

    assert fds() == before

    connected(sender, receiver(started))


def test_a_foreign_message_is_counted_and_harms_nobody(started, sender):
    """Whatever a stranger sends, it is not listened to, and the others go on."""
    context = zmq.Context()
    stranger = context.socket(zmq.DEALER)
    stranger.connect(SENDER)
    junk = [[b""], [b"hello"], [b"\xc1", b"x"], [b"x"] * 40, [b"\xdd\xff\xff\xff\xff"], [bytes(5000)]]
    for parts in junk:
        stranger.send_multipart(parts)
    wait_until(sender, lambda: sender.traffic.rejected == len(junk))
    connected(sender, receiver(started))
    context.destroy(linger=0)

    assert sender.failure is None


def test_a_message_that_cannot_be_sent_is_counted_and_ends_its_connection_only(started, sender):
    """It would be a hole in the numbers; the receiver comes again, and the process lives on."""
    score = receiver(started)
    peer = connected(sender, score)
    connection = sender.node.ports[peer].connection
    wrong = Item((Frame(camera="a", notes={"what": object()}),))
    with sender.turn():
        sender.node.send(peer, messages.Frame("a", (0, 0, 1), wrong))
    wait_until(sender, lambda: sender.traffic.unsendable == 1)
    wait_until(sender, lambda: peer in sender.node.ports and sender.node.ports[peer].connection != connection)

    assert sender.failure is None


def test_an_error_in_a_node_is_told_to_the_worker(started, sender):
    """Whichever thread has met it: a process that cannot hear any more must not go on as if it could."""
    score = receiver(started)
    connected(sender, score)
    with score.turn():
        score.node.send("preprocess.0", messages.Ack("fail", (0, 0, 1), (0, 0)))
    told = (ZeroDivisionError, RuntimeError)
    with sender.condition, pytest.raises(told, match=r"a bug in a node|the link thread has failed") as caught:
        sender.wait_for(lambda: False)

    assert isinstance(caught.value.__cause__ or caught.value, ZeroDivisionError)


def test_everything_is_closed_after_stop(tmp_path, monkeypatch):
    """No thread and no descriptor stays behind; a late signal that wakes the shell does no harm."""
    monkeypatch.chdir(tmp_path)
    Shell(Recorder("score.0", [], []), None, {}).stop()  # what zmq opens once for good; never started
    before, threads = fds(), threading.active_count()
    shells = [
        Shell(Recorder("preprocess.0", [], ["score"]), SENDER, {}),
        Shell(Recorder("score.0", ["preprocess.0"], []), None, {"preprocess.0": SENDER}),
    ]
    for shell in shells:
        shell.start()
    connected(*shells)

    assert len(fds()) > len(before)

    for shell in shells:
        shell.stop()
        shell.wake()

    assert fds() == before
    assert threading.active_count() == threads


def test_the_last_messages_go_out_before_the_end(started, sender):
    """A process that leaves says so: what is in the way out when it stops is sent."""
    score = receiver(started)
    connected(sender, score)
    with score.condition:
        score.node.send("preprocess.0", messages.Ack("a", (0, 0, 1), (7, 7)))
    score.stop()
    wait_until(sender, lambda: sender.node.heard)

    assert sender.node.heard == [(7, 7)]


def test_a_watched_descriptor_and_the_clock_are_heard(tmp_path, monkeypatch):
    """The supervisor's line is read inside a turn, and a tick comes whatever the worker is busy with."""
    monkeypatch.chdir(tmp_path)
    fd = os.eventfd(0)
    shell, heard = Shell(Recorder("score.0", [], []), None, {}), []
    shell.watch(fd, lambda: heard.append(os.eventfd_read(fd)))
    shell.on_tick = lambda: heard.append("tick")
    shell.start()
    os.eventfd_write(fd, 5)
    wait_until(shell, lambda: 5 in heard and heard.count("tick") > 1)
    shell.stop()
    os.close(fd)

    assert shell.failure is None


def test_another_sender_is_connected_and_let_go_while_all_runs(started, sender):
    """Replicas come and go: the shell takes their word from a callback."""
    score = started("score.0")
    fd = os.eventfd(0)

    def change():
        os.eventfd_read(fd)
        if "preprocess.0" in score.node.ports:
            score.disconnect("preprocess.0")
        else:
            score.connect("preprocess.0", SENDER)

    with score.turn():
        score.watch(fd, change)
    os.eventfd_write(fd, 1)
    connected_peer = wait_until(sender, lambda: sender.node.choose("a", "score"))
    os.eventfd_write(fd, 1)
    wait_until(score, lambda: not score.node.ports)
    score.stop()
    os.close(fd)

    assert connected_peer is None
    assert score.failure is None
