"""Decoding in order: places, damage, and going on behind a place."""

import wave
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepframe.capture import video
from keepframe.capture.decoded import _timed, open_video

SHARED = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


def test_a_file_that_is_cut_between_two_pictures_is_told(make_video, caplog, tmp_path):
    """A demuxer takes that for its end; of the whole file nothing is said."""
    path = make_video("clip.mp4", 60, options={"bf": "0"}, container_options={"movflags": "faststart"})
    with av.open(str(path)) as container:
        at = [packet.pos for packet in container.demux(video=0) if packet.size]
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(path.read_bytes()[: at[40]])
    frames = list(video(path=path)())
    told_of_the_whole = list(caplog.records)
    found = len(list(video(path=cut)()))

    assert (len(frames), found, told_of_the_whole) == (60, 40, [])
    assert [record.message for record in caplog.records] == ["ends-early"]
    assert caplog.records[0].fields["error"] == "40 of the 60 pictures it should have are there"


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


def test_threads_do_not_change_a_bit(make_video, read):
    """They only change how long it takes."""
    path = make_video(count=30)

    assert read(video(path=path, threads=2))[0] == read(video(path=path))[0]


def test_tags_that_are_no_text_do_not_matter(make_video):
    """A damaged title is no reason to lose the pictures."""
    path = make_video(count=3, metadata={"title": "a title like others"})
    data = path.read_bytes()
    assert b"a title like others" in data
    path.write_bytes(data.replace(b"a title like others", b"a title \xb9\xff\xfe others"))

    assert len(list(video(path=path)())) == 3


def test_an_audio_file_is_no_video(tmp_path):
    """And says what is missing."""
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))

    with pytest.raises(ValueError, match=r"sound\.wav: expected a video, got a file without a picture in it"):
        next(video(path=path)())


def test_a_code_that_nobody_knows_is_told_with_what_to_do(make_video):
    """The picture is there, and cannot be decoded."""
    path = make_video("clip.avi", 10, codec="mpeg4")
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"XQ7Z"))

    with pytest.raises(
        ValueError, match=r"clip\.avi: its video is coded in a way that cannot be decoded here; convert it"
    ):
        open_video(path, 1)


def test_without_a_key_frame_damage_is_over_after_ten_seconds(make_video):
    """Else one lost packet would take the rest of a film that has a single key frame."""
    path = make_video("clip.mkv", 40, rate=1, size=(96, 128), options={"g": "1000", "bf": "0"})
    frames = list(video(path=damaged(path, 0.5, 200))())
    rejected = [f.media_ns // 10**9 for f in frames if f.outcome == "rejected"]

    assert rejected == list(range(rejected[0], rejected[0] + 11))
    assert frames[-1].outcome is None


def test_time_stamps_that_begin_again_do_not_go_back(make_video, read):
    """A recorder joined two files; media time goes on, and going on finds the right one of two equal pictures."""
    path = make_video("clip.ts", 10)
    path.write_bytes(path.read_bytes() * 2)
    frames, memories = read(video(path=path))
    times = [frame[2] for frame in frames]

    assert len(frames) >= 18
    assert all(b > a for a, b in pairwise(times))
    for at, memory in enumerate(memories):
        resumed = video(path=path)
        resumed.load(memory)
        assert read(resumed)[0] == frames[at + 1 :]


def test_a_picture_lost_on_the_way_damages_what_builds_on_it(make_video):
    """The decoder fills the gap in silence, but MPEG-TS numbers its packets: nothing that differs from the whole film passes."""
    path = make_video("clip.ts", 40, size=(96, 128), options={"g": "1000", "bf": "0"})
    whole = {f.media_ns: f.picture.gray().tobytes() for f in video(path=path)()}
    data = path.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    begins = [n for n, packet in enumerate(packets) if packet[1:3] == b"\x41\x00"]  # a picture begins in it
    lost = range(begins[20], begins[21])
    path.write_bytes(
        b"".join(
            p for n, p in enumerate(packets) if n not in lost or p[1:3] not in (b"\x41\x00", b"\x01\x00")
        )
    )
    frames = list(video(path=path)())

    assert len(frames) == 39
    assert 19 <= sum(f.outcome == "rejected" for f in frames) <= 22  # FFmpeg marks the gap a little early
    assert all(whole[f.media_ns] == f.picture.gray().tobytes() for f in frames if f.outcome is None)


def test_a_time_stamp_that_is_missing_or_goes_back_is_no_guide_any_more():
    """From there on, going on does not seek by it."""
    stream = SimpleNamespace(time_base=Fraction(1, 10), average_rate=Fraction(10), guessed_rate=None)
    place, places = None, []
    for pts in (5, 6, None, 8, 3, 20):
        place = _timed(place, pts, stream)
        places.append((place.media_ns // 10**8, place.is_regular))

    assert places == [(0, True), (1, True), (2, False), (3, False), (4, False), (15, False)]
