"""
`keepframe plot`: score, threshold and keeps over time, in the terminal or as a picture.

What is drawn is in chart.py, how in chart_text.py, chart_svg.py and chart_png.py.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from keepframe.archive.reading import Reader
from keepframe.cli.chart import Scale, chart
from keepframe.cli.chart_png import WIDTH, to_pixels
from keepframe.cli.chart_svg import to_svg
from keepframe.cli.chart_text import to_text
from keepframe.cli.history import chosen, newest
from keepframe.cli.options import folder_argument
from keepframe.cli.writing import styled
from keepframe.picture.encoded import to_png

COLOURS = {"score": "blue", "threshold": "yellow", "kept": "green", "lost": "red"}
MOST_COLUMNS = 200
"""In a terminal: wider, one does not see more."""


@click.command("plot")
@folder_argument
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write a picture, .svg or .png, instead of drawing in the terminal.")  # fmt: skip
@click.option("--camera", metavar="NAME", help="Of this camera only.")
@click.option("--last", metavar="DURATION", help="Only the newest 24h, 30min, … of each camera.")
@click.option("--scale", type=click.Choice(["auto", "linear", "log"]), default="auto", show_default=True, help="Of the axis of the scores.")  # fmt: skip
def command(folder: Path, output: Path | None, camera: str | None, last: str | None, scale: Scale) -> None:
    """
    Draw score, threshold and keeps over time.

    FOLDER is the archive. One panel for each camera: the score that decided, the threshold it was held against, a mark where a
    picture was kept, and where frames were dropped, rejected or failed. Thousands of frames keep their highest and lowest.
    """
    if output is not None and output.suffix.lower() not in {".svg", ".png"}:
        raise click.UsageError(f"--output: expected a name that ends in .svg or .png, got {str(output)!r}")
    with Reader(folder) as reader:
        rows = newest(chosen(reader.rows(), camera, folder), last)
    if not rows:
        raise LookupError(f"{folder}: nothing seen yet, so there is nothing to plot")
    if output is None:
        columns = min(MOST_COLUMNS, shutil.get_terminal_size().columns)
        for line in to_text(chart(rows, 2 * columns, columns // 16, scale), columns, _painted):
            click.echo(line)
        return
    drawn = chart(rows, WIDTH, scale=scale)
    data = to_svg(drawn).encode() if output.suffix.lower() == ".svg" else to_png(to_pixels(drawn))
    output.write_bytes(data)
    click.echo(f"{os.fspath(output)}: {len(drawn.panels)} camera{'' if len(drawn.panels) == 1 else 's'}")


def _painted(text: str, kind: str) -> str:
    return styled(text, fg=COLOURS[kind])
