import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.clock import FakeClock, SystemClock, iso


@given(st.integers(-(2**55), 2**62))
def test_a_moment_is_written_so_that_it_can_be_read_again(time_ns):
    """To the millisecond below, in UTC, also before 1970."""
    text = iso(time_ns)

    assert text.endswith("Z")
    assert round(datetime.fromisoformat(text).timestamp() * 1000) == time_ns // 1_000_000


def test_moments_sort_as_their_texts_do():
    """Files are named by them."""
    moments = [0, 999_999, 1_000_000, 1_700_000_000_999_000_000, 1_700_000_001_000_000_000]

    assert sorted(map(iso, moments)) == list(map(iso, moments))


def test_a_fake_clock_stands_still_until_it_is_moved():
    """Both of its times move together."""
    clock = FakeClock(now_ns=1_000_000_000)
    clock.advance(0.25)

    assert (clock.wall_ns(), clock.monotonic_s()) == (1_250_000_000, 1.25)


def test_a_fake_clock_does_not_go_back():
    """What measures intervals relies on it."""
    with pytest.raises(ValueError, match="expected 0 or more seconds, got -1"):
        FakeClock().advance(-1)


def test_the_system_clock_is_the_machines():
    """Wall time in nanoseconds, monotonic time in seconds."""
    clock = SystemClock()
    before = time.time_ns(), time.monotonic()
    now = clock.wall_ns(), clock.monotonic_s()

    assert before[0] <= now[0] <= time.time_ns()
    assert before[1] <= now[1] <= time.monotonic()
