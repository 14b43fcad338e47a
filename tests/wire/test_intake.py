"""What a capture takes from its source, holds and drops."""

from benches import PICTURE, Bench, kinds

from keepframe.frame import Frame
from keepframe.wire import messages
from keepframe.wire.credit import Credit
from keepframe.wire.store import Store


def test_the_source_is_read_once_a_session_has_opened():
    """Before it, nobody knows where to begin."""
    bench = Bench()

    assert kinds(bench.sent()) == ["Open"]
    assert not bench.node.wants

    bench.opened()

    assert bench.node.wants
    assert bench.node.begin == {}


def test_a_full_store_stops_the_source_and_asks_for_a_commit():
    """Nothing can be freed without a mark, so one comes before its time."""
    bench = Bench(store=Store(3))
    bench.sent()
    bench.opened()
    for count in (1, 2):
        bench.committed(bench.offer(count)[-1].upto)

    assert kinds(bench.offer(3)) == [(0, 3), (0, 4), (0, 5), ("mark", (0, 5))]  # the next was due after four
    assert not bench.node.wants

    bench.committed((0, 5))

    assert bench.node.wants


def test_stages_that_hold_frames_back_get_further_ones():
    """A mark that waits for the next frame would wait for ever if store and credit were too small for it."""
    bench = Bench(store=Store(2, 1), credit=Credit(2, 1), holds=1)
    bench.sent()
    bench.opened()

    assert kinds(bench.offer()) == [(0, 0), ("mark", (0, 0))]
    assert bench.node.wants
    assert kinds(bench.offer()) == [(0, 1)]
    assert not bench.node.wants


def test_latest_sends_the_newest_and_a_gap_that_grows_until_it_can():
    """Two frames are on their way; what comes meanwhile is one header in its place."""
    bench = Bench(policy="latest")
    bench.sent()
    bench.opened()
    bench.offer(20)

    assert list(bench.node.store.items) == [(0, 0), (0, 1), (0, 2), (0, 19)]

    sent = bench.say(messages.Ack("a", bench.node.epoch, (0, 0)))
    gap, frame = [b for b in sent if isinstance(b, messages.Frame)]

    assert (gap.item.outcome, gap.item.count, gap.item.at) == ("dropped", 17, (0, 2))
    assert frame.item.at == (0, 19)


def test_rejected_pictures_of_a_live_camera_are_dropped_too():
    """A camera that delivers nothing but broken pictures while the way down is cut does not fill the memory."""
    bench = Bench(policy="latest")
    bench.sent()
    bench.opened()
    bench.node.link_down("be0")
    for _ in range(100):
        bench.node.offer(Frame(camera="a").settled("rejected", "truncated"))

    assert len(bench.node.store.items) == 2


def test_a_picture_of_which_too_much_is_said_fails_alone():
    """A source may note what it likes; what no message can carry is a failed frame, not a session that breaks for ever."""
    bench = Bench()
    bench.sent()
    bench.opened()
    (frame, _mark) = bench.offer(notes={"exif": "x" * 5000})

    assert frame.item.outcome == "failed"
    assert frame.item.frames[0].reason.startswith("capture.a: cannot be sent on: its header takes")


def test_a_source_without_pictures_is_done_at_once():
    """There is no stream that could end."""
    bench = Bench()
    bench.sent()
    bench.opened()
    bench.node.end()

    assert bench.sent() == []
    assert bench.node.is_over


def test_draining_ends_a_live_stream_and_leaves_a_finite_one_open():
    """Who can go on later goes on in the same stream."""
    live, finite = Bench(), Bench(has_memory=True)
    for bench in (live, finite):
        bench.sent()
        bench.opened()
        bench.offer(memory={"read": 1})
        bench.node.drain()
        bench.sent()
        assert not bench.node.wants

    assert [s.item.outcome for s in live.node.store.items.values()] == [None, "end"]
    assert [s.item.outcome for s in finite.node.store.items.values()] == [None]

    waiting = Bench()
    waiting.node.drain()
    waiting.sent()

    assert waiting.node.is_over


def test_frames_out_of_quarantine_are_a_stream_of_their_own_and_never_dropped():
    """The newest picture wins over older ones of its own stream only, and waits behind what is tried again."""
    bench = Bench(policy="latest", store=Store(4))
    bench.sent()
    bench.opened()
    bench.node.cut()
    for _ in range(3):
        bench.node.retry(Frame(camera="a", picture=PICTURE))
    bench.node.cut()
    bench.offer(20)
    items = [stored.item for stored in bench.node.store.items.values()]

    assert [(item.at, item.outcome) for item in items if item.at[0] == 0] == [
        ((0, 0), None), ((0, 1), None), ((0, 2), None), ((0, 3), "end")
    ]  # fmt: skip
    assert [(item.at, item.outcome, item.count) for item in items if item.at[0] == 1] == [
        ((1, 0), "dropped", 19), ((1, 19), None, 1)
    ]  # fmt: skip
    assert not bench.node.has_room


def test_after_the_end_nothing_is_tried_again():
    """What is drained ends; the frame stays in quarantine."""
    bench = Bench()
    bench.sent()
    bench.opened()
    bench.node.drain()
    bench.node.retry(Frame(camera="a", picture=PICTURE))
    bench.node.cut()

    assert bench.node.store.items == {}


def test_a_stream_that_is_cut_ends_for_a_reason():
    """The catalogue keeps it; a stream that was not begun has no end."""
    bench = Bench()
    bench.sent()
    bench.opened()
    bench.node.cut("lost")
    bench.offer()
    bench.node.cut("resized")
    end = next(b.item for b in bench.sent() if isinstance(b, messages.Frame))

    assert (end.at, end.outcome, end.frames[0].reason) == ((0, 1), "end", "resized")
