import itertools

import numpy as np
import pytest

from keepframe.frame import START, Frame
from keepframe.picture import Picture
from keepframe.stage.memory import pack
from keepframe.wire import messages
from keepframe.wire.capture import MARK_S, NAME, CaptureNode, Credit
from keepframe.wire.messages import Envelope
from keepframe.wire.store import Store

PICTURE = Picture.of(np.zeros((1, 10), np.uint8))


class Bench:
    """A capture, and below it one peer for each stage that the test speaks for."""

    def __init__(self, lowers=("score",), **options):
        self.node = CaptureNode(
            "capture.a", lowers, ["a"], itertools.count(1).__next__, camera="a", **options
        )
        self.now, self.numbers = 0.0, {}
        for i, stage in enumerate(lowers):
            self.join(f"{stage}.0", f"be{i}")

    def join(self, name, peer):
        self.node.receive(
            self.now, peer, Envelope(None, 0, messages.Hello(1, name, is_ready=True, pipeline=""))
        )
        self.numbers[peer] = 0

    def say(self, body, peer="be0"):
        self.numbers[peer] += 1
        self.node.receive(
            self.now, peer, Envelope(self.node.ports[peer].connection, self.numbers[peer], body)
        )
        return self.sent()

    def sent(self, peer=None):
        """What has been sent since, without greetings."""
        self.node.pump(self.now)
        out, self.node.out = self.node.out, []
        quiet = (messages.Ping, messages.Welcome)
        return [e.body for p, e in out if not isinstance(e.body, quiet) and peer in (None, p)]

    def opened(self, committed=START, is_ended=False, memory=None, peer="be0", outcomes=()):
        return self.say(
            messages.Opened("a", self.node.epoch, committed, is_ended, memory or {}, list(outcomes)), peer
        )

    def offer(self, count=1, memory=None, **values):
        sent = []
        for _ in range(count):
            self.node.offer(Frame(camera="a", picture=PICTURE, **values), memory)
            sent += self.sent()
        return sent

    def committed(self, upto, *outcomes):
        return self.say(messages.Ack("a", self.node.epoch, upto, [(upto, "kept"), *outcomes]))

    def passes(self, seconds):
        self.now += seconds
        sent = [body for peer in self.numbers for body in self.say(messages.Ping(is_ready=True), peer)]
        self.node.tick(self.now)
        return sent + self.sent()


def kinds(bodies):
    """What messages these are, frames and marks with their position."""
    return [
        b.item.at
        if isinstance(b, messages.Frame)
        else ("mark", b.upto)
        if isinstance(b, messages.Mark)
        else type(b).__name__
        for b in bodies
    ]


def test_the_source_is_read_once_a_session_has_opened():
    """Before it, nobody knows where to begin."""
    bench = Bench()

    assert kinds(bench.sent()) == ["Open"]
    assert not bench.node.wants

    bench.opened()

    assert bench.node.wants
    assert bench.node.begin == {}


def test_marks_come_after_one_two_four_eight_frames():
    """After a break little is lost by the next one; later marks are rarer."""
    bench = Bench()
    bench.sent()
    bench.opened()

    marks = [b.upto[1] for b in bench.offer(30) if isinstance(b, messages.Mark)]

    assert marks == [0, 2, 6, 14, 22]


def test_a_mark_follows_when_nothing_else_does():
    """What was sent last is not left without one."""
    bench = Bench()
    bench.sent()
    bench.opened()
    bench.offer(2)

    assert kinds(bench.passes(MARK_S)) == [("mark", (0, 1))]
    assert kinds(bench.passes(MARK_S)) == []


@pytest.mark.parametrize(("credit", "sent"), [(Credit(3), 3), (Credit(9, 25), 2), (Credit(9, 1), 1)])
def test_credit_is_frames_and_bytes_and_comes_back_when_taken(credit, sent):
    """So many may be on their way; one always may."""
    bench = Bench(credit=credit)
    bench.sent()
    bench.opened()
    frames = [b for b in bench.offer(9) if isinstance(b, messages.Frame)]

    assert len(frames) == sent

    more = bench.say(messages.Ack("a", bench.node.epoch, (0, 0)))

    assert (0, sent) in kinds(more)


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


