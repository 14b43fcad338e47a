"""
`keepframe keys`: the keys that stages on several machines show each other.

What they are used for is the wire's business.
"""

from __future__ import annotations

from pathlib import Path

import click

from keepframe.cli.options import PIPELINE, json_option
from keepframe.cli.writing import write_json
from keepframe.config.document import stage_names
from keepframe.config.problems import nearest
from keepframe.wire.keys import new_pair


@click.command("keys")
@click.argument("action", type=click.Choice(["new"]))
@click.argument("name")
@click.option(
    "--keys",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="keys",
    show_default=True,
    help="The folder of the keys; it is made if it is not there.",
)
@click.option(
    "--pipeline",
    type=click.Path(path_type=Path),
    help="Whose stage it is; by default pipeline.toml, if there is one here.",
)
@json_option
def command(action: str, name: str, folder: Path, pipeline: Path | None, *, is_json: bool) -> None:  # noqa: ARG001  one action so far
    """
    Make a pair of keys for a stage.

    NAME is "capture" or a stage of the pipeline, or one with something behind a dot, such as score.2027, for a key that is to take the
    place of another. NAME.secret goes to the machines that run the stage and nowhere else; NAME.public to those that run its
    neighbours, and the capture's to the archive. For a stage that the pipeline has not no keys are made.
    """
    _check(name.partition(".")[0], pipeline)
    secret, public = new_pair(folder, name)
    if is_json:
        write_json({"secret": str(secret), "public": str(public)})
        return
    click.echo(f"{secret}  for the machines that run {name.partition('.')[0]} alone; nobody else may read it")
    click.echo(f"{public}  for the machines that run its neighbours")


def _check(stage: str, pipeline: Path | None) -> None:
    """
    Refuse a stage that the pipeline has not. The same file is on every machine, so what it does not name runs nowhere.

    Where there is none yet, any name may become a stage.
    """
    path = pipeline or Path(PIPELINE)
    if pipeline is None and not path.exists():
        return
    known = stage_names(path)
    if stage not in known:
        raise click.UsageError(f"{path}: no stage named {stage!r}; {nearest(stage, known)}")
