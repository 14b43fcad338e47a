"""
`keepframe quarantine`: the frames that killed the process working on them, and what is to become of them.

How they are kept is the archive's business, how they are tried again the capture's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from keepframe.archive import quarantine
from keepframe.archive.quarantine import Entry
from keepframe.cli.options import folder_argument, json_option
from keepframe.cli.writing import size, write_json, write_table
from keepframe.clock import iso


@click.command("quarantine")
@folder_argument
@click.argument("action", type=click.Choice(["list", "retry", "drop"]), default="list")
@click.argument("frames", nargs=-1, metavar="[FRAME]...")
@click.option("--all", "is_all", is_flag=True, help="With retry and drop: every frame in quarantine.")
@json_option
def command(folder: Path, action: str, frames: Sequence[str], *, is_all: bool, is_json: bool) -> None:
    """
    List frames that killed a process, retry or drop them.

    FOLDER is the archive, FRAME a name as `list` shows it. `retry` lets the camera's next start try the frame again, as a new frame in a
    stream of its own; the old row stays failed, and what goes through leaves quarantine. `drop` deletes the picture. All three
    may be used while a pipeline runs.
    """
    if action == "list":
        _list(folder, frames, is_json=is_json)
        return
    if bool(frames) == is_all:
        raise click.UsageError(
            f"{action}: name the frames, or say --all; `keepframe quarantine {folder} list` names them"
        )
    chosen = (quarantine.mark if action == "retry" else quarantine.drop)(folder, frames)
    if is_json:
        write_json([entry.to_json() | ({"is_marked": True} if action == "retry" else {}) for entry in chosen])
        return
    for entry in chosen:
        told = (
            "will be tried again when its camera next starts"
            if action == "retry"
            else "dropped; its row stays failed"
        )
        click.echo(f"{entry.row.name}: {told}")
    if not chosen:
        click.echo(f"{folder}: nothing in quarantine")


def _list(folder: Path, frames: Sequence[str], *, is_json: bool) -> None:
    found = quarantine.entries(folder)
    if unknown := sorted(set(frames) - {entry.row.name for entry in found}):
        raise LookupError(f"{folder}: no frame {unknown[0]!r} in quarantine")
    found = [entry for entry in found if not frames or entry.row.name in frames]
    if is_json:
        write_json([entry.to_json() for entry in found])
    elif not found:
        click.echo(f"{folder}: nothing in quarantine")
    else:
        write_table([("FRAME", "TIME", "KILLED", "SIZE", "RETRY", "FILE"), *map(_told, found)])


def _told(entry: Entry) -> tuple[str, ...]:
    row = entry.row
    return (
        row.name,
        iso(row.time_ns),
        entry.killed or "-",
        f"{row.width}x{row.height}, {size(row.bytes or 0)}",
        "next start" if entry.is_marked else "-",
        row.file or "",
    )
