import numpy as np
import pytest

from keepframe.archive import Archive, quarantine
from keepframe.archive.names import quarantined
from keepframe.archive.quarantine import RETRY_OF, packed, unpacked
from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.clock import FakeClock
from keepframe.errors import StalePictureError
from keepframe.frame import Frame
from keepframe.picture import Inline, Picture
from keepframe.picture.encoded import to_jpeg

FIRST = (0, 1, 77)
REASON = "poison: score died with it in hand, 3 times"
BYTES = bytes(range(24))
PICTURES = {
    "gray": Picture("gray", 4, 6, Inline(BYTES)),
    "bgr": Picture("bgr", 2, 4, Inline(BYTES)),
    "yuv420": Picture("yuv420", 4, 4, Inline(BYTES), is_full_range=False, matrix="bt709"),
    "jpeg": Picture.of_jpeg(to_jpeg(np.full((8, 12), 90, np.uint8), 90)),
}


@pytest.fixture
def poison(item):
    """An item of a frame that has killed its process: failed, with its picture."""

    def poison(seq, picture=PICTURES["gray"], **more):
        return item(seq, "failed", reason=REASON, picture=picture, **more)

    return poison


@pytest.fixture
def retried(item):
    """An item of a frame out of quarantine that was tried again, in a stream of its own."""

    def retried(of, outcome=None, **more):
        return item(0, outcome, stream=1, notes={RETRY_OF: of}, **more)

    return retried


def events(folder):
    """What is recorded of the quarantine."""
    with Reader(folder) as reader:
        return [event.text for event in reader.events() if event.kind == "quarantine"]


def row(folder, name):
    """One row."""
    with Reader(folder) as reader:
        return reader.find(name)


def files(folder):
    """The files in quarantine, without hidden ones."""
    return sorted(path.name for path in (folder / "quarantine").glob("*"))


@pytest.mark.parametrize("format", PICTURES)
def test_a_file_gives_back_the_frame_as_it_was_captured(format):
    """Identity, times, notes, and the picture's bytes, size, range and matrix, in all four formats."""
    frame = Frame(
        camera="front \N{DOOR}/b", stream=3, seq=17, time_ns=5, media_ns=6, source="a.mp4", index=9, reason=REASON,
        notes={"visit": -1}, picture=PICTURES[format],
    )  # fmt: skip
    back = unpacked(packed(frame))

    for name in ("name", "time_ns", "media_ns", "source", "index", "reason", "notes"):
        assert getattr(back, name) == getattr(frame, name)
    for name in ("format", "height", "width", "is_full_range", "matrix"):
        assert getattr(back.picture, name) == getattr(frame.picture, name)
    assert bytes(back.picture.handle.data()) == bytes(frame.picture.handle.data())


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data.replace(b'"gray"', b'"grey"'),
        lambda data: data.replace(b'"height": 4', b'"height": 5'),
        lambda data: data.replace(b'"picture"', b'"pigture"'),
        lambda data: data.replace(b"{", b"[", 1),
        lambda data: data.replace(b"\n{", b"\n[]\n{", 1),
    ],
)
def test_a_file_that_is_something_else_is_told(damage):
    """Cut off, longer, or another header: a ValueError, never another frame."""
    data = packed(Frame(camera="a", picture=PICTURES["gray"]))

    with pytest.raises(ValueError, match=r"expected|picture|Expecting|delimiter|Extra"):
        unpacked(damage(data))


def test_a_frame_without_a_picture_cannot_be_packed():
    """A header has nothing to keep."""
    with pytest.raises(ValueError, match="lobby/0/0: expected a frame with its picture"):
        packed(Frame(camera="lobby"))


def test_poison_lies_in_quarantine_once_its_row_is_committed(folder, commit, poison, item):
    """Its row is failed and names the file; verify reads it; it is no kept picture."""
    assert commit(item(0), poison(1), item(2)) == [((0, 0), "kept"), ((0, 1), "failed"), ((0, 2), "kept")]
    (entry,) = quarantine.entries(folder)

    assert files(folder) == ["lobby_0-000001.frame"]
    assert (entry.row.name, entry.killed, entry.is_marked) == ("lobby/0/1", "score", False)
    assert (entry.row.height, entry.row.width, entry.row.reason) == (4, 6, REASON)
    assert unpacked((folder / entry.row.file).read_bytes()).name == "lobby/0/1"
    with Reader(folder) as reader:
        assert [kept.name for kept in reader.kept()] == ["lobby/0/0", "lobby/0/2"]
    report = verify(folder)
    assert (report.is_sound, report.files) == (True, 3)


