"""
`keepframe watch`: one camera without a TOML, each kept picture as a line that says why.

It is the pipeline of `keepframe run`: its TOML is written, loaded and run. What can be watched is the capture's business.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console

from keepframe.capture.naming import Named, named
from keepframe.cli.keeps import Keeps
from keepframe.cli.options import json_option, plain_log_option, set_option
from keepframe.cli.progress import Bar
from keepframe.cli.run import display, finish
from keepframe.cli.sparkline import TEXT_WIDTH, Sparkline
from keepframe.cli.writing import is_for_people, leave_stdout, short_path
from keepframe.config import Pipeline, load
from keepframe.config.places import missing_places
from keepframe.config.written import camera_table, has_secret, relocated, stage_table
from keepframe.errors import ConfigError
from keepframe.run.logs import configure
from keepframe.run.result import Progress
from keepframe.run.supervisor import supervise

INTO = Path("archive")
LOCAL = ("path", "device")
"""Options of sources that are paths."""


@click.command("watch")
@click.argument("source")
@click.option(
    "--every",
    metavar="DURATION",
    help="One picture in each interval, such as 10s or 5min; the source's own pace unless given.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=INTO,
    show_default=True,
    help="The folder for kept pictures and their catalogue.",
)
@click.option("--name", help="The camera's name, which its pictures go by; made of SOURCE unless given.")
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the pipeline to this TOML file, for `keepframe run`, and run it from there.",
)
@set_option
@click.option(
    "--once",
    is_flag=True,
    help="Read what is in a folder and end; without it pictures are taken as they arrive.",
)
@click.option(
    "--again",
    "is_again",
    is_flag=True,
    help="Read a file or folder that is settled once more, as a new stream.",
)
@plain_log_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    every: str | None,
    into: Path,
    name: str | None,
    save: Path | None,
    sets: tuple[str, ...],
    *,
    once: bool,
    is_again: bool,
    log_form: str,
    is_json: bool,
) -> None:
    """
    Watch one camera, without a TOML; say what is kept, and why.

    SOURCE is 0 or /dev/video0 (a webcam), a folder, a video file, rtsp://… or http://… (a camera), screen, - (stdin), or synthetic.
    Each kept picture is one line of stdout, with --json an object; at a terminal the newest scores are drawn, half height is the threshold.
    Ctrl-C drains and ends as in `keepframe run`, with its summary and exit codes.
    """
    found = named(source)
    if found.source == "folder":
        found = replace(found, options={**found.options, "watch": not once})
    if save is None:
        with tempfile.TemporaryDirectory(prefix="keepframe-") as folder:
            path = Path(folder) / "watch.toml"
            path.write_text(pipeline_text(found, path, Path(os.path.abspath(into)), every, name), "utf-8")  # noqa: PTH100  not resolve(): links stay
            pipeline = _loaded(path, sets, source)
            _check_lasting(pipeline, source)
            _watch(ctx, pipeline, source, log_form, is_again=is_again, is_json=is_json)
    is_new = write_new(save, pipeline_text(found, save, into, every, name))
    try:
        pipeline = _loaded(save, sets, source)
    except ConfigError:
        if is_new:
            save.unlink()
        raise
    _watch(ctx, pipeline, source, log_form, is_again=is_again, is_json=is_json)


def pipeline_text(found: Named, path: Path, into: Path, every: str | None, name: str | None) -> str:
    """The TOML of a pipeline with one camera, to be written to `path`: relative paths are right there."""
    options = {
        key: relocated(str(value), path.parent) if key in LOCAL else value
        for key, value in found.options.items()
    }
    if every is not None:
        options["every"] = every
    camera = name or found.camera
    lines = [
        "# One camera, as `keepframe watch` runs it. What is commented out shows what else can be set, with its default.",
        f"#     keepframe run {path.name}      run it",
        f"#     keepframe check {path.name}    see what it would do, without starting it",
        "",
        *camera_table(camera, found.source, options),
        "",
        "# When is a picture worth keeping?",
        *(f"# {line}".replace("# # ", "# ") for line in stage_table("score", {})),
        "",
        *stage_table("archive", {"folder": relocated(str(into), path.parent)}),
    ]
    return "\n".join(lines) + "\n"


def write_new(path: Path, text: str) -> bool:
    """
    Write a TOML file that does not exist yet, and say that it is new; one that says the same already is left alone.

    Raises FileExistsError for one that says something else, ValueError for a text with an address that carries a password.
    """
    check_no_secret(path, text)
    if path.exists() and path.read_text("utf-8") == text:
        return False
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise FileExistsError(
            f"{path}: there is one already, which says something else; run it with `keepframe run {shlex.quote(str(path))}`, "
            "or choose another name"
        ) from None
    return True


def check_no_secret(path: Path, text: str) -> None:
    """Raise ValueError for the text of a file with an address that carries a password."""
    if any(has_secret(word.strip('"')) for word in text.split() if "://" in word):
        raise ValueError(
            f"{path}: not written, for the address carries a password; use USER@HOST and the variable KEEPFRAME_PASSWORD"
        )


def _loaded(path: Path, sets: tuple[str, ...], source: str) -> Pipeline:
    try:
        pipeline = load(path, sets)
    except ConfigError as error:  # the file may be one that nobody has seen
        raise ConfigError(f"watch {source}", error.problems) from None
    if missing := missing_places(pipeline):
        raise ConfigError(f"watch {source}", missing)
    return pipeline


def _check_lasting(pipeline: Pipeline, source: str) -> None:
    """Nothing that --set says may lie in the folder of a TOML that goes with the run."""
    uses = [use for stage in pipeline.stages.values() for use in stage.steps]
    uses += [camera.source for camera in pipeline.cameras.values()]
    problems = [
        f"{use.use}: {name}: expected an absolute path in --set, since without --save there is no file it could be relative to"
        for use in uses
        for name, value in use.options.items()
        if isinstance(value, Path) and value.is_relative_to(pipeline.folder)
    ]
    if problems:
        raise ConfigError(f"watch {source}", problems)


def _watch(
    ctx: click.Context, pipeline: Pipeline, source: str, log_form: str, *, is_again: bool, is_json: bool
) -> NoReturn:
    configure(log_form, "supervisor")
    spark = Sparkline()
    spark.width = max(8, min(spark.width, Console(stderr=True).width - TEXT_WIDTH))
    into = short_path(pipeline.archive_folder)
    if log_form != "json":
        click.echo(f"watching {source}; pictures go to {into}; Ctrl-C ends", err=True)
    with display(log_form, is_json=is_json, column=spark) as bar:
        keeps = Keeps(pipeline.archive_folder, pipeline.cameras, _writer(bar), is_json=is_json)

        def show(state: Progress) -> None:
            spark.add(keeps.told())
            bar(state)

        result = supervise(pipeline, again=is_again, show=show)
        keeps.told()
    finish(ctx, result, pipeline, log_form, is_json=is_json)


def _writer(bar: object) -> Callable[[str], None]:
    """Above what moves, where both go to one terminal; else to stdout, at once."""
    return bar.above if isinstance(bar, Bar) and is_for_people(sys.stdout) else _echo


def _echo(line: str) -> None:
    """To stdout; once its reader has seen enough (`| head -1`), the run is asked to drain."""
    try:
        click.echo(line)
    except BrokenPipeError:
        leave_stdout()
        os.kill(os.getpid(), signal.SIGTERM)
