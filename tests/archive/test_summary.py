import pytest

from keepframe.archive.row import Row
from keepframe.archive.summary import moment, sentence


def row(**more):
    """A kept frame of the camera `a`."""
    return Row(**{"camera": "a", "stream": 0, "seq": 0, "outcome": "kept", "time_ns": 10**18, **more})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, "nothing seen"),
        ({"a": {}}, "nothing seen"),
        ({"a": {"captured": 0, "dropped": 0}}, "nothing seen"),
        ({"a": {"captured": 1, "kept": 1}}, "1 seen, 1 kept, 0 % not stored"),
        ({"a": {"captured": 4, "kept": 0}}, "4 seen, 0 kept, 100 % not stored"),
        ({"a": {"captured": 2, "kept": 1}, "b": {"captured": 2}}, "4 seen, 1 kept, 75 % not stored"),
        (
            {
                "a": {
                    "captured": 12_000,
                    "kept": 1_000,
                    "rejected": 2,
                    "dropped": 3_000,
                    "failed": 1,
                    "unchanged": 5,
                }
            },
            "12,000 seen, 1,000 kept, 92 % not stored, 2 rejected, 3,000 dropped, 1 failed",
        ),
    ],
)
def test_the_counts_of_all_cameras_are_one_sentence(counts, expected):
    """What went wrong is named only if it did."""
    assert sentence(counts) == expected


@pytest.mark.parametrize(
    ("kept", "expected"), [(1, "over 99 %"), (1000, "50 %"), (1999, "under 1 %"), (10, "over 99 %")]
)
def test_nothing_is_rounded_to_all_or_none(kept, expected):
    """One picture of two thousand is not none."""
    assert f"{expected} not stored" in sentence({"a": {"captured": 2000, "kept": kept}})


def test_the_biggest_change_is_named_with_its_camera_if_there_are_several():
    """Where to look first."""
    counts = {"a": {"captured": 3, "kept": 1}}

    assert sentence(counts, row()).endswith("not stored, biggest change at 01:46:40 UTC")
    assert sentence({**counts, "b": {"captured": 1}}, row()).endswith("biggest change at 01:46:40 UTC of a")
    assert sentence({}, row()) == "nothing seen"


@pytest.mark.parametrize(
    ("media_s", "expected"),
    [
        (0, "0:00"),
        (59.999, "0:59"),
        (60, "1:00"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (100_000, "27:46:40"),
        (-0.04, "0:00"),
    ],
)
def test_a_moment_of_a_video_is_its_place_in_it(media_s, expected):
    """As players show it; a first picture slightly before the video's zero is at its start."""
    assert moment(row(media_ns=int(media_s * 10**9), index=7)) == expected


def test_a_moment_of_a_camera_is_the_time_of_day():
    """In UTC, and said so; also of one that tells a time of its own, which begins anew with each connection."""
    assert moment(row(time_ns=0)) == "00:00:00 UTC"
    assert moment(row(time_ns=0, media_ns=5 * 10**9)) == "00:00:00 UTC"
