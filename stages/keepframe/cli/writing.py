"""
How verbs write: JSON for scripts, tables and numbers for people, colour only where a person looks.

What is written is the verbs' business.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

SIZES = ("B", "kB", "MB", "GB", "TB")


def write_json(value: Any) -> None:
    """One JSON value on one line of stdout. Never NaN: what is not finite is not JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False))


def leave_stdout() -> None:
    """The reader has seen enough: what is still written goes nowhere, and Python must not try to write the rest at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_table(rows: Iterable[Sequence[str]], *, indent: str = "") -> None:
    """Rows in aligned columns; the last one is not padded."""
    found = [list(row) for row in rows]
    columns = max((len(row) for row in found), default=0)
    widths = [max((len(row[i]) for row in found if i < len(row)), default=0) for i in range(columns)]
    for row in found:
        click.echo((indent + "  ".join(text.ljust(widths[i]) for i, text in enumerate(row))).rstrip())


def size(count: int) -> str:
    """
    A number of bytes for people.

    >>> size(999), size(64_000_000), size(1_234_567)
    ('999 B', '64 MB', '1.2 MB')
    """
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(SIZES) - 1:
        value, unit = value / 1000, unit + 1
    shown = (f"{value:.1f}" if value < 99.95 else f"{value:.0f}").removesuffix(".0")
    return f"{shown} {SIZES[unit]}"


def number(value: float) -> str:
    """
    A score for people: four digits that matter.

    >>> number(0.123456), number(31.0), number(0.00001234)
    ('0.1235', '31', '1.234e-05')
    """
    return f"{value:.4g}"


def duration(seconds: float) -> str:
    """
    A duration for people.

    >>> duration(0.5), duration(75.2), duration(3700)
    ('0.5 s', '1 min 15 s', '1 h 1 min')
    >>> duration(60), duration(7)
    ('1 min', '7 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if isinstance(seconds, float) else f"{seconds} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def short_path(path: str | Path) -> str:
    """
    A path as one would type it here, where that is shorter by more than the first slash: who reads a log stands elsewhere.

    >>> short_path(Path.cwd() / "archive"), short_path("/a")
    ('archive', '/a')
    """
    try:
        here = os.path.relpath(path)
    except FileNotFoundError:  # the folder one stands in is gone
        return str(path)
    return here if len(here) + 1 < len(str(path)) else str(path)


def is_for_people(stream: TextIO | None = None) -> bool:
    """Whether a person looks at this stream (stdout unless another is given), so that it may move and have colour."""
    stream = stream or sys.stdout
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def styled(text: str, **style: Any) -> str:
    """The text in colour if a person looks at stdout and NO_COLOR is not set."""
    return click.style(text, **style) if is_for_people() and not os.environ.get("NO_COLOR") else text
