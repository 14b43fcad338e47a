"""
How a supervisor has its children forked: by a process that has everything imported (fork_server.py), which is begun with the first.

Where that one ends, all that it has forked have ended with it, and the next child begins another.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from keepframe.config.pipeline import CAPTURE, Pipeline
from keepframe.run.exits import OK
from keepframe.run.folders import MAX_NAME
from keepframe.run.fork_server import MOST_BYTES, MOST_FDS, STOPS

COMMAND = (sys.executable, "-m", "keepframe.run")
ANSWER_S = 30.0
"""A fork server that has not forked by then is ended; importing takes a second or two on a small machine."""
GONE_S = 10.0
"""One that was killed and is not gone by then waits for a disk or a device; who comes after it must cope."""
NOT_FORKED = 0
"""The pid of a process that never was, since the fork server has ended before."""


class Started(Protocol):
    """A process under way."""

    @property
    def pid(self) -> int:
        """Its number."""

    async def wait(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens to one that has ended."""


class Start(Protocol):
    """Starts a process with these arguments and, by option, descriptors that it is given: "--control=" becomes "--control=13"."""

    async def __call__(
        self, arguments: Sequence[str], given: Mapping[str, int], *, reads_stdin: bool
    ) -> Started:
        """The process. Raises OSError if the system has no room for it."""


class Forked:
    """A forked process, as Started. code: how it ended, as soon as that is known."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""
        return await asyncio.shield(self.code)

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens to one that has ended."""
        if not self.code.done():
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)


class _Server(NamedTuple):
    """A fork server and the line to it."""

    process: subprocess.Popen[bytes]
    line: socket.socket


class Forks:
    """
    The children of one supervisor. sources: what its captures read, see fork_server.py.

    command: what begins the fork server, with the pipeline, its end of the line and the sources behind it.
    """

    def __init__(self, pipeline: Path, sources: Sequence[str] = (), command: Sequence[str] = COMMAND) -> None:
        self._pipeline, self._sources, self._command = pipeline, sources, command
        self._server: _Server | None = None
        self._turn = asyncio.Lock()
        self._asked: deque[asyncio.Future[Forked]] = deque()
        self._living: dict[int, Forked] = {}

    @classmethod
    def of(cls, pipeline: Pipeline) -> Forks:
        """Those of a pipeline, as far as it runs here."""
        cameras = pipeline.cameras.values() if pipeline.runs_here(CAPTURE) else ()
        return cls(pipeline.path, sorted({camera.source.use for camera in cameras}))

    async def fork(
        self, arguments: Sequence[str], given: Mapping[str, int], *, reads_stdin: bool = False
    ) -> Started:
        """
        Start a child, as Start says; out of the terminal's reach. It ends with its supervisor.

        One that the fork server did not live to fork has ended as that one has. Raises OSError where the system has no room for a process.
        """
        async with self._turn:
            server = self._server = self._server or self._begin()
            asked: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
            self._asked.append(asked)
            options = list(given)
            for at in range(0, len(options), MOST_FDS):
                part = options[at : at + MOST_FDS]
                _ask(server.line, {"options": part}, [given[option] for option in part])
            _ask(server.line, {"arguments": list(arguments), "reads_stdin": reads_stdin})
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(asked), ANSWER_S)
            server.process.kill()
            return await asked

    def _begin(self) -> _Server:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        room = " " * MAX_NAME  # for the name of a child in its command line
        arguments = [str(self._pipeline), str(theirs.fileno()), *self._sources, room]
        # a stop of all processes at once must not end it before its children
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        try:
            with theirs:
                process = subprocess.Popen(
                    [*self._command, *arguments], pass_fds=[theirs.fileno()], start_new_session=True
                )
        except BaseException:
            ours.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        asyncio.get_running_loop().add_reader(ours, self._read, ours)
        return _Server(process, ours)

    def _read(self, line: socket.socket) -> None:
        try:
            data = line.recv(MOST_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            self._lost()
            return
        match json.loads(data):
            case {"forked": pid}:
                self._living[pid] = Forked(pid)
                self._answer(self._living[pid])
            case {"failed": errno}:
                self._answer(OSError(errno, os.strerror(errno)))
            case {"ended": pid, "code": code}:
                self._living.pop(pid).code.set_result(code)

    def _answer(self, answer: Forked | OSError) -> None:
        asked = self._asked.popleft()
        if asked.done():  # nobody waits for it any more
            return
        if isinstance(answer, OSError):
            asked.set_exception(answer)
        else:
            asked.set_result(answer)

    def _lost(self) -> None:
        """The fork server has ended, and with it what it has forked."""
        code = self.close()
        while self._asked:
            never = Forked(NOT_FORKED)
            never.code.set_result(code)
            self._answer(never)

    def close(self) -> int:
        """End the fork server, and with it what it has forked and still lives. How it has ended."""
        if self._server is None:
            return OK
        server, self._server = self._server, None
        asyncio.get_running_loop().remove_reader(server.line)
        server.process.kill()
        code = server.process.wait()
        server.line.close()
        _wait_gone(self._living)
        for forked in self._living.values():
            forked.code.set_result(-signal.SIGKILL)
        self._living.clear()
        return code


def _ask(line: socket.socket, what: dict[str, Any], fds: Sequence[int] = ()) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # it has ended, which is read next
        socket.send_fds(line, [json.dumps(what).encode()], list(fds))


def _wait_gone(pids: Iterable[int]) -> None:
    """Wait for processes that the kernel has been told to kill: until then they hold what the next of their name needs, such as a lock."""
    until = time.monotonic() + GONE_S
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except OSError:  # it is gone, or the system knows no such thing
            continue
        ended = select.poll()
        ended.register(fd, select.POLLIN)
        ended.poll(max(0.0, until - time.monotonic()) * 1000)
        os.close(fd)
        with suppress(ChildProcessError):  # process 1 of a container inherits them
            os.waitpid(pid, os.WNOHANG)
