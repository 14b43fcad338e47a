"""
The process that all others of a run are forked from: it has imported what they need, so they begin at once and share that memory.

Nothing of the user's is imported here, nothing is opened and no thread begun: each child does that for itself. Its supervisor asks
over a line (forks.py); when that is cut, what was forked is killed.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from keepframe.run.exits import INTERRUPTED

MOST_BYTES, MOST_FDS = 65536, 200
"""Of one message; the kernel lets 253 descriptors through at once."""
STOPS = (signal.SIGTERM, signal.SIGINT)
"""Blocked in the fork server from before its first line (forks.py), and in what it forks until that one can be ended by them."""
_ROOMS = ("archive", "preprocess", "score", "run.archiving", "run.capturing", "run.child", "run.relaying")
_PR_SET_PDEATHSIG = 1


def main(pipeline: str, line: str, *sources: str) -> int:
    """
    Serve the supervisor at the other end of a line; in each forked process: be that one. Returns the exit code.

    sources: what its captures read; the built-in ones of them are imported.
    """
    die_with_parent()
    for room in _ROOMS:
        import_module(f"keepframe.{room}")
    capture = import_module("keepframe.capture")
    for source in {*sources} & {*capture.__all__}:
        getattr(capture, source)
    gc.collect()
    gc.freeze()  # a collection must not write to, and so copy, what is shared
    arguments = ForkServer(socket.socket(fileno=int(line))).serve()
    if arguments is None:
        return INTERRUPTED
    sys.argv[1:] = arguments
    be_called([sys.executable, "-m", "keepframe.run", pipeline, *arguments[1:2]])
    from keepframe.run.child import main as be  # noqa: PLC0415  imported above, before the fork

    return be(arguments)


class ForkServer:
    """
    Forks when it is asked to and tells who has ended how, one JSON object a message.

    Asked: {"options": […]} with as many descriptors, {"arguments": […], "reads_stdin": …} behind the last of them. Told: {"forked": pid},
    {"failed": errno}, {"ended": pid, "code": …}.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._forked: set[int] = set()
        self._given: list[tuple[str, int]] = []
        """Options of the next one, each with its descriptor."""
        self._woken, self._waking = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> list[str] | None:
        """Until the line is cut; None then. Returns in each forked process too, with its arguments."""
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        ready = select.poll()
        ready.register(self._line, select.POLLIN)
        ready.register(self._woken, select.POLLIN)
        while True:
            for fd, _ in ready.poll():
                if fd == self._woken:
                    os.read(self._woken, MOST_BYTES)
                    self._reap()
                    continue
                try:
                    data, fds, _, _ = socket.recv_fds(self._line, MOST_BYTES, MOST_FDS)
                except ConnectionResetError:  # the supervisor has left without reading what it was told
                    data, fds = b"", []
                for given in fds:  # a program that a stage starts must not have them, nor hold its line open
                    os.set_inheritable(given, False)
                if not data:
                    self._kill()
                    return None
                asked = json.loads(data)
                self._given += zip(asked.get("options", ()), fds, strict=True)
                if "arguments" in asked and self._fork(reads_stdin=asked["reads_stdin"]):
                    return [*asked["arguments"], *(f"{option}{fd}" for option, fd in self._given)]

    def _fork(self, *, reads_stdin: bool) -> bool:
        """Whether this is the forked process."""
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(failed=error.errno)
        else:
            if pid == 0:
                self._leave(server, reads_stdin=reads_stdin)
                return True
            self._forked.add(pid)
            self._tell(forked=pid)
        for _, fd in self._given:
            os.close(fd)
        self._given.clear()
        return False

    def _leave(self, server: int, *, reads_stdin: bool) -> None:
        """In the forked process: nothing of the server's is left; out of the terminal's reach, so that its Ctrl-C reaches the supervisor alone."""
        die_with_parent()
        if os.getppid() != server:  # it went before the kernel was asked to tell
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._line.close()
        os.close(self._woken)
        os.close(self._waking)
        os.setsid()
        if not reads_stdin:
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            if nothing:  # else the run itself was begun without one
                os.close(nothing)
        if (random := sys.modules.get("numpy.random")) is not None:  # Python's own is seeded anew by itself
            random.seed()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)  # what was sent meanwhile counts now

    def _reap(self) -> None:
        for pid in list(self._forked):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._forked.discard(pid)
                self._tell(ended=pid, code=os.waitstatus_to_exitcode(status))

    def _tell(self, **what: Any) -> None:
        try:
            self._line.send(json.dumps(what).encode())
        except OSError:  # the supervisor is gone: what follows is the end of the line
            return

    def _kill(self) -> None:
        for pid in self._forked:
            os.kill(pid, signal.SIGKILL)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the one that started it ends, even by kill -9: no orphan, and nothing is lost by it."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def be_called(words: Sequence[str]) -> None:
    """Show these words where `ps` shows a process's command line, as far as there is room where the old ones were, and a /proc."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return
    begin, end = int(fields[45]), int(fields[46])
    if 0 < begin < end:
        shown = b"\0".join(map(os.fsencode, words))[: end - begin - 1]
        ctypes.memmove(begin, shown.ljust(end - begin, b"\0"), end - begin)
