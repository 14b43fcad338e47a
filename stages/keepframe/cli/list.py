"""
`keepframe list`: the pictures an archive has kept, or every row of its account.

What a row says is the archive's business.
"""

from __future__ import annotations

from pathlib import Path

import click

from keepframe.archive import Row
from keepframe.archive.reading import Reader
from keepframe.cli.options import folder_argument, json_option
from keepframe.cli.writing import number, styled, write_json, write_table
from keepframe.clock import iso


@click.command("list")
@folder_argument
@click.option(
    "--all", "is_all", is_flag=True, help="Every row of the account with its outcome, not only kept pictures."
)
@click.option(
    "--events",
    "is_events",
    is_flag=True,
    help="What happened beside the account instead: cameras lost and found, clocks that jumped, stages that started fresh.",
)
@json_option
def command(folder: Path, *, is_all: bool, is_events: bool, is_json: bool) -> None:
    """
    List the pictures an archive has kept.

    FOLDER is the archive. Ordered by camera, time and number.
    """
    if is_events:
        _tell_events(folder, is_json=is_json)
        return
    with Reader(folder) as reader:
        rows = reader.rows() if is_all else reader.kept()
    if is_json:
        write_json([row.to_json() for row in rows])
    elif not rows:
        click.echo(f"{folder}: {'nothing seen yet' if is_all else 'no picture has been kept yet'}")
    else:
        write_table(
            [
                (
                    "FRAME",
                    "TIME",
                    *(["OUTCOME"] if is_all else []),
                    "REASON",
                    "SCORE",
                    *(["SOURCE"] if is_all else []),
                    "FILE",
                ),
                *(_told(row, is_all=is_all) for row in rows),
            ]
        )


def _tell_events(folder: Path, *, is_json: bool) -> None:
    with Reader(folder) as reader:
        events = reader.events()
    if is_json:
        write_json([event.to_json() for event in events])
    elif not events:
        click.echo(f"{folder}: nothing has happened beside the account")
    else:
        rows = [(iso(event.time_ns), event.camera or "-", event.kind, event.text) for event in events]
        write_table([("TIME", "CAMERA", "EVENT", "DETAIL"), *rows])


def _told(row: Row, *, is_all: bool) -> tuple[str, ...]:
    score = row.deciding_score
    outcome = row.outcome if row.count == 1 else f"{row.outcome} ×{row.count}"
    return (
        row.name,
        iso(row.time_ns),
        *([styled(outcome, bold=True) if row.outcome == "kept" else outcome] if is_all else []),
        row.reason or "-",
        "-" if score is None else number(score),
        *([row.source or "-"] if is_all else []),
        f"{row.file or ''} (gone: {row.gone})" if row.gone else row.file or "",
    )