def test_a_gap_waits_for_the_credit_of_what_comes_behind_it():
    """Else headers overtook the limit in bytes one by one, and piled up."""
    bench = Bench(policy="latest", credit=Credit(9, 5))
    bench.sent()
    bench.opened()
    for _ in range(50):
        bench.offer()

    assert len(bench.node.store.items) == 3


def test_rejected_pictures_of_a_live_camera_are_dropped_too():
    """A camera that delivers nothing but broken pictures while the way down is cut does not fill the memory."""
    bench = Bench(policy="latest")
    bench.sent()
    bench.opened()
    bench.node.link_down("be0")
    for _ in range(100):
        bench.node.offer(Frame(camera="a").settled("rejected", "truncated"))

    assert len(bench.node.store.items) == 2


def test_after_a_break_everything_uncommitted_is_sent_again():
    """From the committed position on, in order, in a session with a newer epoch."""
    bench = Bench()
    bench.sent()
    bench.opened()
    bench.offer(3)
    first = bench.node.epoch
    bench.committed((0, 0))
    bench.say(messages.Break("a", first))

    (opening,) = bench.passes(0.5)

    assert opening.epoch > first
    assert opening.held == ((0, 1), (0, 2))
    assert kinds(bench.opened((0, 0))) == [(0, 1), ("mark", (0, 1)), (0, 2)]


def test_who_is_refused_counts_on_from_the_newest():
    """No clock and no file is needed, and a dead newer session does not stop anybody."""
    bench = Bench()
    (opening,) = bench.sent()
    bench.say(messages.Break("a", opening.epoch, (7, 3, 99)))
    (again,) = bench.passes(0.5)

    assert again.epoch == (8, 1, opening.epoch[2])


def test_a_break_of_an_older_session_is_not_heard():
    """It is over anyway."""
    bench = Bench()
    (opening,) = bench.sent()
    bench.opened()
    bench.say(messages.Break("a", (0, 0, opening.epoch[2])))

    assert bench.node.is_open


def test_a_finite_source_goes_on_behind_its_memory():
    """The same stream, the source's own memory, the run that is committed."""
    memory = {NAME: pack({"read": 5, "run": 2}, NAME)}
    bench = Bench(has_memory=True)
    bench.sent()
    bench.opened((3, 4), memory=memory)

    assert (bench.node.begin, bench.node.run) == ({"read": 5}, 2)
    assert kinds(bench.offer(memory={"read": 6})) == [(3, 5), ("mark", (3, 5))]


def test_a_memory_travels_with_its_mark_and_only_what_changed():
    """The catalogue holds what the source remembers at the committed position."""
    bench = Bench(has_memory=True)
    bench.sent()
    bench.opened()
    first = bench.offer(memory={"read": 1, "same": "x"})[-1].memory[NAME]
    second = bench.offer(2, memory={"read": 2})[-1].memory[NAME]

    assert first == pack({"read": 1, "same": "x", "run": 0}, NAME)
    assert second == {**pack({"read": 2}, NAME), "same": None}


def test_asking_again_ends_the_old_stream_and_begins_a_new_one():
    """A greater run than the committed one reads everything again; an older process stops."""
    memory = {NAME: pack({"read": 5, "run": 0}, NAME)}
    bench = Bench(has_memory=True, run=1)
    bench.sent()
    sent = bench.opened((0, 4), memory=memory)

    assert (sent[0].item.outcome, sent[0].item.at, sent[0].item.frames[0].reason) == ("end", (0, 5), "again")
    assert bench.node.begin == {}
    assert (1, 0) in kinds(bench.offer())

    late = Bench(has_memory=True, run=0)
    late.sent()
    late.opened((0, 4), memory={NAME: pack({"read": 5, "run": 1}, NAME)})

    assert late.node.is_over
    assert "newer reading" in late.node.why


def test_a_live_cameras_new_process_ends_the_old_stream():
    """What stood in the store of the process before is missing, and the stream says so."""
    bench = Bench(policy="latest")
    bench.sent()
    (end, _mark) = bench.opened((0, 4))

    assert (end.item.outcome, end.item.at, end.item.frames[0].reason) == ("end", (0, 5), "store-lost")
    assert kinds(bench.offer())[0] == (1, 0)


