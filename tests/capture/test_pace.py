from hypothesis import given
from hypothesis import strategies as st

from keepframe.capture.pace import Pace
from keepframe.clock import NS, FakeClock


class Clocks:
    """A wall clock that can be set, beside a monotonic one."""

    def __init__(self, wall_s=0.0):
        self.wall, self.monotonic = wall_s, 100.0

    def wall_ns(self):
        return round(self.wall * NS)

    def monotonic_s(self):
        return self.monotonic

    def pass_s(self, seconds, wall_s=None):
        self.monotonic += seconds
        self.wall += seconds if wall_s is None else wall_s


def test_every_ten_seconds_means_on_the_ten_seconds_of_the_wall_clock():
    """Whenever it was started."""
    clock = FakeClock(1_700_000_003 * NS)
    pace = Pace(10 * NS, clock)
    taken = []
    for _ in range(40):
        if pace.take():
            taken.append(clock.now_ns // NS % 60)
        clock.advance(1.0)

    assert taken == [23, 30, 40, 50, 0]


def test_without_an_interval_every_picture_is_taken():
    """As fast as they come."""
    pace = Pace(None, FakeClock())

    assert [pace.take() for _ in range(3)] == [True] * 3


def test_a_wall_clock_that_stands_still_or_goes_back_delays_nothing():
    """Then it is the monotonic one that tells."""
    clock = Clocks(1000.0)
    pace = Pace(10 * NS, clock)
    pace.take()
    clock.pass_s(9.9, wall_s=0.0)
    too_early = pace.take()
    clock.pass_s(0.2, wall_s=0.0)
    stood = pace.take()
    clock.pass_s(1.0, wall_s=-3600.0)

    assert (too_early, stood, pace.take()) == (False, True, True)


@given(st.lists(st.floats(0.01, 3.0), min_size=1, max_size=60))
def test_one_picture_is_taken_in_each_cell_that_has_one(steps):
    """The first of it, however irregularly they come."""
    clock = FakeClock(5 * NS)
    pace, cells, taken = Pace(NS, clock), [], []
    for step in steps:
        cells.append(clock.now_ns // NS)
        if pace.take():
            taken.append(clock.now_ns // NS)
        clock.advance(step)

    assert taken == sorted(set(cells))
