"""
`keepframe evaluate`: what the verdicts are worth on labelled pictures.

The rules are in keepframe.measure.rules, how labels are read in keepframe.measure.labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from keepframe.archive.reading import Reader
from keepframe.capture.decoded import open_video
from keepframe.capture.interval import NS, interval_ns
from keepframe.cli.options import json_option, set_option
from keepframe.cli.rehearsal import Rehearsal, pipeline_for
from keepframe.cli.writing import write_json, write_table
from keepframe.config import Pipeline
from keepframe.frame import Frame
from keepframe.measure.labels import Labelled, labelled
from keepframe.measure.rules import EVERY_PICTURE, ONE_A_SECOND, PHASES, Labels, Tally, is_sampled, tally
from keepframe.stage import CameraEvent, read_source

PATH = click.Path(path_type=Path)
Run = tuple[float, float, int] | None
"""Pictures a second, seconds between the pictures shown, and the shift in fifths of that; None shows every picture."""
HEAD = ("CLIP", "EVENTS", "HIT", "PROMPT", "DELAY", "QUIET", "FALSE", "KEPT", "OF", "SHARE")
SLOW_S = 0.5
"""Pictures further apart than this are judged like one a second."""


@click.command("evaluate")
@click.argument("labels", type=PATH)
@click.option(
    "--archive", "folder", type=PATH, help="Judge what this archive kept, instead of running the stages."
)
@click.option(
    "--pipeline", type=PATH, help="A pipeline whose stages judge the clip; the default stages unless given."
)
@click.option("--camera", metavar="NAME", help="Which camera of the archive or the pipeline.")
@click.option(
    "--clip", type=PATH, help="The video or folder the labels are about; the one beside them unless given."
)
@click.option(
    "--every",
    metavar="DURATION",
    help="Show one picture in each 1s, 500ms, …: five runs, shifted by a fifth, summed.",
)
@set_option
@json_option
def command(
    labels: Path,
    folder: Path | None,
    pipeline: Path | None,
    camera: str | None,
    clip: Path | None,
    every: str | None,
    sets: tuple[str, ...],
    *,
    is_json: bool,
) -> None:
    """
    Say what the verdicts are worth on labelled pictures.

    LABELS: CLIP.events.csv or CLIP.quiet.csv (first_frame,last_frame), a folder with frames.csv (frame,label) and events.csv, or a folder
    of such folders. Runs the stages over the clip in memory, nothing is written; or, with --archive, judges what a run has kept.
    Counts events hit, those hit promptly, false keeps in quiet stretches, and the share that was kept.
    """
    if folder is not None and (pipeline or clip or every or sets):
        raise click.UsageError(
            "--archive judges what was kept; it goes with none of --pipeline, --clip, --every and --set"
        )
    found = labelled(labels)
    if clip is not None and len(found) > 1:
        raise click.UsageError(f"--clip: {labels} labels {len(found)} clips; name the labels of one")
    every_s = None if every is None else (interval_ns(every) or 0) / NS
    told: dict[str, Tally] = {}
    for one in found:
        if folder is not None:
            told[one.name] = of_archive(one, folder, camera)
        else:
            told[one.name] = of_stages(
                one if clip is None else replace(one, clip=clip), pipeline, camera, sets, every_s
            )
    if is_json:
        write_json({name: of.to_json() for name, of in told.items()})
    else:
        _tell(told)


def of_archive(one: Labelled, folder: Path, camera: str | None) -> Tally:
    """
    What an archive's newest stream of the labelled clip is worth.

    The camera is the one named, else the only one, else one named like the labels. Raises LookupError if there is none.
    """
    with Reader(folder) as reader:
        rows = [row for row in reader.rows() if row.index is not None and not row.part]
    cameras = sorted({row.camera for row in rows})
    wanted = camera or (cameras[0] if len(cameras) == 1 else one.name)
    if wanted not in cameras:
        known = ", ".join(cameras) or "none whose pictures have a number"
        raise LookupError(
            f"{folder}: no camera {wanted!r} of a video or folder; known: {known}; choose one with --camera"
        )
    newest = max(row.stream for row in rows if row.camera == wanted)
    of_stream = [row for row in rows if row.camera == wanted and row.stream == newest]
    seen = {row.index or 0: row for row in of_stream if row.outcome != "dropped"}
    times = {index: row.time_ns if row.media_ns is None else row.media_ns for index, row in seen.items()}
    labels = labels_of(one, times)
    kept = [index for index, row in seen.items() if row.outcome == "kept"]
    apart = (max(seen) - min(seen)) / max(1, len(seen) - 1)
    is_slow = labels.fps is not None and apart / labels.fps > SLOW_S
    return tally(labels, kept, seen, ONE_A_SECOND if is_slow else EVERY_PICTURE)


def of_stages(
    one: Labelled, path: Path | None, camera: str | None, sets: Sequence[str], every_s: float | None
) -> Tally:
    """
    What the stages of a pipeline keep of a clip, judged by its labels. every_s: of one picture in each so many seconds, five runs.

    Raises FileNotFoundError without a clip, UsageError for a folder with `every_s`, which has no rate.
    """
    if one.clip is None:
        raise FileNotFoundError(f"{one.name}: no clip beside the labels; name it with --clip")
    is_folder = one.clip.is_dir()
    if is_folder and every_s is not None:
        raise click.UsageError(f"--every: {one.clip} is a folder; its pictures are shown one by one")
    fps = rate_of(one.clip) if every_s is not None else 0.0
    source = {"source": "folder" if is_folder else "video", "path": str(one.clip.absolute())}
    pipeline, name = pipeline_for(source, path, camera, sets)
    runs: list[Run] = [(fps, every_s, phase) for phase in range(PHASES)] if every_s is not None else [None]
    kept, times = _kept(pipeline, name, runs)
    labels = labels_of(one, times)
    rules = ONE_A_SECOND if every_s is not None and every_s > SLOW_S else EVERY_PICTURE
    found = Tally()
    for run, keeps in zip(runs, kept, strict=True):
        shown = None if run is None else [n for n in times if is_sampled(n, *run)]
        found += tally(labels, keeps, shown, rules)
    return found


def labels_of(one: Labelled, times_ns: Mapping[int, int]) -> Labels:
    """
    The labels as the rules take them, once it is known how many pictures there are and when each was.

    Raises ValueError where a label is about a picture that is not there.
    """
    count = max(times_ns, default=-1) + 1
    last = max([end for _, end in (*one.events, *one.quiet)] + [len(one.marks) - 1], default=-1)
    if last >= count:
        raise ValueError(f"{one.name}: labels speak of picture {last}, but there are {count}; another clip?")
    if one.files:
        return Labels(one.name, count, None, marks=one.marks)
    span_s = (times_ns[max(times_ns)] - times_ns[min(times_ns)]) / NS if count > 1 else 0.0
    if span_s <= 0:
        raise ValueError(f"{one.name}: its pictures have no times to count seconds by")
    return Labels(one.name, count, (max(times_ns) - min(times_ns)) / span_s, one.events, one.quiet)


def rate_of(clip: Path) -> float:
    """How many pictures a second a video has, as its header says."""
    container, stream = open_video(clip, 1)
    with container:
        return float(stream.average_rate or stream.guessed_rate or 25)


def _kept(pipeline: Pipeline, camera: str, runs: Sequence[Run]) -> tuple[list[list[int]], dict[int, int]]:
    """The picture numbers that each run keeps, all in one reading, and the time of every picture."""
    use = pipeline.cameras[camera].source.bound
    times_ns: dict[int, int] = {}
    kept: list[list[int]] = [[] for _ in runs]
    with ExitStack() as exits:
        lines = [exits.enter_context(Rehearsal(pipeline, camera)) for _ in runs]
        for shot in read_source(use.contract, use.options, camera):
            if isinstance(shot, CameraEvent):
                continue
            frame = shot.frame
            number = frame.index or 0
            times_ns[number] = frame.time_ns if frame.media_ns is None else frame.media_ns
            for line, run, keeps in zip(lines, runs, kept, strict=True):
                if run is None or is_sampled(number, *run):
                    keeps.extend(_numbers(line.push(frame)))
        for line, keeps in zip(lines, kept, strict=True):
            keeps.extend(_numbers(line.finish()))
    return kept, times_ns


def _numbers(frames: Sequence[Frame]) -> list[int]:
    """Which pictures are kept of what left the stages."""
    return [f.index for f in frames if f.outcome is None and f.index is not None]


def _tell(told: dict[str, Tally]) -> None:
    total = sum(told.values(), Tally())
    rows = [(name, *_row(of)) for name, of in told.items()]
    if len(told) > 1:
        rows.append(("all", *_row(total)))
    write_table([HEAD, *rows])
    if total.duplicates:
        click.echo(f"exact repeats kept: {total.duplicates_kept} of {total.duplicates}")
    click.echo(
        "hit: kept in an event or 0.5 s after; prompt: within 1 s (at one picture a second 2 s) of its start;"
    )
    click.echo(
        "false: kept in a quiet stretch, less one for the scene at rest again; the first seconds are not scored"
    )


def _row(of: Tally) -> tuple[str, ...]:
    delay = "-" if of.delay_s is None else f"{of.delay_s:.1f} s"
    counts = (of.events, of.hit, of.prompt, delay, of.quiet, of.false, of.kept, of.shown)
    return (*map(str, counts), f"{100 * of.share:.1f} %")
