"""A replica of a stage, with sessions that are handed to it directly; what leaves it is what its node is told to finish."""

import logging
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from keepframe.config.pipeline import Use
from keepframe.errors import LostPictureError
from keepframe.frame import START, Frame, Item
from keepframe.run.relaying import Relaying
from keepframe.stage import Mark, read_contract
from keepframe.wire.item_header import fitting
from keepframe.wire.relay import Session

GRAY = np.full((4, 6), 7, np.uint8)
SINK = """
[stages.preprocess]
inputs = ["capture"]
use = "grayscale"
[stages.watch]
inputs = ["preprocess"]
use = "grayscale"
[stages.archive]
inputs = ["preprocess"]
use = "archive"
"""


def frame(seq=0, **more):
    """A frame of the camera `lobby` with a working image."""
    return Frame(**{"camera": "lobby", "seq": seq, "working": GRAY, **more})


def session(camera="lobby", **more):
    """A session that has just been opened."""
    return Session(camera, (0, 1, 7), "capture.lobby", ["a"], Fraction(1), **more)


@pytest.fixture
def relaying(seat):
    """A process that runs this callable; what it finishes is kept in `left`, with the events in `told`."""
    made = []

    def make(target, name="preprocess.0", text=""):
        process = Relaying(seat(name, text))
        contract = read_contract(target, "mine")
        process.stage = replace(process.stage, steps=(Use("mine", {}, contract),))
        process.left, process.told = [], []

        def finish(_session, things, events=()):
            process.left += things
            process.told.append(events)

        process.node.finish = finish
        made.append(process)
        return process

    yield make
    for process in made:
        if process.shell._wake >= 0:
            process.shell.stop()


def test_a_frame_is_worked_on_and_passed_on(relaying):
    """Counted, and in hand no longer than it takes."""
    process = relaying(lambda frame: frame.with_note("seen", process.seat.hand.holds == ("lobby", (0, 3))))
    process._do(session(), Item((frame(3),)))

    assert dict(process.left[0].frames[0].notes) == {"seen": True}
    assert process.seat.hand.holds is None
    assert process.frames == 1


def test_a_frame_that_cannot_be_sent_on_is_told_as_failed(relaying, caplog):
    """What its stage noted is too much for a header."""
    process = relaying(lambda frame: frame.with_note("text", "x" * 5000))
    process._do(session(), Item((frame(3),)))

    (record,) = caplog.records
    assert (record.msg, record.fields["frame"]) == ("failed", "lobby/0/3")
    assert "cannot be sent on" in record.fields["reason"]


def test_a_stage_that_raises_loses_that_frame_only(relaying, caplog):
    """It goes on as failed, the reason is told once, and nothing is in hand."""

    def broken(frame):
        if frame.seq == 1:
            raise ValueError("not this one")
        return frame

    process, lobby = relaying(broken), session()
    process.node.sessions["lobby"] = lobby
    for seq in range(3):
        process._do(lobby, Item((frame(seq),)))
    process._do(
        session(), Item((frame(1),))
    )  # of a session that is over: the frame comes again, so nothing is told

    assert [item.outcome for item in process.left][:3] == [None, "failed", None]
    assert [(r.fields["frame"], r.fields["reason"]) for r in caplog.records] == [
        ("lobby/0/1", "mine: ValueError: not this one")
    ]
    assert process.seat.hand.holds is None


def test_a_frame_that_ends_its_process_stays_in_hand(relaying):
    """That is how its supervisor knows which it was."""

    def deadly(frame):
        raise SystemExit(3)

    process = relaying(deadly)
    with pytest.raises(SystemExit):
        process._do(session(), Item((frame(57),)))

    assert process.seat.hand.holds == ("lobby", (0, 57))


@pytest.mark.parametrize("outcome", ["unchanged", "filtered", "failed", "dropped", "end"])
def test_what_is_decided_passes_by(relaying, outcome, caplog):
    """The stage is not called, nothing is in hand, and a failure is not told a second time."""
    process = relaying(lambda frame: pytest.fail("was called"))
    process._do(session(), Item((frame().settled(outcome, "blur: because"),), count=1))

    assert [item.outcome for item in process.left] == [outcome]
    assert caplog.records == []


def test_a_mark_takes_the_memory_along_and_the_next_session_begins_with_it(relaying):
    """Another process goes on where this one was, not where it would have been."""

    class Count:
        def __init__(self):
            self.n = 0

        def __call__(self, frame):
            self.n += 1
            return frame.with_note("n", self.n)

        def save(self):
            return {"n": self.n}

        def load(self, memory):
            self.n = memory["n"]

    process, first = relaying(Count), session()
    for seq in range(3):
        process._do(first, Item((frame(seq),)))
    process._do(first, Mark((0, 2)))
    mark = process.left[-1]
    process._do(session(memory=mark.memory, committed=(0, 2)), Item((frame(3),)))

    assert mark.upto == (0, 2)
    assert process.left[-1].frames[0].notes["n"] == 4
    assert process.frames == 4


