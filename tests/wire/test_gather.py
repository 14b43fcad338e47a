import itertools
from fractions import Fraction

import pytest

from keepframe.archive import Standing
from keepframe.frame import Frame, Item
from keepframe.wire import messages
from keepframe.wire.gather import REST_MS, ArchiveNode, CommitJob, OpenJob
from keepframe.wire.messages import Envelope

FIRST, SECOND = (0, 1, 5), (0, 2, 5)
NOTHING = Standing((-1, -1), is_ended=False, memory={}, outcomes=[])


class Bench:
    """An archive with two senders, for which the test speaks."""

    def __init__(self):
        self.node = ArchiveNode("archive.0", ["score.0", "notify.0"], ["a"], itertools.count(1).__next__)
        self.node.tick(0.0)
        self.numbers = {}
        for peer, hello in self.node.out:
            self.node.receive(0.0, peer, Envelope((hello.body.nonce, 9), 0, messages.Welcome(peer)))
            self.numbers[peer] = 0
        self.sent()

    def say(self, body, peer="score.0"):
        self.numbers[peer] += 1
        self.node.receive(0.0, peer, Envelope(self.node.ports[peer].connection, self.numbers[peer], body))
        self.node.pump(0.0)
        return self.sent()

    def sent(self):
        out, self.node.out = self.node.out, []
        return [(peer, e.body) for peer, e in out]

    def begin(self, epoch=FIRST, branches=("score.0",)):
        """A session that is open over these branches."""
        weight = Fraction(1, len(branches))
        for i, peer in enumerate(branches):
            self.say(messages.Open("a", epoch, None, weight, (i,)), peer)
        self.node.opened(self.node.take(), NOTHING, epoch)
        return self.sent()

    def frame(self, seq, peer="score.0", outcome=None, epoch=FIRST):
        frame = Frame(camera="a", seq=seq)
        return self.say(
            messages.Frame("a", epoch, Item((frame.settled(outcome, peer) if outcome else frame,))), peer
        )

    def mark(self, seq, peer="score.0", weight=Fraction(1), memory=None, epoch=FIRST, ack_every=1):
        events = (("e", peer),)
        return self.say(messages.Mark("a", epoch, (0, seq), memory or {}, events, weight, ack_every), peer)


def test_opened_goes_to_every_branch_when_all_are_there_and_the_catalogue_has_answered():
    """With what is committed, as the catalogue tells it."""
    bench = Bench()
    bench.say(messages.Open("a", FIRST, ((0, 1), (0, 3)), Fraction(1, 2), (0,)))
    job = bench.node.take()

    assert job == OpenJob("a", FIRST, ((0, 1), (0, 3)))

    bench.node.opened(job, Standing((0, 2), False, {"score": {"k": b"1"}}, [((0, 2), "kept")]), FIRST)

    assert bench.sent() == []

    answers = bench.say(messages.Open("a", FIRST, None, Fraction(1, 2), (1,)), "notify.0")

    assert [peer for peer, _ in answers] == ["score.0", "notify.0"]
    assert {(m.committed, m.memory["score"]["k"], m.outcomes[0][1]) for _, m in answers} == {
        ((0, 2), b"1", "kept")
    }
    assert bench.node.take() is None


def test_an_older_epoch_is_refused_here_and_by_the_catalogue():
    """Both say which epoch stands in the way."""
    bench = Bench()
    bench.begin(SECOND)

    assert bench.say(messages.Open("a", FIRST, None)) == [("score.0", messages.Break("a", FIRST, SECOND))]

    bench = Bench()
    bench.say(messages.Open("a", FIRST, None))
    bench.node.opened(bench.node.take(), None, (7, 0, 0))

    assert bench.sent() == [("score.0", messages.Break("a", FIRST, (7, 0, 0)))]
    assert bench.node.sessions == {}


def test_taken_is_told_once_for_all_that_came_together_and_by_the_slowest_branch():
    """Credit comes back as far as every branch has come."""
    bench = Bench()
    bench.begin(branches=("score.0", "notify.0"))

    assert bench.frame(0) == []
    assert bench.frame(1) == []
    assert bench.frame(0, "notify.0") == [("score.0", messages.Ack("a", FIRST, (0, 0)))]


