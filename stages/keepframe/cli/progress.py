"""
How far a run is, while it runs: a moving bar for a person at a terminal, a line now and then for a log.

Both go to stderr: stdout has the result alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TaskID, TextColumn

from keepframe.cli.aside import Aside
from keepframe.cli.writing import duration
from keepframe.run.result import Progress

EVERY_S = 5.0
"""How often a line is written where nothing can move."""
SAME_S = 60.0
"""How often if it says the same again: a camera that waits for something would fill a log."""


def said(state: Progress) -> str:
    """How far it is, in words."""
    of = f" of {state.total:,}" if state.total else ""
    restarts = f", {state.restarts} restarted" if state.restarts else ""
    trouble = f"; {state.trouble}" if state.trouble else ""
    kept = f", {state.outcomes.get('kept', 0):,} kept" if state.outcomes is not None else ""
    return f"{state.settled:,}{of} seen{kept}{restarts}{trouble}"


class Bar:
    """
    A bar that moves, on a terminal, with whatever else is written to stderr above it. Use it in a `with`; call it with each state.

    console: where it is shown; the terminal that stderr is unless one is given. column: what moves, a bar unless another is given.
    """

    def __init__(self, console: Console | None = None, column: ProgressColumn | None = None) -> None:
        self._console = console
        self._column = column or BarColumn(bar_width=30)
        self._aside: Aside | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Show it."""
        if self._console is None:
            self._aside = Aside(self.above).__enter__()
            self._console = Console(file=self._aside.terminal)
        self._progress = progress.Progress(
            self._column,
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Take it away: the summary stands in its place."""
        self._progress.stop()
        if self._aside is not None:
            self._aside.__exit__(kind, error, where)

    def above(self, line: str) -> None:
        """Write a line above it."""
        if self._console is not None:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __call__(self, state: Progress) -> None:
        """Show this state."""
        if self._task is None:
            self._task = self._progress.add_task("starting", total=None)
        share = f"{100 * state.settled / state.total:3.0f} %  " if state.total else ""
        left_s = self._progress.tasks[0].time_remaining
        left = f", about {duration(round(left_s))} left" if left_s else ""
        self._progress.update(
            self._task,
            completed=state.settled,
            total=state.total or None,
            description=share + said(state) + left,
        )


class Lines:
    """A line every few seconds, one a minute while nothing changes, one at once when there is trouble. Use it in a `with`; call it with each state."""

    def __init__(self, write: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._write, self._now = write, now
        self._next = self._same = now() + EVERY_S
        self._told = self._trouble = ""

    def __enter__(self) -> Self:
        """Nothing to show yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Nothing to take away."""

    def __call__(self, state: Progress) -> None:
        """Write this state if it is time."""
        is_new_trouble = state.trouble not in ("", self._trouble)
        self._trouble = state.trouble
        now, text = self._now(), said(state)
        if is_new_trouble or now >= (self._same if text == self._told else self._next):
            self._next, self._same, self._told = now + EVERY_S, now + SAME_S, text
            self._write(text)


def shown(
    *, is_moving: bool, write: Callable[[str], None], column: ProgressColumn | None = None
) -> Bar | Lines:
    """What shows a run: a bar (or another column) on stderr if a person looks at it, else lines that are handed to `write`."""
    return Bar(column=column) if is_moving else Lines(write)
