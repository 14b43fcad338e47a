import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from keepframe.frame import START, Frame
from keepframe.picture import Inline, Picture
from keepframe.wire.store import Store

PICTURES = [Picture.of(np.zeros((1, width), np.uint8)) for width in (1, 10, 50)]
moves = st.lists(
    st.sampled_from(["add", "add", "add", "header", "end", "send", "drop", "free"]) | st.integers(0, 2),
    max_size=60,
)


@given(moves)
def test_the_account_of_a_store_has_no_hole(moves):
    """Whatever is added, sent, dropped and settled: positions stay in order, without gap, and the counts are right."""
    store, added, settled = Store(max_frames=5, max_bytes=100), 0, 0
    for move in moves:
        unsent = [s.item.at for s in store.after(store.sent) if s.item.outcome is None]
        if isinstance(move, int):
            store.add(Frame(picture=PICTURES[move]))
            added += 1
        elif move == "add":
            store.add(Frame(working=np.zeros((2, 2), np.uint8)))
            added += 1
        elif move == "header":
            store.add(Frame().settled("rejected", "bad"))
            added += 1
        elif move == "end" and store.next_seq:
            store.add(Frame().settled("end"))
            added += 1
        elif move == "send" and (stored := next(store.after(store.sent), None)):
            store.sent = stored.item.upto
        elif move == "drop" and unsent:
            store.drop(unsent[0])
        elif (
            move == "free"
            and store.sent != START
            and (held := [at for at in store.items if at <= store.sent])
        ):
            settled += sum(store.items[at].item.count for at in held)
            store.free(store.sent)

        here = [s.item for s in store.items.values()]

        assert [item.at for item in here] == list(store.items) == sorted(store.items)
        assert added == settled + sum(item.count for item in here)
        for item, after in itertools.pairwise(here):
            stream, seq = item.upto
            assert after.at == ((stream + 1, 0) if item.outcome == "end" else (stream, seq + 1))
        assert store.frames == sum(item.outcome != "dropped" for item in here)
        assert store.nbytes == sum(s.nbytes for s in store.items.values())
        assert store.held == ((here[0].at, here[-1].at) if here else None)
        assert store.is_full == (store.frames > 0 and (store.frames >= 5 or store.nbytes >= 100))
        assert store.is_full or not store.is_full_of_sent


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_a_run_of_drops_is_one_item(drops):
    """Drops next to each other, none of which was sent, are one item with a count; what is between parts them."""
    store = Store()
    for _ in drops:
        store.add(Frame(picture=PICTURES[0]))
    for i, is_dropped in enumerate(drops):
        if is_dropped:
            store.drop((0, i))
    runs = [len(run) for run in "".join("x" if d else " " for d in drops).split()]

    assert [s.item.count for s in store.items.values() if s.item.outcome == "dropped"] == runs
    assert store.nbytes == drops.count(False)


def test_a_run_that_was_sent_does_not_grow():
    """What the archive may have already stays as it was told."""
    store = Store()
    for _ in range(3):
        store.add(Frame(picture=PICTURES[0]))
    store.drop((0, 0))
    store.sent = (0, 0)
    store.drop((0, 1))

    assert [(s.item.at, s.item.count) for s in store.items.values()] == [
        ((0, 0), 1),
        ((0, 1), 1),
        ((0, 2), 1),
    ]


def test_what_waits_unsent_does_not_keep_the_first_from_being_sent():
    """A large picture behind small ones fills the store, but not the room of those that are to be sent."""
    store = Store(max_frames=9, max_bytes=20)
    for picture in (PICTURES[1], PICTURES[0], PICTURES[2]):
        store.add(Frame(picture=picture))

    assert store.is_full
    assert not store.is_full_of_sent


def test_one_frame_always_has_room():
    """A picture larger than the store is not waited for for ever."""
    store = Store(max_frames=1, max_bytes=1)

    assert not store.is_full
    assert store.held is None


def test_an_end_closes_the_stream():
    """The next frame counts from 0 in the next stream."""
    store = Store()
    store.begin((4, 7))
    store.add(Frame().settled("end", "store-lost"))
    store.add(Frame(picture=PICTURES[0]), {"read": 1})

    assert list(store.items) == [(4, 7), (5, 0)]
    assert store.items[5, 0].memory == {"read": 1}


class Counted(Inline):
    """A handle that knows how often it was let go."""

    __slots__ = ("freed",)

    def __init__(self, buffer):
        super().__init__(buffer)
        object.__setattr__(self, "freed", 0)

    def free(self):
        object.__setattr__(self, "freed", self.freed + 1)


def test_a_picture_is_let_go_once_when_its_frame_is_settled_or_dropped():
    """And neither before nor when the frame fails, for its picture goes along to quarantine."""
    handles = [Counted(bytes(12)) for _ in range(4)]
    store = Store()
    for handle in handles:
        store.add(Frame(picture=Picture("gray", 3, 4, handle)))
    assert [handle.freed for handle in handles] == [0, 0, 0, 0]
    store.fail((0, 0), "poison")
    store.drop((0, 2))
    store.drop((0, 3))
    assert [handle.freed for handle in handles] == [0, 0, 1, 1]
    store.free((0, 3))

    assert [handle.freed for handle in handles] == [1, 1, 1, 1]
    assert (store.frames, store.nbytes, store.items) == (0, 0, {})


def test_what_the_process_before_has_left_is_let_go_when_asked():
    """Once: after that it may be somebody else's."""
    handle = Counted(b"left")
    store = Store(left=[handle])
    store.free_left()
    store.free_left()

    assert handle.freed == 1
