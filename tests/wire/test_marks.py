"""What a capture's marks say, and say again after a break."""

from benches import Bench

from keepframe.stage.memory import pack
from keepframe.wire import messages
from keepframe.wire.capture import NAME
from keepframe.wire.marks import Marks


def test_a_memory_travels_with_its_mark_and_only_what_changed():
    """The catalogue holds what the source remembers at the committed position."""
    bench = Bench(has_memory=True)
    bench.sent()
    bench.opened()
    first = bench.offer(memory={"read": 1, "same": "x"})[-1].memory[NAME]
    second = bench.offer(2, memory={"read": 2})[-1].memory[NAME]

    assert first == pack({"read": 1, "same": "x", "run": 0}, NAME)
    assert second == {**pack({"read": 2}, NAME), "same": None}


def test_a_mark_tells_what_happened_to_the_camera_until_it_is_committed():
    """Eight a mark at most; a session that ends before the commit tells them again, one that ends after it does not."""
    bench = Bench()
    bench.sent()
    bench.opened()
    for number in range(10):
        bench.node.marks.record("lost", str(number))
    (first,) = (b for b in bench.offer() if isinstance(b, messages.Mark))
    bench.say(messages.Break("a", bench.node.epoch))
    bench.passes(1.0)
    again = [b for b in bench.opened() if isinstance(b, messages.Mark)]
    bench.say(messages.Break("a", bench.node.epoch))
    bench.passes(1.0)
    bench.opened(committed=(0, 0), outcomes=[((0, 0), "kept")])
    (last,) = (b for b in bench.offer() if isinstance(b, messages.Mark))

    assert [detail for _, detail in first.events] == list("01234567")
    assert [mark.events for mark in again] == [first.events]
    assert last.events == (("lost", "8"), ("lost", "9"))


def test_a_position_is_known_until_something_behind_it_is_committed():
    """There a capture may find itself again, with the memory it had."""
    marks = Marks()
    for at in ((0, 1), (0, 3), (0, 6)):
        marks.add(at, {"read": str(at[1]).encode()})
    marks.committed((0, 3))

    assert marks.points == {(0, 3): {"read": b"3"}, (0, 6): {"read": b"6"}}
    assert list(marks.waiting) == [(0, 6)]


def test_of_very_many_events_the_oldest_are_let_go():
    """A camera that comes and goes while nothing is committed does not fill the memory."""
    marks = Marks()
    for number in range(100):
        marks.record("lost", str(number))

    assert [detail for _, detail in marks.events] == [str(number) for number in range(36, 100)]
