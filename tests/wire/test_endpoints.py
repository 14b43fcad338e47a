import os
import socket
import stat
from pathlib import Path

import pytest
import zmq

from keepframe.wire.endpoints import Endpoints, guard
from keepframe.wire.keys import Keys, new_pair


def fds():
    """The file descriptors of this process."""
    return {fd.name for fd in Path("/proc/self/fd").iterdir()}


@pytest.fixture
def address(tmp_path, monkeypatch):
    """A short ipc address: a socket's path holds about a hundred bytes."""
    monkeypatch.chdir(tmp_path)
    return "ipc://preprocess.0"


def test_everything_is_closed_again(address):
    """Sockets, the context's own descriptors and the lock are gone after close()."""
    Endpoints(None, {}).close()  # what zmq opens once for good
    before = fds()
    ends = Endpoints(address, {"capture.a": "ipc://capture.a"})

    assert fds() > before

    ends.close()

    assert fds() == before


def test_a_second_binder_of_a_path_is_refused(address):
    """Libzmq would take the path over from a living process without a word."""
    first = Endpoints(address, {})
    before = fds()
    with pytest.raises(OSError, match=r"another process listens on preprocess\.0; end it first"):
        Endpoints(address, {})

    assert fds() == before

    first.close()
    Endpoints(address, {}).close()


def test_a_path_that_cannot_be_bound_leaves_nothing_open(tmp_path, monkeypatch):
    """An address that does not work is an error, and no descriptor stays behind."""
    monkeypatch.chdir(tmp_path)
    Endpoints(None, {}).close()
    before = fds()
    with pytest.raises((OSError, zmq.ZMQError)):
        Endpoints("ipc://no/such/folder", {})
    with pytest.raises((OSError, zmq.ZMQError)):
        Endpoints("carrier-pigeon://x", {})

    assert fds() == before


def test_the_lock_is_its_owners_alone(address):
    """Others of the machine can neither read nor hold it."""
    fd = guard(address)
    mode = stat.S_IMODE(os.fstat(fd).st_mode)
    os.close(fd)

    assert mode == 0o600
    assert guard("tcp://127.0.0.1:9") == -1


def test_no_limit_of_a_socket_is_the_policy(address):
    """Credit bounds what is on its way; a high-water mark would drop frames or block the thread."""
    ends = Endpoints(address, {"capture.a": "ipc://capture.a"})
    dealer = ends.dealers["capture.a"]

    assert [s.getsockopt(o) for s in (ends.router, dealer) for o in (zmq.SNDHWM, zmq.RCVHWM)] == [0] * 4
    assert dealer.getsockopt(zmq.IMMEDIATE) == 1
    assert len(dealer.getsockopt(zmq.ROUTING_ID)) == 9

    ends.close()


def test_another_sender_comes_and_goes(address):
    """Connections are made and ended while the process runs."""
    ends = Endpoints(None, {})
    before = fds()
    first = ends.connect("capture.b", "ipc://capture.b")

    assert ends.dealers == {"capture.b": first}

    ends.disconnect("capture.b")

    assert ends.dealers == {}
    assert first.closed
    assert before <= fds()

    ends.close()


def free_port():
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_connection_over_a_network_begins_anew_as_another_peer():
    """What a cut has left of the old one cannot lock it out; one in the machine's folder needs none of that."""
    ends = Endpoints(None, {"score@x": f"tcp://127.0.0.1:{free_port()}", "capture.a": "ipc://capture.a"})
    before = ends.dealers["score@x"]
    identity = before.getsockopt(zmq.ROUTING_ID)
    after = ends.renewed("score@x")

    assert before.closed
    assert ends.dealers["score@x"] is after
    assert after.getsockopt(zmq.ROUTING_ID) != identity
    assert ends.distant == ["score@x"]

    ends.close()


