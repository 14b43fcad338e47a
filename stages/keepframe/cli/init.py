"""
`keepframe init`: the questions one has to answer before pictures can be compared, and a pipeline.toml of the answers.

What an answer changes is the config's business.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from keepframe.capture.naming import FORMS, Named, named
from keepframe.cli import exits
from keepframe.cli.options import PIPELINE
from keepframe.cli.watch import check_no_secret
from keepframe.config import units
from keepframe.config.answers import SEEN, Answers, Change, Preset, text_of
from keepframe.picture import polygon
from keepframe.score.options import judge


@click.command("init")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=PIPELINE, metavar="[FILE]")
@click.option("--source", help="Where pictures come from, as in `keepframe watch`.")
@click.option(
    "--every",
    metavar="DURATION",
    help="One picture in each interval, such as 10s; every picture unless given.",
)
@click.option(
    "--into", type=click.Path(path_type=Path), help="The folder for kept pictures and their catalogue."
)
@click.option(
    "--one-size/--any-size", "is_one_size", default=None, help="Whether all pictures have one size."
)
@click.option("--colour/--gray", "is_colour", default=None, help="Whether a change of colour alone counts.")
@click.option(
    "--change",
    type=click.Choice(get_args(Change)),
    help="How small a change is to be seen: about a 25th of the picture's width, or nothing below a quarter.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="REGION",
    help='A part that does not count, as shares of the picture: "0,0 0.3,0.1", left top and right bottom.',
)
@click.option(
    "--keep",
    metavar="HOW",
    help='How easily a picture is kept: low, medium, high; or how many a day: "200/day".',
)
@click.option(
    "--brief/--lasting",
    "is_brief",
    default=None,
    help="Whether what is seen on one picture only, such as an insect, counts.",
)
@click.option("--at-least-every", metavar="DURATION", help="Keep a picture so often even if nothing happens.")
@click.option("--yes", "is_yes", is_flag=True, help="Ask nothing: what is not given stays as usual.")
def command(file: Path, *, is_yes: bool, ignore: tuple[str, ...], **given: Any) -> None:
    """
    Ask a few questions and write a pipeline.toml.

    FILE is where to write it, by default pipeline.toml. Each question has an option, and is not asked if that is given. A file that exists
    is overwritten only if you say so; with --yes it never is.
    """
    if is_yes and given["source"] is None:
        raise click.UsageError(f"--source: needed with --yes; expected {FORMS}")
    if is_yes and file.exists():
        raise FileExistsError(
            f"{file}: there is one already; choose another name, or leave --yes out to be asked"
        )
    answers = _answers(given, ignore, is_yes=is_yes)
    text = text_of(answers, file)
    check_no_secret(file, text)
    if file.exists() and not click.confirm(f"{file} is there already. Overwrite it?", default=False):
        raise click.exceptions.Exit(exits.OK)
    file.write_text(text, encoding="utf-8")
    name = shlex.quote(str(file))
    click.echo(f"{file} is written; each line says what it is for")
    click.echo(f"run it       keepframe run {name}")
    click.echo(f"look at it   keepframe check {name}")


def _answers(given: dict[str, Any], ignore: tuple[str, ...], *, is_yes: bool) -> Answers:
    """What the options say, and a person for the rest."""

    def yes(name: str, question: str, usual: bool) -> bool:  # noqa: FBT001
        if given[name] is not None:
            return bool(given[name])
        return usual if is_yes else click.confirm(question, default=usual)

    def text(name: str, question: str, usual: str) -> str:
        if given[name] is not None:
            return str(given[name])
        return usual if is_yes else click.prompt(question, default=usual)

    if given["source"] is not None:
        source = named(given["source"])
    else:
        click.echo("Where do the pictures come from?")
        source = click.prompt(f"  {FORMS}", value_proc=_source, prompt_suffix="\n> ")
    every = given["every"] and _duration(given["every"])
    if every is None and not is_yes:
        every = click.prompt(
            "How often a picture (10s, 5min; nothing: as they come)",
            default="",
            show_default=False,
            value_proc=_duration,
        )
    answers = Answers(
        source=source,
        every=every or None,
        into=Path(text("into", "Where do kept pictures go?", "archive")),
        is_one_size=yes("is_one_size", "Are all pictures of one size?", usual=True),
        is_colour=yes("is_colour", "Does a change of colour alone count?", usual=False),
        change=_change(given["change"], is_yes=is_yes),
        ignore=_ignored(ignore, is_yes=is_yes),
        is_brief=yes(
            "is_brief", "Does what is seen on one picture only count, such as an insect?", usual=True
        ),
    )
    keep = given["keep"] and _kept(given["keep"])
    if keep is None:
        asked = "How easily is a picture kept (low, medium, high), or how many a day (200/day)"
        keep = "medium" if is_yes else click.prompt(asked, default="medium", value_proc=_kept)
    at_least_every = given["at_least_every"] and _duration(given["at_least_every"], "--at-least-every")
    if at_least_every is None and not is_yes:
        at_least_every = click.prompt(
            "A picture even if nothing happens, how often (1h; nothing: never)",
            default="",
            show_default=False,
            value_proc=lambda text: _duration(text, "--at-least-every"),
        )
    kept: dict[str, Any] = {"keep": keep} if keep in get_args(Preset) else {"budget": keep}
    return replace(answers, at_least_every=at_least_every or None, **kept)


def _change(given: Change | None, *, is_yes: bool) -> Change:
    if given is not None or is_yes:
        return given or "small"
    sizes = ", ".join(f"{size}: {of} of the width" for size, of in SEEN.items())
    found: Change = click.prompt(
        f"How large is what shall be seen ({sizes})",
        type=click.Choice(get_args(Change)),
        default="small",
        show_choices=False,
    )
    return found


def _ignored(given: tuple[str, ...], *, is_yes: bool) -> tuple[str, ...]:
    if given or is_yes:
        return tuple(_region(region) for region in given)
    asked = (
        "A part that does not count, such as a clock (shares of the picture, like 0,0 0.3,0.1; nothing: none)"
    )
    region = click.prompt(
        asked, default="", show_default=False, value_proc=lambda text: _region(text) if text else ""
    )
    return (region,) if region else ()


def _source(text: str) -> Named:
    try:
        return named(text)
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from error


def _duration(text: str, option: str = "--every") -> str | None:
    try:
        return text if not text or units.seconds(text) else None
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from error


def _kept(text: str) -> str:
    if text not in get_args(Preset):
        try:
            judge(budget=text)
        except ValueError as error:
            raise click.UsageError(
                f"--keep: expected low, medium or high, or {str(error).partition('expected ')[2]}"
            ) from error
    return text


def _region(text: str) -> str:
    try:
        polygon.corners(text)
    except ValueError as error:
        raise click.UsageError(f"--ignore: {error}") from error
    return text
