from keepframe.frame import Frame, Item
from keepframe.stage.waiting import Held, Mark, Waiting


def held(seq, *parts, outs=None):
    """An item of a frame, or of these parts of it, of which nothing has come yet."""
    frames = tuple(Frame(camera="a", seq=seq, part=part) for part in parts or ("",))
    return Held(Item(frames), outs or [None] * len(frames))


def waiting(*things):
    """A queue of these."""
    queue = Waiting()
    for thing in things:
        queue.append(thing)
    return queue


def test_nothing_passes_what_is_held_back():
    """Items and marks leave in the order in which they came, also what was done long before."""
    first, second = held(0), held(1)
    mark = Mark((0, 1))
    queue = waiting(first, second, mark)
    second.outs[0] = [Frame(camera="a", seq=1)]
    before = queue.leave()
    first.outs[0] = [Frame(camera="a", seq=0)]

    assert before == []
    assert [getattr(thing, "at", None) or thing.upto for thing in queue.leave()] == [(0, 0), (0, 1), (0, 1)]
    assert queue.leave() == []


def test_several_frames_for_one_stand_in_its_place():
    """In their order; the others of the item stay around them."""
    item = held(0, "0", "1")
    item.outs = [
        [Frame(camera="a", part="0.0"), Frame(camera="a", part="0.1")],
        [Frame(camera="a", part="1")],
    ]

    assert item.is_done
    assert item.size == 3
    assert [frame.part for frame in item.left().frames] == ["0.0", "0.1", "1"]


def test_only_what_nothing_has_come_of_is_found():
    """By position and part; a part that is done is not there any more."""
    item = held(3, "0", "1", outs=[None, [Frame(camera="a", seq=3, part="1")]])
    queue = waiting(held(2), Mark((0, 2)), item)

    assert queue.find((0, 3), "0") == (item, 0)
    assert queue.find((0, 3), "1") is None
    assert queue.find((0, 4), "") is None
    assert item.undone_parts == ["0"]


def test_what_another_line_has_held_waits_for_its_turn_and_does_not_leave_again():
    """Its place, its parts and how long it has been there; the mark behind it leaves once it is done."""
    old = held(5, "0", "1")
    old.age, old.calls = 2, 1
    young = Waiting()
    young.remember(waiting(held(4, outs=[[Frame()]]), old).remembered())
    young.append(Mark((0, 5)))
    (place,) = young.undone()
    known = place.item.at, place.undone_parts, place.age, place.calls
    before = young.leave()
    place.outs = [[Frame()], [Frame()]]

    assert known == ((0, 5), ["0", "1"], 2, 1)
    assert before == []
    assert young.leave() == [Mark((0, 5))]
