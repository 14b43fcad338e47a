import threading
import time

import pytest

from keepframe.wire.turns import Turns

WITHIN_S = 20


class Kept(Turns):
    """Serving is writing down who serves; it is woken by an event, and never by two threads at once."""

    def __init__(self):
        super().__init__()
        self.event = threading.Event()
        self.served_by = []
        self.waits = []
        self.is_over = False
        self.trouble = None
        self.at_once = 0
        self.most_at_once = 0
        self.has_more = False

    @property
    def can_wait(self):
        return self.has_more

    def step(self, *, is_waiting):
        self.waits.append(is_waiting)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if is_waiting:
            self.event.wait(0.01)
            self.event.clear()
        self.at_once -= 1
        with self.condition:
            self.served_by.append(threading.current_thread().name)
            self.condition.notify_all()
            if self.trouble is not None:
                raise self.trouble
            return self.is_over

    def wake(self):
        self.event.set()


@pytest.fixture
def turns():
    """Turns that are stopped in the end."""
    kept = Kept()
    kept.start()
    yield kept
    kept.trouble = None
    kept.stop()


def until(turns, is_so):
    """Wait beside whoever serves until something holds."""
    with turns.condition:
        assert turns.condition.wait_for(is_so, WITHIN_S)


def test_a_worker_that_waits_serves_by_itself(turns):
    """What it waits for comes by its own steps."""
    me = threading.current_thread().name
    with turns.condition:
        turns.wait_for(lambda: turns.served_by.count(me) >= 3)

    assert turns.served_by.count(me) >= 3


def test_the_link_thread_serves_while_the_worker_is_away_and_hands_over(turns):
    """A long computation does not stop the link; the worker has the sockets again as soon as it wants them."""
    until(turns, lambda: turns.served_by.count("link") >= 3)
    me = threading.current_thread().name
    with turns.condition:
        turns.wait_for(lambda: me in turns.served_by)
    seen = len(turns.served_by)
    until(turns, lambda: "link" in turns.served_by[seen:])

    assert turns.most_at_once == 1


def test_many_hand_overs_lose_no_wish_and_never_serve_twice_at_once(turns):
    """Whichever of both has just begun when the other wants it: it comes to its turn."""
    me = threading.current_thread().name
    for n in range(1, 200):
        if n % 20 == 0:
            served = len(turns.served_by)
            until(turns, lambda served=served: "link" in turns.served_by[served:])
        with turns.condition:
            turns.wait_for(lambda n=n: turns.served_by.count(me) >= n)
        with turns.turn():
            pass

    assert turns.most_at_once == 1


def test_a_turn_is_followed_by_a_step(turns):
    """What was left to be sent goes out right after, by whoever serves."""
    with turns.turn():
        seen = len(turns.served_by)
    until(turns, lambda: len(turns.served_by) > seen)


def test_what_can_wait_goes_out_with_what_follows(turns):
    """As long as the worker goes on at once; before it waits it serves without waiting."""
    me = threading.current_thread().name
    with turns.condition:
        turns.wait_for(lambda: me in turns.served_by)
    turns.has_more = True
    seen = turns.served_by.count(me)
    with turns.turn():
        pass

    assert turns.served_by.count(me) == seen

    turns.waits.clear()
    with turns.condition:
        turns.wait_for(lambda: turns.served_by.count(me) > seen)

    assert turns.waits == [False]


def test_what_can_wait_waits_for_nobody_who_is_away(turns):
    """A worker that stays away has left it to the link thread."""
    me = threading.current_thread().name
    with turns.condition:
        turns.wait_for(lambda: me in turns.served_by)
    turns.has_more = True
    turns.waits.clear()
    with turns.turn():
        pass
    until(turns, lambda: turns.waits)

    assert turns.waits[0] is False


def test_the_link_thread_goes_when_the_worker_is_back(turns):
    """A worker that never waits, as one that decodes, takes the sockets at its next turn but one."""
    me = threading.current_thread().name
    until(turns, lambda: "link" in turns.served_by)
    deadline = time.monotonic() + WITHIN_S
    while me not in turns.served_by and time.monotonic() < deadline:
        with turns.turn():
            pass

    assert me in turns.served_by


def test_a_failed_link_thread_is_heard_of_by_all_who_wait(turns):
    """Neither the worker nor the main thread lives on deaf."""
    until(turns, lambda: "link" in turns.served_by)
    turns.trouble = ZeroDivisionError("a bug in a node")
    with pytest.raises(RuntimeError, match="link thread has failed"):
        turns.wait_over()
    turns.trouble = None

    with turns.condition, pytest.raises(RuntimeError, match="link thread has failed"):
        turns.wait_for(lambda: True)


def test_whoever_waits_for_the_end_hears_of_it(turns):
    """The main thread of a capture does not serve, and is told once the node is over."""
    turns.is_over = True
    turns.wait_over()

    assert turns.served_by


def test_stopping_serves_once_more(turns):
    """What the last turn has left goes out."""
    turns.stop()
    seen = len(turns.served_by)
    turns.stop()

    assert len(turns.served_by) == seen + 1
