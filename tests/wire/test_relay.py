import itertools
from fractions import Fraction

import pytest

from keepframe.frame import Frame, Item
from keepframe.stage.line import Mark
from keepframe.wire import messages
from keepframe.wire.messages import Envelope
from keepframe.wire.relay import TOGETHER, RelayNode

FIRST, SECOND = (0, 1, 5), (0, 2, 5)


class Bench:
    """A score stage between a sender and the stages below, for which the test speaks."""

    def __init__(self, lowers=("archive",)):
        self.node = RelayNode("score.0", ["preprocess.0"], lowers, ["a", "b"], itertools.count(1).__next__)
        self.numbers = {"preprocess.0": 0}
        self.node.tick(0.0)
        ((_, hello),) = self.node.out
        self.node.receive(
            0.0, "preprocess.0", Envelope((hello.body.nonce, 9), 0, messages.Welcome("preprocess.0"))
        )
        for i, stage in enumerate(lowers):
            self.join(f"{stage}.0", f"be{i}")
        self.sent()

    def join(self, name, peer):
        self.node.receive(0.0, peer, Envelope(None, 0, messages.Hello(1, name, is_ready=True, pipeline="")))
        self.numbers[peer] = 0

    def say(self, body, peer="preprocess.0"):
        self.numbers[peer] += 1
        self.node.receive(0.0, peer, Envelope(self.node.ports[peer].connection, self.numbers[peer], body))
        return self.sent()

    def sent(self):
        """What has been sent since, as (peer, message), without greetings and pings."""
        out, self.node.out = self.node.out, []
        return [
            (p, e.body)
            for p, e in out
            if not isinstance(e.body, messages.Ping | messages.Welcome | messages.Hello)
        ]

    def begin(self, epoch=FIRST, memory=None, camera="a"):
        """A session that has opened."""
        opened = self.say(messages.Open(camera, epoch, None))
        for peer, m in opened:
            self.say(
                messages.Opened(camera, m.epoch, (-1, -1), is_ended=False, memory=memory or {}, outcomes=[]),
                peer,
            )

    def frame(self, seq, camera="a", epoch=FIRST):
        return self.say(messages.Frame(camera, epoch, Item((Frame(camera=camera, seq=seq),))))

    def work(self):
        """Take the next thing and bring it back as it is."""
        session, thing = self.node.take()
        self.node.finish(session, [thing])
        return self.sent()


def test_a_session_opens_on_every_branch_with_its_part_of_the_weight():
    """Equal parts, and the number of the way at each fork."""
    bench = Bench(lowers=("archive", "notify"))

    opened = bench.say(messages.Open("a", FIRST, None, Fraction(1, 2), (1,)))

    assert [(peer, m.weight, m.branch) for peer, m in opened] == [
        ("be0", Fraction(1, 4), (1, 0)),
        ("be1", Fraction(1, 4), (1, 1)),
    ]


def test_opened_is_passed_up_when_all_branches_have_answered():
    """Each stage takes its own memory out."""
    bench = Bench(lowers=("archive", "notify"))
    bench.say(messages.Open("a", FIRST, None))
    answer = messages.Opened("a", FIRST, (0, 3), False, {"score": {"k": b"1"}, "capture": {"c": b"2"}}, [])

    assert bench.say(answer, "be0") == []

    ((peer, m),) = bench.say(answer, "be1")

    assert (peer, m.memory) == ("preprocess.0", {"capture": {"c": b"2"}})
    assert (bench.node.sessions["a"].memory, bench.node.sessions["a"].committed) == ({"k": b"1"}, (0, 3))


def test_frames_and_marks_leave_in_the_order_they_came():
    """One at a time for each camera; a mark keeps its place."""
    bench = Bench()
    bench.begin()
    bench.frame(0)
    bench.say(messages.Mark("a", FIRST, (0, 0)))
    bench.frame(1)
    session, first = bench.node.take()

    assert bench.node.take() is None

    bench.node.finish(session, [first])
    bench.sent()

    assert [type(m).__name__ for _ in range(2) for _, m in bench.work()] == ["Mark", "Frame"]
    assert bench.node.waiting == 0


def test_what_leaves_may_wait_while_more_follows_at_once():
    """Not for what a stage is still to get, and not without end."""
    bench = Bench()
    bench.begin()
    for seq in range(TOGETHER + 2):
        bench.frame(seq)
    can_wait = []
    while (work := bench.node.take()) is not None:
        bench.node.finish(work[0], [work[1]])
        can_wait.append(bench.node.can_wait)

    assert can_wait == [*[True] * (TOGETHER - 1), False, False, False]


def test_cameras_take_turns():
    """One that sends much does not keep another waiting."""
    bench = Bench()
    for camera in ("a", "b"):
        bench.begin(camera=camera)
        for seq in range(3):
            bench.frame(seq, camera)

    order = [m.camera for _ in range(6) for _, m in bench.work()]

    assert order == ["a", "b", "a", "b", "a", "b"]


