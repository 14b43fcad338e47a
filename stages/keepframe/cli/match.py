"""
`keepframe match`: which pictures of one folder show the same as which of another, by hash.

How hashes are made and matched is the business of keepframe.metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from keepframe import metrics
from keepframe.cli import exits
from keepframe.cli.options import json_option
from keepframe.cli.pictures import PICTURE, each, found, read
from keepframe.cli.writing import write_json, write_table
from keepframe.errors import PictureError

HASHES: dict[str, Callable[[Any], Any]] = {
    "average": metrics.average_hash,
    "difference": metrics.difference_hash,
    "perceptual": metrics.perceptual_hash,
    "wavelet": metrics.wavelet_hash,
}


@click.command("match")
@click.argument("a", type=PICTURE)
@click.argument("b", type=PICTURE)
@click.option(
    "--hash",
    "kind",
    type=click.Choice(list(HASHES)),
    default="average",
    show_default=True,
    help="Which hash.",
)
@click.option(
    "--max-distance",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="How many of the bits may differ; 0 is the strictest.",
)
@click.option(
    "--once", "is_once", is_flag=True, help="Use each picture of B at most once, nearest pairs first."
)
@json_option
@click.pass_context
def command(
    ctx: click.Context, a: Path, b: Path, kind: str, max_distance: int, *, is_once: bool, is_json: bool
) -> None:
    """
    Find for each picture of folder A the one of folder B that shows the same.

    A and B are folders, files or quoted patterns. Hashes are blind to small objects: use them for copies, not for changes. Exits 1 if a
    picture could not be read; the others are matched all the same.
    """
    first, unread = _hashed(a, HASHES[kind])
    second, more = _hashed(b, HASHES[kind])
    pairs = metrics.match_hashes(first, second, max_distance=max_distance, once=is_once)
    if is_json:
        write_json([{"a": one, "b": other} for one, other in pairs.items()])
    else:
        write_table([(one, other if other is not None else "-") for one, other in pairs.items()])
        click.echo(f"{sum(other is not None for other in pairs.values())} of {len(pairs)} have a match")
    for problem in (*unread, *more):
        click.echo(f"keepframe: {problem}", err=True)
    ctx.exit(exits.FAILED if unread or more else exits.OK)


def _hashed(where: Path, make: Callable[[Any], Any]) -> tuple[dict[str, Any], list[str]]:
    hashes, problems = {}, []
    for path in each(found([where]), f"reading {where}"):
        try:
            hashes[str(path)] = make(read(path))
        except (PictureError, OSError) as error:
            problems.append(str(error))
    return hashes, problems
