import json
import os
import signal

import pytest

from keepframe.errors import ConfigError
from keepframe.picture.slots import Slots
from keepframe.run import process as module
from keepframe.run.control import Control, pair
from keepframe.run.process import Process, new_nonce, opened
from keepframe.wire.keys import new_pair
from keepframe.wire.port import Port
from keepframe.wire.relay import RelayNode

SCALED = "[stages.preprocess]\nreplicas = 2\n"


class Plain(Process):
    """It does nothing, and notes what it is asked."""

    def __init__(self, seat):
        self.asked = []
        super().__init__(
            seat, RelayNode(seat.name, seat.uppers, ["archive"], list(seat.pipeline.cameras), new_nonce)
        )

    def leave(self):
        super().leave()
        self.asked.append("leave")

    def suspect(self, at, killed):
        self.asked.append(("suspect", at, killed))


@pytest.fixture
def process(seat, monkeypatch):
    """A replica of `score`; it exits by an exception."""

    def leave_now(code):
        raise SystemExit(code)

    monkeypatch.setattr(module.os, "_exit", leave_now)
    known = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    made = Plain(seat("score.0", SCALED))
    yield made
    for number, handler in known.items():
        signal.signal(number, handler)
    if made.shell._wake >= 0:
        made.shell.stop()


@pytest.fixture
def supervised(process):
    """The process with a line to a supervisor; gives the supervisor's end."""
    ours, fd = pair()
    process.control = Control(fd)
    yield ours
    ours.close()
    process.control._socket.close()


def until(process, is_so):
    """Wait until something holds, which the link's thread brings about."""
    with process.shell.condition:
        return process.shell.condition.wait_for(is_so, 10)


def test_a_seat_knows_its_stage_and_its_neighbours(seat):
    """Every replica of every stage above; the address of any process."""
    score, capture = (
        seat("score.1", SCALED),
        seat("capture.front-door", '[cameras.front-door]\nsource = "synthetic"\n'),
    )

    assert (score.stage, score.uppers) == ("score", ["preprocess.0", "preprocess.1"])
    assert (capture.stage, capture.uppers) == ("capture", [])
    assert score.address_of("archive.0") == f"ipc://{score.folder}/archive.0"
    assert score.read_stores() == []


def test_it_is_ready_and_tells_of_itself(process, supervised):
    """First that it is ready, then regularly how it is, whatever its worker does."""
    with process.serving(), supervised.makefile("rb") as told:
        first, second = json.loads(told.readline()), json.loads(told.readline())

    assert first == {"event": "ready"}
    assert second == {"event": "status", "rejected": 0, "refused": [], "missing": [], "is_leaving": False}


def test_it_does_what_its_supervisor_says(process, supervised):
    """One command after the other; it leaves once, however often it is told."""
    order = {"do": "suspect", "stream": 3, "seq": 57, "killed": "score"}
    with process.serving():
        for command in ({"do": "drain"}, {"do": "dance"}, {}, {"do": "drain"}, order):
            supervised.sendall(json.dumps(command).encode() + b"\n")
        has_heard = until(process, lambda: len(process.asked) == 2)

    assert has_heard
    assert process.asked == ["leave", ("suspect", (3, 57), "score")]


def test_processes_that_come_and_go_above_are_connected_and_let_go(process):
    """Scaled up and down; those of other stages stay, and telling it twice is no harm."""
    known = [sorted(process.node.ports)]
    for names in (["preprocess.0", "preprocess.2"], ["preprocess.0", "preprocess.2"], ["preprocess.2"]):
        process._on_command({"do": "uppers", "stage": "preprocess", "names": names})
        known.append(sorted(process.node.ports))
    process._on_command({"do": "uppers", "stage": "elsewhere", "names": []})

    assert known == [
        ["preprocess.0", "preprocess.1"],
        *[["preprocess.0", "preprocess.2"]] * 2,
        ["preprocess.2"],
    ]
    assert sorted(process.shell._endpoints.dealers) == sorted(process.node.ports) == ["preprocess.2"]


def test_a_process_on_a_network_is_known_by_where_it_is(seat):
    """Its own machine's replicas have a name of their site, so that two machines' are not taken for one; an archive has not."""
    text = (
        "[cameras.a]\nsource = 'synthetic'\n[cameras.b]\nsource = 'synthetic'\n"
        "[stages.capture]\nlisten = 'tcp://127.0.0.1:7601'\n[stages.score]\nlisten = 'tcp://127.0.0.1:7611'\n"
    )
    preprocess, archive = (seat(name, text, site="1a2b3c") for name in ("preprocess.0", "archive.0"))

    assert (preprocess.wire_name, preprocess.uppers) == ("preprocess.0-1a2b3c", [])
    assert sorted(preprocess.finder().found()) == ["capture@127.0.0.1:7601", "capture@127.0.0.1:7602"]
    assert (archive.wire_name, list(archive.finder().found())) == ("archive.0", ["score@127.0.0.1:7611"])
    assert preprocess.listens_at() == f"ipc://{preprocess.folder}/preprocess.0"
    assert seat("capture.b", text).listens_at() == "tcp://127.0.0.1:7602"
    assert archive.wire_name_of("score.0") == "score.0"


