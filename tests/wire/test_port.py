import pytest

from keepframe.wire import messages
from keepframe.wire.messages import Envelope
from keepframe.wire.port import ASK_S, DEAD_S, FIRST_HELLO_S, PING_S, Port, stage_of

PING = messages.Ping(is_ready=True)


def asking():
    """A receiver that has not been answered."""
    return Port("preprocess.0", is_receiver=True, asked_at=0.0)


def test_both_directions_count_from_one():
    """Each by itself."""
    port = Port("score.0", is_receiver=False, connection=(3, 4))

    assert port.numbered(PING) == Envelope((3, 4), 1, PING)
    assert port.numbered(PING) == Envelope((3, 4), 2, PING)
    assert port.takes(1)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_what_comes_out_of_its_turn_is_not_taken(number):
    """Twice, or behind one that is missing; the one whose turn it is still is."""
    port = Port("score.0", is_receiver=False, connection=(3, 4))
    port.takes(1)

    assert not port.takes(number)
    assert port.takes(2)


def test_who_says_nothing_for_long_is_silent_if_connected():
    """Without a connection nobody is expected to speak."""
    port = Port("score.0", is_receiver=False, connection=(3, 4), heard=1.0)

    assert not port.is_silent(1.0 + DEAD_S)
    assert port.is_silent(1.1 + DEAD_S)

    port.close(9.0)

    assert not port.is_silent(100.0)


def test_who_was_sent_something_just_now_needs_no_sign_of_life():
    """And without a connection there is nobody to tell."""
    port = Port("score.0", is_receiver=False, connection=(3, 4), told=1.0)

    assert not port.is_to_tell(0.9 + PING_S)
    assert port.is_to_tell(1.0 + PING_S)

    port.close(9.0)

    assert not port.is_to_tell(100.0)


@pytest.mark.parametrize(("asks", "pause_s"), [(0, FIRST_HELLO_S), (2, 1.0), (3, ASK_S), (60, ASK_S)])
def test_a_receiver_asks_less_and_less_often(asks, pause_s):
    """But at least every other second."""
    port = asking()
    port.asks = asks

    assert not port.is_to_ask(pause_s - 0.01)
    assert port.is_to_ask(pause_s)


def test_nobody_asks_who_is_asked_or_connected():
    """A sender waits to be found."""
    answered = asking()
    answered.connection = (3, 4)

    assert not answered.is_to_ask(100.0)
    assert not Port("score.0", is_receiver=False).is_to_ask(100.0)


def test_a_connection_that_ends_begins_anew():
    """With its own numbers, and a HELLO soon."""
    port = asking()
    port.connection, port.asks = (3, 4), 9
    port.numbered(PING)
    port.takes(1)
    port.close(5.0)
    port.connection = (5, 6)

    assert port.numbered(PING) == Envelope((5, 6), 1, PING)
    assert port.takes(1)

    port.connection = None

    assert port.is_to_ask(5.0 + FIRST_HELLO_S)


def test_a_process_has_a_stage_however_it_is_known():
    """By its name, by where it is, or as one of its stage."""
    names = ("score.0", "score.0-1a2b3c", "score@[::1]:1", "score@10.0.0.2:7602", "score")

    assert {stage_of(name) for name in names} == {"score"}
