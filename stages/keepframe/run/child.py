"""
The entry of one process, once it has been forked (fork_server.py): which one it is comes as arguments, everything else from the same pipeline.toml.

    PIPELINE PROCESS [--set KEY=VALUE]… [--control FD] [--hand FD] [--run N]
        [--store CAMERA=FD]… [--site LETTERS]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

from keepframe.config import load
from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.errors import ArchiveLockedError, ConfigError
from keepframe.run.addresses import new_site
from keepframe.run.control import Control
from keepframe.run.exits import CONFIG, FAILED, LOCKED
from keepframe.run.folders import hold, runtime_folder
from keepframe.run.hand import Hand
from keepframe.run.logs import configure, inherited, log
from keepframe.run.process import Seat


def run_process(
    pipeline: Pipeline,
    process: str,
    control: Control | None = None,
    *,
    hand: Hand | None = None,
    run: int | None = None,
    stores: Mapping[str, int] | None = None,
    site: str | None = None,
) -> int:
    """
    Be this process ("score.0", "capture.lobby") until it is done. Returns its exit code.

    control, hand: the line to a supervisor and the page where the frame in hand is noted for it, if there is one.
    run: which reading of a finite source the user asks for, see CaptureNode.
    stores: the file descriptors of picture stores by camera; without them pictures travel inline.
    site: what the processes of its supervisor have in common, see Seat.
    Raises ArchiveLockedError, OSError where sockets or folders cannot be had.
    """
    take_turns()
    hand = hand or Hand(Hand.create())
    folder = runtime_folder(pipeline.path, pipeline.archive_folder, pipeline.only)
    held = hold(folder)
    seat = Seat(
        pipeline, process, folder, control or Control(None), hand, run, stores or {}, site or new_site()
    )
    if seat.stage == CAPTURE:
        from keepframe.run.capturing import Capturing as Body  # noqa: PLC0415  each imports what it runs, no more
    elif pipeline.stages[seat.stage].is_archive:
        from keepframe.run.archiving import Archiving as Body  # type: ignore[assignment]  # noqa: PLC0415
    else:
        from keepframe.run.relaying import Relaying as Body  # type: ignore[assignment]  # noqa: PLC0415
    try:
        return Body(seat).work()
    finally:
        os.close(held)


def take_turns() -> None:
    """
    Ask the system not to push whoever is at work aside each time this process wakes up.

    Else each of several messages that are sent one after the other wakes its receiver before the next is sent, on a machine with fewer
    cores than processes. Holds for threads and programs begun later, too. A process that was given another policy keeps it.
    """
    with suppress(
        AttributeError, OSError
    ):  # no such thing here, or it is forbidden: then it goes on as it is
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def main(arguments: Sequence[str]) -> int:
    """Parse the arguments and be that process."""
    parser = argparse.ArgumentParser(prog="keepframe.run")
    parser.add_argument("pipeline")
    parser.add_argument("process")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--control", type=int)
    parser.add_argument("--hand", type=int)
    parser.add_argument("--run", type=int)
    parser.add_argument("--store", action="append", default=[])
    parser.add_argument("--site")
    given = parser.parse_args(arguments)
    configure(inherited(), given.process, given.process.rpartition(".")[0])
    try:
        pipeline = load(given.pipeline, given.set, only=given.process.rpartition(".")[0])
        hand = Hand(given.hand) if given.hand is not None else None
        stores = {camera: int(fd) for camera, _, fd in (store.rpartition("=") for store in given.store)}
        control = Control(given.control)
        return run_process(
            pipeline, given.process, control, hand=hand, run=given.run, stores=stores, site=given.site
        )
    except ConfigError as error:
        log.error("cannot-start", error=str(error))
        return CONFIG
    except ArchiveLockedError as error:
        log.error("ended", error=str(error))
        return LOCKED
    except OSError as error:
        log.error("ended", error=str(error))
        return FAILED
