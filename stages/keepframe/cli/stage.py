"""
`keepframe stage`: one stage of a pipeline in the foreground, as a container, a systemd unit or a person starts it.

What the process does is the business of keepframe.run.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from keepframe.cli import exits
from keepframe.cli.options import PIPELINE, log_option, set_option
from keepframe.config import CAPTURE, Pipeline, load
from keepframe.config.problems import nearest
from keepframe.run.addresses import processes
from keepframe.run.child import run_process
from keepframe.run.control import DRAIN, Control, pair
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
    Run several processes until all have ended. A first signal drains them, a second one ends them; none is left when this one is killed.

    Returns the greatest exit code.
    """
    asked = 0
    began: list[tuple[Started, socket.socket]] = []

    def on_signal() -> None:
        nonlocal asked
        asked += 1
        for each in began:
            _stop(*each, asked)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    forks = Forks.of(pipeline)
    try:
        for name in names:
            began.append(await _begin(forks, pipeline, name))
            _stop(*began[-1], asked)
        lives = zip(names, began, strict=True)
        codes = await asyncio.gather(*(_ended(name, child) for name, (child, _) in lives))
    finally:
        forks.close()
        for _, line in began:
            line.close()
    if asked:  # all processes got the signal at once, before they had begun
        codes = [exits.OK if code == -signal.SIGTERM else code for code in codes]
    if asked > 1:
        codes = [exits.INTERRUPTED if code == -signal.SIGKILL else code for code in codes]
    return max(code if code >= 0 else exits.CRASH_LOOP for code in codes)


async def _begin(forks: Forks, pipeline: Pipeline, name: str) -> tuple[Started, socket.socket]:
    """One of them, and this end of its line: it ends when that is closed."""
    ours, theirs = pair()
    ours.setblocking(False)
    arguments = [str(pipeline.path), name, *(f"--set={text}" for text in pipeline.sets)]
    reads_stdin = pipeline.cameras[name.rpartition(".")[2]].reads_stdin
    try:
        return await forks.fork(arguments, {"--control=": theirs}, reads_stdin=reads_stdin), ours
    except BaseException:
        ours.close()
        raise
    finally:
        os.close(theirs)


async def _ended(name: str, child: Started) -> int:
    """Wait until one of them has ended, and tell if something has ended it: nobody here begins it again. Its exit code."""
    code = await child.wait()
    if code < 0 and -code != signal.SIGTERM:
        log.error(
            "died", process=name, how=f"signal {-code}", detail="its camera stands still until all have ended"
        )
    return code


def _stop(child: Started, line: socket.socket, asked: int) -> None:
    """
    Stop one of them that was asked so many times.

    Over its line, not by the same signal: a service manager sends that to all processes at once, and who gets two leaves without draining.
    """
    if asked == 1:
        with suppress(OSError):  # it has ended
            line.send(DRAIN)
    elif asked:
        child.send_signal(signal.SIGKILL)
