"""One camera's capture, with sources that do as they like; the store is freed as if the archive had answered."""

import logging
import threading
from itertools import count

import numpy as np
import pytest

from keepframe.frame import Frame, Item
from keepframe.picture import Picture
from keepframe.run.capturing import Capturing, credit
from keepframe.stage import CameraEvent, Shot
from keepframe.wire.credit import Credit

PICTURE = Picture.of(np.zeros((4, 6), np.uint8))


class Source:
    """A source that knows how many pictures there are and what it has yielded."""

    has_memory, is_live = True, False
    hangs_for_s = 0.0
    settle = None

    def __init__(self, give, total=None):
        self.give, self.count, self.loaded = give, total, None

    def load(self, memory):
        self.loaded = dict(memory)

    def total(self):
        return self.count

    def __iter__(self):
        for n, frame in enumerate(self.give()):
            yield frame if isinstance(frame, CameraEvent) else Shot(frame, {"next": n + 1})


def shots(number):
    """So many frames."""
    return (Frame(camera="lobby", picture=PICTURE, source=f"{n}.jpg") for n in range(number))


@pytest.fixture
def capturing(seat):
    """The process of the camera `lobby` with a source of these frames, whose session stands and has settled nothing yet."""

    def make(give, *, total=None, begin=True):
        process = Capturing(seat("capture.lobby"))
        process.source = Source(give, total)
        if begin:
            process.node.begin = {}
            process.node.store.begin((0, 0))
        return process

    return make


def settle_at_drain(process):
    """As soon as it stops reading, the archive has answered everything; gives the sources that were held then."""
    held, drain = [], process.node.drain

    def drain_and_settle():
        drain()
        held.extend(stored.item.frames[0].source for stored in process.node.store.items.values())
        process.node.store.free((9, 0))

    process.node.drain = drain_and_settle
    return held


def settling(process, frames):
    """The frames, each of them settled when the next one is asked for; and after the last one their end."""
    for frame in frames:
        yield frame
        with process.shell.turn():
            process.node.store.free((9, 0))
    end = process.node.end

    def end_and_settle():
        end()
        process.node.store.free((9, 0))

    process.node.end = end_and_settle


def test_a_source_that_has_ended_and_is_settled_is_the_end(capturing):
    """Exit 0; how many there would be was told on the way."""
    process = capturing(lambda: settling(process, shots(5)), total=5)

    assert process.work() == 0
    assert process.source.loaded == {}
    assert process.status()["total"] == 5
    assert process.node.store.stream == 1


def test_nothing_is_read_before_it_is_known_where_to_begin(capturing):
    """Asked to leave before the archive has answered, it leaves the source alone."""
    process = capturing(lambda: pytest.fail("was read"), begin=False)
    process.leave()

    assert process.work() == 0
    assert process.source.loaded is None


@pytest.mark.parametrize(
    "error", [OSError("the camera is gone"), ValueError("no video"), SystemExit(3), KeyboardInterrupt()]
)
def test_a_source_that_raises_is_told_after_what_it_gave_is_settled(error, capturing, caplog):
    """Whatever it raises: exit 70, and no frame is lost."""

    def give():
        yield from shots(2)
        raise error

    process = capturing(give)
    held = settle_at_drain(process)

    assert process.work() == 70
    assert held == ["0.jpg", "1.jpg"]
    assert [(r.getMessage(), r.fields["error"]) for r in caplog.records] == [
        ("source-failed", str(error) or repr(error))
    ]


@pytest.mark.parametrize("where", ["load", "total"])
def test_a_source_that_cannot_begin_is_told(where, capturing, caplog):
    """It is not the same file any more, or cannot be opened."""

    def fail(*_):
        raise ValueError("clip.mp4: another video than before")

    process = capturing(lambda: shots(2))
    setattr(process.source, where, fail)

    assert process.work() == 70
    assert caplog.records[0].fields["error"] == "clip.mp4: another video than before"


def test_it_leaves_although_the_source_is_blocked(capturing):
    """A camera that gives no picture for an hour does not hold up the end."""
    unblock = threading.Event()

    def give():
        with process.shell.turn():
            process.leave()
        unblock.wait(30)
        yield from shots(1)

    process = capturing(give)

    assert process.work() == 0
    assert process.node.store.frames == 0
    unblock.set()


def test_what_was_captured_when_it_is_asked_to_leave_is_settled(capturing):
    """It stops reading, and the source may have as many more as it likes."""

    def give():
        for n, frame in zip(count(), shots(10**6), strict=False):
            if n == 3:
                with process.shell.turn():
                    process.leave()
            yield frame

    process = capturing(give)
    held = settle_at_drain(process)

    assert process.work() == 0
    assert held == ["0.jpg", "1.jpg", "2.jpg"]


