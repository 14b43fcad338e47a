import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.wire import messages
from keepframe.wire.link import Node
from keepframe.wire.messages import Envelope
from keepframe.wire.port import DEAD_S, FIRST_HELLO_S, PING_S


class Recorder(Node):
    """A node that writes down what it is told."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.heard = []

    def on_ack(self, peer, m):
        self.heard.append(m.taken[1])

    def on_frame(self, peer, m):
        self.heard.append(m)

    def link_down(self, peer):
        self.heard.append(f"down {peer}")

    def replicas_changed(self):
        self.heard.append("changed")


class Pair:
    """A sender and a receiver, and the wire between them in the test's hand."""

    def __init__(self, pipeline="p", name="score.0"):
        nonce = itertools.count(1).__next__
        self.sender = Recorder("preprocess.0", [], ["score"], ["a"], nonce, "p")
        self.receiver = Recorder(name, ["preprocess.0"], [], ["a"], nonce, pipeline)
        self.now = 0.0

    def pump(self, drop=lambda _envelope: False):
        """Carry what is in the way out, until there is no more."""
        while self.sender.out or self.receiver.out:
            for node, other, seen_as in (
                (self.sender, self.receiver, "preprocess.0"),
                (self.receiver, self.sender, "beef"),
            ):
                out, node.out = node.out, []
                for _, envelope in out:
                    if not drop(envelope):
                        other.receive(self.now, seen_as, envelope)

    def tick(self, seconds=0.25, **how):
        self.now += seconds
        self.sender.tick(self.now)
        self.receiver.tick(self.now)
        self.pump(**how)

    @property
    def is_up(self):
        return self.receiver.ports["preprocess.0"].is_up and "beef" in self.sender.ports


@pytest.fixture
def pair():
    """A pair that is connected."""
    pair = Pair()
    pair.tick()
    assert pair.is_up
    for node in (pair.sender, pair.receiver):
        node.heard.clear()
    return pair


def ack(n):
    """A message that can be told from another."""
    return messages.Ack("a", (0, 0, 0), (0, n))


def test_a_receiver_says_hello_and_is_welcomed(pair):
    """Both ends know both nonces, the sender knows the receiver's name, and that it is ready."""
    port = pair.sender.ports["beef"]

    assert port.connection == pair.receiver.ports["preprocess.0"].connection
    assert (port.name, port.is_ready) == ("score.0", True)
    assert pair.sender.choose("a", "score") == "beef"
    assert pair.sender.ready_replicas("other") == {}


def test_both_ends_of_a_link_that_falls_silent_tell_who_is_missing(pair):
    """By name, and since when; not as long as most links need to come back."""
    pair.tick()
    pair.tick(9.0, drop=lambda _envelope: True)
    soon = [node.absences.told(pair.now) for node in (pair.sender, pair.receiver)]
    pair.tick(4.0, drop=lambda _envelope: True)
    late = [[str(a) for a in node.absences.told(pair.now)] for node in (pair.sender, pair.receiver)]
    for _ in range(3):
        pair.tick()

    assert soon == [[], []]
    assert late == [["score.0 has not been heard for 13 s"], ["preprocess.0 has not been heard for 13 s"]]
    assert pair.is_up
    assert pair.sender.absences.told(pair.now) == pair.receiver.absences.told(pair.now) == []


def test_hello_is_said_again_ever_more_slowly():
    """Until somebody answers: first at once, then after 0.25, 0.5, 1, 2, 2 … seconds."""
    node = Recorder("score.0", ["preprocess.0"], [], ["a"], itertools.count(1).__next__)
    said = []
    for step in range(81):
        node.tick(step / 8)
        said += [step / 8 for _, e in node.out if isinstance(e.body, messages.Hello)]
        node.out.clear()

    assert said == [0.0, 2 * FIRST_HELLO_S, 1.5, 3.5, 5.5, 7.5, 9.5]


def test_hello_is_said_again_soon_while_nobody_is_there_to_hear_it():
    """A greeting that could not go out is no reason to slow down: a restarted process is found at once."""
    node = Recorder("score.0", ["preprocess.0"], [], ["a"], itertools.count(1).__next__)
    said = []
    for step in range(17):
        node.tick(step / 8)
        if any(isinstance(e.body, messages.Hello) for _, e in node.out):
            said.append(step / 8)
            node.not_greeted("preprocess.0")
        node.out.clear()

    assert said == [n * FIRST_HELLO_S for n in range(9)]


