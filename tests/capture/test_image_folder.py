"""A folder of image files as a camera."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepframe.capture import folder
from keepframe.clock import FakeClock

S = 1_000_000_000
BEGAN = 1_700_000_000 * S


def outcomes(source):
    """Name to reason of what was rejected, None for what is good."""
    return {f.source: f.reason or None for f in source()}


def test_pictures_come_in_natural_order(make_files):
    """With their place and their times."""
    frames = list(folder(path=make_files("img2.png", "img10.png", "img1.png"))())

    assert [(f.source, f.index) for f in frames] == [("img1.png", 0), ("img2.png", 1), ("img10.png", 2)]
    assert [f.time_ns - BEGAN for f in frames] == [2 * S, 0, S]
    assert {f.media_ns for f in frames} == {None}


def test_jpeg_bytes_stay_as_they_are(make_files):
    """Whatever the file is called; other kinds are decoded."""
    path = make_files("a.jpg", "b.png", "c.webp")
    (path / "a.jpg").rename(path / "a.png")
    frames = list(folder(path=path)())

    assert [f.picture.format for f in frames] == ["jpeg", "bgr", "bgr"]
    assert frames[0].picture.jpeg() == (path / "a.png").read_bytes()


def test_the_name_says_the_time_before_the_file_system(make_files):
    """And the account keeps the time of the picture, not of the copy."""
    frame = next(folder(path=make_files("2024-05-01_12-30-05.png"))())

    assert frame.time_ns == 1_714_566_605 * S


def test_what_is_no_good_is_rejected_with_its_reason_and_the_rest_goes_on(make_files):
    """One row each; the pictures are not disturbed."""
    path = make_files("1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.png")
    (path / "2.jpg").write_bytes((path / "2.jpg").read_bytes()[:-300])
    (path / "3a.png").write_text("these are words")
    (path / "3b.jpg").write_bytes(b"")
    (path / "5.png").write_bytes((path / "5.png").read_bytes()[:-40])
    make_files("6.jpg", size=(50, 64))
    make_files("7.jpg", first=7)
    frames = {f.source: f for f in folder(path=path)()}

    assert {name: f.reason for name, f in frames.items() if f.outcome == "rejected"} == {
        "2.jpg": "truncated",
        "3a.png": "not-a-picture",
        "3b.jpg": "empty",
        "5.png": "corrupt",
        "6.jpg": "other-size",
    }
    assert (
        frames["6.jpg"].notes["error"]
        == "other-size: 64x50; the first picture was 64x48 (any_size = true takes it)"
    )
    assert all(f.picture is None for f in frames.values() if f.outcome)
    assert [name for name, f in frames.items() if f.outcome is None] == ["1.jpg", "3.jpg", "4.jpg", "7.jpg"]


def test_pictures_of_any_size_are_taken_if_they_are_meant(make_files):
    """A folder that several cameras have filled."""
    path = make_files("1.jpg")
    make_files("2.jpg", size=(50, 64))

    assert outcomes(folder(path=path, any_size=True)) == {"1.jpg": None, "2.jpg": None}


def test_a_rejected_picture_does_not_set_the_size(make_files):
    """The first good one does."""
    path = make_files("2.png", "3.png")
    make_files("1.jpg", size=(50, 64))
    (path / "1.jpg").write_bytes((path / "1.jpg").read_bytes()[:-50])

    assert outcomes(folder(path=path)) == {"1.jpg": "truncated", "2.png": None, "3.png": None}


def test_a_file_too_large_is_not_read(make_files):
    """A sparse file of a terabyte takes no memory."""
    path = make_files("1.png")
    with (path / "2.png").open("wb") as file:
        file.truncate(1 << 40)

    assert outcomes(folder(path=path)) == {"1.png": None, "2.png": "too-large"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(make_files):
    """And has the time it was written."""
    path = make_files("1.png", "2.png")
    (path / "2.png").chmod(0)
    frames = list(folder(path=path)())

    assert [f.reason for f in frames] == ["", "unreadable"]
    assert frames[1].time_ns == BEGAN + S


def test_a_file_that_cannot_be_read_is_unreadable(make_files, monkeypatch):
    """Whatever the system says."""
    path = make_files("1.png", "2.png")
    read = type(path).read_bytes
    refuse = OSError(5, "Input/output error")

    def failing(self):
        if self.name == "1.png":
            raise refuse
        return read(self)

    monkeypatch.setattr(type(path), "read_bytes", failing)
    frames = list(folder(path=path)())

    assert [f.reason for f in frames] == ["unreadable", ""]
    assert frames[0].notes["error"] == "unreadable: Input/output error"


def test_a_sub_folder_without_permission_is_told_once_and_taken_when_it_may_be(
    make_files, monkeypatch, caplog
):
    """It ends nothing, whether it is counted, read or watched."""
    path = make_files("1.png", "a/2.png", "lost+found/3.png")
    is_open, scandir = False, os.scandir

    def listed(where):
        if where.name == "lost+found" and not is_open:
            raise PermissionError(13, "Permission denied", str(where))
        return scandir(where)

    monkeypatch.setattr(os, "scandir", listed)
    source = folder(path=path, recursive=True)
    before = source.total(), [f.source for f in source()]

    assert before == (2, ["1.png", "a/2.png"])
    assert [(r.message, r.fields["path"].name) for r in caplog.records] == [("cannot-list", "lost+found")]

    is_open = True
    after = [f.source for f in source()]
    is_open = False
    source.total()

    assert after == ["lost+found/3.png"]
    assert len(caplog.records) == 2


def test_a_file_that_is_gone_is_nothing(make_files):
    """Deleted between listing and reading: it was never captured."""
    path = make_files("1.png", "2.png", "3.png")
    frames = folder(path=path)()
    next(frames)
    (path / "2.png").unlink()

    assert [(f.source, f.index) for f in frames] == [("3.png", 2)]


def test_16_bits_are_noted(make_files):
    """The archive keeps 8 of them."""
    path = make_files("1.png")
    cv2.imwrite(str(path / "2.png"), np.full((48, 64), 1000, np.uint16))
    notes = [dict(f.notes) for f in folder(path=path)()]

    assert notes == [{}, {"bits": 16}]


@pytest.mark.parametrize(("every", "taken"), [("2s", [0, 2, 4]), ("10s", [0]), (1, [0, 1, 2, 3, 4, 5])])
def test_every_counts_in_the_pictures_own_time(make_files, every, taken):
    """Skipped ones keep their place."""
    path = make_files(*(f"{n}.png" for n in range(6)))

    assert [f.index for f in folder(path=path, every=every)()] == taken


NAMES = [f"img{n}.png" for n in range(8)]
SHARED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("every", [None, "3s"])
def test_going_on_gives_what_an_undisturbed_run_would_have_given(make_files, read, every):
    """From any point, to the last bit, with bad files among them."""
    path = make_files(*NAMES)
    (path / "img3.png").write_bytes(b"no picture")
    frames, memories = read(folder(path=path, every=every))

    for at, memory in enumerate(memories):
        resumed = folder(path=path, every=every)
        resumed.load(memory)
        assert read(resumed)[0] == frames[at + 1 :]


@SHARED
@given(first=st.sets(st.sampled_from(NAMES), min_size=1), at=st.integers(0, 7))
def test_new_files_come_after_the_settled_ones_and_none_twice(tmp_path_factory, first, at):
    """Whatever they are called."""
    path = tmp_path_factory.mktemp("pictures")
    for name in first:
        cv2.imwrite(str(path / name), np.zeros((20, 20), np.uint8))
    source = folder(path=path)
    frames = source()
    settled = [next(frames).source for _ in range(min(len(first), at))]
    for name in NAMES:
        cv2.imwrite(str(path / name), np.zeros((20, 20), np.uint8))
    later = folder(path=path)
    later.load(source.save())
    new = [f.source for f in later()]

    assert sorted(settled + new) == NAMES
    assert new == [name for name in NAMES if name not in settled]
    assert later.total() == 0


def test_what_was_skipped_stays_skipped(make_files):
    """On the next run the grid goes on; it does not begin again in the gaps."""
    path = make_files(*(f"{n}.png" for n in range(5)))
    source = folder(path=path, every="2s")
    assert [f.index for f in source()] == [0, 2, 4]
    make_files("5.png", "6.png", first=5)
    later = folder(path=path, every="2s")
    later.load(source.save())

    assert [f.source for f in later()] == ["6.png"]


def test_a_folder_of_another_name_is_refused(make_files, tmp_path):
    """Its names could be the same and its pictures others."""
    source = folder(path=make_files("monday/1.png", "tuesday/1.png") / "monday")
    list(source())

    with pytest.raises(
        ValueError,
        match=r"expected the folder that this archive began with \('monday'\), got 'tuesday'; choose",
    ):
        folder(path=tmp_path / "tuesday").load(source.save())


def test_how_many_there_will_be_is_known(make_files):
    """Less what is settled; with an interval only the files know."""
    path = make_files(*NAMES)
    source = folder(path=path)
    assert source.total() == 8
    next(source())

    assert source.total() == 7
    assert folder(path=path, every="1s").total() is None


def test_an_empty_folder_gives_nothing(tmp_path):
    """It is no error."""
    assert list(folder(path=tmp_path)()) == []
    assert folder(path=tmp_path).total() == 0


def test_what_is_no_folder_says_so(make_files):
    """A missing one and a file by Python's own errors."""
    path = make_files("1.png")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(folder(path=path / "nowhere")())
    with pytest.raises(NotADirectoryError, match=r"1\.png"):
        list(folder(path=path / "1.png")())


