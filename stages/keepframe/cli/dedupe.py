"""
`keepframe dedupe`: of each run of pictures that show the same keep the first, and put the others aside.

What shows the same is decided by keepframe.metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from keepframe.capture.moving import free, move
from keepframe.cli import exits
from keepframe.cli.options import json_option
from keepframe.cli.pictures import PICTURE, each, found, read
from keepframe.cli.writing import write_json
from keepframe.errors import PictureError
from keepframe.keeper.comparing import alike
from keepframe.metrics import metric
from keepframe.metrics.comparison import compare
from keepframe.picture import Image

ASIDE = "duplicates"


@click.command("dedupe")
@click.argument("given", nargs=-1, required=True, type=PICTURE, metavar="FOLDER|FILE...")
@click.option(
    "--metric",
    "name",
    metavar="NAME",
    help="Judge by this metric's score instead of by what `compare` finds.",
)
@click.option("--threshold", type=float, help="With --metric: the same up to this score.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would be done.")
@click.option(
    "--into", type=PICTURE, help=f"Where to move duplicates; by default a folder {ASIDE!r} beside them."
)
@click.option("--delete", "is_delete", is_flag=True, help="Delete duplicates instead of moving them.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    given: tuple[Path, ...],
    name: str | None,
    threshold: float | None,
    into: Path | None,
    *,
    is_dry: bool,
    is_delete: bool,
    is_json: bool,
) -> None:
    """
    Keep the first of each run of pictures that show the same.

    FOLDER, FILE or a quoted pattern; pictures are taken in natural order, and each is compared with the last one kept. Duplicates are moved,
    never deleted unless told. A picture that cannot be read is left where it is, and makes the exit code 1.
    """
    if (name is None) != (threshold is None):
        raise click.UsageError("--metric and --threshold go together")
    if is_delete and into is not None:
        raise click.UsageError("--delete and --into: choose one")
    is_same = _by_sight if name is None or threshold is None else _by_score(name, threshold)
    kept, duplicates, problems = _sorted(found(given), is_same)
    moved = {} if is_dry else {str(path): _put_aside(path, into, is_delete=is_delete) for path in duplicates}
    if is_json:
        told = [
            {"file": str(p), "same_as": str(o), "moved_to": moved.get(str(p))} for p, o in duplicates.items()
        ]
        write_json({"kept": [str(path) for path in kept], "duplicates": told})
    else:
        for path, original in duplicates.items():
            click.echo(f"{path} shows the same as {original.name}")
        done = "would be " if is_dry else ""
        folders = {into or path.parent / ASIDE for path in duplicates}
        where = str(folders.pop()) if len(folders) == 1 else f"a folder {ASIDE!r} beside each"
        what = "deleted" if is_delete else f"moved into {where}" if duplicates else "moved"
        click.echo(f"{len(kept)} kept, {len(duplicates)} {done}{what}")
    for problem in problems:
        click.echo(f"keepframe: {problem}", err=True)
    ctx.exit(exits.FAILED if problems else exits.OK)


def _sorted(
    files: list[Path], is_same: Callable[[Image, Image], bool]
) -> tuple[list[Path], dict[Path, Path], list[str]]:
    """What is kept, what shows the same as which kept one, and what could not be read."""
    kept: list[Path] = []
    duplicates: dict[Path, Path] = {}
    problems: list[str] = []
    reference: Image | None = None
    for path in each(files, "comparing"):
        try:
            image = read(path)
        except (PictureError, OSError) as error:
            problems.append(str(error))
            continue
        if (
            reference is not None
            and reference.shape[:2] == image.shape[:2]
            and is_same(*alike(reference, image))
        ):
            duplicates[path] = kept[-1]
        else:
            kept.append(path)
            reference = image
    return kept, duplicates, problems


def _by_sight(reference: Image, test: Image) -> bool:
    return not compare(reference, test, ()).changed


def _by_score(name: str, threshold: float) -> Callable[[Image, Image], bool]:
    judge = metric(name)
    return lambda reference, test: judge.score(reference, test) <= threshold


def _put_aside(path: Path, into: Path | None, *, is_delete: bool) -> str | None:
    """Move a file, under a name that is free; or delete it. Returns where it is now."""
    if is_delete:
        path.unlink()
        return None
    folder = into if into is not None else path.parent / ASIDE
    folder.mkdir(parents=True, exist_ok=True)
    target = free(folder / path.name)
    move(path, target)
    return str(target)
