"""What must not get in, tried on real sockets over loopback: strangers, false names, junk, floods. Each time the others go on."""

import contextlib
import itertools
import resource
import socket
import threading

import pytest
import zmq
from samples import one

from keepframe.wire import endpoints, messages
from keepframe.wire.endpoints import Endpoints
from keepframe.wire.keys import Keys, new_pair
from keepframe.wire.link import Node
from keepframe.wire.messages import Envelope
from keepframe.wire.shell import Shell

WITHIN_S = 20
HELLO = one(Envelope(None, 0, messages.Hello(7, "score.9", is_ready=True, pipeline="p")))


class Recorder(Node):
    """A node that writes down what it is told."""

    def __init__(self, name, uppers=(), lowers=()):
        super().__init__(name, uppers, lowers, ["a"], itertools.count(1).__next__, "p")
        self.heard = []

    def on_ack(self, peer, m):
        self.heard.append(m.taken)


@pytest.fixture
def address():
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def folder(tmp_path):
    """Keys of all stages."""
    for stage in ("preprocess", "score", "watch", "archive"):
        new_pair(tmp_path, stage)
    return tmp_path


@pytest.fixture
def shells():
    """Start shells; those that still run are stopped in the end, and none has failed."""
    started = []

    def start(shell):
        started.append(shell)
        shell.start()
        return shell

    yield start
    for shell in started:
        if shell._wake >= 0:
            shell.stop()
    assert [shell.failure for shell in started if shell.failure] == []


@pytest.fixture
def sender(address, folder, shells):
    """A preprocess process, from which score and watch may get frames."""
    keys = Keys(folder, "preprocess", ["score", "watch"])
    return shells(Shell(Recorder("preprocess.0", lowers=["score", "watch"]), address, {}, (), keys))


@pytest.fixture
def open_sender(address, shells):
    """One that has no keys: whoever reaches it can speak to it."""
    return shells(Shell(Recorder("preprocess.0", lowers=["score"]), address, {}))


@pytest.fixture
def stranger(address):
    """Make sockets of somebody who says HELLO, with these keys or without; they are closed in the end."""
    context, made = zmq.Context(), []

    def make(server=None, pair=None, identity=None):
        dealer = context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.RECONNECT_IVL, 50)
        if server is not None:
            dealer.setsockopt(zmq.CURVE_SERVERKEY, server)
            dealer.setsockopt(zmq.CURVE_PUBLICKEY, pair[0])
            dealer.setsockopt(zmq.CURVE_SECRETKEY, pair[1])
        if identity is not None:
            dealer.setsockopt(zmq.ROUTING_ID, identity)
        dealer.connect(address)
        dealer.send_multipart(HELLO)
        made.append(dealer)
        return dealer

    yield make
    context.destroy(linger=0)


def wait_until(shell, is_so):
    """Wait until something holds of a shell; looked at after every turn of its thread."""
    with shell.condition:
        assert shell.condition.wait_for(is_so, WITHIN_S)


def receiver(shells, address, folder=None, stage="score", name="score.0"):
    """A replica of a stage that connects; with its key, or with none."""
    upper = f"preprocess@{address}"
    keys = Keys(folder, stage) if folder is not None else None
    return shells(Shell(Recorder(name, [upper]), None, {upper: address}, (), keys))


def goes_on(sender, shells, address, folder=None):
    """A receiver with the right key, if any, gets a link, and is heard."""
    score = receiver(shells, address, folder, name="score.1")
    wait_until(sender, lambda: "score.1" in sender.node.ready_replicas("score") or "score.1" in names(sender))
    port = f"preprocess@{address}"
    wait_until(score, lambda: score.node.ports[port].is_up)
    with score.turn():
        score.node.send(port, messages.Ack("a", (0, 0, 1), (5, 5)))
    wait_until(sender, lambda: (5, 5) in sender.node.heard)
    assert sender.failure is None
    return True


def names(shell):
    """Who has a link to it."""
    return [port.name for port in shell.node.ports.values()]


def pair_of(folder, name):
    """A pair of keys from its files."""
    return tuple((folder / f"{name}.{kind}").read_bytes().strip() for kind in ("public", "secret"))


def test_a_wrong_key_stays_outside(sender, address, folder, shells, stranger):
    """Whoever knows the sender's public key is still nobody."""
    stranger(pair_of(folder, "preprocess")[0], zmq.curve_keypair())
    wait_until(sender, lambda: sender.strangers()["an unknown key from 127.0.0.1"])

    assert names(sender) == []
    assert goes_on(sender, shells, address, folder)


def test_no_key_stays_outside(sender, address, folder, shells, stranger):
    """Plain ZeroMQ does not come past the greeting."""
    stranger()
    wait_until(sender, lambda: sum(sender.strangers().values()))

    assert names(sender) == []
    assert goes_on(sender, shells, address, folder)


