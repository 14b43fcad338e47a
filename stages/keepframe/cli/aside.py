"""
What is written to stderr while a bar moves there: taken aside, and handed on line by line.

By this process and by its children, who know nothing of the bar; else their lines would stand in the middle of it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

STDERR = 2
PATIENCE_S = 1.0
"""How long the end waits for what children have written; one that outlives the run keeps the pipe open."""


class Aside:
    """
    Takes stderr aside while a `with` lasts: each line goes to `on_line`, in a thread of its own.

    `terminal` is what stderr was before, for whoever hands the lines on.
    """

    terminal: TextIO

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._is_over = False

    def __enter__(self) -> Self:
        """From now on stderr is a pipe; children inherit it."""
        self.terminal = os.fdopen(os.dup(STDERR), "w", encoding="utf-8", errors="replace", buffering=1)
        source, sink = os.pipe()
        os.dup2(sink, STDERR)
        os.close(sink)
        self._reader = threading.Thread(target=self._read, args=(source,), name="stderr", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Stderr is what it was; what is still in the pipe is handed on."""
        os.dup2(self.terminal.fileno(), STDERR)
        self._reader.join(PATIENCE_S)
        self._is_over = True
        self.terminal.close()

    def _read(self, source: int) -> None:
        with os.fdopen(source, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not self._is_over:
                    self._on_line(line.rstrip("\n"))
