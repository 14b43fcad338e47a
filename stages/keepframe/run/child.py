"""
The entry of one process: which one it is comes as arguments, everything else from the same pipeline.toml.

    python -m keepframe.run PIPELINE PROCESS [--set KEY=VALUE]… [--control FD] [--run N]
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from keepframe.config import load
from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.errors import ArchiveLockedError, ConfigError
from keepframe.run.addresses import address, runtime_folder, upper_addresses
from keepframe.run.control import Control

log = logging.getLogger("keepframe")

LOCKED, CONFIG, FAILED = 75, 78, 70


def run_process(pipeline: Pipeline, process: str, control: Control, *, run: int | None = None) -> int:
    """
    Be this process ("score.0", "capture.lobby") until it is done. Returns its exit code.

    run: which reading of a finite source the user asks for, see CaptureNode.
    Raises ArchiveLockedError, OSError where sockets or folders cannot be had.
    """
    stage = process.rpartition(".")[0]
    folder = runtime_folder(pipeline)
    uppers = upper_addresses(pipeline, folder, stage)
    if stage == CAPTURE:
        from keepframe.run.capturing import Capturing  # noqa: PLC0415  each process imports what it runs, no more

        return Capturing(pipeline, process.rpartition(".")[2], address(folder, process), control, run).work()
    if pipeline.stages[stage].is_archive:
        from keepframe.run.archiving import Archiving  # noqa: PLC0415

        return Archiving(pipeline, process, uppers, control).work()
    from keepframe.run.relaying import Relaying  # noqa: PLC0415

    return Relaying(pipeline, process, address(folder, process), uppers, control).work()


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and be that process."""
    parser = argparse.ArgumentParser(prog="keepframe.run")
    parser.add_argument("pipeline")
    parser.add_argument("process")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--control", type=int)
    parser.add_argument("--run", type=int)
    given = parser.parse_args(arguments)
    logging.basicConfig(
        format=f"%(levelname)s process={given.process} %(message)s", level=logging.INFO, stream=sys.stderr
    )
    try:
        pipeline = load(given.pipeline, given.set, only=given.process.rpartition(".")[0])
        return run_process(pipeline, given.process, Control(given.control), run=given.run)
    except ConfigError as error:
        log.error("%s", error)  # noqa: TRY400  the message says it all
        return CONFIG
    except ArchiveLockedError as error:
        log.error("%s", error)  # noqa: TRY400
        return LOCKED
    except OSError as error:
        log.error("%s", error)  # noqa: TRY400
        return FAILED