def test_who_has_not_answered_is_tried_less_often():
    """After a lost link somebody may be back at once; where a key is wrong every try is let in and cut, and the next one is the first again."""
    ends = Endpoints(None, {"score@x": f"tcp://127.0.0.1:{free_port()}"})
    pauses_ms = [ends.dealers["score@x"].getsockopt(zmq.RECONNECT_IVL)]
    pauses_ms += [
        ends.renewed("score@x", is_unanswered=is_unanswered).getsockopt(zmq.RECONNECT_IVL)
        for is_unanswered in (False, True, False)
    ]
    ends.close()

    assert pauses_ms == [10, 10, 100, 10]


def test_a_port_that_is_taken_is_told():
    """With its address, and what may be the matter; nothing stays open."""
    address = f"tcp://127.0.0.1:{free_port()}"
    first = Endpoints(address, {})
    before = fds()
    with pytest.raises(
        OSError, match=f"cannot listen on {address}: Address already in use; is there another"
    ):
        Endpoints(address, {})

    assert fds() == before

    first.close()


def test_whoever_is_silent_or_gone_is_noticed_over_a_network():
    """Both ends look; a stranger's handshake, a part's size and what waits to be read have limits."""
    ends = Endpoints(f"tcp://127.0.0.1:{free_port()}", {"score@x": f"tcp://[::1]:{free_port()}"})
    for socket_ in ends.sockets:
        assert 0 < socket_.getsockopt(zmq.HEARTBEAT_IVL) < socket_.getsockopt(zmq.HEARTBEAT_TIMEOUT) <= 6000
        assert 0 < socket_.getsockopt(zmq.HANDSHAKE_IVL) <= 5000
        assert 0 < socket_.getsockopt(zmq.MAXMSGSIZE) <= 1 << 30
        assert socket_.getsockopt(zmq.RCVHWM) == 1000
        assert socket_.getsockopt(zmq.SNDHWM) == 0

    assert [socket_.getsockopt(zmq.IPV6) for socket_ in ends.sockets] == [0, 1]

    ends.close()


def test_a_new_secret_key_is_taken_up_at_the_same_port(tmp_path):
    """Who believes in the new key gets in; asked again until the port is free, and once more to no effect."""
    for name in ("preprocess", "score"):
        new_pair(tmp_path, name)
    address = f"tcp://127.0.0.1:{free_port()}"
    ends = Endpoints(address, {}, Keys(tmp_path, "preprocess", ["score"]))

    assert not ends.rekeyed()

    new_pair(tmp_path, "preprocess.2027")
    ends.keys.refresh()

    assert ends.rekeyed()

    other = Endpoints(None, {"preprocess.0": address}, Keys(tmp_path, "score"))
    for _ in range(200):
        ends.door.answer()
        assert not ends.rekeyed()
        if other.dealers["preprocess.0"].poll(50, zmq.POLLOUT):
            break
    other.dealers["preprocess.0"].send(b"hello")
    came = ends.router.poll(5000)
    other.close()
    ends.close()

    assert came


def test_a_port_that_somebody_takes_while_the_key_changes_is_told_until_it_is_free(tmp_path):
    """Nobody can come meanwhile, which is nothing to be silent about; it is tried again and again."""
    for name in ("preprocess", "score"):
        new_pair(tmp_path, name)
    address = f"tcp://127.0.0.1:{free_port()}"
    ends = Endpoints(address, {}, Keys(tmp_path, "preprocess", ["score"]))
    new_pair(tmp_path, "preprocess.2027")
    ends.keys.refresh()
    ends.rekeyed()
    with zmq.Context() as context, context.socket(zmq.ROUTER) as thief:
        for _ in range(200):  # the port is free some milliseconds after it was left
            try:
                thief.bind(address)
                break
            except zmq.ZMQError:
                thief.poll(50)
        ends.rekeyed()
        told = ends.troubles
    for _ in range(200):
        ends.rekeyed()
        if not ends.troubles:
            break
        ends.router.poll(50)
    told_later = ends.troubles
    ends.close()

    assert told == [
        f"nobody can come under the new key: cannot listen on {address}: Address already in use; "
        "is there another process, or is it no address of this machine?"
    ]
    assert told_later == []
