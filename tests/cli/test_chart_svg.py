"""A chart as SVG."""

from xml.etree import ElementTree as ET

from keepframe.cli.chart import Chart, Panel
from keepframe.cli.chart_svg import HEIGHT, LEFT, RIGHT, WIDTH, to_svg

PANEL = Panel("a <&> ö", [[(0.0, 0.5), (1.0, 1.0)], [(0.5, 0.5)]], [[(0.0, 0.2), (1.0, 0.2)]], [(1.0, 1.0)], [(0.25, 0.5)], [(0.0, "0")], is_log=True, frames=9, kept=1)  # fmt: skip
NAMES = {"svg": "http://www.w3.org/2000/svg"}


def test_every_part_is_in_it_where_it_belongs():
    """Lines, marks, lost stretches, axis, names, in a document that any reader can parse."""
    root = ET.fromstring(to_svg(Chart([PANEL, PANEL], [(0.5, "12:00")], "2026-01-01 UTC")))
    scores = [path.get("d") for path in root.iterfind(".//svg:path[@class='score']", NAMES)]
    (mark, _) = root.iterfind(".//svg:circle", NAMES)
    texts = ["".join(text.itertext()) for text in root.iterfind(".//svg:text", NAMES)]

    assert scores[0] == f"M0.0 {HEIGHT / 2}L{WIDTH - LEFT - RIGHT}.0 0.0"
    assert (mark.get("cx"), mark.get("cy")) == (f"{WIDTH - LEFT - RIGHT}.0", "0.0")
    assert len(list(root.iterfind(".//svg:rect[@class='lost']", NAMES))) == 2
    assert texts[0].startswith("a <&> ö")
    assert "1 of 9 kept, 2026-01-01 UTC, logarithmic" in texts
    assert "12:00" in texts
