"""
`keepframe compare`: whether two picture files differ, how much, and where.

What counts as a difference is the business of keepframe.metrics.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import click

from keepframe.cli import exits
from keepframe.cli.drawing import side_by_side
from keepframe.cli.options import json_option
from keepframe.cli.pictures import PICTURE, read
from keepframe.cli.writing import number, styled, write_json, write_table
from keepframe.keeper.comparing import alike
from keepframe.metrics import metric
from keepframe.metrics import names as all_names
from keepframe.metrics.comparison import Comparison, compare
from keepframe.picture.encoded import to_jpeg, to_png


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
@click.option("--all", "is_all", is_flag=True, help="Compute every metric.")
@click.option(
    "--fail-on",
    "limits",
    multiple=True,
    metavar="NAME=LIMIT",
    help="Exit 1 only if this metric's score is above the limit; several may be given.",
)
@click.option(
    "--diff",
    type=PICTURE,
    help="Write both side by side, what differs outlined, and a heat map; .png or .jpg.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    a: Path,
    b: Path,
    names: tuple[str, ...],
    limits: tuple[str, ...],
    diff: Path | None,
    *,
    is_all: bool,
    is_json: bool,
) -> None:
    """
    Say whether two pictures differ, and how much.

    A is the reference, B what is compared with it: JPEG, PNG, BMP, TIFF or WebP of one size. Even light, noise and a small movement of
    the camera are no change. Exits 0 if they show the same, 1 if something changed (with --fail-on: if a limit is passed), 2 if they cannot be compared.
    """
    if diff is not None and diff.suffix.lower() not in {".png", ".jpg", ".jpeg"}:
        raise click.UsageError(f"--diff: expected a name that ends in .png or .jpg, got {str(diff)!r}")
    reference, test = alike(read(a), read(b))
    if reference.shape != test.shape:
        sizes = f"{a} is {reference.shape[1]}x{reference.shape[0]}, {b} is {test.shape[1]}x{test.shape[0]}"
        raise ValueError(f"{sizes}; pictures of one size can be compared")
    highest = _limits(limits)
    wanted = tuple(all_names()) if is_all else tuple(dict.fromkeys((*names, *highest)))
    found = compare(reference, test, wanted or None)
    passed = [name for name, limit in highest.items() if found.scores[name] > limit]
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
                **({"passed": passed} if highest else {}),
            }
        )
    else:
        _tell(found, diff)
        for name in passed:
            click.echo(f"  {name} {number(found.scores[name])} is above the limit {highest[name]}")
    ctx.exit(exits.CHANGED if (passed if highest else found.changed) else exits.OK)


def _limits(given: tuple[str, ...]) -> Mapping[str, float]:
    """The limits of --fail-on, by metric."""
    limits = {}
    for text in given:
        name, _, limit = text.partition("=")
        try:
            limits[metric(name).name] = float(limit)
        except ValueError as error:
            why = (
                str(error)
                if limit.strip() and "float" not in str(error)
                else "expected NAME=LIMIT, such as ssim=0.05"
            )
            raise click.UsageError(f"--fail-on {text}: {why}") from None
        if not math.isfinite(limits[name]):
            raise click.UsageError(f"--fail-on {text}: expected a finite limit")
    return limits


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
