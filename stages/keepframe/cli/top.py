"""
`keepframe top`: what a running pipeline is doing, live at a terminal or once for a script.

What its processes know of themselves is the business of keepframe.run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from keepframe.cli.options import PIPELINE, json_option, only_option, set_option, with_only
from keepframe.cli.running import SILENT, STATUS, Running, RunningPipeline, SilentError, found
from keepframe.cli.writing import duration, is_for_people, short_path, write_json, write_table
from keepframe.frame import OUTCOMES

EVERY_S = 0.5
PROCESSES = ("PROCESS", "PID", "STATE", "FRAMES/S", "WAITING", "IN FLIGHT", "RESTARTS", "MB")
CAMERAS = ("CAMERA", "SEEN", *(outcome.upper() for outcome in OUTCOMES))
MISSES = 20
"""So often a run may be gone, one look after the other, before it has ended: whoever starts it again takes some seconds."""
SLOW_S = 2.0
"""A frame that is in hand or the oldest for longer is worth a line."""

Status = Mapping[str, Any]


@click.command("top")
@click.argument("pipeline", type=click.Path(path_type=Path), required=False, metavar="[PIPELINE|FOLDER]")
@set_option
@only_option
@click.option(
    "--once", "is_once", is_flag=True, help="Show it once and leave, as where nobody looks at a terminal."
)
@json_option
def command(
    pipeline: Path | None, sets: tuple[str, ...], only: str | None, *, is_once: bool, is_json: bool
) -> None:
    """
    Show what a running pipeline is doing.

    Without a name it is the one that runs here, a `keepframe watch` too. FOLDER is the folder that its pictures go to; PIPELINE is its TOML file,
    with the --set and --only it was started with. Moves until Ctrl-C or 10 s after the end of the run, so that one that is started again goes on; one
    that does not answer is waited for. With --once or --json, and where stdout is no terminal, it is shown once. Exits 1 if nothing runs, or
    nothing answers for 5 s.
    """
    running = _running(pipeline, with_only(sets, only))
    status = _sorted(running.ask(STATUS))
    if is_json:
        write_json(status)
    elif is_once or not is_for_people():
        _write(status)
    else:
        _show(running, status)


def _running(named: Path | None, sets: Sequence[str]) -> Running:
    if named is not None and not named.is_dir():
        return RunningPipeline(named, sets)
    running = None if sets else found(named)
    if running is not None:
        return running
    if named is not None:
        raise ConnectionError(f"{named}: nothing that runs here writes into this folder")
    if sets or Path(PIPELINE).exists():
        return RunningPipeline(Path(PIPELINE), sets)  # which says how to start it
    raise ConnectionError("nothing runs here; `keepframe watch SOURCE` or `keepframe run` starts something")


def _show(running: Running, status: Status) -> None:
    """Live, until Ctrl-C or the end of the run; one that is slow, stopped or started again is waited for."""
    console, missed = Console(), 0
    heard_at = time.monotonic()
    try:
        with Live(_picture(status), console=console, screen=True, auto_refresh=False) as live:
            while missed <= MISSES:
                time.sleep(EVERY_S)
                trouble = ""
                try:
                    status = _sorted(running.ask(STATUS))
                    heard_at, missed = time.monotonic(), 0
                except SilentError:
                    missed, silent_s = 0, time.monotonic() - heard_at
                    trouble = f"this is {duration(silent_s)} old: {SILENT}"
                except ConnectionError:
                    missed += 1
                    trouble = "the run has ended; a new one is waited for"
                live.update(_picture(status, trouble), refresh=True)
    except KeyboardInterrupt:
        return
    _write(status)
    click.echo(f"{running.name}: the run has ended")


def _sorted(status: Status) -> Status:
    """The processes in the order of a frame's way: the supervisor begins with the last."""
    stages = list(dict.fromkeys(p["stage"] for p in status["processes"]))
    processes = sorted(
        status["processes"], key=lambda p: (-stages.index(p["stage"]), *_natural(p["replica"]))
    )
    return {**status, "processes": processes}


def _natural(replica: str) -> tuple[int, str]:
    return (int(replica), "") if replica.isdigit() else (0, replica)


def process_rows(status: Status) -> list[tuple[str, ...]]:
    """A row for each process."""
    return [
        (
            f"{p['stage']}.{p['replica']}",
            str(p["pid"] or "-"),
            p["state"],
            f"{p['frames_per_s']:.1f}",
            str(p["waiting"]),
            str(p["in_flight"]),
            str(p["restarts"]),
            str(p["rss_mb"] or "-"),
        )
        for p in status["processes"]
    ]


def camera_rows(status: Status) -> list[tuple[str, ...]]:
    """A row for each camera: its frames by outcome since the run began."""
    return [
        (name, f"{sum(of.values()):,}", *(f"{of.get(outcome, 0):,}" for outcome in OUTCOMES))
        for name, of in status["cameras"].items()
    ]


def remarks(status: Status) -> Iterator[tuple[str, bool]]:
    """What is worth a line, and whether it keeps the pipeline from going on."""
    for p in status["processes"]:
        name = f"{p['stage']}.{p['replica']}"
        if p["trouble"]:
            yield f"{name}: {p['trouble']}", True
        for m in p["missing"]:
            yield f"{name}: {m['who']} {m['how']} for {duration(m['for_s'])}", m["is_below"]
        if p["in_hand_s"] > SLOW_S:
            yield f"{name}: the same frame in hand for {duration(p['in_hand_s'])}", False
        if p["oldest_s"] > SLOW_S:
            yield (
                f"{name}: waits for {p['oldest']}, the oldest in flight, for {duration(p['oldest_s'])}",
                False,
            )


def _title(status: Status) -> str:
    return f"pictures go to {short_path(status['archive'])}"


def _write(status: Status) -> None:
    click.echo(f"{_title(status)}\n")
    write_table([PROCESSES, *process_rows(status)])
    if status["cameras"]:
        click.echo()
        write_table([CAMERAS, *camera_rows(status)])
    for text, _ in remarks(status):
        click.echo(text)


def _picture(status: Status, trouble: str = "") -> Group:
    tables: list[Table | Text] = [
        Text(_title(status), style="dim"),
        Text(),
        _table(PROCESSES, process_rows(status), lefts=3),
        Text(),
    ]
    if status["cameras"]:  # none where the captures run elsewhere
        tables += [_table(CAMERAS, camera_rows(status), lefts=1), Text()]
    tables += [Text(text, style="bold red" if is_stuck else "yellow") for text, is_stuck in remarks(status)]
    if trouble:
        tables.append(Text(trouble, style="bold red"))
    return Group(*tables, Text("Ctrl-C leaves; the pipeline goes on", style="dim"))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], lefts: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(
            head, justify="left" if number < lefts else "right", no_wrap=True, overflow="ellipsis"
        )
    for row in rows:
        table.add_row(*(Text(text) for text in row))
    return table
