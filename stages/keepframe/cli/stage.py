"""
`keepframe stage`: one stage of a pipeline in the foreground, as a container, a systemd unit or a person starts it.

What the process does is the business of keepframe.run.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click

from keepframe.cli import exits
from keepframe.cli.options import PIPELINE, log_option, set_option
from keepframe.config import CAPTURE, Pipeline, load
from keepframe.config.problems import nearest
from keepframe.run.addresses import processes
from keepframe.run.child import run_process
from keepframe.run.control import Control, pair
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
        ctx.exit(_run_all(loaded, found))
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


def _run_all(pipeline: Pipeline, names: Sequence[str]) -> int:
    """
    Run several processes until all have ended; a signal goes on to each, and none is left when this one is killed.

    Returns the greatest exit code.
    """
    asked: list[int] = []
    children: list[subprocess.Popen[bytes]] = []

    def pass_on() -> None:
        """What was asked while they were started is passed on once all of them are there."""
        with suppress(
            IndexError
        ):  # until there are no more; one may come in the midst, and pass on those before it
            while children:
                number = asked.pop(0)
                for child in children:
                    child.send_signal(number)

    def on_signal(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        pass_on()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    started = [_start(pipeline, name) for name in names]
    children += [child for child, _ in started]
    pass_on()
    codes = [child.wait() for child in children]
    for _, line in started:
        line.close()
    return max(code if code >= 0 else exits.CRASH_LOOP for code in codes)


def _start(pipeline: Pipeline, name: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start one of them. Returns it, with this end of its line: nothing is said there, but it ends when this end is closed."""
    ours, fd = pair()
    sets = [f"--set={text}" for text in pipeline.sets]
    command = [
        sys.executable, "-m", "keepframe.run", str(pipeline.path), name, f"--control={fd}", *sets
    ]  # fmt: skip
    child = subprocess.Popen(command, process_group=0, pass_fds=[fd])
    os.close(fd)
    return child, ours
