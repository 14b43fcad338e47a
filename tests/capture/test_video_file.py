"""A video file as a camera."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepframe.capture import video

EXAMPLE = Path(__file__).parents[2] / "examples" / "lobby.mp4"
S = 1_000_000_000
SHARED = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_every_picture_comes_with_its_own_time(make_video):
    """Numbered from 0, its time counted from the first."""
    path = make_video(count=25, metadata={"creation_time": "2024-05-01T12:30:05Z"})
    frames = list(video(path=path)())

    assert [f.index for f in frames] == list(range(25))
    assert [f.media_ns for f in frames] == [n * S // 10 for n in range(25)]
    assert [f.time_ns - f.media_ns for f in frames] == [1_714_566_605 * S] * 25
    assert {f.source for f in frames} == {"clip.mp4"}
    assert {f.picture.format for f in frames} == {"yuv420"}


def test_a_file_without_a_creation_tag_has_the_time_it_was_written(make_video):
    """To the nanosecond, and never the clock of the run."""
    path = make_video(count=2)
    os.utime(path, ns=(0, 1_600_000_000_123_456_789))

    assert [f.time_ns for f in video(path=path)()] == [1_600_000_000_123_456_789, 1_600_000_000_223_456_789]


@pytest.mark.parametrize("tag", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2150-01-01T00:00:00Z"])
def test_a_creation_tag_that_cannot_be_is_passed_over(make_video, tag):
    """Cameras without a clock write such."""
    path = make_video("clip.mkv", count=1, metadata={"creation_time": tag})
    os.utime(path, ns=(0, 1_600_000_000_000_000_000))

    assert next(video(path=path)()).time_ns == 1_600_000_000_000_000_000


@pytest.mark.parametrize("every", ["1s", "1000ms", 1])
def test_every_takes_the_first_picture_of_each_interval_of_media_time(make_video, every):
    """Skipped pictures count for the index."""
    frames = list(video(path=make_video(count=25), every=every)())

    assert [f.index for f in frames] == [0, 10, 20]


def test_an_interval_shorter_than_a_picture_takes_every_picture(make_video):
    """None twice."""
    assert [f.index for f in video(path=make_video(count=5), every="10ms")()] == [0, 1, 2, 3, 4]


@SHARED
@given(at=st.integers(0, 29), then=st.integers(0, 29))
def test_going_on_twice_gives_the_same(make_video, read, at, then):
    """The memory of a resumed source is as good as the first."""
    path = make_video(count=30)
    frames, memories = read(video(path=path))
    resumed = video(path=path)
    resumed.load(memories[at])
    assert read(resumed)[1] == memories[at + 1 :]
    again = video(path=path)
    again.load(memories[max(at, then)])

    assert read(again)[0] == frames[max(at, then) + 1 :]


def test_going_on_with_another_interval_goes_on_behind_the_last_picture(make_video, read):
    """The grid is the new one, and nothing comes twice."""
    path = make_video(count=30)
    memory = read(video(path=path, every="1s"))[1][1]
    resumed = video(path=path, every="500ms")
    resumed.load(memory)

    assert [f.index for f in resumed()] == [15, 20, 25]


def test_an_empty_memory_begins_at_the_beginning(make_video):
    """As the first run has it."""
    source = video(path=make_video(count=3))
    source.load({})

    assert len(list(source())) == 3


def test_another_video_at_that_path_is_refused(make_video, read):
    """With both told, and what to do."""
    memory = read(video(path=make_video(count=5)))[1][2]
    source = video(path=make_video(count=6))

    with pytest.raises(
        ValueError, match=r"clip.mp4: expected the video that this archive began with \(clip.mp4, \d+ bytes"
    ) as caught:
        source.load(memory)
    assert "choose another archive folder, or read this one as a new stream with --again" in str(caught.value)


def test_the_memory_is_a_value(make_video):
    """What was saved earlier does not change afterwards."""
    source = video(path=make_video(count=3))
    frames = source()
    next(frames)
    saved = source.save()
    copy = {key: dict(value) if isinstance(value, dict) else value for key, value in saved.items()}
    next(frames)

    assert saved == copy
    assert source.save() != saved


@pytest.mark.parametrize(("every", "total"), [(None, 25), ("1s", 3), ("2s", 2), ("10ms", 25)])
def test_how_many_there_will_be_is_known(make_video, every, total):
    """From the header; and less, once some are settled."""
    source = video(path=make_video(count=25), every=every)

    assert source.total() == total == sum(1 for _ in video(path=source.path, every=every)())
    next(source())
    assert source.total() == total - 1


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    """By Python's own errors."""
    with pytest.raises(FileNotFoundError, match=r"clip\.mp4"):
        next(video(path=tmp_path / "clip.mp4")())
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        next(video(path=tmp_path)())


def test_a_wrong_option_is_refused_before_anything_is_opened(tmp_path):
    """Making the source is enough."""
    with pytest.raises(ValueError, match="every: expected a duration"):
        video(path=tmp_path / "none.mp4", every="soon")
    with pytest.raises(ValueError, match="threads: expected 0"):
        video(path=tmp_path / "none.mp4", threads=-1)


@pytest.mark.slow
@pytest.mark.skipif(not EXAMPLE.exists(), reason="examples/lobby.mp4 is not there")
def test_the_shipped_clip_is_read_whole():
    """1394 pictures at ten a second, one a second with every."""
    source = video(path=EXAMPLE, every="1s")
    frames = list(source())

    assert source.total() == 0
    assert [f.index for f in frames] == list(range(0, 1394, 10))
    assert frames[-1].media_ns == 139 * S