def test_it_reads_no_more_than_the_store_holds(capturing):
    """One picture more is on its way in; with room for one more, one more is read."""
    given, most = [], []

    def give():
        for frame in shots(100):
            given.append(frame.source)
            yield frame

    process = capturing(give)
    node, condition = process.node, process.shell.condition
    node.store.max_frames = 3
    offer = node.offer
    node.offer = lambda *shot: (offer(*shot), most.append(node.store.frames))
    reader = threading.Thread(target=process._read)
    process.shell.start()
    reader.start()
    with condition:
        was_full = condition.wait_for(lambda: (node.store.frames, len(given)) == (3, 4), 10)
    with process.shell.turn():
        node.store.free((0, 0))
    with condition:
        went_on = condition.wait_for(lambda: (node.store.frames, len(given)) == (3, 5), 10)
    with process.shell.turn():
        process.leave()
    reader.join(10)
    process.shell.stop()

    assert was_full
    assert went_on
    assert max(most) == 3


def test_another_capture_that_has_taken_over_ends_it_with_75(capturing, caplog):
    """Starting it again would not mend that."""
    process = capturing(lambda: shots(0))
    process.node.why, process.node.is_over = "lobby: another capture of this camera has gone on", True

    assert process.work() == 75
    assert caplog.records[-1].fields["why"] == "lobby: another capture of this camera has gone on"


def test_a_frame_that_was_in_hand_at_three_deaths_is_told(capturing, caplog):
    """Once, when it fails; two deaths could be chance."""
    caplog.set_level(logging.INFO, "keepframe")
    process = capturing(lambda: shots(0))
    process.node.store.put(Item((Frame(camera="lobby", picture=PICTURE),)))
    told = []
    for _ in range(4):
        process.suspect((0, 0), "score")
        told.append(len(caplog.records))
    process.suspect((7, 7), "score")
    process.shell.stop()

    assert told[:3] == [0, 0, 1]
    assert caplog.records[0].fields["reason"] == "poison: score died with it in hand, 3 times"
    assert process.node.store.items[0, 0].item.outcome == "failed"


def test_what_it_tells(capturing):
    """What is in flight, which frame is the oldest, what was settled."""
    process = capturing(lambda: shots(0))
    before = process.status()
    process.node.store.begin((2, 5))
    for frame in shots(2):
        process.node.offer(frame)
    process.node.settled = {"kept": 3, "end": 1}
    told = process.status()
    process.shell.stop()

    assert (before["in_flight"], before["oldest"], before["oldest_s"], before["total"]) == (
        0,
        None,
        0.0,
        None,
    )
    assert (told["in_flight"], told["oldest"], told["captured"]) == (2, "lobby/2/5", 6)
    assert told["settled"] == {"kept": 3, "end": 1}
    assert told["is_open"] is False


def test_what_the_archive_has_taken_is_not_waited_for_until_its_mark_is_sent(capturing):
    """A mark that rests makes nobody wait; one that is not committed does."""
    process = capturing(lambda: shots(0))
    process.node.store.begin((2, 5))
    for frame in shots(2):
        process.node.offer(frame)
    told = []
    for taken, marked in (((2, 5), []), ((2, 6), []), ((2, 6), [(2, 6)])):
        process.node.taken = taken
        process.node.marks.waiting.extend(marked)
        told.append(process.status()["oldest"])
    process.shell.stop()

    assert told == ["lobby/2/6", None, "lobby/2/5"]


def test_the_smallest_queue_on_the_way_is_the_credit(loaded):
    """In frames and in bytes, each for itself."""
    pipeline = loaded(
        '[stages.preprocess]\nqueue = { frames = 8, bytes = "9MB" }\n[stages.score]\nqueue = { frames = 16, bytes = "2MB" }\n'
    )

    assert credit(pipeline) == Credit(8, 2_000_000)


def test_what_happens_to_a_camera_is_logged_and_recorded(capturing, caplog):
    """A lost connection ends the stream, and `top` tells of it until there are pictures again."""
    caplog.set_level(logging.INFO)
    troubles = []

    def give():
        yield from shots(1)
        yield CameraEvent("lost", "no answer", ends_stream=True)
        troubles.append(process.status()["trouble"])
        yield CameraEvent("found", "after 3 s")
        troubles.append(process.status()["trouble"])
        yield from shots(1)

    process = capturing(lambda: settling(process, give()))
    marks = process.node.marks
    recorded, record = [], marks.record
    marks.record = lambda kind, detail: (recorded.append((kind, detail)), record(kind, detail))

    assert process.work() == 0
    assert recorded == [("lost", "no answer"), ("found", "after 3 s")]
    assert troubles == ["lost: no answer", ""]
    assert process.node.store.stream == 2
    assert [(r.getMessage(), r.levelname) for r in caplog.records] == [("lost", "WARNING"), ("found", "INFO")]
