"""How often pictures come: outages and clocks that jump do not count."""

from keepframe.score.pace import DAY_NS, Pace

S = 10**9


def paced(times):
    """Return the pace of pictures at these seconds."""
    pace = Pace()
    for time in times:
        pace.step(time * S)
    return pace


def test_the_rate_is_measured():
    """One picture in five seconds is 17,280 a day."""
    assert paced(range(0, 500, 5)).per_day == 17_280


def test_an_outage_is_no_interval():
    """A night without pictures passes as ten intervals, and the rate hardly moves."""
    pace = paced([*range(1000), 40_000])

    assert 80_000 < pace.per_day < 86_400
    assert pace.step(40_001 * S) == S


def test_a_clock_that_goes_back_costs_nothing():
    """The time before counts no more, and what follows is measured from the new one."""
    pace = paced([100, 101, 102])

    assert [pace.step(t * S) for t in (50, 51, 51)] == [0.0, S, 0.0]
    assert pace.per_day == DAY_NS / S


def test_without_times_a_picture_a_second_is_assumed():
    """A source that tells no times has a rate all the same."""
    assert paced([0, 0, 0]).per_day == 86_400


def test_saving_changes_nothing():
    """It goes on where it was."""
    pace, other = paced([0, 3, 7]), Pace()
    other.load(pace.save())

    assert other.step(9 * S) == pace.step(9 * S) == 2 * S
    assert other.save() == pace.save()
