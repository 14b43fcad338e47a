import socket

import pytest
import zmq

from keepframe.wire.handshakes import VISITORS, Handshakes


@pytest.fixture
def watched():
    """A ROUTER whose handshakes are watched, with its port."""
    context = zmq.Context()
    router, handshakes = context.socket(zmq.ROUTER), Handshakes()
    router.setsockopt(zmq.CURVE_SERVER, 1)
    router.setsockopt(zmq.CURVE_SECRETKEY, zmq.curve_keypair()[1])
    router.setsockopt(zmq.HANDSHAKE_IVL, 100)
    handshakes.watch(router, VISITORS)
    yield handshakes, router, router.bind_to_random_port("tcp://127.0.0.1")
    handshakes.close()
    context.destroy(linger=0)


def failures(handshakes):
    """Wait until a handshake has failed; how."""
    monitor, _ = next(iter(handshakes._monitors.values()))
    assert monitor.poll(10_000)
    handshakes.read()
    return dict(handshakes.failed), dict(handshakes.last)


def test_whoever_says_nothing_is_counted(watched):
    """Shown out after a while."""
    handshakes, _, port = watched
    with socket.create_connection(("127.0.0.1", port)):
        counts, last = failures(handshakes)

    assert counts == {(VISITORS, "went away in the middle, or said nothing"): 1}
    assert last == {VISITORS: "went away in the middle, or said nothing"}


def test_whoever_has_no_key_is_counted(watched):
    """It speaks ZeroMQ, but not with keys."""
    handshakes, router, port = watched
    stranger = router.context.socket(zmq.DEALER)
    stranger.connect(f"tcp://127.0.0.1:{port}")
    counts, _ = failures(handshakes)
    stranger.close(linger=0)

    assert {who for who, _ in counts} == {VISITORS}
    assert any("has no key" in why for _, why in counts)


def test_a_socket_that_is_let_go_is_not_watched(watched):
    """It can be closed then, and what was last known of it is forgotten."""
    handshakes, router, _ = watched
    handshakes.last[VISITORS] = "refuses the key"
    handshakes.let_go(router)
    handshakes.let_go(router)
    handshakes.read()

    assert (handshakes.last, handshakes._monitors) == ({}, {})
