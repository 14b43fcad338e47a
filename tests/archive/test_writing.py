import hashlib
import os

import cv2
import numpy as np
import pytest

import keepframe.archive
from keepframe.archive import NEVER, Archive
from keepframe.archive.catalogue import Catalogue
from keepframe.archive.reading import Reader
from keepframe.archive.verify import verify
from keepframe.errors import ArchiveLockedError, PictureError
from keepframe.frame import START, Frame, Item
from keepframe.picture import Picture

FIRST, SECOND = (0, 1, 77), (0, 2, 77)
JPEG = Picture.of(np.arange(192, dtype=np.uint8).reshape(12, 16)).jpeg(80)


class Broken:
    """A handle whose bytes are no picture."""

    nbytes = 4

    def data(self):
        return memoryview(b"oops")


def test_the_stage_is_found_by_its_short_name():
    """`use = "archive"` names the class."""
    assert keepframe.archive.archive is Archive
    assert Archive.per == "process"


def test_a_mark_stores_pictures_rows_memory_and_position(folder, archive, commit, item):
    """After a commit everything of it can be read, by another process as well."""
    out = commit(item(0), item(1, "unchanged", reason="unchanged"), memory={"score": {"reference": b"abc"}})

    assert out == [((0, 0), "kept"), ((0, 1), "unchanged")]
    with Reader(folder) as reader:
        assert [row.outcome for row in reader.rows()] == ["kept", "unchanged"]
        assert reader.committed() == {"lobby": (0, 1)}
        assert [row.reason for row in reader.kept()] == ["passed"]
    standing = archive.open("lobby", SECOND, ((0, 0), (0, 9)))
    assert standing.committed == (0, 1)
    assert standing.memory == {"score": {"reference": b"abc"}}
    assert standing.outcomes == out
    assert verify(folder).is_sound


def test_a_new_camera_stands_at_the_start(archive):
    """Nothing is committed, nothing remembered, and no epoch is known."""
    newest = archive.newest("yard")
    standing = archive.open("yard", (0, 0, 5), None)

    assert newest == NEVER
    assert (standing.committed, standing.is_ended, standing.memory, standing.outcomes) == (
        START,
        False,
        {},
        [],
    )
    assert archive.newest("yard") == (0, 0, 5)


def test_an_epoch_is_taken_once_and_never_an_older_one(archive, commit, item):
    """Equal and older epochs are refused; what was opened under one that was replaced commits nothing."""
    newer = archive.open("lobby", (1, 0, 2**64 - 1), None)
    refused = [archive.open("lobby", epoch, None) for epoch in (FIRST, (0, 99, 99), (1, 0, 2**64 - 1))]

    assert newer is not None
    assert refused == [None, None, None]
    assert archive.newest("lobby") == (1, 0, 2**64 - 1)
    assert commit(item(0), epoch=FIRST) is None
    assert archive.commit("yard", FIRST, (0, 0), [], {}, []) is None


def test_an_epoch_outlives_the_process(folder, item):
    """A replaced archive cannot be told otherwise by a late session."""
    with Archive(folder=folder) as archive:
        archive.open("lobby", SECOND, None)
    with Archive(folder=folder) as archive:
        assert archive.open("lobby", FIRST, None) is None
        assert archive.commit("lobby", FIRST, (0, 0), [item(0)], {}, []) is None
        assert archive.newest("lobby") == SECOND


def test_a_jpeg_of_the_camera_is_stored_byte_for_byte(folder, commit, item):
    """Whatever format is asked for, what is JPEG already stays."""
    commit(item(0, picture=Picture.of_jpeg(JPEG)))

    with Reader(folder) as reader:
        (row,) = reader.kept()
    assert (folder / row.file).read_bytes() == JPEG
    assert (row.bytes, row.sha256, row.is_original) == (len(JPEG), hashlib.sha256(JPEG).hexdigest(), True)


@pytest.mark.parametrize(("choice", "shape"), [("captured", (6, 10)), ("working", (3, 5))])
def test_png_keeps_the_chosen_picture_exactly(tmp_path, choice, shape):
    """`picture` says which of the two is stored, `format` how."""
    rng = np.random.default_rng(5)
    captured, working = (rng.integers(0, 255, size, np.uint8) for size in ((6, 10), (3, 5)))
    frame = Frame(camera="a", time_ns=1, picture=Picture.of(captured), working=working)
    with Archive(folder=tmp_path, format="png", picture=choice) as archive:
        archive.open("a", FIRST, None)
        archive.commit("a", FIRST, (0, 0), [Item((frame,))], {}, [])
    with Reader(tmp_path) as reader:
        (row,) = reader.kept()

    stored = cv2.imread(str(tmp_path / row.file), cv2.IMREAD_UNCHANGED)
    assert stored.shape == shape
    assert np.array_equal(stored, captured if choice == "captured" else working)
    assert (row.height, row.width, row.is_original) == (*shape, False)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"picture": None}, "archive: kept, but it came without a picture"),
        (
            {"picture": Picture("jpeg", 8, 8, Broken()), "outcome": None, "time_ns": 10**30},
            "does not fit into 64 bits",
        ),
        ({"index": -(2**64)}, "does not fit into 64 bits"),
    ],
)
def test_a_frame_that_cannot_be_stored_is_failed_and_the_rest_goes_on(folder, commit, item, more, reason):
    """One bad frame costs that frame only, and its row says why."""
    out = commit(item(0), item(1, **more), item(2))

    assert [decision for _, decision in out] == ["kept", "failed", "kept"]
    with Reader(folder) as reader:
        assert reason in reader.find("lobby/0/1").reason
    assert verify(folder).is_sound