def test_a_key_of_a_stage_that_has_no_business_here_stays_outside(sender, address, folder, shells):
    """The archive gets its frames from elsewhere."""
    archive = receiver(shells, address, folder, stage="archive", name="archive.0")
    wait_until(sender, lambda: sender.strangers()["an unknown key from 127.0.0.1"])
    wait_until(archive, archive.unmet)

    assert archive.unmet() == [f"preprocess@{address} refuses the key"]
    assert names(sender) == []
    assert goes_on(sender, shells, address, folder)


def test_a_right_key_with_another_stages_name_is_not_believed(sender, address, folder, shells):
    """The key says which stage it is of."""
    receiver(shells, address, folder, stage="watch", name="score.0")
    wait_until(sender, lambda: sender.strangers()["score.0 with the key of another stage"])

    assert names(sender) == []
    assert goes_on(sender, shells, address, folder)


def test_a_key_that_is_taken_away_is_out_at_its_next_message(sender, address, folder, shells):
    """Without a restart of anybody; whoever has another key of the stage goes on."""
    receiver(shells, address, folder)
    wait_until(sender, lambda: "score.0" in names(sender))
    new_pair(folder, "score.2")
    (folder / "score.public").unlink()
    wait_until(sender, lambda: sender.strangers()["somebody whose key was taken away"])

    assert names(sender) == []
    assert goes_on(sender, shells, address, folder)


def test_a_sender_whose_key_is_taken_away_is_left(sender, address, folder, shells):
    """The other way round: frames of a machine that counts no more are not taken."""
    score = receiver(shells, address, folder)
    port = f"preprocess@{address}"
    wait_until(score, lambda: score.node.ports[port].is_up)
    (folder / "preprocess.public").unlink()
    wait_until(score, lambda: port not in score.node.ports)

    assert score.failure is None


def test_a_sender_with_a_new_key_is_found(address, folder, shells, monkeypatch):
    """While both its public keys are known each is tried; no receiver is restarted."""
    monkeypatch.setattr("keepframe.wire.renewal.FIRST_S", 0.2)
    old = Keys(folder, "preprocess", ["score"])
    new_pair(folder / "new", "preprocess.2027")
    (folder / "new" / "preprocess.2027.public").rename(folder / "preprocess.2027.public")
    first = Shell(Recorder("preprocess.0", lowers=["score"]), address, {}, (), old)
    first.start()
    score = receiver(shells, address, folder)
    port = f"preprocess@{address}"
    wait_until(score, lambda: score.node.ports[port].is_up)
    first.stop()
    wait_until(score, lambda: not score.node.ports[port].is_up)
    (folder / "new" / "preprocess.2027.secret").rename(folder / "preprocess.2027.secret")
    new = Keys(folder, "preprocess", ["score"])
    shells(Shell(Recorder("preprocess.0", lowers=["score"]), address, {}, (), new))
    wait_until(score, lambda: score.node.ports[port].is_up)

    assert new.public != old.public


def test_both_ends_take_up_new_keys_without_a_restart(sender, address, folder, shells, monkeypatch):
    """First the public keys are there, then the secret ones, then the old ones go; the link begins anew under the new keys."""
    monkeypatch.setattr("keepframe.wire.renewal.FIRST_S", 0.5)
    score, port = receiver(shells, address, folder), f"preprocess@{address}"
    wait_until(score, lambda: score.node.ports[port].is_up)
    for stage in ("preprocess", "score"):
        new_pair(folder, f"{stage}.2027")
    wait_until(score, lambda: not score.node.ports[port].is_up)
    wait_until(score, lambda: score.node.ports[port].is_up)
    for old in (*folder.glob("preprocess.[sp]*"), *folder.glob("score.[sp]*")):
        old.unlink()

    assert goes_on(sender, shells, address, folder)
    assert score.node.ports[port].is_up
    assert sender._endpoints.keys.public == pair_of(folder, "preprocess.2027")[0]
    assert score._endpoints.keys.public == pair_of(folder, "score.2027")[0]


@pytest.mark.parametrize("is_alive", [True, False])
def test_with_nobody_at_the_door_nobody_gets_in(address, folder, stranger, is_alive):
    """Also with the right key: libzmq alone would let everybody in where nobody answers."""
    ends = Endpoints(address, {}, Keys(folder, "preprocess", ["score"]))
    if not is_alive:
        ends.door.socket.close()
    stranger(ends.keys.public, pair_of(folder, "score"))
    came = False
    for _ in range(20):
        came = came or bool(ends.router.poll(100))
        if is_alive:
            ends.door.answer()
        if came:
            break
    ends.close()

    assert came is is_alive


def test_an_unkeyed_door_is_never_bound_with_keys(address, folder):
    """Each of the three options that keep strangers out stands on the socket."""
    ends = Endpoints(address, {}, Keys(folder, "preprocess"))
    options = [ends.router.getsockopt(o) for o in (zmq.CURVE_SERVER, zmq.ZAP_DOMAIN, zmq.ZAP_ENFORCE_DOMAIN)]
    ends.close()

    assert options[0] == options[2] == 1
    assert options[1]