def test_who_has_come_where_nobody_was_is_asked_at_once(pair):
    """Not at the next tick; who is connected already, and who is not known, is not asked."""
    node = Recorder("score.0", ["preprocess.0"], [], ["a"], itertools.count(1).__next__)
    node.greet(0.01, "preprocess.0")
    node.greet(0.01, "preprocess.1")
    said = [(peer, type(envelope.body)) for peer, envelope in node.out]
    pair.receiver.greet(pair.now, "preprocess.0")

    assert said == [("preprocess.0", messages.Hello)]
    assert pair.is_up
    assert pair.receiver.out == []


def test_a_sign_of_life_is_sent_where_nothing_else_is(pair):
    """What else is sent tells as much."""
    said = []
    for step in range(1, 17):
        pair.now += PING_S / 2
        pair.sender.tick(pair.now)
        said.append([type(envelope.body) for _, envelope in pair.sender.out])
        if step > 7:
            pair.sender.send("beef", ack(step))
        pair.sender.out.clear()

    assert said == [[messages.Ping], []] * 4 + [[]] * 8


@given(st.lists(st.sampled_from(["send", "lose", "swap", "twice"]), max_size=12))
def test_messages_come_in_order_or_the_connection_breaks(ways):
    """Whatever is lost, swapped or doubled: what is heard is what was sent, from the beginning, without a hole."""
    pair = Pair()
    pair.tick()
    pair.receiver.heard.clear()
    pair.sender.heard.clear()
    pair.receiver.send("preprocess.0", ack(0))
    for n, way in enumerate(ways, 1):
        pair.receiver.send("preprocess.0", ack(n))
        out = pair.receiver.out
        if way == "lose":
            out.pop()
        elif way == "swap" and len(out) > 1:
            out[-1], out[-2] = out[-2], out[-1]
        elif way == "twice":
            out.append(out[-1])
    out, pair.receiver.out = pair.receiver.out, []
    for _, envelope in out:
        pair.sender.receive(0.0, "beef", envelope)
    heard = [h for h in pair.sender.heard if isinstance(h, int)]

    assert heard == list(range(len(heard)))
    assert ("down beef" in pair.sender.heard) == (
        [e.number for _, e in out] != list(range(out[0][1].number, out[0][1].number + len(out)))
    )


def test_a_lost_last_message_shows_at_the_next_ping(pair):
    """PING is numbered too, so that a hole shows even if nothing else follows."""
    pair.sender.send("beef", ack(1))
    pair.sender.out.clear()
    pair.tick(PING_S)

    assert "down preprocess.0" in pair.receiver.heard

    pair.tick()
    pair.tick()

    assert pair.is_up
    assert "down beef" in pair.sender.heard


def test_silence_ends_a_connection_at_both_ends(pair):
    """Who has heard nothing for longer than DEAD_S gives up, and its sessions with it; then it begins anew."""
    for _ in range(int(DEAD_S / 0.25)):
        pair.tick(drop=lambda _: True)

    assert pair.is_up

    pair.tick(drop=lambda _: True)

    assert pair.receiver.heard[-2:] == ["down preprocess.0", "changed"]
    assert "down beef" in pair.sender.heard
    assert not pair.sender.ports

    pair.tick(1.0)

    assert pair.is_up


def test_what_belongs_to_an_older_connection_is_not_heard(pair):
    """A message of a former connection, or with a made-up one, neither counts nor keeps alive."""
    old = pair.sender.ports["beef"].connection
    pair.receiver.reset("preprocess.0")
    pair.tick()
    pair.tick()
    pair.sender.heard.clear()
    heard_at = pair.sender.ports["beef"].heard
    for connection in (old, (1, 1), None):
        pair.sender.receive(99.0, "beef", Envelope(connection, 1, ack(1)))
    pair.sender.receive(99.0, "somebody", Envelope(old, 1, ack(1)))

    assert pair.sender.heard == []
    assert pair.sender.ports["beef"].heard == heard_at
    assert pair.is_up


def test_a_late_welcome_is_not_taken_for_this_one(pair):
    """Only the answer to the last HELLO counts."""
    pair.receiver.receive(1.0, "preprocess.0", Envelope((999, 5), 0, messages.Welcome("preprocess.0")))
    connection = pair.receiver.ports["preprocess.0"].connection
    pair.receiver.receive(1.0, "preprocess.0", Envelope(connection, 0, messages.Welcome("preprocess.0")))

    assert pair.receiver.ports["preprocess.0"].connection == connection
    assert pair.receiver.heard == []


