"""
`keepframe scale`: more or fewer replicas of a stage, while the pipeline runs.

Starting and ending them is the supervisor's business, moving cameras the links'.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from keepframe.cli.options import PIPELINE, json_option, only_option, set_option, with_only
from keepframe.cli.running import STATUS, RunningPipeline
from keepframe.cli.writing import write_json
from keepframe.config import CAPTURE, Pipeline
from keepframe.config.problems import nearest


@click.command("scale")
@click.argument("words", nargs=-1, required=True, metavar="STAGE=N... [PIPELINE]")
@set_option
@only_option
@json_option
def command(words: Sequence[str], sets: tuple[str, ...], only: str | None, *, is_json: bool) -> None:
    """
    Run more or fewer replicas of a stage.

    STAGE=N: so many of this stage from now on; several may be given. PIPELINE is the TOML file of a pipeline that runs, by default
    pipeline.toml, with the --set and --only it was started with. Cameras move to where they belong by themselves, and nothing is
    lost; what is written in the file holds again at the next start. Of a stage that runs elsewhere: look for so many there.
    """
    wanted, path = _split(words)
    running = RunningPipeline(path, with_only(sets, only))
    numbers = {stage: _number(running.pipeline, stage, text) for stage, text in wanted.items()}
    status = running.ask(STATUS)
    before = {stage: sum(p["stage"] == stage for p in status["processes"]) for stage in numbers}
    for stage, replicas in numbers.items():
        status = running.ask({"do": "scale", "stage": stage, "replicas": replicas})
    if is_json:
        write_json(status)
        return
    cameras = len(running.pipeline.cameras)
    for stage, replicas in numbers.items():
        idle = max(0, replicas - cameras)
        note = f"; {idle} will be idle: a camera passes a stage through one replica" if idle else ""
        click.echo(f"{stage}: {before[stage]} → {replicas}{note}")


def _split(words: Sequence[str]) -> tuple[dict[str, str], Path]:
    """What is wanted of each stage, and the pipeline."""
    wanted = dict(word.split("=", 1) for word in words if "=" in word)
    paths = [word for word in words if "=" not in word]
    if len(paths) > 1:
        raise click.UsageError(f"{paths[0]!r}: expected STAGE=N such as score=3, and one pipeline at most")
    if not wanted:
        raise click.UsageError(f"{words[0]!r}: expected STAGE=N such as score=3")
    return wanted, Path(paths[0] if paths else PIPELINE)


def _number(pipeline: Pipeline, stage: str, text: str) -> int:
    known = [name for name, of in pipeline.stages.items() if not of.is_archive]
    if stage == CAPTURE:
        raise click.UsageError(
            f"{CAPTURE}: there is one process for each camera; more cameras are more processes"
        )
    if stage == pipeline.archive.name:
        raise click.UsageError(
            f"{stage}: an archive cannot be scaled; one process alone decides what has happened"
        )
    if stage not in known:
        raise click.UsageError(f"no stage named {stage!r}; {nearest(stage, known)}")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise click.UsageError(f"{stage}: expected a whole number of replicas from 1 on, got {text!r}")
    return int(text)
