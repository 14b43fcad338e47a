"""
A child process as its supervisor sees it: how it is started, what it tells, how often it has died.

When it is started again, and when all is over, is decided in supervisor.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keepframe.config.pipeline import Pipeline
from keepframe.run.control import pair

FIRST_DELAY_S, MAX_DELAY_S = 0.1, 5.0
CRASH_LOOP = 5
KILLED = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}
"""Exit codes of a process that somebody else has ended."""


@dataclass(eq=False)
class Child:
    """One named process, over all its lives."""

    name: str
    process: Process | None = None
    status: dict[str, Any] = field(default_factory=dict)
    is_ready: bool = False
    deaths: int = 0
    """Deaths in a row without a frame committed between them."""
    restarts: int = 0
    committed_before: int = 0
    _line: asyncio.StreamWriter | None = None
    _listening: asyncio.Task[None] | None = None

    async def start(
        self, pipeline: Pipeline, run: int | None, on_event: Callable[[Child, dict[str, Any]], None]
    ) -> None:
        """Start a life of it, in a session of its own so that a Ctrl-C at the terminal reaches the supervisor alone."""
        ours, fd = pair()
        arguments = [str(pipeline.path), self.name, f"--control={fd}", *(f"--set={s}" for s in pipeline.sets)]
        if run is not None:
            arguments.append(f"--run={run}")
        try:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "keepframe.run", *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[fd],
                start_new_session=True,
            )
        finally:
            os.close(fd)
        self.is_ready = False
        reader, self._line = await asyncio.open_connection(sock=ours)
        self._listening = asyncio.create_task(self._listen(reader, on_event))

    async def ended(self) -> int:
        """Wait until this life is over; its exit code, negative for a signal."""
        if self.process is None:
            raise RuntimeError(f"{self.name} was not started")
        code = await self.process.wait()
        if self._listening is not None:
            await self._listening
        if self._line is not None:
            self._line.close()
            self._line = None
        self.process = None
        return code

    def tell(self, do: str, **values: Any) -> None:
        """Tell it to do something; to one that is gone nothing is told."""
        if self._line is not None and not self._line.is_closing():
            self._line.write(json.dumps({"do": do, **values}).encode() + b"\n")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def died(self, code: int, committed: int) -> float | None:
        """
        It has died, with so many frames committed by then. After how many seconds to start it again; None: it is a crash loop.

        One that somebody has killed has not died by itself.
        """
        has_progressed = committed > self.committed_before
        self.deaths = (0 if has_progressed else self.deaths) + (code not in KILLED)
        self.committed_before = committed
        if self.deaths >= CRASH_LOOP:
            return None
        self.restarts += 1
        return 0.0 if has_progressed else min(MAX_DELAY_S, FIRST_DELAY_S * 2**self.deaths)

    async def _listen(
        self, reader: asyncio.StreamReader, on_event: Callable[[Child, dict[str, Any]], None]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                on_event(self, json.loads(line))