@pytest.mark.parametrize(
    ("committed", "is_ended", "memory"),
    [
        ((0, 3), False, {"read": 4}),  # further than this capture has marked
        ((0, 0), False, {"read": 9}),  # its position, but not its memory
        ((0, 1), True, {"read": 1}),  # the end that a successor has written
        ((1, 0), False, {"read": 1}),
    ],
)
def test_a_capture_that_finds_a_younger_one_stops(committed, is_ended, memory):
    """What is committed must be a mark of its own, with its memory; else what it holds stands elsewhere by now."""
    bench = Bench(has_memory=True)
    bench.sent()
    bench.opened()
    bench.offer(memory={"read": 1})
    bench.offer(memory={"read": 2})
    bench.say(messages.Break("a", bench.node.epoch))
    bench.passes(0.5)
    bench.opened(committed, is_ended, {NAME: pack({**memory, "run": 0}, NAME)})

    assert bench.node.is_over
    assert "another capture of this camera" in bench.node.why


def test_done_means_that_the_end_is_committed():
    """Not read, not sent, not taken: committed."""
    bench = Bench()
    bench.sent()
    bench.opened()
    bench.offer()
    bench.node.end()
    bench.sent()
    bench.say(messages.Ack("a", bench.node.epoch, (0, 1)))

    assert not bench.node.is_over

    bench.committed((0, 1), ((0, 1), "end"))

    assert bench.node.is_over
    assert bench.node.why == ""


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


def test_a_capture_that_feeds_two_stages_waits_for_both():
    """Each gets every frame and every mark, with half the weight; one of them carries the memory."""
    bench = Bench(lowers=("score", "preview"), has_memory=True)
    to_score, to_preview = bench.sent()

    assert [(m.weight.denominator, m.branch) for m in (to_score, to_preview)] == [(2, (0,)), (2, (1,))]

    bench.opened(peer="be0")

    assert not bench.node.is_open

    bench.opened(peer="be1")
    bench.node.offer(Frame(camera="a", picture=PICTURE), {"read": 1})
    frame, again, mark, plain = bench.sent()

    assert frame.item is again.item
    assert (bool(mark.memory), bool(plain.memory), mark.weight, plain.weight) == (
        True,
        False,
        mark.weight,
        mark.weight,
    )
    assert mark.weight.denominator == 2


def test_an_answer_after_a_break_opens_nothing():
    """One branch has broken the session before the other has answered: it is over, and the next one opens."""
    bench = Bench(lowers=("score", "preview"))
    bench.sent()
    epoch = bench.node.epoch
    bench.opened(peer="be0")
    bench.say(messages.Break("a", epoch), "be0")
    bench.opened(peer="be1")

    assert not bench.node.is_open
    assert kinds(bench.passes(0.5)) == ["Open", "Open"]


def test_a_camera_goes_where_it_belongs_now():
    """A replica that comes or goes ends the session, and the next one opens there at once."""
    bench = Bench()
    bench.sent()
    bench.opened()
    bench.node.reset("be0")

    assert bench.sent() == []

    bench.join("score.1", "cafe")

    assert kinds(bench.sent()) == ["Open"]
    assert bench.node.peers == ["cafe"]


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


def test_what_is_tried_again_leaves_the_memory_of_the_source_alone():
    """It goes on where it stood, after a kill in the middle too."""
    bench = Bench(has_memory=True)
    bench.sent()
    memory = {NAME: pack({"at": 3, "run": 0}, NAME)}
    bench.opened((0, 5), is_ended=True, memory=memory)
    bench.node.retry(Frame(camera="a", picture=PICTURE))
    bench.node.cut()
    marks = [body for body in bench.sent() if isinstance(body, messages.Mark)]

    assert bench.node.begin == {"at": 3}
    assert marks[-1].upto == (1, 1)
    assert all(mark.memory == {} for mark in marks)


def test_after_the_end_nothing_is_tried_again():
    """What is drained ends; the frame stays in quarantine."""
    bench = Bench()
    bench.sent()
    bench.opened()
    bench.node.drain()
    bench.node.retry(Frame(camera="a", picture=PICTURE))
    bench.node.cut()

    assert bench.node.store.items == {}


def test_a_mark_tells_what_happened_to_the_camera_until_it_is_committed():
    """Eight a mark at most; a session that ends before the commit tells them again, one that ends after it does not."""
    bench = Bench()
    bench.sent()
    bench.opened()
    for number in range(10):
        bench.node.record("lost", str(number))
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