def test_a_session_that_starts_fresh_says_so_once(relaying, caplog):
    """With its first thing; a stage that cannot remember has lost what it knew."""

    class Forgetful:
        def __init__(self):
            self.n = 0

        def __call__(self, frame):
            self.n += 1
            return frame

    caplog.set_level(logging.INFO, "keepframe")
    process, later = relaying(Forgetful), session(committed=(0, 5))
    process._do(session(committed=START), Item((frame(),)))
    process._do(later, Item((frame(6),)))
    process._do(later, Item((frame(7),)))

    assert [[kind for kind, _ in events] for events in process.told] == [[], ["fresh"], []]
    assert [(r.getMessage(), r.fields["camera"]) for r in caplog.records] == [("fresh", "lobby")]


def test_what_does_not_fit_into_a_header_fails(relaying):
    """A frame that could not travel would break its session again and again."""

    def chatty(frame):
        for part in range(2):
            yield frame.with_note("story", "x" * 9000).with_score("s", 1.0) if part else frame

    process = relaying(chatty)
    process._do(session(), Item((frame(),)))
    (item,) = process.left

    assert fitting(item, "x") is item
    assert [(f.outcome, f.part, dict(f.notes), dict(f.scores)) for f in item.frames] == [
        ("failed", "", {}, {})
    ]
    assert item.frames[0].reason.startswith("preprocess: cannot be sent on: its header takes ")


@pytest.mark.parametrize("makes", ["frame", "nothing", "parts", "error", "verdict"])
def test_whatever_a_sink_makes_of_a_frame_decides_nothing(relaying, makes):
    """To the archive it is filtered by the sink, the weakest outcome, without pixels."""

    def sink(frame):
        if makes == "error":
            raise ValueError("no")
        return {
            "frame": frame, "nothing": None, "parts": [frame, frame], "verdict": frame.settled("unchanged", "unchanged"),
        }[makes]  # fmt: skip

    process = relaying(sink, "watch.0", SINK)
    process._do(session(), Item((frame(4),)))
    (item,) = process.left

    assert process.is_sink
    assert (item.at, item.outcome, len(item.frames)) == ((0, 4), "filtered", 1)
    assert item.frames[0].working is None


def test_a_sink_passes_the_end_on(relaying):
    """The stream ends on every branch."""
    process = relaying(lambda frame: frame, "watch.0", SINK)
    process._do(session(), Item((frame(4).settled("end"),)))

    assert process.left[0].outcome == "end"


class Line:
    """A line that notes whether it was closed."""

    def __init__(self, error=None):
        self.error, self.is_closed = error, False

    def close(self):
        self.is_closed = True
        if self.error:
            raise self.error


def test_the_lines_of_ended_sessions_are_closed(relaying, caplog):
    """Also one that raises at it, and those that are left when it leaves; a session that never had work has none."""
    process = relaying(lambda frame: frame)
    ended, bad, left = Line(), Line(RuntimeError("cannot let go")), Line()
    process.node.ended = [session(line=ended), session(line=bad), session()]
    process.node.sessions = {"lobby": session(line=left)}
    process.leave()

    assert process.work() == 0
    assert [line.is_closed for line in (ended, bad, left)] == [True] * 3
    assert [(r.getMessage(), r.fields["error"]) for r in caplog.records] == [
        ("not-closed", "RuntimeError('cannot let go')")
    ]


def test_what_all_cameras_share_is_left_at_the_end(relaying):
    """One instance for the process, whose `with` is left when the process leaves."""
    told = []

    class Shared:
        per = "process"

        def __enter__(self):
            told.append("enter")
            return self

        def __exit__(self, *_):
            told.append("exit")

        def __call__(self, frame):
            told.append(frame.camera)
            return frame

    process = relaying(Shared, "watch.0", SINK)
    for camera in ("lobby", "door"):
        process._do(session(camera), Item((frame(camera=camera),)))
    before = list(told)
    process.leave()
    process.work()

    assert before == ["enter", "lobby", "door"]
    assert told == [*before, "exit"]


def test_nothing_more_is_begun_once_it_is_to_leave(relaying):
    """Its cameras go to another replica at once; what waits is done there."""
    process = relaying(lambda frame: pytest.fail("was called"))
    process.node.sessions = {"lobby": session(answered={"a"})}
    process.leave()

    assert process.work() == 0
    assert process.node.sessions == {}
    assert process.left == []


def test_how_long_a_frame_has_been_in_hand_is_told(relaying):
    """While it is worked on; nothing is in hand between two."""
    process = relaying(lambda frame: frame)
    idle = process.status()["in_hand_s"]
    process.since = 0.0
    busy = process.status()["in_hand_s"]
    process._do(session(), Item((frame(),)))

    assert (idle, process.status()["in_hand_s"]) == (0.0, 0.0)
    assert busy > 0
    assert (process.status()["frames"], process.status()["waiting"]) == (1, 0)


def test_a_picture_that_did_not_come_ends_its_session_alone(relaying, caplog):
    """No frame is at fault: it comes again, and nothing leaves of it."""

    def look(frame):
        raise LostPictureError("capture.lobby has not sent a picture within 5 s")

    process, lobby = relaying(look), session()
    given_up = []
    process.node.give_up = given_up.append
    process._do(lobby, Item((frame(1),)))

    assert (given_up, process.left, process.seat.hand.holds) == ([lobby], [], None)
    assert [(r.levelname, r.msg, r.fields["camera"]) for r in caplog.records] == [
        ("ERROR", "lost-picture", "lobby")
    ]