def test_a_failure_of_a_stage_is_not_quarantined(folder, commit, item):
    """It comes without a picture, and its process lives."""
    commit(item(0, "failed", reason="blur: ValueError: no"))

    assert quarantine.entries(folder) == []
    assert not (folder / "quarantine").exists()


def test_the_same_poison_again_writes_nothing(folder, commit, poison):
    """What stands is told; there is one file."""
    commit(poison(0))
    commit(poison(0), poison(1))

    assert files(folder) == ["lobby_0-000000.frame", "lobby_0-000001.frame"]
    assert verify(folder).is_sound


def test_a_picture_that_is_gone_ends_the_commit_and_one_that_is_broken_costs_its_file_only(
    folder, commit, poison
):
    """Memory that was let go means a newer session; anything else must not keep the outcome from being written."""

    class Odd:
        nbytes, is_lasting = 24, True

        def __init__(self, error):
            self.error = error

        def data(self):
            raise self.error

        def check(self):
            pass

    with pytest.raises(StalePictureError):
        commit(poison(0, Picture("gray", 4, 6, Odd(StalePictureError("gone")))))
    commit(poison(0, Picture("gray", 4, 6, Odd(ValueError("no luck")))))

    assert quarantine.entries(folder) == []
    assert row(folder, "lobby/0/0").reason == f"{REASON}; not in quarantine: no luck"


@pytest.mark.parametrize("step", ["noted", "written", "synced", "renamed", "stored", "booked", "committed"])
def test_whatever_a_crash_leaves_the_frame_comes_again_and_lies_there_once(step, folder, poison):
    """At every step of the commit: nothing half, nothing twice."""

    class Gone(BaseException):
        pass

    def passing(name):
        if name == step:
            raise Gone

    def settle(attempt, passing):
        with Archive(folder=folder) as archive:
            archive.open("lobby", (0, attempt, 77), None)
            archive.passing = passing
            archive.commit("lobby", (0, attempt, 77), (0, 0), [poison(0)], {}, [])

    with pytest.raises(Gone):
        settle(1, passing)
    settle(2, lambda _step: None)

    assert files(folder) == ["lobby_0-000000.frame"]
    assert list((folder / "quarantine").glob(".*")) == []
    assert verify(folder).is_sound


def test_marked_frames_are_what_the_capture_is_given(folder, commit, poison):
    """By camera, each with a note of where it comes from and without its old reason; marking twice is marking."""
    commit(poison(0), poison(1), poison(2))

    assert quarantine.marked(folder, "lobby") == []

    quarantine.mark(folder, ["lobby/0/2"])
    quarantine.mark(folder, ["lobby/0/2", "lobby/0/0"])
    marked = quarantine.marked(folder, "lobby")
    frame = quarantine.read(folder, marked[1])

    assert [entry.row.name for entry in marked] == ["lobby/0/0", "lobby/0/2"]
    assert (frame.camera, frame.seq, frame.reason, frame.outcome) == ("lobby", 2, "", None)
    assert frame.notes[RETRY_OF] == "lobby/0/2"
    assert quarantine.marked(folder, "yard") == []
    assert len(quarantine.mark(folder, [])) == 3
    assert all(entry.is_marked for entry in quarantine.entries(folder))


@pytest.mark.parametrize("outcome", [None, "unchanged", "filtered", "rejected"])
def test_what_goes_through_when_tried_again_leaves_quarantine(outcome, folder, commit, poison, retried, item):
    """Its new row says what became of it; the old one stays failed and says why its file is gone."""
    commit(poison(0), item(1, "end"))
    quarantine.mark(folder, ["lobby/0/0"])
    commit(retried("lobby/0/0", outcome))

    old = row(folder, "lobby/0/0")
    assert (old.outcome, old.gone, old.reason) == ("failed", "retried", REASON)
    assert row(folder, "lobby/1/0").outcome == (outcome or "kept")
    assert quarantine.entries(folder) == []
    assert files(folder) == []
    assert events(folder) == [f"lobby/0/0: tried again as lobby/1/0: {outcome or 'kept'}"]
    report = verify(folder)
    assert (report.problems, report.remarks) == ([], [])


def test_what_kills_again_stays_and_waits_to_be_marked_again(folder, commit, poison, retried, item):
    """It lies there already: nothing is written for the second failure."""
    commit(poison(0), item(1, "end"))
    quarantine.mark(folder, ["lobby/0/0"])
    for _ in range(2):  # a commit that comes again is told once
        commit(retried("lobby/0/0", "failed", reason=REASON, picture=PICTURES["gray"]))
    (entry,) = quarantine.entries(folder)

    assert (entry.row.name, entry.is_marked) == ("lobby/0/0", False)
    assert files(folder) == ["lobby_0-000000.frame"]
    assert events(folder) == ["lobby/0/0: tried again as lobby/1/0: failed; it stays in quarantine"]
    assert verify(folder).is_sound