def acks(sent):
    """How far each acknowledgement goes."""
    return [body.taken[1] for _, body in sent if isinstance(body, messages.Ack)]


def told_every(count, branches=("score.0",)):
    """An archive of which a camera wants every so many frames acknowledged, behind its first that is committed."""
    bench = Bench()
    bench.begin(branches=branches)
    for peer in branches:
        bench.frame(0, peer)
        bench.mark(0, peer, Fraction(1, len(branches)), ack_every=count)
    bench.node.committed(bench.node.take(), [], FIRST)
    bench.sent()
    return bench


def test_who_waits_for_nobody_is_told_of_many_frames_at_once():
    """By the slowest branch, like one by one."""
    bench = told_every(3, branches=("score.0", "notify.0"))

    assert [acks(bench.frame(seq)) for seq in range(1, 8)] == [[]] * 7
    assert [acks(bench.frame(seq, "notify.0")) for seq in range(1, 8)] == [[], [], [3], [], [], [6], []]


def test_a_commit_tells_of_what_it_covers():
    """What came behind it is counted from there, whichever of both acknowledgements comes first."""
    bench = told_every(4)
    told = [acks(bench.frame(seq)) for seq in (1, 2, 3)]
    bench.mark(2, ack_every=4)
    job = bench.node.take()
    told += [acks(bench.frame(4))]
    bench.node.committed(job, [], FIRST)
    told += [acks(bench.sent()), acks(bench.frame(5))]
    bench.mark(5, ack_every=4)
    bench.node.committed(bench.node.take(), [], FIRST)
    told += [acks(bench.sent())]

    assert told == [[], [], [], [4], [2], [], [5]]
    assert [acks(bench.frame(seq)) for seq in (6, 7, 8, 9)] == [[], [], [], [9]]


def test_what_was_taken_is_told_within_a_tick():
    """Nobody waits for ever for the company of frames that have no credit to come: of larger pictures, or held back."""
    bench = told_every(100)

    assert acks(bench.frame(1) + bench.frame(2)) == []

    bench.node.tick(0.25)
    bench.node.pump(0.25)

    assert acks(bench.sent()) == [2]

    bench.node.tick(0.5)
    bench.node.pump(0.5)

    assert acks(bench.sent()) == []
    assert acks(bench.frame(3)) == []


def test_a_new_session_is_told_of_each_frame_until_it_says_otherwise():
    """Whoever opens it may not know yet how large its frames are."""
    bench = told_every(100)
    bench.begin(SECOND)

    assert [acks(bench.frame(seq, epoch=SECOND)) for seq in (1, 2)] == [[1], [2]]


def test_a_mark_over_all_branches_is_one_commit():
    """Rows up to it, memories and events of all branches; before, nothing."""
    bench = Bench()
    bench.begin(branches=("score.0", "notify.0"))
    for seq in (0, 1):
        bench.frame(seq)
        bench.frame(seq, "notify.0", "filtered")
    bench.mark(0, memory={"score": {"k": b"1"}})

    assert bench.node.take() is None

    bench.mark(0, "notify.0", memory={"notify": {"n": None}})
    job = bench.node.take()

    assert isinstance(job, CommitJob)
    assert ([i.at for i in job.items], job.upto) == ([(0, 0)], (0, 0))
    assert job.memory == {"score": {"k": b"1"}, "notify": {"n": None}}
    assert job.events == (("e", "score.0"), ("e", "notify.0"))
    assert bench.node.waiting == 2

    bench.node.committed(job, [((0, 0), "kept")], FIRST)

    assert bench.sent() == [("score.0", messages.Ack("a", FIRST, (0, 0), [((0, 0), "kept")]))]


def rest_ms(sent):
    """What the last acknowledgement says."""
    return [body.rest_ms for _, body in sent if isinstance(body, messages.Ack)][-1]


def commit(bench, seq, nbytes):
    """Commit up to this frame with a memory of so many bytes; what is sent then."""
    bench.mark(seq, memory={"score": {"k": bytes(nbytes)}})
    bench.node.committed(bench.node.take(), [], FIRST)
    return bench.sent()


