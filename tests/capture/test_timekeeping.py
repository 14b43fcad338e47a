import itertools
import os
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.archive.names import Template
from keepframe.capture.timekeeping import Timekeeper
from keepframe.clock import NS
from keepframe.frame import Frame
from keepframe.stage import CameraEvent


class Clocks:
    """A wall clock that can be set, beside a monotonic one."""

    def __init__(self):
        self.wall, self.monotonic = 1_700_000_000 * NS, 50.0

    def wall_ns(self):
        return self.wall

    def monotonic_s(self):
        return self.monotonic

    def pass_s(self, seconds, wall_s):
        self.monotonic += seconds
        self.wall += round(wall_s * NS)


def streams(steps, media=None):
    """The times of the frames of each stream, and what was told, for (monotonic, wall) seconds between frames."""
    clock, found, told = Clocks(), [[]], []
    keeper = Timekeeper(clock)
    for number, step in enumerate([(0.0, 0.0), *steps]):
        clock.pass_s(*step)
        for given_ in keeper.stamped(Frame(media_ns=media and media[number])):
            if isinstance(given_, CameraEvent):
                told.append(given_.detail)
                found.append([])
            else:
                found[-1].append(given_)
    return found, told


@pytest.mark.parametrize(
    ("steps", "told", "lengths"),
    [
        ([(1, 1)] * 3, [], [4]),
        ([(1, 1), (1, -3600), (1, 1)], ["the machine's wall clock was set back by 3601 s"], [2, 2]),
        ([(1, 1), (1, 7200), (1, 1)], ["the machine's wall clock was set forward by 7199 s"], [2, 2]),
        ([(1, 0), (1, 0), (1, 0), (1, 1)], ["the machine's wall clock stands still"], [1, 4]),
        ([(1, 0.5), (1, 1.5), (1, -0.5)], [], [4]),
        ([(0, 0), (0, 0)], [], [3]),
    ],
)
def test_a_clock_that_jumps_begins_a_new_stream_and_stops_nothing(steps, told, lengths):
    """Set back, set forward, standing still; a slewed one, and frames at the same moment, do not."""
    found, said = streams(steps)

    assert said == told
    assert [len(frames) for frames in found] == lengths


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(-10_000, 10_000)), max_size=40))
def test_within_a_stream_time_and_names_only_grow(steps):
    """Whatever the wall clock does; no frame is lost over it."""
    found, _ = streams(steps)
    times = [[frame.time_ns for frame in frames] for frames in found]

    assert sum(map(len, times)) == len(steps) + 1
    assert all(a < b for stream in times for a, b in itertools.pairwise(stream))


def test_the_three_clocks_stand_in_each_frame():
    """The wall's, the monotonic one, and the camera's own from the first picture on."""
    found, _ = streams([(1.0, 1.0)], media=[5 * NS, 6 * NS])
    (_, frame) = found[0]

    assert (frame.time_ns, frame.notes["monotonic_ns"], frame.media_ns) == (1_700_000_001 * NS, 51 * NS, NS)


@pytest.mark.parametrize(
    ("media", "told"),
    [
        ([0, 0, 0], []),
        ([None, 0, None], []),
        ([9 * NS, 8 * NS + NS // 2, 9 * NS], []),
        ([9 * NS, 0, NS], ["the camera's own clock went back by 9 s"]),
    ],
)
def test_a_camera_s_own_clock_may_do_as_it_likes(media, told):
    """Zero, missing, a little out of order; far back means that it has begun anew."""
    found, said = streams([(1, 1), (1, 1)], media)

    assert said == told
    assert sum(map(len, found)) == 3


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("night", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_the_nights_in_which_clocks_are_changed_are_nights_like_every_other(zone, night, monkeypatch):
    """One stream, and names in order, an hour apart, all different."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        clock, names = Clocks(), []
        clock.wall = int(night.timestamp()) * NS
        keeper = Timekeeper(clock)
        for hour in range(24):
            (frame,) = keeper.stamped(Frame(camera="door", seq=hour))
            names.append(Template("{camera}/{date}/{time}").name(frame))
            clock.pass_s(3600, 3600)
    finally:
        os.environ.pop("TZ")
        time.tzset()

    assert names == sorted(set(names))
    assert len(names) == 24
