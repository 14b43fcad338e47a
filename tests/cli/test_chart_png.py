"""A chart as pixels."""

from keepframe.cli.chart import Chart, Panel
from keepframe.cli.chart_png import BOTTOM, HEIGHT, KEPT, LOST, TOP, WIDTH, to_pixels

PANEL = Panel("hörsaal", [[(0.0, 0.1), (0.4, 0.1)]], [[(0.0, 0.9), (1.0, 0.9)]], [(0.8, 0.5)], [(0.6, 0.7)], [(0.0, "0")], is_log=False, frames=9, kept=1)  # fmt: skip


def test_lines_marks_and_lost_stretches_are_drawn_in_their_colours():
    """One panel below the other; what is kept is green where it should be."""
    image = to_pixels(Chart([PANEL, PANEL], [(0.5, "12:00")], "2026-01-01 UTC"))
    y, x = TOP + HEIGHT // 2, 78 + round(0.8 * (WIDTH - 98))
    blue = (image[..., 0].astype(int) - image[..., 2] > 80).sum()

    assert image.shape == (2 * (TOP + HEIGHT + BOTTOM) + 10, WIDTH, 3)
    assert tuple(image[y, x]) == KEPT
    assert tuple(image[TOP + 40, 78 + round(0.65 * (WIDTH - 98))]) == LOST
    assert blue > 2 * 0.4 * (WIDTH - 98) * 0.8


def test_an_empty_panel_and_one_point_are_drawn():
    """Nothing to join is no error."""
    panel = Panel("a", [[(1.0, 1.0)]], [], [], [], [], is_log=False, frames=1, kept=0)

    assert (to_pixels(Chart([panel], [], "")) < 255).any()
