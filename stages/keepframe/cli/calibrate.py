"""
`keepframe calibrate`: what an unchanging scene does by itself, and what each setting would keep of it.

What is counted is in keepframe.measure.still; the stages are tried in memory, nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from keepframe.capture.naming import named
from keepframe.cli.options import json_option, set_option
from keepframe.cli.rehearsal import pipeline_for, steps
from keepframe.cli.writing import duration, number, styled, write_json, write_table
from keepframe.clock import NS
from keepframe.config import Pipeline
from keepframe.frame import Frame, Item
from keepframe.measure.still import Cost, Scene, Still, cost_of, thresholds
from keepframe.stage import Bound, Line, Shot, read_source
from keepframe.testing import run

NEVER = 1e9
"""A threshold that nothing is above: what is scored then is every picture against the first."""
LEARNS = "false_keeps_per_day"
RATES = (0.1, 1.0, 10.0, 100.0)
STEERS = {"threshold", LEARNS, "keep", "match", "budget", "confirm", "min_gap", "at_least_every"}
"""Options that a tried one takes the place of, and those that hold back what is above a threshold."""
UNREST = 10.0
"""A largest score so many times the usual one: something moved."""


@click.command("calibrate")
@click.argument("source")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=60.0,
    show_default=True,
    help="How long to look, by the pictures' own times.",
)
@click.option(
    "--pipeline",
    type=click.Path(path_type=Path),
    help="Whose stages to try; the default stages unless given.",
)
@click.option("--camera", metavar="NAME", help="Whose own options of that pipeline to take.")
@set_option
@json_option
def command(
    source: str,
    seconds: float,
    pipeline: Path | None,
    camera: str | None,
    sets: tuple[str, ...],
    *,
    is_json: bool,
) -> None:
    """
    Look at an unchanging scene: its noise, its light, and what each setting would keep of it.

    SOURCE: a video file, a folder of pictures, a camera (0, /dev/video0, rtsp://…, http://…), or synthetic. Let nothing move in front of it: then
    every keep is a false one, the table says how many a day that makes, and the last lines go into pipeline.toml.
    """
    found = named(source)
    table: dict[str, Any] = {"source": found.source, **found.options}
    if "path" in table:
        table["path"] = str(Path(table["path"]).expanduser().absolute())
    loaded, name = pipeline_for(table, pipeline, camera, sets)
    before, decides = _chain(loaded, name)
    scene, working = _watched(loaded, name, before, seconds)
    scores = [s for f in _tried(decides, working, {"threshold": NEVER}) if (s := _score(f)) is not None]
    span_s = (working[-1].time_ns - working[0].time_ns) / NS
    rates = RATES if LEARNS in decides.contract.options else ()
    settings = [(LEARNS, rate) for rate in rates] + [("threshold", value) for value in thresholds(scores)]
    costs = [
        cost_of(key, value, _kept(_tried(decides, working, {key: value})), span_s) for key, value in settings
    ]
    best = next((cost.value for cost in costs if cost.key == "threshold" and not cost.kept), None)
    if is_json:
        numbers = {"seconds": round(span_s, 3), **asdict(scene), "largest_score": max(scores, default=None)}
        write_json(numbers | {"threshold": best, "costs": [asdict(cost) for cost in costs]})
        return
    _tell(scene, scores, costs, span_s)
    if len(scores) > 20 and max(scores) > UNREST * sorted(scores)[len(scores) // 2]:
        when = (working[1 + scores.index(max(scores))].time_ns - working[0].time_ns) / NS
        text = f"the largest score, after {duration(round(when, 1))}, stands out: if something moved there, look again"
        click.echo(styled("note: ", fg="yellow") + text)
    if best is not None:
        if rates:
            click.echo(
                f"\na learned threshold needs no line in pipeline.toml, but for another {LEARNS} than 1;"
            )
            click.echo("one that stays as it is, whatever the camera does:")
        else:
            click.echo("\nfor pipeline.toml:")
        click.echo(f"\n[stages.{_stage(loaded)}]\nthreshold = {best:g}")


def _chain(pipeline: Pipeline, camera: str) -> tuple[list[Bound], Bound]:
    """What comes before the step that decides, and that step. Raises ValueError if none has a threshold."""
    chain = steps(pipeline, camera)
    place = next(
        (
            n
            for n, bound in enumerate(chain)
            if "threshold" in bound.contract.options and bound.contract.is_class
        ),
        None,
    )
    if place is None:
        raise ValueError(
            f"{pipeline.path}: no stage decides by a threshold, so there is nothing to calibrate"
        )
    return chain[:place], chain[place]


def _stage(pipeline: Pipeline) -> str:
    """In which stage it stands."""
    return next(
        name
        for name, stage in pipeline.stages.items()
        if any(
            use.contract and "threshold" in use.contract.options and use.contract.is_class
            for use in stage.steps
        )
    )


def _watched(
    pipeline: Pipeline, camera: str, before: Sequence[Bound], seconds: float
) -> tuple[Scene, list[Frame]]:
    """The scene, and the working images of so many seconds of it. Raises ValueError if there are fewer than two."""
    use = pipeline.cameras[camera].source.bound
    still, working = Still(), []
    reading = read_source(use.contract, use.options, camera)
    if reading.is_live:
        click.echo(f"looking for {duration(seconds)}; let nothing move", err=True)
    line, began_ns, seq = Line(before, camera), None, 0
    try:
        for shot in reading:
            if not isinstance(shot, Shot):
                continue
            frame = replace(shot.frame, seq=seq)
            seq += 1
            began_ns = frame.time_ns if began_ns is None else began_ns
            if frame.time_ns - began_ns > seconds * NS:
                break
            if frame.picture is None:
                continue
            still.see(frame.picture.gray())
            for item in line.push(Item((frame,))):
                if isinstance(item, Item) and item.outcome is None:
                    working += [replace(f, working=f.image.copy(), picture=None) for f in item.frames]
    finally:
        line.close()
    if len(working) < 2 or working[-1].time_ns <= working[0].time_ns:
        raise ValueError(
            f"{len(working)} pictures came through the stages; it takes two at different times at least"
        )
    return still.told(), working


def _tried(decides: Bound, working: Sequence[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """The frames decided by a fresh step with these options, and without what else steers or holds back."""
    rest = {key: value for key, value in decides.options.items() if key not in STEERS}
    return run((decides.contract.target, {**rest, **options}), working)


def _score(frame: Frame) -> float | None:
    """The score that decided; None for the first picture."""
    named = frame.scores.get(str(frame.notes.get("score", "")))
    return named if named is not None else max(frame.scores.values(), default=None)


def _kept(frames: Sequence[Frame]) -> int:
    """How many are kept beside the first."""
    return sum(f.outcome is None for f in frames) - 1


def _tell(scene: Scene, scores: Sequence[float], costs: Sequence[Cost], span_s: float) -> None:
    click.echo(styled(f"{scene.pictures:,} pictures in {duration(round(span_s, 1))}", bold=True))
    x, y = (f"{100 * share:.0f} %" for share in scene.place)
    rows = [
        ("noise", f"{number(scene.noise)} gray levels; {number(scene.noisiest)} where it is strongest, at {x} from the left and {y} from the top"),
        ("light", f"drifts by {number(scene.drift)} of {number(scene.level)} gray levels"),
        ("score", f"at most {number(max(scores, default=0.0))} against the first picture"),
    ]  # fmt: skip
    write_table(rows, indent="  ")
    if not costs:
        click.echo("nothing at all differs: any threshold above 0 keeps nothing; a real camera has noise")
        return
    click.echo()
    told = [
        (
            f"{c.key} = {number(c.value)}",
            f"{c.kept:,}",
            f"{'fewer than ' if c.is_bound else ''}{c.a_day:,.0f}",
        )
        for c in costs
    ]
    write_table([("SETTING", "KEPT", "FALSE KEEPS A DAY"), *told], indent="  ")