def test_a_picture_that_cannot_be_encoded_is_failed(folder, commit, item):
    """What the decoder says becomes the row's reason."""

    class Torn(Picture):
        def jpeg(self, quality=90, *, is_fast=False):
            raise PictureError("jpeg: it ends in the middle")

    out = commit(item(0, picture=Torn.of(np.zeros((4, 4), np.uint8))))

    assert out == [((0, 0), "failed")]
    with Reader(folder) as reader:
        assert reader.find("lobby/0/0").reason == "archive: jpeg: it ends in the middle"


def test_a_picture_that_cannot_be_fetched_now_loses_nothing(folder, commit, item):
    """A handle that raises OSError is the machine's trouble: the commit is tried again and finds it."""

    class Away:
        nbytes, is_away, is_lasting = 16, True, True

        def data(self):
            if self.is_away:
                raise ConnectionResetError("the capture is gone")
            return memoryview(bytes(16))

        def check(self):
            pass

    handle = Away()
    items = [item(0, picture=Picture("gray", 4, 4, handle))]
    with pytest.raises(ConnectionResetError):
        commit(*items)
    handle.is_away = False

    assert commit(*items) == [((0, 0), "kept")]


def test_the_same_again_changes_nothing(folder, commit, item):
    """A frame that comes twice has one row and one picture."""
    first = commit(item(0), item(1, "filtered"))
    again = commit(item(0), item(1, "filtered"))

    assert first == again
    with Reader(folder) as reader:
        assert len(reader.rows()) == 2
        assert reader.events() == []
    assert verify(folder).is_sound


def test_a_frame_twice_in_one_mark_is_stored_once(folder, commit, item):
    """No picture is left without a row."""
    commit(item(0), item(0))

    assert len(list(folder.rglob("*.jpg"))) == 1
    assert verify(folder).is_sound


def test_another_outcome_for_a_settled_frame_is_recorded_and_refused(folder, commit, item):
    """The row stands as it was first; the answer is what stands."""
    commit(item(0, "unchanged", source="a.jpg"))
    out = commit(item(0, source="a.jpg"))

    assert out == [((0, 0), "unchanged")]
    with Reader(folder) as reader:
        (event,) = reader.events("lobby")
    assert event.kind == "conflict"
    assert "stands as unchanged" in event.text
    assert "came again as kept" in event.text
    assert list(folder.rglob("*.jpg")) == []


def test_a_run_of_drops_is_one_row(folder, commit, item):
    """It covers its positions, and each of them can be asked for."""
    out = commit(item(0), item(1, "dropped", count=40, reason="latest"), item(41, "unchanged"))

    assert out == [((0, 0), "kept"), ((0, 1), "dropped"), ((0, 41), "unchanged")]
    with Reader(folder) as reader:
        assert reader.find("lobby/0/17").count == 40
        assert reader.counts()["lobby"]["dropped"] == 40
    assert verify(folder).is_sound


def test_a_run_that_overlaps_what_stands_fills_only_what_is_free(folder, commit, item):
    """Rows never overlap, whatever comes."""
    commit(item(0, "unchanged"), item(1, "unchanged"), item(2, "unchanged"))
    commit(item(1, "dropped", count=5))

    with Reader(folder) as reader:
        rows = sorted((row.seq, row.count, row.outcome) for row in reader.rows())
        assert [event.kind for event in reader.events()] == ["conflict"]
    assert rows == [(0, 1, "unchanged"), (1, 1, "unchanged"), (2, 1, "unchanged"), (3, 3, "dropped")]
    assert verify(folder).is_sound


