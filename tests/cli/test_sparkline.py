"""Scores against their threshold, drawn."""

from keepframe.cli.sparkline import HALF, LEVELS, MOST, Sparkline, level


def test_half_height_is_the_threshold():
    """What is kept is seen to be higher than what is not."""
    assert LEVELS.index(level(1.0)) < HALF <= LEVELS.index(level(1.001))
    assert [level(-1), level(1e9)] == [LEVELS[0], LEVELS[-1]]


def test_the_newest_stand_on_the_right():
    """As many as fit."""
    line = Sparkline()
    for ratio in (0, 9, 0.3):
        line.add([ratio])

    assert line.shown(2).plain == "█▂"


def test_what_came_at_once_is_one_column():
    """The highest counts, and nothing is no column."""
    line = Sparkline()
    line.add([0.1, 9, 0.2])
    line.add([])

    assert line.shown(9).plain == "█"


def test_old_scores_are_let_go():
    """It does not grow."""
    line = Sparkline()
    for _ in range(3 * MOST):
        line.add([0.0])

    assert len(line.shown(10 * MOST)) == MOST
