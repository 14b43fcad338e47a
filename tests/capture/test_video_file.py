"""A video file as a camera."""

import os
from pathlib import Path

import numpy as np
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


def test_a_variable_rate_keeps_its_times(make_video):
    """Time stamps are read, not computed from a rate."""
    path = make_video("clip.mkv", count=5, pts=[0, 7, 130, 131, 400])
    frames = list(video(path=path)())

    assert [f.media_ns for f in frames] == [0, 70_000_000, 1_300_000_000, 1_310_000_000, 4_000_000_000]
    assert [f.index for f in video(path=path, every="1s")()] == [0, 2, 4]


def test_media_time_counts_from_the_first_picture(make_video):
    """Also where the stream begins later."""
    path = make_video("clip.mkv", count=3, pts=[500, 510, 520])

    assert [f.media_ns for f in video(path=path)()] == [0, 100_000_000, 200_000_000]


def test_pictures_without_time_stamps_follow_one_another_at_the_frame_rate(make_video, read):
    """A raw stream has none; the stated rule stands in, and going on still works."""
    path = make_video("clip.h264", count=12)
    frames, memories = read(video(path=path))
    resumed = video(path=path)
    resumed.load(memories[6])

    assert np.diff([f[2] for f in frames]).min() > 0
    assert len(frames) == 12
    assert read(resumed)[0] == frames[7:]