def test_the_end_of_a_stream_is_no_frame(folder, archive, commit, item):
    """It stands behind the last frame, makes the camera ended, and the next stream begins at 0."""
    out = commit(item(0), item(1, "end", reason="again"))
    ended = archive.open("lobby", SECOND, ((0, 0), (0, 1)))
    archive.commit("lobby", SECOND, (1, 0), [item(0, stream=1)], {}, [])
    goes_on = archive.open("lobby", (0, 3, 77), None)

    assert out == ended.outcomes == [((0, 0), "kept"), ((0, 1), "end")]
    assert (ended.is_ended, goes_on.is_ended) == (True, False)
    with Reader(folder) as reader:
        assert [(s.stream, s.frames, s.reason) for s in reader.streams()] == [(0, 1, "again"), (1, None, "")]
        assert reader.counts()["lobby"]["captured"] == 2
    assert verify(folder).is_sound


def test_a_stream_that_never_had_a_frame_may_end(folder, archive, commit, item):
    """An empty folder is a finite source too."""
    commit(item(0, "end"))

    standing = archive.open("lobby", SECOND, None)
    assert (standing.committed, standing.is_ended) == ((0, 0), True)
    assert verify(folder).is_sound


def test_nothing_comes_behind_the_end_of_a_stream(folder, commit, item):
    """Such a frame is a conflict; no row, and no picture without one."""
    commit(item(0, "unchanged"), item(1, "end"))
    out = commit(item(1), item(2), item(3, "end"))

    assert out == [((0, 1), "failed"), ((0, 2), "failed"), ((0, 3), "end")]
    with Reader(folder) as reader:
        assert [event.kind for event in reader.events()] == ["conflict"] * 3
        assert reader.kept() == []
    assert list(folder.rglob("*.jpg")) == []


def test_an_end_in_front_of_settled_frames_is_a_conflict(folder, commit, item):
    """An end can not take frames back."""
    commit(item(0, "unchanged"), item(1, "unchanged"))
    commit(item(1, "end"))

    with Reader(folder) as reader:
        assert reader.streams()[0].frames is None
        assert "frames behind it" in reader.events()[0].text


def test_a_memory_changes_by_key(archive, commit, item):
    """What is not named stays, None takes a key away, empty values are values."""
    commit(item(0, "unchanged"), memory={"score": {"a": b"1", "b": b"2", "c": b""}, "mine": {"n": b"9"}})
    commit(item(1, "unchanged"), memory={"score": {"a": None, "b": b"3", "never": None}})

    assert archive.open("lobby", SECOND, None).memory == {"score": {"b": b"3", "c": b""}, "mine": {"n": b"9"}}


def test_an_idle_mark_commits_memory_and_events(folder, archive, item):
    """A mark need not carry a frame."""
    out = archive.commit("lobby", FIRST, START, [], {"s": {"k": b"v"}}, [("fresh", "score started fresh")])

    assert out == []
    with Reader(folder) as reader:
        (event,) = reader.events()
    assert (event.camera, event.kind, event.text) == ("lobby", "fresh", "score started fresh")
    assert archive.open("lobby", SECOND, None).memory == {"s": {"k": b"v"}}


def test_the_committed_position_never_goes_back(archive, commit, item):
    """A late mark of the same session cannot undo a later one."""
    commit(item(0, "unchanged"), item(1, "unchanged"))
    archive.commit("lobby", FIRST, (0, 0), [], {}, [])

    assert archive.open("lobby", SECOND, None).committed == (0, 1)


def test_parts_have_rows_of_their_own_and_the_strongest_counts(folder, commit):
    """A frame of which a stage made several is kept if one of its parts is."""
    pixels = [Picture.of(np.full((4, 4), shade, np.uint8)) for shade in (10, 200)]
    parts = (
        Frame(camera="lobby", part="0", outcome="unchanged", reason="unchanged"),
        Frame(camera="lobby", part="1", picture=pixels[0], reason="changed"),
        Frame(camera="lobby", part="2", picture=pixels[1]),
    )
    out = commit(Item(parts), Item((Frame(camera="lobby", seq=1, part="0", outcome="filtered"),)))

    assert out == [((0, 0), "kept"), ((0, 1), "filtered")]
    with Reader(folder) as reader:
        frame = reader.find("lobby/0/0")
        assert (frame.outcome, frame.reason, frame.parts, frame.file) == ("kept", "changed", 3, None)
        assert [row.outcome for row in reader.parts(frame)] == ["unchanged", "kept", "kept"]
        assert len({row.file for row in reader.kept()}) == 2
        assert reader.counts()["lobby"]["captured"] == 2
        assert reader.find("lobby/0/0/2").part == "2"
    assert verify(folder).is_sound


def test_of_what_branches_say_of_one_frame_the_strongest_counts(folder, commit):
    """Two branches that meet at the archive make one row; of equals the first."""
    said = [
        Frame(camera="lobby", outcome="failed", reason="branch 0"),
        Frame(camera="lobby", outcome="failed", reason="branch 1"),
        Frame(camera="lobby", outcome="filtered"),
    ]
    out = commit(Item(tuple(said)))

    assert out == [((0, 0), "failed")]
    with Reader(folder) as reader:
        (row,) = reader.rows()
    assert (row.reason, row.parts) == ("branch 0", 0)