def test_places_on_a_network_come_and_go(seat):
    """Scaled, it looks at more ports; what is found no more is let go of unless it answers."""
    plain = Plain(seat("score.0", "[stages.preprocess]\nlisten = 'tcp://127.0.0.1:7699'\n"))
    places = [f"preprocess@127.0.0.1:{port}" for port in (7699, 7700)]
    known = [sorted(plain.node.ports)]
    for names, is_up in ((["x", "y"], False), (["x"], True), (["x"], False)):
        plain._on_command({"do": "uppers", "stage": "preprocess", "names": names})
        plain.node.ports[places[1]] = plain.node.ports.get(places[1], Port(places[1], is_receiver=True))
        plain.node.ports[places[1]].connection = (1, 2) if is_up else None
        plain._follow()
        known.append(sorted(plain.node.ports))
    plain.shell.stop()

    assert known == [places[:1], places, places, places[:1]]
    assert list(plain.shell._endpoints.dealers) == places[:1]


def test_keys_are_needed_where_there_is_a_network(seat, tmp_path):
    """Of itself and its neighbours there; a process whose neighbours are all on the machine needs none, nor one without keys."""
    text = "[cameras.a]\nsource = 'synthetic'\n[stages.score]\nlisten = 'tcp://127.0.0.1:7611'\n"
    folder = tmp_path / "keys"
    for stage in ("score", "archive"):
        new_pair(folder, stage)
    keyed = f"keys = '{folder}'\n{text}"

    assert seat("score.0", text).keys() is None
    assert seat("preprocess.0", keyed).keys() is None
    assert seat("score.0", keyed).keys().stages_of((folder / "archive.public").read_text().strip())
    assert seat("archive.0", keyed).keys().publics("score")

    (folder / "score.public").unlink()
    with pytest.raises(ConfigError, match=r"score\.public: missing"):
        seat("archive.0", keyed).keys()


def test_why_there_is_no_link_is_logged_once_for_as_long_as_it_is_so(process, caplog):
    """A process that nobody supervises has no other way to say it."""
    refusals, now = process.node.refusals, process.node.now
    shown = []
    for change in (
        {"preprocess.0": "runs another"},
        {},
        {"preprocess.1": "a stranger"},
        None,
        {"preprocess.0": "runs another"},
    ):
        for name in ("preprocess.0", "preprocess.1") if change is None else ():
            refusals.settle(name)
        for name, why in (change or {}).items():
            refusals.add(name, why, now)
        shown.append(process.status()["refused"])

    assert shown == [["runs another"], ["runs another"], ["runs another", "a stranger"], [], ["runs another"]]
    assert [(r.msg, r.fields["why"]) for r in caplog.records] == [
        ("no-link", "runs another"),
        ("no-link", "a stranger"),
        ("no-link", "runs another"),
    ]


def test_connections_to_a_dead_process_are_forgotten(process):
    """The supervisor knows it before the silence tells."""
    forgotten = []
    process.node.forget = forgotten.append
    process._on_command({"do": "forget", "name": "preprocess.0"})

    assert forgotten == ["preprocess.0"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_it_to_leave(process, number):
    """In a turn of the link's thread, where nothing is half-done."""
    with process.serving():
        os.kill(os.getpid(), number)
        has_heard = until(process, lambda: process.asked)

    assert has_heard
    assert process.asked == ["leave"]
    assert process.is_leaving


def test_the_second_signal_leaves_at_once(process):
    """Whatever is under way; nothing is lost by it."""
    with process.serving():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(SystemExit) as left:
            signal.raise_signal(signal.SIGTERM)

    assert left.value.code == 130


def test_one_whose_supervisor_is_gone_leaves_at_once(process, supervised):
    """Found at the latest when it next wants to tell of itself."""
    supervised.close()
    process.control.read(process._on_command)

    with pytest.raises(SystemExit) as left:
        process._on_tick()
    assert left.value.code == 130


def test_the_sockets_are_closed_at_the_end(process):
    """Also after an error, so that the next life can listen there."""

    def work():
        with process.serving():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    again = Plain(process.seat)
    again.shell.stop()

    assert again.seat.address_of("score.0") == process.seat.address_of("score.0")


def test_a_second_process_of_a_name_is_refused(process):
    """Two that listen on one address would each get half."""
    with pytest.raises(OSError, match="another process listens"):
        Plain(process.seat)


def test_nonces_differ_and_fit_into_a_message():
    """62 bits, so that no sign gets in the way anywhere."""
    nonces = {new_nonce() for _ in range(1000)}

    assert len(nonces) == 1000
    assert all(0 <= nonce < 2**62 for nonce in nonces)
    assert max(nonces) > 2**52


def test_an_inherited_store_is_let_go_of_under_its_number():
    """What a stage starts must not inherit it; also if it is no store at all."""
    fd, empty = Slots.create(1 << 16, 4), os.memfd_create("none")
    store = opened(Slots, fd)
    with pytest.raises((ValueError, OSError)):
        opened(Slots, empty)

    for number in (fd, empty):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(number)
    assert store.id