def test_a_mark_takes_along_what_has_changed_of_the_memory():
    """The first branch carries it, and what the stages above have added; the others get the mark alone."""
    bench = Bench(lowers=("archive", "notify"))
    bench.begin(memory={"score": {"same": b"1", "old": b"2", "gone": b"3"}})
    bench.say(messages.Mark("a", FIRST, (0, 0), {"preprocess": {"x": b"y"}}, (("fresh", "up"),)))
    session, mark = bench.node.take()
    bench.node.finish(session, [Mark(mark.upto, {"same": b"1", "old": b"new"})], [("fresh", "here")])
    (_, first), (_, other) = bench.sent()

    assert first.memory == {"preprocess": {"x": b"y"}, "score": {"old": b"new", "gone": None}}
    assert first.events == (("fresh", "up"), ("fresh", "here"))
    assert (other.memory, other.events, other.weight) == ({}, (), Fraction(1, 2))

    bench.say(messages.Mark("a", FIRST, (0, 1)))
    session, mark = bench.node.take()
    bench.node.finish(session, [Mark(mark.upto, {"same": b"1", "old": b"new"})])

    assert [m.memory for _, m in bench.sent()] == [{}, {}]


def told_by_marks(bench, count, events=(), above=()):
    """What further marks tell, one after the other; these events happen here before the first, and those of the stages above come with it."""
    told = []
    for seq in range(count):
        bench.say(messages.Mark("a", FIRST, (0, seq), {}, () if seq else above))
        session, mark = bench.node.take()
        bench.node.finish(session, [mark], () if seq else events)
        told += [[detail for _, detail in m.events] for _, m in bench.sent()]
    return told


def test_what_has_no_room_in_a_mark_goes_with_the_next():
    """Eight events a mark, those from above first, since they wait nowhere else; of its own the oldest."""
    bench = Bench()
    bench.begin()
    own = [("unsaved", str(n)) for n in range(14)]
    above = (("lost", "up"), ("found", "up"))

    assert told_by_marks(bench, 4, own, above) == [
        ["up", "up", *"012345"],
        ["6", "7", "8", "9", "10", "11", "12", "13"],
        [],
        [],
    ]


def test_of_very_many_events_the_oldest_are_let_go():
    """A stage that has something to say about every frame does not fill the memory."""
    bench = Bench()
    bench.begin()
    told = told_by_marks(bench, 20, [("unsaved", str(n)) for n in range(100)])

    assert [detail for details in told for detail in details] == [str(n) for n in range(36, 100)]


@pytest.mark.parametrize("epoch", [FIRST, (0, 0, 9)])
def test_an_epoch_that_is_not_newer_is_refused_with_the_one_in_the_way(epoch):
    """So the capture can count on from it."""
    bench = Bench()
    bench.begin()

    assert bench.say(messages.Open("a", epoch, None)) == [("preprocess.0", messages.Break("a", epoch, FIRST))]


def test_a_newer_session_ends_the_older_one():
    """Its line is let go, and what it still has in hand goes nowhere."""
    bench = Bench()
    bench.begin()
    bench.frame(0)
    old, thing = bench.node.take()
    bench.begin(SECOND)
    bench.node.finish(old, [thing])

    assert bench.sent() == []
    assert bench.node.ended == [old]


def test_without_a_way_down_a_session_is_broken_at_once():
    """The capture tries again; waiting would look like work."""
    bench = Bench(lowers=("archive", "notify"))
    bench.node.reset("be1")

    assert bench.say(messages.Open("a", FIRST, None)) == [("preprocess.0", messages.Break("a", FIRST))]
    assert bench.node.sessions == {}


def test_a_camera_that_nobody_knows_is_refused():
    """Nothing is kept for a name that is not in the pipeline."""
    bench = Bench()

    assert bench.say(messages.Open("zebra", FIRST, None)) == [
        ("preprocess.0", messages.Break("zebra", FIRST))
    ]


def test_a_break_from_below_goes_up_and_ends_the_session():
    """With everything it says."""
    bench = Bench()
    bench.begin()
    m = messages.Break("a", FIRST, (3, 0, 0), (0, 7))

    assert bench.say(m, "be0") == [("preprocess.0", m)]
    assert bench.node.sessions == {}


def test_a_broken_link_below_is_told_above_and_one_above_is_not_told_below():
    """The capture must hear of it; the stages below hear of the next session."""
    bench = Bench()
    bench.begin()
    bench.node.reset("be0")

    assert bench.sent() == [("preprocess.0", messages.Break("a", FIRST))]

    bench = Bench()
    bench.begin()
    bench.node.reset("preprocess.0")

    assert bench.sent() == []
    assert bench.node.sessions == {}


def test_a_replica_that_comes_takes_the_cameras_that_belong_to_it():
    """Those are broken, the others go on."""
    bench = Bench()
    bench.begin(camera="a")
    bench.begin(camera="b")
    bench.join("archive.1", "cafe")
    broken = [m.camera for _, m in bench.sent()]

    assert len(broken) == 1
    assert bench.node.sessions.keys() == {"a", "b"} - set(broken)


def test_who_leaves_breaks_all_its_sessions():
    """So that the next ones go elsewhere at once."""
    bench = Bench()
    bench.begin(camera="a")
    bench.begin(camera="b")
    bench.node.leave()

    assert [m.camera for _, m in bench.sent()] == ["a", "b"]


def test_acknowledgements_pass_up_and_only_of_this_session():
    """A relay has no opinion on them."""
    bench = Bench()
    bench.begin()
    ack = messages.Ack("a", FIRST, (0, 0), [((0, 0), "kept")])

    assert bench.say(ack, "be0") == [("preprocess.0", ack)]
    assert bench.say(messages.Ack("a", SECOND, (0, 0)), "be0") == []


def test_frames_of_another_session_or_from_below_are_not_worked_on():
    """A late message of an old session cannot change anything."""
    bench = Bench()
    bench.begin(SECOND)
    bench.frame(0, epoch=FIRST)
    bench.say(messages.Frame("a", SECOND, Item((Frame(camera="a"),))), "be0")

    assert bench.node.waiting == 0
