"""
`keepframe run`: a whole pipeline on this machine, from the first picture to the summary.

Starting, watching and ending processes is the business of keepframe.run.
"""

from __future__ import annotations

import atexit
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from rich.progress import ProgressColumn

from keepframe.archive.reading import Reader
from keepframe.archive.row import Row
from keepframe.archive.sheet import write_sheet
from keepframe.archive.summary import sentence
from keepframe.cli import exits
from keepframe.cli.options import (
    json_option,
    log_option,
    only_option,
    pipeline_argument,
    set_option,
    with_only,
)
from keepframe.cli.progress import Bar, Lines, shown
from keepframe.cli.writing import duration, is_for_people, short_path, styled, write_json
from keepframe.config import CAPTURE, Pipeline, load
from keepframe.config.places import missing_places
from keepframe.errors import ConfigError
from keepframe.frame import OUTCOMES, Outcome
from keepframe.run.logs import configure, log
from keepframe.run.result import RunResult
from keepframe.run.supervisor import supervise

LOST: Final[tuple[Outcome, ...]] = ("rejected", "failed")
"""Outcomes of which the end of a run names an example."""


@click.command("run")
@pipeline_argument
@set_option
@only_option
@click.option(
    "--again",
    "is_again",
    is_flag=True,
    help="Read files and folders that are settled once more, as a new stream.",
)
@log_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    pipeline: Path,
    sets: tuple[str, ...],
    only: str | None,
    *,
    is_again: bool,
    log_form: str,
    is_json: bool,
) -> None:
    """
    Run a pipeline until its sources have ended.

    PIPELINE is a TOML file, by default pipeline.toml. Ctrl-C drains: what was captured gets its outcome; a second one leaves now, and
    the next run goes on from there. Exits 0 if every frame has its outcome, 1 if some failed, 70 if a process kept dying, 75 if
    another pipeline writes into the archive, 78 if the pipeline cannot run as it is written. With --only the other stages run
    elsewhere; without the capture it runs until it is stopped. With --json the last line of stdout is one object.
    """
    loaded = load(pipeline, with_only(sets, only))
    if missing := missing_places(loaded):
        raise ConfigError(str(pipeline), missing)
    configure(log_form, "supervisor")
    with display(log_form, is_json=is_json) as show:
        result = supervise(loaded, again=is_again, show=show)
    finish(ctx, result, loaded, log_form, is_json=is_json)


def display(log_form: str, *, is_json: bool, column: ProgressColumn | None = None) -> Bar | Lines:
    """What shows how far a run is; column: what moves at a terminal, a bar unless another is given."""
    is_moving = is_for_people(sys.stderr) and not is_json and log_form != "json"
    return shown(is_moving=is_moving, write=_to_log if log_form == "json" else _to_stderr, column=column)


def finish(
    ctx: click.Context, result: RunResult, loaded: Pipeline, log_form: str, *, is_json: bool
) -> NoReturn:
    """Tell what became of a run, write its contact sheet, and exit as it did."""
    sheet = _sheet(result)
    if is_json:
        write_json(said(result, loaded.cameras))
    elif result.exit_code != exits.LOCKED:  # what the archive counts is another's run then
        _tell(result, sheet, loaded.cameras if loaded.runs_here(CAPTURE) else ())
    if result.exit_code in exits.RUN_WORDS:
        words = exits.RUN_WORDS[result.exit_code]
        if log_form == "json":
            log.error("ended", exit_code=result.exit_code, detail=words)
        else:
            click.echo(f"keepframe: {words}", err=True)
    deaf_at_exit()
    ctx.exit(result.exit_code)


