"""
Start pipelines in folders of their own, watch them through their desk, signal their processes, read what they have archived.

For the scripts that measure and disturb (bench_recovery.py, chaos_storm.py). What is right or fast enough is not decided here.
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from keepframe.archive.reading import Reader
from keepframe.run.desk import NAME, ask

MARK = "KEEPFRAME_STARTED_BY"
"""An environment variable that every process started here inherits: nothing else is ever signalled."""


@dataclass(slots=True)
class Ground:
    """
    A folder for one pipeline, with everything it may leave behind inside it: sockets, temporary files, the archive.

    The folder's path has to be short, since sockets lie in it.
    """

    folder: Path
    mark: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        for place in (self.sockets, self.temporary):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def sockets(self) -> Path:
        """Where the runtime folders of its pipelines are made."""
        return self.folder / "run"

    @property
    def temporary(self) -> Path:
        """Its processes' temporary folder."""
        return self.folder / "tmp"

    @property
    def archive(self) -> Path:
        """What it has archived."""
        return self.folder / "archive"

    def environment(self) -> dict[str, str]:
        """What its processes inherit."""
        places = {"XDG_RUNTIME_DIR": str(self.sockets), "TMPDIR": str(self.temporary)}
        return {**os.environ, **places, MARK: self.mark}

    def processes(self) -> Iterator[int]:
        """The pids of everything started here that is alive, orphans included."""
        needle = f"{MARK}={self.mark}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if needle in (entry / "environ").read_bytes().split(b"\0"):
                        yield int(entry.name)

    def signal(self, pid: int, number: signal.Signals) -> bool:
        """Signal a process of this ground, never one that merely has its number by now; False if it is gone."""
        needle = f"{MARK}={self.mark}".encode()
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            if needle not in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                return False
            signal.pidfd_send_signal(fd, number)
        except OSError:
            return False
        finally:
            os.close(fd)
        return True

    def clear(self) -> None:
        """Kill what is still there."""
        for pid in list(self.processes()):
            self.signal(pid, signal.SIGKILL)


class Run:
    """One `keepframe run` of the pipeline.toml on a ground."""

    def __init__(self, ground: Ground, arguments: Sequence[str] = ()) -> None:
        self.ground = ground
        with (ground.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "keepframe", "run", "pipeline.toml", *arguments],
                cwd=ground.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ground.environment(),
                start_new_session=True,
            )

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def begun(self) -> list[int]:
        """The pids of what the supervisor has begun itself: its fork server."""
        with contextlib.suppress(OSError):
            threads = Path(f"/proc/{self.process.pid}/task").iterdir()
            return [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]
        return []

    def ask(self, **order: Any) -> dict[str, Any] | None:
        """Ask its desk, by default for the status; None while it does not answer, or refuses."""
        for desk in self.ground.sockets.glob(f"*/{NAME}"):  # one ground, one pipeline
            with contextlib.suppress(OSError, ValueError):
                return ask(desk.parent, order or {"do": "status"})
        return None

    def status(self) -> list[dict[str, Any]]:
        """Its processes, as it tells of them; none while it does not answer."""
        answer = self.ask()
        return answer["processes"] if answer else []

    def wait_until(self, is_so: Any, within_s: float, what: str) -> None:
        """Wait for a condition. Raises TimeoutError with what was waited for and what the processes were like."""
        until = time.monotonic() + within_s
        while not is_so():
            if self.is_over:
                raise TimeoutError(f"{what}: the run ended before, exit code {self.process.returncode}")
            if time.monotonic() > until:
                raise TimeoutError(f"{what}: not within {within_s:g} s; {told(self.status())}")
            time.sleep(0.01)


@dataclass(slots=True)
class Progress:
    """What is committed, read from the catalogue itself: the desk tells it four times a second only."""

    archive: Path
    _reader: Reader | None = None

    def committed(self) -> dict[str, tuple[int, int]]:
        """Up to which position each camera is settled; empty before the first commit."""
        return {} if self._open() is None else self._open().committed()  # type: ignore[union-attr]

    def sessions(self) -> dict[str, tuple[str, tuple[int, int]]]:
        """Each camera's newest session and committed position."""
        reader = self._open()
        if reader is None:
            return {}
        found = reader.catalogue.rows("SELECT camera, epoch, stream, seq FROM camera")
        return {camera: (epoch, (stream, seq)) for camera, epoch, stream, seq in found}

    def close(self) -> None:
        """Let go of the catalogue."""
        if self._reader is not None:
            self._reader.catalogue.close()
            self._reader = None

    def _open(self) -> Reader | None:
        if self._reader is None:
            with contextlib.suppress(OSError):
                self._reader = Reader(self.archive)
        return self._reader


def told(processes: Sequence[dict[str, Any]]) -> str:
    """Processes in one line."""
    return ", ".join(
        f"{p['stage']}.{p['replica']} {p['state']} (pid {p['pid']}, waiting {p['waiting']}, in flight {p['in_flight']})"
        for p in processes
    )


def machine() -> str:
    """Where and when a figure was measured, and what else the machine was doing."""
    load_1, load_5, _ = os.getloadavg()
    cores = os.cpu_count()
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores of {platform.machine()} ({model}), Linux {platform.release()}, "
        f"Python {platform.python_version()}, load average {load_1:.1f} (1 min) and {load_5:.1f} (5 min)"
    )
