"""The archive's process, with archives that have a mind of their own."""

import errno
import logging
from dataclasses import replace

import numpy as np
import pytest

from keepframe.archive import Archive, Standing
from keepframe.archive.reading import Reader
from keepframe.errors import ArchiveLockedError, StalePictureError
from keepframe.frame import START, Frame, Item
from keepframe.picture import Picture, checksum
from keepframe.run import archiving
from keepframe.run.archiving import Archiving
from keepframe.wire.gather import CommitJob, OpenJob

EPOCH = (0, 1, 7)
OPEN = OpenJob("lobby", EPOCH, None)


def commit(seq, *frames):
    """The job of a mark with these frames, or one that is not kept."""
    items = tuple(
        Item((frame,)) for frame in frames or (Frame(camera="lobby", seq=seq, outcome="unchanged"),)
    )
    return CommitJob("lobby", EPOCH, items[-1].upto, items, {}, ())


class Trouble:
    """An archive that raises what it was given, one after the other, and lets its process go when it has no more to do."""

    def __init__(self, process, *errors, where="commit", jobs=1):
        self.process, self.errors, self.where, self.jobs = process, list(errors), where, jobs
        self.calls, self.is_ours = [], True
        process.archive = self

    def __enter__(self):
        self.meet("enter")
        return self

    def __exit__(self, *_):
        self.calls.append("exit")

    def is_current(self):
        self.meet("is_current")
        return self.is_ours

    def open(self, camera, epoch, held):
        self.meet("open")
        self.count()
        return Standing(START, is_ended=False, memory={}, outcomes=[])

    def commit(self, camera, epoch, upto, items, memory, events):
        self.meet("commit")
        self.count()
        return [(item.at, item.outcome or "kept") for item in items]

    def newest(self, camera):
        return EPOCH

    def meet(self, where):
        self.calls.append(where)
        if where == self.where and self.errors:
            self.on_trouble()
            raise self.errors.pop(0)

    def on_trouble(self):
        """A test looks, or acts."""

    def count(self):
        self.jobs -= 1
        self.process.is_leaving = self.jobs <= 0


def full():
    """What a full disk raises."""
    return OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def process(seat, monkeypatch):
    """An archive's process that has not begun; it waits no second between two tries."""
    monkeypatch.setattr(archiving, "RETRY_S", 0.0)
    return Archiving(seat("archive.0"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EBUSY])
@pytest.mark.parametrize("where", ["enter", "is_current", "commit"])
def test_what_passes_is_waited_for_at_every_step(process, number, where, caplog):
    """Disk full, quota, a busy catalogue: told once, tried again until it goes, and told again."""
    caplog.set_level(logging.INFO, "keepframe")
    archive = Trouble(process, *(OSError(number, "not now") for _ in range(3)), where=where)
    seen = []
    archive.on_trouble = lambda: seen.append(process.status()["trouble"])
    process.node.jobs.append(commit(0))

    assert process.work() == 0
    assert archive.calls.count("commit") == (4 if where == "commit" else 1)
    assert seen[0] == ""
    assert seen[1].startswith(str(process.seat.pipeline.archive_folder))
    assert "not now" in seen[1]
    assert process.status()["trouble"] == ""
    assert [
        r.message.count("cannot-write") + 2 * r.message.count("can-write-again") for r in caplog.records
    ] == [1, 2]


def test_nothing_is_counted_before_it_is_committed(process):
    """A frame of a commit that failed is no frame of the archive's."""
    archive = Trouble(process, full(), full())
    counted = []
    archive.on_trouble = lambda: counted.append((process.frames, process.commits))
    process.node.jobs.append(commit(0))
    process.work()

    assert counted == [(0, 0), (0, 0)]
    assert (process.status()["frames"], process.status()["commits"]) == (1, 1)


@pytest.mark.parametrize("where", ["enter", "commit"])
def test_it_leaves_while_it_waits_for_room(process, where, monkeypatch):
    """What is not committed stays with its capture; leaving does not wait for the disk, nor for the next try."""
    monkeypatch.setattr(archiving, "RETRY_S", 3600.0)
    archive = Trouble(process, full(), where=where)
    archive.on_trouble = lambda: setattr(process, "is_leaving", True)
    process.node.jobs.append(commit(0))

    assert process.work() == 0
    assert process.frames == 0
    assert archive.calls.count(where) == 1


def test_another_error_of_the_disk_ends_the_process(process):
    """It is started again, a few times; a broken disk does not pass."""
    Trouble(process, OSError(errno.EIO, "Input/output error"))
    process.node.jobs.append(commit(0))

    with pytest.raises(OSError, match="Input/output error"):
        process.work()


def test_an_archive_that_was_replaced_exits_with_75(process):
    """The other one writes on; this one touches nothing."""
    archive = Trouble(process)
    archive.is_ours = False
    process.node.jobs.append(commit(0))

    assert process.work() == 75
    assert "commit" not in archive.calls