def test_a_second_word_on_a_retried_frame_changes_nothing(folder, commit, poison, retried, item):
    """A commit that comes again, or a note that names nothing in quarantine, is no event."""
    commit(poison(0), item(1, "end"))
    quarantine.mark(folder, [])
    commit(retried("lobby/0/0"))
    commit(retried("lobby/0/0"))
    commit(item(1, "unchanged", stream=1, notes={RETRY_OF: "yard/0/0"}))

    assert len(events(folder)) == 1
    assert verify(folder).is_sound


def test_a_stream_of_retried_frames_is_known_as_one(folder, commit, poison, retried, item):
    """So that a capture that was killed over it does not go on in it."""
    commit(poison(0), item(1, "end"))
    commit(retried("lobby/0/0"))

    assert [quarantine.is_retry(folder, "lobby", stream) for stream in (0, 1, 2)] == [False, True, False]
    assert not quarantine.is_retry(folder / "elsewhere", "lobby", 0)


def test_a_dropped_frame_leaves_its_row(folder, commit, poison, item):
    """The file goes, the event says so, the others stay; also while the archive is open."""
    commit(poison(0), poison(1))
    quarantine.mark(folder, ["lobby/0/0"])
    dropped = quarantine.drop(folder, ["lobby/0/0"], clock=FakeClock(5))

    assert [entry.row.name for entry in dropped] == ["lobby/0/0"]
    assert files(folder) == ["lobby_0-000001.frame"]
    assert (row(folder, "lobby/0/0").outcome, row(folder, "lobby/0/0").gone) == ("failed", "dropped")
    assert events(folder) == ["lobby/0/0: its picture was taken out of quarantine and deleted"]
    assert commit(item(2)) == [((0, 2), "kept")]
    assert verify(folder).is_sound
    assert [entry.row.name for entry in quarantine.drop(folder, [])] == ["lobby/0/1"]


def test_what_a_crash_leaves_of_a_drop_is_swept_up(folder, poison, monkeypatch):
    """The row has let go of the file, which is still there: the next opening removes it."""
    with Archive(folder=folder) as archive:
        archive.open("lobby", FIRST, None)
        archive.commit("lobby", FIRST, (0, 0), [poison(0)], {}, [])
    monkeypatch.setattr(quarantine, "clear", lambda *_: None)
    quarantine.drop(folder, [])

    assert files(folder) == ["lobby_0-000000.frame"]

    with Archive(folder=folder):
        pass

    assert files(folder) == []
    assert verify(folder).is_sound


@pytest.mark.parametrize("what", [quarantine.mark, quarantine.drop])
def test_a_name_that_is_not_there_changes_nothing(what, folder, commit, poison):
    """One wrong name, and none of the others is touched; a folder without an archive does not become one."""
    commit(poison(0), poison(1))

    with pytest.raises(LookupError, match="no frame 'lobby/0/7' in quarantine; there: lobby/0/0, lobby/0/1"):
        what(folder, ["lobby/0/0", "lobby/0/7"])
    assert [(entry.row.name, entry.is_marked) for entry in quarantine.entries(folder)] == [
        ("lobby/0/0", False),
        ("lobby/0/1", False),
    ]
    with pytest.raises(FileNotFoundError):
        what(folder.parent, [])
    assert quarantine.marked(folder.parent, "lobby") == []


def test_verify_finds_what_was_done_to_a_quarantined_file_and_repair_marks_it(folder, item, poison):
    """Damaged, missing, or named by no row: as for a kept picture."""
    with Archive(folder=folder) as archive:
        archive.open("lobby", FIRST, None)
        archive.commit("lobby", FIRST, (0, 1), [poison(0), poison(1)], {}, [])
    place = folder / "quarantine"
    (place / "lobby_0-000000.frame").write_bytes(b"x")
    (place / "lobby_0-000001.frame").rename(place / "lobby_0-000009.frame")
    kinds = [(problem.kind, problem.where) for problem in verify(folder).problems]
    report = verify(folder, repair=True)

    assert kinds == [
        ("damaged", "quarantine/lobby_0-000000.frame"),
        ("missing", "quarantine/lobby_0-000001.frame"),
        ("stray", "quarantine/lobby_0-000009.frame"),
    ]
    assert report.is_sound
    assert [entry.row.name for entry in quarantine.entries(folder)] == ["lobby/0/1"]
    assert (folder / "lost+found/quarantine/lobby_0-000000.frame").exists()


def test_a_file_is_named_after_its_frame():
    """Whatever a camera is called, it stays in the quarantine's folder."""
    assert quarantined(Frame(camera="../x", stream=2, seq=7)) == "quarantine/_._x_2-000007"