def test_two_incarnations_of_a_replica_are_two_peers(pair):
    """The newer one gets the cameras; the older one's connection is not disturbed."""
    young = Recorder("score.0", ["preprocess.0"], [], ["a"], itertools.count(500).__next__, "p")
    young.tick(pair.now)
    pair.now += 0.1
    for _, envelope in young.out:
        pair.sender.receive(pair.now, "cafe", envelope)

    assert pair.sender.ready_replicas("score") == {"score.0": "cafe"}
    assert pair.sender.ports.keys() == {"beef", "cafe"}


def test_another_configuration_is_refused_with_both_values():
    """Both ends can say what does not fit; no connection is made, and the receiver goes on asking."""
    pair = Pair(pipeline="q")
    pair.tick()
    why = "score.0 runs configuration 'q', preprocess.0 'p': start both from one pipeline.toml"

    assert pair.receiver.refused == {"preprocess.0": why}
    assert pair.sender.refused == {"score.0": why}
    assert not pair.is_up

    pair.receiver.pipeline = "p"
    pair.tick(3.0)

    assert pair.is_up
    assert pair.receiver.refused == {}
    assert pair.sender.refused == {}


def test_who_is_no_receiver_is_refused():
    """Frames go where the pipeline says, and nowhere else."""
    pair = Pair(name="intruder.0")
    pair.tick()

    assert pair.receiver.refused == {
        "preprocess.0": "intruder.0 is no receiver of preprocess.0; it sends to: score"
    }


def test_a_refusal_of_another_hello_is_not_believed(pair):
    """Whoever cannot name the nonce has not seen the HELLO."""
    pair.receiver.receive(1.0, "preprocess.0", Envelope(None, 0, messages.Refuse(999_999, "no")))

    assert pair.receiver.refused == {}


def test_a_hello_under_a_senders_name_is_not_answered(pair):
    """The way to a sender cannot be taken over by a receiver."""
    pair.receiver.lowers = ("score",)
    pair.receiver.receive(
        1.0, "preprocess.0", Envelope(None, 0, messages.Hello(5, "score.9", is_ready=True, pipeline="p"))
    )

    assert pair.is_up
    assert pair.receiver.ports["preprocess.0"].is_receiver


def test_readiness_is_told_at_once_and_only_the_ready_are_chosen():
    """A stage is ready while each of its lower stages has a ready replica."""
    nonce = itertools.count(1).__next__
    top = Recorder("capture.a", [], ["score"], ["a"], nonce)
    middle = Recorder("score.0", ["capture.a"], ["archive"], ["a"], nonce)
    for node in (top, middle):
        node.tick(0.0)
    top.receive(0.0, "beef", middle.out.pop()[1])
    middle.receive(0.0, "capture.a", top.out.pop()[1])

    assert top.choose("a", "score") is None

    middle.receive(0.1, "cafe", Envelope(None, 0, messages.Hello(7, "archive.0", is_ready=True, pipeline="")))
    pings = [e for peer, e in middle.out if peer == "capture.a"]
    top.receive(0.1, "beef", pings[-1])

    assert top.choose("a", "score") == "beef"
    assert middle.is_ready

    middle.reset("cafe")
    top.receive(0.2, "beef", middle.out[-1][1])

    assert top.choose("a", "score") is None


def test_the_word_that_a_process_has_died_ends_its_connections_at_once(pair):
    """Nobody has to wait for silence if the supervisor knows."""
    pair.receiver.forget("preprocess.0")
    pair.sender.forget("score.0")

    assert "down preprocess.0" in pair.receiver.heard
    assert "down beef" in pair.sender.heard

    pair.tick()

    assert pair.is_up


def test_what_is_sent_to_nobody_is_not_sent(pair):
    """A session on a connection that is gone is over; its messages are not kept for another one."""
    pair.sender.send("nobody", ack(1))
    pair.receiver.reset("preprocess.0")
    pair.receiver.out.clear()
    pair.receiver.send("preprocess.0", ack(1))

    assert pair.sender.out == pair.receiver.out == []


def test_uppers_come_and_go(pair):
    """A process that sends frames may be added and taken away while all runs."""
    pair.receiver.add_upper("preprocess.1")
    pair.receiver.tick(9.0)

    assert "preprocess.1" in {peer for peer, _ in pair.receiver.out}

    pair.receiver.drop_upper("preprocess.0")

    assert list(pair.receiver.ports) == ["preprocess.1"]
    assert "down preprocess.0" in pair.receiver.heard