@pytest.mark.parametrize("is_keyed", [True, False])
def test_a_web_browser_harms_nobody(request, address, folder, shells, is_keyed):
    """With keys it is shown out; without, libzmq takes it for a peer of long ago whose messages make no sense."""
    sender = request.getfixturevalue("sender" if is_keyed else "open_sender")
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as browser:
        browser.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        browser.settimeout(WITHIN_S if is_keyed else 0.5)
        with contextlib.suppress(ConnectionError, TimeoutError if not is_keyed else ConnectionError):
            while browser.recv(1000):
                pass

        assert goes_on(sender, shells, address, folder if is_keyed else None)
    assert names(sender) == ["score.1"]


def test_a_silent_connection_is_shown_out(request, address, folder, shells, monkeypatch):
    """After HANDSHAKE_IVL, here a short one."""
    monkeypatch.setitem(endpoints.TCP_OPTIONS, zmq.HANDSHAKE_IVL, 300)
    sender = request.getfixturevalue("sender")
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as silent:
        silent.settimeout(WITHIN_S)
        with contextlib.suppress(ConnectionError):
            while silent.recv(1000):
                pass
    wait_until(sender, lambda: sender.strangers()["a visitor who went away in the middle, or said nothing"])

    assert goes_on(sender, shells, address, folder)


def test_a_copied_identity_takes_no_link_over(sender, address, folder, shells, stranger):
    """While the first is there the second is ignored; what it sends is nobody's."""
    score = receiver(shells, address, folder)
    wait_until(sender, lambda: "score.0" in names(sender))
    (peer,) = [peer for peer, port in sender.node.ports.items() if port.name == "score.0"]
    connection = sender.node.ports[peer].connection
    copy = stranger(pair_of(folder, "preprocess")[0], pair_of(folder, "score"), bytes.fromhex(peer))
    copy.send_multipart(one(Envelope(connection, 2, messages.Ack("a", (0, 0, 1), (9, 9)))))

    assert goes_on(sender, shells, address, folder)
    assert sender.node.ports[peer].connection == connection
    assert (9, 9) not in sender.node.heard
    assert score.node.ports[f"preprocess@{address}"].is_up


def test_a_replayed_identity_begins_anew(sender, address, folder, shells, stranger):
    """Somebody who comes under the identity of one who has left cannot go on with its connection."""
    score = receiver(shells, address, folder)
    wait_until(sender, lambda: "score.0" in names(sender))
    (peer,) = [peer for peer, port in sender.node.ports.items() if port.name == "score.0"]
    connection = sender.node.ports[peer].connection
    score.stop()
    replayed = stranger(pair_of(folder, "preprocess")[0], pair_of(folder, "score"), bytes.fromhex(peer))
    for number in range(1, 30):
        replayed.send_multipart(one(Envelope(connection, number, messages.Ack("a", (0, 0, 1), (9, 9)))))
    wait_until(sender, lambda: "score.9" in names(sender))

    assert goes_on(sender, shells, address, folder)
    assert (9, 9) not in sender.node.heard
    assert sender.node.ports[peer].connection != connection


def test_an_oversized_part_costs_its_sender_the_connection(request, address, shells, monkeypatch, stranger):
    """It is not even taken in; here with a small limit."""
    monkeypatch.setitem(endpoints.TCP_OPTIONS, zmq.MAXMSGSIZE, 1 << 20)
    sender = request.getfixturevalue("open_sender")
    big = stranger()
    wait_until(sender, lambda: "score.9" in names(sender))
    big.send_multipart([*HELLO, bytes(2 << 20)])
    wait_until(sender, lambda: sum(port.name == "score.9" for port in sender.node.ports.values()) == 0)

    assert sender.traffic.rejected == 0
    assert goes_on(sender, shells, address)


def test_a_message_of_very_many_parts_is_counted_and_forgotten(open_sender, address, shells, stranger):
    """Nothing of it is kept, and the next message is heard."""
    many = stranger()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    many.send_multipart([*HELLO, *[b"x"] * 50_000])
    many.send_multipart([b"x"] * 40)
    wait_until(open_sender, lambda: open_sender.traffic.rejected == 2)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    assert goes_on(open_sender, shells, address)
    assert grown_mb < 100  # both ends are this process, and libzmq holds what is on its way


@pytest.mark.slow
def test_five_hundred_connections_leave_room_for_the_right_one(sender, address, folder, shells):
    """Strangers who hold the line open."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit[1] < 4096:
        pytest.skip(f"needs 4096 open files, {limit[1]} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(4096, limit[0]), limit[1]))
    threads = threading.active_count()
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        for _ in range(600):
            stack.enter_context(socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))))

        assert goes_on(sender, shells, address, folder)
        assert names(sender) == ["score.1"]
        assert threading.active_count() < threads + 6
