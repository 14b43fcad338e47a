"""A chart in a terminal."""

from keepframe.cli.chart import Chart, Panel
from keepframe.cli.chart_text import ROWS, to_text

PANEL = Panel("lobby", [[(0.0, 0.0), (1.0, 1.0)]], [[(0.0, 0.5), (1.0, 0.5)]], [(1.0, 1.0)], [(0.0, 0.2)], [(0.0, "0"), (0.99, "1")], is_log=False, frames=9, kept=1)  # fmt: skip


def test_a_line_goes_from_corner_to_corner():
    """In braille dots, the threshold across the middle, marks below."""
    lines = list(to_text(Chart([PANEL], [(0.5, "12:00")], "2026-01-01 UTC"), 24))

    assert lines[0] == "lobby: 1 of 9 kept, 2026-01-01 UTC"
    assert lines[1] == "      1              ⡠⠊"
    assert lines[5] == "        ⠉⠉⠉⠉⠉⢀⠔⠁⠉⠉⠉⠉⠉⠉⠉"
    assert lines[ROWS] == "      0 ⡠⠊"
    assert lines[ROWS + 1] == "   kept ×××           ▲"
    assert lines[ROWS + 2] == "              12:00"
    assert max(map(len, lines)) <= 37


def test_each_kind_is_painted():
    """As the caller says."""
    seen = set()
    list(to_text(Chart([PANEL], [], ""), 30, lambda text, kind: seen.add(kind) or text))

    assert seen == {"score", "threshold", "kept", "lost"}
