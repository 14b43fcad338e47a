"""
`keepframe compare`: whether two picture files differ, how much, and where.

What counts as a difference is the business of keepframe.metrics.
"""

from __future__ import annotations

import math
from pathlib import Path

import click
import cv2

from keepframe.cli import exits
from keepframe.cli.drawing import side_by_side
from keepframe.cli.options import json_option
from keepframe.cli.writing import number, styled, write_json, write_table
from keepframe.errors import PictureError
from keepframe.metrics.comparison import Comparison, compare
from keepframe.picture import Image, Picture
from keepframe.picture.encoded import to_jpeg, to_png
from keepframe.picture.image_file import image_of, kind_of

PICTURE = click.Path(path_type=Path)
MAX_BYTES = 1 << 30


@click.command("compare")
@click.argument("a", type=PICTURE)
@click.argument("b", type=PICTURE)
@click.option(
    "--metric",
    "names",
    multiple=True,
    metavar="NAME",
    help="A metric to compute; several may be given. `keepframe metrics` lists them.",
)
@click.option(
    "--diff", type=PICTURE, help="Write both pictures side by side, what differs outlined; .png or .jpg."
)
@json_option
@click.pass_context
def command(
    ctx: click.Context, a: Path, b: Path, names: tuple[str, ...], diff: Path | None, *, is_json: bool
) -> None:
    """
    Say whether two pictures differ, and how much.

    A is the reference, B what is compared with it: JPEG, PNG, BMP, TIFF or WebP of one size. Even light, noise and a small movement of
    the camera are no change. Exits 0 if they show the same, 1 if something changed, 2 if they cannot be compared.
    """
    if diff is not None and diff.suffix.lower() not in {".png", ".jpg", ".jpeg"}:
        raise click.UsageError(f"--diff: expected a name that ends in .png or .jpg, got {str(diff)!r}")
    reference, test = _alike(read(a), read(b))
    if reference.shape != test.shape:
        sizes = f"{a} is {reference.shape[1]}x{reference.shape[0]}, {b} is {test.shape[1]}x{test.shape[0]}"
        raise ValueError(f"{sizes}; pictures of one size can be compared")
    found = compare(reference, test, names or None)
    if diff is not None:
        drawn = side_by_side(reference, test, found.boxes)
        diff.write_bytes(to_png(drawn) if diff.suffix.lower() == ".png" else to_jpeg(drawn, 90))
    if is_json:
        write_json(
            {
                "changed": found.changed,
                "sentence": found.sentence,
                "metrics": {
                    name: value if math.isfinite(value) else None for name, value in found.metrics.items()
                },
                "scores": found.scores,
                "boxes": [box._asdict() for box in found.boxes],
                "share": found.share,
            }
        )
    else:
        _tell(found, diff)
    ctx.exit(exits.CHANGED if found.changed else exits.OK)


def read(path: Path) -> Image:
    """
    The pixels of a picture file: (H, W) gray or (H, W, 3) BGR, uint8.

    Raises OSError, or PictureError that names the file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PictureError(f"too-large: expected at most {MAX_BYTES} bytes, got {path.stat().st_size}")
        data = path.read_bytes()
        return Picture.of_jpeg(data).bgr() if kind_of(data) == "jpeg" else image_of(data)[0]
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def _alike(reference: Image, test: Image) -> tuple[Image, Image]:
    """Both in colour if one of them is."""
    if reference.ndim == test.ndim:
        return reference, test
    bgr = [
        image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) for image in (reference, test)
    ]
    return bgr[0], bgr[1]


def _tell(found: Comparison, diff: Path | None) -> None:
    verdict, colon, rest = found.sentence.partition(":")
    click.echo(styled(verdict, bold=True, fg="yellow" if found.changed else "green") + colon + rest)
    rows = [(name, number(value), number(found.scores[name])) for name, value in found.metrics.items()]
    write_table([("METRIC", "VALUE", "SCORE (0 = same)"), *rows], indent="  ")
    for box in found.boxes[:10]:
        click.echo(f"  differs at x {box.x}, y {box.y}: {box.width}x{box.height} px")
    if len(found.boxes) > 10:
        click.echo(f"  and at {len(found.boxes) - 10} smaller places")
    if diff is not None:
        click.echo(f"  side by side in {diff}")