def deaf_at_exit() -> None:
    """Who asks this process to end while it ends anyway does not change its exit code: how the run has ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        atexit.register(signal.signal, number, signal.SIG_IGN)


def said(result: RunResult, cameras: Iterable[str] = ()) -> dict[str, Any]:
    """
    A result for scripts. cameras: those of the pipeline; one that saw nothing new is there too, with zeros.

    >>> result = RunResult(0, {"a": {"captured": 2, "kept": 1, "unchanged": 1}}, Path("archive"), 1.25)
    >>> told = said(result, ["a", "b"])
    >>> told["frames"]["captured"], told["cameras"]["b"]["captured"]
    (2, 0)
    """
    of_cameras = {name: result.cameras.get(name, {}) for name in [*cameras, *result.cameras]}
    keys = ("captured", *OUTCOMES)
    frames = sum((Counter(of) for of in result.cameras.values()), Counter[str]())
    return {
        "frames": {key: frames[key] for key in keys},
        "cameras": {name: {key: of.get(key, 0) for key in keys} for name, of in of_cameras.items()},
        "archive": str(result.archive) if result.archive is not None else None,
        "seconds": round(result.seconds, 3),
    }


def _sheet(result: RunResult) -> Path | None:
    """The contact sheet, written anew; None where there is no archive, or no room for a page."""
    if result.archive is None:
        return None
    try:
        return write_sheet(result.archive)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("no-contact-sheet", error=str(error))
        return None


def _to_stderr(text: str) -> None:
    click.echo(text, err=True)


def _to_log(text: str) -> None:
    log.info("progress", detail=text)


def _tell(result: RunResult, sheet: Path | None, cameras: Collection[str]) -> None:
    """To a person. cameras: those that were captured here."""
    if result.archive is None:
        _tell_elsewhere(result)
        return
    archive = short_path(result.archive)
    if not result.seen and sheet is not None and result.exit_code == exits.OK:
        click.echo(_nothing(result, result.archive, cameras))
    else:
        click.echo(f"{styled(_sentence(result, result.archive), bold=True)} ({duration(result.seconds)})")
        if result.is_stopped and cameras and result.exit_code == exits.OK:
            click.echo("stopped before the end: the same command goes on from here")
    if result.seen != result.cameras:
        click.echo(f"in all         {sentence(result.cameras)}")
    if sheet is not None:
        click.echo(f"pictures       {archive}")
        click.echo(f"contact sheet  {short_path(sheet)}")
    if examples := _examples(result, result.archive):
        for row in examples:
            click.echo(f"{row.outcome:<15}{row.name}: {row.fault}")
        click.echo(f"all of them    keepframe list --all {shlex.quote(archive)}")


def _tell_elsewhere(result: RunResult) -> None:
    """The archive runs on another machine: what the captures were told, if they run here."""
    if result.cameras:
        told = sentence(result.cameras, None)
        click.echo(
            f"{styled(told, bold=True)} ({duration(result.seconds)}); the pictures are where the archive runs"
        )
    else:
        click.echo(
            f"stopped after {duration(result.seconds)}: what was under way is done elsewhere, or again"
        )


def _nothing(result: RunResult, archive: Path, cameras: Iterable[str]) -> str:
    """Why a run that went well saw nothing."""
    if result.is_stopped:
        return "nothing seen: stopped before the first picture"
    with Reader(archive) as reader:
        known = reader.counts()
    if empty := [name for name in cameras if name not in known]:
        return f"nothing seen: no picture came from {', '.join(empty)}; is that where they are?"
    return "nothing new: everything is settled already (read it once more with --again)"


def _examples(result: RunResult, archive: Path) -> list[Row]:
    """One frame of each outcome that asks for a look at the source, or at a stage."""
    asking = [outcome for outcome in LOST if any(of.get(outcome) for of in result.cameras.values())]
    if not asking:
        return []
    with Reader(archive) as reader:
        found = [reader.example(outcome, since_commit=result.since_commit) for outcome in asking]
    return [row for row in found if row is not None]


def _sentence(result: RunResult, archive: Path) -> str:
    try:
        with Reader(archive) as reader:
            biggest = reader.biggest_change(since_commit=result.since_commit, behind=result.behind)
    except FileNotFoundError:
        biggest = None
    return sentence(result.seen, biggest)
