"""
`keepframe stage`: one stage of a pipeline in the foreground, as a container, a systemd unit or a person starts it.

What the process does is the business of keepframe.run.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import click

from keepframe.cli import exits
from keepframe.cli.options import PIPELINE, log_option, set_option
from keepframe.config import CAPTURE, Pipeline, load
from keepframe.config.problems import nearest
from keepframe.run.addresses import processes
from keepframe.run.child import run_process
from keepframe.run.control import Control
from keepframe.run.forks import Forks, Started
from keepframe.run.logs import configure, log


@click.command("stage")
@click.argument("name")
@click.argument("pipeline", type=click.Path(path_type=Path), default=PIPELINE, metavar="[PIPELINE]")
@click.option(
    "--replica",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Which replica of the stage, from 0.",
)
@click.option("--camera", help="Which camera's capture; all of them unless one is named.")
@set_option
@log_option
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    pipeline: Path,
    replica: int,
    camera: str | None,
    sets: tuple[str, ...],
    log_form: str,
) -> None:
    """
    Run one stage of a pipeline in the foreground.

    NAME is "capture" or a stage of the pipeline; PIPELINE a TOML file, by default pipeline.toml. The stages of a pipeline find
    each other, in whatever order they are started. SIGTERM or Ctrl-C drains.
    """
    loaded = load(pipeline, sets, only=name)
    found = _processes(loaded, name, replica, camera)
    configure(log_form, found[0], name)
    if len(found) > 1:
        ctx.exit(asyncio.run(_run_all(loaded, found)))
    log.info("started", detail="Ctrl-C drains")
    ctx.exit(run_process(loaded, found[0], Control(None)))


def _processes(pipeline: Pipeline, name: str, replica: int, camera: str | None) -> Sequence[str]:
    """The processes that are meant."""
    known = processes(pipeline, name)
    if name != CAPTURE:
        if camera is not None:
            raise click.UsageError(
                f"--camera: {name} is one for all cameras; only the capture runs one process per camera"
            )
        if replica >= len(known):
            raise click.UsageError(
                f"--replica: expected 0 to {len(known) - 1}, got {replica}; set stages.{name}.replicas to have more"
            )
        return [known[replica]]
    if replica:
        raise click.UsageError("--replica: a camera has one capture; name it with --camera")
    if camera is None:
        return known
    if camera not in pipeline.cameras:
        raise click.UsageError(f"--camera: no camera named {camera!r}; {nearest(camera, pipeline.cameras)}")
    return [f"{CAPTURE}.{camera}"]


async def _run_all(pipeline: Pipeline, names: Sequence[str]) -> int:
    """
    Run several processes until all have ended; a signal goes on to each, and none is left when this one is killed.

    Returns the greatest exit code. One that was ended by the signal itself had not begun yet: nothing is lost by it.
    """
    asked = 0
    children: list[Started] = []

    def on_signal() -> None:
        nonlocal asked
        asked += 1
        for child in children:
            child.send_signal(signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    forks = Forks.of(pipeline)
    sets = [f"--set={text}" for text in pipeline.sets]
    try:
        for name in names:
            reads_stdin = pipeline.cameras[name.rpartition(".")[2]].reads_stdin
            child = await forks.fork([str(pipeline.path), name, *sets], {}, reads_stdin=reads_stdin)
            children.append(child)
            for _ in range(asked):
                child.send_signal(signal.SIGTERM)
        codes = await asyncio.gather(*(child.wait() for child in children))
    finally:
        forks.close()
    if asked:
        codes = [exits.OK if code == -signal.SIGTERM else code for code in codes]
    return max(code if code >= 0 else exits.CRASH_LOOP for code in codes)
