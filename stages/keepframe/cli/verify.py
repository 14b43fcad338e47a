"""
`keepframe verify`: the proof that an archive is whole, told.

What is proved and how faults are mended is the archive's business.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from keepframe.archive.sheet import write_sheet
from keepframe.archive.verify import Report, verify
from keepframe.cli import exits
from keepframe.cli.options import folder_argument, json_option
from keepframe.cli.writing import styled, write_json


@click.command("verify")
@folder_argument
@click.option("--repair", "is_repair", is_flag=True, help="Mend what can be mended; no picture is deleted.")
@json_option
@click.pass_context
def command(ctx: click.Context, folder: Path, *, is_repair: bool, is_json: bool) -> None:
    """
    Prove that an archive is whole.

    FOLDER is the archive. Every frame has one outcome, no row is missing or doubled, every kept picture is there, bit for bit.
    Exits 0 if that is so, 1 if not. May run while a pipeline writes; --repair may not.
    """
    report = verify(folder, repair=is_repair)
    if report.repaired:
        write_sheet(folder)  # it shows no picture that is gone
    if is_json:
        write_json(report.to_json())
    else:
        _tell(report)
    ctx.exit(exits.OK if report.is_sound else exits.UNSOUND)


def _tell(report: Report) -> None:
    for text in report.repaired:
        click.echo(f"repaired: {text}")
    for text in report.remarks:
        click.echo(f"remark: {text}")
    for problem in report.problems:
        click.echo(styled(str(problem), fg="red"))
    count = len(report.problems)
    verdict = styled("sound", fg="green") if not count else f"{count} problem{'' if count == 1 else 's'}"
    cameras = f"{report.cameras} camera{'' if report.cameras == 1 else 's'}"
    frames = f"{report.frames:,} frame{'' if report.frames == 1 else 's'}"
    pictures = f"{report.files:,} picture{'' if report.files == 1 else 's'}"
    click.echo(f"{report.folder}: {verdict}: {frames} of {cameras}, {pictures}")
    if count and not report.repaired:
        click.echo(f"mend it with: keepframe verify --repair {shlex.quote(str(report.folder))}")