@pytest.mark.parametrize("where", ["enter", "commit", "is_current"])
def test_a_locked_archive_exits_with_75(process, where):
    """Another run, another pipeline, another machine."""
    Trouble(process, ArchiveLockedError("another archive writes into this folder"), where=where)
    process.node.jobs.append(commit(0))

    assert process.work() == 75


def test_the_folder_is_let_go_at_the_end(process):
    """After the last job, whatever that was."""
    archive = Trouble(process)
    process.node.jobs.append(commit(0))
    process.work()

    assert archive.calls == ["enter", "is_current", "commit", "exit"]


def test_jobs_are_done_in_their_order_until_it_leaves(process, seat):
    """A session is opened and two marks are committed, into a real archive."""
    process.node.jobs.extend([OPEN, commit(0), commit(1)])
    told = []
    process.node.opened = lambda job, standing, newest: told.append(("opened", standing.committed, newest))

    def committed(job, outcomes, newest):
        told.append((job.upto, outcomes))
        process.is_leaving = not process.node.jobs

    process.node.committed = committed

    assert process.work() == 0
    assert told == [
        ("opened", START, EPOCH),
        ((0, 0), [((0, 0), "unchanged")]),
        ((0, 1), [((0, 1), "unchanged")]),
    ]
    with Reader(process.seat.pipeline.archive_folder) as reader:
        assert [row.seq for row in reader.rows()] == [0, 1]


def test_an_older_session_is_answered_with_the_newest_epoch(process):
    """Refused, not failed: its capture has to know which one stands in the way."""
    with Archive(folder=process.seat.pipeline.archive_folder) as archive:
        archive.open("lobby", (3, 0, 9), None)
    process.node.jobs.extend([OPEN, commit(0)])
    told = []
    process.node.opened = lambda *told_: told.append(told_[1:])

    def committed(job, outcomes, newest):
        told.append((outcomes, newest))
        process.is_leaving = True

    process.node.committed = committed
    process.work()

    assert told == [(None, (3, 0, 9))] * 2
    assert process.frames == 0


def test_a_picture_that_was_let_go_ends_that_session_alone(process):
    """Its capture has a newer one: nothing is committed of the old."""
    process.node.jobs.append(commit(0))
    archive = Trouble(process, StalePictureError("slot 3 is another picture's by now"))
    archive.on_trouble = lambda: setattr(process, "is_leaving", True)
    told = []
    process.node.committed = lambda job, outcomes, newest: told.append((outcomes, newest))

    assert process.work() == 0
    assert told == [(None, EPOCH)]
    assert process.frames == 0


def test_a_picture_that_has_changed_is_told_loudly_and_not_kept(process, caplog):
    """With check_pixels: the session ends, and its frame comes again."""
    pixels = np.zeros((4, 4), np.uint8)
    picture = replace(Picture.of(pixels), checksum=checksum(bytes([1, *bytes(15)])))
    process.node.jobs.extend([OPEN, commit(0, Frame(camera="lobby", picture=picture))])
    process.node.opened = lambda *_: None
    told = []

    def committed(job, outcomes, newest):
        told.append(outcomes)
        process.is_leaving = True

    process.node.committed = committed
    process.work()

    assert told == [None]
    assert [(r.levelname, r.msg, r.fields["camera"]) for r in caplog.records] == [
        ("ERROR", "lost-picture", "lobby")
    ]
    with Reader(process.seat.pipeline.archive_folder) as reader:
        assert list(reader.rows()) == []


def test_a_frame_that_cannot_be_stored_is_told(process, caplog):
    """One that was to be kept and has failed here; one that failed before was told where it did."""
    caplog.set_level(logging.INFO, "keepframe")
    process.node.jobs.extend([
        OPEN,
        commit(
            1,
            Frame(camera="lobby", seq=0, outcome="failed", reason="blur: ValueError"),
            Frame(camera="lobby", seq=1),
            Frame(camera="lobby", seq=2, picture=Picture.of(np.zeros((4, 4), np.uint8))),
        ),
    ])  # fmt: skip
    process.node.opened = lambda *_: None
    process.node.committed = lambda job, outcomes, newest: setattr(process, "is_leaving", True)
    process.work()

    assert [(record.getMessage(), record.fields["frame"]) for record in caplog.records] == [
        ("failed", "lobby/0/1")
    ]


def test_how_much_waits_is_told(process):
    """Frames of marks that are not committed yet."""
    process.node.jobs.extend(
        [commit(0), commit(2, Frame(camera="lobby", seq=1), Frame(camera="lobby", seq=2))]
    )

    assert process.status() == {
        "rejected": 0, "refused": [], "missing": [], "is_leaving": False, "frames": 0, "commits": 0, "waiting": 3, "trouble": "",
    }  # fmt: skip
    process.shell.stop()