@pytest.mark.parametrize(("nbytes", "ms"), [(0, 0), (100, 5), (50_000, 2500), (1_000_000, REST_MS)])
def test_marks_may_rest_the_longer_the_more_a_memory_weighs(nbytes, ms):
    """But never for long: nobody sees what stands behind the last one."""
    bench = Bench()
    bench.begin()
    bench.frame(0, outcome="unchanged")

    assert rest_ms(commit(bench, 0, nbytes)) == ms
    assert rest_ms(bench.frame(1, outcome="unchanged")) == ms


def test_marks_do_not_rest_while_a_picture_is_to_be_kept():
    """It is seen as soon as if its camera's memory weighed nothing."""
    bench = Bench()
    bench.begin()
    bench.frame(0, outcome="unchanged")
    commit(bench, 0, 50_000)

    assert rest_ms(bench.frame(1)) == 0
    assert rest_ms(bench.frame(2, outcome="unchanged")) == 0
    assert rest_ms(commit(bench, 2, 50_000)) == 2500


@pytest.mark.parametrize(
    ("first", "second", "best"),
    [
        ("filtered", "unchanged", "notify.0"),
        ("rejected", "dropped", "score.0"),
        ("failed", None, ""),
        (None, "failed", ""),
        ("failed", "failed", "score.0"),
        ("end", None, "score.0"),
    ],
)
@pytest.mark.parametrize("order", [("score.0", "notify.0"), ("notify.0", "score.0")])
def test_of_several_outcomes_the_strongest_counts_whoever_came_first(first, second, best, order):
    """Equal ones in the order of the branches, never of arrival."""
    bench = Bench()
    bench.begin(branches=("score.0", "notify.0"))
    outcomes = {"score.0": first, "notify.0": second}
    for peer in order:
        bench.frame(0, peer, outcomes[peer])
        bench.mark(0, peer)

    (item,) = bench.node.take().items

    assert item.frames[0].reason == best


def test_a_commit_that_came_too_late_breaks_its_session():
    """The catalogue has had a newer epoch; nothing was written, and the capture is told which."""
    bench = Bench()
    bench.begin()
    bench.frame(0)
    bench.mark(0)
    bench.node.committed(bench.node.take(), None, SECOND)

    assert bench.sent()[-1] == ("score.0", messages.Break("a", FIRST, SECOND))
    assert bench.node.sessions == {}


def test_an_answer_for_a_session_that_is_over_is_not_sent():
    """A newer one has begun while the catalogue was busy."""
    bench = Bench()
    bench.begin()
    bench.frame(0)
    bench.mark(0)
    job = bench.node.take()
    bench.say(messages.Open("a", SECOND, None))
    bench.node.committed(job, [((0, 0), "kept")], FIRST)
    bench.node.opened(OpenJob("a", FIRST, None), NOTHING, FIRST)

    assert bench.sent() == []


def test_what_was_gathered_over_a_broken_link_is_forgotten():
    """It comes again; a commit that is on its way to the catalogue is not taken back."""
    bench = Bench()
    bench.begin()
    bench.frame(0)
    bench.mark(0)
    bench.frame(1)
    bench.node.reset("score.0")

    assert bench.node.sessions == {}
    assert [type(job) for job in bench.node.jobs] == [CommitJob]


def test_messages_of_another_session_or_branch_count_for_nothing():
    """Late ones are not mixed with new ones."""
    bench = Bench()
    bench.begin(SECOND)
    bench.frame(0, epoch=FIRST)
    bench.frame(0, "notify.0", epoch=SECOND)
    bench.mark(0, epoch=FIRST)

    assert bench.node.waiting == 0
    assert bench.node.take() is None


def test_a_session_opens_before_what_others_have_to_commit_but_not_before_its_own_camera():
    """Else a restarted capture waits behind every other camera's pictures."""
    node = ArchiveNode("archive.0", [], ["a", "b"], lambda: 1)
    commits = [CommitJob(camera, FIRST, (0, 0), (), {}, ()) for camera in ("a", "a")]
    late, early = OpenJob("a", SECOND, None), OpenJob("b", FIRST, None)
    node.jobs.extend([*commits, late, early])

    assert [node.take() for _ in range(5)] == [early, *commits, late, None]
