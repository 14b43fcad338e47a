"""
`keepframe replay`: which verdicts would be others under another configuration, from what is stored.

Deciding again is in keepframe.measure.replay. Scores are never computed again here: that takes the pictures, and most of them are gone.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from keepframe.archive.reading import Reader
from keepframe.cli.history import chosen
from keepframe.cli.options import PIPELINE, folder_argument, json_option, set_option
from keepframe.cli.rehearsal import steps
from keepframe.cli.writing import number, styled, write_json, write_table
from keepframe.clock import iso
from keepframe.config import Pipeline, load
from keepframe.measure.replay import DECIDES, Replayed, judge_of, replayed
from keepframe.score import Change
from keepframe.stage import Bound

SHOWN = 40


@click.command("replay")
@folder_argument
@click.option("--pipeline", type=click.Path(path_type=Path), help="The pipeline that made the archive; by default pipeline.toml beside it, or here.")  # fmt: skip
@click.option("--camera", metavar="NAME", help="Of this camera only.")
@click.option(
    "--all", "is_all", is_flag=True, help=f"List every verdict that changes, not the first {SHOWN}."
)
@set_option
@json_option
def command(
    folder: Path,
    pipeline: Path | None,
    camera: str | None,
    sets: tuple[str, ...],
    *,
    is_all: bool,
    is_json: bool,
) -> None:
    """
    Say which verdicts would be others under another configuration.

    FOLDER is the archive. Decides again on the stored scores, with what --set changes, and lists the frames whose verdict would be another;
    without --set there are none. Only what decides can be changed so: another metric, reference or preparation gives other
    scores, which takes the pictures: run the source once more into another archive.
    """
    with Reader(folder) as reader:
        rows = chosen(reader.rows(), camera, folder)
    path = pipeline or _beside(folder)
    was, now = load(path), load(path, sets)
    cameras = sorted({row.camera for row in rows})
    if strangers := [name for name in cameras if name not in now.cameras]:
        raise LookupError(
            f"{path}: no camera named {', '.join(strangers)}; name the archive's own pipeline with --pipeline, or one --camera"
        )
    found: list[Replayed] = []
    for name in cameras:
        options = decision(was, now, name)
        of_camera = [row for row in rows if row.camera == name]
        is_kept = options["reference"] == "last-kept"
        found += replayed(of_camera, partial(judge_of, options), is_kept_reference=is_kept)
    changed = [one for one in found if one.has_changed]
    if is_json:
        counts = {
            "frames": len(found),
            "was_kept": sum(one.was_kept for one in found),
            "kept": sum(one.is_kept for one in found),
        }
        write_json(counts | {"changed": [one.to_json() for one in changed]})
        return
    _tell(found, changed, is_all=is_all)


def decision(was: Pipeline, now: Pipeline, camera: str) -> dict[str, Any]:
    """
    The options of the step that decides about a camera's frames, as they are now.

    Raises ValueError if something else has changed than what decides, or if no step decides that could be done again.
    """
    before, after = steps(was, camera), steps(now, camera)
    place = next((n for n, bound in enumerate(before) if bound.contract.target is Change), None)
    if place is None:
        raise ValueError(
            f"{was.path}: no stage of {camera} uses 'change'; a verdict of your own can only be run again"
        )
    old, new = options_of(before[place]), options_of(after[place]) if place < len(after) else {}
    others = [
        key
        for key in old
        # limits by metric are scores of other metrics, too
        if old[key] != new.get(key) and (key not in DECIDES or dict in {type(old[key]), type(new.get(key))})
    ]
    is_same = [(b.contract.use, options_of(b)) for n, b in enumerate(before) if n != place] == [
        (b.contract.use, options_of(b)) for n, b in enumerate(after) if n != place
    ]
    if others or not is_same:
        what = ", ".join(others) if others else "what prepares the pictures"
        raise ValueError(
            f"{camera}: {what} cannot be replayed: it gives other scores, and those take the pictures, most of which are gone; "
            f"run the source again into another archive. From stored scores: {', '.join(key for key in DECIDES if key in old)}"
        )
    return new


def options_of(bound: Bound) -> dict[str, Any]:
    """Every option of a step, with its default where none is set."""
    return {name: bound.options.get(name, option.default) for name, option in bound.contract.options.items()}


def _beside(folder: Path) -> Path:
    """The pipeline.toml beside an archive, else the one of the folder one stands in. Raises FileNotFoundError if there is none."""
    for found in (folder.absolute().parent / PIPELINE, Path(PIPELINE)):
        if found.exists():
            return found
    raise FileNotFoundError(
        f"{folder}: there is no {PIPELINE} beside it, nor here; name the pipeline that made it with --pipeline. "
        f"Of a `keepframe watch`, the same command once more with --save {PIPELINE} writes it"
    )


def _tell(found: list[Replayed], changed: list[Replayed], *, is_all: bool) -> None:
    was, now = sum(one.was_kept for one in found), sum(one.is_kept for one in found)
    shown = changed if is_all else changed[:SHOWN]
    if shown:
        write_table([("FRAME", "TIME", "SCORE", "THRESHOLD", "WAS", "WOULD BE", ""), *map(_row, shown)])
    if len(changed) > len(shown):
        click.echo(f"and {len(changed) - len(shown):,} more; --all lists them")
    told = f"{len(changed):,} of {len(found):,} verdicts change: {was:,} kept → {now:,} kept"
    click.echo(styled(told, bold=True))
    estimates = sum(one.is_estimate for one in changed)
    if estimates:
        click.echo(
            f"~ {estimates:,} of them are estimates: their scores were taken against a reference that would be another by then"
        )


def _row(one: Replayed) -> tuple[str, ...]:
    score = one.row.deciding_score
    return (
        one.row.name,
        iso(one.row.time_ns),
        "-" if score is None else number(score),
        "-" if one.threshold is None else number(one.threshold),
        f"{'kept' if one.was_kept else 'unchanged'}, {one.row.reason}",
        f"{'kept' if one.is_kept else 'unchanged'}, {one.reason}",
        "~" if one.is_estimate else "",
    )