def test_names_that_would_be_the_same_are_numbered(folder, item):
    """No picture takes another's place, nor that of a file that was there before."""
    (folder / "lobby").mkdir(parents=True)
    (folder / "lobby" / "x.jpg").write_bytes(b"mine")
    with Archive(folder=folder, name="{camera}/x") as archive:
        archive.open("lobby", FIRST, None)
        archive.commit("lobby", FIRST, (0, 1), [item(0), item(1)], {}, [])
        archive.commit("lobby", FIRST, (0, 2), [item(2)], {}, [])

    with Reader(folder) as reader:
        assert [row.file for row in reader.kept()] == ["lobby/x-2.jpg", "lobby/x-3.jpg", "lobby/x-4.jpg"]
    assert (folder / "lobby" / "x.jpg").read_bytes() == b"mine"


def test_text_that_utf8_cannot_say_is_written_out(folder, commit, item):
    """A file name's raw bytes, as Linux allows them, cost no frame."""
    commit(item(0, source="b\udcfcro.jpg", reason="\udcff", notes={"n": "\udcff"}))

    with Reader(folder) as reader:
        assert reader.kept()[0].source == "b\\udcfcro.jpg"
    assert verify(folder).is_sound


def test_a_score_that_is_no_number_is_stored_as_unknown(folder, commit, item):
    """JSON has no NaN."""
    commit(item(0, scores={"ssim": float("nan"), "mad": 0.5}, notes={"odd": np.float32(1)}))

    with Reader(folder) as reader:
        assert reader.kept()[0].scores == {"ssim": None, "mad": 0.5}


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path, folder, commit, item):
    """Nothing is ever written outside the archive; the commit may be tried again when the link is gone."""
    (tmp_path / "elsewhere").mkdir()
    (folder / "lobby").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        commit(item(0))
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (folder / "lobby").unlink()

    assert commit(item(0)) == [((0, 0), "kept")]
    assert verify(folder).is_sound


def test_a_second_archive_on_the_folder_is_refused(folder, archive):
    """It says which process is in the way and what to do."""
    second = Archive(folder=folder)
    second.patience_s = 0.0
    with (
        pytest.raises(ArchiveLockedError, match=rf"process {os.getpid()}\) writes into this folder; stop it"),
        second,
    ):
        pass

    assert archive.is_current()


def test_the_lock_ends_with_the_archive(folder):
    """The next one may open it, and both may be left."""
    for _ in range(2):
        with Archive(folder=folder) as archive:
            assert archive.is_current()


def test_a_replaced_archive_stops(folder, archive, commit, item):
    """Where locks do not hold, the number in the catalogue does: nothing is written, and what the new one has stays."""
    other = Catalogue(folder, now_ns=0)
    other.take_writer()
    other.close()

    assert not archive.is_current()
    with pytest.raises(ArchiveLockedError, match="took over"):
        commit(item(0))
    with pytest.raises(ArchiveLockedError, match="took over"):
        archive.open("lobby", SECOND, None)
    assert list(folder.rglob("*.jpg")) == []
    assert list(folder.rglob("*.part")) == []


def test_an_archive_replaced_in_the_middle_of_a_commit_touches_no_name(folder, archive, commit, item):
    """Its successor's sweep and its own clean-up leave nothing, and no picture under a final name."""

    def take_over(step):
        if step == "synced":
            other = Catalogue(folder, now_ns=0)
            other.take_writer()
            other.close()

    archive.passing = take_over
    with pytest.raises(ArchiveLockedError):
        commit(item(0))

    assert [path for path in folder.rglob("*") if path.suffix in {".jpg", ".part"}] == []


def test_a_session_replaced_in_the_middle_of_a_commit_commits_nothing(folder, archive, commit, item):
    """The newer epoch counts up to the last moment; the picture that was written goes."""
    archive.passing = lambda step: step == "synced" and archive.open("lobby", SECOND, None)

    assert commit(item(0)) is None
    assert [path for path in folder.rglob("*") if path.suffix in {".jpg", ".part"}] == []
    assert verify(folder).frames == 0


def test_items_of_another_camera_are_refused(commit, item):
    """A mix-up in the engine must not be booked."""
    with pytest.raises(ValueError, match=r"expected items of camera 'lobby', got \['yard'\]"):
        commit(item(0, camera="yard"))


def test_a_closed_archive_says_so(folder):
    """Not opened by a `with` is a clear error, not an AttributeError."""
    with pytest.raises(ValueError, match="use it in a `with`"):
        Archive(folder=folder).is_current()


def test_a_camera_without_a_name_is_refused(archive):
    """Rows must belong to somebody."""
    with pytest.raises(ValueError, match="needs a name"):
        archive.open("", FIRST, None)
