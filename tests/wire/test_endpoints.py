import os
import stat
from pathlib import Path

import pytest
import zmq

from keepframe.wire.endpoints import Endpoints, guard


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
