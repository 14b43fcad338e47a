"""A capture's sessions: opened, fed, broken and opened again."""

import pytest
from benches import PICTURE, Bench, kinds

from keepframe.frame import Frame
from keepframe.stage.memory import pack
from keepframe.wire import messages
from keepframe.wire.capture import NAME
from keepframe.wire.credit import Credit
from keepframe.wire.marks import MARK_EVERY, MARK_S
from keepframe.wire.store import Store


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


def marked(bench):
    """After the marks that come at once after a break, all of it committed: 15 frames."""
    bench.sent()
    bench.opened()
    bench.offer(15)
    bench.committed((0, 14))
    return bench


def rests(bench, rest_ms):
    """The archive says how long marks may rest."""
    return bench.say(messages.Ack("a", bench.node.epoch, (0, 14), [], rest_ms))


def test_marks_rest_as_long_as_the_archive_has_them():
    """Their memories weigh much: by frames alone they would come too often."""
    bench = marked(Bench())
    rests(bench, 2500)

    assert not [b for b in bench.offer(MARK_EVERY + 3) if isinstance(b, messages.Mark)]
    assert bench.passes(2.4) == []
    assert kinds(bench.passes(0.2)) == [("mark", (0, 25))]


def test_a_mark_that_has_rested_comes_behind_frames_that_go_together():
    """In the middle of them it would tear them apart: the next process would be woken for what is left of them, too."""
    bench = marked(patient())
    rests(bench, 500)
    sent = [bench.offer(MARK_EVERY)]
    bench.now += 0.6
    sent += [bench.offer(1), bench.offer(MARK_EVERY - 1)]

    assert [[b.upto for b in bodies if isinstance(b, messages.Mark)] for bodies in sent] == [
        [],
        [],
        [(0, 30)],
    ]
    assert [len(bodies) for bodies in sent] == [MARK_EVERY, 0, MARK_EVERY + 1]


@pytest.mark.parametrize(
    "asks",
    [
        lambda b: rests(b, 0),
        lambda b: b.node.marks.record("lost", "no picture for 10 s"),
        lambda b: b.node.drain(),
    ],
)
def test_marks_do_not_rest_when_somebody_waits_for_them(asks):
    """A picture is to be kept, there is something to tell, or nothing more comes."""
    bench = marked(Bench(has_memory=True))
    rests(bench, 5000)
    bench.offer(1)
    asks(bench)

    assert kinds(bench.passes(MARK_S)) == [("mark", (0, 15))]


def test_marks_rest_no_longer_than_there_is_room():
    """A quarter of the store: behind it the source would wait, or drop."""
    bench = marked(Bench(store=Store(64)))
    rests(bench, 5000)

    assert [b.upto for b in bench.offer(17) if isinstance(b, messages.Mark)] == [(0, 30)]


def test_after_a_break_marks_do_not_rest():
    """What is worked on again is committed soon, however much it weighs."""
    bench = marked(Bench())
    rests(bench, 5000)
    bench.say(messages.Break("a", bench.node.epoch))
    bench.passes(1.0)
    bench.opened((0, 14))

    assert [b.upto[1] for b in bench.offer(7) if isinstance(b, messages.Mark)] == [15, 17, 21]


def patient():
    """A capture whose frames wait for those that one mark covers; its first three frames and both their marks are sent."""
    bench = Bench(is_patient=True)
    bench.sent()
    bench.opened()
    bench.offer(3)
    return bench


def test_frames_that_nobody_waits_for_go_with_those_their_mark_covers():
    """One after the other they would wake every process on the way, once each."""
    bench = patient()

    assert [kinds(bench.offer()) for _ in range(4)] == [
        [],
        [],
        [],
        [(0, 3), (0, 4), (0, 5), (0, 6), ("mark", (0, 6))],
    ]


@pytest.mark.parametrize(("is_patient", "every"), [(True, 10), (False, 1)])
def test_a_mark_says_how_much_may_be_acknowledged_at_once(is_patient, every):
    """Half of the credit where nobody waits: more can be sent meanwhile. Where somebody does each frame frees its own at once."""
    bench = Bench(is_patient=is_patient, credit=Credit(32, 200))
    bench.sent()
    bench.opened()
    marks = [b for b in bench.offer(1) if isinstance(b, messages.Mark)]

    assert [m.ack_every for m in marks] == [every]


@pytest.mark.parametrize(
    "ends_it",
    [
        lambda b: b.passes(0),
        lambda b: b.node.end(),
        lambda b: b.node.suspect((0, 3), "score.0") or b.committed((0, 2)),
    ],
)
def test_frames_wait_a_tick_at_most_and_not_for_what_does_not_come(ends_it):
    """A slow source's frames go by themselves, and the last ones do not wait for any more, nor does one that is tried alone."""
    bench = patient()
    bench.offer(2)

    assert bench.node.can_wait
    assert (0, 3) in kinds((ends_it(bench) or []) + bench.sent())


def test_a_source_that_nobody_waits_for_is_not_read_far_ahead():
    """A store full of frames that cannot be sent yet would have them in no cache when their turn comes."""
    bench = Bench(is_patient=True, has_memory=True, credit=Credit(4))
    bench.sent()
    bench.opened()
    read = 0
    while bench.node.wants:
        bench.offer()
        read += 1

    assert read == 4 + 2 * MARK_EVERY

    bench.say(messages.Ack("a", bench.node.epoch, (0, 3)))

    assert bench.node.wants


def test_frames_do_not_wait_for_what_has_no_room():
    """A store of few frames would wait for itself."""
    bench = Bench(is_patient=True, store=Store(2))
    bench.sent()
    bench.opened()
    bench.offer(1)
    bench.committed((0, 0))

    assert kinds(bench.offer(1)) == []
    assert kinds(bench.offer(1)) == [(0, 1), (0, 2), ("mark", (0, 2))]


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


def test_a_gap_waits_for_the_credit_of_what_comes_behind_it():
    """Else headers overtook the limit in bytes one by one, and piled up."""
    bench = Bench(policy="latest", credit=Credit(9, 5))
    bench.sent()
    bench.opened()
    for _ in range(50):
        bench.offer()

    assert len(bench.node.store.items) == 3


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