def test_sub_folders_name_their_pictures(make_files):
    """With the way to them."""
    path = make_files("a/1.png", "2.png")

    assert [f.source for f in folder(path=path, recursive=True)()] == ["2.png", "a/1.png"]


def test_a_wrong_interval_is_refused_before_anything_is_opened(tmp_path):
    """Making the source is enough."""
    with pytest.raises(ValueError, match="every: expected a duration"):
        folder(path=tmp_path / "nowhere", every="often")


def test_a_watched_folder_takes_files_as_they_arrive(make_files, tmp_path):
    """In order, complete ones only; half a picture is read again when it has grown."""
    make_files("a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    source = folder(path=tmp_path, watch=True)
    source.clock, looks = FakeClock(), []

    def look(seconds):
        looks.append(seconds)
        source.clock.advance(seconds)
        if len(looks) == 10:
            (tmp_path / "c.jpg").write_bytes(whole[: len(whole) // 2])
        if len(looks) == 20:
            (tmp_path / "c.jpg").write_bytes(whole)
        assert len(looks) < 200

    source.wait = look
    given = source()
    first, second = next(given), next(given)

    assert (first.source, second.source, second.outcome) == ("a.jpg", "c.jpg", None)
    assert 20 < len(looks) < 30
    assert source.total() is None


def test_a_watched_file_that_stays_half_is_rejected_in_the_end(make_files, tmp_path):
    """After half a minute nobody will write the rest."""
    make_files("a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-200])
    source = folder(path=tmp_path, watch=True)
    source.clock = FakeClock()
    source.wait = source.clock.advance
    frame = next(source())

    assert (frame.outcome, frame.reason) == ("rejected", "truncated")
    assert source.clock.monotonic_s() >= 30


@pytest.mark.parametrize(
    "options", [{"after": "delete", "move_to": Path("x")}, {"move_to": Path("in/x"), "recursive": True}]
)
def test_where_files_move_to_must_make_sense(options):
    """Not what is deleted, and not into what is read."""
    with pytest.raises(ValueError, match="move_to: expected"):
        folder(path=Path("in"), **options)
