"""What a plot shows, in a unit square."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepframe.archive import Row
from keepframe.cli.chart import chart, thinned

S = 10**9


def rows(scores, *, camera="a", threshold=0.5, step_s=10, at_s=0):
    """A frame for each score, kept if it is above the threshold; None is a dropped one."""
    return [
        Row(
            camera=camera, stream=0, seq=n, time_ns=(at_s + n * step_s) * S,
            outcome="dropped" if score is None else "kept" if score > threshold else "unchanged",
            threshold=None if score is None else threshold, scores={} if score is None else {"mse": score},
        )
        for n, score in enumerate(scores)
    ]  # fmt: skip


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=300), columns=st.integers(1, 40))
def test_a_thinned_line_has_the_same_range_in_every_column(values, columns):
    """First, lowest, highest and last point of each; never more than four."""
    line = [(n / len(values), value) for n, value in enumerate(values)]
    thin = thinned(line, columns)
    in_columns = [
        [[y for x, y in points if int(x * columns) == c] for c in range(columns)] for points in (line, thin)
    ]

    assert thin[0] == line[0]
    assert thin[-1] == line[-1]
    assert set(thin) <= set(line)
    for full, few in zip(*in_columns, strict=True):
        assert len(few) <= 4
        assert not full or (min(full), max(full)) == (min(few), max(few))


def test_a_panel_shows_score_threshold_and_keeps():
    """The threshold at half of the highest score lies at half of its height."""
    (panel,) = chart(rows([0.1, 0.2, 1.0, 0.1]), 100).panels

    assert [round(y, 2) for _, y in panel.scores[0]] == [0.1, 0.19, 0.95, 0.1]
    assert [round(y, 2) for _, y in panel.thresholds[0]] == [0.48] * 4
    assert panel.keeps == [(0.67, 0.95)]
    assert (panel.frames, panel.kept, panel.is_log) == (4, 1, False)
    assert panel.ticks[0] == (0.0, "0")


def test_a_line_breaks_where_frames_are_missing():
    """A night without pictures is no straight line."""
    found = chart(rows([0.1] * 10) + rows([0.2] * 10, at_s=2000), 100).panels[0]

    assert len(found.scores) == len(found.thresholds) == 2


def test_what_was_lost_is_a_stretch():
    """Neighbours are one."""
    (panel,) = chart(rows([0.1] * 5 + [None] * 5 + [0.1] * 5), 100).panels

    assert [(round(a, 2), round(b, 2)) for a, b in panel.lost] == [(0.35, 0.36), (0.42, 0.43), (0.5, 0.51), (0.57, 0.58), (0.64, 0.65)]  # fmt: skip
    assert len(chart(rows([0.1] * 5 + [None] * 5 + [0.1] * 5), 10).panels[0].lost) == 1


def test_scores_of_several_magnitudes_have_a_logarithmic_axis():
    """Unless one asks for another; a score of 0 lies at its bottom."""
    scores = [0.001, 0.002, 0.001, 0.0] * 10 + [1.0]
    found = chart(rows(scores), 100).panels[0]

    assert found.is_log
    assert min(y for line in found.scores for _, y in line) == 0.0
    assert [label for _, label in found.ticks] == ["0.001", "0.01", "0.1", "1"]
    assert not chart(rows(scores), 100, scale="linear").panels[0].is_log
    assert chart(rows([0.5, 0.4]), 100, scale="log").panels[0].is_log


def test_cameras_share_one_axis_of_time_with_round_moments():
    """One that began later begins further right."""
    found = chart(rows([0.1] * 60) + rows([0.1] * 60, camera="b", at_s=600), 100, 4)

    assert [panel.camera for panel in found.panels] == ["a", "b"]
    assert found.panels[1].scores[0][0][0] == pytest.approx(600 / 1190)
    assert [label for _, label in found.ticks] == ["00:00", "00:05", "00:10", "00:15"]
    assert found.day == "1970-01-01 UTC"


@pytest.mark.parametrize("scores", [[0.0], [None], [0.0, 0.0], [5.0], [1e-9, 1e-9]])
def test_whatever_there_is_can_be_drawn(scores):
    """One frame, none with a score, all the same."""
    (panel,) = chart(rows(scores), 10).panels

    assert all(0 <= x <= 1 and 0 <= y <= 1 for line in panel.scores for x, y in line)
    assert all(0 <= y <= 1.0001 for y, _ in panel.ticks)


def test_nothing_is_refused():
    """There is no axis without a moment."""
    with pytest.raises(ValueError, match="nothing to plot"):
        chart([], 10)