FILES = {
    "H.264 with B-frames, MP4": {"name": "clip.mp4"},
    "H.264, MPEG-TS": {"name": "clip.ts"},
    "H.264 with open groups": {
        "name": "clip.mkv",
        "options": {"g": "8", "bf": "2", "x264-params": "open-gop=1"},
    },
    "H.264, one key frame": {"name": "clip.mp4", "options": {"g": "1000", "bf": "0"}},
    "H.264, intra refresh": {
        "name": "clip.mp4",
        "options": {"g": "8", "bf": "0", "x264-params": "intra-refresh=1"},
    },
    "MPEG-4, AVI": {"name": "clip.avi", "codec": "mpeg4"},
    "motion JPEG, AVI": {"name": "clip.avi", "codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "time stamps at random": {
        "name": "clip.mkv",
        "pts": [int(p) for p in np.cumsum(np.random.default_rng(1).integers(1, 90, 30))],
    },
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("every", [None, "500ms"])
def test_going_on_gives_what_an_undisturbed_run_would_have_given(make_video, read, kind, every):
    """From any point, to the last bit."""
    path = make_video(count=30, **FILES[kind])
    frames, memories = read(video(path=path, every=every))

    for at, memory in enumerate(memories):
        resumed = video(path=path, every=every)
        resumed.load(memory)
        assert read(resumed)[0] == frames[at + 1 :]


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


@pytest.mark.parametrize(
    ("pix_fmt", "codec", "format"),
    [
        ("yuv420p", "ffv1", "yuv420"),
        ("yuv444p", "ffv1", "bgr"),
        ("gray", "ffv1", "gray"),
        ("bgr0", "ffv1", "bgr"),
        ("yuv420p10le", "ffv1", "bgr"),
    ],
)
def test_planes_stay_planes_and_the_rest_becomes_bgr(make_video, pix_fmt, codec, format):
    """Without loss for the first kind, by the decoder's own conversion for the others."""
    frames = list(video(path=make_video("clip.mkv", 3, codec=codec, pix_fmt=pix_fmt))())

    assert {f.picture.format for f in frames} == {format}
    assert len({f.image.tobytes() for f in frames}) == 3


def test_motion_jpeg_has_full_range(make_video):
    """Its planes say so."""
    path = make_video("clip.avi", 1, codec="mjpeg", pix_fmt="yuvj420p")

    assert next(video(path=path)()).picture.is_full_range


@pytest.mark.parametrize(("size", "matrix"), [((48, 64), "bt601"), ((720, 64), "bt709")])
def test_an_unsaid_matrix_follows_the_height(make_video, size, matrix):
    """And an unsaid range is the limited one."""
    picture = next(video(path=make_video(count=1, size=size))()).picture

    assert (picture.matrix, picture.is_full_range) == (matrix, False)


def test_a_said_matrix_and_range_stand(make_video):
    """Whatever the height."""
    path = make_video(count=1, color_range=2, options={"x264-params": "colormatrix=bt709"})
    picture = next(video(path=path)()).picture

    assert (picture.matrix, picture.is_full_range) == ("bt709", True)


def test_odd_sides_are_kept(make_video):
    """Chroma is rounded up."""
    frames = list(video(path=make_video("clip.mkv", 2, codec="ffv1", size=(45, 63)))())

    assert [(f.picture.height, f.picture.width) for f in frames] == [(45, 63)] * 2
    assert frames[0].image.shape == (45, 63, 3)


@pytest.mark.parametrize(("degrees", "quarters"), [(90, 1), (180, 2), (-90, 3)])
def test_the_display_matrix_is_followed(make_video, degrees, quarters):
    """A telephone held upright gives upright pictures."""
    path = make_video("flat.mp4", 2)
    flat = next(video(path=path)()).picture.gray()
    data = path.read_bytes()
    at = data.index(b"tkhd") + 4 + 40  # version 0: the matrix stands 40 bytes behind the flags
    cos, sin = {90: (0, -1), 180: (-1, 0), -90: (0, 1)}[degrees]
    unit = [cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30]
    matrix = b"".join(int(n).to_bytes(4, "big", signed=True) for n in unit)
    turned = path.with_name("turned.mp4")
    turned.write_bytes(data[:at] + matrix + data[at + 36 :])

    assert np.array_equal(next(video(path=turned)()).picture.gray(), np.rot90(flat, quarters))


def damaged(path, share, length=60):
    """The file with some bytes of its picture data overwritten."""
    data = bytearray(path.read_bytes())
    at = int(len(data) * share)
    data[at : at + length] = np.random.default_rng(int(share * 1000)).bytes(length)
    path.write_bytes(bytes(data))
    return path


def test_damaged_pictures_are_rejected_up_to_the_next_key_frame(make_video):
    """What builds on a damaged picture is no evidence of a change."""
    path = make_video("clip.ts", 40, size=(96, 128), options={"g": "10", "bf": "0"})
    whole = list(video(path=path)())
    frames = list(video(path=damaged(path, 0.42, 300))())
    rejected = [f.index for f in frames if f.outcome == "rejected"]

    assert rejected
    assert rejected == list(range(rejected[0], rejected[-1] + 1))
    assert {f.reason for f in frames if f.outcome == "rejected"} == {"corrupt"}
    assert len(rejected) <= 11
    good = {f.media_ns: f.picture.gray().tobytes() for f in whole}
    assert all(f.picture.gray().tobytes() == good[f.media_ns] for f in frames if f.outcome is None)


@SHARED
@given(
    share=st.floats(0.05, 0.95),
    length=st.integers(1, 400),
    kind=st.sampled_from(["clip.mp4", "clip.ts", "clip.avi"]),
)
def test_damage_anywhere_never_stops_a_run(make_video, share, length, kind):
    """It is no video any more, or the rest comes; and never a crash."""
    path = damaged(make_video(kind, 20, codec="mpeg4" if kind == "clip.avi" else "libx264"), share, length)
    frames, message = [], ""
    try:
        frames = list(video(path=path)())
    except ValueError as error:
        message = str(error)

    assert message == "" or str(path) in message
    assert [f.index for f in frames] == list(range(len(frames)))
    assert all((f.picture is None) == (f.outcome == "rejected") for f in frames)


@pytest.mark.parametrize("kind", ["clip.ts", "clip.mkv", "fragmented.mp4"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_truncated_video_gives_what_is_there(make_video, kind, share):
    """Nothing else, and in order; at the break a picture that another one builds on may be missing."""
    options = {"movflags": "frag_keyframe+empty_moov"} if kind == "fragmented.mp4" else None
    path = make_video(kind, 40, container_options=options)
    whole = {f.media_ns: f.picture.gray().tobytes() for f in video(path=path)()}
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    left = {f.media_ns: f.picture.gray().tobytes() for f in video(path=path)() if f.outcome is None}

    assert 40 * share - 12 < len(left) < 40
    assert list(left) == sorted(left)
    assert left.items() <= whole.items()


def test_damaged_videos_go_on_like_whole_ones(make_video, read):
    """What is rejected stays rejected."""
    path = damaged(make_video("clip.ts", 40, size=(96, 128), options={"g": "10", "bf": "0"}), 0.42, 300)
    frames, memories = read(video(path=path))

    for at, memory in enumerate(memories):
        resumed = video(path=path)
        resumed.load(memory)
        assert read(resumed)[0] == frames[at + 1 :]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a video, got an empty file"),
        (b"just some text\n" * 50, "expected a video, got a file that cannot be read as one"),
    ],
)
def test_a_file_that_is_no_video_says_so(tmp_path, content, message):
    """With its path."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=message) as caught:
        next(video(path=path)())
    assert str(path) in str(caught.value)


def test_a_video_that_lost_its_index_says_so(make_video):
    """An MP4 cut short has none at its end."""
    path = make_video(count=20)
    path.write_bytes(path.read_bytes()[:-300])

    with pytest.raises(ValueError, match="expected a video, got a file that cannot be read as one"):
        next(video(path=path)())


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


def test_threads_do_not_change_a_bit(make_video, read):
    """They only change how long it takes."""
    path = make_video(count=30)

    assert read(video(path=path, threads=2))[0] == read(video(path=path))[0]


@pytest.mark.skipif(not EXAMPLE.exists(), reason="examples/lobby.mp4 is not there")
def test_the_shipped_clip_is_read_whole():
    """1394 pictures at ten a second, one a second with every."""
    source = video(path=EXAMPLE, every="1s")
    frames = list(source())

    assert source.total() == 0
    assert [f.index for f in frames] == list(range(0, 1394, 10))
    assert frames[-1].media_ns == 139 * S
